"""A copy is read out of the graph while that goes on, imported beside it, and put in its place."""

import asyncio
import json
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from graph_service.clock import Clock, utc_now
from graph_service.copies.columns import CopySheets
from graph_service.graph import jars
from graph_service.graph.opening import open_graph, settings_for
from graph_service.graph.queries import load_queries
from graph_service.graph.schema import STATEMENT_TIMEOUT_S, Migration, load_migrations
from graph_service.graph.server import ManagedServer, ServerAddress
from graph_service.graph.session import Graph, Row
from graph_service.settings import Settings
from graph_service.storage import MOVE, require_room, writing

T = TypeVar("T")
# Beside 7687 and 7474 of the graph itself.
PORTS = (7688, 7475)
ROWS_MAX = 500_000_000
# The columns and the new store; what a start beside the former copy takes.
BYTES_EACH, ROOM_LEAST_MIB = 1_000, 1_000
MIB = 2**20
INDEXES_S = 590
COMPLETED_TOGETHER = 20_000
# What is done, how much of it, and of how much.
Follow = Callable[[str, int, int], None]


def silent(_what: str, _done: int, _all: int) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True)
class Copied:
    """What a copy holds. at: when reading it began (UTC); seconds: until it answered."""

    at: str
    nodes: int
    relationships: int
    seconds: float


