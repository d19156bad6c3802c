"""How well are members found in generated worlds: better hidden, of unseen kinds, look-alikes?"""

# scikit-learn tells no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from graph_service.features.catalogue import Features
from graph_service.features.gathering import wide_features_of
from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.registry import DETECTORS
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.members.labelled import Labelled, labelled_with, scene_of_world, together
from graph_service.fraud.members.scoring import MemberModel, score_members, with_graded
from graph_service.fraud.members.training import Progress, train
from graph_service.fraud.scanning import run_detectors, settled
from graph_service.fraud.scene import Scene
from graph_service.typologies.audit import audit
from graph_service.typologies.world import KINDS, LOOKALIKES, FraudWorld, fraud_world

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
# All that detectors find in a scene, of any score.
Find = Callable[[Scene], Sequence[Finding]]
# Source: fraud.md, "How it is judged" 3.
LEARNT_AT: Final = 0.25
ASKED_AT: Final = (0.0, 0.25, 0.5, 0.75)
# Frauds are more frequent where the model learns, since each kind is rare.
LEARNT_PREVALENCE: Final = 0.06
ASKED_PREVALENCE: Final = 0.015
# A kind that was left out is asked about in a mall where it is all the fraud, since among ten kinds
# it has a handful of members. The least part that fraud.md names: more would make it usual there.
LEFT_OUT_PREVALENCE: Final = 0.005
# Seeds of worlds that are asked about are far from those that are learnt from.
ASKED_SEEDS: Final = 10_000


@dataclass(frozen=True)
class Interval:
    """The mean and the standard deviation over so many seeds."""

    mean: float
    sd: float
    seeds: int


@dataclass(frozen=True)
class Asked:
    """A world that was not learnt from, with what the detectors found in it."""

    scene: Scene
    features: Features
    findings: tuple[Finding, ...]
    labelled: Labelled
    world: FraudWorld


@dataclass(frozen=True)
class Simulated:
    """What came out, each over seeds.

    shift: AUPRC over members by camouflage; shift_findings, shift_model: of one part alone.
    left_out: AUPRC of finding a kind that was not learnt from in a mall of its own, by kind.
    lookalike_part: by kind, the part of members with an alert's score who are such. accused_part,
    watched_part: by camouflage, of honest members who are in an alert, or whom model and detectors
    together put as high, which accuses nobody. artefacts: the AUROC of one simple feature each.
    """

    shift: Mapping[float, Interval]
    shift_model: Mapping[float, Interval]
    shift_findings: Mapping[float, Interval]
    left_out: Mapping[str, Interval]
    left_out_model: Mapping[str, Interval]
    lookalike_part: Mapping[str, Interval]
    accused_part: Mapping[float, Interval]
    watched_part: Mapping[float, Interval]
    artefacts: Mapping[str, Interval]
    members: int
    worlds: int


def all_findings(scene: Scene) -> Sequence[Finding]:
    """What all detectors find, as in a scan before it is settled."""
    return run_detectors(scene, DETECTORS)


def simulate(
    *,
    members: int = 5_000,
    worlds: int = 8,
    seeds: Sequence[int] = (1, 2, 3),
    kinds: Sequence[str] = KINDS,
    find: Find = all_findings,
    progress: Progress = lambda _: None,
) -> Simulated:
    """Learn at LEARNT_AT, ask at ASKED_AT, and ask about each kind without having learnt it.

    worlds: to learn from, for each seed; one is asked about for each seed and camouflage, and for
    each seed and kind. find: what the detectors find. Cost: about 2 s for 1,000 members of each
    world, and 12 trainings a seed.
    """
    gathered = _Gathered()
    for seed in seeds:
        progress(f"seed {seed}: worlds to learn from")
        learnt = together(
            [
                _labelled(_learnt_world(members, seed * 100 + number, kinds), find, at=number)
                for number in range(worlds)
            ]
        )
        asked = {
            camouflage: _ask(members, ASKED_SEEDS + seed, camouflage, kinds, find)
            for camouflage in ASKED_AT
        }
        model = train(learnt, prevalence=ASKED_PREVALENCE, folds=0, seed=seed).model
        for camouflage, one in asked.items():
            gathered.add_shift(camouflage, one, model)
        for kind in kinds:
            progress(f"seed {seed}: without {kind}")
            others = [one for one in kinds if one != kind]
            without = train(
                learnt, kinds=others, prevalence=ASKED_PREVALENCE, folds=0, seed=seed
            ).model
            alone = _ask(
                members,
                ASKED_SEEDS + seed,
                LEARNT_AT,
                (kind,),
                find,
                prevalence=LEFT_OUT_PREVALENCE,
            )
            gathered.add_left_out(kind, alone, without)
        for name, auroc in audit(
            asked[LEARNT_AT].world.events, asked[LEARNT_AT].world.frauds
        ).items():
            gathered.put("artefacts", name, auroc)
    return gathered.simulated(members, worlds)


