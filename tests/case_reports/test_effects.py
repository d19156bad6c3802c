"""What deciding a case would do to the ledger, and that it does just that."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from graph_service.case_reports.effects import read_effect
from graph_service.cases.actions import Action
from graph_service.cases.effects.booked import read_booked_effect
from graph_service.settings import Settings
from tests.conftest import Database
from tests.scans.desk import ScanDesk, ring, scan_desk_of
from tests.scans.kept import alert, found_by
from tests.worlds import NOW, START, Event, event

pytestmark = pytest.mark.anyio
EIGHT = [f"b{number}" for number in range(8)]


@pytest.fixture
async def desk(settings: Settings, database: Database, tmp_path: Path) -> AsyncGenerator[ScanDesk]:
    async with scan_desk_of(settings, database, tmp_path) as opened:
        yield opened


def invited() -> list[Event]:
    """ "boss" invites the eight."""
    at = START + timedelta(days=1)
    told = [event("member.joined", "boss", at, {"memberId": "boss", "role": "promoter"})]
    return told + [
        event("referral.bound", f"bound-{one}", at, {"memberId": one, "inviterId": "boss"})
        for one in EIGHT
    ]


async def owed(desk: ScanDesk) -> int:
    """What is owed of all orders of the ring, as the ledger has it."""
    await desk.app.state.pipeline.settle_ledger(timeout_s=30)
    total = 0
    for one in EIGHT:
        answer = await desk.client.get(f"/v1/orders/order-{one}-a-10/commission")
        total += answer.json()["totalMinor"]
    return total


async def case_of_ring(desk: ScanDesk) -> dict[str, Any]:
    bought = ring("a", EIGHT)
    for one in bought:
        for line in one["data"].get("lines", ()):
            line["categoryId"] = "fmcg"
    await desk.store([*invited(), *bought])
    await desk.scanned()
    [case] = (await desk.client.get("/v1/cases")).json()["items"]
    return case


async def quick_case(desk: ScanDesk, *more: str) -> dict[str, Any]:
    """The case of the ring, which a scan is said to have found, of no score that holds."""
    bought = ring("a", EIGHT)
    for one in bought:
        for line in one["data"].get("lines", ()):
            line["categoryId"] = "fmcg"
    await desk.store([*invited(), *bought])
    orders = [f"order-{one}-a-10" for one in EIGHT]
    found = alert([*EIGHT, *more], score=0.8, orderIds=orders)
    await found_by(desk.app.state.graph, 1, [found], NOW)
    await desk.app.state.pipeline.settle_ledger(timeout_s=30)
    [case] = (await desk.client.get("/v1/cases")).json()["items"]
    return case


async def test_commissions_are_reversed_as_previewed_and_restored_by_two(desk: ScanDesk) -> None:
    case = await case_of_ring(desk)
    path = f"/v1/cases/{case['caseId']}"
    before = await owed(desk)
    preview = (await desk.client.get(f"{path}/effect?reverse=true")).json()
    reverse = {"type": "reverse_commissions"}

    decision = {"conclusion": "confirmed_fraud", "reason": "a ring", "actions": [reverse]}
    await desk.client.post(f"{path}/decisions", json=decision)
    after = await owed(desk)
    await desk.client.post(f"{path}/reopen", json={"reason": "new evidence"})
    undo = {"type": "restore_commissions"}
    decision = {"conclusion": "false_positive", "reason": "a choir", "actions": [undo]}
    proposed = await desk.client.post(f"{path}/decisions", json=decision)
    headers = await desk.key("risk:decide")
    await desk.client.post(f"{path}/approve", headers=headers)
    restored = await owed(desk)

    assert (before > 0, after) == (True, 0)
    assert (preview["totalMinor"], preview["orders"]) == (-before, 8)
    assert preview["lines"][0]["payeeId"] == "boss"
    assert proposed.json()["state"] == "PENDING_APPROVAL"
    assert restored == before
    assert (await desk.client.get("/v1/ledger/verify")).json()["ok"]


async def followed(desk: ScanDesk, path: str) -> dict[str, Any]:
    """A case with what the ledger booked because of it, once that is whole."""
    await desk.app.state.pipeline.settle(timeout_s=30)
    await desk.app.state.pipeline.settle_ledger(timeout_s=30)
    return (await desk.client.get(path)).json()["effect"]


async def test_what_was_booked_because_of_a_decision_is_what_the_preview_said(
    desk: ScanDesk,
) -> None:
    case = await quick_case(desk)
    path = f"/v1/cases/{case['caseId']}"
    before = await owed(desk)
    preview = (await desk.client.get(f"{path}/effect?reverse=true")).json()
    undecided = (await desk.client.get(path)).json()["effect"]

    actions = [{"type": "reverse_commissions"}]
    decision = {"conclusion": "confirmed_fraud", "reason": "a ring", "actions": actions}
    answer = await desk.client.post(f"{path}/decisions", json=decision)
    effect = await followed(desk, path)
    report = await desk.client.get(f"{path}/report?lang=en")

    assert (undecided, answer.json().get("effect")) == (None, None)
    assert (effect["booked"], effect["totalMinor"]) == (True, -before)
    assert (effect["totalMinor"], effect["keptMinor"]) == (
        preview["totalMinor"],
        preview["keptMinor"],
    )
    assert [one["payeeId"] for one in effect["lines"]] == ["boss"]
    assert effect["orderCount"] == 8
    assert "What the ledger booked because of it" in report.text
    assert "boss · own sales" in report.text


async def test_what_the_ledger_has_not_followed_yet_is_said(desk: ScanDesk) -> None:
    case = await quick_case(desk)
    path = f"/v1/cases/{case['caseId']}"
    actions = [{"type": "reverse_commissions"}]
    decision = {"conclusion": "confirmed_fraud", "reason": "a ring", "actions": actions}
    await desk.client.post(f"{path}/decisions", json=decision)
    await followed(desk, path)
    books = desk.app.state.pipeline
    whole = await read_booked_effect(
        books.graph, await case_told(desk, path), books.plans, books.clock
    )
    unstamped = "MATCH (f:Fact {type: 'commission.reversed'}) WITH f LIMIT 1 SET f.seq = null"
    desk.database.query(unstamped)

    behind = await read_booked_effect(
        books.graph, await case_told(desk, path), books.plans, books.clock
    )

    assert whole is not None
    assert behind is not None
    assert (whole["booked"], behind["booked"]) == (True, False)


async def test_a_frozen_account_loses_its_credits_and_the_preview_knows(desk: ScanDesk) -> None:
    case = await quick_case(desk, "boss")
    path = f"/v1/cases/{case['caseId']}"
    books = desk.app.state.pipeline
    freeze = Action("freeze", "account", members=("boss",))
    preview = await read_effect(books.graph, case["caseId"], books.plans, books.clock, [freeze])

    actions = [{"type": "freeze", "scope": "account", "memberIds": ["boss"]}]
    decision = {"conclusion": "policy_abuse", "reason": "a ring", "actions": actions}
    await desk.client.post(f"{path}/decisions", json=decision)
    effect = await followed(desk, path)

    assert preview["totalMinor"] < 0
    assert effect["totalMinor"] == preview["totalMinor"]
    assert effect["booked"]
    assert len(effect["orders"]) == 8
    first = effect["orders"][0]
    assert [one["memberId"] for one in first["before"]["credits"]] == ["boss"]
    assert first["after"]["credits"] == []


async def case_told(desk: ScanDesk, path: str) -> dict[str, Any]:
    return (await desk.client.get(path)).json()


async def test_an_alert_comes_to_a_case_by_itself_and_by_hand_to_the_same(desk: ScanDesk) -> None:
    case = await case_of_ring(desk)

    asked = {"alertIds": case["alertIds"], "reason": "look at this"}
    again = await desk.client.post("/v1/cases", json=asked)
    unknown = await desk.client.post("/v1/cases", json={"alertIds": ["alert_none"]})

    assert sorted(case["memberIds"]) == EIGHT
    assert (again.status_code, again.json()["caseId"]) == (201, case["caseId"])
    assert (unknown.status_code, unknown.json()["code"]) == (404, "alert_not_found")
