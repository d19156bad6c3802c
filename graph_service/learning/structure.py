"""What place has a node in its graph, whatever is known of the node itself?"""

# scipy.sparse has no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from graph_service.blocks.cores import cores_of
from graph_service.learning.relations import Floats, Relation

# Steps of a sparse product that take 5 s of one core (measured); beyond, wedges are drawn.
EXACT_STEPS_MAX = 500_000_000
BLOCK_STEPS = 20_000_000
# 100 wedges give a standard error of at most 0.05; below 10 it is 0.16 and says little.
WEDGES, WEDGES_MIN = 100, 10
# 4 s of one core where there are 20 million ties.
WEDGES_TOTAL_MAX = 1_500_000
# Brin and Page's damping; 30 rounds leave an error below .85^30 = 0.8 %.
DAMPING, ROUNDS = 0.85, 30


@dataclass(frozen=True)
class Structure:
    """Columns (n, k) and what was left out or drawn, in words."""

    values: Floats
    notes: tuple[str, ...]


def structure_of(relation: Relation, random: np.random.Generator) -> Structure:
    """Degree, core, clustering, PageRank, an ego net's residual, and neighbours' means of them."""
    log_degrees = np.log1p(relation.degrees)
    cores = np.log1p(core_numbers(relation))
    clustering, notes = _clustering(relation, random)
    residuals = ego_residuals(relation.degrees, clustering)
    own = [relation.degrees, log_degrees, cores, page_ranks(relation), clustering, residuals]
    near = np.column_stack(
        [relation.degrees, log_degrees, log_degrees**2, cores, clustering, residuals]
    )
    means = relation.mean_of(near.astype(np.float32))
    spread = np.sqrt(np.maximum(means[:, 2] - means[:, 1] ** 2, 0))
    lean = relation.lean_mean_of(log_degrees[:, None])
    values = np.column_stack([*own, means[:, [0, 1, 3, 4, 5]], spread, lean])
    return Structure(values.astype(np.float32), notes)


def core_numbers(relation: Relation) -> Floats:
    """The largest k such that the node is in a part where all have k neighbours in the part."""
    return cores_of(relation.ties).astype(np.float32)


def page_ranks(relation: Relation) -> Floats:
    """PageRank times the number of nodes: 1 on average. What is at dead ends goes to everyone."""
    nodes = len(relation.degrees)
    weights = 1 / np.maximum(relation.degrees, 1)
    dead = relation.degrees == 0
    ranks = np.ones(nodes, dtype=np.float32)
    for _ in range(ROUNDS):
        spare = 1 - DAMPING + DAMPING * float(ranks[dead].sum()) / nodes
        ranks = (spare + DAMPING * (relation.ties @ (ranks * weights))).astype(np.float32)
    return ranks


def ego_residuals(degrees: Floats, clustering: Floats) -> Floats:
    """How far an ego net's log edges are above those of ego nets of its size.

    Edges: those of the node and those among its neighbours. The line is fitted by least squares.
    Source: Akoglu, McGlohon and Faloutsos, "OddBall", PAKDD 2010 (near-cliques and near-stars).
    """
    edges = np.log1p(degrees + clustering * degrees * (degrees - 1) / 2).astype(np.float64)
    sizes = np.log1p(degrees).astype(np.float64)
    if np.ptp(sizes) == 0:
        return np.zeros_like(degrees)
    slope, level = np.polyfit(sizes, edges, 1)
    return (edges - slope * sizes - level).astype(np.float32)


def _clustering(relation: Relation, random: np.random.Generator) -> tuple[Floats, tuple[str, ...]]:
    """The clustering coefficient, exact, drawn or 0, whichever the graph's size allows."""
    nodes, steps = len(relation.degrees), float((relation.degrees.astype(float) ** 2).sum())
    if steps <= EXACT_STEPS_MAX:
        return exact_clustering(relation), ()
    wedges = min(WEDGES, WEDGES_TOTAL_MAX // nodes)
    if wedges < WEDGES_MIN:
        note = f"clustering of {relation.name} left out: {nodes:,} nodes are too many to draw from"
        return np.zeros(nodes, dtype=np.float32), (note,)
    note = f"clustering of {relation.name} is estimated from {wedges} drawn pairs a node"
    return drawn_clustering(relation, random, wedges), (note,)


def exact_clustering(relation: Relation) -> Floats:
    """Of the pairs of a node's neighbours the part that is tied; 0 below two neighbours."""
    ties, degrees = relation.ties, relation.degrees.astype(np.float64)
    # A tied pair of neighbours is counted from both of its ends.
    twice = np.concatenate(
        [
            np.asarray((ties[rows] @ ties).multiply(ties[rows]).sum(axis=1)).ravel()
            for rows in _blocks(ties @ degrees)
        ]
        or [np.zeros(0)]
    )
    return (twice / np.maximum(degrees * (degrees - 1), 1)).astype(np.float32)


def _blocks(steps: NDArray[np.float64]) -> Iterator[slice]:
    """Slices of rows that cost BLOCK_STEPS each, or one row."""
    block = (np.cumsum(steps) // BLOCK_STEPS).astype(np.int64)
    bounds = [0, *(np.flatnonzero(np.diff(block)) + 1).tolist(), len(steps)]
    for start, end in pairwise(bounds):
        if end > start:
            yield slice(start, end)


def drawn_clustering(relation: Relation, random: np.random.Generator, wedges: int) -> Floats:
    """The same from so many drawn pairs of neighbours.

    Source: Seshadhri, Pinar and Kolda, "Triadic measures on graphs: the power of wedge sampling",
    SDM 2013.
    """
    ties, nodes = relation.ties, len(relation.degrees)
    degrees = np.diff(ties.indptr).astype(np.int64)
    starts = ties.indptr[:-1].astype(np.int64)
    keys = np.repeat(np.arange(nodes, dtype=np.int64) * nodes, degrees) + ties.indices
    several = np.flatnonzero(degrees >= 2)
    closed = np.zeros(nodes, dtype=np.float32)
    for _ in range(wedges if several.size else 0):
        first = random.integers(0, degrees[several])
        step = random.integers(1, degrees[several])
        second = (first + step) % degrees[several]
        one, other = ties.indices[starts[several] + first], ties.indices[starts[several] + second]
        sought = one.astype(np.int64) * nodes + other
        places = np.minimum(np.searchsorted(keys, sought), len(keys) - 1)
        closed[several] += keys[places] == sought
    return closed / wedges
