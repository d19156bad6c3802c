"""The door to the database: what it retries, bounds and translates."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from socket import socket
from time import perf_counter
from typing import Any

import pytest
from neo4j.exceptions import ServiceUnavailable
from pydantic import SecretStr

from graph_service.errors import (
    GraphError,
    GraphTimeout,
    GraphUnavailable,
    QueryInvalid,
    TooLarge,
)
from graph_service.graph.queries import parse_query
from graph_service.graph.session import SILENCE_GRACE_S, Graph, Transaction
from graph_service.settings import Settings
from tests.conftest import Database

pytestmark = pytest.mark.anyio
Connect = Callable[..., Graph]
NEVER = "UNWIND range(1, 1000000000) AS i WITH i WHERE i < 0"
STATEMENTS = {
    "test/take_lease": (
        "write",
        "$name string",
        "asked",
        5,
        "MERGE (l:Lease {name: $name}) SET l.asked = coalesce(l.asked, 0) + 1\n"
        "RETURN l.asked AS asked",
    ),
    "test/take_slowly": (
        "write",
        "$name string",
        "nothing",
        20,
        "UNWIND range(1, 3000000) AS i WITH count(i) AS n\n"
        "MERGE (l:Lease {name: $name}) SET l.asked = n",
    ),
    "test/list_numbers": ("read", "$most integer", "i", 5, "UNWIND range(1, $most) AS i RETURN i"),
    "test/write_numbers": (
        "write",
        "$most integer",
        "i",
        5,
        "UNWIND range(1, $most) AS i CREATE (:Lease {name: toString(i)}) RETURN i",
    ),
    "test/read_forever": ("read", "none", "n", 0.3, f"{NEVER} RETURN count(i) AS n"),
    "test/write_forever": ("write", "none", "nothing", 0.3, f"{NEVER} CREATE (:Lease {{name: i}})"),
    "test/write_in_read": ("read", "none", "nothing", 5, "CREATE (:Lease {name: 'a'})"),
    "test/divide_text": ("read", "$text string", "n", 5, "RETURN size($text) / 0 AS n"),
}
QUERIES = {
    name: parse_query(
        name,
        f"// Says what?\n// mode: {mode}\n// params: {params}\n// returns: {returns}\n"
        f"// timeout: {timeout_s} s\n{statement}",
    )
    for name, (mode, params, returns, timeout_s, statement) in STATEMENTS.items()
}


@pytest.fixture
async def connect(settings: Settings, database: Database) -> AsyncGenerator[Connect]:
    """Makes a graph of the test's own queries, with settings that differ as said."""
    opened: list[Graph] = []

    def connected(**changes: Any) -> Graph:
        opened.append(Graph.connect(settings.model_copy(update=changes), QUERIES))
        return opened[-1]

    yield connected
    for graph in opened:
        await graph.close()


@pytest.fixture
def unused_port() -> Generator[int]:
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def leases(database: Database) -> dict[str, int]:
    rows = database.query("MATCH (l:Lease) RETURN l.name AS name, l.asked AS asked")
    return {row["name"]: row["asked"] for row in rows}


def works_on(database: Database, text: str) -> bool:
    rows = database.query("SHOW TRANSACTIONS YIELD currentQuery")
    return any(text in row["currentQuery"] for row in rows)


async def test_transactions_that_deadlock_both_succeed(
    connect: Connect, database: Database
) -> None:
    graph = connect()
    met = asyncio.Barrier(2)
    tries: list[str] = []

    async def take(first: str, second: str) -> int:
        async def work(transaction: Transaction) -> int:
            tries.append(first)
            await transaction.run("test/take_lease", name=first)
            if tries.count(first) == 1:
                await met.wait()
            rows = await transaction.run("test/take_lease", name=second)
            return int(rows[0]["asked"])

        return await graph.write_together(work, name="test", timeout_s=10)

    asked = await asyncio.gather(take("a", "b"), take("b", "a"))

    assert sorted(asked) == [1, 2]
    assert len(tries) > 2
    assert leases(database) == {"a": 2, "b": 2}


