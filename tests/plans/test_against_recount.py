"""Whatever is activated between facts of any order: what is booked is what a recount finds."""

import asyncio
import os
from collections.abc import Generator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st

from graph_service.clock import to_micros
from graph_service.graph.queries import load_queries
from graph_service.graph.schema import load_migrations, migrate
from graph_service.graph.session import Graph
from graph_service.ingest.tokens import Tokeniser
from graph_service.pipeline import Pipeline
from graph_service.plans.document import Plan, seed_plan
from graph_service.plans.timeline import Plans
from graph_service.plans.versions import activate_version, put_version
from graph_service.rewards.orders import AttributionQuestion, read_attributions
from graph_service.rewards.verify import verify_teams
from graph_service.settings import Settings
from tests.conftest import Database
from tests.worlds import DAYS, NOW, START
from tests.worlds.random_mall import arrivals, random_mall

EXAMPLES = int(os.environ.get("GRAPH_SERVICE_TEST_EXAMPLES", "5"))
RULES: tuple[dict[str, Any], ...] = (
    {"attribution": {"windowDays": 1}},
    {"attribution": {"windowDays": 60, "selfPurchase": True}},
    {"attribution": {"model": "linear"}, "zone": "UTC"},
    {"attribution": {"model": "first_touch", "windowDays": 7}},
)
PLANS = [Plan.model_validate({"version": f"v{i}", **rules}) for i, rules in enumerate(RULES)]


@dataclass(frozen=True)
class Bench:
    """A graph in a loop of its own, since hypothesis calls a plain function many times."""

    runner: asyncio.Runner
    graph: Graph
    database: Database


@pytest.fixture(scope="module")
def bench(settings: Settings) -> Generator[Bench]:
    with asyncio.Runner() as runner:
        graph = runner.run(connected(settings))
        yield Bench(runner, graph, Database(settings))
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
def test_any_activations_are_booked_as_a_recount_finds(world: st.DataObject, bench: Bench) -> None:
    batches = world.draw(arrivals(world.draw(random_mall())))
    changes = world.draw(
        st.lists(
            st.tuples(st.integers(0, len(batches)), st.sampled_from(PLANS), st.integers(0, DAYS)),
            min_size=1,
            max_size=4,
        )
    )
    bench.database.clear()

    bench.runner.run(compare(bench.graph, batches, changes))


async def compare(
    graph: Graph, batches: list[list[dict[str, Any]]], changes: list[tuple[int, Plan, int]]
) -> None:
    # Two processes in turn, so that each has to follow what the other booked.
    pipelines = [
        Pipeline(graph, Tokeniser(b"pepper"), seed_plan(), clock=lambda: NOW, holder="one")
        for _ in range(2)
    ]
    activated: list[tuple[int, Plan]] = []
    for i, batch in enumerate([*batches, []]):
        for place, plan, day in changes:
            if place == i:
                starts = START + timedelta(days=day)
                await put_version(graph, plan, NOW)
                await activate_version(graph, plan.version, starts, NOW)
                activated.append((to_micros(starts), plan))
        await pipelines[i % 2].store(batch)
        await pipelines[i % 2].book_once()
    pipeline = pipelines[0]
    assert await pipeline.settle(timeout_s=30)
    await pipeline.follow_plans()

    assert (await verify_teams(graph, pipeline.plans)).differences == ()
    await compare_answers(graph, pipeline.plans, activated)


async def compare_answers(graph: Graph, plans: Plans, activated: list[tuple[int, Plan]]) -> None:
    """Each answer is the one that its plan alone would give, and names that plan."""
    found = (await graph.read("attribution/list_orders", after="", limit=10_000))[0]["orderIds"]
    question = AttributionQuestion()
    answers = await read_attributions(graph.read, found, question, plans)
    paid = (await graph.read("plans/read_paid_times", orderIds=found))[0]
    groups: dict[str, tuple[Plan, list[str]]] = {}
    for order_id, at in zip(paid["orderIds"], paid["times"], strict=True):
        plan = [seed_plan(), *(plan for starts, plan in activated if starts <= at)][-1]
        groups.setdefault(plan.version, (plan, []))[1].append(order_id)
    alone: dict[str, Any] = {}
    for plan, order_ids in groups.values():
        alone |= await read_attributions(graph.read, order_ids, question, Plans(plan))
    assert answers == alone
