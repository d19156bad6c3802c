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
    circular,
    group_buy,
    ids_of,
    order_ring,
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
