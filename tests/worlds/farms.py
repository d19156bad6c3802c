"""What promoters do in a small mall who cheat, and the honest who look alike; who it is about."""

from collections.abc import Sequence

from tests.worlds.malls import DAY_S, Mall

# The end of January in China, in seconds after START.
JANUARY_ENDS_S = 31 * DAY_S


# --- farms and what looks alike ---


def farm(mall: Mall, size: int = 24, *, is_chain: bool = False, own_part: float = 0.0) -> set[str]:
    """A promoter and invitees on five devices, every half hour one; own_part have their own."""
    dice, leader = mall.dice, mall.names[3]
    accounts, before = [f"f-{place}" for place in range(size)], leader
    for place, name in enumerate(accounts):
        at_s = 60 * DAY_S + place * 1_800 + dice.uniform(-400, 400)
        mall.join(name, at_s, before)
        before = name if is_chain else leader
        is_own = dice.random() < own_part
        mall.see(name, at_s + 30, "device", f"own-{name}" if is_own else f"farm-{place % 5}")
        if place % 2:
            mall.pay(name, at_s + 900 + dice.random() * 900, 990)
    return {leader, *accounts}


def burst(mall: Mall, size: int = 120) -> set[str]:
    """Invitees of somebody known within three days: things of their own, and they live on."""
    leader = mall.names[2]
    share = mall.share(leader, 40 * DAY_S)
    names = [f"b-{place}" for place in range(size)]
    for name in names:
        at_s = (40 + 3 * mall.dice.betavariate(1.2, 3)) * DAY_S
        mall.join(name, at_s, leader)
        mall.settle(name, at_s)
        mall.click(share, at_s + 30, name)
        if mall.dice.random() < 0.5:
            mall.buy(name, at_s + 60 + mall.dice.expovariate(1 / DAY_S), share=share)
    return {leader, *names}


def idle_burst(mall: Mall) -> set[str]:
    """Invitees of somebody known of whom most never come back; each has a device of its own."""
    leader = mall.names[2]
    names = [f"i-{place}" for place in range(120)]
    for name in names:
        at_s = (40 + 3 * mall.dice.betavariate(1.2, 3)) * DAY_S
        mall.join(name, at_s, leader)
        mall.see(name, at_s + 30, "device", f"device-{name}")
        if mall.dice.random() < 0.5:
            mall.pay(name, at_s + mall.dice.expovariate(1 / 20_000), 4_900)
    return {leader, *names}


def dormitory(mall: Mall, size: int = 25) -> set[str]:
    """Invitees of one at one address and IP, over weeks; they live on."""
    leader = mall.names[4]
    names = [f"d-{place}" for place in range(size)]
    for name in names:
        at_s = mall.dice.uniform(30, 80) * DAY_S
        mall.join(name, at_s, leader)
        mall.settle(name, at_s)
        mall.see(name, at_s + 90, "ip", "10.1.2.3")
        mall.see(name, at_s + 95, "address", "Student Road 5, Suzhou")
    return {leader, *names}


# --- floods and what looks alike ---


def flood(mall: Mall, clickers: Sequence[str] = ("v-a", "v-b", "m-50")) -> set[str]:
    """Sixty clicks on a promoter's share within minutes, on three days, by the same few."""
    leader = mall.names[5]
    share = mall.share(leader, 50 * DAY_S)
    for day in (51, 55, 60):
        at_s = day * DAY_S + 10 * 3_600.0
        for _ in range(60):
            at_s += 1 + mall.dice.expovariate(1 / 6)
            mall.click(share, at_s, mall.dice.choice(clickers))
    return {leader, *(name for name in clickers if name[0] == "m")}


def spray(mall: Mall) -> set[str]:
    """Clicks in the name of members who know nothing of it, one after the other."""
    leader = mall.names[5]
    share = mall.share(leader, 100 * DAY_S)
    for day in (101, 104, 108):
        at_s = day * DAY_S + 9 * 3_600.0
        for name in mall.dice.sample(mall.names[6:250], 100):
            at_s += 1 + mall.dice.expovariate(1 / 2)
            mall.click(share, at_s, name)
    return {leader}


def viral(mall: Mall, sold_part: float = 0.2) -> set[str]:
    """A share that five hundred see within a day, most of them once; some buy, or hardly any."""
    leader = mall.names[6]
    share = mall.share(leader, 70 * DAY_S)
    for place in range(500):
        at_s = 70 * DAY_S + 60 + mall.dice.expovariate(1 / 15_000)
        who = f"v-viral-{place}"
        if mall.dice.random() < 0.3:
            who = mall.dice.choice(mall.names[7:150])
        mall.click(share, at_s, who)
        if who[0] == "m" and mall.dice.random() < sold_part:
            mall.buy(who, at_s + mall.lag_s())
    return {leader}


def unsold_viral(mall: Mall) -> set[str]:
    """The same where hardly anybody buys."""
    return viral(mall, 0.01)


def fan(mall: Mall) -> set[str]:
    """One who looks at each share of a friend up to four times."""
    leader, friend = mall.names[7], mall.names[8]
    for day in range(40, 115, 5):
        share = mall.share(leader, day * DAY_S)
        for _ in range(mall.dice.randint(1, 4)):
            mall.click(share, day * DAY_S + mall.dice.uniform(60, 40_000), friend)
        for _ in range(3):
            who = f"v-{mall.dice.getrandbits(40)}"
            mall.click(share, day * DAY_S + mall.dice.uniform(60, 40_000), who)
    return {leader, friend}


