"""Shuffles keep degrees; tails are those of dealing."""

from collections import Counter
from math import comb, exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.blocks.incidence import Incidence
from graph_service.blocks.nulls import (
    chance_densities,
    compare,
    excess,
    expected_edges,
    log_tail_exact,
    log_tail_poisson,
    naming_cost,
    shuffled,
)
from graph_service.blocks.peeling import densest_block
from tests.reference.incidences import incidence, incidences


@given(incidences(), st.integers(0, 99))
def test_a_shuffle_keeps_all_degrees(edges: Incidence, seed: int) -> None:
    dealt = shuffled(edges, np.random.default_rng(seed))

    assert dealt.rows.tolist() == edges.rows.tolist()
    assert Counter(dealt.columns.tolist()) == Counter(edges.columns.tolist())


def test_a_shuffle_of_a_sparse_graph_repeats_no_edge() -> None:
    generator = np.random.default_rng(5)
    edges = Incidence(
        generator.integers(0, 300, 900), generator.integers(0, 100, 900), 300, 100
    ).distinct()

    dealt = shuffled(edges, generator)

    assert len(dealt.distinct()) == len(edges)
    assert dealt.columns.tolist() != edges.columns.tolist()


def test_a_planted_block_lies_beyond_chance_and_the_same_seed_says_the_same() -> None:
    generator = np.random.default_rng(1)
    noise = np.column_stack((generator.integers(0, 200, 600), generator.integers(0, 80, 600)))
    block = np.array([(r, c) for r in range(10) for c in range(10)])
    edges = incidence([*map(tuple, noise.tolist()), *map(tuple, block.tolist())], 200, 80)
    edges = edges.distinct()

    def chance() -> list[float]:
        return chance_densities([edges], shuffles=19, generator=np.random.default_rng(7)).tolist()

    found = densest_block([edges])

    assert found is not None
    told = compare(found.density, np.array(chance()))
    assert told.tail == 1 / 20
    assert told.standard_score > 5
    assert chance() == chance()


def test_what_chance_reaches_is_no_rarity() -> None:
    assert compare(1.0, np.array([0.5, 1.0, 2.0])).tail == 3 / 4
    assert compare(1.0, np.array([1.0, 1.0])).standard_score == 0


@given(st.integers(0, 6), st.integers(1, 6), st.integers(1, 6))
def test_the_exact_tail_counts_all_ways_of_dealing(
    edges: int, row_degrees: int, column_degrees: int
) -> None:
    total = 12
    ways = sum(
        comb(row_degrees, k) * comb(total - row_degrees, column_degrees - k)
        for k in range(edges, column_degrees + 1)
    )

    found = log_tail_exact(edges, row_degrees, column_degrees, total)

    assert exp(found) == pytest.approx(ways / comb(total, column_degrees), abs=1e-12)


def test_the_tail_of_few_of_many_is_that_of_poisson() -> None:
    edges = incidence([(r % 4, r % 5) for r in range(20)], 4, 5)

    assert expected_edges(edges, 5, 8) == 2.0
    assert exp(log_tail_poisson(2, 2.0)) == pytest.approx(1 - 3 * exp(-2))
    assert log_tail_poisson(0, 0.0) == 0
    assert log_tail_poisson(1, 0.0) == -float("inf")


def test_excess_bounds_the_tail_and_naming_counts_choices() -> None:
    assert excess(3, 5) == 0
    for edges in range(2, 30):
        assert log_tail_poisson(edges, 1.5) <= -excess(edges, 1.5)
    assert naming_cost(3, 10) == pytest.approx(log(comb(10, 3)))
