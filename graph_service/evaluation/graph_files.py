"""What graph, labels and splits does an .npz file hold?"""

# scipy.sparse has no types, and NumPy does not know what a file holds.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from graph_service.errors import Invalid, NotFound

UNLABELLED = -1
PARTS = ("train", "val", "test")
Mask = NDArray[np.bool_]


class GraphFileInvalid(Invalid):
    """The file does not hold a graph with labels, or not as it should."""

    code = "graph_file_invalid"


@dataclass(frozen=True)
class GraphFile:
    """values: (n, d), unknown where not finite; d may be 0. labels: (n,), 0, 1 or UNLABELLED.

    relations: by name, csr (n, n), each edge as it stands in the file. masks: per part (trials, n),
    all parts or none; no node is in two parts of a trial. notes: what was read otherwise than it
    stands, in words.
    """

    values: NDArray[np.float32]
    labels: NDArray[np.int8]
    relations: Mapping[str, Any]
    masks: Mapping[str, Mask]
    notes: tuple[str, ...] = ()


def read_graph_file(file: Path, *, with_masks: bool = True) -> GraphFile:
    """The graph in a file. Raises NotFound, GraphFileInvalid.

    with_masks: False leaves masks unread, whatever they hold.
    """
    if not file.is_file():
        raise NotFound(f"there is no file {file}")
    try:
        opened = np.load(file, allow_pickle=False)
        if not isinstance(opened, np.lib.npyio.NpzFile):
            raise GraphFileInvalid(f"{file} holds one array and must be an .npz of several")
        with opened as stored:
            arrays = {name: stored[name] for name in stored.files if _is_read(name)}
            held = ", ".join(stored.files) or "nothing"
    except (ValueError, OSError, EOFError, BadZipFile) as fault:
        raise GraphFileInvalid(f"{file} is not an .npz of plain arrays: {fault}") from fault
    for name in ("X", "y"):
        if name not in arrays:
            raise GraphFileInvalid(f"{file} has no array {name}; it holds {held}")
    values = _values(arrays["X"])
    labels = _labels(arrays["y"], len(values))
    relations = _relations(arrays, len(values))
    if not relations:
        raise GraphFileInvalid(f"{file} has no array edges or edges_NAME; it holds {held}")
    masks, notes = _masks(arrays, labels) if with_masks else ({}, ())
    return GraphFile(values, labels, relations, masks, notes)


def _relations(arrays: Mapping[str, NDArray[Any]], nodes: int) -> dict[str, Any]:
    """By name, as people would say it: edges_sold_to is sold_to."""
    relations: dict[str, Any] = {}
    for name, edges in arrays.items():
        if name.startswith("edges"):
            said = name.removeprefix("edges").strip("_") or "edges"
            if said in relations:
                raise GraphFileInvalid(f"{name} is one of two relations {said}")
            relations[said] = _relation(name, edges, nodes)
    return relations


def _is_read(name: str) -> bool:
    return name in ("X", "y", "edges") or name.startswith("edges_") or _part(name) is not None


def _part(name: str) -> str | None:
    """Of a mask's name the part: train, train_mask, train_masks."""
    return next((part for part in PARTS if name in (part, f"{part}_mask", f"{part}_masks")), None)


def _values(array: NDArray[Any]) -> NDArray[np.float32]:
    if array.ndim != 2 or not len(array) or array.dtype.kind not in "fiub":
        raise GraphFileInvalid(f"X is {array.dtype} {array.shape} and must be numbers (n, d)")
    # Too large for single precision: infinite, which counts as unknown.
    with np.errstate(over="ignore"):
        return array.astype(np.float32)


def _labels(array: NDArray[Any], nodes: int) -> NDArray[np.int8]:
    flat = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if flat.shape != (nodes,) or flat.dtype.kind not in "fiub":
        raise GraphFileInvalid(f"y is {array.dtype} {array.shape} and must be numbers ({nodes},)")
    known = ~np.isnan(flat) & (flat != UNLABELLED)
    found = np.unique(flat[known])
    if not np.isin(found, (0, 1)).all() or len(found) != 2:
        shown = ", ".join(f"{one:g}" for one in found[:5].tolist()) or "nothing"
        raise GraphFileInvalid(f"y holds {shown}: it must hold 0 and 1 (-1 or NaN: unlabelled)")
    labels = np.full(nodes, UNLABELLED, dtype=np.int8)
    labels[known] = flat[known].astype(np.int8)
    return labels


