"""What the rules of a plan come to, exactly: no database, no clock, no rounding but floor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor
from typing import Literal
from zoneinfo import ZoneInfo

from graph_service.plans.document import CampaignBonus, Ladder, Plan

Rule = Literal["product", "category", "other"]


@dataclass(frozen=True)
class LadderPart:
    """A part of the month's sales and the rate on it. to_minor: None at the top of the ladder."""

    from_minor: int
    to_minor: int | None
    sales_minor: int
    rate: Fraction

    @property
    def earned(self) -> Fraction:
        """What the part earns (minor units)."""
        return self.sales_minor * self.rate


@dataclass(frozen=True)
class LadderPay:
    """What a month's promoted sales earn on the ladder, and how that comes about."""

    parts: tuple[LadderPart, ...]

    @property
    def exact(self) -> Fraction:
        """The sum of the parts (minor units)."""
        return sum((part.earned for part in self.parts), Fraction(0))

    @property
    def minor(self) -> int:
        """What is paid of it: whole minor units."""
        return floor(self.exact)


@dataclass(frozen=True)
class NextStep:
    """The next step of a ladder. brings_minor: what is earned there more than now."""

    at_minor: int
    rate: Fraction
    missing_minor: int
    brings_minor: int


@dataclass(frozen=True)
class LineRate:
    """The rate of an order's line and the rule that spoke."""

    rate: Fraction
    rule: Rule


@dataclass(frozen=True)
class StartBonus:
    """When a promoter's start ends, and the rate that is added at a moment (0 when it is over)."""

    until: datetime
    rate: Fraction


def ladder_minor(ladder: Ladder, sales_minor: int) -> LadderPay:
    """What these promoted sales of a month earn; nothing for sales below 0.

    marginal: every step's rate on what lies in the step. whole: the reached step's on everything.
    """
    sales = max(sales_minor, 0)
    steps = ladder.steps
    if not steps:
        return LadderPay(())
    tops: list[int | None] = [*(step.from_minor for step in steps[1:]), None]
    if ladder.mode == "whole":
        i = _step_at(ladder, sales)
        part = LadderPart(steps[i].from_minor, tops[i], sales, Fraction(steps[i].rate))
        return LadderPay((part,))
    return LadderPay(
        tuple(
            LadderPart(
                step.from_minor,
                top,
                (sales if top is None else min(sales, top)) - step.from_minor,
                Fraction(step.rate),
            )
            for step, top in zip(steps, tops, strict=True)
            if step.from_minor < sales or step.from_minor == 0
        )
    )


def ladder_rate(ladder: Ladder, sales_minor: int) -> Fraction:
    """The rate of the step that these sales have reached; 0 without a ladder."""
    return (
        Fraction(ladder.steps[_step_at(ladder, sales_minor)].rate) if ladder.steps else Fraction()
    )


def next_step(ladder: Ladder, sales_minor: int) -> NextStep | None:
    """The step above what these sales have reached, if there is one."""
    sales = max(sales_minor, 0)
    for step in ladder.steps:
        if step.from_minor > sales:
            there = ladder_minor(ladder, step.from_minor).minor
            return NextStep(
                at_minor=step.from_minor,
                rate=Fraction(step.rate),
                missing_minor=step.from_minor - sales,
                brings_minor=there - ladder_minor(ladder, sales).minor,
            )
    return None


def _step_at(ladder: Ladder, sales_minor: int) -> int:
    return max(sum(step.from_minor <= sales_minor for step in ladder.steps) - 1, 0)


def line_rate(plan: Plan, product_id: str, category_id: str | None, paid_at: datetime) -> LineRate:
    """The base rate of a line: the first product rate that holds, its category's, the rest's."""
    for one in plan.product_rates.get(product_id, ()):
        if one.holds_at(paid_at):
            return LineRate(Fraction(one.rate), "product")
    if category_id is not None and category_id in plan.base.categories:
        return LineRate(Fraction(plan.base.categories[category_id]), "category")
    return LineRate(Fraction(plan.base.other_rate), "other")


def campaign_multipliers(
    plan: Plan, product_id: str, category_id: str | None, paid_at: datetime
) -> Sequence[tuple[str, Fraction]]:
    """The campaigns that hold for a line by name with their factors; all of them multiply."""
    return [
        (one.name, Fraction(one.multiplier))
        for one in plan.campaigns
        if one.holds_at(paid_at) and _is_for(one, product_id, category_id)
    ]


def _is_for(campaign: CampaignBonus, product_id: str, category_id: str | None) -> bool:
    if not campaign.categories and not campaign.product_ids:
        return True
    return product_id in campaign.product_ids or category_id in campaign.categories


def start_bonus(plan: Plan, promoter_since: datetime, paid_at: datetime) -> StartBonus:
    """What is added to the base commission of a promoter whom somebody invited, at a moment."""
    until = months_later(promoter_since, plan.start_bonus.months, plan.month_zone)
    holds = promoter_since <= paid_at < until
    return StartBonus(until, Fraction(plan.start_bonus.rate) if holds else Fraction())


def months_later(moment: datetime, months: int, zone: ZoneInfo) -> datetime:
    """The same day and time so many calendar months later; the month's last day where it is short.

    The 30th of November and three months are the 28th or 29th of February.
    """
    local = moment.astimezone(zone)
    years, month = divmod(local.month - 1 + months, 12)
    first = local.replace(year=local.year + years, month=month + 1, day=1)
    after = (first + timedelta(days=31)).replace(day=1)
    days = (after.replace(tzinfo=None) - first.replace(tzinfo=None)).days
    return first.replace(day=min(local.day, days))
