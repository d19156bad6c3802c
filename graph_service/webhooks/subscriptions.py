"""Which webhooks are there? Made, listed, changed, rotated and removed; secrets are derived."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from graph_service.clock import Clock, time_string, to_micros
from graph_service.errors import Conflict, NotFound
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.ids import new_id
from graph_service.pages import MILLIS_MAX, decode_cursor, encode_cursor
from graph_service.webhooks.messages import RELEASED

SECRET_PREFIX = "whsec_"  # noqa: S105
# How long the secret before a rotation keeps signing beside the new one (ms).
ROTATION_MS = 86_400_000
CHANGE_TIMEOUT_S = 10.0
DELIVERIES_REMOVED_TOGETHER = 5_000
# More than the settings let there be.
WEBHOOKS_READ_MAX = 1_001
ASKED, GONE, FAILING = "asked", "gone", "failing"
log = structlog.get_logger()


class WebhookNotFound(NotFound):
    """No webhook has this id."""

    code = "webhook_not_found"


class TooManyWebhooks(Conflict):
    """There are as many webhooks as the settings allow."""

    code = "too_many_webhooks"


class WebhookExists(Conflict):
    """The same is told to this URL already, also if that is disabled; the detail names it."""

    code = "webhook_exists"


@dataclass(frozen=True)
class Webhook:
    """Where something is told, and what. Times in ms since 1970.

    generation: of its secret, from 1. since_seq: it is told what is booked after this fact.
    failing_ms: since when every attempt failed.
    """

    webhook_id: str
    url: str
    description: str
    events: tuple[str, ...]
    created_ms: int
    since_seq: int = 0
    generation: int = 1
    rotated_ms: int | None = None
    enabled: bool = True
    disabled_why: str | None = None
    disabled_ms: int | None = None
    failing_ms: int | None = None

    def body(self) -> dict[str, object]:
        """What is told of it."""
        return {
            "webhookId": self.webhook_id,
            "url": self.url,
            "description": self.description or None,
            "events": list(self.events),
            "enabled": self.enabled,
            "disabledWhy": self.disabled_why,
            "disabledAt": spelled(self.disabled_ms),
            "failingSince": spelled(self.failing_ms),
            "createdAt": spelled(self.created_ms),
            "secretRotatedAt": spelled(self.rotated_ms),
        }


@dataclass(frozen=True)
class Wanted:
    """What a webhook is to be; None: as it is."""

    url: str | None = None
    events: tuple[str, ...] | None = None
    description: str | None = None
    enabled: bool | None = None


def secrets_of(pepper: bytes, webhook: Webhook, now_ms: int) -> list[str]:
    """The secrets that sign for a webhook, the newest first.

    Each is HMAC-SHA-256 of the webhook's id and the secret's generation under the pepper, so no
    secret is kept in the database.
    """
    generations = [webhook.generation]
    if webhook.rotated_ms is not None and now_ms < webhook.rotated_ms + ROTATION_MS:
        generations.append(webhook.generation - 1)
    return [_secret(pepper, webhook.webhook_id, one) for one in generations]


def _secret(pepper: bytes, webhook_id: str, generation: int) -> str:
    told = f"webhook\0{webhook_id}\0{generation}".encode()
    key = hmac.new(pepper, told, hashlib.sha256).digest()
    return f"{SECRET_PREFIX}{base64.b64encode(key).decode()}"


def webhook_of(row: Row) -> Webhook:
    """A webhook as the queries return it."""
    return Webhook(
        webhook_id=row["webhookId"],
        url=row["url"],
        description=row["description"] or "",
        events=tuple(row["events"]),
        created_ms=row["createdMillis"],
        since_seq=row["sinceSeq"],
        generation=row["generation"],
        rotated_ms=row["rotatedMillis"],
        enabled=row["enabled"],
        disabled_why=row["disabledWhy"],
        disabled_ms=row["disabledMillis"],
        failing_ms=row["failingMillis"],
    )


async def create_webhook(
    graph: Graph, url: str, events: tuple[str, ...], description: str, *, most: int, clock: Clock
) -> Webhook:
    """A new webhook; it is told what is booked from now on.

    Raises WebhookExists, also where a request is made again, and TooManyWebhooks.
    """
    webhook_id = f"wh_{new_id()}"

    async def work(transaction: Transaction) -> Webhook:
        others = await _held(transaction)
        for one in others:
            if one.url == url and set(one.events) == set(events):
                raise WebhookExists(f"{one.webhook_id} has this url and these events")
        if len(others) >= most:
            raise TooManyWebhooks(f"there are {most} webhooks already; remove some")
        booked = (await transaction.run("webhooks/read_state"))[0]["bookedSeq"]
        made = Webhook(webhook_id, url, description, events, millis_of(clock), booked)
        await _store(transaction, made)
        if not others:
            # Where nobody listened, what came before is not told.
            await transaction.run(
                "webhooks/move_place", seq=booked, partSeq=0, partOrderId="", partPayeeId=""
            )
        await _start(transaction, others, made, to_micros(clock()))
        return made

    made = await graph.write_together(work, name="webhooks", timeout_s=CHANGE_TIMEOUT_S)
    log.info("webhook.created", webhookId=made.webhook_id, events=list(events))
    return made


async def change_webhook(graph: Graph, webhook_id: str, wanted: Wanted, clock: Clock) -> Webhook:
    """The webhook with what is wanted of it. Raises WebhookNotFound."""

    async def work(transaction: Transaction) -> Webhook:
        others = await _held(transaction)
        old = _only([one for one in others if one.webhook_id == webhook_id], webhook_id)
        new = replace(
            old,
            url=old.url if wanted.url is None else wanted.url,
            events=old.events if wanted.events is None else wanted.events,
            description=old.description if wanted.description is None else wanted.description,
        )
        await _store(transaction, new)
        await _start(transaction, others, new, to_micros(clock()))
        if wanted.enabled is not None and wanted.enabled != old.enabled:
            why = None if wanted.enabled else ASKED
            await switch_webhook(transaction, webhook_id, why, millis_of(clock))
        return webhook_of((await transaction.run("webhooks/read_webhook", webhookId=webhook_id))[0])

    changed = await graph.write_together(work, name="webhooks", timeout_s=CHANGE_TIMEOUT_S)
    log.info("webhook.changed", webhookId=webhook_id, enabled=changed.enabled)
    return changed


async def rotate_secret(graph: Graph, webhook_id: str, clock: Clock) -> Webhook:
    """The webhook with a new secret; the one before signs on for a day. Raises WebhookNotFound."""

    async def work(transaction: Transaction) -> Webhook:
        await transaction.run("webhooks/lock_place", holder=webhook_id)
        old = await _read(transaction, webhook_id)
        new = replace(old, generation=old.generation + 1, rotated_ms=millis_of(clock))
        await _store(transaction, new)
        return new

    rotated = await graph.write_together(work, name="webhooks", timeout_s=CHANGE_TIMEOUT_S)
    log.info("webhook.rotated", webhookId=webhook_id)
    return rotated


async def remove_webhook(graph: Graph, webhook_id: str, clock: Clock) -> None:
    """Forget a webhook and its deliveries. Raises WebhookNotFound."""
    # Nothing more is written for it while its deliveries are removed.
    await change_webhook(graph, webhook_id, Wanted(enabled=False), clock)
    many = DELIVERIES_REMOVED_TOGETHER
    while await _remove_some(graph, webhook_id, many):
        pass

    async def work(transaction: Transaction) -> None:
        await transaction.run("webhooks/lock_place", holder=webhook_id)
        await transaction.run("webhooks/remove_deliveries", webhookId=webhook_id, limit=many)
        await transaction.run("webhooks/remove_webhook", webhookId=webhook_id)

    await graph.write_together(work, name="webhooks", timeout_s=CHANGE_TIMEOUT_S)
    log.info("webhook.removed", webhookId=webhook_id)


async def _remove_some(graph: Graph, webhook_id: str, limit: int) -> bool:
    rows = await graph.write("webhooks/remove_deliveries", webhookId=webhook_id, limit=limit)
    return rows[0]["removed"] == limit


async def read_webhook(graph: Graph, webhook_id: str) -> Webhook:
    """The webhook of this id. Raises WebhookNotFound."""
    rows = await graph.read("webhooks/read_webhook", webhookId=webhook_id)
    return _only([webhook_of(row) for row in rows], webhook_id)


async def list_webhooks(
    graph: Graph, *, limit: int, cursor: str | None = None
) -> tuple[list[Webhook], str | None]:
    """One page of the webhooks, newest first, and the next page's cursor."""
    before, after = decode_cursor(cursor, (int, str)) if cursor else (MILLIS_MAX, "")
    rows = await graph.read(
        "webhooks/list_webhooks", beforeMillis=before, afterId=after, limit=limit + 1
    )
    last = rows[limit - 1] if len(rows) > limit else None
    following = None if last is None else encode_cursor([last["createdMillis"], last["webhookId"]])
    return [webhook_of(row) for row in rows[:limit]], following


