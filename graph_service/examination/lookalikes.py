"""Which honest groups of an unseen mall look like fraud?"""

from collections.abc import Callable

from graph_service.examination.chronicle import DAY_S, HOUR_S, Plot
from graph_service.examination.life import Life
from graph_service.examination.mall import Account, Good, Order, Share

Planter = Callable[[Life, int], Plot]


def _plot(
    kind: str, variant: str, members: list[Account], orders: list[Order] | None = None
) -> Plot:
    ids = tuple(one.member_id for one in members)
    return Plot(kind, variant, ids, tuple(one.order_id for one in orders or []))


def _together(life: Life, size: int, within_s: float, lead: Account | None = None) -> list[Account]:
    """So many ordinary newcomers who join within some time, invited by anybody or by a lead."""
    calendar = life.mall.calendar
    low = max(lead.joined_s, 0.0) if lead else -60 * DAY_S
    at_s = life.dice.between(low, max(low + 1, calendar.closes_s - within_s - 5 * DAY_S))
    times = sorted(at_s + life.dice.between(60, within_s) for _ in range(size))
    return [life.newcomer(time_s, lead) for time_s in times]


def household(life: Life, size: int) -> Plot:
    """A family of two to four: one address, one network, sometimes one tablet; some invite kin."""
    dice = life.dice
    members = [life.newcomer(life.joining())]
    home = members[0].tokens
    for _ in range(min(size, 4) - 1):
        tokens = life.mall.tokens()
        tokens["address"], tokens["ip"] = home["address"], [home["ip"][0], tokens["ip"][1]]
        if dice.chance(0.3):
            tokens["device"] = [*tokens["device"], home["device"][0]]
        if dice.chance(0.03):
            # A child pays for a parent.
            tokens["payment"] = home["payment"]
        inviter = members[0] if dice.chance(0.35) else None
        at_s = max(life.joining(), members[0].joined_s + 60) if inviter else life.joining()
        members.append(life.newcomer(at_s, inviter, tokens=tokens))
    return _plot("household", "family", members)


def dormitory(life: Life, size: int) -> Plot:
    """Students on one campus network, with one parcel station, who ask each other in."""
    at_s = life.dice.between(0, 30 * DAY_S)
    ip, station = life.mall.ip(), life.mall.address()
    members: list[Account] = []
    for _ in range(size):
        at_s += life.dice.delay(30 * DAY_S / size)
        known = members and life.dice.chance(0.5)
        tokens = life.mall.tokens()
        tokens["ip"], tokens["address"] = [ip, tokens["ip"][1]], [station]
        inviter = life.dice.pick(members) if known else None
        members.append(life.newcomer(at_s, inviter, tokens=tokens))
    return _plot("dormitory", "campus", members)


def office_nat(life: Life, size: int) -> Plot:
    """Colleagues behind one address of the internet; parcels come to the front desk."""
    ip, desk = life.mall.ip(), life.mall.address()
    members: list[Account] = []
    for _ in range(size):
        tokens = life.mall.tokens()
        tokens["ip"] = [ip, *tokens["ip"]]
        if life.dice.chance(0.5):
            tokens["address"] = [*tokens["address"], desk]
        members.append(life.newcomer(life.joining(), tokens=tokens))
    return _plot("office_nat", "colleagues", members)


