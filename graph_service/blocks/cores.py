"""How deep in the graph does each node lie, and what is connected?

Source: Batagelj and Zaversnik, "An O(m) algorithm for cores decomposition of networks" (2003).
"""

import numpy as np

from graph_service.blocks.incidence import Incidence, Ints, components, members_of, slices_of


def core_numbers(one: Ints, other: Ints, count: int) -> Ints:
    """The largest k for which each node lies in a part where all have k neighbours or more.

    one, other: ends of undirected edges among `count` nodes; loops and repeats do not count. Cost:
    m log m for ordering the edges, then each edge once and one look at all nodes per level.
    """
    low, high = np.minimum(one, other), np.maximum(one, other)
    proper = low != high
    low, high = np.divmod(np.unique(low[proper] * count + high[proper]), max(count, 1))
    near = slices_of(np.concatenate((low, high)), np.concatenate((high, low)), count)
    degrees = near.sizes()
    cores = np.zeros(count, np.int64)
    left = np.flatnonzero(degrees)
    gone = degrees == 0
    while len(left):
        level = int(degrees[left].min())
        falling = left[degrees[left] <= level]
        while len(falling):
            cores[falling], gone[falling] = level, True
            touched = near.of(falling)
            np.subtract.at(degrees, touched, 1)
            falling = np.unique(touched[(degrees[touched] <= level) & ~gone[touched]])
        left = left[~gone[left]]
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
