"""The task that follows the ledger and sends: one in each process, of which one at a time works."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import structlog
from prometheus_client import Counter, Gauge

from graph_service.clock import from_micros
from graph_service.errors import ServiceError
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.ids import new_id
from graph_service.settings import Settings
from graph_service.webhooks.deliveries import (
    Attempt,
    Taken,
    record_attempt,
    take_deliveries,
)
from graph_service.webhooks.following import follow_clock, follow_log, hold_lease
from graph_service.webhooks.releasing import Books
from graph_service.webhooks.sending import Result, Sender, open_sender, signed_headers
from graph_service.webhooks.subscriptions import Webhook, all_webhooks, millis_of, secrets_of
from graph_service.workers import keep_running, note_failure

log = structlog.get_logger()

ATTEMPTS = Counter("webhook_attempts", "Attempts to deliver by what became of them", ["result"])
PENDING = Gauge(
    "webhook_pending",
    "Deliveries that wait to be sent to webhooks that are enabled, at most 1000 of each",
)
OLDEST = Gauge("webhook_oldest_pending_seconds", "Age of the oldest of them")
# Of each webhook so many deliveries that wait are looked at, those due first.
MEASURED_MAX = 1_000
MEASURE_TIMEOUT_S = 30.0
# How often an idle worker looks for what is to be told or sent (s).
IDLE_S = 1.0
MEASURE_S, CLEAN_S = 15.0, 3_600.0
# How long sending that is under way may go on when the service ends (s).
ENDING_S = 3.0
# How long what the worker is asking the database may go on before that (s).
STEP_S = 5.0
# How long nothing is sent to a webhook where what came of it could not be kept (s).
LANE_REST_S = 30.0
REMOVED_TOGETHER = 1_000
DAY_MS = 86_400_000


@dataclass
class Teller:
    """Tells webhooks what is booked and released. Start `run` as a task.

    chance: from 0 to 1, spreads what is tried again.
    """

    graph: Graph
    books: Books
    sender: Sender
    pepper: bytes
    settings: Settings
    chance: Callable[[], float] = random.random
    lane_rest_s: float = LANE_REST_S
    holder: str = field(default_factory=new_id)
    _lanes: dict[str, asyncio.Task[int]] = field(default_factory=dict[str, asyncio.Task[int]])
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _ending: bool = False

    def wake(self) -> None:
        """Look at once for what is to be sent."""
        self._wanted.set()

    async def tell(self) -> None:
        """Write the messages of everything that is booked or released by now."""
        while not self._ending and await self._tell_some():
            pass

    async def _tell_some(self) -> bool:
        """One step along the ledger and one along the clock; is there more?"""
        more = await follow_log(self.graph, self.books, self.holder)
        return await follow_clock(self.graph, self.books, self.holder) or more

    async def deliver(self) -> int:
        """Send what is due, a few to each webhook, and wait for it; how many attempts were made."""
        lanes = await self._start()
        return sum(await asyncio.gather(*lanes))

    async def run(self) -> None:
        """Tell and send until it is to end; a failure is logged and tried again.

        A webhook that is slow holds up nobody but itself: each has a lane of its own.
        """
        try:
            loop = asyncio.get_running_loop()
            measured = cleaned = -CLEAN_S
            while not self._ending:
                self._wanted.clear()
                more = False
                try:
                    more = await self._tell_some()
                    await self._start()
                    if loop.time() - measured > MEASURE_S:
                        measured = loop.time()
                        await self.measure()
                    if loop.time() - cleaned > CLEAN_S:
                        cleaned = loop.time()
                        await self.clean()
                except ServiceError as fault:
                    log.warning("webhooks.failed", code=fault.code, reason=str(fault))
                with suppress(TimeoutError):
                    async with asyncio.timeout(0 if more or self._ending else IDLE_S):
                        await self._wanted.wait()
        finally:
            await self._let_go()

    async def measure(self) -> None:
        """Bring the gauges up to date; of several processes one does, and the others say 0."""
        ids = [one.webhook_id for one in await all_webhooks(self.graph) if one.enabled]

        async def work(transaction: Transaction) -> list[Row]:
            if not await hold_lease(transaction, self.holder):
                return []
            return await transaction.run(
                "webhooks/count_pending", webhookIds=ids, limit=MEASURED_MAX
            )

        rows = list[Row]()
        if ids:
            rows = await self.graph.write_together(
                work, name="webhooks/measure", timeout_s=MEASURE_TIMEOUT_S
            )
        oldest_ms: int | None = rows[0]["oldestMillis"] if rows else None
        now_ms = millis_of(self.books.clock)
        PENDING.set(rows[0]["pending"] if rows else 0)
        OLDEST.set(0 if oldest_ms is None else max(now_ms - oldest_ms, 0) / 1_000)

    async def clean(self) -> None:
        """Remove what is older than it is kept."""
        before = millis_of(self.books.clock) - self.settings.webhook_keep_days * DAY_MS
        removed = REMOVED_TOGETHER
        while removed >= REMOVED_TOGETHER and not self._ending:
            rows = await self.graph.write(
                "webhooks/remove_messages", beforeMillis=before, limit=REMOVED_TOGETHER
            )
            removed = rows[0]["removed"]

    async def _start(self) -> list[asyncio.Task[int]]:
        """Begin to send what is due to webhooks to which nothing is being sent."""
        self._lanes = {one: lane for one, lane in self._lanes.items() if not lane.done()}
        webhooks = {
            one.webhook_id: one
            for one in await all_webhooks(self.graph)
            if one.enabled and one.webhook_id not in self._lanes
        }
        if not webhooks:
            return []
        taken = await take_deliveries(
            self.graph,
            list(webhooks),
            self.holder,
            self.books.clock,
            self.settings.webhook_timeout_s,
        )
        lanes: list[asyncio.Task[int]] = []
        for webhook_id in sorted({one.webhook_id for one in taken}):
            mine = [one for one in taken if one.webhook_id == webhook_id]
            lane = asyncio.create_task(self._send_all(webhooks[webhook_id], mine))
            lane.add_done_callback(lambda _: self.wake())
            self._lanes[webhook_id] = lane
            lanes.append(lane)
        return lanes

    async def _send_all(self, webhook: Webhook, taken: Sequence[Taken]) -> int:
        sending = (self._send(webhook, one) for one in taken)
        found = await asyncio.gather(*sending, return_exceptions=True)
        faults = [one for one in found if isinstance(one, Exception)]
        for fault in faults:
            note_failure("webhooks", fault)
        if faults:
            # The lane stays taken meanwhile, so nothing is sent over and over.
            await asyncio.sleep(self.lane_rest_s)
        return len(taken)

    async def _send(self, webhook: Webhook, taken: Taken) -> None:
        """One attempt. Where it cannot be kept, it is made again once the delivery is free."""
        loop = asyncio.get_running_loop()
        began, at_ms = loop.time(), millis_of(self.books.clock)
        result = await self._post(webhook, taken, at_ms)
        attempt = Attempt(taken, result, at_ms, round(1_000 * (loop.time() - began)))
        try:
            status = await record_attempt(
                self.graph, webhook, attempt, self.books.clock, self.chance
            )
        except ServiceError as fault:
            log.warning("webhooks.unrecorded", code=fault.code, deliveryId=taken.delivery_id)
            return
        ATTEMPTS.labels("retried" if status == "pending" else status).inc()
        if not result.delivered:
            log.info(
                "webhook.refused",
                deliveryId=taken.delivery_id,
                webhookId=webhook.webhook_id,
                status=result.status,
                fault=result.fault,
            )

    async def _post(self, webhook: Webhook, taken: Taken, at_ms: int) -> Result:
        """How it went; an error that nobody foresaw is tried again as late as any other."""
        try:
            headers = signed_headers(
                secrets_of(self.pepper, webhook, at_ms),
                taken.message_id,
                from_micros(1_000 * at_ms),
                taken.body,
            )
            return await self.sender.send(webhook.url, taken.body, headers)
        except Exception as fault:  # noqa: BLE001
            note_failure("webhooks", fault)
            return Result(None, "unforeseen")

    async def end(self, running: asyncio.Task[None]) -> None:
        """End `run` after its step, since a question that is cut off leaves its connection open.

        It is cancelled where the database does not answer for a while.
        """
        self._ending = True
        self.wake()
        await asyncio.wait([running], timeout=STEP_S)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    async def _let_go(self) -> None:
        """Let what is being sent arrive for a little while, then let go of it."""
        lanes = [lane for lane in self._lanes.values() if not lane.done()]
        if not lanes:
            return
        _, left = await asyncio.wait(lanes, timeout=ENDING_S)
        for lane in left:
            lane.cancel()
        await asyncio.gather(*left, return_exceptions=True)


@asynccontextmanager
async def telling(
    graph: Graph, books: Books, pepper: bytes, settings: Settings
) -> AsyncGenerator[Teller, None]:
    """Webhooks are told and sent to while this is open."""
    async with open_sender(settings) as sender:
        teller = Teller(graph, books, sender, pepper, settings)
        task = asyncio.create_task(keep_running(teller.run, "webhooks"))
        try:
            yield teller
        finally:
            await teller.end(task)
