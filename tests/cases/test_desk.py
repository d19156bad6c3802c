"""Work on a case over HTTP: every step, who may take it, and the record that stays."""

import base64
from typing import Any

import pytest
from httpx2 import Response

from graph_service.settings import Settings
from tests.cases.test_deciding import CASES, decided, opened
from tests.conftest import Database
from tests.holds.desk import Desk, desk_of

pytestmark = pytest.mark.anyio
FREEZE = {"type": "freeze", "scope": "payout", "reasonCode": "ring"}


async def step(desk: Desk, case_id: str, what: str, /, **body: Any) -> Response:
    headers = body.pop("headers", None)
    return await desk.client.post(f"{CASES}/{case_id}/{what}", json=body, headers=headers)


async def case_of(desk: Desk, case_id: str) -> dict[str, Any]:
    return (await desk.client.get(f"{CASES}/{case_id}")).json()


async def test_a_case_goes_from_the_inbox_to_its_decision_step_by_step(desk: Desk) -> None:
    case_id = await opened(desk)
    states: list[str] = []

    for name, body in (
        ("triage", {"priority": 2, "typology": "family", "note": "two phones"}),
        ("assign", {"assignee": None}),
        ("comments", {"text": "I called them."}),
    ):
        states.append((await step(desk, case_id, name, **body)).json()["state"])
    claimed = await desk.client.post(f"{CASES}/{case_id}/assign")
    states.append(claimed.json()["state"])
    await decided(desk, case_id, conclusion="confirmed_fraud", reason="a ring")
    case = await case_of(desk, case_id)

    assert states == ["TRIAGED", "TRIAGED", "TRIAGED", "IN_REVIEW"]
    assert (case["state"], case["open"], case["priority"]) == ("DECIDED", False, 2)
    assert [one["step"] for one in case["events"]] == [
        *("opened", "triaged", "released", "commented", "assigned", "decided"),
    ]
    assert case["events"][1]["before"]["state"] == "NEW"
    assert case["events"][1]["after"]["state"] == "TRIAGED"


async def test_what_a_stage_does_not_allow_is_refused(desk: Desk) -> None:
    case_id = await opened(desk)

    early = [
        await step(desk, case_id, "approve"),
        await step(desk, case_id, "appeal", reason="no"),
        await step(desk, case_id, "reopen", reason="no"),
    ]
    await decided(desk, case_id, conclusion="inconclusive", reason="nobody knows")
    late = [
        await step(desk, case_id, "triage", priority=1),
        await step(desk, case_id, "assign", assignee="me"),
        await step(desk, case_id, "snooze", until=desk.later(days=1), reason="later"),
    ]

    told = {(one.status_code, one.json()["code"]) for one in (*early, *late)}
    assert told == {(409, "step_refused")}


async def test_who_works_on_a_case_is_not_disturbed_but_may_give_it_away(desk: Desk) -> None:
    case_id = await opened(desk)
    other = await desk.key("risk:decide", "risk:read")
    await desk.client.post(f"{CASES}/{case_id}/assign")

    claimed = await desk.client.post(f"{CASES}/{case_id}/assign", headers=other)
    judged = await step(
        desk, case_id, "decisions", conclusion="inconclusive", reason="no", headers=other
    )
    await step(desk, case_id, "assign", assignee=None)
    free = await desk.client.post(f"{CASES}/{case_id}/assign", headers=other)

    assert [one.status_code for one in (claimed, judged, free)] == [409, 409, 200]
    assert claimed.json()["code"] == judged.json()["code"] == "case_taken"


async def test_the_next_case_is_the_most_urgent_that_is_nobodys(desk: Desk) -> None:
    first, second = await opened(desk, "lin"), await opened(desk, "lin-2")
    await step(desk, second, "triage", priority=1)
    taken: list[Any] = []

    for _ in range(3):
        answer = await desk.client.post("/v1/cases:next")
        taken.append(answer.json().get("caseId", answer.json().get("code")))

    assert taken == [second, first, "no_case_waits"]


async def test_a_case_that_sleeps_is_not_overdue_and_nobodys_next(desk: Desk) -> None:
    case_id = await opened(desk)
    desk.pass_time(days=10)
    overdue = await case_of(desk, case_id)

    slept = await step(desk, case_id, "snooze", until=desk.later(days=1), reason="holiday")
    nobody = await desk.client.post("/v1/cases:next")
    past = await step(desk, case_id, "snooze", until=desk.later(days=-1), reason="holiday")
    desk.pass_time(days=2)
    woken = await desk.client.post("/v1/cases:next")

    assert (overdue["overdue"], slept.json()["overdue"]) == (True, False)
    assert (nobody.status_code, past.status_code, woken.status_code) == (404, 422, 200)


