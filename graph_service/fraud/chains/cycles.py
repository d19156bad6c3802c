"""Which simple cycles and walks does a directed graph have, up to a length?"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from graph_service.snapshot.log import Ints, Numbers


@dataclass(frozen=True)
class Cycles:
    """Cycles as lists of edges by number, each from its least node on. truncated: limit met?"""

    found: list[tuple[int, ...]]
    truncated: bool


def short_cycles(
    tails: Ints, heads: Ints, nodes: int, *, length_max: int, steps_max: int = 200_000
) -> Cycles:
    """All simple cycles of up to length_max edges, loops too, each once.

    tails, heads: edges, no pair twice. Only strongly connected parts are searched; from each node
    a walk visits greater nodes only that can still come back in time. steps_max bounds the walk
    in all, so that a dense part ends with truncated set. Cost: the walks.
    """
    loops = [(int(edge),) for edge in np.flatnonzero(tails == heads)]
    graph = coo_array((np.ones(len(tails), np.int8), (tails, heads)), shape=(nodes, nodes))
    _, labels = connected_components(graph, directed=True, connection="strong")
    inside = np.flatnonzero((labels[tails] == labels[heads]) & (tails != heads))
    inside = inside[np.lexsort((heads[inside], tails[inside]))]
    follow: dict[int, list[tuple[int, int]]] = {}
    before: dict[int, list[int]] = {}
    for edge in inside.tolist():
        follow.setdefault(int(tails[edge]), []).append((int(heads[edge]), edge))
        before.setdefault(int(heads[edge]), []).append(int(tails[edge]))
    found: list[tuple[int, ...]] = list(loops)
    left = steps_max
    for start in sorted(follow):
        back = _distances(before, start, length_max)
        for walk, steps in _walks(follow, back, start, length_max):
            left -= steps
            if walk is not None:
                found.append(walk)
            if left <= 0:
                return Cycles(found, truncated=True)
    return Cycles(found, truncated=False)


def _distances(before: dict[int, list[int]], start: int, length_max: int) -> dict[int, int]:
    """How many edges it takes from each node back to start, over nodes not below it."""
    reached, level = {start: 0}, [start]
    for distance in range(1, length_max):
        level = [node for one in level for node in before.get(one, ()) if node > start]
        level = [node for node in dict.fromkeys(level) if node not in reached]
        reached.update(dict.fromkeys(level, distance))
    return reached


def _walks(
    follow: dict[int, list[tuple[int, int]]], back: dict[int, int], start: int, length_max: int
) -> Iterator[tuple[tuple[int, ...] | None, int]]:
    """Cycles from start over nodes above it, with the steps taken since the last answer."""
    path: list[int] = []
    on_path = {start}
    stack: list[tuple[int, Iterator[tuple[int, int]]]] = [(start, iter(follow[start]))]
    while stack:
        node, edges = stack[-1]
        taken = next(edges, None)
        if taken is None:
            stack.pop()
            if path:
                path.pop()
            on_path.discard(node)
            continue
        head, edge = taken
        if head == start:
            yield (*path, edge), 1
        elif head not in on_path and len(path) + 1 + back.get(head, length_max) <= length_max:
            path.append(edge)
            on_path.add(head)
            stack.append((head, iter(follow[head])))
            yield None, 1


@dataclass(frozen=True)
class Walk:
    """Edges by number, one after the other; jumps: how often one goes on from a head's kin."""

    edges: tuple[int, ...] = ()
    jumps: tuple[tuple[int, int], ...] = ()


def walks_from(
    start: int,
    follow: Mapping[int, Sequence[int]],
    heads: Numbers,
    *,
    length_max: int,
    kin: Mapping[int, Collection[int]] | None = None,
) -> Iterator[Walk]:
    """All paths of edges from a node that meet no node twice, the short ones first.

    follow: edges by the node they leave; heads: by edge, where it leads. kin: by node, those from
    which one may go on in its place.
    """
    level: list[tuple[Walk, frozenset[int]]] = [(Walk(), frozenset({start}))]
    for _ in range(length_max):
        following: list[tuple[Walk, frozenset[int]]] = []
        for walk, seen in level:
            for node, jumps in _onward(walk, start, heads, kin or {}):
                if jumps != walk.jumps and node in seen:
                    continue
                met = seen | {node}
                for edge in follow.get(node, ()):
                    head = int(heads[edge])
                    if head not in met:
                        longer = Walk((*walk.edges, edge), jumps)
                        yield longer
                        following.append((longer, met | {head}))
        level = following


def _onward(
    walk: Walk, start: int, heads: Numbers, kin: Mapping[int, Collection[int]]
) -> Iterator[tuple[int, tuple[tuple[int, int], ...]]]:
    """The nodes from which a walk may go on, with the jumps taken by then."""
    if not walk.edges:
        yield start, ()
        return
    head = int(heads[walk.edges[-1]])
    yield head, walk.jumps
    for other in kin.get(head, ()):
        yield other, (*walk.jumps, (head, other))


def joined(groups: Sequence[Sequence[int]], size: int) -> list[list[int]]:
    """Groups by number that hang together, by the things (0 to size) that they have in common."""
    rows = np.repeat(np.arange(len(groups)), [len(one) for one in groups])
    columns = np.array([thing for one in groups for thing in one], np.int64) + len(groups)
    whole = len(groups) + size
    graph = coo_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(whole, whole))
    _, labels = connected_components(graph, directed=False)
    parts: dict[int, list[int]] = {}
    for group, label in enumerate(labels[: len(groups)].tolist()):
        parts.setdefault(label, []).append(group)
    return list(parts.values())
