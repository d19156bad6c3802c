"""The commands for plans, beside a service that runs."""

import json
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner, Result

from graph_service.cli import app
from graph_service.errors import Invalid, Malformed, NotFound
from graph_service.plans.document import seed_plan
from graph_service.plans.versions import PlanExists, PlanNotFound, document_of
from graph_service.settings import Settings
from tests.conftest import Database


@pytest.fixture(autouse=True)
def environment(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that point the commands at the test's database; their logs stay their own."""
    assert settings.neo4j_uri is not None
    monkeypatch.setenv("NEO4J_URI", settings.neo4j_uri)
    monkeypatch.setenv("NEO4J_USERNAME", settings.neo4j_username)
    monkeypatch.setenv("NEO4J_PASSWORD", settings.neo4j_password.get_secret_value())
    monkeypatch.setenv("GRAPH_SERVICE_PEPPER", "pepper-of-the-tests")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("graph_service.plan_commands.configure_logs", leave_logs)


def leave_logs(level: str) -> None:
    """In place of what would set the logs of the whole test run."""


def run(*arguments: str) -> Result:
    with structlog.testing.capture_logs():
        return CliRunner().invoke(app, ["plan", *arguments])


def told(*arguments: str) -> Any:
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def written(folder: Path, text: str, name: str = "plan.yaml") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_a_plan_lives_its_life_by_commands(tmp_path: Path) -> None:
    file = written(tmp_path, "version: launch\ntitle: Launch [b]\nholdingDays: 9")

    first, second = run("put", file), run("put", file)
    begun = run("activate", "launch", "--from", "2026-01-01T00:00:00+08:00")
    listed = told("list", "--json")["items"]
    shown = told("show")

    assert [one.exit_code for one in (first, second, begun)] == [0, 0, 0]
    assert "is kept" in first.output
    assert "was there" in second.output
    assert "from 2025-12-31T16:00:00Z on" in begun.output
    assert [(one["version"], one["inForce"]) for one in listed] == [
        ("launch", True),
        ("seed-1", False),
    ]
    assert (shown["version"], shown["holdingDays"]) == ("launch", 9)
    assert told("show", "seed-1") == document_of(seed_plan())
    assert "Launch [b]" in run("list").output


def test_checking_says_in_both_languages_what_is_doubtful(tmp_path: Path) -> None:
    file = written(tmp_path, json.dumps(document_of(seed_plan())), "plan.json")

    done = run("check", file)

    assert done.exit_code == 0
    assert "pays_for_downline_sales" in done.output
    assert "《禁止传销条例》" in done.output
    assert "Decree 444" in done.output
    assert told("check", file, "--json")["warnings"][0] == "pays_for_downline_sales"


def test_putting_showing_and_activating_warn_beside_what_they_print(tmp_path: Path) -> None:
    file = written(tmp_path, "version: shared\nteam: {rate: 0.01}")

    done = [run("put", file), run("activate", "shared"), run("show", "shared")]

    assert ["pays_for_downline_sales" in one.stderr for one in done] == [True] * 3
    assert json.loads(done[2].stdout)["version"] == "shared"


@pytest.mark.parametrize(
    ("text", "fault", "said"),
    [
        ("version: v\nteam: {depth: 0}", Invalid, "team.depth: Input should be"),
        ("[", Malformed, "not YAML"),
    ],
)
def test_a_file_that_is_no_plan_is_refused_with_its_places(
    tmp_path: Path, text: str, fault: type[Exception], said: str
) -> None:
    done = run("check", written(tmp_path, text))

    assert isinstance(done.exception, fault)
    assert said in str(done.exception)


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    other = written(tmp_path, "version: seed-1")

    found = [
        run(*command).exception
        for command in (
            ("check", str(tmp_path / "none")),
            ("put", other),
            ("activate", "none"),
            ("show", "none"),
        )
    ]

    kinds = [NotFound, PlanExists, PlanNotFound, PlanNotFound]
    assert [type(one) for one in found] == kinds
    assert run("activate", "seed-1", "--from", "then").exit_code == 2
