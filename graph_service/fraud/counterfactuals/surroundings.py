"""A small mall around some findings: who took part, who is near, and others for comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from graph_service.fraud.counterfactuals.pieces import Subject
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.scene import Scene
from graph_service.fraud.touching import Ties
from graph_service.snapshot.cutting import cut_log
from graph_service.snapshot.log import NONE, Ints, Log, Numbers

# Findings with more who took part are not looked at: each look would cost too much.
CORE_MAX: Final = 300
# Near ones and others beside a finding. Measured on malls of 10,000 (docs/fraud.md, "Without
# what?"): with so few a detector's log odds are mostly within one of those in the whole mall.
NEAR_MAX, COMPARED = 150, 150
# Near ones of all findings together.
NEAR_TOGETHER_MAX: Final = 1_500


@dataclass(frozen=True)
class Around:
    """A part of a log around findings. numbers: by kind, that of each id in the whole.

    ties: of the part. others: members of it who are there for comparison.
    """

    log: Log
    numbers: Mapping[str, Numbers]
    ties: Ties
    others: Numbers

    def here(self, kind: str, numbers: Sequence[int] | Numbers | Ints) -> Numbers:
        """The numbers in the part of those of the whole that are in it."""
        wanted = np.asarray(numbers, np.int64)
        own = self.numbers[kind]
        if not len(own):
            return np.empty(0, np.int32)
        places = np.minimum(np.searchsorted(own, wanted), len(own) - 1)
        return places[own[places] == wanted].astype(np.int32)


def subject_of(scene: Scene, finding: Finding) -> Subject:
    """What a finding is about: also who bought, earns or owns a shop without being a member."""
    told, orders = scene.snapshot.orders, np.array(finding.orders, np.int64)
    parts = [
        np.array(finding.members, np.int64),
        told.buyer[orders].astype(np.int64),
        told.promoter[orders].astype(np.int64),
        scene.snapshot.owner[list(finding.shops)].astype(np.int64),
    ]
    core = np.unique(np.concatenate(parts))
    return Subject(frozenset(finding.members), orders, core[core != NONE])


def around(log: Log, subjects: Sequence[Subject], *, seed: int) -> Around:
    """The part of a log around several findings, from which that around each is cut."""
    core = np.unique(np.concatenate([one.core for one in subjects])).astype(np.int32)
    dice = np.random.default_rng(seed)
    people = len(log.names["member"])
    others = dice.choice(people, min(COMPARED, people), replace=False).astype(np.int32)
    near = _near(Ties(log), core)
    if len(near) > NEAR_TOGETHER_MAX:
        near = dice.choice(near, NEAR_TOGETHER_MAX, replace=False)
    cut = cut_log(log, np.unique(np.concatenate([core, near, others])).astype(np.int32))
    places = np.searchsorted(cut.numbers["member"], np.sort(others)).astype(np.int32)
    return Around(cut.log, cut.numbers, Ties(cut.log), places)


def around_one(part: Around, subject: Subject, *, seed: int) -> tuple[Log, Subject]:
    """The log around one finding, and the finding's subject with numbers of that log."""
    core = part.here("member", subject.core)
    near = _near(part.ties, core)
    if len(near) > NEAR_MAX:
        near = np.random.default_rng(seed).choice(near, NEAR_MAX, replace=False)
    members = np.unique(np.concatenate([core, near, part.others])).astype(np.int32)
    cut = cut_log(part.log, members)
    own = replace(
        part, numbers={kind: part.numbers[kind][one] for kind, one in cut.numbers.items()}
    )
    return cut.log, Subject(
        frozenset(own.here("member", sorted(subject.members)).tolist()),
        own.here("order", subject.orders).astype(np.int64),
        own.here("member", subject.core).astype(np.int64),
    )


def _near(ties: Ties, core: Numbers) -> Numbers:
    """Kin by tokens, inviters, invitees, customers of the same shops, followers; not the core."""
    ways = (ties.mates, ties.inviters, ties.invitees, ties.customers, ties.followers)
    found = np.unique(np.concatenate([way(core) for way in ways]))
    return found[(found != NONE) & ~np.isin(found, core)].astype(np.int32)
