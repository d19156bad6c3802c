"""After a rotation of the pepper the same values are known, and repeats are repeats."""

from typing import Any

import pytest

from graph_service.graph.session import Graph
from graph_service.ingest.facts import Fact, parse_event
from graph_service.ingest.tokens import Tokeniser
from graph_service.pipeline import Pipeline
from graph_service.plans.document import seed_plan
from tests.conftest import Database
from tests.worlds import NOW, START, Event, event, order_data

pytestmark = pytest.mark.anyio
FIRST, SECOND, THIRD = b"first", b"second", b"third"
BEFORE, AFTER = Tokeniser(FIRST), Tokeniser(SECOND, (FIRST,))
PHONE = "13800138000"
USES = """
MATCH (m)-[u:USES]->(i:Identifier)
RETURN coalesce(m.memberId, m.visitorId) AS who, i.token AS token, labels(i) AS labels,
  u.times AS times, toString(u.firstSeen) AS first, toString(u.lastSeen) AS last
ORDER BY who, token
"""


def seen(who: str, key: str, value: str = PHONE, kind: str = "phone") -> Event:
    return event("identity.observed", key, START, {"memberId": who, "kind": kind, "value": value})


def paid(key: str, order: str = "o-1", value: str = PHONE) -> Event:
    identifiers = [{"kind": "payment", "value": value}]
    data = {**order_data(order, "m-1", 100), "identifiers": identifiers}
    return event("order.paid", key, START, data)


def linked(union: str = "union-1") -> Event:
    data = {"memberId": "m-1", "channel": "wechat", "externalId": "x", "unionId": union}
    return event("account.linked", "a-1", START, data)


def under(graph: Graph, tokeniser: Tokeniser) -> Pipeline:
    return Pipeline(graph, tokeniser, seed_plan(), clock=lambda: NOW, quiet_s=0)


async def statuses(pipeline: Pipeline, *events: Event) -> list[str]:
    receipt = await pipeline.store(events)
    return [one.problem.code if one.problem else one.status for one in receipt.outcomes]


async def test_evidence_from_before_and_after_is_of_one_identifier(
    graph: Graph, database: Database
) -> None:
    await statuses(under(graph, BEFORE), seen("m-1", "1"), seen("m-2", "2"))

    await statuses(under(graph, AFTER), seen("m-3", "3"), seen("m-1", "4"))

    rows = database.query(USES)
    token = AFTER.token("phone", PHONE)
    assert [(row["who"], row["times"]) for row in rows] == [("m-1", 2), ("m-2", 1), ("m-3", 1)]
    assert {row["token"] for row in rows} == {token}
    assert database.query("MATCH (i:Identifier) RETURN count(i) AS n") == [{"n": 1}]


async def test_the_graph_is_the_same_as_if_all_had_come_after(
    graph: Graph, database: Database
) -> None:
    events = [seen("m-1", "1"), seen("m-2", "2"), seen("m-1", "3"), seen("m-1", "4", "x", "device")]
    await statuses(under(graph, AFTER), *events)
    at_once = database.query(USES)
    database.clear()

    await statuses(under(graph, BEFORE), *events[:2])
    await statuses(under(graph, AFTER), *events[2:])

    assert database.query(USES) == at_once


async def test_what_a_process_with_the_old_pepper_still_wrote_is_merged(
    graph: Graph, database: Database
) -> None:
    old, new = under(graph, BEFORE), under(graph, AFTER)
    await statuses(old, seen("m-1", "1"), paid("2"))
    await statuses(new, seen("m-1", "3"), paid("4", "o-2"))
    await statuses(old, seen("m-1", "5"), seen("m-2", "6"), paid("7", "o-3"))

    await statuses(new, seen("m-4", "8"), paid("9", "o-4"))

    rows = [row for row in database.query(USES) if "Phone" in row["labels"]]
    assert [(row["who"], row["times"]) for row in rows] == [("m-1", 3), ("m-2", 1), ("m-4", 1)]
    assert {row["token"] for row in rows} == {AFTER.token("phone", PHONE)}
    found = database.query("MATCH (o:Order)-[:PAID_WITH]->(i) RETURN DISTINCT i.token AS token")
    assert found == [{"token": AFTER.token("payment", PHONE)}]


@pytest.mark.parametrize(
    "told", [seen("m-1", "1"), paid("1"), linked()], ids=lambda one: one["type"]
)
async def test_a_repeat_from_before_the_rotation_is_a_duplicate(
    graph: Graph, database: Database, told: Event
) -> None:
    await statuses(under(graph, BEFORE), told)

    answers = await statuses(under(graph, AFTER), told, told)

    assert answers == ["duplicate", "duplicate"]


async def test_an_order_from_before_the_rotation_is_the_same_under_another_key(
    graph: Graph, database: Database
) -> None:
    await statuses(under(graph, BEFORE), paid("1"))

    answers = await statuses(under(graph, AFTER), paid("2"), paid("3", value="other"))

    assert answers == ["duplicate", "event_conflict"]


@pytest.mark.parametrize(
    "told",
    [seen("m-1", "1", "13900139000"), paid("1", value="other"), linked("union-2")],
    ids=lambda one: one["type"],
)
async def test_other_content_under_a_key_from_before_is_still_a_conflict(
    graph: Graph, database: Database, told: Event
) -> None:
    before = under(graph, BEFORE)
    await statuses(
        before,
        {"identity.observed": seen("m-1", "1"), "order.paid": paid("1")}.get(
            told["type"], linked()
        ),
    )

    answers = await statuses(under(graph, AFTER), told)

    assert answers == ["event_conflict"]


async def test_a_second_rotation_carries_what_the_first_did_not_see(
    graph: Graph, database: Database
) -> None:
    await statuses(under(graph, BEFORE), seen("m-1", "1"), seen("m-1", "2", "d-1", "device"))
    await statuses(under(graph, AFTER), seen("m-2", "3"))
    newest = Tokeniser(THIRD, (SECOND, FIRST))

    answers = await statuses(
        under(graph, newest), seen("m-1", "1"), seen("m-3", "4"), seen("m-3", "5", "d-1", "device")
    )

    assert answers == ["duplicate", "accepted", "accepted"]
    tokens = {row["token"] for row in database.query(USES)}
    assert tokens == {newest.token("phone", PHONE), newest.token("device", "d-1")}


async def test_tokens_of_a_retired_pepper_stay_and_are_found_no_more(
    graph: Graph, database: Database
) -> None:
    await statuses(under(graph, BEFORE), seen("m-1", "1"))

    answers = await statuses(under(graph, Tokeniser(SECOND)), seen("m-1", "1"), seen("m-1", "2"))

    assert answers == ["event_conflict", "accepted"]
    tokens = {row["token"] for row in database.query(USES)}
    assert tokens == {BEFORE.token("phone", PHONE), Tokeniser(SECOND).token("phone", PHONE)}


def test_a_fact_without_identifiers_looks_for_nothing() -> None:
    parsed = parse_event(event("member.active", "1", START, {"memberId": "m"}), 0, AFTER)

    assert isinstance(parsed, Fact)
    assert (parsed.former_digests, parsed.renewed) == ((), ())


def test_a_token_and_a_value_that_is_nobodys_are_renewed_by_nothing() -> None:
    values = [BEFORE.token("phone", PHONE), "138****8000"]

    parsed: list[Any] = [parse_event(seen("m", "1", value), 0, AFTER) for value in values]

    assert [fact.renewed for fact in parsed] == [(), ()]
