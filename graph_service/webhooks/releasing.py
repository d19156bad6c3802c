"""What is released, and when is it told? Each order and each member's sales in a period once.

Once the moment has passed, what an order earned by then is settled: what is left of it is told.
What is booked for it afterwards is told by itself, what is taken back is told as reversed only.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.clock import Clock, from_micros
from graph_service.graph.session import Read, Row, Transaction
from graph_service.ledger.lines import PLATFORM
from graph_service.months.counted import held_until, period_of_row
from graph_service.plans.timeline import Plans
from graph_service.webhooks.messages import (
    Message,
    late_messages,
    periods_released,
    release_messages,
)

# Looked at in one transaction: orders that are due, entries of months.
ORDERS_TOGETHER, MONTH_ENTRIES_TOGETHER = 200, 1_000
# No key is greater.
LAST = "\U0010ffff"


class Books(Protocol):
    """Knows the plans and the time."""

    plans: Plans
    clock: Clock


@dataclass(frozen=True)
class Due:
    """Up to where releases were told: a moment (us), and the last key at that moment."""

    at: int
    after: str


@dataclass(frozen=True)
class Ending:
    """What is known of an order's end. moment: of its release, if it was completed (us).

    settled_seq: what followed up to this fact is settled; None: nothing is. waits: a fact about it
    is still to be told, which will bring it up again.
    """

    order_id: str
    moment: int | None
    last_seq: int
    settled_seq: int | None
    waits: bool


async def read_endings(
    transaction: Transaction, plans: Plans, order_ids: Iterable[str], seq: int, state: Row
) -> dict[str, Ending]:
    """The ends of these orders, of which the facts up to seq are told."""
    asked = sorted(set(order_ids))
    if not asked:
        return {}
    row = (
        await transaction.run(
            "webhooks/read_endings", orderIds=asked, seq=seq, beganSeq=state["beganSeq"]
        )
    )[0]
    return {one["orderId"]: _ending(one, plans, state) for one in row["orders"]}


def _ending(one: Mapping[str, Any], plans: Plans, state: Row) -> Ending:
    held = _held(plans, one["paidAt"])
    settled = one["settledSeq"]
    # What was released before anybody listened is as good as told.
    if one["knownEnd"] is not None and one["knownEnd"] + held <= state["beganAt"]:
        settled = max(settled or 0, state["beganSeq"])
    elif settled is not None:
        settled = max(settled, state["beganSeq"])
    moment = one["endedAt"] + held if one["completed"] else None
    return Ending(one["orderId"], moment, one["lastSeq"], settled, one["waits"])


def _held(plans: Plans, paid_at: int) -> int:
    """How long what an order earned is held (us), as the plan says that it was paid under."""
    return plans.at(paid_at).holding_days * MICROS_PER_DAY


async def late_releases(
    transaction: Transaction,
    plans: Plans,
    entries: Sequence[Mapping[str, Any]],
    named: Iterable[str],
    seq: int,
    state: Row,
) -> list[Message]:
    """What is released at once, since its time lies before what the clock has told already.

    entries: that are new. named: the orders that new facts are about; all facts up to seq are told.
    """
    orders = {one["orderId"] for one in entries if one["orderId"]}
    named = set(named)
    endings = await read_endings(transaction, plans, orders | named, seq, state)
    due = {
        order_id: (ending.moment, ending.last_seq)
        for order_id, ending in endings.items()
        if order_id in named
        and ending.settled_seq is None
        and not ending.waits
        and ending.moment is not None
        and ending.moment <= state["ordersAt"]
    }
    messages = await _settle(transaction, due)
    late = list[tuple[int, Mapping[str, Any]]]()
    for one in entries:
        ending = endings.get(one["orderId"])
        if ending is None:
            continue
        settled = due[one["orderId"]][1] if one["orderId"] in due else ending.settled_seq
        if settled is not None and one["seq"] > settled and ending.moment is not None:
            late.append((ending.moment, one))
    late += await _late_in_months(transaction, plans, entries, state)
    return messages + late_messages(late)


async def _late_in_months(
    transaction: Transaction, plans: Plans, entries: Sequence[Mapping[str, Any]], state: Row
) -> list[tuple[int, Mapping[str, Any]]]:
    told = Due(state["monthsAt"], state["monthsAfter"])
    late = list[tuple[int, Mapping[str, Any]]]()
    for one in entries:
        if one["period"] is not None:
            at = held_until(plans, period_of_row({**one}, plans))
            passed = (at, one["salesMonthId"]) <= (told.at, told.after)
            if passed or one["settledSeq"] is not None:
                late.append((at, one))
    await _settle_months(transaction, [one for _, one in late])
    return late


async def _settle(transaction: Transaction, due: Mapping[str, tuple[int, int]]) -> list[Message]:
    """Tell what is left of what these orders earned, and that they are settled.

    due: for each order the moment of its release (us), and up to which fact it is settled.
    """
    if not due:
        return []
    rows = [{"orderId": order_id, "seq": due[order_id][1]} for order_id in sorted(due)]
    await transaction.run("webhooks/settle_orders", rows=rows)
    found = await transaction.run("webhooks/list_unsettled_entries", rows=rows, platform=PLATFORM)
    return release_messages((due[one["orderId"]][0], one) for one in found[0]["entries"])


async def _settle_months(
    transaction: Transaction, entries: Iterable[Mapping[str, Any]], seq: int | None = None
) -> None:
    """seq: up to which their entries are settled; None: each up to the entry."""
    found = {one["salesMonthId"]: one["seq"] if seq is None else seq for one in entries}
    if found:
        rows = [{"salesMonthId": key, "seq": found[key]} for key in sorted(found)]
        await transaction.run("webhooks/settle_months", rows=rows)


async def tell_orders(
    transaction: Transaction, plans: Plans, rows: Sequence[Row], state: Row, now: int
) -> tuple[list[Message], Due]:
    """What the clock releases of these orders, and how far that is. rows: of `due_orders`."""
    seq = state["seq"]
    # An order is found for each time that any plan holds what was earned; one of them is its own.
    own = {
        row["orderId"]: row["at"]
        for row in rows
        if row["paidAt"] is not None and _held(plans, row["paidAt"]) == row["held"]
    }
    endings = await read_endings(transaction, plans, own, seq, state)
    messages = await _settle(
        transaction,
        {
            order_id: (own[order_id], seq)
            for order_id, ending in endings.items()
            if ending.settled_seq is None and not ending.waits and ending.moment == own[order_id]
        },
    )
    full = len(rows) == ORDERS_TOGETHER
    told_at = max(now, state["ordersAt"])
    reached = Due(rows[-1]["at"], rows[-1]["orderId"]) if full else Due(told_at, LAST)
    return messages, reached


async def due_orders(read: Read, books: Books, due: Due, now: int) -> list[Row]:
    """The next orders of which something may be released, in the order of the moment."""
    rows = [
        {
            "held": held,
            "from": from_micros(max(due.at - held, 0)).isoformat(),
            "after": due.after,
            "until": from_micros(max(now - held, 0)).isoformat(),
        }
        for held in sorted({row["days"] * MICROS_PER_DAY for row in books.plans.holding_rows})
    ]
    return await read("webhooks/find_due_orders", rows=rows, limit=ORDERS_TOGETHER)


async def tell_months(
    transaction: Transaction, periods: Mapping[int, list[str]], state: Row, now: int
) -> tuple[list[Message], Due]:
    """Periods are few and each has many members: one moment at a time, member by member."""
    seq, due = state["seq"], Due(state["monthsAt"], state["monthsAfter"])
    for at, period_ids in periods.items():
        after = due.after if at == due.at else ""

        def page(
            limit: int, period_ids: list[str] = period_ids, after: str = after
        ) -> Awaitable[list[Row]]:
            return _month_page(transaction, period_ids, seq, after, limit)

        entries, cut = await whole_groups(
            page, lambda one: one["salesMonthId"], MONTH_ENTRIES_TOGETHER
        )
        if not entries:
            continue
        await _settle_months(transaction, entries, seq)
        last = entries[-1]["salesMonthId"] if cut else LAST
        return release_messages((at, one) for one in entries), Due(at, last)
    return [], Due(max(now, due.at), LAST)


async def due_periods(read: Read, books: Books, due: Due, now: int) -> dict[int, list[str]]:
    """The closed periods of which something may be released, by the moment."""
    rows = await read("months/list_closed_periods")
    return periods_released(rows, books.plans, due.at, now)


async def _month_page(
    transaction: Transaction, period_ids: list[str], seq: int, after: str, limit: int
) -> list[Row]:
    row = await transaction.run(
        "webhooks/list_month_entries",
        periodIds=period_ids,
        seq=seq,
        after=after,
        platform=PLATFORM,
        limit=limit,
    )
    return row[0]["entries"]


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