async def test_tries_are_bounded(connect: Connect, database: Database) -> None:
    graph = connect(graph_retries_max=2)
    tries: list[int] = []

    async def work(transaction: Transaction) -> None:
        tries.append(len(tries))
        await transaction.run("test/take_lease", name="a")
        raise ServiceUnavailable("the connection is lost")

    with pytest.raises(GraphUnavailable):
        await graph.write_together(work, name="test", timeout_s=5)

    assert tries == [0, 1, 2]
    assert leases(database) == {}


async def test_no_try_begins_after_the_timeout(connect: Connect) -> None:
    graph = connect(graph_retries_max=8)
    tries: list[int] = []

    async def work(transaction: Transaction) -> None:
        tries.append(len(tries))
        await asyncio.sleep(0.3)
        raise ServiceUnavailable("no connection to a server that hangs")

    with pytest.raises(GraphUnavailable):
        await graph.read_together(work, name="test", timeout_s=0.5)

    assert len(tries) <= 2


async def test_a_failure_that_stays_is_tried_once_and_undoes_all(
    connect: Connect, database: Database
) -> None:
    graph = connect()
    tries: list[int] = []

    async def work(transaction: Transaction) -> None:
        tries.append(len(tries))
        await transaction.run("test/take_lease", name="a")
        await transaction.run("test/divide_text", text="a")

    with pytest.raises(GraphError) as caught:
        await graph.write_together(work, name="test", timeout_s=5)

    assert caught.value.status == 500
    assert tries == [0]
    assert leases(database) == {}


async def test_an_error_of_the_caller_undoes_the_transaction(
    connect: Connect, database: Database
) -> None:
    async def work(transaction: Transaction) -> None:
        await transaction.run("test/take_lease", name="a")
        raise LookupError

    with pytest.raises(LookupError):
        await connect().write_together(work, name="test", timeout_s=5)

    assert leases(database) == {}


@pytest.mark.parametrize("way", ["read", "write"])
async def test_a_query_beyond_its_timeout_is_stopped(connect: Connect, way: str) -> None:
    graph = connect()
    ask = graph.read if way == "read" else graph.write
    started = perf_counter()

    with pytest.raises(GraphTimeout) as caught:
        await ask(f"test/{way}_forever")

    assert (caught.value.status, caught.value.code) == (504, "graph_timeout")
    assert perf_counter() - started < 0.3 + SILENCE_GRACE_S + 2


async def test_the_database_no_longer_works_on_a_query_that_was_stopped(
    connect: Connect, database: Database
) -> None:
    with pytest.raises(GraphTimeout):
        await connect().read("test/read_forever")

    for _ in range(50):
        if not works_on(database, "range(1, 1000000000)"):
            break
        await asyncio.sleep(0.1)
    assert not works_on(database, "range(1, 1000000000)")


async def test_a_server_that_is_silent_is_given_up(connect: Connect) -> None:
    async with silent_server() as port:
        graph = connect(neo4j_uri=f"bolt://127.0.0.1:{port}", graph_retries_max=0)
        started = perf_counter()

        with pytest.raises(GraphTimeout, match="got no answer"):
            await graph.read("test/read_forever")

    assert perf_counter() - started < 0.3 + SILENCE_GRACE_S + 2


@asynccontextmanager
async def silent_server() -> AsyncGenerator[int]:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_as_many_rows_as_allowed_are_answered(connect: Connect) -> None:
    graph = connect(graph_rows_max=5)

    rows = await graph.read("test/list_numbers", most=5)

    assert [row["i"] for row in rows] == [1, 2, 3, 4, 5]


async def test_more_rows_than_allowed_are_too_large(connect: Connect) -> None:
    graph = connect(graph_rows_max=5)

    with pytest.raises(TooLarge, match="more than 5 rows") as caught:
        await graph.read("test/list_numbers", most=6)

    assert caught.value.status == 413


