"""What deciding a case would do to the ledger, and that it does just that."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from graph_service.settings import Settings
from tests.conftest import Database
from tests.scans.desk import ScanDesk, ring, scan_desk_of
from tests.worlds import START, Event, event

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


async def test_an_alert_comes_to_a_case_by_itself_and_by_hand_to_the_same(desk: ScanDesk) -> None:
    case = await case_of_ring(desk)

    asked = {"alertIds": case["alertIds"], "reason": "look at this"}
    again = await desk.client.post("/v1/cases", json=asked)
    unknown = await desk.client.post("/v1/cases", json={"alertIds": ["alert_none"]})

    assert sorted(case["memberIds"]) == EIGHT
    assert (again.status_code, again.json()["caseId"]) == (201, case["caseId"])
    assert (unknown.status_code, unknown.json()["code"]) == (404, "alert_not_found")
