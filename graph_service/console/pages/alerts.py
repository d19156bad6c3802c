"""What looks false, and is it in a case already?"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse

from graph_service.console.casework.reading import cases_by_alert
from graph_service.console.visiting import PAGE_ITEMS, Cursor, PageRoute, Visit, Visiting
from graph_service.scans.alerts import KINDS, Wanted, list_alerts, read_alert

router = APIRouter(prefix="/alerts", route_class=PageRoute)
Reader = Annotated[Visit, Depends(Visiting("risk:read"))]


@router.get("")
async def get_alerts(
    visit: Reader,
    kind: Annotated[str, Query(max_length=40)] = "",
    without: Annotated[str, Query(max_length=4)] = "",
    cursor: Cursor = None,
) -> HTMLResponse:
    """The live alerts, greatest score first, each with its case. without: only those in none."""
    wanted = Wanted(kind=kind if kind in KINDS else None, unfiled=bool(without))
    alerts, following = await list_alerts(
        visit.graph, wanted, visit.lang, limit=PAGE_ITEMS, cursor=cursor
    )
    cases = await cases_by_alert(visit, [one["alertId"] for one in alerts])
    return visit.page(
        "alerts.html",
        alerts=alerts,
        cases=cases,
        kinds=KINDS,
        kind=kind,
        without=without,
        following=following,
        is_first=cursor is None,
    )


@router.get("/{alertId}")
async def get_alert(visit: Reader, alertId: str) -> HTMLResponse:  # noqa: N803
    """One alert with its picture and its reasons."""
    alert = await read_alert(visit.graph, alertId, visit.lang)
    cases = await cases_by_alert(visit, [alertId])
    return visit.page("alert.html", alert=alert, case_id=cases.get(alertId))
