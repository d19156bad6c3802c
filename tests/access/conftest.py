"""An app whose keys, clock and counts tests can reach."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response

from graph_service.access.ring import KeyRing
from graph_service.app import create_app
from graph_service.settings import Settings
from tests.conftest import KEY, Database
from tests.worlds import NOW

KEYS = "/v1/keys"


@dataclass
class House:
    """The opened app and a client that sends the bootstrap key."""

    app: FastAPI
    client: AsyncClient
    now: datetime = NOW

    @property
    def ring(self) -> KeyRing:
        return self.app.state.key_ring

    def pass_time(self, **spans: float) -> None:
        """Set the clock that judges expiry forward."""
        self.now += timedelta(**spans)

    async def made(self, *scopes: str, **more: Any) -> dict[str, Any]:
        """A new key as the answer tells it."""
        wanted = {"name": "a key", "scopes": scopes or ["read"], **more}
        answer = await self.client.post(KEYS, json=wanted)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def ask(self, key: str, path: str = "/v1/members/m", method: str = "GET") -> Response:
        """The answer to a request with this key."""
        headers = [(b"Authorization", b"Bearer " + key.encode("latin-1"))]
        return await self.client.request(method, path, headers=headers)

    async def code(self, key: str) -> str:
        """What a request with this key comes to: the code of its problem."""
        return (await self.ask(key)).json()["code"]

    async def change(self, key_id: str, verb: str, **body: Any) -> Response:
        """The answer to a rotation or revocation by the bootstrap key."""
        return await self.client.post(f"{KEYS}/{key_id}:{verb}", json=body or None)


@asynccontextmanager
async def house_of(settings: Settings, **changes: Any) -> AsyncGenerator[House]:
    """The app with changed settings, its clock at NOW until it is set forward."""
    app = create_app(settings.model_copy(update=changes))
    async with app.router.lifespan_context(app):
        transport = ASGITransport(app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {KEY}"}
        async with AsyncClient(
            transport=transport, base_url="http://service", headers=headers, timeout=60
        ) as client:
            house = House(app, client)
            app.state.key_ring.clock = lambda: house.now
            yield house


@pytest.fixture
async def house(settings: Settings, database: Database) -> AsyncGenerator[House]:
    async with house_of(settings) as opened:
        yield opened


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 10) -> bool:
    """Does it come to hold within these seconds?"""
    for _ in range(int(seconds / 0.05)):
        if await holds():
            return True
        await asyncio.sleep(0.05)
    return False
