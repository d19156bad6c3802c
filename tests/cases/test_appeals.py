"""Who hears an appeal, and what may be done with a decision that waits for a second person?"""

from typing import Any

import pytest

from graph_service.cases.actions import frozen_before
from graph_service.cases.desk.inbox import NewCase, open_case
from graph_service.graph.opening import open_graph
from graph_service.graph.session import Transaction
from graph_service.settings import Settings
from tests.cases.test_claims import GIVEN_BACK, UNSURE, analyst, told
from tests.cases.test_deciding import CASES, decided, opened
from tests.conftest import Database
from tests.holds.desk import Desk, desk_of

pytestmark = pytest.mark.anyio
RING = {"conclusion": "confirmed_fraud", "reason": "a ring"}
APPEAL = {"reason": "we sing"}
REFUSED = {"approve": False, "reason": "ask them"}


async def state(desk: Desk, case_id: str) -> str:
    return (await desk.client.get(f"{CASES}/{case_id}")).json()["state"]


async def case_about(desk: Desk, *member_ids: str) -> str:
    """Id of a case about these members, of whom nothing is held."""
    new = NewCase(f"case_{len(member_ids)}", "manual", "a tip", "test", member_ids, currency="CNY")

    async def work(transaction: Transaction) -> bool:
        return await open_case(transaction, new, desk.now)

    async with open_graph(desk.database.settings) as opened_graph:
        await opened_graph.graph.write_together(work, name="test", timeout_s=10)
    return new.case_id


async def test_whoever_decided_neither_hears_the_appeal_nor_agrees_nor_refuses(desk: Desk) -> None:
    case_id = await opened(desk)
    alice, bob = await analyst(desk, "alice"), await analyst(desk, "bob")
    judge = await analyst(desk, "judge")
    await judge.does(case_id, "decisions", RING)
    await alice.does(case_id, "appeal", APPEAL)

    early = [await judge.does(case_id, what) for what in ("assign",)]
    proposed = await alice.does(case_id, "decisions", GIVEN_BACK)
    waiting = [await judge.does(case_id, "approve", body) for body in (None, REFUSED)]
    refused = await bob.does(case_id, "approve", REFUSED)
    late = [await judge.does(case_id, "decisions", UNSURE)]
    await alice.does(case_id, "decisions", GIVEN_BACK)
    agreed = await bob.does(case_id, "approve")

    assert told([*early, *waiting, *late]) == ["second_person_needed"] * 4
    assert [one.json()["state"] for one in (proposed, refused, agreed)] == [
        *("PENDING_APPROVAL", "APPEALED", "DECIDED")
    ]
    assert agreed.json()["decision"]["approvedBy"] == f"bob ({bob.key_id})"


async def test_whoever_agreed_to_a_decision_hears_no_appeal_of_it_either(desk: Desk) -> None:
    case_id = await opened(desk)
    alice, bob = await analyst(desk, "alice"), await analyst(desk, "bob")
    chen = await analyst(desk, "chen")
    await alice.does(case_id, "decisions", GIVEN_BACK)
    await bob.does(case_id, "approve")
    await chen.does(case_id, "appeal", APPEAL)
    bob = await bob.rotated()

    refused = [await one.does(case_id, "decisions", UNSURE) for one in (alice, bob)]
    none = await desk.client.post("/v1/cases:next", headers=bob.headers)
    taken = await desk.client.post("/v1/cases:next", headers=chen.headers)
    heard = await chen.does(case_id, "decisions", UNSURE)

    assert told([*refused, none]) == ["second_person_needed"] * 2 + ["no_case_waits"]
    assert told([taken, heard]) == [200, 201]
    assert (
        "approvedBy" not in heard.json()["decision"] or not heard.json()["decision"]["approvedBy"]
    )


async def test_a_decision_that_waits_is_not_replaced_by_another(desk: Desk) -> None:
    case_id = await opened(desk)
    alice, bob = await analyst(desk, "alice"), await analyst(desk, "bob")
    await alice.does(case_id, "decisions", GIVEN_BACK)

    others = [
        await alice.does(case_id, "decisions", UNSURE),
        await alice.does(case_id, "decisions", GIVEN_BACK | {"reason": "cousins"}),
        await bob.does(case_id, "decisions", GIVEN_BACK),
        await bob.does(case_id, "decisions", UNSURE),
    ]
    again = await alice.does(case_id, "decisions", GIVEN_BACK)

    assert told(others) == ["step_refused"] * 4
    assert (again.status_code, again.json()["state"]) == (201, "PENDING_APPROVAL")
    assert [one["step"] for one in again.json()["events"]].count("proposed") == 1


async def test_what_earlier_decisions_froze_counts_for_the_second_person(
    settings: Settings, database: Database
) -> None:
    strict = settings.model_copy(update={"four_eyes_accounts": 1})
    async with desk_of(strict, database) as desk:
        case_id = await case_about(desk, "lin", "lin-2")
        states: list[str] = []

        for member_id in ("lin", "lin", "lin-2"):
            freeze: dict[str, Any] = {"type": "freeze", "memberIds": [member_id]}
            words = {"conclusion": "policy_abuse", "reason": "coupons"}
            answer = await decided(desk, case_id, **words, actions=[freeze])
            states.append(answer.json()["state"])
            await desk.client.post(f"{CASES}/{case_id}/reopen", json={"reason": "more"})

    assert states == ["DECIDED", "DECIDED", "PENDING_APPROVAL"]
    assert answer.json()["events"][-1]["detail"]["needs"] == "accounts"


def test_a_freeze_counts_until_it_is_undone_or_over() -> None:
    at = {"memberIds": ["a", "b"], "conclusion": "policy_abuse"}
    ends = {"type": "freeze", "memberIds": ["a"], "expiresAt": "2026-01-01T00:00:00Z"}
    ended_ms = 1_767_225_600_000

    def frozen(*decisions: dict[str, Any], now_ms: int = ended_ms) -> set[str]:
        return frozen_before([at | {"actions": []} | one for one in decisions], now_ms)

    assert frozen({"conclusion": "confirmed"}) == {"a", "b"}
    assert frozen({"actions": [ends]}) == set()
    assert frozen({"actions": [ends]}, now_ms=ended_ms - 1) == {"a"}
    assert frozen({"actions": [{"type": "freeze", "shadow": True}]}) == set()
    assert frozen({"actions": [{"type": "freeze", "scope": "order"}]}) == set()
    assert frozen({"conclusion": "confirmed"}, {"actions": ["lift_holds"]}) == set()
    assert frozen(
        {"actions": [{"type": "freeze"}]}, {"actions": [{"type": "unfreeze", "memberIds": ["b"]}]}
    ) == {"a"}
