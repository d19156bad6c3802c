"""Who touches the same things at the same time, again and again?

Sources: Cao, Yang, Yu and Palow, "Uncovering Large Groups of Active Malicious Accounts in Online
Social Networks" (SynchroTrap), CCS (2014); Beutel, Xu, Guruswami, Palow and Faloutsos, "CopyCatch:
stopping group attacks by spotting lockstep behavior in social networks", WWW (2013).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from graph_service.blocks.incidence import (
    EdgesInvalid,
    Incidence,
    Ints,
    Mask,
    components,
    members_of,
    pair_keys,
    pairs_up_to,
)

DAY_SECONDS: Final = 86_400
# A sale is told from a ring by what the thing sold before: a column with a history of so many
# touches that has so many at once, and so many times what is usual. Own rules, not fitted.
SALE_LEAST = 50
SALE_HISTORY_LEAST = 20
SALE_TIMES = 5.0


@dataclass(frozen=True)
class Group:
    """Rows in step. pairs: (n, 2), the smaller row first; common: shared columns of each pair."""

    rows: Ints
    pairs: Ints
    common: Ints
    columns: Ints
    first_second: int
    last_second: int


@dataclass(frozen=True)
class InStep:
    """Groups, largest first, and what was left out.

    crowded_events: events at moments when a column has a sale or too many buyers.
    buyers_max: how many buyers a moment may have, lower than asked where pairs are too many.
    """

    groups: tuple[Group, ...]
    crowded_events: int
    buyers_max: int


@dataclass(frozen=True)
class Events:
    """Edges ordered by column and time, with the place after the last event in step with each."""

    edges: Incidence
    seconds: Ints
    ends: Ints
    around: Ints


def in_step(
    edges: Incidence,
    *,
    window_days: float = 7,
    common_least: int = 3,
    members_least: int = 5,
    buyers_max: int = 200,
    pairs_max: int = 3_000_000,
) -> InStep:
    """Groups whose pairs share at least so many columns, each within the window.

    Windows slide: two events are in step if they are at most window_days apart, wherever a day or
    week ends. Moments of sales, and those with more than buyers_max events within a window before
    and after, give no pairs; buyers_max falls until pairs_max pairs are left. Raises EdgesInvalid
    without times. Cost: the number of pairs of events in step.
    """
    events = ordered_events(edges, window_days)
    crowded = _sales(events, window_days)
    allowed = _allowed_around(events, crowded, buyers_max, pairs_max)
    crowded |= events.around > allowed
    one, other, column, earlier, later = _pairs(events, crowded)
    keys = one * edges.row_count + other
    pairs, which, common = np.unique(keys, return_inverse=True, return_counts=True)
    enough = common >= common_least
    lows, highs = np.divmod(pairs[enough], max(edges.row_count, 1))
    labels = components(lows, highs, edges.row_count)
    group_of_pair, pair_common = labels[lows], common[enough]
    backed = enough[which]
    group_of_event = labels[one[backed]]
    column, earlier, later = column[backed], earlier[backed], later[backed]
    groups: list[Group] = []
    # Rows without a pair are alone in their component.
    for rows in members_of(labels, max(members_least, 2)):
        label = labels[rows[0]]
        mine, shared = group_of_pair == label, group_of_event == label
        groups.append(
            Group(
                rows,
                np.column_stack((lows[mine], highs[mine])),
                pair_common[mine],
                np.unique(column[shared]),
                int(earlier[shared].min()),
                int(later[shared].max()),
            )
        )
    return InStep(tuple(groups), int(crowded.sum()), allowed)


def ordered_events(edges: Incidence, window_days: float) -> Events:
    """The events of each column in order of time, and how many are within the window of each."""
    if edges.seconds is None:
        raise EdgesInvalid("synchrony needs the time of each edge")
    window = round(window_days * DAY_SECONDS)
    order = np.lexsort((edges.rows, edges.seconds, edges.columns))
    ordered = edges.keep(order)
    seconds = edges.seconds[order]
    if not len(seconds):
        return Events(ordered, seconds, seconds, seconds)
    since = seconds - int(seconds.min())
    # Columns stand further apart than any window reaches.
    at = ordered.columns * (int(since.max()) + window + 1) + since
    ends = np.searchsorted(at, at + window, side="right").astype(np.int64)
    return Events(ordered, seconds, ends, ends - np.searchsorted(at, at - window))


def _sales(events: Events, window_days: float) -> Mask:
    """Events at moments when a column with a history has far more buyers than usual."""
    columns, seconds = events.edges.columns, events.seconds
    if not len(columns):
        return np.zeros(0, bool)
    degrees = np.bincount(columns)
    begins = np.append(0, np.cumsum(degrees)[:-1])[columns]
    lifetime = seconds[begins + degrees[columns] - 1] - seconds[begins]
    span = max(2 * window_days * DAY_SECONDS, 1)
    before = degrees[columns] - events.around
    usual = before * span / np.maximum(lifetime - span, span)
    return (
        (events.around >= SALE_LEAST)
        & (before >= SALE_HISTORY_LEAST)
        & (events.around > SALE_TIMES * np.maximum(usual, 1))
    )


def _allowed_around(events: Events, crowded: Mask, buyers_max: int, pairs_max: int) -> int:
    """The largest number of events around one, up to buyers_max, that leaves few enough pairs."""
    counted = ~crowded & (events.around <= buyers_max)
    around = events.around[counted]
    pairs = (events.ends - np.arange(len(events.ends)) - 1)[counted]
    totals = np.cumsum(np.bincount(around, pairs, buyers_max + 1))
    return int(np.flatnonzero(totals <= pairs_max).max(initial=0))


def _pairs(events: Events, crowded: Mask) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Rows of each pair, column, earlier and later second: each column once for a pair."""
    ends = np.where(crowded, 0, events.ends)
    found = list(pairs_up_to(ends))
    empty = np.zeros(0, np.int64)
    one = np.concatenate([empty, *(pair[0] for pair in found)])
    other = np.concatenate([empty, *(pair[1] for pair in found)])
    rows = events.edges.rows
    different = rows[one] != rows[other]
    one, other = one[different], other[different]
    keys = pair_keys(rows, (one, other), events.edges.row_count)
    order = np.lexsort((events.edges.columns[one], keys))
    keys, one, other = keys[order], one[order], other[order]
    columns = events.edges.columns[one]
    fresh = np.ones(len(keys), bool)
    fresh[1:] = (keys[1:] != keys[:-1]) | (columns[1:] != columns[:-1])
    lows, highs = np.divmod(keys[fresh], max(events.edges.row_count, 1))
    seconds = events.seconds
    return lows, highs, columns[fresh], seconds[one][fresh], seconds[other][fresh]
