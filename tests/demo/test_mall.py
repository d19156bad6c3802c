"""Is the demo's mall valid, always the same, and does its showcase show what it says?"""

from collections import Counter
from functools import cache
from typing import Any

import pytest

from graph_service.demo.mall import (
    CLICKERS,
    CLOSES,
    MEMBERS_MIN,
    OPENS,
    PROMOTERS,
    SHOWCASE_ORDER,
    SILENT,
    demo_events,
)
from graph_service.demo.story import choose_order
from graph_service.ingest.facts import Rejection, parse_event
from graph_service.ingest.tokens import Tokeniser
from tests.reference.mall import ReferenceMall
from tests.worlds import Event, instant

SEEDS = (7, 8)


@cache
def stored(seed: int = 7, members: int = 600) -> ReferenceMall:
    mall = ReferenceMall(CLOSES)
    for event in demo_events(seed, members):
        assert mall.store(event) == "accepted"
    return mall


@cache
def answers() -> dict[str, dict[str, Any]]:
    return {order_id: stored().attribution(order_id) for order_id in stored().orders()}


def kinds(events: list[Event]) -> Counter[str]:
    return Counter(event["type"] for event in events)


def test_same_seed_gives_the_same_events() -> None:
    assert list(demo_events()) == list(demo_events(7, 600))


def test_another_seed_gives_another_mall() -> None:
    assert list(demo_events(7)) != list(demo_events(8))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_event_keeps_the_contract(seed: int) -> None:
    tokeniser = Tokeniser(b"pepper")

    parsed = [parse_event(event, i, tokeniser) for i, event in enumerate(demo_events(seed))]

    assert [one.problem for one in parsed if isinstance(one, Rejection)] == []


def test_events_come_in_time_order_and_within_half_a_year() -> None:
    times = [instant(event) for event in demo_events()]

    assert times == sorted(times)
    assert times[0] >= OPENS
    assert times[-1] < CLOSES


def test_no_key_is_used_twice() -> None:
    keys = Counter(event["id"] for event in demo_events())

    assert max(keys.values()) == 1


def test_size_is_that_of_a_demo_and_every_kind_of_fact_is_there() -> None:
    events = list(demo_events())

    counted = kinds(events)
    assert 5_000 <= len(events) <= 8_000
    assert counted["member.joined"] == 600
    assert {"visitor.identified", "identity.observed", "order.refunded"} <= set(counted)


def test_lines_add_up_to_their_order() -> None:
    paid = [event["data"] for event in demo_events() if event["type"] == "order.paid"]

    assert all(
        sum(line["amountMinor"] for line in one["lines"]) == one["amountMinor"] for one in paid
    )


def test_exclusive_coupon_decides_one_order() -> None:
    assert Counter(answer["basis"] for answer in answers().values())["coupon"] == 1


def test_teams_and_paths_are_several_levels_deep() -> None:
    mall = stored()

    assert max(len(mall.uplines(member_id)) for member_id in mall.members()) >= 6
    assert len({len(answer["path"]) for answer in answers().values()}) >= 5


@pytest.mark.parametrize(("seed", "members"), [(7, 600), (8, 200), (9, MEMBERS_MIN)])
def test_showcase_has_the_counts_and_the_allowance_of_the_design(seed: int, members: int) -> None:
    answer = stored(seed, members).attribution(SHOWCASE_ORDER)

    assert [step["memberId"] for step in answer["path"]] == list(PROMOTERS)
    assert [step["clearedClickers"] for step in answer["path"]] == list(CLICKERS)
    assert [line["amountMinor"] for line in answer["allowance"]["lines"]] == [118, 83, 288, 6, 1]
    assert answer["allowance"]["keptMinor"] == 4
    assert answer["credits"] == [{"memberId": "sun-mei", "weight": "1", "amountMinor": 50_000}]


def test_showcase_promoters_stand_above_each_other() -> None:
    assert stored().uplines(PROMOTERS[-1]) == [*reversed(PROMOTERS[:-1]), "he-rui"]


def test_silent_promoter_is_credited_with_no_order() -> None:
    credited = {credit["memberId"] for answer in answers().values() for credit in answer["credits"]}

    assert len(credited) > 50
    assert SILENT not in credited


def test_showcase_is_the_order_that_the_story_tells() -> None:
    assert choose_order(answers()) == SHOWCASE_ORDER


def test_too_few_members_are_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        next(demo_events(7, MEMBERS_MIN - 1))
