"""Do a few buyers lift this promoter's month just above a step of the ladder?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Final

import numpy as np

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.fraud.detectors.refund_arbitrage import (
    firmly_linked,
    linked_among,
    month_begins,
    months_of,
)
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
from graph_service.fraud.scene import Scene
from graph_service.snapshot.log import NONE, Ints, Numbers
from graph_service.snapshot.resolving import Flags

THRESHOLDS: Final = {
    "evidence": Threshold(11.0, "nats", "one false alarm by chance among 60,000 months"),
    "above": Threshold(0.2, "part of the step", "farther above, the step was no aim; set"),
    "below": Threshold(0.1, "part of the step", "what others were credited with may lack; set"),
    "heavy_quantile": Threshold(0.99, "part", "a buyer's month with one promoter that few reach"),
    "late_days": Threshold(5, "days", "the last days of the month; set"),
    "repeats_least": Threshold(0.2, "part", "floor of what a tenth of the months has; set"),
}
CAPS: Final = {"close": 4.0, "again": 8.0, "heavy": 8.0, "late": 4.0, "undone": 8.0, "linked": 5.0}
SPREAD: Final = 2.5
# Sales closer above a step than this say no more (part of the step).
CLOSE_LEAST: Final = 0.005
# Of those who fill the gap, each brings at least so much of what the greatest brings; set.
HEAVY_LEAST: Final = 0.15
# The upper hundredth of what buyers spend, but no more than so often the upper quarter: in a small
# mall the washers are that hundredth. Source: 8 is that of a log-normal with a deviation of 1.25.
HEAVY_QUARTERS: Final = 8.0
# So much of an order back undoes it: parts are kept so as to look like a complaint; set.
BACK_PART: Final = 0.7
# Who lifts a month for its step wants the money back; neighbours who buy together keep things. Set.
KEPT_STRENGTH: Final = -4.0
# Who bought at least so often, against this month, with no step near is a customer; set.
HABIT_PART: Final = 0.5
# An address or an IP in common is a household's, a pick-up point's or an office's.
PLACES_MOST: Final = 1.5
FINDINGS_MAX: Final = 1_000


@dataclass(frozen=True)
class Sales:
    """Orders that promoters are credited with, in order of promoter, month and buyer.

    order, promoter, month, buyer: by row. amount: as paid; net: less what was undone within the
    month. undone: did it go back after the month, in full? late: is it of the month's last days?
    """

    order: Ints
    promoter: Numbers
    month: Ints
    buyer: Numbers
    amount: Ints
    net: Ints
    undone: Flags
    late: Flags


@dataclass(frozen=True)
class Usual:
    """What promoters' months are like. heavy: what a buyer seldom spends (minor units)."""

    again: float
    heavy: float
    late: float
    undone: float


def find(scene: Scene) -> Sequence[Finding]:
    """Promoters whose months end just above a step by a few buyers' orders, best first."""
    sales = sales_of(scene)
    if len(sales.order) == 0 or not scene.steps:
        return []
    begins = _begins(sales.promoter.astype(np.int64) * 100_000 + sales.month)
    ends = np.concatenate([begins[1:], [len(sales.order)]])
    usual = usual_of(sales)
    found: dict[int, list[tuple[int, int, int]]] = {}
    near = _nearest_steps(scene, sales, begins)
    worth = np.flatnonzero(near)
    is_cut = len(worth) > FINDINGS_MAX
    if is_cut:
        scene.notes.append(f"threshold_wash: {len(worth)} months, the first {FINDINGS_MAX} judged")
        worth = worth[:FINDINGS_MAX]
    for one in worth:
        promoter = int(sales.promoter[begins[one]])
        month = (int(begins[one]), int(ends[one]), int(near[one]))
        found.setdefault(promoter, []).append(month)
    findings = (_finding(scene, sales, usual, months) for months in found.values())
    told = [replace(one, truncated=is_cut) for one in findings if one is not None]
    return sorted(told, key=lambda one: (-one.score, one.members))


