"""Who stands below whom, for all members at once, on arrays.

A member's place is its index. Bindings that have ended can lead round in a ring, as of a past time;
everybody in a ring stands below everybody in it, and each is counted once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]
NOBODY = -1


@dataclass(frozen=True)
class Trees:
    """Everybody's inviter and the order in which to add up.

    parents: NOBODY at the top, and for those in a ring. ranks: places by their distance from the
    top, the top first. rings: places, each one's inviter right behind it, the last one's in front.
    """

    parents: Numbers
    ranks: Sequence[Numbers]
    rings: Sequence[Sequence[int]]


def trees_of(inviters: Numbers) -> Trees:
    """The trees of everybody's inviter, NOBODY where there is none. Cost: O(n log n)."""
    rings = list(_rings(inviters))
    parents = inviters.copy()
    for ring in rings:
        parents[ring] = NOBODY
    return Trees(parents, list(_ranks(parents)), rings)


def _rings(inviters: Numbers) -> Iterator[list[int]]:
    """After as many steps up as there are members, only who stands in a ring is still met."""
    count = len(inviters)
    steps = np.append(np.where(inviters == NOBODY, count, inviters), count)
    for _ in range(count.bit_length()):
        steps = steps[steps]
    left = {int(one) for one in np.unique(steps)} - {count}
    for first in sorted(left):
        if first in left:
            ring, here = list[int](), first
            while here in left:
                left.discard(here)
                ring.append(here)
                here = int(inviters[here])
            yield ring


def _ranks(parents: Numbers) -> Iterator[Numbers]:
    """Level by level downwards, the children of a whole level in one step."""
    by_parent = np.argsort(parents, kind="stable")
    firsts = np.searchsorted(parents[by_parent], np.arange(len(parents) + 1))
    rank = np.flatnonzero(parents == NOBODY)
    while rank.size:
        yield rank
        counts = firsts[rank + 1] - firsts[rank]
        before = np.cumsum(counts) - counts
        rank = by_parent[np.repeat(firsts[rank] - before, counts) + np.arange(counts.sum())]


def sums_of(trees: Trees, values: Numbers) -> Numbers:
    """Per member, its own value and those of everybody below, added up."""
    sums = values.copy()
    for rank in reversed(trees.ranks[1:]):
        np.add.at(sums, trees.parents[rank], sums[rank])
    for ring in trees.rings:
        sums[ring] = sums[ring].sum()
    return sums


def most_of(trees: Trees, values: Numbers) -> Numbers:
    """Per member, the largest of its own value and those of everybody below."""
    most = values.copy()
    for rank in reversed(trees.ranks[1:]):
        np.maximum.at(most, trees.parents[rank], most[rank])
    for ring in trees.rings:
        most[ring] = most[ring].max()
    return most


def levels_of(trees: Trees) -> Numbers:
    """Per member, how many levels its tree has, its own included."""
    levels = np.ones(len(trees.parents), dtype=np.int64)
    for rank in reversed(trees.ranks[1:]):
        np.maximum.at(levels, trees.parents[rank], levels[rank] + 1)
    for ring in trees.rings:
        hanging = levels[ring]
        places = np.arange(len(ring))
        for place, member in enumerate(ring):
            levels[member] = (hanging + (place - places) % len(ring)).max()
    return levels


def marked_below(trees: Trees, tops: Marks) -> Marks:
    """Who is one of these or stands below one of them."""
    marks = tops.copy()
    for ring in trees.rings:
        marks[ring] = marks[ring].any()
    for rank in trees.ranks[1:]:
        marks[rank] |= marks[trees.parents[rank]]
    return marks


def uplines_of(inviters: Numbers, place: int) -> Iterator[int]:
    """A member and everybody above, nearest first; a ring is walked once."""
    met = set[int]()
    while place != NOBODY and place not in met:
        met.add(place)
        yield place
        place = int(inviters[place])
