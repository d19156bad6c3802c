"""What was sent where, and did it arrive? Tried again with longer and longer waits, replayed."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import structlog

from graph_service.clock import Clock, to_micros
from graph_service.errors import Conflict, NotFound, TooLarge
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.ids import new_id
from graph_service.pages import MILLIS_MAX, decode_cursor, encode_cursor
from graph_service.webhooks.following import delivery_id_of, hold_lease, store_pairs
from graph_service.webhooks.messages import PING, message_of
from graph_service.webhooks.sending import GONE_STATUS, Result
from graph_service.webhooks.subscriptions import (
    FAILING,
    GONE,
    Webhook,
    millis_of,
    read_webhook,
    spelled,
    switch_webhook,
)

Status = Literal["pending", "delivered", "failed", "skipped"]
STATUSES: tuple[Status, ...] = get_args(Status)
# How long to wait after each failed attempt (s): as Svix does, then on to about three days in all.
WAITS_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
# A wait is this much shorter or longer by chance, so that not all come back at once.
JITTER = 0.1
# A webhook that only failed for so long is disabled (ms).
FAILING_MS_MAX = 5 * 86_400_000
# Sent to one webhook at a time.
TOGETHER = 8
# Beyond the time of an attempt, until a delivery whose sender is gone is taken by another (s).
TAKEN_GRACE_S = 15
REPLAYED_MAX, REPLAYED_TOGETHER = 10_000, 1_000
CHANGE_TIMEOUT_S = 30.0
log = structlog.get_logger()


class DeliveryNotFound(NotFound):
    """No delivery has this id, or it is older than deliveries are kept."""

    code = "delivery_not_found"


class WebhookDisabled(Conflict):
    """Nothing is sent to the webhook until it is enabled."""

    code = "webhook_disabled"


class TooManyDeliveries(TooLarge):
    """There are more deliveries in that time than are replayed at once; name a shorter time."""

    code = "too_many_deliveries"


@dataclass(frozen=True)
class Taken:
    """A delivery that this process alone is sending. tries: since it was new or replayed."""

    delivery_id: str
    webhook_id: str
    message_id: str
    body: str
    tries: int
    token: str


@dataclass(frozen=True)
class Attempt:
    """How sending a delivery went. at_ms: when it began; took_ms: how long it took."""

    taken: Taken
    result: Result
    at_ms: int
    took_ms: int

    @property
    def text(self) -> str:
        """The attempt as it is kept."""
        told = {
            "at": spelled(self.at_ms),
            "tookMs": self.took_ms,
            "status": self.result.status,
            "fault": self.result.fault,
            "answer": self.result.excerpt or None,
        }
        return json.dumps(told, ensure_ascii=False)


async def take_deliveries(
    graph: Graph, webhook_ids: Sequence[str], holder: str, clock: Clock, timeout_s: float
) -> list[Taken]:
    """What is due for these webhooks, a few for each; nothing where another process sends."""
    now_ms = millis_of(clock)
    if not webhook_ids:
        return []
    due = await graph.read(
        "webhooks/find_due_webhooks", webhookIds=sorted(webhook_ids), nowMillis=now_ms
    )
    if not due[0]["webhookIds"]:
        return []
    token = new_id()

    async def work(transaction: Transaction) -> list[Row]:
        if not await hold_lease(transaction, holder):
            return []
        return await transaction.run(
            "webhooks/take_deliveries",
            webhookIds=sorted(due[0]["webhookIds"]),
            nowMillis=now_ms,
            untilMillis=now_ms + int(1_000 * (timeout_s + TAKEN_GRACE_S)),
            takenBy=token,
            limit=TOGETHER,
        )

    rows = await graph.write_together(work, name="webhooks/take", timeout_s=CHANGE_TIMEOUT_S)
    return [
        Taken(
            row["deliveryId"],
            row["webhookId"],
            row["messageId"],
            row["body"],
            row["tries"],
            token,
        )
        for row in rows
    ]


def next_due_ms(attempt: Attempt, ended_ms: int, chance: Callable[[], float]) -> int | None:
    """When it is tried again (ms since 1970); None if it arrived or was tried often enough."""
    tries, result = attempt.taken.tries, attempt.result
    if result.delivered or result.status == GONE_STATUS or tries >= len(WAITS_S):
        return None
    wait_s = WAITS_S[tries] * (1 + JITTER * (2 * chance() - 1))
    return ended_ms + int(1_000 * max(wait_s, result.retry_after_s))


async def record_attempt(
    graph: Graph, webhook: Webhook, attempt: Attempt, clock: Clock, chance: Callable[[], float]
) -> Status:
    """Keep an attempt and what follows from it; a webhook that is gone or long dead is disabled."""
    ended_ms = millis_of(clock)
    due_ms = next_due_ms(attempt, ended_ms, chance)
    result = attempt.result
    status: Status = "pending"
    if due_ms is None:
        status = "delivered" if result.delivered else "failed"

    async def work(transaction: Transaction) -> str | None:
        await transaction.run(
            "webhooks/record_attempt",
            deliveryId=attempt.taken.delivery_id,
            takenBy=attempt.taken.token,
            attempt=attempt.text,
            status=status,
            endedMillis=ended_ms,
            dueMillis=due_ms,
        )
        if result.delivered and webhook.failing_ms is None:
            return None
        rows = await transaction.run(
            "webhooks/note_result",
            webhookId=webhook.webhook_id,
            delivered=result.delivered,
            nowMillis=ended_ms,
        )
        why = _ends(result, rows, ended_ms)
        if why is not None:
            await switch_webhook(transaction, webhook.webhook_id, why, ended_ms)
        return why

    why = await graph.write_together(work, name="webhooks/record", timeout_s=CHANGE_TIMEOUT_S)
    if why is not None:
        log.warning("webhook.disabled", webhookId=webhook.webhook_id, why=why)
    return status


def _ends(result: Result, rows: Sequence[Row], now_ms: int) -> str | None:
    """Why a webhook is disabled now, if it is."""
    if result.delivered:
        return None
    if result.status == GONE_STATUS:
        return GONE
    since = rows[0]["failingMillis"] if rows else None
    return FAILING if since is not None and now_ms - since >= FAILING_MS_MAX else None


async def list_deliveries(
    graph: Graph,
    webhook_id: str,
    *,
    status: Status | None,
    limit: int,
    cursor: str | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of a webhook's deliveries, newest first. Raises WebhookNotFound."""
    await read_webhook(graph, webhook_id)
    before, after = decode_cursor(cursor, (int, str)) if cursor else (MILLIS_MAX, "")
    rows = await graph.read(
        "webhooks/list_deliveries",
        webhookId=webhook_id,
        statuses=[status] if status else list(STATUSES),
        beforeMillis=before,
        afterId=after,
        limit=limit + 1,
    )
    last = rows[limit - 1] if len(rows) > limit else None
    following = None if last is None else encode_cursor([last["millis"], last["deliveryId"]])
    return [_told(row) for row in rows[:limit]], following


