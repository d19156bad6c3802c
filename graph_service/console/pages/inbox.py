"""Which cases wait? The first page of the console."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import HTMLResponse

from graph_service.access.people import signature
from graph_service.cases.desk.working import Asker, NothingNext, claim_next
from graph_service.console.casework.reading import STATES, CaseFilter, cases_page
from graph_service.console.visiting import ROOT, Cursor, PageRoute, Visit, Visiting, seen_other

router = APIRouter(route_class=PageRoute)
Reader = Annotated[Visit, Depends(Visiting("risk:read"))]
Decider = Annotated[Visit, Depends(Visiting("risk:decide"))]


@router.get("/")
async def get_inbox(
    visit: Reader,
    state: Annotated[str, Query(max_length=40)] = "open",
    member: Annotated[str, Query(max_length=128)] = "",
    cursor: Cursor = None,
    nothing: Annotated[str, Query(max_length=1)] = "",
) -> HTMLResponse:
    """Cases, with filters and pages: the open ones if nothing is asked for."""
    wanted = CaseFilter(state, member.strip())
    cases, following = await cases_page(visit, wanted, cursor)
    return visit.page(
        "inbox.html",
        cases=cases,
        wanted=wanted,
        states=STATES,
        following=following,
        is_first=cursor is None,
        nothing=nothing,
    )


@router.post("/next")
async def post_next(visit: Decider) -> Response:
    """The most urgent case is taken and opened; where none waits the inbox says so."""
    asker = Asker(signature(visit.key), visit.books.clock())
    try:
        case_id = await claim_next(visit.graph, asker)
    except NothingNext:
        return seen_other(f"{ROOT}/?nothing=1")
    return seen_other(f"{ROOT}/cases/{quote(case_id, safe='')}")
