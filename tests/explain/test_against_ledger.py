"""Over random malls: what the explanation reckons is what the ledger holds, payee by payee."""

import asyncio
import os
from collections import defaultdict
from collections.abc import Generator
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st

from graph_service.explain.endpoints import read_explanation
from graph_service.ingest.tokens import Tokeniser
from graph_service.pipeline import Pipeline
from graph_service.plans.document import Plan, seed_plan
from graph_service.settings import Settings
from tests.conftest import Database
from tests.explain.reading import read_formula, read_share
from tests.ledger.test_following import Bench, connected
from tests.worlds import NOW
from tests.worlds.random_mall import arrivals, random_mall

EXAMPLES = int(os.environ.get("GRAPH_SERVICE_TEST_EXAMPLES", "6"))
PLAN = Plan.model_validate(
    {
        **seed_plan().model_dump(by_alias=True),
        "version": "test",
        "base": {"otherRate": "0.07"},
        "campaigns": [{"name": "launch", "multiplier": "1.5"}, {"name": "week", "multiplier": 1.1}],
        "attribution": {"model": "time_decay"},
        "paidLevelsMax": 2,
    }
)
BOOKED = """
MATCH (e:LedgerEntry {orderId: $orderId})
RETURN e.payeeId AS payeeId, e.basis AS basis, sum(e.amountMinor) AS amount
"""
ORDERS = "MATCH (:Member)-[:PLACED]->(o:Order) RETURN o.orderId AS id ORDER BY id"


@pytest.fixture(scope="module")
def bench(settings: Settings) -> Generator[Bench]:
    with asyncio.Runner() as runner:
        graph = runner.run(connected(settings))
        pipeline = Pipeline(graph, Tokeniser(b"pepper"), PLAN, clock=lambda: NOW, quiet_s=0)
        yield Bench(runner, pipeline, Database(settings))
        runner.run(graph.close())


@hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=st.data())
def test_the_explanation_adds_up(world: st.DataObject, bench: Bench) -> None:
    batches = world.draw(arrivals(world.draw(random_mall())))
    bench.database.clear()
    for batch in batches:
        bench.runner.run(bench.pipeline.store(batch))

    told = bench.runner.run(all_told(bench))

    for order_id, body in told.items():
        assert sums(body["formulas"]) == booked(bench, order_id)
        assert sums(body["entries"] + body["kept"]) == booked(bench, order_id)
        for one in body["formulas"]:
            assert one["amountMinor"] == one["bookedMinor"]
            assert read_formula(one["formula"]) == (one["amountMinor"], one["amountMinor"])
        for one in body["influence"]["steps"]:
            reckoned, said = read_share(one["formula"])
            assert reckoned == said
        assert body["attribution"]["allowance"]["poolMinor"] == body["influence"]["poolMinor"]
        assert [one["amountMinor"] for one in body["influence"]["steps"]] == [
            one["amountMinor"] for one in body["attribution"]["allowance"]["lines"]
        ]
        facts = {one["seq"] for one in body["facts"]}
        assert {one["cause"]["seq"] for one in body["entries"]} <= facts


async def all_told(bench: Bench) -> dict[str, dict[str, Any]]:
    """The explanation of every order."""
    pipeline = bench.pipeline
    assert await pipeline.settle_ledger(timeout_s=60)
    return {
        row["id"]: (await read_explanation(pipeline.graph, pipeline, row["id"], "en"))[1]
        for row in bench.database.query(ORDERS)
    }


def booked(bench: Bench, order_id: str) -> dict[tuple[str, str], int]:
    """What the ledger holds for an order, by payee and basis."""
    rows = bench.database.query(BOOKED, orderId=order_id)
    return {(r["payeeId"].strip(), r["basis"]): r["amount"] for r in rows if r["amount"]}


def sums(lines: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    """What lines come to, by payee and basis."""
    found: defaultdict[tuple[str, str], int] = defaultdict(int)
    for one in lines:
        found[one["payeeId"], one["basis"]] += one["amountMinor"]
    return {key: amount for key, amount in found.items() if amount}
