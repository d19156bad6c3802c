"""One door to the database: queries by name, retried, bounded, timed and translated."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, LiteralString, Self, TypeVar

import structlog
from neo4j import (
    READ_ACCESS,
    WRITE_ACCESS,
    AsyncDriver,
    AsyncGraphDatabase,
    AsyncResult,
    AsyncSession,
    AsyncTransaction,
    NotificationDisabledClassification,
)
from neo4j import Query as DriverQuery
from neo4j.exceptions import (
    AuthError,
    ClientError,
    ConfigurationError,
    DriverError,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
)
from prometheus_client import Counter, Histogram

from graph_service.errors import (
    GraphError,
    GraphTimeout,
    GraphUnavailable,
    QueryInvalid,
    ServiceError,
    StorageFull,
    TooLarge,
)
from graph_service.graph.queries import Mode, Query
from graph_service.graph.server import PANIC, RESTART
from graph_service.settings import Settings
from graph_service.storage import MOVE, require_room

Row = dict[str, Any]
T = TypeVar("T")
# Runs a query by name: Graph.read alone, or Transaction.run among others.
Read = Callable[..., Awaitable[list[Row]]]
log = structlog.get_logger()

QUERY_SECONDS = Histogram(
    "graph_query_seconds",
    "Seconds that a query took, rows read included",
    ["query"],
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
)
RETRIES = Counter("graph_retries", "Transactions tried again after a passing failure", ["cause"])

# What a server that hangs may add to a query's own timeout before we stop listening (s).
SILENCE_GRACE_S = 2.0
BACK_OFF_FIRST_S = 0.02
BACK_OFF_MOST_S = 2.0
# How many rows of a long answer are handed on together.
ALONG_ROWS = 5_000
OUT_OF_MEMORY = "Neo.TransientError.General.MemoryPoolOutOfMemoryError"
# What a server answers that failed on its own: after a panic, to every request until its restart.
BROKEN = ("Neo.DatabaseError.", "Neo.ClientError.General.WriteOnReadOnlyAccessDatabase")
NO_SPACE = "No space left on device"
# Neo4j takes its next transaction log (256 MiB) in one piece and stops for good if it cannot; the
# store's files grow beside it.
WRITE_MIB = 300
TIMED_OUT = (
    "Neo.ClientError.Transaction.TransactionTimedOut",
    "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration",
    "Neo.TransientError.Transaction.LockAcquisitionTimeout",
    "Neo.ClientError.Transaction.LockAcquisitionTimeout",
)


@dataclass(frozen=True)
class Transaction:
    """An open transaction; everything run in it is stored together or not at all."""

    graph: "Graph"
    raw: AsyncTransaction

    async def run(self, name: str, /, **params: object) -> list[Row]:
        """Run a query by name and return its rows. Raises QueryInvalid on wrong parameters."""
        query = self.graph.query(name, params)
        return await self.graph.rows(name, self.raw.run(query.text, params))


class Graph:
    """A connection pool to one Neo4j database and the queries that may be asked of it."""

    def __init__(
        self,
        driver: AsyncDriver,
        queries: Mapping[str, Query],
        settings: Settings,
        *,
        home: Path | None = None,
    ) -> None:
        self._driver = driver
        self._queries = queries
        self._home = home
        self._database = settings.neo4j_database
        self._retries_max = settings.graph_retries_max
        self.rows_max = settings.graph_rows_max
        self._bookmarks = AsyncGraphDatabase.bookmark_manager()
        self._writes: set[asyncio.Task[Any]] = set()

    @classmethod
    def connect(
        cls, settings: Settings, queries: Mapping[str, Query], *, home: Path | None = None
    ) -> Self:
        """A graph on the server that the settings name; nothing is sent yet.

        home: the server's folder where it is on this machine; its disk is watched.
        """
        assert settings.neo4j_uri is not None, "the server's address is resolved at the door"
        try:
            driver = AsyncGraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType]
                settings.neo4j_uri,
                auth=(settings.neo4j_username, settings.neo4j_password.get_secret_value()),
                max_connection_pool_size=settings.graph_connections_max,
                connection_timeout=settings.graph_connect_timeout_s,
                connection_acquisition_timeout=2 * settings.graph_connect_timeout_s,
                keep_alive=True,
                telemetry_disabled=True,
                user_agent="graph-service",
                notifications_disabled_classifications=[
                    NotificationDisabledClassification.UNRECOGNIZED
                ],
            )
        except (ConfigurationError, ValueError) as fault:
            raise GraphUnavailable(f"NEO4J_URI is not usable: {fault}") from fault
        return cls(driver, queries, settings, home=home)

    async def close(self) -> None:
        """Finish the writes under way and close every connection."""
        if self._writes:
            await asyncio.wait(self._writes)
        await self._driver.close()

    def query(self, name: str, params: Mapping[str, object]) -> Query:
        """The query of this name. Raises QueryInvalid if the parameters are not its own."""
        query = self._queries.get(name)
        if query is None:
            raise QueryInvalid(f"there is no query {name}")
        if query.params != frozenset(params):
            raise QueryInvalid(f"{name} takes {sorted(query.params)}, got {sorted(params)}")
        return query

    async def read(self, name: str, /, **params: object) -> list[Row]:
        """Rows of a reading query."""
        return await self._alone("read", name, params)

    async def read_within(self, timeout_s: float, name: str, /, **params: object) -> list[Row]:
        """Rows of a reading query that may take so long, whatever its header says."""
        return await self._alone("read", name, params, timeout_s=timeout_s)

    async def read_along(self, name: str, /, **params: object) -> AsyncGenerator[list[Row]]:
        """Rows of a reading query as they come, some at a time; nothing is tried again."""
        query = self.query(name, params)
        sent = DriverQuery(query.text, metadata={"query": name}, timeout=query.timeout_s)
        try:
            async with self._session("read") as session:
                answer = await session.run(sent, dict(params))
                while records := await answer.fetch(ALONG_ROWS):
                    yield [dict(zip(one.keys(), one.values(), strict=True)) for one in records]
        except (Neo4jError, DriverError) as fault:
            raise self._translated(name, fault) from fault

    async def write(self, name: str, /, **params: object) -> list[Row]:
        """Rows of a writing query, run in a transaction of its own."""
        return await self._shielded(self._alone("write", name, params))

    async def read_together(
        self, work: Callable[[Transaction], Awaitable[T]], *, name: str, timeout_s: float
    ) -> T:
        """What `work` returns, its queries read in one transaction."""
        return await self._tried("read", work, name=name, timeout_s=timeout_s)

    async def write_together(
        self, work: Callable[[Transaction], Awaitable[T]], *, name: str, timeout_s: float
    ) -> T:
        """What `work` returns, after one transaction around all that it ran.

        It is called again from the start after a deadlock or a lost connection, so it must
        change nothing outside the transaction. timeout_s: for one try.
        """
        return await self._shielded(self._tried("write", work, name=name, timeout_s=timeout_s))

    def require_room(self, remedy: str = MOVE) -> None:
        """Raises StorageFull where the disk of a server on this machine is too full to write.

        A server that meets a full disk answers nothing, reads neither, until it is restarted.
        """
        if self._home is not None:
            require_room(self._home, WRITE_MIB, what="what Neo4j writes next", remedy=remedy)

    async def rows(self, name: str, running: Awaitable[AsyncResult]) -> list[Row]:
        """The rows of a query that was sent. Raises TooLarge beyond rows_max."""
        started = perf_counter()
        # Queries return scalars, lists and maps; Record.data would walk all of them for nodes.
        records = await (await running).fetch(self.rows_max + 1)
        rows = [dict(zip(one.keys(), one.values(), strict=True)) for one in records]
        QUERY_SECONDS.labels(name).observe(perf_counter() - started)
        if len(rows) > self.rows_max:
            raise TooLarge(f"{name} returned more than {self.rows_max} rows")
        return rows

    async def _alone(
        self,
        mode: Mode,
        name: str,
        params: Mapping[str, object],
        *,
        timeout_s: float | None = None,
    ) -> list[Row]:
        query = self.query(name, params)
        if query.mode != mode:
            raise QueryInvalid(f"{name} is a {query.mode} query")
        if mode == "read":
            return await self._read_alone(query, params, timeout_s or query.timeout_s)

        async def run(transaction: Transaction) -> list[Row]:
            return await transaction.run(name, **params)

        return await self._tried(mode, run, name=name, timeout_s=query.timeout_s)

    async def _read_alone(
        self, query: Query, params: Mapping[str, object], timeout_s: float
    ) -> list[Row]:
        """One round trip: the query brings its transaction with it and ends it."""
        name = query.name
        sent = DriverQuery(query.text, metadata={"query": name}, timeout=timeout_s)

        async def once() -> list[Row]:
            async with _heard(name, timeout_s), self._session("read") as session:
                return await self.rows(name, session.run(sent, dict(params)))

        return await self._retried(once, name=name, timeout_s=timeout_s)

    async def _shielded(self, work: Coroutine[Any, Any, T]) -> T:
        """A write goes on to its end when the one who asked for it has hung up."""
        task = asyncio.create_task(work)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return await asyncio.shield(task)

    async def _tried(
        self,
        mode: Mode,
        work: Callable[[Transaction], Awaitable[T]],
        *,
        name: str,
        timeout_s: float,
    ) -> T:
        async def once() -> T:
            if mode == "write":
                self.require_room()
            async with _heard(name, timeout_s):
                return await self._once(mode, work, name=name, timeout_s=timeout_s)

        return await self._retried(once, name=name, timeout_s=timeout_s)

    async def _retried(self, once: Callable[[], Awaitable[T]], *, name: str, timeout_s: float) -> T:
        """What one try returns, tried again after a passing failure. Raises our error for it.

        No try begins after timeout_s: connections to a server that hangs fail one by one.
        """
        started = perf_counter()
        for attempt in range(self._retries_max + 1):
            try:
                return await once()
            except (Neo4jError, DriverError) as fault:
                is_last = attempt == self._retries_max or perf_counter() - started > timeout_s
                if is_last or not _passing(fault):
                    raise self._translated(name, fault) from fault
                RETRIES.labels(type(fault).__name__).inc()
                log.info("query.retried", query=name, attempt=attempt + 1, cause=_code(fault))
            await asyncio.sleep(back_off_s(attempt))
        raise AssertionError("the last attempt returns or raises")

    def _translated(self, name: str, fault: Neo4jError | DriverError) -> ServiceError:
        if _code(fault).startswith(BROKEN):
            self.require_room(f"then {RESTART}")
        return translate(name, fault)

    async def _once(
        self,
        mode: Mode,
        work: Callable[[Transaction], Awaitable[T]],
        *,
        name: str,
        timeout_s: float,
    ) -> T:
        async with (
            self._session(mode) as session,
            await session.begin_transaction(metadata={"query": name}, timeout=timeout_s) as raw,
        ):
            answer = await work(Transaction(self, raw))
            await raw.commit()
            return answer

    @asynccontextmanager
    async def _session(self, mode: Mode) -> AsyncGenerator[AsyncSession, None]:
        async with self._driver.session(  # pyright: ignore[reportUnknownMemberType]
            database=self._database,
            default_access_mode=READ_ACCESS if mode == "read" else WRITE_ACCESS,
            bookmark_manager=self._bookmarks,
        ) as session:
            yield session

    async def run_schema(self, statement: LiteralString, *, timeout_s: float) -> None:
        """Run one repeatable schema statement, again after a deadlock. Raises GraphError."""
        query = DriverQuery(statement, timeout=timeout_s)

        async def once() -> None:
            async with _heard("schema", timeout_s), self._session("write") as session:
                await (await session.run(query)).consume()

        await self._retried(once, name="schema", timeout_s=timeout_s)


@asynccontextmanager
async def _heard(name: str, timeout_s: float) -> AsyncGenerator[None, None]:
    """Raises GraphTimeout if the server says nothing for a while after its own timeout."""
    try:
        async with asyncio.timeout(timeout_s + SILENCE_GRACE_S):
            yield
    except TimeoutError as fault:
        raise GraphTimeout(f"{name} got no answer within {timeout_s:g} s") from fault


def back_off_s(attempt: int) -> float:
    """How long to wait before the next attempt (s): doubling, full jitter, bounded."""
    return random.uniform(0.5, 1) * min(BACK_OFF_MOST_S, BACK_OFF_FIRST_S * 2**attempt)  # noqa: S311


def _code(fault: Exception) -> str:
    return getattr(fault, "code", None) or type(fault).__name__


def _passing(fault: Neo4jError | DriverError) -> bool:
    return fault.is_retryable() and _code(fault) != OUT_OF_MEMORY


def translate(name: str, fault: Neo4jError | DriverError) -> ServiceError:
    """Our error for the driver's. No text of a query or a parameter is passed on."""
    code = _code(fault)
    if code in TIMED_OUT:
        return GraphTimeout(f"{name} took longer than the database allows")
    if isinstance(fault, AuthError):
        return GraphUnavailable(f"Neo4j refuses the user name or password ({code})")
    if NO_SPACE in str(fault):
        return StorageFull(f"Neo4j's disk is full; make room, then {RESTART} ({code})")
    if PANIC in str(fault):
        return GraphUnavailable(f"Neo4j stopped on an error that its log names; {RESTART} ({code})")
    if isinstance(fault, (ServiceUnavailable, SessionExpired)) or "Unavailable" in code:
        return GraphUnavailable(f"Neo4j cannot be reached ({code})")
    if code == OUT_OF_MEMORY:
        return GraphUnavailable(f"Neo4j has no memory left for {name}")
    if isinstance(fault, ClientError):
        log.error("query.refused", query=name, code=code)
        return GraphError(f"Neo4j refused {name} ({code})")
    return GraphUnavailable(f"Neo4j failed on {name} ({code})")
