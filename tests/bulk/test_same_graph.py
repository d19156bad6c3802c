"""A bulk load leaves the graph that the same files leave online, also for what comes later."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from graph_service.bulk.loading import bulk_load
from graph_service.graph.opening import open_graph
from graph_service.ingest.files import EventFile, EventList, event_files
from graph_service.ingest.tokens import Tokeniser
from graph_service.loading import Loaded, load_files
from graph_service.pipeline import Pipeline
from graph_service.plans.document import seed_plan
from graph_service.rewards.verify import verify_teams
from graph_service.worlds.world import world_events, world_of
from tests.bulk.compare import differences, everything
from tests.bulk.conftest import OwnGraph, settings_of
from tests.bulk.dirty import dirty_world
from tests.conftest import Database
from tests.worlds import NOW

pytestmark = pytest.mark.anyio
QUIET = Console(quiet=True)
# Every small world of the suite is a few per cent of what a mall of this many members does.
MEMBERS = int(os.environ.get("GRAPH_SERVICE_TEST_BULK_MEMBERS", "200"))
PEPPER = b"pepper-of-the-tests"


def written(folder: Path, events: list[Any]) -> list[EventFile | EventList]:
    """The events as a plain file, a zipped one and a list in memory."""
    third = len(events) // 3
    lines = [json.dumps(one, ensure_ascii=False).encode() for one in events]
    plain, zipped = folder / "events.jsonl", folder / "events.jsonl.gz"
    plain.write_bytes(b"\n\n  ".join([*lines[:third], b"this is no JSON", b'{"id": "cut']))
    zipped.write_bytes(gzip.compress(b"\n".join(lines[third : 2 * third])))
    return [*event_files([str(plain), str(zipped)]), EventList("rest", events[2 * third :])]


async def both_loaded(
    own_graph: OwnGraph, pipeline: Pipeline, files: list[EventFile | EventList]
) -> tuple[Loaded, Loaded]:
    """What became of the files in bulk (into the own graph) and online (into the suite's)."""
    bulk = await bulk_load(own_graph.settings, files, QUIET, clock=lambda: NOW)
    return bulk, await load_files(pipeline, files, QUIET)


async def test_everything_is_the_same_and_stays_the_same_afterwards(
    own_graph: OwnGraph, pipeline: Pipeline, database: Database, tmp_path: Path
) -> None:
    events = [*dirty_world(range(24)), *world_events(world_of("S", members=MEMBERS))]
    before, later = events[: -len(events) // 8], dirty_world(range(0, 24, 5))
    own_graph.server.start()

    bulk, online = await both_loaded(own_graph, pipeline, written(tmp_path, before))
    at_once = differences(everything(database), everything(own_graph.database))
    async with open_graph(own_graph.settings) as opened:
        own = Pipeline(opened.graph, Tokeniser(PEPPER), seed_plan(), clock=lambda: NOW)
        files = [EventList("later", [*events[-len(events) // 8 :], *fresh_keys(later)])]
        bulk_later = await load_files(own, files, QUIET)
        verified = await verify_teams(opened.graph, own.plans)
    online_later = await load_files(pipeline, files, QUIET)

    assert (bulk.statuses, bulk.types, bulk.reasons) == (
        online.statuses,
        online.types,
        online.reasons,
    )
    assert min(bulk.statuses[name] for name in ("accepted", "duplicate", "rejected")) > 50
    assert at_once == []
    assert (bulk_later.statuses, bulk_later.reasons) == (
        online_later.statuses,
        online_later.reasons,
    )
    assert differences(everything(database), everything(own_graph.database)) == []
    assert verified.differences == ()


def fresh_keys(events: list[Any]) -> list[Any]:
    """The same facts told again under other keys: they bind, click and issue coupons anew."""
    return [{**one, "id": f"{one['id']}-later"} for one in events if "data" in one]


@pytest.mark.skipif("GRAPH_SERVICE_TEST_BULK_MEMBERS" not in os.environ, reason="takes minutes")
async def test_the_weibo_file_leaves_the_same_graph(
    shared_data: Path, tmp_path: Path, pipeline: Pipeline, database: Database
) -> None:
    files = event_files([str(shared_data / "weibo_cascades.jsonl.gz")])
    own_graph = OwnGraph(settings_of(tmp_path))
    own_graph.server.start()

    try:
        await both_loaded(own_graph, pipeline, [*files])
        found = differences(everything(database), everything(own_graph.database))
    finally:
        own_graph.server.stop()

    assert found == []
