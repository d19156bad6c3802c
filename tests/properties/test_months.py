"""Months: several accounts never climb a ladder higher, and what is given back leaves the same."""

from collections.abc import Iterator, Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from graph_service.ledger.affected import LogFact
from graph_service.ledger.months import period_lines
from graph_service.months.counted import COUNTED, MemberSales
from graph_service.plans.document import Ladder, Plan
from graph_service.plans.timeline import Plans
from tests.properties.cases import PLANS, arrivals, cases, limits
from tests.properties.memory_log import MemoryLog, sums_of

MONTH = "2026-01"
PLAN = PLANS[0]


def rising(mode: str, starts: set[int], rates: list[int]) -> Plan:
    """A plan whose ladder begins its steps there, each at no lower rate than the one before."""
    steps = [
        {"fromMinor": start, "rate": f"{rate / 1_000:.3f}"}
        for start, rate in zip([0, *sorted(starts)], sorted(rates), strict=False)
    ]
    ladder = Ladder.model_validate({"mode": mode, "steps": steps})
    return PLAN.model_copy(update={"ladder": ladder})


ladders = st.builds(
    rising,
    st.sampled_from(["marginal", "whole"]),
    st.sets(st.integers(1, 300_000), max_size=3),
    st.lists(st.integers(0, 1_000), min_size=1, max_size=4),
)
# What each account promoted, and as whose it is known: not all accounts of one are found out.
accounts = st.lists(st.tuples(st.integers(0, 150_000), st.integers(0, 2)), min_size=1, max_size=6)


def on_ladder(plan: Plan, own: int, person_own: int) -> int:
    """What an account earns on the ladder."""
    sales = MemberSales("m", "member", False, own, person_own, 0, 0, 0)
    lines = period_lines(plan, MONTH, "CNY", sales)
    return sum(one.amount_minor for one in lines if one.basis == "ladder")


@cases
@given(plan=ladders, split=accounts)
def test_no_split_of_a_person_into_accounts_earns_more_on_a_rising_ladder(
    plan: Plan, split: list[tuple[int, int]]
) -> None:
    whole = sum(own for own, _ in split)
    known = {one: sum(own for own, person in split if person == one) for _, one in split}

    alone = on_ladder(plan, whole, whole)
    several = sum(on_ladder(plan, own, known[person]) for own, person in split)

    assert several <= alone


# Of which of own, direct and team sales a refund takes something, and how much of what is left.
refunds = st.lists(
    st.tuples(st.sampled_from([0, 1, 2]), st.integers(0, 60_000)), min_size=1, max_size=6
)
members = st.tuples(st.sampled_from(["member", "promoter", "partner"]), st.booleans())


def counted(
    member: tuple[str, bool], sales: Sequence[int], back: Sequence[tuple[int, int]]
) -> Iterator[MemberSales]:
    """The month as it was closed and after each refund."""
    left = list(sales)
    for kind, amount_minor in [(0, 0), *back]:
        left[kind] -= amount_minor
        own, direct, team = left
        yield MemberSales("m", *member, own, own, direct, direct, direct + team)


def facts_of(told: Sequence[MemberSales]) -> list[LogFact]:
    """The facts that tell of a month, and of each change of it."""
    data = {"period": MONTH, "currency": "CNY"}
    return [
        LogFact(0, COUNTED, place, {**data, "rows": [one.row()]}) for place, one in enumerate(told)
    ]


@cases
@given(
    member=members,
    spare=st.tuples(*[st.integers(0, 9_000_000)] * 3),
    back=refunds,
    seed=arrivals,
    cuts=limits,
)
def test_refunds_in_any_order_leave_the_same_of_a_month(
    member: tuple[str, bool],
    spare: tuple[int, ...],
    back: list[tuple[int, int]],
    seed: int,
    cuts: list[int],
) -> None:
    taken = [sum(amount for kind, amount in back if kind == one) for one in range(3)]
    sales = [more + less for more, less in zip(spare, taken, strict=True)]
    last = list(counted(member, sales, back))[-1]
    other = list(back)
    Random(seed).shuffle(other)
    ledgers = [MemoryLog(facts_of(list(counted(member, sales, one)))) for one in (back, other)]

    for log in ledgers:
        log.follow(Plans(PLAN), cuts)

    owed = {
        (one.payee_id, "", one.basis, MONTH, one.part): one.amount_minor
        for one in period_lines(PLAN, MONTH, "CNY", last)
    }
    assert [sums_of(log.entries) for log in ledgers] == [owed, owed]
