"""The command `simulate`, beside a service that runs."""

import json
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner, Result

from graph_service.cli import app
from graph_service.errors import Invalid, NotFound
from graph_service.pipeline import Pipeline
from graph_service.plans.versions import PlanNotFound
from graph_service.settings import Settings
from tests.months.test_closing import stored
from tests.plans.test_plan_commands import leave_logs, written
from tests.simulation.test_outcome import mall

PLAN = """
version: launch
title: Launch
ladder: {steps: [{fromMinor: 0, rate: "0.05"}]}
startBonus: {rate: "0.2", months: 3}
team: {rate: "0.02"}
"""
TIME = ("--from", "2026-01-01", "--to", "2026-03-15")


@pytest.fixture(autouse=True)
async def environment(
    settings: Settings, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mall, and variables that point the command at it."""
    assert settings.neo4j_uri is not None
    monkeypatch.setenv("NEO4J_URI", settings.neo4j_uri)
    monkeypatch.setenv("NEO4J_USERNAME", settings.neo4j_username)
    monkeypatch.setenv("NEO4J_PASSWORD", settings.neo4j_password.get_secret_value())
    monkeypatch.setenv("GRAPH_SERVICE_PEPPER", "pepper-of-the-tests")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr("graph_service.simulate_command.configure_logs", leave_logs)
    await stored(pipeline, *mall())


def run(*arguments: str) -> Result:
    with structlog.testing.capture_logs():
        return CliRunner().invoke(app, ["simulate", *arguments])


def test_a_file_is_run_and_told_in_tables(tmp_path: Path) -> None:
    file = written(tmp_path, PLAN)

    done = run(file, *TIME)

    assert done.exit_code == 0, done.output
    for row in (
        "ladder 3,550.00 3,250.00 -300.00",
        "partner 650.00 0.00 -650.00",
        "promoter account_below 2 100.00",
    ):
        assert row in " ".join(done.stdout.split())
    assert "Only in part inside the time: 2026-03" not in done.stdout
    assert "warning pays_for_downline_sales" in done.output


def test_a_version_is_run_and_told_as_json() -> None:
    done = run("seed-1", *TIME, "--json")

    answer: Any = json.loads(done.stdout)
    assert answer["costMinor"] == answer["currentCostMinor"] > 0
    assert answer["winners"] == []


@pytest.mark.parametrize("name", ["plot.svg", "plot.png"])
def test_a_picture_is_drawn_and_the_same_twice(tmp_path: Path, name: str) -> None:
    file = written(tmp_path, PLAN)

    pictures: list[bytes] = []
    for _ in range(2):
        done = run(file, *TIME, "--json", "--plot", str(tmp_path / name))
        assert done.exit_code == 0, done.output
        pictures.append((tmp_path / name).read_bytes())

    assert pictures[0] == pictures[1]
    if name.endswith("svg"):
        assert b"Members by change under launch" in pictures[0]
        assert b"Cost by rule (CNY)" in pictures[0]
    else:
        assert pictures[0].startswith(b"\x89PNG")


def test_what_cannot_be_run_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    file = written(tmp_path, PLAN)

    found = [
        run("none", *TIME),
        run(str(tmp_path / "none.json"), *TIME),
        run(file, "--from", "then"),
        run(file, *TIME, "--plot", str(tmp_path / "plot.pdf")),
        run(file, *TIME, "--plot", str(tmp_path / "none" / "plot.svg")),
    ]

    assert [type(one.exception) for one in found] == [
        PlanNotFound,
        NotFound,
        Invalid,
        Invalid,
        NotFound,
    ]
