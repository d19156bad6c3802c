"""What scans make of alerts that people judged, or that are silent about a member."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from graph_service.clock import time_string, to_micros
from graph_service.settings import Settings
from tests.conftest import Database
from tests.scans.desk import ScanDesk, ring, scan_desk_of
from tests.scans.kept import alert, found_by
from tests.worlds import NOW

pytestmark = pytest.mark.anyio
EIGHT = [f"b{number}" for number in range(8)]
UNFREEZE = {"type": "unfreeze"}


@pytest.fixture
async def desk(settings: Settings, database: Database, tmp_path: Path) -> AsyncGenerator[ScanDesk]:
    async with scan_desk_of(settings, database, tmp_path) as opened:
        yield opened


async def scanned(desk: ScanDesk, number: int, *members: str) -> None:
    """A scan found these members and the eight to be a ring."""
    found = [alert([*EIGHT, *members], score=0.99)]
    await found_by(desk.app.state.graph, number, found, NOW)


async def told(desk: ScanDesk, path: str) -> list[dict[str, Any]]:
    answer = await desk.client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def held(desk: ScanDesk) -> list[str]:
    return sorted(one["memberId"] for one in await told(desk, "/v1/holds?active=true"))


async def judged(desk: ScanDesk, conclusion: str, *actions: dict[str, Any]) -> str:
    """The case of a ring of eight, judged, by a second person too where that is asked for."""
    await desk.store(ring("a", EIGHT))
    await scanned(desk, 1)
    [case] = await told(desk, "/v1/cases")
    path = f"/v1/cases/{case['caseId']}"
    decision = {"conclusion": conclusion, "reason": "a choir", "actions": list(actions)}
    answer = await desk.client.post(f"{path}/decisions", json=decision)
    if answer.json()["state"] == "PENDING_APPROVAL":
        answer = await desk.client.post(f"{path}/approve", headers=await desk.key("risk:decide"))
    assert answer.json()["state"] == "DECIDED", answer.text
    return case["caseId"]


async def grown(desk: ScanDesk, count: int) -> list[str]:
    """As many more of the same ring, and a scan."""
    more = [f"c{number}" for number in range(count)]
    await desk.store(ring("a", more, first=len(EIGHT)))
    await scanned(desk, 3, *more)
    return more


async def test_a_ring_that_two_cleared_stays_cleared_at_the_next_scans(desk: ScanDesk) -> None:
    case_id = await judged(desk, "false_positive", UNFREEZE)

    await scanned(desk, 2)
    again = await held(desk)
    await grown(desk, 1)

    assert (again, await held(desk)) == ([], [])
    assert [one["caseId"] for one in await told(desk, "/v1/cases")] == [case_id]
    assert (await desk.client.get("/v1/members/b0/risk")).json()["level"] == "clear"


async def test_a_cleared_ring_that_grew_by_more_than_half_comes_back_as_one_case(
    desk: ScanDesk,
) -> None:
    await judged(desk, "false_positive", UNFREEZE)

    more = await grown(desk, 9)

    cases = await told(desk, "/v1/cases?state=open")
    assert [sorted(one["memberIds"]) for one in cases] == [sorted([*EIGHT, *more])]
    assert await held(desk) == sorted([*EIGHT, *more])


async def test_who_comes_to_a_confirmed_ring_is_held(desk: ScanDesk) -> None:
    await judged(desk, "confirmed_fraud")

    more = await grown(desk, 1)

    assert await held(desk) == sorted([*EIGHT, *more])


async def silenced(desk: ScanDesk, member_id: str, code: str, reason: str = "known") -> Response:
    until = time_string(to_micros(NOW + timedelta(days=2)))
    body = {"code": code, "until": until, "reason": reason}
    return await desk.client.post(f"/v1/members/{member_id}/silences", json=body)


async def pattern(desk: ScanDesk, member_id: str) -> Any:
    """The score that alerts give, a decimal, or None."""
    risk = (await desk.client.get(f"/v1/members/{member_id}/risk")).json()
    part = risk["components"]["pattern"]
    return None if part is None else part["score"]


async def test_a_kind_that_is_silent_about_a_member_does_not_count_until_it_speaks_again(
    desk: ScanDesk,
) -> None:
    await desk.store(ring("a", EIGHT))
    placed = await silenced(desk, "b0", "fake_order_ring")
    await silenced(desk, "b1", "fake_order_ring")

    await scanned(desk, 1)
    [case] = await told(desk, "/v1/cases")
    first = (await held(desk), await pattern(desk, "b0"))
    ended = await desk.client.delete("/v1/members/b0/silences/fake_order_ring")
    await silenced(desk, "b2", "fake_order_ring")
    await scanned(desk, 2)

    assert (placed.status_code, ended.status_code) == (201, 204)
    assert sorted(case["memberIds"]) == EIGHT[2:]
    assert first == (EIGHT[2:], None)
    assert await held(desk) == [EIGHT[0], *EIGHT[2:]]
    assert (await pattern(desk, "b0"), await pattern(desk, "b2")) == ("0.99", "0")


async def test_a_silence_of_no_known_code_is_refused_and_says_which_there_are(
    desk: ScanDesk,
) -> None:
    await desk.store(ring("a", EIGHT[:1]))

    refused = await silenced(desk, "b0", "fake_ring")

    assert refused.status_code == 422
    assert "score_freeze" in refused.text
    assert "fake_order_ring" in refused.text


async def test_a_renewed_silence_says_what_was_said_last_and_one_that_ended_is_not_there(
    desk: ScanDesk,
) -> None:
    await desk.store(ring("a", EIGHT[:1]))
    await silenced(desk, "b0", "score_freeze", "a shop")

    renewed = (await silenced(desk, "b0", "score_freeze", "two shops")).json()
    [kept] = await told(desk, "/v1/members/b0/silences")
    await desk.client.delete("/v1/members/b0/silences/score_freeze")
    twice = await desk.client.delete("/v1/members/b0/silences/score_freeze")

    assert (renewed["reason"], kept["reason"]) == ("two shops", "two shops")
    assert await told(desk, "/v1/members/b0/silences") == []
    assert (twice.status_code, twice.json()["code"]) == (404, "silence_not_found")
