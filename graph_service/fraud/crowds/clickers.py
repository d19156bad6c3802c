"""Who clicks on most of what another posts, each on each in a circle, and does any of it sell?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.fraud.clicking import Clicking
from graph_service.fraud.odds import Spread, at_least_among, many
from graph_service.fraud.scene import Scene
from graph_service.fraud.signs.kinship import kinship_of
from graph_service.snapshot.log import NONE, Ints
from graph_service.snapshot.resolving import Flags

# On so many shares, and on so much of what was posted meanwhile: that is an errand; set.
DEVOTED_SHARES, DEVOTED_PART = 5, 0.5
# A share is looked at for so long (days).
FRESH_DAYS: Final = 3
# Each on so many of the other's: friends now and then, helpers day after day; set.
MUTUAL_SHARES: Final = 2
CROWD_LEAST: Final = 4
# Of fewer crowds none is the middle one: so many share things, by a family here and there; set.
CROWDS_TOLD, HAND_PART = 5, 0.05
# Of fewer clicks a promoter's part that sells says little.
CLICKS_TOLD: Final = 15
# And of fewer promoters how they differ.
PROMOTERS_TOLD: Final = 10
# Between no difference from one promoter to the next, and any.
SPREAD_LEAST, SPREAD_MOST = 2.0, 500.0


@dataclass(frozen=True)
class Pairs:
    """By pair of a member and a promoter: on how many shares it clicked, after how many it bought.

    first, last: when it clicked (us). devoted: on most of what was posted meanwhile.
    """

    member: Ints
    promoter: Ints
    shares: Ints
    sold: Ints
    first: Ints
    last: Ints
    devoted: Flags


@dataclass(frozen=True)
class Crowd:
    """Members who click for a promoter or each for each. rows: their pairs."""

    members: Ints
    rows: Ints
    is_circle: bool


def pairs_of(scene: Scene, clicking: Clicking) -> Pairs:
    """The pairs of a mall, by member and promoter; each share counts once."""
    people = max(1, scene.people)
    rows = np.flatnonzero((clicking.member != NONE) & ~clicking.again)
    key = clicking.member[rows].astype(np.int64) * people + clicking.promoter[rows]
    known, place = np.unique(key, return_inverse=True)
    shares = np.bincount(place, minlength=len(known)).astype(np.int64)
    sold = np.bincount(place, clicking.sold[rows], minlength=len(known)).astype(np.int64)
    first = np.full(len(known), np.iinfo(np.int64).max)
    last = np.zeros(len(known), np.int64)
    np.minimum.at(first, place, clicking.at[rows])
    np.maximum.at(last, place, clicking.at[rows])
    promoter = known % people
    posted = _posted(scene, promoter, first - FRESH_DAYS * MICROS_PER_DAY, last)
    devoted = (shares >= DEVOTED_SHARES) & (shares >= DEVOTED_PART * posted)
    return Pairs(known // people, promoter, shares, sold, first, last, devoted)


def _posted(scene: Scene, promoter: Ints, since: Ints, until: Ints) -> Ints:
    """How many shares each of them posted in the time (us)."""
    told = scene.snapshot.shares
    own = np.flatnonzero((told.member != NONE) & (told.at != NONE))
    # Whole seconds and members fit the 53 bits of a float.
    span = 2.0**33
    keys = np.sort(told.member[own] * span + told.at[own] // 1_000_000)
    begin, end = (promoter * span + at // 1_000_000 for at in (since, until))
    found = np.searchsorted(keys, end, side="right") - np.searchsorted(keys, begin)
    return found.astype(np.int64)


@dataclass(frozen=True)
class Sales:
    """By promoter: on how many shares members clicked (each and share once), how many bought."""

    of: Ints
    sold: Ints


def sales_of(pairs: Pairs) -> Sales:
    """The sales of a mall's promoters."""
    size = int(pairs.promoter.max(initial=0)) + 1
    of, sold = (np.bincount(pairs.promoter, what, size) for what in (pairs.shares, pairs.sold))
    return Sales(of.astype(np.int64), sold.astype(np.int64))


def selling(sales: Sales, but: Ints) -> Spread:
    """How the part of clicks that do not sell differs by promoter: its mean and overdispersion.

    but: promoters who are no comparison, since it is asked of them.
    """
    others = np.ones(len(sales.of), np.bool_)
    others[but[but < len(others)]] = False
    of, sold = sales.of[others], sales.sold[others]
    rate = float((sold.sum() + 1) / (of.sum() + 50))
    enough = of >= CLICKS_TOLD
    weight = SPREAD_MOST
    if enough.sum() >= PROMOTERS_TOLD:
        of, sold = of[enough], sold[enough]
        factor = ((sold - of * rate) ** 2).sum() / (of.sum() * rate * (1 - rate))
        typical = (of**2).sum() / of.sum()
        part = (factor - 1) / max(typical - 1, 1.0)
        weight = 1 / part - 1 if part > 0 else SPREAD_MOST
    weight = float(np.clip(weight, SPREAD_LEAST, SPREAD_MOST))
    return Spread((1 - rate) * weight, rate * weight)


