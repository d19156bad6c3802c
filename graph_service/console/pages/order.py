"""How did the money of an order come about? The page of explanations, inside the console."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Path
from fastapi.responses import HTMLResponse

from graph_service.console.visiting import PageRoute, Visit, Visiting
from graph_service.errors import GraphTimeout
from graph_service.explain.endpoints import page_values, read_explanation
from graph_service.hypertext.rendering import room_words
from graph_service.ledger.endpoints import RETRY, SETTLE_S, Bookkeeper
from graph_service.rewards.orders import OrderNotFound


class LedgerBehind(GraphTimeout):
    """The ledger has not followed what was stored before."""

    code = "ledger_behind"


router = APIRouter(prefix="/orders", route_class=PageRoute)
Reader = Annotated[Visit, Depends(Visiting("risk:read"))]


@router.get("/{orderId:path}")
async def get_order(
    visit: Reader, order_id: Annotated[str, Path(alias="orderId", max_length=128)]
) -> HTMLResponse:
    """The path with clicks and allowance at each step, formulas, entries and facts."""
    is_settled = await visit.books.settle_ledger(timeout_s=SETTLE_S)
    books = cast(Bookkeeper, visit.books)
    try:
        story, body = await read_explanation(visit.graph, books, order_id, visit.lang)
    except OrderNotFound as fault:
        if is_settled:
            raise
        message = f"the ledger is behind what was stored and has not seen {order_id} yet"
        raise LedgerBehind(message, headers=RETRY) from fault
    values = page_values(story, body, visit.lang)
    return visit.page(
        "order.html",
        explaining=room_words("explain")[visit.lang],
        is_settled=is_settled,
        **values,
    )
