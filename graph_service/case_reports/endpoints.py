"""The report of a case, and what deciding it would do, over HTTP."""

from asyncio import to_thread
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field

from graph_service.access.endpoints import Requires
from graph_service.answers import Answer, answers
from graph_service.books import ClockOfApp
from graph_service.case_reports.effects import read_effect
from graph_service.case_reports.reporting import report_page, report_pdf
from graph_service.cases.desk.trail import CaseNotFound
from graph_service.cases.reading import read_case
from graph_service.graph.endpoints import GraphOfApp
from graph_service.hypertext.rendering import page_headers
from graph_service.ledger.endpoints import Books
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
    case_id: CaseId,
    form: Annotated[Literal["html", "pdf"], Query(alias="format", description="Which")] = "html",
    lang: Annotated[Lang, Query(description="In which language")] = "zh",
) -> Response:
    """Who, why, how much, what was decided, and every step."""
    case = await read_case(graph, case_id, clock())
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
    return await read_effect(graph, case_id, books.plans, books.clock, reverse=reverse)
