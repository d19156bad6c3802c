"""What a hold does: payouts of every account of the person stop, and its clicks are not cleared."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient

from graph_service.ids import new_id
from tests.worlds import START, Event, event, order_data

pytestmark = pytest.mark.anyio
Store = Callable[[list[Event]], Awaitable[list[str]]]


def clicked(key: str, share_id: str, hours: int, **who: str) -> Event:
    at = START + timedelta(hours=hours)
    return event("share.clicked", key, at, {"shareId": share_id, **who})


def two_steps() -> list[Event]:
    """Two members share in a row; fans under two accounts of one person, and one other."""
    paid = order_data("o", "buyer", 1_000_000)
    phones = [{"memberId": one, "kind": "phone", "value": "13800138000"} for one in ("f1", "f2")]
    parent = {"shareId": "s2", "memberId": "closer", "parentShareId": "s1"}
    return [
        event("share.created", "s1", START, {"shareId": "s1", "memberId": "origin"}),
        event("share.created", "s2", START, parent),
        clicked("c1", "s1", 1, memberId="f1"),
        clicked("c2", "s2", 2, memberId="f2"),
        clicked("c3", "s2", 3, visitorId="v"),
        clicked("c4", "s2", 4, memberId="buyer"),
        event("order.paid", "pay", START + timedelta(hours=5), paid),
        *(event("identity.observed", f"see-{i}", START, one) for i, one in enumerate(phones)),
    ]


async def settle(client: AsyncClient) -> None:
    """Everything booked and followed: a batch that is waited for."""
    active = event("member.active", new_id(), START, {"memberId": "origin"})
    await client.post("/v1/events?wait=true", json=[active])


async def attribution(client: AsyncClient) -> dict[str, Any]:
    await settle(client)
    return (await client.get("/v1/orders/o/attribution")).json()


async def owed(client: AsyncClient) -> dict[str, int]:
    """What each is owed for influence, by the ledger."""
    await settle(client)
    lines = (await client.get("/v1/orders/o/commission")).json()["lines"]
    sums: dict[str, int] = {}
    for line in lines:
        if line["basis"] == "influence":
            sums[line["payeeId"]] = sums.get(line["payeeId"], 0) + line["amountMinor"]
    return {payee: amount for payee, amount in sums.items() if amount}


async def test_clicks_of_a_held_person_are_not_cleared_until_it_is_lifted(
    client: AsyncClient,
) -> None:
    await client.post("/v1/events?wait=true", json=two_steps())
    before, owed_before = await attribution(client), await owed(client)

    # Not the account that clicked: the other one of the same person.
    placed = await client.post("/v1/holds", json={"memberId": "f2", "reason": "a tip"})
    held, owed_held = await attribution(client), await owed(client)
    hold_id = placed.json()["holdId"]
    await client.post(f"/v1/holds/{hold_id}:lift", json={"reason": "a mistake"})
    after, owed_after = await attribution(client), await owed(client)

    assert [step["clearedClickers"] for step in before["path"]] == [1, 1]
    assert [step["clearedClickers"] for step in held["path"]] == [0, 1]
    assert [step["clicks"] for step in held["path"]] == [step["clicks"] for step in before["path"]]
    assert owed_held != owed_before
    for line in held["allowance"]["lines"]:
        assert owed_held.get(line["memberId"], 0) == line["amountMinor"]
    assert (after, owed_after) == (before, owed_before)


async def test_an_order_of_a_held_buyer_is_not_cleared_and_pays_no_allowance(
    client: AsyncClient,
) -> None:
    await client.post("/v1/events?wait=true", json=two_steps())
    before, owed_before = await attribution(client), await owed(client)

    placed = await client.post("/v1/holds", json={"memberId": "buyer", "reason": "a tip"})
    held, owed_held = await attribution(client), await owed(client)
    hold_id = placed.json()["holdId"]
    await client.post(f"/v1/holds/{hold_id}:lift", json={"reason": "a mistake"})
    after, owed_after = await attribution(client), await owed(client)

    assert [touch["cleared"] for touch in before["touches"]] == [True]
    assert [touch["cleared"] for touch in held["touches"]] == [False]
    assert held["credits"] == before["credits"]
    assert [step["clearedClickers"] for step in held["path"]] == [0, 0]
    assert held["allowance"]["keptMinor"] == held["allowance"]["poolMinor"]
    assert set(owed_held) <= {"platform"}
    assert (after, owed_after) == (before, owed_before)


async def test_a_confirmed_case_holds_its_members_until_somebody_decides_otherwise(
    client: AsyncClient,
) -> None:
    await client.post("/v1/events?wait=true", json=two_steps())
    await client.post("/v1/members/f1/risk", json={"score": "0.93", "source": "model"})
    case = (await client.get("/v1/cases?memberId=f1")).json()["items"][0]
    [hold] = (await client.get("/v1/holds?memberId=f1&active=true")).json()["items"]
    alone = await client.post(f"/v1/holds/{hold['holdId']}:lift", json={"reason": "for now"})

    decision = {"conclusion": "confirmed", "reason": "three witnesses"}
    await client.post(f"/v1/cases/{case['caseId']}/decisions", json=decision)
    held = await attribution(client)
    holds = (await client.get("/v1/holds?memberId=f1&active=true")).json()["items"]

    assert (alone.status_code, alone.json()["code"]) == (409, "case_decides")
    assert [(one["holdId"], one["expiresAt"]) for one in holds] == [(hold["holdId"], None)]
    assert [step["clearedClickers"] for step in held["path"]] == [0, 1]


async def test_a_high_score_stops_the_payouts_of_the_persons_other_accounts_at_once(
    client: AsyncClient,
) -> None:
    await client.post("/v1/events?wait=true", json=two_steps())
    asked = {"memberId": "f1", "amountMinor": 10_000, "currency": "CNY"}
    before = (await client.post("/v1/payouts:decide", json=asked)).json()

    scored = await client.post(
        "/v1/members/f2/risk",
        json={"score": "0.93", "source": "model", "reasons": [{"feature": "x", "text": "y"}]},
    )
    after = (await client.post("/v1/payouts:decide", json=asked)).json()
    cases = (await client.get("/v1/cases?memberId=f1")).json()["items"]

    assert scored.status_code in (200, 201)
    assert before["holds"] == []
    assert [hold["memberId"] for hold in after["holds"]] == ["f2"]
    assert after["decision"] == "deny"
    assert len(cases) == 1
