"""What a member's score is made of, and what speaks for it."""

from dataclasses import replace

import numpy as np
import pytest

from graph_service.features.catalogue import BY_NAME
from graph_service.features.gathering import wide_features_of
from graph_service.fraud.detectors.registry import DETECTORS
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.members.labelled import Labelled, labelled_with, scene_of_world
from graph_service.fraud.members.scoring import (
    explain,
    graded_features,
    money_at_risk,
    score_members,
    with_graded,
)
from graph_service.fraud.members.training import Trained
from graph_service.fraud.scanning import run_detectors
from graph_service.snapshot.log import NONE
from tests.fraud.members.malls import small_world, trained_on_worlds


@pytest.fixture(scope="module")
def trained() -> Trained:
    return trained_on_worlds()


def test_without_a_model_few_members_are_alerts_and_most_of_them_false() -> None:
    world = small_world(9)
    scene = scene_of_world(world)

    scores = score_members(scene, [])

    labelled = labelled_with(world, scene, scores.features)
    assert not scores.is_trained
    assert (scores.p >= 0.5).sum() <= 2
    first = np.argsort(-scores.p)[:20]
    assert labelled.false[first].mean() > 3 * labelled.false.mean()


def test_a_trained_model_finds_most_of_a_world_that_it_has_not_seen(trained: Trained) -> None:
    world = small_world(9)
    scene = scene_of_world(world)

    scores = score_members(scene, [], trained.model)

    labelled: Labelled = labelled_with(world, scene, scores.features)
    first = np.argsort(-scores.p)[: int(labelled.false.sum())]
    assert scores.is_trained
    assert labelled.false[first].mean() > 0.6


def test_a_finding_raises_its_members_as_an_independent_sign() -> None:
    scene = scene_of_world(small_world(9))
    finding = Finding("sleeper", 0.6, (3, 4), (), amount_minor=123_456_789)
    plain = score_members(scene, [])

    raised = score_members(scene, [finding], features=plain.features)

    np.testing.assert_allclose(raised.p[3], 1 - (1 - plain.p[3]) * 0.4)
    np.testing.assert_allclose(np.delete(raised.p, [3, 4]), np.delete(plain.p, [3, 4]))
    assert set(raised.queue[:2].tolist()) == {3, 4}


def test_the_queue_is_by_score_times_money() -> None:
    scores = score_members(scene_of_world(small_world(9)), [])

    weight = scores.p * np.maximum(scores.money_minor, 100)

    assert (np.diff(weight[scores.queue]) <= 1e-12).all()
    assert sorted(scores.queue.tolist()) == list(range(len(scores.p)))


def test_money_at_risk_is_what_is_earned_from_and_may_still_be_kept() -> None:
    scene = scene_of_world(small_world(9))
    orders, expected = scene.snapshot.orders, np.zeros(scene.people)
    for order in range(len(orders)):
        done = int(orders.completed[order])
        is_over = done != NONE and done + 7 * 86_400_000_000 <= scene.snapshot.now
        if scene.paid[order] and orders.promoter[order] != NONE and not is_over:
            expected[orders.promoter[order]] += scene.net[order]

    np.testing.assert_allclose(money_at_risk(scene), expected)


def test_a_model_of_other_features_is_left_aside_and_said(trained: Trained) -> None:
    scene = scene_of_world(small_world(9))
    model = replace(trained.model, columns=("height", *trained.model.columns[1:]))

    scores = score_members(scene, [], model)

    assert not scores.is_trained
    assert "height" in scores.notes[0]
    np.testing.assert_array_equal(scores.p, score_members(scene, []).p)


def test_reasons_tell_value_percentile_and_what_they_add(trained: Trained) -> None:
    scene = scene_of_world(small_world(9))
    # What detectors found is among the columns, as where the model learned.
    features = with_graded(wide_features_of(scene), run_detectors(scene, DETECTORS))
    with_model = score_members(scene, [], trained.model, features=features)
    without = score_members(scene, [], features=features)
    worst = int(np.argmax(with_model.p_model))

    for scores in (with_model, without):
        ((first, *others),) = explain(scores, [worst])
        assert first.contribution > 0
        assert first.value == pytest.approx(features.column(first.feature)[worst])
        assert 0 <= first.percentile <= 100
        assert all(abs(one.contribution) <= abs(first.contribution) for one in others)
        assert first.question.endswith("?")


def test_a_neighbours_feature_is_explained_by_its_own_question(trained: Trained) -> None:
    scores = score_members(scene_of_world(small_world(9)), [], trained.model)

    found = explain(scores, range(200), top=10)

    near = [one for why in found for one in why if one.feature.startswith(("mean", "max"))]
    assert near
    assert all(one.question.startswith("Of those near") for one in near)
    assert all(any(told.question in one.question for told in BY_NAME.values()) for one in near)


def test_what_detectors_found_is_told_by_the_surest_and_the_next_kind() -> None:
    findings = [
        Finding("sleeper", 0.2, (0, 1), ()),
        Finding("sleeper", 0.7, (1, 2), ()),
        Finding("click_flood", 0.4, (1, 3), ()),
    ]

    found = graded_features(findings, 5)

    np.testing.assert_allclose(found.column("found"), [0.2, 0.7, 0.7, 0.4, 0])
    np.testing.assert_allclose(found.column("found_second"), [0, 0.4, 0, 0, 0])


def test_what_is_found_but_not_kept_speaks_through_the_model_only(trained: Trained) -> None:
    scene = scene_of_world(small_world(9))
    faint = Finding("sleeper", 0.2, (3, 4), ())

    plain = score_members(scene, [], trained.model)
    told = score_members(scene, [], trained.model, graded=[faint])

    assert (told.p_pattern == 0).all()
    assert (told.p_model[[3, 4]] >= plain.p_model[[3, 4]]).all()
