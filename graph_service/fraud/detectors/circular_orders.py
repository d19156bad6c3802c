"""Do owners of shops buy from one another for like amounts, in a circle or crosswise, repeatedly?

Themselves, or through accounts that are close to them, and once at most through a stranger.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import log
from typing import Final

import numpy as np

from graph_service.fraud.chains.cycles import joined, short_cycles
from graph_service.fraud.chains.rounds import CIRCLE_NATS_MAX, CIRCLE_PART
from graph_service.fraud.chains.trading import (
    CLOSE_NATS_LEAST,
    LENGTH_MAX,
    ORDERS_EACH,
    OWNERS_LEAST,
    ROUNDS_LEAST,
    Trade,
    expected_among,
    like_trade,
    trades_of,
)
from graph_service.fraud.detectors.shape import Detector, Finding, Threshold
from graph_service.fraud.scene import Floats, Scene
from graph_service.fraud.signs.amounts import amount_sign, likeness, mall_amounts
from graph_service.fraud.signs.weighing import (
    ALERT_NATS,
    SIGN_NATS_MAX,
    Sign,
    best_first,
    finding_of,
    percent,
)
from graph_service.snapshot.log import NONE, Ints, Numbers

THRESHOLDS: Final = {
    "length_least": Threshold(2, "owners", "issue 7: an owner's own shop is round_trip"),
    "length_max": Threshold(
        LENGTH_MAX, "owners", "issue 7 asks for 6; more cost little among owners"
    ),
    "rounds_least": Threshold(
        ROUNDS_LEAST, "orders", "issue 7: repeated rounds; one is a coincidence"
    ),
    "alike_nats_least": Threshold(2.0, "nats", "issue 7: like amounts; 7 times chance"),
    "crosswise_owners_least": Threshold(
        OWNERS_LEAST, "owners", "of three who deal often each pair does so twice, which is a circle"
    ),
    "crosswise_orders_each": Threshold(
        ORDERS_EACH, "orders", "sellers who help one another out buy about two of one another each"
    ),
    "close_nats_least": Threshold(CLOSE_NATS_LEAST, "nats", "a household's address says about 1"),
    "stand_in_nats": Threshold(0.7, "nats", "may be a friend of the house who buys for herself"),
    "missing_hand_nats": Threshold(3.5, "nats", "whom nothing ties to an owner is a customer"),
    "alert_nats": Threshold(ALERT_NATS, "nats", "3,000 honest candidates for one false, at 1 %"),
}


def find(scene: Scene) -> list[Finding]:
    """Circles of owners, best first."""
    trades = trades_of(scene)
    mall = mall_amounts(scene)
    known, cut = _circles(scene, trades.known, mall)
    circles = [_finding(scene, trades.known, group, mall) for group in known]
    if trades.guessed is not None:
        guessed, guessed_cut = _circles(scene, trades.guessed, mall)
        whole = {owner for group in known for one in group for owner in _owners(trades.known, one)}
        circles += [
            _finding(scene, trades.guessed, group, mall)
            for group in guessed
            if whole.isdisjoint(owner for one in group for owner in _owners(trades.guessed, one))
        ]
        cut = cut or guessed_cut
    if cut or trades.truncated:
        scene.notes.append("circular_orders: not all circles were searched")
    knots = like_trade(scene, trades.known)
    crosswise = [
        one for knot in knots if (one := _crosswise(scene, trades.known, knot, mall)) is not None
    ]
    found = _apart([*crosswise, *circles])
    return best_first(replace(one, truncated=cut or trades.truncated) for one in found)


def _circles(scene: Scene, trade: Trade, mall: Floats) -> tuple[list[list[tuple[int, ...]]], bool]:
    """Circles of pairs for like amounts, as groups that hang together; limit met?"""
    often = np.flatnonzero(trade.count >= THRESHOLDS["rounds_least"].value)
    cycles = short_cycles(
        trade.buyer[often],
        trade.owner[often],
        scene.people,
        length_max=int(THRESHOLDS["length_max"].value),
    )
    amounts = scene.snapshot.orders.amount
    kept: list[tuple[int, ...]] = []
    for one in cycles.found:
        pairs = tuple(int(often[edge]) for edge in one)
        if (
            likeness(amounts[trade.orders_of(pairs)], mall).nats
            >= THRESHOLDS["alike_nats_least"].value
        ):
            kept.append(pairs)
    groups = joined([_owners(trade, one) for one in kept], scene.people)
    return [[kept[one] for one in group] for group in groups], cycles.truncated


def _owners(trade: Trade, pairs: Sequence[int]) -> list[int]:
    return trade.buyer[list(pairs)].tolist()


def _apart(found: Sequence[Finding]) -> list[Finding]:
    """Those of which not half the members are in a surer one."""
    kept: list[Finding] = []
    for one in sorted(found, key=lambda one: (-one.score, -len(one.members), one.members)):
        mine = set(one.members)
        if all(2 * len(mine & set(other.members)) < len(mine) for other in kept):
            kept.append(one)
    return kept


def _finding(
    scene: Scene, trade: Trade, circles: Sequence[tuple[int, ...]], mall: Floats
) -> Finding:
    told = scene.snapshot.orders
    best = max(circles, key=lambda one: (len(one), int(trade.count[list(one)].sum()), one))
    pairs = sorted({pair for one in circles for pair in one})
    same = likeness(told.amount[trade.orders_of(best)], mall)
    surprise = _surprise(scene, trade, best)
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
    return _told(scene, trade, pairs, signs)


def _crosswise(scene: Scene, trade: Trade, knot: Trade, mall: Floats) -> Finding | None:
    """A finding about owners who buy of one another, each perhaps once of each, for like amounts.

    None where all that they buy of one another is not alike.
    """
    owners = np.unique(knot.buyer)
    among = np.flatnonzero(np.isin(trade.buyer, owners) & np.isin(trade.owner, owners))
    same = likeness(scene.snapshot.orders.amount[trade.orders_of(among.tolist())], mall)
    if same.nats < THRESHOLDS["alike_nats_least"].value:
        return None
    count, expected = len(knot.orders), expected_among(scene, owners, knot.orders)
    signs = [
        Sign(
            "bought_crosswise",
            count,
            expected,
            CIRCLE_PART * _beyond(scene, len(owners), count, expected),
            f"{len(owners)} 家店主交叉互相下单 {count} 笔，每家都既买又卖；"
            f"若他们像所有人一样四处下单，应约有 {expected:.1f} 笔。",
            f"{len(owners)} owners of shops bought of one another crosswise {count} times, each of "
            f"them both buys and sells; if they bought wherever others do it would be about "
            f"{expected:.1f}.",
        ),
        amount_sign(same),
    ]
    return _told(scene, knot, range(len(knot.count)), signs)


def _beyond(scene: Scene, owners: int, count: int, expected: float) -> float:
    """Nats of so many orders where so many are expected, less those of choosing the owners."""
    if count <= expected:
        return 0.0
    least = max(expected, 0.1)
    surprise = count * log(count / least) - (count - least)
    every = len(np.unique(scene.snapshot.owner[scene.snapshot.owner != NONE]))
    chosen = owners * log(max(1.0, every / owners)) + owners
    return float(np.clip(surprise - chosen, 0.0, 2 * SIGN_NATS_MAX))


def _told(scene: Scene, trade: Trade, pairs: Sequence[int], signs: Sequence[Sign]) -> Finding:
    """A finding with all accounts that buy or own here; that others bought for owners counts less.

    Whom somebody close to an owner is, who bought but once, is not of it.
    """
    told, snapshot = scene.snapshot.orders, scene.snapshot
    orders = trade.orders_of(pairs)
    times = np.bincount(told.buyer[orders], minlength=scene.people)
    orders = orders[~trade.stood_in[orders] | (times[told.buyer[orders]] > 1)]
    stand_ins = np.unique(told.buyer[orders[trade.stood_in[orders]]])
    only = sum(bool(trade.stood_in[trade.orders_of([one])].all()) for one in pairs)
    whole = [*signs]
    if len(stand_ins):
        whole.append(
            Sign(
                "stand_ins",
                len(stand_ins),
                0.0,
                -THRESHOLDS["stand_in_nats"].value * only,
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
                -THRESHOLDS["missing_hand_nats"].value * len(strangers),
                f"其中 {len(strangers)} 个买家与店主没有少见的共同之处，只是像其他人一样反复下单。",
                f"{len(strangers)} of the buyers have nothing rare in common with an owner; they "
                "only buy as the others do, again and again.",
            )
        )
    both = np.concatenate([told.buyer[orders], snapshot.owner[told.shop[orders]]])
    return finding_of("circular_orders", scene, np.unique(both).tolist(), whole, orders=orders)


def _surprise(scene: Scene, trade: Trade, circle: Sequence[int]) -> float:
    """Nats of such a circle when all owners keep how many they often buy of and sell to."""
    often = np.flatnonzero(trade.count >= THRESHOLDS["rounds_least"].value)
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
        min(surprise * CIRCLE_PART, CIRCLE_NATS_MAX),
        f"{length} 家店主依次在下一家下单，形成闭环，每一环至少 {rounds:.0f} 笔。",
        f"{length} owners of shops each buy in the next one's shop, in a circle, with at least "
        f"{rounds:.0f} orders each.",
    )


DETECTOR: Final = Detector(
    kind="circular_orders",
    question="Do owners of shops buy from one another in a circle or crosswise, repeatedly?",
    evidence="fraud/show_circular_orders",
    picture="fraud/draw_circular_orders",
    compared_with=(
        "owners of shops who keep how many they buy of and sell to, all buyers of shops, and the "
        "amounts of all orders"
    ),
    thresholds=THRESHOLDS,
    find=find,
)
