"""What do honest members do in a made-up mall? They join, invite, share, click, buy and visit.

How often each thing happens is assumed, so that all of it happens: no source counts it.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from random import Random

from graph_service.typologies.people import Member, Product, Share, Shop, draw_price
from graph_service.typologies.town import (
    CATEGORIES,
    CLOSES_S,
    SENDS_BACK_ONE_IN,
    SENDS_BACK_PART,
    Town,
)
from graph_service.worlds.cascades import draw_delay
from graph_service.worlds.diary import DAY_S, HOUR_S
from graph_service.worlds.members import HOME_MEMBERS_MAX

# A part is there in the first weeks; then more join as the mall grows, nobody in the last days.
FOUNDING_PART, FOUNDING_S = 0.25, 20 * DAY_S
JOINS_UNTIL_S = CLOSES_S - 5 * DAY_S
ROOT_PART, RECENT_PART, RECENT = 0.08, 0.3, 400
# Who invites: most nobody, a few hundreds (a Pareto tail).
INVITES_PART, INVITES_TAIL, INVITES_MOST = 0.25, 1.15, 600.0
HOME_PART, OFFICE_PART, OFFICE_MEMBERS = 0.22, 0.15, 40
FAMILY_DEVICE_PART, FAMILY_CARD_PART = 0.12, 0.06
# Who has a second account, which has nothing to do with the first but a phone or a card.
SECOND_PART = 0.015
NEW_DEVICE_PART = 0.08
PROMOTERS_PART, BOUND_LATER_PART = 0.12, 0.08
BUYERS_PART = 0.66
# Orders a week after the first, and shares a week: gamma draws, so that some do much of all.
BUYING_SHAPE, BUYING_MEAN = 0.5, 0.12
SHARING_SHAPE, SHARING_MEAN = 0.25, 0.03
PROMOTER_SHARING = 0.12
VISITS_A_WEEK = 0.03
# Many members go away for long in between and come back.
AWAY_PART, AWAY_DAYS = 0.12, (60, 140)
MEMBERS_PER_SHOP, GOODS_PER_SHOP, OWNED_PART = 40, (2, 10), 0.6
AUDIENCE_TAIL, AUDIENCE_MOST = 1.15, 200
VISITORS_PART, RETURNING_PART, IDENTIFIED_PART = 0.45, 0.25, 0.12
FRIENDS_PART = 0.35
BUYS_AFTER_CLICK_PART, RESHARES_PART = 0.06, 0.07
CLICKED_BEFORE_PART, NAMED_PART = 0.4, 0.55
# Some compare another's share of the days before, buy the same again, or at a friend's shop.
COMPARES_PART, AGAIN_PART, FRIENDS_SHOP_PART = 0.12, 0.15, 0.3
VISITOR_SEEN_PART = 0.2
# From the click to the order: log-normal around ten minutes; few buy within seconds.
LAG_LOG_MEAN, LAG_LOG_SD = 6.2, 1.4


def populate(town: Town, members: int) -> None:
    """Shops with goods, and members that have joined on somebody's invitation, not yet settled."""
    _open_shops(town, members)
    founding = int(members * FOUNDING_PART)
    joins = [town.moment(HOUR_S, FOUNDING_S) for _ in range(founding)]
    joins.extend(
        town.moment(HOUR_S, HOUR_S + int(town.dice.random() ** 0.8 * JOINS_UNTIL_S))
        for _ in range(members - founding)
    )
    town.members.extend(_member(town, at_s) for at_s in sorted(joins))
    _invite(town)
    _move_in(town)
    owners = town.dice.sample(town.members, len(town.members))
    for shop in town.shops:
        owner = owners.pop()
        if town.dice.random() < OWNED_PART and owner.joined_s < CLOSES_S // 2:
            town.open(shop, owner)


