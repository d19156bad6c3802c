"""What wallets keep is what all entries come to, at any moment."""

import asyncio
import os
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime, timedelta

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st

from graph_service.graph.queries import load_queries
from graph_service.graph.schema import load_migrations, migrate
from graph_service.graph.session import Graph, Transaction
from graph_service.ingest.tokens import Tokeniser
from graph_service.ledger.booking import follow_log
from graph_service.pipeline import Pipeline
from graph_service.plans.document import Plan, seed_plan
from graph_service.plans.versions import activate_version, put_version
from graph_service.settings import Settings
from graph_service.wallets.reading import Question, read_holder, sum_entries
from tests.conftest import Database
from tests.worlds import NOW, START, Event, event
from tests.worlds.random_mall import arrivals, random_mall

EXAMPLES = int(os.environ.get("GRAPH_SERVICE_TEST_EXAMPLES", "12"))
on_malls = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PAYEES = """
MATCH (p:LedgerPayee) WHERE NOT p.payeeId STARTS WITH '\t' RETURN p.payeeId AS payeeId
"""


def plan_of(version: str, holding_days: int) -> Plan:
    """The seed plan with other holding days, and a rate for goods of no category."""
    changes = {"version": version, "holdingDays": holding_days, "base": {"otherRate": "0.07"}}
    return Plan.model_validate({**seed_plan().model_dump(by_alias=True), **changes})


PLAN, SHORT, LONG = plan_of("test", 7), plan_of("short", 2), plan_of("long", 40)


@dataclass
class Bench:
    """A graph in a loop of its own, and a clock that a test moves."""

    runner: asyncio.Runner
    pipeline: Pipeline
    database: Database
    now: datetime = NOW


@pytest.fixture(scope="module")
def bench(settings: Settings) -> Generator[Bench]:
    with asyncio.Runner() as runner:
        graph = runner.run(connected(settings))
        pipeline = Pipeline(graph, Tokeniser(b"pepper"), PLAN, quiet_s=0)
        found = Bench(runner, pipeline, Database(settings))
        pipeline.clock = lambda: found.now
        yield found
        runner.run(graph.close())


async def connected(settings: Settings) -> Graph:
    graph = Graph.connect(settings, load_queries())
    await migrate(graph, load_migrations())
    return graph


async def differences(bench: Bench, moments: list[datetime]) -> list[object]:
    """Where a kept balance is not the plain one, at any of these moments."""
    pipeline, found = bench.pipeline, list[object]()
    payees = [row["payeeId"] for row in bench.database.query(PAYEES)]
    for payee_id in payees:
        for now in moments:
            asked = Question(payee_id, "CNY", now, since=now)
            account = (await read_holder(pipeline.graph.read, asked, pipeline.plans)).account
            released, pending, more = await sum_entries(
                pipeline.graph.read, payee_id, asked, pipeline.plans
            )
            plain = (pending + more[0], released + more[1])
            if (account.pending_minor, account.earned_minor) != plain:
                kept = (account.pending_minor, account.earned_minor)
                found.append((payee_id, now.isoformat(), kept, plain))
    return found


async def arrive(
    bench: Bench, batches: list[list[Event]], limit: int, step: timedelta, *, plans: bool = False
) -> None:
    """Store, book and follow. plans: two with other holding days come in force meanwhile."""
    pipeline = bench.pipeline

    async def work(transaction: Transaction) -> int:
        return await follow_log(transaction, pipeline.plans, "test", pipeline.clock, limit)

    for place, batch in enumerate(batches):
        await pipeline.store(batch)
        if plans and place == len(batches) // 2:
            await activate_version(pipeline.graph, "short", START, bench.now)
        if plans and place == 3 * len(batches) // 4:
            await activate_version(pipeline.graph, "long", START + timedelta(days=20), bench.now)
        while await pipeline.book_once():
            pass
        if place % 3 == 0:
            await pipeline.close_periods()
        await pipeline.graph.write_together(work, name="ledger/follow", timeout_s=60)
        bench.now += step
    while await pipeline.book_once() + await pipeline.follow_log():
        pass


@on_malls
@given(world=st.data())
def test_what_is_kept_is_what_the_entries_come_to(world: st.DataObject, bench: Bench) -> None:
    events = world.draw(random_mall())
    batches = world.draw(arrivals(events))
    limit = world.draw(st.integers(1, 50))
    bench.database.clear()
    # The past is loaded, or it comes as it happens.
    bench.now = START + timedelta(days=world.draw(st.integers(0, 80)))
    step = timedelta(days=world.draw(st.sampled_from([0, 1, 5])))
    for plan in (SHORT, LONG):
        bench.runner.run(put_version(bench.pipeline.graph, plan, START))

    bench.runner.run(arrive(bench, batches, limit, step, plans=True))

    days = world.draw(st.lists(st.integers(-30, 90), min_size=3, max_size=3))
    moments = [bench.now, *(bench.now + timedelta(days=day, hours=day) for day in days)]
    assert bench.runner.run(differences(bench, moments)) == []


def order_events(days: int) -> list[Event]:
    """A seller whose share brings one order a day, each completed a day later."""
    share = {"shareId": "s", "memberId": "seller"}
    found = [
        event("share.created", "share", START, share),
        event("share.clicked", "click", START, {"shareId": "s", "memberId": "buyer"}),
    ]
    for day in range(days):
        at = START + timedelta(days=day, seconds=1)
        line = {"productId": "p", "quantity": 1, "amountMinor": 10_000}
        order = {"orderId": f"o{day}", "memberId": "buyer", "amountMinor": 10_000}
        found.append(
            event("order.paid", f"paid{day}", at, {**order, "currency": "CNY", "lines": [line]})
        )
        done = {"orderId": f"o{day}"}
        found.append(event("order.completed", f"done{day}", at + timedelta(days=1), done))
    return found


def test_days_long_past_are_one_sum_and_the_rest_is_kept_moment_by_moment(bench: Bench) -> None:
    bench.database.clear()
    bench.now = START + timedelta(days=30)

    bench.runner.run(arrive(bench, [order_events(25)], 1_000, timedelta(0)))

    days = bench.database.query("MATCH (d:WalletDay) RETURN count(d) AS days")[0]["days"]
    assert 0 < days < 25
    # To the microsecond.
    first = START + timedelta(days=1 + PLAN.holding_days, seconds=1)
    later = first + timedelta(days=17)
    moments = [later - timedelta(microseconds=1), later, first - timedelta(days=3)]
    assert bench.runner.run(differences(bench, moments)) == []


def test_a_ledger_from_before_wallets_is_summed_plainly(bench: Bench) -> None:
    bench.database.clear()
    bench.now = NOW
    bench.runner.run(arrive(bench, [order_events(3)], 1_000, timedelta(0)))
    bench.database.query("MATCH (l:Ledger) REMOVE l.keepsWallets")
    bench.database.query("MATCH (w:Wallet) DETACH DELETE w")

    assert bench.runner.run(differences(bench, [bench.now])) == []
