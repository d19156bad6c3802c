"""The ledger follows the log: any cut gives the same entries, and they add up to what is owed."""

import asyncio
import json
import os
from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st

from graph_service.attribution.path import read_paths
from graph_service.attribution.touches import read_journeys
from graph_service.clock import from_micros, to_micros
from graph_service.graph.queries import load_queries
from graph_service.graph.schema import load_migrations, migrate
from graph_service.graph.session import Graph, Transaction
from graph_service.holds.placing import Lifting, NewHold, lift_hold, place_hold
from graph_service.ingest.tokens import Tokeniser
from graph_service.ledger.booking import follow_log
from graph_service.ledger.chain import Head, Proof, entry_of
from graph_service.ledger.lines import order_lines
from graph_service.periods import month_of
from graph_service.pipeline import Pipeline
from graph_service.plans.document import Plan, seed_plan
from graph_service.plans.timeline import Plans
from graph_service.settings import Settings
from tests.conftest import Database
from tests.worlds import NOW
from tests.worlds.random_mall import arrivals, random_mall
from tests.worlds.settled import settled

EXAMPLES = int(os.environ.get("GRAPH_SERVICE_TEST_EXAMPLES", "15"))
PLAN = Plan.model_validate(
    {**seed_plan().model_dump(by_alias=True), "version": "test", "base": {"otherRate": "0.07"}}
)
PLANS = Plans(PLAN)
# A number over 1 never leaves 1, so no batch is followed by the end of a month.
NEVER = 1
on_malls = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ENTRIES = "MATCH (e:LedgerEntry) RETURN properties(e) AS entry ORDER BY e.payeeId, e.number"
HEADS = "MATCH (p:LedgerPayee) RETURN p.payeeId AS id, p.number AS number, p.hash AS hash"
FORGET = "MATCH (n:LedgerEntry|LedgerPayee|Ledger) DETACH DELETE n"
FORGET_WAYS = "MATCH ()-[r:PASSED|CONCERNS]->() DELETE r"
GOODS = """
MATCH (o:Order)<-[:ABOUT]-(f:Fact {type: 'order.paid'}) RETURN o.orderId AS id, f.data AS data
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


@on_malls
@given(world=st.data())
def test_any_cut_of_the_log_gives_the_same_entries(world: st.DataObject, bench: Bench) -> None:
    events = world.draw(random_mall(identity=True))
    batches = world.draw(arrivals(events))
    follow_each = world.draw(st.integers(1, 5))
    close_each = world.draw(st.integers(1, 4))
    hold_each = world.draw(st.integers(0, 3))
    bench.database.clear()

    online = bench.runner.run(booked_online(bench, batches, follow_each, close_each, hold_each))
    ends = {row["id"]: Head(row["number"], row["hash"]) for row in bench.database.query(HEADS)}
    replays = [bench.runner.run(replayed(bench, limit)) for limit in (1, 7, 1_000)]

    proof = Proof()
    proof.follow((entry_of(row), row["hash"]) for row in online)
    assert proof.end(ends) is None
    for replay in replays:
        assert first_difference(online, replay) is None
    owed = bench.runner.run(plainly_owed(bench)) | plainly_owed_of_months(bench)
    assert {key: amount for key, amount in sums(online).items() if amount} == owed


@on_malls
@given(world=st.data())
def test_another_order_of_arrival_gives_equal_balances(world: st.DataObject, bench: Bench) -> None:
    events = settled(world.draw(random_mall(identity=True)))
    ledgers: list[dict[tuple[str, ...], int]] = []

    for _ in range(2):
        batches = world.draw(arrivals(events))
        bench.database.clear()
        # Months are closed in the end only: a closed one may have changed roles meanwhile.
        entries = bench.runner.run(booked_online(bench, batches, 3, NEVER))
        ledgers.append({key: amount for key, amount in sums(entries).items() if amount})

    assert ledgers[0] == ledgers[1]


def first_difference(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> str | None:
    """The earliest entries that are not the same, of two ledgers."""
    if one == other:
        return None
    names = ("entryId", "orderId", "payeeId", "basis", "part", "amountMinor", "why", "inputs")
    told = [
        [[row["seq"], *(row[name] for name in names)] for row in sorted(rows, key=place)]
        for rows in (one, other)
    ]
    pairs = zip([*told[0], None], [*told[1], None], strict=False)
    return next((f"{a} and {b}" for a, b in pairs if a != b), "the chains differ")


def place(row: dict[str, Any]) -> tuple[int, int]:
    """Where an entry stands in the whole ledger."""
    seq, number = row["entryId"].split("-")
    return int(seq), int(number)


async def follow(pipeline: Pipeline, limit: int) -> int:
    async def work(transaction: Transaction) -> int:
        return await follow_log(transaction, PLANS, "test", pipeline.clock, limit)

    return await pipeline.graph.write_together(work, name="ledger/follow", timeout_s=60)


async def booked_online(
    bench: Bench,
    batches: list[list[dict[str, Any]]],
    follow_each: int,
    close_each: int,
    hold_each: int = 0,
) -> list[dict[str, Any]]:
    """Store batch by batch; stamp late and follow later still, so that much is not yet seen.

    hold_each: so often somebody is held or no longer. Months are closed in the middle of it, so
    that most of what comes corrects them.
    """
    for number, batch in enumerate(batches):
        await bench.pipeline.store(batch)
        if hold_each and number % hold_each == 0:
            await hold_or_lift(bench, number // hold_each)
        if number % 2:
            await bench.pipeline.book_once()
        if number % close_each == 1:
            await bench.pipeline.close_periods()
        if number % follow_each == 0:
            await follow(bench.pipeline, 20)
    assert await bench.pipeline.settle(timeout_s=30)
    await bench.pipeline.close_periods()
    while await follow(bench.pipeline, 50):
        pass
    return [row["entry"] for row in bench.database.query(ENTRIES)]


async def hold_or_lift(bench: Bench, number: int) -> None:
    """Place a hold on the next member; every third time lift the one before."""

    async def work(transaction: Transaction) -> None:
        if number % 3 == 2:
            lifting = Lifting("test", "a mistake", to_micros(NOW) // 1_000)
            await lift_hold(transaction, f"h{number - 1}", lifting)
        await place_hold(
            transaction,
            NewHold(f"h{number}", f"m{number % 5}", "person", "tip", "a tip", "test"),
            NOW,
        )

    known = bench.database.query("MATCH (m:Member) RETURN collect(m.memberId) AS ids")[0]["ids"]
    held = bench.database.query("MATCH (h:Hold) RETURN collect(h.holdId) AS ids")[0]["ids"]
    if f"m{number % 5}" in known and (number % 3 < 2 or f"h{number - 1}" in held):
        await bench.pipeline.graph.write_together(work, name="holds/place", timeout_s=60)


async def replayed(bench: Bench, limit: int) -> list[dict[str, Any]]:
    """The entries when the log is followed anew, so many facts at a time."""
    bench.database.query(FORGET)
    bench.database.query(FORGET_WAYS)
    while await follow(bench.pipeline, limit):
        pass
    return [row["entry"] for row in bench.database.query(ENTRIES)]


def sums(entries: list[dict[str, Any]]) -> dict[tuple[str, ...], int]:
    """What the entries come to, by order, line and month."""
    found: defaultdict[tuple[str, ...], int] = defaultdict(int)
    for one in entries:
        key = (one["orderId"], one["payeeId"], one["basis"], one["part"], one["month"])
        found[key] += one["amountMinor"]
    return found


SOLD = """
MATCH (s:SalesMonth) OPTIONAL MATCH (m:Member)-[:SOLD_IN]->(s)
RETURN s.month AS month, m.memberId AS id, m.status AS status, s.ownMinor AS own,
  s.bonusMinor AS bonus, s.teamMinor - coalesce(s.selfMinor, 0) AS team,
  coalesce(m.personId, m.memberId) AS personId
