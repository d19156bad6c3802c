"""How far does a score fall without each piece of evidence, and which smallest set is enough?

The kind's detector looks again at a small mall around the finding, with and without the pieces. By
how much the log odds fall there is taken off the log odds of the score, since a part of a mall
has other base rates than the whole. Source: SEDC, Martens and Provost, "Explaining data-driven
document classifications", MIS Quarterly 38 (2014): the smallest removal that changes the class.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, inf, log
from typing import Final

from graph_service.fraud.counterfactuals.pieces import (
    PIECES_MAX,
    Piece,
    PieceKind,
    Subject,
    pieces_of,
)
from graph_service.fraud.counterfactuals.removing import numbers_of, without
from graph_service.fraud.counterfactuals.surroundings import (
    CORE_MAX,
    around,
    around_one,
    subject_of,
)
from graph_service.fraud.detectors.kinds import ALERT_SCORE, Kind
from graph_service.fraud.detectors.shape import Detector, Finding
from graph_service.fraud.scanning import run_detectors
from graph_service.fraud.scene import Scene
from graph_service.snapshot.log import Log
from graph_service.snapshot.snapshot import snapshot_of

# Alerts that are explained, the greatest scores first.
ALERTS_MAX: Final = 50
# Searches in small malls that a scan has left, by rows of its log, so that they take a small part
# of it (docs/scans.md, "Without what?"): one takes about as long as to read 1,500 rows.
ROWS_A_RUN: Final = 2_500
RUNS_LEAST, RUNS_MAX = 60, 250
# A search for blocks of purchases takes so many times as long as others.
RUN_COST: Final[Mapping[Kind, int]] = {"fake_order_ring": 5, "sleeper": 5}
PIECES_OF_COSTLY_MAX: Final = 4
# So many pieces are left out together at most: a reader can weigh no more.
SET_MAX: Final = 4
# Of a group without half of its members anything would be less.
MEMBERS_PART_MAX: Final = 0.5
# A finding is found again where so much of the smaller one is of both.
AGAIN_PART: Final = 0.5
PREFERRED: Final[tuple[PieceKind, ...]] = ("token", "shop", "share", "member")
# Beyond this a score is as good as certain (log odds).
LOG_ODDS_MAX: Final = 20.0


@dataclass(frozen=True)
class Explained:
    """What an alert would be without pieces of its evidence; kinds and ids for numbers.

    removed: the smallest set found without which the score is below the threshold; where none is,
    all that were left out together. score: without them. weights: by (kind, id), by how much the
    log odds fall without that piece alone.
    """

    falls: bool
    removed: tuple[tuple[str, str], ...]
    score: float
    weights: Mapping[tuple[str, str], float]


@dataclass
class _Look:
    """The detector on the log around a finding. score: of the finding in the whole mall."""

    detector: Detector
    log: Log
    subject: Subject
    scene: Scene
    score: float
    runs: int = 0
    known: dict[frozenset[Piece], float] = field(default_factory=dict[frozenset[Piece], float])

    def log_odds(self, pieces: Sequence[Piece]) -> float:
        """Of the finding in the part without these pieces; -inf where it is not found."""
        key = frozenset(pieces)
        if key not in self.known:
            self.runs += 1
            scene = self.scene
            if pieces:
                snapshot = snapshot_of(without(self.log, pieces))
                scene = Scene(snapshot, scene.steps, scene.holding_days, scene.seed)
            left = self.subject.members - numbers_of(pieces, "member")
            self.known[key] = _log_odds_of(self.detector, scene, left)
        return self.known[key]

    def drop(self, pieces: Sequence[Piece]) -> float:
        """By how much the log odds fall without these pieces, 0 where they rise."""
        return max(0.0, self.log_odds([]) - self.log_odds(pieces))

    def left(self, pieces: Sequence[Piece]) -> float:
        """The score that would be left in the whole mall without these pieces."""
        return score_of(log_odds(self.score) - self.drop(pieces))


def explained(
    told: Log,
    scene: Scene,
    findings: Sequence[Finding],
    detectors: Sequence[Detector],
    *,
    alerts_max: int = ALERTS_MAX,
    runs_max: int | None = None,
) -> dict[int, Explained]:
    """By place among findings, what is known of the first ones that are alerts.

    told: the log of whose members the findings are. Those whose detector gives no alert in the part
    of the mall around them are left out, and so are those for which no searches are left.
    """
    by_kind = {one.kind: one for one in detectors}
    subjects = {
        place: subject
        for place, one in enumerate(findings)
        if one.score >= ALERT_SCORE and one.kind in by_kind
        if len((subject := subject_of(scene, one)).core) <= CORE_MAX
    }
    chosen = sorted(subjects, key=lambda place: (-findings[place].score, place))[:alerts_max]
    if not chosen:
        return {}
    part = around(told, [subjects[place] for place in chosen], seed=scene.seed)
    found: dict[int, Explained] = {}
    left = runs_of(told) if runs_max is None else runs_max
    for place in chosen:
        if left <= 0:
            break
        own, subject = around_one(part, subjects[place], seed=scene.seed)
        small = Scene(snapshot_of(own), scene.steps, scene.holding_days, scene.seed)
        finding = findings[place]
        look = _Look(by_kind[finding.kind], own, subject, small, finding.score)
        if look.log_odds([]) >= log_odds(ALERT_SCORE):
            found[place] = _explain(look)
        left -= look.runs * RUN_COST.get(finding.kind, 1)
    return found


def runs_of(told: Log) -> int:
    """How many searches a scan of this log may spend on explanations."""
    return min(RUNS_MAX, max(RUNS_LEAST, told.rows // ROWS_A_RUN))


def _explain(look: _Look) -> Explained:
    kind = look.detector.kind
    most = PIECES_OF_COSTLY_MAX if kind in RUN_COST else PIECES_MAX
    pieces = pieces_of(look.scene, look.subject, kind, most=most)
    drops = {one: look.drop([one]) for one in pieces}
    removed = smallest_set(look, pieces)
    names = look.log.names
    ids = {one: (one.kind, names[one.kind][one.number]) for one in pieces}
    return Explained(
        falls=bool(removed) and look.left(removed) < ALERT_SCORE,
        removed=tuple(ids[one] for one in removed),
        score=look.left(removed) if removed else look.score,
        weights={ids[one]: min(drop, LOG_ODDS_MAX) for one, drop in drops.items()},
    )


def smallest_set(look: _Look, pieces: Sequence[Piece]) -> list[Piece]:
    """One piece without which the score falls below, else a set none of which can be spared.

    Of several pieces the first by sort: that a thing is shared can be looked into, and of a member
    who is the whole of it nothing is said by leaving it out. Where no set makes it fall, those that
    were left out together. Cost: a search each piece and at most SET_MAX more.
    """
    ordered = sorted(pieces, key=lambda one: -look.drop([one]))
    telling = [one for one in ordered if look.drop([one]) > 0]
    enough = [one for one in telling if look.left([one]) < ALERT_SCORE]
    if enough:
        return [min(enough, key=lambda one: PREFERRED.index(one.kind))]
    if not telling:
        return []
    kept = _with_most_members(telling, look.subject)[:SET_MAX]
    if look.left(kept) >= ALERT_SCORE:
        return kept
    for one in reversed(kept.copy()):
        fewer = [other for other in kept if other is not one]
        if len(fewer) > 1 and look.left(fewer) < ALERT_SCORE:
            kept = fewer
    return kept


def _with_most_members(pieces: Sequence[Piece], subject: Subject) -> list[Piece]:
    """The pieces without so many members that the group would not be the same."""
    most = int(MEMBERS_PART_MAX * len(subject.members))
    found: list[Piece] = []
    for one in pieces:
        if one.kind != "member" or len(numbers_of([*found, one], "member")) < most:
            found.append(one)
    return found


def _log_odds_of(detector: Detector, scene: Scene, members: frozenset[int]) -> float:
    # Of a detector that breaks on so small a mall nothing is told; its scan goes on.
    found = run_detectors(scene, [detector], failed=[])
    scores = [
        one.score
        for one in found
        if len(members.intersection(one.members))
        >= AGAIN_PART * min(len(members), len(one.members))
    ]
    return log_odds(max(scores)) if scores else -inf


def log_odds(score: float) -> float:
    """The log odds of a score, within bounds."""
    if score <= 0:
        return -LOG_ODDS_MAX
    if score >= 1:
        return LOG_ODDS_MAX
    return max(-LOG_ODDS_MAX, min(LOG_ODDS_MAX, log(score / (1 - score))))


def score_of(odds: float) -> float:
    """The score of log odds."""
    return 0.0 if odds < -700 else 1 / (1 + exp(-odds))