def sales_of(scene: Scene) -> Sales:
    """The credited orders of a mall, as they counted in their month."""
    orders = scene.snapshot.orders
    counts = scene.paid & (orders.promoter != NONE) & (orders.promoter != orders.buyer)
    rows = np.flatnonzero(counts)
    month = months_of(orders.paid[rows])
    ends = month_begins(month + 1)
    back_at = orders.refunded_at[rows]
    within = (back_at != NONE) & (back_at < ends)
    dropped = (orders.cancelled[rows] != NONE) & (orders.cancelled[rows] < ends)
    net = orders.amount[rows] - np.where(within, orders.refunded[rows], 0)
    net = np.where(dropped, 0, np.maximum(net, 0))
    undone = (back_at >= ends) & (orders.refunded[rows] >= BACK_PART * orders.amount[rows])
    late = orders.paid[rows] >= ends - int(THRESHOLDS["late_days"].value * MICROS_PER_DAY)
    sort = np.lexsort((rows, orders.buyer[rows], month, orders.promoter[rows]))
    return Sales(
        rows[sort],
        orders.promoter[rows][sort],
        month[sort],
        orders.buyer[rows][sort],
        orders.amount[rows][sort],
        net[sort],
        undone[sort],
        late[sort],
    )


def _nearest_steps(scene: Scene, sales: Sales, begins: Ints) -> Ints:
    """By promoter's month, the step that its sales end near to, before or after refunds; else 0."""
    near = np.zeros(len(begins), np.int64)
    above, below = THRESHOLDS["above"].value, THRESHOLDS["below"].value
    for total in (np.add.reduceat(sales.net, begins), np.add.reduceat(sales.amount, begins)):
        for step in scene.steps:
            near[(total >= step * (1 - below)) & (total <= step * (1 + above))] = step
    return near


def _begins(keys: Ints) -> Ints:
    return np.concatenate([[0], np.flatnonzero(np.diff(keys)) + 1]).astype(np.int64)


def usual_of(sales: Sales) -> Usual:
    """The mall's own rates: repeated orders, a buyer's great month, last days, late returns."""
    place = sales.promoter.astype(np.int64) * 100_000 + sales.month
    fresh = np.ones(len(place), np.bool_)
    fresh[1:] = (np.diff(place) != 0) | (np.diff(sales.buyer) != 0)
    spent = np.add.reduceat(sales.amount, np.flatnonzero(fresh))
    begins = _begins(place)
    count = np.diff(np.concatenate([begins, [len(place)]]))
    parts = (np.add.reduceat((~fresh).astype(np.float64), begins) / count)[count >= 10]
    upper = float(np.quantile(parts, 0.9)) if len(parts) >= 20 else 0.0
    return Usual(
        again=min(0.6, max(THRESHOLDS["repeats_least"].value, upper)),
        heavy=min(
            float(np.quantile(spent, THRESHOLDS["heavy_quantile"].value)),
            HEAVY_QUARTERS * float(np.quantile(spent, 0.75)),
        ),
        late=float(shrunk(sales.late.sum(), len(fresh), towards=1 / 6, weight=50.0)),
        undone=max(0.03, float(shrunk(sales.undone.sum(), len(fresh), towards=0.02, weight=50.0))),
    )


@dataclass(frozen=True)
class Month:
    """A promoter's month near a step. heavy: rows of the few buyers without whom it is below.

    busy: how many of them paid more than once or had it back.
    """

    step: int
    total: int
    orders: int
    buyers: int
    heavy: Ints
    heavy_buyers: Numbers
    busy: int


