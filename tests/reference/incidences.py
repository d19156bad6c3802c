"""Small random incidences, and what the rooms of blocks compute, in plain slow Python."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations
from math import log

import networkx as nx
import numpy as np
from hypothesis import strategies as st

from graph_service.blocks.incidence import Incidence
from graph_service.blocks.peeling import UNIT
from graph_service.blocks.synchrony import DAY_SECONDS

Pair = tuple[int, int]


def incidence(
    edges: Sequence[tuple[int, ...]], rows: int, columns: int, weight: float = 1.0
) -> Incidence:
    """edges: row, column and, for all or none, the day."""
    table = np.array(edges, np.int64) if edges else np.zeros((0, 2), np.int64)
    seconds = table[:, 2] * DAY_SECONDS if table.shape[1] > 2 else None
    return Incidence(table[:, 0], table[:, 1], rows, columns, seconds, weight)


@st.composite
def incidences(
    draw: st.DrawFn, rows: int = 8, columns: int = 6, *, timed: bool = False
) -> Incidence:
    ends = [st.integers(0, rows - 1), st.integers(0, columns - 1)]
    if timed:
        ends.append(st.integers(0, 20))
    edges = draw(st.lists(st.tuples(*ends), min_size=1 if timed else 0, max_size=40))
    return incidence(edges, rows, columns, draw(st.sampled_from([0.5, 1.0, 2.0])))


def peeled(
    parts: Sequence[Incidence], offset: float | None, priors: Sequence[float]
) -> tuple[set[int], list[set[int]], float] | None:
    """The densest set that removing the lightest node again and again passes, ties by number."""
    rows = parts[0].row_count
    edges: list[tuple[int, int, int]] = []
    start = rows
    for part in parts:
        degrees: Counter[int] = Counter(part.columns.tolist())
        for row, column in zip(part.rows.tolist(), part.columns.tolist(), strict=True):
            mine = part.weight * (1 if offset is None else 1 / log(offset + degrees[column]))
            edges.append((row, start + column, round(mine * UNIT)))
        start += part.column_count
    own = {row: round(prior * UNIT) for row, prior in enumerate(priors)}
    left = {node for edge in edges for node in edge[:2]} | {one for one in own if own[one]}
    best: tuple[float, set[int]] = (0.0, set())
    while left:
        weight: dict[int, int] = {node: own.get(node, 0) for node in left}
        total = sum(weight.values())
        for row, column, mine in edges:
            if row in left and column in left:
                weight[row] += mine
                weight[column] += mine
                total += mine
        if total / len(left) > best[0]:
            best = (total / len(left), set(left))
        left.remove(min((mine, node) for node, mine in weight.items())[1])
    if not best[1]:
        return None
    found = {node for node in best[1] if node < rows}
    columns: list[set[int]] = []
    start = rows
    for part in parts:
        columns.append({node - start for node in best[1] if 0 <= node - start < part.column_count})
        start += part.column_count
    return found, columns, best[0] / UNIT


def pairs_in_step(edges: Incidence, window_days: int) -> dict[Pair, set[int]]:
    """The columns on which each pair of rows is in step."""
    assert edges.seconds is not None
    shared: defaultdict[Pair, set[int]] = defaultdict(set)
    events = list(
        zip(edges.rows.tolist(), edges.columns.tolist(), edges.seconds.tolist(), strict=True)
    )
    for (one, column, at), (other, same, then) in combinations(events, 2):
        if one != other and column == same and abs(at - then) <= window_days * DAY_SECONDS:
            shared[min(one, other), max(one, other)].add(column)
    return shared


def connected(pairs: Sequence[Pair], least: int) -> set[frozenset[int]]:
    """The components of these pairs with so many members."""
    graph = nx.Graph(list(pairs))
    return {frozenset(part) for part in nx.connected_components(graph) if len(part) >= least}
