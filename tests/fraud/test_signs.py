"""What is whose own, what is earned, and which amounts are alike."""

import numpy as np
import pytest

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.fraud.chains.earning import earnings_of
from graph_service.fraud.detectors.sleeper import THRESHOLDS, wakings_of
from graph_service.fraud.scene import Scene
from graph_service.fraud.signs.amounts import few_prices, likeness, mall_amounts
from graph_service.fraud.signs.kinship import kinds_of, kinship_of
from graph_service.snapshot.log import NONE
from tests.worlds.frauds import (
    gift_circle,
    group_buy,
    honest_mall,
    household,
    order_ring,
    scene_of,
    self_referral,
    sleepers,
)


def number(scene: Scene, member: str) -> int:
    return scene.snapshot.names["member"].index(member)


def shared(scene: Scene, one: str, other: str) -> set[str]:
    pair = (np.array([number(scene, name)]) for name in (one, other))
    return set(kinds_of(int(kinship_of(scene).masks(*pair)[0])))


def test_two_accounts_share_the_number_and_card_they_are_seen_with() -> None:
    assert shared(scene_of(self_referral()), "ada", "ada-2") == {"payment", "phone"}


def test_the_number_of_who_gets_a_present_is_not_the_givers() -> None:
    scene = scene_of(gift_circle())

    assert shared(scene, "g0", "g1") == set()


def test_the_number_where_neighbours_pick_things_up_is_the_leaders_only() -> None:
    scene = scene_of(group_buy())

    assert "phone" not in shared(scene, "leader", "n1")


def test_of_several_orders_after_one_click_the_first_took_a_touch() -> None:
    scene = scene_of(household())
    pairs = earnings_of(scene)
    earner, buyer = number(scene, "wife"), number(scene, "man")

    [pair] = np.flatnonzero((pairs.earner == earner) & (pairs.buyer == buyer))

    assert pairs.invited[pair]
    assert pairs.touched[pair] == 1
    assert pairs.earned[pair] > 1
    assert len(pairs.orders_of(np.array([pair]))) == pairs.earned[pair]


def test_earnings_are_those_of_a_plain_count() -> None:
    scene = scene_of(order_ring())
    pairs, told = earnings_of(scene), scene.snapshot.orders

    plain: dict[tuple[int, int], int] = {}
    for order in range(len(told)):
        key = int(told.promoter[order]), int(told.buyer[order])
        if NONE not in key and key[0] != key[1]:
            plain[key] = plain.get(key, 0) + 1

    ours = {
        (int(earner), int(buyer)): int(earned + bound)
        for earner, buyer, earned, bound in zip(
            pairs.earner, pairs.buyer, pairs.earned, pairs.bound, strict=True
        )
        if earned + bound
    }
    assert ours == plain


def test_equal_amounts_are_alike_and_those_of_the_mall_are_not() -> None:
    scene = scene_of()
    mall = mall_amounts(scene)
    drawn = scene.snapshot.orders.amount[:12]

    assert likeness(np.full(8, 8_800), mall).nats == 6
    assert likeness(drawn, mall).nats == 0


def test_two_prices_again_and_again_are_alike_and_any_amounts_are_not() -> None:
    rng = np.random.default_rng(7)
    mall = np.sort(rng.normal(9.0, 1.0, 4_000))
    prices = np.array([12_000, 45_000] * 5, np.int64)
    anything = np.exp(rng.normal(9.0, 1.0, 10)).astype(np.int64)

    assert likeness(prices, mall).nats == 0
    assert few_prices(prices, mall).nats > 4
    assert few_prices(anything, mall).nats == 0


def test_the_part_asleep_is_that_of_a_plain_count() -> None:
    scene = scene_of(sleepers())
    at = scene.snapshot.now - 20 * MICROS_PER_DAY
    snapshot, orders = scene.snapshot, scene.snapshot.orders
    asleep = there = 0
    for member in range(scene.people):
        done = [
            snapshot.members.joined[member],
            *snapshot.shares.at[snapshot.shares.member == member],
            *snapshot.clicks.at[snapshot.clicks.member == member],
            *orders.paid[orders.buyer == member],
        ]
        before = [one for one in done if one < at]
        there += bool(before)
        days = (at - max(before)) / MICROS_PER_DAY if before else 0
        asleep += days > THRESHOLDS["asleep_days"].value

    part = wakings_of(scene).asleep_part(at)

    assert part == pytest.approx((asleep + 1) / (there + 500))


def test_an_honest_mall_is_big_enough_to_compare_with() -> None:
    assert len(honest_mall()) > 900
