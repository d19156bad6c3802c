"""How well are confirmed nodes found in a public graph, beside the published recipe?

The published recipe: HistGradientBoostingClassifier as it comes, on [x, Px, P²x].
Source: Tang et al., "GADBench: Revisiting and Benchmarking Supervised Graph Anomaly Detection",
NeurIPS 2023.
"""

# scikit-learn is partly untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import train_test_split

from graph_service.evaluation.graph_files import (
    UNLABELLED,
    GraphFileInvalid,
    Mask,
    read_graph_file,
)
from graph_service.learning.classifier import GraphFeatureClassifier
from graph_service.learning.columns import GraphColumns, named
from graph_service.learning.fitting import ROWS_AT_ONCE
from graph_service.learning.members import PUBLISHED, fit_member
from graph_service.processes import peak_memory_mib

FULL = "full"
TRIALS_FULL, TRIALS_FEW = 5, 10
TRAIN_PART, VAL_PART = 0.4, 0.2
METRICS = ("auroc", "auprc", "recallAtK")
PERCENT = 100.0
# The part of a trial that learning takes, as its progress is shown; the recipe is the rest.
LEARNT = 0.9
NOTHING_TO_READ = "X holds no value that is known: the recipe has nothing to read"
Told = Callable[[float, int], None]
Scores = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Split:
    """Which labels are learned from, which weigh the learners, which are asked."""

    train: Mask
    val: Mask
    test: Mask


@dataclass(frozen=True)
class Figure:
    """Mean and standard deviation over trials (percent); no deviation of one trial."""

    mean: float
    sd: float


@dataclass(frozen=True)
class Outcome:
    """What a way to learn comes to. figures: by metric. seconds: of all trials."""

    figures: Mapping[str, Figure]
    seconds: float


@dataclass(frozen=True)
class Evaluation:
    """Everything that is told of a file. relations: edges by name, each pair once.

    edges_together: pairs that are tied by any of them. difference: service less recipe, paired by
    trial. weights: of the learners, mean over trials.
    """

    labels: str
    splits: str
    trials: int
    features: int
    nodes: int
    positives: int
    labelled: int
    relations: Mapping[str, int]
    edges_together: int
    service: Outcome
    recipe: Outcome | None
    difference: Mapping[str, Figure]
    weights: Mapping[str, float]
    peak_memory_mib: float
    notes: tuple[str, ...]


