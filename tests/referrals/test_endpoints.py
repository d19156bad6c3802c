"""Members over HTTP: bindings and their history, who stands above and below, teams."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.conftest import Database
from tests.worlds import NOW, START, event

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


async def send(client: AsyncClient, *events: dict[str, Any]) -> list[str]:
    answer = await client.post("/v1/events?wait=true", json=list(events))
    assert answer.status_code == 200, answer.text
    return [one["status"] for one in answer.json()["results"]]


def bound(member: str, inviter: str, at: datetime = START, **more: Any) -> dict[str, Any]:
    data = {"memberId": member, "inviterId": inviter, **more}
    return event("referral.bound", f"b-{member}-{inviter}", at, data)


def joined(member: str, at: datetime = START) -> dict[str, Any]:
    return event("member.joined", f"j-{member}", at, {"memberId": member})


def paid(order: str, buyer: str, at: datetime, amount: int) -> dict[str, Any]:
    data = {"orderId": order, "memberId": buyer, "amountMinor": amount, "currency": "CNY"}
    return event("order.paid", f"o-{order}", at, {**data, "lines": []})


async def test_the_upline_is_nearest_first_and_the_downline_is_paged(client: AsyncClient) -> None:
    await send(client, bound("b", "a"), *(bound(f"c{i}", "b") for i in range(5)))

    upline = (await client.get("/v1/members/c0/upline")).json()
    first = (await client.get("/v1/members/b/downline?limit=3")).json()
    rest = (await client.get(f"/v1/members/b/downline?cursor={first['nextCursor']}")).json()
    second_level = (await client.get("/v1/members/a/downline?level=2")).json()

    assert [one["memberId"] for one in upline["items"]] == ["b", "a"]
    assert [one["memberId"] for one in first["items"] + rest["items"]] == [
        f"c{i}" for i in range(5)
    ]
    assert rest["nextCursor"] is None
    assert [one["memberId"] for one in second_level["items"]] == [f"c{i}" for i in range(5)]


async def test_an_override_moves_the_team_and_as_of_remembers(client: AsyncClient) -> None:
    await send(client, bound("m", "old"), bound("child", "m"))

    await send(client, bound("m", "new", START + 10 * DAY, mode="override"))

    before = (await client.get("/v1/members/old/team?asOf=2026-01-05T00:00:00Z")).json()
    old = (await client.get("/v1/members/old/team")).json()
    new = (await client.get("/v1/members/new/team")).json()
    upline = (await client.get("/v1/members/child/upline?asOf=2026-01-05T00:00:00Z")).json()
    assert (before["directCount"], before["teamSize"]) == (1, 2)
    assert (old["directCount"], old["teamSize"]) == (0, 0)
    assert (new["directCount"], new["teamSize"]) == (1, 2)
    assert [one["memberId"] for one in upline["items"]] == ["m", "old"]


async def test_a_first_binding_after_another_is_taken_and_changes_nothing(
    client: AsyncClient,
) -> None:
    statuses = await send(client, bound("m", "one"), bound("m", "two", START + DAY))

    upline = (await client.get("/v1/members/m/upline")).json()
    assert statuses == ["accepted", "accepted"]
    assert [one["memberId"] for one in upline["items"]] == ["one"]


async def test_sales_go_up_the_tree_of_the_day_the_order_was_created(client: AsyncClient) -> None:
    await send(client, bound("buyer", "seller"), bound("seller", "top"))
    await send(client, paid("o1", "buyer", START + 5 * DAY, 1_000))

    await send(client, bound("seller", "other", START + 10 * DAY, mode="override"))
    await send(client, paid("o2", "buyer", START + 12 * DAY, 500))

    seller = (await client.get("/v1/members/seller/team?month=2026-01")).json()
    top = (await client.get("/v1/members/top/team?month=2026-01")).json()
    other = (await client.get("/v1/members/other/team?month=2026-01")).json()
    assert seller["ownSalesMinor"] == 1_500
    assert (top["directSalesMinor"], top["teamSalesMinor"]) == (1_000, 1_000)
    assert (other["directSalesMinor"], other["teamSalesMinor"]) == (500, 500)


async def test_an_order_completed_after_it_was_cancelled_counts_again(client: AsyncClient) -> None:
    order = {"orderId": "o1"}
    await send(client, bound("m", "seller"), paid("o1", "m", START + DAY, 1_000))
    await send(client, event("order.cancelled", "x1", START + 2 * DAY, order))
    cancelled = (await client.get("/v1/members/seller/team?month=2026-01")).json()

    await send(client, event("order.completed", "c1", START + 3 * DAY, order))

    completed = (await client.get("/v1/members/seller/team?month=2026-01")).json()
    assert (cancelled["ownSalesMinor"], completed["ownSalesMinor"]) == (0, 1_000)


async def test_levels_say_members_activity_and_sales(client: AsyncClient) -> None:
    await send(client, bound("b", "a"), bound("c", "b"), joined("b"), joined("c", NOW - DAY))
    await send(client, paid("o1", "c", START + 5 * DAY, 700))

    team = (await client.get("/v1/members/a/team?month=2026-01&levels=5")).json()

    assert team["levels"] == [
        {"level": 1, "members": 1, "activeMembers": 0, "salesMinor": 700},
        {"level": 2, "members": 1, "activeMembers": 1, "salesMinor": 0},
    ]
    assert team["truncated"] is False


async def test_a_binding_with_an_end_counts_until_then(client: AsyncClient) -> None:
    ends = (START + 20 * DAY).isoformat()
    await send(client, bound("m", "host", mode="expiring", expiresAt=ends))
    await send(client, paid("in", "m", START + 10 * DAY, 100))
    await send(client, paid("out", "m", START + 30 * DAY, 100))

    inside = (await client.get("/v1/orders/in/attribution")).json()
    outside = (await client.get("/v1/orders/out/attribution")).json()
    host = (await client.get("/v1/members/host/team")).json()

    assert (inside["basis"], outside["basis"]) == ("binding", "none")
    assert inside["credits"] == [{"memberId": "host", "weight": "1", "amountMinor": 100}]
    assert host["directCount"] == 0


async def test_a_member_has_role_status_and_inviter_of_the_latest_word(client: AsyncClient) -> None:
    late = {"memberId": "m", "role": "promoter", "status": "frozen"}
    early = {"memberId": "m", "role": "partner"}
    await send(client, joined("m"), bound("m", "a"))
    await send(client, event("member.updated", "u2", START + 2 * DAY, late))
    await send(client, event("member.updated", "u1", START + DAY, early))

    member = (await client.get("/v1/members/m")).json()

    assert (member["role"], member["status"], member["inviterId"]) == ("promoter", "frozen", "a")
    assert member["joinedAt"] == "2025-12-31T16:00:00Z"


async def test_a_freeze_is_written_at_an_order_whose_sale_is_nothing_any_more(
    client: AsyncClient, database: Database
) -> None:
    refund = {"orderId": "o1", "refundId": "r1", "amountMinor": 100}
    await send(client, bound("m", "seller"), paid("o1", "m", START + DAY, 100))
    await send(client, event("order.refunded", "r1", START + 2 * DAY, refund))

    frozen = {"memberId": "seller", "status": "frozen"}
    await send(client, event("member.updated", "u1", START + 3 * DAY, frozen))

    query = "MATCH (:Order)-[c:CREDITED_TO]->() RETURN c.excluded AS why, c.amountMinor AS minor"
    assert database.query(query) == [{"why": "frozen", "minor": 0}]
