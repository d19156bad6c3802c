"""What each touch adds to the others: the Shapley value.

Source: Shapley, "A value for n-person games" (1953); for journeys Dalessandro, Perlich, Stitelman
and Provost, "Causally motivated attribution for online advertising", ADKDD 2012. Sampling: Castro,
Gómez and Tejada, "Polynomial calculation of the Shapley value based on sampling", Computers &
Operations Research 36 (2009).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Sets = NDArray[np.bool_]
Worths = NDArray[np.float64]
EXACT_MAX = 12
PERMUTATIONS = 1_000
SEED = 20_260_101
# A chance of 1 has no logarithm of what it leaves.
CHANCE_MAX = 1 - 1e-12


@dataclass(frozen=True)
class Values:
    """The value of each player, and its standard error: 0 where it is exact."""

    values: tuple[float, ...]
    errors: tuple[float, ...]


def shapley_values(
    players: int,
    worth: Callable[[Sets], Worths],
    *,
    exact_max: int = EXACT_MAX,
    permutations: int = PERMUTATIONS,
    seed: int = SEED,
) -> Values:
    """The Shapley values of a game; the empty set is worth 0.

    worth: of each row, a set of players. Up to exact_max players every set is looked at; beyond,
    the mean over so many orders of entry, drawn from the seed.
    """
    if players <= exact_max:
        return Values(_exact(players, worth), (0.0,) * players)
    draw = np.random.default_rng(seed)
    entered = np.tri(players, dtype=np.bool_)
    gains = np.empty((permutations, players))
    for i in range(permutations):
        places = draw.permutation(players)
        # Row j: those who are in once j + 1 have entered.
        sets = np.empty_like(entered)
        sets[:, places] = entered
        gains[i, places] = np.diff(worth(sets), prepend=0.0)
    errors = gains.std(axis=0, ddof=1) / np.sqrt(permutations)
    return Values(tuple(map(float, gains.mean(axis=0))), tuple(map(float, errors)))


def _exact(players: int, worth: Callable[[Sets], Worths]) -> tuple[float, ...]:
    numbers = np.arange(1 << players)
    sets = (numbers[:, None] >> np.arange(players)) & 1 == 1
    worths = worth(sets)
    sizes = sets.sum(axis=1)
    weights: Any = np.array(
        [
            factorial(size) * factorial(players - 1 - size) / factorial(players)
            for size in range(players)
        ]
    )
    values: list[float] = []
    for player in range(players):
        without = numbers[~sets[:, player]]
        gains = worths[without | (1 << player)] - worths[without]
        values.append(float(np.sum(weights[sizes[without]] * gains)))
    return tuple(values)


def any_of(chances: Sequence[float]) -> Callable[[Sets], Worths]:
    """The game in which a set is worth the chance that at least one of it converts, each alone."""
    left = np.log1p(-np.minimum(np.array(chances, dtype=float), CHANCE_MAX))

    def worth(sets: Sets) -> Worths:
        return -np.expm1(sets @ left)

    return worth
