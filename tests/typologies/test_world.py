"""Are the malls with planted frauds whole, always the same, and accepted by the service?"""

from collections import defaultdict
from functools import cache

import pytest

from graph_service.ingest.facts import Fact, parse_event
from graph_service.ingest.tokens import Tokeniser
from graph_service.typologies.world import (
    FRAUD_SCHEMES,
    KINDS,
    LOOKALIKES,
    MEMBERS_MIN,
    PREVALENCE_MAX,
    FraudWorld,
    WorldInvalid,
    fraud_world,
)
from tests.worlds import instant

MEMBERS = 2_000
ALERT_KINDS = set(
    """self_referral_cycle fake_order_ring circular_orders account_farm click_flood
    threshold_wash refund_arbitrage round_trip sleeper share_hijack""".split()
)


@cache
def world(camouflage: float = 0.25, seed: int = 1) -> FraudWorld:
    return fraud_world(MEMBERS, seed, camouflage=camouflage)


def test_the_same_arguments_give_the_same_world_and_another_seed_another() -> None:
    again, other = fraud_world(MEMBERS, 1), world(seed=2)

    assert again == world()
    assert other.events != world().events


@pytest.mark.parametrize("camouflage", [0.0, 0.5, 1.0])
def test_the_service_accepts_every_event(camouflage: float) -> None:
    tokeniser = Tokeniser(b"pepper")

    parsed = [parse_event(one, 0, tokeniser) for one in world(camouflage).events]

    assert [one for one in parsed if not isinstance(one, Fact)] == []


@pytest.mark.parametrize("camouflage", [0.0, 0.5, 1.0])
def test_events_come_in_time_order_with_ids_of_their_own(camouflage: float) -> None:
    events = world(camouflage).events

    times = [instant(one) for one in events]

    assert times == sorted(times)
    assert len({one["id"] for one in events}) == len(events)


@pytest.mark.parametrize("camouflage", [0.0, 0.5, 1.0])
def test_every_inviter_has_joined_before_so_there_is_no_cycle(camouflage: float) -> None:
    joined: set[str] = set()
    bound: defaultdict[str, set[str]] = defaultdict(set)

    for event in world(camouflage).events:
        data = event["data"]
        if "inviterId" in data:
            assert data["inviterId"] in joined
            bound[data["memberId"]].add(data["inviterId"])
        if event["type"] == "member.joined":
            assert data["memberId"] not in joined
            joined.add(data["memberId"])

    assert len(joined) == MEMBERS
    assert all(len(inviters) == 1 for inviters in bound.values())


@pytest.mark.parametrize("camouflage", [0.0, 0.5, 1.0])
def test_nobody_does_anything_before_joining_and_nothing_is_used_before_it_is_made(
    camouflage: float,
) -> None:
    known: set[str] = set()

    for event in world(camouflage).events:
        kind, data = event["type"], event["data"]
        used = {data.get("memberId"), data.get("shareId"), data.get("parentShareId")}
        if kind.startswith("order.") and kind != "order.paid":
            used.add(data["orderId"])
        if kind in ("member.joined", "share.created"):
            made = data["shareId"] if kind == "share.created" else data["memberId"]
            used.discard(made)
            known.add(made)
        if kind == "order.paid":
            known.add(data["orderId"])
        assert used - {None} <= known, event


@pytest.mark.parametrize("camouflage", [0.0, 0.5, 1.0])
def test_lines_add_up_and_no_more_goes_back_than_was_paid(camouflage: float) -> None:
    paid: dict[str, int] = {}
    back: defaultdict[str, int] = defaultdict(int)

    for event in world(camouflage).events:
        data = event["data"]
        if event["type"] == "order.paid":
            paid[data["orderId"]] = data["amountMinor"]
            assert data["amountMinor"] == sum(line["amountMinor"] for line in data["lines"])
        if event["type"] == "order.refunded":
            back[data["orderId"]] += data["amountMinor"]

    assert all(amount <= paid[order_id] for order_id, amount in back.items())


def test_the_kinds_of_frauds_are_the_kinds_of_alerts() -> None:
    assert set(KINDS) == ALERT_KINDS


@pytest.mark.parametrize("camouflage", [0.0, 0.5, 1.0])
def test_every_kind_of_fraud_and_of_look_alike_is_there(camouflage: float) -> None:
    found = world(camouflage)

    assert {one.kind for one in found.frauds} == set(KINDS)
    assert {one.kind for one in found.lookalikes} == set(LOOKALIKES)


def test_only_the_kinds_that_are_asked_for_are_there() -> None:
    found = fraud_world(MEMBERS, 1, kinds=("sleeper",), lookalikes=("household",))

    assert {one.kind for one in found.frauds} == {"sleeper"}
    assert {one.kind for one in found.lookalikes} == {"household"}


def test_no_account_is_in_two_frauds_or_in_a_fraud_and_a_look_alike() -> None:
    frauds = [one for group in world().frauds for one in group.member_ids]
    alike = {one for group in world().lookalikes for one in group.member_ids}

    assert len(set(frauds)) == len(frauds)
    assert not alike & set(frauds)


@pytest.mark.parametrize("prevalence", [0.04, 0.08])
def test_frauds_hold_the_part_of_the_members_that_is_asked_for(prevalence: float) -> None:
    found = fraud_world(MEMBERS, 1, prevalence=prevalence)

    accounts = sum(len(group.member_ids) for group in found.frauds)

    assert accounts == pytest.approx(MEMBERS * prevalence, rel=0.1)


@pytest.mark.parametrize("seed", [40, 41, 43])
def test_the_smallest_world_holds_as_many_frauds_as_are_allowed(seed: int) -> None:
    found = fraud_world(MEMBERS_MIN, seed, camouflage=seed % 5 / 4, prevalence=PREVALENCE_MAX)

    accounts = {one for group in found.frauds for one in group.member_ids}

    assert len(accounts) == pytest.approx(MEMBERS_MIN * PREVALENCE_MAX, rel=0.1)


def test_groups_name_members_orders_and_shops_of_the_world() -> None:
    members = {e["data"]["memberId"] for e in world().events if e["type"] == "member.joined"}
    orders = {e["data"]["orderId"] for e in world().events if e["type"] == "order.paid"}
    shops = {e["data"]["shopId"] for e in world().events if e["type"] == "shop.registered"}

    for group in [*world().frauds, *world().lookalikes]:
        assert set(group.member_ids) <= members
        assert set(group.order_ids) <= orders
        assert set(group.shop_ids) <= shops
        assert list(group.member_ids) == sorted(set(group.member_ids))


def test_sizes_of_frauds_are_within_those_of_their_kind() -> None:
    for group in world().frauds:
        few, many = FRAUD_SCHEMES[group.kind].sizes
        assert few <= len(group.member_ids) <= many


def test_arguments_out_of_range_are_refused() -> None:
    with pytest.raises(WorldInvalid):
        fraud_world(MEMBERS, 1, camouflage=1.5)
    with pytest.raises(WorldInvalid):
        fraud_world(MEMBERS, 1, prevalence=0.5)
    with pytest.raises(WorldInvalid):
        fraud_world(100, 1)
    with pytest.raises(WorldInvalid):
        fraud_world(MEMBERS, 1, kinds=("witchcraft",))
