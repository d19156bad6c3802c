"""One real Neo4j for the whole run: NEO4J_URI, else the managed server, else a container."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import SystemRandom
from typing import Any, LiteralString, cast

import hypothesis
import pytest
import structlog
from httpx2 import ASGITransport, AsyncClient
from neo4j import Driver, GraphDatabase, Query
from pydantic import SecretStr

from graph_service.app import create_app
from graph_service.graph import server as server_file
from graph_service.graph.opening import open_graph, settings_for
from graph_service.graph.server import ManagedServer
from graph_service.graph.session import Graph
from graph_service.ingest.tokens import Tokeniser
from graph_service.pipeline import Pipeline
from graph_service.plans.document import seed_plan
from graph_service.settings import Settings
from tests.worlds import NOW

# Machines are shared: how long an example takes says nothing of what it tests.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

KEY = "test-admin-key-of-the-suite"
IMAGE = "neo4j:5.26-community"
CONTAINER_SETTINGS = {
    "NEO4J_dbms_usage__report_enabled": "false",
    "NEO4J_client_allow__telemetry": "false",
    "NEO4J_server_memory_heap_max__size": "768m",
    "NEO4J_server_memory_pagecache_size": "256m",
    "NEO4J_db_transaction_timeout": "120s",
    "NEO4J_db_lock_acquisition_timeout": "10s",
}
# Below those that systems give to connections, and none that a Neo4j takes by default.
PORTS = range(20_000, 30_000, 2)
CLEAR = """
MATCH (n)
WHERE NOT n:Migration AND NOT n:Lock
CALL (n) {
  DETACH DELETE n
} IN TRANSACTIONS OF 10000 ROWS
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--neo4j",
        choices=("managed", "container"),
        default="managed",
        help="Where tests run their queries, unless NEO4J_URI names a server.",
    )


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Generator[None]:
    """A command that ran within a test has set up logs for itself."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def base_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the suite, but for the server."""
    return Settings(
        data_dir=tmp_path_factory.mktemp("data"),
        bootstrap_api_key=SecretStr(KEY),
        pepper=SecretStr("pepper-of-the-tests"),
        screening=False,
        neo4j_heap_mib=768,
        neo4j_page_cache_mib=256,
    )


@pytest.fixture(scope="session")
def settings(request: pytest.FixtureRequest, base_settings: Settings) -> Generator[Settings]:
    """Settings that point at a server which answers."""
    if base_settings.neo4j_uri is not None:
        # Each test empties the database that it uses.
        assert os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1") == "1", "one server, so no -n"
        yield base_settings
    elif request.config.getoption("--neo4j") == "container":
        yield request.getfixturevalue("container_settings")
    else:
        server = ManagedServer(base_settings.data_dir / "neo4j", base_settings)
        choose_ports(server.home)
        try:
            yield settings_for(base_settings, server.start())
        finally:
            server.stop()


def choose_ports(home: Path) -> None:
    """Give a server that never ran ports that no other takes, also while it is dead."""
    first = SystemRandom().choice(PORTS)
    bolt, http = server_file._free_ports((first, first + 1))  # pyright: ignore[reportPrivateUsage]
    state = {"pid": 0, "birth": "", "bolt_port": bolt, "http_port": http}
    home.mkdir(parents=True, exist_ok=True)
    (home / "state.json").write_text(json.dumps({**state, "bolt_uri": "", "java": ""}))


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> None:
    """A container engine that answers; where there is none, tests of it are skipped."""
    # In a process of its own: a client that finds nobody leaves its socket open.
    probe = "from testcontainers.core.docker_client import DockerClient as C; C().client.ping()"
    command = [sys.executable, "-c", probe]
    asked = subprocess.run(command, check=False, capture_output=True, text=True)
    if asked.returncode:
        reason = f"no container engine answers: {asked.stderr.strip().splitlines()[-1]}"
        if request.config.getoption("--neo4j") == "container":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def container_settings(engine: None, base_settings: Settings) -> Generator[Settings]:
    """Settings that point at Neo4j in a container."""
    from testcontainers.community.neo4j import Neo4jContainer

    container = Neo4jContainer(IMAGE, username="neo4j", password="password-of-the-tests")
    for name, value in CONTAINER_SETTINGS.items():
        container = container.with_env(name, value)
    with container:
        yield base_settings.model_copy(
            update={
                "neo4j_uri": container.get_connection_url(),
                "neo4j_username": container.username,
                "neo4j_password": SecretStr(container.password),
                "neo4j_database": "neo4j",
            }
        )


@dataclass(frozen=True)
class Database:
    """The raw driver, for tests that look at what is stored."""

    settings: Settings

    def query(self, text: str, **params: Any) -> list[dict[str, Any]]:
        """Rows of any query."""
        with self._driver() as driver:
            query = Query(cast("LiteralString", text))
            answer = driver.execute_query(query, params, database_=self.settings.neo4j_database)
        return [record.data() for record in answer.records]

    def clear(self) -> None:
        """Everything but the schema's own nodes is taken away, piece by piece."""
        with self._driver() as driver, driver.session() as session:  # pyright: ignore[reportUnknownMemberType]
            session.run(CLEAR).consume()

    def _driver(self) -> Driver:
        uri = self.settings.neo4j_uri
        assert uri is not None
        auth = (self.settings.neo4j_username, self.settings.neo4j_password.get_secret_value())
        return GraphDatabase.driver(uri, auth=auth)  # pyright: ignore[reportUnknownMemberType]


@pytest.fixture(scope="session")
async def graph(settings: Settings, anyio_backend: str) -> AsyncGenerator[Graph]:
    """A migrated graph; whatever tests stored before may still be in it."""
    async with open_graph(settings) as opened:
        yield opened.graph


@pytest.fixture
def database(settings: Settings, graph: Graph) -> Database:
    """The database, empty."""
    found = Database(settings)
    found.clear()
    return found


@pytest.fixture
def pipeline(graph: Graph, database: Database) -> Pipeline:
    """A pipeline on the empty graph whose clock stands still at NOW; nothing works its outbox."""
    return Pipeline(
        graph, Tokeniser(b"pepper-of-the-tests"), seed_plan(), clock=lambda: NOW, quiet_s=0
    )


@asynccontextmanager
async def client_of(
    settings: Settings, clock: Callable[[], datetime] | None = None
) -> AsyncGenerator[AsyncClient]:
    """A client of the whole app, opened as a server would open it; it sends the admin key."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        if clock is not None:
            app.state.pipeline.clock = clock
        transport = ASGITransport(app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {KEY}"}
        async with AsyncClient(
            transport=transport, base_url="http://service", headers=headers, timeout=60
        ) as client:
            yield client


@pytest.fixture
async def client(settings: Settings, database: Database) -> AsyncGenerator[AsyncClient]:
    """A client of the app on the empty graph, at the time NOW."""
    async with client_of(settings, lambda: NOW) as opened:
        yield opened


@pytest.fixture
def store(pipeline: Pipeline) -> Callable[[list[dict[str, Any]]], Awaitable[list[str]]]:
    """Stores and books events; answers each one's status, a rejection with its code."""

    async def stored(events: list[dict[str, Any]]) -> list[str]:
        receipt = await pipeline.store(events)
        assert await pipeline.settle(timeout_s=30)
        return [
            one.status if one.problem is None else f"rejected:{one.problem.code}"
            for one in receipt.outcomes
        ]

    return stored


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets; tests that need it skip where it is not."""
    folder = Path(os.environ.get("GRAPH_SERVICE_TEST_DATA", "../shared/data"))
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    return folder
