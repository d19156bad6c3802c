"""Buyers of the same goods for one promoter."""

from collections.abc import Callable

import pytest

from graph_service.fraud.detectors.fake_order_ring import DETECTOR, appointment_sign
from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.scene import Scene
from graph_service.fraud.signs.purchases import ring_groups
from tests.worlds import Event
from tests.worlds.frauds import (
    Diary,
    circular,
    group_buy,
    ids_of,
    order_ring,
    own_things,
    scene_of,
    self_referral,
)


def alerts(scene: Scene) -> list[Finding]:
    return [one for one in DETECTOR.find(scene) if one.score >= ALERT_SCORE]


def test_buyers_and_their_promoter_are_found() -> None:
    scene = scene_of(order_ring())

    [found] = alerts(scene)

    ring = {"boss", *(f"b{number}" for number in range(10))}
    assert ids_of(scene, found.members) == ring


def test_a_group_buy_is_told_as_one() -> None:
    scene = scene_of(group_buy())

    [group] = ring_groups(scene)

    sign = appointment_sign(scene, group)
    assert sign is not None
    assert sign.value == 5


def test_a_group_buy_of_the_goods_of_a_ring_is_left_out_of_it() -> None:
    """Eight accounts of two devices buy four goods; so do sixteen friends of a leader."""
    diary = Diary("both")
    diary.join("leader", 5, **own_things("leader"))
    for number in range(8):
        things = {**own_things(f"r{number}"), "device": f"device-r{number % 2}"}
        diary.join(f"r{number}", 20, **things)
    for number in range(16):
        diary.join(f"g{number}", 20, **own_things(f"g{number}"))
    for good in range(4):
        share = diary.share("leader", 79 + good, f"p-{60 + good}")
        for number in range(8):
            diary.buy(f"r{number}", 81 + good + number / 30, f"p-{60 + good}", 9_900)
        for number in range(16):
            diary.buy(f"g{number}", 81 + good + number / 40, f"p-{60 + good}", 9_900, share=share)
    scene = scene_of(diary.events)

    [found] = alerts(scene)

    assert ids_of(scene, found.members) == {f"r{number}" for number in range(8)}
    [told] = [one for one in found.reasons if one.feature == "bought_the_same"]
    assert told.value == 8 * 4


@pytest.mark.parametrize("world", [self_referral, circular])
def test_other_frauds_are_no_ring(world: Callable[[], list[Event]]) -> None:
    assert alerts(scene_of(world())) == []


def test_parcels_received_at_once_speak_for_a_ring() -> None:
    ring = order_ring()
    told = [one for one in ring if one["type"] == "order.paid"]
    done = [
        {
            **one,
            "id": f"{one['id']}-done",
            "type": "order.completed",
            "data": {"orderId": one["data"]["orderId"]},
        }
        for one in told
    ]

    [plain], [quick] = alerts(scene_of(ring)), alerts(scene_of(ring, done))

    def receipts(found: Finding) -> float:
        return {one.feature: one.contribution for one in found.reasons}["quick_receipts"]

    assert receipts(plain) == 0
    assert receipts(quick) > 0
