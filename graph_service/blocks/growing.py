"""Which rows and columns around a few rows explain the edges best?

Chance is that of equal degrees: an edge between a row and a column is expected in proportion to
both degrees. A block is worth its excess over that (nulls.excess), less the cost of naming its
rows and columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import gammaln as _gammaln  # pyright: ignore

from graph_service.blocks.incidence import (
    Floats,
    Incidence,
    Ints,
    Slices,
    components,
    members_of,
    merge_copies,
    slices_of,
)
from graph_service.blocks.nulls import excess, naming_cost

# Who touches fewer columns of a block is not of it: one shared thing is no pattern.
TOUCHES_LEAST = 2
# Growing ends when nothing improves, nearly always after three or four steps.
STEPS_MAX = 20
# A column's own history outweighs that of all columns from so many other touches on.
HISTORY = 5.0


@dataclass(frozen=True)
class Layer:
    """One kind of edges. shares: per column the edges that chance gives a row of degree 1.

    places: of the edges in the order of rows_of.
    """

    edges: Incidence
    rows_of: Slices
    columns_of: Slices
    places: Ints
    degrees: Ints
    shares: Floats

    @property
    def weight(self) -> float:
        """The weight of this kind of edges."""
        return self.edges.weight

    @cached_property
    def by_time(self) -> tuple[Ints, Ints]:
        """The edges by time, and their seconds; 0 for those without."""
        seconds = self.edges.seconds
        seconds = np.zeros(len(self.edges), np.int64) if seconds is None else seconds
        order = np.argsort(seconds, kind="stable")
        return order, seconds[order]


@dataclass(frozen=True)
class Candidate:
    """A block and what it is worth in nats, with the edges that it has and that chance gives it."""

    rows: Ints
    columns: tuple[Ints, ...]
    nats: float
    edge_counts: tuple[int, ...]
    expected: tuple[float, ...]


def layer_of(edges: Incidence) -> Layer:
    """A layer of distinct edges at any time."""
    degrees = np.bincount(edges.rows, minlength=edges.row_count)
    shares = np.bincount(edges.columns, minlength=edges.column_count) / max(len(edges), 1)
    return _layer(edges, degrees, shares)


def window_layer(whole: Layer, rows: Ints, first_second: int, last_second: int) -> Layer:
    """The edges of a time, against what chance puts there.

    That is the part of all edges that falls into it, or where more of a column's edges by other
    rows do, nearer to that: what is new or on sale sells fast to everybody.
    """
    edges = whole.edges
    by_time, times = whole.by_time
    low, high = np.searchsorted(times, first_second), np.searchsorted(times, last_second, "right")
    chosen = np.sort(by_time[low:high])
    part = len(chosen) / len(edges) if len(edges) else 0.0
    mine = np.zeros(edges.row_count, bool)
    mine[rows] = True
    size = edges.column_count
    others_ever = whole.rows_of.sizes() - np.bincount(whole.columns_of.of(rows), minlength=size)
    then = chosen[~mine[edges.rows[chosen]]]
    others_then = np.bincount(edges.columns[then], minlength=size)
    own = (others_then + HISTORY * part) / (others_ever + HISTORY)
    return _layer(edges.keep(chosen), whole.degrees, whole.shares * np.maximum(own, part))


def _layer(edges: Incidence, degrees: Ints, shares: Floats) -> Layer:
    return Layer(
        edges,
        slices_of(edges.columns, edges.rows, edges.column_count),
        slices_of(edges.rows, edges.columns, edges.row_count),
        np.argsort(edges.columns, kind="stable"),
        degrees,
        shares,
    )


def grow(layers: Sequence[Layer], rows: Ints) -> Candidate | None:
    """The best block that is reached from these rows; None if none is worth anything.

    In turns the best columns for the rows and the best rows for the columns, of each the best
    first part of those in order of their own excess. Cost: the edges at the rows and columns met.
    """
    best: Candidate | None = None
    for _ in range(STEPS_MAX):
        columns = tuple(_best_columns(layer, rows) for layer in layers)
        rows = _best_rows(layers, columns)
        if not len(rows):
            break
        found = _judged(layers, rows, columns)
        if best is not None and found.nats <= best.nats:
            break
        best = found
    return best if best is not None and best.nats > 0 else None


def connected_parts(layers: Sequence[Layer], block: Candidate) -> list[Candidate]:
    """The block, or if it falls apart each part that is worth something: groups of strangers."""
    row_count = layers[0].edges.row_count
    starts = np.cumsum([row_count, *(layer.edges.column_count for layer in layers)])
    tails: list[Ints] = []
    heads: list[Ints] = []
    for layer, chosen, start in zip(layers, block.columns, starts[:-1], strict=True):
        inside = _inside(layer, block.rows, chosen)
        tails.append(inside.rows)
        heads.append(inside.columns + start)
    labels = components(np.concatenate(tails), np.concatenate(heads), int(starts[-1]))
    groups = members_of(labels[block.rows], 1)
    if len(groups) == 1:
        return [block]
    parts: list[Candidate] = []
    for group in groups:
        rows = block.rows[group]
        label = labels[rows[0]]
        columns = tuple(
            chosen[labels[chosen + start] == label]
            for chosen, start in zip(block.columns, starts[:-1], strict=True)
        )
        part = _judged(layers, rows, columns)
        if part.nats > 0:
            parts.append(part)
    return parts


def lift(layer: Layer, rows: Ints, columns: Ints) -> float:
    """How many times as large a part of these rows' edges goes to these columns as of others'.

    1 is counted besides what others touch.
    """
    mine = len(_inside(layer, rows, columns))
    all_mine = int(layer.degrees[rows].sum())
    others = int(layer.rows_of.sizes()[columns].sum()) - mine + 1
    all_others = len(layer.edges) - all_mine + 1
    return (mine / max(all_mine, 1)) / (others / all_others)


def _best_columns(layer: Layer, rows: Ints) -> Ints:
    counts = np.bincount(layer.columns_of.of(rows), minlength=layer.edges.column_count)
    near = np.flatnonzero(counts >= TOUCHES_LEAST)
    expected = float(layer.degrees[rows].sum()) * layer.shares[near]
    own = _excesses(counts[near], expected)
    order = np.argsort(-own, kind="stable")
    together = _excesses(np.cumsum(counts[near][order]), np.cumsum(expected[order], dtype=float))
    worth = layer.weight * together - _naming_costs(len(near), layer.edges.column_count)
    return np.sort(near[order[: _best_length(worth)]])


def _best_rows(layers: Sequence[Layer], columns: Sequence[Ints]) -> Ints:
    row_count = layers[0].edges.row_count
    counts = [
        np.bincount(layer.rows_of.of(chosen), minlength=row_count)
        for layer, chosen in zip(layers, columns, strict=True)
    ]
    near = np.flatnonzero(np.sum(counts, axis=0) >= TOUCHES_LEAST)
    expected = [
        np.asarray(layer.degrees[near] * float(layer.shares[chosen].sum()), float)
        for layer, chosen in zip(layers, columns, strict=True)
    ]
    weights = [layer.weight for layer in layers]
    both = list(zip(weights, [count[near] for count in counts], expected, strict=True))
    own = sum((weight * _excesses(edges, chance) for weight, edges, chance in both), 0.0)
    order = np.argsort(-np.asarray(own), kind="stable")
    worth = -_naming_costs(len(near), row_count)
    for weight, edges, chance in both:
        worth += weight * _excesses(np.cumsum(edges[order]), np.cumsum(chance[order], dtype=float))
    return np.sort(near[order[: _best_length(worth)]])


def _best_length(worth: Floats) -> int:
    """How many of the first to take; none if that is worth nothing."""
    return int(worth.argmax()) + 1 if len(worth) and worth.max() > -np.inf else 0


def _judged(layers: Sequence[Layer], rows: Ints, columns: tuple[Ints, ...]) -> Candidate:
    """The worth of a block after columns are joined that are copies of each other within it.

    Among the rows of a block copies show that others' touches hide in the whole.
    """
    row_count = layers[0].edges.row_count
    nats = -naming_cost(len(rows), row_count)
    counts: list[int] = []
    chances: list[float] = []
    for layer, chosen in zip(layers, columns, strict=True):
        edges, shares = _without_copies(layer, rows, chosen)
        expected = float(layer.degrees[rows].sum()) * float(shares.sum())
        nats += layer.weight * excess(edges, expected)
        nats -= naming_cost(len(shares), layer.edges.column_count)
        counts.append(edges)
        chances.append(expected)
    return Candidate(rows, columns, nats, tuple(counts), tuple(chances))


def _without_copies(layer: Layer, rows: Ints, columns: Ints) -> tuple[int, Floats]:
    """Distinct edges within, and the shares of the columns; copies are one, the most usual."""
    inside = _inside(layer, rows, columns)
    if inside.seconds is None:
        return len(inside), layer.shares[columns]
    place = np.searchsorted(columns, inside.columns)
    small = Incidence(inside.rows, place, layer.edges.row_count, len(columns), inside.seconds)
    merged = merge_copies(small)
    shares = np.zeros(merged.incidence.column_count)
    np.maximum.at(shares, merged.column_of, layer.shares[columns])
    return len(merged.incidence.distinct()), shares


def _inside(layer: Layer, rows: Ints, columns: Ints) -> Incidence:
    """The edges between these rows and columns."""
    row_in = np.zeros(layer.edges.row_count, bool)
    row_in[rows] = True
    chosen = np.sort(layer.places[layer.rows_of.places(columns)])
    return layer.edges.keep(chosen[row_in[layer.edges.rows[chosen]]])


def _excesses(edges: Ints, expected: Floats) -> Floats:
    """nulls.excess of each."""
    more = (edges > expected) & (expected > 0)
    ratio = np.where(more, edges, 1.0) / np.where(more, expected, 1.0)
    return np.where(more, edges * np.log(ratio) - (edges - expected), 0.0)


def _naming_costs(most: int, among: int) -> Floats:
    """nulls.naming_cost of 1, 2, … most of so many."""
    chosen = np.arange(1, most + 1)
    cost = _gammaln(among + 1) - _gammaln(chosen + 1) - _gammaln(among - chosen + 1)
    return np.asarray(cost, float)
