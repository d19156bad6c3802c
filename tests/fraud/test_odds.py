"""Are tails those of adding up chances, and do signs come to a score with its reasons?"""

from math import comb, exp, factorial, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.fraud.odds import (
    Sign,
    at_least,
    at_most,
    many,
    percent,
    scored,
    shrunk,
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
