"""The plan as a document: the rules of one version, validated as a whole.

Rates are decimals from 0 to 1 and are used as exact fractions; amounts are minor units of the
plan's currency; times have an offset.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from graph_service.attribution.models import NamedProgram as NamedRules
from graph_service.attribution.models import Program
from graph_service.money import AMOUNT_MINOR_MAX, CURRENCIES


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as fault:
        raise ValueError("is not a time zone of the IANA database") from fault
    return name


def _known_currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError("is not a currency of ISO 4217")
    return code


Rate = Annotated[Decimal, Field(ge=0, le=1, max_digits=12)]
WindowDays = Annotated[int, Field(ge=1, le=365)]
Minor = Annotated[int, Field(ge=0, le=AMOUNT_MINOR_MAX)]
Id = Annotated[str, Field(min_length=1, max_length=128)]
Model = Literal["first_touch", "last_touch", "linear", "time_decay", "position_based"]
Role = Literal["member", "promoter", "partner"]
LEVELS_MAX = 10
LIST_MAX = 1_000


class _Strict(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True
    )


class ProgramRules(_Strict):
    """Which touches of an order count, and which of them are credited.

    window_days: 1 to 365. half_life_hours: of time_decay. first_weight, last_weight: of
    position_based; what is left is shared by the touches between.
    """

    model: Model = "last_touch"
    window_days: WindowDays = 30
    self_purchase: bool = False
    half_life_hours: Annotated[int, Field(ge=1, le=24 * 365)] = 168
    first_weight: Rate = Decimal("0.4")
    last_weight: Rate = Decimal("0.4")

    @model_validator(mode="after")
    def _weights_fit(self) -> Self:
        if self.first_weight + self.last_weight > 1:
            raise ValueError("firstWeight and lastWeight are more than 1 together")
        return self

    @property
    def program(self) -> Program:
        """The same as attribution takes it."""
        return Program(
            self.model,
            self.window_days,
            self.self_purchase,
            half_life_hours=self.half_life_hours,
            first_weight=Fraction(self.first_weight),
            last_weight=Fraction(self.last_weight),
        )


class NamedProgram(ProgramRules):
    """Rules of their own for the orders of these channels or shops."""

    name: Id
    channels: Annotated[list[Id], Field(max_length=LIST_MAX)] = []
    shop_ids: Annotated[list[Id], Field(max_length=LIST_MAX)] = []

    @model_validator(mode="after")
    def _is_for_something(self) -> Self:
        if not self.channels and not self.shop_ids:
            raise ValueError("names neither channels nor shopIds")
        return self


class AttributionRules(ProgramRules):
    """The rules of every order, but for those of a program; the first program that fits is it."""

    programs: Annotated[list[NamedProgram], Field(max_length=100)] = []


class InfluenceRules(_Strict):
    """The influence allowance: pool_rate of an order's net amount, split with curve beta."""

    pool_rate: Rate = Decimal("0.01")
    beta: Rate = Decimal("0.25")


class BaseRules(_Strict):
    """What the credited member earns of an order's lines, by category."""

    categories: Annotated[dict[Id, Rate], Field(max_length=LIST_MAX)] = {}
    other_rate: Rate = Decimal(0)


class _Dated(_Strict):
    """Something that holds from a moment (included) to another (not included); open if null."""

    starts: Annotated[AwareDatetime | None, Field(alias="from")] = None
    ends: Annotated[AwareDatetime | None, Field(alias="to")] = None

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.starts is not None and self.ends is not None and self.ends <= self.starts:
            raise ValueError("to is not later than from")
        return self

    def holds_at(self, moment: datetime) -> bool:
        """Does it hold then?"""
        begun = self.starts is None or self.starts <= moment
        return begun and (self.ends is None or moment < self.ends)


class ProductRate(_Dated):
    """A product's rate in place of its category's, for orders paid in a time."""

    product_id: Id
    rate: Rate


class CampaignBonus(_Dated):
    """What is earned of orders paid in a time, times multiplier; of all goods if none are named."""

    name: Id
    multiplier: Annotated[Decimal, Field(ge=1, le=10, max_digits=12)]
    categories: Annotated[list[Id], Field(max_length=LIST_MAX)] = []
    product_ids: Annotated[list[Id], Field(max_length=LIST_MAX)] = []


class LadderStep(_Strict):
    """From this much promoted in a month, this rate."""

    from_minor: Minor
    rate: Rate


class Ladder(_Strict):
    """A rate on the month's promoted sales of a person.

    marginal: each step's rate on what lies in the step. whole: the reached step's rate on
    everything, so that one more order may be worth more than itself.
    """

    mode: Literal["marginal", "whole"] = "marginal"
    steps: Annotated[list[LadderStep], Field(max_length=100)] = []

    @model_validator(mode="after")
    def _climbs(self) -> Self:
        starts = [step.from_minor for step in self.steps]
        if starts != sorted(set(starts)):
            raise ValueError("steps must begin at ever larger fromMinor")
        if starts and starts[0] != 0:
            raise ValueError("the first step must begin at fromMinor 0")
        return self


