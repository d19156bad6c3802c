"""A version is kept for good; activated, it holds for the orders paid from a time on."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from graph_service.clock import to_micros
from graph_service.ingest.tokens import Tokeniser
from graph_service.pipeline import Pipeline
from graph_service.plans.document import AttributionRules, Plan, seed_plan
from graph_service.plans.versions import (
    PlanExists,
    PlanNotFound,
    PlanTooLate,
    activate_version,
    list_versions,
    put_version,
    read_version,
)
from graph_service.referrals.teams import TeamQuestion, read_team
from graph_service.rewards.orders import AttributionQuestion, ask_attribution
from graph_service.rewards.verify import verify_teams
from tests.conftest import Database
from tests.worlds import CHINA, NOW, START, event, order_data

pytestmark = pytest.mark.anyio
Store = Callable[[list[dict[str, Any]]], Awaitable[list[str]]]
CHANGE = START + timedelta(days=10)


def first_touch(version: str) -> Plan:
    return Plan(version=version, attribution=AttributionRules(window_days=1))


async def activated(pipeline: Pipeline, plan: Plan, starts: Any = None) -> int:
    await put_version(pipeline.graph, plan, NOW)
    number = await activate_version(pipeline.graph, plan.version, starts, NOW)
    assert await pipeline.follow_activation(number, timeout_s=10)
    return number


async def test_a_version_never_changes(pipeline: Pipeline) -> None:
    graph = pipeline.graph

    fresh = await put_version(graph, Plan(version="a"), NOW)
    again = await put_version(graph, Plan(version="a", currency="CNY"), NOW)

    assert (fresh, again) == (True, False)
    with pytest.raises(PlanExists):
        await put_version(graph, Plan(version="a", currency="USD"), NOW)
    with pytest.raises(PlanExists):
        await put_version(graph, Plan(version="seed-1"), NOW)
    found = await read_version(graph, "a")
    assert (found.plan, found.created_at) == (Plan(version="a"), to_micros(NOW))
    assert (await read_version(graph, "seed-1")).plan == seed_plan()


async def test_versions_are_listed_with_the_seed_plan_in_its_place(pipeline: Pipeline) -> None:
    for version in ("b", "z"):
        await put_version(pipeline.graph, Plan(version=version), NOW)

    first, cursor = await list_versions(pipeline.graph, limit=2, cursor=None)
    rest, end = await list_versions(pipeline.graph, limit=2, cursor=cursor)

    assert [row["version"] for row in first + rest] == ["b", "seed-1", "z"]
    assert end is None


async def test_what_is_not_there_is_not_activated(pipeline: Pipeline) -> None:
    with pytest.raises(PlanNotFound):
        await activate_version(pipeline.graph, "none", None, NOW)


async def test_an_activation_is_recorded_once_with_the_whole_document(
    pipeline: Pipeline, database: Database
) -> None:
    numbers = [await activated(pipeline, Plan(version=one)) for one in ("a", "a", "b", "a")]

    facts = database.query("MATCH (f:Fact) RETURN f.data AS data, f.seq AS seq ORDER BY seq")
    assert numbers == [1, 1, 2, 3]
    assert [fact["seq"] for fact in facts] == [1, 2, 3]
    assert '"plan":{' in facts[0]["data"]
    assert pipeline.plan == Plan(version="a")


async def test_a_plan_for_a_time_to_come_waits_for_it(pipeline: Pipeline) -> None:
    await activated(pipeline, Plan(version="later"), NOW + timedelta(days=1))

    assert pipeline.plan == seed_plan()
    assert pipeline.plans.at(to_micros(NOW + timedelta(days=1))) == Plan(version="later")


async def test_another_process_and_one_that_starts_follow(pipeline: Pipeline) -> None:
    other = Pipeline(pipeline.graph, Tokeniser(b"p"), seed_plan(), clock=lambda: NOW)

    await activated(pipeline, Plan(version="a"))
    await other.follow_plans()

    assert other.plan == pipeline.plan == Plan(version="a")


def mall(order_id: str, day: int) -> list[dict[str, Any]]:
    """A share by a member, a click three days before the order of one day."""
    paid = START + timedelta(days=day)
    share = {"shareId": f"s-{order_id}", "memberId": "sharer"}
    click = {"shareId": f"s-{order_id}", "memberId": "buyer"}
    at = paid - timedelta(days=3)
    return [
        event("share.created", f"s-{order_id}", at - timedelta(hours=1), share),
        event("share.clicked", f"c-{order_id}", at, click),
        event("order.paid", order_id, paid, order_data(order_id, "buyer", 1_000)),
    ]


async def basis(pipeline: Pipeline, order_id: str) -> tuple[str, str]:
    answer = await ask_attribution(pipeline.graph, order_id, AttributionQuestion(), pipeline.plans)
    return answer["basis"], answer["planVersion"]


async def test_an_order_keeps_the_plan_in_force_when_it_was_paid(
    pipeline: Pipeline, store: Store
) -> None:
    await store([*mall("before", 9), *mall("after", 11)])

    await activated(pipeline, first_touch("one-day"), CHANGE)
    await store([*mall("late", 8)])

    assert await basis(pipeline, "before") == ("click", "seed-1")
    assert await basis(pipeline, "late") == ("click", "seed-1")
    assert await basis(pipeline, "after") == ("none", "one-day")
    assert (await verify_teams(pipeline.graph, pipeline.plans)).differences == ()
    team = await read_team(pipeline.graph, TeamQuestion("sharer", "2026-01", "CNY"), NOW)
    assert team["ownSalesMinor"] == 2_000


async def test_a_late_click_counts_by_the_widest_window_of_all_plans(
    pipeline: Pipeline, store: Store
) -> None:
    await activated(pipeline, first_touch("one-day"), CHANGE)
    share, click, order = mall("before", 9)

    await store([share, order])
    await store([click])

    team = await read_team(pipeline.graph, TeamQuestion("sharer", "2026-01", "CNY"), NOW)
    assert team["ownSalesMinor"] == 1_000


async def test_the_later_activation_takes_the_place_of_the_earlier_from_its_time_on(
    pipeline: Pipeline, store: Store
) -> None:
    await store([*mall("first", 9), *mall("second", 11)])
    await activated(pipeline, first_touch("one-day"), CHANGE)

    await activated(pipeline, seed_plan(), START)

    assert await basis(pipeline, "first") == ("click", "seed-1")
    assert await basis(pipeline, "second") == ("click", "seed-1")
    assert (await verify_teams(pipeline.graph, pipeline.plans)).differences == ()


async def test_what_would_rewrite_too_much_of_the_past_is_refused(
    pipeline: Pipeline, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph_service.plans.versions.REBOOKED_ORDERS_MAX", 1)
    await store([*mall("first", 9), *mall("second", 11)])

    with pytest.raises(PlanTooLate):
        await activate_version(pipeline.graph, "seed-1", START.astimezone(CHINA), NOW)
    assert await activate_version(pipeline.graph, "seed-1", CHANGE, NOW) == 1
