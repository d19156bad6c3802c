"""kill -9 of a service in the middle of a scan: another goes on with it, no half of it is shown."""

import signal
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.places import Place, Service, until
from tests.scans.desk import ALERTS, SCANS, ring
from tests.worlds import Event

MEMBERS = [f"{ring}{number}" for ring in "ab" for number in range(5)]
RINGS = [MEMBERS[:5], MEMBERS[5:]]
# The detectors of the tests, also for the process that searches.
REGISTRY = "import graph_service.scans.searching as it; it.REGISTRY = 'tests.scans.detectors'"
# Once two alerts are written beside the one that is shown, nothing goes on.
HANGING = f"""{REGISTRY}
import asyncio
import graph_service.scans.working as working
store = working.write_beside
async def hang(graph, written, shown):
    await store(graph, written, shown)
    await asyncio.sleep(600 * (len(written.rows) - 1))
working.write_beside = hang
"""
SHOWN = "MATCH (t:AlertSet {name: 'shown'}) RETURN t.scanId AS scanId"
WRITTEN = """
MATCH (t:AlertSet {name: 'shown'}), (v:AlertVersion)
WHERE v.number > t.number
RETURN count(v) AS versions
"""


def serve(place: Place, patch: str = REGISTRY) -> Service:
    return place.serve(patch=patch, GRAPH_SERVICE_SCREENING="false")


def store(service: Service, events: list[Event]) -> None:
    answer = service.post(events, wait=True)
    assert answer is not None
    assert answer.json()["accepted"] == len(events), answer.text


def ask(service: Service) -> str:
    answer = service.ask("POST", SCANS, {"mode": "full"})
    assert answer.status_code == 202, answer.text
    return answer.json()["scanId"]


def scan(service: Service, scan_id: str) -> dict[str, Any]:
    return service.ask("GET", f"{SCANS}/{scan_id}").json()


def rings(service: Service) -> list[list[str]]:
    """The members of the alerts that are shown."""
    items = service.ask("GET", ALERTS).json()["items"]
    assert all(one["orderIds"] and one["shopIds"] and one["reasons"] for one in items)
    return sorted(one["memberIds"] for one in items)


def ended(service: Service, scan_id: str, seen: list[list[list[str]]]) -> dict[str, Any]:
    """What is told of a scan once it has ended; what is shown meanwhile goes to seen."""

    def told() -> dict[str, Any]:
        seen.append(rings(service))
        found = scan(service, scan_id)
        return {} if found["status"] in ("queued", "running") else found

    return until(told)


def in_reading(place: Place, service: Service, scan_id: str) -> bool:
    return scan(service, scan_id)["stage"] == "reading"


def in_storing(place: Place, service: Service, scan_id: str) -> bool:
    return place.database.query(WRITTEN)[0]["versions"] == len(RINGS)


@pytest.mark.parametrize("moment", [in_reading, in_storing])
def test_a_scan_whose_service_is_killed_is_finished_by_the_next_and_none_of_it_is_shown_before(
    place: Place, moment: Callable[[Place, Service, str], bool]
) -> None:
    service = serve(place, HANGING)
    store(service, ring("a", RINGS[0]))
    first = ended(service, ask(service), [])
    store(service, ring("b", RINGS[1]))
    scan_id = ask(service)
    until(lambda: moment(place, service, scan_id))
    service.end(signal.SIGKILL)
    shown = place.database.query(SHOWN)
    seen: list[list[list[str]]] = []

    service = serve(place)
    resumed = ended(service, scan_id, seen)
    after = rings(service)
    following = ended(service, ask(service), [])

    assert first["status"] == "done"
    assert (resumed["status"], resumed["attempts"], resumed["error"]) == ("done", 2, None)
    assert after == RINGS
    assert shown == [{"scanId": first["scanId"]}]
    assert all(one in (RINGS[:1], RINGS) for one in seen)
    assert (following["status"], following["attempts"]) == ("done", 1)
    assert [following[f"{one}Alerts"] for one in ("new", "changed", "gone")] == [0, 0, 0]
    assert rings(service) == RINGS
