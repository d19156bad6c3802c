"""Do accounts that slept for months wake together, and buy the same few goods?"""

from dataclasses import dataclass, replace
from math import log
from typing import Final

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.fraud.crowds.gatherings import (
    AT_ONCE_DAYS,
    GATHERED_LEAST,
    Gathering,
    at_once,
    cohort_nats,
    gatherings,
    orders_of,
)
from graph_service.fraud.detectors.fake_order_ring import (
    AUDIENCE_NATS,
    appointment_sign,
    token_sign,
)
from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Detector, Finding, Threshold
from graph_service.fraud.odds import at_least, many
from graph_service.fraud.scene import Scene
from graph_service.fraud.signs.kinship import Kinship, kinship_of
from graph_service.fraud.signs.merging import is_shared, merge
from graph_service.fraud.signs.purchases import Group, coarse_groups, groups_of, ring_groups
from graph_service.fraud.signs.weighing import Sign, best_first, finding_of, percent, rate_of
from graph_service.snapshot.log import NONE, Ints
from graph_service.snapshot.resolving import Flags

THRESHOLDS: Final = {
    "asleep_days": Threshold(40, "days", "issue 7 has 60 to 90; how usual it is decides"),
    "awake_days": Threshold(14, "days", "what is bought within two weeks of waking is of it"),
    "awake_part_least": Threshold(0.5, "part", "fraud.md: half of its members make a group"),
    "waking_nats_least": Threshold(4.0, "nats", "chance gives so many sleepers once in 50 groups"),
    "at_once_days": Threshold(AT_ONCE_DAYS, "days", "who is woken to buy does it at once; set"),
    "gathered_least": Threshold(GATHERED_LEAST, "members", "so many at one place and time; set"),
    "members_least": Threshold(5, "buyers", "fraud.md: components of 5 and more"),
    "alert_nats": Threshold(
        10.0, "nats", "one group in 20,000: a group and its waking have to speak both"
    ),
}
BLOCK_NATS_MAX: Final = 7.0
WAKING_NATS_MAX: Final = 9.0
# Of gatherings no sign is enough alone, nor are those that a promotion that wakes people gives.
GATHERED_NATS_MAX: Final = 7.0
BUSY_NATS_MAX: Final = 6.0
FRESH_NATS_MAX: Final = 4.0
COHORT_NATS_MAX: Final = 3.0
# Nobody shares a thing with another: strangers, at a sale.
STRANGERS_NATS: Final = -8.0
# Who follows an honest promoter buys in many shops; few orders come from beside the greatest.
FEW_SHOPS, FEW_SHOPS_PART = 3, 0.8
SCATTERED_NATS: Final = -4.0
# What an account does on its first days is no life.
FIRST_DAYS: Final = 2.0
# Two who share things are a couple.
HAND_LEAST: Final = 3
# As much as all other signs can say.
NOT_ASLEEP_NATS: Final = -14.0


@dataclass(frozen=True)
class Wakings:
    """By order: slept_days before the buyer woke, 0 where it did not; woke_at (us).

    falls, ends: when (us, sorted) anybody's doing nothing became sleep, and when that ended.
    """

    slept_days: Ints
    woke_at: Ints
    falls: Ints
    ends: Ints
    joins: Ints

    def asleep_part(self, at: int) -> float:
        """The part of all members who were asleep at a time (us)."""
        fallen, ended, joined = (
            int(np.searchsorted(times, at)) for times in (self.falls, self.ends, self.joins)
        )
        return rate_of(fallen - ended, joined)

    @property
    def which(self) -> Flags:
        """Orders soon after waking."""
        return self.slept_days > 0


def find(scene: Scene) -> list[Finding]:
    """Groups of sleepers, best first."""
    wakings = wakings_of(scene)
    if not wakings.which.any():
        return []
    groups = groups_of(
        scene, scene.paid & wakings.which, window_days=THRESHOLDS["awake_days"].value
    )
    groups += _of_shops(scene, wakings)
    of_promoters = coarse_groups(scene, scene.paid, of_promoter=True)
    groups += [
        one for one in [*ring_groups(scene), *of_promoters] if _is_awake(scene, wakings, one)
    ]
    kinship = kinship_of(scene)
    found = [_finding(scene, wakings, kinship, one) for one in groups]
    told = merge(best_first(found))
    alerts = [one for one in told if one.score >= ALERT_SCORE]
    # One that holds several alerts is of shops to which several groups came.
    gathered = [
        one
        for one in _gathered(scene, wakings, kinship)
        if sum(is_shared(one, other) for other in alerts) < 2
    ]
    return merge(best_first([*told, *gathered]))


