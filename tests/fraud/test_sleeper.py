"""Accounts that sleep and wake together."""

from collections.abc import Callable

import pytest

from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.detectors.sleeper import DETECTOR, wakings_of
from graph_service.fraud.scene import Scene
from graph_service.snapshot.log import log_of
from graph_service.snapshot.snapshot import snapshot_of
from tests.worlds import Event
from tests.worlds.frauds import LOOKALIKES, ids_of, scene_of, sleepers


def alerts(scene: Scene) -> list[Finding]:
    return [one for one in DETECTOR.find(scene) if one.score >= ALERT_SCORE]


@pytest.mark.parametrize("world", LOOKALIKES)
def test_honest_look_alikes_give_no_alert(world: Callable[[], list[Event]]) -> None:
    assert alerts(scene_of(world())) == []


def test_a_mall_of_nobody_has_no_findings() -> None:
    assert list(DETECTOR.find(Scene(snapshot_of(log_of([]))))) == []


def test_reasons_tell_the_score_in_whole_sentences() -> None:
    [found] = alerts(scene_of(sleepers()))

    assert sum(one.contribution for one in found.reasons) == pytest.approx(found.score)
    assert all(one.en.endswith(".") and one.zh.endswith("。") for one in found.reasons)


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
