"""How deep in the graph does each node lie, and what is connected?

Source: Batagelj and Zaversnik, "An O(m) algorithm for cores decomposition of networks" (2003).
"""

import numpy as np
from scipy.sparse import csr_array, csr_matrix

from graph_service.blocks.incidence import Incidence, Ints, components, members_of


def core_numbers(one: Ints, other: Ints, count: int) -> Ints:
    """The largest k for which each node lies in a part where all have k neighbours or more.

    one, other: ends of undirected edges among `count` nodes; loops and repeats do not count. Cost:
    ordering the edges, then that of `cores_of`.
    """
    ties = csr_array((np.ones(len(one), np.int64), (one, other)), shape=(count, count))
    ties = csr_array(ties + ties.T)
    ties.setdiag(0)
    ties.eliminate_zeros()
    return cores_of(ties)


def cores_of(ties: csr_array | csr_matrix) -> Ints:
    """The core numbers of nodes by their ties: symmetric, none to itself; weights do not count.

    Each round removes all that have too few at once. Cost: each tie once and a look at whoever is
    left per round.
    """
    left = np.diff(ties.indptr).astype(np.int64)
    cores = np.zeros(len(left), np.int64)
    alive = np.arange(len(left))
    level = 0
    while alive.size:
        level = max(level, int(left[alive].min()))
        few = left[alive] <= level
        while few.any():
            gone, alive = alive[few], alive[~few]
            cores[gone] = level
            touched = ties[gone].indices
            if touched.size * 8 < left.size:
                np.subtract.at(left, touched, 1)
            else:
                left -= np.bincount(touched, minlength=left.size)
            few = left[alive] <= level
    return cores


def core_groups(
    one: Ints, other: Ints, count: int, *, level: int, members_least: int
) -> list[Ints]:
    """The connected parts of the k-core of this level with so many members, largest first."""
    inside = core_numbers(one, other, count) >= level
    kept = inside[one] & inside[other]
    labels = components(one[kept], other[kept], count)
    nodes = np.flatnonzero(inside)
    return [nodes[group] for group in members_of(labels[nodes], members_least)]


def row_cores(part: Incidence) -> tuple[Ints, Ints]:
    """The core numbers of the rows and of the columns."""
    cores = core_numbers(
        part.rows, part.columns + part.row_count, part.row_count + part.column_count
    )
    return cores[: part.row_count], cores[part.row_count :]
