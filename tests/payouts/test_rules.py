"""The document of rules: what it needs, and what is said of one that is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from graph_service.app import create_app
from graph_service.payouts.rules import CODES, PACKED, RulesInvalid, read_rules
from graph_service.settings import Settings

PACKED_DOCUMENT = json.loads(PACKED.read_text(encoding="utf-8"))


def test_the_packed_rules_name_every_rule() -> None:
    assert set(read_rules(None).rules) == set(CODES)


def test_another_file_takes_their_place(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({**PACKED_DOCUMENT, "version": "mine"}), encoding="utf-8")

    assert read_rules(file).version == "mine"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"version": ""}, "version"),
        ({"odd": 1}, "odd"),
        ({"zone": "Mars/Olympus"}, "there is no zone Mars/Olympus"),
        ({"currencies": {"XXX": {"minimumMinor": 1}}}, "XXX is no ISO 4217 code"),
        ({"currencies": {"CNY": {"minimumMinor": 0}}}, "minimumMinor"),
        ({"currencies": {}}, "currencies"),
        ({"rules": {}}, "hold_in_force cannot be left out"),
        ({"rules": {"rich": {"decision": "deny", "zh": "a", "en": "b"}}}, "rules.rich"),
        ({"purpose": "=cmd"}, "purpose"),
        (
            {"rules": {"kyc_pending": {"decision": "deny", "zh": "{secret}", "en": "b"}}},
            "names something else",
        ),
    ],
)
def test_a_wrong_document_is_refused_with_the_place(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({**PACKED_DOCUMENT, **change}), encoding="utf-8")

    with pytest.raises(RulesInvalid) as caught:
        read_rules(file)

    assert told in str(caught.value)
    assert str(file) in str(caught.value)


@pytest.mark.anyio
async def test_a_missing_document_stops_the_start(settings: Settings, tmp_path: Path) -> None:
    app = create_app(settings.model_copy(update={"payout_rules": tmp_path / "none.json"}))

    with pytest.raises(RulesInvalid, match="No such file"):
        async with app.router.lifespan_context(app):
            pass
