"""A desk of the risk team: the app with a clock that tests set forward, and a few members."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from httpx2 import AsyncClient, Response

from graph_service.graph.opening import open_graph
from graph_service.graph.session import Transaction
from graph_service.holds.placing import Hold, Lifting, lift_hold, millis_of
from graph_service.settings import Settings
from tests.conftest import Database, client_of
from tests.worlds import NOW, START, event, spelled

HOLDS = "/v1/holds"
# Two accounts of one person, and somebody else.
ACCOUNTS, OTHER = ("lin", "lin-2"), "chen"
PERSON = """
UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
MERGE (p:Person {personId: 'p-lin'})
MERGE (m)-[:IS_PERSON]->(p)
"""
FACTS = """
MATCH (f:Fact)
WHERE f.type STARTS WITH 'hold.' OR f.type STARTS WITH 'case.' OR f.type STARTS WITH 'risk.'
RETURN f.type AS type, f.data AS data, toString(f.time) AS at
ORDER BY f.time, type, data
"""


@dataclass
class Desk:
    """The opened app and the time it thinks it is."""

    client: AsyncClient
    database: Database
    moments: list[datetime]

    @property
    def now(self) -> datetime:
        return self.moments[-1]

    def pass_time(self, **spans: float) -> None:
        """Set the clock forward."""
        self.moments.append(self.now + timedelta(**spans))

    async def key(self, *scopes: str) -> dict[str, str]:
        """Headers of a new key with these scopes."""
        wanted = {"name": f"risk {len(scopes)}", "scopes": scopes}
        made = (await self.client.post("/v1/keys", json=wanted)).json()
        return {"Authorization": f"Bearer {made['key']}"}

    async def place(self, member_id: str = "lin", **more: Any) -> dict[str, Any]:
        """A hold that was placed."""
        wanted = {"memberId": member_id, "reason": "many accounts at one address", **more}
        answer = await self.client.post(HOLDS, json=wanted)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def lift(self, hold_id: str, reason: str = "they are sisters") -> Response:
        """The answer to a request to lift a hold."""
        return await self.client.post(f"{HOLDS}/{hold_id}:lift", json={"reason": reason})

    async def end(self, hold_id: str, reason: str = "they are sisters") -> None:
        """End a hold whose case is open, as a decision would."""
        lifting = Lifting("somebody", reason, millis_of(self.now))

        async def work(transaction: Transaction) -> Hold:
            return await lift_hold(transaction, hold_id, lifting)

        async with open_graph(self.database.settings) as opened:
            await opened.graph.write_together(work, name="test", timeout_s=10)

    async def held(self, member_id: str) -> list[str]:
        """Ids of the holds in force on any account of the member's person."""
        answer = await self.client.get(f"{HOLDS}?memberId={member_id}&active=true")
        assert answer.status_code == 200, answer.text
        return [one["holdId"] for one in answer.json()["items"]]

    def facts(self) -> list[tuple[str, dict[str, Any]]]:
        """Type and data of what the two rooms recorded, in order of time."""
        return [(row["type"], json.loads(row["data"])) for row in self.database.query(FACTS)]

    def types(self) -> list[str]:
        """The types of what was recorded, sorted."""
        return sorted(kind for kind, _ in self.facts())

    def one_person(self) -> None:
        """Make the two accounts one person."""
        self.database.query(PERSON, memberIds=list(ACCOUNTS))

    async def booked(self) -> None:
        """Wait until all that was recorded so far is booked."""
        told = event("member.active", f"seen {len(self.moments)}", self.now, {"memberId": OTHER})
        answer = await self.client.post("/v1/events?wait=true", json=[told])
        assert answer.json()["accepted"] == 1, answer.text

    def later(self, **spans: float) -> str:
        """A time so much later than now, as requests have it."""
        return spelled(self.now + timedelta(**spans))


@asynccontextmanager
async def desk_of(settings: Settings, database: Database) -> AsyncGenerator[Desk]:
    """A desk on the empty graph, with its members."""
    moments = [NOW]
    async with client_of(settings, lambda: moments[-1]) as client:
        desk = Desk(client, database, moments)
        joined = [
            event("member.joined", one, START, {"memberId": one}) for one in (*ACCOUNTS, OTHER)
        ]
        answer = await client.post("/v1/events?wait=true", json=joined)
        assert answer.json()["accepted"] == len(joined), answer.text
        yield desk
