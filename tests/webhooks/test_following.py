"""What webhooks are told follows from the ledger and the log, once."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from graph_service.webhooks import following, releasing
from graph_service.webhooks.following import follow_log
from graph_service.webhooks.subscriptions import Wanted, change_webhook
from tests.conftest import Database
from tests.webhooks.conftest import DAY, Receiver, Shop
from tests.worlds import event
from tests.worlds.named import five_levels

MESSAGES = "MATCH (m:WebhookMessage) RETURN m.messageId AS id, m.body AS body ORDER BY id"
RELEASE = '"type":"commission.released"'
FORGET = "MATCH (n:WebhookMessage|WebhookDelivery) DETACH DELETE n"
FROM_THE_START = """
MATCH (w:Webhook) SET w.sinceSeq = 0
WITH DISTINCT 1 AS once
MATCH (p:WebhookPlace {name: 'log'}) SET p.seq = 0, p.partSeq = 0, p.beganSeq = 0
WITH p
MATCH (n:Order|SalesMonth) REMOVE n.settledSeq
"""


def example() -> str:
    """The message that the page shows."""
    text = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text("utf-8")
    return text.partition("```json\n")[2].partition("```")[0]


def shape(told: Any) -> Any:
    """The same without what it says: names and types."""
    if isinstance(told, dict):
        fields = cast("dict[str, Any]", told)
        return {name: shape(value) for name, value in fields.items()}
    if isinstance(told, list):
        return [shape(one) for one in cast("list[Any]", told)]
    return type(told).__name__


def amounts(receiver: Receiver) -> list[tuple[str, int]]:
    return sorted((kind, data["amountMinor"]) for kind, data in receiver.told)


def sum_of(told: list[tuple[str, int]], kind: str) -> int:
    return sum(amount for one, amount in told if one == kind)


async def test_what_an_order_earns_is_told_with_its_entries(shop: Shop, receiver: Receiver) -> None:
    webhook = await shop.subscribe(receiver.url)
    await shop.store(*shop.sale())

    attempts = await shop.deliver()

    (request,) = receiver.requests
    assert attempts == 1
    assert request.verify(shop.secrets(webhook)[0]) == request.told
    assert request.told["type"] == "commission.booked"
    assert request.told["timestamp"].endswith("Z")
    data = request.told["data"]
    assert data["entries"] == [
        {
            "entryId": data["entries"][0]["entryId"],
            "basis": "own_sale",
            "part": "category fmcg",
            "rate": "0.08",
            "baseMinor": 10_000,
            "amountMinor": 800,
            "why": data["entries"][0]["why"],
        }
    ]
    assert shape(request.told) == shape(json.loads(example().replace("\n", "")))
    assert (data["memberId"], data["orderId"], data["currency"]) == ("seller", "o", "CNY")
    assert (data["amountMinor"], data["planVersion"]) == (800, "seed-1")
    assert data["cause"]["type"] == "order.paid"


async def test_a_refund_is_told_as_reversed(shop: Shop, receiver: Receiver) -> None:
    await shop.subscribe(receiver.url)
    await shop.store(*shop.sale())
    await shop.store(shop.refund("o", 5_000))

    await shop.deliver()

    assert [(kind, data["amountMinor"], data["cause"]["type"]) for kind, data in receiver.told] == [
        ("commission.booked", 800, "order.paid"),
        ("commission.reversed", -400, "order.refunded"),
    ]


async def test_nobody_is_told_of_what_the_platform_keeps(shop: Shop, receiver: Receiver) -> None:
    await shop.subscribe(receiver.url)
    await shop.store(*five_levels())

    for _ in range(3):
        await shop.deliver()

    told = {data["memberId"] for _, data in receiver.told}
    assert told == {"step-1", "step-2", "step-3", "step-4", "step-5"}


async def test_only_what_is_asked_for_is_told(shop: Shop, receiver: Receiver) -> None:
    await shop.subscribe(receiver.url, "commission.reversed")
    await shop.store(*shop.sale(), shop.refund("o", 10_000))

    await shop.deliver()

    assert [kind for kind, _ in receiver.told] == ["commission.reversed"]


async def test_what_was_booked_before_a_webhook_was_made_is_not_told(
    shop: Shop, receiver: Receiver
) -> None:
    await shop.store(*shop.sale())
    await shop.subscribe(receiver.url)
    await shop.store(*shop.sale("later"))

    await shop.deliver()

    assert [data["orderId"] for _, data in receiver.told] == ["later"]


async def test_a_change_of_role_is_told(shop: Shop, receiver: Receiver) -> None:
    await shop.subscribe(receiver.url)

    await shop.change_role("m")
    await shop.deliver()

    ((kind, data),) = receiver.told
    assert kind == "role.changed"
    assert {**data, "cause": None} == {
        "memberId": "m",
        "role": "partner",
        "before": "promoter",
        "reason": "kept",
        "month": "2026-01",
        "cause": None,
    }


async def test_commission_is_released_by_the_clock_when_it_was_held_long_enough(
    shop: Shop, receiver: Receiver
) -> None:
    await shop.subscribe(receiver.url, "commission.released")
    await shop.store(*shop.sale(), shop.refund("o", 5_000), shop.complete())
    await shop.deliver()
    before = list(receiver.told)

    shop.now += timedelta(days=6, hours=23)
    await shop.deliver()
    early = list(receiver.told)
    shop.now += timedelta(hours=1)
    due = shop.now
    await shop.deliver()
    shop.now += 3 * DAY
    await shop.deliver()

    assert before == early == []
    ((kind, data),) = receiver.told
    assert (kind, data["memberId"], data["amountMinor"]) == ("commission.released", "seller", 400)
    assert data["availableAt"] == due.isoformat().replace("+00:00", "Z")
    assert [one["amountMinor"] for one in data["entries"]] == [800, -400]


async def test_what_is_refunded_in_full_before_is_never_released(
    shop: Shop, receiver: Receiver
) -> None:
    await shop.subscribe(receiver.url, "commission.released")
    await shop.store(*shop.sale(), shop.complete(), shop.refund("o", 10_000))

    shop.now += 8 * DAY
    await shop.deliver()

    assert receiver.told == []


async def test_a_completion_that_is_told_late_is_released_at_once_and_only_once(
    shop: Shop, receiver: Receiver
) -> None:
    await shop.subscribe(receiver.url, "commission.released")
    await shop.store(*shop.sale(paid=-20 * DAY))
    await shop.deliver()

    await shop.store(shop.complete(ago=10 * DAY))
    await shop.deliver()
    await shop.store(shop.complete(ago=9 * DAY))
    shop.now += 8 * DAY
    await shop.deliver()

    assert [data["amountMinor"] for _, data in receiver.told] == [800]


async def test_what_is_booked_after_the_release_is_released_at_once(
    shop: Shop, receiver: Receiver
) -> None:
    await shop.subscribe(receiver.url, "commission.released")
    await shop.store(*shop.sale(paid=-20 * DAY), shop.complete(ago=10 * DAY))
    await shop.deliver()
    late = {"shareId": "s-late", "memberId": "other"}
    click = {"shareId": "s-late", "memberId": "buyer"}
    at = shop.now - 20 * DAY - timedelta(hours=1)

    # A click that is told late: the order was the other's.
    await shop.store(
        event("share.created", "late", at - DAY, late), event("share.clicked", "click", at, click)
    )
    await shop.deliver()

    assert [(data["memberId"], data["amountMinor"]) for _, data in receiver.told] == [
        ("other", 800),
        ("seller", 800),
    ]


async def test_a_cancelled_order_is_not_released_however_the_log_is_cut(
    shop: Shop, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "FACTS_TOGETHER", 1)
    await shop.subscribe(receiver.url)
    await shop.store(*shop.sale(paid=-20 * DAY), shop.cancel("o", ago=10 * DAY))

    await shop.deliver()

    assert amounts(receiver) == [("commission.booked", 800), ("commission.reversed", -800)]


async def test_a_refund_of_what_was_released_before_anybody_listened_releases_nothing(
    shop: Shop, receiver: Receiver
) -> None:
    await shop.store(*shop.sale(paid=-60 * DAY), shop.complete(ago=50 * DAY))
    await shop.subscribe(receiver.url)

    await shop.store(shop.refund("o", 1_000))
    await shop.deliver()
    # Another completion does not make it new.
    await shop.store(shop.complete(ago=DAY))
    shop.now += 8 * DAY
    await shop.deliver()

    assert amounts(receiver) == [("commission.reversed", -80)]


async def test_what_was_released_stays_told_when_its_message_is_no_longer_kept(
    shop: Shop, receiver: Receiver
) -> None:
    await shop.subscribe(receiver.url)
    await shop.store(*shop.sale(), shop.complete())
    shop.now += 8 * DAY
    await shop.deliver()
    shop.now += (shop.teller.settings.webhook_keep_days + 1) * DAY
    await shop.teller.clean()

    await shop.store(shop.refund("o", 1_000))
    await shop.deliver()

    assert amounts(receiver) == [
        ("commission.booked", 800),
        ("commission.released", 800),
        ("commission.reversed", -80),
    ]


async def test_what_moves_away_after_its_release_and_back_is_released_again(
    shop: Shop, receiver: Receiver
) -> None:
    await shop.subscribe(receiver.url)
    await shop.store(*shop.sale(paid=-20 * DAY), shop.complete(ago=10 * DAY))
    await shop.deliver()

    await shop.store(*shop.late_click("o", paid=-20 * DAY))
    await shop.deliver()
    # The seller's share was clicked again, and that was after the other's.
    again = {"shareId": "s-o", "memberId": "buyer"}
    at = shop.now - 20 * DAY - timedelta(minutes=30)
    await shop.store(event("share.clicked", "again", at, again))
    await shop.deliver()

    seller = [
        (kind, data["amountMinor"]) for kind, data in receiver.told if data["memberId"] == "seller"
    ]
    other = [
        (kind, data["amountMinor"]) for kind, data in receiver.told if data["memberId"] == "other"
    ]
    assert (sum_of(seller, "commission.released"), sum_of(seller, "commission.reversed")) == (
        1_600,
        -800,
    )
    assert (sum_of(other, "commission.released"), sum_of(other, "commission.reversed")) == (
        800,
        -800,
    )
    assert len({one.headers["webhook-id"] for one in receiver.requests}) == len(receiver.requests)


async def test_what_a_month_earns_after_its_release_is_released_by_itself(
    shop: Shop, receiver: Receiver, database: Database
) -> None:
    shop.now = shop.now.replace(year=2026, month=4, day=30, hour=0)
    await shop.store(*shop.sale())
    await shop.subscribe(receiver.url, "commission.released")
    database.query(MONTH_ENTRY, member="a", part="1", month="2026-04")
    shop.now = shop.now.replace(month=5, day=20)
    await shop.deliver()

    for part, amount in (("2", -500), ("3", 300)):
        await shop.store(*shop.sale(f"later-{part}"))
        database.query(MONTH_ENTRY, member="a", part=part, month="2026-04")
        change = "MATCH (e:LedgerEntry {entryId: 'month-a' + $part}) SET e.amountMinor = $amount"
        database.query(change, part=part, amount=amount)
    await shop.deliver()

    assert amounts(receiver) == [("commission.released", 300), ("commission.released", 500)]


MONTH_ENTRY = """
MATCH (l:Ledger {name: 'ledger'})
MERGE (s:SalesMonth {salesMonthId: $month + ' CNY ' + $member})
SET s.month = $month, s.currency = 'CNY'
MERGE (p:Period {periodId: $month + ' CNY'})
SET p.period = $month, p.currency = 'CNY', p.closedAt = datetime()
CREATE (s)<-[:FOR]-(e:LedgerEntry {entryId: 'month-' + $member + $part, seq: l.bookedSeq,
  orderId: '', payeeId: $member, basis: 'ladder', part: $part, month: $month, currency: 'CNY',
  amountMinor: 500, baseMinor: 10000, rate: '0.05', planVersion: 'seed-1', why: 'ladder'})
