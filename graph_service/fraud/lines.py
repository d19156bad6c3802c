"""Which accounts hang together in a line of invitations, and which stretch of it weighs most?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from graph_service.fraud.scene import Floats, Scene
from graph_service.snapshot.log import NONE, Ints

NO_LIMIT: Final = 1 << 62


@dataclass(frozen=True)
class Lines:
    """Accounts in rows, by line and time: the invitees of one, or a chain of invitations.

    starts: of each line, with the end. leader: by line, who is before the first.
    """

    starts: Ints
    rows: Ints
    leader: Ints

    @property
    def line(self) -> Ints:
        """By row, which line it is of."""
        return np.repeat(np.arange(len(self.leader)), np.diff(self.starts))


def stars(scene: Scene, *, least: int) -> Lines:
    """The invitees of every member with enough of them, by when they joined."""
    starts, rows = scene.invitees
    return _long_enough(starts, rows, np.arange(scene.people), least)


def _long_enough(starts: Ints, rows: Ints, leader: Ints, least: int) -> Lines:
    sizes = np.diff(starts)
    good = sizes >= least
    kept = rows[np.repeat(good, sizes)]
    return Lines(np.concatenate([[0], np.cumsum(sizes[good])]), kept, leader[good])


def chains(scene: Scene, *, least: int) -> Lines:
    """Paths down the invitations, each on to the invitee with the longest chain below."""
    inviter = scene.snapshot.members.inviter
    levels = _levels(scene)
    heir, path = _heirs(scene, levels), np.arange(scene.people)
    depth = np.zeros(scene.people, np.int64)
    for number, level in enumerate(levels[1:], 1):
        depth[level] = number
        follows = level[heir[inviter[level]] == level]
        path[follows] = path[inviter[follows]]
    rows = np.lexsort((depth, path))
    starts = np.concatenate([[0], np.flatnonzero(np.diff(path[rows])) + 1, [len(rows)]])
    heads = rows[starts[:-1]]
    # The first of a path is its leader.
    inner = np.ones(len(rows), np.bool_)
    inner[starts[:-1]] = False
    after = np.concatenate([[0], np.cumsum(np.diff(starts) - 1)])
    return _long_enough(after, rows[inner], heads, least)


def trees(scene: Scene, *, least: int, levels: int, most: int = NO_LIMIT) -> Lines:
    """All who joined below a member, so many levels down, by when they joined.

    Only where somebody below invited others, too, and no more than most joined. Cost: levels ×
    members.
    """
    inviter, joined = scene.snapshot.members.inviter, scene.snapshot.members.joined
    below = np.flatnonzero(inviter != NONE)
    above = inviter[below].astype(np.int64)
    tops, members = [above], [below]
    for _ in range(levels - 1):
        above = inviter[above].astype(np.int64)
        below, above = below[above != NONE], above[above != NONE]
        tops.append(above)
        members.append(below)
    deep = np.zeros(scene.people, np.bool_)
    deep[np.concatenate(tops[1:])] = True
    top, member = np.concatenate(tops), np.concatenate(members)
    kept = deep[top] & (np.bincount(top, minlength=scene.people)[top] <= most)
    top, member = top[kept], member[kept]
    rows = np.lexsort((member, joined[member], top))
    starts = np.searchsorted(top[rows], np.arange(scene.people + 1)).astype(np.int64)
    return _long_enough(starts, member[rows], np.arange(scene.people), least)


def _levels(scene: Scene) -> list[Ints]:
    """Members by how many are above them, from those without an inviter on."""
    starts, rows = scene.invitees
    level = np.flatnonzero(scene.snapshot.members.inviter == NONE)
    found = [level]
    while len(level):
        sizes = starts[level + 1] - starts[level]
        level = rows[ranges(starts[level], sizes)]
        found.append(level)
    return found


def ranges(starts: Ints, sizes: Ints) -> Ints:
    """start, start + 1 … of each, one after the other."""
    before = np.cumsum(sizes) - sizes
    return np.repeat(starts - before, sizes) + np.arange(int(sizes.sum()))


def _heirs(scene: Scene, levels: Sequence[Ints]) -> Ints:
    """By member, the invitee below whom the chain is longest, NONE without."""
    inviter = scene.snapshot.members.inviter
    height = np.zeros(scene.people, np.int64)
    for level in reversed(levels[1:]):
        np.maximum.at(height, inviter[level], height[level] + 1)
    bound = np.flatnonzero(inviter != NONE)
    order = bound[np.lexsort((-bound, height[bound], inviter[bound]))]
    heir = np.full(scene.people, NONE, np.int64)
    heir[inviter[order]] = order
    return heir


def best_stretches(weights: Floats, lines: Lines) -> tuple[Ints, Ints, Floats]:
    """By line, the stretch of rows that weighs most: first row, row after the last, its weight.

    Source: Page's CUSUM (1954): with true log-likelihood ratios chance gives x in exp(-x) starts.
    """
    sums = np.concatenate([[0.0], np.cumsum(weights)])
    starts, sizes = lines.starts[:-1], np.diff(lines.starts)
    line = lines.line
    step = np.abs(weights).sum() + 1.0
    # Each line lies below the one before, so that the running minimum starts afresh.
    before = sums[:-1] - step * (line + 1)
    least = np.minimum.accumulate(before)
    low = np.maximum.accumulate(np.where(before == least, np.arange(len(before)), 0))
    gain = sums[1:] - sums[low]
    best = np.maximum.reduceat(gain, starts)
    at_best = np.flatnonzero(gain == np.repeat(best, sizes))
    end = np.full(len(starts), -1, np.int64)
    end[line[at_best][::-1]] = at_best[::-1]
    return low[end].astype(np.int64), end + 1, best
