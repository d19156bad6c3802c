"""SIGTERM and Ctrl-C: a command ends in order, with the Neo4j that it started."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.faults.places import MAIN, PATIENCE_S, Place, event_file, own_place, until
from tests.worlds.named import honest_tree

SLOW_FILES = """
import asyncio
import graph_service.loading as loading
from graph_service.pipeline import Pipeline
loading.BATCH_EVENTS, store, batches = 8, Pipeline.store, []
async def stored(self, events, **options):
    receipt = await store(self, events, **options)
    batches.append(receipt)
    print("batch", len(batches), flush=True)
    await asyncio.sleep(0.5)
    return receipt
Pipeline.store = stored
"""


STORED = re.compile(r"([\d,]+) stored, ([\d,]+) known already")
# The other commands end in the same way; GRAPH_SERVICE_TEST_ROUNDS tries them too.
STARTING = [("serve", "--port", "0"), ("verify",), ("demo", "--no-serve"), ("load", "-")]
TRIED = len(STARTING) if "GRAPH_SERVICE_TEST_ROUNDS" in os.environ else 1


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    """A place whose Neo4j does not run: whichever command comes starts it."""
    with own_place(tmp_path_factory.mktemp("idle"), tmp_path_factory.mktemp("notes")) as place:
        yield place


def test_a_load_that_is_told_to_end_ends_its_neo4j_and_keeps_what_is_stored(
    idle: Place, tmp_path: Path
) -> None:
    events = honest_tree(2, 3)
    file = event_file(tmp_path, events)

    begun = idle.spawn("load", file, patch=SLOW_FILES)
    until(lambda: "batch 2" in idle.printed(begun) or begun.poll() is not None)
    begun.send_signal(signal.SIGTERM)
    code = begun.wait(PATIENCE_S)
    left = idle.neo4j_pid()
    later, summary = idle.run("load", file)

    printed = idle.printed(begun)
    assert code == 128 + signal.SIGTERM, printed
    assert "SIGTERM: cleaning up" in printed
    assert "Traceback" not in printed
    assert left is None
    assert later == 0, summary
    stored, known = map(int, STORED.findall(summary)[0])
    assert stored + known == len(events)
    assert known >= 16
    assert stored > 0
    assert idle.neo4j_pid() is None


@pytest.mark.parametrize("command", STARTING[:TRIED])
def test_a_command_that_is_told_to_end_while_neo4j_starts_leaves_none(
    idle: Place, command: tuple[str, ...]
) -> None:
    begun = idle.spawn(*command)
    until(idle.neo4j_pid)
    begun.send_signal(signal.SIGINT)
    code = begun.wait(PATIENCE_S)

    assert code == 128 + signal.SIGINT, idle.printed(begun)
    assert "Traceback" not in idle.printed(begun)
    assert idle.neo4j_pid() is None


def test_a_load_that_waits_for_its_input_can_be_told_to_end(place: Place) -> None:
    line = json.dumps(honest_tree(0, 1)[0]).encode() + b"\n"
    address = place.server.start()

    named = {"NEO4J_URI": address.bolt_uri, "NEO4J_PASSWORD": address.password}
    with subprocess.Popen(
        [sys.executable, "-c", MAIN, "load", "-"],
        env=place.environment(**named),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as begun:
        assert begun.stdin is not None
        begun.stdin.write(line)
        begun.stdin.flush()
        connected = "SHOW TRANSACTIONS YIELD currentQuery RETURN count(*) AS n"
        until(lambda: place.database.query(connected) and is_waiting(begun))
        begun.send_signal(signal.SIGTERM)
        code = begun.wait(60)

    assert code == 128 + signal.SIGTERM


def is_waiting(process: subprocess.Popen[bytes]) -> bool:
    """Whether one of its threads waits for the pipe."""
    tasks = Path(f"/proc/{process.pid}/task").iterdir()
    return any("pipe_read" in (one / "wchan").read_text() for one in tasks)
