"""How would somebody cheat this mall with a crowd: of buyers, of invitees, of clicks?"""

from graph_service.examination.chronicle import DAY_S, HOUR_S, Plot
from graph_service.examination.mall import Account, Order, Share, Shop
from graph_service.examination.plots import Kit, Scheme, customers

# Goods that one buyer of a campaign is sent to; more would be seen.
ORDERS_MAX = 8


def _hands(
    scheme: Scheme, size: int, at_s: float, lead: Account | None, puppets: float
) -> list[Account]:
    """Buyers for a campaign: accounts of one hand, and people who are paid for each order."""
    dice = scheme.life.dice
    kinds = tuple(dice.sample(("device", "ip", "address", "payment", "phone"), dice.whole(2, 4)))
    kit = scheme.kit(size, kinds)
    found: list[Account] = []
    for _ in range(size):
        joined_s = at_s - DAY_S * dice.between(0.2, scheme.wide(10))
        above = lead if dice.chance(0.4) else scheme.mall.elder(joined_s)
        if dice.chance(puppets):
            found.append(scheme.puppet(joined_s, above, kit))
        else:
            found.append(scheme.person(at_s))
    return found


def fake_order_ring(scheme: Scheme, size: int) -> Plot:
    """Paid buyers lift the sales of some shops: empty parcels, quick receipts, some refunds."""
    dice, mall = scheme.life.dice, scheme.mall
    variant = dice.pick(("sprint", "drip", "rank", "club"))
    days = {"sprint": 3.0, "drip": 30.0, "rank": 6.0, "club": 18.0}[variant]
    span_s = min(scheme.wide(days * DAY_S), 60 * DAY_S)
    start_s = scheme.begin(span_s, 31 * DAY_S)
    lead = scheme.person(skill=3.0)
    owners = [
        scheme.person() for _ in range(1 if size < 14 or variant == "rank" else dice.whole(1, 3))
    ]
    shops = [
        mall.open_shop(one, dice.whole(4, 12), max(one.joined_s, 0) + HOUR_S) for one in owners
    ]
    if variant == "club":
        shops += dice.sample([one for one in mall.shops if one not in shops], dice.whole(1, 4))
    buyers = _hands(scheme, size - 1 - len(owners), start_s, lead, dice.between(0.4, 1.0))
    targets = [good for shop in shops for good in dice.sample(shop.goods, dice.whole(4, 8))]
    targets = targets[: dice.whole(1, 2)] if variant == "rank" else targets
    # Nobody pays a crowd for an order each: a campaign wants several orders of most buyers.
    density = dice.between(0.5, 1.0) * (1 - 0.3 * scheme.camouflage)
    orders: list[Order] = []
    for buyer in buyers:
        wanted = [good for good in targets if dice.chance(density)] or [dice.pick(targets)]
        wanted = dice.sample(wanted, ORDERS_MAX) * (dice.whole(1, 4) if variant == "rank" else 1)
        for good in wanted:
            at_s = mall.calendar.moment(start_s, start_s + span_s)
            promoter = lead if dice.chance(0.5) else None
            spent = scheme.like(good.price_minor, 0.03)
            orders.append(scheme.buy(buyer, promoter, at_s, good.shop, spent))
    for order in orders:
        if dice.chance(0.15):
            mall.refund(order, order.at_s + DAY_S * dice.between(0.5, 6))
        else:
            mall.complete(order, order.at_s + DAY_S * dice.between(0.8, 4 + 6 * scheme.camouflage))
    own = [shop for shop in shops if shop.owner in owners]
    customers(scheme, own)
    return scheme.plot("fake_order_ring", variant, [lead, *owners, *buyers], orders, own)


