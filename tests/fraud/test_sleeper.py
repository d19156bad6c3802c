"""Accounts that sleep and wake together."""

from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.detectors.sleeper import DETECTOR, wakings_of
from graph_service.fraud.scene import Scene
from tests.worlds import errands
from tests.worlds.frauds import ids_of, scene_of, sleepers
from tests.worlds.malls import Mall, names_of


def alerts(scene: Scene) -> list[Finding]:
    return [one for one in DETECTOR.find(scene) if one.score >= ALERT_SCORE]


def test_accounts_that_wake_together_are_found() -> None:
    scene = scene_of(sleepers())

    [found] = alerts(scene)

    assert ids_of(scene, found.members) == {f"z{number}" for number in range(9)}


def test_who_never_slept_is_no_sleeper() -> None:
    scene = scene_of(sleepers())

    wakings = wakings_of(scene)

    awake = scene.snapshot.orders.buyer[wakings.which]
    assert ids_of(scene, awake.tolist()) >= {f"z{number}" for number in range(9)}
    assert wakings.slept_days[wakings.which].min() >= 40


def test_sleepers_who_buy_various_things_in_one_shop_are_found() -> None:
    mall = Mall(4)
    planted = errands.gather(mall)
    scene = mall.scene()

    [found] = alerts(scene)

    assert names_of(scene, found.members) == planted
    assert {one.feature for one in found.reasons} >= {"gathered", "ordered_again"}


def test_strangers_who_come_back_for_an_offer_are_no_sleepers() -> None:
    mall = Mall(4)
    errands.promotion(mall)

    assert alerts(mall.scene()) == []
