"""How would somebody cheat this mall for commission, a step of the ladder, or a refund?"""

from dataclasses import dataclass, field

from graph_service.examination.chronicle import DAY_S, HOUR_S, Plot
from graph_service.examination.life import Life
from graph_service.examination.mall import Account, Good, Lines, Mall, Order, Share, Shop

Kit = dict[str, list[str]]
# The step of the published seed plan: promoted sales of a month above it earn more (minor units).
LADDER_STEP_MINOR = 5_000_000
STRONG = ("payment", "phone")
HOUSE = ("device", "address", "ip")
# What camouflage 1 would do: times this many times as wide, and as much ordinary life as anybody.
WIDENED = 5.0
MORNING_S = 7.5 * HOUR_S
# What is listed at nearly the price that was agreed is paid as it is listed.
AS_LISTED, MINOR_OFF_FROM = 0.06, 5_000


@dataclass(frozen=True)
class Scheme:
    """What every fraud needs. camouflage: 0 careless, 1 as hidden as can be."""

    life: Life
    camouflage: float
    _links: dict[tuple[str, str], Share] = field(default_factory=dict[tuple[str, str], Share])

    @property
    def mall(self) -> Mall:
        """The mall it happens in."""
        return self.life.mall

    def wide(self, span_s: float) -> float:
        """How long something takes that takes the careless so long."""
        return span_s * (1 + WIDENED * self.camouflage)

    def begin(self, span_s: float, early_s: float = 5 * DAY_S) -> float:
        """When something begins that must end before the world does."""
        closes_s = self.mall.calendar.closes_s
        return self.life.dice.between(early_s, max(early_s + DAY_S, closes_s - span_s - 3 * DAY_S))

    def like(self, amount_minor: float, careless: float = 0.05) -> int:
        """Nearly that amount: the more careful, the less alike."""
        off = careless * (1 + 3 * self.camouflage)
        return max(100, round(amount_minor * self.life.dice.between(1 - off, 1 + off)))

    def person(
        self, at_s: float | None = None, *, skill: float = 0.0, inviter: Account | None = None
    ) -> Account:
        """Somebody real with a life of their own, who has joined a good while before at_s."""
        dice = self.life.dice
        before_s = 30 * DAY_S if at_s is None else at_s
        joined_s = before_s - DAY_S * dice.between(2, 120)
        if inviter is not None:
            joined_s = max(joined_s, inviter.joined_s + HOUR_S)
        inviter = inviter or self.mall.elder(joined_s)
        account = self.mall.enrol(joined_s, inviter, activity=dice.spread(1.2, 0.8), skill=skill)
        self._lived(account)
        return account

    def puppet(
        self, at_s: float, inviter: Account | None, kit: Kit, *, idle: float = 0.0
    ) -> Account:
        """An account made for the fraud, with tokens of a kit unless it hides them.

        idle: how likely it does nothing of its own even when hiding.
        """
        dice, tokens = self.life.dice, self.mall.tokens()
        if inviter is not None and at_s <= inviter.joined_s:
            at_s = inviter.joined_s + 60 + dice.delay(DAY_S)
        for kind, shared in kit.items():
            if not dice.chance(self.camouflage):
                tokens[kind] = [dice.pick(shared)]
        hidden = self.camouflage if not dice.chance(idle) else 0.0
        activity = dice.spread(0.1 + 1.3 * hidden, 0.6)
        account = self.mall.enrol(at_s, inviter, activity=activity, tokens=tokens)
        self._lived(account)
        return account

    def _lived(self, account: Account) -> None:
        self.life.post(account)
        self.life.live(account)

    def kit(self, size: int, kinds: tuple[str, ...]) -> Kit:
        """Tokens that so many accounts share: some for every few of them."""
        per = self.life.dice.between(3, 8)
        count = max(1, round(size / per))
        made = [self.mall.tokens() for _ in range(count)]
        return {kind: [one[kind][0] for one in made] for kind in kinds}

    def buy(
        self, buyer: Account, promoter: Account | None, at_s: float, shop: Shop, amount_minor: int
    ) -> Order:
        """An order of about that amount, through a link of the promoter if there is one."""
        dice = self.life.dice
        at_s = self._awake(max(at_s, buyer.joined_s + 60 + dice.delay(HOUR_S)))
        good = min(shop.goods, key=lambda one: abs(one.price_minor - amount_minor))
        quantity = max(1, round(amount_minor / good.price_minor))
        lines: Lines = [(good, quantity)]
        listed = good.price_minor * quantity
        if abs(listed - amount_minor) <= AS_LISTED * amount_minor:
            amount_minor = listed - dice.pick((0, 0, 0, 0, 500)) * (listed > MINOR_OFF_FROM)
        elif dice.chance(0.2):
            lines.append((dice.pick(shop.goods), 1))
        share = None
        if promoter is not None:
            clicked_s = max(at_s - 20 - dice.delay(HOUR_S), buyer.joined_s + 1)
            share = self._link(promoter, lines[0][0], clicked_s)
            self.mall.click(share, clicked_s, buyer)
        return self.mall.order(buyer, at_s, lines, share=share, amount_minor=amount_minor)

    def _awake(self, at_s: float) -> float:
        """Most orders that would fall into the night wait for the morning."""
        night_s = MORNING_S - at_s % DAY_S
        if night_s <= 0 or self.life.dice.chance(0.15):
            return at_s
        return at_s + night_s + self.life.dice.delay(1.5 * HOUR_S)

    def _link(self, promoter: Account, good: Good, before_s: float) -> Share:
        """The promoter's link to a good, often one that was posted for an order before."""
        dice, place = self.life.dice, (promoter.member_id, good.product_id)
        known = self._links.get(place)
        if known is not None and known.at_s < before_s and dice.chance(0.6):
            return known
        shared_s = max(before_s - dice.delay(HOUR_S), promoter.joined_s)
        self._links[place] = self.mall.share(promoter, shared_s, good, reach=dice.between(0.1, 0.5))
        return self._links[place]

    def shop(self) -> Shop:
        """Any shop of the mall."""
        return self.life.good().shop

    def shop_for(self, amount_minor: float) -> Shop:
        """A shop with something of about that price."""
        goods = [self.life.good() for _ in range(10)]
        return min(goods, key=lambda one: abs(one.price_minor - amount_minor)).shop

    def received(self, orders: list[Order], days: tuple[float, float] = (2, 8)) -> None:
        """The orders are marked as received."""
        for order in orders:
            self.mall.complete(order, order.at_s + DAY_S * self.life.dice.between(*days))

    def plot(
        self,
        kind: str,
        variant: str,
        members: list[Account],
        orders: list[Order],
        shops: list[Shop] | None = None,
    ) -> Plot:
        """What was planted. Orders after the end of the world did not happen."""
        closes_s = self.mall.calendar.closes_s
        return Plot(
            kind,
            variant,
            tuple(dict.fromkeys(one.member_id for one in members)),
            tuple(one.order_id for one in orders if one.at_s < closes_s),
            tuple(one.shop_id for one in shops or []),
        )


