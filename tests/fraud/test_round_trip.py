"""Buyers who belong to the owner of the shop."""

from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.round_trip import DETECTOR
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.scene import Scene
from tests.worlds.frauds import circular, ids_of, order_ring, round_trip, scene_of


def alerts(scene: Scene) -> list[Finding]:
    return [one for one in DETECTOR.find(scene) if one.score >= ALERT_SCORE]


def test_buyers_with_the_owners_card_who_pay_the_same_again_and_again_are_found() -> None:
    scene = scene_of(round_trip())

    [found] = alerts(scene)

    assert ids_of(scene, found.members) == {"owner", "kin-0", "kin-1"}
    assert len(found.orders) == 12


def test_a_ring_that_buys_in_nobodys_shop_is_no_round_trip() -> None:
    assert alerts(scene_of(order_ring())) == []


def test_owners_in_a_circle_have_no_tie_to_the_shops_they_buy_in() -> None:
    assert alerts(scene_of(circular())) == []
