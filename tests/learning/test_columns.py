"""Do columns say what a plain loop says, and labels nothing of the node itself?"""

# scikit-learn and scipy are partly untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, random_array

from graph_service.learning import columns as columns_file
from graph_service.learning.columns import GraphColumns, graph_columns, label_columns
from graph_service.learning.relations import UNION, relation_of, relations_of
from graph_service.learning.spectrum import coordinates
from tests.learning.graphs import communities


def ties(seed: int, nodes: int, density: float = 0.2) -> Any:
    return csr_matrix(random_array((nodes, nodes), density=density, rng=seed))


def columns(
    values: NDArray[np.float64], relations: dict[str, Any], region: int = 2
) -> GraphColumns:
    random = np.random.default_rng(1)
    return graph_columns(values, relations, region_columns=region, random=random)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_means_are_over_neighbours_of_whom_the_value_is_known(seed: int, missing: bool) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=(12, 3)).astype(np.float32)
    if missing:
        values[random.random(values.shape) < 0.3] = np.nan
    relation = relation_of("knows", ties(seed, 12))

    means, lean = relation.mean_of(values), relation.lean_mean_of(values)

    near = relation.ties.toarray() > 0
    for node in range(12):
        for column in range(3):
            known = near[node] & ~np.isnan(values[:, column])
            weights = 1 / relation.degrees[known]
            told = values[known, column]
            plain = told.mean() if known.any() else 0
            weighed = (told * weights).sum() / weights.sum() if known.any() else 0
            assert means[node, column] == pytest.approx(plain, abs=1e-5)
            assert lean[node, column] == pytest.approx(weighed, abs=1e-5)


def test_the_plain_view_is_the_published_recipe() -> None:
    values = np.random.default_rng(1).normal(size=(15, 2))
    matrix = ties(1, 15)

    found = columns(values, {"knows": matrix}).view("plain")

    both = matrix.toarray() + matrix.toarray().T != 0
    np.fill_diagonal(both, False)
    step = both / np.maximum(both.sum(axis=1, keepdims=True), 1)
    expected = np.hstack([values, step @ values, step @ step @ values])
    assert np.allclose(found, expected, atol=1e-5)


def test_several_relations_are_also_looked_at_together() -> None:
    values = np.random.default_rng(1).normal(size=(15, 2))

    found = columns(values, {"b": ties(2, 15), "a": ties(1, 15)})

    assert [one.name for one in found.relations] == ["a", "b", "all together"]
    assert [one.is_union for one in found.relations] == [False, False, True]
    assert found.widths["plain"] == 2 * (1 + 2 * 2)


@pytest.mark.parametrize("name", ["any", UNION, ""])
def test_a_relation_may_have_any_name(name: str) -> None:
    values = np.random.default_rng(1).normal(size=(15, 2))

    found = columns(values, {"b": ties(2, 15), name: ties(1, 15)})

    expected = columns(values, {"b": ties(2, 15), "a": ties(1, 15)})
    assert np.array_equal(found.view("plain")[:, :2], values.astype(np.float32))
    assert found.widths == expected.widths
    assert [one.is_union for one in found.relations] == [False, False, True]
    assert np.array_equal(found.relations[2].degrees, expected.relations[2].degrees)


def test_many_columns_are_aggregated_further_off_by_directions_only() -> None:
    values = np.random.default_rng(1).normal(size=(90, 80))
    values[:, 3], values[5, 4] = np.nan, np.inf

    found = columns(values, {"knows": ties(1, 90)})

    assert "24 directions of 80 columns" in found.notes[0]
    assert found.widths["shape"] - found.widths["plain"] < 4 * 80
    assert np.isfinite(found.view("region")[:, 240:]).all()


@pytest.mark.parametrize("width", [3, 80])
def test_huge_and_infinite_values_leave_everything_finite_or_unknown(width: int) -> None:
    values = np.random.default_rng(1).normal(size=(40, width))
    values[:5, 0], values[5:9, 1], values[::2, 2] = np.inf, 1e300, -3e38

    found = columns(values, {"knows": ties(1, 40)})

    assert not np.isinf(found.values).any()
    assert np.array_equal(np.isnan(found.view("own")), ~np.isfinite(values) | (values > 1e299))
    assert np.isfinite(found.values[:, width:]).all()


