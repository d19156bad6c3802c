"""How does the model of members learn, and what would another threshold have done?"""

# scikit-learn tells no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.errors import ServiceError
from graph_service.features.catalogue import BY_NAME, MORE
from graph_service.features.gathering import wide_features_of
from graph_service.fraud.detectors.registry import DETECTORS
from graph_service.fraud.members.contributions import odds_of, one_thread, trees_of
from graph_service.fraud.members.labelled import Labelled
from graph_service.fraud.members.scoring import (
    GRADED,
    MemberModel,
    families_of,
    log_odds,
    odds_to_part,
    with_graded,
)
from graph_service.fraud.members.tails import BUDGET_PART
from graph_service.fraud.scanning import run_detectors
from graph_service.fraud.scene import Scene
from graph_service.snapshot.log import NONE, Log
from graph_service.snapshot.snapshot import snapshot_of

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Matrix = NDArray[np.float32]
Progress = Callable[[str], None]
# From so many decisions on. Source: fraud.md, "Models".
CONFIRMED_MIN: Final = 50
CLEARED_MIN: Final = 200
# The part known last, which is calibrated on and not learnt from.
LATER_PART: Final = 0.25
FOLDS: Final = 5
# Chosen among a few on generated worlds of camouflage .25 (docs tell of it), never on others.
BOOSTING: Final[dict[str, Any]] = {
    "max_iter": 150,
    "learning_rate": 0.08,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 10,
    "l2_regularization": 1.0,
    "max_features": 0.3,
    # Of some hundred false members more thresholds than these tell nothing, and cost most time.
    "max_bins": 63,
    "early_stopping": False,
}
# Where more can never speak for innocence, whatever else is known: what only a false member gains
# by. Of other features the direction is a rule of thumb, and the trees may find otherwise.
CERTAIN: Final = (
    "own_shop_part",
    "self_earned_part",
    "refund_late_part",
    "earned_late_part",
    "payment_reach_max",
    "snatched",
    "step_neighbours",
    "confirmed_identity",
)

# More read columns make no model better (150 of 500: AUPRC the same to .003 on the worlds that
# BOOSTING was chosen on) and take most of the time.
COLUMNS_MAX: Final = 150
QUICK: Final[dict[str, Any]] = {"max_iter": 60, "learning_rate": 0.15}
# Of 40,000 honest rows 10,000 taught the same.
HONEST_ROWS_MAX: Final = 10_000
# How often the false hide, and in which part of families; findings are hidden, or less sure.
HIDDEN_COPIES: Final = 3
HIDDEN_PART: Final = 0.3
UNFOUND_PART: Final = 0.2
UNSURE_PART: Final = 0.5


class TooFewLabels(ServiceError):
    """Not enough decisions to learn from."""

    def __init__(self, confirmed: int, cleared: int) -> None:
        super().__init__(
            f"{confirmed} members are confirmed and {cleared} cleared; a model needs "
            f"{CONFIRMED_MIN} and {CLEARED_MIN}",
            status=409,
            code="too_few_labels",
        )


@dataclass(frozen=True)
class Trained:
    """A model and how it did on members whose rings it had not seen.

    auroc, auprc: out of folds, of what was learnt from. later_auprc: on what became known later.
    flagged_part, precision, recall: there, at the threshold.
    """

    model: MemberModel
    confirmed: int
    cleared: int
    auroc: float
    auprc: float
    later_auprc: float
    flagged_part: float
    precision: float
    recall: float


@dataclass(frozen=True)
class Day:
    """One day under a threshold. missed: false members below it."""

    day: int
    alerts: int
    caught: int
    missed: int

    @property
    def precision(self) -> float:
        """The part of alerts that was right, 1 without any."""
        return self.caught / self.alerts if self.alerts else 1.0


