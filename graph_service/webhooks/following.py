"""How webhooks come to be told: the ledger and the log by number, releases by the clock.

What is told and how far that is are written in one transaction, so nothing is told twice or left
out, wherever a process is killed.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from graph_service.attribution.admission import ORDER_TYPES
from graph_service.clock import micros_of, to_micros
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.ingest.facts import digest
from graph_service.ledger.lines import PLATFORM
from graph_service.plans.timeline import ACTIVATED
from graph_service.webhooks.messages import (
    RELEASED,
    ROLE_CHANGED,
    Message,
    booking_messages,
    role_message,
)
from graph_service.webhooks.releasing import (
    Books,
    Due,
    due_orders,
    due_periods,
    late_releases,
    tell_months,
    tell_orders,
    whole_groups,
)
from graph_service.webhooks.subscriptions import Webhook, all_webhooks, millis_of

LEASE, LEASE_S = "webhooks", 10
FOLLOW_TIMEOUT_S = 60.0
# Looked at in one transaction: facts of the log, entries of the ledger.
FACTS_TOGETHER, ENTRIES_TOGETHER = 1_000, 1_000
# How far the clock's place may lag behind where nothing is due (us): it is moved in writing.
CLOCK_LAG = 60_000_000
PENDING, SKIPPED = "pending", "skipped"


@dataclass(frozen=True)
class Place:
    """How far the log was told: all of `seq`, and of `part_seq` the payees up to one."""

    seq: int
    part_seq: int = 0
    part_order_id: str = ""
    part_payee_id: str = ""


@dataclass(frozen=True)
class NewFact:
    """A fact of the log that webhooks heed. time: us."""

    seq: int
    type: str
    time: int
    data: dict[str, Any]


async def follow_log(
    graph: Graph, books: Books, holder: str, *, entries_max: int = ENTRIES_TOGETHER
) -> bool:
    """Tell what follows from the next facts that are in the ledger; is there more?"""
    state = await read_state(graph)
    if not state["webhooks"] or state["seq"] >= state["bookedSeq"]:
        return False

    async def work(transaction: Transaction) -> bool:
        if not await hold_lease(transaction, holder):
            return False
        row = (await transaction.run("webhooks/lock_place", holder=holder))[0]
        place = Place(row["seq"], row["partSeq"], row["partOrderId"], row["partPayeeId"])
        booked = (await transaction.run("webhooks/read_state"))[0]["bookedSeq"]
        if place.seq >= booked:
            return False
        return await _follow(transaction, books, place, booked, entries_max)

    return await graph.write_together(work, name="webhooks/follow", timeout_s=FOLLOW_TIMEOUT_S)


async def _follow(
    transaction: Transaction, books: Books, place: Place, booked: int, entries_max: int
) -> bool:
    webhooks = await all_webhooks(transaction)
    up_to = min(booked, place.seq + FACTS_TOGETHER)

    async def page(limit: int) -> list[Row]:
        found = await transaction.run(
            "webhooks/list_new_entries",
            after=place.seq,
            upTo=up_to,
            partSeq=place.part_seq,
            partOrderId=place.part_order_id,
            partPayeeId=place.part_payee_id,
            platform=PLATFORM,
            limit=limit,
        )
        return found[0]["entries"]

    entries, cut = await whole_groups(page, group_of, entries_max)
    reached = Place(up_to)
    if cut:
        seq, order_id, payee_id = group_of(entries[-1])
        reached = Place(seq - 1, seq, order_id, payee_id)
    facts = await _new_facts(transaction, place.seq, reached.seq)
    roles = [role_message(one.seq, one.time, one.data) for one in facts if one.type == ROLE_CHANGED]
    messages = sorted([*booking_messages(entries), *roles], key=lambda one: one.seq or 0)
    if _listen(webhooks, RELEASED):
        state = (await transaction.run("webhooks/read_state"))[0]
        named = {one.data["orderId"] for one in facts if one.type in ORDER_TYPES}
        messages += await late_releases(
            transaction, books.plans, entries, named, reached.seq, state
        )
        await _turn_back(transaction, facts, state)
    await store_messages(transaction, messages, webhooks, millis_of(books.clock))
    await transaction.run(
        "webhooks/move_place",
        seq=reached.seq,
        partSeq=reached.part_seq,
        partOrderId=reached.part_order_id,
        partPayeeId=reached.part_payee_id,
    )
    return reached.seq < booked


async def _new_facts(transaction: Transaction, after: int, up_to: int) -> list[NewFact]:
    row = (
        await transaction.run(
            "webhooks/list_new_facts",
            after=after,
            upTo=up_to,
            types=[*sorted(ORDER_TYPES), ROLE_CHANGED, ACTIVATED],
        )
    )[0]
    columns = (row[name] for name in ("seqs", "types", "times", "data"))
    return [
        NewFact(seq, kind, time, json.loads(data))
        for seq, kind, time, data in zip(*columns, strict=True)
    ]


async def _turn_back(transaction: Transaction, facts: Iterable[NewFact], state: Row) -> None:
    """Look again from when a new plan holds: it may release sooner what was looked at before."""
    starts = [micros_of(one.data["from"]) for one in facts if one.type == ACTIVATED]
    for name in ("orders", "months"):
        at = max(min(starts, default=state[f"{name}At"]), state["beganAt"])
        if at < state[f"{name}At"]:
            await transaction.run("webhooks/move_clock", name=name, at=at, after="")


def group_of(entry: Row) -> tuple[int, str, str]:
    """What one message is about."""
    return entry["seq"], entry["orderId"], entry["payeeId"]


async def follow_clock(graph: Graph, books: Books, holder: str) -> bool:
    """Tell what was released since the last time; is there more?"""
    state = await read_state(graph)
    # Of a fact that is told in part nothing is released until it is told whole.
    if not state["webhooks"] or state["partSeq"]:
        return False
    if not _listen(await all_webhooks(graph), RELEASED):
        return False
    now = to_micros(books.clock())
    orders, months = _due(state, "orders"), _due(state, "months")
    rows = await due_orders(graph.read, books, orders, now)
    periods = await due_periods(graph.read, books, months, now)

    async def work(transaction: Transaction) -> bool:
        if not await hold_lease(transaction, holder):
            return False
        await transaction.run("webhooks/lock_place", holder=holder)
        found = (await transaction.run("webhooks/read_state"))[0]
        # Somebody else may have gone on from this place meanwhile.
        if found["partSeq"] or orders != _due(found, "orders") or months != _due(found, "months"):
            return True
        told, orders_due = await tell_orders(transaction, books.plans, rows, found, now)
        more, months_due = await tell_months(transaction, periods, found, now)
        webhooks = await all_webhooks(transaction)
        await store_messages(transaction, told + more, webhooks, millis_of(books.clock))
        for name, due in (("orders", orders_due), ("months", months_due)):
            await transaction.run("webhooks/move_clock", name=name, at=due.at, after=due.after)
        return min(orders_due.at, months_due.at) < now

    if not rows and not periods and now - min(orders.at, months.at) <= CLOCK_LAG:
        return False
    return await graph.write_together(work, name="webhooks/release", timeout_s=FOLLOW_TIMEOUT_S)


def _due(state: Row, name: str) -> Due:
    return Due(state[f"{name}At"], state[f"{name}After"])


async def store_messages(
    transaction: Transaction,
    messages: Sequence[Message],
    webhooks: Sequence[Webhook],
    now_ms: int,
) -> None:
    """Keep messages and to whom each is to be sent; those that nobody listens to are not kept."""
    pairs = [
        (message, webhook)
        for message in messages
        for webhook in webhooks
        if message.type in webhook.events
        and (message.seq is None or message.seq > webhook.since_seq)
    ]
    await store_pairs(transaction, pairs, now_ms)


async def store_pairs(
    transaction: Transaction, pairs: Sequence[tuple[Message, Webhook]], now_ms: int
) -> None:
    """Keep messages with these deliveries, sorted by the keys that are locked."""
    told = {message.message_id: message for message, _ in pairs}
    if not told:
        return
    messages = [
        {
            "messageId": one.message_id,
            "type": one.type,
            "body": one.body,
            "createdMillis": now_ms,
        }
        for one in sorted(told.values(), key=lambda one: one.message_id)
    ]
    deliveries = [
        {
            "deliveryId": delivery_id_of(message.message_id, webhook.webhook_id),
            "messageId": message.message_id,
            "webhookId": webhook.webhook_id,
            "status": PENDING if webhook.enabled else SKIPPED,
            "createdMillis": now_ms,
        }
        for message, webhook in pairs
    ]
    await transaction.run("webhooks/store_messages", rows=messages)
    deliveries.sort(key=lambda row: row["deliveryId"])
    await transaction.run("webhooks/store_deliveries", rows=deliveries)


def delivery_id_of(message_id: str, webhook_id: str) -> str:
    """The id of what is sent to one webhook of a message."""
    return f"dlv_{digest(f'{message_id} {webhook_id}')}"


async def hold_lease(transaction: Transaction, holder: str) -> bool:
    """Of several processes one tells and sends."""
    rows = await transaction.run("ingest/renew_lease", name=LEASE, holder=holder, seconds=LEASE_S)
    return bool(rows[0]["held"])


async def read_state(graph: Graph) -> Row:
    """How many webhooks there are, how far they were told, and how far the ledger is."""
    return (await graph.read("webhooks/read_state"))[0]


def _listen(webhooks: Iterable[Webhook], event: str) -> bool:
    return any(event in one.events for one in webhooks)
