"""Run a plan over the orders of a time beside the plans that were in force, and compare."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from graph_service.clock import time_string, to_micros
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.ledger.lines import BASES
from graph_service.months.counted import plan_of_period
from graph_service.periods import period_begins, period_ends
from graph_service.plans.document import warnings
from graph_service.plans.timeline import Plans
from graph_service.simulation.reading import (
    ORDERS_TOGETHER,
    Chunk,
    People,
    Question,
    order_times,
    pieces_of,
    read_chunks,
)
from graph_service.simulation.splits import STRATEGIES, SplitScan, scan_splits
from graph_service.simulation.tally import Tally
from graph_service.simulation.trail import Trail

READ_TIMEOUT_S = 120.0
MOVERS_MAX = 50
# Borders of the histogram in minor units: 1 yuan, 10 yuan and so on up.
DECADES = tuple(10**power for power in range(2, 16))
Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Mover:
    """What a member earned and would have earned (minor units)."""

    member_id: str
    current_minor: int
    minor: int

    @property
    def change_minor(self) -> int:
        """More, or less where below 0."""
        return self.minor - self.current_minor


@dataclass(frozen=True)
class Outcome:
    """Both sides of a simulation. movers: everybody who earns on either side, in order of id.

    parts: periods of which only a part lies in the time.
    """

    question: Question
    orders: int
    current: Tally
    candidate: Tally
    movers: Sequence[Mover]
    parts: Sequence[str]
    scan: SplitScan

    @property
    def winners(self) -> list[Mover]:
        """Those who gain most, first."""
        return self._most(1)

    @property
    def losers(self) -> list[Mover]:
        """Those who lose most, first."""
        return self._most(-1)

    def _most(self, sign: int) -> list[Mover]:
        moved = [one for one in self.movers if sign * one.change_minor > 0]
        return sorted(moved, key=lambda one: (-sign * one.change_minor, one.member_id))[:MOVERS_MAX]


def nothing_told(_done: int, _total: int) -> None:
    """For those who need not hear how far it is."""


async def simulate(
    graph: Graph, question: Question, plans: Plans, told: Told = nothing_told
) -> Outcome:
    """What the plan would have paid, and what the plans in force pay; nothing is written.

    plans: those in force. told: called with how many of how many orders are done. Cost: every
    order of the time is attributed once, or twice where the plans attribute otherwise. Raises
    SimulationTooLarge.
    """
    orders = await order_times(graph, question)
    people, currency = People(), question.plan.currency
    current = Tally(plans, people, currency)
    candidate = Tally(Plans(question.plan), people, currency, Trail())
    told(0, len(orders))
    done = 0
    for asked in pieces_of(orders, ORDERS_TOGETHER):
        chunks = await _read(graph, asked, (plans, candidate.plans), people)
        await asyncio.to_thread(_add, (current, candidate), chunks)
        done += len(asked)
        told(done, len(orders))
    scan = await asyncio.to_thread(_finish, current, candidate, question)
    return Outcome(
        question=question,
        orders=len(orders),
        current=current,
        candidate=candidate,
        movers=_movers(current, candidate),
        parts=_parts(question, current, candidate),
        scan=scan,
    )


async def _read(
    graph: Graph, orders: Sequence[tuple[str, int]], sides: Sequence[Plans], people: People
) -> list[Chunk]:
    async def work(transaction: Transaction) -> list[Chunk]:
        return await read_chunks(transaction.run, orders, sides, people)

    return await graph.read_together(work, name="simulation/orders", timeout_s=READ_TIMEOUT_S)


def _add(sides: Sequence[Tally], chunks: Sequence[Chunk]) -> None:
    for side, chunk in zip(sides, chunks, strict=True):
        side.add(chunk)


def _finish(current: Tally, candidate: Tally, question: Question) -> SplitScan:
    current.finish()
    candidate.finish()
    return scan_splits(candidate, question.opens)


def _movers(current: Tally, candidate: Tally) -> list[Mover]:
    before, after = current.by_member(), candidate.by_member()
    return [
        Mover(one, before.get(one, 0), after.get(one, 0))
        for one in sorted(before.keys() | after.keys())
        if before.get(one) or after.get(one)
    ]


def _parts(question: Question, *sides: Tally) -> list[str]:
    """Periods with sales that begin before the time or end after it."""
    found: set[str] = set()
    for side in sides:
        for period in {period for period, _ in side.sums}:
            zone = plan_of_period(side.plans, period).month_zone
            begins, ends = period_begins(period, zone), period_ends(period, zone)
            if begins < question.opens or ends > question.closes:
                found.add(period)
    return sorted(found)


def histogram(movers: Sequence[Mover]) -> list[Row]:
    """How many members' earnings change by how much: [fromMinor, toMinor), in order."""
    counts = Counter(_bin(one.change_minor) for one in movers)
    return [
        {"fromMinor": low, "toMinor": high, "members": counts[low, high]}
        for low, high in sorted(counts)
    ]


def _bin(change_minor: int) -> tuple[int, int]:
    """The stretch that holds a change: none, below 1 yuan, below 10 and so on, up and down."""
    if change_minor == 0:
        return 0, 1
    size = abs(change_minor)
    low, high = 1, DECADES[0]
    for border in DECADES:
        if size < border:
            high = border
            break
        low, high = border, border * 10
    return (low, high) if change_minor > 0 else (1 - high, 1 - low)


def answer_of(outcome: Outcome) -> Row:
    """The outcome as the service answers it."""
    question, current, candidate = outcome.question, outcome.current, outcome.candidate
    now, then = current.by_basis(), candidate.by_basis()
    return {
        "planVersion": question.plan.version,
        "currentVersions": _versions(outcome),
        "from": time_string(to_micros(question.opens)),
        "to": time_string(to_micros(question.closes)),
        "currency": question.plan.currency,
        "orders": outcome.orders,
        "members": len(outcome.movers),
        "costMinor": sum(then.values()),
        "currentCostMinor": sum(now.values()),
        "keptMinor": candidate.kept_minor,
        "currentKeptMinor": current.kept_minor,
        "byBasis": {
            basis: {"currentMinor": now.get(basis, 0), "minor": then.get(basis, 0)}
            for basis in BASES
        },
        "winners": [_mover(one) for one in outcome.winners],
        "losers": [_mover(one) for one in outcome.losers],
        "histogram": histogram(outcome.movers),
        "maxPaidLevel": candidate.levels_max,
        "currentMaxPaidLevel": current.levels_max,
        "splitGains": [
            {
                "memberId": one.member_id,
                "strategy": one.strategy,
                "accounts": one.accounts,
                "gainMinor": one.gain_minor,
                "why": one.why,
            }
            for one in outcome.scan.gains
        ],
        "splitScan": {"members": outcome.scan.members, "strategies": list(STRATEGIES)},
        "partPeriods": list(outcome.parts),
        "warnings": list(warnings(question.plan)),
    }


def _versions(outcome: Outcome) -> list[str]:
    """The plans in force in the time, in order."""
    plans, question = outcome.current.plans, outcome.question
    opens, closes = to_micros(question.opens), to_micros(question.closes)
    starts = sorted({one.starts_at for one, _ in plans.activations})
    moments = [opens, *(one for one in starts if opens < one < closes)]
    return list(dict.fromkeys(plans.at(one).version for one in moments))


def _mover(one: Mover) -> Mapping[str, object]:
    return {
        "memberId": one.member_id,
        "currentMinor": one.current_minor,
        "minor": one.minor,
        "changeMinor": one.change_minor,
    }
