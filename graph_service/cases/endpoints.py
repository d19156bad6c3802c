"""Risk scores and what follows from them over HTTP."""

from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Path, Request
from pydantic import AwareDatetime, BeforeValidator, Field, StrictInt

from graph_service.access.endpoints import CallingKey, Requires
from graph_service.access.people import signature
from graph_service.answers import Answer, Asked, Cursor, Limit, answers
from graph_service.books import ClockOfApp
from graph_service.cases.desk.working import Asker
from graph_service.cases.rules import SCORE_DECIMALS, Level, RiskRules, Score
from graph_service.cases.scores import RiskScore, ScoreDiffers, read_risk, record_score
from graph_service.cases.silences import (
    SilenceNotFound,
    end_silence,
    list_silences,
    silence,
)
from graph_service.errors import Invalid, MemberNotFound
from graph_service.graph.endpoints import GraphOfApp
from graph_service.holds.endpoints import HoldAnswer, ReasonText
from graph_service.ingest.envelope import Id, Word
from graph_service.pages import CursorInvalid

REASONS_MAX = 50
WHOLE_MAX = 10**15
READS, DECIDES = Depends(Requires("risk:read")), Depends(Requires("risk:decide"))
router = APIRouter(prefix="/v1", tags=["cases"])


def _as_decimal(value: object) -> object:
    """Numbers to 6 decimals, as models give more; True is none, although Python counts it as 1."""
    if isinstance(value, bool):
        raise ValueError("is neither a number nor a decimal string")  # noqa: TRY004
    return round(value, SCORE_DECIMALS) if isinstance(value, float) else value


Value = (
    Annotated[StrictInt, Field(ge=-WHOLE_MAX, le=WHOLE_MAX)]
    | Annotated[float, Field(strict=True, allow_inf_nan=False)]
    | Annotated[str, Field(strict=True, max_length=200)]
)


class RiskReason(Answer):
    """What speaks for a score."""

    feature: str = Field(description="what was looked at")
    value: int | float | str | None = Field(description="what it was")
    text: str = Field(description="in words")


class PatternPart(Answer):
    """What alerts, or somebody else, say of an account. Rules and payouts rest on this alone."""

    score: str = Field(description="decimal from 0 to 1: of alerts the greatest")
    scored_at: str = Field(description="UTC")
    source: str = Field(description="who gave it; scan: alerts")
    model: str | None = Field(description="which model of the source")
    reasons: list[RiskReason]


class ModelReason(RiskReason):
    """What moves what the model says."""

    text_zh: str
    text_en: str
    percentile: float | None = Field(description="of members, how many have no more (0 to 100)")
    contribution: float = Field(description="to the log odds; below 0 it speaks for the member")


class ModelPart(Answer):
    """What the model of members says of an account, by what the account and those near it do."""

    score: str = Field(description="decimal from 0 to 1")
    scored_at: str = Field(description="UTC")
    source: str = Field(description="scan")
    model: str = Field(description="name and version; tails: how odd it is, without a model")
    reasons: list[ModelReason] = Field(description="greatest contribution first")


class RiskComponents(Answer):
    """What a score is made of."""

    pattern: PatternPart | None
    model: ModelPart | None = Field(description="null: not among those that the last scan noted")


class RiskAnswer(Answer):
    """How risky a person is, by the account with the greatest score."""

    member_id: str
    score: str | None = Field(
        description="decimal from 0 to 1: 1 - (1 - model)(1 - pattern), or what another source than"
        " a scan said last; null: no account was scored yet"
    )
    level: Level = Field(description="by the pattern; the model alone says watch at most")
    reasons: list[RiskReason] = Field(description="those of the pattern, then those of the model")
    components: RiskComponents
    holds: list[HoldAnswer] = Field(description="in force on any account of the person")
    alert_ids: list[str]
    scored_member_id: str | None = Field(description="the account that has this score")
    scored_at: str | None = Field(description="UTC")
    source: str | None = Field(description="who gave the score")
    model: str | None = Field(description="which model of the source")


class ReasonGiven(Asked):
    """What speaks for a score."""

    feature: Word
    value: Value | None = None
    text: str = Field(strict=True, min_length=1, max_length=1_000)


class ScoreGiven(Asked):
    """A risk score."""

    score: Annotated[Score, BeforeValidator(_as_decimal)] = Field(
        description="from 0 to 1: a decimal string of at most 6 decimals, or a number, rounded to 6"
    )
    source: Word = Field(description="who gives it: a model, a rule, a service")
    model: Word | None = None
    reasons: list[ReasonGiven] = Field(default_factory=list[ReasonGiven], max_length=REASONS_MAX)
    idempotency_id: Id | None = Field(
        None, description="of the score, among those of the member; the same is recorded once"
    )


