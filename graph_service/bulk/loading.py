"""A bulk load from its files to a graph that answers: read, write sheets, import, index."""

import asyncio
import gc
import json
import shutil
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar, cast

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from graph_service.bulk.bindings import Bindings
from graph_service.bulk.booking import Booking
from graph_service.bulk.mall import WRITTEN, Mall
from graph_service.bulk.parsing import COLUMN, Parsed, Record, needed_mib, parsed_batches
from graph_service.bulk.settling import Settling
from graph_service.bulk.sheets import KeptNode, Sheets, options
from graph_service.clock import Clock, from_micros, utc_now
from graph_service.errors import Conflict, GraphError, GraphUnavailable, StorageFull
from graph_service.graph import jars
from graph_service.graph.opening import settings_for
from graph_service.graph.queries import load_queries
from graph_service.graph.schema import STATEMENT_TIMEOUT_S, load_migrations, migrate
from graph_service.graph.server import IMPORTING, ManagedServer
from graph_service.graph.session import NO_SPACE, Graph, Row
from graph_service.ids import new_id
from graph_service.ingest.facts import Fact, Problem, reject_fact
from graph_service.ingest.files import EventFile, EventList
from graph_service.ingest.tokens import Tokeniser, open_tokeniser
from graph_service.loading import BATCH_EVENTS, ORDERS_KEPT_MAX, Loaded
from graph_service.pipeline import Pipeline
from graph_service.plans.document import Plan, seed_plan
from graph_service.settings import Settings
from graph_service.storage import MIB, MOVE, require_room, writing

T = TypeVar("T")
# A process that works the outbox renews its lease every second.
LEASE_WATCHED_S = 2.5
# Stopping, importing and starting take as long as 100,000 events online.
WORTHWHILE_BYTES = 20 * MIB
COMPLETED_TOGETHER = 20_000
INDEXES_S = 590
IN_USE = "another process works on this graph: end it first, or load without --bulk"
NOT_EMPTY = "the graph is not empty: load without --bulk"


@dataclass
class _Load:
    """A bulk load under way. told: set when it is cancelled, so that its threads end soon."""

    settings: Settings
    server: ManagedServer
    plan: Plan
    clock: Clock
    progress: Progress
    loaded: Loaded = field(default_factory=Loaded)
    rejected: dict[str, Row] = field(default_factory=dict[str, Row])
    told: threading.Event = field(default_factory=threading.Event)

    @property
    def folder(self) -> Path:
        """Where everything of passing use is."""
        return self.settings.data_dir / "bulk"

    @property
    def mark(self) -> Path:
        """The file that says that the store is not whole, with the nodes that outlive it."""
        return self.server.home / IMPORTING

    async def waited(self, work: Callable[[], T]) -> T:
        """What blocking work returns; cancelled, this waits until its thread ends in order."""
        task = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self.told.set()
            await asyncio.wait([task])
            # Whatever the thread ended with, it ended because of this.
            task.exception()
            raise

    def stage(self, name: str, *, total: int | None = None) -> TaskID:
        """Show what is being done now, and no longer count the time of what is done."""
        for task in self.progress.tasks:
            self.progress.stop_task(task.id)
        return self.progress.add_task(name, total=total, events="")


async def bulk_load(
    settings: Settings,
    files: Sequence[EventFile | EventList],
    console: Console,
    *,
    plan: Plan | None = None,
    clock: Clock = utc_now,
) -> Loaded:
    """Load files into the managed server's empty graph, which ends up as if loaded online.

    A server that was not running is stopped at the end. Raises Conflict where the graph is not
    the managed one, not empty or in use; StorageFull; Invalid on a damaged file.
    """
    if settings.neo4j_uri is not None:
        raise Conflict("only the managed Neo4j can be loaded in bulk: load without --bulk")
    started = perf_counter()
    home = settings.data_dir / "neo4j"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise GraphUnavailable(
            f"cannot write folder {home}: {fault}; set GRAPH_SERVICE_DATA_DIR to another"
        ) from fault
    server = ManagedServer(home, settings, imports=True)
    with _progress(console) as progress, jars.exclusive(home / "bulk.lock", timeout_s=1):
        load = _Load(settings, server, plan or seed_plan(), clock, progress)
        was_running = await load.waited(server.status) is not None
        try:
            await _run(load, files)
        finally:
            shutil.rmtree(load.folder, ignore_errors=True)
            if not was_running:
                await load.waited(server.stop)
    load.loaded.seconds = perf_counter() - started
    return load.loaded


