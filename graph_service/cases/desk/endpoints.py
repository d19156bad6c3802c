"""Cases over HTTP: the inbox, and each step of a case from its opening to an appeal."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from graph_service.access.endpoints import CallingKey, Requires
from graph_service.access.people import signature
from graph_service.answers import Cursor, Limit, answers
from graph_service.books import ClockOfApp
from graph_service.cases.actions import status_events
from graph_service.cases.desk import deciding, working
from graph_service.cases.desk.deciding import CaseDecided, FourEyes
from graph_service.cases.desk.inbox import AlertUnknown, open_by_hand
from graph_service.cases.desk.shapes import (
    AppealGiven,
    ApprovalGiven,
    AssignmentGiven,
    AttachmentGiven,
    CaseDetail,
    CaseList,
    CaseWanted,
    CommentGiven,
    DecisionGiven,
    ReopenGiven,
    SnoozeGiven,
    TriageGiven,
)
from graph_service.cases.desk.stages import AnyState, StepRefused
from graph_service.cases.desk.trail import CaseChanged, CaseNotFound, CaseTaken, SecondPersonNeeded
from graph_service.cases.desk.working import Asker, NothingNext
from graph_service.cases.effects.booked import read_booked_effect
from graph_service.cases.reading import Wanted, list_cases, read_case
from graph_service.errors import Invalid, MemberNotFound, TooLarge
from graph_service.graph.endpoints import GraphOfApp
from graph_service.ingest.endpoints import EventStore, Store
from graph_service.ingest.envelope import Id
from graph_service.ledger.endpoints import Books
from graph_service.pages import CursorInvalid
from graph_service.settings import Settings

READS, DECIDES = Depends(Requires("risk:read")), Depends(Requires("risk:decide"))
EVENTS_TOGETHER: Final = 1_000
# A proxy that changes an answer, as by packing it, makes its ETag a weak one.
VERSION: Final = re.compile(r'^(?:W/)?"(\d{1,15})"$')
router = APIRouter(prefix="/v1", tags=["cases"])


async def if_version(
    if_match: Annotated[
        str | None, Header(description='The ETag that was read, as "7"; else 412')
    ] = None,
) -> int | None:
    """The version that a change is meant for. Raises CaseChanged where it can be none."""
    if if_match is None or if_match == "*":
        return None
    found = VERSION.match(if_match)
    if found is None:
        raise CaseChanged("If-Match is not an ETag of a case")
    return int(found[1])


async def limits_of(request: Request) -> FourEyes:
    """From when on a second person has to agree."""
    settings: Settings = request.app.state.settings
    return FourEyes(settings.four_eyes_accounts, settings.four_eyes_amount_minor)


CaseId = Annotated[str, Path(alias="caseId", description="The case")]
MemberId = Annotated[str, Path(alias="memberId", description="The member")]
IfVersion = Annotated[int | None, Depends(if_version)]
Limits = Annotated[FourEyes, Depends(limits_of)]
STEP = answers(CaseDetail, CaseNotFound, CaseChanged, CaseTaken, StepRefused)


async def asker_of(key: CallingKey, clock: ClockOfApp, version: IfVersion) -> Asker:
    """Who asks, when, and for which version."""
    return Asker(signature(key), clock(), version, admin=key.allows("admin"))


AskerOfCall = Annotated[Asker, Depends(asker_of)]


async def tell_statuses(store: EventStore, case: Mapping[str, Any]) -> None:
    """Let accounts have the status that the last decision of their case gave them.

    Where the process dies before, the same decision sent again does it.
    """
    events = status_events(case)
    for start in range(0, len(events), EVENTS_TOGETHER):
        await store.store(events[start : start + EVENTS_TOGETHER])


async def _told(graph: GraphOfApp, response: Response, case_id: str, asker: Asker) -> Any:
    case = await read_case(graph, case_id, asker.now)
    response.headers["ETag"] = f'"{case["version"]}"'
    return case


@router.post(
    "/cases",
    summary="Open a case about alerts",
    status_code=201,
    dependencies=[DECIDES],
    response_model=None,
    responses=answers(None, AlertUnknown, Invalid) | {201: {"model": CaseDetail}},
)
async def post_case(
    graph: GraphOfApp,
    asker: AskerOfCall,
    response: Response,
    wanted: CaseWanted,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> dict[str, Any]:
    """Alerts that are all in one open case answer that case."""
    case_id = await open_by_hand(
        graph,
        wanted.alert_ids,
        reason=wanted.reason,
        by=asker.name,
        now=asker.now,
        name=idempotency_key,
    )
    response.headers["Location"] = f"/v1/cases/{case_id}"
    return await _told(graph, response, case_id, asker)


@router.get(
    "/cases",
    summary="Which cases are there?",
    dependencies=[READS],
    responses=answers(CaseList, MemberNotFound, CursorInvalid),
)
async def get_cases(
    graph: GraphOfApp,
    clock: ClockOfApp,
    limit: Limit,
    cursor: Cursor = None,
    *,
    state: Annotated[
        AnyState | None, Query(description="open and closed are several states each")
    ] = None,
    assignee: Annotated[
        str | None, Query(max_length=200, description="Whose it is: a name, keyId or other word")
    ] = None,
    member_id: Annotated[
        Id | None,
        Query(alias="memberId", description="Those about any account of this member's person"),
    ] = None,
    order: Annotated[
        Literal["newest", "due"], Query(description="due: open ones, those due first before others")
    ] = "newest",
) -> dict[str, Any]:
    """Newest first, if not asked otherwise."""
    wanted = Wanted(state, assignee, member_id, due_first=order == "due")
    items, following = await list_cases(graph, wanted, clock(), limit=limit, cursor=cursor)
    return {"items": items, "nextCursor": following}


@router.post(
    "/cases:next",
    summary="Take the case that is most urgent",
    dependencies=[DECIDES],
    responses=answers(CaseDetail, NothingNext),
)
async def post_next(graph: GraphOfApp, asker: AskerOfCall, response: Response) -> dict[str, Any]:
    """Of those that nobody works on and that do not sleep."""
    return await _told(graph, response, await working.claim_next(graph, asker), asker)


@router.get(
    "/cases/{caseId}",
    summary="What is known of a case?",
    dependencies=[READS],
    responses=answers(CaseDetail, CaseNotFound),
)
async def get_case(
    graph: GraphOfApp, clock: ClockOfApp, books: Books, response: Response, case_id: CaseId
) -> dict[str, Any]:
    """Its members, alerts, holds, reasons, files, history and events, and what was booked of it."""
    case: dict[str, Any] = await _told(graph, response, case_id, Asker("", clock()))
    return {**case, "effect": await read_booked_effect(graph, case, books.plans, clock)}


@router.post(
    "/cases/{caseId}/assign",
    summary="Say who works on a case",
    dependencies=[DECIDES],
    responses=STEP | answers(None, SecondPersonNeeded),
)
async def post_assignment(
    graph: GraphOfApp,
    asker: AskerOfCall,
    response: Response,
    case_id: CaseId,
    given: AssignmentGiven | None = None,
) -> dict[str, Any]:
    """Without a body whoever asks takes it, unless somebody else did.

    A case that somebody took is given on by them or an admin.
    """
    if given is None or "assignee" not in given.model_fields_set:
        await working.claim(graph, case_id, asker)
    else:
        await working.assign(graph, case_id, asker, given.assignee)
    return await _told(graph, response, case_id, asker)


@router.post(
    "/cases/{caseId}/triage",
    summary="Say how urgent a case is",
    dependencies=[DECIDES],
    responses=STEP,
)
async def post_triage(
    graph: GraphOfApp,
    asker: AskerOfCall,
    response: Response,
    case_id: CaseId,
    given: TriageGiven,
) -> dict[str, Any]:
    """It is due so much later than now."""
    await working.triage(
        graph,
        case_id,
        asker,
        priority=given.priority,
        typology=given.typology,
        note=given.note,
    )
    return await _told(graph, response, case_id, asker)


@router.post(
    "/cases/{caseId}/snooze",
    summary="Let a case sleep",
    dependencies=[DECIDES],
    responses=STEP,
)
async def post_snooze(
    graph: GraphOfApp,
    asker: AskerOfCall,
    response: Response,
    case_id: CaseId,
    given: SnoozeGiven,
) -> dict[str, Any]:
    """Nobody gets it as the next one until then, and it is not overdue."""
    await working.snooze(graph, case_id, asker, given.until, given.reason)
    return await _told(graph, response, case_id, asker)


@router.post(
    "/cases/{caseId}/comments",
    summary="Say something about a case",
    status_code=201,
    dependencies=[DECIDES],
    response_model=None,
    responses=answers(None, CaseNotFound, CaseChanged) | {201: {"model": CaseDetail}},
)
async def post_comment(
    graph: GraphOfApp,
    asker: AskerOfCall,
    response: Response,
    case_id: CaseId,
    given: CommentGiven,
) -> dict[str, Any]:
    """At any stage; it cannot be taken back."""
    await working.comment(graph, case_id, asker, given.text)
    return await _told(graph, response, case_id, asker)


@router.post(
    "/cases/{caseId}/attachments",
    summary="Keep a file with a case",
    status_code=201,
    dependencies=[DECIDES],
    response_model=None,
    responses=answers(None, CaseNotFound, CaseChanged, Invalid, TooLarge)
    | {201: {"model": CaseDetail}},
)
async def post_attachment(
    graph: GraphOfApp,
    asker: AskerOfCall,
    response: Response,
    case_id: CaseId,
    given: AttachmentGiven,
) -> dict[str, Any]:
    """The same file under the same name is kept once."""
    await working.attach(
        graph,
        case_id,
        asker,
        name=given.name,
        media_type=given.media_type,
        content=given.content,
    )
    return await _told(graph, response, case_id, asker)


@router.post(
    "/cases/{caseId}/decisions",
    summary="Decide a case",
    status_code=201,
    dependencies=[DECIDES],
    response_model=None,
    responses=answers(
        None,
        CaseNotFound,
        CaseDecided,
        CaseTaken,
        CaseChanged,
        StepRefused,
        SecondPersonNeeded,
        Invalid,
    )
    | {201: {"model": CaseDetail}},
)
async def post_decision(
    graph: GraphOfApp,
    store: Store,
    asker: AskerOfCall,
    limits: Limits,
    response: Response,
    case_id: CaseId,
    given: DecisionGiven,
) -> dict[str, Any]:
    """It closes the case, or waits for a second person; the same again answers the same."""
    decision = given.decision(asker.now)
    await deciding.decide_case(graph, case_id, decision, asker, limits)
    case = await _told(graph, response, case_id, asker)
    await tell_statuses(store, case)
    return case


@router.post(
    "/cases/{caseId}/approve",
    summary="Agree to a decision, or refuse it",
    dependencies=[DECIDES],
    responses=answers(CaseDetail, CaseNotFound, CaseChanged, StepRefused, SecondPersonNeeded),
)
async def post_approval(
    graph: GraphOfApp,
    store: Store,
    asker: AskerOfCall,
    response: Response,
    case_id: CaseId,
    given: ApprovalGiven | None = None,
) -> dict[str, Any]:
    """Whoever proposed it cannot."""
    said = given or ApprovalGiven(approve=True, reason="")
    await deciding.approve(graph, case_id, asker, agreed=said.approve, reason=said.reason)
    case = await _told(graph, response, case_id, asker)
    await tell_statuses(store, case)
    return case


@router.post(
    "/cases/{caseId}/appeal",
    summary="Object to a decision",
    dependencies=[DECIDES],
    responses=STEP,
)
async def post_appeal(
    graph: GraphOfApp,
    asker: AskerOfCall,
    response: Response,
    case_id: CaseId,
    given: AppealGiven,
) -> dict[str, Any]:
    """Somebody else than who decided has to decide it anew."""
    await deciding.appeal(graph, case_id, asker, reason=given.reason, by=given.by)
    return await _told(graph, response, case_id, asker)


@router.post(
    "/cases/{caseId}/reopen",
    summary="Look at a decided case again",
    dependencies=[DECIDES],
    responses=STEP,
)
async def post_reopening(
    graph: GraphOfApp,
    asker: AskerOfCall,
    response: Response,
    case_id: CaseId,
    given: ReopenGiven,
) -> dict[str, Any]:
    """What the decision did stays until another one undoes it."""
    await deciding.reopen(graph, case_id, asker, reason=given.reason)
    return await _told(graph, response, case_id, asker)
