"""What do rings do, whose accounts buy and invite among each other to earn from it?

Sizes, numbers of rounds and gaps are assumed, wide enough that groups of a kind differ.
"""

from collections.abc import Mapping, Sequence

from graph_service.typologies.honest import cover, hand_over, lag, show
from graph_service.typologies.people import Crew, Member, Order, Product, Share
from graph_service.typologies.town import CLOSES_S, Scheme, Town
from graph_service.worlds.diary import DAY_S, HOUR_S

DORMANT_DAYS_MIN = 75
CALLED_PROMOTER_PART = 0.7
STRONG = ("payment", "phone")


def like(town: Town, amount_minor: int) -> int:
    """About the same amount, the less so the more camouflage."""
    jitter = 0.004 + 0.25 * town.camouflage
    return max(100, round(amount_minor * (1 + jitter * (2 * town.dice.random() - 1))))


def invite(leader: Member, others: Sequence[Member]) -> None:
    """The leader is the inviter of those who joined later."""
    for other in others:
        if other.joined_s > leader.joined_s:
            other.inviter = leader


def promote(town: Town, member: Member) -> None:
    """Most who earn for others' orders are called promoters."""
    if town.dice.random() < CALLED_PROMOTER_PART:
        member.role = "promoter"


def joined_by(crew: Crew) -> int:
    """When the last of them has been there for an hour."""
    return max(one.joined_s for one in crew.accounts) + HOUR_S


def buy_from(
    town: Town, buyer: Member, share: Share, at_s: int, amount_minor: int | None = None
) -> Order:
    """A click on a share and an order after it; the order mostly names the share."""
    clicked_s = max(at_s - lag(town.dice), share.at_s + 5, buyer.joined_s + 60)
    at_s = max(at_s, clicked_s + 5)
    if town.dice.random() < 0.85:
        town.click(share, clicked_s, buyer)
    order = town.order(
        buyer,
        share.product,
        at_s,
        amount_minor=amount_minor,
        share=share,
        is_named=town.dice.random() < 0.75,
    )
    town.end(order)
    return order


def offer(town: Town, creator: Member, product: Product, from_s: int) -> Share:
    """A share made a little before it is needed."""
    at_s = max(creator.joined_s + 120, from_s - town.dice.randrange(600, 2 * DAY_S))
    return show(town, creator, product, at_s)


# --- self_referral_cycle ---


