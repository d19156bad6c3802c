"""What can be said of each node: its own values, its neighbourhood, its place and its region?"""

# scipy.sparse and scikit-learn are partly untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from graph_service.learning.relations import Floats, Relation, relations_of
from graph_service.learning.spectrum import coordinates
from graph_service.learning.structure import structure_of

View = Literal["own", "plain", "shape", "region", "labels"]
PREFIXES: tuple[View, ...] = ("own", "plain", "shape", "region")
VIEWS: tuple[View, ...] = (*PREFIXES, "labels")
# Above so many own columns, means that are further off are of so many principal directions.
OWN_MAX, DIRECTIONS = 64, 24
# Above so many nodes, regions are left out: at 2 million they take minutes.
REGION_NODES_MAX = 2_000_000
# Above so many ties (each counted from both ends), regions and walks are of a part that is drawn:
# 200 products of the ties take 10 s of one core, 100 a fit.
WALK_TIES_MAX = 10_000_000
# Above so many nodes, means that are further off are left out: they take gigabytes.
FURTHER_NODES_MAX = 1_000_000
# Chance to go on in a walk, as in personalised PageRank, and the steps after which .85^10 = 20 %
# of the walks are still under way and are cut off.
WALK, STEPS = 0.85, 10
CROSS_FOLDS = 4
# Larger values count as this: its squares, summed over 10^8 ties, are of single precision yet.
VALUE_MAX = 1e15


@dataclass(frozen=True)
class GraphColumns:
    """Columns of all nodes. widths: how many of values, from the left, each view has.

    own; plain: and [Px, P²x]; shape: and the node's place; region: and its region.
    walked: the relations, thinned where they have many ties. notes: what was left out, in words.
    """

    values: Floats
    widths: Mapping[View, int]
    relations: Sequence[Relation]
    walked: Sequence[Relation]
    notes: tuple[str, ...]

    def view(self, name: View) -> Floats:
        """The columns of a view, as far as no labels are needed: (n, k), not a copy."""
        return self.values[:, : self.widths[name]]

    @cached_property
    def fingerprint(self) -> tuple[str, str]:
        """Says whether two graphs are the same: of the own values, and of the ties."""
        return values_fingerprint(self.view("own")), ties_fingerprint(self.relations)


def values_fingerprint(own: Floats) -> str:
    """Says whether nodes are the same. own: as own_values gives them."""
    digest = sha256(repr(own.shape).encode())
    digest.update(np.ascontiguousarray(own).tobytes())
    return digest.hexdigest()


def ties_fingerprint(relations: Sequence[Relation]) -> str:
    """Says whether ties are the same, and their names."""
    digest = sha256()
    for relation in named(relations):
        digest.update(repr(relation.name).encode())
        digest.update(relation.ties.indptr.tobytes())
        digest.update(relation.ties.indices.tobytes())
    return digest.hexdigest()


def named(relations: Sequence[Relation]) -> list[Relation]:
    """The relations that were given, without all together."""
    return [one for one in relations if not one.is_union]


def own_values(values: Any) -> Floats:
    """X as it is read: (n, d), NaN where unknown. Raises ValueError.

    What is infinite, or too large for single precision, is unknown.
    """
    with np.errstate(over="ignore"):
        own = np.array(values, dtype=np.float32, order="C")
    if own.ndim != 2 or not own.shape[0]:
        raise ValueError(f"X has the shape {own.shape} and must have rows and columns (n, d)")
    own[np.isinf(own)] = np.nan
    return np.clip(own, -VALUE_MAX, VALUE_MAX, out=own)


def graph_columns(
    values: Any,
    relations: Mapping[str, Any],
    *,
    region_columns: int,
    random: np.random.Generator,
) -> GraphColumns:
    """The columns of a graph. values: (n, d), NaN where unknown. Raises ValueError."""
    own = own_values(values)
    ties = relations_of(relations, len(own))
    return columns_of_ties(own, ties, region_columns=region_columns, random=random)


def columns_of_ties(
    own: Floats,
    ties: Sequence[Relation],
    *,
    region_columns: int,
    random: np.random.Generator,
) -> GraphColumns:
    """The columns of a graph that was read. own: of own_values; ties: of relations_of.

    X without columns leaves what the ties say. Raises ValueError where there are neither. Cost: a
    few dozen sparse products of the ties with d columns.
    """
    if not own.shape[1] and not ties:
        raise ValueError("X has no columns and there are no relations: nothing is said of nodes")
    near: list[Floats] = []
    shape: list[Floats] = []
    notes: list[str] = []
    few = own
    if own.shape[1] > OWN_MAX:
        few = _directions(own)
        shape.append(few)
        notes.append(f"means further off are of {DIRECTIONS} directions of {own.shape[1]} columns")
    for relation in ties:
        once = relation.mean_of(own)
        # All together is what one relation alone would be: it adds to the plain recipe.
        (shape if relation.is_union else near).extend([once, relation.mean_of(once)])
        structure = structure_of(relation, random)
        notes.extend(structure.notes)
        shape.append(structure.values)
        if len(own) <= FURTHER_NODES_MAX:
            shape.extend(_further(relation, few))
    if len(own) > FURTHER_NODES_MAX:
        notes.append(f"lean, third and spread means left out: {len(own):,} nodes are too many")
    walked = [one.thinned(WALK_TIES_MAX, random) for one in ties]
    notes.extend(
        f"regions and walks of {thin.name} are of {thin.ties.nnz // 2:,} drawn ties"
        for one, thin in zip(ties, walked, strict=True)
        if thin is not one
    )
    region, more = _region(walked, region_columns, random)
    blocks = [[own], near, shape, region]
    ends = np.cumsum([sum(one.shape[1] for one in block) for block in blocks]).tolist()
    widths: dict[View, int] = dict(zip(PREFIXES, ends, strict=True))
    joined = np.hstack([one for block in blocks for one in block])
    return GraphColumns(joined, {**widths, "labels": ends[-1]}, ties, walked, (*notes, *more))