async def read_delivery(graph: Graph, delivery_id: str) -> dict[str, Any]:
    """A delivery with its attempts and what is sent. Raises DeliveryNotFound."""
    rows = await graph.read("webhooks/read_delivery", deliveryId=delivery_id)
    if not rows:
        raise DeliveryNotFound(f"there is no delivery {delivery_id}")
    row = rows[0]
    attempts = [json.loads(one) for one in row["attempts"]]
    return {**_told(row), "attempts": attempts, "payload": json.loads(row["body"])}


def _told(row: Row) -> dict[str, Any]:
    return {
        "deliveryId": row["deliveryId"],
        "webhookId": row["webhookId"],
        "messageId": row["messageId"],
        "type": row["type"],
        "status": row["status"],
        "attemptCount": row["attemptCount"],
        "createdAt": spelled(row["millis"]),
        "nextAttemptAt": spelled(row["dueMillis"]),
        "endedAt": spelled(row["endedMillis"]),
    }


async def replay_delivery(graph: Graph, delivery_id: str, clock: Clock) -> dict[str, Any]:
    """Send a delivery again, with the same message id. Raises DeliveryNotFound, WebhookDisabled."""
    found = await read_delivery(graph, delivery_id)
    await _enabled(graph, found["webhookId"])
    await graph.write(
        "webhooks/replay_deliveries", deliveryIds=[delivery_id], nowMillis=millis_of(clock)
    )
    return await read_delivery(graph, delivery_id)


async def replay_deliveries(
    graph: Graph,
    webhook_id: str,
    times_ms: tuple[int, int],
    status: Status | None,
    clock: Clock,
) -> int:
    """Send again what was made from one time to another (ms, not included), but for what waits.

    Returns how many. Raises WebhookNotFound, WebhookDisabled, TooManyDeliveries.
    """
    await _enabled(graph, webhook_id)
    row = (
        await graph.read(
            "webhooks/find_deliveries",
            webhookId=webhook_id,
            statuses=[status] if status else [one for one in STATUSES if one != "pending"],
            fromMillis=times_ms[0],
            toMillis=times_ms[1],
            limit=REPLAYED_MAX + 1,
        )
    )[0]
    found: list[str] = sorted(row["deliveryIds"])
    if len(found) > REPLAYED_MAX:
        raise TooManyDeliveries(f"there are more than {REPLAYED_MAX}; name a shorter time")
    for begin in range(0, len(found), REPLAYED_TOGETHER):
        await graph.write(
            "webhooks/replay_deliveries",
            deliveryIds=found[begin : begin + REPLAYED_TOGETHER],
            nowMillis=millis_of(clock),
        )
    return len(found)


async def ping_webhook(graph: Graph, webhook_id: str, clock: Clock) -> dict[str, Any]:
    """A delivery of a message that says nothing. Raises WebhookNotFound, WebhookDisabled."""
    webhook = await _enabled(graph, webhook_id)
    data = {"webhookId": webhook_id, "pingId": new_id()}
    message = message_of(PING, to_micros(clock()), data)

    async def work(transaction: Transaction) -> None:
        await store_pairs(transaction, [(message, webhook)], millis_of(clock))

    await graph.write_together(work, name="webhooks/ping", timeout_s=CHANGE_TIMEOUT_S)
    return await read_delivery(graph, delivery_id_of(message.message_id, webhook_id))


async def _enabled(graph: Graph, webhook_id: str) -> Webhook:
    webhook = await read_webhook(graph, webhook_id)
    if not webhook.enabled:
        raise WebhookDisabled(f"the webhook {webhook_id} is disabled; enable it first")
    return webhook
