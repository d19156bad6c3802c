"""Ladder, line rates, campaigns and the start bonus come to what a plain count comes to."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.plans.document import Ladder, Plan, warnings
from graph_service.plans.rates import (
    campaign_multipliers,
    ladder_minor,
    ladder_rate,
    line_rate,
    months_later,
    next_step,
    start_bonus,
)

SALES = st.integers(0, 60)
ZONE = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 1, 15, tzinfo=UTC)


@st.composite
def ladders(draw: st.DrawFn, *, mode: str = "marginal", climbing: bool = False) -> Ladder:
    starts = [0, *sorted(draw(st.sets(st.integers(1, 50), max_size=4)))]
    rates = draw(st.lists(st.integers(0, 100), min_size=len(starts), max_size=len(starts)))
    rates = sorted(rates) if climbing else rates
    steps = [
        {"fromMinor": start, "rate": Decimal(rate) / 100}
        for start, rate in zip(starts, rates, strict=True)
    ]
    return Ladder.model_validate({"mode": mode, "steps": steps})


def counted(ladder: Ladder, sales: int) -> Fraction:
    """Every minor unit by itself: marginal at the rate of its own step, whole at the last one's."""
    earned = Fraction(0)
    for unit in range(sales):
        at = unit if ladder.mode == "marginal" else sales
        rate = [step.rate for step in ladder.steps if step.from_minor <= at][-1]
        earned += Fraction(rate)
    return earned


@given(st.data(), st.sampled_from(["marginal", "whole"]), SALES)
def test_a_ladder_earns_what_counting_every_unit_earns(
    data: st.DataObject, mode: str, sales: int
) -> None:
    ladder = data.draw(ladders(mode=mode))

    pay = ladder_minor(ladder, sales)

    assert pay.exact == counted(ladder, sales)
    assert pay.minor == floor(pay.exact)
    assert sum(part.sales_minor for part in pay.parts) == sales


@given(st.data(), st.sampled_from(["marginal", "whole"]), SALES, SALES)
def test_no_split_of_sales_gains_on_a_climbing_ladder(
    data: st.DataObject, mode: str, one: int, other: int
) -> None:
    ladder = data.draw(ladders(mode=mode, climbing=True))

    together = ladder_minor(ladder, one + other).minor

    assert ladder_minor(ladder, one).minor + ladder_minor(ladder, other).minor <= together


@given(ladders(), SALES)
def test_a_marginal_ladder_rises_without_cliffs(ladder: Ladder, sales: int) -> None:
    rise = ladder_minor(ladder, sales + 1).exact - ladder_minor(ladder, sales).exact

    assert 0 <= rise <= 1


def test_a_whole_ladder_has_cliffs_and_a_falling_one_rewards_splits_and_both_are_warned_of() -> (
    None
):
    cliffs = {"mode": "whole", "steps": [step(0, "0"), step(100, "0.1")]}
    falls = {"steps": [step(0, "0.1"), step(100, "0")]}
    whole, falling = plan_of(ladder=cliffs), plan_of(ladder=falls)

    jump = ladder_minor(whole.ladder, 100).minor - ladder_minor(whole.ladder, 99).minor
    split = 2 * ladder_minor(falling.ladder, 100).minor - ladder_minor(falling.ladder, 200).minor

    assert (jump, split) == (10, 10)
    assert "ladder_has_cliffs" in warnings(whole)
    assert "ladder_rates_fall" in warnings(falling)


@given(st.data(), st.sampled_from(["marginal", "whole"]), SALES)
def test_the_next_step_brings_what_the_ladder_earns_there_more(
    data: st.DataObject, mode: str, sales: int
) -> None:
    ladder = data.draw(ladders(mode=mode))

    following = next_step(ladder, sales)

    above = [one for one in ladder.steps if one.from_minor > sales]
    if not above:
        assert following is None
        assert ladder_rate(ladder, sales) == Fraction(ladder.steps[-1].rate)
    else:
        assert following is not None
        assert following.missing_minor == above[0].from_minor - sales
        there = floor(counted(ladder, above[0].from_minor))
        assert following.brings_minor == there - floor(counted(ladder, sales))


def test_a_plan_without_a_ladder_earns_nothing_on_it() -> None:
    assert ladder_minor(Ladder(), 10).exact == ladder_rate(Ladder(), 10) == 0
    assert next_step(Ladder(), 10) is None
    assert ladder_minor(plan_of(ladder={"steps": [step(0, "1")]}).ladder, -5).minor == 0


def step(from_minor: int, rate: str) -> dict[str, Any]:
    return {"fromMinor": from_minor, "rate": rate}


