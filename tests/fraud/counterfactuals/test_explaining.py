"""What score is left without pieces of evidence, beside a search of the whole mall without them."""

from collections.abc import Callable, Sequence
from itertools import combinations

import pytest

from graph_service.fraud.counterfactuals.explaining import (
    RUNS_LEAST,
    RUNS_MAX,
    SET_MAX,
    Explained,
    explained,
    log_odds,
    runs_of,
    score_of,
)
from graph_service.fraud.counterfactuals.pieces import Piece, pieces_of
from graph_service.fraud.counterfactuals.removing import without
from graph_service.fraud.counterfactuals.surroundings import subject_of
from graph_service.fraud.counterfactuals.telling import told_of
from graph_service.fraud.detectors import (
    fake_order_ring,
    round_trip,
    self_referral_cycle,
    sleeper,
)
from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Detector, Finding
from graph_service.fraud.scene import Scene
from graph_service.snapshot.log import Log, log_of
from graph_service.snapshot.snapshot import snapshot_of
from tests.fraud.counterfactuals.worlds import facts_of
from tests.worlds import Event
from tests.worlds import frauds as worlds

World = tuple[Detector, Callable[[], list[Event]]]
WORLDS: list[World] = [
    (fake_order_ring.DETECTOR, worlds.order_ring),
    (round_trip.DETECTOR, worlds.round_trip),
    (self_referral_cycle.DETECTOR, worlds.self_referral),
    (sleeper.DETECTOR, worlds.sleepers),
]
NAMES = [one.kind for one, _ in WORLDS]
# A part of a mall has other base rates than the whole (log odds).
TOLERANCE = 1.5


def mall_of(world: Callable[[], list[Event]]) -> Log:
    return log_of(facts_of([*worlds.honest_mall(), *world()]))


def alert_in(log: Log, detector: Detector) -> tuple[Scene, Finding]:
    scene = Scene(snapshot_of(log))
    return scene, max(detector.find(scene), key=lambda one: one.score)


def explained_in(log: Log, detector: Detector) -> tuple[Scene, Finding, Explained]:
    scene, finding = alert_in(log, detector)
    found = explained(log, scene, [finding], [detector], runs_max=100)
    return scene, finding, found[0]


def left_of(log: Log, detector: Detector, finding: Finding, pieces: Sequence[Piece]) -> float:
    """The slow way: the score of the same group in the whole mall without these pieces."""
    gone = {one.number for one in pieces if one.kind == "member"}
    members = set(finding.members) - gone
    scores = [
        one.score
        for one in detector.find(Scene(snapshot_of(without(log, pieces))))
        if 2 * len(members & set(one.members)) >= min(len(members), len(one.members))
    ]
    return max(scores, default=0.0)


def whole_pieces(log: Log, scene: Scene, finding: Finding) -> dict[tuple[str, str], Piece]:
    pieces = pieces_of(scene, subject_of(scene, finding), finding.kind, most=50)
    return {(one.kind, log.names[one.kind][one.number]): one for one in pieces}


@pytest.mark.parametrize(("detector", "world"), WORLDS, ids=NAMES)
def test_each_weight_is_what_a_search_of_the_whole_mall_says(
    detector: Detector, world: Callable[[], list[Event]]
) -> None:
    log = mall_of(world)
    scene, finding, found = explained_in(log, detector)
    known = whole_pieces(log, scene, finding)

    assert found.weights
    for (kind, name), weight in found.weights.items():
        left = left_of(log, detector, finding, [known[kind, name]])
        slow = max(0.0, log_odds(finding.score) - log_odds(left)) if left else None
        if slow is None:
            assert score_of(log_odds(finding.score) - weight) < ALERT_SCORE
        else:
            assert weight == pytest.approx(slow, abs=TOLERANCE)


@pytest.mark.parametrize(("detector", "world"), WORLDS, ids=NAMES)
def test_what_is_said_to_make_it_fall_makes_it_fall_in_the_whole_mall(
    detector: Detector, world: Callable[[], list[Event]]
) -> None:
    log = mall_of(world)
    scene, finding, found = explained_in(log, detector)
    known = whole_pieces(log, scene, finding)
    removed = [known[kind, name] for kind, name in found.removed]

    left = left_of(log, detector, finding, removed)

    assert found.falls == (left < ALERT_SCORE)
    assert found.falls == (found.score < ALERT_SCORE)


@pytest.mark.parametrize(("detector", "world"), WORLDS, ids=NAMES)
def test_nothing_in_a_set_can_be_spared(
    detector: Detector, world: Callable[[], list[Event]]
) -> None:
    log = mall_of(world)
    scene, finding, found = explained_in(log, detector)
    known = whole_pieces(log, scene, finding)
    removed = [known[kind, name] for kind, name in found.removed]

    fewer = [list(some) for some in combinations(removed, max(0, len(removed) - 1)) if some]

    assert len(removed) <= SET_MAX
    if found.falls:
        assert all(left_of(log, detector, finding, some) >= ALERT_SCORE for some in fewer)


def test_who_is_one_human_by_number_and_card_is_told_by_one_of_these() -> None:
    _, _, found = explained_in(mall_of(worlds.self_referral), self_referral_cycle.DETECTOR)

    told = told_of(found)

    kinds = {one["kind"] for one in told["without"]}
    assert found.falls
    assert kinds <= {"token", "member"}
    assert told["en"].startswith("Would fall below the threshold of 0.5 without ")
    assert told["zh"].startswith("若没有")


def test_a_score_far_above_is_said_to_stay() -> None:
    found = Explained(False, (("token", "device:" + 32 * "a"), ("shop", "s")), 0.9, {})

    told = told_of(found)

    assert told["en"] == (
        "Would stay above the threshold of 0.5 even without the shared device aaaaaaaaaaaa… "
        "and the orders in shop s: at 0.90."
    )
    assert told["zh"] == (
        "即使没有共用的设备 aaaaaaaaaaaa…、在店铺的订单 s，得分仍有 0.90，高于阈值 0.5。"
    )


def test_where_no_searches_are_left_nothing_is_told() -> None:
    log = mall_of(worlds.order_ring)
    scene, finding = alert_in(log, fake_order_ring.DETECTOR)

    assert explained(log, scene, [finding], [fake_order_ring.DETECTOR], runs_max=0) == {}


def test_what_is_no_alert_is_not_explained() -> None:
    log = mall_of(worlds.flash_sale)
    scene = Scene(snapshot_of(log))
    findings = [one for one in fake_order_ring.DETECTOR.find(scene) if one.score < ALERT_SCORE]

    assert explained(log, scene, findings, [fake_order_ring.DETECTOR]) == {}


def test_a_scan_of_a_small_mall_spends_few_searches_and_of_a_large_one_a_bounded_number() -> None:
    log = mall_of(worlds.order_ring)

    assert runs_of(log) == RUNS_LEAST < RUNS_MAX


def test_the_same_alert_is_explained_the_same() -> None:
    log = mall_of(worlds.order_ring)

    first, again = (explained_in(log, fake_order_ring.DETECTOR)[2] for _ in range(2))

    assert first == again
