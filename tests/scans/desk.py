"""A desk at which scans are asked for: the whole app with detectors of the tests."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from graph_service.app import create_app
from graph_service.scans.working import Scanner
from graph_service.settings import Settings
from tests.conftest import KEY, Database
from tests.worlds import NOW, START, Event, event, order_data

SCANS, ALERTS = "/v1/fraud/scans", "/v1/fraud/alerts"
DETECTORS = "tests.scans.detectors"


@dataclass
class ScanDesk:
    """The opened app, and what tests ask of it."""

    app: FastAPI
    client: AsyncClient
    database: Database

    @property
    def scanner(self) -> Scanner:
        """The scanner of the app."""
        return self.app.state.scanner

    async def store(self, events: Sequence[Event]) -> None:
        """Store and book events."""
        answer = await self.client.post("/v1/events?wait=true", json=list(events))
        assert answer.json()["accepted"] == len(events), answer.text

    async def ask(self, mode: str = "full") -> str:
        """The id of a scan that was asked for."""
        answer = await self.client.post(SCANS, json={"mode": mode})
        assert answer.status_code == 202, answer.text
        assert answer.headers["location"] == f"{SCANS}/{answer.json()['scanId']}"
        return answer.json()["scanId"]

    async def scan(self, scan_id: str) -> dict[str, Any]:
        """What is told of a scan."""
        answer = await self.client.get(f"{SCANS}/{scan_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ended(self, scan_id: str, *, patience_s: float = 60) -> dict[str, Any]:
        """What is told of a scan once it has ended."""
        async with asyncio.timeout(patience_s):
            while (told := await self.scan(scan_id))["status"] in ("queued", "running"):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        return told

    async def scanned(self, mode: str = "full") -> dict[str, Any]:
        """What is told of a scan that was asked for and is done."""
        told = await self.ended(await self.ask(mode))
        assert told["status"] == "done", told
        return told

    async def alerts(self, query: str = "") -> list[dict[str, Any]]:
        """The alerts that a query lists."""
        answer = await self.client.get(f"{ALERTS}{query}")
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    async def key(self, *scopes: str) -> dict[str, str]:
        """Headers of a new key with these scopes."""
        made = (await self.client.post("/v1/keys", json={"name": "n", "scopes": scopes})).json()
        return {"Authorization": f"Bearer {made['key']}"}


@asynccontextmanager
async def scan_desk_of(
    settings: Settings, database: Database, folder: Path, registry: str = DETECTORS
) -> AsyncGenerator[ScanDesk]:
    """A desk whose snapshots lie in this folder."""
    app = create_app(settings.model_copy(update={"data_dir": folder}))
    async with app.router.lifespan_context(app):
        app.state.pipeline.clock = lambda: NOW
        app.state.scanner.registry = registry
        transport = ASGITransport(app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {KEY}"}
        async with AsyncClient(
            transport=transport, base_url="http://service", headers=headers, timeout=60
        ) as client:
            yield ScanDesk(app, client, database)


def ring(name: str, members: Sequence[str], *, day: int = 10, first: int = 0) -> list[Event]:
    """Members of one device who each buy once of one shop. first: number of the first event."""
    at = START + timedelta(days=day)
    events: list[Event] = []
    for number, member in enumerate(members, first):
        moment = at + timedelta(minutes=number)
        seen = {"kind": "device", "value": f"device-of-{name}"}
        order = order_data(f"order-{member}-{name}-{day}", member, 10_000)
        told = [
            ("identity.observed", {"memberId": member, **seen}),
            ("order.paid", {**order, "shopId": f"shop-{name}"}),
        ]
        if day == 10:
            told.insert(0, ("member.joined", {"memberId": member}))
        events += [
            event(kind, f"{name}-{member}-{day}-{place}", moment + timedelta(seconds=place), data)
            for place, (kind, data) in enumerate(told)
        ]
    return events
