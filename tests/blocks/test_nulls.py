"""An excess bounds the tail of chance, and naming counts choices."""

from math import comb, log

import pytest
from scipy.stats import poisson

from graph_service.blocks.nulls import excess, naming_cost


@pytest.mark.parametrize("edges", range(2, 30))
def test_an_excess_bounds_the_tail_of_chance(edges: int) -> None:
    assert poisson.logsf(edges - 1, 1.5) <= -excess(edges, 1.5)


def test_what_is_no_denser_than_chance_exceeds_nothing() -> None:
    assert excess(3, 5) == 0
    assert excess(3, 0) == 0


def test_naming_counts_choices() -> None:
    assert naming_cost(3, 10) == pytest.approx(log(comb(10, 3)))
