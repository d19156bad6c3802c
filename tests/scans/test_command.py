"""The commands scan and snapshot on the test's database."""

import json
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from graph_service.cli import app
from graph_service.pipeline import Pipeline
from graph_service.scans import searching
from graph_service.settings import Settings
from graph_service.snapshot.files import load_log
from tests.scans.desk import DETECTORS, ring

FIVE = ["[red]a", *(f"a{number}" for number in range(1, 5))]


@pytest.fixture(autouse=True)
async def environment(
    settings: Settings,
    pipeline: Pipeline,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    anyio_backend: str,
) -> None:
    """A ring in the database that the commands are pointed at; detectors are those of the tests."""
    assert settings.neo4j_uri is not None
    monkeypatch.setenv("NEO4J_URI", settings.neo4j_uri)
    monkeypatch.setenv("NEO4J_USERNAME", settings.neo4j_username)
    monkeypatch.setenv("NEO4J_PASSWORD", settings.neo4j_password.get_secret_value())
    monkeypatch.setenv("GRAPH_SERVICE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("GRAPH_SERVICE_PEPPER", "pepper-of-the-tests")
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr("graph_service.scan_command.configure_logs", leave_logs)
    monkeypatch.setattr("graph_service.scan_command.REGISTRY", DETECTORS)
    await pipeline.store(ring("a", FIVE))
    await pipeline.settle(timeout_s=30)


def leave_logs(level: str) -> None:
    """In place of what would set the logs of the whole test run."""


def run(*arguments: str) -> Result:
    with structlog.testing.capture_logs():
        return CliRunner().invoke(app, [*arguments])


def test_a_scan_shows_its_alerts_as_a_table_and_as_json() -> None:
    shown = run("scan", "--full", "--lang", "en")
    told = run("scan", "--json")

    assert shown.exit_code == 0, shown.output
    assert "1 fake_order_ring" in shown.output
    assert "5 accounts" in shown.output
    assert "[red]a" in shown.output
    answer = json.loads(told.output)
    assert (answer["scan"]["mode"], answer["scan"]["status"]) == ("incremental", "done")
    assert answer["alerts"][0]["memberIds"] == sorted(FIVE)
    assert searching.REGISTRY != DETECTORS


def test_a_snapshot_is_written_and_measured(tmp_path: Path) -> None:
    told = run("snapshot", "--json")

    assert told.exit_code == 0, told.output
    figures = json.loads(told.output)
    log = load_log(tmp_path / "snapshots")
    assert log is not None
    assert (figures["rows"], figures["seq"]) == (log.rows, log.seq)
    assert Path(figures["folder"]).is_dir()
    assert figures["diskMib"] > 0
