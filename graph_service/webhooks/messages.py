"""What is there to tell? Messages from entries of the ledger and from facts; no database."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    fact that it follows from; None where it follows from the time.
    """

    message_id: str
    type: str
    body: str
    seq: int | None = None


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

    entries: with the moment at which each is released (us). What was taken back by then counts
    against it.
    """
    return [
        _released(at, mine, None)
        for (at, *_), mine in _groups(entries, lambda _: 0)
        if sum(one["amountMinor"] for one in mine) > 0
    ]


def late_messages(entries: Iterable[tuple[int, Entry]]) -> list[Message]:
    """The same of what is booked after its moment: for each fact one, of what is owed more.

    What is taken back then is told as reversed only, since it was released before.
    """
    owed = ((at, one) for at, one in entries if one["amountMinor"] > 0)
    return [_released(key[0], mine, key[1]) for key, mine in _groups(owed, lambda one: one["seq"])]


def _groups(
    entries: Iterable[tuple[int, Entry]], split: Callable[[Entry], int]
) -> Iterator[tuple[tuple[Any, ...], list[Entry]]]:
    """Entries by their moment, what split says of them, order (or period), payee and currency."""

    def key(item: tuple[int, Entry]) -> tuple[Any, ...]:
        at, one = item
        period = one.get("period") or ""
        return at, split(one), one["orderId"], period, one["payeeId"], one["currency"]

    ordered = sorted(entries, key=lambda item: (key(item), item[1]["seq"], item[1]["entryId"]))
    for found, group in groupby(ordered, key):
        yield found, [one for _, one in group]


def _released(at: int, entries: Sequence[Entry], seq: int | None) -> Message:
    # An order may have come under another plan: the last speaks for it.
    data = {**_told(entries), "planVersion": entries[-1]["planVersion"]}
    return message_of(RELEASED, at, {**data, "availableAt": time_string(at)}, seq=seq)


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