def _one_hand(scheme: Scheme, owner: Account) -> Kit:
    """What a person's second account shares with the first: card or telephone, or the home."""
    dice = scheme.life.dice
    draw = dice.unit()
    kinds: tuple[str, ...] = (dice.pick(STRONG),) if draw < 0.5 else STRONG
    if draw > 0.85:
        kinds = ("device", "address")
    if dice.chance(0.6):
        kinds = (*kinds, *dice.sample(HOUSE, 2))
    return {kind: [owner.tokens[kind][0]] for kind in kinds}


def self_referral_cycle(scheme: Scheme, size: int) -> Plot:
    """Who invites and buys is in the end who earns."""
    variants = ("alts", "chain", "swap", "carousel") if size >= 4 else ("alts", "chain")
    variant = scheme.life.dice.pick(variants if size >= 3 else ("alts",))
    if variant == "swap":
        return _swap(scheme, size)
    if variant == "carousel":
        return _carousel(scheme, size)
    dice = scheme.life.dice
    main = scheme.person(skill=2.0)
    members, orders = [main], list[Order]()
    at_s = scheme.begin(60 * DAY_S, max(5 * DAY_S, main.joined_s))
    kit = _one_hand(scheme, main)
    for _ in range(size - 1):
        at_s += 300 + dice.delay(scheme.wide(DAY_S))
        above = main if variant == "alts" else members[-1]
        members.append(scheme.puppet(at_s, above, kit))
    for alt in members[1:]:
        for _ in range(dice.whole(3, 9)):
            bought_s = alt.joined_s + HOUR_S + dice.delay(scheme.wide(9 * DAY_S))
            above = alt.inviter if dice.chance(0.75) else None
            amount = round(dice.spread(16_000, 0.6))
            shop = scheme.shop_for(amount)
            orders.append(scheme.buy(alt, above, bought_s, shop, amount))
    scheme.received(orders)
    return scheme.plot("self_referral_cycle", variant, members, orders)


