"""How much should each learner count, judged on labels that it has not seen?"""

# scikit-learn is partly untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

BAGS, BAGS_MIN = 20, 5
STEPS = 12
ROWS_MAX = 20_000
# Rows of all bags together; more rows differ less from bag to bag.
BAG_ROWS_TOTAL = 150_000
# Half and half at 20 positives, asked twice each, was .4 to .5 points of AUROC better than the
# selection alone (tolokers and a graph of communities, 6 draws each); below a twentieth it only
# costs fits.
EVEN_POSITIVES, EVEN_PART_MIN = 40, 0.05
Scores = NDArray[np.floating[Any]]


def quality(scores: Scores, y: NDArray[np.bool_]) -> float:
    """The mean of AUROC and average precision, NaN of one class.

    Ties count as they come, in order of rows.
    """
    if not y.any() or y.all():
        return float("nan")
    ranked = y[np.argsort(-scores, kind="stable")]
    hits = np.cumsum(ranked)
    positives = int(hits[-1])
    negatives = len(ranked) - positives
    above = int(np.sum(hits[~ranked]))
    precision = float(np.sum((hits / np.arange(1, len(ranked) + 1))[ranked])) / positives
    return (above / (positives * negatives) + precision) / 2


def blend_weights(
    scores: Scores, y: NDArray[np.bool_], random: np.random.Generator
) -> NDArray[np.float64]:
    """Weights that add up to 1. scores: (rows, learners), of rows that no learner was fitted on.

    In each of many samples of the rows, learners are added one by one, also repeatedly, as long
    as the blend gets better. With few labels the samples differ, so the weights even out, and they
    are evened out further; with many they go to what is best.
    Source: Caruana et al., "Ensemble selection from libraries of models", ICML 2004.
    """
    learners = scores.shape[1]
    weights = np.zeros(learners)
    if not y.any() or y.all():
        return np.full(learners, 1 / learners)
    classes = [np.flatnonzero(y == label) for label in (False, True)]
    sampled = min(len(y), ROWS_MAX)
    for _ in range(int(np.clip(BAG_ROWS_TOTAL // sampled, BAGS_MIN, BAGS))):
        part = min(1.0, ROWS_MAX / len(y))
        rows = np.concatenate([random.choice(one, max(2, int(len(one) * part))) for one in classes])
        random.shuffle(rows)
        weights += _selected(scores[rows], y[rows])
    return _evened(weights / weights.sum(), int(y.sum()))


def _evened(weights: NDArray[np.float64], positives: int) -> NDArray[np.float64]:
    """Nearer to equal weights the fewer positives there were to judge by."""
    part = EVEN_POSITIVES / (EVEN_POSITIVES + positives)
    if part < EVEN_PART_MIN:
        return weights
    return (1 - part) * weights + part / len(weights)


def _selected(scores: Scores, y: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How often each learner is taken, as parts of 1."""
    counts = np.zeros(scores.shape[1])
    total = np.zeros(len(y), dtype=np.float32)
    best = -1.0
    for step in range(1, STEPS + 1):
        found = [quality((total + scores[:, one]) / step, y) for one in range(scores.shape[1])]
        choice = int(np.argmax(found))
        if found[choice] <= best:
            break
        best = found[choice]
        counts[choice] += 1
        total += scores[:, choice]
    return counts / counts.sum()


def calibration(scores: Scores, y: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and level that make log odds of scores (Platt); (1, 0) where nothing was held out.

    Fitted by logistic regression. Source: Platt, "Probabilistic outputs for support vector
    machines" (1999).
    """
    if not y.any() or y.all():
        return 1.0, 0.0
    # C: hardly held back; 1/C is one label's worth.
    fitted = LogisticRegression(C=1.0).fit(scores[:, None], y)
    slope, level = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    # A blend that is worse than chance on the held-out labels keeps its order all the same.
    return max(slope, 0.05), level


def chances(scores: Scores, line: tuple[float, float]) -> NDArray[np.float64]:
    """(n, 2): the chances of both classes."""
    slope, level = line
    likely = 1 / (1 + np.exp(-(slope * scores.astype(np.float64) + level)))
    return np.column_stack([1 - likely, likely])