async def all_webhooks(asking: Graph | Transaction) -> list[Webhook]:
    """Every webhook, newest first."""
    read = asking.read if isinstance(asking, Graph) else asking.run
    rows = await read(
        "webhooks/list_webhooks", beforeMillis=MILLIS_MAX, afterId="", limit=WEBHOOKS_READ_MAX
    )
    return [webhook_of(row) for row in rows]


async def switch_webhook(
    transaction: Transaction, webhook_id: str, why: str | None, now_ms: int
) -> None:
    """Disable a webhook for a reason, or enable it where there is none."""
    await transaction.run(
        "webhooks/switch_webhook",
        webhookId=webhook_id,
        enabled=why is None,
        why=why or "",
        nowMillis=now_ms,
    )


def millis_of(clock: Clock) -> int:
    """Now, in ms since 1970."""
    return to_micros(clock()) // 1_000


def spelled(millis: int | None) -> str | None:
    """A time as it is told."""
    return None if millis is None else time_string(1_000 * millis)


async def _held(transaction: Transaction) -> list[Webhook]:
    """Every webhook; nobody is told anything while the place is held."""
    await transaction.run("webhooks/lock_place", holder="change")
    return await all_webhooks(transaction)


async def _start(
    transaction: Transaction, others: Sequence[Webhook], made: Webhook, now: int
) -> None:
    """Where nobody listened to releases, what was released before is not told."""
    if RELEASED in made.events and not any(RELEASED in one.events for one in others):
        booked = (await transaction.run("webhooks/read_state"))[0]["bookedSeq"]
        await transaction.run("webhooks/begin_releases", at=now, seq=booked)
        for name in ("orders", "months"):
            await transaction.run("webhooks/move_clock", name=name, at=now, after="")


async def _read(transaction: Transaction, webhook_id: str) -> Webhook:
    rows = await transaction.run("webhooks/read_webhook", webhookId=webhook_id)
    return _only([webhook_of(row) for row in rows], webhook_id)


def _only(found: Sequence[Webhook], webhook_id: str) -> Webhook:
    if not found:
        raise WebhookNotFound(f"there is no webhook {webhook_id}")
    return found[0]


async def _store(transaction: Transaction, webhook: Webhook) -> None:
    await transaction.run(
        "webhooks/store_webhook",
        webhookId=webhook.webhook_id,
        url=webhook.url,
        description=webhook.description,
        events=list(webhook.events),
        generation=webhook.generation,
        sinceSeq=webhook.since_seq,
        createdMillis=webhook.created_ms,
        rotatedMillis=webhook.rotated_ms,
    )