def train(
    labelled: Labelled,
    *,
    kinds: Sequence[str] | None = None,
    budget_part: float = BUDGET_PART,
    prevalence: float | None = None,
    folds: int = FOLDS,
    seed: int = 0,
    progress: Progress = lambda _: None,
) -> Trained:
    """A model of these members. kinds: learn from false members of these typologies only.

    Rings are on one side of each split; what was known last calibrates (Platt) and sets the
    threshold. prevalence: the part of members that is false where the model will be used, if not
    that of these; the odds are moved by it (Elkan, "The Foundations of Cost-Sensitive Learning",
    IJCAI 2001). folds: of the cross-validation, 0 for none, which takes a sixth of the time.
    Raises TooFewLabels.
    """
    if kinds is not None:
        labelled = labelled.keep(~labelled.false | np.isin(labelled.kinds, list(kinds)))
    earlier, later = split_by_time(labelled)
    confirmed, cleared = int(labelled.false.sum()), int((~labelled.false).sum())
    if confirmed < CONFIRMED_MIN or cleared < CLEARED_MIN or not _both(later.false):
        raise TooFewLabels(confirmed, cleared)
    columns = choose_columns(earlier, telling_columns(earlier), seed)
    progress(f"{len(columns)} features, {len(earlier)} members to learn from")
    places = [labelled.names.index(name) for name in columns]
    folded = out_of_folds(earlier, places, seed, folds) if folds else None
    boosted = boost(earlier, places, seed)
    odds = odds_of(boosted, later.values[:, places])
    slope, offset = platt(odds, later.false, later.weight)
    if prevalence is not None:
        offset += log_odds(prevalence) - log_odds(later.false_part)
    p = odds_to_part(slope * odds + offset)
    threshold = budget_threshold(p, later.false, budget_part)
    flagged = p >= threshold
    caught = int((flagged & later.false).sum())
    return Trained(
        MemberModel(columns, boosted, slope, offset, threshold),
        confirmed,
        cleared,
        float("nan") if folded is None else float(roc_auc_score(earlier.false, folded)),
        float("nan") if folded is None else _auprc(earlier.false, folded),
        _auprc(later.false, p),
        float(flagged.mean()),
        caught / max(1, int(flagged.sum())),
        caught / max(1, int(later.false.sum())),
    )


def split_by_time(labelled: Labelled, later_part: float = LATER_PART) -> tuple[Labelled, Labelled]:
    """What was known earlier, and what later; a ring is as late as its first member."""
    rings, row = np.unique(labelled.ring, return_inverse=True)
    known = np.full(len(rings), np.iinfo(np.int64).max)
    np.minimum.at(known, row, labelled.at)
    at = known[row]
    moments = np.unique(at)
    if len(moments) < 2:
        # All of one moment: rings are shared out as they come, since nothing is later.
        late = row % round(1 / later_part) == 0
    else:
        edge = np.quantile(at, 1 - later_part, method="higher")
        late = at >= edge if (at < edge).any() else at > moments[0]
    return labelled.keep(~late), labelled.keep(late)


def telling_columns(labelled: Labelled) -> tuple[str, ...]:
    """Features that differ between members: of others nothing can be learnt."""
    return tuple(
        name
        for name, column in zip(labelled.names, labelled.values.T, strict=True)
        if len(known := column[~np.isnan(column)]) and known.min() < known.max()
    )


def boost(labelled: Labelled, places: Sequence[int], seed: int) -> Any:
    """A boosted model of these columns, monotone where the direction is certain."""
    names = [labelled.names[place] for place in places]
    ways = [MORE if name in GRADED else direction_of(name) for name in names]
    values, false, weight = with_hidden(labelled, places, np.random.default_rng(seed))
    boosted = HistGradientBoostingClassifier(**BOOSTING, monotonic_cst=ways, random_state=seed)
    with one_thread(len(values)):
        return boosted.fit(values, false, sample_weight=weight)


def direction_of(name: str) -> int:
    """The direction of a feature in which the score may never fall, 0 for none."""
    return int(BY_NAME[name].direction) if name in CERTAIN else 0


