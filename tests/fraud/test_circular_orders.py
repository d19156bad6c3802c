"""Owners who buy in one another's shops, round after round."""

from collections.abc import Callable

import pytest

from graph_service.fraud.detectors.circular_orders import DETECTOR
from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.scene import Scene
from tests.worlds import Event
from tests.worlds.frauds import circular, ids_of, order_ring, round_trip, scene_of


def alerts(scene: Scene) -> list[Finding]:
    return [one for one in DETECTOR.find(scene) if one.score >= ALERT_SCORE]


def test_owners_who_buy_in_a_circle_are_found() -> None:
    scene = scene_of(circular())

    [found] = alerts(scene)

    assert ids_of(scene, found.members) == {"o0", "o1", "o2", "o3"}
    assert len(found.shops) == 4
    assert found.amount_minor == sum(30_000 + 9 * turn for turn in range(12))


@pytest.mark.parametrize("world", [round_trip, order_ring])
def test_other_frauds_are_no_circle(world: Callable[[], list[Event]]) -> None:
    assert alerts(scene_of(world())) == []
