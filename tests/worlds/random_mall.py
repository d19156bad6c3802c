"""Malls at random: a small one that hypothesis can shrink, its arrival orders, and a large one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar

from hypothesis import strategies as st

from tests.worlds import CHINA, DAYS, START, Event, event, instant, order_data, spelled

T = TypeVar("T")

MOVE_BYTES = 40
# Borders of months (Asia/Shanghai), an instant to pay at, what is 30 days before these, and 30
# days before now: the places where an answer turns over from one second to the next.
PIVOTS = (
    START + timedelta(days=31),
    START + timedelta(days=59),
    START + timedelta(days=29),
    START + timedelta(days=64, hours=12),
    START + timedelta(days=34, hours=12),
    START + timedelta(days=DAYS - 30, hours=1),
)
AMOUNTS = (50_000, 100, 199, 9_900, 123_457, 99, 1)
REFUNDS = (1, 50, 100, 4_950, 30_000, 60_000)
# A conflicting repeat changes one of these fields to another valid value.
CHANGED: dict[str, tuple[str, str | int]] = {
    "member.joined": ("role", "partner"),
    "member.updated": ("role", "partner"),
    "member.active": ("memberId", "m99"),
    "referral.bound": ("inviterId", "m99"),
    "share.created": ("memberId", "m99"),
    "share.clicked": ("shareId", "s99"),
    "visitor.identified": ("memberId", "m99"),
    "order.paid": ("memberId", "m99"),
    "order.refunded": ("amountMinor", 7),
    "order.cancelled": ("orderId", "o99"),
    "order.completed": ("orderId", "o99"),
    "coupon.issued": ("ownerMemberId", "m99"),
    "identity.observed": ("value", "other"),
    "member.merged": ("reason", "another"),
    "member.unmerged": ("reason", "another"),
}


class Dice:
    """The decisions of one event, read from the bytes of a move; no bytes left means zeros."""

    def __init__(self, move: bytes) -> None:
        self.left = list(move)

    def roll(self, sides: int) -> int:
        """A number from 0; the least when the move shrinks."""
        return self.left.pop(0) % sides if self.left else 0

    def of(self, options: tuple[T, ...]) -> T:
        """One of the options; the first when the move shrinks."""
        return options[self.roll(len(options))]


class RandomMall:
    """Events written move by move, and the names that they may speak of."""

    def __init__(
        self, members: int, moves: "tuple[Callable[[RandomMall, Dice], None], ...]"
    ) -> None:
        self.moves = moves
        self.members = tuple(f"m{number}" for number in range(members))
        self.visitors = tuple(f"v{number}" for number in range(8))
        self.coupons = ("c0", "c1")
        self.shares = 0
        self.orders = 0
        self.refunds = 0
        self.events: list[Event] = []

    def play(self, move: bytes) -> None:
        """Add the event of one move; a move that begins with 0 adds none."""
        dice = Dice(move)
        chosen = dice.roll(256)
        if chosen > 0:
            self.moves[chosen % len(self.moves)](self, dice)

    def add(self, kind: str, at: datetime, data: dict[str, object], dice: Dice) -> None:
        """Append an event under a new id."""
        zone = CHINA if dice.roll(2) else UTC
        self.events.append(event(kind, f"e{len(self.events)}", at, data, zone=zone))

    def time(self, dice: Dice, *, first_day: int = 0) -> datetime:
        """Near a pivot, on a whole day, or anywhere."""
        way = dice.roll(4)
        if way == 3:
            return dice.of(PIVOTS) + timedelta(seconds=dice.of((0, 1, -1)))
        day = first_day + dice.roll(DAYS - first_day)
        seconds = dice.roll(256) * 337 if way == 2 else 0
        return START + timedelta(days=day, seconds=seconds)

    def share_id(self, dice: Dice) -> str:
        """Mostly a share that exists, rarely one that comes later or never."""
        number = dice.roll(max(1, self.shares))
        return f"s{number if dice.roll(12) else self.shares + 1}"

    def neighbour(self, member_id: str, dice: Dice) -> str:
        """Half of the time the member's predecessor, so that long lines and loops come about."""
        if dice.roll(2):
            return dice.of(self.members)
        return self.members[self.members.index(member_id) - 1]

    # --- members ---

    def join(self, dice: Dice) -> None:
        """member.joined, half of the time with an inviter."""
        at, member_id = self.time(dice), dice.of(self.members)
        data: dict[str, object] = {"memberId": member_id, "role": dice.of((None, "promoter"))}
        if dice.roll(2):
            data["inviterId"] = self.neighbour(member_id, dice)
        self.add("member.joined", at, data, dice)

    def update(self, dice: Dice) -> None:
        """member.updated with a status, a role or both."""
        at, member_id = self.time(dice), dice.of(self.members)
        data: dict[str, object] = {"memberId": member_id}
        if dice.roll(4):
            data["status"] = dice.of(("frozen", "active", "frozen"))
        if dice.roll(2):
            data["role"] = dice.of(("promoter", "partner", "member"))
        self.add("member.updated", at, data, dice)

    def active(self, dice: Dice) -> None:
        """member.active."""
        self.add("member.active", self.time(dice), {"memberId": dice.of(self.members)}, dice)

    def bind(self, dice: Dice) -> None:
        """referral.bound in one of the modes; rarely one that expires before it begins."""
        at, member_id = self.time(dice), dice.of(self.members)
        inviter_id = self.neighbour(member_id, dice)
        data: dict[str, object] = {"memberId": member_id, "inviterId": inviter_id}
        mode = dice.of((None, "first", "override", "expiring", "override", "expiring"))
        if mode is not None:
            data["mode"] = mode
        if mode == "expiring":
            days = dice.of((10, 40, 100, 1, 20, 70, 30, 0))
            data["expiresAt"] = spelled(at + timedelta(days=days), dice.of((UTC, CHINA)))
        self.add("referral.bound", at, data, dice)

    def identify(self, dice: Dice) -> None:
        """visitor.identified."""
        data: dict[str, object] = {
            "visitorId": dice.of(self.visitors),
            "memberId": dice.of(self.members),
        }
        self.add("visitor.identified", self.time(dice), data, dice)

    def observe(self, dice: Dice) -> None:
        """identity.observed: few phones, cards and devices, so that some are shared."""
        kind = dice.of(("phone", "payment", "phone", "device", "address"))
        data: dict[str, object] = {
            "memberId": dice.of(self.members),
            "kind": kind,
            "value": f"{kind}-{dice.roll(5)}",
        }
        self.add("identity.observed", self.time(dice), data, dice)

    def say(self, dice: Dice) -> None:
        """member.merged or member.unmerged."""
        one, other = dice.of(self.members), dice.of(self.members)
        data: dict[str, object] = {"fromId": one, "intoId": other, "reason": "said so"}
        kind = dice.of(("member.merged", "member.unmerged", "member.merged"))
        self.add(kind, self.time(dice), data, dice)

    # --- shares ---

    def share(self, dice: Dice) -> None:
        """share.created: an origin, a reshare of the last or of any, or of one not yet made."""
        at = self.time(dice)
        data: dict[str, object] = {
            "shareId": f"s{self.shares}",
            "memberId": dice.of(self.members),
        }
        way = dice.roll(8)
        if way in (1, 2, 3, 4):
            data["parentShareId"] = f"s{max(0, self.shares - 1)}"
        elif way in (5, 6):
            data["parentShareId"] = f"s{dice.roll(self.shares + 3)}"
        elif way == 7:
            data["parentShareId"] = None if dice.roll(2) else "s-never"
        self.shares += 1
        self.add("share.created", at, data, dice)

    def click(self, dice: Dice) -> None:
        """share.clicked by a member or a visitor; few of both, so that they click again."""
        data: dict[str, object] = {"shareId": self.share_id(dice)}
        if dice.roll(2):
            data["visitorId"] = dice.of(self.visitors)
        else:
            data["memberId"] = dice.of(self.members)
        self.add("share.clicked", self.time(dice, first_day=20), data, dice)

    def cascade(self, dice: Dice) -> None:
        """Two to five reshares in a row with fans in common, the last of which brings an order."""
        at = START + timedelta(days=20 + dice.roll(40))
        last: str | None = None
        for _ in range(2 + dice.roll(4)):
            data: dict[str, object] = {"shareId": f"s{self.shares}", "parentShareId": last}
            sharer_id = data["memberId"] = dice.of(self.members)
            if last is not None and dice.roll(2):
                seen: dict[str, object] = {"shareId": last, "memberId": sharer_id}
                self.add("share.clicked", at, seen, dice)
            last = f"s{self.shares}"
            self.shares += 1
            self.add("share.created", at, data, dice)
            # Two rolls together: a visitor in four comes to each step.
            coming = dice.roll(256) & dice.roll(256)
            for number, visitor_id in enumerate(self.visitors):
                if coming >> number & 1:
                    click: dict[str, object] = {"shareId": last, "visitorId": visitor_id}
                    self.add("share.clicked", at + timedelta(hours=number % 4), click, dice)
            at += timedelta(hours=2)
        paid = order_data(f"o{self.orders}", dice.of(self.members), dice.of(AMOUNTS[:2]))
        self.orders += 1
        paid_at = min(at + timedelta(days=dice.of((1, 0, 9, 29))), START + timedelta(days=DAYS))
        self.add("order.paid", paid_at, {**paid, "shareId": last}, dice)

    # --- orders ---

    def pay(self, dice: Dice) -> None:
        """order.paid, with or without share, coupon and an earlier creation."""
        at = self.time(dice, first_day=30)
        amount_minor, member_id = dice.of(AMOUNTS), dice.of(self.members)
        data: dict[str, object] = order_data(f"o{self.orders}", member_id, amount_minor)
        self.orders += 1
        extras = dice.roll(16)
        if extras & 1:
            data["shareId"] = self.share_id(dice)
        if extras & 6 == 6:
            data["couponCode"] = dice.of(self.coupons)
        if extras & 8:
            earlier = timedelta(seconds=dice.of((3600, 1, 3 * 86_400, 40 * 86_400)))
            data["createdAt"] = spelled(at - earlier, UTC if extras & 2 else CHINA)
        self.add("order.paid", at, data, dice)

    def refund(self, dice: Dice) -> None:
        """order.refunded, also of an order that comes later or never, also too much."""
        data: dict[str, object] = {
            "orderId": f"o{dice.roll(self.orders + 1)}",
            "refundId": f"r{self.refunds}",
            "amountMinor": dice.of(REFUNDS),
        }
        self.refunds += 1
        self.add("order.refunded", self.time(dice, first_day=30), data, dice)

    def end(self, dice: Dice) -> None:
        """order.cancelled or order.completed, also one after the other."""
        data: dict[str, object] = {"orderId": f"o{dice.roll(self.orders + 1)}"}
        at = self.time(dice, first_day=30)
        kind = dice.of(("order.cancelled", "order.completed"))
        self.add(kind, at, data, dice)
        if dice.roll(4) == 1:
            other = "order.completed" if kind == "order.cancelled" else "order.cancelled"
            self.add(other, at + timedelta(hours=1), data, dice)

    def coupon(self, dice: Dice) -> None:
        """coupon.issued, exclusive or plain; the same code may be issued again."""
        data: dict[str, object] = {
            "couponCode": dice.of(self.coupons),
            "ownerMemberId": dice.of(self.members),
            "exclusive": dice.of((True, False, True)),
        }
        self.add("coupon.issued", self.time(dice), data, dice)

    # --- repeats ---

    def repeat(self, dice: Dice) -> None:
        """An earlier event again: as it was, spelled otherwise, changed, or under another key."""
        if not self.events:
            return
        old = self.events[dice.roll(len(self.events))]
        data = dict(old["data"])
        key, at = old["id"], instant(old)
        way = dice.roll(8)
        if way == 1:
            for name in {"createdAt", "expiresAt"} & data.keys():
                data[name] = spelled(datetime.fromisoformat(data[name]), dice.of((UTC, CHINA)))
        if way in (2, 3):
            name, value = CHANGED[old["type"]]
            data[name] = value
        if way in (3, 4, 6):
            key = f"e{len(self.events)}"
        if way == 5 and old["type"] in ("member.joined", "share.created", "order.paid"):
            data["channel"] = None
        if way in (6, 7):
            at += timedelta(seconds=1)
        zone = dice.of((CHINA, UTC))
        self.events.append(event(old["type"], key, at, data, zone=zone))


