"""What features contribute, against Shapley values by going through all sets."""

# scikit-learn tells no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from graph_service.fraud.members.contributions import (
    baseline_of,
    contributions_of,
    odds_of,
    one_thread,
    trees_of,
)

FEATURES = 4


def fitted(seed: int) -> tuple[Any, NDArray[np.float32]]:
    dice = np.random.default_rng(seed)
    values = dice.normal(size=(300, FEATURES)).astype(np.float32)
    values[dice.random(values.shape) < 0.2] = np.nan
    false = np.nan_to_num(values[:, 0]) * np.nan_to_num(values[:, 1]) + np.nan_to_num(
        values[:, 2]
    ) > dice.normal(size=300)
    model = HistGradientBoostingClassifier(max_iter=4, max_leaf_nodes=7, random_state=seed)
    with one_thread(len(values)):
        return model.fit(values, false), values


def expected(nodes: Any, place: int, row: NDArray[np.float32], told: set[int]) -> float:
    """What a tree says of a row of which only some features are told."""
    node = nodes[place]
    if node["is_leaf"]:
        return float(node["value"])
    left, right = int(node["left"]), int(node["right"])
    if int(node["feature_idx"]) in told:
        value = row[node["feature_idx"]]
        is_left = node["missing_go_to_left"] if np.isnan(value) else value <= node["num_threshold"]
        return expected(nodes, left if is_left else right, row, told)
    part = nodes[left]["count"] / node["count"]
    return float(
        part * expected(nodes, left, row, told) + (1 - part) * expected(nodes, right, row, told)
    )


def shapley(model: Any, row: NDArray[np.float32], feature: int) -> float:
    """The mean of what a feature adds, over all orders in which features may be told."""
    others, found = [one for one in range(FEATURES) if one != feature], 0.0
    for count in range(FEATURES):
        weight = factorial(count) * factorial(FEATURES - count - 1) / factorial(FEATURES)
        for told in combinations(others, count):
            for nodes in trees_of(model):
                with_it = expected(nodes, 0, row, {*told, feature})
                found += weight * (with_it - expected(nodes, 0, row, set(told)))
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_contributions_are_shapley_values(seed: int) -> None:
    model, values = fitted(seed)

    _, added = contributions_of(model, values[:5])

    for row in range(5):
        slow = [shapley(model, values[row], feature) for feature in range(FEATURES)]
        np.testing.assert_allclose(added[row], slow, atol=1e-9)


def test_contributions_add_up_to_what_the_model_says() -> None:
    model, values = fitted(3)

    base, added = contributions_of(model, values)

    np.testing.assert_allclose(base + added.sum(axis=1), odds_of(model, values), atol=1e-6)
    assert base != baseline_of(model)
