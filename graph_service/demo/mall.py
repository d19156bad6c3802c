"""What does a small mall look like? Half a year of made-up events that show what can be asked."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

Event = dict[str, Any]

SOURCE = "demo-mall"
CHINA = timezone(timedelta(hours=8))
OPENS = datetime(2026, 1, 1, 9, tzinfo=CHINA)
CLOSES = datetime(2026, 7, 1, tzinfo=CHINA)
# Who is told to come first: four without an inviter, then the promoters of the showcase.
ROOTS = ("he-rui", "gao-lan", "song-yi", "luo-qing")
PROMOTERS = ("lin-yue", "chen-hao", "wang-fang", "zhao-lei", "sun-mei")
BUYER = "zhou-min"
# People whom each step of the showcase brings, and the step that sells nothing itself.
CLICKERS = (10, 8, 47, 3, 1)
SILENT = "wang-fang"
SHOWCASE_ORDER = "o-showcase"
SHOWCASE_MINOR = 50_000
SHOWCASE_STARTS = datetime(2026, 4, 10, 20, 15, tzinfo=CHINA)
# Clickers of the silent promoter who are members invited by them, and visitors who become such.
FANS = 12
LATE_FANS = 4
MEMBERS_MIN = len(ROOTS) + len(PROMOTERS) + 1 + FANS + LATE_FANS + 10
CHANNELS = ("wechat", "wechat", "wechat", "douyin", "app")
SHOPS = 6
FAMILY = (
    "bai cai cao deng ding du fan fu guo han hu jiang jin kong li liang liu lu ma meng pan peng "
    "qian qin ren shen shi su tan tang wei wu xie xu yan yang yao ye yu yuan zhang zheng zhu"
).split()
GIVEN = (
    "an bo chun da fei gang hua jia jing kai lan lei li min na ning ping qi rong rui shan tao ting "
    "wei wen xia xin xue yan yi ying yun zhen zi"
).split()
# (name, category, price in minor units)
PRODUCTS = (
    ("Longjing tea 250 g", "fmcg", 12_800),
    ("Sichuan chilli oil", "fmcg", 2_990),
    ("Jasmine rice 5 kg", "fmcg", 5_990),
    ("Oat milk, 12 cartons", "fmcg", 7_900),
    ("Bamboo tissues, 24", "fmcg", 3_990),
    ("Sunscreen SPF 50", "fmcg", 8_900),
    ("Hand cream trio", "fmcg", 5_600),
    ("Mixed nuts, 30 bags", "fmcg", 9_900),
    ("Dried mango 1 kg", "fmcg", 4_900),
    ("Wireless earbuds", "digital", 29_900),
    ("Power bank 20 Ah", "digital", 15_900),
    ("Smart watch", "digital", 50_000),
    ("USB-C hub", "digital", 18_900),
)
SHOWCASE_PRODUCT = 11


def demo_events(seed: int = 7, members: int = 600) -> Iterator[Event]:
    """The mall's CloudEvents in time order, the same for the same arguments.

    members: how many join, the showcase's people among them; raises ValueError below MEMBERS_MIN.
    The showcase is a path of five reshares that ends in SHOWCASE_ORDER: its steps are PROMOTERS,
    each brought as many people as CLICKERS says, and no order closes on what SILENT shared.
    """
    if members < MEMBERS_MIN:
        raise ValueError(f"the demo needs at least {MEMBERS_MIN} members")
    mall = _Mall(Random(seed))  # noqa: S311 (a made-up mall keeps no secret)
    mall.open_shops()
    mall.join_members(members - MEMBERS_MIN + 10)
    mall.share_goods()
    mall.play_showcase()
    yield from mall.in_time_order()


@dataclass(frozen=True)
class _Share:
    """A share that others may click and reshare."""

    share_id: str
    member_id: str
    product: int
    at: datetime


class _Mall:
    """Events written one after another, and who may act in them."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._events: list[tuple[datetime, int, Event]] = []
        self._inviters: list[str] = []
        # Members who share, click and buy at random, in the order in which they joined.
        self._ids: list[str] = []
        self._joins: list[datetime] = []
        self._visits: list[tuple[datetime, str]] = []
        self._orders = 0
        self._clicks = 0

    def in_time_order(self) -> Iterator[Event]:
        """Every event up to CLOSES; those of one instant as they were written."""
        for at, _, event in sorted(self._events, key=lambda entry: entry[:2]):
            if at < CLOSES:
                yield event

    def _tell(self, kind: str, event_id: str, at: datetime, /, **data: object) -> None:
        event: Event = {
            "specversion": "1.0",
            "id": event_id,
            "source": SOURCE,
            "type": kind,
            "time": at.isoformat(),
            "data": {name: value for name, value in data.items() if value is not None},
        }
        self._events.append((at, len(self._events), event))

    def _later(self, at: datetime, mean_hours: float) -> datetime:
        """At least a minute later, in whole seconds."""
        seconds = int(self._dice.expovariate(1 / (mean_hours * 3600)))
        return at + timedelta(seconds=60 + seconds)

    # --- shops and members ---

    def open_shops(self) -> None:
        """Shops, goods and the one exclusive coupon."""
        for number in range(1, SHOPS + 1):
            owner = ROOTS[number] if number < len(ROOTS) else None
            shop_id = f"shop-{number}"
            at = OPENS + timedelta(minutes=30 + number)
            self._tell("shop.registered", f"e-{shop_id}", at, shopId=shop_id, ownerMemberId=owner)
        for number, (name, category, price) in enumerate(PRODUCTS):
            self._tell(
                "product.upserted",
                f"e-product-{number}",
                OPENS + timedelta(minutes=60 + number),
                productId=_product_id(number),
                categoryId=category,
                name=name,
                priceMinor=price,
                costMinor=price * 6 // 10,
            )
        self._tell(
            "coupon.issued",
            "e-coupon-1",
            OPENS + timedelta(days=20),
            couponCode="GAOLAN20",
            ownerMemberId="gao-lan",
            exclusive=True,
            valueMinor=2_000,
        )

    def join_members(self, ordinary: int) -> None:
        """Roots, the showcase's promoters, and then members who were invited by those before."""
        for number, name in enumerate(ROOTS):
            self._join(name, OPENS + timedelta(minutes=5 * number), None, role="partner")
        for number, name in enumerate(PROMOTERS):
            at = OPENS + timedelta(days=1 + number, hours=3)
            inviter = PROMOTERS[number - 1] if number else "he-rui"
            self._join(name, at, inviter, role="promoter")
        self._inviters.extend(name for name in (*ROOTS, *PROMOTERS) if name != SILENT)
        span = timedelta(days=160).total_seconds()
        opens = OPENS + timedelta(days=6)
        # More join as the mall grows: the square root thins out the early weeks.
        spots = sorted(int(span * self._dice.random() ** 0.5) for _ in range(ordinary))
        taken = {*ROOTS, *PROMOTERS, BUYER}
        for spot in spots:
            name = self._name(taken)
            at = opens + timedelta(seconds=spot)
            role = "promoter" if self._dice.random() < 0.15 else "member"
            self._join(name, at, self._inviter(), role=role)
            self._ids.append(name)
            self._joins.append(at)
            self._observe(name, at)

    def _join(self, name: str, at: datetime, inviter: str | None, *, role: str = "member") -> None:
        joined = {"memberId": name, "role": role, "inviterId": inviter}
        channel = self._dice.choice(CHANNELS)
        self._tell("member.joined", f"e-join-{name}", at, **joined, channel=channel)

    def _inviter(self) -> str:
        """Who has invited invites again (half of the time), or somebody who joined lately."""
        if self._dice.random() < 0.5:
            inviter = self._dice.choice(self._inviters)
        else:
            inviter = self._dice.choice(self._ids[-80:] or self._inviters)
        self._inviters.append(inviter)
        return inviter

    def _name(self, taken: set[str]) -> str:
        plain = name = f"{self._dice.choice(FAMILY)}-{self._dice.choice(GIVEN)}"
        number = 1
        while name in taken:
            number += 1
            name = f"{plain}-{number}"
        taken.add(name)
        return name

    def _observe(self, name: str, joined_at: datetime) -> None:
        """A quarter of the members are seen on a device of their own, from some address."""
        if self._dice.random() < 0.25:
            seen_at = self._later(joined_at, 1)
            place = self._dice.randrange(1, 255)
            for kind, value in (("device", f"device-of-{name}"), ("ip", f"203.0.113.{place}")):
                seen = {"memberId": name, "kind": kind, "value": value}
                self._tell("identity.observed", f"e-{kind}-{name}", seen_at, **seen)

    # --- everyday sharing and buying ---

    def share_goods(self) -> None:
        """Shares, reshares and clicks from January to June, and the orders that follow."""
        recent: list[_Share] = []
        count = 2 * len(self._ids)
        span = timedelta(days=150).total_seconds()
        opens = OPENS + timedelta(days=20)
        spots = sorted(int(span * self._dice.random() ** 0.6) for _ in range(count))
        for number, spot in enumerate(spots, 1):
            at = opens + timedelta(seconds=spot)
            creator = self._somebody(at)
            if self._dice.random() < 0.12:
                creator = self._dice.choice([name for name in PROMOTERS if name != SILENT])
            # Fresh and deep shares are passed on rather than old ones, so that some chains grow.
            parent = self._dice.choice(recent[-12:]) if recent else None
            if parent is not None and (self._dice.random() < 0.4 or parent.member_id == creator):
                parent = None
            share = self._share(f"s-{number:04d}", creator, at, parent)
            recent.append(share)
            self._draw_clicks(share)
        for _ in range(len(self._ids) // 6):
            at = opens + timedelta(seconds=int(span * self._dice.random()))
            self._buy(self._somebody(at), self._dice.randrange(len(PRODUCTS)), at)
        self._identify_visitors()

    def _somebody(self, at: datetime) -> str:
        joined = bisect_right(self._joins, at)
        return self._ids[self._dice.randrange(joined)] if joined else ROOTS[0]

    def _share(
        self, share_id: str, creator: str, at: datetime, parent: _Share | None, *, product: int = -1
    ) -> _Share:
        """A share (product -1: any); who passes one on has clicked it a little before."""
        if parent is not None:
            product = parent.product
            at = max(at, parent.at + timedelta(minutes=10))
            self._click(parent.share_id, at - timedelta(minutes=4), member=creator)
        elif product < 0:
            product = self._dice.randrange(len(PRODUCTS))
        self._tell(
            "share.created",
            f"e-{share_id}",
            at,
            shareId=share_id,
            memberId=creator,
            parentShareId=None if parent is None else parent.share_id,
            productId=_product_id(product),
            channel=self._dice.choice(CHANNELS),
        )
        return _Share(share_id, creator, product, at)

    def _click(
        self, share_id: str, at: datetime, *, member: str | None = None, visitor: str | None = None
    ) -> None:
        self._clicks += 1
        clicked = {"shareId": share_id, "memberId": member, "visitorId": visitor}
        self._tell("share.clicked", f"e-click-{self._clicks:05d}", at, **clicked)

    def _draw_clicks(self, share: _Share) -> None:
        """Few clicks on most shares, many on some; a seventh of the clicking members buys."""
        for _ in range(min(int(self._dice.paretovariate(1.2)), 18)):
            at = self._later(share.at, 12)
            if self._dice.random() < 0.6:
                again = self._visits and self._dice.random() < 0.2
                visitor = (
                    self._dice.choice(self._visits[-50:])[1]
                    if again
                    else f"visitor-{len(self._visits) + 1:04d}"
                )
                self._visits.append((at, visitor))
                self._click(share.share_id, at, visitor=visitor)
                continue
            member = self._somebody(at)
            self._click(share.share_id, at, member=member)
            if member != share.member_id and self._dice.random() < 0.3:
                self._buy(member, share.product, self._later(at, 3))

    def _buy(self, buyer: str, product: int, at: datetime) -> None:
        """An order of one to three lines; most are completed, some are refunded."""
        self._orders += 1
        order_id = f"o-{self._orders:04d}"
        wanted = dict.fromkeys(
            [product, *self._dice.choices(range(len(PRODUCTS)), k=self._dice.choice((0, 0, 1, 2)))]
        )
        lines = [_line(one, self._dice.choice((1, 1, 1, 2, 3))) for one in wanted]
        amount = sum(line["amountMinor"] for line in lines)
        self._tell(
            "order.paid",
            f"e-{order_id}",
            at,
            orderId=order_id,
            memberId=buyer,
            amountMinor=amount,
            currency="CNY",
            lines=lines,
            createdAt=(at - timedelta(seconds=self._dice.randrange(5, 50))).isoformat(),
            shopId=f"shop-{1 + product % SHOPS}",
            channel=self._dice.choice(CHANNELS),
            couponCode="GAOLAN20" if self._orders == 10 else None,
        )
        fate = self._dice.random()
        if fate < 0.06:
            self._refund(order_id, amount, at)
        elif fate < 0.12:
            self._refund(order_id, min(line["amountMinor"] for line in lines), at)
        if 0.06 <= fate < 0.85:
            done_at = self._later(at + timedelta(days=self._dice.randrange(7, 12)), 5)
            self._tell("order.completed", f"e-{order_id}-completed", done_at, orderId=order_id)

    def _refund(self, order_id: str, amount_minor: int, paid_at: datetime) -> None:
        refund = {"orderId": order_id, "refundId": f"r-{order_id}", "amountMinor": amount_minor}
        at = self._later(paid_at + timedelta(days=1), 48)
        self._tell("order.refunded", f"e-{order_id}-refunded", at, **refund)

    def _identify_visitors(self) -> None:
        """A tenth of the visitors turn out to be a member, some hours later."""
        met: set[str] = set()
        for at, visitor in sorted(self._visits):
            if visitor not in met and self._dice.random() < 0.1:
                seen_at = self._later(at, 30)
                member = self._somebody(seen_at)
                self._identify(visitor, member, seen_at)
            met.add(visitor)

    def _identify(self, visitor: str, member: str, at: datetime) -> None:
        known = {"visitorId": visitor, "memberId": member}
        self._tell("visitor.identified", f"e-known-{visitor}", at, **known)

    # --- the showcase ---

    def play_showcase(self) -> None:
        """Five reshares in five days, and the order at their end."""
        parent: _Share | None = None
        at = SHOWCASE_STARTS
        for number, name in enumerate(PROMOTERS, 1):
            parent = self._share(f"s-showcase-{number}", name, at, parent, product=SHOWCASE_PRODUCT)
            for fan in range(1, CLICKERS[number - 1] + 1):
                self._bring(parent, number, fan)
            at += timedelta(hours=self._dice.randrange(20, 28), minutes=self._dice.randrange(60))
        assert parent is not None, "the showcase has steps"
        self._join(BUYER, at - timedelta(days=30), PROMOTERS[-1])
        self._click(parent.share_id, at, member=BUYER)
        paid_at = at + timedelta(minutes=12)
        self._tell(
            "order.paid",
            f"e-{SHOWCASE_ORDER}",
            paid_at,
            orderId=SHOWCASE_ORDER,
            memberId=BUYER,
            amountMinor=SHOWCASE_MINOR,
            currency="CNY",
            lines=[_line(SHOWCASE_PRODUCT, 1)],
            shopId="shop-1",
            channel="wechat",
        )
        completed_at = paid_at + timedelta(days=8)
        completed = f"e-{SHOWCASE_ORDER}-completed"
        self._tell("order.completed", completed, completed_at, orderId=SHOWCASE_ORDER)

    def _bring(self, share: _Share, number: int, fan: int) -> None:
        """One person clicks a step's share within a day; a few of the silent one's are members."""
        at = share.at + timedelta(seconds=self._dice.randrange(60, 60_000))
        if share.member_id == SILENT and fan <= FANS:
            name = f"fan-{fan:02d}"
            self._join(name, share.at - timedelta(days=40 - fan), SILENT)
            self._click(share.share_id, at, member=name)
            return
        visitor = f"visitor-showcase-{number}-{fan:02d}"
        self._click(share.share_id, at, visitor=visitor)
        if share.member_id == SILENT and fan <= FANS + LATE_FANS:
            name = f"fan-{fan:02d}"
            self._join(name, at + timedelta(days=2), SILENT)
            self._identify(visitor, name, at + timedelta(days=2, minutes=1))


def _product_id(number: int) -> str:
    return f"product-{number + 1:02d}"


def _line(product: int, quantity: int) -> dict[str, Any]:
    _, category, price = PRODUCTS[product]
    return {
        "productId": _product_id(product),
        "categoryId": category,
        "quantity": quantity,
        "amountMinor": price * quantity,
    }