async def test_a_change_meant_for_another_version_is_412(desk: Desk) -> None:
    case_id = await opened(desk)
    read = await desk.client.get(f"{CASES}/{case_id}")
    etag = {"If-Match": read.headers["ETag"]}

    good = await step(desk, case_id, "triage", priority=1, headers=etag)
    stale = await step(desk, case_id, "triage", priority=2, headers=etag)
    odd = await step(desk, case_id, "triage", priority=2, headers={"If-Match": "seven"})

    assert good.status_code == 200
    assert [(one.status_code, one.json()["code"]) for one in (stale, odd)] == [
        (412, "case_changed")
    ] * 2


async def test_whoever_proposes_does_not_approve_and_a_refusal_brings_it_back(desk: Desk) -> None:
    case_id = await opened(desk)
    wanted = {
        "conclusion": "false_positive",
        "reason": "sisters",
        "actions": [{"type": "unfreeze"}],
    }
    other = await desk.key("risk:decide")

    proposed = await decided(desk, case_id, **wanted)
    own = await step(desk, case_id, "approve")
    refused = await step(desk, case_id, "approve", approve=False, reason="ask", headers=other)
    still = await desk.held("lin")
    await decided(desk, case_id, **wanted)
    agreed = await step(desk, case_id, "approve", headers=other)

    assert proposed.json()["proposal"]["conclusion"] == "false_positive"
    assert (own.status_code, own.json()["code"]) == (403, "second_person_needed")
    assert (refused.json()["state"], len(still)) == ("IN_REVIEW", 1)
    assert agreed.json()["state"] == "DECIDED"
    assert await desk.held("lin") == []


async def test_freezing_more_accounts_than_allowed_waits_for_a_second_person(
    settings: Settings, database: Database
) -> None:
    strict = settings.model_copy(update={"four_eyes_accounts": 0})
    async with desk_of(strict, database) as desk:
        case_id = await opened(desk)

        answer = await decided(
            desk, case_id, conclusion="confirmed_fraud", reason="ring", actions=[FREEZE]
        )

    assert answer.json()["state"] == "PENDING_APPROVAL"
    assert answer.json()["events"][-1]["detail"]["needs"] == "accounts"


async def test_a_freeze_in_shadow_only_says_what_it_would_do(desk: Desk) -> None:
    case_id = await opened(desk)
    [hold_id] = await desk.held("lin")
    await desk.end(hold_id, "they called")

    answer = await decided(
        desk,
        case_id,
        conclusion="confirmed_fraud",
        reason="ring",
        actions=[FREEZE | {"shadow": True}],
    )

    assert await desk.held("lin") == []
    assert answer.json()["events"][-1]["detail"]["done"] == [
        {"type": "freeze", "shadow": True, "scope": "payout", "memberIds": ["lin"]}
    ]


async def test_a_frozen_account_has_that_status_until_two_unfreeze_it(desk: Desk) -> None:
    case_id = await opened(desk)
    freeze = FREEZE | {"scope": "account"}
    unfreeze = {"type": "unfreeze", "scope": "account"}
    other = await desk.key("risk:decide")

    async def status() -> str:
        return (await desk.client.get("/v1/members/lin")).json()["status"]

    await decided(desk, case_id, conclusion="confirmed_fraud", reason="a ring", actions=[freeze])
    frozen = await status()
    desk.pass_time(hours=1)
    await step(desk, case_id, "reopen", reason="they called")
    await decided(desk, case_id, conclusion="false_positive", reason="sisters", actions=[unfreeze])
    await step(desk, case_id, "approve", headers=other)

    assert (frozen, await status()) == ("frozen", "active")


async def test_a_freeze_may_end_by_itself(desk: Desk) -> None:
    case_id = await opened(desk)
    [hold_id] = await desk.held("lin")
    await desk.end(hold_id, "they called")
    ends = FREEZE | {"expiresAt": desk.later(days=3)}

    await decided(desk, case_id, conclusion="policy_abuse", reason="coupons", actions=[ends])
    held = await desk.held("lin")
    desk.pass_time(days=4)

    assert (len(held), await desk.held("lin")) == (1, [])