def _open_shops(town: Town, members: int) -> None:
    for _ in range(max(40, members // MEMBERS_PER_SHOP)):
        _add_shop(town)
    town.dice.shuffle(town.products)


def _add_shop(town: Town) -> Shop:
    dice, shop = town.dice, Shop(town.name("shop"))
    category = dice.choice(CATEGORIES)
    for _ in range(dice.randint(*GOODS_PER_SHOP)):
        product = Product(town.name("p"), category, draw_price(dice), shop)
        shop.products.append(product)
        town.products.append(product)
    town.shops.append(shop)
    return shop


def hand_over(town: Town, owner: Member) -> Shop:
    """A shop with goods that is this member's from now on, opened after joining."""
    vacant = [shop for shop in town.shops if shop.owner is None]
    shop = town.dice.choice(vacant) if vacant else _add_shop(town)
    town.open(shop, owner)
    return shop


def _member(town: Town, at_s: int) -> Member:
    dice = town.dice
    is_promoter = dice.random() < PROMOTERS_PART
    sharing = dice.gammavariate(SHARING_SHAPE, SHARING_MEAN / SHARING_SHAPE)
    made = Member(
        town.name("m"),
        at_s,
        device=town.fresh_device(),
        phone=town.fresh_phone(),
        payment=town.fresh_payment(),
        address=town.fresh_address(),
        ip=town.fresh_ip(),
        buying=dice.gammavariate(BUYING_SHAPE, BUYING_MEAN / BUYING_SHAPE),
        sharing=sharing + (dice.gammavariate(1, PROMOTER_SHARING) if is_promoter else 0),
        role="promoter" if is_promoter else "member",
        buys=dice.random() < BUYERS_PART,
    )
    if dice.random() < 1 / SENDS_BACK_ONE_IN:
        made.sends_back = SENDS_BACK_PART
    if dice.random() < AWAY_PART:
        leaves_s = at_s + dice.randrange(DAY_S, 40 * DAY_S)
        made.away = (leaves_s, leaves_s + dice.randrange(*AWAY_DAYS) * DAY_S)
    if dice.random() < NEW_DEVICE_PART:
        made.later_device = (at_s + dice.randrange(10, 150) * DAY_S, town.fresh_device())
    return made


def _invite(town: Town) -> None:
    """Inviters by weight among those before, or among those who have just joined."""
    dice, sums, total = town.dice, list[float](), 0.0
    for place, member in enumerate(town.members):
        spot = dice.random()
        if place and spot >= ROOT_PART:
            if spot < ROOT_PART + RECENT_PART:
                chosen = dice.randrange(max(0, place - RECENT), place)
            else:
                chosen = bisect_left(sums, dice.random() * total)
            inviter = town.members[min(chosen, place - 1)]
            member.inviter = inviter if inviter.joined_s < member.joined_s else inviter.inviter
        weight = 0.01
        if dice.random() < INVITES_PART:
            weight = min(dice.paretovariate(INVITES_TAIL), INVITES_MOST)
            member.reach = weight / 10
        total += weight
        sums.append(total)


def _move_in(town: Town) -> None:
    """Some live with who invited them, some work in offices."""
    dice, together = town.dice, dict[str, int]()
    offices = [town.fresh_ip() for _ in range(len(town.members) // OFFICE_MEMBERS // 6 + 1)]
    for member in town.members:
        if dice.random() < OFFICE_PART:
            member.office_ip = offices[int(dice.random() ** 2 * len(offices))]
        host = member.inviter
        if host is None or dice.random() >= HOME_PART:
            continue
        if together.setdefault(host.address, 1) < HOME_MEMBERS_MAX:
            together[host.address] += 1
            member.address, member.ip = host.address, host.ip
            if dice.random() < FAMILY_DEVICE_PART:
                member.device = host.device
            if dice.random() < FAMILY_CARD_PART:
                member.payment = host.payment
    for _ in range(int(len(town.members) * SECOND_PART)):
        first, second = dice.sample(town.members, 2)
        kind = dice.choice(("phone", "payment"))
        setattr(second, kind, getattr(first, kind))
        second.device = first.device


def live(town: Town) -> None:
    """Everything that honest members do, and that others do of it by their zeal."""
    for shop in town.shops:
        owner = None if shop.owner is None else shop.owner.member_id
        opens_s = max(shop.opens_s, 60)
        town.write(opens_s, "shop.registered", shopId=shop.shop_id, ownerMemberId=owner)
        for product in shop.products:
            town.write(
                opens_s + 60,
                "product.upserted",
                productId=product.product_id,
                categoryId=product.category,
                priceMinor=product.price_minor,
            )
    for member in town.members:
        _join(town, member)
        _visit(town, member)
    _share(town)
    for member in town.members:
        _buy(town, member)


def _join(town: Town, member: Member) -> None:
    dice, name, at_s = town.dice, member.member_id, member.joined_s
    inviter = None if member.inviter is None else member.inviter.member_id
    is_later = dice.random() < BOUND_LATER_PART
    town.write(
        at_s,
        "member.joined",
        memberId=name,
        role=member.role,
        inviterId=None if is_later else inviter,
        channel=dice.choice(("wechat", "wechat", "douyin", "app")),
    )
    if is_later and inviter is not None:
        town.write(
            at_s + dice.randrange(20, 900), "referral.bound", memberId=name, inviterId=inviter
        )
    town.look(member, at_s)


def _visit(town: Town, member: Member) -> None:
    weeks = (CLOSES_S - member.joined_s) / (7 * DAY_S)
    mean = weeks * (VISITS_A_WEEK + member.buying / 4) * member.zeal
    for _ in range(poisson(mean, town.dice)):
        at_s = town.moment(member.joined_s + HOUR_S, CLOSES_S)
        if member.is_here(at_s):
            town.write(at_s, "member.active", memberId=member.member_id)
            if town.dice.random() < 0.5:
                town.look(member, at_s)


def _share(town: Town) -> None:
    """Shares of all members, what others do with them, and what is made of those."""
    waiting: deque[Share] = deque()
    for member in town.members:
        weeks = (CLOSES_S - member.joined_s) / (7 * DAY_S)
        for _ in range(poisson(weeks * member.sharing * member.zeal, town.dice)):
            at_s = town.moment(member.joined_s + HOUR_S, CLOSES_S)
            if member.is_here(at_s):
                waiting.append(town.share(member, town.product(at_s), at_s, None))
    visitors: deque[str] = deque(maxlen=300)
    while waiting:
        share = waiting.popleft()
        town.shares.append(share)
        waiting.extend(spread(town, share, visitors))
    town.shares.sort(key=lambda one: one.at_s)
    town.starts = [share.at_s for share in town.shares]


def spread(town: Town, share: Share, visitors: deque[str]) -> list[Share]:
    """Clicks on a share, orders after some of them; the shares of those who pass it on."""
    dice, passed_on = town.dice, list[Share]()
    count = min(int(dice.paretovariate(AUDIENCE_TAIL)) - 1, AUDIENCE_MOST)
    count += poisson(min(share.creator.reach, 8.0), dice)
    for _ in range(count):
        at_s = share.at_s + 30 + int(dice.expovariate(1 / (8 * HOUR_S)))
        if dice.random() < VISITORS_PART:
            _come_by(town, share, at_s, visitors)
            continue
        member = _follower(town, share.creator, at_s)
        if member is None or dice.random() > member.zeal or member is share.creator:
            continue
        town.click(share, at_s, member)
        if dice.random() < BUYS_AFTER_CLICK_PART:
            buy_through(town, member, share, at_s + lag(dice))
        if dice.random() < RESHARES_PART:
            again_s = at_s + draw_delay(dice)
            if again_s < CLOSES_S and member.is_here(again_s):
                passed_on.append(town.share(member, share.product, again_s, share))
    return passed_on


def show(town: Town, creator: Member, product: Product, at_s: int) -> Share:
    """A share that others find as they find any other."""
    share = town.share(creator, product, at_s, None)
    spread(town, share, deque())
    return share


def _follower(town: Town, creator: Member, at_s: int) -> Member | None:
    if creator.friends and town.dice.random() < FRIENDS_PART:
        friend = town.dice.choice(creator.friends)
        if friend.is_here(at_s):
            return friend
    return town.somebody(at_s)


def _come_by(town: Town, share: Share, at_s: int, visitors: deque[str]) -> None:
    """A visitor clicks; some turn out to be a member later, and some of those buy."""
    dice = town.dice
    if visitors and dice.random() < RETURNING_PART:
        town.click(share, at_s, dice.choice(visitors))
        return
    visitor = town.name("v")
    visitors.append(visitor)
    town.click(share, at_s, visitor)
    if dice.random() < VISITOR_SEEN_PART:
        is_on_the_way = dice.random() < 0.5
        town.see(visitor, at_s, "ip", town.carrier_ip() if is_on_the_way else town.fresh_ip())
        town.see(visitor, at_s, "device", town.fresh_device())
    if dice.random() < IDENTIFIED_PART and (member := town.somebody(at_s)) is not None:
        known_s = at_s + 120 + int(dice.expovariate(1 / (6 * HOUR_S)))
        name = member.member_id
        town.write(known_s, "visitor.identified", visitorId=visitor, memberId=name)
        if dice.random() < member.zeal / 3:
            town.end(town.order(member, share.product, known_s + lag(dice), share=share))


def _buy(town: Town, member: Member) -> None:
    """The first order soon after joining, others later; some after a click on a new share."""
    dice = town.dice
    if not member.buys:
        return
    weeks = (CLOSES_S - member.joined_s) / (7 * DAY_S)
    first_s = member.joined_s + 300 + int(dice.expovariate(1 / (6 * DAY_S)))
    times = [first_s] if dice.random() < member.zeal else []
    times.extend(
        town.moment(member.joined_s + HOUR_S, CLOSES_S)
        for _ in range(poisson(weeks * member.buying * member.zeal, dice))
    )
    bought: Product | None = None
    for at_s in times:
        if not member.is_here(at_s) or at_s >= CLOSES_S:
            continue
        if bought is not None and dice.random() < AGAIN_PART and bought.shop.opens_s < at_s:
            town.end(town.order(member, bought, at_s))
        else:
            bought = buy(town, member, at_s)


def buy(town: Town, member: Member, at_s: int) -> Product:
    """What an honest order is of, after a click on a share of the days before or straight."""
    dice, starts = town.dice, town.starts
    until = bisect_left(starts, at_s - HOUR_S)
    since = bisect_left(starts, at_s - 10 * DAY_S)
    if until > since and dice.random() < CLICKED_BEFORE_PART:
        share, other = (town.shares[dice.randrange(since, until)] for _ in range(2))
        clicked_s = max(at_s - lag(dice), share.at_s + 5, member.joined_s + 5)
        if share.creator is not member and clicked_s < at_s:
            compared_s = max(clicked_s - lag(dice), member.joined_s + 5, other.at_s + 5)
            if dice.random() < COMPARES_PART and compared_s < clicked_s:
                town.click(other, compared_s, member)
            town.click(share, clicked_s, member)
            buy_through(town, member, share, at_s)
            return share.product
    product = town.product(at_s)
    shop = dice.choice(member.friends).shop if member.friends else None
    if shop is not None and shop.opens_s < at_s and dice.random() < FRIENDS_SHOP_PART:
        product = dice.choice(shop.products)
    town.end(town.order(member, product, at_s))
    return product


def buy_through(town: Town, member: Member, share: Share, at_s: int) -> None:
    """An honest order of what a share shows; the order may name it."""
    is_named = town.dice.random() < NAMED_PART
    if at_s < CLOSES_S:
        town.end(town.order(member, share.product, at_s, share=share, is_named=is_named))


def cover(town: Town, accounts: Sequence[Member], orders: int) -> None:
    """Honest orders that hide so many others, as many more as the camouflage says."""
    for account in accounts:
        mean = town.camouflage * orders / len(accounts)
        for _ in range(poisson(mean, town.dice)):
            buy(town, account, town.moment(account.joined_s + HOUR_S, CLOSES_S - HOUR_S))


def lag(dice: Random) -> int:
    """Seconds from a click to the order after it."""
    return 3 + int(min(dice.lognormvariate(LAG_LOG_MEAN, LAG_LOG_SD), 3 * DAY_S))


def poisson(mean: float, dice: Random) -> int:
    """A Poisson draw, by the times between (means here are small)."""
    count, left = 0, dice.expovariate(1)
    while left < mean:
        count += 1
        left += dice.expovariate(1)
    return count
