"""Work on a case at the console: taken, looked at with its effect, decided, approved by two."""

import re
from typing import Any

import pytest
from httpx2 import Response

from graph_service.cases.desk.working import ATTACHMENT_BYTES_MAX
from tests.console.desk import ADMIN, RING, VERSION, ConsoleDesk, token_in

pytestmark = pytest.mark.anyio
CLEARED = {"conclusion": "false_positive", "reason": "a choir", "actions": "unfreeze"}
CONFIRMED = {"conclusion": "confirmed_fraud", "reason": "one phone"}
SEEN = re.compile(r'name="seen" value="([^"]+)"')


async def step(desk: ConsoleDesk, case_id: str, name: str, **form: Any) -> Response:
    return await desk.sent(f"/cases/{case_id}/steps/{name}", f"/cases/{case_id}", **form)


async def decided(desk: ConsoleDesk, case_id: str, **form: Any) -> Response:
    return await desk.sent(f"/cases/{case_id}/decision", f"/cases/{case_id}", **form)


async def case_of(desk: ConsoleDesk, case_id: str) -> dict[str, Any]:
    return await desk.told(f"/v1/cases/{case_id}")


async def test_the_most_urgent_case_is_taken_until_none_waits(desk: ConsoleDesk) -> None:
    case_id = await desk.quick_case()
    await desk.log_in()

    inbox = await desk.page("/")
    taken = await desk.sent("/next", "/")
    nothing = await desk.sent("/next", "/")
    told = await desk.client.get(f"{nothing.headers['location']}&lang=en")

    assert "Take the most urgent case" in inbox.text
    assert taken.headers["location"] == f"/console/cases/{case_id}"
    assert (await case_of(desk, case_id))["state"] == "IN_REVIEW"
    assert "No open case waits for somebody." in told.text


async def test_a_second_key_reads_what_it_agrees_to_and_who_proposed_cannot(
    desk: ConsoleDesk,
) -> None:
    case_id = await desk.quick_case()
    other = await desk.made_key("risk:read", "risk:decide")
    await desk.log_in()

    await decided(desk, case_id, **CLEARED, scope="account", members=RING[:2])
    own = await step(desk, case_id, "approve")
    await desk.log_in(other)
    page = await desk.page(f"/cases/{case_id}")
    chinese = await desk.page(f"/cases/{case_id}", "zh")
    agreed = await step(desk, case_id, "approve")

    assert own.status_code == 403
    assert "give the accounts their status back, of 2 of 8 members: m-1, m-2" in page.text
    assert "恢复账号原有状态，8 名会员中的 2 名：m-1, m-2" in chinese.text
    assert agreed.status_code == 303
    assert (await case_of(desk, case_id))["state"] == "DECIDED"
    assert "give the accounts their status back" in (await desk.page(f"/cases/{case_id}")).text


async def test_a_form_of_a_case_that_changed_meanwhile_does_nothing_and_says_so(
    desk: ConsoleDesk,
) -> None:
    case_id = await desk.quick_case()
    await desk.log_in()
    page = await desk.page(f"/cases/{case_id}")
    found = VERSION.search(page.text)
    assert found is not None
    old = {"token": token_in(page), "version": found[1]}
    comment = {"text": "wait, one is my aunt"}
    await desk.client.post(f"/v1/cases/{case_id}/comments", json=comment, headers=ADMIN)

    answers = [
        await desk.client.post(f"/console/cases/{case_id}/{path}", data={**old, **form})
        for path, form in (
            ("decision?lang=en", CONFIRMED),
            ("steps/claim?lang=en", {}),
            ("steps/triage?lang=en", {"priority": "1"}),
            ("steps/snooze?lang=en", {"days": "1"}),
        )
    ]
    without = await desk.client.post(
        f"/console/cases/{case_id}/decision", data={"token": old["token"], **CONFIRMED}
    )

    assert {one.status_code for one in answers} == {412}
    assert all("The case has changed since you opened it" in one.text for one in answers)
    assert "one phone" in answers[0].text
    assert without.status_code == 422
    case = await case_of(desk, case_id)
    assert (case["state"], case["assignee"], case["priority"]) == ("NEW", None, 2)


