"""The holder of the outbox is killed or sleeps: another service takes over, nothing twice."""

import os
import signal
import time
from pathlib import Path

import pytest
import structlog

from graph_service.pipeline import LEASE_S
from tests.faults.conftest import snapshot
from tests.faults.places import Place, Service, event_file, until
from tests.worlds.named import honest_tree

log = structlog.get_logger()
# GRAPH_SERVICE_TEST_ROUNDS runs them with the timeout that is shipped.
SHIPPED = "GRAPH_SERVICE_TEST_ROUNDS" in os.environ
BOOK_TIMEOUT_S = 60 if SHIPPED else 15
SHORT = f"import graph_service.pipeline as p; p.BOOK_TIMEOUT_S = {BOOK_TIMEOUT_S}.0"
# Once the file is there: all is booked, the transaction is open, and the process stops itself.
STOPS_BEFORE_COMMIT = (
    SHORT
    + """
import os, pathlib, signal
book, sign = p.Pipeline._book, pathlib.Path({sign!r})
async def stopping(self, transaction, facts, seq):
    plans = await book(self, transaction, facts, seq)
    if sign.exists():
        sign.unlink()
        os.kill(os.getpid(), signal.SIGSTOP)
    return plans
p.Pipeline._book = stopping
"""
)
PENDING = "MATCH (f:Pending) RETURN count(f) AS facts"
SEQ = "MATCH (f:Fact) RETURN f.seq AS seq ORDER BY seq"
HOLDER = "MATCH (l:Lease {name: 'outbox'}) RETURN l.holder AS holder"
# What a take-over may take beyond the lease or the timeout on a busy machine (s).
SLACK_S = 30


def is_stopped(service: Service) -> bool:
    stat = Path(f"/proc/{service.process.pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "T"


def seconds_until_booked(place: Place) -> float:
    database, started = place.database, time.monotonic()
    until(lambda: database.query(PENDING)[0]["facts"] == 0)
    return time.monotonic() - started


@pytest.mark.parametrize(
    ("fault", "bound_s"), [("killed", LEASE_S), ("asleep", BOOK_TIMEOUT_S + LEASE_S)]
)
def test_another_takes_the_outbox_over_and_a_zombie_books_nothing(
    place: Place, tmp_path: Path, fault: str, bound_s: float
) -> None:
    events = honest_tree(2, 3)
    assert place.run("load", event_file(tmp_path, events))[0] == 0
    straight = snapshot(place.database)
    place.database.clear()
    sign = tmp_path / "stop"
    holder = place.serve(patch=STOPS_BEFORE_COMMIT.format(sign=str(sign)))
    assert (answer := holder.post(events[:20], wait=True)) is not None
    assert answer.status_code == 200, answer.text
    first = place.database.query(HOLDER)
    other = place.serve(patch=SHORT)

    sign.touch()
    assert (stored := other.post(events[20:])) is not None
    until(lambda: is_stopped(holder))
    if fault == "killed":
        holder.end(signal.SIGKILL)
    seconds = seconds_until_booked(place)
    second = place.database.query(HOLDER)
    if fault == "asleep":
        holder.process.send_signal(signal.SIGCONT)
        until(holder.is_ready)
        # It has found that its transaction is gone, and has asked for the lease since.
        until(lambda: "outbox.failed" in place.printed(holder.process))
        time.sleep(2)

    log.info("lease.taken_over", holder=fault, seconds=round(seconds, 1))
    assert stored.status_code == 200
    assert seconds < bound_s + SLACK_S
    assert first != second
    assert [row["seq"] for row in place.database.query(SEQ)] == [*range(1, len(events) + 1)]
    assert snapshot(place.database) == straight
    assert place.verified() == (0, [])
