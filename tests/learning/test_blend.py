"""Do weights go to the learners that are right?"""

# scikit-learn and scipy are partly untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from graph_service.learning.blend import blend_weights, calibration, chances, quality


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000))
def test_quality_is_the_mean_of_auroc_and_average_precision(seed: int) -> None:
    random = np.random.default_rng(seed)
    y = np.r_[True, False, random.random(30) < 0.4]
    scores = random.normal(size=32)

    expected = (roc_auc_score(y, scores) + average_precision_score(y, scores)) / 2

    assert quality(scores, y) == pytest.approx(expected)


def test_with_many_labels_the_weight_goes_to_whom_is_right() -> None:
    random = np.random.default_rng(1)
    y = random.random(3_000) < 0.2
    scores = np.column_stack([random.normal(size=3_000), y + 0.5 * random.normal(size=3_000)])

    weights = blend_weights(scores, y, np.random.default_rng(1))

    assert weights.sum() == pytest.approx(1)
    assert weights[1] > 0.9


def test_two_that_see_different_things_are_both_heard() -> None:
    random = np.random.default_rng(1)
    y = random.random(2_000) < 0.3
    scores = y[:, None] + random.normal(size=(2_000, 2))

    weights = blend_weights(scores, y, np.random.default_rng(1))

    assert weights.min() > 0.3


def test_without_held_out_labels_all_count_the_same() -> None:
    weights = blend_weights(np.zeros((0, 4)), np.zeros(0, dtype=bool), np.random.default_rng(1))

    assert weights.tolist() == [0.25] * 4
    assert calibration(np.zeros(0), np.zeros(0, dtype=bool)) == (1.0, 0.0)


def test_chances_are_as_frequent_as_they_say() -> None:
    random = np.random.default_rng(1)
    scores = random.normal(size=20_000)
    y = random.random(20_000) < 1 / (1 + np.exp(-(2 * scores - 1)))

    slope, level = calibration(scores, y)

    assert (slope, level) == (pytest.approx(2, abs=0.15), pytest.approx(-1, abs=0.1))
    assert chances(scores, (slope, level))[:, 1].mean() == pytest.approx(y.mean(), abs=0.01)
