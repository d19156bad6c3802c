"""Do orders of this promoter go back once the reward is safe?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Final

import numpy as np

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.fraud.detectors.shape import Detector, Finding, Threshold
from graph_service.fraud.odds import (
    Sign,
    at_least,
    many,
    numbers_of,
    percent,
    scored,
    shrunk,
    yuan,
)
from graph_service.fraud.scene import KIND_WEIGHTS, PAIR_DEGREE_MAX, RARITY_C, Floats, Scene
from graph_service.snapshot.log import NONE, TOKEN_KINDS, Ints, Numbers
from graph_service.snapshot.resolving import Flags

THRESHOLDS: Final = {
    "evidence": Threshold(10.0, "nats", "one false alarm by chance among 22,000 promoters"),
    "full_part": Threshold(0.55, "part", "more than half back is no discount; set"),
    "returns": Threshold(3, "orders", "fewer happen to anybody; set"),
    "mostly_part": Threshold(0.5, "part", "early returns by strangers: more than fashion's; set"),
    "month_days": Threshold(5, "days", "soon after the month in which the order counted; set"),
    "last_days": Threshold(7, "days", "before the month's end, compared among themselves; set"),
    "soon_days": Threshold(3, "days", "after completion, holding time or the month's end; set"),
    "usual_least": Threshold(0.005, "part", "floor of the mall's rate of late returns; set"),
    "usual_any_least": Threshold(0.05, "part", "floor of the mall's rate of any returns; set"),
    "habit_orders": Threshold(
        4, "orders", "a buyer's own rate counts as if drawn from so many; set"
    ),
}
CAPS: Final = {"returns": 16.0, "again": 7.0, "soon": 3.0, "linked": 5.0}
# Of one buyer who returns half they say no more: some return a lot, with whomever they buy.
EACH: Final = {"returns": 5.0, "again": 3.5}
SPREAD: Final = 2.5
# Of buyers of one hand at least so many share things with another of them; set.
ONE_HAND_PART: Final = 0.3
# The weight of a device that five share, seen a season ago: an address of two weighs less.
FIRM_LEAST: Final = KIND_WEIGHTS["device"] / log(RARITY_C + 5) * 0.9
# A place says something of a few where they are at least half of those who are seen there; set.
TELLING_MOST: Final = 2
PLACES: Final = [TOKEN_KINDS.index(kind) for kind in ("address", "ip")]
FINDINGS_MAX: Final = 2_000
CHINA_MICROS: Final = 8 * 3_600 * 1_000_000


@dataclass(frozen=True)
class Pairs:
    """Promoters with their buyers, in order of both. orders, late: how many, and late returns.

    expected: late returns if only the mall's rate and the buyer's returns elsewhere counted.
    """

    promoter: Numbers
    buyer: Numbers
    orders: Ints
    late: Ints
    expected: Floats


def find(scene: Scene) -> Sequence[Finding]:
    """Promoters whose buyers send orders back again and again, late or by one hand, best first."""
    days = since_safe_days(scene)
    told = [*_found(scene, days, THRESHOLDS["usual_least"].value)]
    whole = returned(scene)
    early = np.where(whole, since_paid_days(scene), np.nan)
    told += [
        one
        for one in _found(scene, early, THRESHOLDS["usual_any_least"].value)
        if is_of_one_hand(scene, one) or mostly_returned(one)
    ]
    return sorted(told, key=lambda one: (-one.score, one.members))


def since_paid_days(scene: Scene) -> Floats:
    """By order, days from when it was paid until it went back."""
    orders = scene.snapshot.orders
    return (orders.refunded_at - orders.paid) / MICROS_PER_DAY


def is_of_one_hand(scene: Scene, finding: Finding) -> bool:
    """Do enough of these share firm things? Honest friends of fashion also send much back."""
    buyers = np.array(finding.members, np.int32)
    return firmly_linked(scene, buyers) and linked_among(scene, buyers) >= max(
        2, ONE_HAND_PART * len(buyers)
    )


def mostly_returned(finding: Finding) -> bool:
    """Does most of what the promoter sells go back? Of friends of fashion a third does."""
    least = THRESHOLDS["mostly_part"].value
    return any(one.feature == "late_returns" and one.value >= least for one in finding.reasons)


def _found(scene: Scene, days: Floats, floor: float) -> list[Finding]:
    """Findings about the orders that went back, those with a number of days.

    floor: of the mall's rate of such returns.
    """
    orders = scene.snapshot.orders
    late = np.isfinite(days)
    rows = np.flatnonzero(
        scene.paid & (orders.promoter != NONE) & (orders.promoter != orders.buyer)
    )
    if len(rows) == 0 or not late[rows].any():
        return []
    pairs = pairs_of(scene, rows, late, floor)
    begins = np.concatenate([[0], np.flatnonzero(np.diff(pairs.promoter)) + 1])
    ends = np.concatenate([begins[1:], [len(pairs.promoter)]])
    count = np.add.reduceat(pairs.late, begins)
    tail = many(count, np.add.reduceat(pairs.expected, begins))
    worth = np.flatnonzero((count >= THRESHOLDS["returns"].value) & (tail > 4.0))
    worth = worth[np.argsort(-tail[worth], kind="stable")]
    is_cut = len(worth) > FINDINGS_MAX
    if is_cut:
        scene.notes.append(f"refund_arbitrage: {len(worth)} promoters, {FINDINGS_MAX} judged")
        worth = worth[:FINDINGS_MAX]
    found = [_finding(scene, pairs, (int(begins[one]), int(ends[one])), days) for one in worth]
    return [replace(one, truncated=is_cut) for one in found]


def months_of(at: Ints) -> Ints:
    """The calendar months (in China) of times in us, counted from 1970."""
    return (at + CHINA_MICROS).astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)


def month_begins(month: Ints) -> Ints:
    """When months (in China, counted from 1970) begin (us)."""
    starts = month.astype("datetime64[M]").astype("datetime64[us]").astype(np.int64)
    return starts - CHINA_MICROS


def returned(scene: Scene) -> Flags:
    """By order: did (nearly) all of it go back?"""
    orders = scene.snapshot.orders
    enough = orders.refunded >= THRESHOLDS["full_part"].value * orders.amount
    return scene.paid & (orders.refunded > 0) & enough


def since_safe_days(scene: Scene) -> Floats:
    """By order, days from when its reward looked safe until it went back; else not a number.

    Safe: completed, held long enough, or the month over; the latest of these before the refund.
    """
    orders = scene.snapshot.orders
    back = orders.refunded_at
    held = orders.completed + scene.holding_days * MICROS_PER_DAY
    months = month_begins(months_of(np.maximum(orders.paid, 0)) + 1)
    found = np.full(len(back), np.nan)
    whole = returned(scene)
    month_limit = THRESHOLDS["month_days"].value * MICROS_PER_DAY
    for safe, good in (
        (orders.completed, orders.completed != NONE),
        (held, orders.completed != NONE),
        (months, back - months <= month_limit),
    ):
        counts = whole & good & (back >= safe)
        days = (back - safe) / MICROS_PER_DAY
        found[counts] = np.fmin(found[counts], days[counts])
    return found


def pairs_of(scene: Scene, rows: Ints, late: Flags, floor: float) -> Pairs:
    """Promoters and buyers of these orders, with what is to be expected."""
    orders, whole = scene.snapshot.orders, returned(scene)
    key = orders.promoter[rows].astype(np.int64) * scene.people + orders.buyer[rows]
    keys, inverse = np.unique(key, return_inverse=True)
    promoter, buyer = (keys // scene.people), (keys % scene.people)
    count = np.bincount(inverse).astype(np.int64)
    back = np.bincount(inverse, weights=whole[rows])
    own = np.bincount(inverse, weights=late[rows]).astype(np.int64)
    usual = np.bincount(inverse, weights=usual_rates(scene, rows, late, floor)) / count
    # What the buyer returns elsewhere: late, or early as often as that turns out late.
    elsewhere = np.bincount(orders.buyer[scene.paid], minlength=scene.people)[buyer] - count
    back_there = np.bincount(orders.buyer[whole], minlength=scene.people)[buyer] - back
    late_there = np.bincount(orders.buyer[late], minlength=scene.people)[buyer] - own
    turns_late = late.sum() / max(1, whole.sum())
    habit = shrunk(
        np.maximum(late_there, turns_late * back_there),
        elsewhere,
        towards=usual,
        weight=THRESHOLDS["habit_orders"].value,
    )
    return Pairs(
        promoter.astype(np.int32),
        buyer.astype(np.int32),
        count,
        own,
        np.asarray(count * np.maximum(usual, habit), np.float64),
    )


def usual_rates(scene: Scene, rows: Ints, late: Flags, floor: float) -> Floats:
    """By order of these, how often orders paid as long before the month's end return late.

    What is bought on the last days of a month goes back after it, if it goes back at all: a group
    buy of the 30th is no fraud. Frauds among them raise the rates, to the good of the accused.
    """
    paid = np.maximum(scene.snapshot.orders.paid[rows], 0)
    left_days = (month_begins(months_of(paid) + 1) - paid) / MICROS_PER_DAY
    last_days = THRESHOLDS["last_days"].value
    bucket = np.minimum(left_days, last_days).astype(np.int64)
    overall = max(floor, float(shrunk(late[rows].sum(), len(rows), towards=0.01, weight=200.0)))
    buckets = int(last_days) + 1
    rates = shrunk(
        np.bincount(bucket, weights=late[rows], minlength=buckets),
        np.bincount(bucket, minlength=buckets),
        towards=overall,
        weight=200.0,
    )
    return np.maximum(floor, rates)[bucket]


def _finding(scene: Scene, pairs: Pairs, part: tuple[int, int], days: Floats) -> Finding:
    rows = np.arange(*part)
    promoter = int(pairs.promoter[rows[0]])
    buyers = _accomplices(pairs, rows)
    orders, (starts, credited) = scene.snapshot.orders, scene.orders_by_promoter
    theirs = credited[starts[promoter] : starts[promoter + 1]]
    theirs = theirs[np.isfinite(days[theirs]) & np.isin(orders.buyer[theirs], buyers)]
    score, reasons = scored(
        _signs(scene, pairs, rows, (theirs, days)), THRESHOLDS["evidence"].value, spread=SPREAD
    )
    return Finding(
        "refund_arbitrage",
        score,
        numbers_of([promoter, *buyers]),
        reasons,
        orders=numbers_of(theirs),
        first_seen=int(orders.paid[theirs].min()),
        last_seen=int(orders.refunded_at[theirs].max()),
        amount_minor=int(orders.amount[theirs].sum()),
    )


def _accomplices(pairs: Pairs, rows: Ints) -> Numbers:
    """Buyers with late returns; those with one only where chance hardly explains them."""
    once, again = pairs.late[rows] == 1, pairs.late[rows] >= 2
    expected = float(pairs.expected[rows].sum())
    mostly = once & (2 * pairs.late[rows] >= pairs.orders[rows])
    kept = again | (once if expected < 0.5 * once.sum() else mostly)
    if not kept.any():
        kept = once
    return pairs.buyer[rows[kept]]


def _signs(scene: Scene, pairs: Pairs, rows: Ints, returns: tuple[Ints, Floats]) -> list[Sign]:
    orders, (theirs, days) = scene.snapshot.orders, returns
    late, count = int(pairs.late[rows].sum()), int(pairs.orders[rows].sum())
    expected = float(pairs.expected[rows].sum())
    again = int(np.maximum(pairs.late[rows] - 1, 0).sum())
    chance = float((pairs.expected[rows] ** 2).sum() / 2)
    soon = THRESHOLDS["soon_days"].value
    known = np.isfinite(days)
    usual = float(shrunk((days <= soon).sum(), known.sum(), towards=0.3, weight=20.0))
    quick = int((days[theirs] <= soon).sum())
    buyers = np.unique(orders.buyer[theirs])
    linked = linked_among(scene, buyers)
    had = pairs.orders[rows][np.isin(pairs.buyer[rows], buyers)].sum()
    part = len(theirs) / max(1, int(had))
    late_most, again_most = (
        min(CAPS[name], EACH[name] * len(buyers) * (0.6 + 0.8 * part))
        for name in ("returns", "again")
    )
    amount = yuan(float(orders.amount[theirs].sum()))
    return [
        Sign(
            "late_returns",
            min(float(many(late, expected)), late_most),
            late / count,
            expected / count,
            f"{count} 笔订单中有 {late} 笔在奖励到手后全额退款（{amount} 元），"
            f"通常应为 {expected:.1f} 笔。",
            f"Of {count} orders {late} went back in full once the reward was safe ({amount} yuan); "
            f"{expected:.1f} were to be expected.",
        ),
        Sign(
            "same_buyers",
            min(float(many(again, max(chance, 0.05))), again_most) if again else 0.0,
            again,
            chance,
            f"其中 {again} 笔来自已经退过这位推广者订单的买家。",
            f"{again} of them are by buyers who had sent back an order of this promoter before.",
        ),
        Sign(
            "soon_after",
            min(float(at_least(quick, len(theirs), usual)), CAPS["soon"]),
            quick / max(len(theirs), 1),
            usual,
            f"{quick} 笔在完成、结束冻结期或跨月后几天内退款，通常占 {percent(usual)}。",
            f"{quick} went back within days of completion, release or the month's end; usual are "
            f"{percent(usual)}.",
        ),
        Sign(
            "linked_buyers",
            min(float(at_least(linked, len(buyers), 0.1)), CAPS["linked"]) if linked else 0.0,
            linked / max(len(buyers), 1),
            0.1,
            f"{len(buyers)} 个退款买家中有 {linked} 个彼此共用设备、支付方式，"
            "或很少有他人使用的地址、IP。",
            f"{linked} of the {len(buyers)} buyers share a device or a payment with another of "
            "them, or an address or IP of hardly anybody else.",
        ),
    ]


def linked_among(scene: Scene, members: Numbers) -> int:
    """How many of these have a token in common with another of them; a place, of mostly them.

    A pick-up address of thirty says nothing of the four among them who sent something back.
    """
    if len(members) < 2:
        return 0
    held = scene.incidence[members]
    here = np.bincount(held.indices, minlength=held.shape[1])
    is_place = np.isin(scene.snapshot.token_kind, PLACES)
    few = scene.token_degree <= np.where(is_place, TELLING_MOST * here, PAIR_DEGREE_MAX)
    telling = (here >= 2) & few
    with_it = telling[held.indices].nonzero()[0]
    return len(np.unique(np.searchsorted(held.indptr, with_it, side="right")))


def firmly_linked(scene: Scene, members: Numbers) -> bool:
    """Have two of these a device, a phone or a means of payment of few in common?"""
    if len(members) < 2:
        return False
    pairs = scene.identity[members][:, members]
    # One place alone weighs less than that, however rare it is.
    return bool(pairs.nnz) and float(pairs.max()) >= FIRM_LEAST


DETECTOR: Final = Detector(
    kind="refund_arbitrage",
    question="Do orders of this promoter go back once the reward is safe?",
    evidence="fraud/show_refund_arbitrage",
    picture="fraud/draw_refund_arbitrage",
    compared_with=(
        "late returns of orders paid as long before the month's end, and what the same buyers "
        "return elsewhere"
    ),
    thresholds=THRESHOLDS,
    find=find,
)
