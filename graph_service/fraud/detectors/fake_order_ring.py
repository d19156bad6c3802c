"""Do buyers buy the same few goods, for the same promoter, with one another's things?

The room blocks finds groups of buyers that have more goods, moments and tokens in common than
chance gives. What honest groups also have is weighed against it: neighbours who buy together by
appointment, regulars of a shop, people who buy much else.
"""

from dataclasses import replace
from math import log
from typing import Final

import numpy as np

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.fraud.detectors.shape import Detector, Finding, Threshold
from graph_service.fraud.scene import Scene
from graph_service.fraud.signs.kinship import Kinship, in_words, kinship_of
from graph_service.fraud.signs.merging import merge
from graph_service.fraud.signs.purchases import Group, coarse_groups, ring_groups
from graph_service.fraud.signs.weighing import (
    ALERT_NATS,
    Sign,
    best_first,
    finding_of,
    percent,
    rarity,
)
from graph_service.snapshot.crediting import BINDING
from graph_service.snapshot.log import NONE, TOKEN_KINDS, Ints
from graph_service.snapshot.resolving import Flags

THRESHOLDS: Final = {
    "members_least": Threshold(5, "buyers", "fraud.md: components of 5 and more"),
    "window_days": Threshold(7, "days", "fraud.md: within 3 or 7 days"),
    "alert_nats": Threshold(ALERT_NATS, "nats", "3,000 honest candidates for one false, at 1 %"),
    "appointment_hours": Threshold(36, "hours", "a group buys on one day, and not on the next"),
    "appointments_least": Threshold(2, "days", "one day is a burst; a second one is a habit"),
}
BLOCK_NATS_MAX: Final = 7.0
TOKEN_NATS_MAX: Final = 7.0
PROMOTER_NATS_MAX: Final = 5.0
# Orders of several of one buyer come together, so that a buyer says as much as an order.
RECEIPT_NATS_MAX: Final = 6.0
# The quickest quarter is quick.
QUICK_PART: Final = 0.25
# Of a shop's buyers through one promoter, so large a part of what they buy is that, a third at a
# sale (measured in generated malls); what is beyond says more.
COARSE_FOCUS_PART: Final = 0.3
# What an appointment explains: as much as the block says, so that other signs have to alert.
APPOINTMENT_NATS: Final = -9.0
# The part of purchases that are made on the day of their good; who was late bought later.
ON_ITS_DAY_PART: Final = 0.8
# Fewer who buy a good on one day are no meeting.
MEETING_LEAST: Final = 3
# What one human has; of numbers only those that kinship holds for the buyer's own. An address is a
# place, which neighbours and a campus share.
TELLING_KINDS: Final = ("payment", "device", "phone")
# Buyers who share nothing are strangers: many of them who buy the same of one promoter are an
# audience, at a sale or of neighbours, however many, so that goods and promoter alone never alert.
AUDIENCE_NATS: Final = -8.0
# Without a sale a promoter's audience buys many things, and rarely the same few.
STRANGERS_NATS: Final = -5.0
# A sale: no pause of so long, over within so long. An evening, or a day's round of neighbours.
SALE_PAUSE_HOURS: Final = 6.0
SALE_HOURS_MAX: Final = 12.0
# An audience buys at other times as well; a sale explains a group that bought most things at one.
SALE_PART: Final = 0.5
# A shop and a promoter in common say less than the same goods do: owners sell their own.
COARSE_NATS_MAX: Final = 3.0
# Of a ring in which honest buyers were caught up most are still tied to another.
TIED_PART_LEAST: Final = 0.3
# From so much on they are no strangers: two who are one human by chance say less.
ACQUAINTED_NATS: Final = 3.0


def find(scene: Scene) -> list[Finding]:
    """Rings of fake orders, best first."""
    groups = ring_groups(scene)
    kinship = kinship_of(scene)
    told = scene.snapshot.orders
    touched = scene.paid & (told.basis != BINDING)
    groups = [*groups, *coarse_groups(scene, touched, of_promoter=True)]
    found = [_finding(scene, kinship, _trimmed(scene, kinship, one)) for one in groups]
    return merge(best_first(found))