class SilenceAnswer(Answer):
    """A rule that is silent about a member."""

    snooze_id: str
    member_id: str
    code: str
    reason: str
    placed_by: str
    placed_at: str = Field(description="UTC")
    until: str = Field(description="UTC")


class SilenceList(Answer):
    """Rules that are silent about a member."""

    items: list[SilenceAnswer]
    next_cursor: str | None


class SilenceGiven(Asked):
    """A rule, or a kind of alert, that is to be silent about a member."""

    code: Word = Field(description="a code of GET /v1/risk/rules, or a kind of alert")
    until: AwareDatetime
    reason: ReasonText


async def rules_of(request: Request) -> RiskRules:
    """The rules that the app read when it was made."""
    return cast(RiskRules, request.app.state.risk_rules)


RulesOfApp = Annotated[RiskRules, Depends(rules_of)]
MemberId = Annotated[str, Path(alias="memberId", description="The member")]


async def asker_of(key: CallingKey, clock: ClockOfApp) -> Asker:
    """Who asks, and when."""
    return Asker(signature(key), clock())


AskerOfCall = Annotated[Asker, Depends(asker_of)]


@router.get(
    "/risk/rules",
    summary="What follows from a risk score?",
    dependencies=[READS],
    responses=answers(RiskRules),
)
async def get_rules(rules: RulesOfApp) -> RiskRules:
    """The rules in use, and from which score on a member is at a level."""
    return rules


@router.post(
    "/members/{memberId}/risk",
    summary="Record a risk score",
    dependencies=[DECIDES],
    responses=answers(RiskAnswer, MemberNotFound, ScoreDiffers),
)
async def post_score(
    graph: GraphOfApp,
    rules: RulesOfApp,
    clock: ClockOfApp,
    member_id: MemberId,
    given: ScoreGiven,
) -> dict[str, Any]:
    """What the rules say of it is done with it: a hold is in force when this is answered."""
    reasons = [one.model_dump(by_alias=True, exclude_none=True) for one in given.reasons]
    score = RiskScore(member_id, given.score, given.source, given.model, reasons)
    now = clock()
    await record_score(graph, score, rules, now, given.idempotency_id)
    return await read_risk(graph, member_id, rules, now)


@router.get(
    "/members/{memberId}/risk",
    summary="How risky is a member?",
    dependencies=[READS],
    responses=answers(RiskAnswer, MemberNotFound),
)
async def get_risk(
    graph: GraphOfApp, rules: RulesOfApp, clock: ClockOfApp, member_id: MemberId
) -> dict[str, Any]:
    """The greatest score of the person's accounts, why, and what is held."""
    return await read_risk(graph, member_id, rules, clock())


@router.post(
    "/members/{memberId}/silences",
    summary="Let a rule be silent about a member for a while",
    status_code=201,
    dependencies=[DECIDES],
    response_model=None,
    responses=answers(None, MemberNotFound, Invalid) | {201: {"model": SilenceAnswer}},
)
async def post_silence(
    graph: GraphOfApp,
    rules: RulesOfApp,
    asker: AskerOfCall,
    member_id: MemberId,
    given: SilenceGiven,
) -> dict[str, Any]:
    """A rule holds nothing and opens no case until then; of a kind of alert it is as if the member

    were in none. Alerts are told as before. Again: the new reason and time count.
    """
    await silence(
        graph,
        member_id,
        asker,
        rules,
        code=given.code,
        until=given.until,
        reason=given.reason,
    )
    found, _ = await list_silences(graph, member_id, asker.now)
    return next(one for one in found if one["code"] == given.code)


@router.get(
    "/members/{memberId}/silences",
    summary="Which rules are silent about a member?",
    dependencies=[READS],
    responses=answers(SilenceList, CursorInvalid),
)
async def get_silences(
    graph: GraphOfApp,
    clock: ClockOfApp,
    member_id: MemberId,
    limit: Limit,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Those in force, the one that ends first first."""
    items, following = await list_silences(graph, member_id, clock(), limit=limit, cursor=cursor)
    return {"items": items, "nextCursor": following}


@router.delete(
    "/members/{memberId}/silences/{code}",
    summary="Let a rule speak about a member again",
    status_code=204,
    dependencies=[DECIDES],
    response_model=None,
    responses=answers(None, SilenceNotFound),
)
async def delete_silence(
    graph: GraphOfApp,
    asker: AskerOfCall,
    member_id: MemberId,
    code: Annotated[str, Path(max_length=64, description="The rule, or the kind of alert")],
) -> None:
    """Before its time; the next score, or the next scan, counts again."""
    await end_silence(graph, member_id, code, asker)
