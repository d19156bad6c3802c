"""What do promoters do who cheat for their commission: farms, floods, washing, refunds, hijacks?

Sizes, numbers of rounds and gaps are assumed, wide enough that groups of a kind differ.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise

from graph_service.typologies.honest import cover
from graph_service.typologies.people import Crew, Member, Order, Share
from graph_service.typologies.rings import buy_from, invite, joined_by, like, offer, promote
from graph_service.typologies.town import CLOSES_S, DAYS, OPENS, Scheme, Town
from graph_service.worlds.diary import DAY_S, HOUR_S

# The seed plan's second step of the ladder, and its window for clicks.
STEP_MINOR = 5_000_000
WINDOW_S = 30 * DAY_S
MONTHS_S = tuple(day * DAY_S for day in range(DAYS + 1) if (OPENS + timedelta(days=day)).day == 1)


# --- account_farm ---


def enlist_farm(town: Town, size: int) -> Crew:
    """A promoter whose invitees join at regular gaps and have few devices and IPs."""
    dice, hides = town.dice, town.camouflage
    accounts = town.take(size, until_s=CLOSES_S * 3 // 4)
    leader, others = accounts[0], accounts[1:]
    promote(town, leader)
    from_s, until_s = town.join_window(leader, town.spread_days(dice.uniform(0.5, 3)))
    gap_s = (until_s - from_s) / len(others)
    is_chain = dice.random() < 0.2
    before = leader
    for place, account in enumerate(others):
        jitter = (0.05 + 0.9 * hides) * (dice.random() - 0.5)
        town.join_at(account, from_s + int(gap_s * (place + 0.5 + jitter)))
        account.inviter = before if is_chain else leader
        account.zeal = min(1.0, 0.1 + 0.8 * hides)
        account.role = "member"
        before = account
    shown = town.unhidden(others)
    town.share_things(shown, {"device": dice.randint(4, 10), "ip": dice.randint(15, 40)})
    if dice.random() < 0.5:
        town.share_things(shown, {"payment": 6, "address": 12})
    return Crew(accounts)


def act_farm(town: Town, crew: Crew) -> list[Order]:
    """Some place one small first order for the bonus, the others stay idle."""
    dice, found = town.dice, list[Order]()
    product = min(
        (town.product(crew.leader.joined_s) for _ in range(4)), key=lambda one: one.price_minor
    )
    share = offer(town, crew.leader, product, min(one.joined_s for one in crew.others))
    ordering = dice.uniform(0.2, 0.8)
    for account in crew.others:
        if dice.random() < ordering:
            at_s = account.joined_s + 120 + int(dice.expovariate(1 / (HOUR_S / 2)))
            amount_minor = min(town.price(product), 9_900)
            found.append(buy_from(town, account, share, at_s, like(town, amount_minor)))
    cover(town, crew.others, len(found))
    return found


# --- click_flood ---


def enlist_flood(town: Town, size: int) -> Crew:
    """A promoter, and accounts that help with one device."""
    accounts = town.take(size, until_s=CLOSES_S * 2 // 3)
    promote(town, accounts[0])
    shown = town.unhidden(accounts)
    if len(shown) > 1:
        town.share_things(shown, {"device": 4, "ip": 4})
    return Crew(accounts, variant=town.dice.choice(("spray", "flood", "flood", "farm")))


def act_flood(town: Town, crew: Crew) -> list[Order]:
    """Bursts of scripted clicks: of few visitors or devices, or in the name of many members."""
    dice, hides = town.dice, town.camouflage
    from_s, until_s = town.window(joined_by(crew), town.spread_days())
    shares = [
        offer(town, dice.choice(crew.accounts), town.product(from_s), from_s)
        for _ in range(dice.randint(1, 3))
    ]
    visitors = [town.name("v") for _ in range(int(dice.randint(3, 9) * (1 + 25 * hides)))]
    if crew.variant == "farm":
        visitors = _seen_visitors(town, from_s)
    for _ in range(dice.randint(3, 8)):
        at_s = town.moment(from_s, until_s)
        mean_gap_s = dice.uniform(0.8, 4) * (1 + 40 * hides)
        share = dice.choice(shares)
        for _ in range(dice.randint(25, 80)):
            at_s += 1 + int(dice.expovariate(1 / mean_gap_s))
            who: Member | str | None = dice.choice(visitors)
            if crew.variant == "spray":
                who = town.somebody(at_s)
            elif crew.others and dice.random() < 0.15:
                who = dice.choice(crew.others)
            if who is not None and who is not share.creator:
                town.click(share, at_s, who)
    return []


def _seen_visitors(town: Town, at_s: int) -> list[str]:
    """Many visitors of few devices and IPs; the camouflage is the part with things of their own."""
    dice, visitors = town.dice, [town.name("v") for _ in range(town.dice.randint(60, 200))]
    devices = [town.fresh_device() for _ in range(dice.randint(2, 6))]
    ips = [town.fresh_ip() for _ in range(dice.randint(1, 3))]
    for visitor in visitors:
        hides = dice.random() < town.camouflage
        seen_s = at_s + dice.randrange(2 * DAY_S)
        town.see(visitor, seen_s, "device", town.fresh_device() if hides else dice.choice(devices))
        town.see(visitor, seen_s, "ip", town.carrier_ip() if hides else dice.choice(ips))
    return visitors


# --- threshold_wash ---


def enlist_wash(town: Town, size: int) -> Crew:
    """A promoter with a good reach, and a few buyers who mostly were invited by the promoter."""
    asked = town.take(size * 4, until_s=CLOSES_S // 2)
    leader = max(asked, key=lambda one: one.reach)
    rest = [one for one in asked if one is not leader]
    town.dice.shuffle(rest)
    others = rest[: size - 1]
    for one in rest[size - 1 :]:
        one.taken = False
    promote(town, leader)
    invite(leader, [one for one in others if town.dice.random() < 0.6])
    town.share_things(town.unhidden(others), {town.dice.choice(("payment", "device", "ip")): 3})
    return Crew([leader, *others], variant=town.dice.choice(("refund", "keep")))


def act_wash(town: Town, crew: Crew) -> list[Order]:
    """Orders bring the leader's month just above a step of the ladder; some go back after it."""
    dice, found = town.dice, list[Order]()
    months = [pair for pair in pairwise(MONTHS_S) if pair[0] + 15 * DAY_S > joined_by(crew)]
    starts_s, ends_s = dice.choice(months or [(MONTHS_S[-2], MONTHS_S[-1])])
    count = dice.randint(5, 12) * len(crew.others)
    parts = [dice.uniform(0.9 - 0.5 * town.camouflage, 1.1) for _ in range(count)]
    from_s = max(joined_by(crew) + HOUR_S, ends_s - int(town.spread_days(4) * DAY_S), starts_s)
    shares = [
        offer(town, crew.leader, town.product(from_s), from_s) for _ in range(dice.randint(1, 4))
    ]
    town.sales = town.sales or promoted_sales(town)
    has_minor = town.sales[crew.leader.member_id, starts_s]
    lacks_minor = STEP_MINOR - has_minor % STEP_MINOR
    total_minor = lacks_minor * (1 + dice.uniform(0.002, 0.02 + 0.06 * town.camouflage))
    for place, part in enumerate(parts):
        buyer = crew.others[place % len(crew.others)]
        amount_minor = round(total_minor * part / sum(parts))
        at_s = town.moment(from_s, ends_s - 3 * HOUR_S)
        share = dice.choice(shares)
        clicked_s = max(at_s - dice.randrange(20, 900), share.at_s + 5)
        town.click(share, clicked_s, buyer)
        order = town.order(
            buyer,
            share.product,
            max(at_s, clicked_s + 5),
            amount_minor=amount_minor,
            share=share,
            is_named=dice.random() < 0.7,
        )
        found.append(order)
        if crew.variant == "refund":
            town.refund(order, ends_s + dice.randrange(HOUR_S, 8 * DAY_S))
        else:
            done_s = order.at_s + dice.randrange(4 * DAY_S, 10 * DAY_S)
            town.write(done_s, "order.completed", orderId=order.order_id)
    return found


