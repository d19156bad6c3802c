"""Who is in an unseen mall, what is sold there, and how is what happens written down?"""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field

from graph_service.examination.chronicle import (
    DAY_S,
    HISTORY_DAYS,
    HOUR_S,
    Calendar,
    Chronicle,
    Dice,
)

# Categories with the median price (minor units) and how often what is bought comes back.
CATEGORIES = {
    "clothes": (15_900, 0.16),
    "shoes": (21_900, 0.13),
    "beauty": (11_900, 0.04),
    "food": (4_900, 0.015),
    "baby": (12_900, 0.03),
    "home": (7_900, 0.04),
    "digital": (89_900, 0.05),
    "appliance": (169_900, 0.04),
    "books": (3_900, 0.01),
}
PARTIAL_REFUND_SHARE, CANCELLED_SHARE = 0.2, 0.012
# How often what is known of an account is said: when it joins, and with each order.
TOLD_AT_JOINING = {"device": 0.93, "ip": 0.7, "phone": 0.75}
TOLD_WITH_ORDER = {"payment": 0.82, "address": 0.93, "device": 0.55, "ip": 0.5, "phone": 0.25}
# Who links another channel's account; who promotes and says where the money is to go.
LINKED_SHARE, PAID_OUT_SHARE = 0.2, 0.6
CHANNELS = ("wechat", "wechat", "wechat", "app", "app", "douyin", "xiaohongshu")
MEMBERS_PER_CARRIER_IP = 90
# Some have their parcels kept at a station of the quarter.
STATION_SHARE, MEMBERS_PER_STATION = 0.1, 80
Lines = list[tuple["Good", int]]


@dataclass(eq=False, slots=True)
class Account:
    """A member's account. activity: orders it places of its own in 100 days; skill: its shares."""

    member_id: str
    joined_s: float
    inviter: "Account | None"
    activity: float
    skill: float
    tokens: dict[str, list[str]]
    invitees: list["Account"] = field(default_factory=list["Account"])
    favourites: list["Good"] = field(default_factory=list["Good"])
    orders: int = 0


@dataclass(eq=False, slots=True)
class Shop:
    """A shop and what it sells."""

    shop_id: str
    owner: Account | None
    goods: list["Good"] = field(default_factory=list["Good"])


@dataclass(eq=False, slots=True)
class Good:
    """Something for sale."""

    product_id: str
    category: str
    price_minor: int
    shop: Shop


@dataclass(eq=False, slots=True)
class Share:
    """A link that somebody posted. reach: how many see it, beside others of its day."""

    share_id: str
    owner: Account
    good: Good
    at_s: float
    reach: float


@dataclass(eq=False, slots=True)
class Order:
    """A paid order. data: what its event says, still to be changed by who snatches it."""

    order_id: str
    buyer: Account
    at_s: float
    amount_minor: int
    good: Good
    data: dict[str, object]
    share: Share | None


