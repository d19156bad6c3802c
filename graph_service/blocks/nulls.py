"""Would chance alone make so dense a block, when all keep their degrees?

Sources: Newman, Strogatz and Watts, "Random graphs with arbitrary degree distributions", Physical
Review E 64 (2001); Karrer and Newman, "Stochastic blockmodels and community structure in
networks", Physical Review E 83 (2011); Grünwald, "The Minimum Description Length Principle" (2007).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import lgamma, log
from typing import Any, cast

import numpy as np
from scipy import stats as _stats  # pyright: ignore[reportMissingTypeStubs]

from graph_service.blocks.incidence import Floats, Incidence
from graph_service.blocks.peeling import DEGREE_OFFSET, densest_block

# scipy has no types.
stats = cast(Any, _stats)
# Repeated edges of a shuffle are exchanged again so often; what is then left stays.
REPAIRS_MAX = 20


@dataclass(frozen=True)
class Chance:
    """How a block compares with R shuffles. tail: the part as dense, never below 1 / (R + 1)."""

    standard_score: float
    tail: float


def shuffled(part: Incidence, generator: np.random.Generator) -> Incidence:
    """The same degrees with other ends: columns are dealt anew, repeated edges exchanged again.

    Times stay with the rows.
    """
    columns = generator.permutation(part.columns)
    for _ in range(REPAIRS_MAX):
        order = np.argsort(part.rows * part.column_count + columns, kind="stable")
        keys = (part.rows * part.column_count + columns)[order]
        again = order[1:][keys[1:] == keys[:-1]]
        if not len(again):
            break
        others = generator.integers(0, len(columns), len(again))
        for here, there in zip(again.tolist(), others.tolist(), strict=True):
            columns[here], columns[there] = columns[there], columns[here]
    return replace(part, columns=columns)


def chance_densities(
    parts: Sequence[Incidence],
    *,
    shuffles: int,
    generator: np.random.Generator,
    offset: float | None = DEGREE_OFFSET,
    row_priors: Floats | None = None,
) -> Floats:
    """The density of the densest block of each of so many shuffles. Cost: that many peelings."""
    found: list[float] = []
    for _ in range(shuffles):
        dealt = [shuffled(part, generator) for part in parts]
        block = densest_block(dealt, offset=offset, row_priors=row_priors)
        found.append(0.0 if block is None else block.density)
    return np.array(found)


def compare(density: float, chance: Floats) -> Chance:
    """How far a density lies above those of chance, and the part of chance that reaches it."""
    spread = float(chance.std(ddof=1)) if len(chance) > 1 else 0.0
    above = density - float(chance.mean()) if len(chance) else density
    score = above / spread if spread else float(np.sign(above)) * float("inf") if above else 0.0
    tail = (1 + int((chance >= density).sum())) / (1 + len(chance))
    return Chance(score, tail)


def expected_edges(part: Incidence, row_degrees: int, column_degrees: int) -> float:
    """How many edges chance puts between rows and columns with these sums of degrees."""
    return row_degrees * column_degrees / len(part) if len(part) else 0.0


def log_tail_poisson(edges: int, expected: float) -> float:
    """The natural logarithm of the chance of at least so many edges, few of many possible."""
    return float(stats.poisson.logsf(edges - 1, expected)) if expected > 0 else _certain(edges)


def log_tail_exact(edges: int, row_degrees: int, column_degrees: int, total: int) -> float:
    """The same where edge ends are dealt without replacement: the hypergeometric tail."""
    return float(stats.hypergeom.logsf(edges - 1, total, row_degrees, column_degrees))


def _certain(edges: int) -> float:
    return 0.0 if edges <= 0 else -float("inf")


def excess(edges: float, expected: float) -> float:
    """By how many nats a denser block explains its edges better than chance; 0 if not denser."""
    if edges <= expected or expected <= 0:
        return 0.0
    return edges * log(edges / expected) - (edges - expected)


def naming_cost(chosen: int, among: int) -> float:
    """The nats that it takes to say which so many of so many: log of the binomial coefficient.

    A block whose excess is g nats above the cost of its rows and columns is found by chance, in
    all choices of rows and columns of that size together, with a probability of about exp(-g).
    """
    return lgamma(among + 1) - lgamma(chosen + 1) - lgamma(among - chosen + 1)
