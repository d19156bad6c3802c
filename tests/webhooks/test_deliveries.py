"""What is tried again and when, what ends it, and what is sent once more."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from graph_service.webhooks import deliveries, worker
from graph_service.webhooks.deliveries import (
    FAILING_MS_MAX,
    TAKEN_GRACE_S,
    WAITS_S,
    Attempt,
    Taken,
    TooManyDeliveries,
    list_deliveries,
    next_due_ms,
    ping_webhook,
    read_delivery,
    replay_deliveries,
    replay_delivery,
    take_deliveries,
)
from graph_service.webhooks.sending import Result, Sender
from graph_service.webhooks.subscriptions import (
    Wanted,
    change_webhook,
    read_webhook,
    remove_webhook,
    rotate_secret,
)
from graph_service.webhooks.worker import Teller
from tests.conftest import Database
from tests.webhooks.conftest import DAY, Receiver, Shop, raw_server, until

DELIVERY = "MATCH (d:WebhookDelivery) RETURN d.deliveryId AS id"


async def only_delivery(shop: Shop, database: Database) -> dict[str, Any]:
    (row,) = database.query(DELIVERY)
    return await read_delivery(shop.pipeline.graph, row["id"])


async def test_a_refusal_is_tried_again_with_the_same_id(
    shop: Shop, receiver: Receiver, database: Database
) -> None:
    receiver.answers, receiver.text = [500, 503], b"not now"
    webhook = await shop.subscribe(receiver.url)
    await shop.store(*shop.sale())

    attempts = [await shop.deliver()]
    for wait in (4, 1, 299, 1):
        shop.now += timedelta(seconds=wait)
        attempts.append(await shop.deliver())

    found = await only_delivery(shop, database)
    assert attempts == [1, 0, 1, 0, 1]
    assert len({one.headers["webhook-id"] for one in receiver.requests}) == 1
    assert [one.headers["webhook-timestamp"] for one in receiver.requests] == sorted(
        {one.headers["webhook-timestamp"] for one in receiver.requests}
    )
    assert (found["status"], found["attemptCount"]) == ("delivered", 3)
    assert [(one["status"], one["answer"]) for one in found["attempts"]] == [
        (500, "not now"),
        (503, "not now"),
        (200, "not now"),
    ]
    assert found["payload"]["data"]["amountMinor"] == 800
    assert (await read_webhook(shop.pipeline.graph, webhook.webhook_id)).failing_ms is None


def attempt_of(tries: int, status: int | None, *, retry_after_s: int = 0) -> Attempt:
    return Attempt(
        Taken("d", "w", "m", "", tries, "t"), Result(status, retry_after_s=retry_after_s), 0, 0
    )


def test_waits_grow_over_three_days_and_then_end() -> None:
    waits = [next_due_ms(attempt_of(tries, 500), 0, lambda: 0.5) for tries in range(11)]

    assert waits == [*(1_000 * one for one in WAITS_S), None, None]
    assert 3 * 86_400 < sum(WAITS_S) < 3.5 * 86_400


def test_chance_spreads_a_wait_by_a_tenth() -> None:
    waits = [next_due_ms(attempt_of(1, None), 0, lambda one=one: one) for one in (0.0, 1.0)]

    assert waits == [270_000, 330_000]


@pytest.mark.parametrize("status", [200, 204, 299, 410])
def test_what_arrived_or_is_gone_is_not_tried_again(status: int) -> None:
    assert next_due_ms(attempt_of(0, status), 0, lambda: 0.5) is None


def test_a_receiver_may_ask_for_a_longer_wait_but_no_shorter_one() -> None:
    longer = next_due_ms(attempt_of(0, 429, retry_after_s=60), 0, lambda: 0.5)
    shorter = next_due_ms(attempt_of(1, 429, retry_after_s=60), 0, lambda: 0.5)

    assert (longer, shorter) == (60_000, 300_000)


async def test_retry_after_is_read_from_the_answer(shop: Shop, receiver: Receiver) -> None:
    receiver.answers, receiver.headers = [429], {"Retry-After": "30"}
    await shop.subscribe(receiver.url)
    await shop.store(*shop.sale())
    await shop.deliver()

    shop.now += timedelta(seconds=29)
    early = await shop.deliver()
    shop.now += timedelta(seconds=1)
    due = await shop.deliver()

    assert (early, due) == (0, 1)


async def test_what_is_refused_for_three_days_is_given_up_and_can_be_replayed(
    shop: Shop, receiver: Receiver, database: Database
) -> None:
    receiver.answers = [500] * 10
    await shop.subscribe(receiver.url)
    await shop.store(*shop.sale())
    await shop.deliver()
    for wait in WAITS_S:
        shop.now += timedelta(seconds=wait)
        await shop.deliver()
    failed = await only_delivery(shop, database)

    shop.now += DAY
    idle = await shop.deliver()
    told = await replay_delivery(shop.pipeline.graph, failed["deliveryId"], shop.pipeline.clock)
    await shop.deliver()

    found = await only_delivery(shop, database)
    assert (failed["status"], failed["attemptCount"], failed["nextAttemptAt"]) == (
        "failed",
        10,
        None,
    )
    assert (idle, told["status"]) == (0, "pending")
    assert (found["status"], found["attemptCount"], len(receiver.requests)) == ("delivered", 11, 11)
    assert len({one.headers["webhook-id"] for one in receiver.requests}) == 1


async def test_a_receiver_that_is_gone_is_disabled(
    shop: Shop, receiver: Receiver, database: Database
) -> None:
    receiver.answers = [410]
    webhook = await shop.subscribe(receiver.url)
    await shop.store(*shop.sale())
    await shop.deliver()
    await shop.store(shop.refund("o", 1_000))
    shop.now += DAY
    await shop.deliver()

    found = await read_webhook(shop.pipeline.graph, webhook.webhook_id)
    states = database.query("MATCH (d:WebhookDelivery) RETURN d.status AS s ORDER BY s")
    assert (found.enabled, found.disabled_why, len(receiver.requests)) == (False, "gone", 1)
    assert [row["s"] for row in states] == ["failed", "skipped"]


async def test_a_receiver_that_failed_for_five_days_is_disabled_until_it_is_enabled(
    shop: Shop, receiver: Receiver
) -> None:
    receiver.answers = [500, 500, 500]
    webhook = await shop.subscribe(receiver.url)
    graph, clock = shop.pipeline.graph, shop.pipeline.clock
    await shop.store(*shop.sale())
    await shop.deliver()
    shop.now += timedelta(milliseconds=FAILING_MS_MAX - 1)
    await shop.deliver()
    still = await read_webhook(graph, webhook.webhook_id)
    shop.now += DAY
    await shop.deliver()
    dead = await read_webhook(graph, webhook.webhook_id)

    alive = await change_webhook(graph, webhook.webhook_id, Wanted(enabled=True), clock)
    shop.now += DAY
    await shop.deliver()

    assert (still.enabled, dead.enabled, dead.disabled_why) == (True, False, "failing")
    assert (alive.enabled, alive.failing_ms, len(receiver.requests)) == (True, None, 4)


def sent_by(teller: Teller) -> Callable[[], Awaitable[bool]]:
    async def sent() -> bool:
        return bool(await teller.deliver())

    return sent


async def test_a_sender_that_is_killed_before_it_sends_loses_nothing(
    shop: Shop, receiver: Receiver
) -> None:
    webhook = await shop.subscribe(receiver.url)
    await shop.store(*shop.sale())
    await shop.teller.tell()
    settings, graph = shop.teller.settings, shop.pipeline.graph
    taken = await take_deliveries(
        graph,
        [webhook.webhook_id],
        shop.teller.holder,
        shop.pipeline.clock,
        settings.webhook_timeout_s,
    )
    successor = replace(shop.teller, holder="successor", _lanes={}, _wanted=asyncio.Event())

    # Before the lease has run out, and before what was taken is free again.
    at_once = await successor.deliver()
    shop.now += timedelta(seconds=settings.webhook_timeout_s + TAKEN_GRACE_S)
    assert await until(sent_by(successor), 15)
    again = await successor.deliver()

    assert (len(taken), at_once, again) == (1, 0, 0)
    assert [one.headers["webhook-id"] for one in receiver.requests] == [taken[0].message_id]


async def test_a_killed_teller_s_messages_are_those_that_its_successor_sends(
    shop: Shop, receiver: Receiver, database: Database
) -> None:
    await shop.subscribe(receiver.url)
    await shop.store(*shop.sale())
    await shop.teller.tell()
    (written,) = database.query("MATCH (m:WebhookMessage) RETURN m.messageId AS id")
    database.query("MATCH (l:Lease {name: 'webhooks'}) DELETE l")
    successor = Teller(
        shop.pipeline.graph,
        shop.pipeline,
        shop.teller.sender,
        shop.teller.pepper,
        shop.teller.settings,
    )

    for _ in range(2):
        await successor.tell()
        await successor.deliver()

    assert [one.headers["webhook-id"] for one in receiver.requests] == [written["id"]]


async def test_a_replay_during_an_attempt_is_not_lost(
    shop: Shop, receiver: Receiver, database: Database
) -> None:
    await shop.subscribe(receiver.url)
    await shop.store(*shop.sale())
    await shop.teller.tell()
    (row,) = database.query(DELIVERY)
    sender = shop.teller.sender

    async def replayed_meanwhile(url: str, body: str, headers: dict[str, str]) -> Result:
        result = await sender.send(url, body, headers)
        if len(receiver.requests) == 1:
            await replay_delivery(shop.pipeline.graph, row["id"], shop.pipeline.clock)
        return result

    class Meddler:
        send = staticmethod(replayed_meanwhile)

    shop.teller.sender = Meddler()  # pyright: ignore[reportAttributeAccessIssue]
    first, second, third = [await shop.teller.deliver() for _ in range(3)]

    assert (first, second, third, len(receiver.requests)) == (1, 1, 0, 2)
    assert (await only_delivery(shop, database))["status"] == "delivered"


async def test_the_deliveries_of_a_time_are_replayed(shop: Shop, receiver: Receiver) -> None:
    webhook = await shop.subscribe(receiver.url)
    graph, clock = shop.pipeline.graph, shop.pipeline.clock
    for name in ("one", "two"):
        await shop.store(*shop.sale(name))
        await shop.deliver()
        shop.now += timedelta(hours=1)
    now_ms = int(shop.now.timestamp() * 1_000)

    count = await replay_deliveries(
        graph, webhook.webhook_id, (now_ms - 3_600_000, now_ms), None, clock
    )
    sent = await shop.deliver()

    assert (count, sent) == (1, 1)
    assert [one.told["data"]["orderId"] for one in receiver.requests] == ["one", "two", "two"]


async def test_more_than_a_bound_is_not_replayed_at_once(
    shop: Shop, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "REPLAYED_MAX", 1)
    webhook = await shop.subscribe(receiver.url)
    await shop.store(*shop.sale("one"), *shop.sale("two"))
    await shop.deliver()

    with pytest.raises(TooManyDeliveries):
        await replay_deliveries(
            shop.pipeline.graph, webhook.webhook_id, (0, 10**14), None, shop.pipeline.clock
        )


async def test_lists_are_paged_newest_first_and_by_state(shop: Shop, receiver: Receiver) -> None:
    webhook = await shop.subscribe(receiver.url)
    graph = shop.pipeline.graph
    for _ in range(5):
        await ping_webhook(graph, webhook.webhook_id, shop.pipeline.clock)
    await shop.deliver()
    shop.now += timedelta(seconds=1)
    await ping_webhook(graph, webhook.webhook_id, shop.pipeline.clock)

    pages: list[list[str]] = []
    cursor: str | None = None
    while not pages or cursor:
        items, cursor = await list_deliveries(
            graph, webhook.webhook_id, status=None, limit=2, cursor=cursor
        )
        pages.append([one["deliveryId"] for one in items])
    waiting, _ = await list_deliveries(graph, webhook.webhook_id, status="pending", limit=9)

    assert [len(page) for page in pages] == [2, 2, 2]
    assert len({one for page in pages for one in page}) == 6
    assert [one["deliveryId"] for one in waiting] == [pages[0][0]]


async def test_the_secret_before_a_rotation_signs_for_a_day(shop: Shop, receiver: Receiver) -> None:
    webhook = await shop.subscribe(receiver.url)
    graph, clock = shop.pipeline.graph, shop.pipeline.clock
    (old,) = shop.secrets(webhook)

    rotated = await rotate_secret(graph, webhook.webhook_id, clock)
    await ping_webhook(graph, webhook.webhook_id, clock)
    await shop.deliver()
    shop.now += DAY
    await ping_webhook(graph, webhook.webhook_id, clock)
    await shop.deliver()

    first, second = receiver.requests
    new = shop.secrets(rotated)[0]
    assert new != old
    assert first.verify(old)["type"] == first.verify(new)["type"] == "ping"
    assert len(first.headers["webhook-signature"].split()) == 2
    assert len(second.headers["webhook-signature"].split()) == 1


async def test_a_slow_receiver_does_not_hold_up_another(shop: Shop, receiver: Receiver) -> None:
    async def arrived() -> bool:
        return bool(receiver.requests)

    async with raw_server(b"", closes=False) as slow:
        await shop.subscribe(slow)
        await shop.subscribe(receiver.url)
        await shop.store(*shop.sale())
        task = asyncio.create_task(shop.teller.run())
        came = await until(arrived)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert came
    assert len(receiver.requests) == 1


async def test_what_is_due_is_sent_while_there_is_more_to_tell(
    shop: Shop, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def always_more(*rest: Any) -> bool:
        await worker_follow_log(*rest)
        return True

    async def arrived() -> bool:
        return bool(receiver.requests)

    worker_follow_log = worker.follow_log
    monkeypatch.setattr(worker, "follow_log", always_more)
    await shop.subscribe(receiver.url)
    await shop.store(*shop.sale())

    task = asyncio.create_task(shop.teller.run())
    came = await until(arrived, 5)
    await shop.teller.end(task)

    assert came


@pytest.mark.parametrize("breaks", ["send", "record"])
async def test_an_error_that_nobody_foresaw_is_counted_and_waits_as_any_other(
    shop: Shop,
    receiver: Receiver,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    breaks: str,
) -> None:
    async def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("nobody foresaw this")

    if breaks == "send":
        monkeypatch.setattr(Sender, "send", broken)
    else:
        monkeypatch.setattr(worker, "record_attempt", broken)
        shop.teller.lane_rest_s = 0.2
    await shop.subscribe(receiver.url)
    await shop.store(*shop.sale())
    before = REGISTRY.get_sample_value("worker_failures_total", {"name": "webhooks"}) or 0
    began = asyncio.get_running_loop().time()

    await shop.deliver()
    at_once = await shop.deliver()

    after = REGISTRY.get_sample_value("worker_failures_total", {"name": "webhooks"}) or 0
    found = await only_delivery(shop, database)
    assert (after - before, at_once) == (1, 0)
    if breaks == "send":
        assert [one["fault"] for one in found["attempts"]] == ["unforeseen"]
    else:
        assert asyncio.get_running_loop().time() - began > 0.2


async def test_one_of_several_processes_measures(shop: Shop, receiver: Receiver) -> None:
    graph, books = shop.pipeline.graph, shop.pipeline
    other = Teller(graph, books, shop.teller.sender, shop.teller.pepper, shop.teller.settings)
    webhook = await shop.subscribe(receiver.url)
    for _ in range(3):
        await ping_webhook(graph, webhook.webhook_id, books.clock)

    found = list[float | None]()
    for teller in (shop.teller, other):
        await teller.measure()
        found.append(REGISTRY.get_sample_value("webhook_pending"))

    assert found == [3, 0]


async def test_cleaning_stops_when_the_service_ends(
    shop: Shop, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "REMOVED_TOGETHER", 1)
    webhook = await shop.subscribe(receiver.url)
    for _ in range(3):
        await ping_webhook(shop.pipeline.graph, webhook.webhook_id, shop.pipeline.clock)
    shop.now += (shop.teller.settings.webhook_keep_days + 1) * DAY
    task = asyncio.create_task(asyncio.sleep(0))
    await shop.teller.end(task)

    await shop.teller.clean()

    items, _ = await list_deliveries(shop.pipeline.graph, webhook.webhook_id, status=None, limit=9)
    assert len(items) == 3


async def test_old_messages_are_removed(shop: Shop, receiver: Receiver, database: Database) -> None:
    await shop.subscribe(receiver.url)
    await shop.store(*shop.sale("old"))
    await shop.deliver()
    shop.now += (shop.teller.settings.webhook_keep_days + 1) * DAY
    await shop.store(*shop.sale("new"))
    await shop.deliver()

    await shop.teller.clean()

    rows = database.query("MATCH (m:WebhookMessage)<-[:CARRIES]-(d) RETURN m.body AS body")
    assert ['"orderId":"new"' in row["body"] for row in rows] == [True]
    assert len(database.query(DELIVERY)) == 1


async def test_a_removed_webhook_takes_its_deliveries_with_it(
    shop: Shop, receiver: Receiver, database: Database
) -> None:
    webhook = await shop.subscribe(receiver.url)
    await shop.store(*shop.sale())
    await shop.teller.tell()

    await remove_webhook(shop.pipeline.graph, webhook.webhook_id, shop.pipeline.clock)
    sent = await shop.deliver()

    assert sent == 0
    assert database.query(DELIVERY) == []


async def test_what_waits_is_measured(shop: Shop, receiver: Receiver) -> None:
    webhook = await shop.subscribe(receiver.url)
    await ping_webhook(shop.pipeline.graph, webhook.webhook_id, shop.pipeline.clock)
    shop.now += timedelta(seconds=90)

    await shop.teller.measure()

    names = ("webhook_pending", "webhook_oldest_pending_seconds")
    assert [REGISTRY.get_sample_value(name) for name in names] == [1, 90]