async def test_who_approves_a_proposal_to_which_members_came_is_told_first(
    desk: ConsoleDesk,
) -> None:
    case_id = await desk.quick_case()
    other = await desk.made_key("risk:read", "risk:decide")
    await desk.log_in()
    await decided(desk, case_id, **CLEARED)
    await desk.log_in(other)
    page = await desk.page(f"/cases/{case_id}")
    found = VERSION.search(page.text)
    assert found is not None
    desk.database.query(
        "MATCH (c:Case {caseId: $id}) MATCH (m:Member {memberId: 'boss'}) "
        "MERGE (c)-[:EXAMINES]->(m) SET c.version = c.version + 1",
        id=case_id,
    )

    form = {"token": token_in(page), "version": found[1]}
    answer = await desk.client.post(f"/console/cases/{case_id}/steps/approve", data=form)

    assert answer.status_code == 412
    assert (await case_of(desk, case_id))["state"] == "PENDING_APPROVAL"


async def test_a_decision_says_what_is_frozen_how_long_whom_and_whether_indeed(
    desk: ConsoleDesk,
) -> None:
    case_id = await desk.quick_case()
    await desk.log_in()
    details = {
        "actions": "freeze",
        "scope": "account",
        "reason_code": "ring",
        "expires": "2099-01-02T10:00",
        "members": RING[:3],
        "shadow": "1",
    }

    strange = await decided(desk, case_id, **CONFIRMED, **{**details, "members": ["boss"]})
    past = await decided(desk, case_id, **CONFIRMED, **{**details, "expires": "2001-01-02T10:00"})
    odd = await decided(desk, case_id, **CONFIRMED, **{**details, "expires": "tomorrow"})
    answer = await decided(desk, case_id, **CONFIRMED, **details)

    assert [one.status_code for one in (strange, past, odd)] == [422] * 3
    assert answer.status_code == 303, answer.text
    [action] = (await case_of(desk, case_id))["decision"]["actions"]
    assert action == {
        "type": "freeze",
        "scope": "account",
        "memberIds": RING[:3],
        "reasonCode": "ring",
        "expiresAt": "2099-01-02T02:00:00Z",
        "shadow": True,
    }
    page = await desk.page(f"/cases/{case_id}")
    assert "Only noted, nothing is done" in page.text
    assert "until 2099-01-02 10:00" in page.text


async def test_how_and_whom_to_freeze_is_also_said_of_what_a_confirmed_fraud_freezes(
    desk: ConsoleDesk,
) -> None:
    case_id = await desk.quick_case(score=0.8)
    await desk.log_in()
    abuse = {"conclusion": "policy_abuse", "reason": "coupons"}

    unused = await decided(desk, case_id, **abuse, members=RING[:1])
    done = await decided(desk, case_id, **CONFIRMED, members=RING[:1])

    assert unused.status_code == 422
    assert "no freeze and no lifting is chosen" in unused.text
    assert done.status_code == 303
    case = await case_of(desk, case_id)
    assert [one["memberIds"] for one in case["decision"]["actions"]] == [RING[:1]]
    assert [one["memberId"] for one in case["holds"]] == RING[:1]


async def test_a_reversal_in_shadow_is_recorded_without_a_look_and_takes_nothing(
    desk: ConsoleDesk,
) -> None:
    case_id = await desk.quick_case(score=0.8)
    await desk.log_in()

    noted = await decided(desk, case_id, **CONFIRMED, actions="reverse_commissions", shadow="1")

    assert noted.status_code == 303
    case = await case_of(desk, case_id)
    assert {one["type"]: one["shadow"] for one in case["decision"]["actions"]} == {
        "freeze": True,
        "reverse_commissions": True,
    }
    assert case["holds"] == []
    assert [one["type"] for one in case["history"] if "reversed" in one["type"]] == []


async def test_orders_are_frozen_only_after_the_effect_was_shown(desk: ConsoleDesk) -> None:
    case_id = await desk.quick_case(score=0.8)
    await desk.log_in()
    abuse = {"conclusion": "policy_abuse", "reason": "coupons"}

    unseen = await decided(desk, case_id, **abuse, actions="freeze", scope="order")

    assert unseen.status_code == 409
    assert "boss" in unseen.text