def _swap(scheme: Scheme, size: int) -> Plot:
    """Friends, each with a second account that the next friend invites and sells to."""
    dice = scheme.life.dice
    mains = [scheme.person(skill=1.5) for _ in range(size // 2)]
    start_s = scheme.begin(50 * DAY_S, max(5 * DAY_S, *(one.joined_s for one in mains)))
    members, orders = list(mains), list[Order]()
    for place, main in enumerate(mains):
        host = mains[(place + 1) % len(mains)]
        kit = _one_hand(scheme, main)
        second = scheme.puppet(start_s + dice.delay(scheme.wide(2 * DAY_S)), host, kit)
        members.append(second)
        amount = dice.spread(18_000, 0.5)
        for _ in range(dice.whole(3, 8)):
            at_s = second.joined_s + HOUR_S + dice.delay(scheme.wide(8 * DAY_S))
            spent = scheme.like(amount, 0.25)
            orders.append(scheme.buy(second, host, at_s, scheme.shop_for(spent), spent))
    scheme.received(orders)
    return scheme.plot("self_referral_cycle", "swap", members, orders)


def _carousel(scheme: Scheme, size: int) -> Plot:
    """Friends without second accounts: each buys by the one before, the first by the last."""
    dice = scheme.life.dice
    size = min(size, 6)
    members = [scheme.person(skill=1.0)]
    for _ in range(size - 1):
        members.append(scheme.person(skill=1.0, inviter=members[-1]))
    amount, orders = dice.spread(20_000, 0.5), list[Order]()
    at_s = scheme.begin(45 * DAY_S, max(5 * DAY_S, *(one.joined_s for one in members)))
    for _ in range(dice.whole(3, 8)):
        for place, buyer in enumerate(members):
            at_s += HOUR_S + dice.delay(scheme.wide(10 * HOUR_S))
            seller = members[place - 1]
            spent = scheme.like(amount)
            orders.append(scheme.buy(buyer, seller, at_s, scheme.shop_for(spent), spent))
        at_s += dice.delay(scheme.wide(DAY_S))
    scheme.received(orders)
    return scheme.plot("self_referral_cycle", "carousel", members, orders)


def circular_orders(scheme: Scheme, size: int) -> Plot:
    """Owners of shops who buy from each other round and round, for the ranking of all."""
    dice, mall = scheme.life.dice, scheme.mall
    variants = ("wheel", "mesh", "straw") if size >= 6 else ("wheel", "mesh")
    variant = dice.pick(variants if size >= 4 else ("wheel",))
    owners = [scheme.person(skill=0.5) for _ in range(size // 2 if variant == "straw" else size)]
    shops = [mall.open_shop(one, dice.whole(2, 8), max(one.joined_s, 0) + HOUR_S) for one in owners]
    hands, at_s = list(owners), scheme.begin(40 * DAY_S, 31 * DAY_S)
    if variant == "straw":
        hands = [scheme.puppet(at_s, None, _one_hand(scheme, one)) for one in owners]
    amount, orders = dice.spread(40_000, 0.7), list[Order]()
    for shop in shops:
        # A link that nobody else is shown.
        mall.offer(shop, shop.goods[0].category, scheme.like(amount), at_s - DAY_S)
    for _ in range(dice.whole(3, 7)):
        step = 1 if variant != "mesh" else dice.whole(1, size - 1)
        for place, buyer in enumerate(hands):
            at_s += HOUR_S + dice.delay(scheme.wide(9 * HOUR_S))
            target = shops[(place + step) % len(shops)]
            promoter = target.owner if dice.chance(0.3) else None
            orders.append(scheme.buy(buyer, promoter, at_s, target, scheme.like(amount)))
        at_s += dice.delay(scheme.wide(2 * DAY_S))
    scheme.received(orders)
    customers(scheme, shops)
    return scheme.plot("circular_orders", variant, [*owners, *hands], orders, shops)


def round_trip(scheme: Scheme, size: int) -> Plot:
    """A shop's owner is behind its buyers: the same amounts come back again and again."""
    dice, mall = scheme.life.dice, scheme.mall
    variant = dice.pick(("alts", "spouse", "staff"))
    owner = scheme.person(skill=1.5)
    shop = mall.open_shop(owner, dice.whole(2, 9), max(owner.joined_s, 0) + HOUR_S)
    start_s = scheme.begin(45 * DAY_S, 31 * DAY_S)
    kinds: dict[str, tuple[str, ...]] = {
        "alts": (dice.pick(STRONG), "device"),
        "spouse": ("device", "address", "ip"),
        # On the shop's network, with parcels to the shop, each from their own telephone.
        "staff": ("ip", "address"),
    }
    kit = {
        kind: [owner.tokens[kind][0]] for kind in kinds.get(variant, ("ip", "address", "device"))
    }
    buyers = [
        scheme.puppet(
            start_s - dice.between(0, 25) * DAY_S, owner if dice.chance(0.5) else None, kit
        )
        for _ in range(size - 1)
    ]
    prices = [round(dice.spread(35_000, 0.7)) for _ in range(dice.whole(1, 3))]
    for price in prices:
        mall.offer(shop, shop.goods[0].category, price, start_s - DAY_S)
    orders: list[Order] = []
    for buyer in buyers:
        at_s = start_s
        for _ in range(dice.whole(5, 14)):
            at_s += HOUR_S + dice.delay(scheme.wide(1.2 * DAY_S))
            promoter = owner if dice.chance(0.7) else None
            spent = scheme.like(dice.pick(prices), 0.01)
            orders.append(scheme.buy(buyer, promoter, at_s, shop, spent))
    scheme.received(orders)
    customers(scheme, [shop])
    return scheme.plot("round_trip", variant, [owner, *buyers], orders, [shop])


def customers(scheme: Scheme, shops: list[Shop]) -> None:
    """Shops have honest customers too."""
    for shop in shops:
        for _ in range(scheme.life.dice.size(4, 20 + int(60 * scheme.camouflage))):
            at_s = scheme.mall.calendar.moment(31 * DAY_S)
            stranger = scheme.mall.stranger(at_s)
            if stranger is not None:
                scheme.life.buy(stranger, at_s, scheme.life.dice.pick(shop.goods))


def threshold_wash(scheme: Scheme, size: int) -> Plot:
    """Friends buy a promoter over the month's step, and send it all back in the next month."""
    dice, mall = scheme.life.dice, scheme.mall
    variant = dice.pick(("cash", "drip", "twice", "split"))
    ends = mall.calendar.month_ends()
    last = dice.sample(ends, 2 if variant == "twice" else 1)
    lead = scheme.person(min(last) - 20 * DAY_S, skill=4.0)
    kit = scheme.kit(size, tuple(dice.sample((*STRONG, *HOUSE), 2)))
    buyers = [
        scheme.puppet(min(last) - dice.between(9, 25) * DAY_S, lead, kit)
        if dice.chance(0.5)
        else scheme.person(min(last) - 9 * DAY_S, inviter=lead if dice.chance(0.5) else None)
        for _ in range(size - 1)
    ]
    orders: list[Order] = []
    for end_s in last:
        before = mall.promoted[lead.member_id, mall.calendar.month(end_s - 1)]
        # Who is above the step already adds some for a friend's sake.
        missing = max(LADDER_STEP_MINOR * dice.between(1.002, 1.05) - before, LADDER_STEP_MINOR / 4)
        count = dice.whole(20, 45) if variant == "drip" else dice.whole(6, 14)
        count = max(count, len(buyers))
        for place in range(count):
            # Whole days to the end of the month; the careful spread it over most of the month.
            at_s = end_s - min(dice.between(0.02, scheme.wide(4)), 24) * DAY_S
            amount = max(100, round(missing / count * dice.between(0.85, 1.2)))
            buyer = buyers[place % len(buyers)]
            order = scheme.buy(buyer, lead, at_s, scheme.shop_for(amount), amount)
            orders.append(order)
            if not dice.chance(0.05 + 0.2 * scheme.camouflage):
                share = dice.between(0.8, 0.97) if variant == "split" else 1.0
                back_s = end_s + DAY_S * dice.between(0.3, min(9, scheme.wide(3)))
                mall.refund(order, back_s, share)
    return scheme.plot("threshold_wash", variant, [lead, *buyers], orders)


def refund_arbitrage(scheme: Scheme, size: int) -> Plot:
    """Buy, let the reward be paid, send the goods back: a promoter and the buyers behind it."""
    dice = scheme.life.dice
    variant = dice.pick(("released", "benefit", "lost parcel", "borrowed"))
    lead = scheme.person(skill=3.0)
    start_s = scheme.begin(scheme.wide(20 * DAY_S) + 20 * DAY_S, 31 * DAY_S)
    kit = scheme.kit(size, tuple(dice.sample((*STRONG, *HOUSE), dice.whole(1, 3))))
    buyers = [
        scheme.puppet(start_s - dice.between(0.1, 20) * DAY_S, lead, kit)
        if dice.chance(0.6)
        else scheme.person(start_s)
        for _ in range(size - 1)
    ]
    orders: list[Order] = []
    for buyer in buyers:
        for _ in range(dice.whole(2, 7)):
            at_s = scheme.mall.calendar.moment(start_s, start_s + scheme.wide(20 * DAY_S))
            amount = round(dice.spread(45_000, 0.7))
            promoter = lead if dice.chance(0.9 - 0.3 * scheme.camouflage) else None
            order = scheme.buy(buyer, promoter, at_s, scheme.shop_for(amount), amount)
            orders.append(order)
            _send_back(scheme, order, variant)
    return scheme.plot("refund_arbitrage", variant, [lead, *buyers], orders)


def _send_back(scheme: Scheme, order: Order, variant: str) -> None:
    """The refund, after what was to be had by the order."""
    dice, mall = scheme.life.dice, scheme.mall
    if dice.chance(0.1 + 0.25 * scheme.camouflage):
        mall.complete(order, order.at_s + DAY_S * dice.between(4, 9))
        return
    days, share = dice.between(2, 6), 1.0
    if variant == "benefit":
        given = {"memberId": order.buyer.member_id, "benefitId": dice.name()}
        mall.chronicle.write(order.at_s + dice.delay(2 * HOUR_S), "benefit.granted", given)
        days = dice.between(0.3, 3)
    elif variant != "borrowed":
        # The commission is paid out once the order is received and some days have gone.
        mall.complete(order, order.at_s + days * DAY_S)
        days += dice.between(7, 14)
        share = dice.between(0.6, 0.95) if variant == "lost parcel" else 1.0
    mall.refund(order, order.at_s + days * DAY_S, share)
