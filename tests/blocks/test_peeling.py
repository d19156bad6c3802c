"""Peeling against removing the lightest node again and again in plain Python."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.blocks import peeling
from graph_service.blocks.incidence import EdgesInvalid, Incidence
from graph_service.blocks.peeling import column_weights, densest_block, find_blocks
from tests.reference.incidences import incidence, incidences, peeled

priors = st.one_of(
    st.just([0.0] * 8), st.lists(st.sampled_from([0.0, 0.3, 2.0]), min_size=8, max_size=8)
)


@given(st.lists(incidences(), min_size=1, max_size=3), st.sampled_from([5.0, None]), priors)
def test_the_block_is_that_of_plain_peeling(
    parts: list[Incidence], offset: float | None, priors: list[float]
) -> None:
    expected = peeled(parts, offset, priors)

    found = densest_block(parts, offset=offset, row_priors=np.array(priors))

    if expected is None:
        assert found is None
        return
    assert found is not None
    rows, columns, density = expected
    assert set(found.rows.tolist()) == rows
    assert [set(one.tolist()) for one in found.columns] == columns
    assert found.density == pytest.approx(density)


@given(incidences(), st.sampled_from([5.0, None]))
def test_rounds_change_nothing(edges: Incidence, offset: float | None) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(peeling, "ROUND_LEAST", 1.0)
        slow = densest_block([edges], offset=offset)

    fast = densest_block([edges], offset=offset)

    assert (slow is None) == (fast is None)
    if slow is not None and fast is not None:
        assert slow.rows.tolist() == fast.rows.tolist()
        assert slow.density == fast.density


def test_popular_columns_hide_nobody() -> None:
    popular = [(r, 0) for r in range(30)] + [(r, 1) for r in range(30)]
    block = [(r, c) for r in range(30, 34) for c in range(2, 6)]
    edges = incidence([*popular, *block, *((r, 0) for r in range(30, 34))], 34, 6)

    found = densest_block([edges])

    assert found is not None
    assert found.rows.tolist() == [30, 31, 32, 33]


def test_blocks_come_one_after_the_other_and_stop_at_the_floor() -> None:
    big = [(r, c) for r in range(6) for c in range(6)]
    small = [(r, c) for r in range(6, 10) for c in range(6, 10)]
    edges = incidence([*big, *small, (10, 10)], 11, 11)

    blocks = list(find_blocks([edges], offset=None))
    above = list(find_blocks([edges], offset=None, density_least=1.5))

    assert [block.rows.tolist() for block in blocks] == [[*range(6)], [*range(6, 10)], [10]]
    assert [block.density for block in blocks] == [3.0, 2.0, 0.5]
    assert [block.density for block in above] == [3.0, 2.0]


def test_tokens_and_priors_make_a_block_that_purchases_alone_do_not() -> None:
    purchases = incidence([(r, r % 3) for r in range(12)], 12, 3)
    tokens = incidence([(r, c) for r in range(4) for c in range(3)], 12, 3, 2.0)

    found = densest_block([purchases, tokens], row_priors=np.array([0.5] * 4 + [0.0] * 8))

    assert found is not None
    assert found.rows.tolist() == [0, 1, 2, 3]
    assert found.columns[1].tolist() == [0, 1, 2]


def test_weights_are_those_of_the_paper() -> None:
    edges = incidence([(0, 0), (1, 0), (2, 1)], 3, 2, 2.0)

    assert column_weights(edges).tolist() == pytest.approx([2 / np.log(7), 2 / np.log(6)])
    assert column_weights(edges, offset=None).tolist() == [2.0, 2.0]


def test_parts_of_other_rows_are_refused() -> None:
    with pytest.raises(EdgesInvalid, match="same rows"):
        densest_block([incidence([(0, 0)], 1, 1), incidence([(0, 0)], 2, 1)])
    with pytest.raises(EdgesInvalid, match="prior"):
        densest_block([incidence([(0, 0)], 1, 1)], row_priors=np.array([-1.0]))