async def test_commissions_are_taken_back_only_after_the_effect_was_shown(
    desk: ConsoleDesk,
) -> None:
    case_id = await desk.quick_case()
    await desk.log_in()
    form = {**CONFIRMED, "actions": "reverse_commissions"}

    part = await desk.client.post(
        f"/console/cases/{case_id}/effect?lang=en",
        data={"token": token_in(await desk.page("/help")), **form},
        headers={"HX-Request": "true"},
    )
    unseen = await decided(desk, case_id, **form)
    state = (await case_of(desk, case_id))["state"]
    found = SEEN.search(unseen.text)
    assert found is not None
    other = await decided(desk, case_id, **form, seen="something else")
    done = await decided(desk, case_id, **form, seen=found[1])

    assert "<html" not in part.text
    assert "boss" in part.text
    assert "What the ledger would book" in part.text
    assert (unseen.status_code, state) == (409, "NEW")
    assert "boss" in unseen.text
    assert (other.status_code, done.status_code) == (409, 303)
    assert SEEN.search(part.text) is not None
    assert (await case_of(desk, case_id))["decision"]["actions"] == [
        {"type": "reverse_commissions"}
    ]


async def test_an_effect_without_scripts_is_a_page_and_changes_nothing(desk: ConsoleDesk) -> None:
    case_id = await desk.quick_case()
    await desk.log_in()

    page = await desk.sent(f"/cases/{case_id}/effect", f"/cases/{case_id}", **CONFIRMED)
    empty = await desk.sent(f"/cases/{case_id}/effect", f"/cases/{case_id}")

    assert "<html" in page.text
    assert "one phone" in page.text
    assert "a conclusion is to be chosen" in empty.text
    assert (await case_of(desk, case_id))["state"] == "NEW"


async def test_the_effect_of_a_proposal_is_there_for_who_approves(desk: ConsoleDesk) -> None:
    case_id = await desk.quick_case()
    await desk.log_in()
    before = await desk.page(f"/cases/{case_id}/effect")
    await decided(desk, case_id, **CLEARED)

    whole = await desk.page(f"/cases/{case_id}/effect")
    part = await desk.client.get(
        f"/console/cases/{case_id}/effect?lang=en", headers={"HX-Request": "true"}
    )

    assert (before.status_code, whole.status_code) == (200, 200)
    assert "Nothing would be booked." in part.text
    assert "<html" in whole.text
    assert "<html" not in part.text


async def attached(desk: ConsoleDesk, case_id: str, name: str, content: bytes) -> Response:
    page = await desk.page(f"/cases/{case_id}")
    found = VERSION.search(page.text)
    assert found is not None
    return await desk.client.post(
        f"/console/cases/{case_id}/steps/attach?lang=en",
        data={"token": token_in(page), "version": found[1]},
        files={"file": (name, content, "image/png")},
    )


async def test_a_file_is_kept_and_comes_back_to_who_is_logged_in(desk: ConsoleDesk) -> None:
    case_id = await desk.quick_case()
    await desk.log_in()
    content = bytes(range(256)) + b"\r\n--x\r\n\r\n"

    kept = await attached(desk, case_id, "../截图 1.png", content)
    large = await attached(desk, case_id, "a.png", b"x" * (ATTACHMENT_BYTES_MAX + 1))
    none = await attached(desk, case_id, "", b"")
    [file] = (await case_of(desk, case_id))["attachments"]
    path = f"/console/cases/{case_id}/attachments/{file['attachmentId']}"
    page = await desk.page(f"/cases/{case_id}")
    read = await desk.client.get(path)
    await desk.sent("/logout")
    stranger = await desk.client.get(path)

    assert (kept.status_code, large.status_code, none.status_code) == (303, 413, 422)
    assert (file["name"], file["mediaType"]) == ("截图 1.png", "image/png")
    assert f'href="{path}"' in page.text
    assert read.content == content
    assert read.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E6")
    assert stranger.status_code == 303


async def test_the_report_is_there_for_who_is_logged_in(desk: ConsoleDesk) -> None:
    case_id = await desk.quick_case()
    await desk.log_in(await desk.made_key("risk:read"))

    page = await desk.page(f"/cases/{case_id}/report")
    paper = await desk.page(f"/cases/{case_id}/report", format="pdf")
    await desk.log_in(await desk.made_key("read"))
    refused = await desk.page(f"/cases/{case_id}/report")

    assert case_id in page.text
    assert paper.content.startswith(b"%PDF-")
    assert refused.status_code == 403