def _finding(scene: Scene, kinship: Kinship, group: Group) -> Finding:
    promoter, promoter_sign = _promoter_sign(scene, group)
    signs = [
        _block_sign(group),
        token_sign(scene, kinship, group.members, strangers=_strangers_nats(scene, group)),
        promoter_sign,
        _focus_sign(scene, group),
        _receipt_sign(scene, group),
    ]
    if (sign := appointment_sign(scene, group)) is not None:
        signs.append(sign)
    members = group.members.tolist()
    if promoter is not None:
        members = [*members, promoter]
    return finding_of("fake_order_ring", scene, members, signs, orders=group.orders)


def _block_sign(group: Group) -> Sign:
    count, goods = len(group.members), len(group.products)
    zh_when, en_when = ("几天之内", " within days") if group.in_step else ("", "")
    return Sign(
        "bought_the_same",
        group.edges,
        group.expected,
        min(COARSE_NATS_MAX if group.coarse else BLOCK_NATS_MAX, max(0.0, group.nats / 3)),
        f"{count} 个买家{zh_when}买了相同的 {goods} 种商品，共 {group.edges} 次；"
        f"随机时约为 {group.expected:.1f} 次。",
        f"{count} buyers bought the same {goods} goods{en_when}, {group.edges} times; chance "
        f"gives {group.expected:.1f}.",
    )


def _trimmed(scene: Scene, kinship: Kinship, group: Group) -> Group:
    """Without those who buy neither through the promoter of most nor with another's things.

    Goods that are sold to everybody draw honest buyers into a ring. Only where the others are most.
    Those who share things and hardly ever buy through that promoter are a ring of their own; the
    others are a group buy of the same goods.
    """
    told = scene.snapshot.orders
    earners = told.promoter[group.orders]
    names, counts = np.unique(earners[earners != NONE], return_counts=True)
    if not len(names):
        return group
    through = np.unique(told.buyer[group.orders[earners == names[counts.argmax()]]])
    of_promoter, sharing = np.isin(group.members, through), shares_inside(kinship, group.members)
    least = max(THRESHOLDS["members_least"].value, TIED_PART_LEAST * len(group.members))
    apart = sharing.any() and float(of_promoter[sharing].mean()) < TIED_PART_LEAST
    tied = sharing if apart and sharing.sum() >= least else of_promoter | sharing
    kept = group.members[tied]
    if len(kept) < least:
        return group
    orders = group.orders[np.isin(told.buyer[group.orders], kept)]
    part = _edges(scene, orders, group.products) / max(
        1, _edges(scene, group.orders, group.products)
    )
    return replace(
        group,
        members=kept,
        orders=orders,
        edges=round(group.edges * part),
        expected=group.expected * len(kept) / len(group.members),
        nats=group.nats * part,
    )


def _edges(scene: Scene, orders: Ints, products: Ints) -> int:
    """How many pairs of a buyer and one of these goods are in these orders?"""
    lines = scene.snapshot.lines
    rows = scene.lines_of(orders)
    rows = rows[np.isin(lines.product[rows], products)]
    buyer = scene.snapshot.orders.buyer[lines.order[rows]].astype(np.int64)
    return len(np.unique(buyer * len(scene.snapshot.names["product"]) + lines.product[rows]))


def shares_inside(kinship: Kinship, members: Ints) -> Flags:
    """By member, does another member have one of its means of payment, devices or numbers?"""
    inside = np.zeros(len(members), np.bool_)
    for kind in TELLING_KINDS:
        inside |= kinship.sharing(kind, members)[0]
    return inside


def holder_rates(scene: Scene) -> dict[str, float]:
    """By kind that tells, which part of all members share one with anybody?"""
    uses = kinship_of(scene).uses
    return {
        kind: (np.count_nonzero(np.diff(uses[TOKEN_KINDS.index(kind)].indptr)) + 1)
        / (scene.people + 1)
        for kind in TELLING_KINDS
    }


def _strangers_nats(scene: Scene, group: Group) -> float:
    """What it says that buyers share nothing: more where a sale explains what they did."""
    if group.coarse or _is_sale(scene, group):
        return AUDIENCE_NATS
    return STRANGERS_NATS


