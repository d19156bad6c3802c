"""The log out of Neo4j beside the same facts in memory, and beside what was booked."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from graph_service.pipeline import Pipeline
from graph_service.snapshot.log import NONE
from graph_service.snapshot.reading import read_log
from graph_service.snapshot.snapshot import snapshot_of
from tests.conftest import Database
from tests.snapshot.worlds import log_in_memory, mall, tables_of
from tests.worlds import Event

pytestmark = pytest.mark.anyio
Store = Callable[[list[Event]], Awaitable[list[str]]]
SEEDS = range(4)
# What the service finds itself, which no event tells.
OWN = {"persons", "verdicts"}
CREDITED = """
MATCH (o:Order)-[c:CREDITED_TO]->(m:Member)
RETURN o.orderId AS orderId, collect(m.memberId) AS memberIds
"""
PAID = "MATCH (o:Order) WHERE o.digest IS NOT NULL RETURN o.orderId AS orderId"


async def stored(store: Store, events: list[Event]) -> list[Event]:
    """The events that were accepted."""
    statuses = await store(events)
    return [one for one, said in zip(events, statuses, strict=True) if said == "accepted"]


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_log_out_of_the_database_is_that_of_the_accepted_events(
    seed: int, store: Store, pipeline: Pipeline
) -> None:
    accepted = await stored(store, mall(seed))

    read = await read_log(pipeline.graph)

    made = log_in_memory(accepted, pipeline.tokeniser)
    told, wanted = tables_of(read, sort=True), tables_of(made, sort=True)
    assert {name: rows for name, rows in told.items() if name not in OWN} == {
        name: rows for name, rows in wanted.items() if name not in OWN
    }
    assert read.now == made.now


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_log_gone_on_with_is_the_log_read_anew(
    seed: int, store: Store, pipeline: Pipeline
) -> None:
    events = mall(seed)
    await store(events[: len(events) // 2])
    base = await read_log(pipeline.graph)
    await store(events[len(events) // 2 :])

    more = await read_log(pipeline.graph, base)
    anew = await read_log(pipeline.graph)

    assert more.names == anew.names
    assert tables_of(more) == tables_of(anew)
    assert (more.seq, more.now) == (anew.seq, anew.now)


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_promoter_of_an_order_is_the_one_that_was_booked(
    seed: int, store: Store, pipeline: Pipeline, database: Database
) -> None:
    await store(mall(seed, moves=80))
    assert await pipeline.settle_ledger(timeout_s=60)

    log = await read_log(pipeline.graph)
    snapshot = snapshot_of(log)
    statuses = log.tables["statuses"]
    # Nothing is booked for who was frozen then; the snapshot knows no exclusions.
    rows: list[int] = statuses["member"][statuses["status"] > 0].tolist()
    frozen = {log.names["member"][one] for one in rows}

    orders, names = snapshot.orders, snapshot.names
    promoters: list[int] = orders.promoter.tolist()
    told = {
        names["order"][order]: [names["member"][promoter]]
        for order, promoter in enumerate(promoters)
        if promoter != NONE and names["member"][promoter] not in frozen
    }
    booked: dict[str, Any] = {
        row["orderId"]: row["memberIds"]
        for row in database.query(CREDITED)
        if not frozen & set(row["memberIds"])
    }
    assert told == booked
    buyers: list[int] = orders.buyer.tolist()
    paid = {names["order"][order] for order, buyer in enumerate(buyers) if buyer != NONE}
    assert paid == {row["orderId"] for row in database.query(PAID)}
