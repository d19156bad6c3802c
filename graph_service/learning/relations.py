"""Who is tied to whom, and what are a node's neighbours like on average?"""

# scipy.sparse has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, triu

# Columns are of single precision, which halves the memory; NumPy's types widen it now and then.
Floats = NDArray[np.floating[Any]]
# What all relations together are called; a graph may have one of this name besides.
UNION = "all together"
THINNING_ROUNDS = 6


@dataclass(frozen=True)
class Relation:
    """Ties of one kind. ties: symmetric csr of ones, no node tied to itself. degrees: (n,).

    Only thinned ties have other weights. is_union: all of a graph's relations together.
    """

    name: str
    ties: Any
    degrees: Floats
    is_union: bool = False

    def mean_of(self, values: Floats) -> Floats:
        """The mean over neighbours, of what is known of them (not NaN); 0 where nothing is."""
        return self._mean(values, np.ones(len(self.degrees), dtype=np.float32))

    def lean_mean_of(self, values: Floats) -> Floats:
        """The mean over neighbours, weighed by 1 / their degree: few ties say more than many."""
        return self._mean(values, 1 / np.maximum(self.degrees, 1))

    def _mean(self, values: Floats, weights: Floats) -> Floats:
        column = weights[:, None]
        missing = np.isnan(values)
        if missing.any():
            total = self.ties @ (np.where(missing, 0, values) * column)
            weight = self.ties @ np.where(missing, 0, column).astype(np.float32)
        else:
            total, weight = self.ties @ (values * column), (self.ties @ weights)[:, None]
        return np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)

    def thinned(self, ties_max: int, random: np.random.Generator) -> "Relation":
        """About so many ties (both directions counted), those kept weighing more; itself if few.

        Chances go with 1 / degree of both ends, so that hardly any of a node with few ties is lost
        and the spectrum stays. degrees: those of all ties.
        Source: Spielman and Srivastava, "Graph sparsification by effective resistances", STOC 2008.
        """
        if self.ties.nnz <= ties_max:
            return self
        rarity = (1 / np.maximum(self.degrees, 1)).astype(np.float32)
        upper = triu(self.ties, k=1, format="coo")
        chances = rarity[upper.row] + rarity[upper.col]
        # What is cut off at 1 is shared out among the others, nearly all of it in a few rounds.
        for _ in range(THINNING_ROUNDS):
            chances = np.minimum(1, chances * (ties_max / 2 / float(chances.sum())))
        kept = random.random(len(chances), dtype=np.float32) < chances
        ends = (upper.row[kept], upper.col[kept])
        half = csr_matrix((1 / chances[kept], ends), shape=self.ties.shape, dtype=np.float32)
        return replace(self, ties=csr_matrix(half + half.T))


def relation_of(name: str, matrix: Any) -> Relation:
    """The ties of a square sparse matrix: whatever is not zero, in either direction."""
    ones = csr_matrix(matrix, dtype=np.float32, copy=True)
    if ones.shape[0] != ones.shape[1]:
        raise ValueError(f"relation {name} has the shape {ones.shape}, which is not square")
    ones.sum_duplicates()
    ones.data = (ones.data != 0).astype(np.float32)
    ties = ones + csr_matrix(ones.T)
    ties.setdiag(0)
    ties.eliminate_zeros()
    ties.data[:] = 1
    ties.sort_indices()
    return Relation(name, ties, np.diff(ties.indptr).astype(np.float32))


def relations_of(matrices: Mapping[str, Any], nodes: int) -> list[Relation]:
    """Each relation by name, then all together if there are several. Raises ValueError."""
    relations = [relation_of(name, matrices[name]) for name in sorted(matrices)]
    for relation in relations:
        if len(relation.degrees) != nodes:
            raise ValueError(
                f"relation {relation.name} has {len(relation.degrees)} nodes and X has {nodes}"
            )
    if len(relations) > 1:
        together = sum((one.ties for one in relations[1:]), relations[0].ties)
        relations.append(replace(relation_of(UNION, together), is_union=True))
    return relations