def _of_shops(scene: Scene, wakings: Wakings) -> list[Group]:
    """Who woke and buys in one shop with another's things; its other buyers are strangers."""
    kinship, told = kinship_of(scene), scene.snapshot.orders
    found: list[Group] = []
    for one in coarse_groups(scene, scene.paid & wakings.which, of_promoter=False):
        kept = one.members[_of_one_hand(kinship, one.members)]
        if len(kept) >= THRESHOLDS["members_least"].value:
            orders = one.orders[np.isin(told.buyer[one.orders], kept)]
            found.append(replace(one, members=kept, orders=orders))
    return found


def _of_one_hand(kinship: Kinship, members: Ints) -> Flags:
    """By member, do its things lead over others' to two more members? A couple shares things."""
    uses = csr_array(kinship.personal[members])
    pairs = coo_array(uses @ uses.T)
    _, labels = connected_components(pairs, directed=False)
    return np.bincount(labels)[labels] >= HAND_LEAST


def wakings_of(scene: Scene) -> Wakings:
    """Which orders come soon after their buyer slept. Cost: sorting all that members did."""
    snapshot = scene.snapshot
    clicks, shares, orders = snapshot.clicks, snapshot.shares, snapshot.orders
    joined = snapshot.members.joined
    own_clicks = clicks.member != NONE
    told = (shares.member != NONE) & (shares.at != NONE)
    there = np.flatnonzero(joined != NONE)
    who = np.concatenate(
        [there, clicks.member[own_clicks], shares.member[told], orders.buyer[scene.paid]]
    ).astype(np.int64)
    at = np.concatenate(
        [joined[there], clicks.at[own_clicks], shares.at[told], orders.paid[scene.paid]]
    )
    row = np.full(len(who), NONE, np.int64)
    row[len(who) - int(scene.paid.sum()) :] = np.flatnonzero(scene.paid)
    by_time = np.lexsort((at, who))
    who, at, row = who[by_time], at[by_time], row[by_time]
    gap = np.diff(at, prepend=at[:1] if len(at) else 0)
    gap[np.diff(who, prepend=-1) != 0] = 0
    asleep = round(THRESHOLDS["asleep_days"].value * MICROS_PER_DAY)
    woke = gap >= asleep
    latest = np.maximum.accumulate(np.where(woke, np.arange(len(at)), -1))
    found = latest >= 0
    found[found] = who[latest[found]] == who[found]
    within = round(THRESHOLDS["awake_days"].value * MICROS_PER_DAY)
    found[found] = at[found] - at[latest[found]] <= within
    found &= row != NONE
    slept = np.zeros(len(orders), np.int64)
    woke_at = np.full(len(orders), NONE, np.int64)
    slept[row[found]] = gap[latest[found]] // MICROS_PER_DAY
    woke_at[row[found]] = at[latest[found]]
    last = np.append(np.diff(who) != 0, [True]) if len(who) else np.zeros(0, np.bool_)
    # In a part of a mall others are seen now and then, of whom nobody knows when they joined.
    known = joined[who] != NONE
    woken, last = woke & known, last & known
    falls = np.concatenate([at[woken] - gap[woken], at[last]]) + asleep
    return Wakings(slept, woke_at, np.sort(falls), np.sort(at[woken]), np.sort(joined[there]))


def _is_awake(scene: Scene, wakings: Wakings, group: Group) -> bool:
    """Do most of a group buy as sleepers who just woke?"""
    awake = scene.snapshot.orders.buyer[group.orders[wakings.which[group.orders]]]
    return len(np.unique(awake)) >= THRESHOLDS["awake_part_least"].value * len(group.members)