@dataclass(frozen=True)
class ReadOnlyCopy:
    """The managed server beside the managed server, whose graph nobody can write to."""

    settings: Settings
    clock: Clock = utc_now

    @property
    def home(self) -> Path:
        """Its folder."""
        return self.settings.data_dir / "neo4j-copy"

    @property
    def server(self) -> ManagedServer:
        """The server that analysts ask."""
        return ManagedServer(self.home, self.settings, read_only=True, first_ports=PORTS)

    def told(self) -> Copied | None:
        """What it holds, None where there is no copy yet."""
        try:
            return Copied(**json.loads((self.home / "copied.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    async def start(self, follow: Follow = silent) -> ServerAddress:
        """The running server; the first start also makes the copy. Raises GraphUnavailable."""
        if self.told() is None:
            return await self.refresh(follow)
        return await asyncio.to_thread(self.server.start)

    async def refresh(self, follow: Follow = silent) -> ServerAddress:
        """The server with a copy of now. The former copy answers until the new one is whole.

        Raises GraphUnavailable, StorageFull; the former copy then stays.
        """
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        began = perf_counter()
        work = _Work(self.settings.data_dir / "neo4j-copy.next", self.settings, follow)
        with jars.exclusive(self.settings.data_dir / "neo4j-copy.lock", timeout_s=1):
            try:
                at = self.clock().isoformat(timespec="seconds")
                nodes, relationships = await work.build(self.home)
                seconds = round(perf_counter() - began, 1)
                content = asdict(Copied(at, nodes, relationships, seconds))
                (work.home / "copied.json").write_text(json.dumps(content), encoding="utf-8")
                follow("taking the place of the former copy", 0, 1)
                return await asyncio.to_thread(self._replaced, work.home)
            finally:
                await asyncio.to_thread(work.clear)

    def _replaced(self, home: Path) -> ServerAddress:
        """Put a whole copy in the place of this one, on the same ports, and start it."""
        self.server.stop()
        (home / "state.json").unlink(missing_ok=True)
        former = self.home.with_name("neo4j-copy.former")
        shutil.rmtree(former, ignore_errors=True)
        if self.home.exists():
            if (self.home / "state.json").exists():
                shutil.copy2(self.home / "state.json", home / "state.json")
            self.home.rename(former)
        home.rename(self.home)
        shutil.rmtree(former, ignore_errors=True)
        return self.server.start()


@dataclass(frozen=True)
class _Work:
    """A copy that is being made. home: where its server is until it is whole."""

    home: Path
    settings: Settings
    follow: Follow

    @property
    def server(self) -> ManagedServer:
        """The server while it may still be written to."""
        return ManagedServer(self.home, self.settings, first_ports=(0, 0))

    @property
    def folder(self) -> Path:
        """Where the columns are."""
        return self.home.with_name("neo4j-copy.columns")

    def clear(self) -> None:
        """End what an attempt has left, and remove it."""
        if self.home.exists():
            self.server.stop()
        for folder in (self.home, self.folder):
            shutil.rmtree(folder, ignore_errors=True)

    async def build(self, former: Path) -> tuple[int, int]:
        """How many nodes and relationships a store was made of. former: whose password it keeps."""
        await asyncio.to_thread(self.clear)
        self.folder.mkdir(mode=0o700)
        with writing(self.folder, remedy=MOVE), CopySheets(self.folder) as sheets:
            async with open_graph(self.settings) as opened:
                counts = await self._read(opened.graph, sheets)
        arguments = sheets.arguments()
        self.home.mkdir(mode=0o700)
        if (former / "password").exists():
            shutil.copy2(former / "password", self.home / "password")
        self.follow("importing", 0, 1)
        work = self.server.run_admin
        await _in_thread(lambda: work("database", "import", "full", "neo4j", *arguments))
        await asyncio.to_thread(lambda: shutil.rmtree(self.folder))
        await self._index()
        return counts

    async def _read(self, graph: Graph, sheets: CopySheets) -> tuple[int, int]:
        there = (await graph.read("bulk/count_graph"))[0]
        whole = int(there["nodes"]) + int(there["relationships"])
        needed_mib = ROOM_LEAST_MIB + whole * BYTES_EACH // MIB
        require_room(self.settings.data_dir, needed_mib, what="the copy", remedy=MOVE)
        nodes = relationships = 0

        def add_nodes(rows: list[Row]) -> None:
            for row in rows:
                sheets.add_node(row["elementId"], row["labels"], row["properties"])

        def add_relationships(rows: list[Row]) -> None:
            for row in rows:
                sheets.add_relationship(
                    row["type"], row["startId"], row["endId"], row["properties"]
                )

        async for rows in graph.read_along("copies/read_nodes", limit=ROWS_MAX):
            await asyncio.to_thread(add_nodes, rows)
            nodes += len(rows)
            self.follow("reading", nodes, max(whole, nodes))
        async for rows in graph.read_along("copies/read_relationships", limit=ROWS_MAX):
            await asyncio.to_thread(add_relationships, rows)
            relationships += len(rows)
            self.follow("reading", nodes + relationships, max(whole, nodes + relationships))
        return nodes, relationships

    async def _index(self) -> None:
        """Start the new store, build its indexes, write what an import cannot, and stop."""
        migrations = load_migrations()
        done = 0
        # Two at a time keep both cores busy; a constraint waits until its index is whole.
        room = asyncio.Semaphore(2)

        async def build(migration: Migration) -> None:
            nonlocal done
            async with room:
                await graph.run_schema(migration.statement, timeout_s=STATEMENT_TIMEOUT_S)
            done += 1
            self.follow("indexing", done, len(migrations))

        async with self._connected() as graph:
            # What was dropped later is dropped once it is there.
            drops = [one for one in migrations if one.statement.lstrip().startswith("DROP")]
            await asyncio.gather(*(build(one) for one in migrations if one not in drops))
            await asyncio.gather(*map(build, drops))
            await graph.read("bulk/await_indexes", seconds=INDEXES_S)
            while (await graph.write("referrals/complete_bookings", limit=COMPLETED_TOGETHER))[0][
                "completed"
            ] == COMPLETED_TOGETHER:
                pass
        await asyncio.to_thread(self.server.stop)

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[Graph]:
        address = await _in_thread(self.server.start)
        graph = Graph.connect(
            settings_for(self.settings, address), load_queries(), home=address.home
        )
        try:
            yield graph
        finally:
            await graph.close()


def _in_thread(work: Callable[[], T]) -> Awaitable[T]:
    """What blocking work returns; cancelled, this waits until its thread has ended in order."""

    async def waited() -> T:
        task = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])
            task.exception()
            raise

    return waited()
