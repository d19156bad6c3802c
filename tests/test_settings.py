"""The settings that the docs name are the settings that there are."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from graph_service.settings import Settings

DOC = Path(__file__).parent.parent / "docs" / "settings.md"


def variables() -> dict[str, str]:
    """Each setting's environment variable with its description."""
    return {
        name.upper()
        if name.startswith("neo4j_") and field.validation_alias
        else f"GRAPH_SERVICE_{name.upper()}": field.description or ""
        for name, field in Settings.model_fields.items()
    }


def test_the_docs_name_every_setting_and_no_other() -> None:
    named = set(re.findall(r"^\| `([A-Z0-9_]+)`", DOC.read_text(encoding="utf-8"), re.MULTILINE))

    assert named == set(variables())


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, text in variables().items() if not text.endswith(".")] == []


def test_a_secret_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    file.write_text("from-a-file\n", encoding="utf-8")
    monkeypatch.setenv("GRAPH_SERVICE_BOOTSTRAP_API_KEY_FILE", str(file))

    key = Settings().bootstrap_api_key

    assert key is not None
    assert key.get_secret_value() == "from-a-file"


def test_a_wrong_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPH_SERVICE_PORT", "99999")

    with pytest.raises(ValidationError):
        Settings()
