"""Which region of a graph is a node in? Coordinates from the spectrum of its ties."""

# scipy.sparse has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import numpy as np
from scipy.sparse import diags
from scipy.sparse.linalg import ArpackNoConvergence, eigsh

from graph_service.learning.relations import Floats, Relation

TOLERANCE = 1e-3
# Each round is about as many products as there are columns.
ROUNDS_MAX = 60


def coordinates(
    relation: Relation, columns: int, random: np.random.Generator, *, smoothing: float = 0.0
) -> Floats:
    """(n, columns): eigenvectors of the normalised ties with the largest absolute eigenvalues.

    Those of negative eigenvalues tell apart what is tied across and not within. Scaled to a
    variance of about 1, the largest entry positive; 0 where the graph has fewer. smoothing: is
    added to each degree: without it the eigenvalues of small components and of tails (all near 1)
    crowd out the rest.
    Source: Qin and Rohe, "Regularized spectral clustering under the degree-corrected stochastic
    blockmodel", NeurIPS 2013.
    """
    nodes = len(relation.degrees)
    found = np.zeros((nodes, columns), dtype=np.float32)
    wanted = min(columns, nodes - 2)
    if wanted < 1 or not relation.ties.nnz:
        return found
    degrees = relation.degrees + smoothing
    scale = np.where(degrees > 0, 1 / np.sqrt(np.maximum(degrees, 1e-9)), 0).astype(np.float32)
    normal = diags(scale) @ relation.ties @ diags(scale)
    start = random.normal(size=nodes).astype(np.float32)
    try:
        values, vectors = eigsh(
            normal, k=wanted, which="LM", v0=start, tol=TOLERANCE, maxiter=ROUNDS_MAX
        )
    except ArpackNoConvergence as fault:
        values, vectors = fault.eigenvalues, fault.eigenvectors
    order = np.argsort(-np.abs(values), kind="stable")
    vectors = vectors[:, order] * (scale * np.sqrt(nodes * degrees.mean()))[:, None]
    if order.size:
        largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
        found[:, : order.size] = vectors * np.where(largest < 0, -1, 1)
    return found