"""
SAID = """
MATCH (f:Fact)-[:ABOUT]->(m:Member)
WHERE f.type IN ['member.joined', 'member.updated', 'role.changed']
RETURN m.memberId AS id, f.data AS data, f.time.epochMillis AS time ORDER BY f.time, f.seq
"""
ENDS_MS = {"2026-01": 1_769_875_200_000, "2026-02": 1_772_294_400_000}


def plainly_owed_of_months(bench: Bench) -> dict[tuple[str, ...], int]:
    """What the closed months come to by the seed plan's rules, written out."""
    said = [(row["id"], row["time"], json.loads(row["data"])) for row in bench.database.query(SAID)]
    owed: dict[tuple[str, ...], int] = {}
    sold = bench.database.query(SOLD)
    of_person: defaultdict[tuple[str, str], int] = defaultdict(int)
    for row in sold:
        of_person[row["month"], row["personId"]] += row["own"]
    for row in sold:
        month, member_id = row["month"], row["id"]
        if month not in ENDS_MS or member_id is None:
            continue
        mine = [
            data["role"]
            for one, time, data in said
            if one == member_id and "role" in data and time < ENDS_MS[month]
        ]
        role = mine[-1] if mine else "member"
        own = of_person[month, row["personId"]]
        whole = max(own - 5_000_000, 0)
        # Each account has its part of what the person earns.
        ladder = ((own - whole) * 5 + whole * 8) * row["own"] // (own * 100) if row["own"] else 0
        parts = {"ladder": ladder, "team": row["bonus"] * 2 // 100, "partner": 0}
        if role == "partner":
            parts["partner"] = row["team"] // 100
        for basis, amount in parts.items():
            kept = row["status"] == "frozen" or (basis == "team" and role == "member")
            payee = "\tplatform" if kept else member_id
            part = f"{month}: {member_id}" if kept else month
            if amount:
                owed["", payee, basis, part, month] = amount
    missing = "MATCH (s:SalesMonth) WHERE s.salesMonthId ENDS WITH 'platform' RETURN s"
    for row in bench.database.query(missing):
        month, amount = row["s"]["month"], row["s"]["bonusMinor"] * 2 // 100
        if month in ENDS_MS and amount:
            owed["", "\tplatform", "team", month, month] = amount
    return owed


async def plainly_owed(bench: Bench) -> dict[tuple[str, ...], int]:
    """What the graph as it stands now says of every order."""
    goods = {row["id"]: json.loads(row["data"])["lines"] for row in bench.database.query(GOODS)}
    read = bench.pipeline.graph.read
    journeys = await read_journeys(read, sorted(goods), PLAN.program)
    paths = await read_paths(read, journeys)
    return {
        (
            order_id,
            *line.key,
            month_of(from_micros(journey.order.paid_at), PLAN.month_zone),
        ): line.amount_minor
        for order_id, journey in journeys.items()
        for line in order_lines(journey, paths[order_id], goods[order_id], PLAN, {})
    }