def _finding(scene: Scene, wakings: Wakings, kinship: Kinship, group: Group) -> Finding:
    signs = [
        _group_sign(group),
        _waking_sign(scene, wakings, group),
        token_sign(scene, kinship, group.members, strangers=AUDIENCE_NATS if group.coarse else 0.0),
    ]
    if (sign := appointment_sign(scene, group)) is not None:
        signs.append(sign)
    return finding_of(
        "sleeper",
        scene,
        group.members.tolist(),
        signs,
        orders=group.orders,
        threshold=THRESHOLDS["alert_nats"].value,
    )


def _gathered(scene: Scene, wakings: Wakings, kinship: Kinship) -> list[Finding]:
    """Sleepers who woke and came to the same shops or promoter, whatever they bought there."""
    soon = at_once(scene, wakings.woke_at)
    buyers = np.unique(scene.snapshot.orders.buyer[soon])
    never_lived = _never_lived(scene, wakings, soon)
    usual = _Usual(
        soon=soon,
        more=rate_of(int(soon.sum()) - len(buyers), len(buyers)),
        never_lived=never_lived,
        fresh=len(np.unique(scene.snapshot.orders.buyer[never_lived])) / max(1, len(buyers)),
        joined=np.sort(scene.snapshot.members.joined[buyers]),
    )
    found: list[Finding] = []
    for one in gatherings(scene, wakings.woke_at):
        if len(one.members) < THRESHOLDS["members_least"].value:
            continue
        signs = [
            _gathering_sign(one),
            *_scattered_sign(scene, one),
            token_sign(scene, kinship, one.members, strangers=STRANGERS_NATS),
            *_awake_signs(scene, usual, one),
        ]
        mine = orders_of(scene, one.members, soon)
        found.append(
            finding_of(
                "sleeper",
                scene,
                [*one.members.tolist(), *one.promoters.tolist()],
                signs,
                orders=np.intersect1d(one.orders, mine),
                threshold=THRESHOLDS["alert_nats"].value,
            )
        )
    return found


@dataclass(frozen=True)
class _Usual:
    """Of all who woke: which orders came at once, how many more than one each of them made so.

    never_lived: by order, had its buyer done nothing since joining? fresh: the part of such buyers.
    joined: when they all did, sorted.
    """

    soon: Flags
    more: float
    never_lived: Flags
    fresh: float
    joined: Ints


def _never_lived(scene: Scene, wakings: Wakings, soon: Flags) -> Flags:
    told, joined = scene.snapshot.orders, scene.snapshot.members.joined
    since = wakings.woke_at - wakings.slept_days * MICROS_PER_DAY
    first_days = round(FIRST_DAYS * MICROS_PER_DAY)
    return soon & (since - joined[np.maximum(told.buyer, 0)] <= first_days)


def _gathering_sign(one: Gathering) -> Sign:
    count = len(one.members)
    return Sign(
        "gathered",
        count,
        one.expected,
        min(GATHERED_NATS_MAX, one.nats),
        f"{count} 个刚醒来的账号几天之内到同样的店铺或推广者处下单，"
        f"随机时约为 {one.expected:.1f} 个。",
        f"{count} accounts that had just woken came to the same shops or promoter within days; "
        f"chance brings {one.expected:.1f}.",
    )


def _scattered_sign(scene: Scene, one: Gathering) -> list[Sign]:
    """Speaks against it: they buy in many shops."""
    _, counts = np.unique(scene.snapshot.orders.shop[one.orders], return_counts=True)
    part = float(np.sort(counts)[-FEW_SHOPS:].sum() / counts.sum())
    if part >= FEW_SHOPS_PART:
        return []
    return [
        Sign(
            "many_shops",
            len(counts),
            FEW_SHOPS,
            SCATTERED_NATS,
            f"他们在 {len(counts)} 家店铺下单。",
            f"They bought in {len(counts)} shops.",
        )
    ]