def plan_of(**rules: Any) -> Plan:
    return Plan.model_validate({"version": "v", **rules})


MOMENTS = st.integers(0, 9)
SPANS = st.tuples(st.none() | MOMENTS, st.none() | MOMENTS).filter(
    lambda span: span[0] is None or span[1] is None or span[0] < span[1]
)


def at(hours: int) -> datetime:
    return DAY + timedelta(hours=hours)


def dated(span: tuple[int | None, int | None], **rule: Any) -> dict[str, Any]:
    named = zip(("from", "to"), span, strict=True)
    return {**rule, **{name: at(hours) for name, hours in named if hours is not None}}


def holds(span: tuple[int | None, int | None], moment: int) -> bool:
    hours = range(-1 if span[0] is None else span[0], 99 if span[1] is None else span[1])
    return moment in hours


@given(st.lists(st.tuples(SPANS, st.sampled_from("ab")), max_size=4), MOMENTS)
def test_a_line_has_the_rate_of_its_product_then_category_then_the_rest(
    products: list[tuple[tuple[int | None, int | None], str]], moment: int
) -> None:
    listed = [
        dated(span, productId=product, rate=str(Decimal(i + 1) / 10))
        for i, (span, product) in enumerate(products)
    ]
    plan = plan_of(products=listed, base={"categories": {"c": "0.8"}, "otherRate": "0.9"})

    found = line_rate(plan, "a", "c", at(moment))
    other = line_rate(plan, "z", None, at(moment))

    first = [i for i, (span, one) in enumerate(products) if one == "a" and holds(span, moment)]
    expected = (Fraction(first[0] + 1, 10), "product") if first else (Fraction(4, 5), "category")
    assert (found.rate, found.rule) == expected
    assert (other.rate, other.rule) == (Fraction(9, 10), "other")


@given(
    st.lists(st.tuples(SPANS, st.sets(st.sampled_from("ab")), st.sets(st.sampled_from("cd")))),
    MOMENTS,
)
def test_campaigns_hold_for_the_goods_that_they_name_and_for_all_if_none(
    campaigns: list[tuple[tuple[int | None, int | None], set[str], set[str]]], moment: int
) -> None:
    plan = plan_of(
        campaigns=[
            dated(span, name=f"n{i}", multiplier="1.5", productIds=sorted(a), categories=sorted(c))
            for i, (span, a, c) in enumerate(campaigns)
        ]
    )

    found = campaign_multipliers(plan, "a", "c", at(moment))

    assert found == [
        (f"n{i}", Fraction(3, 2))
        for i, (span, products, categories) in enumerate(campaigns)
        if holds(span, moment)
        and ("a" in products or "c" in categories or not products | categories)
    ]


@pytest.mark.parametrize(
    ("since", "months", "until"),
    [
        ("2026-01-15T10:00", 3, "2026-04-15T10:00"),
        ("2025-11-30T10:00", 3, "2026-02-28T10:00"),
        ("2027-11-30T10:00", 3, "2028-02-29T10:00"),
        ("2026-12-31T23:59", 12, "2027-12-31T23:59"),
        ("2026-01-31T00:00", 0, "2026-01-31T00:00"),
    ],
)
def test_months_are_those_of_the_calendar(since: str, months: int, until: str) -> None:
    begun = datetime.fromisoformat(since).replace(tzinfo=ZONE)

    assert months_later(begun, months, ZONE).isoformat()[:16] == until


@given(st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)), st.integers(0, 60))  # noqa: DTZ001
def test_months_later_is_found_by_stepping_from_day_to_day(naive: datetime, months: int) -> None:
    moment = naive.replace(tzinfo=ZONE)
    day, passed = moment, 0
    last = moment.day
    while passed < months:
        following = day + timedelta(days=1)
        passed += following.month != day.month
        day = following
    while day.day < last and (day + timedelta(days=1)).month == day.month:
        day += timedelta(days=1)

    assert months_later(moment, months, ZONE) == day


def test_the_start_bonus_ends_with_its_months() -> None:
    plan = plan_of(startBonus={"rate": "0.2", "months": 3})
    since = datetime(2026, 1, 10, tzinfo=ZONE)
    end = datetime(2026, 4, 10, tzinfo=ZONE)

    rates = [
        start_bonus(plan, since, moment).rate
        for moment in (
            since - timedelta(microseconds=1),
            since,
            end - timedelta(microseconds=1),
            end,
        )
    ]

    assert rates == [0, Fraction(1, 5), Fraction(1, 5), 0]
    assert start_bonus(plan, since, since).until == end
