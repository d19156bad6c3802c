"""The log out of Neo4j beside the same facts in memory, and beside what was booked."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from graph_service.ingest.tokens import Tokeniser
from graph_service.pipeline import Pipeline
from graph_service.snapshot.log import NONE, Log
from graph_service.snapshot.reading import is_of, read_log
from graph_service.snapshot.snapshot import snapshot_of
from tests.conftest import Database
from tests.snapshot.worlds import log_in_memory, mall, tables_of
from tests.worlds import START, Event, event, order_data

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


async def test_the_log_of_another_graph_is_not_gone_on_with(
    store: Store, pipeline: Pipeline, database: Database
) -> None:
    await store(mall(1))
    others = await read_log(pipeline.graph)
    database.clear()
    await store(mall(2))

    told = await read_log(pipeline.graph, others)
    anew = await read_log(pipeline.graph)

    assert await is_of(pipeline.graph, told)
    assert not await is_of(pipeline.graph, others)
    assert told.names == anew.names
    assert tables_of(told) == tables_of(anew)


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


async def test_a_rotation_of_the_pepper_leaves_who_shares_what_as_it_was(
    pipeline: Pipeline, database: Database
) -> None:
    first, then = Tokeniser(b"first"), Tokeniser(b"second", (b"first",))
    events = seen_events()
    pipeline.tokeniser = then
    await pipeline.store(events)
    assert await pipeline.settle(timeout_s=30)
    wanted = shared_by(await read_log(pipeline.graph))
    database.clear()

    pipeline.tokeniser = first
    await pipeline.store(events[:4])
    assert await pipeline.settle(timeout_s=30)
    base = await read_log(pipeline.graph)
    pipeline.tokeniser = then
    await pipeline.store(events[4:])
    assert await pipeline.settle(timeout_s=30)
    anew, more = await read_log(pipeline.graph), await read_log(pipeline.graph, base)

    assert wanted[0] == {("m0", "m1", "m2", "m3"), ("m0", "m2"), ("m1", "m3"), ("m3",)}
    assert shared_by(anew) == wanted
    assert shared_by(more) == wanted


def seen_events() -> list[Event]:
    """Four members of one phone, two of one device, two of one card on their orders, one alone."""
    events = [
        event("identity.observed", f"phone-{name}", START, seen(name, "phone", "13800138000"))
        for name in ("m0", "m1")
    ]
    events.append(event("identity.observed", "device-m0", START, seen("m0", "device", "d-1")))
    events.append(event("order.paid", "order-1", START, paid("o1", "m1")))
    events += [
        event("identity.observed", f"phone-{name}", START, seen(name, "phone", "138 0013 8000"))
        for name in ("m2", "m3")
    ]
    events.append(event("identity.observed", "device-m2", START, seen("m2", "device", "d-1")))
    events.append(event("order.paid", "order-2", START, paid("o2", "m3")))
    events.append(event("identity.observed", "alone", START, seen("m3", "device", "d-2")))
    return events


def seen(member: str, kind: str, value: str) -> dict[str, str]:
    return {"memberId": member, "kind": kind, "value": value}


def paid(order: str, member: str) -> dict[str, Any]:
    card = {"kind": "payment", "value": "6222 0212 3456 7890"}
    return {**order_data(order, member, 100), "identifiers": [card]}


def shared_by(log: Log) -> tuple[set[tuple[str, ...]], dict[str, str]]:
    """Which members share a token, and who is whose person."""
    snapshot = snapshot_of(log)
    names, uses = log.names["member"], snapshot.uses
    users: dict[int, list[str]] = {}
    members: list[int] = uses.member.tolist()
    tokens: list[int] = uses.token.tolist()
    for member, token in zip(members, tokens, strict=True):
        users.setdefault(token, []).append(names[member])
    person: list[int] = snapshot.members.person.tolist()
    return {tuple(sorted(one)) for one in users.values()}, {
        name: names[person[number]] for number, name in enumerate(names)
    }
