"""What is read in one round trip is what the questions one by one say, for orders of every kind."""

from dataclasses import replace
from random import Random

import pytest

from graph_service.attribution.models import NamedProgram, Program
from graph_service.attribution.path import read_paths
from graph_service.attribution.touches import Order, read_journeys
from graph_service.attribution.traces import RESHARES_MAX, Trace, read_traces, traces_of
from graph_service.graph.session import Graph, Row
from graph_service.pipeline import Pipeline
from tests.conftest import Database
from tests.worlds import START, event, order_data
from tests.worlds.random_mall import mall_of

pytestmark = pytest.mark.anyio
MEMBERS, MOVES = 12, 400
SHORT = Program("linear", window_days=3)
PROGRAM = Program("last_touch", 60, named=(NamedProgram("app", SHORT, frozenset(("app",))),))
# Every third member is a person with the one after; a visitor of either is that person too.
PAIR = """
MATCH (m:Member) WITH m ORDER BY m.memberId
WITH collect(m) AS found UNWIND range(0, size(found) - 2, 3) AS i
CREATE (p:Person {personId: 'person-' + toString(i)})
WITH p, found[i] AS a, found[i + 1] AS b
CREATE (a)-[:IS_PERSON]->(p), (b)-[:IS_PERSON]->(p)
"""


async def stored_mall(pipeline: Pipeline, seed: int) -> list[str]:
    """The orders of a mall at random, stored; what is refused stays out."""
    dice = Random(seed)
    events = mall_of(MEMBERS, [dice.randbytes(40) for _ in range(MOVES)])
    for paid in (one["data"] for one in events if one["type"] == "order.paid"):
        if paid["orderId"][-1] in "02468":
            paid["channel"] = "app"
    for start in range(0, len(events), 100):
        await pipeline.store(events[start : start + 100])
    rows = await pipeline.graph.read("attribution/list_orders", after="", limit=1_000)
    return rows[0]["orderIds"]


async def one_by_one(graph: Graph, order_ids: list[str], program: Program) -> dict[str, Trace]:
    journeys = await read_journeys(graph.read, order_ids, program)
    paths = await read_paths(graph.read, journeys)
    return {one: Trace(journey, paths[one]) for one, journey in journeys.items()}


async def together(graph: Graph, order_ids: list[str], program: Program) -> dict[str, Trace]:
    found = await read_traces(graph.read, order_ids, program.window_days_max)

    def rules_of(order: Order) -> Program:
        return program.of(order.channel, order.shop_id)

    return {one.journey.order.order_id: one for one in traces_of(found, rules_of)}


def comparable(trace: Trace) -> Trace:
    """Of the standings those of members whom the answer names; the rest is as it is."""
    journey, path = trace
    named = {one.member_id for one in (*journey.touches, *journey.credits, *path.steps)}
    standings = {one: said for one, said in journey.standings.items() if one in named}
    return Trace(replace(journey, standings=standings), path)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("paired", [False, True])
async def test_one_round_trip_says_what_the_questions_one_by_one_say(
    pipeline: Pipeline, database: Database, seed: int, *, paired: bool
) -> None:
    order_ids = await stored_mall(pipeline, seed)
    if paired:
        database.query(PAIR)

    found = await together(pipeline.graph, order_ids, PROGRAM)
    alone = [await together(pipeline.graph, [one], PROGRAM) for one in order_ids]

    expected = await one_by_one(pipeline.graph, order_ids, PROGRAM)
    assert len(expected) > 20
    assert len({one.journey.program for one in expected.values()}) == 2
    assert max(len(one.path.steps) for one in expected.values()) > 2
    assert {one: comparable(trace) for one, trace in found.items()} == {
        one: comparable(trace) for one, trace in expected.items()
    }
    assert {one: comparable(trace) for few in alone for one, trace in few.items()} == {
        one: comparable(trace) for one, trace in expected.items()
    }


async def test_a_chain_is_followed_as_far_as_its_limit(
    pipeline: Pipeline, database: Database
) -> None:
    count = RESHARES_MAX + 5
    shares = [
        {"shareId": f"s-{i:04}", "memberId": f"m{i % 3}", "parentShareId": f"s-{i - 1:04}"}
        for i in range(count)
    ]
    del shares[0]["parentShareId"]
    made = [event("share.created", one["shareId"], START, one) for one in shares]
    paid = {**order_data("o", "buyer", 1_000), "shareId": shares[-1]["shareId"]}
    await pipeline.store([*made, event("order.paid", "pay", START, paid)])

    found = await together(pipeline.graph, ["o"], PROGRAM)

    chain = found["o"].journey.chain
    assert chain is not None
    assert (len(chain.shares), chain.more) == (RESHARES_MAX + 1, True)
    assert found["o"].path == (await one_by_one(pipeline.graph, ["o"], PROGRAM))["o"].path


async def test_one_order_takes_one_query(pipeline: Pipeline) -> None:
    await pipeline.store([event("order.paid", "pay", START, order_data("o", "buyer", 1_000))])
    asked: list[str] = []

    async def read(name: str, /, **params: object) -> list[Row]:
        asked.append(name)
        return await pipeline.graph.read(name, **params)

    await read_traces(read, ["o"], 30)

    assert asked == ["attribution/read_traces"]