def enlist_self_referral(town: Town, size: int) -> Crew:
    """One person with several accounts, or several who go round in a circle."""
    dice = town.dice
    accounts = town.take(size, until_s=CLOSES_S // 2)
    variant = dice.choice(("person", "chain", "rounds") if size > 2 else ("person", "rounds"))
    leader, last_s = accounts[0], accounts[0].joined_s
    promote(town, leader)
    for place, account in enumerate(accounts[1:], 1):
        last_s += HOUR_S + int(dice.expovariate(1 / ((2 + 20 * town.camouflage) * DAY_S)))
        town.join_at(account, last_s)
        is_star = variant == "person" and dice.random() < 0.6
        account.inviter = leader if is_star else accounts[place - 1]
    if variant != "rounds":
        ends = [accounts[0], accounts[-1]]
        shown = ends if variant == "chain" else town.unhidden(accounts)
        # Accounts that have nothing in common are no one's self-referral that could be seen.
        if len(shown) < 2 and town.camouflage < 1:
            shown = ends
        strong = dice.sample(STRONG, dice.randint(1, 2))
        town.share_things(shown, dict.fromkeys(strong, size), seen=1.0)
        if dice.random() < 0.6:
            town.share_things(shown, {"device": size, "ip": size})
    return Crew(accounts, variant=variant)


def act_self_referral(town: Town, crew: Crew) -> list[Order]:
    """Each buys through the one before; in rounds, the first through the last, again and again."""
    dice, found = town.dice, list[Order]()
    from_s, until_s = town.window(joined_by(crew), town.spread_days(6))
    if crew.variant != "rounds":
        for before, account in zip(crew.accounts, crew.others, strict=False):
            earner = account.inviter or before
            for _ in range(dice.randint(1, 4)):
                at_s = town.moment(from_s, until_s)
                share = offer(town, earner, town.product(at_s), at_s)
                found.append(buy_from(town, account, share, at_s))
        cover(town, crew.accounts, len(found))
        return found
    product = town.product(from_s)
    shares = [offer(town, account, product, from_s) for account in crew.accounts]
    rounds, size = dice.randint(3, 5), len(crew.accounts)
    step_s = (until_s - from_s) // (rounds * size)
    for turn in range(rounds * size):
        at_s = town.moment(from_s + turn * step_s, from_s + (turn + 1) * step_s)
        buyer = crew.accounts[(turn + 1) % size]
        amount_minor = like(town, product.price_minor)
        found.append(buy_from(town, buyer, shares[turn % size], at_s, amount_minor))
    cover(town, crew.accounts, len(found))
    return found


# --- fake_order_ring ---


def enlist_fake_orders(town: Town, size: int) -> Crew:
    """A promoter and buyers who partly share things; a few shops."""
    dice = town.dice
    accounts = town.take(size, until_s=CLOSES_S * 2 // 3)
    promote(town, accounts[0])
    invite(accounts[0], [one for one in accounts[1:] if dice.random() < 0.4])
    kinds = {"device": 6, "payment": 5, "address": 8, "ip": 15}
    chosen = dice.sample(sorted(kinds), dice.randint(1, 3))
    town.share_things(town.unhidden(accounts), {kind: kinds[kind] for kind in chosen})
    shops = dice.sample(town.shops, dice.randint(2, 4))
    variant = dice.choice(("promote", "promote", "promote", "brush"))
    if variant == "brush":
        shops[0] = hand_over(town, accounts[0])
    return Crew(accounts, tuple(dict.fromkeys(shops)), variant=variant)


def act_fake_orders(town: Town, crew: Crew) -> list[Order]:
    """The buyers buy most of a few goods, through the promoter's shares or straight."""
    dice, found = town.dice, list[Order]()
    opens_s = max(shop.opens_s for shop in crew.shops)
    from_s, until_s = town.window(max(joined_by(crew), opens_s), town.spread_days())
    goods = [
        product
        for shop in crew.shops
        for product in dice.sample(shop.products, min(2, len(shop.products)))
    ]
    shares = [offer(town, crew.leader, product, from_s) for product in goods]
    dense = dice.uniform(0.45, 0.85)
    for buyer in crew.others:
        for share in shares:
            if dice.random() < dense:
                at_s = town.moment(from_s, until_s)
                if crew.variant == "promote":
                    found.append(buy_from(town, buyer, share, at_s))
                else:
                    found.append(town.order(buyer, share.product, at_s))
                    town.end(found[-1])
    cover(town, crew.others, len(found))
    return found


# --- circular_orders ---


def enlist_circular(town: Town, size: int) -> Crew:
    """Owners of shops; at most two of them have something in common."""
    accounts = town.take(size, until_s=CLOSES_S // 2)
    if town.dice.random() < 0.4:
        town.share_things(town.unhidden(accounts)[:2], {"device": 2, "ip": 2})
    return Crew(accounts, tuple(hand_over(town, account) for account in accounts))


def act_circular(town: Town, crew: Crew) -> list[Order]:
    """Each buys from the next one's shop, the last from the first's, like amounts, some rounds."""
    dice, found, size = town.dice, list[Order](), len(crew.accounts)
    opens_s = max(shop.opens_s for shop in crew.shops) + HOUR_S
    rounds = dice.randint(2, 5)
    from_s, until_s = town.window(max(joined_by(crew), opens_s), town.spread_days(2.0 * rounds))
    amount_minor = round(dice.lognormvariate(10.2, 0.6))
    step_s = max(HOUR_S, (until_s - from_s) // (rounds * size))
    for turn in range(rounds * size):
        at_s = town.moment(from_s + turn * step_s, from_s + (turn + 1) * step_s)
        buyer, seller = crew.accounts[turn % size], crew.shops[(turn + 1) % size]
        product = dice.choice(seller.products)
        order = town.order(buyer, product, at_s, amount_minor=like(town, amount_minor))
        town.end(order)
        found.append(order)
    cover(town, crew.accounts, len(found))
    return found


# --- round_trip ---


def enlist_round_trip(town: Town, size: int) -> Crew:
    """An owner of a shop and buyers whom the owner invited or has things in common with."""
    accounts = town.take(size, until_s=CLOSES_S // 2)
    others = accounts[1:]
    is_invited = town.dice.random() < 0.5
    shown = town.unhidden(others)
    if not is_invited and town.camouflage < 1:
        shown = shown or others[:1]
    if is_invited:
        invite(accounts[0], others)
    if not is_invited or town.dice.random() < 0.5:
        kinds = town.dice.sample(("payment", "phone", "device"), 2)
        town.share_things([accounts[0], *shown], dict.fromkeys(kinds, size), seen=1.0)
    return Crew(accounts, (hand_over(town, accounts[0]),))


def act_round_trip(town: Town, crew: Crew) -> list[Order]:
    """The buyers buy at the owner's shop for the same amount again and again."""
    dice, found, shop = town.dice, list[Order](), crew.shops[0]
    earliest_s = max(joined_by(crew), shop.opens_s + HOUR_S)
    from_s, until_s = town.window(earliest_s, town.spread_days(10))
    product = dice.choice(shop.products)
    share = offer(town, crew.leader, product, from_s) if dice.random() < 0.6 else None
    for buyer in crew.others:
        for _ in range(dice.randint(4, 9)):
            at_s, amount_minor = town.moment(from_s, until_s), like(town, product.price_minor)
            if share is not None:
                found.append(buy_from(town, buyer, share, at_s, amount_minor))
                continue
            found.append(town.order(buyer, product, at_s, amount_minor=amount_minor))
            town.end(found[-1])
    cover(town, crew.others, len(found))
    return found


# --- sleeper ---


def enlist_sleepers(town: Town, size: int) -> Crew:
    """Accounts that joined long ago and sleep until they wake together."""
    dice = town.dice
    latest_s = CLOSES_S - (DORMANT_DAYS_MIN + 30) * DAY_S
    accounts = town.take(size, until_s=latest_s)
    wakes_s = dice.randrange(
        accounts[-1].joined_s + DORMANT_DAYS_MIN * DAY_S, CLOSES_S - 12 * DAY_S
    )
    for account in accounts:
        rests_s = account.joined_s + int(dice.expovariate(1 / (2 * DAY_S)))
        account.away = (min(rests_s, wakes_s - DORMANT_DAYS_MIN * DAY_S), wakes_s)
    kinds = dice.sample(("device", "ip", "address"), dice.randint(1, 2))
    shown = [one for one in town.unhidden(accounts) if dice.random() < 0.6]
    town.share_things(shown, dict.fromkeys(kinds, 5))
    return Crew(accounts, tuple(dice.sample(town.shops, dice.randint(2, 3))), starts_s=wakes_s)


def act_sleepers(town: Town, crew: Crew) -> list[Order]:
    """They wake within days and buy the same few goods, many through one of them."""
    dice, found = town.dice, list[Order]()
    days = 2 + 14 * town.camouflage
    until_s = min(crew.starts_s + int(days * DAY_S), CLOSES_S - DAY_S)
    goods = [dice.choice(shop.products) for shop in crew.shops]
    goods.append(dice.choice(crew.shops[0].products))
    shares = [offer(town, crew.leader, product, crew.starts_s + DAY_S // 2) for product in goods]
    dense = dice.uniform(0.6, 0.95)
    for account in crew.accounts:
        wakes_s = town.moment(crew.starts_s, until_s)
        town.write(wakes_s, "member.active", memberId=account.member_id)
        town.look(account, wakes_s)
        for share in shares:
            if dice.random() < dense:
                at_s = wakes_s + 120 + int(dice.expovariate(1 / (8 * HOUR_S)))
                if account is crew.leader or dice.random() < 0.5:
                    order = town.order(account, share.product, at_s)
                    town.end(order)
                else:
                    order = buy_from(town, account, share, at_s)
                found.append(order)
    return found


SCHEMES: Mapping[str, Scheme] = {
    "self_referral_cycle": Scheme((2, 7), enlist_self_referral, act_self_referral),
    "fake_order_ring": Scheme((8, 45), enlist_fake_orders, act_fake_orders),
    "circular_orders": Scheme((3, 8), enlist_circular, act_circular),
    "round_trip": Scheme((2, 7), enlist_round_trip, act_round_trip),
    "sleeper": Scheme((8, 40), enlist_sleepers, act_sleepers),
}
