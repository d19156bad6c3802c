"""Logs of small worlds, and the same logs as if some facts had never been told."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from graph_service.clock import to_micros
from graph_service.ingest.facts import Fact, parse_event
from graph_service.ingest.tokens import Tokeniser
from tests.worlds import Event

Told = tuple[str, int, Mapping[str, Any]]
# By which field of its data a fact is a member's, and goes with it.
OWNERS = ("memberId", "ownerMemberId")


def facts_of(events: Iterable[Event]) -> list[Told]:
    """Type, time and data of those of these events that are facts."""
    tokeniser = Tokeniser(b"pepper")
    parsed = [parse_event(one, place, tokeniser) for place, one in enumerate(events)]
    return [(one.type, to_micros(one.time), one.data) for one in parsed if isinstance(one, Fact)]


def without_token(facts: Sequence[Told], token: str) -> list[Told]:
    """As if nobody had been seen with it."""
    kept: list[Told] = []
    for kind, at, data in facts:
        if data.get("value") == token:
            continue
        told = {name: value for name, value in data.items() if value != token}
        if "identifiers" in told:
            told["identifiers"] = [one for one in told["identifiers"] if one["value"] != token]
        kept.append((kind, at, told))
    return kept


def without_orders(facts: Sequence[Told], orders: set[str]) -> list[Told]:
    """As if these orders had never been placed."""
    return [one for one in facts if one[2].get("orderId") not in orders]


def without_share(facts: Sequence[Told], share: str) -> list[Told]:
    """As if it had never been shared: nobody clicked on it or bought through it."""
    kept: list[Told] = []
    for kind, at, data in facts:
        if kind in ("share.created", "share.clicked") and data["shareId"] == share:
            continue
        kept.append((kind, at, {name: one for name, one in data.items() if one != share}))
    return kept


def without_member(facts: Sequence[Told], member: str) -> list[Told]:
    """As if it had never been there: with its orders, shares, invitations, shops and coupons."""
    orders: set[str] = {
        one["orderId"] for kind, _, one in facts if kind == "order.paid" and _is_of(one, member)
    }
    shares: list[str] = [
        one["shareId"] for kind, _, one in facts if kind == "share.created" and _is_of(one, member)
    ]
    left = without_orders(facts, orders)
    for share in shares:
        left = without_share(left, share)
    kept: list[Told] = []
    for kind, at, data in left:
        if _is_of(data, member) or (kind == "referral.bound" and data["inviterId"] == member):
            continue
        kept.append((kind, at, {name: one for name, one in data.items() if one != member}))
    return kept


def _is_of(data: Mapping[str, Any], member: str) -> bool:
    return any(data.get(name) == member for name in OWNERS)
