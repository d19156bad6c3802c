"""Shapley values against every order of entry, their axioms, and the error of a sample."""

from itertools import permutations
from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.influence.coalitions import Sets, Worths, any_of, shapley_values

chances = st.lists(st.floats(0, 1), min_size=1, max_size=6)


def by_every_order(players: int, table: list[float]) -> list[float]:
    """The mean gain over all orders of entry; table: the worth of each set, by its bits."""
    sums = [0.0] * players
    for entry in permutations(range(players)):
        now = 0
        for player in entry:
            sums[player] += table[now | 1 << player] - table[now]
            now |= 1 << player
    return [one / factorial(players) for one in sums]


@given(st.data(), st.integers(1, 5))
def test_exact_values_are_the_mean_over_all_orders_of_entry(
    world: st.DataObject, players: int
) -> None:
    size = 1 << players
    table = [0.0, *world.draw(st.lists(st.floats(-9, 9), min_size=size - 1, max_size=size - 1))]

    def worth(sets: Sets) -> Worths:
        return np.array(table)[sets @ (1 << np.arange(players))]

    found = shapley_values(players, worth)

    assert found.values == pytest.approx(by_every_order(players, table))
    assert set(found.errors) == {0.0}


@given(chances)
def test_values_add_up_to_the_worth_of_all_and_none_is_negative(parts: list[float]) -> None:
    worth = any_of(parts)

    found = shapley_values(len(parts), worth).values

    together = 1 - float(np.prod(1 - np.array(parts)))
    assert sum(found) == pytest.approx(together, abs=1e-9)
    assert min(found) >= -1e-12


def test_a_sample_is_within_its_error_and_the_same_again() -> None:
    parts = [0.02 * (one + 1) for one in range(16)]
    exact = shapley_values(16, any_of(parts), exact_max=16).values

    found = shapley_values(16, any_of(parts))

    assert found == shapley_values(16, any_of(parts))
    assert min(found.errors) > 0
    off = [abs(a - b) / e for a, b, e in zip(found.values, exact, found.errors, strict=True)]
    assert max(off) < 4
