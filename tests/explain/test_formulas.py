"""Every formula, read again from its own text, is the line that the ledger books."""

from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from graph_service.explain.formulas import (
    influence_pool,
    number_text,
    order_formulas,
    reckoned_minor,
    share_from_curve,
    shown_text,
)
from graph_service.ledger.lines import order_lines
from graph_service.referrals.sales import PLATFORM
from graph_service.rewards.allowance import split_allowance
from tests.explain.reading import number, read_formula, read_share
from tests.ledger.test_lines import PAID_AT, PLAN, goods, journey_of, path_of, weights


@settings(deadline=None)
@given(
    goods=goods,
    parts=weights,
    amount=st.integers(0, 10**7),
    clicks=st.lists(st.integers(0, 9), max_size=5),
    levels_max=st.integers(0, 3),
    data=st.data(),
)
def test_the_formulas_are_the_lines(
    goods: list[dict[str, Any]],
    parts: list[int],
    amount: int,
    clicks: list[int],
    levels_max: int,
    data: st.DataObject,
) -> None:
    plan = PLAN.model_copy(update={"paid_levels_max": levels_max})
    refunded = data.draw(st.integers(0, amount))
    journey, path = journey_of(amount, refunded, parts, "paid"), path_of(clicks)
    since = data.draw(st.dictionaries(st.sampled_from(["m0", "m1", "m2"]), st.just(PAID_AT)))

    found = order_formulas(journey, path, goods, plan, since)

    lines = order_lines(journey, path, goods, plan, since)
    assert {(one.payee_id, one.basis, one.part): one.amount_minor for one in found} == {
        line.key: line.amount_minor for line in lines
    }
    assert len(found) == len(lines)
    for one in found:
        assert reckoned_minor(one) == one.amount_minor
        assert read_formula(one.exact) == (one.amount_minor, one.amount_minor)


@settings(deadline=None)
@given(clicks=st.lists(st.integers(0, 50), max_size=6), amount=st.integers(0, 10**8))
def test_the_shares_of_the_pool_follow_from_their_own_numbers(
    clicks: list[int], amount: int
) -> None:
    path = path_of(clicks)

    pool = influence_pool(journey_of(amount, 0, [1], "paid"), path, PLAN)

    out = [False] * len(clicks)
    split = split_allowance(pool.pool_minor, clicks, out, PLAN.beta)
    assert read_formula(pool.formula) == (pool.pool_minor, pool.pool_minor)
    assert [one.amount_minor for one in pool.shares] == list(split.amounts_minor)
    for one, share in zip(pool.shares, split.shares, strict=True):
        assert share_from_curve(one) == share
        assert read_share(one.formula) == (share, share)


@given(st.fractions())
def test_a_number_can_be_read_again(value: Fraction) -> None:
    assert number(number_text(value)) == value


def test_a_long_number_is_rounded_for_people_and_says_so() -> None:
    assert [shown_text(one) for one in (Fraction(1, 3), Fraction(10_000))] == ["1/3", "10,000"]
    assert shown_text(Fraction(10**12 + 1, 3 * 10**12)) == "≈0.3333333333"


def test_what_is_beyond_the_paid_levels_says_whose_it_would_be() -> None:
    plan = PLAN.model_copy(update={"paid_levels_max": 1})
    bought = [{"productId": "p-1", "quantity": 1, "amountMinor": 100_000}]
    journey = journey_of(100_000, 0, [1], "paid")

    found = order_formulas(journey, path_of([1, 1]), bought, plan, {})

    capped = [one for one in found if one.why == "kept_paid_levels"]
    assert [(one.payee_id, one.part, one.earner_id) for one in capped] == [
        (PLATFORM, "step 2: m1", "m1")
    ]
