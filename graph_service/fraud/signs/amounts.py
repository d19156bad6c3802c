"""Are amounts more alike than those of this mall are by chance?"""

from dataclasses import dataclass
from math import log

import numpy as np

from graph_service.fraud.scene import Floats, Scene
from graph_service.fraud.signs.weighing import Sign, percent, yuan
from graph_service.snapshot.log import Ints

# The part of a group's orders that counts as its like amounts; the others may be camouflage.
CORE_PART = 0.75
# Amounts are never told apart by less than this (log), as prices end in round numbers.
WIDTH_LEAST = 0.01
# Beyond it (about ± 35 %) amounts are not called alike.
WIDTH_MOST = 0.3
# Amounts alone can give a made-up set away (fraud.md, AMLSim), so they never say more.
AMOUNT_NATS_MAX = 6.0


# Who sends money round has a good of each of a few amounts.
PRICES_MAX = 3
PRICE_WIDTH = 0.03


@dataclass(frozen=True)
class Likeness:
    """How alike amounts are. typical: the middle one (minor units); width: within ± this (log).

    rate: the part of the mall's orders that are as near to the typical one; nats: 0 where that is
    no surprise.
    """

    typical: float
    width: float
    rate: float
    nats: float
    count: int


def mall_amounts(scene: Scene) -> Floats:
    """The logarithms of the amounts of all paid orders, sorted."""
    amounts = scene.snapshot.orders.amount[scene.paid]
    return np.sort(np.log(np.maximum(1, amounts)))


def likeness(amounts: Ints, mall: Floats) -> Likeness:
    """How alike these amounts are, against those of the mall."""
    if len(amounts) < 2 or not len(mall):
        return Likeness(float(amounts.sum()), 1.0, 1.0, 0.0, len(amounts))
    logs = np.log(np.maximum(1, amounts))
    middle = float(np.median(logs))
    apart = np.sort(np.abs(logs - middle))
    width = max(WIDTH_LEAST, float(apart[int(np.ceil(CORE_PART * len(apart))) - 1]))
    count = int((apart <= width).sum())
    low, high = np.searchsorted(mall, [middle - width, middle + width])
    rate = min(1.0, (high - low + 1) / (len(mall) + 1))
    surprise = (count - 1) * -log(rate) if width <= WIDTH_MOST else 0.0
    # Which of them count is chosen after the fact: so many of so many.
    chosen = log(len(amounts) + 1) * (len(amounts) - count + 1)
    nats = float(np.clip(surprise - chosen, 0.0, AMOUNT_NATS_MAX))
    return Likeness(float(np.exp(middle)), width, rate, nats, count)


def few_prices(amounts: Ints, mall: Floats) -> Likeness:
    """As likeness, of amounts that are some few prices' (PRICES_MAX) again and again.

    typical: the most usual price. Each price is within PRICE_WIDTH, and pays for being chosen.
    """
    whole = likeness(amounts, mall)
    if len(amounts) < 2 or not len(mall):
        return whole
    left = np.sort(np.log(np.maximum(1, amounts)))
    count, nats, rate, first = 0, 0.0, 0.0, 0.0
    for price in range(PRICES_MAX):
        low = np.searchsorted(left, left - PRICE_WIDTH)
        high = np.searchsorted(left, left + PRICE_WIDTH, side="right")
        if not len(left) or (high - low).max() < 2:
            break
        middle = int((high - low).argmax())
        start, end = int(low[middle]), int(high[middle])
        near = np.searchsorted(mall, [left[middle] - PRICE_WIDTH, left[middle] + PRICE_WIDTH])
        part = min(1.0, (int(near[1] - near[0]) + 1) / (len(mall) + 1))
        nats += (end - start - 1) * -log(part)
        count, rate = count + end - start, rate + part
        first = first if price else float(left[middle])
        left = np.delete(left, np.arange(start, end))
    nats -= log(len(amounts) + 1) * (len(amounts) - count + PRICES_MAX)
    if count < CORE_PART * len(amounts) or nats <= whole.nats:
        return whole
    capped = float(np.clip(nats, 0.0, AMOUNT_NATS_MAX))
    return Likeness(float(np.exp(first)), PRICE_WIDTH, min(1.0, rate), capped, count)


def amount_sign(same: Likeness) -> Sign:
    """How alike amounts are, in words."""
    typical, rate = yuan(same.typical), percent(same.rate)
    return Sign(
        "like_amounts",
        same.typical / 100,
        same.rate,
        same.nats,
        f"金额相近，多为 {typical} 元左右；其他订单中 {rate} 如此。",
        f"Amounts are alike, around {typical} yuan; {rate} of other orders are.",
    )
