"""Where is it? Whatever has this id: a member, an order, a case, an alert."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Response

from graph_service.console.casework.reading import brief_case
from graph_service.console.visiting import ROOT, PageRoute, Visit, Visiting, seen_other
from graph_service.errors import NotFound
from graph_service.ledger.statement import read_commission
from graph_service.referrals.teams import read_member
from graph_service.scans.alerts import read_alert

router = APIRouter(prefix="/search", route_class=PageRoute)
Reader = Annotated[Visit, Depends(Visiting("risk:read"))]


@router.get("")
async def get_found(
    visit: Reader, asked: Annotated[str, Query(alias="q", max_length=200)] = ""
) -> Response:
    """To what has the id, or a list where several do or nothing does."""
    name = asked.strip()
    graph, books = visit.graph, visit.books
    looks: dict[str, Callable[[], Awaitable[Any]]] = {
        "members": lambda: read_member(graph, name),
        "orders": lambda: read_commission(graph, name, books.plans, books.clock()),
        "cases": lambda: brief_case(visit, name),
        "alerts": lambda: read_alert(graph, name, visit.lang),
    }
    found: list[tuple[str, str]] = []
    for place, look in looks.items():
        try:
            if name:
                await look()
                found.append((place, f"{ROOT}/{place}/{quote(name, safe='')}"))
        except NotFound:
            continue
    if len(found) == 1:
        return seen_other(found[0][1])
    return visit.page("search.html", 200 if found else 404, asked=name, found=found)
