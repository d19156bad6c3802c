"""Columns grouped by member come to what plain loops find."""

from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise
from math import log2
from statistics import fmean, median_low, pstdev

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_service.features import grouping

ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 30), st.integers(0, 3)), max_size=40)
SIZE = 6
Group = list[tuple[int, int]]
SECOND = 1_000_000


def by_key(rows: list[tuple[int, int, int]]) -> list[Group]:
    found = defaultdict[int, list[tuple[int, int]]](list)
    for key, value, item in rows:
        found[key].append((value, item))
    return [found[key] for key in range(SIZE)]


@given(ROWS)
@settings(max_examples=60, deadline=None)
def test_statistics_are_those_of_plain_loops(rows: list[tuple[int, int, int]]) -> None:
    keys, values, items = np.array(rows, np.int64).reshape(-1, 3).T
    groups = by_key(rows)

    def plain(of: Callable[[Group], float], least: int = 1) -> list[float]:
        return [of(one) if len(one) >= least else np.nan for one in groups]

    def spread(one: Group) -> float:
        numbers = [value for value, _ in one]
        return pstdev(numbers) / fmean(numbers) if any(numbers) else np.nan

    def bits(one: Group) -> float:
        parts = [count / len(one) for count in Counter(item for _, item in one).values()]
        return abs(-sum(part * log2(part) for part in parts))

    def top(one: Group) -> float:
        return max(Counter(item for _, item in one).values()) / len(one)

    for got, expected in (
        (grouping.means(keys, values, SIZE), plain(lambda one: fmean(v for v, _ in one))),
        (grouping.medians(keys, values, SIZE), plain(lambda one: median_low(v for v, _ in one))),
        (grouping.maxima(keys, values, SIZE), plain(lambda one: max(v for v, _ in one))),
        (grouping.variation(keys, values, SIZE), plain(spread, least=3)),
        (grouping.entropy(keys, items, SIZE), plain(bits)),
        (grouping.top_part(keys, items, SIZE), plain(top)),
        (grouping.distinct(keys, items, SIZE), plain(lambda one: len({i for _, i in one}), 0)),
        (grouping.counts(keys, SIZE), plain(len, 0)),
    ):
        np.testing.assert_allclose(got, expected, atol=1e-9, equal_nan=True)


@given(ROWS, st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_the_most_within_a_time_is_that_of_plain_loops(
    rows: list[tuple[int, int, int]], seconds: int
) -> None:
    keys, values, _ = np.array(rows, np.int64).reshape(-1, 3).T

    got = grouping.most_within(keys, values * SECOND, SIZE, seconds)

    for key, group in enumerate(by_key(rows)):
        times = [value for value, _ in group]
        most = max((sum(0 <= other - at < seconds for other in times) for at in times), default=0)
        assert got[key] == most


@given(ROWS)
@settings(max_examples=40, deadline=None)
def test_gaps_are_between_rows_that_follow_each_other(rows: list[tuple[int, int, int]]) -> None:
    keys, values, _ = np.array(rows, np.int64).reshape(-1, 3).T

    owner, seconds = grouping.gaps(keys, values * SECOND)

    expected: list[tuple[int, float]] = []
    for key, group in enumerate(by_key(rows)):
        times = sorted(value for value, _ in group)
        expected += [(key, b - a) for a, b in pairwise(times)]
    assert list(zip(owner.tolist(), seconds.tolist(), strict=True)) == expected
