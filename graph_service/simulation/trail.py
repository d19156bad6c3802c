"""What did each member sell and share, so that the same can be tried as several accounts?"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from sys import intern
from typing import NamedTuple

from graph_service.graph.session import Row
from graph_service.ledger.lines import Line, order_lines
from graph_service.simulation.reading import Case

# Of a member's steps on paths, those that are worth most are tried.
STEPS_TRIED = 20


class Sold(NamedTuple):
    """One order's part that is credited to a member. paid_at: us; amounts in minor units.

    reward: its start bonus as it is. fresh: as it would be for a promoter who accepted just then.
    """

    month: str
    bonus_period: str
    paid_at: int
    net: int
    reward: int
    fresh: int


class StepTaken(NamedTuple):
    """A member's step on the path of an order, and what it is paid (minor units).

    place: index of the step. clicks, excluded: of all steps, origin first. levels: who earns from
    the order, the nearest to the sale first, with repeats. before_step: how many of those stand
    nearer to the sale than the step itself.
    """

    amount: int
    order_id: str
    pool: int
    place: int
    clicks: tuple[int, ...]
    excluded: tuple[bool, ...]
    levels: tuple[str, ...]
    before_step: int


@dataclass
class Trail:
    """Sales and best steps by member, as far as followed."""

    sold: defaultdict[str, list[Sold]] = field(default_factory=lambda: defaultdict(list))
    steps: defaultdict[str, list[StepTaken]] = field(default_factory=lambda: defaultdict(list))

    def follow(self, case: Case, lines: Sequence[Line], bookings: Sequence[Row]) -> None:
        """Keep what an order says. lines: what it pays."""
        self._keep_sales(case, lines, bookings)
        self._keep_steps(case, lines)

    def _keep_sales(self, case: Case, lines: Sequence[Line], bookings: Sequence[Row]) -> None:
        paying = [row for row in bookings if row["netMinor"]]
        if not paying:
            return
        rewards, fresh = _rewards(lines), dict[str, int]()
        if case.plan.start_bonus.rate and case.plan.start_bonus.months:
            since = {row["memberId"]: case.journey.order.paid_at for row in paying}
            fresh = _rewards(order_lines(case.journey, case.path, case.goods, case.plan, since))
        for row in paying:
            member_id: str = row["memberId"]
            self.sold[member_id].append(
                Sold(
                    month=intern(row["month"]),
                    bonus_period=intern(row["bonusPeriod"]),
                    paid_at=case.journey.order.paid_at,
                    net=row["netMinor"],
                    reward=rewards.get(member_id, 0),
                    fresh=fresh.get(member_id, 0),
                )
            )

    def _keep_steps(self, case: Case, lines: Sequence[Line]) -> None:
        steps = case.path.steps
        clicks = tuple(step.cleared for step in steps)
        pool = _floored_pool(case)
        if not any(clicks) or not pool:
            return
        paid = {
            (line.payee_id, line.part): line.amount_minor
            for line in lines
            if line.basis == "influence"
        }
        excluded = tuple(step.excluded is not None for step in steps)
        credited = [one.member_id for one in case.journey.credits if one.excluded is None]
        for place, step in enumerate(steps):
            if step.excluded is not None or not step.cleared:
                continue
            nearer = [one.member_id for one in steps[:place:-1] if one.excluded is None]
            further = [one.member_id for one in steps[place::-1] if one.excluded is None]
            taken = StepTaken(
                amount=paid.get((step.member_id, f"step {step.position}"), 0),
                order_id=case.journey.order.order_id,
                pool=pool,
                place=place,
                clicks=clicks,
                excluded=excluded,
                levels=(*credited, *nearer, *further),
                before_step=len(credited) + len(nearer),
            )
            kept = self.steps[step.member_id]
            (heappush if len(kept) < STEPS_TRIED else heappushpop)(kept, taken)


def _rewards(lines: Sequence[Line]) -> dict[str, int]:
    """The start bonus of each payee."""
    found: dict[str, int] = {}
    for line in lines:
        if line.basis == "reward":
            found[line.payee_id] = found.get(line.payee_id, 0) + line.amount_minor
    return found


def _floored_pool(case: Case) -> int:
    rate = case.plan.pool_rate
    return case.journey.order.net_minor * rate.numerator // rate.denominator
