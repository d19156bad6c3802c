"""The features of all members of a mall, and what their neighbours' are like."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from graph_service.features.behaviour import behaviour, bursts, ladder
from graph_service.features.catalogue import BY_NAME, FEATURES, NEITHER, Direction, Features
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
    return wide_features_of(mall, delay_days=delay_days, columns=BY_NAME)


def wide_features_of(
    mall: Mall, *, delay_days: float = LABEL_DELAY_DAYS, columns: Collection[str] | None = None
) -> Features:
    """The same with what the neighbours in NEAR have of SPREAD, up to HOPS away.

    columns: only these, in the same order; all by default. Values lie column by column. Memory:
    4 bytes for each value, for all features of the catalogue, and those of SPREAD four times.
    """
    relations = relations_of(mall)
    asked = [name for name in wide_names() if columns is None or name in columns]
    own = _gathered(mall, relations, delay_days)
    values = np.empty((mall.people, len(asked)), np.float32, order="F")
    places = {feature.name: place for place, feature in enumerate(FEATURES)}
    inner = [name for name in asked if name in places]
    for column, name in enumerate(inner):
        values[:, column] = own[:, places[name]]
    outer = asked[len(inner) :]
    spread = [name for name in SPREAD if any(one.endswith(f"_{name}") for one in outer)]
    near = own[:, [places[name] for name in spread]]
    del own
    found = dict(zip(outer, values[:, len(inner) :].T, strict=True))
    _spread(near, {name: relations[name] for name in NEAR}, spread, HOPS, found)
    directions: list[Direction] = [BY_NAME[name].direction for name in inner]
    return Features(
        tuple(asked),
        values,
        tuple(BY_NAME[name].family for name in inner) + ("neighbours",) * len(outer),
        (*directions, *(NEITHER for _ in outer)),
    )


def wide_names() -> tuple[str, ...]:
    """The names of all features: the catalogue's, then the neighbours'."""
    return (*BY_NAME, *_spread_names(NEAR, SPREAD, HOPS))


def _gathered(mall: Mall, relations: dict[str, csr_array], delay_days: float) -> Matrix:
    """All features of the catalogue, a column each."""
    parts: tuple[Callable[[], dict[str, Floats]], ...] = (
        lambda: behaviour(mall),
        lambda: bursts(mall),
        lambda: identities(mall),
        lambda: tree(mall),
        lambda: ego_nets(mall, relations),
        lambda: propagation(mall, relations, delay_days),
        lambda: clicking(mall),
        lambda: ties(mall),
        lambda: ladder(mall),
    )
    places = {feature.name: place for place, feature in enumerate(FEATURES)}
    values = np.empty((mall.people, len(FEATURES)), np.float32, order="F")
    # One part after the other, since in double precision all would be the largest thing here.
    for part in parts:
        for name, column in part().items():
            values[:, places.pop(name)] = column
    if places:
        raise ValueError(f"nothing computes {min(places)}")
    return values


def aggregate(
    values: Matrix, relations: Mapping[str, csr_array], *, names: Sequence[str], hops: int = HOPS
) -> Features:
    """Means over neighbours, over theirs (walks of two steps, …), and neighbours' maxima.

    Unknown values are left out; NaN where no neighbour has one. Names are `mean1_identity_orders`.
    Source: GADBench (NeurIPS 2023), [x, Px, P²x].
    """
    told = _spread_names(tuple(relations), names, hops)
    found = np.empty((len(values), len(told)), np.float32, order="F")
    _spread(values, relations, names, hops, dict(zip(told, found.T, strict=True)))
    return Features(told, found, ("neighbours",) * len(told), (0,) * len(told))


def _spread_names(relations: Sequence[str], names: Sequence[str], hops: int) -> tuple[str, ...]:
    kinds = (*(f"mean{hop}" for hop in range(1, hops + 1)), "max1")
    return tuple(
        f"{kind}_{relation}_{name}" for relation in relations for kind in kinds for name in names
    )


def _spread(
    values: Matrix,
    relations: Mapping[str, csr_array],
    names: Sequence[str],
    hops: int,
    found: Mapping[str, Matrix],
) -> None:
    """Fill the columns in `found`, by name, with what neighbours have. values: a column a name."""
    for relation, graph in relations.items():
        if not any(f"_{relation}_" in name for name in found):
            continue
        step = normalised(graph).astype(np.float32)
        known = np.ascontiguousarray(~np.isnan(values), np.float32)
        filled = np.ascontiguousarray(np.nan_to_num(values))
        for hop in range(1, hops + 1):
            filled, known = step @ filled, step @ known
            for place, name in enumerate(names):
                mean = found.get(f"mean{hop}_{relation}_{name}")
                if mean is not None:
                    mean[:] = np.nan
                    np.divide(
                        filled[:, place], known[:, place], out=mean, where=known[:, place] > 0
                    )
        for place, name in enumerate(names):
            most = found.get(f"max1_{relation}_{name}")
            if most is not None:
                most[:] = neighbours_maxima(values[:, place], graph)


def neighbours_maxima(values: Matrix, graph: csr_array) -> Matrix:
    """The greatest known value among each one's neighbours, NaN without. values: by member."""
    found = np.full(len(values), np.nan, np.float32)
    there = np.flatnonzero(np.diff(graph.indptr))
    if len(there):
        found[there] = np.fmax.reduceat(values[graph.indices], graph.indptr[there])
    return found
