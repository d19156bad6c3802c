"""Who is odd without labels, against plain loops, and within the alert budget."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_service.features.catalogue import LESS, MORE, NEITHER, Direction, Features
from graph_service.fraud.members.tails import rarity_of, tail_of, tails_of, within_budget

VALUES = st.lists(st.one_of(st.integers(0, 5), st.just(None)), min_size=1, max_size=30)


def features(values: list[list[float]], ways: tuple[Direction, ...]) -> Features:
    names = tuple(f"n{place}" for place in range(len(ways)))
    families = tuple("one" if place % 2 else "other" for place in range(len(ways)))
    return Features(names, np.array(values, np.float32), families, ways)


@given(VALUES, st.booleans())
@settings(max_examples=50, deadline=None)
def test_a_tail_is_the_part_that_is_as_far_out(values: list[int | None], less: bool) -> None:
    found = tail_of(np.array([np.nan if one is None else one for one in values]), less=less)

    known = [one for one in values if one is not None]
    for value, tail in zip(values, found, strict=True):
        if value is None:
            assert tail == 1
        else:
            beyond = sum(one <= value if less else one >= value for one in known)
            np.testing.assert_allclose(tail, beyond / len(known))


def test_only_the_risky_direction_is_odd() -> None:
    values = [[float(place)] * 3 for place in range(1_000)]

    found = tails_of(features(values, (MORE, LESS, NEITHER)))

    assert found.names == ("n0", "n1")
    assert found.surprise[999, 0] > 6 > found.surprise[0, 0] + 1
    assert found.surprise[0, 1] > 6 > found.surprise[999, 1] + 1


def test_unknown_values_are_no_evidence() -> None:
    values = [[np.nan, 1.0] for _ in range(99)] + [[np.nan, np.nan]]

    found = tails_of(features(values, (MORE, MORE)))

    assert (found.surprise[:, 0] == 0).all()
    assert found.surprise[99, 1] == 0


@given(st.integers(0, 1_000), st.integers(10, 3_000), st.sampled_from([0.0, 0.002, 0.01, 0.5]))
@settings(max_examples=40, deadline=None)
def test_no_more_than_the_budget_are_alerts_and_the_order_is_kept(
    seed: int, members: int, part: float
) -> None:
    strength = np.random.default_rng(seed).integers(0, 50, members).astype(np.float64)

    p = within_budget(strength, part)

    assert (p >= 0.5).sum() <= int(members * part)
    assert (np.diff(p[np.argsort(strength)]) >= -1e-12).all()


def test_the_rarest_of_a_family_differ_beyond_the_body() -> None:
    sums = np.random.default_rng(1).exponential(size=5_000)

    rarity = rarity_of(sums)

    order = np.argsort(sums)
    assert (np.diff(rarity[order]) >= -0.05).all()
    # Of 5,000 exponential draws the greatest is about one in 5,000.
    assert 6 < rarity.max() < 12
