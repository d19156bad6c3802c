"""Cases over HTTP: listed, shown with all that is known, and decided."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from graph_service.settings import Settings
from tests.access.conftest import until
from tests.cases.test_scores import REASON, scored
from tests.conftest import Database
from tests.holds.desk import ACCOUNTS, OTHER, Desk, desk_of

pytestmark = pytest.mark.anyio
CASES = "/v1/cases"
CLEARED = {"conclusion": "cleared", "reason": "two sisters", "actions": ["lift_holds"]}
APPROVED = {"reason": "sisters indeed"}


async def opened(desk: Desk, member_id: str = "lin") -> str:
    """Id of a case that a score opened."""
    told = await scored(desk, "0.95", member_id)
    return next(hold["caseId"] for hold in told["holds"] if hold["memberId"] == member_id)


async def decided(desk: Desk, case_id: str, **decision: Any) -> Response:
    return await desk.client.post(f"{CASES}/{case_id}/decisions", json=decision)


async def approved(desk: Desk, case_id: str, **more: Any) -> Response:
    """A second person agrees to what was decided."""
    headers = await desk.key("risk:decide")
    path = f"{CASES}/{case_id}/approve"
    return await desk.client.post(path, json=APPROVED | more, headers=headers)


async def test_a_case_is_shown_with_members_holds_reasons_and_history(desk: Desk) -> None:
    case_id = await opened(desk)
    desk.pass_time(hours=1)
    newer = {**REASON, "value": 42, "text": "42 accounts on one device"}
    await scored(desk, "0.97", reasons=[newer])

    case = (await desk.client.get(f"{CASES}/{case_id}")).json()

    assert (case["state"], case["memberIds"]) == ("NEW", ["lin"])
    assert case["code"] == "score_freeze"
    assert [hold["holdId"] for hold in case["holds"]] == await desk.held("lin")
    assert case["reasons"] == [newer]
    assert sorted(one["type"] for one in case["history"][:3]) == [
        "case.opened",
        "hold.placed",
        "risk.scored",
    ]
    assert [one["data"].get("score") for one in case["history"][3:]] == ["0.97"]


def unnumbered(case: dict[str, Any]) -> dict[str, Any]:
    """A case without the places of its facts in the log, which they get a little later."""
    history = sorted(({**one, "seq": None} for one in case["history"]), key=repr)
    return {**case, "history": history}


async def test_a_decision_closes_the_case_and_lifts_its_holds_if_it_says_so(desk: Desk) -> None:
    case_id = await opened(desk)
    by_hand = await desk.place("lin")
    desk.pass_time(hours=1)

    answer = await decided(desk, case_id, **CLEARED, typology="family")
    case = (await approved(desk, case_id)).json()

    assert answer.status_code == 201
    assert answer.json()["state"] == "PENDING_APPROVAL"
    assert case["state"] == "DECIDED"
    assert case["decision"]["conclusion"] == "cleared"
    assert case["decision"]["typology"] == "family"
    assert case["decision"]["decidedBy"] == "bootstrap"
    assert [(hold["active"], hold["liftReason"]) for hold in case["holds"]] == [
        (False, "two sisters")
    ]
    assert await desk.held("lin") == [by_hand["holdId"]]
    assert sorted(one["type"] for one in case["history"][3:]) == ["case.decided", "hold.lifted"]
    read = unnumbered((await desk.client.get(f"{CASES}/{case_id}")).json())
    # Steps do not wait for what the ledger books because of them.
    assert read.pop("effect")["orderCount"] == 0
    assert unnumbered(case) == read
    facts = dict(desk.facts())
    assert facts["case.decided"] == {
        "caseId": case_id,
        "memberIds": ["lin"],
        "typology": "family",
        "by": "bootstrap",
        **CLEARED,
    }
    assert facts["hold.lifted"]["why"] == "two sisters"


async def test_a_decision_that_does_not_say_so_lifts_nothing(desk: Desk) -> None:
    case_id = await opened(desk)

    case = (await decided(desk, case_id, conclusion="confirmed", reason="a ring")).json()

    assert [hold["active"] for hold in case["holds"]] == [True]
    assert case["decision"]["actions"] == []
    assert case["decision"]["typology"] is None


async def test_the_same_decision_again_answers_the_same_and_another_is_a_conflict(
    desk: Desk,
) -> None:
    case_id = await opened(desk)
    await decided(desk, case_id, **CLEARED)
    first = await approved(desk, case_id)
    desk.pass_time(hours=1)

    again = await decided(desk, case_id, **CLEARED | {"actions": ["lift_holds", "lift_holds"]})
    changes: list[dict[str, Any]] = [
        {"conclusion": "confirmed"},
        {"reason": "three sisters"},
        {"typology": "family"},
        {"actions": []},
    ]
    others = [await decided(desk, case_id, **CLEARED | change) for change in changes]

    assert (again.status_code, unnumbered(again.json())) == (201, unnumbered(first.json()))
    assert {(one.status_code, one.json()["code"]) for one in others} == {(409, "case_decided")}
    assert desk.types().count("case.decided") == 1


async def test_of_many_who_decide_at_once_one_does(desk: Desk) -> None:
    case_id = await opened(desk)
    conclusions = ["cleared", "confirmed", "inconclusive"] * 2

    answers = await asyncio.gather(
        *(decided(desk, case_id, conclusion=one, reason="looked at") for one in conclusions)
    )

    assert sorted(one.status_code for one in answers) == [201] * 2 + [409] * 4
    assert desk.types().count("case.decided") == 1


async def test_a_hold_that_ended_before_the_decision_stays_as_it_is(desk: Desk) -> None:
    case_id = await opened(desk)
    [hold_id] = await desk.held("lin")
    await desk.end(hold_id, "they called")

    await decided(desk, case_id, **CLEARED)
    case = (await approved(desk, case_id)).json()

    assert [hold["liftReason"] for hold in case["holds"]] == ["they called"]
    assert [one["type"] for one in case["history"]].count("hold.lifted") == 1


RULES = """{
  "version": "short",
  "levels": {"watch": "0.5", "review": "0.7", "freeze": "0.9"},
  "rules": [
    {"code": "short", "text": {"zh": "短", "en": "short"}, "when": {"score": {"atLeast": "0.9"}},
     "do": {"hold": {"expiresAfterDays": 1}, "openCase": true}}
  ]
}"""


async def test_the_service_ends_a_hold_by_itself_and_its_case_tells_of_it(
    settings: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph_service.pipeline.LOOK_S", 0.1)
    file = tmp_path / "rules.json"
    file.write_text(RULES, encoding="utf-8")

    async with desk_of(settings.model_copy(update={"risk_rules": file}), database) as desk:
        case_id = await opened(desk)
        desk.pass_time(days=2)

        async def ended() -> bool:
            return "hold.lifted" in desk.types()

        assert await until(ended)
        case = (await desk.client.get(f"{CASES}/{case_id}")).json()

    assert case["open"]
    assert [hold["liftReason"] for hold in case["holds"]] == ["expired"]
    assert case["history"][-1]["type"] == "hold.lifted"
    assert case["history"][-1]["at"] == case["holds"][0]["expiresAt"]


async def test_the_list_has_every_case_newest_first_page_by_page(desk: Desk) -> None:
    desk.one_person()
    made: list[str] = []
    for member_id in (*ACCOUNTS, OTHER):
        made.append(await opened(desk, member_id))
        desk.pass_time(minutes=1)
    await decided(desk, made[0], conclusion="cleared", reason="two sisters")
    # Booking the holds looks anew at who is one person, for which there is no evidence here.
    await desk.booked()
    desk.one_person()

    found: dict[str, list[str]] = {}
    for query in ("", "state=open", "state=closed", "memberId=lin", "memberId=lin-2&state=open"):
        found[query], cursor = [], ""
        while cursor is not None:
            page = (await desk.client.get(f"{CASES}?limit=1&{query}{cursor}")).json()
            found[query] += [one["caseId"] for one in page["items"]]
            following = page["nextCursor"]
            cursor = None if following is None else f"&cursor={following}"

    first, second, third = made
    assert found == {
        "": [third, second, first],
        "state=open": [third, second],
        "state=closed": [first],
        "memberId=lin": [second, first],
        "memberId=lin-2&state=open": [second],
    }


async def test_a_member_without_cases_has_an_empty_list_and_one_unknown_none(desk: Desk) -> None:
    empty = await desk.client.get(f"{CASES}?memberId={OTHER}")
    unknown = await desk.client.get(f"{CASES}?memberId=nobody")

    assert empty.json() == {"items": [], "nextCursor": None}
    assert (unknown.status_code, unknown.json()["code"]) == (404, "member_not_found")


async def test_a_case_that_is_not_there_is_neither_shown_nor_decided(desk: Desk) -> None:
    answers = [await desk.client.get(f"{CASES}/case_none"), await decided(desk, "none", **CLEARED)]

    assert {(one.status_code, one.json()["code"]) for one in answers} == {(404, "case_not_found")}


@pytest.mark.parametrize(
    "change",
    [
        {"conclusion": "guilty"},
        {"reason": ""},
        {"reason": "  "},
        {"actions": ["pay_out"]},
        {"more": 1},
    ],
)
async def test_a_decision_that_makes_no_sense_is_refused(
    desk: Desk, change: dict[str, Any]
) -> None:
    case_id = await opened(desk)

    answer = await decided(desk, case_id, **CLEARED | change)

    assert answer.status_code == 422
    assert (await desk.client.get(f"{CASES}/{case_id}")).json()["open"]


async def test_cases_are_read_and_decided_with_scopes_of_their_own(desk: Desk) -> None:
    case_id = await opened(desk)
    found: dict[str, list[int]] = {}

    for scope in ("risk:read", "read", "risk:decide"):
        headers = await desk.key(scope)
        answers = [
            await desk.client.get(CASES, headers=headers),
            await desk.client.get(f"{CASES}/{case_id}", headers=headers),
            await desk.client.post(f"{CASES}/{case_id}/decisions", json=CLEARED, headers=headers),
        ]
        found[scope] = [one.status_code for one in answers]

    assert found == {
        "risk:read": [200, 200, 403],
        "read": [403, 403, 403],
        "risk:decide": [403, 403, 201],
    }