def _further(relation: Relation, values: Floats) -> list[Floats]:
    """Means that listen to those with few ties, a third step, and the spread."""
    lean = relation.lean_mean_of(values)
    once = relation.mean_of(values)
    third = relation.mean_of(relation.mean_of(once))
    spread = np.sqrt(np.maximum(relation.mean_of(values**2) - once**2, 0))
    return [lean, relation.lean_mean_of(lean), third, spread]


def _directions(own: Floats) -> Floats:
    """The first principal directions of standardised columns. (n, DIRECTIONS)."""
    known = ~np.isnan(own)
    counts = np.maximum(known.sum(axis=0), 1)
    middle = np.where(known, own, 0).sum(axis=0) / counts
    apart = np.where(known, own - middle, 0)
    scale = np.sqrt((apart**2).sum(axis=0) / counts)
    even = (apart / np.where(scale > 0, scale, 1)).astype(np.float32)
    values, vectors = np.linalg.eigh(even.T @ even)
    return (even @ vectors[:, np.argsort(-values, kind="stable")[:DIRECTIONS]]).astype(np.float32)


def _region(
    ties: Sequence[Relation], columns: int, random: np.random.Generator
) -> tuple[list[Floats], list[str]]:
    """Coordinates in all relations together, with little and with much smoothing."""
    if not ties or columns == 0:
        return [], []
    union = ties[-1]
    nodes = len(union.degrees)
    if nodes > REGION_NODES_MAX:
        return [], [f"regions left out: {nodes:,} nodes are too many"]
    # 1 puts a pair that is alone at an eigenvalue of 1/2; the mean is Qin and Rohe's choice.
    steps = (1.0, float(union.degrees.mean()))
    return [coordinates(union, columns, random, smoothing=one) for one in steps], []


def label_columns(
    relations: Sequence[Relation],
    confirmed: NDArray[np.bool_],
    known: NDArray[np.bool_],
    random: np.random.Generator,
    *,
    walked: Sequence[Relation] | None = None,
) -> Floats:
    """What part of a node's neighbourhood is confirmed, without the node's own label. (n, k).

    confirmed: read only where known. Per relation: the part of the neighbours, how many are known,
    and the part of where walks end; walks that come back would carry a node's own label, so each
    known node's is from the labels of other folds. walked: the relations that are walked along, if
    others.
    """
    found = [np.zeros((len(known), 0), dtype=np.float32)]
    labels = (confirmed & known).astype(np.float32)
    seen = known.astype(np.float32)
    prior = float(labels.sum() / max(seen.sum(), 1))
    folds = np.where(known, random.integers(0, CROSS_FOLDS, len(known)), CROSS_FOLDS)
    for relation, thin in zip(relations, walked or relations, strict=True):
        count = relation.ties @ seen
        rate = (relation.ties @ labels + prior) / (count + 1)
        found.append(np.column_stack([rate, np.log1p(count)]))
        found.append(_spread(thin, labels, seen, folds, prior)[:, None])
    return np.hstack(found).astype(np.float32)


def _spread(
    relation: Relation, labels: Floats, seen: Floats, folds: NDArray[np.int64], prior: float
) -> Floats:
    """The part of confirmed among the known nodes at which walks from a node end."""
    kept = folds[:, None] != np.arange(CROSS_FOLDS + 1)
    kept[:, CROSS_FOLDS] = True
    start = np.hstack([kept * labels[:, None], kept * seen[:, None]]).astype(np.float32)
    walked = start
    for _ in range(STEPS):
        walked = (1 - WALK) * start + WALK * relation.mean_of(walked)
    own = folds[:, None]
    confirmed = np.take_along_axis(walked[:, : CROSS_FOLDS + 1], own, axis=1)[:, 0]
    known = np.take_along_axis(walked[:, CROSS_FOLDS + 1 :], own, axis=1)[:, 0]
    # As if one of a hundred walks had ended at a node of the mean.
    small = 0.01 * float(seen.mean())
    return (confirmed + small * prior) / (known + small)
