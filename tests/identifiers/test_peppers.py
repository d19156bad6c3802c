"""Peppers are made, kept for their owner only, and retired."""

import json
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError
from typer.testing import CliRunner

from graph_service.cli import app
from graph_service.errors import Conflict, NotFound
from graph_service.identifiers.peppers import LIVE_MAX, list_peppers, retire_pepper, rotate_pepper
from graph_service.ingest.tokens import Tokeniser, open_tokeniser, read_pepper
from graph_service.settings import Settings

AT = "2026-01-01T00:00:00+00:00"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, pepper=None)


def test_before_any_rotation_tokens_are_made_under_the_first_pepper(settings: Settings) -> None:
    assert open_tokeniser(settings) == Tokeniser(read_pepper(settings))


def test_after_a_rotation_the_new_pepper_makes_tokens_and_the_old_finds_them(
    settings: Settings,
) -> None:
    first = read_pepper(settings)

    rotate_pepper(settings, AT)

    tokeniser = open_tokeniser(settings)
    assert tokeniser.pepper != first
    assert tokeniser.former == (first,)
    assert read_pepper(settings) == first


def test_a_retired_pepper_finds_nothing_and_its_secret_is_gone(settings: Settings) -> None:
    rotate_pepper(settings, AT)
    second = open_tokeniser(settings).pepper
    rotate_pepper(settings, AT)

    retire_pepper(settings, 2, AT)

    assert open_tokeniser(settings).former == (read_pepper(settings),)
    assert second.decode() not in (settings.data_dir / "peppers.json").read_text()


def test_the_file_is_for_its_owner_only(settings: Settings) -> None:
    rotate_pepper(settings, AT)

    for name in ("peppers.json", "peppers.lock"):
        assert stat.S_IMODE((settings.data_dir / name).stat().st_mode) == 0o600


def test_retiring_twice_changes_nothing(settings: Settings) -> None:
    rotate_pepper(settings, AT)
    retired = retire_pepper(settings, 1, AT)

    assert retire_pepper(settings, 1, "2027-01-01T00:00:00+00:00") == retired


def test_the_newest_pepper_cannot_be_retired(settings: Settings) -> None:
    with pytest.raises(Conflict):
        retire_pepper(settings, 1, AT)
    assert [one.is_live for one in list_peppers(settings)] == [True]


def test_a_pepper_that_never_was_cannot_be_retired(settings: Settings) -> None:
    with pytest.raises(NotFound):
        retire_pepper(settings, 7, AT)


def test_not_more_than_some_peppers_are_live(settings: Settings) -> None:
    for _ in range(LIVE_MAX - 1):
        rotate_pepper(settings, AT)

    with pytest.raises(Conflict):
        rotate_pepper(settings, AT)


def test_peppers_may_be_set_from_outside(tmp_path: Path) -> None:
    previous = (SecretStr("two"), SecretStr("one"))
    settings = Settings(data_dir=tmp_path, pepper=SecretStr("three"), pepper_previous=previous)

    assert open_tokeniser(settings) == Tokeniser(b"three", (b"two", b"one"))
    assert read_pepper(settings) == b"one"
    with pytest.raises(Conflict):
        rotate_pepper(settings, AT)


def test_previous_peppers_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPH_SERVICE_PEPPER", "three")
    monkeypatch.setenv("GRAPH_SERVICE_PEPPER_PREVIOUS", "two, one")

    assert open_tokeniser(Settings(data_dir=tmp_path)).former == (b"two", b"one")


def test_previous_peppers_need_one_of_today(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        Settings(data_dir=tmp_path, pepper=None, pepper_previous=(SecretStr("one"),))


def test_the_commands_rotate_list_and_retire(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPH_SERVICE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("GRAPH_SERVICE_PEPPER", raising=False)
    runner = CliRunner()

    for command in (["rotate"], ["rotate"], ["retire", "2"]):
        assert runner.invoke(app, ["pepper", *command]).exit_code == 0
    listed = runner.invoke(app, ["pepper", "list", "--json"])

    states = [one["state"] for one in json.loads(listed.stdout)["items"]]
    assert states == ["finds tokens", "retired", "makes tokens"]
    secrets = [one.secret for one in list_peppers(Settings()) if one.secret]
    assert len(secrets) == 1
    assert secrets[0] not in listed.output
