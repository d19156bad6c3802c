"""A receiver that really listens, and a shop whose clock tests can set forward."""

import asyncio
import json
import ssl
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from graph_service.clock import utc_now
from graph_service.graph.session import Graph, Transaction
from graph_service.ids import new_id
from graph_service.ingest.facts import own_fact
from graph_service.ingest.store import record_own_facts
from graph_service.ingest.tokens import Tokeniser
from graph_service.pipeline import Pipeline
from graph_service.plans.document import seed_plan
from graph_service.settings import Settings
from graph_service.webhooks.messages import EVENTS
from graph_service.webhooks.sending import open_sender
from graph_service.webhooks.subscriptions import Webhook, create_webhook, secrets_of
from graph_service.webhooks.worker import Teller
from tests.conftest import Database
from tests.worlds import Event, event

PEPPER = b"pepper-of-the-tests"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Received:
    """One request that reached the receiver."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        return json.loads(self.body)

    def verify(self, secret: str) -> Any:
        """Raises WebhookVerificationError, as a receiver's own check does."""
        return Verifier(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """A receiver on this machine. answers: the next statuses; then 204."""

    url: str = ""
    answers: list[int] = field(default_factory=list[int])
    requests: list[Received] = field(default_factory=list[Received])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    text: bytes = b""

    @property
    def told(self) -> list[tuple[str, Any]]:
        """Type and data of what came, in the order of their types and members."""
        found = [(one.told["type"], one.told["data"]) for one in self.requests]
        return sorted(found, key=lambda one: (one[0], one[1].get("memberId", "")))


def handler_of(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.requests.append(Received(self.path, headers, body))
            status = receiver.answers.pop(0) if receiver.answers else 200
            self.send_response(status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(receiver.text)))
            self.end_headers()
            self.wfile.write(receiver.text)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    return Handler


@pytest.fixture
def receiver() -> Generator[Receiver]:
    found = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(found))
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@asynccontextmanager
async def raw_server(
    answer: bytes, *, closes: bool = True, context: ssl.SSLContext | None = None
) -> AsyncGenerator[str]:
    """The URL of a server that says these bytes, whatever it is sent, and then closes or not."""
    ended = asyncio.Event()
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(cast("asyncio.Task[None]", asyncio.current_task()))
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
        if not closes:
            await ended.wait()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        ended.set()
        server.close()
        await asyncio.gather(*talks)


@dataclass
class Shop:
    """A pipeline and a teller on one clock, which begins now, since receivers check the time."""

    pipeline: Pipeline
    teller: Teller
    now: datetime

    async def subscribe(self, url: str, *events: str) -> Webhook:
        """A webhook that is told these, or everything."""
        return await create_webhook(
            self.pipeline.graph, url, events or EVENTS, "", most=50, clock=self.pipeline.clock
        )

    def secrets(self, webhook: Webhook) -> list[str]:
        return secrets_of(PEPPER, webhook, int(self.now.timestamp() * 1_000))

    async def store(self, *events: Event) -> None:
        """Store, book, and let the ledger follow; nobody is told yet."""
        receipt = await self.pipeline.store(list(events))
        assert receipt.count("rejected") == 0, receipt
        assert await self.pipeline.settle_ledger(timeout_s=60)

    async def change_role(self, member_id: str) -> None:
        """Record a change of role, as the service does itself."""
        data = {"memberId": member_id, "role": "partner", "before": "promoter", "month": "2026-01"}
        fact = own_fact("role.changed", f"role {new_id()}", self.now, {**data, "reason": "kept"})

        async def work(transaction: Transaction) -> None:
            await record_own_facts(transaction, [fact])

        await self.pipeline.graph.write_together(work, name="test", timeout_s=10)
        assert await self.pipeline.settle_ledger(timeout_s=60)

    async def deliver(self) -> int:
        """Tell what there is to tell and send what is due; how many attempts were made."""
        await self.teller.tell()
        return await self.teller.deliver()

    def sale(self, name: str = "o", *, paid: timedelta = -DAY) -> list[Event]:
        """A seller whose share brings an order of 100 yuan of FMCG: 8 yuan are owed."""
        at = self.now + paid
        goods = {"productId": "tea", "categoryId": "fmcg", "quantity": 1, "amountMinor": 10_000}
        order = {"orderId": name, "memberId": "buyer", "amountMinor": 10_000, "currency": "CNY"}
        share = {"shareId": f"s-{name}", "memberId": "seller"}
        click = {"shareId": f"s-{name}", "memberId": "buyer"}
        return [
            event("share.created", f"share-{name}", at - 2 * DAY, share),
            event("share.clicked", f"click-{name}", at - DAY, click),
            event("order.paid", f"paid-{name}", at, {**order, "lines": [goods]}),
        ]

    def refund(self, name: str, amount_minor: int) -> Event:
        data = {"orderId": name, "refundId": new_id(), "amountMinor": amount_minor}
        return event("order.refunded", new_id(), self.now, data)

    def complete(self, name: str = "o", *, ago: timedelta = timedelta()) -> Event:
        return event("order.completed", new_id(), self.now - ago, {"orderId": name})

    def cancel(self, name: str, *, ago: timedelta = timedelta()) -> Event:
        return event("order.cancelled", new_id(), self.now - ago, {"orderId": name})

    def late_click(self, name: str, *, paid: timedelta) -> list[Event]:
        """A click that is told late: the order was the other's."""
        at = self.now + paid - timedelta(hours=1)
        share = {"shareId": f"s-late-{name}", "memberId": "other"}
        click = {"shareId": f"s-late-{name}", "memberId": "buyer"}
        return [
            event("share.created", f"late-{name}", at - DAY, share),
            event("share.clicked", f"late-click-{name}", at, click),
        ]


@pytest.fixture
async def shop(graph: Graph, database: Database, settings: Settings) -> AsyncGenerator[Shop]:
    """A shop that may send to this machine, on the empty graph."""
    open_settings = settings.model_copy(
        update={"webhook_private_hosts": True, "webhook_timeout_s": 2.0}
    )
    pipeline = Pipeline(graph, Tokeniser(PEPPER), seed_plan(), quiet_s=0)
    async with open_sender(open_settings) as sender:
        teller = Teller(graph, pipeline, sender, PEPPER, open_settings, chance=lambda: 0.5)
        shop = Shop(pipeline, teller, utc_now().replace(microsecond=0))
        pipeline.clock = lambda: shop.now
        yield shop


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 20) -> bool:
    """Does it come to hold within these seconds?"""
    for _ in range(int(seconds / 0.1)):
        if await holds():
            return True
        await asyncio.sleep(0.1)
    return False
