"""What do the commands say of a copy that is not there, and of one that does not run?"""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graph_service.cli import app

COPIED = {"at": "2026-05-01T00:00:00+00:00", "nodes": 1234, "relationships": 56, "seconds": 7.5}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder in which nothing ever ran."""
    monkeypatch.setenv("GRAPH_SERVICE_DATA_DIR", str(tmp_path))
    return tmp_path


def said(*arguments: str) -> tuple[int, str]:
    shown = CliRunner().invoke(app, ["neo4j", *arguments])
    return shown.exit_code, shown.stdout


def test_where_nothing_runs_status_says_so_with_exit_code_3(folder: Path) -> None:
    assert said("status") == (3, "not running\n")
    assert said("status", "--read-only-copy") == (3, "there is no copy yet\n")


def test_what_does_not_run_is_not_stopped(folder: Path) -> None:
    assert said("stop") == (0, "was not running\n")
    assert said("stop", "--read-only-copy") == (0, "was not running\n")


def test_status_says_of_when_a_copy_is_that_does_not_run(folder: Path) -> None:
    (folder / "neo4j-copy").mkdir()
    (folder / "neo4j-copy" / "copied.json").write_text(json.dumps(COPIED))

    code, text = said("status", "--read-only-copy")

    assert code == 3
    assert (
        text.split()
        == (
            "read-only copy, not running: the graph of 2026-05-01T00:00:00+00:00, 1,234 nodes,"
            " 56 relationships, made in 7.5 s"
        ).split()
    )


@pytest.mark.parametrize("content", ["", "{}", '{"at": 1'])
def test_a_copy_that_is_not_whole_is_none(folder: Path, content: str) -> None:
    (folder / "neo4j-copy").mkdir()
    (folder / "neo4j-copy" / "copied.json").write_text(content)

    assert said("status", "--read-only-copy") == (3, "there is no copy yet\n")
