"""The command's option, and when the other way says that there is one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from graph_service.bulk.loading import WORTHWHILE_BYTES, is_bulk_faster
from graph_service.graph.session import Graph
from graph_service.ingest.files import EventFile
from graph_service.pipeline import Pipeline
from tests.worlds.named import five_levels

pytestmark = pytest.mark.anyio
COMMAND = [
    sys.executable,
    "-c",
    "from graph_service.cli import main; main()",
    "load",
    "--bulk",
    "-",
]


def test_the_option_refuses_another_server_in_one_line(tmp_path: Path) -> None:
    elsewhere = {"NEO4J_URI": "bolt://127.0.0.1:1", "GRAPH_SERVICE_DATA_DIR": str(tmp_path)}

    ended = subprocess.run(
        COMMAND, env=os.environ | elsewhere, input=b"", capture_output=True, timeout=60, check=False
    )

    assert ended.returncode == 1
    assert ended.stderr.decode().strip() == (
        "error: only the managed Neo4j can be loaded in bulk: load without --bulk"
    )


async def test_only_a_large_file_for_an_empty_graph_is_faster_in_bulk(
    graph: Graph, pipeline: Pipeline
) -> None:
    large, small = EventFile("large", WORTHWHILE_BYTES), EventFile("small", WORTHWHILE_BYTES - 1)

    empty = [await is_bulk_faster(graph, [one]) for one in (large, small)]
    await pipeline.store(five_levels())
    full = await is_bulk_faster(graph, [large])

    assert (empty, full) == ([True, False], False)
