"""What is found when every detector looks at a mall, with proof that they were awake?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from graph_service.fraud.arbiter import settle
from graph_service.fraud.canary import CANARY_KINDS, Canary, crowd_with_canary, with_canary
from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Detector, Finding
from graph_service.fraud.scene import Scene
from graph_service.snapshot.log import NONE, Log
from graph_service.snapshot.snapshot import snapshot_of

log = structlog.get_logger()
# Findings below this are not kept; above it a reader may ask for less than the alert's score.
SCORE_MIN: Final = 0.3
# So much of a finding's members must have been cleared after its evidence to keep it quiet.
CLEARED_SHARE: Final = 0.5
# Stage, and the part of the stages here that is done (0 to 1).
Progress = Callable[[str, float], None]


def silent(_stage: str, _done: float) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True)
class Terms:
    """What of the plan in force fraud wants to get at. steps: of the ladder (minor units)."""

    steps: tuple[int, ...] = (5_000_000,)
    holding_days: int = 7


@dataclass(frozen=True)
class Searched:
    """What a search found. findings: numbers as in scene, greatest score first.

    graded: all that detectors found, also what is not kept: what speaks little for each member.
    suppressed: how many were left out since people cleared their members later. missed: kinds of
    canaries that were not found. canaries: kinds looked for. failed: detectors that broke.
    """

    scene: Scene
    findings: list[Finding]
    suppressed: int
    canaries: tuple[str, ...]
    missed: tuple[str, ...]
    failed: tuple[str, ...]
    notes: list[str] = field(default_factory=list[str])
    graded: list[Finding] = field(default_factory=list[Finding])


def search_log(
    told: Log,
    detectors: Sequence[Detector],
    *,
    terms: Terms | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Searched:
    """Run the detectors over a log into which canaries were put, and take the canaries out again.

    A mall so small that canaries would change what is usual in it is searched without them, and
    they are looked for in a crowd of their own.
    """
    terms = terms or Terms()
    kinds = [one.kind for one in detectors if one.kind in CANARY_KINDS]
    progress("resolving", 0.0)
    canary = with_canary(told, kinds)

    def scene_of(log: Log) -> Scene:
        return Scene(snapshot_of(log), terms.steps, terms.holding_days, seed)

    scene = scene_of(told if canary.is_apart else canary.log)
    failed: list[str] = []
    found = run_detectors(scene, detectors, progress, failed=failed)
    # Before they are settled: whether a ring is told as another kind says nothing of its detector.
    # Nor does what is usual in a mall: who is missed there is looked for among others.
    hidden = () if canary.is_apart else missed_kinds(canary, found, kinds)
    missed = hidden
    apart = list(kinds) if canary.is_apart else list(hidden)
    if apart:
        progress("canary", 0.9)
        crowd = crowd_with_canary(told, apart)
        awake = [one for one in detectors if one.kind in apart]
        alive = run_detectors(scene_of(crowd.log), awake, failed=failed)
        missed = missed_kinds(crowd, alive, apart)
    notes = [
        f"{kind}: a made-up ring was found in a crowd, and not among what is usual here"
        for kind in hidden
        if kind not in missed
    ]
    progress("settling", 0.95)
    findings, suppressed = uncleared(scene, settled(canary.removed(found)))
    return Searched(
        scene=scene,
        findings=findings,
        suppressed=suppressed,
        canaries=tuple(kinds),
        missed=missed,
        failed=tuple(dict.fromkeys(failed)),
        notes=[*scene.notes, *notes],
        graded=uncleared(scene, canary.removed(found))[0],
    )


def scan_scene(
    scene: Scene,
    detectors: Sequence[Detector],
    progress: Progress = silent,
    *,
    failed: list[str] | None = None,
) -> list[Finding]:
    """What these detectors find, settled among each other, greatest score first."""
    found = run_detectors(scene, detectors, progress, failed=failed)
    progress("settling", 0.95)
    return settled(found)


def settled(found: Sequence[Finding]) -> list[Finding]:
    """One finding a group, of those that are kept, greatest score first."""
    kept = settle([one for one in found if one.score >= SCORE_MIN])
    return sorted(kept, key=lambda one: (-one.score, one.kind, one.members))


def run_detectors(
    scene: Scene,
    detectors: Sequence[Detector],
    progress: Progress = silent,
    *,
    failed: list[str] | None = None,
) -> list[Finding]:
    """All that each of these detectors finds.

    failed: takes the kinds of detectors that broke, which are then passed over; without it their
    errors are raised.
    """
    found = list[Finding]()
    for place, detector in enumerate(detectors):
        progress(detector.kind, 0.1 + 0.7 * place / len(detectors))
        try:
            found += detector.find(scene)
        except Exception as fault:
            if failed is None:
                raise
            log.exception("detector.failed", kind=detector.kind)
            scene.notes.append(f"{detector.kind} broke: {type(fault).__name__}")
            failed.append(detector.kind)
    return found


def missed_kinds(canary: Canary, found: Sequence[Finding], kinds: Sequence[str]) -> tuple[str, ...]:
    """The kinds of canaries that no alert of theirs found."""
    caught = {one.kind for one in found if one.score >= ALERT_SCORE and canary.is_caught(one)}
    return tuple(kind for kind in kinds if kind not in caught)


def uncleared(scene: Scene, found: Sequence[Finding]) -> tuple[list[Finding], int]:
    """The findings but for those of whose members people cleared half after all that is known."""
    cleared_at = scene.snapshot.cleared_at
    kept: list[Finding] = []
    for one in found:
        later = sum(
            1
            for member in one.members
            if cleared_at[member] != NONE and cleared_at[member] >= one.last_seen
        )
        if later < CLEARED_SHARE * len(one.members):
            kept.append(one)
    return kept, len(found) - len(kept)
