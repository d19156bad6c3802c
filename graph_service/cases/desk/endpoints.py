"""Cases over HTTP: the inbox, and each step of a case from its opening to an appeal."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self, cast

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from pydantic import AwareDatetime, Field, model_validator

from graph_service.access.endpoints import CallingKey, Requires
from graph_service.answers import Asked, Cursor, Limit, answers
from graph_service.books import ClockOfApp
from graph_service.cases.actions import (
    LIFT_HOLDS,
    Action,
    ActionName,
    Scope,
    fresh_expiry,
    status_events,
)
from graph_service.cases.desk import deciding, working
from graph_service.cases.desk.deciding import (
    CaseDecided,
    Conclusion,
    Decision,
    FourEyes,
    Maker,
    SecondPersonNeeded,
)
from graph_service.cases.desk.inbox import AlertUnknown, open_by_hand
from graph_service.cases.desk.shapes import (
    CaseDetail,
    CaseList,
    EventList,
    SilenceAnswer,
    SilenceList,
    TrailAnswer,
)
from graph_service.cases.desk.stages import AnyState, StepRefused
from graph_service.cases.desk.trail import (
    CaseChanged,
    CaseNotFound,
    CaseTaken,
    list_events,
    verify_trail,
)
from graph_service.cases.desk.working import Asker, AttachmentNotFound, NothingNext
from graph_service.cases.reading import Wanted, list_cases, read_case
from graph_service.errors import Invalid, MemberNotFound, TooLarge
from graph_service.graph.endpoints import GraphOfApp
from graph_service.holds.endpoints import ReasonText, signature
from graph_service.ingest.endpoints import EventStore, Store
from graph_service.ingest.envelope import Id, Word
from graph_service.pages import CursorInvalid
from graph_service.settings import Settings

READS, DECIDES = Depends(Requires("risk:read")), Depends(Requires("risk:decide"))
IDS_MAX: Final = 2_000
ALERTS_MAX: Final = 100
ACTIONS_MAX: Final = 20
EVENTS_TOGETHER: Final = 1_000
# A file of 1 MiB as base64.
CONTENT_CHARACTERS_MAX: Final = 1_400_000
VERSION: Final = re.compile(r'^"(\d{1,15})"$')
BINARY: Final = {"type": "string", "format": "binary"}
router = APIRouter(prefix="/v1", tags=["cases"])


class CaseWanted(Asked):
    """A case to open about alerts."""

    alert_ids: list[Id] = Field(min_length=1, max_length=ALERTS_MAX)
    reason: ReasonText = Field("opened by hand", description="why, in words")


class AssignmentGiven(Asked):
    """Who works on a case."""

    assignee: Annotated[str, Field(strict=True, min_length=1, max_length=200)] | None = Field(
        None, description="null: nobody; absent: whoever asks, if nobody else does"
    )


class TriageGiven(Asked):
    """How urgent a case is."""

    priority: Annotated[int, Field(ge=1, le=4, strict=True)] = Field(
        description="1 is due in 4 hours, 2 in 24, 3 in 72, 4 in 120"
    )
    typology: Word | None = None
    note: str = Field("", strict=True, max_length=1_000)


class SnoozeGiven(Asked):
    """Until when a case sleeps."""

    until: AwareDatetime | None = Field(None, description="null: it is woken")
    reason: ReasonText


class CommentGiven(Asked):
    """Something to say about a case."""

    text: ReasonText


class AttachmentGiven(Asked):
    """A file to keep with a case."""

    name: Annotated[str, Field(strict=True, min_length=1, max_length=200)]
    media_type: Annotated[str, Field(strict=True, max_length=100, pattern=r"^[\w.+-]+/[\w.+-]+$")]
    content: str = Field(
        strict=True, max_length=CONTENT_CHARACTERS_MAX, description="base64, at most 1 MiB"
    )


class ActionGiven(Asked):
    """Something to do when the case is decided."""

    type: ActionName
    scope: Scope = Field("payout", description="of a freeze or unfreeze")
    member_ids: list[Id] = Field(
        default_factory=list[str], max_length=IDS_MAX, description="none: all of the case"
    )
    order_ids: list[Id] = Field(
        default_factory=list[str], max_length=IDS_MAX, description="none: all of the alerts"
    )
    reason_code: Word = "case_confirmed"
    expires_at: AwareDatetime | None = Field(None, description="null: until another decision")
    shadow: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="true: only record what it would have done"
    )

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.expires_at is not None and (self.type != "freeze" or self.scope == "order"):
            raise ValueError("expiresAt: only a freeze of payouts or accounts ends by itself")
        return self

    def action(self, now: datetime) -> Action:
        """What is meant. Raises Invalid where it would end before it begins."""
        return Action(
            self.type,
            self.scope,
            tuple(sorted(set(self.member_ids))),
            tuple(sorted(set(self.order_ids))),
            self.reason_code,
            fresh_expiry(self.expires_at, now),
            self.shadow,
        )


class DecisionGiven(Asked):
    """What somebody decides of a case."""

    conclusion: Conclusion
    typology: Word | None = Field(None, description="what kind of fraud it is")
    reason: ReasonText
    actions: list[ActionGiven | Literal["lift_holds"]] = Field(
        default_factory=list[ActionGiven | Literal["lift_holds"]],
        max_length=ACTIONS_MAX,
        description="lift_holds: an unfreeze of all",
    )
    core_member_ids: list[Id] = Field(
        default_factory=list[str],
        max_length=IDS_MAX,
        description="whom the case is about most; labels of others weigh 0.3. None: all",
    )

    def decision(self, now: datetime) -> Decision:
        """What is meant."""
        texts = {
            LIFT_HOLDS if isinstance(one, str) else one.action(now).text() for one in self.actions
        }
        core = tuple(sorted(set(self.core_member_ids)))
        return Decision(self.conclusion, self.reason, self.typology, tuple(sorted(texts)), core)


class ApprovalGiven(Asked):
    """Whether a second person agrees."""

    approve: Annotated[bool, Field(strict=True)] = True
    reason: str = Field("", strict=True, max_length=1_000)


class AppealGiven(Asked):
    """An objection to a decision."""

    reason: ReasonText
    by: str | None = Field(None, strict=True, max_length=200, description="who objects")


class ReopenGiven(Asked):
    """Why a case is looked at again."""

    reason: ReasonText


class SilenceGiven(Asked):
    """A rule, or a kind of alert, that is to be silent about a member."""

    code: Word = Field(description="a code of GET /v1/risk/rules, or a kind of alert")
    until: AwareDatetime
    reason: ReasonText


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
    return Asker(signature(key), clock(), version)


AskerOfCall = Annotated[Asker, Depends(asker_of)]


def _maker(asker: Asker) -> Maker:
    return Maker(asker.name, asker.now, asker.if_version)


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
    assignee: Annotated[str | None, Query(max_length=200, description="Who works on it")] = None,
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
    graph: GraphOfApp, clock: ClockOfApp, response: Response, case_id: CaseId
) -> dict[str, Any]:
    """Its members, alerts, holds, reasons, files, history and events."""
    return cast("dict[str, Any]", await _told(graph, response, case_id, Asker("", clock())))


@router.get(
    "/cases/{caseId}/events",
    summary="What was done with a case?",
    dependencies=[READS],
    responses=answers(EventList, CaseNotFound),
)
async def get_events(
    graph: GraphOfApp,
    clock: ClockOfApp,
    case_id: CaseId,
    limit: Limit,
    before: Annotated[int, Query(ge=1, le=2**53, description="Only events before this one")] = 2
    ** 53,
) -> dict[str, Any]:
    """The latest first."""
    found = await list_events(graph, case_id, limit=limit, before=before)
    if not found:
        await read_case(graph, case_id, clock())
    return {"items": found}


@router.get(
    "/cases/{caseId}/verify",
    summary="Was the record of a case ever touched?",
    dependencies=[READS],
    responses=answers(TrailAnswer, CaseNotFound),
)
async def get_verdict(graph: GraphOfApp, case_id: CaseId) -> dict[str, Any]:
    """Every hash of its events is computed again."""
    found = await verify_trail(graph, case_id)
    return {"ok": found.ok, "events": found.events, "firstBroken": found.first_broken}


@router.post(
    "/cases/{caseId}/assign",
    summary="Say who works on a case",
    dependencies=[DECIDES],
    responses=STEP,
)
async def post_assignment(
    graph: GraphOfApp,
    asker: AskerOfCall,
    response: Response,
    case_id: CaseId,
    given: AssignmentGiven | None = None,
) -> dict[str, Any]:
    """Without a body whoever asks takes it; a case that somebody works on has to be given away."""
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
    """Another priority is another due time, from now on."""
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
    responses=answers(None, CaseNotFound) | {201: {"model": CaseDetail}},
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
    responses=answers(None, CaseNotFound, Invalid, TooLarge) | {201: {"model": CaseDetail}},
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


@router.get(
    "/cases/{caseId}/attachments/{attachmentId}",
    summary="A file that is kept with a case",
    dependencies=[READS],
    response_class=Response,
    responses=answers(None, AttachmentNotFound)
    | {200: {"content": {"application/octet-stream": {"schema": BINARY}}}},
)
async def get_attachment(
    graph: GraphOfApp,
    case_id: CaseId,
    attachment_id: Annotated[str, Path(alias="attachmentId", description="The file")],
) -> Response:
    """Always as a download, since anybody may have put anything into it."""
    _, _, content = await working.read_attachment(graph, case_id, attachment_id)
    return Response(
        content,
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{attachment_id}"'},
    )


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
    await deciding.decide_case(graph, case_id, decision, _maker(asker), limits)
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
    await deciding.approve(graph, case_id, _maker(asker), agreed=said.approve, reason=said.reason)
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
    await deciding.appeal(graph, case_id, _maker(asker), reason=given.reason, by=given.by)
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
    await deciding.reopen(graph, case_id, _maker(asker), reason=given.reason)
    return await _told(graph, response, case_id, asker)


@router.post(
    "/members/{memberId}/silences",
    summary="Let a rule be silent about a member for a while",
    status_code=201,
    dependencies=[DECIDES],
    response_model=None,
    responses=answers(None, MemberNotFound, Invalid) | {201: {"model": SilenceAnswer}},
)
async def post_silence(
    graph: GraphOfApp, asker: AskerOfCall, member_id: MemberId, given: SilenceGiven
) -> dict[str, Any]:
    """It holds nothing and opens no case until then; scores and alerts are told as before."""
    await working.silence(
        graph, member_id, asker, code=given.code, until=given.until, reason=given.reason
    )
    found: Sequence[dict[str, Any]] = await working.list_silences(graph, member_id, asker.now)
    return next(one for one in found if one["code"] == given.code)


@router.get(
    "/members/{memberId}/silences",
    summary="Which rules are silent about a member?",
    dependencies=[READS],
    responses=answers(SilenceList),
)
async def get_silences(graph: GraphOfApp, clock: ClockOfApp, member_id: MemberId) -> dict[str, Any]:
    """Those in force, the one that ends first first."""
    return {"items": await working.list_silences(graph, member_id, clock())}
