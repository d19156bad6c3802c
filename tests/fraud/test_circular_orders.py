"""Owners who buy in one another's shops, round after round."""

from collections.abc import Callable

import pytest

from graph_service.fraud.detectors.circular_orders import DETECTOR
from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.scene import Scene
from graph_service.snapshot.log import log_of
from graph_service.snapshot.snapshot import snapshot_of
from tests.worlds import Event
from tests.worlds.frauds import LOOKALIKES, circular, ids_of, order_ring, round_trip, scene_of


def alerts(scene: Scene) -> list[Finding]:
    return [one for one in DETECTOR.find(scene) if one.score >= ALERT_SCORE]


@pytest.mark.parametrize("world", LOOKALIKES)
def test_honest_look_alikes_give_no_alert(world: Callable[[], list[Event]]) -> None:
    assert alerts(scene_of(world())) == []


def test_a_mall_of_nobody_has_no_findings() -> None:
    assert list(DETECTOR.find(Scene(snapshot_of(log_of([]))))) == []


def test_reasons_tell_the_score_in_whole_sentences() -> None:
    [found] = alerts(scene_of(circular()))

    assert sum(one.contribution for one in found.reasons) == pytest.approx(found.score)
    assert all(one.en.endswith(".") and one.zh.endswith("。") for one in found.reasons)


def test_owners_who_buy_in_a_circle_are_found() -> None:
    scene = scene_of(circular())

    [found] = alerts(scene)

    assert ids_of(scene, found.members) == {"o0", "o1", "o2", "o3"}
    assert len(found.shops) == 4
    assert found.amount_minor == sum(30_000 + 9 * turn for turn in range(12))


@pytest.mark.parametrize("world", [round_trip, order_ring])
def test_other_frauds_are_no_circle(world: Callable[[], list[Event]]) -> None:
    assert alerts(scene_of(world())) == []
