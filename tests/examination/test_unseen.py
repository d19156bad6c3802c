from collections import Counter, defaultdict
from datetime import datetime
from functools import cache
from itertools import accumulate, pairwise

import pytest

from graph_service.examination.chronicle import UnseenWorld
from graph_service.examination.life import Life
from graph_service.examination.lookalikes import LOOKALIKES
from graph_service.examination.mall import Mall
from graph_service.examination.plots import Scheme
from graph_service.examination.unseen import KINDS, LEFT_OUT, Planter, plant_frauds, unseen_world
from graph_service.ingest.facts import Fact, parse_event
from graph_service.ingest.tokens import Tokeniser

MEMBERS = 1_000
SEEDS = (1, 2, 3)
CONTRACT_KINDS = frozenset(
    """self_referral_cycle fake_order_ring circular_orders account_farm click_flood threshold_wash
    refund_arbitrage round_trip sleeper share_hijack""".split()
)
EVERYTHING = [pytest.param(kind, *planted, id=kind) for kind, planted in (KINDS | LEFT_OUT).items()]


@cache
def world_of(seed: int, camouflage: float = 0.5) -> UnseenWorld:
    return unseen_world(MEMBERS, seed, camouflage=camouflage)


def happened(world: UnseenWorld, *kinds: str) -> list[dict[str, object]]:
    return [one["data"] for one in world.events if one["type"] in kinds]


def test_the_kinds_are_those_of_the_contract() -> None:
    assert set(KINDS) == CONTRACT_KINDS
    assert not set(LEFT_OUT) & CONTRACT_KINDS


def test_a_seed_gives_the_same_world_again_and_another_seed_another() -> None:
    world = world_of(1)

    again = unseen_world(MEMBERS, 1, camouflage=0.5)

    assert again == world
    assert not set(world.members) & set(world_of(2).members)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_event_keeps_the_contract(seed: int) -> None:
    tokeniser = Tokeniser(b"pepper")

    parsed = [parse_event(one, 0, tokeniser) for one in world_of(seed).events]

    assert [one for one in parsed if not isinstance(one, Fact)] == []
    assert len({one["id"] for one in world_of(seed).events}) == len(parsed)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_world_has_the_members_asked_for_and_each_joins_once(seed: int) -> None:
    world = world_of(seed)

    joined = [one["memberId"] for one in happened(world, "member.joined")]

    assert len(joined) == MEMBERS
    assert sorted(map(str, joined)) == sorted(world.members)


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_is_their_own_inviter_over_any_way(seed: int) -> None:
    world = world_of(seed)
    bindings = happened(world, "member.joined", "referral.bound")
    inviters = {one["memberId"]: one["inviterId"] for one in bindings if "inviterId" in one}

    for member in inviters:
        seen, above = {member}, inviters[member]
        while above in inviters:
            assert above not in seen
            seen.add(above)
            above = inviters[above]


@pytest.mark.parametrize("seed", SEEDS)
def test_refunds_stay_within_their_orders_and_come_after_them(seed: int) -> None:
    world = world_of(seed)
    paid = {one["data"]["orderId"]: one for one in world.events if one["type"] == "order.paid"}
    returned: Counter[str] = Counter()
    for event in world.events:
        if event["type"] == "order.refunded":
            returned[event["data"]["orderId"]] += event["data"]["amountMinor"]
            assert event["time"] > paid[event["data"]["orderId"]]["time"]

    assert returned
    assert all(amount <= paid[one]["data"]["amountMinor"] for one, amount in returned.items())


@pytest.mark.parametrize("seed", SEEDS)
def test_orders_add_up_and_shares_and_members_are_there_before_they_are_used(seed: int) -> None:
    world = world_of(seed)
    joined = {
        e["data"]["memberId"]: e["time"] for e in world.events if e["type"] == "member.joined"
    }
    shared = {e["data"]["shareId"]: e["time"] for e in world.events if e["type"] == "share.created"}
    for event in world.events:
        data = event["data"]
        if event["type"] == "order.paid":
            assert sum(line["amountMinor"] for line in data["lines"]) == data["amountMinor"]
        if event["type"] in ("order.paid", "share.created", "share.clicked") and "memberId" in data:
            assert joined[data["memberId"]] <= event["time"]
        if event["type"] in ("order.paid", "share.clicked") and "shareId" in data:
            assert shared[data["shareId"]] <= event["time"]


def test_events_come_nearly_by_time() -> None:
    times = [datetime.fromisoformat(one["time"]) for one in world_of(1).events]

    backwards = sum(later < earlier for earlier, later in pairwise(times))

    assert 0 < backwards < len(times) / 2
    late = [newest - time for newest, time in zip(accumulate(times, max), times, strict=True)]
    assert max(late).total_seconds() < 24 * 3_600


