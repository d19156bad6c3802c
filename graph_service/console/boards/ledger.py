"""What was booked, and does every chain hold?"""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import HTMLResponse

from graph_service.console.boards.works import Told, find_work, start_work
from graph_service.console.visiting import (
    PAGE_ITEMS,
    ROOT,
    Cursor,
    PageRoute,
    Visit,
    Visiting,
    seen_other,
)
from graph_service.ledger.chain import Verdict, prove_ledger
from graph_service.ledger.statement import list_latest

router = APIRouter(prefix="/ledger", route_class=PageRoute)
Keeper = Annotated[Visit, Depends(Visiting("admin"))]


@router.get("")
async def get_ledger(
    visit: Keeper,
    payee: Annotated[str, Query(max_length=128)] = "",
    cursor: Cursor = None,
) -> HTMLResponse:
    """Entries, latest first, of everybody or of one payee."""
    entries, following = await list_latest(
        visit.graph, payee_id=payee.strip() or None, limit=2 * PAGE_ITEMS, cursor=cursor
    )
    return visit.page(
        "ledger.html",
        entries=entries,
        payee=payee.strip(),
        behind=await visit.books.behind(),
        following=following,
        is_first=cursor is None,
    )


@router.post("/verify")
async def post_verify(visit: Keeper) -> Response:
    """Every chain is followed; that reads the whole ledger."""

    async def work(_told: Told) -> Verdict:
        return await prove_ledger(visit.graph)

    return seen_other(f"{ROOT}/ledger/verify/{start_work(visit, work).work_id}")


@router.get("/verify/{workId}")
async def get_verify(visit: Keeper, work_id: Annotated[str, Path(alias="workId")]) -> HTMLResponse:
    """Whether every chain holds, once that is known."""
    work = find_work(visit, work_id)
    return visit.page("verify.html", work=work, verdict=work.result())
