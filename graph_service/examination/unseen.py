"""Which mall has nobody here seen, and what is planted in it?"""

from collections.abc import Callable

from graph_service.examination import crowds, plots
from graph_service.examination.chronicle import Plot, UnseenWorld
from graph_service.examination.life import Life
from graph_service.examination.lookalikes import plant_lookalikes
from graph_service.examination.mall import Mall
from graph_service.examination.plots import Scheme

Planter = Callable[[Scheme, int], Plot]

# By kind: who plants it, its smallest and its largest size (members).
KINDS: dict[str, tuple[Planter, int, int]] = {
    "self_referral_cycle": (plots.self_referral_cycle, 2, 10),
    "fake_order_ring": (crowds.fake_order_ring, 12, 90),
    "circular_orders": (plots.circular_orders, 3, 10),
    "account_farm": (crowds.account_farm, 9, 90),
    "click_flood": (crowds.click_flood, 1, 20),
    "threshold_wash": (plots.threshold_wash, 3, 12),
    "refund_arbitrage": (plots.refund_arbitrage, 4, 20),
    "round_trip": (plots.round_trip, 2, 7),
    "sleeper": (crowds.sleeper, 6, 60),
    "share_hijack": (crowds.share_hijack, 1, 4),
}
# No detector answers for these; they are planted to see what is found of what nobody looks for.
LEFT_OUT: dict[str, tuple[Planter, int, int]] = {
    "coupon_farm": (crowds.coupon_farm, 6, 50),
    "relay_laundering": (crowds.relay_laundering, 4, 12),
}
DAYS_MIN, DAYS_MAX = 90, 150
# Share of members in planted groups. Fraud in malls is rare: half a percent to two.
PREVALENCE_MIN, PREVALENCE_MAX = 0.005, 0.02
# No one group takes more than this share of what may be planted, so that small worlds have several.
LARGEST_SHARE = 0.4
LOOKALIKE_SHARE = 0.11


def unseen_world(members: int, seed: int, *, camouflage: float) -> UnseenWorld:
    """A mall of so many members with planted frauds and their look-alikes, the same by seed.

    camouflage: 0 to 1, how likely an account of a fraud has tokens of its own; times are spread
    and ordinary life is added with it. Small worlds hold some of the kinds only. About 20 events
    a member.
    """
    mall = Mall(seed, members, _days(seed))
    life = Life(mall)
    rate = mall.dice.between(PREVALENCE_MIN, PREVALENCE_MAX)
    budget = max(round(members * rate), min(12, members // 20))
    alike = round(members * LOOKALIKE_SHARE)
    life.populate(members - budget - alike)
    lookalikes = plant_lookalikes(life, alike)
    for account in mall.accounts:
        life.post(account)
    for share in [one for day in list(mall.shares_by_day.values()) for one in day]:
        life.attract(share)
    for account in list(mall.accounts):
        life.live(account)
    planted = plant_frauds(Scheme(life, camouflage), budget)
    for _ in range(members - len(mall.accounts)):
        life.live(life.newcomer(life.joining()))
    mall.write_orders()
    ids = tuple(mall.dice.sample([one.member_id for one in mall.accounts], len(mall.accounts)))
    events = mall.chronicle.feed()
    return UnseenWorld(events, tuple(planted), tuple(lookalikes), ids, seed, camouflage)


def _days(seed: int) -> int:
    """How long the world lasts; drawn apart, since the dice need a calendar first."""
    return DAYS_MIN + seed * 7_919 % (DAYS_MAX - DAYS_MIN + 1)


def plant_frauds(scheme: Scheme, budget: int) -> list[Plot]:
    """Groups of all kinds in turn, in any order, until no more members may be in one.

    Where there is enough for every kind, none is left with nothing; elsewhere chance decides.
    """
    dice, planted = scheme.life.dice, list[Plot]()
    largest = max(12, int(budget * LARGEST_SHARE))
    everything = KINDS | LEFT_OUT
    lows = {kind: low for kind, (_, low, _) in everything.items()}
    while True:
        fitting = [kind for kind, low in lows.items() if low <= budget]
        if not fitting:
            return planted
        turn = dice.sample(fitting, len(fitting))
        kept = sum(lows[kind] for kind in turn)
        kept = kept if 2 * kept <= budget else 0
        for kind in turn:
            planter, low, high = everything[kind]
            kept = max(0, kept - low)
            high = min(high, budget - kept, largest)
            if low <= high:
                planted.append(planter(scheme, dice.size(low, high)))
                budget -= len(planted[-1].member_ids)
