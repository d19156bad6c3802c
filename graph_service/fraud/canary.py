"""Are the detectors of rings and self-referral awake? They must find made-up fraud in each scan.

It is only ever in arrays: its names hold a sign that no id may have, and its numbers lie above
those of the mall, so that nothing of it comes into an answer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from graph_service.fraud.detectors.shape import Finding
from graph_service.snapshot.log import NONE, TABLES, Log, Table, kind_of, log_of

# No id of the mall may hold it.
SIGN: Final = "\x01"
CANARY_KINDS: Final = ("fake_order_ring", "self_referral_cycle")
BUYERS, SHOPS_GOODS, ROUNDS = 14, 3, 4
DEVICES = 3
SELF_ACCOUNTS, SELF_ORDERS = 4, 8
# Canaries are put among the mall's own rows where they are at most so much of its members and
# of its orders.
SHARE_MAX: Final = 0.01
# A mall smaller than that: the honest crowd among whom they are looked for instead.
CROWD: Final = 2_000
CROWD_DAYS: Final = 90
# An alert is a canary's where so much of its members are the canary's.
CAUGHT_SHARE: Final = 0.5
HOUR, DAY = 3_600_000_000, 86_400_000_000
# Times begin with 1970, canaries four months before now.
EARLIEST: Final = 120 * DAY
# Without any order in the mall: a hundred yuan.
AMOUNT_MINOR: Final = 10_000
Facts = Iterator[tuple[str, int, Mapping[str, Any]]]


@dataclass(frozen=True)
class Canary:
    """A log with canaries in it. first: members from this number on are no members of the mall.

    is_apart: the log holds a crowd and canaries and nothing of the mall.
    """

    log: Log
    first: int
    is_apart: bool

    def is_caught(self, finding: Finding) -> bool:
        """Whether a finding is about canaries."""
        return self._share(finding) >= CAUGHT_SHARE

    def removed(self, findings: Sequence[Finding]) -> list[Finding]:
        """The findings about the mall, with nobody of the canaries in them."""
        return [one for one in findings if self.is_apart or not self._share(one)]

    def _share(self, finding: Finding) -> float:
        own = sum(1 for member in finding.members if member >= self.first)
        return own / len(finding.members)


def with_canary(told: Log, kinds: Sequence[str]) -> Canary:
    """The log with canaries of these kinds, or where the mall is small a crowd with them."""
    now, amount, currency = max(told.now, EARLIEST), usual_amount(told), usual_currency(told)
    persons = bool(len(told.tables["persons"]["at"]))
    made = log_of(_facts(kinds, now, amount, currency, persons=persons))
    mall = len(told.names["member"])
    if all(
        len(made.names[kind]) <= SHARE_MAX * len(told.names[kind]) for kind in ("member", "order")
    ):
        return Canary(joined(told, made), mall, is_apart=False)
    return crowd_with_canary(told, kinds)


def crowd_with_canary(told: Log, kinds: Sequence[str]) -> Canary:
    """A crowd of its own with canaries of these kinds, at the time and prices of this log."""
    now, amount, currency = max(told.now, EARLIEST), usual_amount(told), usual_currency(told)
    crowd = log_of(_crowd(now, amount, currency))
    made = log_of(_facts(kinds, now, amount, currency, persons=False))
    return Canary(joined(crowd, made), len(crowd.names["member"]), is_apart=True)


def usual_amount(told: Log) -> int:
    """What an order of the mall is worth in the middle (minor units)."""
    amounts = told.tables["orders"]["amount"]
    return max(1, int(np.median(amounts))) if len(amounts) else AMOUNT_MINOR


def usual_currency(told: Log) -> str:
    """The currency of most orders."""
    numbers = told.tables["orders"]["currency"]
    return told.names["currency"][int(np.bincount(numbers).argmax())] if len(numbers) else "CNY"


def joined(told: Log, more: Log) -> Log:
    """Both logs, the rows of the second behind, its names but for currencies told apart."""
    names = {kind: [*own, *more.names[kind]] for kind, own in told.names.items()}
    offsets = {kind: len(own) for kind, own in told.names.items()}
    names["currency"] = list(dict.fromkeys(names["currency"]))
    currencies = np.array([names["currency"].index(one) for one in more.names["currency"]])
    tables = dict[str, Table]()
    for name, columns in TABLES.items():
        tables[name] = {}
        for column in columns:
            own, added = told.tables[name][column], more.tables[name][column]
            kind = kind_of(column)
            if kind == "currency" and len(added):
                added = currencies[added]
            elif kind is not None and kind != "currency":
                added = np.where(added == NONE, NONE, added + offsets[kind])
            tables[name][column] = np.concatenate([own, added.astype(own.dtype)])
    return Log(names, tables, told.seq, max(told.now, more.now))


def _facts(kinds: Sequence[str], now: int, amount: int, currency: str, *, persons: bool) -> Facts:
    if "fake_order_ring" in kinds:
        yield from _ring(now, amount, currency)
    if "self_referral_cycle" in kinds:
        yield from _self_referral(now, amount, currency, persons=persons)


def _ring(now: int, amount: int, currency: str) -> Facts:
    """Accounts of three devices that one member invited buy the same of that member's shop."""
    organiser, shop = f"{SIGN}ring", f"{SIGN}shop"
    begin = now - 3 * DAY
    yield "member.joined", begin - 30 * DAY, {"memberId": organiser}
    yield "shop.registered", begin - 29 * DAY, {"shopId": shop, "ownerMemberId": organiser}
    for number in range(BUYERS):
        buyer = f"{SIGN}ring-{number}"
        at = begin + number * HOUR // 6
        yield "member.joined", at, {"memberId": buyer, "inviterId": organiser}
        device = {"kind": "device", "value": f"device:{SIGN}{number % DEVICES}"}
        yield "identity.observed", at, {"memberId": buyer, **device}
    for turn in range(ROUNDS):
        for number in range(BUYERS):
            at = begin + 6 * HOUR + turn * 15 * HOUR + number * HOUR // 12
            yield (
                "order.paid",
                at,
                _order(
                    f"ring-{number}-{turn}",
                    f"{SIGN}ring-{number}",
                    amount,
                    currency,
                    shopId=shop,
                    product=f"ring-{turn % SHOPS_GOODS}",
                    identifiers=[
                        {"kind": "device", "value": f"device:{SIGN}{number % DEVICES}"},
                        {"kind": "address", "value": f"address:{SIGN}ring"},
                    ],
                ),
            )


