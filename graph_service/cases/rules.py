"""What follows from a risk score? Rules as data, validated as a whole when the service starts."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from graph_service.documents import read_document
from graph_service.errors import ServiceError

Level = Literal["clear", "watch", "review", "freeze"]
SEED = Path(__file__).with_name("risk_rules.json")
VARIABLE = "GRAPH_SERVICE_RISK_RULES"
DAYS_MAX = 3_650
RULES_MAX = 100
FAULTS_SHOWN_MAX = 10
SCORE_DECIMALS = 6
Score = Annotated[Decimal, Field(ge=0, le=1, decimal_places=SCORE_DECIMALS)]
Sentence = Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"\S")]


class RulesInvalid(ServiceError):
    """The file of risk rules cannot be used."""

    code = "rules_invalid"


class _Rule(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True
    )


class RiskLevels(_Rule):
    """From which score on a member is at a level; below all of them: clear."""

    watch: Score
    review: Score
    freeze: Score

    @model_validator(mode="after")
    def _rise(self) -> Self:
        if not 0 < self.watch <= self.review <= self.freeze:
            raise ValueError("watch, review and freeze rise from above 0")
        return self

    def of(self, score: Decimal | None) -> Level:
        """The level of a score; None: nobody has scored yet."""
        if score is None or score < self.watch:
            return "clear"
        if score < self.review:
            return "watch"
        return "review" if score < self.freeze else "freeze"


class ScoreCondition(_Rule):
    """Which scores a rule is about."""

    at_least: Score


class RiskCondition(_Rule):
    """When a rule speaks."""

    score: ScoreCondition


class HoldAction(_Rule):
    """A hold to place."""

    expires_after_days: Annotated[int, Field(ge=1, le=DAYS_MAX, strict=True)] | None = Field(
        None, description="null: it ends by a decision alone"
    )

    def expires_at(self, now: datetime) -> datetime | None:
        """When it ends by itself."""
        if self.expires_after_days is None:
            return None
        return now + timedelta(days=self.expires_after_days)


class RiskActions(_Rule):
    """What a rule does."""

    hold: HoldAction | None = Field(None, description="null: no hold is placed")
    open_case: Annotated[bool, Field(strict=True)] = False

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.hold is None and not self.open_case:
            raise ValueError("does nothing: name hold or openCase")
        return self


class RuleWords(_Rule):
    """What a rule says to staff."""

    zh: Sentence
    en: Sentence


class RiskRule(_Rule):
    """One rule: when it speaks and what it does then."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
    text: RuleWords
    when: RiskCondition
    do: RiskActions

    @property
    def reason(self) -> str:
        """What is kept of the text: both languages, since the rules may change later."""
        return f"{self.text.zh} / {self.text.en}"


class RiskRules(_Rule):
    """The rules in use."""

    version: Annotated[str, Field(min_length=1, max_length=64)]
    levels: RiskLevels
    rules: Annotated[tuple[RiskRule, ...], Field(max_length=RULES_MAX)] = ()

    @model_validator(mode="after")
    def _codes_differ(self) -> Self:
        codes = [rule.code for rule in self.rules]
        if twice := {code for code in codes if codes.count(code) > 1}:
            raise ValueError(f"the code {min(twice)} is there twice")
        return self

    def speaking(self, score: Decimal) -> list[RiskRule]:
        """The rules that a score meets, in order of code."""
        met = [rule for rule in self.rules if score >= rule.when.score.at_least]
        return sorted(met, key=lambda rule: rule.code)


def read_rules(path: Path | None = None) -> RiskRules:
    """The rules of a file, else those that come with the service. Raises RulesInvalid."""
    return read_document(
        RiskRules,
        path or SEED,
        variable=VARIABLE,
        invalid=RulesInvalid,
        faults_max=FAULTS_SHOWN_MAX,
    )
