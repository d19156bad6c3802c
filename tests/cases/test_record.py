"""The record of a case over HTTP: its pages, and what verifying it finds."""

from typing import Any

import pytest

from tests.cases.test_claims import analyst
from tests.cases.test_deciding import CASES, opened
from tests.holds.desk import Desk

pytestmark = pytest.mark.anyio
FILE = {"name": "a.txt", "mediaType": "text/plain", "content": "YQ=="}
UNSURE = {"conclusion": "policy_abuse", "reason": "coupons", "actions": ["freeze"]}


async def lived(desk: Desk) -> str:
    """Id of a case with a life: opened 1, assigned 2, attached 3, decided 4, appealed 5."""
    case_id = await opened(desk)
    alice = await analyst(desk, "alice")
    bodies: dict[str, Any] = {
        "assign": None,
        "attachments": FILE,
        "decisions": UNSURE,
        "appeal": {"reason": "we sing"},
    }
    for what, body in bodies.items():
        answer = await alice.does(case_id, what, body)
        assert answer.is_success, answer.text
    return case_id


async def verdict(desk: Desk, case_id: str) -> tuple[bool, int | None]:
    told = (await desk.client.get(f"{CASES}/{case_id}/verify")).json()
    return told["ok"], told["firstBroken"]


async def test_a_case_agrees_with_its_events_at_every_step(desk: Desk) -> None:
    case_id = await lived(desk)
    bob, chen = await analyst(desk, "bob"), await analyst(desk, "chen")
    given_back = {"conclusion": "false_positive", "reason": "sisters", "actions": ["unfreeze"]}
    found = [await verdict(desk, case_id)]

    for who, what, body in (
        (bob, "triage", {"priority": 1, "typology": "account_farm"}),
        (bob, "snooze", {"until": desk.later(days=1), "reason": "holiday"}),
        (bob, "decisions", given_back),
        (chen, "approve", {"approve": False, "reason": "ask"}),
        (bob, "decisions", given_back),
        (chen, "approve", None),
        (chen, "reopen", {"reason": "more"}),
        (chen, "assign", {"assignee": "somebody"}),
    ):
        answer = await who.does(case_id, what, body)
        assert answer.is_success, answer.text
        found.append(await verdict(desk, case_id))

    assert found == [(True, None)] * 9


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("SET c.conclusion = 'false_positive'", 4),
        ("SET c.decisionReason = 'none'", 4),
        ("SET c.decidedBy = 'somebody'", 4),
        ("SET c.actions = []", 4),
        ("SET c.decidedAt = c.decidedAt + duration('P1D')", 4),
        ("SET c.decisions = 2", 5),
        ("SET c.stage = 'DECIDED', c.state = 'closed'", 5),
        ("SET c.state = 'closed'", 5),
        ("SET c.appealed = []", 5),
        ("SET c.priority = 4", 1),
        ("SET c.pending = '{}'", 5),
        ("SET c.claimedBy = 'somebody'", 5),
        ("SET f.content = 'Yg=='", 3),
        ("SET f.content = '?'", 3),
        ("SET f.name = 'b.txt'", 3),
        ("DETACH DELETE f", 3),
        ("CREATE (:CaseFile {attachmentId: 'x', content: 'YQ==', name: 'x'})-[:KEPT_WITH]->(c)", 5),
    ],
)
async def test_what_was_changed_beside_the_events_is_found(
    desk: Desk, change: str, broken: int
) -> None:
    case_id = await lived(desk)

    desk.database.query(f"MATCH (c:Case)<-[:KEPT_WITH]-(f:CaseFile) {change}")

    assert await verdict(desk, case_id) == (False, broken)


async def test_an_event_that_is_no_json_any_more_is_found(desk: Desk) -> None:
    case_id = await lived(desk)

    desk.database.query("MATCH (e:CaseEvent {number: 2}) SET e.detail = '{'")

    assert await verdict(desk, case_id) == (False, 2)


async def test_the_events_and_the_silences_have_pages(desk: Desk) -> None:
    case_id = await lived(desk)
    codes = ("score_freeze", "account_farm", "click_flood")
    for days, code in enumerate(codes, start=1):
        wanted = {"code": code, "until": desk.later(days=days), "reason": "known"}
        assert (await desk.client.post("/v1/members/lin/silences", json=wanted)).is_success
    found: list[list[Any]] = []

    for path, name in (
        (f"{CASES}/{case_id}/events", "number"),
        ("/v1/members/lin/silences", "code"),
    ):
        items, query = list[Any](), "?limit=2"
        while query:
            page = (await desk.client.get(path + query)).json()
            items += [one[name] for one in page["items"]]
            query = f"?limit=2&cursor={page['nextCursor']}" if page["nextCursor"] else ""
        found.append(items)
    odd = [
        await desk.client.get(f"{path}?cursor=odd")
        for path in (f"{CASES}/{case_id}/events", "/v1/members/lin/silences")
    ]
    before = (await desk.client.get(f"{CASES}/{case_id}/events?before=3")).json()

    assert found == [[5, 4, 3, 2, 1], list(codes)]
    assert {one.json()["code"] for one in odd} == {"invalid_cursor"}
    assert [one["number"] for one in before["items"]] == [2, 1]