async def test_an_appeal_is_heard_by_somebody_else_than_who_decided(desk: Desk) -> None:
    case_id = await opened(desk)
    other = await desk.key("risk:decide")
    await decided(desk, case_id, conclusion="confirmed_fraud", reason="a ring")
    words = {"conclusion": "false_positive", "reason": "a choir"}

    appealed = await step(desk, case_id, "appeal", reason="we sing", by="lin")
    same = await decided(desk, case_id, **words)
    heard = await step(desk, case_id, "decisions", **words, headers=other)

    assert appealed.json()["state"] == "APPEALED"
    assert (same.status_code, same.json()["code"]) == (403, "second_person_needed")
    assert heard.status_code == 201
    case = await case_of(desk, case_id)
    assert (case["state"], case["decision"]["conclusion"]) == ("DECIDED", "false_positive")
    assert desk.types().count("case.decided") == 2


async def test_only_a_decision_in_force_makes_labels_and_the_core_weighs_more(desk: Desk) -> None:
    case_id = await opened(desk)
    before = (await case_of(desk, case_id))["labels"]

    strangers = await decided(
        desk, case_id, conclusion="confirmed_fraud", reason="ring", coreMemberIds=["chen"]
    )
    await decided(desk, case_id, conclusion="confirmed_fraud", reason="ring")
    after = (await case_of(desk, case_id))["labels"]

    assert strangers.status_code == 422
    assert (before, after) == ([], [{"memberId": "lin", "label": "fraud", "weight": "1"}])


async def test_a_file_is_kept_once_and_comes_back_as_it_was(desk: Desk) -> None:
    case_id = await opened(desk)
    content = base64.b64encode("截图".encode()).decode()
    file = {"name": "shot.txt", "mediaType": "text/plain", "content": content}

    await step(desk, case_id, "attachments", **file)
    answer = await step(desk, case_id, "attachments", **file)
    [kept] = answer.json()["attachments"]
    read = await desk.client.get(f"{CASES}/{case_id}/attachments/{kept['attachmentId']}")
    broken = await step(desk, case_id, "attachments", **file | {"content": "?"})

    assert read.content == "截图".encode()
    assert read.headers["Content-Disposition"].startswith("attachment")
    assert broken.status_code == 422


async def test_the_trail_is_whole_and_a_touched_event_is_found(desk: Desk) -> None:
    case_id = await opened(desk)
    await step(desk, case_id, "comments", text="one")
    await step(desk, case_id, "comments", text="two")

    whole = (await desk.client.get(f"{CASES}/{case_id}/verify")).json()
    desk.database.query(
        'MATCH (e:CaseEvent {eventId: $id}) SET e.detail = \'{"text":"other"}\'', id=f"{case_id} 2"
    )
    touched = (await desk.client.get(f"{CASES}/{case_id}/verify")).json()

    assert whole == {"ok": True, "events": 3, "firstBroken": None}
    assert touched == {"ok": False, "events": 3, "firstBroken": 2}


async def test_a_rule_that_is_silent_about_a_member_opens_no_case(desk: Desk) -> None:
    wanted = {"code": "score_freeze", "until": desk.later(days=2), "reason": "a known shop"}
    placed = await desk.client.post("/v1/members/lin/silences", json=wanted)
    score = {"score": "0.95", "source": "model"}

    await desk.client.post("/v1/members/lin/risk", json=score)
    quiet = await desk.held("lin")
    desk.pass_time(days=3)
    await desk.client.post("/v1/members/lin/risk", json=score)

    assert placed.status_code == 201
    assert (quiet, len(await desk.held("lin"))) == ([], 1)


async def test_the_inbox_by_due_time_has_the_urgent_ones_first(desk: Desk) -> None:
    first, second = await opened(desk, "lin"), await opened(desk, "lin-2")
    await step(desk, second, "triage", priority=1)

    found = (await desk.client.get(f"{CASES}?order=due")).json()["items"]

    assert [one["caseId"] for one in found] == [second, first]


@pytest.mark.parametrize(("form", "starts"), [("html", b"<!doctype html>"), ("pdf", b"%PDF-")])
async def test_the_report_of_a_case_is_a_page_and_a_paper(
    desk: Desk, form: str, starts: bytes
) -> None:
    case_id = await opened(desk)
    await step(desk, case_id, "comments", text="<script>")

    for lang in ("zh", "en"):
        answer = await desk.client.get(f"{CASES}/{case_id}/report?format={form}&lang={lang}")

        assert answer.status_code == 200
        assert answer.content.startswith(starts)
        assert b"<script>" not in answer.content
