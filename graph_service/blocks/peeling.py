"""Which rows and columns hang together most densely, whatever else they touch to hide it?

Sources: Charikar, "Greedy approximation algorithms for finding dense components in a graph",
APPROX (2000); Hooi, Song, Beutel, Shah, Shin and Faloutsos, "FRAUDAR: Bounding Graph Fraud in the
Face of Camouflage", KDD (2016).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import numpy as np

from graph_service.blocks.incidence import EdgesInvalid, Floats, Incidence, Ints, Mask

# FRAUDAR, section 4.3: c in 1 / log(c + degree).
DEGREE_OFFSET = 5.0
# Weights are counted in these parts, so that sums are exact and ties are ties.
UNIT = 1 << 24
# From this part of the nodes on that one round removes, rounds are faster than a heap.
ROUND_LEAST = 0.005


@dataclass(frozen=True)
class Block:
    """Rows, the columns of each part, and their weight per node."""

    rows: Ints
    columns: tuple[Ints, ...]
    density: float

    def covers(self, parts: Sequence[Incidence]) -> list[Mask]:
        """Which edges of each part lie within the block."""
        found: list[Mask] = []
        for part, columns in zip(parts, self.columns, strict=True):
            row_in = np.zeros(part.row_count, bool)
            column_in = np.zeros(part.column_count, bool)
            row_in[self.rows], column_in[columns] = True, True
            found.append(row_in[part.rows] & column_in[part.columns])
        return found


@dataclass(frozen=True)
class _Peel:
    """Edges as whole numbers: nodes are rows, then the columns of each part."""

    tails: Ints
    heads: Ints
    weights: Ints
    priors: Ints


def column_weights(part: Incidence, *, offset: float | None = DEGREE_OFFSET) -> Floats:
    """The weight of an edge to each column: 1 / log(offset + degree), so that what everybody

    touches hides nobody; 1 with offset None. Times the weight of the kind.
    """
    if offset is None:
        return np.full(part.column_count, part.weight)
    if offset <= 1:
        raise EdgesInvalid("the offset of degrees is above 1")
    degrees = np.bincount(part.columns, minlength=part.column_count)
    return part.weight / np.log(offset + degrees)


def densest_block(
    parts: Sequence[Incidence],
    *,
    offset: float | None = DEGREE_OFFSET,
    row_priors: Floats | None = None,
) -> Block | None:
    """The densest of the sets that greedy peeling passes; None without edges and priors.

    parts: kinds of edges of the same rows. Density is the weight of edges and priors (0 or more,
    one per row) within, per node; the answer has at least half of the greatest density that there
    is. Repeated edges count as often as they are given. Weights are rounded to 2**-24. Cost:
    m log m, 2 million edges in seconds; what is sparser than the whole falls in whole rounds,
    which leave what peeling one by one would leave, since in a densest set nobody's weight is
    below its density.
    """
    peel = _peel_of(parts, offset, row_priors)
    alive = np.ones(len(peel.priors), bool)
    density, alive = _one_by_one(*_rounds(peel, alive))
    if not alive.any():
        return None
    ends = np.cumsum([parts[0].row_count, *(part.column_count for part in parts)])
    rows, *columns = np.split(alive, ends[:-1])
    return Block(
        np.flatnonzero(rows), tuple(np.flatnonzero(one) for one in columns), density / UNIT
    )


def find_blocks(
    parts: Sequence[Incidence],
    *,
    blocks_max: int = 5,
    density_least: float = 0.0,
    offset: float | None = DEGREE_OFFSET,
    row_priors: Floats | None = None,
) -> Iterator[Block]:
    """One block after the other, each without the edges of those before, above a density.

    density_least: what chance reaches. The priors of rows that were
    in a block no longer count.
    """
    left = list(parts)
    priors = None if row_priors is None else row_priors.copy()
    for _ in range(blocks_max):
        block = densest_block(left, offset=offset, row_priors=priors)
        if block is None or block.density <= density_least:
            return
        yield block
        left = [part.keep(~inside) for part, inside in zip(left, block.covers(left), strict=True)]
        if priors is not None:
            priors[block.rows] = 0


def _peel_of(parts: Sequence[Incidence], offset: float | None, row_priors: Floats | None) -> _Peel:
    if not parts:
        raise EdgesInvalid("there is no part to peel")
    rows = parts[0].row_count
    if any(part.row_count != rows for part in parts):
        raise EdgesInvalid("all parts have the same rows")
    priors = np.zeros(rows) if row_priors is None else row_priors
    if priors.shape != (rows,) or (priors < 0).any():
        raise EdgesInvalid("each row has one prior, 0 or more")
    starts = np.cumsum([rows, *(part.column_count for part in parts)])
    heads = [part.columns + start for part, start in zip(parts, starts, strict=False)]
    weights = [column_weights(part, offset=offset)[part.columns] for part in parts]
    all_priors = np.zeros(int(starts[-1]), np.int64)
    all_priors[:rows] = np.rint(priors * UNIT)
    return _Peel(
        np.concatenate([part.rows for part in parts]),
        np.concatenate(heads),
        np.rint(np.concatenate(weights) * UNIT).astype(np.int64),
        all_priors,
    )


def _rounds(peel: _Peel, alive: Mask) -> tuple[_Peel, Mask, Ints]:
    """What is left when nobody's weight is below the density of all, and those weights."""
    while True:
        degrees = _weight_of_nodes(peel)
        total = int(peel.weights.sum()) + int(peel.priors[alive].sum())
        size = int(alive.sum())
        if size == 0 or total == 0:
            return peel, np.zeros_like(alive), degrees
        falls = alive & (degrees < -(-total // size))
        if falls.sum() <= ROUND_LEAST * size:
            return peel, alive, degrees
        alive &= ~falls
        kept = alive[peel.tails] & alive[peel.heads]
        peel = _Peel(peel.tails[kept], peel.heads[kept], peel.weights[kept], peel.priors)


def _weight_of_nodes(peel: _Peel) -> Ints:
    """The weight of each node's edges and its prior. Sums of doubles are exact below 2**53."""
    size = len(peel.priors)
    sums = np.bincount(peel.tails, peel.weights, size) + np.bincount(peel.heads, peel.weights, size)
    return sums.astype(np.int64) + peel.priors


def _one_by_one(peel: _Peel, alive: Mask, degrees: Ints) -> tuple[float, Mask]:
    """Remove the lightest node again and again; the densest set on the way, the largest of it."""
    nodes = np.flatnonzero(alive)
    if not len(nodes):
        return 0.0, alive
    total = int(peel.weights.sum()) + int(peel.priors[nodes].sum())
    order, best, density = _order(peel, nodes, degrees, total)
    alive = alive.copy()
    alive[order[:best]] = False
    return density, alive


def _order(peel: _Peel, nodes: Ints, degrees: Ints, total: int) -> tuple[Ints, int, float]:
    """In which order nodes fall, how many before the densest set, and its density."""
    place = np.full(len(peel.priors), -1)
    place[nodes] = np.arange(len(nodes))
    size = len(nodes)
    one, other = place[peel.tails], place[peel.heads]
    ends = np.concatenate((one, other))
    by_end = np.argsort(ends, kind="stable")
    neighbours: list[int] = np.concatenate((other, one))[by_end].tolist()
    weights: list[int] = np.concatenate((peel.weights, peel.weights))[by_end].tolist()
    starts: list[int] = np.append(0, np.cumsum(np.bincount(ends, minlength=size))).tolist()
    weight: list[int] = degrees[nodes].tolist()
    # One number holds weight and node, which compares faster than a pair.
    heap = [mine * size + node for node, mine in enumerate(weight)]
    heapify(heap)
    fallen: list[int] = []
    gone = bytearray(size)
    best, best_total, best_size = 0, total, size
    left = size
    while left > 1:
        mine, node = divmod(heappop(heap), size)
        if gone[node] or mine != weight[node]:
            continue
        gone[node] = 1
        fallen.append(node)
        total -= mine
        left -= 1
        for i in range(starts[node], starts[node + 1]):
            near = neighbours[i]
            if not gone[near]:
                weight[near] = lighter = weight[near] - weights[i]
                heappush(heap, lighter * size + near)
        if total * best_size > best_total * left:
            best, best_total, best_size = len(fallen), total, left
    return nodes[np.array(fallen, np.int64)], best, best_total / best_size
