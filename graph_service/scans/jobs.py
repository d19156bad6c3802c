"""Which scans are there, and how far are they? One is under way at a time."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, Literal, get_args

from graph_service.clock import Clock
from graph_service.errors import Conflict, NotFound
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.holds.placing import millis_of, spelled
from graph_service.ids import new_id
from graph_service.pages import MILLIS_MAX, decode_cursor, encode_cursor

Mode = Literal["full", "incremental"]
Status = Literal["queued", "running", "done", "failed", "cancelled"]
STATUSES: tuple[Status, ...] = get_args(Status)
ENDED: tuple[Status, ...] = ("done", "failed")
# The stage in which alerts are written beside those that are shown.
STORING: Final = "storing"
LEASE, LEASE_S = "scans", 15
# For one try, the wait for others' locks included (s).
CHANGE_TIMEOUT_S = 10.0
# In the place of a key's name, of scans that the service begins by itself; and of a scan's id.
SCREENING: Final = "screening"
# Where the alerts of such a one are shown already, its end is so near that it is waited for (s).
OWN_END_S: Final = 15.0
OWN_LOOK_S: Final = 0.2


class ScanNotFound(NotFound):
    """No scan has this id."""

    code = "scan_not_found"


class ScanRunning(Conflict):
    """A scan is to be done or under way; there is one at a time."""

    code = "scan_running"


class ScanEnded(Conflict):
    """The scan has ended, or its alerts are shown already."""

    code = "scan_ended"


@dataclass(frozen=True)
class Scan:
    """A search for fraud. details: what it found out about itself, as it is told."""

    scan_id: str
    number: int
    mode: Mode
    status: Status
    stage: str
    progress: float
    attempts: int
    times: Mapping[str, int | None]
    by: str
    alerts: int | None
    error: str | None
    details: Mapping[str, Any]

    @property
    def is_open(self) -> bool:
        """Whether it is to be done or under way."""
        return self.status in ("queued", "running")

    def body(self) -> dict[str, Any]:
        """As it is told."""
        started, ended = self.times["started"], self.times["ended"]
        spent = None if started is None or ended is None else (ended - started) / 1_000
        told = self.details
        return {
            "scanId": self.scan_id,
            "mode": self.mode,
            "status": self.status,
            "stage": self.stage,
            "progress": self.progress,
            "alerts": self.alerts,
            "requestedBy": self.by,
            "createdAt": spelled(self.times["created"]),
            "startedAt": spelled(started),
            "endedAt": spelled(ended),
            "seconds": spent,
            "attempts": self.attempts,
            "asOf": told.get("now"),
            "seq": told.get("seq"),
            "rows": told.get("rows"),
            "memoryMib": told.get("memoryMib"),
            "byKind": told.get("byKind", {}),
            "newAlerts": told.get("new"),
            "changedAlerts": told.get("changed"),
            "goneAlerts": told.get("gone"),
            "suppressed": told.get("suppressed"),
            "canary": told.get("canary"),
            "notes": told.get("notes", []),
            "error": None if self.error is None else {"code": self.error, **self._why()},
        }

    def _why(self) -> dict[str, Any]:
        return {"detail": self.details.get("why", "")}


def scan_of(row: Row) -> Scan:
    """A scan from a row of the database."""
    return Scan(
        scan_id=row["scanId"],
        number=row["number"],
        mode=row["mode"],
        status=row["status"],
        stage=row["stage"],
        progress=row["progress"],
        attempts=row["attempts"],
        times={one: row[f"{one}Millis"] for one in ("created", "started", "ended")},
        by=row["by"],
        alerts=row["alerts"],
        error=row["error"],
        details={} if row["details"] is None else json.loads(row["details"]),
    )


async def ask_scan(graph: Graph, mode: Mode, by: str, clock: Clock) -> Scan:
    """A scan that will be done. Raises ScanRunning while there is one already.

    One that the service began by itself gives way to who asks: it saw less, and nobody waits for
    it.
    """
    latest = monotonic() + OWN_END_S
    while True:
        try:
            return await _ask(graph, mode, by, clock)
        except ScanRunning as fault:
            if by == SCREENING or fault.details["requestedBy"] != SCREENING or monotonic() > latest:
                raise
            await asyncio.sleep(OWN_LOOK_S)


async def _ask(graph: Graph, mode: Mode, by: str, clock: Clock) -> Scan:
    scan_id = f"scan_{new_id()}"

    async def gives_way(transaction: Transaction, other: Row) -> bool:
        if by == SCREENING or other["by"] != SCREENING:
            return False
        rows = await transaction.run(
            "scans/cancel_scan",
            scanId=other["scanId"],
            details=json.dumps({"notes": [f"gave way to {scan_id}"]}),
            endedMillis=millis_of(clock()),
        )
        return bool(rows)

    async def work(transaction: Transaction) -> None:
        await transaction.run("graph/lock_name", name=LEASE)
        rows = await transaction.run("scans/find_open_scan")
        if rows and not await gives_way(transaction, rows[0]):
            other = str(rows[0]["scanId"])
            raise ScanRunning(
                f"{other} is {rows[0]['status']}; wait for it or cancel it",
                details={"scanId": other, "requestedBy": rows[0]["by"]},
                headers={"Location": f"/v1/fraud/scans/{other}"},
            )
        last = (await transaction.run("scans/read_last_number"))[0]["number"]
        await transaction.run(
            "scans/create_scan",
            scanId=scan_id,
            number=last + 1,
            mode=mode,
            by=by,
            createdMillis=millis_of(clock()),
        )

    await graph.write_together(work, name="scans/ask", timeout_s=CHANGE_TIMEOUT_S)
    return await read_scan(graph, scan_id)


async def read_scan(graph: Graph, scan_id: str) -> Scan:
    """A scan. Raises ScanNotFound."""
    rows = await graph.read("scans/read_scan", scanId=scan_id)
    if not rows:
        raise ScanNotFound(f"there is no scan {scan_id}")
    return scan_of(rows[0])


async def list_scans(
    graph: Graph, *, limit: int, cursor: str | None = None
) -> tuple[list[Scan], str | None]:
    """One page of scans, newest first, and the next page's cursor."""
    (before,) = decode_cursor(cursor, (int,)) if cursor else (MILLIS_MAX,)
    rows = await graph.read("scans/list_scans", before=before, limit=limit + 1)
    scans = [scan_of(row) for row in rows]
    following = encode_cursor([scans[limit - 1].number]) if len(scans) > limit else None
    return scans[:limit], following


