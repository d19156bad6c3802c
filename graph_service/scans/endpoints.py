"""Scans and alerts over HTTP."""

from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from graph_service.access.endpoints import CallingKey, Requires
from graph_service.access.people import signature
from graph_service.answers import Answer, Asked, Cursor, Limit, answers
from graph_service.books import ClockOfApp
from graph_service.errors import MemberNotFound
from graph_service.fraud.detectors.kinds import ALERT_SCORE, Kind
from graph_service.graph.endpoints import GraphOfApp
from graph_service.ingest.envelope import Id
from graph_service.pages import CursorInvalid
from graph_service.plans.endpoints import LangOfAnswer
from graph_service.scans.alerts import AlertNotFound, AlertState, Wanted, list_alerts, read_alert
from graph_service.scans.jobs import (
    Mode,
    ScanEnded,
    ScanNotFound,
    ScanRunning,
    Status,
    ask_scan,
    cancel_scan,
    list_scans,
    read_scan,
)
from graph_service.scans.pictures import browser_text, draw_alert
from graph_service.scans.working import Scanner

READS, DECIDES = Depends(Requires("risk:read")), Depends(Requires("risk:decide"))
router = APIRouter(prefix="/v1/fraud", tags=["fraud"])


class ScanFault(Answer):
    """Why a scan failed."""

    code: str = Field(description="canary_missed: a made-up ring was not found; or another code")
    detail: str = Field(description="in words")


class ScanAnswer(Answer):
    """A search for fraud."""

    scan_id: str
    mode: Mode
    status: Status
    stage: str = Field(description="what it is doing, or did last")
    progress: float = Field(description="how far it is, from 0 to 1")
    alerts: int | None = Field(description="live alerts; null until it has ended")
    requested_by: str = Field(description="name and keyId of the API key, cli, or screening")
    created_at: str = Field(description="UTC")
    started_at: str | None = Field(description="UTC")
    ended_at: str | None = Field(description="UTC")
    seconds: float | None = Field(description="from its start to its end")
    attempts: int = Field(description="how often a process began with it")
    as_of: str | None = Field(description="time of the latest event, which counts as now (UTC)")
    seq: int | None = Field(description="up to which fact the log was read")
    rows: int | None = Field(description="rows of columns that were looked through")
    memory_mib: int | None = Field(description="most memory that the search took")
    by_kind: dict[str, int] = Field(description="live alerts by kind")
    new_alerts: int | None = Field(description="never found before, or gone before and back")
    changed_alerts: int | None = Field(description="grown, shrunk, or with another score")
    gone_alerts: int | None = Field(description="that were not found again")
    suppressed: int | None = Field(description="left out since their members were cleared later")
    canary: Literal["found", "missed"] | None = Field(description="made-up rings in the arrays")
    notes: list[str] = Field(description="limits that were met, detectors that broke")
    error: ScanFault | None


class ScanList(Answer):
    """A page of scans, newest first."""

    items: list[ScanAnswer]
    next_cursor: str | None


class ScanWanted(Asked):
    """A search to do."""

    mode: Mode = Field(
        default="incremental", description="full: reads all facts anew; else those since the last"
    )


class AlertReason(Answer):
    """What speaks for an alert."""

    feature: str = Field(description="what was looked at")
    value: float = Field(description="what it was")
    baseline: float = Field(description="what it is in the comparison group")
    contribution: float = Field(description="its part of the score")
    text: str = Field(description="in the language of ?lang= or Accept-Language, else Chinese")
    text_zh: str
    text_en: str


class Evidence(Answer):
    """A piece of evidence that was left out."""

    kind: Literal["token", "shop", "share", "member"]
    id: str = Field(description="of a token its kind, colon, keyed hash")


class Counterfactual(Answer):
    """What the score would be if some of the evidence had never been seen."""

    falls_below: bool = Field(description="whether it is no alert without these")
    without: list[Evidence] = Field(description="as few as were found; at most 4")
    score: float = Field(description="without these")
    text: str = Field(description="in the language of ?lang= or Accept-Language, else Chinese")
    text_zh: str
    text_en: str


