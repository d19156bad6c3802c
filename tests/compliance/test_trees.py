"""Sums, levels and rings on arrays are what walking each tree by itself gives."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graph_service.compliance.trees import (
    NOBODY,
    levels_of,
    marked_below,
    most_of,
    sums_of,
    trees_of,
    uplines_of,
)


def walked(inviters: list[int], top: int) -> list[set[int]]:
    """The members of a tree, level by level, each of them once."""
    met, levels = {top}, [{top}]
    while levels[-1]:
        level = {i for i, one in enumerate(inviters) if one in levels[-1]} - met
        met |= level
        levels.append(level)
    return levels[:-1]


@given(st.lists(st.tuples(st.integers(-1, 11), st.integers(-5, 9), st.booleans()), max_size=12))
def test_arrays_and_walks_agree_also_where_bindings_go_round(
    rows: list[tuple[int, int, bool]],
) -> None:
    count = len(rows)
    inviters = [one if one < count and one != i else NOBODY for i, (one, _, _) in enumerate(rows)]
    values = np.array([value for _, value, _ in rows], dtype=np.int64)
    tops = np.array([top for _, _, top in rows], dtype=np.bool_)

    trees = trees_of(np.array(inviters, dtype=np.int64))
    sums, most = sums_of(trees, values), most_of(trees, values)
    levels, marks = levels_of(trees), marked_below(trees, tops)

    below = [walked(inviters, place) for place in range(count)]
    people = [sorted(set[int]().union(*one)) for one in below]
    assert levels.tolist() == [len(one) for one in below]
    assert sums.tolist() == [sum(int(values[i]) for i in one) for one in people]
    assert most.tolist() == [max(int(values[i]) for i in one) for one in people]
    assert np.flatnonzero(marks).tolist() == sorted(
        {i for place in range(count) if tops[place] for i in people[place]}
    )
    for place in range(count):
        above = set(uplines_of(np.array(inviters, dtype=np.int64), place))
        assert above == {top for top in range(count) if place in people[top]}


def test_a_line_as_deep_as_any_and_a_large_ring_are_added_up() -> None:
    line = np.arange(-1, 99_999, dtype=np.int64)
    ring = np.array([4_999, *range(4_999)], dtype=np.int64)

    deep, round_ = trees_of(line[:512]), trees_of(ring)

    assert levels_of(deep).tolist() == list(range(512, 0, -1))
    assert set(levels_of(round_).tolist()) == {5_000}
    assert set(sums_of(round_, np.ones(5_000, dtype=np.int64)).tolist()) == {5_000}


def test_nobody_at_all_has_no_trees() -> None:
    trees = trees_of(np.array([], dtype=np.int64))

    assert levels_of(trees).tolist() == []
