"""What did the members' sales in a period come to, and by which plan?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.clock import to_micros
from graph_service.graph.session import Row
from graph_service.periods import period_ends
from graph_service.plans.document import Plan
from graph_service.plans.timeline import Plans
from graph_service.referrals.sales import PLATFORM, period_id

CLOSED = "month.closed"
COUNTED = "month.counted"


@dataclass(frozen=True)
class Period:
    """A month or week of sales in a currency. ends: the first moment after it (us)."""

    period: str
    currency: str
    ends: int

    @property
    def key(self) -> str:
        """What it is called in the graph."""
        return period_id(self.period, self.currency)


@dataclass(frozen=True)
class MemberSales:
    """What a member's sales in a period came to (minor units), as a fact tells it.

    member_id: PLATFORM where nobody stands above. role: at the end of the period. person_own: own
    of all accounts of the person. bonus: what the plan's team bonus is reckoned on.
    """

    member_id: str
    role: str
    frozen: bool
    own: int
    person_own: int
    direct: int
    bonus: int
    team: int

    def row(self) -> list[Any]:
        """The same as a fact keeps it."""
        amounts = (self.own, self.person_own, self.direct, self.bonus, self.team)
        member_id = "" if self.member_id == PLATFORM else self.member_id
        return [member_id, self.role, self.frozen, *amounts]

    @classmethod
    def of_row(cls, row: Sequence[Any]) -> "MemberSales":
        """What `row` gave; no member's id is empty."""
        member_id, *rest = row
        return cls(member_id or PLATFORM, *rest)


def held_until(plans: Plans, period: Period) -> int:
    """When what a period earned is released (us): the holding days of its plan after its end."""
    return period.ends + plan_of_period(plans, period.period).holding_days * MICROS_PER_DAY


def plan_of_period(plans: Plans, period: str) -> Plan:
    """The plan that speaks for a period: the one in force at its last moment."""
    plan = plans.seed
    # A plan may have another zone, in which the period ends at another moment.
    for _ in range(2):
        plan = plans.at(to_micros(period_ends(period, plan.month_zone)) - 1)
    return plan


def period_of_row(row: Row, plans: Plans) -> Period:
    """A period as the graph knows it."""
    zone = plan_of_period(plans, row["period"]).month_zone
    return Period(row["period"], row["currency"], to_micros(period_ends(row["period"], zone)))