class AlertVersions(Answer):
    """By what an alert was found."""

    service: str = Field(description="version of the service")
    code: str = Field(description="digest of the sources of detectors and columns")
    seq: int = Field(description="the last fact of the log that was looked at")
    thresholds: dict[str, float] = Field(description="of the detector, by name")
    ladder_steps_minor: list[int] = Field(description="of the plan that was in force")
    holding_days: int = Field(description="of the plan that was in force")
    seed: int = Field(description="of what is drawn at random")


class AlertAnswer(Answer):
    """A group of members that looks false."""

    alert_id: str = Field(description="the same from scan to scan, also as the group grows")
    kind: Kind
    state: AlertState = Field(description="gone: the last scan did not find it again")
    score: float = Field(description="from 0 to 1; 0.5 is an alert, from 0.9 on payouts are held")
    scan_id: str = Field(description="the scan that said so last")
    member_ids: list[str]
    order_ids: list[str] = Field(description="at most 2,000")
    shop_ids: list[str]
    truncated: bool = Field(description="whether a limit was met, so that there may be more")
    reasons: list[AlertReason] = Field(description="greatest contribution first")
    counterfactual: Counterfactual | None = Field(
        description="without what it would be no alert; null where that was not looked into"
    )
    amount_at_risk_minor: int
    currency: str | None
    first_seen: str = Field(description="of its evidence (UTC)")
    last_seen: str = Field(description="of its evidence (UTC)")


class AlertList(Answer):
    """A page of alerts, greatest score first."""

    items: list[AlertAnswer]
    next_cursor: str | None


class AlertChange(Answer):
    """What a scan changed in an alert."""

    scan_id: str
    at: str = Field(description="UTC")
    change: Literal["new", "changed", "gone", "back"] = Field(description="back: gone before")
    score: float
    members: int
    added: int = Field(description="members that were not in it before")
    removed: int = Field(description="members that are no longer in it")
    reasons: list[AlertReason] = Field(description="as they were then")
    versions: AlertVersions | None = Field(description="null of alerts from before they were kept")


class PictureNode(Answer):
    """A member, or what members share."""

    id: str = Field(description="kind, colon, id")
    kind: str = Field(description="member, visitor, token, shop, product, share or order")
    label: str
    facts: dict[str, Any] = Field(description="of a member: role, status, joinedAt (ms), riskScore")
    weight: float | None = Field(
        description="by how much the score's log odds fall without it; null if not looked into"
    )


class PictureEdge(Answer):
    """What links two of them."""

    from_: str = Field(alias="from")
    to: str
    type: str
    at: int | None = Field(description="when, the latest (ms since 1970)")
    amount_minor: int | None
    weight: int | None = Field(description="how often")


class Picture(Answer):
    """The evidence of an alert, to be drawn."""

    nodes: list[PictureNode] = Field(
        description="at most 60, those that weigh most, then those linked most"
    )
    edges: list[PictureEdge] = Field(description="between these, at most 600")
    truncated: bool = Field(description="whether there is more than is told")


class AlertDetail(AlertAnswer):
    """An alert with all that is known of it."""

    cypher: str = Field(description="draws it in Neo4j Browser")
    versions: AlertVersions | None = Field(description="null of alerts from before they were kept")
    history: list[AlertChange] = Field(description="latest first, the last 50 changes")


async def scanner_of(request: Request) -> Scanner:
    """The scanner that the app opened."""
    return cast(Scanner, request.app.state.scanner)


ScannerOfApp = Annotated[Scanner, Depends(scanner_of)]
ScanId = Annotated[str, Path(alias="scanId", description="The scan")]
AlertId = Annotated[str, Path(alias="alertId", description="The alert")]


