"""What a simulation says is what the ledger books, for the plans in force and for another."""

import asyncio
import os
from collections import defaultdict
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st

from graph_service.errors import Invalid
from graph_service.ingest.tokens import Tokeniser
from graph_service.pipeline import Pipeline
from graph_service.plans.document import Plan, seed_plan
from graph_service.plans.versions import activate_version, put_version
from graph_service.settings import Settings
from graph_service.simulation.outcome import Mover, Outcome, answer_of, histogram, simulate
from graph_service.simulation.reading import Question, SimulationTooLarge
from tests.conftest import Database
from tests.ledger.test_following import Bench, connected
from tests.months.test_closing import DAY, changed_plan, closed, joined, refunded, sold, stored
from tests.worlds import NOW, START, event
from tests.worlds.random_mall import random_mall

EXAMPLES = int(os.environ.get("GRAPH_SERVICE_TEST_EXAMPLES", "15"))
# Every month and week of the worlds is over by then.
LATER = NOW + timedelta(days=60)
OPENS, CLOSES = START - timedelta(days=30), START + timedelta(days=110)
BOOKED = """
MATCH (e:LedgerEntry) RETURN e.payeeId AS payee, e.basis AS basis, sum(e.amountMinor) AS amount
"""
GRAPH = """
MATCH (n) OPTIONAL MATCH (n)-[r]->()
RETURN labels(n) AS labels, properties(n) AS node, type(r) AS type, properties(r) AS tie
ORDER BY toString(elementId(n)), toString(elementId(r))
"""


def plan_of(version: str, **rules: Any) -> Plan:
    """A plan in which roles stay, so that it changes nothing but money."""
    return changed_plan(version, roles=[], base={"otherRate": "0.07"}, **rules)


PLAN = plan_of("now")
OTHERS = (
    plan_of("rates", influence={"poolRate": "0.05", "beta": "0.5"}, startBonus={}),
    plan_of("models", attribution={"model": "linear", "windowDays": 9, "selfPurchase": True}),
    plan_of("capped", paidLevelsMax=1, attribution={"model": "position_based"}),
    plan_of("weekly", team={"rate": "0.03", "cycle": "week", "depth": 3, "roles": ["member"]}),
    plan_of("zone", zone="America/New_York", partner={"rate": "0.2"}),
    plan_of(
        "ladder",
        ladder={
            "mode": "whole",
            "steps": [{"fromMinor": 0, "rate": "0.09"}, {"fromMinor": 50_000, "rate": "0.05"}],
        },
        campaigns=[{"name": "launch", "multiplier": "1.5", "from": "2026-02-10T00:00:00+08:00"}],
    ),
)


@pytest.fixture(scope="module")
def bench(settings: Settings) -> Generator[Bench]:
    with asyncio.Runner() as runner:
        graph = runner.run(connected(settings))
        pipeline = Pipeline(graph, Tokeniser(b"pepper"), PLAN, clock=lambda: LATER, quiet_s=0)
        yield Bench(runner, pipeline, Database(settings))
        runner.run(graph.close())


@hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(events=random_mall(), other=st.sampled_from(OTHERS))
def test_both_sides_are_what_the_ledger_books_under_each_plan(
    events: list[dict[str, Any]], other: Plan, bench: Bench
) -> None:
    bench.database.clear()
    now = bench.runner.run(booked(bench, events, PLAN))
    before = bench.database.query(GRAPH)

    outcome = bench.runner.run(simulated(bench.pipeline, other))

    assert bench.database.query(GRAPH) == before
    assert amounts(outcome.current.amounts) == now
    bench.database.clear()
    assert amounts(outcome.candidate.amounts) == bench.runner.run(booked(bench, events, other))


async def booked(
    bench: Bench, events: list[dict[str, Any]], seed: Plan
) -> dict[tuple[str, str], int]:
    """What the ledger holds by payee and basis, all months closed, where this plan is the seed."""
    pipeline = Pipeline(
        bench.pipeline.graph,
        bench.pipeline.tokeniser,
        seed,
        clock=bench.pipeline.clock,
        quiet_s=0,
    )
    await pipeline.store(events)
    assert await pipeline.settle_ledger(timeout_s=60)
    await closed(pipeline)
    rows = bench.database.query(BOOKED)
    return amounts({(row["payee"], row["basis"]): row["amount"] for row in rows})