def test_a_graph_that_is_too_large_says_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns_file, "FURTHER_NODES_MAX", 10)
    monkeypatch.setattr(columns_file, "REGION_NODES_MAX", 10)

    found = columns(np.ones((15, 2)), {"knows": ties(1, 15)})

    assert found.widths["region"] == found.widths["shape"]
    assert [note.split(" left out")[0] for note in found.notes] == [
        "lean, third and spread means",
        "regions",
    ]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_a_nodes_own_label_does_not_change_its_columns(seed: int) -> None:
    random = np.random.default_rng(seed)
    relations = relations_of({"knows": ties(seed, 20)}, 20)
    confirmed, known = random.random(20) < 0.4, random.random(20) < 0.6
    # One more and one less, so that the mean of all labels is the same.
    swapped = confirmed.copy()
    here = np.flatnonzero(known & confirmed)[:1]
    there = np.flatnonzero(known & ~confirmed)[:1]
    if not (here.size and there.size) or relations[0].ties[here[0], there[0]]:
        return
    swapped[[here[0], there[0]]] = ~confirmed[[here[0], there[0]]]

    before = label_columns(relations, confirmed, known, np.random.default_rng(1))
    after = label_columns(relations, swapped, known, np.random.default_rng(1))

    assert np.allclose(before[here[0], :2], after[here[0], :2])


def test_walks_never_end_at_a_nodes_own_label() -> None:
    relations = relations_of({"knows": csr_matrix(np.eye(6, k=1)[:, :6])}, 6)
    known = np.array([True] * 6)
    random = np.random.default_rng

    for node in range(6):
        one = np.zeros(6, dtype=bool)
        one[node] = True
        none = label_columns(relations, np.zeros(6, dtype=bool), known, random(1))
        found = label_columns(relations, one, known, random(1))
        # Only the mean over all labels moved, as much as the little that is added allows.
        assert found[node, 2] - none[node, 2] < 0.05


def test_labels_that_are_not_known_are_not_read() -> None:
    relations = relations_of({"knows": ties(4, 20)}, 20)
    random = np.random.default_rng(4)
    confirmed, known = random.random(20) < 0.5, random.random(20) < 0.5

    found = label_columns(relations, confirmed, known, np.random.default_rng(1))
    other = label_columns(relations, confirmed ^ ~known, known, np.random.default_rng(1))

    assert np.array_equal(found, other)


def test_thinned_ties_keep_weights_and_those_with_few_ties() -> None:
    random = np.random.default_rng(1)
    hubs = random.integers(0, 40, (6_000, 2))
    pairs = np.column_stack([np.arange(40, 80), np.arange(80, 120)])
    one, other = np.vstack([hubs, pairs]).T
    relation = relation_of("knows", csr_matrix((np.ones(len(one)), (one, other)), (120, 120)))

    thin = relation.thinned(600, random)

    assert thin.ties.nnz == pytest.approx(600, rel=0.2)
    assert (thin.ties != thin.ties.T).nnz == 0
    # A pair that is alone is kept as it is.
    assert np.diff(thin.ties.indptr)[40:].tolist() == [1] * 80
    assert thin.ties.sum() == pytest.approx(relation.ties.sum(), rel=0.15)
    assert np.array_equal(thin.degrees, relation.degrees)
    assert relation.thinned(10**6, random) is relation


def test_thinned_ties_weigh_as_much_as_all_on_average() -> None:
    relation = relation_of("knows", ties(1, 12, 0.6))
    random = np.random.default_rng(1)

    mean = sum(relation.thinned(40, random).ties.toarray() for _ in range(500)) / 500

    assert mean == pytest.approx(relation.ties.toarray(), abs=0.3)


def test_many_ties_are_walked_along_in_part_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns_file, "WALK_TIES_MAX", 60)

    found = columns(np.ones((30, 2)), {"knows": ties(1, 30, 0.4)})

    assert found.walked[0].ties.nnz < found.relations[0].ties.nnz
    assert found.notes[-1].startswith("regions and walks of knows are of")


def test_regions_tell_communities_apart() -> None:
    made = communities(400, 2)
    one, other = made.edges.T
    relation = relation_of("knows", csr_matrix((np.ones(len(one)), (one, other)), (400, 400)))

    found = coordinates(relation, 19, np.random.default_rng(1), smoothing=1.0)

    tied = relation.ties.toarray() > 0
    near = np.linalg.norm(found[:, None] - found[None], axis=2)
    assert near[tied].mean() < 0.8 * near[~tied].mean()


@pytest.mark.parametrize("nodes", [1, 2, 3, 5])
def test_tiny_graphs_have_regions_of_zeros_where_there_are_none(nodes: int) -> None:
    found = columns(np.ones((nodes, 1)), {"knows": ties(1, nodes, 0.5)}, region=4)

    assert np.isfinite(found.values).all()