async def is_bulk_faster(graph: Graph, files: Sequence[EventFile]) -> bool:
    """Is the graph empty, and are the files large enough to make up for the import's start?"""
    if not _are_large(files):
        return False
    return not (await graph.read("bulk/count_graph"))[0]["facts"]


def is_new_and_worthwhile(settings: Settings, files: Sequence[EventFile]) -> bool:
    """Would a managed server that was never started take such files faster in bulk?"""
    store = settings.data_dir / "neo4j" / "data"
    return settings.neo4j_uri is None and not store.exists() and _are_large(files)


def _are_large(files: Sequence[EventFile]) -> bool:
    return sum(file.size_bytes or 0 for file in files) >= WORTHWHILE_BYTES


async def _run(load: _Load, files: Sequence[EventFile | EventList]) -> None:
    kept = await _kept(load)
    room_mib = needed_mib(files)
    require_room(load.settings.data_dir, room_mib, what="the bulk load", remedy=MOVE)
    shutil.rmtree(load.folder, ignore_errors=True)
    load.folder.mkdir(mode=0o700, parents=True)
    with _uncollected():
        arguments = await load.waited(lambda: _write(load, files, kept))
    # Reading may take a while: what somebody stored meanwhile must not be lost.
    if await _kept(load) != kept:
        raise Conflict(IN_USE)
    load.stage("importing")
    await load.waited(lambda: _import(load, kept, arguments))
    # The indexes need the room.
    await load.waited(lambda: shutil.rmtree(load.folder))
    load.stage("indexing")
    await _finish(load)
    load.mark.unlink()


# --- what is there before ---


async def _kept(load: _Load) -> list[KeptNode]:
    """The nodes that outlive the import. Raises Conflict if the graph is not empty or in use."""
    if load.mark.exists():
        # An earlier bulk load was cut short: its store is gone, what was to be kept is here.
        found: list[Any] = json.loads(load.mark.read_text(encoding="utf-8"))
        return [KeptNode.of_json(one) for one in found]
    if not (load.server.home / "data" / "databases" / "neo4j").exists():
        return []
    async with _connected(load) as graph:
        count = (await graph.read("bulk/count_graph"))[0]
        rows = await graph.read("bulk/list_kept")
        if count["facts"] or count["relationships"]:
            raise Conflict(NOT_EMPTY)
        if count["nodes"] - count["migrations"] != len(rows):
            raise Conflict(NOT_EMPTY)
        if asked := (await graph.read("bulk/read_leases"))[0]["asked"]:
            await asyncio.sleep(LEASE_WATCHED_S)
            if (await graph.read("bulk/read_leases"))[0]["asked"] > asked:
                raise Conflict(IN_USE)
    return sorted(KeptNode.of_row(row["labels"], row["properties"]) for row in rows)


@asynccontextmanager
async def _connected(load: _Load) -> AsyncGenerator[Graph]:
    address = await load.waited(load.server.start)
    named = settings_for(load.settings, address)
    graph = Graph.connect(named, load_queries(), home=address.home)
    try:
        yield graph
    finally:
        await graph.close()


# --- sheets ---


def _write(
    load: _Load, files: Sequence[EventFile | EventList], kept: Sequence[KeptNode]
) -> list[str]:
    """Settle all events and write the sheets; what neo4j-admin is to be told of them."""
    tokeniser = open_tokeniser(load.settings)
    sizes = [file.size_bytes for file in files]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    task = load.stage("reading", total=total)
    batches = 0
    with writing(load.folder, remedy=MOVE), Sheets(load.folder) as sheets:
        mall = Mall(sheets)
        bindings = Bindings(mall)
        settling = Settling(mall, bindings, Booking(mall, bindings, load.plan), load.clock)
        _know_statements(load, tokeniser)
        settling.seq = _machinery(kept, mall)
        for parsed in parsed_batches(files, BATCH_EVENTS, tokeniser):
            if load.told.is_set():
                return []
            batches += 1
            _count(load, parsed, settling.settle(parsed.records))
            events = f"{load.loaded.statuses.total():,} events"
            load.progress.update(task, completed=parsed.reached, events=events)
        bindings.write()
        mall.write(bindings.head_counts())
        if batches:
            now = load.clock().isoformat()
            sheets.nodes("Lease").row("outbox", new_id(), now, batches)
            sheets.nodes("Sequence").row("fact", settling.seq)
        for name, times in mall.locks.items():
            sheets.nodes("Lock").row(name, times)
        sheets.keep([one for one in kept if one.label not in ("Lease", "Sequence", "Lock")])
    return [*options(load.folder), *sheets.arguments()]


