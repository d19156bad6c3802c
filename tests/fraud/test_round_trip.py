"""Buyers who belong to the owner of the shop."""

from collections.abc import Callable

import pytest

from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.round_trip import DETECTOR
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
    [found] = alerts(scene_of(round_trip()))

    assert sum(one.contribution for one in found.reasons) == pytest.approx(found.score)
    assert all(one.en.endswith(".") and one.zh.endswith("。") for one in found.reasons)


def test_buyers_with_the_owners_card_who_pay_the_same_again_and_again_are_found() -> None:
    scene = scene_of(round_trip())

    [found] = alerts(scene)

    assert ids_of(scene, found.members) == {"owner", "kin-0", "kin-1"}
    assert len(found.orders) == 12


def test_a_ring_that_buys_in_nobodys_shop_is_no_round_trip() -> None:
    assert alerts(scene_of(order_ring())) == []


def test_owners_in_a_circle_have_no_tie_to_the_shops_they_buy_in() -> None:
    assert alerts(scene_of(circular())) == []
