"""Opening the graph: the server that the settings name, else the managed one, with its schema."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from graph_service.graph.queries import load_queries
from graph_service.graph.schema import load_migrations, migrate
from graph_service.graph.server import ManagedServer, ServerAddress
from graph_service.graph.session import Graph, Transaction
from graph_service.settings import Settings

# How long a server that hangs, or one that is busy with its own start, is waited for (s).
FIRST_ANSWER_S = 15.0


@dataclass(frozen=True)
class OpenGraph:
    """A graph ready for use. address: of the managed server; None where NEO4J_URI is used."""

    graph: Graph
    address: ServerAddress | None


@asynccontextmanager
async def open_graph(settings: Settings) -> AsyncGenerator[OpenGraph, None]:
    """Connect and migrate; a managed server that was not running is stopped at the end.

    Raises GraphUnavailable, and QueryInvalid where query files and database do not fit.
    """
    queries, migrations = load_queries(), load_migrations()
    async with _addressed(settings) as address:
        home = address.home if address else None
        named = settings_for(settings, address) if address else settings
        graph = Graph.connect(named, queries, home=home)
        try:
            await graph.read_together(_ask, name="graph/check_health", timeout_s=FIRST_ANSWER_S)
            await migrate(graph, migrations)
            yield OpenGraph(graph, address)
        finally:
            await graph.close()


async def _ask(transaction: Transaction) -> None:
    await transaction.run("graph/check_health")


@asynccontextmanager
async def _addressed(settings: Settings) -> AsyncGenerator[ServerAddress | None, None]:
    """The managed server while it runs, None where the settings name another."""
    if settings.neo4j_uri is not None:
        yield None
        return
    server = ManagedServer(settings.data_dir / "neo4j", settings)
    ours = await asyncio.to_thread(server.status) is None
    start = asyncio.ensure_future(asyncio.to_thread(server.start))
    try:
        yield await asyncio.shield(start)
    finally:
        # A start goes on in its thread when who asked for it is gone: it is ended after it.
        await asyncio.wait([start])
        if ours and start.exception() is None:
            await asyncio.to_thread(server.stop)


def settings_for(settings: Settings, address: ServerAddress) -> Settings:
    """The same settings, pointing at the managed server."""
    return settings.model_copy(
        update={
            "neo4j_uri": address.bolt_uri,
            "neo4j_username": address.username,
            "neo4j_password": SecretStr(address.password),
        }
    )
