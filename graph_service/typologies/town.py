"""Who lives in a made-up mall, with what, and how is what they do written down as events?

How often each thing happens is assumed unless a source stands beside it: no source counts it.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from graph_service.typologies.people import Crew, Member, Order, Product, Share, Shop, Things
from graph_service.worlds.diary import CHINA, DAY_S, HOUR_S, SOURCE, Event

OPENS = datetime(2025, 12, 1, tzinfo=CHINA)
DAYS = 200
CLOSES_S = DAYS * DAY_S
# Weights of the hours of a day: a night dip, peaks at noon and in the evening.
HOURS = (4, 2, 1, 1, 1, 2, 5, 9, 14, 18, 20, 21, 24, 20, 17, 17, 18, 20, 24, 30, 36, 34, 24, 11)
WEEKEND_MORE = 1.25
CHANNELS = ("wechat", "wechat", "wechat", "douyin", "app")
CATEGORIES = ("fmcg", "fmcg", "fmcg", "fashion", "home", "digital")
# Some prices are cut, by coupons and bargains, so that amounts end in any digit.
CUT_PART, CUT_MOST = 0.45, 0.3
LINE_MORE, PIECE_MORE = 0.2, 0.18
LINES_MAX, PIECES_MAX = 4, 8
# The earlier products are bought more often, as a power of a uniform draw.
POPULARITY = 2.2
CANCELLED_PART, PARTLY_PART, COMPLETED_PART = 0.01, 0.3, 0.9
# Of those who send much back, and the part that they send back.
SENDS_BACK_ONE_IN, SENDS_BACK_PART = 40, 0.3
SEEN_DEVICE_PART, SEEN_PHONE_PART, SEEN_IP_PART, SEEN_PAYMENT_PART = 0.35, 0.35, 0.25, 0.1
FRAUD_DAYS_MIN = 3.0
# Where an inviter now joins later than the invitee, one of so many above takes the place.
UPLINE_TRIES = 5
# Draws for each account that is taken into a group.
FITTING_TRIES, ANY_TRIES = 100, 100


@dataclass(frozen=True)
class Scheme:
    """How a kind of group comes about. sizes: from how many accounts to how many.

    enlist: chooses accounts and gives them things, before anything happens. act: what they do
    beside an honest life; the orders that belong to it.
    """

    sizes: tuple[int, int]
    enlist: Callable[["Town", int], Crew]
    act: Callable[["Town", Crew], list[Order]]


class Town(Things):
    """Members with their things, shops with their goods, and what happens, in any order."""

    def __init__(self, members: int, seed: int, camouflage: float) -> None:
        super().__init__(Random(f"{seed} typologies"))  # noqa: S311 (no secret is kept here)
        self.camouflage = camouflage
        self.members: list[Member] = []
        self.shops: list[Shop] = []
        self.products: list[Product] = []
        # Those of honest life, in time order, and when they were made.
        self.shares: list[Share] = []
        self.starts: list[int] = []
        # Once counted: who is credited with how much by when the month begins.
        self.sales: Counter[tuple[str, int]] | None = None
        self.orders: list[Order] = []
        self._rows: list[tuple[int, int, str, dict[str, Any]]] = []
        self._hours: list[int] = []
        for weight in HOURS:
            self._hours.append(weight + (self._hours[-1] if self._hours else 0))
        self._carriers = [self.fresh_ip() for _ in range(max(5, members // 150))]

    def share_things(
        self, accounts: Sequence[Member], per: Mapping[str, int], *, seen: float = 0.5
    ) -> None:
        """These accounts use few things of these kinds, each up to so many accounts together.

        seen: the part of them that is seen with it when joining, beside later chances.
        """
        for kind, most in per.items():
            mixed = self.dice.sample(accounts, len(accounts))
            for start in range(0, len(mixed), most):
                value = self.fresh(kind)
                for account in mixed[start : start + most]:
                    setattr(account, kind, value)
                    if self.dice.random() < seen:
                        self.see(
                            account, account.joined_s + self.dice.randrange(5, 900), kind, value
                        )

    def unhidden(self, accounts: Sequence[Member]) -> list[Member]:
        """Those that take no things of their own: the camouflage is the part that does."""
        hidden = int(len(accounts) * self.camouflage + self.dice.random())
        return self.dice.sample(accounts, max(0, len(accounts) - hidden))

    # --- times: seconds after OPENS ---

    def moment(self, from_s: int, until_s: int) -> int:
        """A second in between, few of them at night and more of them on weekends."""
        dice = self.dice
        if until_s <= from_s + 2 * HOUR_S:
            return from_s + int(dice.random() * max(1, until_s - from_s))
        for _ in range(12):
            at_s = from_s + int(dice.random() * (until_s - from_s))
            day = at_s // DAY_S
            weekday = (OPENS.weekday() + day) % 7
            if weekday < 5 and dice.random() > 1 / WEEKEND_MORE:
                continue
            hour = bisect_left(self._hours, dice.random() * self._hours[-1])
            at_s = day * DAY_S + hour * HOUR_S + int(dice.random() * HOUR_S)
            if from_s <= at_s < until_s:
                return at_s
        return from_s + int(dice.random() * (until_s - from_s))

    def spread_days(self, fewest_days: float = FRAUD_DAYS_MIN) -> float:
        """Over how many days a fraud goes: few without camouflage, all of them at 1."""
        return fewest_days * (DAYS / fewest_days) ** self.camouflage

    def window(self, earliest_s: int, days: float) -> tuple[int, int]:
        """From when until when something of so many days goes, if need be shorter."""
        length_s = int(days * DAY_S)
        latest_s = CLOSES_S - DAY_S - length_s
        if latest_s <= earliest_s:
            return earliest_s, CLOSES_S - DAY_S
        start_s = self.moment(earliest_s, latest_s)
        return start_s, start_s + length_s

    def join_window(self, leader: Member, days: float) -> tuple[int, int]:
        """From when until when many join after a leader: when somebody else does."""
        some = [self.dice.choice(self.members).joined_s for _ in range(ANY_TRIES)]
        later = [at_s for at_s in some if at_s > leader.joined_s]
        latest_s = CLOSES_S - 3 * DAY_S - int(days * DAY_S)
        from_s = max(leader.joined_s + DAY_S, min(self.dice.choice(later or [0]), latest_s))
        return from_s, min(from_s + int(days * DAY_S), CLOSES_S - 3 * DAY_S)

    # --- who is there ---

    def take(
        self, count: int, *, from_s: int = 0, until_s: int = CLOSES_S - 20 * DAY_S
    ) -> list[Member]:
        """Accounts of no group that joined then (any if too few did), the earliest first."""
        chosen: list[Member] = []
        for tries in range((FITTING_TRIES + ANY_TRIES) * count):
            one = self.dice.choice(self.members)
            is_fitting = from_s <= one.joined_s < until_s or tries > FITTING_TRIES * count
            if is_fitting and not one.taken:
                one.taken = True
                chosen.append(one)
                if len(chosen) == count:
                    break
        return sorted(chosen, key=lambda one: one.joined_s)

    def join_at(self, member: Member, at_s: int) -> None:
        """The member joins then instead."""
        member.joined_s = max(HOUR_S, min(at_s, CLOSES_S - 2 * DAY_S))

    def settle(self) -> None:
        """Members in the order in which they join; every inviter has joined before."""
        self.members.sort(key=lambda one: one.joined_s)
        self._joined = [one.joined_s for one in self.members]
        self._sums: list[float] = []
        total = 0.0
        for member in self.members:
            inviter = member.inviter
            for _ in range(UPLINE_TRIES):
                if inviter is None or inviter.joined_s < member.joined_s:
                    break
                inviter = inviter.inviter
            else:
                inviter = None
            member.inviter = inviter
            if inviter is not None:
                member.friends.append(inviter)
                inviter.friends.append(member)
            total += member.zeal * (0.3 + member.buying + member.sharing)
            self._sums.append(total)

    def somebody(self, at_s: int) -> Member | None:
        """An active member who is here then, if there is one."""
        count = bisect_left(self._joined, at_s)
        for _ in range(4):
            if count == 0:
                return None
            spot = bisect_left(self._sums, self.dice.random() * self._sums[count - 1])
            found = self.members[min(spot, count - 1)]
            if found.is_here(at_s):
                return found
        return None

    def product(self, at_s: int) -> Product:
        """A product that is sold then, the earlier ones more often."""
        found = self.products[0]
        for _ in range(6):
            found = self.products[int(self.dice.random() ** POPULARITY * len(self.products))]
            if found.shop.opens_s < at_s:
                break
        return found

    def open(self, shop: Shop, owner: Member) -> None:
        """The member opens the shop some days after joining."""
        shop.owner, owner.shop = owner, shop
        shop.opens_s = owner.joined_s + self.dice.randrange(HOUR_S, 10 * DAY_S)

    # --- what is written ---

    def write(self, at_s: int, kind: str, /, **data: object) -> dict[str, Any]:
        """An event, unless the world is over; its data, without fields that are None."""
        kept = {name: value for name, value in data.items() if value is not None}
        if at_s < CLOSES_S:
            self._rows.append((at_s, len(self._rows), kind, kept))
        return kept

    def share(self, creator: Member, product: Product, at_s: int, parent: Share | None) -> Share:
        """A share of a product, or of another's share."""
        made = Share(self.name("s"), creator, product, at_s)
        self.write(
            at_s,
            "share.created",
            shareId=made.share_id,
            memberId=creator.member_id,
            parentShareId=None if parent is None else parent.share_id,
            productId=product.product_id,
            channel=self.dice.choice(CHANNELS),
        )
        return made

    def click(self, share: Share, at_s: int, who: Member | str) -> None:
        """A click by a member, or by a visitor with that id."""
        is_member = isinstance(who, Member)
        self.write(
            at_s,
            "share.clicked",
            shareId=share.share_id,
            memberId=who.member_id if is_member else None,
            visitorId=None if is_member else who,
        )

    def see(self, who: Member | str, at_s: int, kind: str, value: str) -> None:
        """A member, or a visitor with that id, is seen with something."""
        is_member = isinstance(who, Member)
        self.write(
            at_s,
            "identity.observed",
            memberId=who.member_id if is_member else None,
            visitorId=None if is_member else who,
            kind=kind,
            value=value,
        )

    def look(self, member: Member, at_s: int) -> None:
        """A visit, perhaps with a look at what the member has."""
        dice = self.dice
        for kind, value, part in (
            ("device", member.device_at(at_s), SEEN_DEVICE_PART),
            ("phone", member.phone, SEEN_PHONE_PART),
            ("ip", self.ip_now(member), SEEN_IP_PART),
            ("payment", member.payment, SEEN_PAYMENT_PART),
        ):
            if dice.random() < part:
                self.see(member, at_s + dice.randrange(2, 90), kind, value)

    def ip_now(self, member: Member) -> str:
        """Where the member is: at home, at work, or somewhere in a carrier's network."""
        spot = self.dice.random()
        if member.office_ip is not None and spot < 0.45:
            return member.office_ip
        return self.carrier_ip() if spot > 0.8 else member.ip

    def carrier_ip(self) -> str:
        """An IP of a carrier's network, which many have in turn."""
        return self.dice.choice(self._carriers)

    def pieces(self) -> int:
        """How many of a thing are bought."""
        count = 1
        while count < PIECES_MAX and self.dice.random() < PIECE_MORE:
            count += 1
        return count

    def price(self, product: Product) -> int:
        """What a piece of it costs this time."""
        is_cut = self.dice.random() < CUT_PART
        factor = 1 - CUT_MOST * self.dice.random() ** 2 if is_cut else 1.0
        return max(100, round(product.price_minor * factor))

    def order(
        self,
        buyer: Member,
        product: Product,
        at_s: int,
        *,
        amount_minor: int | None = None,
        share: Share | None = None,
        is_named: bool = False,
        sent_to: tuple[str, str] | None = None,
    ) -> Order:
        """An order of one line of that amount, or of what such a basket costs.

        is_named: whether it says which share brought it. sent_to: another address and phone.
        """
        dice = self.dice
        if amount_minor is None:
            pieces = self.pieces()
            lines = [product.line(pieces, self.price(product) * pieces)]
        else:
            lines = [product.line(max(1, round(amount_minor / product.price_minor)), amount_minor)]
        while amount_minor is None and len(lines) < LINES_MAX and dice.random() < LINE_MORE:
            other = dice.choice(product.shop.products)
            lines.append(other.line(1, self.price(other)))
        told = self.write(
            at_s,
            "order.paid",
            orderId=self.name("o"),
            memberId=buyer.member_id,
            amountMinor=sum(int(line["amountMinor"]) for line in lines),
            currency="CNY",
            lines=lines,
            shopId=product.shop.shop_id,
            shareId=share.share_id if share is not None and is_named else None,
            channel=dice.choice(CHANNELS),
            identifiers=self._used(buyer, at_s, sent_to or (buyer.address, buyer.phone)),
        )
        made = Order(told["orderId"], buyer, product, told["amountMinor"], at_s, share, told)
        if at_s < CLOSES_S:
            self.orders.append(made)
        return made

    def _used(self, buyer: Member, at_s: int, sent_to: tuple[str, str]) -> list[dict[str, str]]:
        dice, (address, phone) = self.dice, sent_to
        found = [("address", address), ("payment", buyer.payment)]
        if dice.random() < 0.35:
            found.append(("device", buyer.device_at(at_s)))
        if dice.random() < 0.3:
            found.append(("phone", phone))
        if dice.random() < 0.2:
            found.append(("ip", self.ip_now(buyer)))
        return [{"kind": kind, "value": value} for kind, value in found]

    def end(self, order: Order) -> None:
        """An honest end: most are received, some cancelled or sent back whole or partly."""
        dice, fate = self.dice, self.dice.random()
        if fate < CANCELLED_PART:
            cancelled_s = order.at_s + dice.randrange(300, 40_000)
            self.write(cancelled_s, "order.cancelled", orderId=order.order_id)
            return
        done_s = order.at_s + dice.randrange(4 * DAY_S, 10 * DAY_S)
        if fate < CANCELLED_PART + order.buyer.sends_back:
            is_part = dice.random() < PARTLY_PART
            part_minor = max(1, int(order.amount_minor * (0.2 + 0.6 * dice.random())))
            back_s = order.at_s + DAY_S + int(dice.expovariate(1 / (4 * DAY_S)))
            self.refund(order, back_s, part_minor if is_part else order.amount_minor)
            if not is_part and back_s < done_s:
                return
        if dice.random() < COMPLETED_PART:
            self.write(done_s, "order.completed", orderId=order.order_id)

    def refund(self, order: Order, at_s: int, amount_minor: int | None = None) -> None:
        """Money goes back, all of it unless an amount is given."""
        self.write(
            at_s,
            "order.refunded",
            orderId=order.order_id,
            refundId=self.name("r"),
            amountMinor=order.amount_minor if amount_minor is None else amount_minor,
        )

    def happened(self) -> list[tuple[int, int, str, dict[str, Any]]]:
        """When, the how manieth that was written, what kind and data: in time order."""
        self._rows.sort(key=lambda row: row[:2])
        return self._rows

    def events(self) -> list[Event]:
        """All that happened, in time order, those of one second as written."""
        dates = [(OPENS + timedelta(days=day)).strftime("%Y-%m-%dT") for day in range(DAYS)]
        return [
            {
                "specversion": "1.0",
                "id": f"e-{number:07d}",
                "source": SOURCE,
                "type": kind,
                "time": f"{dates[at_s // DAY_S]}{_clock(at_s % DAY_S)}+08:00",
                "data": data,
            }
            for number, (at_s, _, kind, data) in enumerate(self.happened())
        ]


def _clock(second: int) -> str:
    return f"{second // HOUR_S:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
