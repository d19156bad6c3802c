"""What do the columns come to: who invited whom, who clicked, what became of each order?"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from graph_service.referrals.bindings import Binding, with_binding
from graph_service.snapshot.log import MODES, NONE, TOKEN_KINDS, Ints, Log, Numbers, Table

Kinds = NDArray[np.int8]
Flags = NDArray[np.bool_]
FOREVER: Final = np.iinfo(np.int64).max
# Identifiers that are one human's, up to so many members: with more it is a shop's or a bank's.
STRONG: Final = ("payment", "phone", "union")
STRONG_MEMBERS_MAX: Final = 12


@dataclass(frozen=True)
class Members:
    """By number of the member. inviter: of the binding in force, NONE without; times in us.

    joined: NONE where only others name the member. person: number of the person's first member,
    a person alone its own. last_active: latest own doing. status: place in STATUSES.
    """

    joined: Ints
    last_active: Ints
    status: Kinds
    inviter: Numbers
    person: Numbers
    held: Flags

    def __len__(self) -> int:
        return len(self.joined)


@dataclass(frozen=True)
class Bindings:
    """All bindings that ever were, by since. until: FOREVER while in force."""

    inviter: Numbers
    invitee: Numbers
    since: Ints
    until: Ints


@dataclass(frozen=True)
class Uses:
    """Which member is seen with which token, also as a visitor and on orders; one row a pair."""

    member: Numbers
    token: Numbers
    first: Ints
    last: Ints
    times: Numbers


@dataclass(frozen=True)
class Shares:
    """By number of the share. at: NONE where nobody told of it yet."""

    member: Numbers
    parent: Numbers
    product: Numbers
    at: Ints


@dataclass(frozen=True)
class Clicks:
    """In order of time. member: who clicked, also by a visitor that is identified; else NONE.

    who: member, or len(members) + visitor where nobody knows who that is.
    """

    share: Numbers
    member: Numbers
    visitor: Numbers
    who: Numbers
    at: Ints


@dataclass(frozen=True)
class Orders:
    """By number of the order; buyer is NONE where it was not paid (yet).

    amount, refunded: minor units of the currency. completed, cancelled, refunded_at (the latest
    refund): us or NONE. promoter: who earns it by the last touch, NONE for nobody; basis: place in
    BASES; touched: when (us) that touch was, NONE without.
    """

    buyer: Numbers
    shop: Numbers
    share: Numbers
    currency: Numbers
    amount: Ints
    created: Ints
    paid: Ints
    refunded: Ints
    refunded_at: Ints
    completed: Ints
    cancelled: Ints
    promoter: Numbers
    basis: Kinds
    touched: Ints

    def __len__(self) -> int:
        return len(self.buyer)


@dataclass(frozen=True)
class Lines:
    """What was in the orders."""

    order: Numbers
    product: Numbers
    quantity: Ints
    amount: Ints


@dataclass(frozen=True)
class OrderTokens:
    """Identifiers on orders."""

    order: Numbers
    token: Numbers


@dataclass(frozen=True)
class Snapshot:
    """A mall as the facts up to seq tell it. now: time of the latest fact (us).

    names: texts by kind and number. token_kind: place in TOKEN_KINDS. owner: by shop, NONE if
    unknown. category: by product. confirmed_at, cleared_at: by member, when a case's decision said
    so first (us), NONE if none did. confirmed_core, cleared_core: at the core of such a case?
    """

    seq: int
    now: int
    names: dict[str, list[str]]
    members: Members
    bindings: Bindings
    uses: Uses
    shares: Shares
    clicks: Clicks
    orders: Orders
    lines: Lines
    order_tokens: OrderTokens
    token_kind: Kinds
    owner: Numbers
    category: Numbers
    confirmed_at: Ints
    cleared_at: Ints
    confirmed_core: Flags
    cleared_core: Flags


def latest(keys: Numbers, at: Ints, size: int) -> Numbers:
    """By key from 0 to size, the row of the latest time (of one time the last row), else NONE."""
    order = np.lexsort((np.arange(len(at)), at))
    found = np.full(size, NONE, np.int32)
    found[keys[order]] = order.astype(np.int32)
    return found


def greatest(keys: Numbers, values: Ints, size: int) -> Ints:
    """By key, the greatest value, else NONE."""
    found = np.full(size, NONE, np.int64)
    np.maximum.at(found, keys, values)
    return found


def least(keys: Numbers, values: Ints, size: int) -> Ints:
    """By key, the least value, else NONE."""
    found = np.full(size, FOREVER, np.int64)
    np.minimum.at(found, keys, values)
    found[found == FOREVER] = NONE
    return found


def taken(values: NDArray[np.int32] | Ints, rows: Numbers) -> NDArray[np.int32]:
    """The values at these rows, NONE where the row is NONE."""
    if not len(values):
        return np.full(len(rows), NONE, np.int32)
    return np.where(rows == NONE, NONE, values[rows]).astype(np.int32)


def resolve_bindings(log: Log) -> Bindings:
    """All bindings by time, with those that had no effect left out.

    Competing ones of a member are settled in the order of the log, as when they were booked.
    """
    told = log.tables["bindings"]
    invitee, inviter, since, expires = (
        told[name] for name in ("member", "inviter", "at", "expires")
    )
    until = np.where(expires == NONE, FOREVER, expires)
    counts = np.bincount(invitee, minlength=len(log.names["member"]))
    single = counts[invitee] == 1
    several = _settled(told, np.flatnonzero(~single), log.now)
    columns = (
        np.concatenate([own[single], np.array(more, np.int64).astype(own.dtype)])
        for own, more in zip((inviter, invitee, since, until), several, strict=True)
    )
    inviter, invitee, since, until = columns
    order = np.lexsort((invitee, since))
    return Bindings(inviter[order], invitee[order], since[order], until[order])


def _settled(told: Table, rows: NDArray[np.intp], now: int) -> tuple[list[int], ...]:
    """inviter, invitee, since, until of members with several bindings."""
    found: dict[int, list[Binding]] = {}
    for row in rows:
        member = int(told["member"][row])
        expires = int(told["expires"][row])
        binding = Binding(
            inviter_id=str(told["inviter"][row]),
            since=int(told["at"][row]),
            until=None,
            expires_at=None if expires == NONE else expires,
            mode=MODES[told["mode"][row]],
            recorded_at=0,
        )
        found[member] = with_binding(found.get(member, []), binding, now)
    flat = [(one, member) for member, bindings in found.items() for one in bindings]
    return (
        [int(one.inviter_id) for one, _ in flat],
        [member for _, member in flat],
        [one.since for one, _ in flat],
        [_end_of(one) for one, _ in flat],
    )


def _end_of(binding: Binding) -> int:
    end = binding.expires_at if binding.until is None else binding.until
    return FOREVER if end is None else end


def resolve_uses(log: Log, owner_of_visitor: Numbers, buyer: Numbers) -> tuple[Uses, OrderTokens]:
    """Who is seen with which token, and the tokens on orders."""
    seen, ordered = log.tables["sightings"], log.tables["order_tokens"]
    who = np.where(seen["member"] != NONE, seen["member"], taken(owner_of_visitor, seen["visitor"]))
    member = np.concatenate([who, buyer[ordered["order"]]]).astype(np.int32)
    token = np.concatenate([seen["token"], ordered["token"]])
    at = np.concatenate([seen["at"], ordered["at"]])
    known = member != NONE
    member, token, at = member[known], token[known], at[known]
    pair = member.astype(np.int64) * max(1, len(log.names["token"])) + token
    _, first_row, inverse, times = np.unique(
        pair, return_index=True, return_inverse=True, return_counts=True
    )
    uses = Uses(
        member[first_row],
        token[first_row],
        least(inverse.astype(np.int32), at, len(times)),
        greatest(inverse.astype(np.int32), at, len(times)),
        times.astype(np.int32),
    )
    return uses, OrderTokens(ordered["order"], ordered["token"])


def resolve_clicks(log: Log, owner_of_visitor: Numbers, members: int) -> Clicks:
    """Clicks by time, a visitor's as the member's that it is."""
    told = log.tables["clicks"]
    order = np.argsort(told["at"], kind="stable")
    share, member, visitor, at = (
        told[name][order] for name in ("share", "member", "visitor", "at")
    )
    member = np.where(member != NONE, member, taken(owner_of_visitor, visitor)).astype(np.int32)
    who = np.where(member != NONE, member, members + visitor).astype(np.int32)
    return Clicks(share, member, visitor, who, at)


def resolve_shares(log: Log) -> Shares:
    """Shares by number."""
    told, size = log.tables["shares"], len(log.names["share"])
    row = latest(told["share"], told["at"], size)
    at = np.full(size, NONE, np.int64)
    at[told["share"]] = told["at"]
    member, parent, product = (taken(told[name], row) for name in ("member", "parent", "product"))
    return Shares(member, parent, product, at)


def kinds_of_tokens(log: Log) -> Kinds:
    """By token, the place of its kind in TOKEN_KINDS, NONE for one that is not there."""
    places = {kind: place for place, kind in enumerate(TOKEN_KINDS)}
    kinds = [places.get(one.partition(":")[0], NONE) for one in log.names["token"]]
    return np.array(kinds, dtype=np.int8)


def last_activity(log: Log, clicks: Clicks, members: int) -> Ints:
    """By member, the latest own doing: joined, shared, clicked, paid or was active."""
    found = np.full(members, NONE, np.int64)
    tables: list[Table] = [log.tables[name] for name in ("joins", "activities", "shares", "orders")]
    for told in tables:
        np.maximum.at(found, told["member"], told["at"])
    known = clicks.member != NONE
    np.maximum.at(found, clicks.member[known], clicks.at[known])
    return found
