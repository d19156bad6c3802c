"""Which scans were there, how far is the one under way, and may another begin?"""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Path, Response
from fastapi.responses import HTMLResponse

from graph_service.access.people import signature
from graph_service.console.visiting import (
    PAGE_ITEMS,
    ROOT,
    Cursor,
    PageRoute,
    Visit,
    Visiting,
    seen_other,
)
from graph_service.scans.jobs import Mode, ask_scan, cancel_scan, list_scans
from graph_service.scans.working import Scanner

router = APIRouter(prefix="/scans", route_class=PageRoute)
Reader = Annotated[Visit, Depends(Visiting("risk:read"))]
Decider = Annotated[Visit, Depends(Visiting("risk:decide"))]


@router.get("")
async def get_scans(visit: Reader, cursor: Cursor = None) -> HTMLResponse:
    """Newest first; a browser asks again while one is under way."""
    scans, following = await list_scans(visit.graph, limit=PAGE_ITEMS, cursor=cursor)
    return visit.page(
        "scans.html",
        scans=[one.body() for one in scans],
        is_open=any(one.is_open for one in scans),
        following=following,
        is_first=cursor is None,
    )


@router.post("")
async def post_scan(visit: Decider) -> Response:
    """A scan is done soon; while there is one already, that one is shown."""
    mode: Mode = "full" if visit.told("mode") == "full" else "incremental"
    await ask_scan(visit.graph, mode, signature(visit.key), visit.books.clock)
    cast(Scanner, visit.request.app.state.scanner).wake()
    return seen_other(f"{ROOT}/scans")


@router.post("/{scanId}/cancel")
async def post_cancel(visit: Decider, scan_id: Annotated[str, Path(alias="scanId")]) -> Response:
    """The scan is called off."""
    await cancel_scan(visit.graph, scan_id, signature(visit.key), visit.books.clock)
    return seen_other(f"{ROOT}/scans")