def _awake_signs(scene: Scene, usual: _Usual, one: Gathering) -> list[Sign]:
    """Do they order again at once, had they never lived, and did they join together?"""
    told, count = scene.snapshot.orders, len(one.members)
    mine = orders_of(scene, one.members, usual.soon)
    more = len(mine) - count
    # Goods that draw people draw orders as well: twice the usual is nothing.
    busy = float(many(more, max(2 * usual.more * count, 0.5)))
    fresh = len(np.unique(told.buyer[mine[usual.never_lived[mine]]]))
    rate = usual.fresh
    joined = cohort_nats(scene.snapshot.members.joined[one.members], usual.joined)
    return [
        Sign(
            "ordered_again",
            more / count,
            usual.more,
            min(BUSY_NATS_MAX, max(0.0, busy)),
            f"醒来后几天内，每个账号平均再下 {more / count:.1f} 单，通常为 {usual.more:.2f} 单。",
            f"At once after waking each ordered {more / count:.1f} times more; usual are "
            f"{usual.more:.2f}.",
        ),
        Sign(
            "never_lived",
            fresh / count,
            rate,
            min(FRESH_NATS_MAX, float(at_least(fresh, count, min(rate, 1.0)))),
            f"其中 {percent(fresh / count)} 自加入起从未活动，醒来者中通常为 {percent(rate)}。",
            f"{percent(fresh / count)} of them had done nothing since joining; of all who woke "
            f"{percent(rate)}.",
        ),
        Sign(
            "joined_together",
            count,
            len(usual.joined),
            min(COHORT_NATS_MAX, joined),
            "他们多在同一段时间注册。",
            "Most of them had joined in the same stretch of time.",
        ),
    ]


def _group_sign(group: Group) -> Sign:
    count, goods = len(group.members), len(group.products)
    return Sign(
        "bought_the_same",
        group.edges,
        group.expected,
        min(BLOCK_NATS_MAX, max(0.0, group.nats / 3)),
        f"{count} 个账号醒来后买了相同的 {goods} 种商品，共 {group.edges} 次；"
        f"随机时约为 {group.expected:.1f} 次。",
        f"After waking, {count} accounts bought the same {goods} goods, {group.edges} times; "
        f"chance gives {group.expected:.1f}.",
    )


def _waking_sign(scene: Scene, wakings: Wakings, group: Group) -> Sign:
    """Of all who buy these goods at that time, how many slept, against all members then.

    Accounts that somebody takes for a ring may have slept, too, as many members do at any time.
    """
    told, lines = scene.snapshot.orders, scene.snapshot.lines
    paid = told.paid[group.orders]
    then = scene.paid & (told.paid >= paid.min()) & (told.paid <= paid.max())
    held = np.zeros(len(told), np.bool_)
    held[lines.order[np.isin(lines.product, group.products)]] = True
    buyers = np.unique(told.buyer[then & held])
    sleepers = np.unique(told.buyer[then & held & wakings.which])
    if group.coarse:
        # A shop sells to everybody else, too.
        buyers, sleepers = group.members, np.intersect1d(group.members, sleepers)
    usual = min(1 - 1e-9, wakings.asleep_part(int(np.median(paid))))
    rate = min(1 - 1e-9, len(sleepers) / max(1, len(buyers)))
    nats = 0.0
    if rate > usual:
        nats = len(buyers) * (rate * log(rate / usual) + (1 - rate) * log((1 - rate) / (1 - usual)))
    # A group of whom no more slept than of all members is none of sleepers, whatever it bought.
    if nats < THRESHOLDS["waking_nats_least"].value:
        nats = NOT_ASLEEP_NATS
    asleep = group.orders[wakings.which[group.orders]]
    slept = float(np.median(wakings.slept_days[asleep]))
    woke = wakings.woke_at[asleep]
    days = (int(woke.max()) - int(woke.min())) / MICROS_PER_DAY
    return Sign(
        "woke_together",
        slept,
        usual,
        min(WAKING_NATS_MAX, nats),
        f"他们沉睡了约 {slept:.0f} 天，在 {days:.0f} 天内先后醒来；"
        f"当时全体成员中沉睡的占 {percent(usual)}。",
        f"They slept for about {slept:.0f} days and woke within {days:.0f} days; {percent(usual)} "
        "of all members were asleep then.",
    )


DETECTOR: Final = Detector(
    kind="sleeper",
    question="Do accounts that slept for months wake together and buy the same few goods?",
    evidence="fraud/show_sleeper",
    picture="fraud/draw_sleeper",
    compared_with=(
        "how many of all members were asleep at the time, and to which shops and promoters all who "
        "just woke come"
    ),
    thresholds=THRESHOLDS,
    find=find,
)