MOVES: tuple[Callable[[RandomMall, Dice], None], ...] = (
    *(RandomMall.click,) * 9,
    *(RandomMall.cascade,) * 2,
    *(RandomMall.share,) * 4,
    *(RandomMall.bind,) * 6,
    *(RandomMall.pay,) * 5,
    *(RandomMall.join,) * 2,
    *(RandomMall.refund,) * 2,
    *(RandomMall.repeat,) * 3,
    RandomMall.update,
    RandomMall.active,
    *(RandomMall.identify,) * 2,
    *(RandomMall.end,) * 2,
    RandomMall.coupon,
)


IDENTITY_MOVES = (*(RandomMall.observe,) * 6, *(RandomMall.say,) * 3)


def mall_of(members: int, moves: list[bytes], *, identity: bool = False) -> list[Event]:
    """The events of the moves, in time order; ids are unique but for the deliberate repeats.

    identity: with what tells which members are one person.
    """
    mall = RandomMall(members, (*MOVES, *IDENTITY_MOVES) if identity else MOVES)
    for move in moves:
        mall.play(move)
    return sorted(mall.events, key=instant)


def random_mall(*, identity: bool = False) -> st.SearchStrategy[list[Event]]:
    """Malls of 3 to 14 members and about 30 to 200 events; shrinks to fewer and plainer events."""
    move = st.binary(min_size=MOVE_BYTES, max_size=MOVE_BYTES)
    moves = st.lists(move, min_size=30, max_size=80)
    return st.builds(mall_of, st.integers(3, 14), moves, identity=st.just(identity))


