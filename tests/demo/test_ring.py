"""The ring of the demo's mall is one that the detectors find, and the same each time."""

from itertools import chain

import orjson

from graph_service.clock import to_micros
from graph_service.demo.ring import ACCOUNTS, LEADER, account, ring_lines
from graph_service.fraud.detectors.registry import DETECTORS
from graph_service.fraud.scanning import search_log
from graph_service.ingest.facts import Fact, parse_event
from graph_service.ingest.tokens import Tokeniser
from graph_service.snapshot.log import log_of
from graph_service.worlds.world import world_lines, world_of

TOKENISER = Tokeniser(b"pepper-of-the-tests")


def test_the_ring_is_the_same_each_time() -> None:
    assert list(ring_lines()) == list(ring_lines())


def test_the_ring_is_found_among_the_members_of_the_mall() -> None:
    lines = chain(world_lines(world_of("S", members=1_500)), ring_lines())
    events = sorted((orjson.loads(line) for line in lines), key=lambda one: one["time"])
    facts = [parse_event(one, place, TOKENISER) for place, one in enumerate(events)]
    good = [one for one in facts if isinstance(one, Fact)]

    told = log_of((one.type, to_micros(one.time), one.data) for one in good)
    found = search_log(told, DETECTORS)

    names = told.names["member"]
    members = [{str(names[place]) for place in one.members} for one in found.findings]
    wanted = {LEADER, *(account(number) for number in range(1, ACCOUNTS + 1))}
    assert len(good) == len(facts)
    assert wanted in members
    assert found.findings[members.index(wanted)].score >= 0.9
