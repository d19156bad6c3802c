"""Does this promoter click in at the last second on what others brought?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Final

import numpy as np

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.fraud.detectors.shape import Detector, Finding, Threshold
from graph_service.fraud.odds import Sign, numbers_of, percent, scored, shrunk, yuan
from graph_service.fraud.scene import Floats, Scene
from graph_service.snapshot.crediting import CLICK, last_before
from graph_service.snapshot.log import NONE, Ints, Numbers
from graph_service.snapshot.resolving import Flags, taken

THRESHOLDS: Final = {
    "evidence": Threshold(10.0, "nats", "one false alarm by chance among 22,000 promoters"),
    "before_days": Threshold(1, "days", "so long before, the other's share brought the buyer; set"),
    "orders": Threshold(4, "orders", "fewer happen to anybody; set"),
    "buyers": Threshold(3, "buyers", "the habit of one or two buyers is theirs; set"),
    "hijacker_part": Threshold(
        0.2, "part", "of a hijacker's orders, so many are snatched; assumed"
    ),
}
# Seconds from the last click to the payment, and how a hijacker's are spread (assumed): software
# waits for the checkout; last of all, an order that names the share though another's was clicked
# last. Then the part of snatched orders with another's click, and with what that one shows.
EDGES: Final = (5, 15, 30, 60, 120)
HIJACKED: Final = (0.25, 0.3, 0.18, 0.12, 0.05, 0.02, 0.08)
BROUGHT_PART, PRODUCT_PART, UNBROUGHT_PART = 0.9, 0.6, 0.4
CAPS: Final = {"haste": 20.0, "brought": 15.0, "product": 10.0}
SPREAD: Final = 2.5
FINDINGS_MAX: Final = 2_000


@dataclass(frozen=True)
class Touches:
    """Orders by click: when the last click was and what another's share had to do with it.

    order, promoter: of each row. seconds: from the last click on the promoter's share until paid,
    not a number where the order names it though another's was clicked last. victim: whose share
    the buyer had clicked on within days before, NONE for nobody.
    is_theirs: is what was bought on the victim's share, and not on the last one?
    """

    order: Ints
    promoter: Numbers
    seconds: Floats
    victim: Numbers
    is_theirs: Flags


def find(scene: Scene) -> Sequence[Finding]:
    """Promoters who snatch orders, best first."""
    touches = touches_of(scene)
    if len(touches.order) == 0:
        return []
    haste, brought, product = weigh(touches)
    part = THRESHOLDS["hijacker_part"].value
    said = np.where(candidates(touches), haste + brought + product, -np.inf)
    weights = np.log(1 - part + part * np.exp(said))
    order = np.argsort(touches.promoter, kind="stable")
    begins = np.concatenate([[0], np.flatnonzero(np.diff(touches.promoter[order])) + 1])
    gains = np.add.reduceat(weights[order], begins)
    ends = np.concatenate([begins[1:], [len(order)]])
    worth = np.flatnonzero(gains > THRESHOLDS["evidence"].value / 3)
    worth = worth[np.argsort(-gains[worth], kind="stable")]
    is_cut = len(worth) > FINDINGS_MAX
    if is_cut:
        scene.notes.append(f"share_hijack: {len(worth)} promoters, {FINDINGS_MAX} judged")
        worth = worth[:FINDINGS_MAX]
    found = (
        _finding(
            scene, touches, (haste, brought, product), (order[begins[one] : ends[one]], weights)
        )
        for one in worth
    )
    told = [replace(one, truncated=is_cut) for one in found if one is not None]
    return sorted(told, key=lambda one: (-one.score, one.members))


def touches_of(scene: Scene) -> Touches:
    """The orders that a click is said to have brought, with the clicks before."""
    snapshot = scene.snapshot
    orders, clicks, shares = snapshot.orders, snapshot.clicks, snapshot.shares
    known = np.flatnonzero(clicks.member != NONE)
    who = taken(snapshot.members.person, clicks.member[known])
    sort = np.lexsort((clicks.share[known], clicks.at[known], who))
    who, share, at = who[sort], clicks.share[known][sort], clicks.at[known][sort]
    owner = taken(shares.member, share)
    rows = np.flatnonzero(scene.paid & (orders.basis == CLICK))
    buyer = taken(snapshot.members.person, orders.buyer[rows])
    last = last_before(who, at, buyer, orders.paid[rows])
    rows, last = rows[last != NONE], last[last != NONE]
    is_own = owner[last] == orders.promoter[rows]
    earlier = np.where(is_own, _before_by_others(who, owner)[last], last)
    # Seconds before it was created count as much as before it was paid.
    until = np.where(orders.created[rows] >= at[last], orders.created[rows], orders.paid[rows])
    seconds = (until - at[last]) / 1_000_000
    reach = int(THRESHOLDS["before_days"].value * MICROS_PER_DAY)
    recent = earlier != NONE
    until = np.where(is_own, at[last], orders.paid[rows])
    recent[recent] = (until - at[earlier])[recent] <= reach
    victim = np.where(recent, owner[earlier], NONE).astype(np.int32)
    victim[victim == orders.promoter[rows]] = NONE
    bought = _first_products(scene)[rows]
    closing = np.where(is_own, share[last], orders.share[rows])
    theirs = (bought == taken(shares.product, share[earlier])) & (
        bought != taken(shares.product, closing)
    )
    return Touches(
        rows,
        orders.promoter[rows],
        np.where(is_own, seconds, np.nan),
        victim,
        theirs & (victim != NONE) & (bought != NONE),
    )


def _before_by_others(who: Numbers, owner: Numbers) -> Ints:
    """By click, the latest earlier one of the same person on another promoter's share, or NONE."""
    place = np.arange(len(who))
    fresh = np.ones(len(who), np.bool_)
    fresh[1:] = (np.diff(who) != 0) | (np.diff(owner) != 0)
    before = np.maximum.accumulate(np.where(fresh, place, 0)) - 1
    good = (before >= 0) & (who[np.maximum(before, 0)] == who)
    return np.where(good, before, NONE).astype(np.int64)