class TeamBonus(_Strict):
    """A rate on the sales of the levels below, per cycle. depth: 1 are those invited directly."""

    rate: Rate = Decimal(0)
    cycle: Literal["month", "week"] = "month"
    depth: Annotated[int, Field(ge=1, le=LEVELS_MAX)] = 1
    roles: list[Role] = ["promoter", "partner"]


class PartnerIncome(_Strict):
    """A partner's management income: a rate on the month's sales of the whole team."""

    rate: Rate = Decimal(0)


class StartBonus(_Strict):
    """More of the base commission in the first months of a promoter whom somebody invited."""

    rate: Rate = Decimal(0)
    months: Annotated[int, Field(ge=0, le=60)] = 0


class RoleRule(_Strict):
    """Who has these sales, for so many months in a row, gets a role; who has not, loses it.

    own_sales_minor: promoted by the person in a month. direct_members: invited directly, at the
    end of the month. keep_sales_minor: less than this for keep_months in a row takes the role.
    """

    role: Literal["promoter", "partner"]
    after: Role = "member"
    own_sales_minor: Minor = 0
    team_sales_minor: Minor = 0
    direct_members: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    months: Annotated[int, Field(ge=1, le=24)] = 1
    keep_sales_minor: Minor = 0
    keep_months: Annotated[int, Field(ge=1, le=24)] = 3


class Plan(_Strict):
    """One version of the rules. currency: of what is paid; zone: of calendar months and weeks.

    holding_days: from an order's completion until what it earned is released. paid_levels_max: of
    the members who earn from one order, so many, the nearest to the sale first; 0: no cap.
    """

    version: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    title: Annotated[str, Field(max_length=200)] = ""
    currency: Annotated[str, AfterValidator(_known_currency)] = "CNY"
    zone: Annotated[str, AfterValidator(_known_zone)] = "Asia/Shanghai"
    attribution: AttributionRules = AttributionRules()
    influence: InfluenceRules = InfluenceRules()
    base: BaseRules = BaseRules()
    products: Annotated[list[ProductRate], Field(max_length=100_000)] = []
    ladder: Ladder = Ladder()
    team: TeamBonus = TeamBonus()
    partner: PartnerIncome = PartnerIncome()
    start_bonus: StartBonus = StartBonus()
    campaigns: Annotated[list[CampaignBonus], Field(max_length=LIST_MAX)] = []
    roles: Annotated[list[RoleRule], Field(max_length=10)] = []
    holding_days: Annotated[int, Field(ge=0, le=365)] = 7
    paid_levels_max: Annotated[int, Field(ge=0, le=512)] = 0

    @model_validator(mode="after")
    def _campaigns_differ(self) -> Self:
        names = [one.name for one in self.campaigns]
        if len(set(names)) < len(names):
            # What is booked for a campaign is found by its name.
            raise ValueError("campaigns must have different names")
        return self

    @cached_property
    def month_zone(self) -> ZoneInfo:
        """The zone in which months begin and end."""
        return ZoneInfo(self.zone)

    @cached_property
    def product_rates(self) -> Mapping[str, Sequence[ProductRate]]:
        """The rates of products in their order, by product."""
        found: dict[str, list[ProductRate]] = {}
        for one in self.products:
            found.setdefault(one.product_id, []).append(one)
        return found

    @property
    def program(self) -> Program:
        """What attribution needs of the plan."""
        rules = self.attribution
        return replace(
            rules.program,
            named=tuple(
                NamedRules(one.name, one.program, frozenset(one.channels), frozenset(one.shop_ids))
                for one in rules.programs
            ),
        )

    @property
    def window_days_max(self) -> int:
        """The longest time that a click may come before its order, by any rule (days)."""
        rules = self.attribution
        return max([rules.window_days, *(one.window_days for one in rules.programs)])

    @property
    def pool_rate(self) -> Fraction:
        """The influence pool's rate, exactly."""
        return Fraction(self.influence.pool_rate)

    @property
    def beta(self) -> Fraction:
        """The curve's linear part, exactly."""
        return Fraction(self.influence.beta)


def warnings(plan: Plan) -> Sequence[str]:
    """What in a valid plan is likely to break the law or to invite washing; codes, in order.

    Source: decree 444 of the State Council of China (regulation prohibiting pyramid selling,
    2005), article 7: pay by head count, by entry fee, by sales of those below.
    """
    found: list[str] = []
    if plan.team.rate:
        found.append("pays_for_downline_sales")
    if plan.partner.rate:
        found.append("pays_for_whole_team_sales")
    if plan.team.rate and plan.team.depth > 1:
        found.append("pays_for_more_than_one_level")
    if any(rule.direct_members for rule in plan.roles):
        found.append("role_depends_on_head_count")
    if plan.ladder.mode == "whole" and len(plan.ladder.steps) > 1:
        found.append("ladder_has_cliffs")
    rates = [step.rate for step in plan.ladder.steps]
    if rates != sorted(rates):
        found.append("ladder_rates_fall")
    if not plan.paid_levels_max or plan.paid_levels_max > 2:
        found.append("pays_three_levels_or_more")
    return found


def seed_plan() -> Plan:
    """The plan that is in force until another is activated."""
    text = Path(__file__).with_name("seed_plan.json").read_text(encoding="utf-8")
    return Plan.model_validate_json(text)
