"""Which place does a member have among others: shared tokens, dense parts, rank, nearness?"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.sparse import csr_array, diags_array

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.blocks.cores import core_numbers
from graph_service.features.grouping import (
    Floats,
    Keys,
    counts,
    entropy,
    maxima,
    means,
    part_of,
    ratio,
    sums,
)
from graph_service.features.mall import Mall
from graph_service.features.promoting import weight_between
from graph_service.snapshot.log import NONE, TOKEN_KINDS, Ints
from graph_service.snapshot.resolving import Flags

KINDS: Final = {
    "devices": "device",
    "ips": "ip",
    "addresses": "address",
    "payments": "payment",
    "phones": "phone",
}
# A home has up to so many. Source: fraud.md, household look-alikes (2 to 4).
HOME_MEMBERS_MAX: Final = 4
# Brin and Page (1998).
DAMPING: Final = 0.85
RANK_ROUNDS: Final = 30
# Paths of two steps that are held at a time: some 100 MB.
BLOCK_STEPS: Final = 4_000_000
# A decision is known to later scans at once; that what it is about was decided takes weeks, so a
# model must not learn from nearer ones. Set.
LABEL_DELAY_DAYS: Final = 7.0


def identities(mall: Mall) -> dict[str, Floats]:
    """Tokens of a member, and with whom they are shared."""
    uses, size = mall.snapshot.uses, mall.people
    member, token = uses.member, uses.token
    kind, reach = _kinds(mall), mall.token_degree[token]
    shared, weight = reach > 1, mall.token_weight[token]
    strong = np.isin(kind, [TOKEN_KINDS.index(one) for one in ("device", "payment", "phone")])
    home = shared & (reach <= HOME_MEMBERS_MAX) & ~_of_kinds(kind, "payment", "phone", "union")
    person, inviter = mall.snapshot.members.person, mall.snapshot.members.inviter
    invited = np.flatnonzero(inviter != NONE)
    with_inviter = np.zeros(size)
    with_inviter[invited] = weight_between(mall, invited, inviter[invited])
    found: dict[str, Floats] = {
        name: counts(member[_of_kinds(kind, one)], size) for name, one in KINDS.items()
    }
    for one in KINDS.values():
        of_kind = _of_kinds(kind, one)
        found[f"{one}_reach_max"] = maxima(member[of_kind], reach[of_kind], size)
    return found | {
        "token_reach_mean": means(member, reach, size),
        "shared_weight": sums(member[shared], weight[shared], size),
        "shared_strong_weight": sums(member[shared & strong], weight[shared & strong], size),
        "shared_part": part_of(member, shared, size),
        "token_entropy": entropy(member, token, size, weights=uses.times.astype(np.float64)),
        "person_accounts": counts(person, size)[person],
        "household_part": part_of(member[shared], home[shared], size),
        "inviter_weight": with_inviter,
        "promoter_weight": _with_promoter(mall),
    }


def _kinds(mall: Mall) -> Ints:
    """The kind of the token of each use."""
    return mall.snapshot.token_kind[mall.snapshot.uses.token].astype(np.int64)


def _of_kinds(kind: Ints, *names: str) -> Flags:
    return np.isin(kind, [TOKEN_KINDS.index(one) for one in names])


def _with_promoter(mall: Mall) -> Floats:
    """The most that a member shares with somebody who earns from the member's orders."""
    orders = mall.snapshot.orders
    rows = np.flatnonzero(mall.paid & (orders.promoter != NONE))
    buyer, promoter = orders.buyer[rows], orders.promoter[rows]
    return np.nan_to_num(maxima(buyer, weight_between(mall, buyer, promoter), mall.people))


def ego_nets(mall: Mall, relations: dict[str, csr_array]) -> dict[str, Floats]:
    """Neighbours, how they hang together, and how odd that is against all others."""
    found: dict[str, Floats] = {}
    for name, relation in (("identity", "identity"), ("step", "co_sync")):
        graph = relations[relation]
        nodes, edges, weight = ego_of(graph)
        found |= {
            f"{name}_neighbours": nodes,
            f"{name}_edges": edges,
            f"{name}_oddity_edges": oddity(nodes + 1, nodes + edges, nodes > 0),
            f"{name}_oddity_weight": oddity(nodes + edges, weight, nodes > 0),
            f"{name}_clustering": ratio(edges, nodes * (nodes - 1) / 2),
            f"{name}_core": cores_of(graph),
            f"{name}_rank": rank(graph),
        }
    found["step_weight"] = np.asarray(relations["co_sync"].sum(axis=1), np.float64)
    del found["step_oddity_weight"]
    return found | {"referral_rank": rank(_upwards(mall))}


def _upwards(mall: Mall) -> csr_array:
    """From invitee to inviter."""
    inviter = mall.snapshot.members.inviter
    invitee = np.flatnonzero(inviter != NONE)
    size = mall.people
    return csr_array((np.ones(len(invitee)), (invitee, inviter[invitee])), shape=(size, size))