def _learnt_world(members: int, seed: int, kinds: Sequence[str]) -> FraudWorld:
    return fraud_world(
        members, seed, camouflage=LEARNT_AT, prevalence=LEARNT_PREVALENCE, kinds=kinds
    )


def _labelled(world: FraudWorld, find: Find, *, at: int) -> Labelled:
    scene = scene_of_world(world)
    features = with_graded(wide_features_of(scene), find(scene))
    return labelled_with(world, scene, features, at=at)


def _ask(
    members: int,
    seed: int,
    camouflage: float,
    kinds: Sequence[str],
    find: Find,
    *,
    prevalence: float = ASKED_PREVALENCE,
) -> Asked:
    world = fraud_world(members, seed, camouflage=camouflage, prevalence=prevalence, kinds=kinds)
    scene = scene_of_world(world)
    found = find(scene)
    features = with_graded(wide_features_of(scene), found)
    findings = tuple(settled(found))
    return Asked(scene, features, findings, labelled_with(world, scene, features), world)


class _Gathered:
    """Figures by what they are of, one for each seed."""

    def __init__(self) -> None:
        self._told: dict[str, dict[Any, list[float]]] = {}

    def put(self, name: str, key: float | str, value: float) -> None:
        self._told.setdefault(name, {}).setdefault(key, []).append(value)

    def add_shift(self, camouflage: float, asked: Asked, model: MemberModel) -> None:
        """How a world of this camouflage is scored."""
        scores = score_members(asked.scene, asked.findings, model, features=asked.features)
        false, kinds = asked.labelled.false, asked.labelled.kinds
        for name, values in (
            ("shift", scores.p),
            ("shift_model", scores.p_model),
            ("shift_findings", scores.p_pattern),
        ):
            self.put(name, camouflage, _auprc(false, values))
        alerts = scores.p >= ALERT_SCORE
        for name, told in (("accused_part", scores.p_pattern), ("watched_part", scores.p)):
            wrong = (told >= ALERT_SCORE) & ~false
            self.put(name, camouflage, float(wrong.sum() / (~false).sum()))
        if camouflage == LEARNT_AT:
            for kind in LOOKALIKES:
                part = (alerts & (kinds == kind)).sum() / max(1, int(alerts.sum()))
                self.put("lookalike_part", kind, float(part))

    def add_left_out(self, kind: str, asked: Asked, model: MemberModel) -> None:
        """How members of a kind are found by a model that learnt from others only."""
        scores = score_members(asked.scene, asked.findings, model, features=asked.features)
        its = asked.labelled.kinds == kind
        among = (its & asked.labelled.false) | ~asked.labelled.false
        for name, values in (("left_out", scores.p), ("left_out_model", scores.p_model)):
            self.put(name, kind, _auprc(its[among], values[among]))

    def simulated(self, members: int, worlds: int) -> Simulated:
        """All figures with their spread."""
        told = {
            name: {key: _interval(values) for key, values in by_key.items()}
            for name, by_key in self._told.items()
        }
        return Simulated(
            shift=told["shift"],
            shift_model=told["shift_model"],
            shift_findings=told["shift_findings"],
            left_out=told["left_out"],
            left_out_model=told["left_out_model"],
            lookalike_part=told["lookalike_part"],
            accused_part=told["accused_part"],
            watched_part=told["watched_part"],
            artefacts=told["artefacts"],
            members=members,
            worlds=worlds,
        )


def _interval(values: Sequence[float]) -> Interval:
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return Interval(float(np.mean(values)), sd, len(values))


def _auprc(false: Flags, score: Floats) -> float:
    return float(average_precision_score(false, score)) if false.any() else float("nan")