def _first_products(scene: Scene) -> Numbers:
    """By order, the product of its first line, NONE without."""
    lines = scene.snapshot.lines
    found = np.full(len(scene.snapshot.orders), NONE, np.int32)
    found[lines.order[::-1]] = lines.product[::-1]
    return found


def candidates(touches: Touches) -> Flags:
    """By row: another's click before, and then the last one at the last moment or none?

    Software does not ask whether another had brought the buyer: so what was clicked seconds before
    it was paid is one, too.
    """
    robbed = (touches.victim != NONE) & ~(touches.seconds > EDGES[-1])
    return robbed | (touches.seconds <= EDGES[1])


def weigh(touches: Touches) -> tuple[Floats, Floats, Floats]:
    """By row: what the haste, the other's click and the product say, against the mall's orders."""
    place = np.where(
        np.isnan(touches.seconds), len(EDGES) + 1, np.searchsorted(EDGES, touches.seconds)
    )
    hijacked = np.array(HIJACKED)
    has_victim = touches.victim != NONE
    # Of orders that nobody was robbed of, each promoter alike, so that hijackers with their many
    # leave the mall's times alone.
    free, promoter = place[~has_victim], touches.promoter[~has_victim]
    times = np.bincount(promoter)[promoter]
    usual = shrunk(
        np.bincount(free, weights=1 / times, minlength=len(hijacked)),
        (1 / times).sum(),
        towards=1 / 60,
        weight=60.0,
    )
    brought = float(shrunk(has_victim.sum(), len(place), towards=0.1, weight=50.0))
    slow = has_victim & ~candidates(touches)
    theirs = float(shrunk(touches.is_theirs[slow].sum(), slow.sum(), towards=0.1, weight=50.0))
    theirs = min(theirs, 0.9 * PRODUCT_PART)
    product = np.full(len(place), log((1 - PRODUCT_PART) / (1 - theirs)))
    product[touches.is_theirs] = log(PRODUCT_PART / theirs)
    product[~has_victim] = 0.0
    usually = min(brought, 0.8)
    gain = np.where(has_victim, log(BROUGHT_PART / usually), log(UNBROUGHT_PART / (1 - usually)))
    return np.log(hijacked / usual)[place], gain, product


