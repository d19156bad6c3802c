"""How likely is each member part of a fraud, why, and whom should one look at first?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.features.catalogue import BY_NAME, MORE, Features
from graph_service.features.gathering import NEAR, wide_features_of, wide_names
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.members.contributions import contributions_of, odds_of
from graph_service.fraud.members.tails import Tails, tails_of
from graph_service.fraud.scene import Scene
from graph_service.snapshot.log import NONE

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]
TOP: Final = 5
# Money that a queue's order takes for at least this (minor units), so that who has none yet counts.
MONEY_LEAST_MINOR: Final = 100
# What detectors found, whatever its score, as features: of all kinds, so that a kind of which
# nothing was learnt counts as well.
GRADED: Final = {
    "found": "How surely was the member found by any detector?",
    "found_second": "How surely by a detector of another kind?",
}
AMONG: Final = {"mean1": "in the mean", "mean2": "two steps away", "max1": "at most"}


@dataclass(frozen=True)
class MemberModel:
    """A trained model of members. columns: names of what it reads, all of the catalogue or near it.

    boosted: a HistGradientBoostingClassifier. slope, offset: from its log odds to those of being
    false (Platt). threshold: the probability that scores 0.5, so that the alert budget is kept.
    """

    columns: tuple[str, ...]
    boosted: Any
    slope: float
    offset: float
    threshold: float
    version: str = ""

    def of_columns(self, features: Features) -> Matrix:
        """What the model reads of these features. Raises ValueError where one is missing."""
        places = {name: place for place, name in enumerate(features.names)}
        missing = [name for name in self.columns if name not in places]
        if missing:
            raise ValueError(f"the model reads {missing[0]}, which is no feature")
        if features.names == self.columns:
            return features.values
        return features.values[:, [places[name] for name in self.columns]]

    def probability(self, values: Matrix) -> Floats:
        """How likely each is false, by the model's columns."""
        return odds_to_part(self.slope * odds_of(self.boosted, values) + self.offset)

    def score(self, values: Matrix) -> Floats:
        """The same, scaled so that the threshold is 0.5."""
        shift = np.log(self.threshold / (1 - self.threshold))
        odds = self.slope * odds_of(self.boosted, values) + self.offset
        return odds_to_part(odds - shift)


@dataclass(frozen=True)
class Scores:
    """By member: p = 1 - (1 - p_model)(1 - p_pattern). money_minor: at risk.

    p_model: of the trained model, or of tails where there is none (`is_trained`). p_pattern: the
    highest score of a finding with the member. queue: members by p × money, first to look at first.
    """

    p: Floats
    p_model: Floats
    p_pattern: Floats
    money_minor: Floats
    queue: NDArray[np.int64]
    features: Features
    tails: Tails | None = None
    model: MemberModel | None = None
    notes: tuple[str, ...] = ()
    is_trained: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_trained", self.model is not None)


@dataclass(frozen=True)
class Why:
    """What speaks for or against a member. percentile: of members whose value is known, 0 to 100.

    contribution: log odds of the model; without one, log of one in how many has such a value.
    """

    feature: str
    question: str
    unit: str
    value: float
    percentile: float
    contribution: float


def graded_features(findings: Iterable[Finding], people: int) -> Features:
    """By member, how surely detectors found it: the greatest score, and that of another kind."""
    by_kind: dict[str, Matrix] = {}
    for one in findings:
        score = by_kind.setdefault(one.kind, np.zeros(people, np.float32))
        members = np.array(one.members, np.int64)
        score[members] = np.maximum(score[members], one.score)
    values = np.zeros((people, 2), np.float32, order="F")
    for score in by_kind.values():
        values[:, 1] = np.maximum(values[:, 1], np.minimum(values[:, 0], score))
        values[:, 0] = np.maximum(values[:, 0], score)
    return Features(tuple(GRADED), values, ("graded",) * 2, (MORE, MORE))


def with_graded(features: Features, findings: Iterable[Finding]) -> Features:
    """These features and those of findings."""
    if features.names[-len(GRADED) :] == tuple(GRADED):
        return features
    more = graded_features(findings, len(features.values))
    values = np.empty((len(features.values), len(features.names) + 2), np.float32, order="F")
    values[:, :-2], values[:, -2:] = features.values, more.values
    return Features(
        features.names + more.names,
        values,
        features.families + more.families,
        features.directions + more.directions,
    )