def promoted_sales(town: Town) -> Counter[tuple[str, int]]:
    """Sales net of refunds by who is credited with them and by when the month began.

    Credited is whose share the order names, else of the last click within the window, else the
    inviter; of the buyer's own sales nobody.
    """
    found: Counter[tuple[str, int]] = Counter()
    sharers, inviters, members = dict[str, str](), dict[str, str](), dict[str, str]()
    clicked: dict[str, tuple[int, str]] = {}
    credited: dict[str, tuple[str, int]] = {}
    for at_s, _, kind, data in town.happened():
        who = (
            data.get("memberId") or members.get(data.get("visitorId", "")) or data.get("visitorId")
        )
        if "inviterId" in data:
            inviters.setdefault(data["memberId"], data["inviterId"])
        elif kind == "visitor.identified":
            visitor, member = data["visitorId"], data["memberId"]
            members[visitor] = member
            before = [clicked[one] for one in (visitor, member) if one in clicked]
            clicked[member] = max(before, default=(-WINDOW_S, ""))
        elif kind == "share.created":
            sharers[data["shareId"]] = data["memberId"]
        elif kind == "share.clicked":
            clicked[str(who)] = (at_s, sharers[data["shareId"]])
        elif kind == "order.paid":
            last_s, last = clicked.get(str(who), (-WINDOW_S, ""))
            earner = last if at_s - last_s < WINDOW_S else inviters.get(str(who), "")
            earner = sharers.get(data.get("shareId", ""), earner)
            if earner and earner != who:
                month_s = max(one for one in MONTHS_S if one <= at_s)
                credited[data["orderId"]] = (earner, month_s)
                found[earner, month_s] += data["amountMinor"]
        elif kind == "order.refunded" and data["orderId"] in credited:
            found[credited[data["orderId"]]] -= data["amountMinor"]
    return found