def _is_sale(scene: Scene, group: Group) -> bool:
    """Are most goods bought by several within the same hours, as at a sale?"""
    lines, told = scene.snapshot.lines, scene.snapshot.orders
    rows = scene.lines_of(group.orders)
    rows = rows[np.isin(lines.product[rows], group.products)]
    goods, times = lines.product[rows].astype(np.int64), told.paid[lines.order[rows]]
    order = np.lexsort((times, goods))
    goods, times = goods[order], times[order]
    hour = MICROS_PER_DAY / 24
    apart = (np.diff(goods, prepend=-1) != 0) | (
        np.diff(times, prepend=times[:1]) > SALE_PAUSE_HOURS * hour
    )
    sale = np.cumsum(apart) - 1
    starts = np.flatnonzero(apart)
    sizes = np.diff(np.append(starts, len(times)))
    lasted = times[np.append(starts[1:], len(times)) - 1] - times[starts]
    met = (sizes >= MEETING_LEAST) & (lasted <= SALE_HOURS_MAX * hour)
    return bool(len(sale)) and float(met[sale].mean()) >= SALE_PART


def token_sign(scene: Scene, kinship: Kinship, members: Ints, *, strangers: float = 0.0) -> Sign:
    """How many members share a device or a means of payment with another, against all members.

    strangers: nats of a group in which nobody does.
    """
    inside, nats, mask, most = np.zeros(len(members), np.bool_), 0.0, 0, max(1, len(members))
    rates = list[float]()
    for kind in TELLING_KINDS:
        rate = scene.once("holder_rates", holder_rates)[kind]
        has, shared = kinship.sharing(kind, members)
        # The first of those who share a token could be anybody: the others had to meet that one.
        beyond = max(0, int(has.sum()) - shared)
        nats += min(beyond * rarity(rate, most=3.0), _beyond_usual(beyond, most, rate))
        if has.any():
            mask |= 1 << TOKEN_KINDS.index(kind)
            rates.append(rate)
        inside |= has
    count, rate = int(inside.sum()), max(rates, default=1.0)
    zh, en = in_words(mask) if mask else ("设备或支付方式", "a device or means of payment")
    return Sign(
        "shared_identity",
        count,
        rate,
        min(TOKEN_NATS_MAX, nats + strangers * max(0.0, 1 - nats / ACQUAINTED_NATS)),
        f"其中 {count} 个账号与组内他人共用{zh}；全体成员中与任何人共用的占 {percent(rate)}。",
        f"{count} of them share {en} with another of the group; {percent(rate)} of all members "
        "share one with anybody.",
    )


def _beyond_usual(count: int, among: int, rate: float) -> float:
    """Nats of so many of a group when so large a part of everybody does it: 0 where no more do."""
    part = count / among
    if part <= rate:
        return 0.0
    rest = 0.0 if part >= 1 else (1 - part) * log((1 - part) / (1 - rate))
    return among * (part * log(part / rate) + rest)


def _promoter_sign(scene: Scene, group: Group) -> tuple[int | None, Sign]:
    """Who earns from most of the orders, if one does, against who earns most in the mall."""
    told = scene.snapshot.orders
    earners = told.promoter[group.orders]
    known = earners[(earners != NONE)]
    names, counts = np.unique(known, return_counts=True)
    top = int(counts.argmax()) if len(names) else 0
    part = float(counts[top]) / len(group.orders) if len(names) else 0.0
    starts, _ = scene.orders_by_promoter
    usual = (int(np.diff(starts).max(initial=0)) + 1) / (int(scene.paid.sum()) + 1)
    excess = int(counts[top]) if len(names) else 0
    nats = excess * max(0.0, float(np.log(max(part, 1e-9) / usual))) / 3 if part > 0.25 else 0.0
    earner = int(names[top]) if part >= 0.5 else None
    return earner, Sign(
        "one_promoter",
        part,
        float(usual),
        min(PROMOTER_NATS_MAX, nats),
        f"{percent(part)} 的订单由同一推广者获利；全商城最大的推广者占 {percent(float(usual))}。",
        f"One promoter earns from {percent(part)} of the orders; the mall's largest earns from "
        f"{percent(float(usual))} of all.",
    )


