"""The record and report of a case, and what deciding it would do, over HTTP."""

from asyncio import to_thread
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field

from graph_service.access.endpoints import Requires
from graph_service.answers import Answer, Cursor, Limit, answers
from graph_service.books import ClockOfApp
from graph_service.case_reports.effects import read_effect
from graph_service.case_reports.reporting import report_page, report_pdf
from graph_service.cases.actions import Action
from graph_service.cases.desk.shapes import CaseEvent
from graph_service.cases.desk.trail import CaseNotFound, list_events
from graph_service.cases.desk.working import AttachmentNotFound, read_attachment
from graph_service.cases.effects.booked import read_booked_effect
from graph_service.cases.reading import read_case
from graph_service.cases.record.verifying import verify_trail
from graph_service.graph.endpoints import GraphOfApp
from graph_service.hypertext.rendering import page_headers
from graph_service.ledger.endpoints import Books
from graph_service.pages import CursorInvalid
from graph_service.plans.member import Lang

READS = Depends(Requires("risk:read"))
BINARY: Final = {"type": "string", "format": "binary"}
TEXT: Final = {"type": "string"}
router = APIRouter(prefix="/v1/cases", tags=["cases"])
CaseId = Annotated[str, Path(alias="caseId", description="The case")]


class EffectLine(Answer):
    """What would be booked for a payee on one basis."""

    payee_id: str
    basis: str
    currency: str
    amount_minor: int = Field(description="below 0: taken back (minor units)")
    of_case: bool = Field(description="whether the payee is of the case")


class Effect(Answer):
    """What the ledger would book if the members of a case were held now."""

    case_id: str
    orders: int = Field(description="orders that would earn otherwise")
    total_minor: int = Field(description="of all members (minor units)")
    kept_minor: int = Field(description="of what the platform keeps (minor units)")
    lines: list[EffectLine]
    truncated: bool = Field(description="whether there are more lines")


class EventList(Answer):
    """Steps of a case, the latest first."""

    items: list[CaseEvent]
    next_cursor: str | None


class TrailAnswer(Answer):
    """Whether the record of a case is whole, and the case and its files agree with it."""

    ok: bool
    events: int
    first_broken: int | None = Field(description="number of the first event that does not fit")


@router.get(
    "/{caseId}/report",
    summary="The report of a case",
    dependencies=[READS],
    response_class=Response,
    responses=answers(None, CaseNotFound)
    | {200: {"content": {"text/html": {"schema": TEXT}, "application/pdf": {"schema": BINARY}}}},
)
async def get_report(
    graph: GraphOfApp,
    clock: ClockOfApp,
    books: Books,
    case_id: CaseId,
    form: Annotated[Literal["html", "pdf"], Query(alias="format", description="Which")] = "html",
    lang: Annotated[Lang, Query(description="In which language")] = "zh",
) -> Response:
    """Who, why, how much, what was decided and what that changed, and every step."""
    case = await read_case(graph, case_id, clock())
    case["effect"] = await read_booked_effect(graph, case, books.plans, clock)
    if form == "html":
        return Response(report_page(case, lang), media_type="text/html", headers=page_headers())
    paper = await to_thread(report_pdf, case, lang)
    name = f'inline; filename="{case["caseId"]}.pdf"'
    return Response(paper, media_type="application/pdf", headers={"Content-Disposition": name})


@router.get(
    "/{caseId}/effect",
    summary="What would holding the members of a case change in the ledger?",
    dependencies=[READS],
    responses=answers(Effect, CaseNotFound),
)
async def get_effect(
    graph: GraphOfApp,
    books: Books,
    case_id: CaseId,
    *,
    reverse: Annotated[
        bool, Query(description="Also take back all commissions of its alerts' orders")
    ] = False,
) -> dict[str, Any]:
    """Nothing is written. Of orders as far as they are booked."""
    actions = [Action("freeze"), *([Action("reverse_commissions")] if reverse else [])]
    return await read_effect(graph, case_id, books.plans, books.clock, actions)


@router.get(
    "/{caseId}/events",
    summary="What was done with a case?",
    dependencies=[READS],
    responses=answers(EventList, CaseNotFound, CursorInvalid),
)
async def get_events(
    graph: GraphOfApp,
    clock: ClockOfApp,
    case_id: CaseId,
    limit: Limit,
    cursor: Cursor = None,
    *,
    before: Annotated[int, Query(ge=1, le=2**53, description="Only events before this one")] = 2
    ** 53,
) -> dict[str, Any]:
    """The latest first."""
    items, following = await list_events(graph, case_id, limit=limit, cursor=cursor, before=before)
    if not items:
        await read_case(graph, case_id, clock())
    return {"items": items, "nextCursor": following}


@router.get(
    "/{caseId}/verify",
    summary="Was the record of a case ever touched?",
    dependencies=[READS],
    responses=answers(TrailAnswer, CaseNotFound),
)
async def get_verdict(graph: GraphOfApp, case_id: CaseId) -> dict[str, Any]:
    """Every hash of its events is computed again, and what they tell compared with the case."""
    found = await verify_trail(graph, case_id)
    return {"ok": found.ok, "events": found.events, "firstBroken": found.first_broken}


@router.get(
    "/{caseId}/attachments/{attachmentId}",
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
    _, _, content = await read_attachment(graph, case_id, attachment_id)
    return Response(
        content,
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{attachment_id}"'},
    )
