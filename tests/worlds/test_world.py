"""Are made-up worlds valid, always the same, like the real thing, and small in memory?"""

import subprocess
import sys
from collections import Counter
from functools import cache
from itertools import pairwise
from math import log
from pathlib import Path
from random import Random
from statistics import stdev
from typing import Any

import numpy as np
import pytest

from graph_service.demo.story import choose_order
from graph_service.ingest.facts import Rejection, parse_event
from graph_service.ingest.tokens import Tokeniser
from graph_service.worlds.cascades import draw_delay, draw_shape, draw_size
from graph_service.worlds.diary import CLOSES, OPENS
from graph_service.worlds.members import (
    HOME_MEMBERS_MAX,
    home_address,
    name_of,
    phone_of,
    populate,
)
from graph_service.worlds.showcase import CLICKERS, PROMOTERS, SHOWCASE_ORDER, SILENT
from graph_service.worlds.world import (
    MEMBERS_MIN,
    WORLDS,
    World,
    world_events,
    world_lines,
    world_of,
)
from tests.reference.cascades import Cascades, cascades_of, distance, events_of
from tests.reference.mall import ReferenceMall
from tests.worlds import Event, instant

SMALL = world_of("S", members=600)
SEEDS = (7, 8)
# Cascades drawn by themselves, as many as give distances that hardly wander.
DRAWN = 2_000


@cache
def events(seed: int = 7) -> list[Event]:
    return list(world_events(world_of("S", members=600, seed=seed)))


@cache
def world_s() -> list[Event]:
    return list(world_events(WORLDS["S"]))


@cache
def stored(seed: int = 7, members: int = 600) -> ReferenceMall:
    mall = ReferenceMall(CLOSES)
    for event in world_events(world_of("S", members=members, seed=seed)):
        assert mall.store(event) == "accepted"
    return mall


@cache
def answers() -> dict[str, dict[str, Any]]:
    return {order_id: stored().attribution(order_id) for order_id in stored().orders()}


@cache
def drawn() -> Cascades:
    """Cascades drawn without a mall around them."""
    dice, found = Random(1), Cascades()
    for _ in range(DRAWN):
        parents = draw_shape(draw_size(dice, 10_000), dice)
        depths = [0] * len(parents)
        for place, parent in enumerate(parents):
            depths[place] = 0 if parent < 0 else depths[parent] + 1
        reshares = Counter(parents)
        found.sizes.append(len(parents))
        found.depths.append(max(depths))
        found.fan_outs.extend(reshares[place] for place in range(len(parents)))
        found.delays_s.append(draw_delay(dice))
    return found


# --- the contract ---


def test_same_world_gives_the_same_events_and_another_seed_others() -> None:
    assert list(world_events(SMALL)) == events()
    assert events() != events(8)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_event_keeps_the_contract(seed: int) -> None:
    tokeniser = Tokeniser(b"pepper")

    parsed = [parse_event(event, i, tokeniser) for i, event in enumerate(events(seed))]

    assert [one.problem for one in parsed if isinstance(one, Rejection)] == []


def test_events_come_in_time_order_and_within_half_a_year() -> None:
    times = [instant(event) for event in world_s()]

    assert all(before <= after for before, after in pairwise(times))
    assert times[0] >= OPENS
    assert times[-1] < CLOSES


def test_no_key_is_used_twice() -> None:
    assert len({event["id"] for event in world_s()}) == len(world_s())


@pytest.mark.parametrize("size", [200, 600, 5_000])
def test_sizes_are_those_asked_for(size: int) -> None:
    kinds = Counter(event["type"] for event in world_events(world_of("S", members=size)))

    assert kinds["member.joined"] == size
    assert abs(kinds.total() - 10 * size) < 0.1 * 10 * size + 200


def test_world_s_has_its_size_and_every_kind_of_fact() -> None:
    kinds = Counter(event["type"] for event in world_s())

    assert kinds["member.joined"] == 20_000
    assert abs(kinds.total() - 200_000) < 4_000
    assert set(kinds) == set(
        """member.joined referral.bound member.active identity.observed visitor.identified
        share.created share.clicked order.paid order.completed order.cancelled order.refunded
        shop.registered product.upserted coupon.issued campaign.upserted
        community.upserted""".split()
    )


def test_lines_add_up_to_their_order_and_refunds_stay_below_it() -> None:
    paid = {
        event["data"]["orderId"]: event["data"]
        for event in world_s()
        if event["type"] == "order.paid"
    }
    refunds = [event["data"] for event in world_s() if event["type"] == "order.refunded"]

    assert all(
        sum(line["amountMinor"] for line in one["lines"]) == one["amountMinor"]
        for one in paid.values()
    )
    assert all(one["amountMinor"] <= paid[one["orderId"]]["amountMinor"] for one in refunds)


def test_everything_named_has_come_before() -> None:
    """No event of a world is about a member, share or order that is told of later."""
    known: set[tuple[str, str]] = set()
    for event in world_s():
        data = event["data"]
        if event["type"] == "member.joined":
            known.add(("member", data["memberId"]))
        if event["type"] == "share.created":
            known.add(("share", data["shareId"]))
        if event["type"] == "order.paid":
            known.add(("order", data["orderId"]))
        named = {
            ("member", data.get("memberId")),
            ("member", data.get("inviterId")),
            ("share", data.get("shareId")),
            ("share", data.get("parentShareId")),
            ("order", data.get("orderId")),
        }
        assert {one for one in named if one[1] is not None} <= known, event


