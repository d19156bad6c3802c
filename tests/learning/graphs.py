"""Small made-up graphs of which it is known where the signal lies."""

# scipy.sparse has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

POSITIVE_PART = 0.1
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Made:
    """X (n, 6), y (n,), edges (m, 2)."""

    values: NDArray[np.float64]
    y: NDArray[np.int64]
    edges: NDArray[np.int64]


def communities(nodes: int, seed: int) -> Made:
    """Friends are of one community in four of five cases; some communities are mostly positive."""
    random = np.random.default_rng(seed)
    groups = random.integers(0, 20, nodes)
    y = (random.random(nodes) < np.where(groups < 2, 0.75, 0.03)).astype(np.int64)
    one = random.integers(0, nodes, 5 * nodes)
    order, starts = (
        np.argsort(groups, kind="stable"),
        np.searchsorted(np.sort(groups), np.arange(21)),
    )
    sizes = np.diff(starts)[groups[one]]
    near = order[starts[groups[one]] + random.integers(0, sizes)]
    other = np.where(random.random(len(one)) < 0.8, near, random.integers(0, nodes, len(one)))
    values = random.normal(size=(nodes, 6))
    values[:, 0] += 0.5 * y
    return Made(values, y, np.column_stack([one, other]))


def victims(nodes: int, seed: int) -> Made:
    """Positives are tied to others of a kind that shows in one column, hardly to each other."""
    random = np.random.default_rng(seed)
    y = (random.random(nodes) < POSITIVE_PART).astype(np.int64)
    values = random.normal(size=(nodes, 6))
    liked = np.flatnonzero((values[:, 1] > 0.3) & (y == 0))
    one = random.integers(0, nodes, 5 * nodes)
    drawn = random.integers(0, nodes, len(one))
    other = np.where(
        (y[one] == 1) & (random.random(len(one)) < 0.6),
        random.choice(liked, len(one)),
        np.where(y[one] & y[drawn], random.choice(liked, len(one)), drawn),
    )
    return Made(values, y, np.column_stack([one, other]))


def values_only(nodes: int, seed: int) -> Made:
    """Ties are drawn at random; two columns say all that can be known."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(nodes, 6))
    likely = values[:, 0] * values[:, 1] + values[:, 0] + 0.7 * random.normal(size=nodes)
    y = (likely > np.quantile(likely, 1 - POSITIVE_PART)).astype(np.int64)
    return Made(values, y, random.integers(0, nodes, (5 * nodes, 2)))


def structure_only(nodes: int, seed: int) -> Made:
    """Columns are noise; positives stand in groups of 8 in which three of four pairs are tied."""
    random = np.random.default_rng(seed)
    groups = max(2, int(nodes * POSITIVE_PART) // 8)
    members = random.permutation(nodes)[: groups * 8].reshape(groups, 8)
    y = np.zeros(nodes, dtype=np.int64)
    y[members.ravel()] = 1
    ends = np.array([(i, j) for i in range(8) for j in range(i)])
    inner = members[:, ends].reshape(-1, 2)
    inner = inner[random.random(len(inner)) < 0.75]
    # So that positives have as many ties as all the others.
    degree = np.where(y == 1, 5, 10)
    ties: Any = np.repeat(np.arange(nodes), degree)
    random.shuffle(ties)
    drawn = ties[: len(ties) // 2 * 2].reshape(-1, 2)
    return Made(random.normal(size=(nodes, 6)), y, np.vstack([inner, drawn]))


MADE: dict[str, Callable[[int, int], Made]] = {
    "communities": communities,
    "victims": victims,
    "values only": values_only,
    "structure only": structure_only,
}
