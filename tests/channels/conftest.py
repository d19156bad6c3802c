"""A shop whose channels are configured."""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from pydantic import SecretStr

from graph_service.settings import Settings
from tests.channels.signing import SECRETS, Signed
from tests.conftest import Database, client_of
from tests.worlds import NOW


@dataclass
class Shop:
    """The app, and what is stored."""

    client: AsyncClient
    database: Database

    async def send(self, signed: Signed) -> Response:
        """A callback as its platform sends it: without a key."""
        return await self.client.post(
            f"/v1/channels/{signed.channel}/callbacks",
            content=signed.body,
            params=signed.query,
            headers={**signed.headers, "Authorization": "", "Content-Type": "application/json"},
        )

    async def take(self, *callbacks: Signed) -> None:
        """Callbacks that are taken."""
        for signed in callbacks:
            answer = await self.send(signed)
            assert answer.status_code == 200, answer.text

    def events(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Source, type and data of what is stored, in the order in which it happened."""
        rows = self.database.query(
            "MATCH (f:Fact) WHERE f.source STARTS WITH 'channel:' "
            "RETURN f.source AS source, f.type AS type, f.data AS data "
            "ORDER BY f.time, f.type, f.eventId"
        )
        return [(row["source"], row["type"], json.loads(row["data"])) for row in rows]

    def orders(self) -> list[dict[str, Any]]:
        """The orders that there are."""
        return self.database.query(
            "MATCH (o:Order) OPTIONAL MATCH (r:Refund)-[:REFUNDS]->(o) "
            "WITH o, count(r) AS refunds ORDER BY o.orderId "
            "RETURN o.orderId AS orderId, o.amountMinor AS amountMinor, o.status AS status, "
            "o.refundedMinor AS refundedMinor, refunds"
        )

    async def suspects(self) -> list[tuple[str, str, list[str]]]:
        """Number, code and candidates of what is not clear."""
        answer = await self.client.get("/v1/channels/suspects")
        assert answer.status_code == 200, answer.text
        return [
            (one["platformOrderNo"], one["code"], one["candidates"])
            for one in answer.json()["items"]
        ]

    async def reports(self, order_id: str) -> list[dict[str, Any]]:
        """What channels report of an order."""
        answer = await self.client.get(f"/v1/orders/{order_id}/channels")
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    def rejected(self) -> list[tuple[str, str]]:
        """Type and reason of what is in quarantine."""
        rows = self.database.query("MATCH (r:Rejected) RETURN r.type AS type, r.code AS code")
        return sorted((row["type"], row["code"]) for row in rows)


def with_channels(settings: Settings, secrets: str = SECRETS) -> Settings:
    return settings.model_copy(update={"channel_secrets": SecretStr(secrets)})


@pytest.fixture
async def shop(settings: Settings, database: Database) -> AsyncGenerator[Shop]:
    """The app with all its channels, at the time NOW."""
    async with client_of(with_channels(settings), lambda: NOW) as client:
        yield Shop(client, database)
