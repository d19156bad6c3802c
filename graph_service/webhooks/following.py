"""How webhooks come to be told: the ledger and the log by number, releases by the clock.

What is told and how far that is are written in one transaction, so nothing is told twice or left
out, wherever a process is killed.
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.clock import Clock, from_micros, to_micros
from graph_service.graph.session import Graph, Read, Row, Transaction
from graph_service.ingest.facts import digest
from graph_service.ledger.lines import PLATFORM
from graph_service.months.counted import held_until, period_of_row
from graph_service.plans.timeline import Plans
from graph_service.webhooks.messages import (
    RELEASED,
    ROLE_CHANGED,
    Message,
    booking_messages,
    periods_released,
    release_messages,
    role_message,
)
from graph_service.webhooks.subscriptions import Webhook, all_webhooks, millis_of

LEASE, LEASE_S = "webhooks", 10
FOLLOW_TIMEOUT_S = 60.0
# Looked at in one transaction: facts of the log, entries of the ledger, orders that are due.
FACTS_TOGETHER, ENTRIES_TOGETHER, ORDERS_TOGETHER = 1_000, 1_000, 200
# How far the clock's place may lag behind where nothing is due (us): it is moved in writing.
CLOCK_LAG = 60_000_000
ENDINGS = ("order.completed", "order.cancelled")
PENDING, SKIPPED = "pending", "skipped"
# No key is greater.
LAST = "\U0010ffff"


class Books(Protocol):
    """Knows the plans and the time."""

    plans: Plans
    clock: Clock


@dataclass(frozen=True)
class Place:
    """How far the log was told: all of `seq`, and of `part_seq` the payees up to one."""

    seq: int
    part_seq: int = 0
    part_order_id: str = ""
    part_payee_id: str = ""


@dataclass(frozen=True)
class Due:
    """Up to where releases were told: a moment (us), and the last key at that moment."""

    at: int
    after: str


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
    row = (
        await transaction.run(
            "webhooks/list_new_facts",
            after=place.seq,
            upTo=reached.seq,
            types=[*ENDINGS, ROLE_CHANGED],
        )
    )[0]
    columns = (row[name] for name in ("seqs", "types", "times", "data"))
    facts = list(zip(*columns, strict=True))
    roles = [
        role_message(seq, time, json.loads(data))
        for seq, kind, time, data in facts
        if kind == ROLE_CHANGED
    ]
    ended = {json.loads(data)["orderId"] for _, kind, _, data in facts if kind in ENDINGS}
    messages = sorted([*booking_messages(entries), *roles], key=lambda one: one.seq or 0)
    if _listen(webhooks, RELEASED):
        messages += await _late_releases(transaction, books, entries, ended, reached)
    await store_messages(transaction, messages, webhooks, millis_of(books.clock))
    await transaction.run(
        "webhooks/move_place",
        seq=reached.seq,
        partSeq=reached.part_seq,
        partOrderId=reached.part_order_id,
        partPayeeId=reached.part_payee_id,
    )
    return reached.seq < booked


async def whole_groups(
    page: Callable[[int], Awaitable[list[Row]]], key: Callable[[Row], object], most: int
) -> tuple[list[Row], bool]:
    """The first entries, every group of them whole, and whether there are more.

    page: so many of the first entries. most: entries, unless the first group alone is larger.
    """
    while len(entries := await page(most + 1)) > most:
        last = key(entries[-1])
        if kept := [one for one in entries if key(one) != last]:
            return kept, True
        most *= 10
    return entries, False


def group_of(entry: Row) -> tuple[int, str, str]:
    """What one message is about."""
    return entry["seq"], entry["orderId"], entry["payeeId"]


async def _late_releases(
    transaction: Transaction,
    books: Books,
    entries: Sequence[Mapping[str, Any]],
    ended: Iterable[str],
    reached: Place,
) -> list[Message]:
    """What is released at once, since its time lies before what the clock has told already."""
    state = (await transaction.run("webhooks/read_state"))[0]
    orders = {one["orderId"] for one in entries if one["orderId"]}.union(ended)
    upper = max(reached.seq, reached.part_seq)
    found = await _unreleased(transaction, books, sorted(orders), upper, state["ordersAt"])
    for one in entries:
        if one["period"] is not None:
            at = held_until(books.plans, period_of_row({**one}, books.plans))
            if at <= state["monthsAt"]:
                found.append((at, one))
    return release_messages(found)


async def _unreleased(
    transaction: Transaction, books: Books, order_ids: Sequence[str], seq: int, until: int
) -> list[tuple[int, Mapping[str, Any]]]:
    """The entries of these orders that are released by then, and when each is."""
    if not order_ids:
        return []
    row = (
        await transaction.run(
            "webhooks/list_unreleased_entries", orderIds=order_ids, seq=seq, platform=PLATFORM
        )
    )[0]
    timed = [
        (one["endedAt"] + books.plans.at(one["paidAt"]).holding_days * MICROS_PER_DAY, one)
        for one in row["entries"]
    ]
    return [(at, one) for at, one in timed if at <= until]


async def follow_clock(graph: Graph, books: Books, holder: str) -> bool:
    """Tell what was released since the last time; is there more?"""
    state = await read_state(graph)
    if not state["webhooks"] or not _listen(await all_webhooks(graph), RELEASED):
        return False
    orders = Due(state["ordersAt"], state["ordersAfter"])
    months = Due(state["monthsAt"], state["monthsAfter"])
    now = to_micros(books.clock())
    more = False
    if await _due_orders(graph.read, books, orders, now) or now - orders.at > CLOCK_LAG:
        more |= await _tell_due(graph, books, holder, "orders")
    if await _due_periods(graph.read, books, months, now) or now - months.at > CLOCK_LAG:
        more |= await _tell_due(graph, books, holder, "months")
    return more


async def _tell_due(graph: Graph, books: Books, holder: str, name: str) -> bool:
    async def work(transaction: Transaction) -> bool:
        if not await hold_lease(transaction, holder):
            return False
        seq = (await transaction.run("webhooks/lock_place", holder=holder))[0]["seq"]
        state = (await transaction.run("webhooks/read_state"))[0]
        due = Due(state[f"{name}At"], state[f"{name}After"])
        tell = _tell_orders if name == "orders" else _tell_months
        now = to_micros(books.clock())
        messages, reached = await tell(transaction, books, due, now, seq)
        webhooks = await all_webhooks(transaction)
        await store_messages(transaction, messages, webhooks, millis_of(books.clock))
        await transaction.run("webhooks/move_clock", name=name, at=reached.at, after=reached.after)
        return reached.at < now

    return await graph.write_together(work, name="webhooks/release", timeout_s=FOLLOW_TIMEOUT_S)


async def _tell_orders(
    transaction: Transaction, books: Books, due: Due, now: int, seq: int
) -> tuple[list[Message], Due]:
    rows = await _due_orders(transaction.run, books, due, now)
    found = await _unreleased(transaction, books, [row["orderId"] for row in rows], seq, now)
    full = len(rows) == ORDERS_TOGETHER
    reached = Due(rows[-1]["at"], rows[-1]["orderId"]) if full else Due(max(now, due.at), "")
    return release_messages(found), reached


async def _due_orders(read: Read, books: Books, due: Due, now: int) -> list[Row]:
    """The next orders of which something may be released, in the order of the moment."""
    rows = [
        {
            "held": held,
            "from": from_micros(max(due.at - held, 0)).isoformat(),
            "until": from_micros(max(now - held, 0)).isoformat(),
        }
        for held in sorted({row["days"] * MICROS_PER_DAY for row in books.plans.holding_rows})
    ]
    return await read(
        "webhooks/find_due_orders", rows=rows, at=due.at, after=due.after, limit=ORDERS_TOGETHER
    )


async def _tell_months(
    transaction: Transaction, books: Books, due: Due, now: int, seq: int
) -> tuple[list[Message], Due]:
    """Periods are few and each has many members: one moment at a time, member by member."""
    periods = await _due_periods(transaction.run, books, due, now)
    for at, period_ids in periods.items():
        after = due.after if at == due.at else ""

        def page(
            limit: int, period_ids: list[str] = period_ids, after: str = after
        ) -> Awaitable[list[Row]]:
            return _month_page(transaction, period_ids, seq, after, limit)

        entries, cut = await whole_groups(page, lambda one: one["salesMonthId"], ENTRIES_TOGETHER)
        if not entries:
            continue
        last = entries[-1]["salesMonthId"] if cut else LAST
        return release_messages((at, one) for one in entries), Due(at, last)
    return [], Due(max(now, due.at), "")


async def _due_periods(read: Read, books: Books, due: Due, now: int) -> dict[int, list[str]]:
    """The closed periods of which something may be released, by the moment."""
    rows = await read("months/list_closed_periods")
    return periods_released(rows, books.plans, due.at, now)


async def _month_page(
    transaction: Transaction, period_ids: list[str], seq: int, after: str, limit: int
) -> list[Row]:
    found = await transaction.run(
        "webhooks/list_month_entries",
        periodIds=period_ids,
        seq=seq,
        after=after,
        platform=PLATFORM,
        limit=limit,
    )
    return found[0]["entries"]


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
    released = [
        {"messageId": one.message_id, "entryId": entry_id}
        for one in told.values()
        for entry_id in one.entry_ids
    ]
    await transaction.run("webhooks/store_messages", rows=messages)
    deliveries.sort(key=lambda row: row["deliveryId"])
    await transaction.run("webhooks/store_deliveries", rows=deliveries)
    if released:
        released.sort(key=lambda row: (row["entryId"], row["messageId"]))
        await transaction.run("webhooks/link_releases", rows=released)


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