class Mall:
    """A mall in the making: people, goods, and a chronicle of what they do."""

    def __init__(self, seed: int, members: int, days: int) -> None:
        self.dice = Dice(seed)
        self.calendar = Calendar(self.dice, days)
        self.chronicle = Chronicle(self.dice, self.calendar)
        self.accounts: list[Account] = []
        self.shops: list[Shop] = []
        self.goods: list[Good] = []
        self.orders: list[Order] = []
        self.shares_by_day: dict[int, list[Share]] = defaultdict(list)
        # What each brought by shares in a month (minor units).
        self.promoted: dict[tuple[str, int], int] = defaultdict(int)
        # Does the mall say when newcomers' tasks are done and bonuses booked?
        self.has_bonus = self.dice.chance(0.6)
        self._tickets: list[Account] = []
        self._joining_times: list[float] = []
        self._stations = [self.address() for _ in range(members // MEMBERS_PER_STATION + 4)]
        self._carrier_ips = [self.ip() for _ in range(members // MEMBERS_PER_CARRIER_IP + 8)]

    def ip(self) -> str:
        """An address of the public internet."""
        dice = self.dice
        tail = f"{dice.whole(0, 255)}.{dice.whole(0, 255)}.{dice.whole(1, 254)}"
        return f"{dice.pick((36, 58, 61, 101, 111, 114, 117, 183, 220, 223))}.{tail}"

    def phone(self) -> str:
        """A mobile number."""
        return f"+861{self.dice.pick('3578')}{self.dice.whole(10**8, 10**9 - 1)}"

    def address(self) -> str:
        """Where somebody lives."""
        dice = self.dice
        road, gate = dice.name(6), dice.whole(1, 400)
        return f"{road} road {gate}, block {dice.whole(1, 30)}, room {dice.whole(101, 2808)}"

    def tokens(self) -> dict[str, list[str]]:
        """What a person on their own is known by; mobile carriers share their addresses."""
        dice = self.dice
        return {
            "device": [dice.name(32) for _ in range(2 if dice.chance(0.2) else 1)],
            "ip": [self.ip(), dice.pick(self._carrier_ips)],
            "phone": [self.phone()],
            "payment": [f"card-{dice.name(20)}" for _ in range(2 if dice.chance(0.15) else 1)],
            "address": [self._parcels_to() for _ in range(2 if dice.chance(0.12) else 1)],
        }

    def _parcels_to(self) -> str:
        if self.dice.chance(STATION_SHARE):
            return self.dice.pick(self._stations)
        return self.address()

    def elder(self, at_s: float) -> Account | None:
        """Somebody who joined before, as likely as they have invited and promoted."""
        for _ in range(6):
            if not self._tickets:
                return None
            found = self.dice.pick(self._tickets)
            if found.joined_s < at_s:
                return found
        return None

    def stranger(self, before_s: float) -> Account | None:
        """Anybody of the ordinary members who joined before."""
        count = bisect_left(self._joining_times, before_s)
        return self.accounts[self.dice.whole(0, count - 1)] if count else None

    def know(self) -> None:
        """The accounts enrolled so far, in order of joining, are the ordinary members."""
        self._joining_times = [one.joined_s for one in self.accounts]

    def enrol(
        self,
        at_s: float,
        inviter: Account | None,
        *,
        activity: float,
        skill: float = 0.0,
        tokens: dict[str, list[str]] | None = None,
    ) -> Account:
        """A new account, who has joined and is bound to the inviter."""
        dice = self.dice
        at_s = max(at_s, -(HISTORY_DAYS - 1) * DAY_S)
        found = Account(dice.name(), at_s, inviter, activity, skill, tokens or self.tokens())
        self.accounts.append(found)
        self._tickets += [found] * (dice.chance(0.25) + int(min(skill, 40)))
        later = inviter is not None and dice.chance(0.3)
        if inviter is not None:
            inviter.invitees.append(found)
            self._tickets += [inviter]
            if dice.chance(0.25):
                self._invite(found, inviter, at_s)
        self._join(found, None if later else inviter)
        if later and inviter is not None:
            bound = {"memberId": found.member_id, "inviterId": inviter.member_id}
            self.chronicle.write(at_s + 5 + dice.delay(400), "referral.bound", bound)
        return found

    def _invite(self, account: Account, inviter: Account, at_s: float) -> None:
        invite = {"inviteId": self.dice.name(), "channel": self.dice.pick(CHANNELS)}
        sent = {"memberId": inviter.member_id, **invite}
        accepted = {"memberId": account.member_id, **invite}
        sent_s = max(inviter.joined_s, at_s - self.dice.delay(20 * HOUR_S))
        self.chronicle.write(sent_s, "invite.sent", sent)
        self.chronicle.write(at_s + 1, "invite.accepted", accepted)

    def _join(self, account: Account, inviter: Account | None) -> None:
        dice = self.dice
        joined: dict[str, object] = {
            "memberId": account.member_id,
            "role": "promoter" if account.skill > 0 and dice.chance(0.8) else "member",
            "inviterId": inviter.member_id if inviter else None,
            "channel": dice.pick(CHANNELS),
        }
        self.chronicle.write(account.joined_s, "member.joined", joined)
        if account.skill > 0 and dice.chance(PAID_OUT_SHARE):
            self.observe(account, "payment", account.joined_s + dice.delay(20 * DAY_S))
        if dice.chance(LINKED_SHARE):
            linked: dict[str, object] = {
                "memberId": account.member_id,
                "channel": dice.pick(CHANNELS),
                "externalId": dice.name(20),
                "unionId": dice.name(20),
            }
            self.chronicle.write(account.joined_s + dice.delay(60), "account.linked", linked)
        for kind, share in TOLD_AT_JOINING.items():
            if dice.chance(share):
                self.observe(account, kind, account.joined_s + 1 + dice.delay(60))

    def reward(self, account: Account, after_s: float, probability: float) -> None:
        """The newcomer's task may be done, which gives the inviter a bonus, if the mall tells."""
        if account.inviter is None or not self.has_bonus or not self.dice.chance(probability):
            return
        at_s = account.joined_s + 60 + after_s
        done = {"memberId": account.member_id, "taskId": "newcomer"}
        given = {"memberId": account.inviter.member_id, "benefitId": "inviter-bonus"}
        self.chronicle.write(at_s, "task.completed", done)
        self.chronicle.write(at_s + 1, "benefit.granted", given)

    def observe(self, account: Account, kind: str, at_s: float, value: str | None = None) -> None:
        """The account is seen with a token, one of its own if none is given."""
        seen = value or self.dice.pick(account.tokens[kind])
        data = {"memberId": account.member_id, "kind": kind, "value": seen}
        self.chronicle.write(at_s, "identity.observed", data)

    def visit(self, account: Account, at_s: float) -> None:
        """The account is there, and is seen with what it uses."""
        self.chronicle.write(at_s, "member.active", {"memberId": account.member_id})
        if self.dice.chance(0.2):
            self.observe(account, "device", at_s + 1)
        elif self.dice.chance(0.2):
            # On the way, behind whichever address the carrier has.
            on_the_way = self.dice.pick(self._carrier_ips) if self.dice.chance(0.4) else None
            self.observe(account, "ip", at_s + 1, on_the_way)

    def open_shop(self, owner: Account | None, goods: int, at_s: float = 0.0) -> Shop:
        """A new shop with so many goods."""
        dice = self.dice
        shop = Shop(dice.name(), owner)
        owner_id = owner.member_id if owner else None
        self.chronicle.write(
            at_s, "shop.registered", {"shopId": shop.shop_id, "ownerMemberId": owner_id}
        )
        main = dice.pick(tuple(CATEGORIES))
        for _ in range(goods):
            category = main if dice.chance(0.8) else dice.pick(tuple(CATEGORIES))
            price = int(dice.spread(CATEGORIES[category][0], 0.6)) // 100 * 100 + 90
            self.offer(shop, category, max(price, 190), at_s + dice.delay(HOUR_S))
        self.shops.append(shop)
        return shop

    def offer(self, shop: Shop, category: str, price_minor: int, at_s: float) -> Good:
        """The shop sells another good."""
        good = Good(self.dice.name(), category, price_minor, shop)
        shop.goods.append(good)
        data = {
            "productId": good.product_id,
            "categoryId": category,
            "priceMinor": price_minor,
        }
        self.chronicle.write(at_s, "product.upserted", data)
        return good

    def share(
        self,
        owner: Account,
        at_s: float,
        good: Good,
        *,
        parent: Share | None = None,
        reach: float = 1.0,
    ) -> Share:
        """The owner posts a good, or reposts a share of it."""
        share = Share(self.dice.name(), owner, good, at_s, reach)
        data: dict[str, object] = {
            "shareId": share.share_id,
            "memberId": owner.member_id,
            "parentShareId": parent.share_id if parent else None,
            "productId": good.product_id,
            "channel": self.dice.pick(CHANNELS),
        }
        self.chronicle.write(at_s, "share.created", data)
        self.shares_by_day[int(at_s // DAY_S)].append(share)
        return share

    def click(self, share: Share, at_s: float, by: Account | str) -> None:
        """A member or a visitor clicks."""
        who = {"visitorId": by} if isinstance(by, str) else {"memberId": by.member_id}
        self.chronicle.write(at_s, "share.clicked", {"shareId": share.share_id, **who})

    def order(
        self,
        buyer: Account,
        at_s: float,
        lines: Lines,
        *,
        share: Share | None = None,
        amount_minor: int | None = None,
        coupon: str | None = None,
        tokens: dict[str, str] | None = None,
    ) -> Order:
        """A paid order of one shop. amount_minor: instead of price times quantity.

        tokens: in place of the buyer's own, by kind.
        """
        whole = sum(good.price_minor * quantity for good, quantity in lines)
        total = whole if amount_minor is None else max(amount_minor, len(lines))
        parts = [total * good.price_minor * quantity // whole for good, quantity in lines]
        parts[-1] += total - sum(parts)
        sold = [
            {
                "productId": g.product_id,
                "categoryId": g.category,
                "quantity": q,
                "amountMinor": part,
            }
            for (g, q), part in zip(lines, parts, strict=True)
        ]
        data: dict[str, object] = {
            "orderId": self.dice.name(),
            "memberId": buyer.member_id,
            "amountMinor": total,
            "currency": "CNY",
            "lines": sold,
            "shopId": lines[0][0].shop.shop_id,
            "shareId": share.share_id if share else None,
            "couponCode": coupon,
            "identifiers": self._told(buyer, tokens or {}),
        }
        if self.dice.chance(0.4):
            data["createdAt"] = self.calendar.text(at_s - 1 - self.dice.delay(90))
        order = Order(str(data["orderId"]), buyer, at_s, total, lines[0][0], data, share)
        self.orders.append(order)
        buyer.orders += 1
        if share is not None:
            self.promoted[share.owner.member_id, self.calendar.month(at_s)] += total
        return order

    def _told(self, buyer: Account, tokens: dict[str, str]) -> list[dict[str, str]]:
        return [
            {"kind": kind, "value": tokens.get(kind) or self.dice.pick(buyer.tokens[kind])}
            for kind, share in TOLD_WITH_ORDER.items()
            if kind in tokens or self.dice.chance(share)
        ]

    def settle(self, order: Order) -> None:
        """What becomes of an ordinary order: received, sent back, or cancelled at once."""
        dice = self.dice
        back = CATEGORIES[order.good.category][1]
        if dice.chance(CANCELLED_SHARE):
            self.cancel(order, order.at_s + dice.delay(3 * HOUR_S))
        elif dice.chance(back):
            share = dice.between(0.1, 0.9) if dice.chance(PARTIAL_REFUND_SHARE) else 1.0
            self.refund(order, order.at_s + DAY_S * dice.between(1, 11), share)
        else:
            self.complete(order, order.at_s + DAY_S * dice.between(3, 14))

    def complete(self, order: Order, at_s: float) -> None:
        """The order is received for good."""
        self.chronicle.write(at_s, "order.completed", {"orderId": order.order_id})

    def cancel(self, order: Order, at_s: float) -> None:
        """The order is cancelled."""
        self.chronicle.write(at_s, "order.cancelled", {"orderId": order.order_id})

    def refund(self, order: Order, at_s: float, share: float = 1.0) -> None:
        """A share of the order's money goes back."""
        amount = min(order.amount_minor, max(1, int(order.amount_minor * share)))
        data = {"orderId": order.order_id, "refundId": self.dice.name(), "amountMinor": amount}
        self.chronicle.write(at_s, "order.refunded", data)

    def write_orders(self) -> None:
        """Write the orders into the chronicle, once nobody can snatch one any more."""
        for order in self.orders:
            self.chronicle.write(order.at_s, "order.paid", order.data)
