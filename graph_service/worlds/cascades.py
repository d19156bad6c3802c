"""How does a share spread? Cascades with the sizes, depths and fan-outs of real reposts.

The real ones are the 117 readable cascades of 20 to 937 reposts in the Chinese Rumor Dataset
(thunlp/Chinese_Rumor_Dataset; Song et al. 2018). Only the numbers below were taken from them;
docs/worlds.md compares what they give with the real cascades.
"""

from math import exp
from random import Random

# Shares of a cascade, and the part of them made straight from its origin: deciles of the real.
SIZES = (20, 114, 142, 203, 236, 302, 345, 479, 598, 713, 937)
DIRECT_PARTS = (0.099, 0.271, 0.358, 0.453, 0.539, 0.618, 0.667, 0.735, 0.812, 0.875, 1.0)
# A reshare of a reshare goes to who was reshared before (so that hubs grow), to the latest
# (so that chains grow; how often is a cascade's own), else to any.
HUB_PART = 0.4
CHAIN_PART_MEAN = 0.4
CHAIN_PART_MAX = 0.6
# Among the latest so many shares, on average, a chain goes on.
CHAIN_BACK_MEAN = 1.5
CHAIN_SHARES_MIN = 12
# Seconds from a share to a reshare of it: log-normal, from the real median of 5,304 s and the
# tenth and ninetieth percentiles of 256 s and 169,690 s.
DELAY_LOG_MEAN = 8.58
DELAY_LOG_SD = 2.45
DELAY_S_MIN = 5
DELAY_S_MAX = 10 * 86_400


def draw_size(dice: Random, most: int) -> int:
    """How many shares a cascade holds, its origin among them; at most `most`."""
    return max(2, min(most, round(_between(SIZES, dice))))


def draw_shape(size: int, dice: Random) -> list[int]:
    """For each share of a cascade the one it reshares (an earlier place), -1 for the origin."""
    direct = _between(DIRECT_PARTS, dice)
    chain = min(CHAIN_PART_MAX, CHAIN_PART_MEAN * dice.expovariate(1))
    parents = [-1]
    # Shares that are not the origin, and the shares among them that were reshared.
    later: list[int] = []
    reshared: list[int] = []
    for place in range(1, size):
        if not later or dice.random() < direct:
            parents.append(0)
        else:
            parents.append(_parent(later, reshared, chain, dice))
            reshared.append(parents[-1])
        later.append(place)
    return parents


def _parent(later: list[int], reshared: list[int], chain: float, dice: Random) -> int:
    way = dice.random()
    if way < HUB_PART and reshared:
        return reshared[int(dice.random() * len(reshared))]
    if way < HUB_PART + chain:
        back = int(dice.expovariate(1 / CHAIN_BACK_MEAN)) if len(later) > CHAIN_SHARES_MIN else 0
        return later[-1 - min(back, len(later) - 1)]
    return later[int(dice.random() * len(later))]


def draw_delay(dice: Random) -> int:
    """Seconds from a share to a reshare of it."""
    drawn = exp(min(DELAY_LOG_MEAN + DELAY_LOG_SD * dice.gauss(0, 1), 20))
    return int(max(DELAY_S_MIN, min(drawn, DELAY_S_MAX)))


def _between(deciles: tuple[float, ...], dice: Random) -> float:
    """A draw from the distribution with these deciles, straight between them."""
    place = dice.random() * (len(deciles) - 1)
    lower = int(place)
    return deciles[lower] + (deciles[lower + 1] - deciles[lower]) * (place - lower)
