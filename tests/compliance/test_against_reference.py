"""On random malls, at any time, the report is what the plain one says."""

import asyncio
import os
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st

from graph_service.clock import from_micros
from graph_service.compliance.report import Question, Reports
from graph_service.graph.queries import load_queries
from graph_service.graph.schema import load_migrations, migrate
from graph_service.graph.session import Graph
from graph_service.ingest.tokens import Tokeniser
from graph_service.pipeline import Pipeline
from graph_service.plans.document import Plan, seed_plan
from graph_service.plans.timeline import Plans
from graph_service.settings import Settings
from tests.conftest import Database
from tests.reference.compliance import PlainReport
from tests.reference.mall import ReferenceMall
from tests.worlds import DAYS, NOW, START
from tests.worlds.random_mall import arrivals, random_mall

EXAMPLES = int(os.environ.get("GRAPH_SERVICE_TEST_EXAMPLES", "8"))
DEPTH = 2
PLAN = Plan.model_validate(
    {
        **seed_plan().model_dump(by_alias=True),
        "base": {"otherRate": "0.07"},
        "team": {"rate": "0.02", "depth": DEPTH},
        # Changes by rules are facts that the reference does not make.
        "roles": [],
    }
)
ENTRIES = """
MATCH (e:LedgerEntry)
MATCH (f:Fact {seq: e.seq})
RETURN properties(e) AS entry,
  f.time.epochSeconds * 1000000 + f.time.microsecond AS at
"""
SOLD = """
MATCH (o:Order)-[c:CREDITED_TO]->(m:Member)
WHERE c.netMinor > 0
RETURN o.orderId AS orderId, m.memberId AS memberId, c.uplineIds AS uplineIds
"""
# Beside what the ledger writes for months, entries with numbers at random.
ADD = """
UNWIND $rows AS row
MATCH (m:Member {memberId: row.payeeId})
MATCH (f:Fact {seq: row.seq})
CREATE (e:LedgerEntry)-[:PAYS]->(m)
SET e = row
"""


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
        pipeline = Pipeline(graph, Tokeniser(b"pepper"), PLAN, clock=lambda: NOW, quiet_s=0)
        yield Bench(runner, pipeline, Database(settings))
        runner.run(graph.close())


async def connected(settings: Settings) -> Graph:
    graph = Graph.connect(settings, load_queries())
    await migrate(graph, load_migrations())
    return graph


INPUTS = st.one_of(
    st.just("{}"),
    st.builds(
        '{{"salesByLevelMinor": [{}, {}], "directSalesMinor": {}, "teamSalesMinor": {}}}'.format,
        *(st.integers(0, 1_000), st.integers(0, 1_000)),
        *(st.integers(0, 500), st.integers(500, 1_000)),
    ),
)
MONTH_ENTRY = st.fixed_dictionaries(
    {
        "payeeId": st.integers(0, 13).map("m{}".format),
        "seq": st.integers(1, 30),
        "basis": st.sampled_from(("team", "partner", "ladder")),
        "part": st.sampled_from(("2026-01", "2026-02", "2026-03", "2026-W06", "2026-W08")),
        "currency": st.sampled_from(("CNY", "CNY", "CNY", "USD")),
        "amountMinor": st.integers(-50, 100),
        "inputs": INPUTS,
    }
)


@hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=st.data())
def test_any_mall_is_reported_as_the_plain_report_says(world: st.DataObject, bench: Bench) -> None:
    batches = world.draw(arrivals(world.draw(random_mall())))
    times = world.draw(st.lists(st.integers(0, DAYS * 8), min_size=1, max_size=3))
    months = world.draw(st.lists(MONTH_ENTRY, max_size=12))
    bench.database.clear()
    mall = ReferenceMall(NOW)
    bench.runner.run(stored(bench.pipeline, mall, batches))
    rows = [{**row, "entryId": f"x-{i}", "number": 10_000 + i} for i, row in enumerate(months)]
    bench.database.query(ADD, rows=[{**row, "orderId": "", "month": row["part"]} for row in rows])
    entries = [
        {**row["entry"], "at": from_micros(row["at"])} for row in bench.database.query(ENTRIES)
    ]
    sold: dict[str, list[tuple[str, list[str]]]] = {}
    for row in bench.database.query(SOLD):
        sold.setdefault(row["orderId"], []).append((row["memberId"], row["uplineIds"]))

    for at in [NOW, *(START + timedelta(hours=3 * time) for time in times)]:
        plain = PlainReport(mall.facts, mall.bindings, at, entries, sold, DEPTH)
        assert bench.runner.run(reported(bench.pipeline.graph, at)) == plain.items()


async def stored(
    pipeline: Pipeline, mall: ReferenceMall, batches: list[list[dict[str, Any]]]
) -> None:
    for batch in batches:
        for one in batch:
            mall.store(one)
        await pipeline.store(batch)
        await pipeline.book_once()
    await pipeline.close_periods()
    assert await pipeline.settle_ledger(timeout_s=60)


async def reported(graph: Graph, at: datetime) -> list[dict[str, Any]]:
    """Every page, without the words."""
    found: list[dict[str, Any]] = []
    question = Question(at=at, limit=100, rows_max=1_000)
    report = await Reports().read(graph, question, Plans(PLAN))
    for item in report["items"]:
        signs = item.pop("forcedPurchaseSigns")
        told = {(one["memberId"], one["orderId"]) for one in signs["examples"]}
        assert len(told) == min(5, signs["count"])
        del item["reasons"]
        found.append({**item, "signs": signs["count"]})
    return found
