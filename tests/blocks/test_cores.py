"""Cores against networkx."""

from typing import Any, cast

import networkx as _networkx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graph_service.blocks.cores import core_groups, core_numbers, row_cores
from tests.reference.incidences import incidence

# networkx types its graphs, not what it finds in them.
nx = cast(Any, _networkx)
ends = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=80)


@given(ends)
def test_core_numbers_are_those_of_networkx(edges: list[tuple[int, int]]) -> None:
    table = np.array(edges, np.int64).reshape(-1, 2)
    graph = nx.Graph([edge for edge in edges if edge[0] != edge[1]])
    graph.add_nodes_from(range(15))

    found = core_numbers(table[:, 0], table[:, 1], 15)

    assert dict(enumerate(cast(list[int], found.tolist()))) == nx.core_number(graph)


@given(ends, st.integers(1, 4))
def test_groups_are_the_connected_parts_of_a_core(edges: list[tuple[int, int]], level: int) -> None:
    table = np.array(edges, np.int64).reshape(-1, 2)
    core = nx.k_core(nx.Graph([edge for edge in edges if edge[0] != edge[1]]), level)

    found = core_groups(table[:, 0], table[:, 1], 15, level=level, members_least=2)

    assert {frozenset(group.tolist()) for group in found} == {
        frozenset(part) for part in nx.connected_components(core)
    }


def test_rows_and_columns_of_a_full_block_lie_equally_deep() -> None:
    edges = incidence([(r, c) for r in range(3) for c in range(3)] + [(3, 0), (3, 3)], 4, 4)

    rows, columns = row_cores(edges)

    assert rows.tolist() == [3, 3, 3, 1]
    assert columns.tolist() == [3, 3, 3, 1]
