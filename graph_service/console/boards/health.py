"""Is the service well? What /readyz and /metrics tell, in tables."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from prometheus_client import REGISTRY

from graph_service.console.visiting import PageRoute, Visit, Visiting
from graph_service.errors import GraphError
from graph_service.scans.jobs import find_last_scan

router = APIRouter(prefix="/health", route_class=PageRoute)
Reader = Annotated[Visit, Depends(Visiting("risk:read"))]
# What the runtime tells of itself, and times at which counters began, are for machines.
LEFT_OUT = ("python_", "process_")
LEFT_OUT_ENDS = ("_created", "_bucket")


@router.get("")
async def get_health(visit: Reader) -> HTMLResponse:
    """Whether the database answers, the last scan, and every measure with its labels."""
    return visit.page(
        "health.html",
        ready=await _readiness(visit),
        scan=await _last_scan(visit),
        behind=await visit.books.behind(),
        measures=measures(),
    )


async def _readiness(visit: Visit) -> dict[str, str | None]:
    """As /readyz has it."""
    try:
        await visit.graph.read("graph/check_health")
        visit.graph.require_room()
    except GraphError as fault:
        return {"status": fault.code, "fraud": None}
    warning: Callable[[], str | None] = visit.request.app.state.fraud_warning
    return {"status": "ready", "fraud": warning()}


async def _last_scan(visit: Visit) -> dict[str, Any] | None:
    scan = await find_last_scan(visit.graph, "done", "failed", "cancelled")
    return None if scan is None else scan.body()


def measures() -> list[dict[str, Any]]:
    """What /metrics tells of the service itself: name, what it is, samples with their labels."""
    found: list[dict[str, Any]] = []
    for family in REGISTRY.collect():
        if family.name.startswith(LEFT_OUT):
            continue
        samples = [
            {
                "name": one.name,
                "labels": ", ".join(f"{name}={value}" for name, value in one.labels.items()),
                "value": one.value,
            }
            for one in family.samples
            if not one.name.endswith(LEFT_OUT_ENDS)
        ]
        if samples:
            told = {"name": family.name, "text": family.documentation, "samples": samples}
            found.append(told)
    return found
