"""Are tails those of adding up chances, and do signs come to a score with its reasons?"""

from math import comb, exp, factorial, gamma, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.fraud.odds import (
    Sign,
    Spread,
    at_least,
    at_least_among,
    at_most,
    many,
    percent,
    scored,
    shrunk,
    spread_of,
    yuan,
)


def sign(feature: str, strength: float) -> Sign:
    return Sign(feature, strength, 1.0, 0.0, "一句。", "A sentence.")


@given(st.integers(0, 20), st.integers(1, 20), st.floats(0.05, 0.95))
def test_tails_of_binomials_are_sums_of_chances(count: int, of: int, rate: float) -> None:
    chances = [comb(of, one) * rate**one * (1 - rate) ** (of - one) for one in range(of + 1)]
    above, below = sum(chances[min(count, of + 1) :]), sum(chances[: count + 1])

    assert float(at_least(count, of, rate)) == pytest.approx(
        min(700.0, -log(above or 1e-305)), 1e-6
    )
    assert float(at_most(count, of, rate)) == pytest.approx(max(0.0, -log(below)), abs=1e-9)


@given(st.integers(0, 15), st.floats(0.05, 10))
def test_tails_of_poissons_are_sums_of_chances(count: int, mean: float) -> None:
    below = sum(exp(-mean) * mean**one / factorial(one) for one in range(count))

    assert exp(-float(many(count, mean))) == pytest.approx(1 - below, abs=1e-12)


def test_a_part_of_few_is_drawn_towards_the_usual() -> None:
    assert float(shrunk(1, 1, towards=0.1, weight=9)) == pytest.approx(0.19)


def test_signs_at_the_threshold_are_an_alert_and_reasons_add_up() -> None:
    score, reasons = scored([sign("a", 6), sign("b", 8), sign("c", -2)], 12)

    assert score == pytest.approx(0.5)
    assert [reason.feature for reason in reasons] == ["b", "a"]
    assert sum(reason.contribution for reason in reasons) == pytest.approx(score)


def test_numbers_are_told_in_yuan_and_percent() -> None:
    assert yuan(5_021_350) == "50,213.50"
    assert percent(0.052) == "5.2 %"
    assert percent(0.52) == "52 %"


@given(st.integers(0, 12), st.integers(1, 12), st.floats(0.5, 8), st.floats(0.5, 8))
def test_tails_among_differing_rates_are_sums_of_chances(
    count: int, of: int, one: float, zero: float
) -> None:
    def beta(a: float, b: float) -> float:
        return gamma(a) * gamma(b) / gamma(a + b)

    chances = [comb(of, k) * beta(k + one, of - k + zero) / beta(one, zero) for k in range(of + 1)]
    above = sum(chances[min(count, of + 1) :])

    found = float(at_least_among(count, of, Spread(one, zero)))
    assert found == pytest.approx(-log(max(above, 1e-12)), rel=1e-5, abs=1e-7)


def test_a_spread_is_that_of_most_parts_and_hardly_of_extreme_ones() -> None:
    parts = np.random.default_rng(4).beta(5, 45, 400)

    plain, some_mad = spread_of(parts), spread_of(np.append(parts, np.ones(8)))

    for spread in (plain, some_mad):
        middle = spread.towards_one / (spread.towards_one + spread.towards_zero)
        assert middle == pytest.approx(0.1, abs=0.02)
        assert spread.towards_one + spread.towards_zero == pytest.approx(50, rel=0.5)


def test_more_cases_of_the_same_part_prove_little_where_promoters_differ() -> None:
    spread = spread_of(np.random.default_rng(4).beta(5, 45, 400))

    assert float(at_least_among(400, 2_000, spread)) < 2 * float(at_least_among(40, 200, spread))
