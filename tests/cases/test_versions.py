"""Until when is a case due, and which version of it is a step meant for?"""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.cases.test_claims import Analyst, analyst, told
from tests.cases.test_deciding import CASES, opened
from tests.holds.desk import Desk

pytestmark = pytest.mark.anyio
UNSURE = {"conclusion": "inconclusive", "reason": "nobody knows"}
FILE = {"name": "a.txt", "mediaType": "text/plain", "content": "YQ=="}
APPEAL: dict[str, Any] = {"reason": "we sing"}


async def due_in(desk: Desk, case_id: str) -> timedelta:
    case = (await desk.client.get(f"{CASES}/{case_id}")).json()
    return datetime.fromisoformat(case["dueAt"]) - desk.now


def meant_for(asker: Analyst, etag: str) -> Analyst:
    headers = {**asker.headers, "If-Match": etag}
    return Analyst(asker.desk, asker.key_id, asker.name, headers)


async def test_triage_an_appeal_and_a_reopening_make_it_due_anew(desk: Desk) -> None:
    case_id = await opened(desk)
    alice = await analyst(desk, "alice")
    found: list[float] = []

    for what, body in (
        ("triage", {"priority": 2}),
        ("triage", {"priority": 2}),
        ("decisions", UNSURE),
        ("appeal", APPEAL),
    ):
        desk.pass_time(hours=5)
        await alice.does(case_id, what, body)
        found.append((await due_in(desk, case_id)) / timedelta(hours=1))
    bob = await analyst(desk, "bob")
    await bob.does(case_id, "decisions", UNSURE)
    desk.pass_time(days=3)
    await alice.does(case_id, "reopen", APPEAL)
    found.append((await due_in(desk, case_id)) / timedelta(hours=1))

    assert found == [24, 24, 19, 24, 24]


async def test_no_step_passes_over_a_version_that_it_is_not_meant_for(desk: Desk) -> None:
    case_id = await opened(desk)
    alice = await analyst(desk, "alice")
    await alice.does(case_id, "assign")
    await alice.does(case_id, "attachments", FILE)
    stale = meant_for(alice, '"1"')

    early = [
        await stale.does(case_id, what, body)
        for what, body in (
            ("assign", None),
            ("comments", {"text": "hello"}),
            ("attachments", FILE),
            ("attachments", FILE | {"name": "b.txt"}),
            ("decisions", UNSURE),
        )
    ]
    await alice.does(case_id, "decisions", UNSURE)
    late = await stale.does(case_id, "decisions", UNSURE)
    again = await alice.does(case_id, "decisions", UNSURE)

    assert told([*early, late]) == ["case_changed"] * 6
    assert {one.status_code for one in (*early, late)} == {412}
    assert again.status_code == 201


async def test_a_weak_etag_is_taken_as_the_version_that_it_names(desk: Desk) -> None:
    case_id = await opened(desk)
    alice = await analyst(desk, "alice")

    answers = [
        await meant_for(alice, etag).does(case_id, "comments", {"text": "hello"})
        for etag in ('W/"1"', 'W/"1"', 'W/"2"', "*", "W/3")
    ]

    assert told(answers) == [201, "case_changed", 201, 201, "case_changed"]
