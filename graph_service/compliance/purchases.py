"""Who of a tree's people bought, who of the buyers was a promoter, and what before a promotion?"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from graph_service.clock import from_micros
from graph_service.compliance.law import BEFORE_PROMOTION_DAYS
from graph_service.compliance.standings import Mall
from graph_service.compliance.trees import Marks, Numbers
from graph_service.graph.session import Graph

# Members whose facts are read in one go.
MEMBERS_TOGETHER = 5_000
HEIGHTS = {"member": 0, "promoter": 1, "partner": 2}


@dataclass(frozen=True)
class Promotion:
    """When a member (its place) came to a higher role (us)."""

    place: int
    role: str
    at: int


@dataclass(frozen=True)
class Sign:
    """An order that its buyer paid shortly before a promotion; the first one that followed."""

    promotion: Promotion
    order_id: str
    paid_at: int


@dataclass(frozen=True)
class Purchases:
    """Per place: 1 for a buyer, 1 for a buyer who was a promoter, how many signs; and the signs."""

    buyers: Numbers
    promoter_buyers: Numbers
    sign_counts: Numbers
    signs: Sequence[Sign]


async def read_purchases(graph: Graph, mall: Mall, people: Marks) -> Purchases:
    """What these people bought by the time of the mall."""
    asked = np.flatnonzero(people & (mall.role_times >= 0)).tolist()
    histories: dict[int, list[tuple[int, str]]] = {}
    for first in range(0, len(asked), MEMBERS_TOGETHER):
        histories |= await _read_roles(graph, mall, asked[first : first + MEMBERS_TOGETHER])
    promotions = [one for place in sorted(histories) for one in rises(place, histories[place])]
    signs = await _read_signs(graph, mall, promotions)
    is_promoter = np.zeros(len(mall.member_ids), dtype=np.bool_)
    for place, history in histories.items():
        is_promoter[place] = HEIGHTS[history[-1][1]] > 0
    buyers = people & (mall.paid > 0)
    counts = np.zeros(len(mall.member_ids), dtype=np.int64)
    for sign in signs:
        counts[sign.promotion.place] += 1
    return Purchases(
        buyers.astype(np.int64), (buyers & is_promoter).astype(np.int64), counts, signs
    )


async def _read_roles(
    graph: Graph, mall: Mall, places: Sequence[int]
) -> Mapping[int, list[tuple[int, str]]]:
    """What was said of each one's role, in order of time: when (us) and which."""
    ids = [mall.member_ids[place] for place in places]
    row = (await graph.read("compliance/list_role_facts", memberIds=ids, at=mall.at))[0]
    told: defaultdict[int, list[tuple[int, int, str]]] = defaultdict(list)
    names = ("memberIds", "times", "seqs", "data")
    for member_id, at, seq, data in zip(*(row[name] for name in names), strict=True):
        role = json.loads(data).get("role")
        if role is not None:
            told[mall.places[member_id]].append((at, seq, role))
    return {place: [(at, role) for at, _, role in sorted(facts)] for place, facts in told.items()}


def rises(place: int, history: Sequence[tuple[int, str]]) -> list[Promotion]:
    """The promotions in what was said of a role over time; everybody begins as a member."""
    found: list[Promotion] = []
    before = "member"
    for at, role in history:
        if HEIGHTS[role] > HEIGHTS[before]:
            found.append(Promotion(place, role, at))
        before = role
    return found


async def _read_signs(graph: Graph, mall: Mall, promotions: Sequence[Promotion]) -> Sequence[Sign]:
    """Each order at most once, in order of memberId and payment."""
    signs: dict[str, Sign] = {}
    window = timedelta(days=BEFORE_PROMOTION_DAYS)
    for first in range(0, len(promotions), MEMBERS_TOGETHER):
        rows = [
            {
                "i": first + i,
                "memberId": mall.member_ids[one.place],
                "opens": from_micros(one.at) - window,
                "closes": from_micros(one.at),
            }
            for i, one in enumerate(promotions[first : first + MEMBERS_TOGETHER])
        ]
        for row in await graph.read("compliance/list_orders_before", rows=rows):
            promotion = promotions[int(row["i"])]
            sign = Sign(promotion, row["orderId"], row["paidAt"])
            signs.setdefault(sign.order_id, sign)
    return list(signs.values())
