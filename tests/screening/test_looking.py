"""A look at the newest facts, in memory: what closes is found, honest days raise nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from graph_service.clock import to_micros
from graph_service.fraud.detectors.registry import DETECTORS
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.scanning import Terms
from graph_service.fraud.touching import Place
from graph_service.ingest.facts import Fact, parse_event
from graph_service.ingest.tokens import Tokeniser
from graph_service.screening import looking
from graph_service.screening.looking import SHOWN_FROM, Eye, is_shown
from graph_service.snapshot.log import LogWriter
from tests.worlds import Event
from tests.worlds.frauds import honest_mall, order_ring

TERMS: Final = Terms()


def by_time(events: Sequence[Event]) -> list[Fact]:
    tokeniser = Tokeniser(b"pepper")
    parsed = [parse_event(one, place, tokeniser) for place, one in enumerate(events)]
    facts = [one for one in parsed if isinstance(one, Fact)]
    assert len(facts) == len(events)
    return sorted(facts, key=lambda one: one.time)


def add(writer: LogWriter, facts: Sequence[Fact]) -> None:
    for one in facts:
        writer.add_fact(one.type, to_micros(one.time), one.data)


def orders_of_ring(facts: Sequence[Fact]) -> list[datetime]:
    buyers = {f"b{number}" for number in range(10)}
    return [
        one.time for one in facts if one.type == "order.paid" and one.data.get("memberId") in buyers
    ]


def test_a_ring_is_found_by_the_look_after_its_last_order() -> None:
    facts = by_time([*honest_mall(), *order_ring()])
    times = orders_of_ring(facts)
    since, until = min(times), max(times)
    writer = LogWriter()
    add(writer, [one for one in facts if one.time < since])
    eye = Eye(Place.end_of(writer.rebased()))

    add(writer, [one for one in facts if since <= one.time <= until])
    look = eye.look(writer.rebased(), DETECTORS, TERMS)

    [found] = look.alerts
    assert set(found["memberIds"]) >= {f"b{number}" for number in range(10)}
    assert found["score"] >= SHOWN_FROM


def test_an_honest_batch_raises_nothing() -> None:
    facts = by_time(honest_mall())
    half = len(facts) // 2
    writer = LogWriter()
    add(writer, facts[:half])
    eye = Eye(Place.end_of(writer.rebased()))

    alerts: list[object] = []
    for start in range(half, len(facts), half // 3):
        add(writer, facts[start : start + half // 3])
        alerts += eye.look(writer.rebased(), DETECTORS, TERMS).alerts

    assert alerts == []


def test_members_who_wait_are_looked_at_next() -> None:
    writer = LogWriter()
    add(writer, by_time(honest_mall()))
    log = writer.rebased()
    eye = Eye(Place())

    first = eye.look(log, [], TERMS)
    waited = set(eye.waiting)
    second = eye.look(log, [], TERMS)

    assert first.looked_at == looking.CORE_MAX
    assert first.left == len(waited) > 0
    assert second.looked_at == len(waited)
    assert second.left == 0


def test_without_new_facts_nobody_is_looked_at() -> None:
    writer = LogWriter()
    add(writer, by_time(honest_mall()))
    log = writer.rebased()

    look = Eye(Place.end_of(log)).look(log, DETECTORS, TERMS)

    assert (look.looked_at, look.compared, look.alerts) == (0, 0, [])


def test_what_is_mostly_about_members_at_the_fringe_is_not_shown() -> None:
    found = Finding("fake_order_ring", 0.9, (1, 2, 3, 4), ())

    assert is_shown(found, frozenset({1}), frozenset({1, 2}))
    assert not is_shown(found, frozenset({1}), frozenset({1}))
    assert not is_shown(found, frozenset({5}), frozenset({1, 2, 3, 4}))
