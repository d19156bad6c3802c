"""What of a case can be taken along: its report, its files, and what a proposal would do?"""

from asyncio import to_thread
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Response

from graph_service.case_reports.effects import actions_of, read_effect
from graph_service.case_reports.reporting import report_page, report_pdf
from graph_service.cases.desk.deciding import Decision
from graph_service.cases.desk.working import read_attachment
from graph_service.cases.effects.booked import read_booked_effect
from graph_service.cases.reading import read_case
from graph_service.console.visiting import PageRoute, Visit, Visiting
from graph_service.hypertext.rendering import page_headers
from graph_service.ingest.facts import canonical

router = APIRouter(prefix="/cases/{caseId}", route_class=PageRoute)
Reader = Annotated[Visit, Depends(Visiting("risk:read"))]
CaseId = Annotated[str, Path(alias="caseId", max_length=200)]


@router.get("/report")
async def get_report(
    visit: Reader,
    case_id: CaseId,
    form: Annotated[Literal["html", "pdf"], Query(alias="format")] = "html",
) -> Response:
    """The report, as GET /v1/cases/{caseId}/report tells it, in the reader's language."""
    case = await read_case(visit.graph, case_id, visit.books.clock())
    books = visit.books
    case["effect"] = await read_booked_effect(visit.graph, case, books.plans, books.clock)
    if form == "html":
        page = report_page(case, visit.lang)
        return Response(page, media_type="text/html", headers=page_headers())
    paper = await to_thread(report_pdf, case, visit.lang)
    return Response(paper, media_type="application/pdf", headers=_named("inline", f"{case_id}.pdf"))


@router.get("/attachments/{attachmentId}")
async def get_attachment(
    visit: Reader,
    case_id: CaseId,
    attachment_id: Annotated[str, Path(alias="attachmentId", max_length=200)],
) -> Response:
    """Always as a download, since anybody may have put anything into it."""
    name, _, content = await read_attachment(visit.graph, case_id, attachment_id)
    headers = {**_named("attachment", name), "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type="application/octet-stream", headers=headers)


@router.get("/effect")
async def get_effect(visit: Reader, case_id: CaseId) -> Response:
    """What the decision that waits for a second person would do to the ledger."""
    case = await read_case(visit.graph, case_id, visit.books.clock())
    proposal = case["proposal"]
    effect = None
    if proposal is not None:
        kept = tuple(one if isinstance(one, str) else canonical(one) for one in proposal["actions"])
        decision = Decision(proposal["conclusion"], proposal["reason"], actions=kept)
        books = visit.books
        effect = await read_effect(
            visit.graph, case_id, books.plans, books.clock, actions_of(decision)
        )
    is_part = visit.request.headers.get("hx-request") == "true"
    template = "case_effect.html" if is_part else "effect.html"
    values = {"effect": effect, "effect_problem": None, "case_id": case_id}
    return visit.page(template, 200, **values)


@router.get("/booked")
async def get_booked(visit: Reader, case_id: CaseId) -> Response:
    """What the ledger booked because of the case."""
    books = visit.books
    case = await read_case(visit.graph, case_id, books.clock())
    told = await read_booked_effect(visit.graph, case, books.plans, books.clock)
    is_part = visit.request.headers.get("hx-request") == "true"
    template = "case_booked.html" if is_part else "booked.html"
    return visit.page(template, 200, booked=told, currency=case["currency"], case_id=case_id)


def _named(disposition: str, name: str) -> dict[str, str]:
    """How a file is called. Source: RFC 6266."""
    return {"Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(name, safe='')}"}
