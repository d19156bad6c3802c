"""Whatever arrives, in whatever order and batches: the same answers as the plain reference."""

import asyncio
import os
from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st

from graph_service.graph.queries import load_queries
from graph_service.graph.schema import load_migrations, migrate
from graph_service.graph.session import Graph
from graph_service.ingest.tokens import Tokeniser
from graph_service.pipeline import Pipeline
from graph_service.plans.document import AttributionRules, Plan, seed_plan
from graph_service.plans.timeline import Plans
from graph_service.referrals import teams
from graph_service.referrals.teams import TeamQuestion
from graph_service.rewards.orders import AttributionQuestion, read_attributions
from graph_service.rewards.verify import verify_teams
from graph_service.settings import Settings
from tests.conftest import Database
from tests.reference.mall import ReferenceMall
from tests.reference.models import Rules
from tests.reference.path import decimal_string
from tests.worlds import NOW
from tests.worlds.random_mall import arrivals, random_mall

EXAMPLES = int(os.environ.get("GRAPH_SERVICE_TEST_EXAMPLES", "25"))
MONTHS = ("2026-01", "2026-02", "2026-03")


@dataclass(frozen=True)
class Bench:
    """A graph in a loop of its own, since hypothesis calls a plain function many times."""

    runner: asyncio.Runner
    pipeline: Pipeline
    database: Database


@pytest.fixture(scope="module")
def bench(settings: Settings) -> Generator[Bench]:
    with asyncio.Runner() as runner:
        graph = runner.run(connected(settings))
        pipeline = Pipeline(graph, Tokeniser(b"pepper"), seed_plan(), clock=lambda: NOW)
        yield Bench(runner, pipeline, Database(settings))
        runner.run(graph.close())


async def connected(settings: Settings) -> Graph:
    graph = Graph.connect(settings, load_queries())
    await migrate(graph, load_migrations())
    return graph


@hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=st.data())
def test_any_arrival_gives_the_answers_of_the_reference(world: st.DataObject, bench: Bench) -> None:
    events = world.draw(random_mall())
    batches = world.draw(arrivals(events))
    rules = world.draw(programs())
    bench.database.clear()
    bench.pipeline.plans = Plans(plan_of(rules))
    reference = ReferenceMall(NOW, rules)

    bench.runner.run(compare(bench.pipeline, reference, batches))


def programs() -> st.SearchStrategy[Rules]:
    """The rules of a plan: each model, with its numbers at random."""
    return st.builds(
        Rules,
        st.sampled_from(["last_touch", "linear", "first_touch", "time_decay", "position_based"]),
        st.sampled_from([30, 30, 7, 1, 365]),
        st.sampled_from([168, 1, 24, 100]),
        st.sampled_from([Fraction(2, 5), Fraction(0), Fraction(1, 2)]),
        st.sampled_from([Fraction(2, 5), Fraction(0), Fraction(1, 2)]),
    )


def plan_of(rules: Rules) -> Plan:
    """The seed plan with these rules of attribution."""
    weights = {"firstWeight": rules.first_weight, "lastWeight": rules.last_weight}
    told: dict[str, Any] = {
        "model": rules.model,
        "windowDays": rules.window_days,
        "halfLifeHours": rules.half_life_hours,
        **{name: decimal_string(weight) for name, weight in weights.items()},
    }
    attribution = AttributionRules.model_validate(told)
    return seed_plan().model_copy(update={"attribution": attribution})


async def compare(
    pipeline: Pipeline, reference: ReferenceMall, batches: list[list[dict[str, Any]]]
) -> None:
    for batch in batches:
        receipt = await pipeline.store(batch)
        statuses = [
            one.status if one.problem is None else f"rejected:{one.problem.code}"
            for one in receipt.outcomes
        ]
        assert statuses == [reference.store(event) for event in batch], batch
        await pipeline.book_once()

    assert await pipeline.settle(timeout_s=30)
    assert await attributions(pipeline, reference) == expected_attributions(reference)
    assert await all_teams(pipeline, reference) == expected_teams(reference)
    assert (await verify_teams(pipeline.graph, pipeline.plans)).differences == ()


async def attributions(pipeline: Pipeline, reference: ReferenceMall) -> dict[str, Any]:
    answers = await read_attributions(
        pipeline.graph.read, list(reference.orders()), AttributionQuestion(), pipeline.plans
    )
    return {order_id: shaped(answer) for order_id, answer in answers.items()}


def expected_attributions(reference: ReferenceMall) -> dict[str, Any]:
    return {one: shaped(reference.attribution(one)) for one in reference.orders()}


def shaped(answer: dict[str, Any]) -> dict[str, Any]:
    """The part of an answer that both sides have."""
    names = ("orderId", "buyerId", "basis", "truncated", "touches", "credits")
    kept = {name: answer[name] for name in names}
    kept["path"] = [
        {name: value for name, value in step.items() if name != "shareIds"}
        for step in answer["path"]
    ]
    allowance = answer["allowance"]
    lines = [
        {name: line[name] for name in ("memberId", "clicks", "share", "amountMinor")}
        for line in allowance["lines"]
    ]
    kept["allowance"] = {**allowance, "lines": lines}
    return kept


async def all_teams(pipeline: Pipeline, reference: ReferenceMall) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for member_id, month, levels in questions(reference):
        question = TeamQuestion(member_id, month, "CNY", levels=levels)
        answer = await teams.read_team(pipeline.graph, question, NOW)
        del answer["truncated"], answer["currency"]
        found[f"{member_id} {month} {levels}"] = answer
    return found


def expected_teams(reference: ReferenceMall) -> dict[str, Any]:
    return {
        f"{member_id} {month} {levels}": reference.team(member_id, month, levels=levels)
        for member_id, month, levels in questions(reference)
    }


def questions(reference: ReferenceMall) -> list[tuple[str, str, int]]:
    """Every member's months; the levels in one of them."""
    return [
        (member_id, month, 3 if month == MONTHS[1] else 0)
        for member_id in reference.members()
        for month in MONTHS
    ]
