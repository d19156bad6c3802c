"""The features of all members of a mall, and what their neighbours' are like."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from graph_service.features.behaviour import behaviour, bursts, ladder
from graph_service.features.catalogue import FEATURES, Features
from graph_service.features.grouping import Floats
from graph_service.features.mall import Mall, relations_of
from graph_service.features.promoting import clicking, ties, tree
from graph_service.features.structure import (
    LABEL_DELAY_DAYS,
    ego_nets,
    identities,
    normalised,
    propagation,
)

Matrix = NDArray[np.float32]
# Relations whose neighbours are looked at. Source: fraud.md, "Features"; earned is added,
# since who earns from a ring is its middle.
NEAR: Final = ("identity", "referral", "co_sync", "earned")
HOPS: Final = 2
# Features whose mean and maximum over neighbours are told: those by which a ring's members are
# like each other. All would be 600 columns, and of the others the neighbours' say little.
SPREAD: Final = (
    "amount_repeated_part",
    "refunded_part",
    "refund_late_part",
    "shop_top_part",
    "shop_exclusive",
    "promoter_top_part",
    "promoter_weight",
    "after_pause_part",
    "orders_week_part",
    "clicks_got_hour_max",
    "shared_strong_weight",
    "invitee_idle_part",
    "invitee_tokens_part",
    "sibling_weight",
    "sibling_run_variation",
    "sibling_run_idle_part",
    "chain_run_variation",
    "invitee_gap_variation",
    "first_order_lag_days",
    "orders_day_max",
    "identity_neighbours",
    "step_neighbours",
    "step_core",
    "quick_part",
    "snatched",
    "earned_inside_part",
    "earned_back_part",
    "shop_back_part",
    "own_shop_part",
    "step_rush_part",
    "step_lost",
)


def features_of(mall: Mall, *, delay_days: float = LABEL_DELAY_DAYS) -> Features:
    """All features of the catalogue, in its order, of facts that the mall's snapshot has.

    delay_days: how old a decision must be to be learnt from. Cost: docs tell of world M.
    """
    return _gathered(mall, relations_of(mall), delay_days)


def wide_features_of(mall: Mall, *, delay_days: float = LABEL_DELAY_DAYS) -> Features:
    """The same with what the neighbours in NEAR have of SPREAD, up to HOPS away."""
    relations = relations_of(mall)
    own = _gathered(mall, relations, delay_days)
    columns = [own.names.index(name) for name in SPREAD]
    near = {name: relations[name] for name in NEAR}
    # One array for all, since it is the largest thing here.
    values = np.empty((mall.people, len(own.names) + _wide(near, SPREAD, HOPS)), np.float32)
    values[:, : len(own.names)] = own.values
    names = _spread(own.values[:, columns], near, SPREAD, HOPS, values[:, len(own.names) :])
    return Features(
        own.names + names,
        values,
        own.families + ("neighbours",) * len(names),
        own.directions + (0,) * len(names),
    )


def _gathered(mall: Mall, relations: dict[str, csr_array], delay_days: float) -> Features:
    found: dict[str, Floats] = {}
    for part in (
        behaviour(mall),
        bursts(mall),
        identities(mall),
        tree(mall),
        ego_nets(mall, relations),
        propagation(mall, relations, delay_days),
        clicking(mall),
        ties(mall),
        ladder(mall),
    ):
        found |= part
    values = np.empty((mall.people, len(FEATURES)), np.float32)
    for place, feature in enumerate(FEATURES):
        values[:, place] = found[feature.name]
    return Features(
        tuple(one.name for one in FEATURES),
        values,
        tuple(one.family for one in FEATURES),
        tuple(one.direction for one in FEATURES),
    )


def aggregate(
    values: Matrix, relations: Mapping[str, csr_array], *, names: Sequence[str], hops: int = HOPS
) -> Features:
    """Means over neighbours, over theirs (walks of two steps, …), and neighbours' maxima.

    Unknown values are left out; NaN where no neighbour has one. Names are `mean1_identity_orders`.
    Source: GADBench (NeurIPS 2023), [x, Px, P²x].
    """
    found = np.empty((len(values), _wide(relations, names, hops)), np.float32)
    told = _spread(values, relations, names, hops, found)
    return Features(told, found, ("neighbours",) * len(told), (0,) * len(told))


def _wide(relations: Mapping[str, csr_array], names: Sequence[str], hops: int) -> int:
    return len(relations) * len(names) * (hops + 1)


def _spread(
    values: Matrix,
    relations: Mapping[str, csr_array],
    names: Sequence[str],
    hops: int,
    found: Matrix,
) -> tuple[str, ...]:
    """Fill `found` with what neighbours have; the names of its columns."""
    wide, told = len(names), list[str]()
    found[:] = np.nan
    for relation, graph in relations.items():
        step = normalised(graph).astype(np.float32)
        known = (~np.isnan(values)).astype(np.float32)
        filled = np.nan_to_num(values)
        for hop in range(1, hops + 1):
            filled, known = step @ filled, step @ known
            mean = found[:, len(told) : len(told) + wide]
            np.divide(filled, known, out=mean, where=known > 0)
            told += [f"mean{hop}_{relation}_{name}" for name in names]
        found[:, len(told) : len(told) + wide] = neighbours_maxima(values, graph)
        told += [f"max1_{relation}_{name}" for name in names]
    return tuple(told)


def neighbours_maxima(values: Matrix, graph: csr_array) -> Matrix:
    """The greatest known value among each one's neighbours, NaN without."""
    found = np.full(values.shape, np.nan, np.float32)
    there = np.flatnonzero(np.diff(graph.indptr))
    if len(there):
        for column in range(values.shape[1]):
            near = values[graph.indices, column]
            found[there, column] = np.fmax.reduceat(near, graph.indptr[there])
    return found