async def test_a_write_of_too_many_rows_stores_nothing(
    connect: Connect, database: Database
) -> None:
    graph = connect(graph_rows_max=5)

    with pytest.raises(TooLarge):
        await graph.write("test/write_numbers", most=6)

    assert leases(database) == {}


@pytest.mark.parametrize(
    ("way", "name", "params", "complaint"),
    [
        ("read", "test/read_nothing", {}, "there is no query test/read_nothing"),
        ("read", "test/list_numbers", {}, r"takes \['most'\], got \[\]"),
        ("read", "test/list_numbers", {"most": 1, "least": 1}, r"got \['least', 'most'\]"),
        ("read", "test/take_lease", {"name": "a"}, "is a write query"),
        ("write", "test/list_numbers", {"most": 1}, "is a read query"),
    ],
)
async def test_a_wrong_name_parameter_or_mode_is_refused_before_anything_is_sent(
    connect: Connect,
    unused_port: int,
    way: str,
    name: str,
    params: dict[str, Any],
    complaint: str,
) -> None:
    graph = connect(neo4j_uri=f"bolt://127.0.0.1:{unused_port}")
    ask = graph.read if way == "read" else graph.write

    with pytest.raises(QueryInvalid, match=complaint):
        await ask(name, **params)


async def test_a_read_cannot_write(connect: Connect, database: Database) -> None:
    with pytest.raises(GraphError):
        await connect().read("test/write_in_read")

    assert leases(database) == {}


async def test_a_write_goes_on_when_its_caller_is_gone(
    connect: Connect, database: Database
) -> None:
    graph = connect()
    caller = asyncio.create_task(graph.write("test/take_slowly", name="a"))
    await asyncio.sleep(0.05)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller

    await graph.close()

    assert leases(database) == {"a": 3_000_000}


async def test_a_dead_server_is_unavailable_within_seconds(
    connect: Connect, unused_port: int
) -> None:
    graph = connect(neo4j_uri=f"bolt://127.0.0.1:{unused_port}")
    started = perf_counter()

    with pytest.raises(GraphUnavailable) as caught:
        await graph.read("test/list_numbers", most=1)

    assert (caught.value.status, caught.value.code) == (503, "graph_unavailable")
    assert perf_counter() - started < 8


async def test_a_wrong_password_is_unavailable_and_not_told(connect: Connect) -> None:
    graph = connect(neo4j_password=SecretStr("a-wrong-secret"))

    with pytest.raises(GraphUnavailable, match="user name or password") as caught:
        await graph.read("test/list_numbers", most=1)

    assert caught.value.status == 503
    assert "a-wrong-secret" not in f"{caught.value!r} {caught.value.__cause__!r}"


async def test_an_address_that_is_none_is_unavailable(connect: Connect) -> None:
    with pytest.raises(GraphUnavailable, match="NEO4J_URI is not usable"):
        connect(neo4j_uri="nonsense://127.0.0.1")


async def test_an_error_tells_nothing_of_parameters_or_text(connect: Connect) -> None:
    with pytest.raises(GraphError) as caught:
        await connect().read("test/divide_text", text="a-private-text")

    assert "a-private-text" not in str(caught.value)
    assert "size(" not in str(caught.value)


async def test_a_long_answer_comes_along_in_parts(connect: Connect) -> None:
    graph = connect(graph_rows_max=10)

    parts = [rows async for rows in graph.read_along("test/list_numbers", most=12_000)]

    assert [len(rows) for rows in parts] == [5_000, 5_000, 2_000]
    assert [row["i"] for rows in parts for row in rows] == list(range(1, 12_001))


async def test_a_fault_of_a_long_answer_is_translated(connect: Connect) -> None:
    graph = connect()

    with pytest.raises(GraphTimeout):
        [rows async for rows in graph.read_along("test/read_forever")]
