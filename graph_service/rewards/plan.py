"""The plan: the versioned document that says how orders are credited and what is paid."""

from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from graph_service.attribution.touches import Program


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as fault:
        raise ValueError("is not a time zone of the IANA database") from fault
    return name


Rate = Annotated[Decimal, Field(ge=0, le=1, max_digits=12)]
WindowDays = Annotated[int, Field(ge=1, le=365)]


class _Strict(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True
    )


class AttributionRules(_Strict):
    """Which touches count, and which of them is credited. window_days: 1 to 365."""

    model: Literal["last_touch"] = "last_touch"
    window_days: WindowDays = 30
    self_purchase: bool = False


class InfluenceRules(_Strict):
    """The influence allowance: pool_rate of an order's net amount, split with curve beta."""

    pool_rate: Rate = Decimal("0.01")
    beta: Rate = Decimal("0.25")


class Plan(_Strict):
    """One version of the rules. currency: of team sales; zone: of calendar months."""

    version: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    zone: Annotated[str, AfterValidator(_known_zone)] = "Asia/Shanghai"
    attribution: AttributionRules = AttributionRules()
    influence: InfluenceRules = InfluenceRules()

    @cached_property
    def month_zone(self) -> ZoneInfo:
        """The zone in which months begin and end."""
        return ZoneInfo(self.zone)

    @property
    def program(self) -> Program:
        """What attribution needs of the plan."""
        rules = self.attribution
        return Program(rules.model, rules.window_days, rules.self_purchase)

    @property
    def pool_rate(self) -> Fraction:
        """The influence pool's rate, exactly."""
        return Fraction(self.influence.pool_rate)

    @property
    def beta(self) -> Fraction:
        """The curve's linear part, exactly."""
        return Fraction(self.influence.beta)


def seed_plan() -> Plan:
    """The plan that is in force until another is activated."""
    text = Path(__file__).with_name("seed_plan.json").read_text(encoding="utf-8")
    return Plan.model_validate_json(text)