def _finding(
    scene: Scene,
    touches: Touches,
    parts: tuple[Floats, Floats, Floats],
    theirs: tuple[Ints, Floats],
) -> Finding | None:
    rows, weights = theirs
    orders = scene.snapshot.orders
    snatched = rows[weights[rows] > 0]
    taken_orders = touches.order[snatched]
    buyers = len(np.unique(orders.buyer[taken_orders]))
    if len(snatched) < THRESHOLDS["orders"].value or buyers < THRESHOLDS["buyers"].value:
        return None
    against = float(weights[rows].sum() - weights[snatched].sum())
    score, reasons = scored(
        _signs(scene, touches, parts, (rows, snatched), against),
        THRESHOLDS["evidence"].value,
        spread=SPREAD,
    )
    return Finding(
        "share_hijack",
        score,
        (int(touches.promoter[rows[0]]),),
        reasons,
        orders=numbers_of(taken_orders),
        first_seen=int(orders.paid[taken_orders].min()),
        last_seen=int(orders.paid[taken_orders].max()),
        amount_minor=int(scene.net[taken_orders].sum()),
    )


def _signs(
    scene: Scene,
    touches: Touches,
    parts: tuple[Floats, Floats, Floats],
    which: tuple[Ints, Ints],
    against: float,
) -> list[Sign]:
    (rows, snatched), count = which, len(which[1])
    haste, brought, product = (float(part[snatched].sum()) for part in parts)
    # What each snatched order might be instead, and the orders that look honest.
    less = against + count * float(np.log(THRESHOLDS["hijacker_part"].value))
    # That nobody had brought most of them speaks against it, as far as haste does not outweigh it.
    less += min(brought, 0.0)
    middle = float(np.median(np.nan_to_num(touches.seconds[snatched])))
    usual = float(np.nanmedian(np.append(touches.seconds, 0.0)))
    victims = len(np.unique(touches.victim[snatched]))
    has_victim = float((touches.victim != NONE).mean())
    theirs = float(touches.is_theirs[snatched].mean())
    amount = yuan(float(scene.snapshot.orders.amount[touches.order[snatched]].sum()))
    return [
        Sign(
            "seconds_before_order",
            min(haste + less, CAPS["haste"]),
            middle,
            usual,
            f"{len(rows)} 笔订单中有 {count} 笔在付款前 {middle:.0f} 秒（中位数）才点击其分享，"
            f"全商城为 {usual:.0f} 秒；涉及 {amount} 元。",
            f"On {count} of {len(rows)} orders the click came {middle:.0f} seconds before the "
            f"payment (median), in the mall {usual:.0f}; they are worth {amount} yuan.",
        ),
        Sign(
            "brought_by_others",
            max(0.0, min(brought, CAPS["brought"])),
            1.0,
            has_victim,
            f"这些买家此前一天内已被 {victims} 位其他推广者的分享带来，"
            f"通常只有 {percent(has_victim)} 如此。",
            f"Shares of {victims} other promoters had brought these buyers within a day; usual are "
            f"{percent(has_victim)} of orders.",
        ),
        Sign(
            "bought_as_shown_by_others",
            float(np.clip(product, -CAPS["product"], CAPS["product"])),
            theirs,
            float(touches.is_theirs.mean()),
            f"{percent(theirs)} 买的是别人分享的商品，而不是其分享的商品。",
            f"{percent(theirs)} bought what the other's share shows, and not what this one's does.",
        ),
    ]


DETECTOR: Final = Detector(
    kind="share_hijack",
    question="Does this promoter click in at the last second on what others brought?",
    evidence="fraud/show_share_hijack",
    picture="fraud/draw_share_hijack",
    compared_with="times from click to order and others' clicks before, of all orders by click",
    thresholds=THRESHOLDS,
    find=find,
)
