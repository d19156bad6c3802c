"""What do orders and their months pay under one set of plans? Sums, with no database."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graph_service.graph.session import Row
from graph_service.ledger.lines import Line, order_lines
from graph_service.ledger.months import period_lines
from graph_service.months.counted import MemberSales, plan_of_period
from graph_service.plans.document import Plan
from graph_service.plans.timeline import Plans
from graph_service.referrals.sales import AMOUNTS, PLATFORM, booking_changes
from graph_service.simulation.reading import Case, Chunk, People, period_end
from graph_service.simulation.trail import Trail

Sums = list[int]


@dataclass
class Tally:
    """Amounts by payee and basis (minor units), sales by period and member, as far as added.

    levels_max: most members paid from one order, see `_paid`. trail: what the search for split
    gains needs, where it is wanted.
    """

    plans: Plans
    people: People
    currency: str
    trail: Trail | None = None
    amounts: defaultdict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    sums: defaultdict[tuple[str, str], Sums] = field(
        default_factory=lambda: defaultdict(lambda: [0] * len(AMOUNTS))
    )
    levels_max: int = 0
    # Sales of a month by member, once all orders are added.
    months: dict[tuple[str, str], MemberSales] = field(
        default_factory=dict[tuple[str, str], MemberSales]
    )
    _ends: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, chunk: Chunk) -> None:
        """Add what these orders earn and sell."""
        of_order: defaultdict[str, list[Row]] = defaultdict(list)
        for row in chunk.bookings:
            of_order[row["orderId"]].append(row)
        for case in chunk.cases:
            lines = order_lines(case.journey, case.path, case.goods, case.plan, case.promoters)
            self._add_lines(lines)
            bookings = of_order[case.journey.order.order_id]
            paid = self._paid(case, lines, bookings)
            self.levels_max = max(self.levels_max, len(paid))
            if self.trail is not None:
                self.trail.follow(case, lines, bookings)
        for row in booking_changes((), chunk.bookings):
            sums = self.sums[row["month"], row["memberId"]]
            for i, name in enumerate(AMOUNTS):
                sums[i] += row[name]

    def finish(self) -> None:
        """Add what the months and weeks come to, once all orders are added."""
        persons: defaultdict[tuple[str, str], int] = defaultdict(int)
        for (period, member_id), (own, *_) in self.sums.items():
            persons[period, self.people.person(member_id)] += own
        for period, member_id in sorted(self.sums):
            own, direct, team, bonus, self_minor = self.sums[period, member_id]
            sales = MemberSales(
                member_id=member_id,
                role=self.role(period, member_id),
                frozen=self.people.frozen(member_id),
                own=own,
                person_own=persons[period, self.people.person(member_id)],
                direct=direct,
                bonus=bonus,
                team=team - self_minor,
            )
            self.months[period, member_id] = sales
            plan = plan_of_period(self.plans, period)
            self._add_lines(period_lines(plan, period, self.currency, sales))

    def by_member(self) -> dict[str, int]:
        """What each member earns (minor units)."""
        found: defaultdict[str, int] = defaultdict(int)
        for (payee_id, _), amount_minor in self.amounts.items():
            if payee_id != PLATFORM:
                found[payee_id] += amount_minor
        return dict(found)

    def by_basis(self) -> dict[str, int]:
        """What members earn by each rule (minor units)."""
        found: defaultdict[str, int] = defaultdict(int)
        for (payee_id, basis), amount_minor in self.amounts.items():
            if payee_id != PLATFORM:
                found[basis] += amount_minor
        return dict(found)

    @property
    def kept_minor(self) -> int:
        """What the platform keeps because nobody may have it."""
        return sum(amount for (payee_id, _), amount in self.amounts.items() if payee_id == PLATFORM)

    def role(self, period: str, member_id: str) -> str:
        """The member's role when a period ends; the platform has none."""
        if member_id == PLATFORM:
            return ""
        if period not in self._ends:
            self._ends[period] = period_end(self.plans, period)
        return self.people.role(member_id, self._ends[period])

    def _add_lines(self, lines: Sequence[Line]) -> None:
        for line in lines:
            self.amounts[line.payee_id, line.basis] += line.amount_minor

    def _paid(self, case: Case, lines: Sequence[Line], bookings: Sequence[Row]) -> set[str]:
        """Who is paid because of an order: of its lines, and by the rules of months on its sales.

        Those are the members credited where a ladder pays, the uplines within the depth of the
        team bonus with a role that gets it, and every partner above.
        """
        paid = {line.payee_id for line in lines} - {PLATFORM}
        for row in bookings:
            if row["netMinor"]:
                paid.update(
                    one
                    for one in _of_month(case.plan, row, self._roles(row))
                    if not self.people.frozen(one)
                )
        return paid

    def _roles(self, row: Row) -> Mapping[str, tuple[str, str]]:
        """The uplines' roles at the ends of the bonus's period and of the month."""
        return {
            one: (self.role(row["bonusPeriod"], one), self.role(row["month"], one))
            for one in row["uplineIds"]
        }


def _of_month(plan: Plan, row: Row, roles: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    if any(step.rate for step in plan.ladder.steps):
        yield row["memberId"]
    own_ids = row["ownIds"] or ()
    bonus_ids = row["bonusIds"] or row["uplineIds"][: row["bonusDepth"]]
    for upline_id in row["uplineIds"]:
        of_bonus, of_month = roles[upline_id]
        if plan.team.rate and upline_id in bonus_ids and of_bonus in plan.team.roles:
            yield upline_id
        if plan.partner.rate and of_month == "partner" and upline_id not in own_ids:
            yield upline_id
