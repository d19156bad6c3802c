"""How members are found in generated worlds: what is asked, and of which worlds."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from graph_service.evaluation.simulator import ASKED_AT, Simulated, simulate
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.scene import Scene
from graph_service.typologies.world import LOOKALIKES

KINDS = ("fake_order_ring", "sleeper", "threshold_wash")


def everybody(scene: Scene) -> Sequence[Finding]:
    return [Finding("sleeper", 0.9, tuple(range(scene.people)), ())]


@cache
def simulated() -> Simulated:
    return simulate(members=1_200, worlds=2, seeds=(1, 2), kinds=KINDS, find=lambda _: ())


def test_all_that_is_judged_is_answered_with_the_number_of_seeds() -> None:
    found = simulated()

    assert tuple(found.shift) == tuple(found.accused_part) == ASKED_AT
    assert tuple(found.left_out) == KINDS
    assert tuple(found.lookalike_part) == LOOKALIKES
    for figures in (found.shift, found.left_out, found.lookalike_part, found.accused_part):
        assert all(0 <= one.mean <= 1 and one.seeds == 2 for one in figures.values())


def test_without_findings_the_score_is_the_models() -> None:
    found = simulated()

    assert found.shift == found.shift_model


def test_what_was_learnt_is_found_far_above_chance() -> None:
    found = simulated()

    assert found.shift[0.25].mean > 0.3
    assert found.artefacts


def test_findings_count_in_the_score_and_accuse_whom_they_name() -> None:
    found = simulate(members=1_200, worlds=2, seeds=(1,), kinds=KINDS, find=everybody)

    assert found.accused_part[0.25].mean == pytest.approx(1)
    assert found.shift_findings[0.25].mean == pytest.approx(np.mean([0.015]), rel=0.5)
