"""The scan that a loaded mall has first, since in pieces honest members look false."""

from collections.abc import Awaitable, Callable

from graph_service.clock import Clock
from graph_service.graph.session import Graph
from graph_service.scans.jobs import Scan, ScanRunning, ask_scan, read_scan
from graph_service.screening.storing import SCREENING


async def first_scan(
    graph: Graph, clock: Clock, still_waits: Callable[[], Awaitable[bool]]
) -> Scan | None:
    """The whole scan that was asked for here, or the one that was under way, once it has ended.

    still_waits: rests a while and tells whether to wait on. None where it says no: the scan stays
    to be done, as one that somebody asked for does.
    """
    try:
        scan = await ask_scan(graph, "full", SCREENING, clock)
    except ScanRunning as fault:
        scan = await read_scan(graph, str(fault.details["scanId"]))
    while scan.is_open:
        if not await still_waits():
            return None
        scan = await read_scan(graph, scan.scan_id)
    return scan
