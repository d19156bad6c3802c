"""Where do trees of invitations come near what the law calls pyramid selling?"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse

from graph_service.clock import to_micros
from graph_service.compliance.law import FLAGS
from graph_service.compliance.report import Question, Reports, moment_of, now_of, place_of
from graph_service.console.visiting import PAGE_ITEMS, Cursor, PageRoute, Visit, Visiting
from graph_service.ledger.endpoints import SETTLE_S

router = APIRouter(prefix="/compliance", route_class=PageRoute)
Reader = Annotated[Visit, Depends(Visiting("risk:read"))]


@router.get("")
async def get_report(
    visit: Reader,
    flag: Annotated[str, Query(max_length=20)] = "",
    as_of: Annotated[str, Query(alias="asOf", max_length=40)] = "",
    cursor: Cursor = None,
) -> HTMLResponse:
    """Per organiser people, levels, money and reasons; the most severe first."""
    books = visit.books
    await books.settle_ledger(timeout_s=SETTLE_S)
    at, after = place_of(cursor) if cursor else (now_of(books.clock()), None)
    if as_of:
        at = moment_of(as_of, books.plans.at(to_micros(books.clock())).month_zone)
    question = Question(
        at=at,
        limit=PAGE_ITEMS,
        rows_max=visit.settings.report_rows_max,
        after=after,
        flag=flag if flag in FLAGS else None,
        lang=visit.lang,
        is_now=not as_of and cursor is None,
    )
    reports: Reports = visit.request.app.state.reports
    report = await reports.read(visit.graph, question, books.plans)
    return visit.page(
        "compliance.html",
        report=report,
        behind=await books.behind(),
        flags=FLAGS,
        flag=flag,
        as_of=as_of,
        following=report["nextCursor"],
        is_first=cursor is None,
    )