def ego_of(graph: csr_array) -> tuple[Floats, Floats, Floats]:
    """By member: neighbours, edges among these, and the weight of edges with and among them.

    graph: symmetric, without loops. Cost: the paths of two steps.
    """
    nodes = np.diff(graph.indptr).astype(np.float64)
    plain = graph.copy()
    plain.data = np.ones(len(plain.data))
    edges, among = np.zeros(len(nodes)), np.zeros(len(nodes))
    for rows in _blocks(plain @ nodes):
        own = csr_array(plain[rows])
        edges[rows] = _row_sums(csr_array(own @ plain).multiply(own)) / 2
        among[rows] = _row_sums(csr_array(own @ graph).multiply(own)) / 2
    return nodes, edges, _row_sums(graph) + among


def _blocks(steps: Floats) -> Iterator[slice]:
    """Rows that come to BLOCK_STEPS together, or one row."""
    block = np.cumsum(steps) // BLOCK_STEPS
    bounds = [0, *(np.flatnonzero(np.diff(block)) + 1).tolist(), len(steps)]
    for start, end in pairwise(bounds):
        if end > start:
            yield slice(start, end)


def _row_sums(graph: csr_array) -> Floats:
    return np.asarray(graph.sum(axis=1), np.float64).ravel()


def oddity(one: Floats, other: Floats, there: Flags) -> Floats:
    """How far above or below the usual power law of two counts each is, as |log ratio|.

    The law is the median log ratio at each size, with a straight line through these (Theil and
    Sen's slopes), so that the odd do not bend it. NaN where not there.
    Source: Akoglu, McGlohon and Faloutsos, "OddBall", PAKDD 2010.
    """
    found = np.full(len(one), np.nan)
    x, y = np.log(np.maximum(one[there], 1e-9)), np.log(np.maximum(other[there], 1e-9))
    places, owner = np.unique(np.round(x, 1), return_inverse=True)
    middle = medians_of(owner, y, len(places))
    slope = 0.0
    if len(places) > 1:
        first, second = np.triu_indices(len(places), 1)
        slope = float(
            np.median((middle[second] - middle[first]) / (places[second] - places[first]))
        )
    base = float(np.median(y - slope * x)) if len(x) else 0.0
    found[there] = np.abs(y - slope * x - base)
    return found


def medians_of(keys: Keys, values: Floats, size: int) -> Floats:
    """Medians where every key has a row."""
    order = np.lexsort((values, keys))
    number = np.bincount(keys, minlength=size)
    return values[order][np.cumsum(number) - number + (number - 1) // 2]


def cores_of(graph: csr_array) -> Floats:
    """The largest k for which each lies in a part where all have k neighbours or more."""
    size = len(graph.indptr) - 1
    row = np.repeat(np.arange(size), np.diff(graph.indptr))
    return core_numbers(row, graph.indices.astype(np.int64), size).astype(np.float64)


def rank(graph: csr_array) -> Floats:
    """PageRank times the number of members; 0 for who has no edge, whose rank does not count.

    A member that leads nowhere keeps nothing back, so who is alone has no part in others' rank.
    """
    size = graph.shape[0]
    touched = np.zeros(size, np.bool_)
    touched[graph.indices] = True
    touched |= np.diff(graph.indptr) > 0
    flow = csr_array(normalised(graph).T)
    found = touched.astype(np.float64)
    for _ in range(RANK_ROUNDS):
        found = np.where(touched, 1 - DAMPING + DAMPING * (flow @ found), 0.0)
    return found


def normalised(graph: csr_array) -> csr_array:
    """Every row of weights made to add up to 1, or left empty."""
    total = _row_sums(graph)
    inverse = np.zeros(len(total))
    np.divide(1.0, total, out=inverse, where=total > 0)
    return csr_array(diags_array(inverse) @ graph)


def propagation(
    mall: Mall, relations: dict[str, csr_array], delay_days: float = LABEL_DELAY_DAYS
) -> dict[str, Floats]:
    """How near confirmed members are: personalised PageRank from them, walks of two steps at most.

    Only what was decided delay_days before now or earlier counts, and never a member's own label:
    walks of two steps let the way back to oneself be left out exactly. NaN where nobody is
    confirmed.
    """
    shot = mall.snapshot
    until = shot.now - round(delay_days * MICROS_PER_DAY)
    seeds = ((shot.confirmed_at != NONE) & (shot.confirmed_at <= until)).astype(np.float64)
    found: dict[str, Floats] = {}
    for name, relation in (("identity", "identity"), ("referral", "referral"), ("step", "co_sync")):
        near = nearness(relations[relation], seeds) if seeds.any() else np.full(len(seeds), np.nan)
        found[f"confirmed_{name}"] = near
    return found


def nearness(graph: csr_array, seeds: Floats) -> Floats:
    """What of walks of one and two steps ends at a seed that is not their start."""
    step = normalised(graph)
    once = step @ seeds
    back = _row_sums(step.multiply(csr_array(step.T)))
    return np.maximum(DAMPING * once + DAMPING**2 * (step @ once - back * seeds), 0)
