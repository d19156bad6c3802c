"""Who touched what, and when: the edges between rows (buyers) and columns (goods, tokens)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse as _sparse  # pyright: ignore[reportMissingTypeStubs]
from scipy.sparse import (  # pyright: ignore[reportMissingTypeStubs]
    csgraph as _csgraph,  # pyright: ignore[reportUnknownVariableType]
)

from graph_service.errors import Invalid

# scipy has no types.
sparse, csgraph = cast(Any, _sparse), cast(Any, _csgraph)
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
# Of a moment that touches more columns is not asked which are copies.
BASKET_MAX = 50


class EdgesInvalid(Invalid):
    """Arrays of edges that do not fit each other or the number of rows or columns."""

    code = "edges_invalid"


@dataclass(frozen=True)
class Incidence:
    """Edges between rows and columns. weight: of the whole kind. seconds: when; None if unknown.

    rows, columns: one per edge, from 0, below row_count and column_count; an edge may repeat.
    """

    rows: Ints
    columns: Ints
    row_count: int
    column_count: int
    seconds: Ints | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit."""
        for ends, count, name in (
            (self.rows, self.row_count, "row"),
            (self.columns, self.column_count, "column"),
        ):
            if ends.shape != self.rows.shape or ends.ndim != 1:
                raise EdgesInvalid("rows and columns are one-dimensional and of one length")
            if len(ends) and not 0 <= int(ends.min()) <= int(ends.max()) < count:
                raise EdgesInvalid(f"an edge ends at a {name} outside 0..{count - 1}")
        if self.seconds is not None and self.seconds.shape != self.rows.shape:
            raise EdgesInvalid("each edge has one time")
        if not self.weight > 0:
            raise EdgesInvalid("the weight of a kind of edges is above 0")

    def __len__(self) -> int:
        return len(self.rows)

    def keep(self, which: Mask | Ints) -> "Incidence":
        """These edges only, with the same rows and columns."""
        seconds = None if self.seconds is None else self.seconds[which]
        return replace(self, rows=self.rows[which], columns=self.columns[which], seconds=seconds)

    def distinct(self) -> "Incidence":
        """Each edge once, the earliest; ordered by row, then column."""
        keys = self.rows * self.column_count + self.columns
        if self.seconds is None:
            return self.keep(np.unique(keys, return_index=True)[1])
        order = np.lexsort((self.seconds, keys))
        return self.keep(order[_starts(keys[order])])


@dataclass(frozen=True)
class Slices:
    """What each of some nodes touches: items[starts[i]:starts[i + 1]] belong to node i."""

    starts: Ints
    items: Ints

    def of(self, nodes: Ints) -> Ints:
        """The items of these nodes, one after the other."""
        return self.items[self.places(nodes)]

    def places(self, nodes: Ints) -> Ints:
        """Where the items of these nodes stand."""
        lengths = self.starts[nodes + 1] - self.starts[nodes]
        return _ranges(self.starts[nodes], lengths)

    def sizes(self) -> Ints:
        """How many items each node has."""
        return np.diff(self.starts)


def slices_of(nodes: Ints, items: Ints, node_count: int) -> Slices:
    """The items of each node, in the order in which they were given. Cost: one stable sort."""
    order = np.argsort(nodes, kind="stable")
    starts = np.zeros(node_count + 1, np.int64)
    np.cumsum(np.bincount(nodes, minlength=node_count), out=starts[1:])
    return Slices(starts, items[order])


@dataclass(frozen=True)
class Copies:
    """Columns that are the same thing under several ids. column_of: the new column of each."""

    incidence: Incidence
    column_of: Ints


def merge_copies(edges: Incidence, *, shared: float = 0.8, events_least: int = 2) -> Copies:
    """Join columns that the same rows touch at the same moments: variants of one thing.

    Two are joined if they have at least `events_least` events (row, moment) in common and those
    are at least this part of the rarer one's. Listings of one thing look like a perfect ring
    otherwise: in the reviews of public shops every densest block is one. Without times nothing is
    joined. What is always bought together in one basket is therefore one purchase.
    """
    if edges.seconds is None or not len(edges):
        return Copies(edges, np.arange(edges.column_count))
    order = np.lexsort((edges.seconds, edges.rows))
    fresh = _starts(edges.rows[order]) | _starts(edges.seconds[order])
    moments = np.empty(len(edges), np.int64)
    moments[order] = np.cumsum(fresh) - 1
    events = Incidence(
        moments, edges.columns, int(moments.max()) + 1, edges.column_count
    ).distinct()
    sizes = np.bincount(events.columns, minlength=edges.column_count)
    ends = run_ends(events.rows)
    begins = np.searchsorted(events.rows, events.rows)
    ends[ends - begins > BASKET_MAX] = 0
    pairs = [pair_keys(events.columns, pair, edges.column_count) for pair in pairs_up_to(ends)]
    if not pairs:
        return Copies(edges, np.arange(edges.column_count))
    keys, counts = np.unique(np.concatenate(pairs), return_counts=True)
    one, other = np.divmod(keys, edges.column_count)
    same = (counts >= events_least) & (counts >= shared * np.minimum(sizes[one], sizes[other]))
    labels = components(one[same], other[same], edges.column_count)
    merged = replace(
        edges, columns=labels[edges.columns], column_count=int(labels.max(initial=-1)) + 1
    )
    return Copies(merged, labels)


def pairs_up_to(ends: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Pairs (i, j) of places with i < j < ends[i], in batches that the caller may add up.

    ends: never falls from one place to the next but for those that take no part, which have 0.
    Cost: the number of pairs.
    """
    one = np.flatnonzero(ends > np.arange(len(ends)) + 1)
    step = 1
    while len(one):
        other = one + step
        takes_part = ends[other] > 0
        yield one[takes_part], other[takes_part]
        step += 1
        one = one[one + step < ends[one]]


def run_ends(ordered: Ints) -> Ints:
    """Of each place of ordered numbers the first place after the run of its number."""
    return np.searchsorted(ordered, ordered, side="right").astype(np.int64)


def pair_keys(items: Ints, pair: tuple[Ints, Ints], count: int) -> Ints:
    """Two items as one number, the smaller first."""
    one, other = items[pair[0]], items[pair[1]]
    return np.minimum(one, other) * count + np.maximum(one, other)


def components(one: Ints, other: Ints, count: int) -> Ints:
    """The number of the connected component of each of `count` nodes."""
    graph = sparse.coo_matrix((np.ones(len(one), np.int8), (one, other)), shape=(count, count))
    return cast(Ints, csgraph.connected_components(graph, directed=False)[1].astype(np.int64))


def members_of(labels: Ints, least: int) -> list[Ints]:
    """The members of each label that has at least so many, the largest first."""
    order = np.argsort(labels, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    kept = [group for group in groups if len(group) >= max(least, 1)]
    return sorted(kept, key=lambda group: (-len(group), int(group[0])))


def _starts(ordered: Ints) -> Mask:
    """Where a run of equal numbers begins."""
    return np.append(True, ordered[1:] != ordered[:-1]) if len(ordered) else np.zeros(0, bool)


def _ranges(starts: Ints, lengths: Ints) -> Ints:
    """starts[0], starts[0] + 1, … lengths[0] numbers, then those of the next."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - ends + lengths, lengths)
