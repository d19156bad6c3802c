"""Does any simple feature of an account give the planted frauds away?

A made-up world is worth nothing where ids, amounts, hours or mere counts tell frauds from others.
Source: AMLSim's amounts alone reach an AUROC of 85.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph_service.typologies.world import Group
from graph_service.worlds.diary import Event

# No single feature may be above this, nor below 1 minus this.
AUROC_MAX = 0.85
COUNTED = (
    "member.active",
    "identity.observed",
    "visitor.identified",
    "share.created",
    "share.clicked",
    "order.paid",
    "order.completed",
    "order.refunded",
    "order.cancelled",
)
NIGHT_HOURS = range(7)
Column = NDArray[np.float64]


@dataclass
class _Account:
    """What is seen of one account. times: seconds since 1970 of its events."""

    times: list[float] = field(default_factory=list[float])
    hours: list[int] = field(default_factory=list[int])
    weekdays: list[int] = field(default_factory=list[int])
    counts: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    amounts: list[int] = field(default_factory=list[int])
    lines: list[int] = field(default_factory=list[int])
    pieces: list[int] = field(default_factory=list[int])
    order_times: list[float] = field(default_factory=list[float])
    things: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    shops: set[str] = field(default_factory=set[str])
    products: set[str] = field(default_factory=set[str])
    joined: float = 0.0
    invitees: int = 0
    is_promoter: bool = False


def audit(events: Iterable[Event], frauds: Sequence[Group]) -> dict[str, float]:
    """AUROC of every simple feature against being in any fraud, the most telling first."""
    names, columns = account_features(events)
    within = {one for group in frauds for one in group.member_ids}
    is_fraud = np.array([name in within for name in names])
    found = {name: auroc(column, is_fraud) for name, column in columns.items()}
    return dict(sorted(found.items(), key=lambda item: -abs(item[1] - 0.5)))


def auroc(scores: Column, is_positive: NDArray[np.bool_]) -> float:
    """How probably a positive has the higher score, ties counting half; .5 without either."""
    positives = int(is_positive.sum())
    negatives = len(scores) - positives
    if not positives or not negatives:
        return 0.5
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    above = float(ranks[is_positive].sum()) - positives * (positives + 1) / 2
    return above / (positives * negatives)


def account_features(events: Iterable[Event]) -> tuple[list[str], dict[str, Column]]:
    """Accounts in the order in which they join, and simple features: one column for each name."""
    accounts = _read(events)
    names = list(accounts)
    rows = [_row(name, accounts[name]) for name in names]
    columns = {one: np.array([row[one] for row in rows], np.float64) for one in rows[0]}
    ordered = sorted(range(len(names)), key=lambda place: names[place])
    by_id = np.empty(len(names), np.float64)
    by_id[ordered] = np.arange(len(names))
    return names, {**columns, "id order": by_id, "join order": np.arange(len(names), dtype=float)}


def _read(events: Iterable[Event]) -> dict[str, _Account]:
    accounts: defaultdict[str, _Account] = defaultdict(_Account)
    buyers: dict[str, str] = {}
    sharers: dict[str, str] = {}
    for event in events:
        kind, data = str(event["type"]), event["data"]
        moment = datetime.fromisoformat(event["time"])
        if kind == "share.created":
            sharers[data["shareId"]] = data["memberId"]
        if kind == "share.clicked":
            accounts[sharers[data["shareId"]]].counts["clicks received"] += 1
        if kind == "order.paid":
            buyers[data["orderId"]] = data["memberId"]
            if "shareId" in data:
                accounts[sharers[data["shareId"]]].counts["orders brought"] += 1
        if data.get("inviterId"):
            accounts[data["inviterId"]].invitees += 1
        owner = data.get("ownerMemberId") or data.get("memberId") or buyers.get(data.get("orderId"))
        if owner is not None:
            _note(accounts[owner], kind, data, moment)
    return {name: one for name, one in accounts.items() if one.joined}


def _note(account: _Account, kind: str, data: Mapping[str, Any], moment: datetime) -> None:
    at = moment.timestamp()
    account.counts[kind] += 1
    if kind == "member.joined":
        account.joined, account.is_promoter = at, data.get("role") == "promoter"
    account.times.append(at)
    account.hours.append(moment.hour)
    account.weekdays.append(moment.weekday())
    if kind == "identity.observed":
        account.things.add((data["kind"], data["value"]))
    if kind == "order.paid":
        account.amounts.append(data["amountMinor"])
        account.lines.append(len(data["lines"]))
        account.pieces.append(sum(line["quantity"] for line in data["lines"]))
        account.order_times.append(at)
        account.shops.add(data["shopId"])
        account.products.update(line["productId"] for line in data["lines"])
        account.things.update((one["kind"], one["value"]) for one in data.get("identifiers", ()))


def _row(name: str, account: _Account) -> dict[str, float]:
    """Simple features of one account; -1 where there is nothing to measure."""
    amounts = account.amounts
    gaps = np.diff(np.sort(np.array(account.times)))
    first = account.order_times[0] - account.joined if account.order_times else -1.0
    kinds = [kind for kind, _ in account.things]
    return {
        **{f"{kind} count": float(account.counts[kind]) for kind in COUNTED},
        "events": float(len(account.times)),
        "clicks received": float(account.counts["clicks received"]),
        "orders brought": float(account.counts["orders brought"]),
        "shops owned": float(account.counts["shop.registered"]),
        "invitees": float(account.invitees),
        "is promoter": float(account.is_promoter),
        "things": float(len(account.things)),
        **{f"{kind} things": float(kinds.count(kind)) for kind in ("device", "ip", "phone")},
        **{f"{kind} things": float(kinds.count(kind)) for kind in ("address", "payment")},
        "amount mean": _mean(amounts),
        "amount sd": float(np.std(amounts)) if len(amounts) > 1 else -1.0,
        "amount sum": float(sum(amounts)),
        "amount most": float(max(amounts, default=-1)),
        "amount least": float(min(amounts, default=-1)),
        "amounts equal": float(len(amounts) - len(set(amounts))),
        "last digit": _mean([one % 10 for one in amounts]),
        "last two digits": _mean([one % 100 for one in amounts]),
        "last three digits": _mean([one % 1_000 for one in amounts]),
        "lines": _mean(account.lines),
        "pieces": _mean(account.pieces),
        "shops": float(len(account.shops)),
        "products": float(len(account.products)),
        "hour mean": _mean(account.hours),
        "night part": _mean([hour in NIGHT_HOURS for hour in account.hours]),
        "weekend part": _mean([day >= 5 for day in account.weekdays]),
        "joined": account.joined,
        "joined hour": float(account.joined % 86_400),
        "joined second": float(account.joined % 60),
        "last seen": max(account.times),
        "first order after": first,
        "gap mean": float(gaps.mean()) if len(gaps) else -1.0,
        "gap least": float(gaps.min()) if len(gaps) else -1.0,
        "gap most": float(gaps.max()) if len(gaps) else -1.0,
        "id length": float(len(name)),
    }


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else -1.0
