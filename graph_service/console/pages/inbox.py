"""Which cases wait? The first page of the console."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse

from graph_service.console.cases import STATES, CaseFilter, cases_page
from graph_service.console.visiting import Cursor, PageRoute, Visit, Visiting

router = APIRouter(route_class=PageRoute)
Reader = Annotated[Visit, Depends(Visiting("risk:read"))]


@router.get("/")
async def get_inbox(
    visit: Reader,
    state: Annotated[str, Query(max_length=40)] = "open",
    member: Annotated[str, Query(max_length=128)] = "",
    cursor: Cursor = None,
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
    )
