"""How long does a freeze last, and what are accounts once it is over?"""

from typing import Any

import pytest

from graph_service.settings import Settings
from tests.access.conftest import until
from tests.cases.test_appeals import case_about
from tests.cases.test_claims import analyst
from tests.cases.test_deciding import CASES, decided
from tests.conftest import Database
from tests.holds.desk import Desk, desk_of
from tests.worlds import event

pytestmark = pytest.mark.anyio
UNFREEZE = {"type": "unfreeze", "scope": "account"}


def freeze(scope: str = "account", **more: Any) -> dict[str, Any]:
    return {"type": "freeze", "scope": scope, "reasonCode": "ring", **more}


async def froze(desk: Desk, case_id: str, *actions: dict[str, Any]) -> None:
    """Decide a case, again where it was decided."""
    await desk.client.post(f"{CASES}/{case_id}/reopen", json={"reason": "more was found"})
    desk.pass_time(minutes=1)
    words = {"conclusion": "policy_abuse", "reason": "coupons"}
    answer = await decided(desk, case_id, **words, actions=list(actions))
    assert answer.json().get("state") == "DECIDED", answer.text


async def unfroze(desk: Desk, case_id: str, *actions: dict[str, Any]) -> dict[str, Any]:
    """Undo what a case did, by two people."""
    await desk.client.post(f"{CASES}/{case_id}/reopen", json={"reason": "they called"})
    desk.pass_time(minutes=1)
    words = {"conclusion": "false_positive", "reason": "sisters"}
    await decided(desk, case_id, **words, actions=list(actions) or [UNFREEZE])
    other = await analyst(desk, "second")
    answer = await other.does(case_id, "approve")
    assert answer.json().get("state") == "DECIDED", answer.text
    return answer.json()


async def became(desk: Desk, member_id: str, status: str) -> None:
    """The mall gives an account another status."""
    desk.pass_time(minutes=1)
    data = {"memberId": member_id, "status": status}
    told = event("member.updated", f"{member_id} {len(desk.moments)}", desk.now, data)
    answer = await desk.client.post("/v1/events?wait=true", json=[told])
    assert answer.json()["accepted"] == 1, answer.text


async def statuses(desk: Desk, *member_ids: str) -> list[str]:
    answers = [await desk.client.get(f"/v1/members/{one}") for one in member_ids]
    return [one.json()["status"] for one in answers]


async def test_a_longer_freeze_holds_anew_and_a_shorter_one_does_not(desk: Desk) -> None:
    case_id = await case_about(desk, "lin")
    held: list[int] = []

    for days in (3, 2, None, 9):
        ends = None if days is None else desk.later(days=days)
        await froze(desk, case_id, freeze("payout", expiresAt=ends))
        held.append(len(await desk.held("lin")))
    desk.pass_time(days=4)

    assert held == [1, 1, 2, 2]
    assert len(await desk.held("lin")) == 1


async def test_an_account_whose_payouts_are_held_is_frozen_too_if_asked(desk: Desk) -> None:
    case_id = await case_about(desk, "lin")

    await froze(desk, case_id, freeze("payout"))
    await froze(desk, case_id, freeze("account"))
    await froze(desk, case_id, freeze("account"), freeze("payout"))

    assert await statuses(desk, "lin") == ["frozen"]
    assert len(await desk.held("lin")) == 2


async def test_a_frozen_account_thaws_at_the_expiry(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph_service.pipeline.LOOK_S", 0.1)
    async with desk_of(settings, database) as desk:
        await became(desk, "chen", "closed")
        case_id = await case_about(desk, "lin", "lin-2", "chen")
        await froze(desk, case_id, freeze(expiresAt=desk.later(days=3)))
        await froze(desk, case_id, freeze(expiresAt=desk.later(days=9), memberIds=["lin-2"]))
        frozen = await statuses(desk, "lin", "lin-2", "chen")
        desk.pass_time(days=4)

        async def thawed() -> bool:
            return await statuses(desk, "lin", "lin-2", "chen") == ["active", "frozen", "closed"]

        async def all_thawed() -> bool:
            return await statuses(desk, "lin", "lin-2", "chen") == ["active", "active", "closed"]

        assert frozen == ["frozen"] * 3
        assert await until(thawed)
        desk.pass_time(days=6)
        assert await until(all_thawed)
        assert database.query("MATCH (h:Hold) WHERE h.dueAt IS NOT NULL RETURN h") == []


async def test_payouts_that_are_let_go_leave_the_account_frozen_until_the_expiry(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph_service.pipeline.LOOK_S", 0.1)
    async with desk_of(settings, database) as desk:
        case_id = await case_about(desk, "lin")
        await froze(desk, case_id, freeze(expiresAt=desk.later(days=3)))
        await unfroze(desk, case_id, {"type": "unfreeze"})
        held, frozen = await desk.held("lin"), await statuses(desk, "lin")
        desk.pass_time(days=4)

        async def thawed() -> bool:
            return await statuses(desk, "lin") == ["active"]

        assert (held, frozen) == ([], ["frozen"])
        assert await until(thawed)


async def test_only_what_the_case_froze_is_given_back_and_as_it_was(desk: Desk) -> None:
    case_id = await case_about(desk, "lin", "lin-2", "chen")
    await became(desk, "lin", "closed")
    await became(desk, "lin-2", "frozen")
    await froze(desk, case_id, freeze(memberIds=["lin", "lin-2"]))
    await became(desk, "chen", "closed")

    case = await unfroze(desk, case_id)

    assert await statuses(desk, "lin", "lin-2", "chen") == ["closed", "frozen", "closed"]
    [done] = case["events"][-1]["detail"]["done"]
    assert done["statuses"] == {"lin": "closed"}


async def test_what_the_mall_said_meanwhile_stands(desk: Desk) -> None:
    case_id = await case_about(desk, "lin", "lin-2")
    await froze(desk, case_id, freeze())
    await became(desk, "lin", "closed")
    await became(desk, "lin-2", "closed")
    await froze(desk, case_id, freeze(memberIds=["lin-2"]))

    await unfroze(desk, case_id)

    assert await statuses(desk, "lin", "lin-2") == ["closed", "closed"]


async def test_an_account_that_two_cases_froze_is_frozen_until_both_let_it_go(desk: Desk) -> None:
    one, other = await case_about(desk, "lin"), await case_about(desk, "lin", "chen")
    await froze(desk, one, freeze())
    await froze(desk, other, freeze())

    await unfroze(desk, one)
    between = await statuses(desk, "lin", "chen")
    await unfroze(desk, other)

    assert between == ["frozen", "frozen"]
    assert await statuses(desk, "lin", "chen") == ["active", "active"]
