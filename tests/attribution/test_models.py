"""Weights of touches by model: worked examples, the exact grid, and the plain reference."""

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.attribution.models import (
    DECAY_GRID,
    MICROS_PER_HOUR,
    Model,
    NamedProgram,
    Program,
    remaining,
    touch_weights,
)
from graph_service.attribution.touches import split_credit
from tests.reference.models import Rules, credit, left_after, weigh
from tests.worlds import START

models = st.sampled_from(["first_touch", "last_touch", "linear", "time_decay", "position_based"])
HALF = Fraction(1, 2)


def weights(model: Model, count: int, **rules: Fraction) -> list[Fraction]:
    return touch_weights(Program(model, **rules), range(count), count)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("first_touch", [1, 0, 0, 0]),
        ("last_touch", [0, 0, 0, 1]),
        ("linear", [Fraction(1, 4)] * 4),
        ("position_based", [Fraction(2, 5), Fraction(1, 10), Fraction(1, 10), Fraction(2, 5)]),
    ],
)
def test_each_model_weighs_four_touches_as_it_says(model: Model, expected: list[Fraction]) -> None:
    assert weights(model, 4) == expected


def test_a_touch_one_half_life_older_weighs_half() -> None:
    hours = [-336, -168, 0]

    found = touch_weights(Program("time_decay"), [at * MICROS_PER_HOUR for at in hours], 0)

    assert found == [Fraction(1, 7), Fraction(2, 7), Fraction(4, 7)]


def test_hours_of_age_are_whole() -> None:
    times = [-2 * MICROS_PER_HOUR, -MICROS_PER_HOUR - 1, -MICROS_PER_HOUR]

    found = touch_weights(Program("time_decay", half_life_hours=1), times, 0)

    assert found == [Fraction(1, 5), Fraction(2, 5), Fraction(2, 5)]


def test_a_touch_weighs_as_much_however_late_the_order_is() -> None:
    year = 365 * 24 * MICROS_PER_HOUR

    found = touch_weights(Program("time_decay", half_life_hours=1), [-MICROS_PER_HOUR, 0], year)

    assert found == [Fraction(1, 3), Fraction(2, 3)]


def test_two_touches_by_position_keep_the_proportion_of_first_and_last() -> None:
    assert weights("position_based", 1) == [1]
    assert weights("position_based", 2) == [HALF, HALF]
    by_three = weights("position_based", 2, first_weight=Fraction(3, 5), last_weight=Fraction(1, 5))
    assert by_three == [Fraction(3, 4), Fraction(1, 4)]
    nothing = weights("position_based", 2, first_weight=Fraction(0), last_weight=Fraction(0))
    assert nothing == [HALF, HALF]


def test_the_decay_is_on_a_grid_of_thirty_digits() -> None:
    assert remaining(0, 168) == DECAY_GRID
    assert remaining(168, 168) == DECAY_GRID // 2
    assert remaining(84, 168) == ROOT_OF_HALF
    assert remaining(200, 1) == 0


# 1 / sqrt(2) to 30 digits (OEIS A010503).
ROOT_OF_HALF = 707106781186547524400844362105


@given(st.integers(0, 900), st.integers(1, 60))
def test_the_decay_is_that_of_integer_roots(hours: int, half_life_hours: int) -> None:
    # An exact half is rounded to even by one and up by the other.
    halves = hours % half_life_hours == 0 and hours // half_life_hours > 30

    found = remaining(hours, half_life_hours) - left_after(hours, half_life_hours)

    assert found == 0 or (halves and found == -1)


@given(
    models,
    st.lists(st.integers(0, 365 * 24 * 60), min_size=1, max_size=9),
    st.fractions(0, HALF, max_denominator=20),
    st.fractions(0, HALF, max_denominator=20),
    st.sampled_from([1, 24, 168]),
)
def test_weights_are_those_of_the_reference_and_add_up_to_one(
    model: Model, minutes: list[int], first: Fraction, last: Fraction, half_life_hours: int
) -> None:
    ages = sorted(minutes, reverse=True)
    program = Program(model, half_life_hours=half_life_hours, first_weight=first, last_weight=last)
    rules = Rules(model, 365, half_life_hours, first, last)

    found = touch_weights(program, [-age * 60_000_000 for age in ages], 0)

    assert sum(found) == 1
    assert found == weigh(rules, [START - timedelta(minutes=age) for age in ages], START)


payees = st.lists(
    st.tuples(st.sampled_from([None, "a", "b", "c"]), st.integers(0, 5)), min_size=1, max_size=8
)


@given(payees, st.integers(0, 10**15))
def test_split_amounts_are_those_of_the_reference(
    parts: list[tuple[str | None, int]], amount_minor: int
) -> None:
    total = sum(weight for _, weight in parts) or 1
    touches = [(who, Fraction(weight, total)) for who, weight in parts if weight]
    members = list(dict.fromkeys(who for who, _ in touches if who is not None))
    sums = [sum((w for who, w in touches if who == one), Fraction(0)) for one in members]
    last = touches[-1][0] if touches else None

    found = split_credit(amount_minor, sums, None if last is None else members.index(last))

    expected = credit(amount_minor, touches)
    assert list(zip(members, sums, found, strict=True)) == expected
    assert sum(found) <= amount_minor
    if touches and all(who is not None for who, _ in touches):
        assert sum(found) == amount_minor


def test_the_first_named_program_that_fits_gives_the_rules() -> None:
    of_channel = NamedProgram("live", Program("linear", 3), channels=frozenset({"live"}))
    of_shop = NamedProgram("shop", Program("first_touch", 90), shop_ids=frozenset({"s"}))
    plan = Program(named=(of_channel, of_shop))

    assert plan.of("live", "s").model == "linear"
    assert plan.of(None, "s").model == "first_touch"
    assert plan.of(None, None) is plan
    assert plan.window_days_max == 90
    assert plan.asked("time_decay", 5).of("live", None).window_days == 5
    assert plan.asked("time_decay", None).of("live", None).model == "time_decay"
