"""The allowance's rule: the worked example, the floor, and that clones never gain."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.rewards.allowance import split_allowance

BETA = Fraction(1, 4)
clicks_lists = st.lists(st.integers(0, 200), min_size=1, max_size=12)
pools = st.integers(0, 10**9)


def test_the_worked_example_is_split_as_the_design_says() -> None:
    clicks = [10, 8, 47, 3, 1]

    split = split_allowance(500, clicks, [False] * 5, BETA)

    assert split.amounts_minor == (118, 83, 288, 6, 1)
    assert split.kept_minor == 4


def test_an_excluded_step_keeps_its_place_and_its_amount_stays_with_the_platform() -> None:
    excluded = [False, False, True, False, False]

    split = split_allowance(500, [10, 8, 47, 3, 1], excluded, BETA)

    assert split.amounts_minor == (118, 83, 0, 6, 1)
    assert split.kept_minor == 4 + 288


@pytest.mark.parametrize("clicks", [[], [0], [0, 0, 0]])
def test_without_people_everything_is_kept(clicks: list[int]) -> None:
    split = split_allowance(500, clicks, [False] * len(clicks), BETA)

    assert split.kept_minor == 500
    assert split.amounts_minor == (0,) * len(clicks)


@given(pool=pools, clicks=clicks_lists)
def test_nothing_is_lost_and_nothing_is_made(pool: int, clicks: list[int]) -> None:
    split = split_allowance(pool, clicks, [False] * len(clicks), BETA)

    assert sum(split.amounts_minor) + split.kept_minor == pool
    assert split.kept_minor >= 0
    assert sum(split.shares) == (1 if sum(clicks) else 0)
    assert all(share >= 0 for share in split.shares)


@given(pool=pools, clicks=clicks_lists, data=st.data())
def test_a_step_that_splits_itself_into_clones_never_gains(
    pool: int, clicks: list[int], data: st.DataObject
) -> None:
    step = data.draw(st.integers(0, len(clicks) - 1))
    cuts = data.draw(st.lists(st.integers(0, clicks[step]), min_size=1, max_size=6))
    ends = [0, *sorted(cuts), clicks[step]]
    clones = [upper - lower for lower, upper in pairwise(ends)]
    split_up = [*clicks[:step], *clones, *clicks[step + 1 :]]

    honest = split_allowance(pool, clicks, [False] * len(clicks), BETA)
    cloned = split_allowance(pool, split_up, [False] * len(split_up), BETA)

    gained = sum(cloned.amounts_minor[step : step + len(clones)])
    assert gained <= honest.amounts_minor[step]