@router.post(
    "/scans",
    summary="Search for fraud",
    status_code=202,
    dependencies=[DECIDES],
    response_model=None,
    responses=answers(None, ScanRunning) | {202: {"model": ScanAnswer}},
)
async def post_scan(
    graph: GraphOfApp,
    scanner: ScannerOfApp,
    key: CallingKey,
    clock: ClockOfApp,
    wanted: ScanWanted,
    response: Response,
) -> dict[str, Any]:
    """Answered at once; ask for the scan to see how far it is. There is one at a time."""
    scan = await ask_scan(graph, wanted.mode, signature(key), clock)
    scanner.wake()
    response.headers["Location"] = f"/v1/fraud/scans/{scan.scan_id}"
    return scan.body()


@router.get(
    "/scans",
    summary="Which scans were there?",
    dependencies=[READS],
    responses=answers(ScanList, CursorInvalid),
)
async def get_scans(graph: GraphOfApp, limit: Limit, cursor: Cursor = None) -> dict[str, Any]:
    """Newest first."""
    scans, following = await list_scans(graph, limit=limit, cursor=cursor)
    return {"items": [scan.body() for scan in scans], "nextCursor": following}


@router.get(
    "/scans/{scanId}",
    summary="How far is a scan?",
    dependencies=[READS],
    responses=answers(ScanAnswer, ScanNotFound),
)
async def get_scan(graph: GraphOfApp, scan_id: ScanId) -> dict[str, Any]:
    """Its alerts are shown once it is done, all at once."""
    return (await read_scan(graph, scan_id)).body()


@router.post(
    "/scans/{scanId}:cancel",
    summary="Call a scan off",
    dependencies=[DECIDES],
    responses=answers(ScanAnswer, ScanNotFound, ScanEnded),
)
async def post_cancel(
    graph: GraphOfApp, key: CallingKey, clock: ClockOfApp, scan_id: ScanId
) -> dict[str, Any]:
    """The alerts stay as they were before it."""
    return (await cancel_scan(graph, scan_id, signature(key), clock)).body()


@router.get(
    "/alerts",
    summary="What looks false?",
    dependencies=[READS],
    responses=answers(AlertList, MemberNotFound, CursorInvalid),
)
async def get_alerts(
    graph: GraphOfApp,
    lang: LangOfAnswer,
    limit: Limit,
    cursor: Cursor = None,
    *,
    kind: Annotated[Kind | None, Query(description="Those of this kind only")] = None,
    min_score: Annotated[
        float, Query(alias="minScore", ge=0, le=1, description="Least score; 0.3 and more is kept")
    ] = ALERT_SCORE,
    state: Annotated[AlertState, Query(description="gone: those not found again")] = "live",
    member_id: Annotated[
        Id | None,
        Query(alias="memberId", description="Those about any account of this member's person"),
    ] = None,
) -> dict[str, Any]:
    """Greatest score first; all pages are of one scan."""
    wanted = Wanted(kind, min_score, state, member_id)
    items, following = await list_alerts(graph, wanted, lang, limit=limit, cursor=cursor)
    return {"items": items, "nextCursor": following}


@router.get(
    "/alerts/{alertId}",
    summary="Why does it look false?",
    dependencies=[READS],
    responses=answers(AlertDetail, AlertNotFound),
)
async def get_alert(graph: GraphOfApp, lang: LangOfAnswer, alert_id: AlertId) -> dict[str, Any]:
    """An alert with its history, also one that is gone."""
    alert = await read_alert(graph, alert_id, lang)
    return {**alert, "cypher": browser_text(alert["kind"], alert["memberIds"])}


@router.get(
    "/alerts/{alertId}/graph",
    summary="What does an alert look like?",
    dependencies=[READS],
    responses=answers(Picture, AlertNotFound),
)
async def get_picture(graph: GraphOfApp, alert_id: AlertId) -> dict[str, Any]:
    """Members, and the tokens, shops, goods or shares that link them."""
    return await draw_alert(graph, alert_id)
