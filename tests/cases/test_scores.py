"""Risk scores over HTTP, and what the rules make of them in the same transaction."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from graph_service.settings import Settings
from tests.conftest import Database
from tests.holds.desk import OTHER, Desk, desk_of

pytestmark = pytest.mark.anyio
REASON = {"feature": "accounts_per_device", "value": 41, "text": "41 accounts on one device"}
STORED = """
MATCH (m:Member {memberId: $memberId})
RETURN m.riskScore AS score, m.riskLevel AS level, m.riskAt.epochMillis AS at
"""


def risk_of(member_id: str) -> str:
    return f"/v1/members/{member_id}/risk"


async def scored(desk: Desk, score: object, member_id: str = "lin", **more: Any) -> dict[str, Any]:
    """What is answered to a score that is recorded."""
    asked = {"score": score, "source": "ring-model", "reasons": [REASON], **more}
    answer = await desk.client.post(risk_of(member_id), json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_who_was_never_scored_is_clear(desk: Desk) -> None:
    told = (await desk.client.get(risk_of("lin"))).json()

    assert told == {
        "memberId": "lin",
        "score": None,
        "level": "clear",
        "reasons": [],
        "holds": [],
        "alertIds": [],
        "scoredMemberId": None,
        "scoredAt": None,
        "source": None,
        "model": None,
        "components": {"pattern": None, "model": None},
    }


@pytest.mark.parametrize(
    ("score", "told", "level"),
    [
        ("0", "0", "clear"),
        (0.4999994, "0.499999", "clear"),
        ("0.50", "0.5", "watch"),
        (0.7, "0.7", "review"),
        ("0.899999", "0.899999", "review"),
        ("0.9", "0.9", "freeze"),
        (1, "1", "freeze"),
        (1e-6, "0.000001", "clear"),
    ],
)
async def test_a_score_is_kept_with_its_level(
    desk: Desk, score: object, told: str, level: str
) -> None:
    answer = await scored(desk, score, model="gbm-3")

    [stored] = desk.database.query(STORED, memberId="lin")
    assert (answer["score"], answer["level"]) == (told, level)
    assert (answer["source"], answer["model"]) == ("ring-model", "gbm-3")
    assert answer["reasons"] == [REASON]
    assert (stored["score"], stored["level"]) == (float(told), level)
    assert stored["at"] == desk.now.timestamp() * 1_000
    assert answer == (await desk.client.get(risk_of("lin"))).json()
    assert desk.facts()[-1 if level != "freeze" else 2] == (
        "risk.scored",
        {
            "memberId": "lin",
            "score": told,
            "source": "ring-model",
            "model": "gbm-3",
            "reasons": [REASON],
        },
    )


async def test_a_score_of_nine_tenths_holds_and_opens_a_case(desk: Desk) -> None:
    told = await scored(desk, "0.9")

    [hold] = told["holds"]
    [case] = (await desk.client.get("/v1/cases")).json()["items"]
    facts = dict(desk.facts())
    assert desk.types() == ["case.opened", "hold.placed", "risk.scored"]
    assert (hold["kind"], hold["code"], hold["placedBy"]) == ("score", "score_freeze", "rule")
    assert hold["caseId"] == case["caseId"]
    assert hold["expiresAt"] is None
    assert (case["state"], case["openedBy"], case["memberIds"]) == ("NEW", "rule", ["lin"])
    assert case["decision"] is None
    assert "冻结" in hold["reason"]
    assert "payouts are held" in hold["reason"]
    assert facts["case.opened"]["caseId"] == case["caseId"]
    assert facts["hold.placed"]["holdId"] == hold["holdId"]


async def test_a_score_below_nine_tenths_does_neither(desk: Desk) -> None:
    told = await scored(desk, "0.899999")

    assert told["holds"] == []
    assert desk.types() == ["risk.scored"]


async def test_the_same_score_recorded_again_does_nothing_twice(desk: Desk) -> None:
    first = await scored(desk, "0.95", idempotencyId="run-1")
    again = await scored(desk, "0.95", idempotencyId="run-1")
    named = desk.types()
    await scored(desk, "0.95")

    assert again == first
    assert named == ["case.opened", "hold.placed", "risk.scored"]
    assert desk.types() == ["case.opened", "hold.placed", "risk.scored", "risk.scored"]


async def test_of_the_same_score_at_once_one_hold_and_one_case_follow(desk: Desk) -> None:
    named = [scored(desk, "0.95", idempotencyId="run-1") for _ in range(5)]
    unnamed = [scored(desk, "0.97", "lin-2") for _ in range(5)]

    answers = await asyncio.gather(*named, *unnamed)

    assert len({str(one["holds"]) for one in answers[:5]}) == 1
    assert [desk.types().count(one) for one in ("case.opened", "hold.placed")] == [2, 2]
    assert desk.types().count("risk.scored") == 1 + 5


async def test_the_same_id_with_another_score_is_a_conflict(desk: Desk) -> None:
    await scored(desk, "0.3", idempotencyId="run-1")

    answer = await desk.client.post(
        risk_of("lin"), json={"score": "0.95", "source": "ring-model", "idempotencyId": "run-1"}
    )
    other = await scored(desk, "0.2", OTHER, idempotencyId="run-1")

    assert (answer.status_code, answer.json()["code"]) == (409, "score_differs")
    assert (await desk.client.get(risk_of("lin"))).json()["score"] == "0.3"
    assert other["score"] == "0.2"
    assert desk.types() == ["risk.scored", "risk.scored"]


async def test_a_score_that_drops_lifts_nothing(desk: Desk) -> None:
    await scored(desk, "0.95")
    desk.pass_time(days=1)

    told = await scored(desk, "0.1")

    assert (told["score"], told["level"], len(told["holds"])) == ("0.1", "clear", 1)
    assert len((await desk.client.get("/v1/cases?state=open")).json()["items"]) == 1


async def test_of_scores_out_of_order_the_one_of_the_later_time_stands(desk: Desk) -> None:
    await scored(desk, "0.6")
    desk.pass_time(hours=-1)

    told = await scored(desk, "0.2")

    assert told["score"] == "0.6"
    assert len(desk.types()) == 2


async def test_a_person_is_as_risky_as_the_riskiest_account(desk: Desk) -> None:
    desk.one_person()
    await scored(desk, "0.2", "lin")
    await scored(desk, "0.91", "lin-2", model="gbm-3")

    told = (await desk.client.get(risk_of("lin"))).json()
    other = (await desk.client.get(risk_of(OTHER))).json()

    assert (told["memberId"], told["scoredMemberId"]) == ("lin", "lin-2")
    assert (told["score"], told["level"], told["model"]) == ("0.91", "freeze", "gbm-3")
    assert [hold["memberId"] for hold in told["holds"]] == ["lin-2"]
    assert (other["score"], other["holds"]) == (None, [])


async def test_after_a_decision_a_high_score_holds_anew_only_if_nothing_is_held(
    desk: Desk,
) -> None:
    await scored(desk, "0.95")
    [kept] = (await desk.client.get("/v1/cases")).json()["items"]
    decided = {"conclusion": "confirmed", "reason": "a ring"}
    await desk.client.post(f"/v1/cases/{kept['caseId']}/decisions", json=decided)
    desk.pass_time(days=1)
    await scored(desk, "0.96")
    while_held = desk.types()

    for hold_id in await desk.held("lin"):
        await desk.end(hold_id, "they appealed")
    desk.pass_time(days=1)
    await scored(desk, "0.97")

    assert while_held.count("case.opened") == while_held.count("hold.placed") == 1
    assert desk.types().count("case.opened") == desk.types().count("hold.placed") == 2


async def test_a_hold_lifted_while_its_case_is_open_is_placed_into_the_same_case(
    desk: Desk,
) -> None:
    await scored(desk, "0.95")
    [first] = await desk.held("lin")
    await desk.end(first)
    desk.pass_time(days=1)

    told = await scored(desk, "0.96")

    [case] = (await desk.client.get("/v1/cases")).json()["items"]
    assert [hold["caseId"] for hold in told["holds"]] == [case["caseId"]]
    assert told["holds"][0]["holdId"] != first


NONSENSE: list[dict[str, Any]] = [
    {"score": "0.5"},
    {"score": "1.000001", "source": "model"},
    {"score": -0.1, "source": "model"},
    {"score": "0.1234567", "source": "model"},
    {"score": True, "source": "model"},
    {"score": "NaN", "source": "model"},
    {"score": "high", "source": "model"},
    {"score": None, "source": "model"},
    {"score": "0.5", "source": ""},
    {"score": "0.5", "source": "model", "reasons": [{"feature": "a"}]},
    {"score": "0.5", "source": "model", "reasons": [REASON] * 51},
    {"score": "0.5", "source": "model", "reasons": [{**REASON, "value": 10**400}]},
    {"score": "0.5", "source": "model", "reasons": [{**REASON, "value": [1]}]},
    {"score": "0.5", "source": "model", "level": "freeze"},
]


@pytest.mark.parametrize("asked", NONSENSE)
async def test_a_score_that_makes_no_sense_is_refused(desk: Desk, asked: dict[str, Any]) -> None:
    answer = await desk.client.post(risk_of("lin"), json=asked)

    assert answer.status_code == 422
    assert desk.facts() == []


async def test_a_value_that_is_no_number_of_json_is_refused(desk: Desk) -> None:
    content = '{"score": NaN, "source": "model"}'

    answer = await desk.client.post(
        risk_of("lin"), content=content, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code in (400, 422)
    assert desk.facts() == []


async def test_nobody_unknown_is_scored(desk: Desk) -> None:
    asked = {"score": "0.95", "source": "model"}

    answers = [
        await desk.client.post(risk_of("nobody"), json=asked),
        await desk.client.get(risk_of("nobody")),
    ]

    assert {(one.status_code, one.json()["code"]) for one in answers} == {(404, "member_not_found")}
    assert desk.facts() == []


async def test_scores_are_read_and_given_with_scopes_of_their_own(desk: Desk) -> None:
    asked = {"score": "0.1", "source": "model"}
    found: dict[str, list[int]] = {}

    for scope in ("risk:read", "risk:decide", "read"):
        headers = await desk.key(scope)
        answers = [
            await desk.client.get(risk_of("lin"), headers=headers),
            await desk.client.get("/v1/risk/rules", headers=headers),
            await desk.client.post(risk_of("lin"), json=asked, headers=headers),
        ]
        found[scope] = [one.status_code for one in answers]

    assert found == {
        "risk:read": [200, 200, 403],
        "risk:decide": [403, 403, 200],
        "read": [403, 403, 403],
    }


OWN_RULES = """{
  "version": "own-1",
  "levels": {"watch": "0.2", "review": "0.4", "freeze": "0.6"},
  "rules": [
    {"code": "look", "text": {"zh": "看", "en": "look"},
     "when": {"score": {"atLeast": "0.4"}}, "do": {"openCase": true}},
    {"code": "wait", "text": {"zh": "等", "en": "wait"},
     "when": {"score": {"atLeast": "0.5"}}, "do": {"hold": {"expiresAfterDays": 3}}}
  ]
}"""


async def test_the_rules_of_a_file_take_the_place_of_the_services_own(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "rules.json"
    file.write_text(OWN_RULES, encoding="utf-8")

    async with desk_of(settings.model_copy(update={"risk_rules": file}), database) as desk:
        shown = (await desk.client.get("/v1/risk/rules")).json()
        told = await scored(desk, "0.55")
        first = desk.types()
        [hold] = told["holds"]
        desk.pass_time(days=3)
        again = await scored(desk, "0.55")

    assert (shown["version"], [one["code"] for one in shown["rules"]]) == (
        "own-1",
        ["look", "wait"],
    )
    assert told["level"] == "review"
    assert (hold["code"], hold["reason"], hold["caseId"]) == ("wait", "等 / wait", None)
    assert first == ["case.opened", "hold.placed", "risk.scored"]
    assert [one["holdId"] == hold["holdId"] for one in again["holds"]] == [False]
