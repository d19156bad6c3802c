"""By how much does each feature move what a boosted model says of a member?

Path-dependent TreeSHAP on the trees of scikit-learn's HistGradientBoosting: of a leaf each
feature on the way says yes or no, or, where it is not told, as often as the training set did.
That game has closed Shapley values, so no tree is walked twice.

Source: Lundberg, Erion and Lee, "Consistent Individualized Feature Attribution for Tree
Ensembles", 2018; Yang, "Fast TreeSHAP", 2021, for sums by leaf.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from math import factorial
from typing import Any, Final, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # pyright: ignore[reportMissingTypeStubs]

Floats = NDArray[np.float64]
Nodes = NDArray[Any]
ONE_THREAD_ROWS: Final = 50_000
# Of 500 columns 30 MB in double precision.
BLOCK_ROWS: Final = 8_192


class Boosted(Protocol):
    """A fitted HistGradientBoostingClassifier, of whose library the types are not told."""

    def decision_function(self, values: NDArray[np.float32], /) -> Floats:
        """The log odds of each row."""
        ...


def odds_of(boosted: Boosted, values: NDArray[np.float32]) -> Floats:
    """The log odds of each row, by one thread where more would wait for each other.

    In blocks, since the library makes a copy of double precision.
    """
    found = np.zeros(len(values))
    with one_thread(len(values)):
        for start in range(0, len(values), BLOCK_ROWS):
            rows = slice(start, start + BLOCK_ROWS)
            found[rows] = boosted.decision_function(np.ascontiguousarray(values[rows]))
    return found


def one_thread(rows: int) -> AbstractContextManager[object]:
    """One thread for few rows: on a busy machine starting more takes longer than the work."""
    if rows > ONE_THREAD_ROWS:
        return nullcontext()
    return cast(AbstractContextManager[object], threadpool_limits(1, user_api="openmp"))


@dataclass(frozen=True)
class Step:
    """A split on the way to a leaf: where one goes left, and whether the way does."""

    feature: int
    threshold: float
    missing_left: bool
    goes_left: bool
    part: float


def contributions_of(model: Boosted, values: NDArray[np.float32]) -> tuple[float, Floats]:
    """What the model says without any feature, and what each adds: (log odds, (n, d) log odds).

    Both add up to the model's decision function. Cost: leaves × depth² numpy rows of n.
    """
    found = np.zeros(values.shape)
    trees = trees_of(model)
    base = baseline_of(model)
    for nodes in trees:
        for value, steps in leaves_of(nodes):
            base += value * float(np.prod([one.part for one in steps]))
            _add_leaf(found, values, value, steps)
    return base, found


def trees_of(model: Boosted) -> list[Nodes]:
    """The nodes of each tree of a model of two classes."""
    told: Any = model
    return [stage[0].nodes for stage in told._predictors]  # noqa: SLF001 (no public way)


def baseline_of(model: Boosted) -> float:
    """What the model says before its first tree (log odds)."""
    told: Any = model
    return float(np.ravel(told._baseline_prediction)[0])  # noqa: SLF001 (no public way)


def leaves_of(nodes: Nodes) -> Iterator[tuple[float, list[Step]]]:
    """Each leaf's value and the splits on the way to it. part: of the training rows there."""
    waiting: list[tuple[int, list[Step]]] = [(0, [])]
    while waiting:
        place, steps = waiting.pop()
        node = nodes[place]
        if node["is_leaf"]:
            yield float(node["value"]), steps
            continue
        for side, goes_left in (("left", True), ("right", False)):
            below = int(node[side])
            part = float(nodes[below]["count"]) / float(node["count"])
            told = (float(node["num_threshold"]), bool(node["missing_go_to_left"]))
            waiting.append(
                (below, [*steps, Step(int(node["feature_idx"]), *told, goes_left, part)])
            )


def follows(values: NDArray[np.float32], step: Step) -> NDArray[np.bool_]:
    """Which members go the leaf's way at a split."""
    own = values[:, step.feature].astype(np.float64)
    left = np.where(np.isnan(own), step.missing_left, own <= step.threshold)
    return left == step.goes_left


def _add_leaf(found: Floats, values: NDArray[np.float32], value: float, steps: list[Step]) -> None:
    """Add the Shapley values of one leaf: its value goes to who follows all told splits."""
    features = list(dict.fromkeys(one.feature for one in steps))
    count = len(features)
    if not count:
        return
    said = np.ones((count, len(values)))
    part = np.ones(count)
    for step in steps:
        row = features.index(step.feature)
        said[row] *= follows(values, step)
        part[row] *= step.part
    # By how many of the others are told: the sum over sets of said of these times part of the rest.
    weights = [factorial(k) * factorial(count - k - 1) / factorial(count) for k in range(count)]
    for row, feature in enumerate(features):
        sets = np.zeros((count, len(values)))
        sets[0] = 1
        for other in range(count):
            if other != row:
                told = sets * said[other]
                sets *= part[other]
                sets[1:] += told[:-1]
        found[:, feature] += value * (said[row] - part[row]) * np.tensordot(weights, sets, axes=1)
