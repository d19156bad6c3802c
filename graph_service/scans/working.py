"""The task that does the scans that were asked for: one in each process, one of which works."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import structlog
from prometheus_client import Counter, Gauge

from graph_service import __version__
from graph_service.cases.alerts import Shown, score_members
from graph_service.cases.rules import RiskRules
from graph_service.clock import Clock
from graph_service.errors import GraphUnavailable, ServiceError
from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.holds.placing import millis_of
from graph_service.ids import new_id
from graph_service.plans.document import Plan
from graph_service.scans.alerts import reasons_for_scores
from graph_service.scans.jobs import (
    CHANGE_TIMEOUT_S,
    ENDED,
    LEASE_S,
    STORING,
    Scan,
    Status,
    find_last_scan,
    find_open_scan,
    hold_lease,
)
from graph_service.scans.searching import (
    REGISTRY,
    SearchDied,
    connection_of,
    search_apart,
    terms_of,
)
from graph_service.scans.storing import (
    ScanLost,
    compared,
    gone_alerts,
    known_alerts,
    show_alerts,
    tidy_alerts,
    write_beside,
    write_members,
)
from graph_service.settings import Settings
from graph_service.workers import keep_running

log = structlog.get_logger()

SCANS = Counter("fraud_scans", "Scans by how they ended", ["status"])
LAST_SUCCESS = Gauge(
    "fraud_scan_last_success_timestamp_seconds", "When the last scan that was done ended"
)
SECONDS = Gauge("fraud_scan_seconds", "Seconds that the last scan that was done took")
ALERTS = Gauge("fraud_scan_alerts", "Live alerts of the last scan that was done", ["kind"])
CANARY = Gauge("fraud_scan_canary_found", "1 if the last scan found its canaries, 0 if not")
FAILED_DETECTORS = Gauge("fraud_scan_failed_detectors", "Detectors that broke in the last scan")
# How often an idle worker looks for a scan (s).
IDLE_S: Final = 1.0
# How often the gauges are brought up to date (s).
MEASURE_S: Final = 15.0
# How long what it is doing may go on when the service ends (s).
STEP_S: Final = 5.0
# A scan that took its process with it so often is not tried again.
ATTEMPTS_MAX: Final = 3
# How long a scan waits until what is stored is booked (s).
SETTLE_S: Final = 30.0
MISSED, BROKEN = "canary_missed", "detectors_broken"
# Which detectors gave a score: the version of the service.
MODEL: Final = f"detectors-{__version__}"


class CanaryMissed(ServiceError):
    """A made-up ring was not found, so that nothing that was found or not can be trusted."""

    status, code = 500, MISSED


class Bookkeeper(Protocol):
    """What a scan asks of the pipeline: time, plan, and that all that is stored is booked."""

    clock: Clock

    @property
    def plan(self) -> Plan:
        """The plan in force."""
        ...

    async def settle(self, batch: str = "", *, timeout_s: float) -> bool:
        """Wait until what was stored is booked."""
        ...


Note = Callable[[str, float], None]


@dataclass
class Scanner:
    """Does scans. settings: with the address of the database. Start `run` as a task.

    registry: the module that names the detectors. warning: what /readyz says of the last scan.
    """

    graph: Graph
    books: Bookkeeper
    rules: RiskRules
    settings: Settings
    registry: str = REGISTRY
    on_progress: Note = lambda _stage, _done: None
    holder: str = field(default_factory=new_id)
    warning: str | None = None
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _ending: bool = False

    def wake(self) -> None:
        """Look at once for a scan that is to be done."""
        self._wanted.set()

    async def run(self) -> None:
        """Do scans until it is to end."""
        loop = asyncio.get_running_loop()
        measured = -MEASURE_S
        while not self._ending:
            self._wanted.clear()
            try:
                done = await self.do_next()
                if done is not None or loop.time() - measured > MEASURE_S:
                    measured = loop.time()
                    await self.measure()
            except ServiceError as fault:
                log.warning("scans.failed", code=fault.code, reason=str(fault))
            await self.rest()

    async def end(self, running: asyncio.Task[None]) -> None:
        """End `run` after its step, since a question that is cut off leaves its connection open.

        A search that is under way is ended; another process, or the next start, goes on with it.
        It is cancelled where the database does not answer for a while.
        """
        self._ending = True
        self.wake()
        await asyncio.wait([running], timeout=STEP_S)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    async def rest(self) -> None:
        """Wait a while, or until somebody asks for a scan."""
        if self._ending:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_S):
                await self._wanted.wait()

    async def do_next(self) -> str | None:
        """Do the scan that is to be done, or go on with one whose process died; its id."""
        scan = await find_open_scan(self.graph)
        if scan is None or not await self._take(scan):
            return None
        beat = asyncio.create_task(self._keep_lease())
        try:
            await self._do(scan)
        finally:
            beat.cancel()
            with suppress(asyncio.CancelledError):
                await beat
            await self._give_back()
        return scan.scan_id

    async def _take(self, scan: Scan) -> bool:
        async def work(transaction: Transaction) -> bool:
            if not await hold_lease(transaction, self.holder):
                return False
            rows = await transaction.run(
                "scans/take_scan",
                scanId=scan.scan_id,
                holder=self.holder,
                startedMillis=millis_of(self.books.clock()),
            )
            return bool(rows)

        return await self.graph.write_together(work, name="scans/take", timeout_s=CHANGE_TIMEOUT_S)

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(LEASE_S / 3)
            with suppress(ServiceError):
                await self._renew(LEASE_S)

    async def _give_back(self) -> None:
        """So that another process need not wait for the lease to end."""
        with suppress(ServiceError):
            await self._renew(0)

    async def _renew(self, seconds: int) -> None:
        async def work(transaction: Transaction) -> bool:
            return await hold_lease(transaction, self.holder, seconds)

        await self.graph.write_together(work, name="scans/lease", timeout_s=CHANGE_TIMEOUT_S)

    async def _do(self, scan: Scan) -> None:
        """Search, write and show; whatever goes wrong ends the scan, and says why."""
        details: dict[str, Any] = {}
        try:
            if scan.attempts >= ATTEMPTS_MAX:
                raise SearchDied(f"its process died {scan.attempts} times")
            alerts = await self._find(scan, details)
            await self._end(scan, "done", details, alerts=alerts)
        except ScanLost:
            log.info("scan.lost", scanId=scan.scan_id)
        except ServiceError as fault:
            log.warning("scan.failed", scanId=scan.scan_id, code=fault.code, reason=str(fault))
            details["why"] = str(fault)
            await self._end(scan, "failed", details, error=fault.code)

    async def _find(self, scan: Scan, details: dict[str, Any]) -> int:
        """Everything from reading to scoring; how many alerts there are. details: is filled."""
        shown = int((await self.graph.read("scans/read_alert_set"))[0]["number"])
        if shown == scan.number:
            # Its process died after its alerts were shown.
            details.update(scan.details)
            await self._score(scan, int(details["before"]))
            return int(details["live"])
        await self.note(scan, "settling", 0.0)
        if not await self.books.settle(timeout_s=SETTLE_S):
            details["notes"] = ["not all that was stored is booked yet; the rest comes next time"]
        found = await self._search(scan)
        details.update({name: found[name] for name in DETAILS})
        details["notes"] = [*details.get("notes", []), *found["notes"]]
        details["canary"] = None
        if found["canaries"]:
            details["canary"] = "missed" if found["missed"] else "found"
        if found["missed"]:
            raise CanaryMissed(f"not found: {', '.join(found['missed'])}; alerts stay as they were")
        await self._note_storing(scan)
        at_ms, alerts = millis_of(self.books.clock()), found["alerts"]
        written = compared(
            scan,
            alerts,
            await known_alerts(self.graph, shown),
            shown=shown,
            at_ms=at_ms,
            gone=await gone_alerts(self.graph.read, alerts, shown=shown, at_ms=at_ms),
            kept_kinds=found["failed"],
        )
        details.update(written.counts(), before=shown, membersScored=len(found["members"]))
        await write_beside(self.graph, written, shown)
        at_ms = millis_of(self.books.clock())
        await write_members(self.graph, found, number=scan.number, shown=shown, at_ms=at_ms)
        await show_alerts(self.graph, scan, self.holder, details)
        await self._score(scan, shown)
        await tidy_alerts(self.graph, written, shown)
        return written.live

    async def _score(self, scan: Scan, before: int) -> None:
        """Tell the members' risk, with all that follows by the rules."""
        self.on_progress("scoring", 0.95)
        reasons = await reasons_for_scores(self.graph, scan.number)
        shown = Shown(scan.scan_id, scan.number, before, ALERT_SCORE, reasons, MODEL)
        await score_members(self.graph, shown, self.rules, self.books.clock())

    async def _search(self, scan: Scan) -> dict[str, Any]:
        """Search in a process of its own, which is ended where the scan is called off."""

        async def note(stage: str, progress: float) -> None:
            await self.note(scan, stage, progress)

        return await search_apart(self._job(scan), note)

    def _job(self, scan: Scan) -> Mapping[str, Any]:
        settings = self.settings
        return {
            **terms_of(self.books.plan),
            # What the scan before its crash had read is on disk.
            "mode": "incremental" if scan.attempts else scan.mode,
            "folder": str(settings.data_dir / "snapshots"),
            "registry": self.registry,
            "models": [str(settings.data_dir / "models")],
            "neo4j": connection_of(settings),
        }

    async def note(self, scan: Scan, stage: str, progress: float) -> None:
        """Say how far a scan is. Raises ScanLost where it was called off, or this process ends."""
        await self._note_in(self.graph.write, scan, stage, progress)

    async def _note_in(
        self, write: Callable[..., Awaitable[list[Row]]], scan: Scan, stage: str, progress: float
    ) -> None:
        if self._ending:
            raise ScanLost(f"{scan.scan_id} is left to another process")
        self.on_progress(stage, progress)
        rows = await write(
            "scans/note_progress",
            scanId=scan.scan_id,
            holder=self.holder,
            stage=stage,
            progress=progress,
        )
        if not rows:
            raise ScanLost(f"{scan.scan_id} is no longer this process's")

    async def _note_storing(self, scan: Scan) -> None:
        """From here on what new facts raise waits for this scan, which has seen what was before."""

        async def work(transaction: Transaction) -> None:
            await transaction.run("scans/lock_alert_set", holder=self.holder)
            await self._note_in(transaction.run, scan, STORING, 0.9)

        await self.graph.write_together(work, name="scans/store", timeout_s=CHANGE_TIMEOUT_S)

    async def _end(
        self,
        scan: Scan,
        status: Status,
        details: Mapping[str, Any],
        *,
        alerts: int = 0,
        error: str | None = None,
    ) -> None:
        ended = await self.graph.write(
            "scans/end_scan",
            scanId=scan.scan_id,
            holder=self.holder,
            status=status,
            stage="done" if status == "done" else None,
            progress=1.0 if status == "done" else None,
            alerts=alerts,
            error=error,
            details=json.dumps(details, ensure_ascii=False),
            endedMillis=millis_of(self.books.clock()),
        )
        if ended:
            SCANS.labels(status).inc()

    async def measure(self) -> None:
        """Bring the gauges and what /readyz says up to date, also with other processes' scans."""
        last = await find_last_scan(self.graph, *ENDED)
        done = await find_last_scan(self.graph, "done")
        if last is None:
            return
        self.warning = warning_of(last)
        CANARY.set(last.details.get("canary") != "missed")
        FAILED_DETECTORS.set(len(last.details.get("failed", [])))
        if done is not None:
            body = done.body()
            LAST_SUCCESS.set((done.times["ended"] or 0) / 1_000)
            SECONDS.set(body["seconds"] or 0)
            ALERTS.clear()
            for kind, count in body["byKind"].items():
                ALERTS.labels(kind).set(count)


DETAILS: Final = (
    *("seq", "now", "rows", "suppressed", "missed", "failed"),
    *("readSeconds", "searchSeconds", "memoryMib"),
)


def warning_of(last: Scan) -> str | None:
    """What is wrong with fraud detection, by the last scan that ended."""
    if last.status == "failed":
        return MISSED if last.error == MISSED else "scan_failed"
    return BROKEN if last.details.get("failed") else None


@asynccontextmanager
async def scanning(
    graph: Graph, books: Bookkeeper, rules: RiskRules, settings: Settings
) -> AsyncGenerator[Scanner, None]:
    """Scans are done while this is open. settings: name the database's address."""
    if settings.neo4j_uri is None:
        raise GraphUnavailable("a scan needs the address of the database")
    scanner = Scanner(graph, books, rules, settings)
    task = asyncio.create_task(keep_running(scanner.run, "scans"))
    try:
        yield scanner
    finally:
        await scanner.end(task)