def _self_referral(now: int, amount: int, currency: str, *, persons: bool) -> Facts:
    """One human invites other accounts of their own, which buy through the first one's shares."""
    accounts = [f"{SIGN}self-{number}" for number in range(SELF_ACCOUNTS)]
    first, begin = accounts[0], now - 25 * DAY
    for number, member in enumerate(accounts):
        told = {"memberId": member} if member == first else {"memberId": member, "inviterId": first}
        yield "member.joined", begin + number * HOUR, told
        for kind in ("payment", "phone", "device"):
            seen = {"memberId": member, "kind": kind, "value": f"{kind}:{SIGN}self"}
            yield "identity.observed", begin + number * HOUR + 1, seen
        if persons:
            told = {"memberId": member, "personId": first}
            yield "standing.changed", begin + number * HOUR + 2, told
    seen_with = [{"kind": kind, "value": f"{kind}:{SIGN}self"} for kind in ("payment", "device")]
    for turn in range(SELF_ORDERS):
        share, at = f"{SIGN}self-{turn}", begin + DAY + turn * 2 * DAY
        product = f"self-{turn}"
        told = {"shareId": share, "memberId": first, "productId": SIGN + product}
        yield "share.created", at, told
        for number, buyer in enumerate(accounts[1:]):
            clicked = at + (number + 1) * HOUR
            yield "share.clicked", clicked, {"shareId": share, "memberId": buyer}
            order = _order(
                f"self-{turn}-{number}",
                buyer,
                amount,
                currency,
                product=product,
                identifiers=seen_with,
                shareId=share,
            )
            yield "order.paid", clicked + HOUR // 6, order


def _crowd(now: int, amount: int, currency: str) -> Facts:
    """Honest members as there are in any mall: each with a device, some with invitees and orders.

    The same each time, so that what is found does not hang on chance.
    """
    chance = np.random.default_rng(7)
    begin = now - CROWD_DAYS * DAY
    joined_at = begin + np.sort(chance.integers(0, CROWD_DAYS * DAY // 2, CROWD))
    orders = chance.poisson(chance.exponential(2.0, CROWD))
    for member in range(CROWD):
        name, at = f"{SIGN}crowd-{member}", int(joined_at[member])
        told: dict[str, Any] = {"memberId": name}
        inviter = int(chance.integers(0, member)) if member and chance.random() < 0.7 else None
        if inviter is not None:
            told["inviterId"] = f"{SIGN}crowd-{inviter}"
        yield "member.joined", at, told
        share = {"shareId": f"{SIGN}crowd-{member}", "memberId": name}
        yield "share.created", at + HOUR, share
        seen = {"kind": "device", "value": f"device:{SIGN}crowd-{member}"}
        yield "identity.observed", at, {"memberId": name, **seen}
        for turn in range(int(orders[member])):
            # Some of what is bought came through a share of who invited the buyer.
            is_touched = inviter is not None and chance.random() < 0.3
            through = {"shareId": f"{SIGN}crowd-{inviter}"} if is_touched else dict[str, str]()
            yield (
                "order.paid",
                int(chance.integers(at + 2 * HOUR, now)),
                _order(
                    f"crowd-{member}-{turn}",
                    name,
                    max(1, int(amount * chance.lognormal(0, 0.8))),
                    currency,
                    shopId=f"{SIGN}crowd-shop-{chance.integers(0, 60)}",
                    product=f"crowd-{chance.integers(0, 400)}",
                    identifiers=[seen],
                    **through,
                ),
            )


def _order(
    name: str,
    member: str,
    amount: int,
    currency: str,
    *,
    product: str,
    identifiers: Iterable[Mapping[str, str]] = (),
    **more: str,
) -> dict[str, Any]:
    line = {"productId": SIGN + product, "quantity": 1, "amountMinor": amount}
    return {
        "orderId": SIGN + name,
        "memberId": member,
        "amountMinor": amount,
        "currency": currency,
        "lines": [line],
        "identifiers": list(identifiers),
        **more,
    }
