"""A Neo4j that hangs (SIGSTOP): each request and each command ends in time and says why."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

import pytest
import structlog

from graph_service.graph.session import SILENCE_GRACE_S
from graph_service.ingest.store import STORE_TIMEOUT_S
from graph_service.rewards.orders import ASK_TIMEOUT_S
from tests.conftest import KEY
from tests.faults.places import Place, Service, event_file, until
from tests.worlds import Event
from tests.worlds.named import honest_tree

log = structlog.get_logger()
# GRAPH_SERVICE_TEST_ROUNDS runs them with the timeouts that are shipped.
SHIPPED = "GRAPH_SERVICE_TEST_ROUNDS" in os.environ
STORE_S, ASK_S = (STORE_TIMEOUT_S, ASK_TIMEOUT_S) if SHIPPED else (8.0, 8.0)
SHORT = f"""
import graph_service.ingest.store as store
import graph_service.rewards.orders as orders
store.STORE_TIMEOUT_S, orders.ASK_TIMEOUT_S = {STORE_S}, {ASK_S}
"""
# What the last try to get a connection may take, and room for a busy machine (s).
CONNECT_S, SLACK_S = 10.0, 10.0
# Requests, and the timeout (s) of the first query that each waits for: see docs/faults.md.
ASKED = {
    "GET /readyz": 2.0,
    "GET /v1/members/m": 2.0,
    "GET /v1/members/m/team": 3.0,
    "GET /v1/orders/order-m-1/attribution": ASK_S,
    "POST /v1/attributions:batch": ASK_S,
    "POST /v1/events": STORE_S,
    "POST /v1/events?wait=true": STORE_S,
}


def content(request: str, events: list[Event]) -> object:
    if "attributions" in request:
        return {"orderIds": ["order-m-1"]}
    return [events[-1 if "wait" in request else -2]] if "events" in request else None


def ask(service: Service, request: str, events: list[Event]) -> tuple[int, str, float]:
    """Status, media type and seconds of an answer."""
    started = perf_counter()
    method, path = request.split()
    answer = service.ask(method, path, content(request, events))
    return answer.status_code, answer.headers["content-type"], perf_counter() - started


def test_every_request_is_answered_in_time_and_a_hung_write_is_stored_once(place: Place) -> None:
    events = honest_tree(1, 3)
    service = place.serve(patch=SHORT)
    assert (first := service.post(events[:-2], wait=True)) is not None
    assert first.status_code == 200, first.text
    place.hang_neo4j()

    with ThreadPoolExecutor(len(ASKED)) as pool:
        asked = {one: pool.submit(ask, service, one, events) for one in ASKED}
        hung = {one: answer.result() for one, answer in asked.items()}
    place.signal_neo4j(signal.SIGCONT)

    log.info(
        "hung.answered", **{one: (code, round(took, 1)) for one, (code, _, took) in hung.items()}
    )
    assert {status for status, _, _ in hung.values()} <= {503, 504}
    assert {media for _, media, _ in hung.values()} == {"application/problem+json"}
    for one, timeout_s in ASKED.items():
        assert hung[one][2] < timeout_s + CONNECT_S + SILENCE_GRACE_S + SLACK_S, one
    until(service.is_ready)
    assert (again := service.post(events, wait=True)) is not None
    assert again.status_code == 200, again.text
    assert again.json()["rejected"] == 0
    rows = place.database.query("MATCH (f:Fact) RETURN count(f) AS facts, max(f.seq) AS seq")
    assert rows == [{"facts": len(events), "seq": len(events)}]
    assert place.verified() == (0, [])


def test_a_load_that_hangs_ends_with_a_line_and_goes_on_later(place: Place, tmp_path: Path) -> None:
    events = honest_tree(2, 3)
    file = event_file(tmp_path, events)
    # Neo4j stops for good right after the second batch was stored.
    stops = f"""{SHORT}
import os, signal
import graph_service.loading as loading
from graph_service.pipeline import Pipeline
loading.BATCH_EVENTS, store, done = 20, Pipeline.store, []
async def stopping(self, events, **options):
    done.append(len(events))
    if len(done) == 3:
        os.kill({place.neo4j_pid()}, signal.SIGSTOP)
    return await store(self, events, **options)
Pipeline.store = stopping
"""

    code, printed = place.run("load", file, patch=stops)
    place.signal_neo4j(signal.SIGCONT)
    later, summary = place.run("load", file)

    assert code == 1
    assert f"error: ingest/store got no answer within {STORE_S:g} s" in printed
    assert "Traceback" not in printed
    assert later == 0, summary
    assert place.database.query("MATCH (f:Fact) RETURN count(f) AS facts") == [
        {"facts": len(events)}
    ]
    assert place.verified() == (0, [])


@pytest.mark.parametrize("named", [False, True])
def test_a_command_does_not_wait_for_long_for_a_server_that_hangs(
    place: Place, tmp_path: Path, named: bool
) -> None:
    """named: the server is given by NEO4J_URI, and not the command's own."""
    address = place.server.start()
    uri = {
        "NEO4J_URI": address.bolt_uri,
        "NEO4J_USERNAME": address.username,
        "NEO4J_PASSWORD": address.password,
    }
    variables = uri if named else {"GRAPH_SERVICE_NEO4J_START_TIMEOUT_S": "3"}
    short = "import graph_service.graph.opening as opening; opening.FIRST_ANSWER_S = 3.0"
    place.hang_neo4j()

    started = perf_counter()
    code, printed = place.run(
        "load", event_file(tmp_path, []), patch="" if SHIPPED else short, **variables
    )
    seconds = perf_counter() - started
    place.signal_neo4j(signal.SIGCONT)

    log.info("hung.ended", seconds=round(seconds, 1), named=named)
    last = printed.strip().splitlines()[-1]
    assert code == 1
    assert last.startswith("error: ")
    said = (
        ("got no answer within", "cannot be reached") if named else ("did not answer within 3 s",)
    )
    assert any(one in last for one in said), last
    assert "Traceback" not in printed


def test_a_neo4j_that_hangs_at_its_start_is_named_and_ended(tmp_path: Path) -> None:
    (notes := tmp_path / "notes").mkdir()
    place = Place(tmp_path / "data", notes, {"GRAPH_SERVICE_NEO4J_START_TIMEOUT_S": "3"})

    begun = place.spawn("serve", "--port", "0", GRAPH_SERVICE_BOOTSTRAP_API_KEY=KEY)
    until(place.neo4j_pid)
    place.signal_neo4j(signal.SIGSTOP)
    code = begun.wait(100)
    printed = place.printed(begun)
    left = place.neo4j_pid()
    place.end()

    assert code == 1
    assert "error: Neo4j did not answer within 3 s (GRAPH_SERVICE_NEO4J_START_TIMEOUT_S)" in printed
    assert "Traceback" not in printed
    assert left is None
