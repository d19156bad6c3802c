"""A mall's events without those whose order of arrival matters."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from tests.worlds import Event, event, instant

# The latest of these speaks, and of equal times the last to arrive: so no two times are equal.
LATEST_SPEAKS = frozenset(
    {
        "member.joined",
        "member.updated",
        "coupon.issued",
        "visitor.identified",
        "member.merged",
        "member.unmerged",
        "order.cancelled",
        "order.completed",
    }
)
# What is told once: the first to arrive is kept, another content is refused.
TOLD_ONCE = {"order.paid": "orderId", "share.created": "shareId", "order.refunded": "refundId"}


class _Settling:
    """What was kept so far."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.told: set[tuple[str, str]] = set()
        self.inviters: dict[str, str] = {}
        self.parents: dict[str, str] = {}
        self.left: defaultdict[str, int] = defaultdict(int)

    def keeps(self, one: Event) -> bool:
        """Is this a fact that no other one competes with or forbids?"""
        kind, data = one["type"], one["data"]
        name = TOLD_ONCE.get(kind)
        if one["id"] in self.ids or (name is not None and (kind, data[name]) in self.told):
            return False
        if kind == "order.refunded":
            if data["amountMinor"] > self.left[data["orderId"]]:
                return False
            self.left[data["orderId"]] -= data["amountMinor"]
        if kind in ("member.joined", "referral.bound") and data.get("inviterId") is not None:
            member_id = data["memberId"]
            if member_id in self.inviters or _above(self.inviters, data["inviterId"], member_id):
                return False
            self.inviters[member_id] = data["inviterId"]
        if kind == "share.created" and data.get("parentShareId") is not None:
            if _above(self.parents, data["parentShareId"], data["shareId"]):
                return False
            self.parents[data["shareId"]] = data["parentShareId"]
        self.ids.add(one["id"])
        if name is not None:
            self.told.add((kind, data[name]))
        return True


def settled(events: Iterable[Event]) -> list[Event]:
    """The events of a mall that mean the same in any order of arrival.

    Left out: repeats, a member's second binding, what would close a loop, refunds above an order.
    """
    found = list(events)
    settling = _Settling()
    for one in found:
        if one["type"] == "order.paid":
            # A repeat with another amount is left out: the first is the order.
            settling.left.setdefault(one["data"]["orderId"], one["data"]["amountMinor"])
    kept = (one for one in found if settling.keeps(one))
    return [_apart(one, place) for place, one in enumerate(kept)]


def _above(parents: dict[str, str], one: str | None, other: str) -> bool:
    """Is the other one this one, or above it?"""
    while one is not None and one != other:
        one = parents.get(one)
    return one is not None


def _apart(one: Event, place: int) -> Event:
    if one["type"] not in LATEST_SPEAKS:
        return one
    at = instant(one) + timedelta(microseconds=place)
    return event(one["type"], one["id"], at, one["data"])
