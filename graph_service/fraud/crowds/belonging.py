"""Which accounts of a stretch of a line, and around it, belong to a farm?"""

from math import log
from typing import Final

import numpy as np

from graph_service.fraud.crowds.invited import FARM_SHARES
from graph_service.fraud.lines import Lines, ranges
from graph_service.fraud.scene import Floats, Scene
from graph_service.snapshot.log import NONE, Ints
from graph_service.snapshot.resolving import Flags

# Accounts that say less (nats) live like others; set.
LIVELY: Final = -2.5
# Before and after a stretch, so much of its time belongs to it; set.
AROUND: Final = 0.75
# A line of which so much joined then, and so much of that in the stretch, is all a farm's; set.
MOSTLY, CORE_LEAST = 0.7, 0.4


def is_told(tells: Flags, own: Floats) -> Flags:
    """Which rows of a stretch are told: where few tell anything, strangers stand between them.

    As many are of the farm as tells of so many; who of the others is depends on what else it says.
    """
    least = LIVELY
    if tells.any():
        part = min(tells.mean() / FARM_SHARES, 0.99)
        least = max(least, -log(part / (1 - part)))
    return tells | (own > least)


def around(scene: Scene, lines: Lines, own: Floats, stretch: tuple[int, int, int]) -> Ints:
    """Accounts of the line that joined a little before or after the stretch.

    Only idle or sharing ones, unless nearly all of the line joined in and about the stretch.
    stretch: number of the line, first row, row after the last.
    """
    place, start, end = stretch
    first, last = int(lines.starts[place]), int(lines.starts[place + 1])
    joined = scene.snapshot.members.joined[lines.rows[first:last]]
    since, until = int(joined[start - first]), int(joined[end - 1 - first])
    reach = AROUND * (until - since)
    in_time = (joined >= since - reach) & (joined <= until + reach)
    is_all = in_time.mean() >= MOSTLY and end - start >= CORE_LEAST * in_time.sum()
    least = LIVELY if is_all else 0.0
    kept = in_time & (own[first:last] > least)
    kept[start - first : end - first] = False
    return lines.rows[first:last][kept]


def branches(scene: Scene, kept: Ints) -> Ints:
    """Who was invited in the time of a chain by its accounts, and so on down.

    Also by who began it, if they invited on.
    """
    members, (starts, rows) = scene.snapshot.members, scene.invitees
    joined = members.joined[kept]
    reach = AROUND * int(joined.max() - joined.min())
    since, until = int(joined.min()) - reach, int(joined.max()) + reach

    def invited(by: Ints) -> Ints:
        those = rows[ranges(starts[by], starts[by + 1] - starts[by])]
        return those[(members.joined[those] >= since) & (members.joined[those] <= until)]

    tops = np.unique(members.inviter[kept]).astype(np.int64)
    tops = tops[(tops != NONE) & ~np.isin(tops, kept)]
    own = tops[(members.joined[tops] >= since) & (members.joined[tops] <= until)]
    above = np.unique(members.inviter[own]).astype(np.int64)
    tops = np.union1d(tops, above[above != NONE])
    heads = np.array([one for one in invited(tops).tolist() if len(invited(np.array([one])))])
    found, new = kept, np.unique(np.concatenate([kept, own, heads.astype(np.int64)]))
    while len(new) > len(found):
        found, new = new, np.union1d(new, invited(new))
    more = np.setdiff1d(found, kept)
    # More beside a chain than in it: one of them is popular.
    return more if len(more) <= len(kept) else more[:0]
