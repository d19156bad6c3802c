"""Who clicks on an errand in a small mall, and the honest who look alike; who it is about."""

from tests.worlds.malls import DAY_S, Mall


def circle(mall: Mall, size: int = 8, days: int = 12, sold_part: float = 0.0) -> set[str]:
    """Members who click on each other's share of the day, nearly all of them, at any hour."""
    names = mall.names[20 : 20 + size]
    for day in range(days):
        for owner in mall.dice.sample(names, size // 2):
            at_s = (100 + day) * DAY_S + mall.dice.uniform(0, 40_000)
            share = mall.share(owner, at_s)
            for name in names:
                if name != owner and mall.dice.random() < 0.8:
                    clicked_s = at_s + mall.dice.uniform(60, 30_000)
                    mall.click(share, clicked_s, name)
                    if mall.dice.random() < sold_part:
                        mall.buy(name, clicked_s + mall.lag_s())
    return set(names)


def friends(mall: Mall) -> set[str]:
    """The same circle, who buy of one another as often as others buy."""
    return circle(mall, sold_part=0.3)


def pool(mall: Mall, size: int = 8, sold_part: float = 0.0) -> set[str]:
    """Accounts with two devices that click on all that one promoter posts, day after day."""
    leader, names = mall.names[5], [f"p-{place}" for place in range(size)]
    for place, name in enumerate(names):
        mall.join(name, 80 * DAY_S + place * 5_000, leader)
        mall.see(name, 80 * DAY_S + place * 5_000 + 60, "device", f"pool-{place % 2}")
    for day in range(20):
        at_s = (85 + day) * DAY_S + mall.dice.uniform(0, 40_000)
        share = mall.share(leader, at_s)
        for name in names:
            if mall.dice.random() < 0.8:
                clicked_s = at_s + mall.dice.uniform(60, 30_000)
                mall.click(share, clicked_s, name)
                if mall.dice.random() < sold_part:
                    mall.buy(name, clicked_s + mall.lag_s())
    return {leader, *names}


def regulars(mall: Mall) -> set[str]:
    """A family with a tablet who look at all of it, too, and buy at times."""
    return pool(mall, sold_part=0.3)


def programs(mall: Mall) -> set[str]:
    """Visitors by the hundred over weeks, two at once and then for hours nobody."""
    leader = mall.names[5]
    share, at_s = mall.share(leader, 60 * DAY_S), 60.0 * DAY_S
    for place in range(200):
        at_s += mall.dice.uniform(1, 3) if place % 2 else mall.dice.expovariate(1 / 18_000)
        mall.click(share, at_s, f"v-program-{place}")
    return {leader}


def gather(mall: Mall, size: int = 9, *, devices: int = 3) -> set[str]:
    """Accounts that slept since they joined, and buy twice in one small shop in the same week."""
    for number in range(150):
        at_s = mall.dice.uniform(100, 119) * DAY_S
        product = f"product-{mall.dice.randrange(90)}"
        mall.pay(mall.names[number], at_s, 9_000, product=product, shop="corner")
    names = [f"z-{place}" for place in range(size)]
    for place, name in enumerate(names):
        at_s = (20 + place / 4) * DAY_S
        mall.join(name, at_s, mall.names[place])
        mall.see(name, at_s + 60, "device", f"z-device-{place % devices}")
        wakes_s = mall.dice.uniform(90, 97) * DAY_S
        for turn in range(2):
            product = f"shop-product-{mall.dice.randrange(90)}"
            order = mall.pay(name, wakes_s + turn * 9_000, 9_000, product=product, shop="small")
            mall.complete(order, wakes_s + 6 * DAY_S)
    return set(names)


def promotion(mall: Mall, size: int = 12) -> set[str]:
    """People of all ages who had a life once, and come back for a week's offer of a small shop."""
    gather(mall, 0)
    names = [f"y-{place}" for place in range(size)]
    for place, name in enumerate(names):
        at_s = mall.dice.uniform(0, 40) * DAY_S
        mall.join(name, at_s, mall.names[place])
        mall.see(name, at_s + 60, "device", f"y-device-{place}")
        mall.buy(name, at_s + mall.dice.uniform(1, 8) * DAY_S)
        mall.pay(name, mall.dice.uniform(90, 97) * DAY_S, 9_000, shop="small")
    return set(names)