def arrivals(events: list[Event]) -> st.SearchStrategy[list[list[Event]]]:
    """The events in batches of 1 to 50, in time order (seed 0), late by a little, or shuffled."""

    def cut(seed: int, batch: int) -> list[list[Event]]:
        random = Random(seed)
        places = [float(place) for place in range(len(events))]
        late = (0, 6, len(events))[seed % 3]
        places = [place + random.uniform(0, late) for place in places]
        ordered = [events[i] for i in sorted(range(len(events)), key=places.__getitem__)]
        if seed % 7 == 2:
            random.shuffle(ordered)
        batches: list[list[Event]] = []
        while ordered:
            size = batch if seed % 2 == 0 else random.randint(1, batch)
            batches.append(ordered[:size])
            ordered = ordered[size:]
        return batches

    return st.builds(cut, st.integers(0, 2**16), st.integers(1, 50))


class Cascades:
    """A mall whose shares spread as reposts do: most die at once, few go far, all from a seed."""

    def __init__(self, seed: int, members: int) -> None:
        self.random = Random(seed)
        self.events: list[Event] = []
        self.members = [f"m{number}" for number in range(members)]
        # How far a member's shares carry: a heavy tail, so that a few bring most.
        self.pull = [self.random.paretovariate(1.2) for _ in self.members]

    def add(self, kind: str, at: datetime, data: dict[str, object]) -> None:
        """Append an event under a new id."""
        self.events.append(event(kind, f"w{len(self.events)}", at, data))

    def join_all(self) -> None:
        """Members join one after the other in the first 30 days, 6 of 7 through an inviter."""
        for number, member_id in enumerate(self.members):
            at = START + timedelta(days=30 * number / len(self.members))
            data: dict[str, object] = {"memberId": member_id}
            if number and self.random.randrange(7):
                data["inviterId"] = self.random.choices(self.members[:number], self.pull[:number])[
                    0
                ]
            self.add("member.joined", at.replace(microsecond=0), data)

    def spread(self, root: int) -> None:
        """One cascade: shares, the clicks on them, and the orders of some who clicked."""
        at = START + timedelta(days=25, seconds=self.random.randrange(30 * 86_400))
        waiting: list[tuple[int, str | None, datetime]] = [(root, None, at)]
        shares = 0
        while waiting and shares < 60:
            number, parent_id, at = waiting.pop(0)
            share_id = f"s{root}-{len(self.events)}"
            shares += 1
            sharer: dict[str, object] = {"shareId": share_id, "memberId": self.members[number]}
            if parent_id is not None:
                sharer["parentShareId"] = parent_id
            self.add("share.created", at, sharer)
            for _ in range(min(12, int(self.pull[number] * self.random.random() * 3))):
                at += timedelta(seconds=self.random.randrange(1, 20_000))
                fan = self.fan(share_id, at)
                if fan is not None and self.random.random() < 0.4:
                    waiting.append((fan, share_id, at + timedelta(minutes=5)))

    def fan(self, share_id: str, at: datetime) -> int | None:
        """One click, by a visitor or by a member (its number), who may buy."""
        if self.random.random() < 0.5:
            visitor_id = f"v{self.random.randrange(len(self.members))}"
            self.add("share.clicked", at, {"shareId": share_id, "visitorId": visitor_id})
            return None
        number = self.random.randrange(len(self.members))
        member_id = self.members[number]
        self.add("share.clicked", at, {"shareId": share_id, "memberId": member_id})
        if self.random.random() < 0.25:
            order_id, amount_minor = f"o{len(self.events)}", self.random.randrange(1_000, 90_000)
            paid_at = at + timedelta(seconds=self.random.randrange(60, 3 * 86_400))
            self.add("order.paid", paid_at, order_data(order_id, member_id, amount_minor))
            if self.random.random() < 0.1:
                back: dict[str, object] = {"orderId": order_id, "refundId": f"r-{order_id}"}
                back["amountMinor"] = self.random.randrange(1, amount_minor + 1)
                self.add("order.refunded", paid_at + timedelta(hours=30), back)
        return number


def weibo_like(seed: int, members: int) -> list[Event]:
    """A mall of so many members, some five events to each, in time order; same seed, same mall."""
    mall = Cascades(seed, members)
    mall.join_all()
    for root in range(0, members, 3):
        mall.spread(mall.random.randrange(root, members))
    return sorted(mall.events, key=instant)