@pytest.mark.parametrize("seed", SEEDS)
def test_planted_groups_are_of_the_world_and_share_no_member(seed: int) -> None:
    world = world_of(seed)
    planted = [one for plot in world.planted for one in plot.member_ids]
    alike = [one for plot in world.lookalikes for one in plot.member_ids]

    assert planted
    assert len(planted) <= 0.025 * MEMBERS
    assert len(set(planted + alike)) == len(planted) + len(alike)
    assert set(planted + alike) <= set(world.members)
    orders = {one["orderId"] for one in happened(world, "order.paid")}
    assert {one for plot in world.planted for one in plot.order_ids} <= orders
    shops = {one["shopId"] for one in happened(world, "shop.registered")}
    assert {one for plot in world.planted for one in plot.shop_ids} <= shops


def test_every_kind_of_lookalike_is_planted() -> None:
    kinds = {plot.kind for seed in SEEDS for plot in world_of(seed).lookalikes}

    assert kinds == set(LOOKALIKES)


def scheme_of(seed: int, camouflage: float) -> Scheme:
    life = Life(Mall(seed, 300, 100))
    life.populate(300)
    for account in list(life.mall.accounts):
        life.post(account)
        life.live(account)
    return Scheme(life, camouflage)


def test_no_kind_is_left_with_nothing_where_there_is_enough_for_all() -> None:
    scheme = scheme_of(9, 0.25)
    before = len(scheme.mall.accounts)

    planted = plant_frauds(scheme, 130)

    assert {plot.kind for plot in planted} == set(KINDS | LEFT_OUT)
    assert (
        len(scheme.mall.accounts) - before == sum(len(plot.member_ids) for plot in planted) <= 130
    )


@pytest.mark.parametrize(("kind", "planter", "smallest", "largest"), EVERYTHING)
def test_a_group_has_about_the_size_asked_for(
    kind: str, planter: Planter, smallest: int, largest: int
) -> None:
    for seed in range(8):
        scheme = scheme_of(seed, 0.25 * (seed % 4))
        before = {one.member_id for one in scheme.mall.accounts}
        size = smallest if seed % 2 else (smallest + largest) // 2

        plot = planter(scheme, size)

        assert plot.kind == kind
        assert 1 <= len(plot.member_ids) <= size
        assert len(set(plot.member_ids)) == len(plot.member_ids)
        assert not before & set(plot.member_ids)
        assert len(scheme.mall.accounts) - len(before) == len(plot.member_ids)


def test_the_careful_share_fewer_tokens_than_the_careless() -> None:
    shared: dict[float, int] = {}
    for camouflage in (0.0, 0.9):
        scheme = scheme_of(5, camouflage)
        known = len(scheme.mall.accounts)
        planter, _, largest = KINDS["account_farm"]
        planter(scheme, largest)
        users: dict[str, int] = defaultdict(int)
        for account in scheme.mall.accounts[known + 1 :]:
            users[account.tokens["device"][0]] += 1
        shared[camouflage] = sum(count for count in users.values() if count > 1)

    assert shared[0.0] > 2 * shared[0.9]


@pytest.mark.parametrize("camouflage", [0.0, 1.0])
def test_who_washes_a_step_sends_most_of_it_back_in_the_next_month(camouflage: float) -> None:
    scheme = scheme_of(4, camouflage)
    planter, _, largest = KINDS["threshold_wash"]

    plot = planter(scheme, largest)
    scheme.mall.write_orders()

    events = scheme.mall.chronicle.feed()
    paid = {
        one["data"]["orderId"]: one["time"]
        for one in events
        if one["type"] == "order.paid" and one["data"]["orderId"] in plot.order_ids
    }
    back = [
        (one["time"], paid[one["data"]["orderId"]])
        for one in events
        if one["type"] == "order.refunded" and one["data"]["orderId"] in paid
    ]
    assert len(back) > 0.5 * len(paid)
    assert all(returned[:7] > bought[:7] for returned, bought in back)


def test_a_snatched_order_follows_a_click_of_its_buyer_on_the_snatchers_share() -> None:
    scheme = scheme_of(6, 0.0)
    planter, _, largest = KINDS["share_hijack"]

    plot = planter(scheme, largest)
    scheme.mall.write_orders()

    events = scheme.mall.chronicle.feed()
    owners = {
        one["data"]["shareId"]: one["data"]["memberId"]
        for one in events
        if one["type"] == "share.created"
    }
    clicks = defaultdict[str, list[datetime]](list)
    for one in events:
        if one["type"] == "share.clicked" and owners[one["data"]["shareId"]] in plot.member_ids:
            clicks[one["data"].get("memberId", "")].append(datetime.fromisoformat(one["time"]))
    for one in events:
        if one["type"] == "order.paid" and one["data"]["orderId"] in plot.order_ids:
            at = datetime.fromisoformat(one["time"])
            before = [(at - click).total_seconds() for click in clicks[one["data"]["memberId"]]]
            assert any(0 < delay < 13 for delay in before)
