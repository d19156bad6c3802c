"""When a bulk load is refused, what it leaves behind, and what happens if it is cut short."""

import asyncio
import gzip
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from graph_service import storage
from graph_service.bulk import loading
from graph_service.bulk.loading import bulk_load
from graph_service.errors import Conflict, GraphError, GraphUnavailable, Invalid, StorageFull
from graph_service.graph.opening import open_graph
from graph_service.graph.server import IMPORTING, ManagedServer
from graph_service.ingest.files import EventList, event_files
from graph_service.ingest.tokens import Tokeniser
from graph_service.pipeline import Pipeline
from graph_service.plans.document import seed_plan
from graph_service.settings import Settings
from tests.bulk.conftest import OwnGraph
from tests.worlds.named import five_levels

pytestmark = pytest.mark.anyio
QUIET = Console(quiet=True)
# Sent by somebody broken before the load; its source has two lines.
BROKEN = {"source": "two\nlines \x01", "id": "b", "type": "t"}

KEY_NODE = """
CREATE (:ApiKey {
  keyId: 'k', hash: 'ab12', prefix: 'gsk_', scopes: ['admin', 'read'], uses: 3,
  enabled: true, createdAt: datetime('2026-01-02T03:04:05.123456789Z')
})
CREATE (:PlanVersion {
  version: 'v', title: 'a "b"', document: '{"version":"v"}', createdAt: datetime()
})
"""


def five() -> list[EventList]:
    return [EventList("five levels", five_levels())]


def leftovers(settings: Settings) -> list[str]:
    """What a load may leave beside the store."""
    home = settings.data_dir / "neo4j"
    found = (settings.data_dir / "bulk", home / IMPORTING)
    return [one.name for one in found if one.exists()]


async def test_another_server_than_the_managed_is_refused(own_graph: OwnGraph) -> None:
    elsewhere = own_graph.settings.model_copy(update={"neo4j_uri": "bolt://127.0.0.1:1"})

    with pytest.raises(Conflict, match="only the managed Neo4j"):
        await bulk_load(elsewhere, five(), QUIET)


async def test_a_damaged_file_or_a_full_disk_stops_it_before_the_store_is_touched(
    own_graph: OwnGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = tmp_path / "damaged.jsonl.gz"
    damaged.write_bytes(gzip.compress(b'{"id": 1}\n' * 9)[:-9])

    with pytest.raises(Invalid, match="damaged gzip"):
        await bulk_load(own_graph.settings, event_files([str(damaged)]), QUIET)
    monkeypatch.setattr(storage, "free_mib", little_room)
    with pytest.raises(StorageFull, match="the bulk load needs 1024 MiB, 1000 MiB are free"):
        await bulk_load(own_graph.settings, five(), QUIET)

    assert leftovers(own_graph.settings) == []
    assert not (own_graph.server.home / "data").exists()


def little_room(_: Path) -> int:
    return 1_000


def kept_nodes(own_graph: OwnGraph) -> list[dict[str, Any]]:
    query = (
        "MATCH (n:ApiKey|PlanVersion|Rejected)"
        " RETURN labels(n) AS labels, properties(n) AS properties"
    )
    return sorted(own_graph.database.query(query), key=str)


def count_facts(own_graph: OwnGraph) -> int:
    return own_graph.database.query("MATCH (f:Fact) RETURN count(f) AS facts")[0]["facts"]


def cut_short(server: ManagedServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The store is half written when the process is killed."""
    databases = server.home / "data" / "databases"
    shutil.rmtree(databases / "neo4j")
    (databases / "neo4j").mkdir()
    (databases / "neo4j" / "neostore").write_bytes(b"half")
    raise GraphError("killed")


async def test_a_load_cut_short_is_not_served_and_the_next_begins_anew(
    own_graph: OwnGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = own_graph.settings
    await asyncio.to_thread(own_graph.server.start)
    async with open_graph(settings) as opened:
        pipeline = Pipeline(opened.graph, Tokeniser(b"pepper"), seed_plan())
        await pipeline.store([BROKEN])
    own_graph.database.query(KEY_NODE)
    before = kept_nodes(own_graph)

    with monkeypatch.context() as patch:
        patch.setattr(ManagedServer, "run_admin", cut_short)
        with pytest.raises(GraphError, match="killed"):
            await bulk_load(settings, five(), QUIET)
        with pytest.raises(GraphUnavailable, match="was cut short"):
            await asyncio.to_thread(own_graph.server.start)
    halfway = leftovers(settings)
    loaded = await bulk_load(settings, five(), QUIET)
    stopped = own_graph.server.status() is None
    await asyncio.to_thread(own_graph.server.start)

    assert halfway == [IMPORTING]
    assert leftovers(settings) == []
    assert stopped
    assert loaded.statuses["accepted"] == count_facts(own_graph) == len(five_levels())
    assert len(before) == 3
    assert kept_nodes(own_graph) == before


async def test_a_graph_with_facts_is_refused_and_stays(own_graph: OwnGraph) -> None:
    await asyncio.to_thread(own_graph.server.start)

    with pytest.raises(Conflict, match="is not empty"):
        await bulk_load(own_graph.settings, five(), QUIET)

    assert count_facts(own_graph) == len(five_levels())
    assert leftovers(own_graph.settings) == []


async def test_an_empty_graph_that_another_process_serves_is_refused(own_graph: OwnGraph) -> None:
    async with open_graph(own_graph.settings) as opened:
        own_graph.database.clear()
        pipeline = Pipeline(opened.graph, Tokeniser(b"pepper"), seed_plan())
        worker = asyncio.create_task(pipeline.run())
        try:
            await asyncio.sleep(1)
            with pytest.raises(Conflict, match="another process works on this graph"):
                await bulk_load(own_graph.settings, five(), QUIET)
        finally:
            worker.cancel()
        assert own_graph.server.status() is not None


async def test_what_is_stored_while_the_files_are_read_is_not_lost(
    own_graph: OwnGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    write: Callable[..., list[str]] = loading._write  # pyright: ignore[reportPrivateUsage]

    def write_while_somebody_stores(*arguments: Any) -> list[str]:
        own_graph.database.query("CREATE (:Fact {key: 'meanwhile'})")
        return write(*arguments)

    own_graph.database.clear()
    monkeypatch.setattr(loading, "_write", write_while_somebody_stores)

    with pytest.raises(Conflict, match="is not empty"):
        await bulk_load(own_graph.settings, five(), QUIET)

    assert leftovers(own_graph.settings) == []


async def test_a_cancelled_load_ends_its_threads_and_leaves_the_store(
    own_graph: OwnGraph,
) -> None:
    own_graph.database.clear()
    task = asyncio.create_task(bulk_load(own_graph.settings, five() * 1_000, QUIET))
    for _ in range(3_000):
        if (own_graph.settings.data_dir / "bulk" / "Fact").exists():
            break
        await asyncio.sleep(0.01)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert count_facts(own_graph) == 0
    assert leftovers(own_graph.settings) == []
