"""Do people who belong to a shop's owner buy there for the same amount again and again?"""

from dataclasses import dataclass, replace
from math import log
from typing import Final

import numpy as np

from graph_service.fraud.detectors.shape import Detector, Finding, Threshold
from graph_service.fraud.scene import Floats, Scene
from graph_service.fraud.signs.amounts import (
    CORE_PART,
    PRICE_WIDTH,
    amount_sign,
    few_prices,
    mall_amounts,
)
from graph_service.fraud.signs.kinship import STRONG_MASK, in_words, kinship_of
from graph_service.fraud.signs.weighing import (
    Sign,
    best_first,
    finding_of,
    percent,
    rarity,
    rate_of,
    yuan,
)
from graph_service.snapshot.log import NONE, Ints

THRESHOLDS: Final = {
    "repeats_least": Threshold(3, "orders", "two orders are no repetition"),
    "alike_nats_least": Threshold(2.0, "nats", "fraud.md: equal-amount repeats; 7 times chance"),
    "alert_nats": Threshold(
        10.0, "nats", "one in 20,000 pairs of buyer and shop, of which 10,000 members have 25,000"
    ),
}
# More orders of a pair say nothing new.
REPEATS_TOLD_MAX: Final = 10
# From so many orders of others on a shop has prices of its own to compare with.
SHOP_ORDERS_LEAST: Final = 10
# Who has no tie but pays the same amounts as often takes part, unless a fifth of the shop's
# buyers does so: then it sells something that is bought again and again.
FOLLOWER_NATS_LEAST: Final = 3.0
FOLLOWERS_PART_MAX: Final = 0.2
# What is next to nothing of a shop's sales lifts it nowhere: nats against, at most.
SMALL_NATS_MAX: Final = 6.0
INVITED_BIT: Final = 1 << 16


@dataclass(frozen=True)
class _Visits:
    """Pairs of a buyer and a shop whose owner is known. ties: kinds shared, and INVITED_BIT."""

    buyer: Ints
    shop: Ints
    owner: Ints
    count: Ints
    ties: Ints
    starts: Ints
    orders: Ints

    def orders_of(self, pairs: Ints) -> Ints:
        """Orders of these pairs."""
        parts = [self.orders[self.starts[one] : self.starts[one + 1]] for one in pairs]
        return np.concatenate([np.empty(0, np.int64), *parts])


def find(scene: Scene) -> list[Finding]:
    """Shops whose owner's people go round, best first."""
    visits = _visits(scene)
    if not len(visits.buyer):
        return []
    mall = mall_amounts(scene)
    often = (visits.count >= THRESHOLDS["repeats_least"].value) & (visits.ties > 0)
    found: list[Finding] = []
    for owner in np.unique(visits.owner[often]).tolist():
        pairs = np.flatnonzero(often & (visits.owner == owner))
        one = _finding(scene, visits, pairs, mall)
        if one is not None:
            found.append(one)
    return best_first(found)


def _visits(scene: Scene) -> _Visits:
    snapshot = scene.snapshot
    told, members = snapshot.orders, snapshot.members
    owner = scene.sellers
    rows = np.flatnonzero((told.buyer != NONE) & (owner != NONE))
    shops = max(1, len(snapshot.owner))
    keys = told.buyer[rows].astype(np.int64) * shops + told.shop[rows]
    order = np.lexsort((told.paid[rows], keys))
    pairs, starts, count = np.unique(keys[order], return_index=True, return_counts=True)
    buyer, shop = pairs // shops, pairs % shops
    owners = snapshot.owner[shop].astype(np.int64)
    kinship = kinship_of(scene)
    masks = kinship.masks(buyer, owners).astype(np.int64)
    invited = (members.inviter[buyer] == owners) | (members.inviter[owners] == buyer)
    same = members.person[buyer] == members.person[owners]
    ties = masks | np.where(invited, INVITED_BIT, 0) | np.where(same, INVITED_BIT << 1, 0)
    return _Visits(
        buyer,
        shop,
        owners,
        count.astype(np.int64),
        ties,
        np.append(starts, len(rows)).astype(np.int64),
        rows[order].astype(np.int64),
    )


def _finding(scene: Scene, visits: _Visits, pairs: Ints, mall: Floats) -> Finding | None:
    """What the people of one owner do in the owner's shops; None where amounts are not alike."""
    amounts = scene.snapshot.orders.amount
    each = [few_prices(amounts[visits.orders_of(np.array([one]))], mall) for one in pairs]
    kept = np.array([one.nats >= THRESHOLDS["alike_nats_least"].value for one in each], np.bool_)
    pairs = pairs[kept]
    if not len(pairs):
        return None
    tied, pairs = pairs, _with_followers(scene, visits, pairs, mall)
    orders = visits.orders_of(pairs)
    signs = [
        _tie_sign(visits, tied),
        _repeat_sign(visits, pairs),
        _amount_sign(scene, visits, pairs, mall),
        _sales_sign(scene, visits, pairs),
    ]
    members = [int(visits.owner[pairs[0]]), *visits.buyer[pairs].tolist()]
    threshold = THRESHOLDS["alert_nats"].value
    return finding_of("round_trip", scene, members, signs, orders=orders, threshold=threshold)