async def test_the_page_says_whether_the_record_of_a_case_is_whole(desk: ConsoleDesk) -> None:
    case_id = await desk.quick_case()
    await desk.log_in()

    whole = await desk.page(f"/cases/{case_id}")
    desk.database.query(
        "MATCH (e:CaseEvent {eventId: $id}) SET e.actor = 'nobody'", id=f"{case_id} 1"
    )
    touched = await desk.page(f"/cases/{case_id}")

    assert "The record is whole: each of its 1 steps" in whole.text
    assert "The record was touched: step 1 does not fit." in touched.text


async def test_a_case_sleeps_until_it_is_woken(desk: ConsoleDesk) -> None:
    case_id = await desk.quick_case()
    await desk.log_in()

    await step(desk, case_id, "snooze", days="3")
    asleep = await desk.page(f"/cases/{case_id}")
    await step(desk, case_id, "wake")
    awake = await case_of(desk, case_id)

    assert "Wake it" in asleep.text
    assert "It sleeps until" in asleep.text
    assert awake["snoozedUntil"] is None


async def test_a_rule_is_silent_about_a_member_until_somebody_ends_that(desk: ConsoleDesk) -> None:
    await desk.quick_case(score=0.6)
    await desk.log_in()
    form = {"code": "fake_order_ring", "days": "30", "reason": "a choir"}

    placed = await desk.sent(f"/silences/{RING[0]}/place", **form)
    page = await desk.page(f"/members/{RING[0]}")
    odd = [
        await desk.sent(f"/silences/{RING[0]}/place", **{**form, **more})
        for more in ({"code": "luck"}, {"days": "9"}, {"reason": " "})
    ]
    ended = await desk.sent(f"/silences/{RING[0]}/end", code="fake_order_ring")
    after = await desk.page(f"/members/{RING[0]}")

    assert placed.headers["location"] == f"/console/members/{RING[0]}#silences"
    assert "fake-order ring, until" in page.text
    assert {one.status_code for one in odd} == {422}
    assert ended.status_code == 303
    assert "Every rule and every kind of alert speaks." in after.text


MORE_ALERTS = """
MATCH (:Case {caseId: $caseId})-[:LOOKS_INTO]->(a:Alert)<-[:VERSION_OF]-(v:AlertVersion)
MATCH (c:Case {caseId: $caseId})
WITH c, v LIMIT 1
UNWIND range(1, $count) AS one
CREATE (a:Alert {alertId: 'alert-' + one, kind: v.kind})
CREATE (w:AlertVersion)
SET w = v {.*, versionId: 'version-' + one, alertId: 'alert-' + one, score: 0.5 + one / 1000.0}
CREATE (w)-[:VERSION_OF]->(a)
FOREACH (_ IN CASE WHEN one > $free THEN [1] ELSE [] END | CREATE (c)-[:LOOKS_INTO]->(a))
"""


async def test_alerts_of_a_case_are_told_by_score_page_by_page(desk: ConsoleDesk) -> None:
    case_id = await desk.quick_case()
    desk.database.query(MORE_ALERTS, caseId=case_id, count=14, free=0)
    await desk.log_in()

    first = await desk.page(f"/cases/{case_id}")
    second = await desk.page(f"/cases/{case_id}", alerts="2")

    assert "1 to 10 of 15 alerts" in first.text
    assert "11 to 15 of 15 alerts" in second.text
    shown = re.findall(r'href="/console/alerts/(alert-\d+)"', first.text)
    assert shown == [f"alert-{one}" for one in range(14, 5, -1)]
    assert 'href="/console/alerts/alert-1"' in second.text


async def test_alerts_in_no_case_are_found_beyond_those_that_are_in_one(desk: ConsoleDesk) -> None:
    case_id = await desk.quick_case()
    desk.database.query(MORE_ALERTS, caseId=case_id, count=40, free=2)
    await desk.log_in()

    page = await desk.page("/alerts", without="1")

    shown = re.findall(r'href="/console/alerts/(alert-\d+)"', page.text)
    assert shown == ["alert-2", "alert-1"]