# --- washing and what looks alike ---


def wash(mall: Mall, *, goes_back: bool = True, over: float = 0.008) -> set[str]:
    """Four buyers lift a promoter's January to a little above 50,000 yuan in its last days."""
    leader, buyers = mall.names[1], [f"w-{place}" for place in range(4)]
    for name in buyers:
        mall.join(name, 10 * DAY_S, leader)
        mall.settle(name, 10 * DAY_S)
    share = mall.share(leader, 20 * DAY_S)
    for place in range(20):
        amount_minor = round(5_000_000 * (1 + over) / 20 * mall.dice.uniform(0.97, 1.03))
        at_s = JANUARY_ENDS_S - mall.dice.uniform(0.2, 3) * DAY_S
        buyer = buyers[place % 4]
        mall.click(share, at_s - 300, buyer)
        order = mall.pay(buyer, at_s, amount_minor, share=share)
        if goes_back:
            mall.refund(order, JANUARY_ENDS_S + mall.dice.uniform(0.1, 6) * DAY_S, amount_minor)
        else:
            mall.complete(order, JANUARY_ENDS_S + 5 * DAY_S)
    return {leader, *buyers}


def great_month(mall: Mall) -> set[str]:
    """A promoter whose three hundred buyers happen to end a little above the step."""
    leader = mall.names[0]
    share = mall.share(leader, 2 * DAY_S)
    for place in range(300):
        name = f"g-{place}"
        mall.join(name, mall.dice.uniform(1, 20) * DAY_S)
        at_s = mall.dice.uniform(21, 31) * DAY_S
        mall.click(share, at_s - mall.lag_s(), name)
        order = mall.pay(name, at_s, round(16_800 * mall.dice.uniform(0.5, 1.5)), share=share)
        mall.complete(order, at_s + 6 * DAY_S)
    return {leader}


def dear_goods(mall: Mall) -> set[str]:
    """A promoter of dear goods whose eighty buyers, each once, end a little above the step."""
    leader = mall.names[0]
    share = mall.share(leader, 2 * DAY_S)
    for place in range(80):
        name = f"g-{place}"
        mall.join(name, mall.dice.uniform(1, 20) * DAY_S)
        at_s = mall.dice.uniform(21, 31) * DAY_S
        mall.click(share, at_s - mall.lag_s(), name)
        order = mall.pay(name, at_s, round(63_000 * mall.dice.uniform(0.5, 1.5)), share=share)
        mall.complete(order, at_s + 6 * DAY_S)
    return {leader}


# --- late returns and what looks alike ---


def late_returns(mall: Mall) -> set[str]:
    """Three buyers send back what they bought through one promoter, days after completion."""
    leader, buyers = mall.names[8], mall.names[20:23]
    for turn in range(3):
        share = mall.share(leader, (70 + 12 * turn) * DAY_S)
        for buyer in buyers:
            at_s = (71 + 12 * turn + mall.dice.random()) * DAY_S
            mall.joined[buyer] = min(mall.joined[buyer], at_s)
            order = mall.pay(buyer, at_s, 20_000, share=share)
            mall.complete(order, at_s + 5 * DAY_S)
            mall.refund(order, at_s + 6 * DAY_S, 20_000)
    return {leader, *buyers}


def serial_returner(mall: Mall) -> set[str]:
    """One buyer sends back most of what many promoters brought, some of it late."""
    buyer = mall.names[9]
    for place in range(24):
        at_s = (40 + 2.5 * place) * DAY_S
        share = mall.share(mall.names[30 + place % 4], at_s - DAY_S)
        order = mall.pay(buyer, at_s, 15_000, share=share)
        if place % 3:
            mall.complete(order, at_s + 5 * DAY_S)
            mall.refund(order, at_s + 7 * DAY_S, 15_000)
    return {buyer}


# --- hijacks and what looks alike ---


def hijack(mall: Mall, orders: int = 15) -> set[str]:
    """Seconds before orders that others' shares brought, the buyers click on one of theirs."""
    thief = mall.names[11]
    own = mall.share(thief, 60 * DAY_S, "product-99")
    for place in range(orders):
        at_s = (62 + 3 * place) * DAY_S + mall.dice.random() * DAY_S
        share = mall.share(mall.names[40 + place], at_s - 5_000, "product-7")
        buyer = mall.names[60 + place]
        mall.click(share, at_s - 600, buyer)
        mall.click(own, at_s - mall.dice.uniform(2, 9), buyer)
        mall.complete(mall.pay(buyer, at_s, 9_000, product="product-7"), at_s + 6 * DAY_S)
    return {thief}


def flash_sale(mall: Mall) -> set[str]:
    """Within an hour 150 buy through one share, many within a minute of the click."""
    leader = mall.names[12]
    from_s = 90 * DAY_S + 20 * 3_600.0
    share = mall.share(leader, from_s - 60, "product-3")
    for name in mall.dice.sample(mall.names[13:250], 150):
        at_s = from_s + 3_600 * mall.dice.betavariate(1, 3)
        mall.click(share, at_s, name)
        paid_s = at_s + mall.dice.uniform(8, 600)
        order = mall.pay(name, paid_s, 5_900, share=share, product="product-3")
        mall.complete(order, paid_s + 6 * DAY_S)
    return {leader}