def _with_followers(scene: Scene, visits: _Visits, tied: Ints, mall: Floats) -> Ints:
    """These pairs, and others who pay the same as often in the shop, if that is not usual there."""
    amounts = scene.snapshot.orders.amount
    paid = np.log(np.maximum(1, amounts[visits.orders_of(tied)]))
    in_shop = np.flatnonzero(np.isin(visits.shop, visits.shop[tied]))
    often = in_shop[visits.count[in_shop] > THRESHOLDS["repeats_least"].value]
    found: list[int] = []
    for pair in np.setdiff1d(often, tied).tolist():
        own = amounts[visits.orders_of(np.array([pair]))]
        near = np.abs(np.log(np.maximum(1, own))[:, None] - paid[None, :]).min(axis=1)
        same = few_prices(own, mall)
        if same.nats >= FOLLOWER_NATS_LEAST and (near <= PRICE_WIDTH).mean() >= CORE_PART:
            found.append(pair)
    is_usual = len(found) > FOLLOWERS_PART_MAX * len(in_shop)
    return tied if is_usual else np.union1d(tied, np.array(found, np.int64))


def _tie_sign(visits: _Visits, pairs: Ints) -> Sign:
    """How rare it is that a buyer has such a tie with the owner of a shop."""
    seldom = visits.ties[visits.count < THRESHOLDS["repeats_least"].value]
    nats, rates = 0.0, list[float]()
    for tie in visits.ties[pairs].tolist():
        rates.append(rate_of(int(((seldom & tie) == tie).sum()), len(seldom)))
        nats += rarity(rates[-1])
    rate = max(rates)
    told = int(np.bitwise_or.reduce(visits.ties[pairs]))
    zh, en = _tie_words(told)
    count = len(pairs)
    return Sign(
        "tied_to_owner",
        count,
        rate,
        min(nats, 9.0),
        f"{count} 个买家与店主有关联（{zh}）；其他买家中只有 {percent(rate)} 如此。",
        f"{count} buyers are tied to the shop's owner ({en}); {percent(rate)} of other buyers are.",
    )


def _tie_words(tie: int) -> tuple[str, str]:
    zh, en = list[str](), list[str]()
    if tie & (INVITED_BIT - 1):
        shared_zh, shared_en = in_words(tie & (INVITED_BIT - 1))
        zh.append(f"共用{shared_zh}")
        en.append(f"shared {shared_en}")
    if tie & INVITED_BIT:
        zh.append("邀请关系")
        en.append("an invitation")
    if tie & (INVITED_BIT << 1) and not tie & STRONG_MASK:
        zh.append("同一个人")
        en.append("one person")
    return "、".join(zh), ", ".join(en)


def _repeat_sign(visits: _Visits, pairs: Ints) -> Sign:
    """How rare so many orders of one buyer in one shop are."""
    counts = np.minimum(visits.count, REPEATS_TOLD_MAX)
    nats = 0.0
    for count in counts[pairs].tolist():
        nats += rarity(rate_of(int((counts >= count).sum()), len(counts)))
    most = int(counts[pairs].max())
    rate = rate_of(int((counts >= most).sum()), len(counts))
    total = int(visits.count[pairs].sum())
    return Sign(
        "repeats",
        total,
        rate,
        min(nats, 9.0),
        f"他们在该店下了 {total} 笔订单；只有 {percent(rate)} 的买家在同一家店买过 {most} 次以上。",
        f"They placed {total} orders there; {percent(rate)} of buyers buy {most} times or more in "
        "one shop.",
    )


def _amount_sign(scene: Scene, visits: _Visits, pairs: Ints, mall: Floats) -> Sign:
    """How alike the amounts are, against the mall and against what others pay in the shop."""
    told = scene.snapshot.orders
    orders = visits.orders_of(pairs)
    same = few_prices(told.amount[orders], mall)
    others = np.isin(told.shop, visits.shop[pairs]) & scene.paid
    others[orders] = False
    rate, nats = same.rate, same.nats
    if others.sum() >= SHOP_ORDERS_LEAST:
        near = np.abs(np.log(np.maximum(1, told.amount[others])) - log(same.typical)) <= same.width
        rate = max(rate, (int(near.sum()) + 1) / (len(near) + 1))
        nats = min(nats, (same.count - 1) * -log(rate))
    return amount_sign(replace(same, rate=rate, nats=nats))


def _sales_sign(scene: Scene, visits: _Visits, pairs: Ints) -> Sign:
    """How much of the shop's sales is theirs; a shop that lives of others speaks for honesty."""
    told = scene.snapshot.orders
    in_shop = np.isin(told.shop, visits.shop[pairs]) & scene.paid
    whole = float(told.amount[in_shop].sum())
    own = float(told.amount[visits.orders_of(pairs)].sum())
    part = own / max(1.0, whole)
    return Sign(
        "part_of_sales",
        part,
        0.1,
        2.0 * (part - 0.1) if part > 0.1 else max(-SMALL_NATS_MAX, 2 * log(part / 0.1 + 1e-9)),
        f"他们的 {yuan(own)} 元占该店销售额的 {percent(part)}。",
        f"Their {yuan(own)} yuan are {percent(part)} of the shop's sales.",
    )


DETECTOR: Final = Detector(
    kind="round_trip",
    question="Do people who belong to a shop's owner buy there for the same amount repeatedly?",
    evidence="fraud/show_round_trip",
    picture="fraud/draw_round_trip",
    compared_with=(
        "other buyers of shops whose owner is known: their ties to the owner, how often they come "
        "back, and what they pay"
    ),
    thresholds=THRESHOLDS,
    find=find,
)
