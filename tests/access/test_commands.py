"""The commands for API keys, beside a service that runs."""

import json
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner, Result

from graph_service.cli import app
from graph_service.settings import Settings
from tests.conftest import KEY, Database

COMMANDS = ("create", "list", "rotate", "revoke")


@pytest.fixture(autouse=True)
def environment(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that point the commands at the test's database; their logs stay their own."""
    assert settings.neo4j_uri is not None
    monkeypatch.setenv("NEO4J_URI", settings.neo4j_uri)
    monkeypatch.setenv("NEO4J_USERNAME", settings.neo4j_username)
    monkeypatch.setenv("NEO4J_PASSWORD", settings.neo4j_password.get_secret_value())
    monkeypatch.setenv("GRAPH_SERVICE_PEPPER", "pepper-of-the-tests")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("graph_service.key_commands.configure_logs", leave_logs)


def leave_logs(level: str) -> None:
    """In place of what would set the logs of the whole test run."""


def run(*arguments: str) -> Result:
    with structlog.testing.capture_logs():
        return CliRunner().invoke(app, ["keys", *arguments])


def told(*arguments: str) -> Any:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_key_lives_its_life_by_commands() -> None:
    made = told("create", "checkout", "--scope", "read", "--scope", "risk:read")
    rotated = told("rotate", made["keyId"], "--grace-seconds", "0")
    revoked = told("revoke", rotated["keyId"])
    again = told("revoke", rotated["keyId"])
    listed = told("list")["items"]

    assert made["scopes"] == rotated["scopes"] == ["read", "risk:read"]
    assert made["key"].startswith(made["prefix"])
    assert rotated["key"] != made["key"]
    assert revoked["revokedAt"] == again["revokedAt"]
    assert {one["keyId"]: one["state"] for one in listed} == {
        made["keyId"]: "expired",
        rotated["keyId"]: "revoked",
    }


def test_only_the_secret_is_on_standard_output() -> None:
    made = run("create", "checkout", "--scope", "read", "--expires-in-days", "7")
    listed = run("list")

    secret = made.stdout.strip()
    assert secret.startswith("gsk_")
    assert len(secret.split()) == 1
    assert "shown this once" in made.stderr
    assert "checkout" in listed.stdout
    assert secret not in listed.output


def test_names_are_listed_as_they_are_and_not_as_markup() -> None:
    names = ("[checkout] web", "[/red]")
    for name in names:
        told("create", name, "--scope", "read")

    listed = run("list")

    assert listed.exit_code == 0
    assert [name for name in names if name not in listed.stdout] == []


def test_the_last_admin_key_stays_unless_the_settings_hold_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = told("create", "boss", "--scope", "admin")
    refused = run("revoke", made["keyId"])
    monkeypatch.setenv("GRAPH_SERVICE_BOOTSTRAP_API_KEY", KEY)

    done = run("revoke", made["keyId"])

    assert refused.exit_code == 1
    assert "last admin key" in str(refused.exception)
    assert done.exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "a"),
        ("create", "a", "--scope", "root"),
        ("create", "--scope", "read"),
        ("create", "two\nlines", "--scope", "read"),
        ("create", "a", "--scope", "read", "--expires-in-days", "0"),
        ("rotate", "a", "--grace-seconds", "-1"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does(command: str) -> None:
    shown = run(command, "--help")

    assert shown.exit_code == 0
    assert f"keys {command} [OPTIONS]" in shown.stdout
