"""The file of risk rules: what is taken, and what is said of one that is not."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from graph_service.app import create_app
from graph_service.cases.rules import RulesInvalid, read_rules
from graph_service.documents import BYTES_MAX
from graph_service.settings import Settings

RULE: dict[str, Any] = {
    "code": "look",
    "text": {"zh": "看", "en": "look"},
    "when": {"score": {"atLeast": "0.4"}},
    "do": {"openCase": True},
}
RULES: dict[str, Any] = {
    "version": "own-1",
    "levels": {"watch": "0.2", "review": "0.4", "freeze": "0.6"},
    "rules": [RULE],
}


def written(folder: Path, content: object) -> Path:
    file = folder / "rules.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def test_the_services_own_rules_freeze_from_nine_tenths_on() -> None:
    rules = read_rules()

    [rule] = rules.speaking(Decimal("0.9"))
    assert (rule.code, rule.do.open_case) == ("score_freeze", True)
    assert rule.do.hold is not None
    assert rule.do.hold.expires_after_days is None
    assert rules.speaking(Decimal("0.899999")) == []
    assert [rules.levels.of(Decimal(one)) for one in ("0.49", "0.5", "0.7", "0.9")] == [
        "clear",
        "watch",
        "review",
        "freeze",
    ]


def test_a_file_is_read(tmp_path: Path) -> None:
    rules = read_rules(written(tmp_path, RULES))

    assert rules.version == "own-1"
    assert rules.speaking(Decimal(1))[0].reason == "看 / look"


def test_a_file_may_have_no_rules_but_levels(tmp_path: Path) -> None:
    rules = read_rules(written(tmp_path, {**RULES, "rules": []}))

    assert rules.speaking(Decimal(1)) == []


FAULTS: list[tuple[object, str]] = [
    ([], "the file: "),
    ({**RULES, "version": ""}, "version: "),
    ({**RULES, "more": 1}, "more: "),
    ({**RULES, "levels": {"watch": "0.2", "review": "0.1", "freeze": "0.6"}}, "levels: "),
    ({**RULES, "levels": {"watch": "0", "review": "0.1", "freeze": "0.6"}}, "levels: "),
    ({**RULES, "levels": {"watch": "0.2", "review": "0.4"}}, "levels.freeze: "),
    ({**RULES, "levels": {"watch": "0.2", "review": "0.4", "freeze": "2"}}, "levels.freeze: "),
    ({**RULES, "rules": [RULE, RULE]}, "the code look is there twice"),
    ({**RULES, "rules": [{**RULE, "code": "Look!"}]}, "rules.0.code: "),
    ({**RULES, "rules": [{**RULE, "do": {}}]}, "rules.0.do: "),
    ({**RULES, "rules": [{**RULE, "do": {"openCase": "yes"}}]}, "rules.0.do.openCase: "),
    ({**RULES, "rules": [{**RULE, "do": {"pay": True}}]}, "rules.0.do.pay: "),
    (
        {**RULES, "rules": [{**RULE, "do": {"hold": {"expiresAfterDays": 0}}}]},
        "rules.0.do.hold.expiresAfterDays: ",
    ),
    ({**RULES, "rules": [{**RULE, "when": {}}]}, "rules.0.when.score: "),
    ({**RULES, "rules": [{**RULE, "when": {"score": {}}}]}, "rules.0.when.score.atLeast: "),
    ({**RULES, "rules": [{**RULE, "text": {"zh": "看"}}]}, "rules.0.text.en: "),
]


@pytest.mark.parametrize(("content", "words"), FAULTS)
def test_a_fault_is_named_with_its_place(content: object, words: str, tmp_path: Path) -> None:
    file = written(tmp_path, content)

    with pytest.raises(RulesInvalid) as caught:
        read_rules(file)

    assert str(caught.value).startswith(f"GRAPH_SERVICE_RISK_RULES: {file} is not valid: ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "is not JSON in UTF-8"),
        (b"\xff{}", "is not JSON in UTF-8"),
        (b'{"version": NaN}', "is not JSON in UTF-8"),
        (b" " * (BYTES_MAX + 1), "is larger than"),
    ],
)
def test_a_file_that_is_no_json_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_bytes(content)

    with pytest.raises(RulesInvalid, match=words):
        read_rules(file)


def test_a_bad_file_stops_the_start_before_anything_is_opened(tmp_path: Path) -> None:
    missing = tmp_path / "none.json"

    with pytest.raises(RulesInvalid, match="cannot be read: No such file") as caught:
        create_app(Settings.model_construct(risk_rules=missing))

    assert str(missing) in str(caught.value)