# --- refund_arbitrage ---


def enlist_refunds(town: Town, size: int) -> Crew:
    """A promoter and a few buyers."""
    accounts = town.take(size, until_s=CLOSES_S // 2)
    promote(town, accounts[0])
    others = accounts[1:]
    invite(accounts[0], [one for one in others if town.dice.random() < 0.5])
    kinds = town.dice.sample(("payment", "device", "address", "ip"), 2)
    town.share_things(town.unhidden(others), dict.fromkeys(kinds, 4))
    return Crew(accounts, variant=town.dice.choice(("completion", "month")))


def act_refunds(town: Town, crew: Crew) -> list[Order]:
    """Rounds of orders that go back in full just after completion or the month's end."""
    dice, found = town.dice, list[Order]()
    rounds = dice.randint(2, 4) + (len(crew.others) < 4)
    for turn in range(rounds):
        if crew.variant == "month":
            months = [one for one in MONTHS_S if one > joined_by(crew) + 10 * DAY_S]
            ends_s = months[min(turn, len(months) - 1)]
            from_s = max(joined_by(crew), ends_s - int(town.spread_days(4) * DAY_S))
            until_s = ends_s - HOUR_S
        else:
            ends_s = 0
            length = (CLOSES_S - 14 * DAY_S - joined_by(crew)) // rounds
            begins_s = joined_by(crew) + turn * length
            from_s = town.moment(begins_s, begins_s + length // 2)
            until_s = min(from_s + int(town.spread_days() * DAY_S), begins_s + length)
        share = offer(town, crew.leader, town.product(from_s), from_s)
        for buyer in crew.others:
            if dice.random() < 0.85:
                found.append(_buy_and_return(town, buyer, share, (from_s, until_s, ends_s)))
    cover(town, crew.others, len(found))
    return found


def _buy_and_return(town: Town, buyer: Member, share: Share, when: tuple[int, int, int]) -> Order:
    """An order in a window that goes back after the end of the month, or after completion (0)."""
    dice, (from_s, until_s, ends_s) = town.dice, when
    at_s = max(town.moment(from_s, until_s), share.at_s + 60)
    town.click(share, max(share.at_s + 1, at_s - dice.randrange(30, 2_000)), buyer)
    order = town.order(buyer, share.product, at_s, share=share, is_named=dice.random() < 0.7)
    if dice.random() < 0.5 * town.camouflage:
        town.end(order)
        return order
    done_s = at_s + dice.randrange(4 * DAY_S, 9 * DAY_S)
    town.write(done_s, "order.completed", orderId=order.order_id)
    back_s = done_s + int((0.2 + 2 * dice.random()) * DAY_S)
    if ends_s:
        back_s = max(ends_s + int(3 * dice.random() * DAY_S), done_s + HOUR_S)
    town.refund(order, back_s)
    return order


# --- share_hijack ---


def enlist_hijack(town: Town, size: int) -> Crew:
    """One who takes over others' buyers, seldom several."""
    accounts = town.take(size, until_s=CLOSES_S // 2)
    for account in accounts:
        promote(town, account)
    if size > 1:
        town.share_things(town.unhidden(accounts), {"device": 3, "payment": 3})
    return Crew(accounts, variant=town.dice.choice(("named", "clicked")))


def act_hijack(town: Town, crew: Crew) -> list[Order]:
    """Seconds before orders that another's share brought, the buyers click on one of theirs."""
    dice = town.dice
    from_s, until_s = town.window(joined_by(crew), max(25.0, town.spread_days()))
    shares = [
        offer(town, account, town.product(from_s), from_s)
        for account in crew.accounts
        for _ in range(dice.randint(1, 3))
    ]
    ready_s = max(share.at_s for share in shares) + 60
    brought = [
        order
        for order in town.orders
        if order.share is not None
        and "shareId" not in order.told
        and order.share.creator not in crew.accounts
        and order.buyer not in crew.accounts
        and order.at_s > ready_s
    ]
    within = [order for order in brought if from_s < order.at_s < until_s]
    count = dice.randint(15, 45) * len(crew.accounts)
    victims = within if len(within) >= 15 else brought
    found = dice.sample(victims, min(count, len(victims)))
    for order in found:
        before_s = dice.randint(1, 12) + int(dice.random() * 60 * town.camouflage)
        share = dice.choice(shares)
        town.click(share, order.at_s - before_s, order.buyer)
        if crew.variant == "named":
            order.told["shareId"] = share.share_id
    return found


SCHEMES: Mapping[str, Scheme] = {
    "account_farm": Scheme((16, 81), enlist_farm, act_farm),
    "click_flood": Scheme((1, 4), enlist_flood, act_flood),
    "refund_arbitrage": Scheme((3, 12), enlist_refunds, act_refunds),
    "share_hijack": Scheme((1, 3), enlist_hijack, act_hijack),
    "threshold_wash": Scheme((4, 12), enlist_wash, act_wash),
}
