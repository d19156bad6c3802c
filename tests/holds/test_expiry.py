"""Holds that end by themselves, by the clock alone."""

from datetime import timedelta
from typing import Any

import pytest

from graph_service.graph.session import Graph, Transaction
from graph_service.holds import placing
from graph_service.holds.placing import (
    EXPIRED,
    Hold,
    HoldEnded,
    Lifting,
    NewHold,
    lift_hold,
    millis_of,
    place_hold,
)
from graph_service.holds.reading import list_holds, read_hold
from graph_service.holds.thawing import end_expired_holds
from graph_service.pipeline import Pipeline
from tests.conftest import Database
from tests.worlds import NOW, START, event

pytestmark = pytest.mark.anyio
DAY_MS = 86_400_000
FACTS = "MATCH (f:Fact {type: 'hold.lifted'}) RETURN f.time.epochMillis AS at, f.data AS data"


@pytest.fixture
async def mall(pipeline: Pipeline) -> Pipeline:
    """A mall with one member."""
    await pipeline.store([event("member.joined", "lin", START, {"memberId": "lin"})])
    assert await pipeline.settle(timeout_s=30)
    return pipeline


async def placed(graph: Graph, hold_id: str, days: int | None = None) -> Hold:
    expires_ms = None if days is None else millis_of(NOW) + days * DAY_MS
    wanted = NewHold(hold_id, "lin", "rule", "velocity", "too fast", "rule", expires_ms=expires_ms)

    async def work(transaction: Transaction) -> Hold:
        return await place_hold(transaction, wanted, NOW)

    return await graph.write_together(work, name="test", timeout_s=10)


async def lifted(graph: Graph, hold_id: str, days: int, reason: str) -> Hold:
    lifting = Lifting("somebody", reason, millis_of(NOW) + days * DAY_MS)

    async def work(transaction: Transaction) -> Hold:
        return await lift_hold(transaction, hold_id, lifting)

    return await graph.write_together(work, name="test", timeout_s=10)


def pass_days(pipeline: Pipeline, days: int) -> None:
    pipeline.clock = lambda: NOW + timedelta(days=days)


async def test_a_hold_ends_as_of_its_expiry_and_once(mall: Pipeline, database: Database) -> None:
    await placed(mall.graph, "short", 2)
    await placed(mall.graph, "long", 9)
    await placed(mall.graph, "endless")

    pass_days(mall, 5)
    await mall.end_expired_holds()
    await mall.end_expired_holds()

    short = await read_hold(mall.graph, "short")
    in_force, _ = await list_holds(
        mall.graph, millis_of(NOW) + 5 * DAY_MS, member_id="lin", active=True, limit=9
    )
    assert (short.lifted_ms, short.lift_reason, short.lifted_by) == (
        millis_of(NOW) + 2 * DAY_MS,
        "expired",
        "expiry",
    )
    assert {hold.hold_id for hold in in_force} == {"long", "endless"}
    assert database.query(FACTS) == [
        {
            "at": short.lifted_ms,
            "data": '{"holdId":"short","memberId":"lin","why":"expired","by":"expiry"}',
        }
    ]


async def test_a_hold_is_out_of_force_from_its_expiry_on_before_anybody_looks(
    mall: Pipeline,
) -> None:
    hold = await placed(mall.graph, "short", 2)

    now_ms = millis_of(NOW) + 2 * DAY_MS
    listed, _ = await list_holds(mall.graph, now_ms, member_id="lin", active=True, limit=9)
    before, _ = await list_holds(mall.graph, now_ms - 1, member_id="lin", active=True, limit=9)

    assert [hold.is_active(now_ms - 1), hold.is_active(now_ms)] == [True, False]
    assert [len(before), len(listed)] == [1, 0]


async def test_a_hold_that_was_lifted_does_not_expire(mall: Pipeline, database: Database) -> None:
    await placed(mall.graph, "short", 2)
    await lifted(mall.graph, "short", 1, "a mistake")

    pass_days(mall, 5)
    await mall.end_expired_holds()

    assert (await read_hold(mall.graph, "short")).lift_reason == "a mistake"
    assert len(database.query(FACTS)) == 1


@pytest.mark.parametrize("looked", [False, True])
async def test_what_expired_is_not_lifted_by_anybody(mall: Pipeline, *, looked: bool) -> None:
    await placed(mall.graph, "short", 2)
    pass_days(mall, 5)
    if looked:
        await mall.end_expired_holds()

    with pytest.raises(HoldEnded, match=EXPIRED):
        await lifted(mall.graph, "short", 5, "a mistake")


async def test_more_than_end_in_one_transaction_all_end(
    mall: Pipeline, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "ENDED_TOGETHER", 2)
    for number in range(5):
        await placed(mall.graph, f"hold-{number}", 1)

    pass_days(mall, 5)
    await mall.end_expired_holds()

    assert len(database.query(FACTS)) == 5


async def test_no_transaction_is_opened_where_nothing_has_run_out(
    mall: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    await placed(mall.graph, "long", 9)

    async def write_together(*_: object, **__: object) -> None:
        raise AssertionError("a transaction")

    monkeypatch.setattr(mall.graph, "write_together", write_together)
    await mall.end_expired_holds()

    assert (await read_hold(mall.graph, "long")).lifted_ms is None


async def test_a_failure_later_in_the_transaction_leaves_no_hold(
    mall: Pipeline, database: Database
) -> None:
    wanted = NewHold("half", "lin", "rule", "velocity", "too fast", "rule")

    async def work(transaction: Transaction) -> None:
        await place_hold(transaction, wanted, NOW)
        raise HoldEnded("and then it fails")

    with pytest.raises(HoldEnded):
        await mall.graph.write_together(work, name="test", timeout_s=10)

    async def ended(transaction: Transaction) -> list[dict[str, Any]]:
        return await end_expired_holds(transaction, NOW)

    found = await mall.graph.write_together(ended, name="test", timeout_s=10)

    assert found == []
    assert database.query("MATCH (h:Hold) RETURN h") == []
    assert database.query("MATCH (f:Fact {type: 'hold.placed'}) RETURN f") == []