def device_resale(life: Life, size: int) -> Plot:
    """Telephones of a second-hand dealer: each first one member's, later another's."""
    members: list[Account] = []
    for _ in range(max(1, size // 2)):
        seller = life.newcomer(-life.dice.between(0, 200 * DAY_S))
        tokens = life.mall.tokens()
        tokens["device"] = [seller.tokens["device"][0]]
        sold_s = life.mall.calendar.moment(20 * DAY_S)
        life.mall.observe(seller, "device", life.mall.calendar.moment(0, sold_s))
        seller.tokens["device"] = life.mall.tokens()["device"]
        buyer = life.newcomer(sold_s, tokens=tokens)
        life.mall.observe(buyer, "device", sold_s + HOUR_S)
        members += [seller, buyer]
    return _plot("device_resale", "dealer", members)


def influencer_burst(life: Life, size: int) -> Plot:
    """A video goes round: many join under one influencer in two days; some order, most look."""
    dice, mall = life.dice, life.mall
    lead = mall.enrol(
        -dice.between(0, 100 * DAY_S), mall.elder(0), activity=2, skill=dice.spread(14, 0.4)
    )
    members = _together(life, size - 1, dice.between(8 * HOUR_S, 3 * DAY_S), lead)
    first = min(one.joined_s for one in members)
    share = mall.share(lead, first - HOUR_S, life.good(), reach=30)
    orders: list[Order] = []
    for one in members:
        one.activity *= 0.5
        if dice.chance(0.6):
            visitor = dice.name()
            mall.click(share, max(share.at_s, one.joined_s - dice.delay(300)), visitor)
            known = {"visitorId": visitor, "memberId": one.member_id}
            mall.chronicle.write(one.joined_s + 2, "visitor.identified", known)
        if dice.chance(0.3):
            orders.append(life.buy(one, one.joined_s + 60 + dice.delay(DAY_S), share.good, share))
    return _plot("influencer_burst", "video", [lead, *members], orders)


def flash_sale(life: Life, size: int) -> Plot:
    """A live stream: strangers all buy one or two goods of one shop within minutes."""
    dice, mall = life.dice, life.mall
    host = mall.enrol(
        -dice.between(0, 90 * DAY_S), mall.elder(0), activity=1, skill=dice.spread(9, 0.4)
    )
    members = [life.newcomer(mall.calendar.moment(0, 60 * DAY_S)) for _ in range(size - 1)]
    day = dice.whole(62, mall.calendar.days - 3)
    shop = dice.pick(mall.shops)
    for evening in range(1 if dice.chance(0.5) else dice.whole(2, 4)):
        at_s = (day + 5 * evening) * DAY_S + dice.between(19.5, 21.5) * HOUR_S
        goods = dice.sample(shop.goods, 2)
        shares = [mall.share(host, at_s, good, reach=20) for good in goods]
        for one in members:
            if dice.chance(0.75):
                share = dice.pick(shares)
                clicked_s = at_s + dice.delay(12 * 60)
                mall.click(share, clicked_s, one)
                life.buy(one, clicked_s + 4 + dice.delay(120), share.good, share)
    return _plot("flash_sale", "live stream", [host, *members])


def group_buy(life: Life, size: int) -> Plot:
    """Neighbours order every week with their leader, who takes the parcels in."""
    dice, mall = life.dice, life.mall
    lead = mall.enrol(
        -dice.between(0, 90 * DAY_S), mall.elder(0), activity=3, skill=dice.spread(4, 0.4)
    )
    members = _together(life, size - 1, 25 * DAY_S, lead)
    goods = [good for shop in dice.sample(mall.shops, 3) for good in shop.goods]
    point = lead.tokens["address"][0]
    joined = max(0.0, min(one.joined_s for one in members))
    for week in range(int((mall.calendar.closes_s - joined) / (7 * DAY_S))):
        at_s = joined + week * 7 * DAY_S + 10 * HOUR_S + dice.delay(2 * HOUR_S)
        share = mall.share(lead, at_s, dice.pick(goods), reach=2)
        for one in members:
            if one.joined_s < at_s and dice.chance(0.3):
                clicked_s = at_s + dice.delay(3 * HOUR_S)
                mall.click(share, clicked_s, one)
                _group_order(life, one, share, clicked_s + 30 + dice.delay(HOUR_S), point)
    return _plot("group_buy", "neighbours", [lead, *members])


def _group_order(life: Life, buyer: Account, share: Share, at_s: float, point: str) -> None:
    lines = [(share.good, life.dice.whole(1, 3))]
    tokens = {"address": point}
    life.mall.settle(life.mall.order(buyer, at_s, lines, share=share, tokens=tokens))


def gift_circle(life: Life, size: int) -> Plot:
    """Friends buy each other presents, sent to the other's home, often by the other's link."""
    dice, mall = life.dice, life.mall
    members = _together(life, size, 40 * DAY_S)
    orders: list[Order] = []
    budget = dice.spread(15_000, 0.4)
    for _ in range(dice.whole(size, 3 * size)):
        giver, friend = dice.sample(members, 2)
        at_s = mall.calendar.moment(max(giver.joined_s, friend.joined_s, 0.0) + DAY_S)
        good = min((life.good() for _ in range(6)), key=lambda one: abs(one.price_minor - budget))
        share = mall.share(friend, at_s, good, reach=0.3) if dice.chance(0.4) else None
        if share:
            mall.click(share, at_s + dice.delay(HOUR_S), giver)
        tokens = {"address": friend.tokens["address"][0]}
        lines = [(good, 1)]
        order = mall.order(giver, at_s + 4 * HOUR_S, lines, share=share, tokens=tokens)
        mall.settle(order)
        orders.append(order)
    return _plot("gift_circle", "friends", members, orders)


def re_registration(life: Life, size: int) -> Plot:
    """People who lost an account and made another: same telephone or card, nothing earned."""
    members: list[Account] = []
    for _ in range(max(1, size // 2)):
        first = life.newcomer(-life.dice.between(0, 300 * DAY_S))
        first.skill, first.activity = 0.0, 0.2
        tokens = life.mall.tokens()
        for kind in ("phone", "payment", "address"):
            if life.dice.chance(0.8):
                tokens[kind] = first.tokens[kind]
        second = life.newcomer(life.mall.calendar.moment(10 * DAY_S), tokens=tokens)
        members += [first, second]
    return _plot("re_registration", "lost password", members)


def clothes_returner(life: Life, size: int) -> Plot:
    """Friends of fashion who order three sizes and send two back, with one stylist's links."""
    dice, mall = life.dice, life.mall
    lead = mall.enrol(
        -dice.between(0, 90 * DAY_S), mall.elder(0), activity=2, skill=dice.spread(5, 0.4)
    )
    members = _together(life, size - 1, 40 * DAY_S, lead)
    worn = [good for good in mall.goods if good.category in ("clothes", "shoes")] or mall.goods
    orders: list[Order] = []
    for one in members:
        for _ in range(dice.whole(2, 7)):
            at_s = mall.calendar.moment(one.joined_s + HOUR_S)
            share = mall.share(lead, at_s, dice.pick(worn), reach=0.5) if dice.chance(0.4) else None
            good: Good = share.good if share else dice.pick(worn)
            if share:
                mall.click(share, at_s + 60, one)
            order = mall.order(one, at_s + HOUR_S, [(good, dice.whole(1, 3))], share=share)
            back = dice.between(0.3, 1) if dice.chance(0.5) else 1.0
            if dice.chance(0.55):
                mall.refund(order, order.at_s + dice.between(2, 12) * DAY_S, back)
            else:
                mall.complete(order, order.at_s + dice.between(7, 14) * DAY_S)
            orders.append(order)
    return _plot("clothes_returner", "sizes", [lead, *members], orders)


def seller_circle(life: Life, size: int) -> Plot:
    """Small sellers who know each other and now and then buy what they need from each other."""
    dice, mall = life.dice, life.mall
    members = [life.newcomer(-dice.between(0, 120 * DAY_S)) for _ in range(size)]
    shops = [mall.open_shop(one, dice.whole(3, 9)) for one in members]
    orders: list[Order] = []
    for _ in range(dice.whole(size, 4 * size)):
        buyer, shop = dice.pick(members), dice.pick(shops)
        if shop.owner is not buyer:
            good = dice.pick(shop.goods)
            orders.append(life.buy(buyer, mall.calendar.moment(DAY_S), good))
    for shop in shops:
        for _ in range(dice.whole(3, 25)):
            at_s = mall.calendar.moment(DAY_S)
            stranger = mall.stranger(at_s)
            if stranger is not None:
                life.buy(stranger, at_s, dice.pick(shop.goods))
    return _plot("seller_circle", "market hall", members, orders)


# By kind: who plants it, its smallest and largest size, and how much of the look-alikes' members.
LOOKALIKES: dict[str, tuple[Planter, int, int, float]] = {
    "household": (household, 2, 4, 0.3),
    "dormitory": (dormitory, 10, 60, 0.1),
    "office_nat": (office_nat, 6, 50, 0.1),
    "device_resale": (device_resale, 2, 6, 0.05),
    "influencer_burst": (influencer_burst, 10, 90, 0.1),
    "flash_sale": (flash_sale, 10, 90, 0.1),
    "group_buy": (group_buy, 8, 35, 0.08),
    "gift_circle": (gift_circle, 3, 7, 0.03),
    "re_registration": (re_registration, 2, 2, 0.04),
    "clothes_returner": (clothes_returner, 4, 14, 0.05),
    "seller_circle": (seller_circle, 4, 9, 0.05),
}


def plant_lookalikes(life: Life, members: int) -> list[Plot]:
    """Honest groups of about so many members in all, each kind in turn up to its share."""
    planted: list[Plot] = []
    for planter, smallest, largest, share in LOOKALIKES.values():
        left = round(members * share)
        while left >= smallest:
            found = planter(life, life.dice.size(smallest, min(largest, left)))
            planted.append(found)
            left -= len(found.member_ids)
    return planted