def account_farm(scheme: Scheme, size: int) -> Plot:
    """Made-up newcomers for the bonus on each: a star, a chain or a tree under one member."""
    dice, mall = scheme.life.dice, scheme.mall
    variant = dice.pick(("overnight", "drip", "chain", "tree", "first order"))
    days = {"overnight": 0.4, "first order": 4.0, "chain": 3.0, "tree": 6.0, "drip": 25.0}[variant]
    span_s = min(scheme.wide(days * DAY_S), 55 * DAY_S)
    start_s = scheme.begin(span_s + 8 * DAY_S, 29 * DAY_S)
    lead = scheme.person(skill=1.5)
    kinds = ("device", "ip", *dice.sample(("phone", "payment", "address"), dice.whole(0, 2)))
    kit = scheme.kit(size, kinds)
    members, orders, wide = [lead], list[Order](), dice.whole(2, 5)
    times = sorted(start_s + dice.between(0, span_s) for _ in range(size - 1))
    for place, at_s in enumerate(times):
        above = lead
        if variant == "chain" and not dice.chance(0.1):
            above = members[-1]
        elif variant == "tree":
            above = members[place // wide]
        account = scheme.puppet(at_s, above, kit, idle=0.5)
        members.append(account)
        mall.visit(account, account.joined_s + 60 + dice.delay(scheme.wide(10 * 60)))
        mall.reward(account, dice.delay(scheme.wide(10 * 60)), 0.7)
        if dice.chance(0.9 if variant == "first order" else 0.15):
            bought_s = account.joined_s + scheme.wide(2 * HOUR_S) + dice.delay(scheme.wide(HOUR_S))
            cheap = min(scheme.shop().goods, key=lambda one: one.price_minor)
            orders.append(mall.order(account, bought_s, [(cheap, 1)]))
    scheme.received(orders)
    return scheme.plot("account_farm", variant, members, orders)


def click_flood(scheme: Scheme, size: int) -> Plot:
    """Clicks that nobody meant, to be the one who is paid for what was clicked."""
    variants = ("bots", "stuffing", "pool", "exchange") if size >= 6 else ("bots", "stuffing")
    variant = scheme.life.dice.pick(variants)
    if variant in ("pool", "exchange"):
        return _clicking_members(scheme, size, variant)
    dice, mall = scheme.life.dice, scheme.mall
    owners = [scheme.person(skill=1.5) for _ in range(min(size, dice.whole(1, 4)))]
    span_s = min(scheme.wide(4 * DAY_S), 25 * DAY_S)
    start_s = scheme.begin(span_s, 30 * DAY_S)
    kit = scheme.kit(12, ("device", "ip"))
    for owner in owners:
        for _ in range(dice.whole(1, 3) if variant == "bots" else dice.whole(5, 12)):
            share = mall.share(owner, start_s + dice.delay(DAY_S), scheme.life.good(), reach=0.5)
            clicks = dice.whole(80, 400) if variant == "bots" else dice.whole(25, 70)
            _bots(scheme, share, clicks, span_s, kit)
    return scheme.plot("click_flood", variant, owners, [])


def _bots(scheme: Scheme, share: Share, clicks: int, span_s: float, kit: Kit) -> None:
    """Visitors that are programs: some come back, in bursts, most seen with tokens of a kit."""
    dice, mall = scheme.life.dice, scheme.mall
    visitors = [dice.name() for _ in range(max(3, int(clicks * dice.between(0.3, 1.0))))]
    at_s, pause_s = share.at_s, span_s / clicks
    for place in range(clicks):
        at_s += (
            dice.delay(pause_s) if dice.chance(0.3 + 0.6 * scheme.camouflage) else 4 * dice.unit()
        )
        visitor = visitors[place % len(visitors)]
        mall.click(share, at_s, visitor)
        if place < len(visitors) and dice.chance(0.5):
            kind = dice.pick(("ip", "device"))
            hidden = dice.chance(scheme.camouflage)
            value = mall.tokens()[kind][0] if hidden else dice.pick(kit[kind])
            seen = {"visitorId": visitor, "kind": kind, "value": value}
            mall.chronicle.write(at_s + 1, "identity.observed", seen)


def _clicking_members(scheme: Scheme, size: int, variant: str) -> Plot:
    """Accounts that click: all for one owner, or each for each, day after day."""
    dice, mall = scheme.life.dice, scheme.mall
    days = min(int(scheme.wide(dice.whole(5, 10))), 40)
    start_s = scheme.begin((days + 1) * DAY_S, 32 * DAY_S)
    lead = scheme.person(skill=1.5)
    kit = scheme.kit(size, ("device", "ip"))
    if variant == "pool":
        joined_s = start_s - DAY_S
        hands = [
            scheme.puppet(joined_s - dice.delay(5 * DAY_S), lead, kit) for _ in range(size - 1)
        ]
        owners = [lead]
    else:
        hands = [lead, *(scheme.person(start_s, skill=0.5) for _ in range(size - 1))]
        owners = hands
    diligence = 1 - 0.5 * scheme.camouflage
    for day in range(days):
        morning_s = start_s + day * DAY_S + dice.between(8, 20) * HOUR_S
        for owner in owners if variant == "pool" else dice.sample(owners, max(2, size // 2)):
            good = scheme.life.good()
            share = mall.share(owner, morning_s - dice.delay(HOUR_S), good, reach=0.4)
            for hand in hands:
                if hand is not owner and dice.chance(diligence):
                    delay_s = dice.between(20, scheme.wide(2 * HOUR_S))
                    mall.click(share, max(morning_s, hand.joined_s + 60) + delay_s, hand)
    return scheme.plot("click_flood", variant, list(dict.fromkeys([*owners, *hands])), [])


def sleeper(scheme: Scheme, size: int) -> Plot:
    """Accounts laid down long ago wake together and buy as they are told."""
    dice, mall = scheme.life.dice, scheme.mall
    variant = dice.pick(("aged", "bought", "waves"))
    span_s = min(scheme.wide((8 if variant == "waves" else 2.5) * DAY_S), 20 * DAY_S)
    start_s = scheme.begin(span_s, 55 * DAY_S)
    kit = scheme.kit(size, ("device", "ip", *dice.sample(("address", "payment"), 1)))
    # Some earn by a promoter who is in it, the others by the shop that pays them.
    lead = scheme.person(skill=2.0) if dice.chance(0.5) else None
    accounts: list[Account] = []
    for _ in range(size - (lead is not None)):
        # They sleep 40 days at least: none does anything of its own, hidden or not.
        joined_s = start_s - DAY_S * dice.between(42, 55)
        if variant == "bought":
            joined_s -= DAY_S * dice.between(0, 120)
        tokens = mall.tokens()
        if variant != "bought":
            tokens |= {
                k: [dice.pick(v)] for k, v in kit.items() if not dice.chance(scheme.camouflage)
            }
        accounts.append(mall.enrol(joined_s, mall.elder(joined_s), activity=0.0, tokens=tokens))
        mall.visit(accounts[-1], joined_s + HOUR_S)
    shops = [scheme.shop() for _ in range(dice.whole(1, 3))]
    orders: list[Order] = []
    for one in accounts:
        awake_s = start_s + dice.between(0, span_s)
        orders += _awake(scheme, one, lead if dice.chance(0.7) else None, shops, awake_s, kit)
    scheme.received(orders, (1, 6))
    return scheme.plot("sleeper", variant, [*([lead] if lead else []), *accounts], orders)


def _awake(
    scheme: Scheme,
    account: Account,
    promoter: Account | None,
    shops: list[Shop],
    awake_s: float,
    kit: Kit,
) -> list[Order]:
    """The new owner's device is seen, then the orders; the careful live on a little afterwards."""
    dice, mall = scheme.life.dice, scheme.mall
    for kind, values in kit.items():
        if not dice.chance(scheme.camouflage):
            account.tokens[kind] = [dice.pick(values)]
    mall.observe(account, "device", awake_s)
    mall.chronicle.write(awake_s + 1, "member.active", {"memberId": account.member_id})
    orders: list[Order] = []
    for _ in range(dice.whole(1, 4)):
        at_s = awake_s + 120 + dice.delay(scheme.wide(3 * HOUR_S))
        shop = dice.pick(shops)
        good = dice.pick(shop.goods[:3])
        spent = scheme.like(good.price_minor, 0.03)
        orders.append(scheme.buy(account, promoter, at_s, shop, spent))
    for _ in range(dice.count(2 * scheme.camouflage)):
        scheme.life.buy(account, mall.calendar.moment(awake_s))
    return orders


def share_hijack(scheme: Scheme, size: int) -> Plot:
    """A plug-in clicks its maker's link for the buyer, seconds before the order is paid."""
    dice, mall = scheme.life.dice, scheme.mall
    variant = dice.pick(("plug-in", "outbid", "silent"))
    thieves = [scheme.person(skill=1.0) for _ in range(size)]
    span_s = min(scheme.wide(15 * DAY_S), 50 * DAY_S)
    start_s = scheme.begin(span_s, 30 * DAY_S)
    taken = [
        one
        for one in mall.orders
        if start_s <= one.at_s < start_s + span_s
        and one.buyer not in thieves
        # A link beside an order decides before any click, so a silent thief passes it by.
        and (variant == "plug-in" or (one.share is not None) == (variant == "outbid"))
    ]
    orders: list[Order] = []
    for order in dice.sample(taken, dice.whole(12, 40) * size):
        thief = dice.pick(thieves)
        before_s = dice.between(1.5, 12) if not dice.chance(scheme.camouflage) else dice.delay(240)
        clicked_s = order.at_s - max(before_s, 1.0)
        earlier = _posted(mall.shares_by_day[int(clicked_s // DAY_S)], thief, clicked_s)
        share = earlier or mall.share(
            thief, clicked_s - dice.between(1, 300), order.good, reach=0.2
        )
        mall.click(share, clicked_s, order.buyer)
        if variant != "silent":
            order.data["shareId"] = share.share_id
        orders.append(order)
    return scheme.plot("share_hijack", variant, thieves, orders)


def _posted(shares: list[Share], thief: Account, before_s: float) -> Share | None:
    return next((one for one in shares if one.owner is thief and one.at_s < before_s), None)


def coupon_farm(scheme: Scheme, size: int) -> Plot:
    """Left out: newcomers redeem newcomers' coupons on one hot good, for one reseller's door."""
    dice, mall = scheme.life.dice, scheme.mall
    span_s = min(scheme.wide(12 * DAY_S), 60 * DAY_S)
    start_s = scheme.begin(span_s, 10 * DAY_S)
    doors, coupon = [mall.address() for _ in range(dice.whole(1, 2))], dice.name(10)
    issued = {"couponCode": coupon, "exclusive": False, "valueMinor": 3_000}
    mall.chronicle.write(start_s - DAY_S, "coupon.issued", issued)
    goods = [scheme.life.good() for _ in range(dice.whole(1, 2))]
    accounts: list[Account] = []
    orders: list[Order] = []
    for _ in range(size):
        joined_s = start_s + dice.between(0, span_s)
        account = scheme.puppet(joined_s, mall.elder(joined_s), {"address": doors})
        at_s = account.joined_s + 300 + dice.delay(scheme.wide(2 * HOUR_S))
        orders.append(
            mall.order(account, at_s, [(dice.pick(goods), dice.whole(1, 2))], coupon=coupon)
        )
        accounts.append(account)
    scheme.received(orders)
    return scheme.plot("coupon_farm", "one door", accounts, orders)


def relay_laundering(scheme: Scheme, size: int) -> Plot:
    """Left out: orders of a few buyers run down a relay of reposts, so that each step is paid."""
    dice, mall = scheme.life.dice, scheme.mall
    steps = max(3, min(8, size - dice.whole(1, max(1, size // 3))))
    relay = [scheme.person(skill=1.0) for _ in range(steps)]
    buyers = [scheme.person() for _ in range(max(1, size - steps))]
    at_s = scheme.begin(45 * DAY_S, 30 * DAY_S)
    orders: list[Order] = []
    for _ in range(dice.whole(4, 9)):
        at_s += dice.delay(scheme.wide(DAY_S))
        order_of = relay if not dice.chance(scheme.camouflage) else dice.sample(relay, steps)
        good, share = scheme.life.good(), None
        for step in order_of:
            at_s += 60 + dice.delay(scheme.wide(20 * 60))
            if share is not None:
                mall.click(share, at_s - 20, step)
            share = mall.share(step, at_s, good, parent=share, reach=0.2)
        for buyer in dice.sample(buyers, dice.whole(1, len(buyers))):
            assert share is not None
            clicked_s = at_s + 30 + dice.delay(scheme.wide(HOUR_S))
            mall.click(share, clicked_s, buyer)
            lines = [(good, dice.whole(1, 3))]
            orders.append(mall.order(buyer, clicked_s + 20 + dice.delay(600), lines, share=share))
    scheme.received(orders)
    return scheme.plot("relay_laundering", "relay", [*relay, *buyers], orders)
