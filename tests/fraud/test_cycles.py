"""Short cycles, against all simple cycles by networkx."""

from typing import Any, cast

import networkx as _networkx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graph_service.fraud.chains.cycles import joined, short_cycles, walks_from

networkx = cast(Any, _networkx)
Edges = list[tuple[int, int]]


def edges_of(nodes: int) -> st.SearchStrategy[Edges]:
    ends = st.integers(0, nodes - 1)
    return st.lists(st.tuples(ends, ends), max_size=30, unique=True)


def by_networkx(edges: Edges, length_max: int) -> set[frozenset[tuple[int, int]]]:
    graph = networkx.DiGraph(edges)
    found: list[list[int]] = list(networkx.simple_cycles(graph, length_bound=length_max))
    return {frozenset(zip(cycle, [*cycle[1:], cycle[0]], strict=True)) for cycle in found}


@given(edges_of(9), st.integers(1, 6))
def test_cycles_are_those_of_networkx(edges: Edges, length_max: int) -> None:
    tails, heads = np.array(edges, np.int64).reshape(-1, 2).T

    found = short_cycles(tails, heads, 9, length_max=length_max)

    ours = [frozenset(edges[edge] for edge in one) for one in found.found]
    assert set(ours) == by_networkx(edges, length_max)
    assert len(ours) == len(set(ours))
    assert not found.truncated


def test_a_dense_part_ends_at_the_limit() -> None:
    tails, heads = np.nonzero(~np.eye(12, dtype=bool))

    found = short_cycles(tails, heads, 12, length_max=6, steps_max=500)

    assert found.truncated
    assert len(found.found) <= 500


def test_groups_with_a_thing_in_common_hang_together() -> None:
    parts = joined([[0, 1], [2], [1, 3], [4, 2]], 5)

    assert sorted(sorted(one) for one in parts) == [[0, 2], [1, 3]]


def plain_walks(
    start: int, edges: Edges, kin: list[set[int]], length_max: int
) -> list[tuple[int, ...]]:
    """Walks as edges by number, by trying every edge after every walk."""
    found: list[tuple[int, ...]] = []

    def go_on(nodes: set[int], from_nodes: list[set[int]], taken: tuple[int, ...]) -> None:
        if len(taken) == length_max:
            return
        for number, (tail, head) in enumerate(edges):
            for before in from_nodes:
                met = nodes | before
                if tail in before and head not in met:
                    found.append((*taken, number))
                    go_on(
                        met | {head},
                        [{head}, *({other} for other in kin[head] - met - {head})],
                        (*taken, number),
                    )

    go_on({start}, [{start}], ())
    return found


@given(edges_of(6), edges_of(6), st.integers(1, 4))
def test_walks_are_all_there_are(edges: Edges, alike: Edges, length_max: int) -> None:
    kin = [{other for one, other in alike if one == node != other} for node in range(6)]
    heads = np.array([head for _, head in edges], np.int32)
    follow = {
        node: [number for number, (tail, _) in enumerate(edges) if tail == node]
        for node in range(6)
    }

    found = walks_from(0, follow, heads, length_max=length_max, kin=dict(enumerate(kin)))

    ours = sorted(one.edges for one in found)
    assert ours == sorted(plain_walks(0, edges, kin, length_max))