def with_hidden(
    labelled: Labelled, places: Sequence[int], random: np.random.Generator
) -> tuple[Matrix, Flags, Floats]:
    """Values, labels and weights to learn from: the false also as if they hid, some of the honest.

    A false member that hides better looks like an honest one in whole families of features: it has
    tokens of its own, or honest neighbours, or no detector is sure of it. Each false member comes
    HIDDEN_COPIES times more, with families of a random honest member in place of its own. All
    together weigh as they did. Of the honest not all are needed: those that detectors found, and
    others up to HONEST_ROWS_MAX, which weigh for those that are left out.
    """
    values = labelled.values[:, list(places)]
    families = families_of([labelled.names[place] for place in places])
    kept, weight = _honest(labelled, values[:, families.get("graded", [])], random)
    false = values[labelled.false]
    hidden = [false]
    for _ in range(HIDDEN_COPIES if len(kept) else 0):
        donor = values[kept[random.integers(0, len(kept), len(false))]]
        hidden.append(_hidden(false, donor, families, random))
    times = len(hidden) * len(false)
    labels = np.repeat([False, True], [len(kept), times])
    of_false = np.tile(labelled.weight[labelled.false], len(hidden)) / len(hidden)
    weights = np.concatenate([weight, of_false])
    return np.concatenate([values[kept], *hidden]), labels, weights


def _honest(
    labelled: Labelled, graded: Matrix, random: np.random.Generator
) -> tuple[NDArray[np.int64], Floats]:
    """Honest rows that are learnt from, and their weights."""
    found = (graded > 0).any(axis=1)
    near, others = (np.flatnonzero(~labelled.false & which) for which in (found, ~found))
    some = np.sort(random.permutation(others)[:HONEST_ROWS_MAX])
    kept = np.concatenate([near, some]).astype(np.int64)
    weight = labelled.weight[kept].copy()
    weight[len(near) :] *= len(others) / max(1, len(some))
    return kept, weight


def _hidden(
    false: Matrix, donor: Matrix, families: Mapping[str, Sequence[int]], random: np.random.Generator
) -> Matrix:
    """These rows with families of features of their donors', and found less surely."""
    found = false.copy()
    for name, columns in families.items():
        inside = np.isin(np.arange(false.shape[1]), columns)
        if name != "graded":
            rows = random.random(len(false)) < HIDDEN_PART
            found = np.where(rows[:, None] & inside, donor, found)
            continue
        sure = np.where(random.random(len(false)) < UNSURE_PART, random.random(len(false)), 1.0)
        sure[random.random(len(false)) < UNFOUND_PART] = 0
        found = np.where(inside, found * sure[:, None].astype(np.float32), found)
    return found


def choose_columns(labelled: Labelled, names: Sequence[str], seed: int) -> tuple[str, ...]:
    """The COLUMNS_MAX of these that a quick model gains most by, in their order; graded always."""
    if len(names) <= COLUMNS_MAX:
        return tuple(names)
    places = [labelled.names.index(name) for name in names]
    values, false, weight = with_hidden(labelled, places, np.random.default_rng(seed))
    quick = HistGradientBoostingClassifier(**{**BOOSTING, **QUICK}, random_state=seed)
    with one_thread(len(values)):
        quick.fit(values, false, sample_weight=weight)
    gain = np.zeros(len(names))
    for nodes in trees_of(quick):
        inner = nodes[nodes["is_leaf"] == 0]
        np.add.at(gain, inner["feature_idx"], inner["gain"])
    gain[[place for place, name in enumerate(names) if name in GRADED]] = np.inf
    best = np.argsort(-gain, kind="stable")[:COLUMNS_MAX]
    return tuple(name for place, name in enumerate(names) if place in best)


def out_of_folds(labelled: Labelled, places: Sequence[int], seed: int, most: int) -> Floats:
    """Log odds of each member by a model that saw no member of its ring."""
    found = np.zeros(len(labelled))
    rings = len(np.unique(labelled.ring[labelled.false]))
    split = StratifiedGroupKFold(max(2, min(most, rings)), shuffle=True, random_state=seed)
    for learn, ask in split.split(labelled.values, labelled.false, labelled.ring):
        mask = np.zeros(len(labelled), np.bool_)
        mask[learn] = True
        part = labelled.keep(mask)
        if not _both(part.false):
            continue
        # A column that is all unknown in this fold says nothing, and cannot be binned.
        known = [one for one in places if not np.isnan(part.values[:, one]).all()]
        boosted = boost(part, known, seed)
        found[ask] = odds_of(boosted, labelled.values[ask][:, known])
    return found


