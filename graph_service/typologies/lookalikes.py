"""Which honest people look like frauds: households, dormitories, offices, bursts, sales, gifts?

Sizes are those of such places and occasions as commonly met; how often they occur is assumed.
"""

from collections.abc import Mapping

from graph_service.typologies.honest import buy, buy_through, lag, show
from graph_service.typologies.people import Crew, Member, Order
from graph_service.typologies.town import CLOSES_S, Scheme, Town
from graph_service.worlds.diary import DAY_S, HOUR_S

# An operator gives a number out again after so long at the earliest.
REST_DAYS_MIN = 90
FLASH_PRICE_PART = 0.6
SEEN_AT_WORK_PART = 0.5


def _nothing(_town: Town, _crew: Crew) -> list[Order]:
    """Their honest life is all."""
    return []


def enlist_household(town: Town, size: int) -> Crew:
    """They live together; some have a device or a card in common, some invited each other."""
    dice, accounts = town.dice, town.take(size)
    town.share_things(accounts, {"address": size, "ip": size})
    if dice.random() < 0.5:
        town.share_things(accounts, {"device": size})
    if dice.random() < 0.25:
        town.share_things(accounts[:2], {"payment": 2})
    if dice.random() < 0.5:
        for one in accounts[1:]:
            one.inviter = accounts[0]
    return Crew(accounts)


def act_household(town: Town, crew: Crew) -> list[Order]:
    """Everybody buys what they like."""
    found: list[Order] = []
    for account in crew.accounts:
        for _ in range(town.dice.randint(0, 4)):
            buy(town, account, town.moment(account.joined_s + HOUR_S, CLOSES_S))
    return found


