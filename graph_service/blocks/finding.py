"""Which groups of rows touch the same columns more than chance, however they hide it?

Candidates come from whoever shares rare columns, from whoever is in step, and from the densest
blocks. Each is grown and pruned to the set of rows and columns that best explains the edges, and
counts only if that beats chance by more than the cost of naming it. Sources: those of the rooms'
files; Gionis, Mannila and Terzi, "Geometric and combinatorial tiles in 0-1 data", PKDD (2004),
and Kontonasios and De Bie, "An information-theoretic approach to finding informative noisy tiles
in binary databases", SDM (2010), for blocks that pay for their own description.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np

from graph_service.blocks.cores import core_groups
from graph_service.blocks.growing import (
    Candidate,
    Layer,
    connected_parts,
    grow,
    layer_of,
    lift,
    window_layer,
)
from graph_service.blocks.incidence import (
    Copies,
    EdgesInvalid,
    Incidence,
    Ints,
    merge_copies,
    pair_keys,
    pairs_up_to,
    run_ends,
)
from graph_service.blocks.peeling import DEGREE_OFFSET, find_blocks
from graph_service.blocks.synchrony import DAY_SECONDS, in_step

# A candidate is told with this probability of chance at most, over all choices of rows and
# columns of its size.
CHANCE_MAX = 0.001
# Cores of the graph of alike pairs from which candidates are taken; between them, growing finds
# the same blocks.
CORE_LEVELS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
# Rows that share fewer columns, or are in step on fewer, are no candidates.
SHARED_LEAST = 2
# Tastes make blocks, too. In generated malls of 30 categories none passed this where members buy
# half in one of them; where they buy four fifths, tastes reached 74. Planted rings had 33 and more.
LIFT_LEAST = 20.0
# A group is the same as a better one if more of its rows are in better ones.
OVERLAP_MAX = 0.5


@dataclass(frozen=True)
class FoundGroup:
    """Rows and, for purchases and each kind of tokens, the columns that they share.

    nats: what the group is worth; chance finds one as good with about exp(-nats). edge_counts,
    expected: edges within, copies of columns joined, and what chance gives; for purchases those
    between first_second and last_second if the group is in step. evidence: of "dense", "in_step",
    "shared_identity".
    """

    rows: Ints
    columns: tuple[Ints, ...]
    nats: float
    edge_counts: tuple[int, ...]
    expected: tuple[float, ...]
    evidence: frozenset[str]
    first_second: int | None = None
    last_second: int | None = None


@dataclass(frozen=True)
class Findings:
    """Groups, the most certain first, and what was left out of the search for candidates.

    degree_max: columns of more rows give no alike pairs, None if there are none of them.
    buyers_max, crowded_events: see synchrony.InStep; None without times.
    """

    groups: tuple[FoundGroup, ...]
    candidates: int
    degree_max: int | None
    buyers_max: int | None
    crowded_events: int


@dataclass(frozen=True)
class _Seed:
    rows: Ints
    first_second: int | None = None
    last_second: int | None = None


def find_groups(
    purchases: Incidence,
    *,
    tokens: Sequence[Incidence] = (),
    members_least: int = 5,
    window_days: float = 7,
    blocks_max: int = 3,
    pairs_max: int = 3_000_000,
) -> Findings:
    """Groups of rows with more in common than chance, from purchases, their times and tokens.

    One configuration for large and small, slow and bursting groups; how many are told follows
    from chance alone. blocks_max: densest blocks taken as candidates with, and as many without
    weights of columns. pairs_max: a bound of pairs of rows that are compared. Copies of products
    are joined first, see incidence.merge_copies. Raises EdgesInvalid if rows differ. Cost: the
    pairs, 2 × blocks_max peelings, and per candidate the edges around it; candidates in step read
    the edges of their window.
    """
    if any(part.row_count != purchases.row_count for part in tokens):
        raise EdgesInvalid("purchases and tokens have the same rows")
    copies = merge_copies(purchases)
    parts = [copies.incidence.distinct(), *(part.distinct() for part in tokens)]
    layers = [layer_of(part) for part in parts]
    alike, degree_max = _alike_seeds(layers, members_least, pairs_max)
    seeds = [*alike, *_dense_seeds(parts[0], blocks_max)]
    buyers_max, crowded = None, 0
    if purchases.seconds is not None and len(purchases):
        steps = in_step(
            copies.incidence,
            window_days=window_days,
            common_least=SHARED_LEAST,
            members_least=members_least,
            pairs_max=pairs_max,
        )
        buyers_max, crowded = steps.buyers_max, steps.crowded_events
        for group in steps.groups:
            seeds += [_Seed(group.rows), _burst(parts[0], group.rows, group.columns, window_days)]
    found = list(_worthwhile(layers, seeds, members_least, window_days))
    groups = _without_repeats(found, purchases.row_count)
    told = tuple(_with_own_columns(group, copies) for group in groups)
    return Findings(told, len(seeds), degree_max, buyers_max, crowded)


def _alike_seeds(
    layers: Sequence[Layer], members_least: int, pairs_max: int
) -> tuple[list[_Seed], int | None]:
    """Cores of the graph of pairs that share more, and rarer, columns than chance in any pair."""
    row_count = layers[0].edges.row_count
    degree_max = _degree_max(layers, pairs_max)
    keys: list[Ints] = [np.zeros(0, np.int64)]
    weights = [np.zeros(0)]
    for layer in layers:
        edges = layer.edges.keep(np.lexsort((layer.edges.rows, layer.edges.columns)))
        sizes = layer.rows_of.sizes()[edges.columns]
        # Of two rows of degrees a and b, both touch a column by chance with a b share².
        rarity = -2 * np.log(layer.shares[edges.columns])
        ends = run_ends(edges.columns)
        if degree_max is not None:
            ends[sizes > degree_max] = 0
        logs = np.log(np.maximum(layer.degrees, 1))
        for one, other in pairs_up_to(ends):
            keys.append(pair_keys(edges.rows, (one, other), row_count))
            likely = logs[edges.rows[one]] + logs[edges.rows[other]] - rarity[one]
            weights.append(layer.weight * np.maximum(-likely, 0))
    pairs, which, common = np.unique(np.concatenate(keys), return_inverse=True, return_counts=True)
    sums = np.bincount(which, np.concatenate(weights), len(pairs))
    # The chance of all that a pair shares, against the number of pairs that there are.
    alike = (common >= SHARED_LEAST) & (sums > log(max(row_count, 2) ** 2 / 2))
    one, other = np.divmod(pairs[alike], max(row_count, 1))
    seeds: list[_Seed] = []
    for level in CORE_LEVELS:
        groups = core_groups(one, other, row_count, level=level, members_least=members_least)
        if not groups:
            break
        seeds += [_Seed(rows) for rows in groups]
    return seeds, degree_max


def _degree_max(layers: Sequence[Layer], pairs_max: int) -> int | None:
    """The largest degree of columns whose pairs, with those of all lesser ones, are few enough."""
    sizes = np.concatenate([layer.rows_of.sizes() for layer in layers])
    degrees, counts = np.unique(sizes[sizes >= SHARED_LEAST], return_counts=True)
    fit = np.cumsum(counts * (degrees * (degrees - 1) // 2)) <= pairs_max
    return int(degrees[fit][-1]) if fit.any() else None


def _dense_seeds(purchases: Incidence, blocks_max: int) -> list[_Seed]:
    """The rows of the densest blocks, with what is popular weighing less and with all alike."""
    return [
        _Seed(block.rows)
        for offset in (DEGREE_OFFSET, None)
        for block in find_blocks([purchases], blocks_max=blocks_max, offset=offset)
    ]


def _burst(purchases: Incidence, rows: Ints, columns: Ints, window_days: float) -> _Seed:
    """These rows, and the window that holds most of their events on these columns."""
    row_in = np.zeros(purchases.row_count, bool)
    column_in = np.zeros(purchases.column_count, bool)
    row_in[rows], column_in[columns] = True, True
    mine = row_in[purchases.rows] & column_in[purchases.columns]
    assert purchases.seconds is not None
    seconds = np.sort(purchases.seconds[mine])
    window = round(window_days * DAY_SECONDS)
    held = np.searchsorted(seconds, seconds + window, side="right") - np.arange(len(seconds))
    first = int(seconds[held.argmax()])
    return _Seed(rows, first, first + window)


def _worthwhile(
    layers: Sequence[Layer], seeds: Sequence[_Seed], members_least: int, window_days: float
) -> Iterator[FoundGroup]:
    """What grows from each seed and is beyond chance; a window pays for being chosen."""
    seen: set[tuple[bytes, int | None]] = set()
    for seed in seeds:
        key = (seed.rows.tobytes(), seed.first_second)
        if key in seen:
            continue
        seen.add(key)
        used, cost = list(layers), 0.0
        if seed.first_second is not None and seed.last_second is not None:
            used[0] = window_layer(layers[0], seed.rows, seed.first_second, seed.last_second)
            cost = log(max(_span_days(layers[0].edges) / window_days, 1))
        grown = grow(used, seed.rows)
        for part in connected_parts(used, grown) if grown is not None else ():
            if len(part.rows) < members_least or part.nats - cost <= -log(CHANCE_MAX):
                continue
            if seed.first_second is not None or _is_no_taste(used[0], part):
                yield _told(part, seed, part.nats - cost)


def _is_no_taste(purchases: Layer, part: Candidate) -> bool:
    """Whether the rows buy so much more of their columns than others that no taste explains it."""
    if part.edge_counts[0] == 0:
        return True
    return lift(purchases, part.rows, part.columns[0]) >= LIFT_LEAST


def _span_days(edges: Incidence) -> float:
    assert edges.seconds is not None
    return float(np.ptp(edges.seconds)) / DAY_SECONDS


def _told(grown: Candidate, seed: _Seed, nats: float) -> FoundGroup:
    evidence: set[str] = set()
    if grown.edge_counts[0] > grown.expected[0]:
        evidence.add("dense" if seed.first_second is None else "in_step")
    if any(count > 0 for count in grown.edge_counts[1:]):
        evidence.add("shared_identity")
    return FoundGroup(
        grown.rows,
        grown.columns,
        nats,
        grown.edge_counts,
        grown.expected,
        frozenset(evidence),
        seed.first_second,
        seed.last_second,
    )


def _without_repeats(found: Sequence[FoundGroup], row_count: int) -> list[FoundGroup]:
    """The best groups first, without those whose rows are mostly in better ones."""
    taken = np.zeros(row_count, bool)
    kept: list[FoundGroup] = []
    for group in sorted(found, key=lambda one: (-one.nats, int(one.rows[0]))):
        if taken[group.rows].mean() <= OVERLAP_MAX:
            taken[group.rows] = True
            kept.append(group)
    return kept


def _with_own_columns(group: FoundGroup, copies: Copies) -> FoundGroup:
    """With the columns of purchases as they were before copies were joined."""
    own = np.flatnonzero(np.isin(copies.column_of, group.columns[0]))
    return replace(group, columns=(own, *group.columns[1:]))