def _relation(name: str, array: NDArray[Any], nodes: int) -> Any:
    edges = array.T if array.ndim == 2 and array.shape[0] == 2 != array.shape[1] else array
    if array.shape == (0,):
        edges = array.reshape(0, 2)
    if edges.ndim != 2 or edges.shape[1] != 2 or edges.dtype.kind not in "fiu":
        raise GraphFileInvalid(f"{name} is {array.dtype} {array.shape} and must be integers (m, 2)")
    if edges.dtype.kind == "f" and not (edges == np.floor(edges)).all():
        raise GraphFileInvalid(f"{name} holds numbers that are no integers")
    wrong = ((edges < 0) | (edges >= nodes)).any(axis=1)
    if wrong.any():
        one, other = edges[int(wrong.argmax())].tolist()
        raise GraphFileInvalid(
            f"{name} has {int(wrong.sum()):,} of {len(edges):,} edges out of range, the first "
            f"({one:g}, {other:g}): nodes are 0 to {nodes - 1:,}"
        )
    ends = edges.astype(np.int32)
    ones = np.ones(len(ends), dtype=np.float32)
    return csr_matrix((ones, (ends[:, 0], ends[:, 1])), shape=(nodes, nodes))


def _masks(
    arrays: Mapping[str, NDArray[Any]], labels: NDArray[np.int8]
) -> tuple[dict[str, Mask], tuple[str, ...]]:
    """All three parts, of labelled nodes only; a part that is not named is what is left."""
    named = {part: (name, one) for name, one in arrays.items() if (part := _part(name))}
    if not named:
        return {}, ()
    if not named.keys() & {"train", "test"}:
        raise GraphFileInvalid("there is a mask val and neither train nor test")
    known = labels != UNLABELLED
    masks = {part: _mask(name, one, len(labels)) & known for part, (name, one) in named.items()}
    trials = max(len(one) for one in masks.values())
    for part, mask in masks.items():
        if len(mask) not in (1, trials):
            raise GraphFileInvalid(f"the mask {part} has {len(mask)} trials, another {trials}")
        masks[part] = np.broadcast_to(mask, (trials, len(labels)))
    masks.setdefault("val", np.zeros((trials, len(labels)), dtype=np.bool_))
    rest = {"train": "test", "test": "train"}
    for part, other in rest.items():
        if part not in masks:
            masks[part] = known & ~masks[other] & ~masks["val"]
    return _apart(masks)


def _apart(masks: dict[str, Mask]) -> tuple[dict[str, Mask], tuple[str, ...]]:
    """Nothing that is tested may have been learned from or have weighed the learners.

    A node in train and val is learned from, so it cannot weigh what was learned.
    """
    for part in ("train", "val"):
        shared = _most_shared(masks[part], masks["test"])
        if shared:
            raise GraphFileInvalid(
                f"the masks {part} and test share {shared:,} nodes (--no-masks splits anew)"
            )
    both = _most_shared(masks["train"], masks["val"])
    if not both:
        return masks, ()
    note = f"nodes of the mask val that are in train, too, and are learned from only: {both:,}"
    return {**masks, "val": masks["val"] & ~masks["train"]}, (note,)


def _most_shared(one: Mask, other: Mask) -> int:
    """How many nodes both hold, in the trial with the most. one, other: (trials, n)."""
    return int(np.max(np.sum(one & other, axis=1)))


def _mask(name: str, array: NDArray[Any], nodes: int) -> Mask:
    """(trials, n), whichever way it lies in the file."""
    if array.dtype.kind not in "biuf" or not np.isin(array, (0, 1)).all():
        raise GraphFileInvalid(f"the mask {name} is {array.dtype} and must be bool")
    if array.shape == (nodes,):
        return array.astype(np.bool_)[None]
    if array.ndim == 2 and array.shape[1] == nodes and array.shape[0]:
        return array.astype(np.bool_)
    if array.ndim == 2 and array.shape[0] == nodes and array.shape[1]:
        return array.astype(np.bool_).T
    raise GraphFileInvalid(
        f"the mask {name} has the shape {array.shape} and must have ({nodes},) or (trials, {nodes})"
    )
