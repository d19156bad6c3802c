"""Does docs/analysis.ipynb run, and does it find what the questions answer?"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import nbformat
import pytest
from nbclient import NotebookClient

from graph_service.graph.session import Graph
from graph_service.settings import Settings
from tests.browser.mall import fill
from tests.conftest import Database

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs" / "analysis.ipynb"
# A page of figures; larger ones make every clone and every difference larger.
BYTES_MAX = 200_000


def cells(content: object) -> list[Mapping[str, Any]]:
    """The cells of code of a notebook."""
    found = cast("Mapping[str, list[Mapping[str, Any]]]", content)["cells"]
    return [one for one in found if one["cell_type"] == "code"]


def read() -> Any:
    return cast(Any, nbformat).read(NOTEBOOK, as_version=4)


@pytest.fixture
async def mall(settings: Settings, graph: Graph, anyio_backend: str) -> Settings:
    """The analysts' mall on the suite's server."""
    Database(settings).clear()
    await fill(graph)
    return settings


def test_the_notebook_runs_and_draws_three_questions(
    mall: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEO4J_URI", str(mall.neo4j_uri))
    monkeypatch.setenv("NEO4J_USERNAME", mall.neo4j_username)
    monkeypatch.setenv("NEO4J_PASSWORD", mall.neo4j_password.get_secret_value())
    monkeypatch.setenv("NEO4J_DATABASE", mall.neo4j_database)
    content = read()
    resources = {"metadata": {"path": str(ROOT)}}

    NotebookClient(content, timeout=300, kernel_name="python3", resources=resources).execute()

    shown = [output for cell in cells(content) for output in cell["outputs"]]
    assert sum("image/png" in output.get("data", {}) for output in shown) == 3
    tables = [
        output["data"]["text/html"] for output in shown if "text/html" in output.get("data", {})
    ]
    assert "<td>wang-fang</td>" in tables[0]
    assert tables[1].count("<td>s-showcase-") == 5
    assert "<th>2026-02</th>" in tables[2]


def test_the_notebook_is_kept_with_its_outputs_and_small() -> None:
    content = read()

    shown = [output for cell in cells(content) for output in cell["outputs"]]
    assert NOTEBOOK.stat().st_size < BYTES_MAX
    assert {output["output_type"] for output in shown} == {"execute_result", "display_data"}
    assert sum("image/png" in output["data"] for output in shown) == 3
    assert [one["execution_count"] for one in cells(content)] == [
        *range(1, len(cells(content)) + 1)
    ]
