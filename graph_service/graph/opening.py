"""Opening the graph: the server that the settings name, else the managed one, with its schema."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from pydantic import SecretStr

from graph_service.graph.queries import load_queries
from graph_service.graph.schema import load_migrations, migrate
from graph_service.graph.server import ManagedServer, ServerAddress
from graph_service.graph.session import Graph
from graph_service.settings import Settings

log = structlog.get_logger()


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
    server: ManagedServer | None = None
    address: ServerAddress | None = None
    started = False
    if settings.neo4j_uri is None:
        server = ManagedServer(settings.data_dir / "neo4j", settings)
        started = await asyncio.to_thread(server.status) is None
        address = await asyncio.to_thread(server.start)
        settings = settings_for(settings, address)
    graph = Graph.connect(settings, queries)
    try:
        await migrate(graph, migrations)
        yield OpenGraph(graph, address)
    finally:
        await graph.close()
        if server is not None and started:
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
