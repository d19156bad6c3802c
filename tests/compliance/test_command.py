"""The command prints the report as a table or as JSON."""

import json

import pytest
import structlog
from typer.testing import CliRunner, Result

from graph_service.cli import app
from graph_service.errors import Invalid, MemberNotFound
from graph_service.pipeline import Pipeline
from graph_service.settings import Settings
from tests.worlds import START, event


@pytest.fixture(autouse=True)
def environment(settings: Settings, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that point the command at the test's empty database; its logs stay its own."""
    assert settings.neo4j_uri is not None
    monkeypatch.setenv("NEO4J_URI", settings.neo4j_uri)
    monkeypatch.setenv("NEO4J_USERNAME", settings.neo4j_username)
    monkeypatch.setenv("NEO4J_PASSWORD", settings.neo4j_password.get_secret_value())
    monkeypatch.setenv("GRAPH_SERVICE_PEPPER", "pepper-of-the-tests")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("graph_service.compliance_command.configure_logs", leave_logs)


def leave_logs(level: str) -> None:
    """In place of what would set the logs of the whole test run."""


def run(*arguments: str) -> Result:
    with structlog.testing.capture_logs():
        return CliRunner().invoke(app, ["compliance", *arguments])


@pytest.fixture
async def chain(pipeline: Pipeline, anyio_backend: str) -> None:
    """Three members in a row, the first of them named like markup."""
    names = ("[red]", "b", "c")
    joins = [
        {"memberId": name, **({"inviterId": names[i - 1]} if i else {})}
        for i, name in enumerate(names)
    ]
    await pipeline.store(
        [event("member.joined", f"j{i}", START, one) for i, one in enumerate(joins)]
    )
    await pipeline.settle(timeout_s=30)


@pytest.mark.usefixtures("chain")
def test_the_table_shows_organisers_reasons_warnings_and_the_notice() -> None:
    done = run("--lang", "en")

    assert done.exit_code == 0, done.output
    assert "1 none, 1 amber, 0 red, 0 severe" in done.output
    assert "[red]" in done.output
    assert "3 levels, the organiser's own included" in done.output
    assert "Decree 444" in done.output
    assert "no legal advice" in done.output


@pytest.mark.usefixtures("chain")
def test_json_holds_what_the_route_answers() -> None:
    done = run("--json", "--as-of", "2026-02-01", "--limit", "1", "--flag", "none")

    found = json.loads(done.stdout)
    assert [one["memberId"] for one in found["items"]] == ["b"]
    assert found["asOf"] == "2026-02-01T15:59:59.999999Z"
    assert found["ledgerBehind"] == 0


def test_a_wrong_date_and_an_unknown_member_are_said() -> None:
    wrong, unknown = run("--as-of", "then"), run("--member", "nobody")

    assert isinstance(wrong.exception, Invalid)
    assert isinstance(unknown.exception, MemberNotFound)
