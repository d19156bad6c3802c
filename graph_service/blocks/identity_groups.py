"""Which rows share what few others have: devices, means of payment, addresses?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graph_service.blocks.incidence import (
    EdgesInvalid,
    Floats,
    Incidence,
    Ints,
    components,
    members_of,
    pair_keys,
    pairs_up_to,
    run_ends,
)
from graph_service.blocks.peeling import column_weights
from graph_service.blocks.synchrony import DAY_SECONDS


@dataclass(frozen=True)
class TokenGroup:
    """Rows that hang together. pairs: (n, 2), the smaller row first; weights: of each pair."""

    rows: Ints
    pairs: Ints
    weights: Floats


@dataclass(frozen=True)
class TokenGroups:
    """Groups, largest first. crowd: per row the users of the most used token that joins nobody."""

    groups: tuple[TokenGroup, ...]
    crowd: Ints


def identity_groups(
    tokens: Sequence[Incidence],
    *,
    weight_least: float = 0.0,
    members_least: int = 2,
    degree_max: int = 50,
    now_seconds: int | None = None,
    half_life_days: float = 180.0,
) -> TokenGroups:
    """Groups of rows joined by pairs whose shared tokens weigh more than weight_least together.

    tokens: kinds of edges of the same rows; seconds: when a row was last seen with it. A shared
    token weighs kind × 1 / log(5 + users) × recency, where recency halves every half_life_days
    before now for the row that has rested longer, and is 1 without now or times. Tokens with more
    than degree_max users join nobody. Cost: the number of pairs, degree_max / 2 per edge at most.
    """
    if not tokens:
        raise EdgesInvalid("there is no kind of tokens")
    row_count = tokens[0].row_count
    crowd = np.zeros(row_count, np.int64)
    keys: list[Ints] = [np.zeros(0, np.int64)]
    weights: list[Floats] = [np.zeros(0)]
    for part in tokens:
        if part.row_count != row_count:
            raise EdgesInvalid("all kinds of tokens have the same rows")
        latest = _latest(part)
        users = np.bincount(latest.columns, minlength=part.column_count)[latest.columns]
        np.maximum.at(crowd, latest.rows, np.where(users > degree_max, users, 0))
        weight = column_weights(latest)[latest.columns]
        recency = _recency(latest, now_seconds, half_life_days)
        ends = np.where(users > degree_max, 0, run_ends(latest.columns))
        for one, other in pairs_up_to(ends):
            keys.append(pair_keys(latest.rows, (one, other), row_count))
            weights.append(weight[one] * np.minimum(recency[one], recency[other]))
    pairs, which = np.unique(np.concatenate(keys), return_inverse=True)
    sums = np.bincount(which, np.concatenate(weights), len(pairs)).astype(float)
    return TokenGroups(_grouped(pairs, sums, row_count, weight_least, members_least), crowd)


def _latest(part: Incidence) -> Incidence:
    """Each edge once, the last time that it was seen; ordered by column, then row."""
    seconds = np.zeros(len(part), np.int64) if part.seconds is None else part.seconds
    order = np.lexsort((seconds, part.rows, part.columns))
    rows, columns = part.rows[order], part.columns[order]
    last = np.ones(len(order), bool)
    last[:-1] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    return part.keep(order[last])


def _recency(part: Incidence, now_seconds: int | None, half_life_days: float) -> Floats:
    if now_seconds is None or part.seconds is None:
        return np.ones(len(part))
    age = np.maximum(now_seconds - part.seconds, 0)
    return np.exp2(-age / (half_life_days * DAY_SECONDS))


def _grouped(
    pairs: Ints, weights: Floats, row_count: int, weight_least: float, members_least: int
) -> tuple[TokenGroup, ...]:
    heavy = weights > weight_least
    lows, highs = np.divmod(pairs[heavy], max(row_count, 1))
    weights = weights[heavy]
    labels = components(lows, highs, row_count)
    order = np.argsort(labels[lows], kind="stable")
    pair_labels = labels[lows][order]
    groups: list[TokenGroup] = []
    for rows in members_of(labels, max(members_least, 2)):
        first, last = np.searchsorted(pair_labels, [labels[rows[0]], labels[rows[0]] + 1])
        mine = order[first:last]
        groups.append(TokenGroup(rows, np.column_stack((lows[mine], highs[mine])), weights[mine]))
    return tuple(groups)
