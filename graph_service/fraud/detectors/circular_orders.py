"""Do owners of shops buy from one another in a circle, for like amounts, round after round?"""

from collections.abc import Sequence
from dataclasses import replace
from math import log
from typing import Final

import numpy as np

from graph_service.fraud.chains.cycles import joined, short_cycles
from graph_service.fraud.chains.trading import Trade, like_trade, trade_of
from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Detector, Finding, Threshold
from graph_service.fraud.scene import Floats, Scene
from graph_service.fraud.signs.amounts import amount_sign, likeness, mall_amounts
from graph_service.fraud.signs.weighing import (
    ALERT_NATS,
    HONEST_BESIDE,
    Sign,
    best_first,
    finding_of,
    percent,
)
from graph_service.snapshot.log import Ints, Numbers

THRESHOLDS: Final = {
    "length_least": Threshold(2, "owners", "issue 7: an owner's own shop is round_trip"),
    "length_max": Threshold(12, "owners", "issue 7 asks for 6; more cost little among owners"),
    "rounds_least": Threshold(2, "orders", "issue 7: repeated rounds; one round is a coincidence"),
    "alike_nats_least": Threshold(2.0, "nats", "issue 7: like amounts; 7 times chance"),
    "alert_nats": Threshold(ALERT_NATS, "nats", "3,000 honest candidates for one false, at 1 %"),
}
# Owners who know each other buy of each other more than chance has it: rarity says half.
CIRCLE_PART: Final = 0.5
# A stand-in may be a friend of the house who buys on their own account.
STAND_IN_NATS: Final = 0.7
# Somebody whom nothing ties to an owner is likelier a customer.
GUESS_NATS: Final = 3.5


def find(scene: Scene) -> list[Finding]:
    """Circles of owners, best first."""
    trade = trade_of(scene)
    often = np.flatnonzero(trade.count >= THRESHOLDS["rounds_least"].value)
    cycles = short_cycles(
        trade.buyer[often],
        trade.owner[often],
        scene.people,
        length_max=int(THRESHOLDS["length_max"].value),
    )
    if cycles.truncated:
        scene.notes.append("circular_orders: not all circles were searched")
    mall = mall_amounts(scene)
    amounts = scene.snapshot.orders.amount
    kept: list[tuple[int, ...]] = []
    for one in cycles.found:
        pairs = tuple(int(often[edge]) for edge in one)
        if (
            likeness(amounts[trade.orders_of(pairs)], mall).nats
            >= THRESHOLDS["alike_nats_least"].value
        ):
            kept.append(pairs)
    groups = joined([trade.buyer[list(one)].tolist() for one in kept], scene.people)
    round_and_round = [
        _finding(scene, trade, often, [kept[one] for one in group], mall) for group in groups
    ]
    known = trade.part(~trade.guessed[trade.orders])
    crosswise = [_crosswise(scene, *knot, mall) for knot in like_trade(scene, known)]
    found = _apart([*crosswise, *round_and_round])
    return best_first(replace(one, truncated=cycles.truncated) for one in found)


def _apart(found: Sequence[Finding]) -> list[Finding]:
    """Those of which not half the members are in a surer one, the larger of equals."""
    kept: list[Finding] = []
    for one in sorted(
        found, key=lambda one: (one.score < ALERT_SCORE, -len(one.members), -one.score)
    ):
        mine = set(one.members)
        if all(2 * len(mine & set(other.members)) < len(mine) for other in kept):
            kept.append(one)
    return kept


def _finding(
    scene: Scene,
    trade: Trade,
    often: Ints,
    circles: Sequence[tuple[int, ...]],
    mall: Floats,
) -> Finding:
    told = scene.snapshot.orders
    best = max(circles, key=lambda one: (len(one), int(trade.count[list(one)].sum()), one))
    pairs = sorted({pair for one in circles for pair in one})
    orders = trade.orders_of(pairs)
    same = likeness(told.amount[trade.orders_of(best)], mall)
    surprise = _surprise(scene, trade, often, best)
    turns, in_turn, turn_nats = _in_turn(trade, told.paid, best)
    rounds = float(trade.count[list(best)].min())
    signs = [
        _circle_sign(len(best), rounds, surprise),
        amount_sign(same),
        Sign(
            "in_turn",
            in_turn,
            1 / len(best),
            turn_nats,
            f"{turns} 次相邻的下单中有 {percent(in_turn)} 正好轮到下一家；"
            f"随机时约为 {percent(1 / len(best))}。",
            f"Of {turns} orders that follow each other {percent(in_turn)} are the next owner's "
            f"turn; by chance about {percent(1 / len(best))} are.",
        ),
    ]
    return _told(scene, trade, orders, signs)


