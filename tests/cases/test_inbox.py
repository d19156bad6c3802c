"""Which open case does an alert join, and how urgent is it?"""

from typing import Any

import pytest

from graph_service.cases.desk.inbox import joined_case
from graph_service.cases.desk.stages import ALLOWED, LEADS, STAGES, priority_of, stage_after


def case(name: str, common: int, members: int) -> dict[str, Any]:
    return {"caseId": name, "common": common, "members": members}


@pytest.mark.parametrize(
    ("cases", "joined"),
    [
        ([], None),
        ([case("half", 4, 8)], "half"),
        ([case("less", 3, 8)], None),
        ([case("small", 2, 2)], "small"),
        ([case("part", 3, 6), case("whole", 4, 4)], "whole"),
    ],
)
def test_an_alert_of_four_joins_the_case_that_shares_half_of_both(
    cases: list[dict[str, Any]], joined: str | None
) -> None:
    row = {"memberIds": ["a", "b", "c", "d"], "cases": cases}

    # Jaccard: 4 of 8 is half, 3 of 9 is less, 2 of 4 is half.
    assert joined_case(row) == joined


@pytest.mark.parametrize(
    ("score", "amount", "priority"),
    [(0.95, 2_000_000, 1), (0.95, 100, 2), (0.8, 9_000_000, 3), (0.5, 100, 4)],
)
def test_what_is_held_and_costs_much_is_urgent(score: float, amount: int, priority: int) -> None:
    assert priority_of(score, amount) == priority


def test_every_step_leads_from_where_it_may_be_taken_to_a_stage() -> None:
    for step, stages in ALLOWED.items():
        assert set(LEADS.get(step, {})) <= stages
        for stage in stages:
            assert stage_after(step, stage) in STAGES