def test_too_few_and_too_many_members_are_refused() -> None:
    for members in (MEMBERS_MIN - 1, 10**9):
        with pytest.raises(ValueError, match="a world has"):
            world_of("S", members=members)
    with pytest.raises(ValueError, match="at least"):
        next(world_lines(World("tiny", MEMBERS_MIN - 1, 100)))


def test_memory_does_not_grow_with_the_events() -> None:
    """Ten times the events of as many members take hardly more memory than the once."""
    code = (
        "import resource, sys; from graph_service.worlds.world import World, world_lines\n"
        "events = sum(1 for _ in world_lines(World('w', 20_000, int(sys.argv[1]))))\n"
        "print(events, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )

    def kib(wanted: int) -> int:
        arguments = [sys.executable, "-c", code, str(wanted)]
        shown = subprocess.run(arguments, capture_output=True, text=True, check=True)
        made, used = map(int, shown.stdout.split())
        assert made > 0.9 * wanted
        return used

    assert kib(1_000_000) < kib(150_000) + 40 * 1_024


# --- like the real thing ---


@pytest.mark.parametrize(
    ("what", "most"), [("sizes", 0.12), ("depths", 0.13), ("fan_outs", 0.05), ("delays_s", 0.08)]
)
def test_cascades_are_shaped_as_the_real_ones(shared_data: Path, what: str, most: float) -> None:
    """0.126 is where 117 real cascades would be called different at the 5 % level."""
    real = cascades_of(events_of(shared_data / "weibo_cascades.jsonl.gz"))

    assert len(real.sizes) == 117
    assert distance(getattr(drawn(), what), getattr(real, what)) < most


def test_cascades_of_a_world_are_those_that_were_drawn() -> None:
    """The mall around them (its end, members who are few at first) bends them only a little."""
    made = cascades_of(world_s())

    assert len(made.sizes) > 30
    assert distance(made.fan_outs, drawn().fan_outs) < 0.05
    assert distance(made.sizes, drawn().sizes) < 0.25
    assert distance(made.depths, drawn().depths) < 0.25


def test_nobody_passes_the_same_share_on_twice() -> None:
    passed = Counter(
        (event["data"]["memberId"], event["data"]["parentShareId"])
        for event in world_events(World("some", 4_000, 40_000))
        if event["type"] == "share.created" and "parentShareId" in event["data"]
    )

    assert passed.total() > 1_000
    assert max(passed.values()) == 1


def test_order_values_spread_as_those_of_a_retailer(shared_data: Path) -> None:
    """The real ones are CDNOW's; compared are the logarithms' deviations and, scaled, shapes."""
    real = [
        log(event["data"]["amountMinor"])
        for event in events_of(shared_data / "weibo_cascades.jsonl.gz")
        if event["type"] == "order.paid"
    ]
    made = [
        log(event["data"]["amountMinor"]) for event in world_s() if event["type"] == "order.paid"
    ]

    def scaled(values: list[float]) -> list[float]:
        array = np.array(values)
        return ((array - array.mean()) / array.std()).tolist()

    assert abs(stdev(made) - stdev(real)) < 0.1
    assert distance(scaled(made), scaled(real)) < 0.12


def test_buyers_come_back_as_in_retail() -> None:
    """Most buyers order once, a few many times: counts have a variance far above their mean."""
    orders = Counter(
        event["data"]["memberId"] for event in world_s() if event["type"] == "order.paid"
    )
    counts = np.array(list(orders.values()))

    assert 0.4 < (counts == 1).mean() < 0.75
    assert counts.var() > 1.5 * counts.mean()
    assert counts.max() > 15


def test_inviting_is_unequal_and_the_forest_is_not_too_deep() -> None:
    inviters = {
        event["data"]["memberId"]: event["data"]["inviterId"]
        for event in world_s()
        if event["type"] == "member.joined" and "inviterId" in event["data"]
    }
    invited = Counter(inviters.values())
    depth: dict[str, int] = {}
    for member, inviter in inviters.items():
        depth[member] = depth.get(inviter, 0) + 1

    most = [count for _, count in invited.most_common(len(invited) // 100)]
    assert sum(most) > 0.1 * len(inviters)
    assert 8 < max(depth.values()) < 64


def test_honest_people_share_homes_offices_and_pick_up_points() -> None:
    """What detectors must not take for fraud is there: many orders to one address, bursts."""
    people = populate(5_000, 10**7, np.random.default_rng(3))
    homes = Counter(map(int, people.home))
    offices = Counter(office for office in map(int, people.office) if office >= 0)
    orders = [event for event in world_s() if event["type"] == "order.paid"]
    buyers: dict[str, set[str]] = {}
    for order in orders:
        for one in order["data"].get("identifiers", ()):
            if one["kind"] == "address":
                buyers.setdefault(one["value"], set()).add(order["data"]["memberId"])
    minutes = Counter(event["time"][:15] for event in orders)

    assert max(homes.values()) == HOME_MEMBERS_MAX
    assert max(offices.values()) > 60
    assert sum(len(one) >= 6 for one in buyers.values()) > 20
    # Ten minutes of a flash sale hold more orders than a quiet day.
    assert max(minutes.values()) > 60


def test_names_and_identifiers_are_nobody_elses() -> None:
    several = range(20_000)

    for spelled in (name_of, home_address, phone_of):
        assert len(set(map(spelled, several))) == len(several)


# --- the showcase ---


def test_exclusive_coupon_decides_one_order() -> None:
    assert Counter(answer["basis"] for answer in answers().values())["coupon"] == 1


def test_teams_and_paths_are_several_levels_deep() -> None:
    mall = stored()

    assert max(len(mall.uplines(member_id)) for member_id in mall.members()) >= 6
    assert len({len(answer["path"]) for answer in answers().values()}) >= 4


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
