"""What is known of some orders: their journeys by each plan's program, goods, sales and people."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from graph_service.attribution.models import Program
from graph_service.attribution.path import Path
from graph_service.attribution.touches import Journey, Order
from graph_service.attribution.traces import Trace, read_traces, traces_of
from graph_service.clock import from_micros, to_micros
from graph_service.errors import Invalid, TooLarge
from graph_service.graph.session import Graph, Read, Row
from graph_service.months.counted import plan_of_period
from graph_service.months.roles import roles_before
from graph_service.periods import period_ends
from graph_service.plans.document import Plan
from graph_service.plans.timeline import Plans
from graph_service.referrals.sales import PLATFORM, Sale, read_bookings
from graph_service.rewards.orders import journey_sales

T = TypeVar("T")
# Orders read in one transaction.
ORDERS_TOGETHER = 1_000
IDS_TOGETHER = 10_000
MEMBERS_TOGETHER = 5_000
DAYS_MAX = 366


class SimulationTooLarge(TooLarge):
    """More orders were paid in the time than one simulation reads."""

    code = "simulation_too_large"


@dataclass(frozen=True)
class Question:
    """A plan, and the time whose orders it would have paid. Raises Invalid.

    orders_max: most orders that it reads.
    """

    plan: Plan
    opens: datetime
    closes: datetime
    orders_max: int

    def __post_init__(self) -> None:
        if not timedelta() < self.closes - self.opens <= timedelta(days=DAYS_MAX):
            raise Invalid(f"from must be before to, and by at most {DAYS_MAX} days")


@dataclass(frozen=True)
class Case:
    """An order under a plan: who is credited, along which path. plan: in force when it was paid.

    goods: the lines of order.paid. promoters: since when (us) those credited are promoters.
    """

    plan: Plan
    journey: Journey
    path: Path
    goods: Sequence[Mapping[str, object]]
    promoters: Mapping[str, int]


@dataclass(frozen=True)
class Chunk:
    """Some orders under one set of plans. bookings: their sales, with who stood above then."""

    cases: Sequence[Case]
    bookings: Sequence[Row]


@dataclass(frozen=True)
class Standing:
    """What is said of a member now. role_at: since when (us), 0 if it never was said."""

    role: str
    role_at: int
    frozen: bool
    person_id: str


@dataclass
class People:
    """The members met so far; those of whom a role was said later are looked up as of before."""

    standings: dict[str, Standing] = field(default_factory=dict[str, Standing])
    _accepted: dict[str, int | None] = field(default_factory=dict[str, int | None])
    _before: dict[tuple[str, int], str] = field(default_factory=dict[tuple[str, int], str])

    def role(self, member_id: str, ends: int) -> str:
        """The role at the end of a period (us)."""
        known = self.standings.get(member_id)
        if known is None:
            return "member"
        return self._before[member_id, ends] if known.role_at >= ends else known.role

    def frozen(self, member_id: str) -> bool:
        """May the member earn nothing?"""
        known = self.standings.get(member_id)
        return known is not None and known.frozen

    def person(self, member_id: str) -> str:
        """Whose account it is."""
        known = self.standings.get(member_id)
        return member_id if known is None else known.person_id

    async def learn(self, read: Read, plans: Plans, bookings: Sequence[Row]) -> None:
        """Know everybody whom these sales concern, and their roles at the ends of the periods."""
        met: defaultdict[str, set[str]] = defaultdict(set)
        for row in bookings:
            for period in (row["month"], row["bonusPeriod"]):
                met[period].update((row["memberId"], *row["uplineIds"]))
        new = {one for ids in met.values() for one in ids} - self.standings.keys()
        await self._read_standings(read, sorted(new - {PLATFORM}))
        for period in sorted(met):
            ends = period_end(plans, period)
            later = [
                one
                for one in sorted(met[period])
                if one in self.standings
                and self.standings[one].role_at >= ends
                and (one, ends) not in self._before
            ]
            for member_ids in pieces_of(later, MEMBERS_TOGETHER):
                found = await roles_before(read, member_ids, ends)
                self._before.update({(one, ends): role for one, (role, _) in found.items()})

    async def promoters(self, read: Read, member_ids: Iterable[str]) -> Mapping[str, int]:
        """Of these members, when the invited promoters accepted (us)."""
        asked = set(member_ids)
        for ids in pieces_of(sorted(asked - self._accepted.keys()), MEMBERS_TOGETHER):
            self._accepted.update(dict.fromkeys(ids))
            row = (await read("plans/read_acceptances", memberIds=ids))[0]
            self._accepted.update(zip(row["memberIds"], row["times"], strict=True))
        return {one: at for one in asked if (at := self._accepted[one]) is not None}

    async def _read_standings(self, read: Read, member_ids: Sequence[str]) -> None:
        for ids in pieces_of(member_ids, MEMBERS_TOGETHER):
            rows = await read("attribution/read_standings", memberIds=ids)
            persons = {row["memberId"]: row["personId"] for row in rows}
            row = (await read("months/read_standings", memberIds=ids, at=from_micros(0)))[0]
            names = ("memberIds", "roles", "roleAts", "statuses")
            for one, role, role_at, status in zip(*(row[name] for name in names), strict=True):
                self.standings[one] = Standing(role, role_at, status == "frozen", persons[one])


def period_end(plans: Plans, period: str) -> int:
    """The first moment after a period, in the zone of the plan that speaks for it (us)."""
    return to_micros(period_ends(period, plan_of_period(plans, period).month_zone))


async def order_times(graph: Graph, question: Question) -> list[tuple[str, int]]:
    """The orders of the time with the moments they were paid (us), in that order.

    Cancelled orders are left out, since they earn nothing. Raises SimulationTooLarge.
    """
    found: list[tuple[str, int]] = []
    opens, after = question.opens, ""
    while True:
        row = (
            await graph.read(
                "influence/list_orders",
                opens=opens,
                closes=question.closes,
                after=after,
                limit=IDS_TOGETHER,
                currency=question.plan.currency,
            )
        )[0]
        found += zip(row["orderIds"], row["times"], strict=True)
        if len(found) > question.orders_max:
            raise SimulationTooLarge(
                f"more than {question.orders_max} orders were paid in that time; ask for less of it"
            )
        if len(row["orderIds"]) < IDS_TOGETHER:
            return found
        opens, after = from_micros(found[-1][1]), found[-1][0]


async def read_chunks(
    read: Read, orders: Sequence[tuple[str, int]], sides: Sequence[Plans], people: People
) -> list[Chunk]:
    """These orders under each of some sets of plans; what they have in common is done once.

    What follows from what was read is computed in a thread.
    """
    order_ids = [order_id for order_id, _ in orders]
    window_days = max(plans.widest.window_days_max for plans in sides)
    found = await read_traces(read, order_ids, window_days)
    goods = await _read_goods(read, order_ids)
    traced = await asyncio.to_thread(_traced, found, [_rules(orders, plans) for plans in sides])
    promoters: Mapping[str, int] = {}
    if any(plan.start_bonus.rate for plans in sides for plan in plans.all):
        credited = {
            credit.member_id
            for traces in traced
            for trace in traces
            for credit in trace.journey.credits
        }
        promoters = await people.promoters(read, credited)
    chunks: list[Chunk] = []
    sales_before: list[Sale] | None = None
    for plans, traces in zip(sides, traced, strict=True):
        cases = [
            Case(
                plans.at(trace.journey.order.paid_at),
                *trace,
                goods[trace.journey.order.order_id],
                promoters,
            )
            for trace in traces
        ]
        sales = await asyncio.to_thread(_sales, cases)
        # Plans that differ in rates alone have the same sales.
        same = chunks and sales == sales_before
        bookings = chunks[-1].bookings if same else await read_bookings(read, sales)
        await people.learn(read, plans, bookings)
        chunks.append(Chunk(cases, bookings))
        sales_before = sales
    return chunks


def _rules(orders: Sequence[tuple[str, int]], plans: Plans) -> dict[str, Program]:
    """By which rules each order is attributed, before those of its channel or shop."""
    programs: dict[str, Program] = {}
    found: dict[str, Program] = {}
    for order_id, paid_at in orders:
        plan = plans.at(paid_at)
        if plan.version not in programs:
            programs[plan.version] = plan.program
        found[order_id] = programs[plan.version]
    return found


def _traced(found: Row, sides: Sequence[Mapping[str, Program]]) -> list[list[Trace]]:
    """The orders by each side's rules; the same list where the rules are the same."""
    traced: list[list[Trace]] = []
    for i, rules in enumerate(sides):
        if i and rules == sides[i - 1]:
            traced.append(traced[-1])
        else:
            traced.append(list(traces_of(found, _of_order(rules))))
    return traced


def _of_order(rules: Mapping[str, Program]) -> Callable[[Order], Program]:
    return lambda order: rules[order.order_id].of(order.channel, order.shop_id)


def _sales(cases: Sequence[Case]) -> list[Sale]:
    return [sale for case in cases for sale in journey_sales(case.journey, case.plan)]


async def _read_goods(
    read: Read, order_ids: Sequence[str]
) -> dict[str, Sequence[Mapping[str, object]]]:
    found: dict[str, Sequence[Mapping[str, object]]] = {}
    row = (await read("simulation/read_goods", orderIds=order_ids))[0]
    for order_id, data in zip(row["orderIds"], row["data"], strict=True):
        found[order_id] = json.loads(data)["lines"]
    # Stored, but with no number yet: the ledger has not seen it either.
    return {order_id: found.get(order_id, ()) for order_id in order_ids}


def pieces_of(items: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    """The items in their order, so many at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