def amounts(found: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    return {key: amount for key, amount in found.items() if amount}


async def simulated(
    pipeline: Pipeline, plan: Plan, *, opens: Any = OPENS, closes: Any = CLOSES, most: int = 1_000
) -> Outcome:
    question = Question(plan, opens, closes, most)
    return await simulate(pipeline.graph, question, pipeline.plans)


def mall() -> list[dict[str, Any]]:
    """A partner, a promoter below, and a member below that one who sells in two months."""
    return [
        joined("partner", role="partner"),
        joined("promoter", "partner", "promoter"),
        joined("seller", "promoter"),
        *sold("o1", "seller", 3, 4_000_000),
        *sold("o2", "seller", 4, 2_000_000),
        *sold("o3", "promoter", 40, 1_000_000),
        refunded("o3", 41, 500_000),
    ]


@pytest.mark.anyio
async def test_the_plan_in_force_moves_nobody(pipeline: Pipeline) -> None:
    await stored(pipeline, *mall())

    answer = answer_of(await simulated(pipeline, seed_plan()))

    assert answer["winners"] == answer["losers"] == []
    assert answer["costMinor"] == answer["currentCostMinor"] > 0
    assert answer["histogram"] == [{"fromMinor": 0, "toMinor": 1, "members": 3}]
    assert (answer["planVersion"], answer["currentVersions"]) == ("seed-1", ["seed-1"])


@pytest.mark.anyio
async def test_an_order_pays_its_seller_and_those_above_by_the_rules_of_months(
    pipeline: Pipeline,
) -> None:
    await stored(pipeline, *mall())

    answer = answer_of(await simulated(pipeline, seed_plan()))
    flat = answer_of(await simulated(pipeline, changed_plan("flat", team={}, partner={})))

    # The seller by the ladder, the promoter by the team bonus, the partner by the whole team.
    assert (answer["maxPaidLevel"], flat["maxPaidLevel"]) == (3, 1)
    assert flat["byBasis"]["team"] == {"currentMinor": 130_000, "minor": 0}
    assert [one["memberId"] for one in flat["losers"]] == ["promoter", "partner"]
    assert [one["changeMinor"] for one in flat["losers"]] == [-120_000, -75_000]


@pytest.mark.anyio
async def test_only_orders_inside_the_time_count_and_part_months_are_named(
    pipeline: Pipeline,
) -> None:
    await stored(pipeline, *mall())
    opens = START + timedelta(days=4)

    answer = answer_of(
        await simulated(pipeline, seed_plan(), opens=opens, closes=START + timedelta(days=31))
    )

    assert answer["orders"] == 1
    assert answer["byBasis"]["ladder"]["minor"] == 100_000
    assert answer["partPeriods"] == ["2026-01"]


@pytest.mark.anyio
async def test_each_order_is_compared_with_the_plan_of_its_time(pipeline: Pipeline) -> None:
    await stored(pipeline, *mall())
    await put_version(pipeline.graph, changed_plan("second", ladder={}), NOW)
    await activate_version(pipeline.graph, "second", START + 31 * DAY, NOW)
    assert await pipeline.settle_ledger(timeout_s=30)

    answer = answer_of(await simulated(pipeline, seed_plan()))

    assert answer["currentVersions"] == ["seed-1", "second"]
    assert answer["byBasis"]["ladder"] == {"currentMinor": 330_000, "minor": 355_000}
    assert answer["winners"] == [
        {"memberId": "promoter", "currentMinor": 120_000, "minor": 145_000, "changeMinor": 25_000}
    ]


@pytest.mark.anyio
async def test_too_many_orders_and_too_long_a_time_are_refused(pipeline: Pipeline) -> None:
    await stored(pipeline, *mall())

    with pytest.raises(SimulationTooLarge):
        await simulated(pipeline, seed_plan(), most=2)
    with pytest.raises(Invalid):
        await simulated(pipeline, seed_plan(), closes=OPENS + timedelta(days=367))
    with pytest.raises(Invalid):
        await simulated(pipeline, seed_plan(), closes=OPENS)


@pytest.mark.anyio
async def test_an_invited_promoter_has_the_start_bonus(pipeline: Pipeline) -> None:
    accepted = {"memberId": "seller", "inviteId": "i"}
    await stored(pipeline, *mall(), event("promoter.accepted", "p", START, accepted))
    bonus = changed_plan(
        "bonus", base={"otherRate": "0.1"}, startBonus={"rate": "0.5", "months": 1}
    )

    answer = answer_of(await simulated(pipeline, bonus))

    assert answer["byBasis"]["reward"]["minor"] == 300_000


@pytest.mark.anyio
async def test_the_role_at_the_end_of_the_month_counts(pipeline: Pipeline) -> None:
    lowered = {"memberId": "promoter", "role": "member"}
    late = event("member.updated", "u", START + 40 * DAY, lowered)
    await stored(pipeline, *mall(), late)

    answer = answer_of(await simulated(pipeline, seed_plan()))

    assert answer["byBasis"]["team"] == {"currentMinor": 130_000, "minor": 130_000}


def test_every_change_has_its_stretch_of_the_histogram() -> None:
    changes = (0, 1, 99, 100, -1, -99, -100, 999_999, 10**15)

    found = histogram([Mover(f"m{i}", 0, change) for i, change in enumerate(changes)])

    members: defaultdict[tuple[int, int], int] = defaultdict(int)
    for change in changes:
        for one in found:
            if one["fromMinor"] <= change < one["toMinor"]:
                members[one["fromMinor"], one["toMinor"]] += 1
    assert {(one["fromMinor"], one["toMinor"]): one["members"] for one in found} == members
    assert sum(members.values()) == len(changes)
    assert found[0] == {"fromMinor": -999, "toMinor": -99, "members": 1}
