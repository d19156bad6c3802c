"""Which bodies of decisions mean the same, and what does one hear whose body is refused?"""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from graph_service.cases.desk.shapes import WORDS, DecisionGiven
from tests.cases.test_appeals import case_about
from tests.cases.test_deciding import decided
from tests.holds.desk import Desk

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 1, 1, tzinfo=UTC)
WORDS_OF_IT: dict[str, Any] = {"conclusion": "policy_abuse", "reason": "coupons"}


def kept(*actions: Any, **more: Any) -> tuple[str, ...]:
    """The actions of a decision as they are kept."""
    given = DecisionGiven.model_validate({**WORDS_OF_IT, "actions": list(actions), **more})
    return given.decision(NOW).actions


@pytest.mark.parametrize("word", [one for one in WORDS if one != "lift_holds"])
def test_the_name_of_an_action_is_enough_whatever_it_is_called(word: str) -> None:
    plain = kept({"type": word})

    assert kept(word) == kept({"action": word}) == kept({"kind": word}) == plain
    assert kept(word, {"type": word}, {"type": word, "kind": word}) == plain
    assert len(plain) == 1


def test_lift_holds_stays_the_word_that_it_was() -> None:
    assert kept("lift_holds", "lift_holds") == ("lift_holds",)
    assert kept({"type": "lift_holds"}) == kept("unfreeze")


def test_one_member_is_a_list_of_one() -> None:
    one = kept({"type": "freeze", "memberId": "lin"})

    assert one == kept({"type": "freeze", "memberIds": ["lin"]})
    assert one == kept({"type": "freeze", "memberIds": ["lin"], "memberId": "lin"})
    assert one != kept("freeze")


def test_an_empty_typology_is_none() -> None:
    given = [
        DecisionGiven.model_validate(WORDS_OF_IT | more)
        for more in ({}, {"typology": None}, {"typology": ""})
    ]

    assert [one.typology for one in given] == [None] * 3


@pytest.mark.parametrize(
    "action",
    [
        "pay_out",
        7,
        {},
        {"type": "pay_out"},
        {"type": "freeze", "action": "unfreeze"},
        {"type": "freeze", "duration": 3},
        {"type": "freeze", "scope": "world"},
        {"type": "unfreeze", "expiresAt": "2027-01-01T00:00:00Z"},
        {"type": "freeze", "memberId": ""},
        {"type": "freeze", "reason": " "},
    ],
)
def test_an_action_that_means_nothing_or_two_things_is_refused(action: Any) -> None:
    with pytest.raises(ValidationError):
        kept(action)


async def test_whose_body_is_refused_hears_what_is_taken(desk: Desk) -> None:
    case_id = await case_about(desk, "lin")
    bodies: list[dict[str, Any]] = [
        {"actions": ["pay_out"]},
        {"actions": [{"type": "pay_out"}]},
        {"actions": [{"type": "freeze", "duration": 3}]},
        {"conclusion": "guilty"},
        {"verdict": "fraud"},
    ]

    answers = [await decided(desk, case_id, **WORDS_OF_IT | body) for body in bodies]

    details = [one.json()["detail"] for one in answers]
    assert [one.status_code for one in answers] == [422] * 5
    assert "lift_holds) or an object with type, action, kind, scope, memberIds" in details[0]
    assert "'reverse_commissions'" in details[1]
    assert "duration is no field here; there are type, action, kind, scope" in details[2]
    assert "'confirmed_fraud'" in details[3]
    assert "verdict is no field here; there are conclusion, typology, reason, actions" in details[4]


async def test_an_action_is_done_for_a_reason_of_its_own(desk: Desk) -> None:
    case_id = await case_about(desk, "lin")
    freeze = {"action": "freeze", "memberId": "lin", "reason": "until they call back"}

    answer = await decided(desk, case_id, **WORDS_OF_IT, actions=[freeze])

    [hold] = answer.json()["holds"]
    assert hold["reason"] == "until they call back"
    assert answer.json()["decision"]["actions"][0]["reason"] == "until they call back"
