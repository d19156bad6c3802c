"""Which rules decide on payouts? One versioned document: limits, and what each rule says."""

import json
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from graph_service.documents import read_document
from graph_service.errors import ServiceError
from graph_service.money import AMOUNT_MINOR_MAX, CURRENCIES

Decision = Literal["allow", "review", "deny"]
Code = Literal[
    "currency_unknown",
    "amount_below_minimum",
    "amount_over_balance",
    "person_owes",
    "person_too_large",
    "hold_in_force",
    "member_frozen",
    "member_closed",
    "person_frozen",
    "kyc_pending",
    "kyc_missing",
    "kyc_rejected",
    "kyc_rejected_elsewhere",
    "tax_unregistered",
    "risk_review",
    "risk_freeze",
    "single_amount",
    "day_count",
    "week_count",
    "day_amount",
    "week_amount",
    "month_amount",
    "ledger_behind",
]
CODES: tuple[Code, ...] = get_args(Code)
# Without these money could leave that is not there, or that somebody has stopped.
NEEDED: tuple[Code, ...] = (
    "currency_unknown",
    "amount_over_balance",
    "person_too_large",
    "hold_in_force",
)
# What a sentence may name.
NAMES = ("amount", "limit", "value", "currency")
VARIABLE = "GRAPH_SERVICE_PAYOUT_RULES"
PACKED = Path(__file__).with_name("rules.json")

Amount = Annotated[int, Field(ge=1, le=AMOUNT_MINOR_MAX, strict=True)]
Count = Annotated[int, Field(ge=0, le=10**9, strict=True)]
Sentence = Annotated[str, Field(min_length=1, max_length=500)]


class RulesInvalid(ServiceError):
    """The document of GRAPH_SERVICE_PAYOUT_RULES cannot be read, or is not one."""

    code = "payout_rules_invalid"


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class Limits(_Part):
    """In one currency (minor units). The windows count all accounts of a person; none: no limit."""

    minimum_minor: Amount
    single_max_minor: Amount | None = None
    day_max_minor: Amount | None = None
    week_max_minor: Amount | None = None
    month_max_minor: Amount | None = None


class Rule(_Part):
    """What follows where the rule speaks, and what it says."""

    decision: Literal["review", "deny"]
    zh: Sentence
    en: Sentence

    @field_validator("zh", "en")
    @classmethod
    def _check(cls, text: str) -> str:
        try:
            text.format(**dict.fromkeys(NAMES, ""))
        except (KeyError, IndexError, ValueError, AttributeError) as fault:
            raise ValueError(f"names something else than {', '.join(NAMES)}") from fault
        return text


class Rules(_Part):
    """The document. A rule that is left out does not speak, but four that are needed.

    behind_max: facts that are stored and not counted yet.
    """

    version: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    zone: str = "Asia/Shanghai"
    purpose: Annotated[
        str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f=+@-][^\x00-\x1f]*$")
    ]
    currencies: Annotated[dict[str, Limits], Field(min_length=1)]
    day_count_max: Count | None = None
    week_count_max: Count | None = None
    behind_max: Count = 0
    rules: dict[Code, Rule]

    @field_validator("zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
            raise ValueError(f"there is no zone {name}") from fault
        return name

    @model_validator(mode="after")
    def _check(self) -> Self:
        odd = sorted(self.currencies.keys() - CURRENCIES)
        if odd:
            raise ValueError(f"currencies: {', '.join(odd)} is no ISO 4217 code")
        missing = [one for one in NEEDED if one not in self.rules]
        if missing:
            raise ValueError(f"rules: {', '.join(missing)} cannot be left out")
        return self


def read_rules(file: Path | None) -> Rules:
    """The rules of this file, else the packed ones. Raises RulesInvalid with every fault."""
    if file is None:
        return packed_rules()
    return read_document(Rules, file, variable=VARIABLE, invalid=RulesInvalid)


@cache
def packed_rules() -> Rules:
    """The rules that come with the service."""
    return Rules.model_validate(json.loads(PACKED.read_text(encoding="utf-8")))
