"""The gain that is told of a split is what the world with the accounts really split earns more."""

import asyncio
import os
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st

from graph_service.ingest.tokens import Tokeniser
from graph_service.pipeline import Pipeline
from graph_service.plans.document import Plan
from graph_service.plans.rates import months_later
from graph_service.settings import Settings
from graph_service.simulation.outcome import Outcome, answer_of
from graph_service.simulation.splits import Member, clone_gain
from graph_service.simulation.trail import StepTaken
from tests.conftest import Database
from tests.ledger.test_following import Bench, connected
from tests.months.test_closing import DAY, joined, sold, stored
from tests.simulation.test_outcome import CLOSES, LATER, plan_of, simulated
from tests.worlds import START, Event, event

EXAMPLES = int(os.environ.get("GRAPH_SERVICE_TEST_EXAMPLES", "15"))
SELLERS = ("a", "b", "c")
FALLING = [{"fromMinor": 0, "rate": "0.08"}, {"fromMinor": 100_000, "rate": "0.03"}]
ODD = [
    {"fromMinor": 0, "rate": "0.05"},
    {"fromMinor": 100_000, "rate": "0.08"},
    {"fromMinor": 200_000, "rate": "0.06"},
]
RISING = [{"fromMinor": 0, "rate": "0.05"}, {"fromMinor": 100_000, "rate": "0.08"}]
LADDERS: tuple[dict[str, Any], ...] = (
    {},
    *({"mode": m, "steps": s} for m in ("marginal", "whole") for s in (FALLING, RISING)),
)
TEAMS: tuple[dict[str, Any], ...] = (
    {},
    {"rate": "0.02", "roles": ["member", "promoter", "partner"]},
    {"rate": "0.05", "cycle": "week", "depth": 2, "roles": ["promoter"]},
)
RELAXED = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Order:
    """Who sold for how much on which day; the buyer is a stranger."""

    seller: str
    day: int
    amount_minor: int


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Event], list[Order]]:
    """Sellers below each other, with roles and perhaps a start bonus, and what they sold."""
    events: list[Event] = []
    for number, seller in enumerate(SELLERS):
        inviter = draw(st.sampled_from([None, *SELLERS[:number]]))
        role = draw(st.sampled_from(["member", "promoter", "partner"]))
        events.append(joined(seller, inviter, role))
        if draw(st.sampled_from([True, True, False])):
            data = {"memberId": seller, "inviteId": f"i {seller}"}
            events.append(event("promoter.accepted", f"p {seller}", START, data))
    orders = draw(
        st.lists(
            st.builds(
                Order,
                st.sampled_from(SELLERS),
                st.integers(1, 45),
                st.sampled_from([60_000, 99_999, 100_000, 1_001, 250_000]),
            ),
            min_size=1,
            max_size=8,
        )
    )
    return events, orders


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans with gaps for those who split themselves, and without."""
    return plan_of(
        "tried",
        ladder=draw(st.sampled_from(LADDERS)),
        team=draw(st.sampled_from(TEAMS)),
        partner={"rate": draw(st.sampled_from(["0", "0.01"]))},
        startBonus=draw(st.sampled_from([{"rate": "0.2", "months": 1}, {}])),
    )


@pytest.fixture(scope="module")
def bench(settings: Settings) -> Generator[Bench]:
    with asyncio.Runner() as runner:
        graph = runner.run(connected(settings))
        pipeline = Pipeline(
            graph, Tokeniser(b"pepper"), plan_of("now"), clock=lambda: LATER, quiet_s=0
        )
        yield Bench(runner, pipeline, Database(settings))
        runner.run(graph.close())


def earned(bench: Bench, plan: Plan, events: Sequence[Event]) -> Outcome:
    """The plan run over a world of these events."""
    bench.database.clear()

    async def run() -> Outcome:
        await stored(bench.pipeline, *events)
        return await simulated(bench.pipeline, plan, opens=START, closes=CLOSES)

    return bench.runner.run(run())


def of_sales(orders: Sequence[Order], owner: Callable[[int, Order], str]) -> list[Event]:
    """The events of the orders, each sold by whom `owner` says."""
    found: list[Event] = []
    for number, order in enumerate(orders):
        found += sold(f"o{number}", owner(number, order), order.day, order.amount_minor)
    return found


def total(outcome: Outcome, member_id: str) -> int:
    """What a member and the accounts that are called after it earn."""
    by_member = outcome.candidate.by_member()
    return sum(minor for one, minor in by_member.items() if one.split("+")[0] == member_id)


def told(outcome: Outcome, member_id: str) -> Member:
    tally = outcome.candidate
    months = {period: one for (period, who), one in tally.months.items() if who == member_id}
    return Member(tally, member_id, months, outcome.question.opens)


@RELAXED
@given(world=worlds(), plan=plans(), member_id=st.sampled_from(SELLERS))
def test_an_account_below_earns_what_is_told(
    world: tuple[list[Event], list[Order]], plan: Plan, member_id: str, bench: Bench
) -> None:
    events, orders = world
    whole = earned(bench, plan, [*events, *of_sales(orders, lambda _, one: one.seller)])

    split = earned(
        bench,
        plan,
        [
            *events,
            joined(f"{member_id}+", member_id),
            *of_sales(
                orders, lambda _, one: f"{one.seller}+" if one.seller == member_id else one.seller
            ),
        ],
    )

    gain = told(whole, member_id).account_below().gain_minor
    assert gain == total(split, member_id) - total(whole, member_id)


@RELAXED
@given(world=worlds(), plan=plans(), member_id=st.sampled_from(SELLERS))
def test_fresh_promoters_earn_what_is_told(
    world: tuple[list[Event], list[Order]], plan: Plan, member_id: str, bench: Bench
) -> None:
    events, orders = world
    accepted = any(
        one["type"] == "promoter.accepted" and one["data"]["memberId"] == member_id
        for one in events
    )
    starts = [START]
    while starts[-1] < CLOSES:
        starts.append(months_later(starts[-1], 1, plan.month_zone))

    def owner(_: int, one: Order) -> str:
        at = START + one.day * DAY + timedelta(hours=1)
        bonus = bool(plan.start_bonus.rate) and not (accepted and at < starts[1])
        if one.seller != member_id or not bonus:
            return one.seller
        return f"{member_id}+{sum(start <= at for start in starts)}"

    whole = earned(bench, plan, [*events, *of_sales(orders, lambda _, one: one.seller)])
    split = earned(
        bench,
        plan,
        [
            *events,
            *(fresh_account(f"{member_id}+{i}", at) for i, at in enumerate(starts, start=1)),
            *of_sales(orders, owner),
        ],
    )

    gain = told(whole, member_id).fresh_promoter().gain_minor
    assert gain == total(split, member_id) - total(whole, member_id)


def fresh_account(member_id: str, at: datetime) -> Event:
    data = {"memberId": member_id, "inviteId": f"i {member_id}"}
    return event("promoter.accepted", f"p {member_id}", at, data)


@RELAXED
@given(
    amounts=st.lists(st.sampled_from([60_000, 99_999, 100_000, 1_001, 250_000]), max_size=5),
    mode=st.sampled_from(["marginal", "whole"]),
    steps=st.sampled_from([FALLING, ODD, RISING]),
)
def test_a_deal_of_a_months_sales_is_found_where_there_is_one(
    amounts: list[int], mode: str, steps: list[dict[str, Any]], bench: Bench
) -> None:
    plan = plan_of("tried", ladder={"mode": mode, "steps": steps}, team={}, startBonus={})
    orders = [Order("a", 1 + i, amount) for i, amount in enumerate(amounts)]
    whole = earned(bench, plan, of_sales(orders, lambda _, one: one.seller))

    worth, places = plainly_dealt(amounts, mode, steps)
    split = earned(bench, plan, of_sales(orders, lambda i, _: f"a+{places[i]}"))

    found = told(whole, "a").split_sales().gain_minor
    assert worth == total(split, "a") - total(whole, "a")
    assert 0 <= found <= worth
    assert (found > 0) == (worth > 0)


def plainly_dealt(
    amounts: Sequence[int], mode: str, steps: Sequence[dict[str, Any]]
) -> tuple[int, tuple[int, ...]]:
    """The best of all ways to deal orders out among five accounts, and what it gains."""

    def pays(own: int) -> int:
        reached = [one for one in steps if one["fromMinor"] <= own]
        if mode == "whole":
            return own * percent(reached[-1]) // 100
        tops = [one["fromMinor"] for one in steps[1:]] + [own]
        parts = [
            max(min(own, top) - one["fromMinor"], 0) * percent(one)
            for one, top in zip(steps, tops, strict=True)
        ]
        return sum(parts) // 100

    def worth(places: tuple[int, ...]) -> int:
        return sum(
            pays(sum(one for one, at in zip(amounts, places, strict=True) if at == account))
            for account in range(5)
        )

    best = max(product(range(5), repeat=len(amounts)), key=worth)
    return worth(best) - pays(sum(amounts)), best


def percent(step: dict[str, Any]) -> int:
    return int(step["rate"].removeprefix("0.0"))


# --- clones on a path ---


@pytest.mark.parametrize("levels_max", [0, 1, 2, 3])
@pytest.mark.parametrize("member_id", ["origin", "middle", "closer"])
def test_a_clone_on_the_path_earns_what_is_told_and_that_is_nothing(
    member_id: str, levels_max: int, bench: Bench
) -> None:
    plan = plan_of("tried", paidLevelsMax=levels_max, influence={"poolRate": "0.1", "beta": "0.25"})
    whole = earned(bench, plan, path_world(member_id, None))
    steps = told(whole, member_id).steps

    gains = [
        total(earned(bench, plan, path_world(member_id, far)), member_id) - total(whole, member_id)
        for far in range(FANS[member_id] + 1)
    ]

    assert [clone_gain(plan, one, levels_max) for one in steps] == [max(gains)]
    assert max(gains) <= 0


FANS = {"origin": 3, "middle": 4, "closer": 2}


def path_world(cloned: str, far: int | None) -> list[Event]:
    """An order along three steps. far: how many fans of the cloned step come through its clone,
    which shared before it; every fan clicks the other share later. None: nobody is cloned.
    """
    events: list[Event] = []
    parent: str | None = None
    for number, (name, fans) in enumerate(FANS.items()):
        at = START + timedelta(hours=number)
        accounts = [name] if name != cloned or far is None else [f"{name}+", name]
        shares: list[str] = []
        for account in accounts:
            share = {"shareId": f"s {account}", "memberId": account}
            if parent is not None:
                share["parentShareId"] = parent
            events.append(event("share.created", f"s {account}", at, share))
            parent = share["shareId"]
            shares.append(parent)
        for fan in range(fans):
            order = shares if far is not None and fan < far else shares[::-1]
            for later, share_id in enumerate(order):
                data = {"shareId": share_id, "visitorId": f"{name} fan {fan}"}
                click_at = at + timedelta(days=1 + later)
                events.append(event("share.clicked", f"c {share_id} {fan}", click_at, data))
    lines = [{"productId": "p", "quantity": 1, "amountMinor": 99_999}]
    paid: dict[str, Any] = {
        "orderId": "o",
        "memberId": "buyer",
        "amountMinor": 99_999,
        "currency": "CNY",
        "lines": lines,
        "shareId": parent,
    }
    return [*events, event("order.paid", "paid", START + 9 * DAY, paid)]


@hypothesis.settings(max_examples=500, deadline=None)
@given(
    clicks=st.lists(st.integers(0, 60), min_size=1, max_size=8),
    place=st.integers(0, 7),
    pool=st.integers(1, 5_000),
    levels_max=st.integers(0, 5),
    beta=st.sampled_from(["0", "0.25", "0.5", "1"]),
)
def test_clones_of_a_step_never_gain(
    clicks: list[int], place: int, pool: int, levels_max: int, beta: str
) -> None:
    place %= len(clicks)
    names = [f"m{i}" for i in range(len(clicks))]
    step = StepTaken(
        amount=0,
        order_id="o",
        pool=pool,
        place=place,
        clicks=tuple(clicks),
        excluded=(False,) * len(clicks),
        levels=(names[-1], *reversed(names)),
        before_step=len(clicks) - place,
    )

    gain = clone_gain(plan_of("b", influence={"poolRate": "0.01", "beta": beta}), step, levels_max)

    assert gain <= 0


# --- the whole scan ---


@pytest.mark.anyio
async def test_the_scan_names_who_gains_how_and_why(pipeline: Pipeline) -> None:
    await stored(
        pipeline,
        joined("promoter", role="promoter"),
        joined("plain"),
        *sold("o1", "promoter", 3, 1_000_000),
        *sold("o2", "plain", 3, 900_000),
    )
    open_plan = plan_of("open", team={"rate": "0.02"}, startBonus={"rate": "0.2", "months": 3})

    answer = answer_of(await simulated(pipeline, open_plan))

    gains = [
        (one["memberId"], one["strategy"], one["accounts"], one["gainMinor"])
        for one in answer["splitGains"]
    ]
    assert gains == [
        ("promoter", "account_below", 2, 20_000),
        ("promoter", "fresh_promoter", 2, 14_000),
        ("plain", "fresh_promoter", 2, 12_600),
    ]
    assert all(one["why"] for one in answer["splitGains"])
    assert answer["splitScan"]["members"] == 2


@pytest.mark.anyio
async def test_a_plan_without_gaps_leaves_nothing_to_gain(pipeline: Pipeline) -> None:
    await stored(
        pipeline,
        joined("promoter", role="promoter"),
        *sold("o1", "promoter", 3, 1_000_000),
        *sold("o2", "promoter", 4, 8_000_000),
    )
    closed_plan = plan_of("closed", team={}, partner={}, startBonus={})

    answer = answer_of(await simulated(pipeline, closed_plan))

    assert answer["costMinor"] > 0
    assert answer["splitGains"] == []
