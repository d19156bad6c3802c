"""Whom do the newest facts touch, and does the mall around them look false?

The columns of the log stay in memory and grow with the facts. A look takes the most suspicious of
those whom new facts touch, cuts out all that concerns them, their kin, shops and promoters with a
sample of others, and lets every detector see that part.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from graph_service.fraud.detectors.shape import Detector, Finding
from graph_service.fraud.scanning import Terms, scan_scene, uncleared
from graph_service.fraud.scene import Scene
from graph_service.fraud.touching import Place, Ties, neighbourhood, touched_members
from graph_service.scans.searching import alert_of
from graph_service.screening.viewing import View
from graph_service.snapshot.cutting import cut_log
from graph_service.snapshot.log import Log
from graph_service.snapshot.snapshot import snapshot_of

# Whom one look is about at most; what is left is looked at next, or by the next scan.
CORE_MAX: Final = 100
# What a look shows: a part is less sure than the whole. Measured: of malls of 10,000 looked at
# 1,500 members at a time, false alerts that the whole did not give were below 0.6 or of shops.
SHOWN_FROM: Final = 0.6
# Of members of a finding at least so many were looked at with all they did; others are at the
# fringe, known only by what they did to these, which may look like nothing else than a ring.
WHOLE_PART: Final = 0.5
# Those left are remembered up to so many, the most suspicious.
LEFT_MAX: Final = 2_000


@dataclass(frozen=True)
class Look:
    """What a look saw. alerts: as scans tell them. left: how many are still to be looked at."""

    alerts: list[dict[str, Any]]
    looked_at: int
    compared: int
    left: int
    failed: tuple[str, ...] = ()


def is_shown(finding: Finding, looked_at: frozenset[int], whole: frozenset[int]) -> bool:
    """Is it about somebody who was looked at, likely enough, and mostly about whole members?

    whole: those whose facts were all there.
    """
    seen = whole.intersection(finding.members)
    return (
        finding.score >= SHOWN_FROM
        and not looked_at.isdisjoint(finding.members)
        and len(seen) >= WHOLE_PART * len(finding.members)
    )


@dataclass
class Eye:
    """What is remembered from look to look. place: up to where facts were looked at.

    waiting: weight by number of the members that no look was about yet.
    """

    place: Place
    seed: int = 0
    waiting: dict[int, float] = field(default_factory=dict[int, float])

    def look(self, log: Log, detectors: Sequence[Detector], terms: Terms) -> Look:
        """Look at what came to the log since the last look."""
        ties = Ties(log)
        self._touch(log, ties)
        core = np.array(self._next(), np.int32)
        if not len(core):
            return Look([], 0, 0, 0)
        members, _ = neighbourhood(log, core, seed=self.seed, ties=ties)
        cut = cut_log(log, members)
        scene = Scene(snapshot_of(cut.log), terms.steps, terms.holding_days, self.seed)
        failed: list[str] = []
        found, _ = uncleared(scene, scan_scene(scene, detectors, failed=failed))
        mine, whole = (
            frozenset(np.searchsorted(cut.numbers["member"], some).tolist())
            for some in (core, members)
        )
        view = View(log, ties, members, cut)
        alerts = [
            alert_of(scene, one, detectors)
            for one in found
            if is_shown(one, mine, whole) and view.is_enough(one)
        ]
        return Look(alerts, len(core), len(members), len(self.waiting), tuple(failed))

    def _touch(self, log: Log, ties: Ties) -> None:
        members, weights = touched_members(log, self.place, ties=ties)
        self.place = Place.end_of(log)
        for member, weight in zip(members.tolist(), weights.tolist(), strict=True):
            self.waiting[member] = max(weight, self.waiting.get(member, 0.0))
        if len(self.waiting) > LEFT_MAX:
            kept = sorted(self.waiting, key=lambda one: (-self.waiting[one], one))[:LEFT_MAX]
            self.waiting = {one: self.waiting[one] for one in kept}

    def _next(self) -> list[int]:
        """The most suspicious of those who wait; they wait no longer."""
        first = sorted(self.waiting, key=lambda one: (-self.waiting[one], one))[:CORE_MAX]
        for one in first:
            del self.waiting[one]
        return first
