"""Do the clicks on a promoter's shares come in clumps and long after, as those of programs do?"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.fraud.clicking import Clicking, blocks
from graph_service.fraud.odds import Sign, Spread, at_least, at_least_among, percent, rate_of
from graph_service.fraud.odds import spread_of as spread_among
from graph_service.fraud.scene import Floats, Scene
from graph_service.snapshot.log import Ints
from graph_service.snapshot.resolving import Flags

# Of chance arrivals |a - b| / (a + b) of neighbouring gaps is even (Shinomoto et al., 2003), so
# that it is above this once in 33: two came at once, and long before or after them nobody.
CLUMP_LEAST: Final = 0.97
# The tenth of the mall's clicks that comes longest after its share was posted is late.
LATE_QUANTILE: Final = 0.9
# Of fewer cases a part says little.
CASES_LEAST: Final = 15
# What the best of a hundred honest promoters reach counts nothing; set.
CHANCE_NATS: Final = 2.0
CAPS: Final = {"clumps": 6.0, "late": 5.0}


@dataclass(frozen=True)
class Part:
    """Rows (in order) for which something can be said, whether it is so, and how usual that is.

    spread: how the part differs from one promoter to the next.
    """

    rows: Ints
    flags: Flags
    usual: float
    spread: Spread

    def of(self, rows: Ints) -> tuple[float, float]:
        """How unlikely so many of these rows are (nats), and their part."""
        place = np.searchsorted(self.rows, rows)
        known = np.flatnonzero(place < len(self.rows))
        mine = self.flags[place[known][self.rows[place[known]] == rows[known]]]
        count = int(mine.sum())
        nats = min(
            float(at_least(count, len(mine), self.usual)),
            float(at_least_among(count, len(mine), self.spread)),
        )
        return max(0.0, nats - CHANCE_NATS), count / max(len(mine), 1)


@dataclass(frozen=True)
class Timing:
    """How the clicks of a mall lie in time. late_days: from when on a click is late."""

    clumps: Part
    late: Part
    late_days: float


def timing_of(scene: Scene, clicking: Clicking) -> Timing:
    """The clumps and late clicks of a mall; repeated clicks of one on a share make no clump."""
    starts = blocks(clicking.promoter)
    fresh = np.flatnonzero(~clicking.again)
    at = clicking.at[fresh].astype(np.float64)
    before, after = np.diff(at)[:-1], np.diff(at)[1:]
    share = clicking.share[fresh]
    inner = (share[:-2] == share[2:]) & (before + after > 0)
    alike = np.abs(before - after)[inner] / (before + after)[inner]
    posted = scene.snapshot.shares.at[clicking.share]
    age_days: Floats = (clicking.at - posted) / MICROS_PER_DAY
    late_days = float(np.quantile(age_days, LATE_QUANTILE)) if len(age_days) else 0.0
    return Timing(
        _part(fresh[1:-1][inner], alike > CLUMP_LEAST, starts, towards=1 - CLUMP_LEAST),
        _part(np.arange(len(clicking.at)), age_days > late_days, starts, towards=1 - LATE_QUANTILE),
        late_days,
    )


def _part(rows: Ints, flags: Flags, starts: Ints, *, towards: float) -> Part:
    place = np.searchsorted(starts, rows, side="right") - 1
    of = np.bincount(place, minlength=len(starts))
    count = np.bincount(place, flags, minlength=len(starts))
    enough = of >= CASES_LEAST
    usual = rate_of(flags, towards=towards, weight=50.0)
    return Part(rows, flags, usual, spread_among(count[enough] / of[enough]))


def timing_signs(timing: Timing, rows: Ints) -> list[Sign]:
    """What the times of these rows say."""
    clumped, part = timing.clumps.of(rows)
    late, late_part = timing.late.of(rows)
    days = timing.late_days
    return [
        Sign(
            "clumped_clicks",
            min(clumped, CAPS["clumps"]),
            part,
            timing.clumps.usual,
            f"{percent(part)} 的点击与另一人的点击几乎同时到来，前后却久无他人，"
            f"通常为 {percent(timing.clumps.usual)}。",
            f"{percent(part)} of the clicks come all but at once with another's and long apart "
            f"from the rest; usual are {percent(timing.clumps.usual)}.",
        ),
        Sign(
            "late_clicks",
            min(late, CAPS["late"]),
            late_part,
            timing.late.usual,
            f"{percent(late_part)} 的点击在发布 {days:.1f} 天之后才来，"
            f"通常为 {percent(timing.late.usual)}。",
            f"{percent(late_part)} of the clicks come more than {days:.1f} days after the share "
            f"was posted; usual are {percent(timing.late.usual)}.",
        ),
    ]
