"""Roles are won and lost by the plan's rules, month by month."""

import json
from datetime import timedelta
from typing import Any

import pytest

from graph_service.clock import to_micros
from graph_service.months.roles import Record, role_change
from graph_service.periods import month_before, month_of_period, period_begins, period_ends
from graph_service.pipeline import Pipeline
from graph_service.plans.document import Plan, seed_plan
from tests.conftest import Database
from tests.months.test_closing import DAY, closed, joined, sold, stored
from tests.worlds import NOW, START, event

PLAN = seed_plan()
ZONE = PLAN.month_zone
LONG_AGO = to_micros(START - timedelta(days=1_000))
CHANGES = """
MATCH (f:Fact {type: 'role.changed'})-[:ABOUT]->(m:Member)
RETURN f.data AS data, toString(f.time) AS time, m.role AS role ORDER BY f.seq
"""


def record(role: str, *own: int, since: int = LONG_AGO) -> Record:
    return Record("m", role, since, 0, own, (0,) * len(own))


@pytest.mark.parametrize(
    ("before", "own", "after"),
    [
        ("member", (100_000, 0, 0), "promoter"),
        ("member", (99_999, 9_000_000, 9_000_000), None),
        ("promoter", (5_000_000, 5_000_000, 5_000_000), "partner"),
        ("promoter", (5_000_000, 5_000_000, 4_999_999), None),
        ("promoter", (0, 0, 0), None),
        ("partner", (999_999, 0, 999_999), "promoter"),
        ("partner", (0, 0, 1_000_000), None),
        # One step each month, however much was sold.
        ("member", (9_000_000, 9_000_000, 9_000_000), "promoter"),
    ],
)
def test_the_seed_plan_raises_and_lowers(
    before: str, own: tuple[int, ...], after: str | None
) -> None:
    change = role_change(PLAN, "2026-03", record(before, *own))

    assert (change.role if change else None) == after


def test_a_role_is_not_lost_by_months_before_it_was_said() -> None:
    since = to_micros(period_begins("2026-02", ZONE))

    change = role_change(PLAN, "2026-03", record("partner", 0, 0, 0, since=since))

    assert change is None


def test_heads_and_team_sales_count_where_the_plan_asks_for_them() -> None:
    rules = {"role": "promoter", "directMembers": 3, "teamSalesMinor": 500}
    plan = Plan.model_validate({"version": "v", "roles": [rules]})

    few = role_change(plan, "2026-03", Record("m", "member", 0, 2, (0,), (500,)))
    enough = role_change(plan, "2026-03", Record("m", "member", 0, 3, (0,), (500,)))

    assert few is None
    assert enough is not None
    assert (enough.role, enough.reason, enough.inputs["directMembers"]) == (
        "promoter",
        "reached",
        3,
    )


async def test_a_closed_month_changes_roles_by_facts_that_say_why(
    pipeline: Pipeline, database: Database
) -> None:
    events = [joined("star", role="promoter"), joined("new"), joined("idle")]
    for month, day in ((1, 3), (2, 35), (3, 60)):
        events += sold(f"star {month}", "star", day, 6_000_000)
    events += sold("new 2", "new", 36, 100_000)
    pipeline.clock = lambda: START + 91 * DAY
    await stored(pipeline, *events)

    assert await closed(pipeline) == 3

    found = [
        (row["role"], row["time"], *fields(row["data"], "memberId", "role", "before", "month"))
        for row in database.query(CHANGES)
    ]
    assert found == [
        ("promoter", "2026-02-28T16:00:00Z", "new", "promoter", "member", "2026-02"),
        ("partner", "2026-03-31T16:00:00Z", "star", "partner", "promoter", "2026-03"),
    ]


def fields(text: str, *names: str) -> list[Any]:
    data = json.loads(text)
    return [data[name] for name in names]


async def test_what_the_mall_says_of_a_role_later_stands(
    pipeline: Pipeline, database: Database
) -> None:
    said = {"memberId": "new", "role": "member"}
    events = [joined("new"), *sold("o", "new", 3, 100_000)]
    events.append(event("member.updated", "u", START + 50 * DAY, said))
    await stored(pipeline, *events)

    await closed(pipeline)

    assert [row["role"] for row in database.query(CHANGES)] == ["member"]
    assert pipeline.clock() == NOW


def test_periods_begin_and_end_in_the_zone_of_the_plan() -> None:
    assert period_begins("2026-02", ZONE).isoformat() == "2026-01-31T16:00:00+00:00"
    assert period_ends("2025-12", ZONE).isoformat() == "2025-12-31T16:00:00+00:00"
    assert period_begins("2026-W01", ZONE).isoformat() == "2025-12-28T16:00:00+00:00"
    assert period_ends("2026-W01", ZONE) == period_begins("2026-W02", ZONE)
    assert (month_of_period("2026-W05"), month_of_period("2026-W06")) == ("2026-02", "2026-02")
    assert (month_before("2026-01"), month_before("2026-03", 14)) == ("2025-12", "2025-01")
