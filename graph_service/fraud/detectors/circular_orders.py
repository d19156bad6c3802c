"""Do owners of shops buy from one another in a circle, for like amounts, round after round?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Final

import numpy as np

from graph_service.fraud.chains.cycles import joined, short_cycles
from graph_service.fraud.detectors.shape import Detector, Finding, Threshold
from graph_service.fraud.scene import Floats, Scene
from graph_service.fraud.signs.amounts import amount_sign, likeness, mall_amounts
from graph_service.fraud.signs.weighing import ALERT_NATS, Sign, best_first, finding_of, percent
from graph_service.snapshot.log import NONE, Ints, Numbers

THRESHOLDS: Final = {
    "length_least": Threshold(2, "owners", "issue 7: an owner's own shop is round_trip"),
    "length_max": Threshold(12, "owners", "issue 7 asks for 6; more cost little among owners"),
    "rounds_least": Threshold(2, "orders", "issue 7: repeated rounds; one round is a coincidence"),
    "alike_nats_least": Threshold(2.0, "nats", "issue 7: like amounts; 7 times chance"),
    "alert_nats": Threshold(ALERT_NATS, "nats", "3,000 honest candidates for one false, at 1 %"),
}
# Owners who know each other buy of each other more than chance has it: rarity says half.
CIRCLE_PART: Final = 0.5


@dataclass(frozen=True)
class _Trade:
    """Who buys in whose shop: persons by number; the orders of pair i from starts[i] on."""

    buyer: Ints
    owner: Ints
    count: Ints
    starts: Ints
    orders: Ints

    def orders_of(self, pairs: Sequence[int]) -> Ints:
        """Orders of these pairs."""
        parts = [self.orders[self.starts[one] : self.starts[one + 1]] for one in pairs]
        return np.concatenate([np.empty(0, np.int64), *parts])


def find(scene: Scene) -> list[Finding]:
    """Circles of owners, best first."""
    trade = _trade(scene)
    often = np.flatnonzero(trade.count >= THRESHOLDS["rounds_least"].value)
    if not len(often):
        return []
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
    found = [_finding(scene, trade, often, [kept[one] for one in group], mall) for group in groups]
    return best_first(replace(one, truncated=cycles.truncated) for one in found)


def _trade(scene: Scene) -> _Trade:
    """Orders of owners of shops in shops of other owners, by persons."""
    told, person = scene.snapshot.orders, scene.snapshot.members.person
    owner = np.where(told.shop != NONE, scene.snapshot.owner[np.maximum(told.shop, 0)], NONE)
    rows = np.flatnonzero((told.buyer != NONE) & (owner != NONE))
    buyer = person[told.buyer[rows]].astype(np.int64)
    seller = person[owner[rows]].astype(np.int64)
    owners = np.unique(person[scene.snapshot.owner[scene.snapshot.owner != NONE]])
    between = (buyer != seller) & np.isin(buyer, owners)
    rows, keys = rows[between], buyer[between] * scene.people + seller[between]
    order = np.lexsort((told.paid[rows], keys))
    pairs, starts, count = np.unique(keys[order], return_index=True, return_counts=True)
    return _Trade(
        pairs // max(1, scene.people),
        pairs % max(1, scene.people),
        count.astype(np.int64),
        np.append(starts, len(rows)).astype(np.int64),
        rows[order].astype(np.int64),
    )


def _finding(
    scene: Scene,
    trade: _Trade,
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
    members = _accounts(scene, orders, trade.buyer[pairs])
    return finding_of("circular_orders", scene, members, signs, orders=orders)


def _accounts(scene: Scene, orders: Ints, persons: Ints) -> list[int]:
    """The accounts of these persons that buy or own here."""
    told, snapshot = scene.snapshot.orders, scene.snapshot
    shops = told.shop[orders]
    both = np.concatenate([told.buyer[orders], snapshot.owner[shops]])
    inside = np.isin(snapshot.members.person[both], persons)
    return np.unique(both[inside]).tolist()


def _surprise(scene: Scene, trade: _Trade, often: Ints, circle: Sequence[int]) -> float:
    """Nats of such a circle when all owners keep how many they buy of and sell to."""
    out = np.bincount(trade.buyer[often], minlength=scene.people)
    into = np.bincount(trade.owner[often], minlength=scene.people)
    own = trade.buyer[list(circle)]
    chance = out[own] * into[own] / max(1, len(often))
    return float(np.clip(-np.log(np.minimum(1.0, chance)), 0, None).sum())


def _in_turn(trade: _Trade, paid: Ints, circle: Sequence[int]) -> tuple[int, float, float]:
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