def _focus_sign(scene: Scene, group: Group) -> Sign:
    """How much else the buyers buy: people who live in the mall buy here and there."""
    starts, _ = scene.orders_by_buyer
    counts = np.diff(starts)
    part = len(group.orders) / max(1, int(counts[group.members].sum()))
    usual = int((counts > 0).sum()) / max(1, int(counts.sum()))
    nats = float(np.clip(4 * (part - 0.5), -1.0, 2.0))
    if group.coarse:
        nats = float(np.clip(10 * (part - COARSE_FOCUS_PART), -1.0, 3.0))
    return Sign(
        "little_else",
        part,
        usual,
        nats,
        f"这些商品占他们全部订单的 {percent(part)}。",
        f"These goods are {percent(part)} of all that they bought.",
    )


def _receipt_sign(scene: Scene, group: Group) -> Sign:
    """How many of the orders were received sooner than most are: an empty parcel is not waited for.

    Against all orders of the mall: a shop's others may be of the same ring.
    """
    told = scene.snapshot.orders
    limit = scene.once("quick_receipt_days", _quick_receipt_days)
    known = group.orders[told.completed[group.orders] != NONE]
    days = (told.completed[known] - told.paid[known]) / MICROS_PER_DAY
    part = float((days <= limit).mean()) if len(known) else 0.0
    each = len(group.members) / max(1, len(group.orders))
    nats = _beyond_usual(int((days <= limit).sum()), max(1, len(known)), QUICK_PART) * each
    return Sign(
        "quick_receipts",
        part,
        QUICK_PART,
        min(RECEIPT_NATS_MAX, nats),
        f"{percent(part)} 的订单在 {limit:.1f} 天内就确认收货；全商城为 {percent(QUICK_PART)}。",
        f"{percent(part)} of the orders were received within {limit:.1f} days; of all orders "
        f"{percent(QUICK_PART)}.",
    )


def _quick_receipt_days(scene: Scene) -> float:
    """Within how many days a quarter of all orders are received."""
    told = scene.snapshot.orders
    known = scene.paid & (told.completed != NONE)
    days = (told.completed[known] - told.paid[known]) / MICROS_PER_DAY
    return float(np.quantile(days, QUICK_PART)) if len(days) else 0.0


def appointment_sign(scene: Scene, group: Group) -> Sign | None:
    """Days apart on which everybody buys together, other goods each time: a group buy."""
    lines, told = scene.snapshot.lines, scene.snapshot.orders
    rows = scene.lines_of(group.orders)
    rows = rows[np.isin(lines.product[rows], group.products)]
    rows = rows[np.argsort(told.paid[lines.order[rows]], kind="stable")]
    times = told.paid[lines.order[rows]]
    _, goods = np.unique(lines.product[rows], return_inverse=True)
    gap = THRESHOLDS["appointment_hours"].value / 24 * MICROS_PER_DAY
    day = np.cumsum(np.diff(times, prepend=times[:1]) > gap)
    table = np.zeros((int(goods.max(initial=0)) + 1, int(day.max(initial=0)) + 1), np.int64)
    np.add.at(table, (goods, day), 1)
    lengths = np.zeros(table.shape[1])
    np.maximum.at(lengths, day, times - times[np.searchsorted(day, day)])
    main = table.argmax(axis=1)
    on_its_day = table.max(axis=1) * (lengths[main] <= gap)
    met = np.unique(main[(on_its_day > 0) & (table.max(axis=1) >= MEETING_LEAST)])
    enough = len(met) >= THRESHOLDS["appointments_least"].value
    if not enough or on_its_day.sum() < ON_ITS_DAY_PART * len(times):
        return None
    return Sign(
        "appointments",
        len(met),
        0.0,
        APPOINTMENT_NATS,
        f"他们在 {len(met)} 个相隔多日的日子里一起购买，每次商品不同，像邻里团购。",
        f"On {len(met)} days far apart they bought together, other goods each time, like "
        "neighbours who buy as a group.",
    )


DETECTOR: Final = Detector(
    kind="fake_order_ring",
    question="Do buyers buy the same few goods for one promoter, with one another's things?",
    evidence="fraud/show_fake_order_ring",
    picture="fraud/draw_fake_order_ring",
    compared_with=(
        "buyers and goods that keep how many each has, met by chance; all members' shared tokens; "
        "the mall's largest promoter"
    ),
    thresholds=THRESHOLDS,
    find=find,
)
