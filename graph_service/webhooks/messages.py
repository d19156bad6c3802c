"""What is there to tell? Messages from entries of the ledger and from facts; no database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, get_args

from graph_service.clock import time_string
from graph_service.graph.session import Row
from graph_service.ingest.facts import canonical, digest
from graph_service.months.counted import held_until, period_of_row
from graph_service.plans.timeline import Plans

EventName = Literal[
    "commission.booked", "commission.reversed", "commission.released", "role.changed"
]
EVENTS: tuple[EventName, ...] = get_args(EventName)
BOOKED, REVERSED, RELEASED, ROLE_CHANGED = EVENTS
PING = "ping"
# What is told of an entry beside whom it pays and for what.
TOLD = ("entryId", "basis", "part", "rate", "baseMinor", "amountMinor", "why")
Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Message:
    """Something that webhooks are told, the same to all of them.

    message_id: follows from what it tells, so the same is never told under two ids. seq: of the
    fact that it follows from; None where it follows from the time. entry_ids: what it releases.
    """

    message_id: str
    type: str
    body: str
    seq: int | None = None
    entry_ids: tuple[str, ...] = ()


def message_of(kind: str, time: int, data: Mapping[str, Any], *, seq: int | None = None) -> Message:
    """A message in the form of Standard Webhooks. time: when it came about (us)."""
    told = {"type": kind, "timestamp": time_string(time), "data": dict(data)}
    # One spelling: what is signed is what is kept.
    return Message(f"msg_{digest(canonical([kind, data]))}", kind, canonical(told), seq)


def booking_messages(entries: Sequence[Entry]) -> list[Message]:
    """For each fact, order and payee one message of what is owed, and one of what is taken back.

    entries: in order of seq, orderId and payeeId, each with the type and time of its fact.
    """
    messages: list[Message] = []
    for (seq, _, _), group in groupby(entries, lambda e: (e["seq"], e["orderId"], e["payeeId"])):
        mine = [one for one in group if one["amountMinor"]]
        for kind, part in (
            (BOOKED, [one for one in mine if one["amountMinor"] > 0]),
            (REVERSED, [one for one in mine if one["amountMinor"] < 0]),
        ):
            if part:
                cause = {"seq": seq, "type": part[0]["factType"]}
                data = {**_told(part), "cause": cause}
                messages.append(message_of(kind, part[0]["factTime"], data, seq=seq))
    return messages


def release_messages(entries: Iterable[tuple[int, Entry]]) -> list[Message]:
    """For each order (or period) and payee one message of what is released, if that is above 0.

    entries: with the moment at which each is released (us), none of them told as released.
    """

    def key(item: tuple[int, Entry]) -> tuple[Any, ...]:
        at, one = item
        period = one.get("period") or ""
        return at, one["orderId"], period, one["payeeId"], one["planVersion"], one["currency"]

    messages: list[Message] = []
    for (at, *_), group in groupby(sorted(entries, key=lambda i: (key(i), i[1]["entryId"])), key):
        mine = [one for _, one in group]
        # What was taken back by now counts against it; what nothing is left of is not told.
        if sum(one["amountMinor"] for one in mine) > 0:
            data = {**_told(mine), "availableAt": time_string(at)}
            found = message_of(RELEASED, at, data)
            ids = tuple(one["entryId"] for one in mine)
            messages.append(Message(found.message_id, RELEASED, found.body, None, ids))
    return messages


def role_message(seq: int, time: int, data: Mapping[str, Any]) -> Message:
    """The message of a fact role.changed; all of its data is told."""
    return message_of(ROLE_CHANGED, time, {**data, "cause": {"seq": seq}}, seq=seq)


def _told(entries: Sequence[Entry]) -> dict[str, Any]:
    """What several entries of one payee for one order, or for one period, say together."""
    first = entries[0]
    return {
        "memberId": first["payeeId"],
        "orderId": first["orderId"] or None,
        "period": first.get("period"),
        "month": first["month"],
        "currency": first["currency"],
        "planVersion": first["planVersion"],
        "amountMinor": sum(one["amountMinor"] for one in entries),
        "entries": [{name: one[name] for name in TOLD} for one in entries],
    }


def periods_released(
    periods: Iterable[Row], plans: Plans, after: int, until: int
) -> dict[int, list[str]]:
    """Which periods are released from one moment to another (us), by the moment.

    The first moment is among them, since a part of what falls on it may be left.
    """
    found: dict[int, list[str]] = {}
    for row in periods:
        at = held_until(plans, period_of_row(row, plans))
        if after <= at <= until:
            found.setdefault(at, []).append(row["periodId"])
    return {at: sorted(found[at]) for at in sorted(found)}
