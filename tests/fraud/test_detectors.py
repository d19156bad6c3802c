"""What holds of every detector, whatever it looks for."""

from collections.abc import Callable

import pytest

from graph_service.fraud.detectors import (
    circular_orders,
    fake_order_ring,
    round_trip,
    self_referral_cycle,
    sleeper,
)
from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.registry import DETECTORS
from graph_service.fraud.detectors.shape import Detector, Finding
from graph_service.fraud.scene import Scene
from graph_service.graph.queries import load_queries
from graph_service.snapshot.log import log_of
from graph_service.snapshot.snapshot import snapshot_of
from tests.worlds import Event
from tests.worlds import frauds as worlds
from tests.worlds.frauds import LOOKALIKES, scene_of
from tests.worlds.malls import Mall

World = Callable[[], list[Event]]
OWN_WORLDS: list[tuple[Detector, World]] = [
    (circular_orders.DETECTOR, worlds.circular),
    (fake_order_ring.DETECTOR, worlds.order_ring),
    (round_trip.DETECTOR, worlds.round_trip),
    (self_referral_cycle.DETECTOR, worlds.self_referral),
    (sleeper.DETECTOR, worlds.sleepers),
]
ON_SMALL_WORLDS = [detector for detector, _ in OWN_WORLDS]
OTHERS = [one for one in DETECTORS if one not in ON_SMALL_WORLDS]


def kind_of(detector: Detector) -> str:
    return detector.kind


def alerts(detector: Detector, scene: Scene) -> list[Finding]:
    return [one for one in detector.find(scene) if one.score >= ALERT_SCORE]


@pytest.mark.parametrize("world", LOOKALIKES)
@pytest.mark.parametrize("detector", ON_SMALL_WORLDS, ids=kind_of)
def test_honest_look_alikes_give_no_alert(detector: Detector, world: World) -> None:
    assert alerts(detector, scene_of(world())) == []


@pytest.mark.parametrize("detector", OTHERS, ids=kind_of)
def test_an_honest_mall_gives_no_alert(detector: Detector) -> None:
    assert alerts(detector, Mall(3).scene()) == []


@pytest.mark.parametrize("detector", DETECTORS, ids=kind_of)
def test_a_mall_of_nobody_has_no_findings(detector: Detector) -> None:
    assert list(detector.find(Scene(snapshot_of(log_of([]))))) == []


@pytest.mark.parametrize("detector", DETECTORS, ids=kind_of)
def test_a_mall_of_which_no_shop_is_known_has_its_findings_all_the_same(detector: Detector) -> None:
    events = [
        {**one, "data": {name: value for name, value in one["data"].items() if name != "shopId"}}
        for one in [*worlds.honest_mall(), *worlds.order_ring()]
        if one["type"] != "shop.registered"
    ]
    scene = Scene(snapshot_of(log_of(worlds.facts_of(events))))

    assert {one.kind for one in detector.find(scene)} <= {detector.kind}


@pytest.mark.parametrize(("detector", "world"), OWN_WORLDS)
def test_reasons_tell_the_score_in_whole_sentences(detector: Detector, world: World) -> None:
    [found] = alerts(detector, scene_of(world()))

    assert sum(one.contribution for one in found.reasons) == pytest.approx(found.score)
    assert all(one.en.endswith(".") and one.zh.endswith("。") for one in found.reasons)


@pytest.mark.parametrize(("detector", "world"), OWN_WORLDS)
def test_the_same_mall_gives_the_same_findings(detector: Detector, world: World) -> None:
    events = world()

    assert list(detector.find(scene_of(events))) == list(detector.find(scene_of(events)))


def test_each_kind_has_one_detector_with_its_two_queries() -> None:
    queries = load_queries()

    assert len({one.kind for one in DETECTORS}) == len(DETECTORS)
    for one in DETECTORS:
        assert queries[one.evidence].text != queries[one.picture].text
