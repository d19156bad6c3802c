"""What a test reads from the events of a made-up mall, plainly."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from graph_service.typologies.world import FraudWorld, Group, fraud_world
from graph_service.worlds.diary import Event

MEMBERS = 1_500
SEEDS = (1, 2, 3)
DAY_S = 86_400


@dataclass
class Seen:
    """Facts by what they are about. Times are seconds since 1970."""

    joined: dict[str, float] = field(default_factory=dict[str, float])
    inviter: dict[str, str] = field(default_factory=dict[str, str])
    owner: dict[str, str] = field(default_factory=dict[str, str])
    sharer: dict[str, str] = field(default_factory=dict[str, str])
    orders: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    paid_at: dict[str, float] = field(default_factory=dict[str, float])
    done_at: dict[str, float] = field(default_factory=dict[str, float])
    refunds: defaultdict[str, list[tuple[float, int]]] = field(
        default_factory=lambda: defaultdict[str, list[tuple[float, int]]](list)
    )
    clicks: list[tuple[float, str, str]] = field(default_factory=list[tuple[float, str, str]])
    done: defaultdict[str, list[float]] = field(
        default_factory=lambda: defaultdict[str, list[float]](list)
    )
    things: defaultdict[tuple[str, str], set[str]] = field(
        default_factory=lambda: defaultdict[tuple[str, str], set[str]](set)
    )
    member_of: dict[str, str] = field(default_factory=dict[str, str])

    def users(self, kind: str, group: Group) -> list[set[str]]:
        """For each thing of a kind, who of the group is seen with it."""
        members = set(group.member_ids)
        found = [users & members for (of, _), users in self.things.items() if of == kind]
        return [users for users in found if users]

    def paid(self, group: Group) -> list[dict[str, Any]]:
        """The group's orders in time order."""
        return [self.orders[one] for one in sorted(group.order_ids, key=self.paid_at.__getitem__)]


def read(events: Iterable[Event]) -> Seen:
    """All that the tests need of a world."""
    seen = Seen()
    for event in events:
        kind, data = event["type"], event["data"]
        at = datetime.fromisoformat(event["time"]).timestamp()
        who = data.get("memberId") or data.get("visitorId")
        if "memberId" in data and kind not in ("identity.observed", "visitor.identified"):
            seen.done[data["memberId"]].append(at)
        if "inviterId" in data:
            seen.inviter[data["memberId"]] = data["inviterId"]
        if kind == "member.joined":
            seen.joined[who] = at
        elif kind == "shop.registered" and "ownerMemberId" in data:
            seen.owner[data["shopId"]] = data["ownerMemberId"]
        elif kind == "share.created":
            seen.sharer[data["shareId"]] = who
        elif kind == "share.clicked":
            seen.clicks.append((at, data["shareId"], who))
        elif kind == "visitor.identified":
            seen.member_of[data["visitorId"]] = data["memberId"]
        elif kind == "identity.observed":
            seen.things[data["kind"], data["value"]].add(who)
        elif kind.startswith("order."):
            read_order(seen, kind, data, at)
    return seen


def read_order(seen: Seen, kind: str, data: dict[str, Any], at: float) -> None:
    """What an event says about an order."""
    if kind == "order.paid":
        seen.orders[data["orderId"]], seen.paid_at[data["orderId"]] = data, at
        for one in data["identifiers"]:
            seen.things[one["kind"], one["value"]].add(data["memberId"])
    elif kind == "order.completed":
        seen.done_at[data["orderId"]] = at
    elif kind == "order.refunded":
        seen.refunds[data["orderId"]].append((at, data["amountMinor"]))


@cache
def world(camouflage: float, seed: int) -> FraudWorld:
    """A small world with some groups of each kind."""
    return fraud_world(MEMBERS, seed, camouflage=camouflage, prevalence=0.12)


@cache
def seen_in(camouflage: float, seed: int) -> Seen:
    """What is read from that world."""
    return read(world(camouflage, seed).events)


def groups(kind: str, camouflage: float = 0.0) -> list[tuple[Seen, Group]]:
    """The frauds or look-alikes of a kind of all small worlds, each with what is read there."""
    return [
        (seen_in(camouflage, seed), group)
        for seed in SEEDS
        for group in (*world(camouflage, seed).frauds, *world(camouflage, seed).lookalikes)
        if group.kind == kind
    ]
