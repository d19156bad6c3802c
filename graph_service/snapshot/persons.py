"""Which accounts are one person, as columns: by the log's word, and by what only one human has."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from graph_service.snapshot.log import NONE, TOKEN_KINDS, Log, Numbers
from graph_service.snapshot.resolving import (
    STRONG,
    STRONG_MEMBERS_MAX,
    Flags,
    Kinds,
    Uses,
    latest,
    taken,
)


def persons_of(log: Log, uses: Uses, token_kind: Kinds) -> tuple[Numbers, Flags]:
    """By member: the number of the person's first member, and whether it is held.

    A log that says who is whom (`standing.changed`) is believed. One that says nothing, such as a
    made-up world's, is joined by means of payment, phones and union ids of few members.
    """
    members = len(log.names["member"])
    told = log.tables["persons"]
    if len(told["at"]):
        row = latest(told["member"], told["at"], members)
        named, held = taken(told["person"], row), taken(told["held"], row) == 1
        person = np.where(named == NONE, np.arange(members), named)
        return _first_of(person, members), held
    return joined_by_tokens(uses, token_kind, members), np.zeros(members, np.bool_)


def joined_by_tokens(uses: Uses, token_kind: Kinds, members: int) -> Numbers:
    """The number of the first of the members who share a strong token of few, by member."""
    strong = np.isin(token_kind, [TOKEN_KINDS.index(kind) for kind in STRONG])
    reach = np.bincount(uses.token, minlength=len(token_kind))
    counts = strong & (reach > 1) & (reach <= STRONG_MEMBERS_MAX)
    row = counts[uses.token] if len(token_kind) else np.zeros(0, np.bool_)
    member, token = uses.member[row], uses.token[row]
    size = members + len(token_kind)
    edges = coo_matrix(
        (np.ones(len(member), np.int8), (member, members + token.astype(np.int64))), (size, size)
    )
    _, found = connected_components(edges, directed=False)
    labels: NDArray[np.int32] = found
    return _first_of(labels[:members], members)


def _first_of(labels: NDArray[np.int32] | NDArray[np.int64], members: int) -> Numbers:
    """By member, the least member with the same label."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return first[inverse].astype(np.int32) if members else np.empty(0, np.int32)
