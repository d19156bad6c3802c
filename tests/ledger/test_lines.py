"""What an order earns: nothing is lost, nothing is made, and splitting oneself does not pay."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from graph_service.attribution.models import Program
from graph_service.attribution.path import Path, PathStep
from graph_service.attribution.touches import Credit, Journey, Order, split_credit
from graph_service.ledger.lines import PLATFORM, Line, order_lines
from graph_service.plans.document import Plan
from tests.worlds import START

PAID_AT = int(START.timestamp()) * 1_000_000
PLAN = Plan.model_validate(
    {
        "version": "v",
        "base": {"categories": {"tea": "0.08", "phone": "0.03"}, "otherRate": "0.013"},
        "products": [{"productId": "p-3", "rate": "0.31"}],
        "campaigns": [
            {"name": "launch", "multiplier": "1.5", "categories": ["tea"]},
            {"name": "week", "multiplier": "1.1"},
        ],
        "startBonus": {"rate": "0.2", "months": 3},
        "influence": {"poolRate": "0.017", "beta": "0.25"},
    }
)


def bought_line(product: int, category: str | None, amount_minor: int) -> dict[str, Any]:
    line: dict[str, Any] = {"productId": f"p-{product}", "quantity": 1, "amountMinor": amount_minor}
    return line if category is None else {**line, "categoryId": category}


goods = st.lists(
    st.builds(
        bought_line,
        st.integers(1, 4),
        st.sampled_from(["tea", "phone", "other", None]),
        st.integers(0, 100_000),
    ),
    min_size=1,
    max_size=5,
)
weights = st.lists(st.integers(1, 9), min_size=1, max_size=4)


def journey_of(amount_minor: int, refunded_minor: int, parts: list[int], status: str) -> Journey:
    """An order credited to m0, m1 ... by these parts."""
    order = Order(
        order_id="o",
        buyer_id="b",
        person_id="b",
        created_at=PAID_AT,
        paid_at=PAID_AT,
        amount_minor=amount_minor,
        currency="CNY",
        refunded_minor=refunded_minor,
        status=status,
        channel=None,
        shop_id=None,
        share_id=None,
        coupon_owner_id=None,
        inviter_id=None,
        held=False,
    )
    shares = [Fraction(part, sum(parts)) for part in parts]
    decider = len(parts) - 1
    credited = tuple(
        Credit(f"m{i}", weight, amount, None)
        for i, (weight, amount) in enumerate(
            zip(shares, split_credit(amount_minor, shares, decider), strict=True)
        )
    )
    return Journey(order, "click", (), credited, decider, None, {}, Program())


def path_of(clicks: list[int]) -> Path:
    steps = tuple(
        PathStep(i + 1, f"m{i}", f"m{i}", (f"s{i}",), PAID_AT, count, count, None)
        for i, count in enumerate(clicks)
    )
    return Path(steps, truncated=False)


def by_basis(lines: list[Line]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.basis] = sums.get(line.basis, 0) + line.amount_minor
    return sums


@given(goods=goods, parts=weights, amount=st.integers(0, 10**7), clicks=st.data())
def test_members_and_platform_together_have_what_the_rates_give(
    goods: list[dict[str, Any]], parts: list[int], amount: int, clicks: st.DataObject
) -> None:
    path = path_of(clicks.draw(st.lists(st.integers(0, 9), min_size=1, max_size=5)))
    lines = order_lines(journey_of(amount, 0, parts, "paid"), path, goods, PLAN, {})

    found = by_basis(lines)
    assert all(line.amount_minor > 0 for line in lines)
    assert len({line.key for line in lines}) == len(lines)
    assert found.get("influence", 0) == amount * 17 // 1_000
    total = sum(line["amountMinor"] for line in goods)
    exact = sum(
        (Fraction(amount * one["amountMinor"], total) * rate_of(one) for one in goods if total),
        Fraction(0),
    )
    # One floor for each rule that speaks.
    assert 0 <= exact - found.get("own_sale", 0) < len(goods)


def rate_of(line: dict[str, Any]) -> Fraction:
    if line["productId"] == "p-3":
        return Fraction("0.31")
    return {"tea": Fraction("0.08"), "phone": Fraction("0.03")}.get(
        line.get("categoryId", ""), Fraction("0.013")
    )


@given(goods=goods, parts=weights, amount=st.integers(1, 10**7), refunds=st.data())
def test_a_refund_lowers_every_line_and_a_full_one_leaves_nothing(
    goods: list[dict[str, Any]], parts: list[int], amount: int, refunds: st.DataObject
) -> None:
    refunded = refunds.draw(st.integers(0, amount))
    path = path_of([2, 0, 1])
    since = {"m0": PAID_AT}

    whole = order_lines(journey_of(amount, 0, parts, "paid"), path, goods, PLAN, since)
    less = order_lines(journey_of(amount, refunded, parts, "paid"), path, goods, PLAN, since)
    nothing = order_lines(journey_of(amount, amount, parts, "paid"), path, goods, PLAN, since)
    cancelled = order_lines(journey_of(amount, 0, parts, "cancelled"), path, goods, PLAN, since)

    before = {line.key: line.amount_minor for line in whole}
    owed = [line for line in less if line.payee_id != PLATFORM]
    assert all(line.amount_minor <= before[line.key] for line in owed)
    assert nothing == cancelled == []


@given(goods=goods, parts=weights, amount=st.integers(0, 10**7), data=st.data())
def test_one_who_is_credited_as_several_never_earns_more(
    goods: list[dict[str, Any]], parts: list[int], amount: int, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(parts) - 1))
    first = data.draw(st.integers(0, parts[place]))
    split = [*parts[:place], *(one for one in (first, parts[place] - first) if one)]
    clones = len(split) - place
    split += parts[place + 1 :]
    path = path_of([])

    alone = order_lines(journey_of(amount, 0, parts, "paid"), path, goods, PLAN, {})
    cloned = order_lines(journey_of(amount, 0, split, "paid"), path, goods, PLAN, {})

    mine = {f"m{place + i}" for i in range(clones)}
    assert earned(cloned, mine) <= earned(alone, {f"m{place}"})


def earned(lines: list[Line], members: set[str]) -> int:
    return sum(line.amount_minor for line in lines if line.payee_id in members)


def test_beyond_the_paid_levels_the_platform_keeps_it() -> None:
    plan = PLAN.model_copy(update={"paid_levels_max": 2})
    journey = journey_of(100_000, 0, [1], "paid")
    journey = replace(journey, credits=(replace(journey.credits[0], member_id="m3"),))
    bought = [{"productId": "p-1", "quantity": 1, "amountMinor": 100_000}]

    lines = order_lines(journey, path_of([1, 1, 1, 1]), bought, plan, {})

    paid = {line.payee_id for line in lines if line.payee_id != PLATFORM}
    assert paid == {"m3", "m2"}
    assert {line.part for line in lines if line.why == "kept_paid_levels"} == {
        "step 1: m0",
        "step 2: m1",
    }


def test_campaigns_multiply_one_after_the_other() -> None:
    bought = [{"productId": "p-1", "categoryId": "tea", "quantity": 1, "amountMinor": 10_000}]

    lines = order_lines(journey_of(10_000, 0, [1], "paid"), path_of([]), bought, PLAN, {})

    # 800 of base; half of it more; a tenth of those 1,200 more.
    assert {line.part: line.amount_minor for line in lines if line.payee_id == "m0"} == {
        "category tea, launch, week": 800,
        "launch: category tea, launch, week": 400,
        "week: category tea, launch, week": 120,
    }
