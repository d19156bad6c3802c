"""Sentences are there in both languages, with the same codes and the same places for values."""

import string
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graph_service.plans import document, member
from graph_service.plans.document import Plan, warnings
from graph_service.plans.member import Lang, amount_text, warning_texts, words

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RICH: dict[str, Any] = {
    "version": "rich",
    "attribution": {"model": "linear", "selfPurchase": True},
    "base": {"categories": {f"c{i}": "0.1" for i in range(25)}, "otherRate": "0.125"},
    "products": [{"productId": "p", "rate": "0.2"}],
    "ladder": {"mode": "whole", "steps": [{"fromMinor": 0, "rate": "0.3"}]},
    "team": {"rate": "0.02", "cycle": "week", "depth": 2, "roles": ["partner"]},
    "partner": {"rate": "0.01"},
    "campaigns": [{"name": "launch", "multiplier": "1.5"}],
    "roles": [
        {
            "role": "promoter",
            "after": "partner",
            "ownSalesMinor": 1,
            "teamSalesMinor": 2,
            "directMembers": 3,
        },
        {"role": "partner", "keepSalesMinor": 5},
    ],
    "paidLevelsMax": 2,
}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def all_texts(lang: str) -> Iterator[tuple[str, str]]:
    for group in ("warnings", "rules"):
        for code, text in words()[lang][group].items():
            yield f"{group}.{code}", text


def test_both_languages_have_the_same_codes_and_values() -> None:
    zh, en = dict(all_texts("zh")), dict(all_texts("en"))

    assert zh.keys() == en.keys()
    assert [code for code in zh if fields(zh[code]) != fields(en[code])] == []


def test_every_warning_of_the_code_has_its_words() -> None:
    source = Path(document.__file__).read_text("utf-8")

    named = {code for code in words()["en"]["warnings"] if f'found.append("{code}")' in source}

    assert named == set(words()["en"]["warnings"])
    assert source.count("found.append(") == len(named)


def told(lang: Lang) -> dict[str, str]:
    teller = member._Teller(  # pyright: ignore[reportPrivateUsage]
        Plan.model_validate(RICH), member.Standing("partner", None, 5), lang, NOW
    )
    return {one["code"]: one["text"] for one in teller.rules(None)}


def test_every_kind_of_rule_is_told() -> None:
    en = told("en")

    assert en["base_category"] == "Goods of the category c19 earn 10% of what is paid."
    assert en["base_other"] == "Other goods earn 12.5% of what is paid."
    assert en["more"] == "There are 5 more rates; see the whole plan."
    assert en["campaign"] == "Campaign launch: what you earn is multiplied by 1.5."
    assert "the first 2 level(s)" in en["team_week"]
    assert "CNY 0.01 promoted by yourself, CNY 0.02" in en["role_next_promoter"]
    assert (
        en["role_this_month"] == "You have promoted CNY 0.05 this month, which is enough for that."
    )
    assert en["role_keep"] == "After 3 month(s) in a row below CNY 0.05 you lose your role."
    assert {"self_purchase", "partner", "ladder_step_whole", "ladder_top", "paid_levels"} <= set(en)
    assert list(told("zh")) == list(en)


@pytest.mark.parametrize(
    ("minor", "currency", "zh", "en"),
    [
        (5_000_000, "CNY", "50,000 元", "CNY 50,000"),
        (123_456, "CNY", "1,234.56 元", "CNY 1,234.56"),
        (5, "USD", "0.05 USD", "USD 0.05"),
        (1_234, "JPY", "1,234 JPY", "JPY 1,234"),
        (1_234, "KWD", "1.234 KWD", "KWD 1.234"),
        (-150, "CNY", "-1.50 元", "CNY -1.50"),
        (10**15 + 1, "CNY", "10,000,000,000,000.01 元", "CNY 10,000,000,000,000.01"),
    ],
)
def test_amounts_are_written_for_people(minor: int, currency: str, zh: str, en: str) -> None:
    assert (amount_text(minor, currency, "zh"), amount_text(minor, currency, "en")) == (zh, en)


def test_warnings_are_told_in_order() -> None:
    plan = Plan.model_validate(RICH)

    assert [one["code"] for one in warning_texts(plan, "zh")] == list(warnings(plan))