def enlist_dormitory(town: Town, size: int) -> Crew:
    """One address and IP, some devices between two."""
    accounts = town.take(size)
    town.share_things(accounts, {"address": size, "ip": size})
    town.share_things(town.dice.sample(accounts, size // 4), {"device": 2})
    for one in accounts[1:]:
        if town.dice.random() < 0.4:
            one.inviter = town.dice.choice(accounts[: max(1, size // 6)])
    return Crew(accounts)


def enlist_office(town: Town, size: int) -> Crew:
    """One IP for all who work there."""
    accounts, office_ip = town.take(size), town.fresh_ip()
    for account in accounts:
        account.office_ip = office_ip
        if town.dice.random() < SEEN_AT_WORK_PART:
            town.see(account, account.joined_s + town.dice.randrange(5, 900), "ip", office_ip)
    return Crew(accounts)


def enlist_resale(town: Town, _size: int) -> Crew:
    """A device goes from one to another, who does not know the first."""
    dice = town.dice
    seller, buyer = town.take(2, until_s=CLOSES_S * 2 // 3)
    sold_s = town.moment(buyer.joined_s + 5 * DAY_S, CLOSES_S - 20 * DAY_S)
    buyer.later_device = (sold_s + dice.randrange(DAY_S, 10 * DAY_S), seller.device)
    seller.later_device = (sold_s, town.fresh_device())
    return Crew([seller, buyer], starts_s=sold_s)


def act_resale(town: Town, crew: Crew) -> list[Order]:
    """Both are seen with the device, one before, one after."""
    seller, buyer = crew.accounts
    before_s = town.moment(seller.joined_s + 60, crew.starts_s)
    after_s = town.moment(crew.starts_s + 10 * DAY_S, CLOSES_S)
    for account, at_s in ((seller, before_s), (buyer, after_s)):
        town.see(account, at_s, "device", account.device_at(at_s))
    return []


def enlist_burst(town: Town, size: int) -> Crew:
    """Somebody known brings many within days."""
    dice, accounts = town.dice, town.take(size, until_s=CLOSES_S * 3 // 4)
    leader = accounts[0]
    leader.role, leader.reach = "promoter", 8.0
    from_s, until_s = town.join_window(leader, dice.uniform(2, 6))
    for account in accounts[1:]:
        at_s = from_s + int(dice.betavariate(1.2, 3) * (until_s - from_s))
        town.join_at(account, town.moment(at_s, at_s + 6 * HOUR_S))
        account.inviter = leader
    return Crew(accounts, starts_s=from_s)


def act_burst(town: Town, crew: Crew) -> list[Order]:
    """Half of them buy what the leader shows within days of joining."""
    dice, found = town.dice, list[Order]()
    shares = [
        show(town, crew.leader, town.product(crew.starts_s), crew.starts_s - HOUR_S)
        for _ in range(3)
    ]
    for account in crew.accounts[1:]:
        if dice.random() < 0.5:
            share = dice.choice(shares)
            clicked_s = account.joined_s + 60 + int(dice.expovariate(1 / DAY_S))
            town.click(share, clicked_s, account)
            buy_through(town, account, share, clicked_s + lag(dice))
    return found


def enlist_flash(town: Town, size: int) -> Crew:
    """Members who happen to buy in one hour; most are in no other group."""
    at_s = town.moment(60 * DAY_S, CLOSES_S - 5 * DAY_S)
    there = [one for one in town.members if one.joined_s < at_s and not one.taken]
    accounts = town.dice.sample(there, min(size, len(there)))
    return Crew(sorted(accounts, key=lambda one: one.joined_s), starts_s=at_s)


def act_flash(town: Town, crew: Crew) -> list[Order]:
    """They buy one thing at one price within an hour, half through one promoter's share."""
    dice, product = town.dice, town.product(crew.starts_s)
    leader = town.somebody(crew.starts_s) or crew.leader
    share = show(town, leader, product, crew.starts_s - 60)
    amount_minor = max(100, round(product.price_minor * FLASH_PRICE_PART))
    found: list[Order] = []
    for account in crew.accounts:
        at_s = crew.starts_s + 30 + int(dice.betavariate(1, 3) * (HOUR_S - 60))
        if account.joined_s + HOUR_S > at_s:
            continue
        through = share if dice.random() < 0.5 and account is not leader else None
        if through is not None:
            town.click(share, max(crew.starts_s, at_s - dice.randrange(4, 900)), account)
        order = town.order(account, product, at_s, amount_minor=amount_minor, share=through)
        town.end(order)
        found.append(order)
    return found


def enlist_group_buy(town: Town, size: int) -> Crew:
    """A leader and neighbours, many of whom the leader invited."""
    dice, accounts = town.dice, town.take(size, until_s=CLOSES_S * 2 // 3)
    for account in accounts[1:]:
        if dice.random() < 0.5:
            account.inviter = accounts[0]
    return Crew(accounts)


def act_group_buy(town: Town, crew: Crew) -> list[Order]:
    """Every week or so most buy the same on one day through the leader's share."""
    dice, found, leader = town.dice, list[Order](), crew.leader
    day_s = town.moment(leader.joined_s + DAY_S, CLOSES_S - 60 * DAY_S) // DAY_S * DAY_S
    is_picked_up = dice.random() < 0.4
    for _ in range(dice.randint(3, 7)):
        day_s += dice.choice((7, 7, 7, 14)) * DAY_S
        shared_s = day_s + dice.randrange(8, 11) * HOUR_S
        product = town.product(shared_s)
        share = show(town, leader, product, shared_s)
        amount_minor = max(100, round(product.price_minor * dice.uniform(0.7, 0.95)))
        for account in crew.accounts[1:]:
            if not account.is_here(shared_s) or dice.random() < 0.3:
                continue
            clicked_s = shared_s + 60 + int(dice.random() * 11 * HOUR_S)
            town.click(share, clicked_s, account)
            order = town.order(
                account,
                product,
                clicked_s + dice.randrange(8, 1_200),
                amount_minor=amount_minor,
                share=share,
                is_named=dice.random() < 0.6,
                sent_to=(leader.address, account.phone) if is_picked_up else None,
            )
            town.end(order)
            found.append(order)
    return found


def enlist_gifts(town: Town, size: int) -> Crew:
    """Friends."""
    accounts = town.take(size, until_s=CLOSES_S // 2)
    for place, account in enumerate(accounts[1:], 1):
        if town.dice.random() < 0.5:
            account.inviter = accounts[town.dice.randrange(place)]
    return Crew(accounts)


def act_gifts(town: Town, crew: Crew) -> list[Order]:
    """They buy for each other, sent to the other's address."""
    dice, found = town.dice, list[Order]()
    from_s = crew.accounts[-1].joined_s + DAY_S
    for _ in range(len(crew.accounts) * dice.randint(2, 4)):
        giver, receiver = dice.sample(crew.accounts, 2)
        at_s = town.moment(from_s, CLOSES_S)
        whose = (receiver.address, receiver.phone)
        order = town.order(giver, town.product(at_s), at_s, sent_to=whose)
        town.end(order)
        found.append(order)
    return found


def enlist_again(town: Town, _size: int) -> Crew:
    """Somebody lost an account and joins again with the old number months later."""
    dice = town.dice
    first = town.take(1, until_s=50 * DAY_S)[0]
    second = town.take(1, from_s=first.joined_s + (REST_DAYS_MIN + 10) * DAY_S, until_s=CLOSES_S)[0]
    _lose(first, second)
    if dice.random() < 0.5:
        second.payment = first.payment
    if dice.random() < 0.3:
        second.device = first.device
    return Crew([first, second])


def _lose(first: Member, second: Member) -> None:
    earliest_s = first.joined_s + (REST_DAYS_MIN + 10) * DAY_S
    second.joined_s = min(max(second.joined_s, earliest_s), CLOSES_S - DAY_S)
    second.phone = first.phone
    second.later_device = first.later_device = None
    first.away = (second.joined_s - REST_DAYS_MIN * DAY_S, CLOSES_S)


def act_again(town: Town, crew: Crew) -> list[Order]:
    """Each account is seen with the number while it lives."""
    first, second = crew.accounts
    town.see(first, first.joined_s + 300, "phone", first.phone)
    town.see(second, second.joined_s + 300, "phone", second.phone)
    return []


SCHEMES: Mapping[str, Scheme] = {
    "household": Scheme((2, 4), enlist_household, act_household),
    "dormitory": Scheme((20, 60), enlist_dormitory, _nothing),
    "office_nat": Scheme((50, 300), enlist_office, _nothing),
    "device_resale": Scheme((2, 2), enlist_resale, act_resale),
    "influencer_burst": Scheme((100, 500), enlist_burst, act_burst),
    "flash_sale": Scheme((200, 1_000), enlist_flash, act_flash),
    "group_buy": Scheme((10, 30), enlist_group_buy, act_group_buy),
    "gift_circle": Scheme((4, 8), enlist_gifts, act_gifts),
    "re_registration": Scheme((2, 2), enlist_again, act_again),
}
