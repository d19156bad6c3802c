"""Circles of who earns from whom that are gone round again and again, whoever it is."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from graph_service.fraud.chains.chains import Ground
from graph_service.fraud.chains.cycles import short_cycles
from graph_service.fraud.chains.earning import Earnings
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.scene import Floats
from graph_service.fraud.signs.amounts import amount_sign
from graph_service.fraud.signs.weighing import Sign, finding_of

ROUNDS_LEAST: Final = 3
LENGTH_MAX: Final = 8
ALIKE_NATS_LEAST: Final = 2.0
# Friends buy of each other far more than chance has it, so a circle's rarity says half.
CIRCLE_PART: Final = 0.5
CIRCLE_NATS_MAX: Final = 8.0
ROUNDS_NATS_MAX: Final = 3.0


def circles_of(ground: Ground, mall: Floats) -> tuple[list[tuple[int, ...]], bool]:
    """Circles of pairs that are gone round again and again for like amounts; limit met?"""
    pairs, rounds = ground.pairs, ROUNDS_LEAST
    # A click that was not seen takes an order from a pair, so that one less is enough there.
    often = np.flatnonzero(pairs.earned >= rounds - 1)
    cycles = short_cycles(
        pairs.earner[often].astype(np.int64),
        pairs.buyer[often].astype(np.int64),
        ground.scene.people,
        length_max=LENGTH_MAX,
    )
    whole = [tuple(int(often[edge]) for edge in one) for one in cycles.found]
    return [
        one
        for one in whole
        if pairs.earned[list(one)].mean() > rounds - 1
        and ground.likeness(one, mall).nats >= ALIKE_NATS_LEAST
    ], cycles.truncated


def circle_finding(
    ground: Ground, circles: Sequence[tuple[int, ...]], mall: Floats, threshold: float
) -> Finding:
    """A finding about circles that hang together. threshold: nats of an alert."""
    pairs = ground.pairs
    rows = sorted({pair for one in circles for pair in one})
    longest = max(circles, key=lambda one: (len(one), one))
    turns = float(pairs.earned[list(longest)].mean())
    surprise = _surprise(pairs, longest, ground.scene.people)
    length = len(longest)
    signs = [
        Sign(
            "closed_circle",
            length,
            float(np.exp(-surprise)),
            min(surprise * CIRCLE_PART, CIRCLE_NATS_MAX),
            f"{length} 个账号依次从下一个的订单中获利，形成闭环。",
            f"{length} accounts each earn from the next one's orders, in a circle.",
        ),
        Sign(
            "rounds",
            turns,
            1.0,
            min(turns - 1, ROUNDS_NATS_MAX),
            f"这个环平均走了 {turns:.1f} 圈。",
            f"The circle was gone round {turns:.1f} times on average.",
        ),
        amount_sign(ground.likeness(rows, mall)),
    ]
    return finding_of(
        "self_referral_cycle",
        ground.scene,
        ground.accounts(rows),
        signs,
        orders=pairs.orders_of(np.array(rows, np.int64)),
        threshold=threshold,
    )


def _surprise(pairs: Earnings, circle: Sequence[int], people: int) -> float:
    """Nats of a circle if all keep how many they often earn from and often buy through."""
    often = pairs.earned >= ROUNDS_LEAST - 1
    out = np.bincount(pairs.earner[often], minlength=people)
    into = np.bincount(pairs.buyer[often], minlength=people)
    own = pairs.earner[list(circle)]
    chance = out[own] * into[own] / max(1, int(often.sum()))
    return float(np.clip(-np.log(np.minimum(1, chance)), 0, None).sum())