def score_members(
    scene: Scene,
    findings: Iterable[Finding],
    model: MemberModel | None = None,
    *,
    graded: Iterable[Finding] | None = None,
    features: Features | None = None,
) -> Scores:
    """The scores of all members. Without a model (or one that reads other features): of tails.

    graded: all that detectors found, also below what is kept, which a model reads; by default the
    findings. features: of `wide_features_of(scene)`, with those of findings if these are known.
    Cost: 200,000 members take some 10 s of one core and 220 MiB with the model that is shipped.
    """
    findings, notes = list(findings), list[str]()
    if model is not None:
        known = wide_names() if features is None else features.names
        missing = sorted(set(model.columns) - set(known) - set(GRADED))
        if missing:
            notes.append(f"scored without a model: it reads {missing[0]}, which is no feature")
            model = None
    if features is None:
        features = wide_features_of(scene, columns=BY_NAME if model is None else model.columns)
    features = with_graded(features, findings if graded is None else graded)
    tails, p_model = None, np.zeros(scene.people)
    if model is None:
        tails = tails_of(_catalogued(features))
        p_model = tails.p
    else:
        p_model = model.score(model.of_columns(features))
    p_pattern = np.zeros(scene.people)
    for finding in findings:
        members = list(finding.members)
        p_pattern[members] = np.maximum(p_pattern[members], finding.score)
    p = 1 - (1 - p_model) * (1 - p_pattern)
    money = money_at_risk(scene, findings)
    weight = p * np.maximum(money, MONEY_LEAST_MINOR)
    queue = np.lexsort((np.arange(scene.people), -p, -weight))
    return Scores(p, p_model, p_pattern, money, queue, features, tails, model, tuple(notes))


def money_at_risk(scene: Scene, findings: Sequence[Finding] = ()) -> Floats:
    """By member (minor units): sales it earns from and may still be kept, or a finding's amount.

    Kept may be what is not completed yet, or was within the holding days.
    """
    orders = scene.snapshot.orders
    settled_at = orders.completed + scene.holding_days * MICROS_PER_DAY
    waits = (orders.completed == NONE) | (settled_at > scene.snapshot.now)
    rows = np.flatnonzero(scene.paid & waits & (orders.promoter != NONE))
    earner, left = orders.promoter[rows], scene.net[rows].astype(np.float64)
    found = np.bincount(earner, weights=left, minlength=scene.people).astype(np.float64)
    for finding in findings:
        members = list(finding.members)
        found[members] = np.maximum(found[members], finding.amount_minor)
    return found


def explain(scores: Scores, members: Sequence[int], *, top: int = TOP) -> list[tuple[Why, ...]]:
    """Of each member what moves its score most: by TreeSHAP of the model, else by rarity."""
    names, added = _contributions(scores, members)
    places = {name: place for place, name in enumerate(scores.features.names)}
    found: list[tuple[Why, ...]] = []
    ranked: dict[int, Matrix] = {}
    for row, member in enumerate(members):
        best = np.argsort(-np.abs(added[row]), kind="stable")[:top]
        found.append(
            tuple(
                _why(scores.features, places[names[one]], member, float(added[row, one]), ranked)
                for one in best
                if added[row, one] != 0
            )
        )
    return found


def _contributions(scores: Scores, members: Sequence[int]) -> tuple[tuple[str, ...], Floats]:
    rows = np.array(members, np.int64)
    if scores.tails is not None:
        return scores.tails.names, scores.tails.surprise[rows].astype(np.float64)
    assert scores.model is not None
    values = scores.model.of_columns(scores.features)[rows]
    _, added = contributions_of(scores.model.boosted, values)
    return scores.model.columns, scores.model.slope * added


def _why(
    features: Features,
    place: int,
    member: int,
    contribution: float,
    ranked: dict[int, Matrix],
) -> Why:
    """ranked: the known values of columns in order, which are kept there when first asked for."""
    name, value = features.names[place], float(features.values[member, place])
    if place not in ranked:
        column = features.values[:, place]
        ranked[place] = np.sort(column[~np.isnan(column)])
    known = ranked[place]
    below = np.searchsorted(known, np.float32(value), "right") if not np.isnan(value) else 0
    percentile = float(below / len(known) * 100) if len(known) else float("nan")
    near, own = split_name(name)
    told = BY_NAME.get(own)
    question = GRADED.get(name, "") if told is None else f"{near}{told.question}"
    return Why(name, question, "" if told is None else told.unit, value, percentile, contribution)


def split_name(name: str) -> tuple[str, str]:
    """What a neighbour's feature is of, in words, and its name in the catalogue."""
    for relation in NEAR:
        for what, words in AMONG.items():
            if name.startswith(f"{what}_{relation}_"):
                own = name.removeprefix(f"{what}_{relation}_")
                return f"Of those near by {relation.replace('_', '-')}, {words}: ", own
    return "", name


def families_of(names: Sequence[str]) -> dict[str, list[int]]:
    """The columns of each family: of the catalogue, of each relation's neighbours, of findings."""
    found: dict[str, list[int]] = {}
    for column, name in enumerate(names):
        near, own = split_name(name)
        family = "graded" if name in GRADED else BY_NAME[own].family
        found.setdefault(near.partition(",")[0] or family, []).append(column)
    return found


def _catalogued(features: Features) -> Features:
    """Those of the catalogue only: what neighbours have is no evidence by itself."""
    kept = [place for place, name in enumerate(features.names) if name in BY_NAME]
    return Features(
        tuple(features.names[place] for place in kept),
        features.values[:, kept],
        tuple(features.families[place] for place in kept),
        tuple(features.directions[place] for place in kept),
    )


def odds_to_part(odds: Floats) -> Floats:
    """Log odds as a probability."""
    return 1 / (1 + np.exp(-np.clip(odds, -50, 50)))


def log_odds(part: float) -> float:
    """The log odds of a part between 0 and 1."""
    return float(np.log(part / (1 - part)))
