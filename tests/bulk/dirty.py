"""A mall in which everything happens that may happen, large enough for several batches."""

import random
from datetime import timedelta
from typing import Any

from tests.worlds import NOW, START, Event, event, order_data, spelled
from tests.worlds.random_mall import mall_of

IDS = frozenset(
    """memberId inviterId shareId parentShareId visitorId orderId refundId couponCode
    ownerMemberId fromId intoId value""".split()
)


def renamed(value: Any, suffix: str) -> Any:
    """The same data, its ids ending otherwise, so that malls can stand side by side."""
    return {
        name: f"{one}-{suffix}" if name in IDS and isinstance(one, str) else one
        for name, one in value.items()
    }


def random_malls(seeds: range) -> list[Event]:
    """Small random malls side by side; every third is shuffled, the last two mixed together."""
    found: list[Event] = []
    for seed in seeds:
        dice = random.Random(seed)
        moves = [dice.randbytes(40) for _ in range(dice.randint(30, 80))]
        # In every other mall some members are one person.
        events = mall_of(dice.randint(3, 14), moves, identity=seed % 2 == 0)
        if seed % 3 == 1:
            dice.shuffle(events)
        found.extend(
            {**one, "id": f"{one['id']}-{seed}", "data": renamed(one["data"], str(seed))}
            for one in events
        )
    tail = found[-300:]
    random.Random(0).shuffle(tail)
    return [*found[:-300], *tail]


