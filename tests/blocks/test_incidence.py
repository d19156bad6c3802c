"""Edges, their copies, and the pairs that are made of them."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.blocks.incidence import (
    EdgesInvalid,
    Incidence,
    components,
    members_of,
    merge_copies,
    pairs_up_to,
    run_ends,
    slices_of,
)
from tests.reference.incidences import incidence, incidences


@given(incidences(timed=True))
def test_distinct_edges_are_each_once_and_the_earliest(edges: Incidence) -> None:
    first: dict[tuple[int, int], int] = {}
    assert edges.seconds is not None
    for row, column, at in zip(edges.rows, edges.columns, edges.seconds, strict=True):
        first[int(row), int(column)] = min(int(at), first.get((int(row), int(column)), int(at)))

    found = edges.distinct()

    assert found.seconds is not None
    kept = zip(found.rows.tolist(), found.columns.tolist(), found.seconds.tolist(), strict=True)
    assert list(kept) == [(*ends, at) for ends, at in sorted(first.items())]


@given(incidences())
def test_slices_hold_the_items_of_each_node_in_order(edges: Incidence) -> None:
    slices = slices_of(edges.rows, edges.columns, edges.row_count)

    nodes = np.array([3, 0, 3])
    expected = [
        int(column)
        for node in nodes
        for row, column in zip(edges.rows, edges.columns, strict=True)
        if row == node
    ]
    assert slices.of(nodes).tolist() == expected


@given(st.lists(st.integers(0, 3), max_size=20), st.sets(st.integers(0, 3)))
def test_pairs_are_all_within_a_run_but_of_those_left_out(
    runs: list[int], left_out: set[int]
) -> None:
    ordered = np.sort(np.array(runs, np.int64))
    ends = np.where(np.isin(ordered, list(left_out)), 0, run_ends(ordered))

    found = {
        (int(i), int(j))
        for one, other in pairs_up_to(ends)
        for i, j in zip(one, other, strict=True)
    }

    places = [i for i, run in enumerate(ordered) if run not in left_out]
    assert found == {(i, j) for i, j in combinations(places, 2) if ordered[i] == ordered[j]}


def test_variants_bought_at_the_same_moments_are_one_column() -> None:
    edges = incidence([(r, c, r) for r in range(4) for c in (0, 2)] + [(5, 1, 1)], 6, 3)

    copies = merge_copies(edges)

    assert copies.column_of[0] == copies.column_of[2] != copies.column_of[1]
    assert copies.incidence.column_count == 2


def test_the_same_buyers_at_other_moments_make_no_copies() -> None:
    edges = incidence([(r, c, 10 * c + r) for r in range(6) for c in range(3)], 6, 3)

    assert merge_copies(edges).incidence.column_count == 3


def test_without_times_nothing_is_a_copy() -> None:
    edges = incidence([(r, c) for r in range(6) for c in range(3)], 6, 3)

    assert merge_copies(edges).incidence.column_count == 3


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_members_of_components_are_the_largest_first(pairs: list[tuple[int, int]]) -> None:
    table = np.array(pairs, np.int64).reshape(-1, 2)

    groups = members_of(components(table[:, 0], table[:, 1], 10), 2)

    assert [len(group) for group in groups] == sorted(map(len, groups), reverse=True)
    for one, other in pairs:
        assert one == other or any({one, other} <= set(group.tolist()) for group in groups)


@pytest.mark.parametrize(
    ("rows", "columns", "text"),
    [([0, 9], [0, 0], "row outside"), ([0], [5], "column outside"), ([0, 1], [0], "one length")],
)
def test_edges_that_do_not_fit_are_refused(rows: list[int], columns: list[int], text: str) -> None:
    with pytest.raises(EdgesInvalid, match=text):
        Incidence(np.array(rows), np.array(columns), 3, 3)
