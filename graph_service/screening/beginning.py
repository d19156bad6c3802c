"""The scan that a load asks for by itself, since in pieces honest members look false."""

from collections.abc import Awaitable, Callable

from graph_service.clock import Clock
from graph_service.graph.session import Graph
from graph_service.scans.jobs import (
    SCREENING,
    Mode,
    Scan,
    ScanRunning,
    ask_scan,
    find_open_scan,
    read_scan,
)


async def own_scan(
    graph: Graph, mode: Mode, clock: Clock, still_waits: Callable[[], Awaitable[bool]]
) -> Scan | None:
    """The scan that was asked for here, or the one that was under way, once it has ended.

    It gives way to one that somebody asks for, which is then waited for. still_waits: rests a while
    and tells whether to wait on. None where it says no: the scan stays to be done, as one that
    somebody asked for does.
    """
    try:
        scan = await ask_scan(graph, mode, SCREENING, clock)
    except ScanRunning as fault:
        scan = await read_scan(graph, str(fault.details["scanId"]))
    while scan.is_open:
        if not await still_waits():
            return None
        scan = await read_scan(graph, scan.scan_id)
        if scan.status == "cancelled":
            scan = await find_open_scan(graph) or scan
    return scan