def evaluate_graph_file(
    file: Path,
    *,
    labels: str = FULL,
    trials: int | None = None,
    seed: int = 0,
    baseline: bool = True,
    own_splits: bool = False,
    classifier: GraphFeatureClassifier | None = None,
    told: Told = lambda _done, _total: None,
) -> Evaluation:
    """Learn and ask in several trials. Raises NotFound, GraphFileInvalid.

    labels: full, or counts of positive and negative labels as 20+80. own_splits: masks in the file
    are not read, however wrong. classifier: not fitted; by default as it comes. told: now and then,
    steps done (a part of one, too) and in all: a step for the columns and one for each trial.
    """
    counts = _counts(labels)
    graph = read_graph_file(file, with_masks=not own_splits)
    trials = trials or (TRIALS_FULL if counts is None else TRIALS_FEW)
    splits = list(_splits(graph.labels, graph.masks, counts, trials, seed))
    told(0, trials + 1)
    start = perf_counter()
    columns = _seeded(classifier, seed).columns_of(graph.values, graph.relations)
    columns_s = perf_counter() - start
    told(1, trials + 1)
    seconds, recipe_s = columns_s, 0.0
    found: list[dict[str, float]] = []
    plain: list[dict[str, float]] = []
    weights: list[dict[str, float]] = []
    has_values = bool(np.isfinite(graph.values).any())
    baseline = baseline and has_values
    notes = dict.fromkeys(graph.notes if has_values else (*graph.notes, NOTHING_TO_READ))
    for trial, split in enumerate(splits):
        start = perf_counter()
        learned = _seeded(classifier, seed + trial).fit_columns(
            columns,
            graph.labels,
            train=split.train,
            validation=split.val,
            asked=split.test,
            told=lambda part, trial=trial: told(trial + 1 + part * LEARNT, trials + 1),
        )
        seconds += perf_counter() - start
        # Not the classifier, which may be hundreds of megabytes of trees.
        weights.append(dict(zip(learned.members_, learned.weights_.tolist(), strict=True)))
        notes.update(dict.fromkeys(learned.notes_))
        found.append(_measured(graph.labels, learned.probabilities_[:, 1], split.test))
        if baseline:
            start = perf_counter()
            plain.append(_recipe_measured(columns, graph.labels, split, seed + trial))
            recipe_s += perf_counter() - start
        told(trial + 2, trials + 1)
    return Evaluation(
        labels=labels,
        splits=_splits_told(graph.masks, counts),
        trials=trials,
        features=int(graph.values.shape[1]),
        nodes=len(graph.labels),
        positives=int((graph.labels == 1).sum()),
        labelled=int((graph.labels != UNLABELLED).sum()),
        relations={one.name: int(one.ties.nnz) // 2 for one in named(columns.relations)},
        edges_together=int(columns.relations[-1].ties.nnz) // 2,
        service=Outcome(_figures(found), seconds),
        recipe=Outcome(_figures(plain), recipe_s) if baseline else None,
        difference=_figures(_gains(found, plain)),
        weights=_mean_weights(weights),
        peak_memory_mib=peak_memory_mib(),
        notes=tuple(notes),
    )


def _seeded(classifier: GraphFeatureClassifier | None, seed: int) -> GraphFeatureClassifier:
    copied: Any = clone(classifier or GraphFeatureClassifier())
    return copied.set_params(random_state=seed)


def _counts(labels: str) -> tuple[int, int] | None:
    if labels == FULL:
        return None
    found = re.fullmatch(r"(\d{1,6})\+(\d{1,6})", labels)
    counts = (int(found[1]), int(found[2])) if found else (0, 0)
    if min(counts) < 1:
        raise GraphFileInvalid(
            f"--labels is {labels}: it must be full or two counts as 20+80", status=422
        )
    return counts


def _splits_told(masks: Mapping[str, Mask], counts: tuple[int, int] | None) -> str:
    if masks:
        return "the file's masks"
    return "40/20/40, stratified" if counts is None else "the rest is tested"


def _splits(
    labels: NDArray[np.int8],
    masks: Mapping[str, Mask],
    counts: tuple[int, int] | None,
    trials: int,
    seed: int,
) -> Iterator[Split]:
    """One for each trial: the file's in turn, or drawn. Raises GraphFileInvalid."""
    known = labels != UNLABELLED
    none = np.zeros(len(labels), dtype=np.bool_)
    for trial in range(trials):
        random = np.random.default_rng([seed, trial])
        if masks:
            turn = trial % len(masks["train"])
            split = Split(*(masks[part][turn] for part in ("train", "val", "test")))
        elif counts is None:
            split = _stratified(labels, seed + trial)
        else:
            split = Split(known, none, known)
        if counts is not None:
            train = _few(labels, split.train, counts, random)
            split = Split(train, none, split.test & ~train)
        for part, mask in (("train", split.train), ("test", split.test)):
            if len(np.unique(labels[mask])) != 2:
                raise GraphFileInvalid(f"trial {trial + 1} has not both classes in {part}")
        yield split


def _stratified(labels: NDArray[np.int8], seed: int) -> Split:
    known = np.flatnonzero(labels != UNLABELLED)
    if np.bincount(labels[known]).min() < 5:
        raise GraphFileInvalid("y holds fewer than 5 nodes of a class, too few to split 40/20/40")
    train, rest = train_test_split(
        known, train_size=TRAIN_PART, stratify=labels[known], random_state=seed
    )
    val, test = train_test_split(
        rest, train_size=VAL_PART / (1 - TRAIN_PART), stratify=labels[rest], random_state=seed
    )
    masks = [np.zeros(len(labels), dtype=np.bool_) for _ in range(3)]
    for mask, rows in zip(masks, (train, val, test), strict=True):
        mask[rows] = True
    return Split(*masks)


def _few(
    labels: NDArray[np.int8], among: Mask, counts: tuple[int, int], random: np.random.Generator
) -> Mask:
    """So many positive and negative labels, drawn among these nodes."""
    train = np.zeros(len(labels), dtype=np.bool_)
    for label, count in zip((1, 0), counts, strict=True):
        nodes = np.flatnonzero(among & (labels == label))
        if len(nodes) < count:
            raise GraphFileInvalid(f"only {len(nodes):,} nodes can give {count:,} labels {label}")
        train[random.choice(nodes, count, replace=False)] = True
    return train


def _recipe_measured(
    columns: GraphColumns, labels: NDArray[np.int8], split: Split, seed: int
) -> dict[str, float]:
    """How well the published recipe finds the nodes that are tested."""
    plain = columns.view("plain")
    fitted = fit_member(
        PUBLISHED, plain[split.train], labels[split.train] == 1, plain[:1], seed=seed
    )
    scores = np.full(len(plain), np.nan)
    asked = np.flatnonzero(split.test)
    for start in range(0, len(asked), ROWS_AT_ONCE):
        rows = asked[start : start + ROWS_AT_ONCE]
        scores[rows] = fitted.predict_proba(plain[rows])[:, 1]
    return _measured(labels, scores, split.test)


def _measured(labels: NDArray[np.int8], scores: Scores, test: Mask) -> dict[str, float]:
    """By metric, in percent. K: as many as there are positives in the test."""
    y, asked = labels[test], scores[test]
    first = np.argsort(-asked, kind="stable")[: int(y.sum())]
    return {
        "auroc": PERCENT * float(roc_auc_score(y, asked)),
        "auprc": PERCENT * float(average_precision_score(y, asked)),
        "recallAtK": PERCENT * float(y[first].mean()),
    }


def _gains(
    found: Sequence[Mapping[str, float]], plain: Sequence[Mapping[str, float]]
) -> list[dict[str, float]]:
    """Service less recipe in each trial; none without a recipe."""
    return [{one: a[one] - b[one] for one in METRICS} for a, b in zip(found, plain, strict=False)]


def _figures(trials: Sequence[Mapping[str, float]]) -> dict[str, Figure]:
    if not trials:
        return {}
    columns = {one: [trial[one] for trial in trials] for one in METRICS}
    return {
        one: Figure(mean(column), stdev(column) if len(column) > 1 else 0.0)
        for one, column in columns.items()
    }


def _mean_weights(trials: Sequence[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for weights in trials:
        for name, weight in weights.items():
            total[name] = total.get(name, 0.0) + weight / len(trials)
    return total


def answer_of(found: Evaluation) -> dict[str, Any]:
    """The figures as JSON."""

    def shown(figures: Mapping[str, Figure]) -> dict[str, Any]:
        return {
            one: {"mean": round(figure.mean, 2), "sd": round(figure.sd, 2)}
            for one, figure in figures.items()
        }

    answer: dict[str, Any] = {
        "unit": "percent",
        **shown(found.service.figures),
        "seconds": round(found.service.seconds, 1),
        "peakMemoryMib": round(found.peak_memory_mib),
        "labels": found.labels,
        "splits": found.splits,
        "trials": found.trials,
        "nodes": found.nodes,
        "labelled": found.labelled,
        "positives": found.positives,
        "features": found.features,
        "edges": sum(found.relations.values()),
        "edgesTogether": found.edges_together,
        "relations": dict(found.relations),
        "weights": {name: round(weight, 3) for name, weight in found.weights.items()},
        "notes": list(found.notes),
    }
    if found.recipe is not None:
        seconds = round(found.recipe.seconds, 1)
        answer["baseline"] = {**shown(found.recipe.figures), "seconds": seconds}
        answer["difference"] = shown(found.difference)
    return answer
