"""The monthly report of a member over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient

from graph_service.influence import months
from tests.worlds import START, Event, event, order_data

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)
PATH = "/v1/members/a/influence"


def mall() -> list[Event]:
    """a shares on January 3; b passes it on on January 10, c on February 2 (day 32).

    On January 20 the visitor v, the member b and a itself click a's share, v twice; b buys then,
    and again on February 9. c clicks on February 1 and buys, and the order is cancelled.
    """
    made = (("s1", "a", None, 2), ("s2", "b", "s1", 9), ("s3", "c", "s2", 32))
    events: list[Event] = []
    for share, member, parent, day in made:
        told = {"shareId": share, "memberId": member, "parentShareId": parent}
        events.append(event("share.created", f"make-{share}", START + day * DAY, told))
    clicks = (("visitorId", "v"), ("visitorId", "v"), ("memberId", "b"), ("memberId", "a"))
    for number, (kind, who) in enumerate(clicks):
        told = {"shareId": "s1", kind: who}
        events.append(event("share.clicked", f"click-{number}", START + 19 * DAY, told))
    late = {"shareId": "s1", "memberId": "c"}
    events.append(event("share.clicked", "late", START + 31 * DAY, late))
    for order, who, day in (("o1", "b", 19), ("o2", "b", 39), ("o3", "c", 31)):
        paid = order_data(order, who, 100)
        events.append(event("order.paid", f"pay-{order}", START + day * DAY, paid))
    events.append(event("order.cancelled", "end", START + 40 * DAY, {"orderId": "o3"}))
    return events


async def send(client: AsyncClient, events: list[Event]) -> None:
    answer = await client.post("/v1/events?wait=true", json=events)
    assert answer.json()["rejected"] == 0, answer.text


async def asked(client: AsyncClient, query: str = "") -> dict[str, Any]:
    answer = await client.get(PATH + query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_each_month_tells_what_happened_in_it(client: AsyncClient) -> None:
    await send(client, mall())

    found = await asked(client, "?month=2026-02&month=2026-01&month=2025-12&month=2026-01")

    columns = ("month", "cascades", "peopleReached", "reshares", "orders", "credit")
    told = [tuple(one[name] for name in columns) for one in found["items"]]
    assert told == [
        ("2025-12", 0, 0, 0, 0, "0"),
        ("2026-01", 1, 2, 1, 1, "1"),
        ("2026-02", 0, 1, 0, 1, "1"),
    ]
    assert (found["zone"], found["truncated"]) == ("Asia/Shanghai", False)


async def test_the_decayed_split_is_less_than_the_equal_one(client: AsyncClient) -> None:
    await send(client, mall())

    found = await asked(client, "?month=2026-01&split=decayed")

    # One gap is its own mean, so exp(-1).
    assert found["items"][0]["credit"] == "0.3678794412"


async def test_without_a_month_it_is_this_one(client: AsyncClient) -> None:
    await send(client, mall())

    assert [one["month"] for one in (await asked(client))["items"]] == ["2026-03"]


@pytest.mark.parametrize("query", ["?month=2026-13", "?month=now", "?" + "month=2026-01&" * 25])
async def test_what_is_no_month_or_too_many_is_refused(client: AsyncClient, query: str) -> None:
    await send(client, mall())

    assert (await client.get(PATH + query)).status_code == 422


async def test_a_member_of_whom_nobody_told_is_not_found(client: AsyncClient) -> None:
    answer = await client.get("/v1/members/nobody/influence")

    assert (answer.status_code, answer.json()["code"]) == (404, "member_not_found")


async def test_more_cascades_than_the_limit_are_told(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await send(client, mall())
    monkeypatch.setattr(months, "CASCADES_MAX", 0)

    assert (await asked(client))["truncated"]