def platt(odds: Floats, false: Flags, weight: Floats | None = None) -> tuple[float, float]:
    """Slope (never below 0) and offset from a model's log odds to true ones.

    Source: Platt, "Probabilistic Outputs for Support Vector Machines", 1999.
    """
    fitted = LogisticRegression(C=1e4).fit(odds[:, None], false, sample_weight=weight)
    return max(0.05, float(fitted.coef_[0, 0])), float(fitted.intercept_[0])


def budget_threshold(p: Floats, false: Flags, budget_part: float) -> float:
    """The probability from which at most this part of all members are false alarms, 0.5 at least.

    Below even odds nobody is accused, however large the budget.
    """
    allowed = int(len(p) * budget_part)
    honest = np.sort(p[~false])[::-1]
    if allowed >= len(honest):
        return 0.5
    return float(min(max(0.5, np.nextafter(honest[allowed], 1)), 1 - 1e-6))


def alerts_threshold(scores: Floats, day: NDArray[np.int64], alerts_per_day: float) -> float:
    """The least score that gives at most so many alerts a day, in the mean of these days."""
    days = len(np.unique(day))
    allowed = int(alerts_per_day * days)
    ordered = np.sort(scores)[::-1]
    return (
        float(ordered[-1]) if allowed >= len(ordered) else float(np.nextafter(ordered[allowed], 2))
    )


def replay(scores: Floats, false: Flags, day: NDArray[np.int64], threshold: float) -> list[Day]:
    """What each day would have brought under this threshold, of what was decided since."""
    found: list[Day] = []
    for one in np.unique(day):
        today = day == one
        alerts = today & (scores >= threshold)
        caught = int((alerts & false).sum())
        missed = int((today & false).sum()) - caught
        found.append(Day(int(one), int(alerts.sum()), caught, missed))
    return found


def replay_log(
    log: Log,
    model: MemberModel,
    *,
    threshold: float,
    days: int,
    progress: Progress = lambda _: None,
) -> list[Day]:
    """What each of the last days would have brought under this threshold of the model's score.

    A member is an alert on the first day on which its score reaches the threshold, else missed on
    the day of its decision. Each day is scored from what was known at its end; decisions are those
    of now. Cost: all features and detectors once for each day.
    """
    now = snapshot_of(log)
    size, best = len(now.members), np.zeros(len(now.members))
    last_day = now.now // MICROS_PER_DAY
    day = np.where(now.confirmed_at == NONE, last_day, now.confirmed_at // MICROS_PER_DAY)
    for one in range(last_day - days + 1, last_day + 1):
        progress(f"day {one - last_day + days} of {days}")
        scene = Scene(snapshot_of(log, at=min((one + 1) * MICROS_PER_DAY - 1, now.now)))
        features = wide_features_of(scene, columns=model.columns)
        features = with_graded(features, run_detectors(scene, DETECTORS))
        score = model.score(model.of_columns(features))
        reached = (score >= threshold) & (best < threshold)
        day[reached] = one
        np.maximum(best, score, out=best)
    false = (now.confirmed_at != NONE) & (now.cleared_at <= now.confirmed_at)
    told = (best >= threshold) | false
    within = told & (day > last_day - days)
    rows = np.arange(size)[within]
    found = {one.day: one for one in replay(best[rows], false[rows], day[rows], threshold)}
    return [
        found.get(one, Day(int(one), 0, 0, 0)) for one in range(last_day - days + 1, last_day + 1)
    ]


def _both(false: Flags) -> bool:
    return bool(false.any() and not false.all())


def _auprc(false: Flags, score: Floats) -> float:
    return float(average_precision_score(false, score))
