"""Which accounts that just woke come together at one shop, or by one promoter, within days?"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log
from typing import Final

import numpy as np

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.fraud.lines import ranges
from graph_service.fraud.odds import at_least, many
from graph_service.fraud.scene import Floats, Scene
from graph_service.snapshot.crediting import BINDING
from graph_service.snapshot.log import NONE, Ints, Numbers
from graph_service.snapshot.resolving import Flags

# Who is woken to buy does it at once (days).
AT_ONCE_DAYS: Final = 3
# How long it takes until all are awake: from a weekend to weeks, for who spreads it.
WINDOW_DAYS: Final = (4, 12, 24)
GATHERED_LEAST: Final = 4
# What a shop with hardly a sale may expect: one in two windows.
EXPECTED_LEAST: Final = 0.5
# Below, a gathering is what chance gives somewhere.
NATS_LEAST: Final = 1.0
# Of so large a part that chance alone brings, an account that comes nowhere else is left out.
STRANGERS_MOST: Final = 0.15
# Most within so many hours is a sale.
SALE_HOURS, SALE_PART = 3.0, 0.6
SHARED_LEAST: Final = 3
# Most of a group joined together.
COHORT_PART: Final = 0.7


@dataclass(frozen=True)
class Gathering:
    """Members who woke and came to the same places. orders: theirs there.

    nats: against chance, less what is lost by looking everywhere. expected: how many chance brings.
    promoters: those whom they bought through.
    """

    members: Ints
    orders: Ints
    promoters: Ints
    nats: float
    expected: float


@dataclass(frozen=True)
class _Visits:
    """First orders at once after waking, by place and time; one of a member, waking and place."""

    place: Ints
    member: Ints
    order: Ints
    at: Ints
    share: Floats
    wakings: Ints


def gatherings(scene: Scene, woke_at: Ints) -> list[Gathering]:
    """Gatherings of members, each told once. woke_at: by order, when its buyer woke, else NONE."""
    told = scene.snapshot.orders
    soon = at_once(scene, woke_at)
    by_click = soon & (told.promoter != NONE) & (told.promoter != told.buyer)
    by_click &= told.basis != BINDING
    everyones = scene.paid & ~soon & (told.promoter != NONE) & (told.basis != BINDING)
    at_shops = _visits(scene, woke_at, told.shop, soon & (told.shop != NONE), scene.paid & ~soon)
    by_promoters = _visits(scene, woke_at, told.promoter, by_click, everyones)
    found = [*_at_places(at_shops), *_at_places(by_promoters, is_who=True)]
    return _joined(found)


def at_once(scene: Scene, woke_at: Ints) -> Flags:
    """Orders right after their buyer woke."""
    soon = scene.paid & (woke_at != NONE)
    soon[soon] = scene.snapshot.orders.paid[soon] - woke_at[soon] <= AT_ONCE_DAYS * MICROS_PER_DAY
    return soon


def _at_places(visits: _Visits, *, is_who: bool = False) -> list[Gathering]:
    """Gatherings at each place."""
    starts = np.flatnonzero(np.diff(visits.place, prepend=-1))
    ends = np.append(starts[1:], len(visits.place))
    kept = np.flatnonzero(ends - starts >= GATHERED_LEAST)
    looked = log(max(len(kept), 1) * len(WINDOW_DAYS))
    rate = len(visits.place) / max(len(visits.wakings), 1)
    whole_us = float(np.ptp(visits.at)) if len(visits.at) else 0.0
    found: list[Gathering] = []
    for one in kept:
        part = slice(int(starts[one]), int(ends[one]))
        best = _best_window(visits, part, rate, (looked, whole_us))
        if best is None:
            continue
        rows, expected, nats = best
        promoters = visits.place[rows[:1]] if is_who else np.empty(0, np.int64)
        found.append(
            Gathering(np.unique(visits.member[rows]), visits.order[rows], promoters, nats, expected)
        )
    return found


def _visits(scene: Scene, woke_at: Ints, place: Numbers, which: Flags, counted: Flags) -> _Visits:
    """place: by order; counted: other orders, which tell how usual a place is."""
    told, places = scene.snapshot.orders, place.astype(np.int64)
    rows = np.flatnonzero(which)
    order = np.lexsort((told.paid[rows], woke_at[rows], told.buyer[rows], places[rows]))
    rows = rows[order]
    keys = (places[rows], told.buyer[rows], woke_at[rows])
    first = np.any([np.diff(key, prepend=-2) != 0 for key in keys], axis=0)
    rows = rows[first]
    rows = rows[np.lexsort((told.paid[rows], places[rows]))]
    size = int(places.max(initial=0)) + 1
    usual = np.bincount(places[counted & (places != NONE)], minlength=size)
    wakes = np.unique(np.stack([told.buyer[rows].astype(np.int64), woke_at[rows]]), axis=1)[1]
    return _Visits(
        place=places[rows],
        member=told.buyer[rows].astype(np.int64),
        order=rows,
        at=told.paid[rows],
        share=(usual + 0.5) / (usual.sum() + 1),
        wakings=np.sort(wakes),
    )


def _best_window(
    visits: _Visits, part: slice, rate: float, looking: tuple[float, float]
) -> tuple[Ints, float, float] | None:
    """The window with the most beyond chance: rows, how many chance brings, nats.

    rate: visits a waking makes; looking: nats lost by looking at several places and lengths, and
    how long all is (us).
    """
    looked, whole_us = looking
    at, share = visits.at[part], float(visits.share[visits.place[part.start]])
    best: tuple[Ints, float, float] | None = None
    for days in WINDOW_DAYS:
        span = days * MICROS_PER_DAY
        until = np.searchsorted(at, at + span, side="right")
        count = until - np.arange(len(at))
        awake = np.searchsorted(visits.wakings, at + span, side="right")
        awake = awake - np.searchsorted(visits.wakings, at - AT_ONCE_DAYS * MICROS_PER_DAY)
        expected = np.maximum(awake * rate * share, EXPECTED_LEAST)
        windows = log(max(1.0, whole_us / span))
        nats = np.asarray(many(count, expected)) - looked - windows
        place = int(nats.argmax())
        rows = part.start + np.arange(place, int(until[place]))
        if (best is None or nats[place] > best[2]) and not _is_sale(visits.at[rows]):
            best = rows, float(expected[place]), float(nats[place])
    if best is None or best[2] < NATS_LEAST or len(best[0]) < GATHERED_LEAST:
        return None
    return best


def _is_sale(at: Ints) -> bool:
    """Do most come within the same few hours?"""
    at = np.sort(at)
    most = np.searchsorted(at, at + SALE_HOURS / 24 * MICROS_PER_DAY, side="right")
    return bool((most - np.arange(len(at))).max() >= SALE_PART * len(at))


def _joined(found: Sequence[Gathering]) -> list[Gathering]:
    """Gatherings of the same members at several places are one: where each goes is drawn anew."""
    groups: list[list[Gathering]] = []
    homes: dict[int, list[int]] = {}
    for one in sorted(found, key=lambda one: -one.nats):
        near = sorted({place for member in one.members.tolist() for place in homes.get(member, ())})
        home = next((at for at in near if any(_is_same(one, it) for it in groups[at])), None)
        if home is None:
            home = len(groups)
            groups.append([])
        groups[home].append(one)
        for member in one.members.tolist():
            homes.setdefault(member, []).append(home)
    return [one for group in groups if len((one := _together(group)).members)]


def _is_same(one: Gathering, other: Gathering) -> bool:
    common = len(np.intersect1d(one.members, other.members))
    return common >= SHARED_LEAST and 2 * common >= min(len(one.members), len(other.members))


def _together(parts: Sequence[Gathering]) -> Gathering:
    """One gathering of several; who came to one place only, to which chance brings many, is not in.

    A member with two orders by one promoter in one shop came to two places, which is right where
    they are two facts: what is bought, and who earns.
    """
    members = np.concatenate([one.members for one in parts])
    known, counts = np.unique(members, return_counts=True)
    few = [one.members for one in parts if one.expected <= STRANGERS_MOST * len(one.members)]
    clear = np.unique(np.concatenate([np.empty(0, np.int64), *few]))
    kept = known[(counts > 1) | np.isin(known, clear)]
    return Gathering(
        members=kept,
        orders=np.unique(np.concatenate([one.orders for one in parts])),
        promoters=np.unique(np.concatenate([one.promoters for one in parts])),
        nats=sum(one.nats for one in parts),
        expected=sum(one.expected for one in parts),
    )


def orders_of(scene: Scene, members: Ints, which: Flags) -> Ints:
    """The paid orders of these members, of those which are flagged."""
    starts, rows = scene.orders_by_buyer
    mine = rows[ranges(starts[members], starts[members + 1] - starts[members])]
    return mine[which[mine]]


def cohort_nats(joined: Ints, others: Ints) -> float:
    """How unlikely it is that most joined in so short a time (nats). others: when all did, sorted.

    The window is the best of several, and its ends are two of the members.
    """
    joined = np.sort(joined)
    count = len(joined)
    most = ceil(COHORT_PART * count)
    width = joined[most - 1 :] - joined[: count - most + 1]
    place = int(width.argmin())
    first, last = int(joined[place]), int(joined[place + most - 1])
    inside = np.count_nonzero((others >= first) & (others <= last))
    part = min(0.99, inside / max(1, len(others)))
    return max(0.0, float(at_least(most, count, part)) - log(count - most + 1) - 1.0)