def _regular(sales: Sales, parts: Sequence[tuple[int, int, int]]) -> Numbers:
    """Buyers who order from this promoter in months near no step as often as in those near one."""
    promoter = sales.promoter[parts[0][0]]
    first, last = np.searchsorted(sales.promoter, [promoter, promoter + 1])
    near = np.zeros(last - first, np.bool_)
    for start, end, _ in parts:
        near[start - first : end - first] = True
    buyers, place = np.unique(sales.buyer[first:last], return_inverse=True)
    here = np.bincount(place[near], minlength=len(buyers)) / len(parts)
    months = max(1, len(np.unique(sales.month[first:last][~near])))
    elsewhere = np.bincount(place[~near], minlength=len(buyers)) / months
    return buyers[elsewhere >= HABIT_PART * np.maximum(here, 1)]


def _month(
    sales: Sales, usual: Usual, part: tuple[int, int, int], regular: Numbers
) -> Month | None:
    start, end, step = part
    rows = np.arange(start, end)
    buyers, place = np.unique(sales.buyer[rows], return_inverse=True)
    spent = np.bincount(place, weights=sales.amount[rows])
    times = np.bincount(place)
    total = _closer(int(spent.sum()), int(sales.net[rows].sum()), step)
    # By what each spends: those who fill the gap, and all others who spend like them.
    order = np.argsort(-spent, kind="stable")
    needed = int(np.searchsorted(np.cumsum(spent[order]), max(total - step, 0), side="right")) + 1
    undone = np.bincount(place, weights=sales.undone[rows]) > 0
    is_heavy = spent > HEAVY_LEAST * spent.max()
    is_heavy &= undone | (spent > usual.heavy) | ((times >= 3) & (spent > usual.heavy / 4))
    is_heavy[order[:needed]] &= (undone | (spent > usual.heavy / 4))[order[:needed]]
    # Who buys as often when there is no step to reach is a customer, unless it all went back.
    often = np.bincount(place, weights=np.isin(sales.buyer[rows], regular))
    is_heavy &= undone | (often == 0)
    # Who paid much once and kept it is left out where the others explain the month.
    busy, aim = is_heavy & ((times >= 2) | undone), step * (1 - THRESHOLDS["below"].value)
    if busy.any() and total - spent[busy].sum() < aim:
        is_heavy = busy
    if not is_heavy.any() or total - spent[is_heavy].sum() >= aim:
        return None
    heavy = rows[is_heavy[place]]
    return Month(step, total, len(rows), len(buyers), heavy, buyers[is_heavy], int(busy.sum()))


def _closer(gross: int, net: int, step: int) -> int:
    """Which of the two ends closer above the step, else closer to it?"""
    return min((gross, net), key=lambda total: (total < step, abs(total - step)))


def _finding(
    scene: Scene, sales: Sales, usual: Usual, parts: Sequence[tuple[int, int, int]]
) -> Finding | None:
    regular = _regular(sales, parts)
    months = [month for part in parts if (month := _month(sales, usual, part, regular)) is not None]
    if not months:
        return None
    judged = [
        (
            scored(_signs(scene, sales, usual, month), THRESHOLDS["evidence"].value, spread=SPREAD),
            month,
        )
        for month in months
    ]
    judged.sort(key=lambda one: -one[0][0])
    (score, reasons), _ = judged[0]
    again = [month for (own, _), month in judged if own >= score / 2]
    heavy = np.concatenate([month.heavy for month in again])
    promoter = int(sales.promoter[heavy[0]])
    rows, orders = sales.order[heavy], scene.snapshot.orders
    return Finding(
        "threshold_wash",
        score,
        numbers_of([promoter, *np.concatenate([month.heavy_buyers for month in again])]),
        reasons,
        orders=numbers_of(rows),
        first_seen=int(orders.paid[rows].min()),
        last_seen=int(max(orders.paid[rows].max(), orders.refunded_at[rows].max())),
        amount_minor=int(orders.amount[rows].sum()),
    )


