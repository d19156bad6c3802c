"""A browser without a screen: somebody at the console of the whole app, and a ring to look at."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response

from graph_service.app import create_app
from graph_service.settings import Settings
from tests.conftest import KEY, Database
from tests.scans.desk import ScanDesk, ring
from tests.scans.kept import alert, found_by
from tests.worlds import NOW, START, Event, event

TOKEN = re.compile(r'name="token" value="([^"]+)"')
VERSION = re.compile(r'name="version" value="([^"]+)"')
RING = [f"m-{number}" for number in range(1, 9)]
LOCAL = "http://localhost"


def invited_ring() -> list[Event]:
    """A ring whose orders earn somebody who invited its accounts."""
    at = START + timedelta(days=1)
    told = [event("member.joined", "boss", at, {"memberId": "boss", "role": "promoter"})]
    told += [
        event("referral.bound", f"b-{one}", at, {"memberId": one, "inviterId": "boss"})
        for one in RING
    ]
    bought = ring("a", RING)
    for one in bought:
        for line in one["data"].get("lines", ()):
            line["categoryId"] = "fmcg"
    return [*told, *bought]


class ConsoleDesk(ScanDesk):
    """A desk of scans whose client also keeps cookies, as a browser does."""

    async def log_in(self, key: str = KEY, following: str = "") -> Response:
        """The answer to the form of the login."""
        page = await self.client.get("/console/login")
        form = {"key": key, "token": token_in(page), "next": following}
        return await self.client.post("/console/login", data=form)

    async def made_key(self, *scopes: str) -> str:
        """The secret of a new key with these scopes."""
        return (await self.key(*scopes))["Authorization"].removeprefix("Bearer ")

    async def key(self, *scopes: str) -> dict[str, str]:
        """Headers of a new key with these scopes."""
        wanted = {"name": "key of a test", "scopes": scopes}
        admin = {"Authorization": f"Bearer {KEY}"}
        made = (await self.client.post("/v1/keys", json=wanted, headers=admin)).json()
        return {"Authorization": f"Bearer {made['key']}"}

    async def page(self, path: str, lang: str = "en", **query: str) -> Response:
        """A page of the console."""
        return await self.client.get(f"/console{path}", params={"lang": lang, **query})

    async def done(self, path: str) -> Response:
        """A page that asks again and again, once it has ended doing so."""
        async with asyncio.timeout(60):
            while 'hx-trigger="every 1s"' in (page := await self.page(path)).text:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        return page

    async def sent(self, path: str, from_page: str = "/help", **form: Any) -> Response:
        """The answer to a form of a page, which tells the version of the case if there is one."""
        page = await self.page(from_page)
        found = VERSION.search(page.text)
        told = {"token": token_in(page)} | ({"version": found[1]} if found else {})
        return await self.client.post(f"/console{path}", data={**told, **form})

    async def ring_case(self) -> str:
        """The case of a ring that was stored and scanned for."""
        await self.store_as_admin(ring("a", RING))
        scan = await self.client.post("/v1/fraud/scans", json={"mode": "full"}, headers=ADMIN)
        scan_id = scan.json()["scanId"]
        async with asyncio.timeout(60):
            while (await self.told(f"/v1/fraud/scans/{scan_id}"))["status"] != "done":  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        return (await self.told("/v1/cases"))["items"][0]["caseId"]

    async def quick_case(self, *, score: float = 0.99) -> str:
        """The case of a ring that a promoter invited and that somebody says a scan found."""
        await self.store_as_admin(invited_ring())
        orders = [f"order-{one}-a-10" for one in RING]
        found = alert(RING, score=score, orderIds=orders, amountAtRiskMinor=80_000)
        await found_by(self.app.state.graph, 1, [found], NOW)
        await self.app.state.pipeline.settle_ledger(timeout_s=30)
        return (await self.told("/v1/cases"))["items"][0]["caseId"]

    async def store_as_admin(self, events: list[dict[str, Any]]) -> None:
        """Store and book events."""
        answer = await self.client.post("/v1/events?wait=true", json=events, headers=ADMIN)
        assert answer.json()["accepted"] == len(events), answer.text

    async def decided(self, wanted: dict[str, Any]) -> str:
        """What is decided of a payout."""
        answer = await self.client.post("/v1/payouts:decide", json=wanted, headers=ADMIN)
        assert answer.status_code == 200, answer.text
        return answer.json()["decision"]

    async def told(self, path: str) -> dict[str, Any]:
        """What the API answers an admin."""
        answer = await self.client.get(path, headers=ADMIN)
        assert answer.status_code == 200, answer.text
        return answer.json()


ADMIN = {"Authorization": f"Bearer {KEY}"}


def token_in(page: Response) -> str:
    """The token of the forms of a page."""
    found = TOKEN.search(page.text)
    assert found is not None, page.text
    return found[1]


@asynccontextmanager
async def console_desk_of(
    settings: Settings, database: Database, folder: Path
) -> AsyncGenerator[ConsoleDesk]:
    """A desk at NOW whose detectors are those of the tests."""
    app = opened_app(settings, folder)
    async with app.router.lifespan_context(app):
        app.state.pipeline.clock = lambda: NOW
        app.state.scanner.registry = "tests.scans.detectors"
        transport = ASGITransport(app, raise_app_exceptions=False)
        async with AsyncClient(transport=transport, base_url=LOCAL, timeout=60) as client:
            yield ConsoleDesk(app, client, database)


def opened_app(settings: Settings, folder: Path) -> FastAPI:
    """The app with its snapshots in this folder."""
    return create_app(settings.model_copy(update={"data_dir": folder}))
