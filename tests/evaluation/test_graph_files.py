"""Is a graph file read as it stands, and refused in one clear line where it cannot be?"""

# scikit-learn and scipy are partly untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graph_service.errors import NotFound
from graph_service.evaluation.graph_files import UNLABELLED, GraphFileInvalid, read_graph_file

NODES = 6
GOOD: dict[str, Any] = {
    "X": np.arange(12.0).reshape(6, 2),
    "y": np.array([0, 1, 0, 1, 0, 1]),
    "edges": np.array([[0, 1], [1, 0], [1, 0], [2, 2], [4, 5]]),
}
FIRST = np.array([1, 1, 0, 0, 0, 0], dtype=bool)
LAST = np.array([0, 0, 0, 0, 1, 1], dtype=bool)


def written(folder: Path, **arrays: Any) -> Path:
    file = folder / "graph.npz"
    np.savez(file, **{name: one for name, one in {**GOOD, **arrays}.items() if one is not None})
    return file


def test_edges_may_lie_either_way_and_have_names(tmp_path: Path) -> None:
    edges = GOOD["edges"]
    file = written(tmp_path, edges=None, edges_a=edges, edges_b=edges[:, ::-1].T.astype(float))

    found = read_graph_file(file)

    assert sorted(found.relations) == ["a", "b"]
    assert (found.relations["a"] != found.relations["b"].T).nnz == 0


@pytest.mark.parametrize("unknown", [-1, np.nan])
def test_nodes_may_be_unlabelled_and_values_unknown(tmp_path: Path, unknown: float) -> None:
    values = np.where(GOOD["X"] == 3, np.nan, GOOD["X"])
    file = written(tmp_path, X=values, y=np.array([0, 1, unknown, 1, 0, unknown]))

    found = read_graph_file(file)

    assert found.labels.tolist() == [0, 1, UNLABELLED, 1, 0, UNLABELLED]
    assert np.isnan(found.values).sum() == 1


@pytest.mark.parametrize("name", ["train", "train_mask", "train_masks"])
def test_masks_may_be_of_one_trial_or_of_several_either_way(tmp_path: Path, name: str) -> None:
    three = np.stack([FIRST, LAST, FIRST])
    shapes = [FIRST[:, None], FIRST, three, three.T]

    found = [read_graph_file(written(tmp_path, **{name: one})).masks for one in shapes]

    assert [one["train"].shape for one in found] == [(1, 6), (1, 6), (3, 6), (3, 6)]
    assert np.array_equal(found[3]["train"], three)
    assert np.array_equal(found[1]["test"][0], ~FIRST)
    assert not found[1]["val"].any()


def test_masks_leave_out_what_is_not_labelled(tmp_path: Path) -> None:
    file = written(tmp_path, y=np.array([0, -1, 0, 1, 0, 1]), test=FIRST)

    masks = read_graph_file(file).masks

    assert masks["test"][0].tolist() == [True, *[False] * 5]
    assert masks["train"][0].tolist() == [False, False, True, True, True, True]


@pytest.mark.parametrize("shape", [(0,), (0, 2), (2, 0)])
def test_empty_edges_are_no_edges(tmp_path: Path, shape: tuple[int, ...]) -> None:
    found = read_graph_file(written(tmp_path, edges=np.zeros(shape)))

    assert {name: one.shape for name, one in found.relations.items()} == {"edges": (6, 6)}
    assert found.relations["edges"].nnz == 0


def test_what_is_in_train_and_val_is_learned_from_only_and_said_so(tmp_path: Path) -> None:
    middle = np.array([0, 1, 1, 0, 0, 0], dtype=bool)

    found = read_graph_file(written(tmp_path, train=FIRST, val=middle, test=LAST))

    assert np.flatnonzero(found.masks["train"][0]).tolist() == [0, 1]
    assert np.flatnonzero(found.masks["val"][0]).tolist() == [2]
    assert found.notes == (
        "nodes of the mask val that are in train, too, and are learned from only: 1",
    )


def test_masks_that_are_wrong_stand_in_nobodys_way_who_does_not_read_them(tmp_path: Path) -> None:
    found = read_graph_file(written(tmp_path, train=FIRST, test=FIRST), with_masks=False)

    assert (found.masks, found.notes) == ({}, ())


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"X": None}, "has no array X; it holds y, edges"),
        ({"y": None}, "has no array y"),
        ({"edges": None}, "has no array edges or edges_NAME; it holds X, y"),
        ({"X": np.arange(6)}, r"X is int64 \(6,\) and must be numbers \(n, d\)"),
        ({"X": np.array([["a"]])}, "X is <U1"),
        ({"X": np.array([[None]], dtype=object)}, "not an .npz of plain arrays"),
        ({"y": np.arange(5)}, r"y is int64 \(5,\) and must be numbers \(6,\)"),
        ({"y": np.array([0, 1, 2, 0, 1, 2])}, "y holds 0, 1, 2: it must hold 0 and 1"),
        ({"y": np.full(6, -1)}, "y holds nothing"),
        ({"y": np.zeros(6)}, "y holds 0:"),
        ({"edges": np.zeros((4, 3), dtype=int)}, r"edges is int64 \(4, 3\)"),
        ({"edges": np.array([[0, 0.5]])}, "edges holds numbers that are no integers"),
        ({"edges": np.array([[0, 1], [3, 6], [-1, 2]])}, r"2 of 3 edges.* \(3, 6\).*0 to 5"),
        ({"train": np.ones(4, dtype=bool)}, r"mask train has the shape \(4,\)"),
        ({"train": np.arange(6)}, "mask train is int64 and must be bool"),
        ({"val": FIRST}, "a mask val and neither train nor test"),
        ({"train": FIRST, "test": FIRST}, "train and test share 2 nodes"),
        ({"train": FIRST, "val": LAST, "test": LAST}, "val and test share 2 nodes"),
        ({"val": LAST, "test": LAST}, "val and test share 2 nodes"),
        (
            {"train": FIRST, "val": np.stack([~FIRST & ~LAST, LAST]), "test": LAST},
            "val and test share 2 nodes",
        ),
        ({"edges": np.zeros((0, 3))}, r"edges is float64 \(0, 3\)"),
        ({"edges_edges": GOOD["edges"]}, "one of two relations edges"),
        ({"edges_a": GOOD["edges"], "edges__a": GOOD["edges"]}, "one of two relations a"),
        ({"train": np.stack([FIRST] * 2), "test": np.stack([LAST] * 3)}, "has 2 trials"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_refused(
    tmp_path: Path, arrays: dict[str, Any], told: str
) -> None:
    file = written(tmp_path, **arrays)

    with pytest.raises(GraphFileInvalid, match=told):
        read_graph_file(file)


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    text, single = tmp_path / "text.npz", tmp_path / "single.npy"
    text.write_text("X,y")
    np.save(single, np.zeros(3))

    for file in (text, single):
        with pytest.raises(GraphFileInvalid, match="npz"):
            read_graph_file(file)


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no file"):
        read_graph_file(tmp_path / "none.npz")