async def cancel_scan(graph: Graph, scan_id: str, by: str, clock: Clock) -> Scan:
    """Call a scan off; again changes nothing. Raises ScanNotFound and ScanEnded."""
    found = await graph.write(
        "scans/cancel_scan",
        scanId=scan_id,
        details=json.dumps({"notes": [f"cancelled by {by}"]}),
        endedMillis=millis_of(clock()),
    )
    scan = await read_scan(graph, scan_id)
    if not found and scan.status != "cancelled":
        raise ScanEnded(f"{scan_id} is {scan.status}")
    return scan


async def find_open_scan(graph: Graph) -> Scan | None:
    """The scan that is to be done or under way."""
    rows = await graph.read("scans/find_open_scan")
    return scan_of(rows[0]) if rows else None


async def find_last_scan(graph: Graph, *statuses: Status) -> Scan | None:
    """The latest scan of those with such a status."""
    rows = await graph.read("scans/find_last_scan", states=list(statuses))
    return scan_of(rows[0]) if rows else None


async def hold_lease(transaction: Transaction, holder: str, seconds: int = LEASE_S) -> bool:
    """Take or keep the right to do scans, or see that another process has it."""
    rows = await transaction.run("ingest/renew_lease", name=LEASE, holder=holder, seconds=seconds)
    return bool(rows[0]["held"])