def _crosswise(scene: Scene, knot: Trade, beside: Trade, mall: Floats) -> Finding:
    """A finding about owners who all buy of one another, each perhaps once of each.

    beside: what owners buy of one another for amounts as like.
    """
    told, owners = scene.snapshot.orders, np.unique(knot.buyer)
    same = likeness(told.amount[knot.orders], mall)
    branching = _branching(scene, beside, owners)
    signs = [
        Sign(
            "bought_crosswise",
            len(knot.orders),
            branching,
            min(8.0, CIRCLE_PART * len(owners) * max(0.0, -log(branching))),
            f"{len(owners)} 家店主交叉互相下单共 {len(knot.orders)} 笔，每家都既买又卖；"
            f"其他店主的一笔订单平均只引出 {branching:.2f} 笔。",
            f"{len(owners)} owners of shops bought of one another crosswise {len(knot.orders)} "
            f"times, each of them both buys and sells; an order of other owners is followed by "
            f"{branching:.2f} of the seller on average.",
        ),
        amount_sign(same),
    ]
    return _told(scene, knot, knot.orders, signs)


def _branching(scene: Scene, trade: Trade, owners: Ints) -> float:
    """How many orders of like amounts an order leads on to: below 1 circles close by chance seldom.

    As in random graphs that keep how much each owner buys and sells, those of the others.
    """
    others = ~(np.isin(trade.buyer, owners) & np.isin(trade.owner, owners))
    bought = np.bincount(trade.buyer[others], trade.count[others], scene.people)
    sold = np.bincount(trade.owner[others], trade.count[others], scene.people)
    return float((bought * sold).sum() + 1) / float(trade.count[others].sum() + HONEST_BESIDE)


def _told(scene: Scene, trade: Trade, orders: Ints, signs: Sequence[Sign]) -> Finding:
    """A finding with all accounts that buy or own here; stand-ins are told of and count less."""
    told, snapshot = scene.snapshot.orders, scene.snapshot
    stand_ins = np.unique(told.buyer[orders[trade.stood_in[orders]]])
    whole = [*signs]
    if len(stand_ins):
        whole.append(
            Sign(
                "stand_ins",
                len(stand_ins),
                0.0,
                -STAND_IN_NATS * len(stand_ins),
                f"其中 {len(stand_ins)} 个买家不是店主，而是与店主共用设备、地址等的账号。",
                f"{len(stand_ins)} of the buyers own no shop, but share a device, an address or "
                "the like with an owner.",
            )
        )
    strangers = np.unique(told.buyer[orders[trade.guessed[orders]]])
    if len(strangers):
        whole.append(
            Sign(
                "missing_hand",
                len(strangers),
                0.0,
                -GUESS_NATS * len(strangers),
                f"其中 {len(strangers)} 个买家与店主没有可见的关联，只是像其他人一样反复下单。",
                f"Nothing ties {len(strangers)} of the buyers to an owner; they only buy as the "
                "others do, again and again.",
            )
        )
    both = np.concatenate([told.buyer[orders], snapshot.owner[told.shop[orders]]])
    return finding_of("circular_orders", scene, np.unique(both).tolist(), whole, orders=orders)


def _surprise(scene: Scene, trade: Trade, often: Ints, circle: Sequence[int]) -> float:
    """Nats of such a circle when all owners keep how many they buy of and sell to."""
    out = np.bincount(trade.buyer[often], minlength=scene.people)
    into = np.bincount(trade.owner[often], minlength=scene.people)
    own = trade.buyer[list(circle)]
    chance = out[own] * into[own] / max(1, len(often))
    return float(np.clip(-np.log(np.minimum(1.0, chance)), 0, None).sum())


def _in_turn(trade: Trade, paid: Ints, circle: Sequence[int]) -> tuple[int, float, float]:
    """How many orders follow another, the part whose turn it was, and the nats of that."""
    place = np.concatenate(
        [np.full(int(trade.count[pair]), turn) for turn, pair in enumerate(circle)]
    )
    by_time: Numbers = place[np.argsort(paid[trade.orders_of(circle)], kind="stable")]
    length, turns = len(circle), len(place) - 1
    step = np.diff(by_time) % length
    # A circle may be gone round either way, and two owners always take turns or do not.
    hits = max(int((step == 1).sum()), int((step == length - 1).sum()))
    rate, chance = hits / turns, 1 / length
    if rate <= chance:
        return turns, rate, 0.0
    rest = 0.0 if rate == 1 else (1 - rate) * log((1 - rate) / (1 - chance))
    return turns, rate, min(6.0, turns * (rate * log(rate / chance) + rest))


def _circle_sign(length: int, rounds: float, surprise: float) -> Sign:
    return Sign(
        "closed_circle",
        length,
        float(np.exp(-surprise)),
        min(surprise * CIRCLE_PART, 8.0),
        f"{length} 家店主依次在下一家下单，形成闭环，每家至少 {rounds:.0f} 次。",
        f"{length} owners of shops each buy in the next one's shop, in a circle, at least "
        f"{rounds:.0f} times each.",
    )


DETECTOR: Final = Detector(
    kind="circular_orders",
    question="Do owners of shops buy from one another in a circle, again and again?",
    evidence="fraud/show_circular_orders",
    picture="fraud/draw_circular_orders",
    compared_with=(
        "owners of shops who keep how many they buy of and sell to, and the amounts of all orders"
    ),
    thresholds=THRESHOLDS,
    find=find,
)