class Teller:
    """Writes events one after another, each under a new id."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def tell(self, kind: str, day: float, /, *, key: str = "", **data: Any) -> Event:
        """Add an event so many days after the start."""
        number = len(self.events)
        told = event(kind, key or f"t{number}", START + timedelta(days=day, seconds=number), data)
        self.events.append(told)
        return told

    def again(self, told: Event, **changes: Any) -> None:
        """Add an event once more, with these attributes in place of its own."""
        self.events.append({**told, **changes})


def strange_people(mall: Teller) -> None:
    """Accounts, identifiers and visitors, said twice, late and by several."""
    mall.tell("account.linked", 2, memberId="p1", channel="wechat", externalId="x y", unionId="u")
    mall.tell("account.linked", 1, memberId="p2", channel="wechat", externalId="x y")
    mall.tell("account.linked", 1, memberId="p2", channel="app", externalId="文")
    mall.tell("account.linked", 3, memberId="p3", channel="wechat x", externalId="y")
    for number, kind in enumerate(("device", "ip", "address", "payment", "phone", "device")):
        seen: dict[str, Any] = {"kind": kind, "value": f" Value of {kind} "}
        mall.tell("identity.observed", 9 - number, memberId="p1", **seen)
        mall.tell("identity.observed", 4, visitorId="pv", **seen)
        mall.tell("identity.observed", 3, memberId="p1", **seen)
    for number, value in enumerate(("+86 138-0013-8000", "13800138000", "138****8000", "000 000")):
        mall.tell("identity.observed", number, memberId=f"p{number}", kind="phone", value=value)
    mall.tell("identity.observed", 2, visitorId="pn", kind="device", value="0000-0000")
    mall.tell("account.linked", 4, memberId="p4", channel="app", externalId="z", unionId=" ")
    for day, member_id in ((5, "p1"), (5, "p2"), (4, "p3"), (9, "p1"), (2, "p1")):
        mall.tell("visitor.identified", day, visitorId="pv", memberId=member_id)
    said: dict[str, Any] = {
        "kyc": "verified",
        "taxRegistered": False,
        "communityId": "k",
        "role": "partner",
    }
    mall.tell("member.updated", 5, memberId="p1", **said)
    mall.tell("member.updated", 4, memberId="p1", kyc="none", taxRegistered=True)
    mall.tell("task.completed", 60, memberId="p9", taskId="t")
    mall.tell("shop.registered", 1, shopId="shop-1", ownerMemberId="p8")
    mall.tell("community.upserted", 1, communityId="k", level=1, stewardId="p7")
    mall.tell("material.exposed", 1, materialId="mat", visitorId="only-exposed")
    mall.tell("product.upserted", 1, productId="a", attributes={"x": [1.5, None, "ü"], "y": {}})


def strange_orders(mall: Teller) -> None:
    """Orders with everything on them, ended before they were paid, refunded too much."""
    lines: list[dict[str, Any]] = [
        {"productId": "a", "categoryId": "c1", "quantity": 1, "amountMinor": 5},
        {"productId": "a", "categoryId": "c2", "quantity": 2, "amountMinor": 6},
        {"productId": "b", "quantity": 3, "amountMinor": 0},
    ]
    identifiers = [
        {"kind": kind, "value": value}
        for kind in ("device", "ip", "address", "payment", "phone")
        for value in ("1", "2", "1")
    ]
    more: dict[str, Any] = {
        "shopId": "shop-1",
        "couponCode": "c-late",
        "channel": "app",
        "platformOrderNo": "№ 7",
    }
    whole: dict[str, Any] = order_data("full", "p1", 100)
    whole |= {"lines": lines, "identifiers": identifiers, **more}
    mall.tell("order.completed", 20, orderId="full")
    mall.tell("order.refunded", 20, orderId="full", refundId="early", amountMinor=60)
    less: dict[str, Any] = {**whole, "amountMinor": 59}
    mall.tell("order.paid", 10, **less)
    paid = mall.tell("order.paid", 10, createdAt=spelled(START), **whole)
    mall.again(paid, id="other-key")
    mall.again(paid, id="third-key", data={**paid["data"], "amountMinor": 101})
    mall.tell("order.refunded", 21, orderId="full", refundId="rest", amountMinor=41)
    mall.tell("order.refunded", 21, orderId="none", refundId="early", amountMinor=1)
    mall.tell("order.refunded", 22, orderId="full", refundId="rest", amountMinor=40)
    for day, owner in ((30, "p2"), (29, "p3"), (30, None)):
        mall.tell("coupon.issued", day, couponCode="c-late", ownerMemberId=owner, exclusive=True)
    mall.tell("coupon.issued", 31, couponCode="c-late", ownerMemberId="p4", exclusive=True)
    mall.tell("coupon.issued", 31, couponCode="c-value", valueMinor=0)
    mall.tell("order.cancelled", 19, orderId="full")
    # The roll-up of a month that is all gone again stays, with zeros.
    mall.tell("order.paid", 12, **order_data("gone", "p5", 700), couponCode="c-late")
    mall.tell("order.paid", 12, **order_data("back", "p5", 800), couponCode="c-late")
    mall.tell("order.cancelled", 18, orderId="back")


def strange_shares(mall: Teller) -> None:
    """Reshares that loop, and shares that only refused facts name."""
    for share_id, parent_id in (("z1", "z1"), ("z2", "z3"), ("z4", "z2"), ("z3", "z4")):
        mall.tell("share.created", 3, shareId=share_id, memberId="p6", parentShareId=parent_id)
    mall.tell("order.paid", 9, **order_data("through", "p5", 300), shareId="z-late")
    mall.tell("share.clicked", 8, shareId="z-late2", memberId="p5")
    mall.tell("share.clicked", 8, shareId="z-late2", visitorId="pv")
    mall.tell("order.paid", 9, **order_data("clicked", "p5", 300))


def strange_bindings(mall: Teller) -> None:
    """Bindings of every mode, loops, a line that is too deep, and ends past by the clock."""
    for number in range(1, 514):
        mall.tell("member.joined", 1, memberId=f"d{number}", inviterId=f"d{number - 1}")
    mall.tell("referral.bound", 2, memberId="d0", inviterId="d-top")
    mall.tell("referral.bound", 3, memberId="d300", inviterId="d-side", mode="override")
    mall.tell("referral.bound", 4, memberId="d0", inviterId="d400", mode="override")
    mall.tell("referral.bound", 4, memberId="d0", inviterId="d-top", mode="override")
    mall.tell("order.paid", 5, **order_data("deep", "d290", 900))
    mall.tell("referral.bound", 4.5, memberId="d290", inviterId="d-side", mode="override")
    ends = {"past": NOW - timedelta(days=1), "coming": NOW + timedelta(days=9)}
    for name, ends_at in ends.items():
        bound = {"mode": "expiring", "expiresAt": spelled(ends_at)}
        mall.tell("referral.bound", 6, memberId=f"x-{name}", inviterId="d-side", **bound)
        mall.tell("referral.bound", 7, memberId=f"x-{name}", inviterId="d-top")
        mall.tell("order.paid", 8, **order_data(f"of-{name}", f"x-{name}", 1_234))
    mall.tell("referral.bound", 7, memberId="x-self", inviterId="x-self")


def broken(mall: Teller) -> None:
    """What is no event of the contract, and one key with many contents in a batch."""
    mall.events += [["no", "object"], "text", {"id": 7, "source": "line\nfeed", "type": None}]
    mall.tell("order.teleported", 1, orderId="o")
    mall.tell("identity.observed", 1, memberId="m", kind="device", value="secret", extra=1)
    mall.tell("referral.bound", 1, memberId="m", inviterId="n", expiresAt="yesterday")
    for number in (1, 1, 2, 3, 2, 1):
        mall.tell("referral.bound", 1, key="same", memberId=f"l{number}", inviterId="l1")


def dirty_world(seeds: range) -> list[Any]:
    """Random malls with the strange in their midst, and half of it again at the end."""
    mall = Teller()
    mall.events = list(random_malls(seeds))
    middle = len(mall.events) // 2
    rest, mall.events = mall.events[middle:], mall.events[:middle]
    for part in (strange_people, strange_shares, strange_orders, strange_bindings, broken):
        part(mall)
    told = len(mall.events)
    mall.events += rest
    mall.tell("share.created", 7, shareId="z-late", memberId="p1")
    mall.tell("share.created", 7, shareId="z-late2", memberId="p2", parentShareId="z2")
    mall.tell("order.cancelled", 40, orderId="gone")
    mall.tell("order.completed", 41, orderId="back")
    return [*mall.events, *mall.events[middle:told:2]]