"""


async def test_what_a_month_earned_is_released_when_it_is_over_and_was_held(
    shop: Shop, receiver: Receiver, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releasing, "MONTH_ENTRIES_TOGETHER", 3)
    shop.now = shop.now.replace(year=2026, month=4, day=30, hour=0)
    await shop.store(*shop.sale())
    for member in ("a", "b", "c"):
        for part in ("1", "2"):
            database.query(MONTH_ENTRY, member=member, part=part, month="2026-04")
    await shop.subscribe(receiver.url, "commission.released")

    # In Shanghai May begins at 16:00 UTC.
    shop.now = shop.now.replace(month=5, day=7, hour=15, minute=59)
    await shop.deliver()
    early = len(receiver.told)
    shop.now += timedelta(hours=1)
    await shop.deliver()
    shop.now += DAY
    await shop.deliver()

    assert early == 0
    assert [
        (data["memberId"], data["orderId"], data["amountMinor"]) for _, data in receiver.told
    ] == [
        ("a", None, 1_000),
        ("b", None, 1_000),
        ("c", None, 1_000),
    ]
    assert {data["availableAt"] for _, data in receiver.told} == {"2026-05-07T16:00:00Z"}


async def test_what_a_closed_month_earned_is_told_and_released(
    shop: Shop, receiver: Receiver
) -> None:
    shop.now = shop.now.replace(year=2026, month=4, day=10, hour=0)
    await shop.subscribe(receiver.url, "commission.booked", "commission.released")
    await shop.store(*shop.sale())
    shop.now = shop.now.replace(month=5, day=2)

    closed = await shop.pipeline.close_periods()
    assert await shop.pipeline.settle_ledger(timeout_s=60)
    await shop.deliver()
    shop.now = shop.now.replace(day=8)
    await shop.deliver()

    ladder = [
        (kind, data["memberId"], data["period"], data["orderId"], data["amountMinor"])
        for kind, data in receiver.told
        if data["entries"][0]["basis"] == "ladder"
    ]
    assert closed == 1
    assert ladder == [
        ("commission.booked", "seller", "2026-04", None, 500),
        ("commission.released", "seller", "2026-04", None, 500),
    ]


@pytest.mark.parametrize(
    ("entries_max", "facts_max"), [(1, 1_000), (2, 1_000), (3, 1_000), (1_000, 1), (1, 1), (2, 3)]
)
async def test_any_cut_of_the_log_tells_the_same(
    shop: Shop,
    receiver: Receiver,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    entries_max: int,
    facts_max: int,
) -> None:
    await shop.subscribe(receiver.url)
    await shop.store(*shop.sale(), shop.refund("o", 3_000), *five_levels(), shop.complete())
    # What follows was released long ago, or would have been but for what was told last.
    for name in ("kept", "cancelled", "refunded", "halved"):
        await shop.store(*shop.sale(name, paid=-20 * DAY))
    await shop.store(
        shop.cancel("cancelled", ago=10 * DAY),
        *(shop.complete(name, ago=10 * DAY) for name in ("kept", "refunded", "halved")),
        shop.refund("refunded", 10_000),
        shop.refund("halved", 5_000),
    )
    # Late, so of what was released all is booked for another.
    await shop.store(*shop.late_click("kept", paid=-20 * DAY))
    await shop.change_role("m")
    await shop.teller.tell()
    whole = database.query(MESSAGES)

    database.query(FORGET)
    database.query(FROM_THE_START)
    monkeypatch.setattr(following, "FACTS_TOGETHER", facts_max)
    graph, books = shop.pipeline.graph, shop.pipeline
    while await follow_log(graph, books, shop.teller.holder, entries_max=entries_max):
        pass

    released = [json.loads(row["body"])["data"] for row in whole if RELEASE in row["body"]]
    assert len(whole) > 7
    assert sorted((one["orderId"], one["memberId"], one["amountMinor"]) for one in released) == [
        ("halved", "other", 400),
        ("halved", "seller", 400),
        ("kept", "other", 800),
        ("kept", "seller", 800),
    ]
    assert database.query(MESSAGES) == whole


async def test_of_two_processes_each_message_is_told_once(
    shop: Shop, receiver: Receiver, database: Database
) -> None:
    await shop.subscribe(receiver.url)
    await shop.store(*(one for i in range(12) for one in shop.sale(f"o{i}")))
    graph, books = shop.pipeline.graph, shop.pipeline
    other = type(shop.teller)(
        graph, books, shop.teller.sender, shop.teller.pepper, shop.teller.settings
    )

    async def work(teller: Any) -> int:
        await teller.tell()
        return sum([await teller.deliver() for _ in range(4)])

    sent = await asyncio.gather(work(shop.teller), work(other))

    ids = [one.headers["webhook-id"] for one in receiver.requests]
    assert len(ids) == len(set(ids)) == 12
    assert sorted(sent) == [0, 12]


async def test_what_happens_while_a_webhook_is_disabled_is_kept_and_not_sent(
    shop: Shop, receiver: Receiver, database: Database
) -> None:
    webhook = await shop.subscribe(receiver.url)
    graph, clock = shop.pipeline.graph, shop.pipeline.clock
    await change_webhook(graph, webhook.webhook_id, Wanted(enabled=False), clock)
    await shop.store(*shop.sale())

    await shop.deliver()

    statuses = database.query("MATCH (d:WebhookDelivery) RETURN d.status AS status")
    assert statuses == [{"status": "skipped"}]
    assert receiver.requests == []


async def test_where_nobody_listens_nothing_is_written(shop: Shop, database: Database) -> None:
    await shop.store(*shop.sale(), shop.complete())

    await shop.deliver()

    query = "MATCH (n:WebhookPlace|WebhookMessage|WebhookDelivery) RETURN count(n) AS nodes"
    assert database.query(query) == [{"nodes": 0}]
