"""A plan is valid as a whole or refused with its reason."""

from typing import Any

import pytest
from pydantic import ValidationError

from graph_service.plans.document import Plan, seed_plan, warnings

BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "ladder that falls": (
        {"ladder": {"steps": [{"fromMinor": 0, "rate": "0"}, {"fromMinor": 0, "rate": "1"}]}},
        "ever larger",
    ),
    "ladder with a gap below": ({"ladder": {"steps": [{"fromMinor": 1, "rate": "0"}]}}, "first"),
    "rate above one": ({"influence": {"poolRate": "1.01"}}, "less than or equal to 1"),
    "window of no day": ({"attribution": {"windowDays": 0}}, "greater than or equal to 1"),
    "weights above one": (
        {"attribution": {"firstWeight": "0.6", "lastWeight": "0.5"}},
        "more than 1 together",
    ),
    "program for nobody": ({"attribution": {"programs": [{"name": "p"}]}}, "neither channels"),
    "rate that ends first": (
        {
            "products": [
                {
                    "productId": "p",
                    "rate": "0.1",
                    "from": "2026-02-01T00:00:00Z",
                    "to": "2026-02-01T00:00:00Z",
                }
            ]
        },
        "not later",
    ),
    "campaigns of one name": (
        {"campaigns": [{"name": "c", "multiplier": "2"}, {"name": "c", "multiplier": "3"}]},
        "different names",
    ),
    "unknown rule": ({"bonus": 1}, "Extra inputs"),
    "no zone": ({"zone": "Asia/Atlantis"}, "time zone"),
    "no currency": ({"currency": "XXX"}, "ISO 4217"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plan_is_refused_with_its_reason(name: str) -> None:
    rules, reason = BROKEN[name]

    with pytest.raises(ValidationError, match=reason):
        Plan.model_validate({"version": "v", **rules})


def test_the_seed_plan_has_the_rates_of_the_mall_and_says_what_is_doubtful() -> None:
    plan = seed_plan()

    assert {name: str(rate) for name, rate in plan.base.categories.items()} == {
        "fmcg": "0.08",
        "digital": "0.03",
    }
    assert [(step.from_minor, str(step.rate)) for step in plan.ladder.steps] == [
        (0, "0.05"),
        (5_000_000, "0.08"),
    ]
    assert list(warnings(plan)) == [
        "pays_for_downline_sales",
        "pays_for_whole_team_sales",
        "pays_three_levels_or_more",
    ]


def test_a_plan_without_rules_pays_and_warns_of_nothing_but_its_levels() -> None:
    assert list(warnings(Plan(version="v"))) == ["pays_three_levels_or_more"]


def test_a_plan_is_the_same_after_it_was_written_and_read() -> None:
    plan = seed_plan()

    assert Plan.model_validate_json(plan.model_dump_json(by_alias=True)) == plan
