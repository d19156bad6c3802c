"""kill -9 of the service, of `load` and of Neo4j, round after round: acknowledged is stored, once.

GRAPH_SERVICE_TEST_ROUNDS=20 adds ten rounds in each of which Neo4j is killed too.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import structlog
from httpx2 import Response

from tests.conftest import Database
from tests.faults.conftest import snapshot
from tests.faults.places import Place, Service, event_file, until
from tests.worlds import Event
from tests.worlds.named import honest_tree

log = structlog.get_logger()
ROUNDS = int(os.environ.get("GRAPH_SERVICE_TEST_ROUNDS", "10"))
# What is killed in each round; from the eleventh on Neo4j always is.
KINDS = (
    *("service", "load", "neo4j", "service at start", "service"),
    *("both at start", "load", "service", "both", "service"),
    *("neo4j", "both", "load and neo4j", "neo4j at start", "both at start"),
    *("neo4j", "both", "load and neo4j", "neo4j at start", "both at start"),
)
SEED = 20_260_101
# When a kill comes after a batch was sent, or after a start began (s).
KILL_MOST_S, START_KILL_MOST_S = 0.2, 3.0
BATCH_EVENTS = 8
SMALL_FILES = f"import graph_service.loading as loading; loading.BATCH_EVENTS = {BATCH_EVENTS}"
FACTS = "MATCH (f:Fact) RETURN count(f) AS facts"


@dataclass
class Siege:
    """A place under fire. acknowledged: the ids of the events that were answered for."""

    place: Place
    chance: random.Random
    folder: Path
    service: Service
    acknowledged: set[str] = field(default_factory=set[str])
    killed: list[str] = field(default_factory=list[str])

    def round(self, kind: str, events: Sequence[Event]) -> None:
        """Load these events while something of this kind is killed; afterwards all runs again."""
        started = time.monotonic()
        if "at start" in kind:
            self.kill_at_start(kind)
        elif kind.startswith("load"):
            self.kill_load(kind, events)
        else:
            self.kill_at_post(kind, events)
        self.recover()
        log.info(
            "siege.round",
            kind=kind,
            seconds=round(time.monotonic() - started, 1),
            acknowledged=len(self.acknowledged),
        )

    def kill(self, kind: str) -> None:
        """kill -9 of what this kind names."""
        self.killed.append(kind)
        if kind != "neo4j":
            self.service.end(signal.SIGKILL)
        if kind != "service":
            self.place.signal_neo4j(signal.SIGKILL)

    def kill_at_start(self, kind: str) -> None:
        """Kill all, begin a start and kill it as well, then start in earnest."""
        self.killed.append(kind)
        self.service.end(signal.SIGKILL)
        if kind != "service at start":
            self.place.signal_neo4j(signal.SIGKILL)
        begun = self.place.spawn("serve", "--port", "0")
        time.sleep(self.chance.uniform(0, START_KILL_MOST_S))
        begun.kill()
        begun.wait()
        if kind == "both at start":
            self.place.signal_neo4j(signal.SIGKILL)

    def kill_load(self, kind: str, events: Sequence[Event]) -> None:
        """kill -9 of `load` once it has stored some of these events, but not all."""
        before = facts(self.place.database)
        some = before + self.chance.randrange(1, len(events) - 1)
        loading = self.place.spawn("load", event_file(self.folder, events), patch=SMALL_FILES)
        database = self.place.database
        until(lambda: facts(database) >= some or loading.poll() is not None)
        loading.kill()
        loading.wait()
        self.killed.append(kind)
        if kind != "load":
            self.place.signal_neo4j(signal.SIGKILL)

    def kill_at_post(self, kind: str, events: Sequence[Event]) -> None:
        """Post batch after batch, over and over; the kill comes during one of the first."""
        batches = [events[i : i + BATCH_EVENTS] for i in range(0, len(events), BATCH_EVENTS)]
        last = self.chance.randrange(1, len(batches) + 1)
        killer = threading.Timer(self.chance.uniform(0, KILL_MOST_S), self.kill, [kind])
        for number, batch in enumerate(cycle(batches)):
            if number == last:
                killer.start()
            answer = self.service.post(batch, wait=bool(number % 2))
            if answer is not None:
                self.note(answer, batch)
            if answer is None or (number > last and not killer.is_alive()):
                break
        killer.join()

    def note(self, answer: Response, batch: Sequence[Event]) -> None:
        """Keep what was acknowledged; what was before must be known."""
        assert answer.status_code in (200, 503, 504), answer.text
        if answer.status_code != 200:
            return
        for event, result in zip(batch, answer.json()["results"], strict=True):
            known = event["id"] in self.acknowledged
            assert result["status"] in ({"duplicate"} if known else {"accepted", "duplicate"})
        self.acknowledged |= {event["id"] for event in batch}

    def recover(self) -> None:
        """Start again what was killed, as an operator would."""
        if self.service.process.poll() is None:
            self.place.server.start()
        else:
            self.service = self.place.serve()


def facts(database: Database) -> int:
    return database.query(FACTS)[0]["facts"]


def statuses(service: Service, events: Sequence[Event]) -> dict[str, str]:
    answer = service.post(events, wait=True)
    assert answer is not None
    assert answer.status_code == 200, answer.text
    return {one["id"]: one["status"] for one in answer.json()["results"]}


def test_what_was_acknowledged_is_stored_once_whatever_is_killed(
    place: Place, tmp_path: Path
) -> None:
    events = honest_tree(3, 3)
    code, printed = place.run("load", event_file(tmp_path, events))
    assert code == 0, printed
    straight = snapshot(place.database)
    place.database.clear()
    siege = Siege(place, random.Random(SEED), tmp_path, place.serve())

    for number in range(ROUNDS):
        siege.round(KINDS[number % len(KINDS)], events[number::ROUNDS])
    again = statuses(siege.service, events)

    assert len(siege.killed) == ROUNDS
    assert siege.acknowledged
    assert {again[one] for one in siege.acknowledged} == {"duplicate"}
    assert set(again.values()) <= {"accepted", "duplicate"}
    database = place.database
    numbers = database.query("MATCH (f:Fact) RETURN f.seq AS seq ORDER BY seq")
    assert [row["seq"] for row in numbers] == list(range(1, len(events) + 1))
    assert snapshot(database) == straight
    assert place.verified() == (0, [])


def test_a_service_that_was_killed_is_followed_by_one_that_joins_its_neo4j(place: Place) -> None:
    first, pid = place.serve(), place.neo4j_pid()

    code = first.end(signal.SIGKILL)
    second = place.serve()

    assert code == -signal.SIGKILL
    assert place.neo4j_pid() == pid
    assert set(statuses(second, honest_tree(0, 1)).values()) == {"accepted"}