def _signs(scene: Scene, sales: Sales, usual: Usual, month: Month) -> list[Sign]:
    excess = month.total / month.step - 1
    repeated = month.orders - month.buyers
    heavy = len(month.heavy_buyers)
    expected = 0.1 + 0.02 * month.buyers
    spent = int(sales.amount[month.heavy].sum())
    close = -log(max(CLOSE_LEAST, min(1.0, abs(excess))))
    return [
        Sign(
            "just_above_step",
            min(close, CAPS["close"]),
            excess,
            THRESHOLDS["above"].value,
            f"当月推广销售额 {yuan(month.total)} 元，"
            f"仅{'高' if excess >= 0 else '低'}于阶梯 {yuan(month.step)} 元 "
            f"{percent(abs(excess))}。",
            f"The month's promoted sales of {yuan(month.total)} yuan end {percent(abs(excess))} "
            f"{'above' if excess >= 0 else 'below'} the step of {yuan(month.step)} yuan.",
        ),
        Sign(
            "same_buyers_again",
            min(float(at_least(repeated, month.orders, usual.again)), CAPS["again"]),
            repeated / month.orders,
            usual.again,
            f"{month.orders} 笔订单只来自 {month.buyers} 个买家。",
            f"Its {month.orders} orders are by {month.buyers} buyers.",
        ),
        Sign(
            "few_buyers_fill_the_gap",
            min(float(many(month.busy, expected)), CAPS["heavy"]) if month.busy else 0.0,
            heavy,
            expected,
            f"{heavy} 个买家共付 {yuan(spent)} 元；没有他们则离阶梯很远。",
            f"{heavy} buyers paid {yuan(spent)} yuan; without them the month is far from the step.",
        ),
        *_signs_of_heavy(scene, sales, usual, month),
    ]


def _signs_of_heavy(scene: Scene, sales: Sales, usual: Usual, month: Month) -> list[Sign]:
    count, buyers = len(month.heavy), len(month.heavy_buyers)
    late, undone = int(sales.late[month.heavy].sum()), int(sales.undone[month.heavy].sum())
    linked = linked_among(scene, month.heavy_buyers)
    most = CAPS["linked"] if firmly_linked(scene, month.heavy_buyers) else PLACES_MOST
    kept = Sign(
        "nothing_went_back",
        KEPT_STRENGTH if undone == 0 else 0.0,
        undone,
        usual.undone,
        "没有订单退款。",
        "Nothing went back.",
    )
    return [
        kept,
        Sign(
            "end_of_month",
            min(_halved(late, count, usual.late), CAPS["late"]),
            late / count,
            usual.late,
            f"他们的订单有 {percent(late / count)} 在月末几天，通常为 {percent(usual.late)}。",
            f"{percent(late / count)} of their orders are of the month's last days; usual are "
            f"{percent(usual.late)}.",
        ),
        Sign(
            "undone_after_month",
            min(float(at_least(undone, count, usual.undone)), CAPS["undone"]),
            undone / count,
            usual.undone,
            f"其中 {undone} 笔在月末之后全额退款，通常占 {percent(usual.undone)}。",
            f"{undone} of them went back in full after the month; usual are "
            f"{percent(usual.undone)}.",
        ),
        Sign(
            "linked_buyers",
            min(float(at_least(linked, buyers, 0.1)), most) if linked else 0.0,
            linked / buyers,
            0.1,
            f"{buyers} 个买家中有 {linked} 个彼此共用设备、支付方式、地址或 IP。",
            f"{linked} of the {buyers} buyers share a device, payment, address or IP.",
        ),
    ]


def _halved(count: int, of: int, rate: float) -> float:
    """Half of a tail: one buyer's orders come together."""
    return float(at_least(count, of, rate)) / 2


DETECTOR: Final = Detector(
    kind="threshold_wash",
    question="Do a few buyers lift this promoter's month just above a step of the ladder?",
    evidence="fraud/show_threshold_wash",
    picture="fraud/draw_threshold_wash",
    compared_with="other promoters' months: closeness to steps, number of buyers, what is undone",
    thresholds=THRESHOLDS,
    find=find,
)
