"""Who of a tree's people bought, who of the buyers was a promoter, and what before a promotion?"""

import json
from collections import defaultdict
from collections.abc import Sequence
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
class History:
    """When a member joined (us, 0 unknown), and what was said of the role in order of time."""

    joined_at: int
    told: Sequence[tuple[int, str]]


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
    is_member = np.array([role == "member" for role in mall.roles], dtype=np.bool_)
    buyers = people & (mall.paid > 0)
    changed_later = mall.role_times > mall.micros
    # Most members are told of once, as they join: they were never promoted, and are not read.
    may_rise = people & (mall.orders > 0) & (mall.role_times >= 0)
    may_rise &= ~(is_member & mall.said_at_join)
    asked = np.flatnonzero(may_rise | (buyers & changed_later)).tolist()
    histories: dict[int, History] = {}
    for first in range(0, len(asked), MEMBERS_TOGETHER):
        histories |= await _read_roles(graph, mall, asked[first : first + MEMBERS_TOGETHER])
    promotions = [one for place in sorted(histories) for one in rises(place, histories[place])]
    signs = await _read_signs(graph, mall, promotions)
    is_promoter = ~is_member & ~changed_later
    for place in np.flatnonzero(buyers & changed_later).tolist():
        told = histories[place].told if place in histories else ()
        is_promoter[place] = bool(told) and HEIGHTS[told[-1][1]] > 0
    counts = np.zeros(len(mall.member_ids), dtype=np.int64)
    for sign in signs:
        counts[sign.promotion.place] += 1
    return Purchases(
        buyers.astype(np.int64), (buyers & is_promoter).astype(np.int64), counts, signs
    )


async def _read_roles(graph: Graph, mall: Mall, places: Sequence[int]) -> dict[int, History]:
    ids = [mall.member_ids[place] for place in places]
    row = (await graph.read("compliance/list_role_facts", memberIds=ids, at=mall.at))[0]
    told: defaultdict[int, list[tuple[int, int, str]]] = defaultdict(list)
    joined: dict[int, int] = {}
    names = ("memberIds", "times", "seqs", "data", "joined")
    for member_id, at, seq, data, since in zip(*(row[name] for name in names), strict=True):
        role = json.loads(data).get("role")
        joined[mall.places[member_id]] = since
        if role is not None:
            told[mall.places[member_id]].append((at, seq, role))
    return {
        place: History(joined[place], [(at, role) for at, _, role in sorted(facts)])
        for place, facts in told.items()
    }


def rises(place: int, history: History) -> list[Promotion]:
    """The promotions since the join; everybody begins as a member."""
    found: list[Promotion] = []
    before = "member"
    for at, role in history.told:
        if HEIGHTS[role] > HEIGHTS[before] and at >= history.joined_at:
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
                "opens": (from_micros(one.at) - window).isoformat(),
                "closes": from_micros(one.at).isoformat(),
            }
            for i, one in enumerate(promotions[first : first + MEMBERS_TOGETHER])
        ]
        for row in await graph.read("compliance/list_orders_before", rows=rows):
            promotion = promotions[int(row["i"])]
            sign = Sign(promotion, row["orderId"], row["paidAt"])
            signs.setdefault(sign.order_id, sign)
    return list(signs.values())
