"""Are the columns of structure what a plain count says?"""

# scikit-learn and scipy are partly untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from graph_service.learning.relations import Relation, relation_of
from graph_service.learning.structure import (
    core_numbers,
    drawn_clustering,
    ego_residuals,
    exact_clustering,
    page_ranks,
    structure_of,
)

NODES = 9
PAIRS = st.lists(st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)), max_size=40)


def relation(pairs: list[tuple[int, int]], nodes: int = NODES) -> Relation:
    one, other = np.array(pairs, dtype=int).reshape(-1, 2).T
    return relation_of("knows", csr_matrix((np.ones(len(one)), (one, other)), (nodes, nodes)))


def drawn(pairs: list[tuple[int, int]], nodes: int = NODES) -> Any:
    graph: Any = nx.Graph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from((a, b) for a, b in pairs if a != b)
    return graph


@settings(max_examples=50, deadline=None)
@given(PAIRS)
def test_ties_go_both_ways_once_and_to_nobody_themselves(pairs: list[tuple[int, int]]) -> None:
    ties = relation(pairs).ties.toarray()

    expected = np.zeros((NODES, NODES))
    for one, other in pairs:
        if one != other:
            expected[one, other] = expected[other, one] = 1
    assert np.array_equal(ties, expected)


@settings(max_examples=50, deadline=None)
@given(PAIRS)
def test_cores_and_clustering_are_those_of_a_plain_count(pairs: list[tuple[int, int]]) -> None:
    made, graph = relation(pairs), drawn(pairs)

    cores, clustering = core_numbers(made), exact_clustering(made)

    assert cores.tolist() == [dict(nx.core_number(graph))[node] for node in range(NODES)]
    for node in range(NODES):
        near = list(graph[node])
        tied = [graph.has_edge(*pair) for pair in combinations(near, 2)]
        assert clustering[node] == pytest.approx(np.mean(tied) if tied else 0)


@settings(max_examples=20, deadline=None)
@given(PAIRS)
def test_page_ranks_are_those_of_networkx(pairs: list[tuple[int, int]]) -> None:
    expected = nx.pagerank(drawn(pairs), tol=1e-8, max_iter=1_000)

    ranks = page_ranks(relation(pairs))

    assert ranks / NODES == pytest.approx([expected[node] for node in range(NODES)], abs=5e-3)


def test_clustering_from_drawn_pairs_is_near_the_exact_one() -> None:
    random = np.random.default_rng(3)
    made = relation([tuple(pair) for pair in random.integers(0, 60, (600, 2)).tolist()], 60)

    found = drawn_clustering(made, random, 2_000)

    assert np.abs(found - exact_clustering(made)).max() < 0.05


def test_a_near_clique_has_more_edges_than_ego_nets_of_its_size() -> None:
    clique = list(combinations(range(6), 2))
    star = [(6, other) for other in range(7, 12)]
    made = relation([*clique, *star], 12)

    residuals = ego_residuals(made.degrees, exact_clustering(made))

    assert residuals[0] > 0 > residuals[6]


def test_columns_of_a_graph_without_ties_are_numbers() -> None:
    found = structure_of(relation([]), np.random.default_rng(1))

    assert np.isfinite(found.values).all()
    assert found.notes == ()
