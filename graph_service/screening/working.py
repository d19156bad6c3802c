"""The task that has new facts looked at: one in each process, one of which works."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, Final

import structlog
from prometheus_client import Counter, Gauge

from graph_service.cases.alerts import Shown, score_members
from graph_service.cases.rules import RiskRules
from graph_service.errors import GraphUnavailable, ServiceError
from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.graph.session import Graph
from graph_service.holds.placing import millis_of
from graph_service.ids import new_id
from graph_service.ingest.facts import canonical, digest
from graph_service.scans.alerts import reasons_for_scores
from graph_service.scans.jobs import SCREENING
from graph_service.scans.searching import REGISTRY, connection_of, terms_of
from graph_service.scans.working import BROKEN, MODEL, Bookkeeper
from graph_service.screening.beginning import own_scan
from graph_service.screening.storing import ScanStores, add_alerts
from graph_service.settings import Settings
from graph_service.workers import keep_running

log = structlog.get_logger()

LOOKS = Counter("fraud_screening_looks", "How often new facts were looked at")
SECONDS = Gauge("fraud_screening_seconds", "Seconds that the last look took")
BEHIND = Gauge("fraud_screening_behind", "Booked facts that were not looked at yet")
FOUND = Counter("fraud_screening_alerts", "Alerts that were raised or grew at once", ["kind"])
FAILED_DETECTORS = Gauge(
    "fraud_screening_failed_detectors", "Detectors that broke in the last look at new facts"
)
LEASE: Final = "screening"
LEASE_S: Final = 30
# How often an idle worker looks for new facts (s).
IDLE_S: Final = 0.5
# How long what it is doing may go on when the service ends (s).
STEP_S: Final = 5.0
# Facts per second from which on a load is under way, which looking must not slow down by more
# than a fifth: then a look is followed by a rest of so many times as long, else by a short one.
LOAD_FACTS_PER_S: Final = 300.0
REST_UNDER_LOAD, REST = 4.0, 0.25
# Up to so many facts that no scan saw are looked at without one. A member has about ten (world M:
# 2,000,713 of 200,000), so these are of 500 members, and each look sees as many for comparison:
# its part is the whole mall.
UNSCANNED_FACTS_MAX: Final = 5_000
# Or up to this part of all that a scan or a look saw: what is one load is not compared with itself.
UNSEEN_PART: Final = 0.25
# A load is over once fewer facts a second came for so long (s); it is not waited for longer than
# so long (s), since a mall may be as busy always.
QUIET_FACTS_PER_S: Final = 50.0
QUIET_S: Final = 5.0
LOAD_WAIT_MAX_S: Final = 300.0


class ScreeningDied(ServiceError):
    """The process that looks ended."""

    status, code = 500, "screening_died"


@dataclass
class Screener:
    """Has new facts looked at. settings: name the database. Start `run` as a task.

    unscanned_facts_max: where there are more that neither scan nor look saw, a scan is done first,
    once for quiet_s (s) hardly anything came. warning: what /readyz says of the last look.
    """

    graph: Graph
    books: Bookkeeper
    rules: RiskRules
    settings: Settings
    registry: str = REGISTRY
    unscanned_facts_max: int = UNSCANNED_FACTS_MAX
    quiet_s: float = QUIET_S
    holder: str = field(default_factory=new_id)
    seq: int = 0
    warning: str | None = None
    _child: asyncio.subprocess.Process | None = None
    _ending: asyncio.Event = field(default_factory=asyncio.Event)
    # How many facts there were when the last scan that was asked for here ended.
    _tried: int = 0
    # And when this began: what was there then is no load that goes on.
    _at_start: int = 0

    async def run(self) -> None:
        """Look at new facts until it is to end."""
        left, since, at = 0, 0, monotonic()
        self._at_start = await self._end_of_log()
        try:
            while not self._ending.is_set():
                rest = IDLE_S
                with suppress(ScanStores):
                    end = await self._end_of_log()
                    if end < self.seq:
                        # It is another graph, or an older copy.
                        await self._end_child()
                        self._tried = 0
                    BEHIND.set(max(0, end - self.seq) if self._child else 0)
                    if (end > self.seq or left) and await self._holds() and await self._begin(end):
                        look = await self.look()
                        now = monotonic()
                        rate, since, at = (end - since) / max(now - at, 0.1), end, now
                        under_load = rate > LOAD_FACTS_PER_S
                        rest = look["seconds"] * (REST_UNDER_LOAD if under_load else REST)
                        left = look["left"]
                await self._rest(max(rest, 0 if left else IDLE_S))
        finally:
            await self._end_child()

    async def end(self, running: asyncio.Task[None]) -> None:
        """End `run` after its step, since a question that is cut off leaves its connection open.

        It is cancelled where that takes a while: then it looks at facts, which asks nothing.
        """
        self._ending.set()
        await asyncio.wait([running], timeout=STEP_S)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    async def _rest(self, seconds: float) -> None:
        """Wait so long, or until it is to end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()

    async def _begin(self, facts: int) -> bool:
        """Start the process that looks, after a scan where a load came; whether it may look.

        In pieces, of which each is compared with what was there before, honest members look false.
        """
        if self._child is None:
            await self._start()
        if not self._is_load(facts):
            return True
        # It would hold the memory that the scan needs, and begins where that ends.
        mode = "incremental" if self.seq else "full"
        await self._end_child()
        if facts > self._at_start and not await self._load_ends(facts):
            return False
        scan = await own_scan(self.graph, mode, self.books.clock, self._still_waits)
        if scan is None:
            return False
        self._tried = await self._end_of_log()
        if scan.status != "done":
            log.warning("screening.not_scanned", scanId=scan.scan_id, status=scan.status)
        await self._start(anew=scan.status != "done")
        return True

    def _is_load(self, facts: int) -> bool:
        """Whether of so many facts too many were neither scanned nor looked at."""
        seen = max(self.seq, self._tried)
        return facts - seen > max(self.unscanned_facts_max, UNSEEN_PART * seen)

    async def _load_ends(self, facts: int) -> bool:
        """Wait until hardly anything comes any more; whether it still is to look."""
        latest = monotonic() + LOAD_WAIT_MAX_S
        while monotonic() < latest:
            await self._rest(self.quiet_s)
            if self._ending.is_set() or not await self._holds():
                return False
            before, facts = facts, await self._end_of_log()
            if facts - before <= QUIET_FACTS_PER_S * self.quiet_s:
                break
        return True

    async def _end_of_log(self) -> int:
        return int((await self.graph.read("snapshot/read_end"))[0]["seq"])

    async def _still_waits(self) -> bool:
        await self._rest(IDLE_S)
        return not self._ending.is_set() and await self._holds()

    async def _holds(self) -> bool:
        rows = await self.graph.write(
            "ingest/renew_lease", name=LEASE, holder=self.holder, seconds=LEASE_S
        )
        return bool(rows[0]["held"])

    async def look(self) -> dict[str, Any]:
        """One look, and its alerts added to what is shown."""
        told = await self._ask(terms_of(self.books.plan))
        if told["alerts"]:
            await self._add(told["alerts"])
        self.seq = told["seq"]
        LOOKS.inc()
        SECONDS.set(told["seconds"])
        failed = told["failed"]
        if failed and self.warning is None:
            log.warning("screening.detectors_broken", kinds=failed)
        self.warning = BROKEN if failed else None
        FAILED_DETECTORS.set(len(failed))
        return told

    async def _add(self, alerts: Sequence[dict[str, Any]]) -> None:
        now = self.books.clock()
        while True:
            try:
                rows = await add_alerts(self.graph, alerts, millis_of(now))
                break
            except ScanStores:
                await asyncio.sleep(IDLE_S)
        for row in rows:
            FOUND.labels(row["kind"]).inc()
            log.info("screening.alert", kind=row["kind"], alertId=row["alertId"])
        if rows:
            await self._score(rows, now)

    async def _score(self, rows: Sequence[dict[str, Any]], now: datetime) -> None:
        """Tell the members' risk, with all that follows by the rules."""
        number = rows[0]["number"]
        named = canonical([[row["alertId"], row["score"], row["members"]] for row in rows])
        shown = Shown(
            f"{SCREENING} {digest(named)}",
            number,
            number,
            ALERT_SCORE,
            await reasons_for_scores(self.graph, number),
            MODEL,
        )
        await score_members(self.graph, shown, self.rules, now)

    async def _ask(self, wanted: dict[str, Any]) -> dict[str, Any]:
        if self._child is None:
            await self._start()
        assert self._child is not None
        return await self._say(self._child, wanted)

    async def _start(self, *, anew: bool = False) -> None:
        """Start the process that looks, from where a scan left columns.

        anew: what these hold is new as well.
        """
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "graph_service.screening.seeing"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**26,
        )
        self._child = child
        job = {
            "folder": str(self.settings.data_dir / "snapshots"),
            "registry": self.registry,
            "seed": 0,
            "anew": anew,
            "neo4j": connection_of(self.settings),
        }
        self.seq = int((await self._say(child, job))["seq"])

    async def _say(self, child: asyncio.subprocess.Process, told: dict[str, Any]) -> dict[str, Any]:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(json.dumps(told).encode() + b"\n")
            await child.stdin.drain()
            line = await child.stdout.readline()
        except (ConnectionError, ValueError) as fault:
            await self._end_child()
            raise ScreeningDied(f"the process that looks at new facts ended: {fault}") from fault
        except asyncio.CancelledError:
            # Its answer would be taken for that to the next question.
            await self._end_child()
            raise
        if not line:
            await self._end_child()
            raise ScreeningDied("the process that looks at new facts ended")
        return json.loads(line)

    @property
    def pid(self) -> int | None:
        """Of the process that looks, once there is one."""
        return None if self._child is None else self._child.pid

    async def close(self) -> None:
        """End the process that looks."""
        await self._end_child()

    async def _end_child(self) -> None:
        child, self._child, self.seq = self._child, None, 0
        if child is not None and child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()


@asynccontextmanager
async def screening(
    graph: Graph, books: Bookkeeper, rules: RiskRules, settings: Settings
) -> AsyncGenerator[Screener | None, None]:
    """New facts are looked at while this is open, unless settings say no."""
    if not settings.screening:
        yield None
        return
    if settings.neo4j_uri is None:
        raise GraphUnavailable("screening needs the address of the database")
    screener = Screener(graph, books, rules, settings)
    task = asyncio.create_task(keep_running(screener.run, "screening"))
    try:
        yield screener
    finally:
        await screener.end(task)
