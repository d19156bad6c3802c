"""A Neo4j that may be stopped and killed, and what tells one graph from another."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from typing import Any

import pytest
from httpx2 import AsyncClient

from graph_service.graph.server import ManagedServer
from graph_service.settings import Settings
from tests.conftest import Database, client_of
from tests.faults.places import Place, own_place
from tests.worlds import NOW, Event

EVENTS = "/v1/events"


async def post(client: AsyncClient, events: list[Event]) -> list[str]:
    """Each event's status, a rejection with its code."""
    answer = await client.post(EVENTS, json=events)
    assert answer.status_code == 200, answer.text
    return [one.get("problem", {}).get("code", one["status"]) for one in answer.json()["results"]]


async def post_together(client: AsyncClient, batches: list[list[Event]]) -> list[str]:
    """The statuses of batches that were sent at the same time."""
    answers = await asyncio.gather(*(post(client, batch) for batch in batches))
    return [status for answer in answers for status in answer]


async def settled(database: Database) -> None:
    """Back when everything stored is booked by the app's own worker."""
    for _ in range(300):
        if not database.query("MATCH (f:Pending) RETURN count(f) AS facts")[0]["facts"]:
            return
        await asyncio.sleep(0.1)
    pytest.fail("facts are still pending after half a minute")


def snapshot(database: Database) -> dict[str, Any]:
    """All that is stored and derived; what the machinery of storing keeps is left out.

    So is the ledger, which follows the order of arrival and is proved by `verify`.
    """
    ledger = "Ledger", "LedgerPayee", "LedgerEntry", "Wallet", "WalletDay"
    machinery = *ledger, "Fact", "Lease", "Lock", "Sequence", "Migration", "ApiKey"
    # When wallets count an order follows from the ledger, too.
    passing = {"heldBy", "batch", "recordedAt", "releasedFrom"}
    nodes = database.query(
        "MATCH (n) WHERE none(label IN labels(n) WHERE label IN $machinery) "
        "RETURN labels(n) AS labels, properties(n) AS properties",
        machinery=machinery,
    )
    edges = database.query(
        "MATCH (a)-[r]->(b) WHERE none(label IN labels(a) WHERE label IN $machinery) "
        "AND NOT r:PASSED AND NOT r:CONCERNS RETURN type(r) AS type, "
        "properties(r) AS properties, properties(a) AS a, properties(b) AS b",
        machinery=machinery,
    )
    about = "MATCH (f:Fact)-[:ABOUT]->(x) RETURN f.key AS key, labels(x) AS what ORDER BY key, what"

    def plain(properties: dict[str, Any]) -> str:
        return str(sorted((key, str(one)) for key, one in properties.items() if key not in passing))

    facts = database.query("MATCH (f:Fact) RETURN f.key AS key, f.digest AS digest ORDER BY key")
    pending = database.query("MATCH (f:Pending) RETURN count(f) AS pending")
    return {
        "nodes": sorted(f"{row['labels']} {plain(row['properties'])}" for row in nodes),
        "edges": sorted(
            " ".join([row["type"], *(plain(row[name]) for name in ("properties", "a", "b"))])
            for row in edges
        ),
        "facts": facts,
        "about": database.query(about),
        "pending": pending,
    }


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    """The place of the tests that kill; in whatever state the one before left it."""
    with own_place(tmp_path_factory.mktemp("own"), tmp_path_factory.mktemp("notes")) as place:
        yield place


@pytest.fixture
def place(house: Place) -> Generator[Place]:
    """A place whose Neo4j runs and whose graph is empty; its processes are ended afterwards."""
    house.server.start()
    house.database.clear()
    try:
        yield house
    finally:
        house.signal_neo4j(signal.SIGCONT)
        house.end_processes()


@dataclass(frozen=True)
class OwnServer:
    """A Neo4j that may be stopped and killed without harm to other tests."""

    managed: ManagedServer
    settings: Settings

    @property
    def database(self) -> Database:
        return Database(self.settings)

    def send(self, number: signal.Signals) -> None:
        status = self.managed.status()
        assert status is not None
        os.kill(status.pid, number)


@pytest.fixture
def own_server(place: Place) -> OwnServer:
    """The place's Neo4j, for apps within this process."""
    # What a look at new facts says depends on when it came; what is stored must not.
    settings = place.database.settings.model_copy(update={"screening": False})
    return OwnServer(place.server, settings)


@pytest.fixture
async def own_client(own_server: OwnServer) -> AsyncGenerator[AsyncClient]:
    """A client of the app on the own server, whose graph is empty."""
    async with client_of(own_server.settings, lambda: NOW) as client:
        await asyncio.to_thread(own_server.database.clear)
        yield client
