"""What did organisers earn by the law's kinds, and how many are paid from one order?"""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from graph_service.clock import from_micros
from graph_service.compliance.law import BASES, CURRENCY, Basis
from graph_service.compliance.standings import ComplianceTooLarge, Mall
from graph_service.compliance.trees import Marks, Numbers
from graph_service.graph.session import Graph, Row
from graph_service.ledger.lines import PLATFORM
from graph_service.periods import period_of
from graph_service.plans.document import Plan
from graph_service.plans.timeline import Plans

MEMBERS_TOGETHER = 5_000
ORDERS_TOGETHER = 10_000
OWN_SALE = ("own_sale", "ladder", "campaign", "reward")


@dataclass(frozen=True)
class Earned:
    """What a month or a week brought a member by one rule: the sum, and what the last entry says.

    plan_version, inputs: of that entry.
    """

    amount_minor: int
    plan_version: str
    inputs: Mapping[str, Any]


# By member, basis, part and currency.
Months = Mapping[tuple[str, str, str, str], Earned]


async def read_money(
    graph: Graph, mall: Mall, member_ids: Sequence[str], plans: Plans
) -> dict[str, dict[Basis, int]]:
    """What each of these earned by the time of the mall, in fen, by entries of facts up to then."""
    row = (
        await graph.read(
            "compliance/sum_earned", memberIds=member_ids, at=mall.at, currency=CURRENCY
        )
    )[0]
    money = {member_id: dict.fromkeys(BASES, 0) for member_id in member_ids}
    for member_id, basis, amount in zip(
        row["memberIds"], row["bases"], row["amounts"], strict=True
    ):
        if basis in OWN_SALE:
            money[member_id]["own_sale"] += amount
        elif basis == "influence":
            money[member_id]["influence"] += amount
    depths = {plan.version: plan.team.depth for plan in plans.all}
    months = await read_months(graph, mall.at, member_ids)
    for (member_id, basis, _, currency), earned in months.items():
        if currency == CURRENCY and basis != "ladder":
            near = of_first_level(basis, earned, depths.get(earned.plan_version, 0))
            money[member_id]["level_1"] += near
            money[member_id]["level_2_and_deeper"] += earned.amount_minor - near
    return money


def of_first_level(basis: str, earned: Earned, depth: int) -> int:
    """How much of a team bonus or partner income the first level below brought, floored.

    depth: of the plan's team bonus. A bonus that does not tell its levels, as of a week, is of the
    first where the plan pays for no other.
    """
    if basis == "team":
        levels: Sequence[int] | None = earned.inputs.get("salesByLevelMinor")
        if levels is None:
            return earned.amount_minor if depth == 1 else 0
        near, whole = sum(levels[:1]), sum(levels)
    else:
        near, whole = (earned.inputs.get(f"{one}SalesMinor", 0) for one in ("direct", "team"))
    return earned.amount_minor * near // whole if whole > 0 else 0


async def read_months(graph: Graph, at: datetime, member_ids: Sequence[str]) -> Months:
    """What these members earned of months and weeks, by entries of facts up to a time."""
    found: dict[tuple[str, str, str, str], Earned] = {}
    for ids in parts_of(member_ids, MEMBERS_TOGETHER):
        row = (await graph.read("compliance/list_month_entries", memberIds=ids, at=at))[0]
        names = ("memberIds", "bases", "parts", "currencies")
        keys = zip(*(row[name] for name in names), strict=True)
        values = zip(row["amounts"], row["planVersions"], row["inputs"], strict=True)
        for key, (amount, version, inputs) in zip(keys, values, strict=True):
            before = found[key].amount_minor if key in found else 0
            found[key] = Earned(before + amount, version, json.loads(inputs))
    return found


async def read_paid_levels(
    graph: Graph, mall: Mall, people: Marks, plans: Plans, *, orders_max: int
) -> Numbers:
    """Per place, how many members are paid at most from one order that pays or counts for it.

    Raises ComplianceTooLarge.
    """
    order_ids = await _find_orders(graph, mall, people, orders_max=orders_max)
    most = np.zeros(len(mall.member_ids), dtype=np.int64)
    lists, asked, paid_in = set[str](), set[str](), set[tuple[str, str, str]]()
    for ids in parts_of(order_ids, ORDERS_TOGETHER):
        row = (
            await graph.read("compliance/read_payees", orderIds=ids, at=mall.at, platform=PLATFORM)
        )[0]
        fresh = set(row["chains"]) - lists
        lists |= fresh
        named = {one for text in fresh for chain in _chains(text) for one in chain} - asked
        asked |= named
        months = await read_months(graph, mall.at, sorted(named))
        paid_in |= {key[:3] for key, earned in months.items() if earned.amount_minor > 0}
        await asyncio.to_thread(_raise_most, most, mall, row, plans, paid_in)
    return most


def _chains(text: str) -> Iterator[list[str]]:
    """For whom an order counts: each member in front of the uplines."""
    return (chain.split("\n") for chain in text.split("\f") if chain)


async def _find_orders(
    graph: Graph, mall: Mall, people: Marks, *, orders_max: int
) -> Sequence[str]:
    found = set[str]()
    ids = [mall.member_ids[place] for place in np.flatnonzero(people).tolist()]
    for some in parts_of(ids, MEMBERS_TOGETHER):
        row = (await graph.read("compliance/find_orders", memberIds=some, at=mall.at))[0]
        found.update(row["orderIds"])
        if len(found) > orders_max:
            raise ComplianceTooLarge(f"a report reads at most {orders_max:,} orders")
    return sorted(found)


def _raise_most(
    most: Numbers, mall: Mall, row: Row, plans: Plans, paid_in: Set[tuple[str, str, str]]
) -> None:
    """Go through some orders; paid_in: who was paid by which basis of which month or week."""
    names = ("times", "payeeIds", "chains")
    for paid_at, payees, chains in zip(*(row[name] for name in names), strict=True):
        paid = {one for one in str(payees).split("\n") if one}
        sellers: list[str] = []
        for seller, *above in _chains(chains):
            sellers.append(seller)
            if paid_in:
                paid.update(_paid_later(plans.at(paid_at), paid_at, seller, above, paid_in))
        for member_id in paid.union(sellers):
            place = mall.places.get(member_id)
            if place is not None:
                most[place] = max(int(most[place]), len(paid))


def _paid_later(
    plan: Plan,
    paid_at: int,
    seller: str,
    uplines: Sequence[str],
    paid_in: Set[tuple[str, str, str]],
) -> Iterator[str]:
    """Whom the ladder, the team bonus and the partner income paid for an order, too."""
    moment, zone = from_micros(paid_at), plan.month_zone
    month, week = period_of(moment, zone, "month"), period_of(moment, zone, "week")
    if (seller, "ladder", month) in paid_in:
        yield seller
    for one in uplines[: plan.team.depth]:
        if (one, "team", month) in paid_in or (one, "team", week) in paid_in:
            yield one
    yield from (one for one in uplines if (one, "partner", month) in paid_in)


def parts_of(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """These in parts of at most so many."""
    for first in range(0, len(ids), size):
        yield ids[first : first + size]