def unsold(pairs: Pairs, rows: Ints, usual: Spread) -> float:
    """How unlikely it is that the clicks of these pairs sell so little (nats)."""
    of, sold = int(pairs.shares[rows].sum()), int(pairs.sold[rows].sum())
    return float(at_least_among(of - sold, of, usual))


def pools(pairs: Pairs) -> list[Crowd]:
    """By promoter with several devoted members: they and the promoter."""
    rows = np.flatnonzero(pairs.devoted)
    rows = rows[np.argsort(pairs.promoter[rows], kind="stable")]
    promoters, starts, counts = np.unique(
        pairs.promoter[rows], return_index=True, return_counts=True
    )
    found: list[Crowd] = []
    for promoter, start, count in zip(promoters, starts, counts, strict=True):
        if count >= CROWD_LEAST:
            mine = rows[start : start + count]
            members = np.append(pairs.member[mine], promoter)
            found.append(Crowd(members, mine, is_circle=False))
    return found


def devotees(pairs: Pairs) -> Ints:
    """How many devoted members each promoter has that has any, in order."""
    counts = np.bincount(pairs.promoter[pairs.devoted])
    return np.sort(counts[counts > 0]).astype(np.int64)


def mutual_rows(pairs: Pairs) -> Ints:
    """Pairs of two who each click on several of the other's shares."""
    size = int(max(pairs.member.max(initial=0), pairs.promoter.max(initial=0))) + 1
    often = np.flatnonzero(pairs.shares >= MUTUAL_SHARES)
    key = pairs.member[often] * size + pairs.promoter[often]
    back = pairs.promoter[often] * size + pairs.member[often]
    return often[np.isin(back, key)]


def circles(pairs: Pairs, mutual: Ints) -> list[Crowd]:
    """Groups of whom each clicks on two others' shares at least, who click on its own.

    mutual: see mutual_rows.
    """
    rows = mutual
    while len(rows):
        partners = np.bincount(pairs.member[rows])
        kept = (partners[pairs.member[rows]] >= 2) & (partners[pairs.promoter[rows]] >= 2)
        if kept.all():
            break
        rows = rows[kept]
    if not len(rows):
        return []
    size = int(pairs.member[rows].max()) + 1
    edges = (np.ones(len(rows), np.int8), (pairs.member[rows], pairs.promoter[rows]))
    _, labels = connected_components(coo_array(edges, (size, size)), directed=False)
    label = labels[pairs.member[rows]]
    found: list[Crowd] = []
    for one in np.unique(label):
        mine = rows[label == one]
        members = np.unique(pairs.member[mine])
        if len(members) >= CROWD_LEAST:
            found.append(Crowd(members, mine, is_circle=True))
    return found


def mutuality(crowd: Crowd, mutual: int, promoters: int) -> tuple[float, float]:
    """How unlikely so many mutual pairs are, by those of all others (nats); and how many usual are.

    mutual: how many rows all have, of so many promoters. Usual is by promoter.
    """
    others = max(0, mutual - len(crowd.rows))
    usual = (others / 2 + 1) / max(promoters - len(crowd.members), 1)
    mean = usual * len(crowd.members)
    return float(many(len(crowd.rows) / 2, mean)), usual


def sharers(scene: Scene, members: Ints) -> int:
    """How many of these have a thing of one human in common with another of them."""
    uses = csr_array(kinship_of(scene).personal[members])
    pairs = csr_array(uses @ uses.T)
    pairs.setdiag(0)
    pairs.eliminate_zeros()
    return int((np.diff(pairs.indptr) > 0).sum())


def hand_rate(scene: Scene, crowds: Sequence[Crowd]) -> float:
    """The part of such crowds' members that have things in common, in the middle one of several."""
    parts = [sharers(scene, one.members) / len(one.members) for one in crowds]
    middle = float(np.median(parts)) if len(parts) >= CROWDS_TOLD else 0.0
    return max(HAND_PART, middle)


def rank_nats(counts: Ints, count: int) -> float:
    """-ln of the part of these counts that are as many."""
    as_many = len(counts) - int(np.searchsorted(counts, count))
    return float(-np.log((as_many + 1) / (len(counts) + 1)))


def told(members: Ints, pairs: Pairs, crowd: Crowd, rate: float) -> Ints:
    """Of the members of a crowd those whose own clicks sell less than usual, and the promoters."""
    if crowd.is_circle:
        return members
    own = pairs.sold[crowd.rows] < rate * pairs.shares[crowd.rows]
    lead = pairs.promoter[crowd.rows[:1]]
    return np.append(pairs.member[crowd.rows[own]], lead)