@contextmanager
def _uncollected() -> Generator[None]:
    """No garbage is looked for: among millions of things that stay it took half of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _know_statements(load: _Load, tokeniser: Tokeniser) -> None:
    """Raises Conflict where a room stores or books in a way that nobody taught the bulk load."""
    rooms = Pipeline(cast(Graph, None), tokeniser, load.plan).rooms
    unknown = {one.query for room in rooms for one in room.statements} - WRITTEN
    if unknown:
        raise Conflict(f"a bulk load does not know {', '.join(sorted(unknown))}")
    if load.plan.program.named:
        raise Conflict("a bulk load does not know programs of channels or shops")
    if load.plan.program.model != "last_touch":
        raise Conflict(f"a bulk load does not know the model {load.plan.program.model}")


def _machinery(kept: Sequence[KeptNode], mall: Mall) -> int:
    """Go on counting the locks where they were; the last number of a fact."""
    seq = 0
    for node in kept:
        if node.label == "Lock":
            mall.locks[node.text("name")] = int(node.text("times"))
        elif node.label == "Sequence" and node.text("name") == "fact":
            seq = int(node.text("value"))
    return seq


def _count(load: _Load, parsed: Parsed, settled: Sequence[tuple[Record, Any]]) -> None:
    """Count what became of a batch, and keep what was rejected for the quarantine."""
    loaded = load.loaded
    rejections = list(parsed.rejections)
    for record, verdict in settled:
        if isinstance(verdict, Problem):
            rejections.append(reject_fact(_whole_fact(record), verdict))
        else:
            loaded.statuses[verdict] += 1
            loaded.types[record[1]] += 1
    if len(loaded.order_ids) < ORDERS_KEPT_MAX:
        orders = (record[6] for record in parsed.records if record[1] == "order.paid")
        loaded.order_ids.extend(data["orderId"] for data in orders)
    for one in rejections:
        loaded.statuses["rejected"] += 1
        loaded.reasons[f"{one.problem.code}: {one.problem.detail}"] += 1
        row = one.row()
        load.rejected.setdefault(row["rejectedId"], row)


def _whole_fact(record: Record) -> Fact:
    position, kind, key, content_digest, at, micros, data, line = record
    source, event_id = line.split(COLUMN)[1:3]
    time = from_micros(micros)
    return Fact(key, source, event_id, kind, time, at, data, content_digest, position)


# --- the store ---


def _import(load: _Load, kept: Sequence[KeptNode], arguments: Sequence[str]) -> None:
    """Put a store made of the sheets in the place of the empty one."""
    if load.told.is_set():
        return
    _replace(load.mark, json.dumps([one.as_json() for one in kept]))
    load.server.stop()
    try:
        load.server.run_admin("database", "import", "full", "neo4j", *arguments)
    except GraphError as fault:
        if NO_SPACE in str(fault):
            home = load.server.home
            raise StorageFull(f"the disk of {home} is full; make room, {MOVE}") from fault
        raise


def _replace(file: Path, text: str) -> None:
    """Write a private file whole or not at all."""
    part = file.with_name(f"{file.name}.part")
    part.touch(mode=0o600)
    part.write_text(text, encoding="utf-8")
    part.replace(file)


async def _finish(load: _Load) -> None:
    """Start the new store, build its indexes and write what an import cannot."""
    async with _connected(load) as graph:
        migrations = load_migrations()
        # Two at a time keep both cores busy; a constraint waits until its index is whole.
        room = asyncio.Semaphore(2)

        async def build(number: int) -> None:
            async with room:
                statement = migrations[number].statement
                await graph.run_schema(statement, timeout_s=STATEMENT_TIMEOUT_S)

        await asyncio.gather(*(build(number) for number in range(len(migrations))))
        await migrate(graph, migrations)
        await graph.read("bulk/await_indexes", seconds=INDEXES_S)
        while (await graph.write("referrals/complete_bookings", limit=COMPLETED_TOGETHER))[0][
            "completed"
        ] == COMPLETED_TOGETHER:
            pass
        await _find_persons(load, graph)
        rows = list(load.rejected.values())
        for start in range(0, len(rows), BATCH_EVENTS):
            together = sorted(rows[start : start + BATCH_EVENTS], key=lambda row: row["rejectedId"])
            await graph.write("ingest/quarantine_events", rows=together)


async def _find_persons(load: _Load, graph: Graph) -> None:
    load.stage("finding persons")
    tokeniser = open_tokeniser(load.settings)
    await Pipeline(graph, tokeniser, load.plan, clock=load.clock).find_persons()


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[events]}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
