"""Groups in step against all pairs of events in plain Python."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.blocks.incidence import EdgesInvalid, Incidence
from graph_service.blocks.synchrony import in_step
from tests.reference.incidences import connected, incidence, incidences, pairs_in_step


@given(incidences(timed=True), st.sampled_from([0, 3, 7]), st.integers(1, 3), st.integers(2, 4))
def test_groups_are_those_of_all_pairs(
    edges: Incidence, window: int, common: int, least: int
) -> None:
    shared = pairs_in_step(edges, window)
    enough = {pair: columns for pair, columns in shared.items() if len(columns) >= common}

    found = in_step(edges, window_days=window, common_least=common, members_least=least)

    assert {frozenset(one.rows.tolist()) for one in found.groups} == connected(list(enough), least)
    for group in found.groups:
        mine = {pair: enough[pair] for pair in enough if pair[0] in group.rows}
        told = {(a, b): c for (a, b), c in zip(group.pairs.tolist(), group.common, strict=True)}
        assert told == {pair: len(columns) for pair, columns in mine.items()}
        assert set(group.columns.tolist()) == set().union(*mine.values())


def test_a_ring_that_meets_over_midnights_and_weeks_is_found() -> None:
    # Days 6 and 7 lie in two weeks of seven days.
    edges = incidence([(r, c, 6 + (r + c) % 2) for r in range(5) for c in range(3)], 5, 3)

    found = in_step(edges, window_days=3)

    assert [group.rows.tolist() for group in found.groups] == [[0, 1, 2, 3, 4]]
    assert found.groups[0].last_second - found.groups[0].first_second <= 3 * 86_400


def test_a_sale_on_what_always_sold_gives_no_pairs() -> None:
    # Two products sell once a week for two years, then 60 members buy both in two days.
    usual = [(60 + 2 * week + c, c, 7 * week) for week in range(100) for c in range(2)]
    sale = [(r, c, 710 + r % 2) for r in range(60) for c in range(2)]
    edges = incidence([*usual, *sale], 260, 2)

    found = in_step(edges, common_least=2)
    new = in_step(incidence(sale, 60, 2), common_least=2)

    assert found.groups == ()
    assert found.crowded_events == len(sale)
    assert [len(group.rows) for group in new.groups] == [60]


def test_too_many_pairs_lower_the_crowd_that_is_taken() -> None:
    crowd = [(r, 0, 1) for r in range(40)]
    ring = [(r, c, 50) for r in range(5) for c in range(1, 4)]
    edges = incidence([*crowd, *ring], 40, 4)

    found = in_step(edges, pairs_max=100)

    assert found.buyers_max < 40
    assert found.crowded_events == 40
    assert [group.rows.tolist() for group in found.groups] == [[0, 1, 2, 3, 4]]


def test_no_events_are_no_groups_and_no_times_are_refused() -> None:
    empty = np.zeros(0, np.int64)
    nothing = Incidence(empty, empty, 3, 3, empty)

    assert in_step(nothing).groups == ()
    with pytest.raises(EdgesInvalid, match="time"):
        in_step(incidence([(0, 0)], 1, 1))
