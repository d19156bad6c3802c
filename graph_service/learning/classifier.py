"""Which nodes of a graph are like those that people confirmed?"""

# scikit-learn is partly untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score
from sklearn.utils import check_random_state

from graph_service.learning.blend import blend_weights, calibration, chances, quality
from graph_service.learning.columns import (
    GraphColumns,
    View,
    columns_of_ties,
    graph_columns,
    named,
    own_values,
    ties_fingerprint,
    values_fingerprint,
)
from graph_service.learning.fitting import (
    Learned,
    Mask,
    Rows,
    Task,
    cross_validated,
    effort_of,
)
from graph_service.learning.members import TREES, Kind, Member, margins
from graph_service.learning.relations import Floats, Relation, relations_of


class GraphFeatureClassifier(ClassifierMixin, BaseEstimator):
    """Trees and a linear model over what a graph says of its nodes, blended by cross-validation.

    Transductive: X covers all nodes, labels are read only of those in train. Every learner has to
    earn its weight on labels of train that it was not fitted on; the plain recipe [x, Px, P²x]
    with boosted trees is one of them. Probabilities are calibrated to the part of positives in
    train. Sources: Tang et al., "GADBench", NeurIPS 2023 (the recipe); Caruana et al., ICML 2004
    (the blend).

    region_columns: coordinates of each kind. folds: of the cross-validation, at most as many as
    the rarer class has labels. trees: of each forest. work_s_max: estimated seconds of one core for
    the learners; with more to do there are fewer folds and learners (see notes_). Same input and
    random_state, same output.

    Fitted: classes_, n_features_in_, probabilities_ (n, 2), members_ (names), weights_ (of each
    member), qualities_ (mean of AUROC and average precision on unseen labels), notes_.
    """

    def __init__(
        self,
        *,
        region_columns: int = 16,
        folds: int = 5,
        trees: int = TREES,
        work_s_max: float = 60.0,
        random_state: Any = None,
    ) -> None:
        self.region_columns = region_columns
        self.folds = folds
        self.trees = trees
        self.work_s_max = work_s_max
        self.random_state = random_state

    def fit(
        self,
        X: ArrayLike,  # noqa: N803
        y: ArrayLike,
        *,
        relations: Mapping[str, Any] | None = None,
        train: ArrayLike | None = None,
        validation: ArrayLike | None = None,
    ) -> Self:
        """Learn from the labels of train; those of validation only help to weigh the learners.

        X: (n, d), NaN where unknown. y: (n,). relations: by name, sparse (n, n). train, validation:
        a mask (n,) of True and False or of 1 and 0, or the numbers of nodes; all nodes, and none,
        by default. Raises ValueError.
        """
        seed = self._seed()
        columns = self.columns_of(X, relations)
        return self.fit_columns(columns, y, train=train, validation=validation, seed=seed)

    def columns_of(
        self,
        X: ArrayLike,  # noqa: N803
        relations: Mapping[str, Any] | None = None,
    ) -> GraphColumns:
        """What fit computes of the graph before it looks at labels, for several fits."""
        random = np.random.default_rng(self._seed())
        return graph_columns(X, relations or {}, region_columns=self.region_columns, random=random)

    def fit_columns(
        self,
        columns: GraphColumns,
        y: ArrayLike,
        *,
        train: ArrayLike | None = None,
        validation: ArrayLike | None = None,
        asked: ArrayLike | None = None,
        seed: int | None = None,
        told: Callable[[float], None] = lambda _part: None,
    ) -> Self:
        """The same as fit with the columns of columns_of. Raises ValueError.

        asked: the nodes that matter, all by default; probabilities_ of others are NaN. told: what
        part is done, after each learner.
        """
        nodes = len(columns.values)
        known = _mask("train", train, nodes, default=True)
        checked = _mask("validation", validation, nodes, default=False) & ~known
        labels = np.asarray(y)
        if labels.shape != (nodes,):
            raise ValueError(f"y has the shape {labels.shape} and must have ({nodes},)")
        self.classes_ = np.unique(labels[known])
        if len(self.classes_) != 2:
            raise ValueError(
                f"labels in train are of {len(self.classes_)} classes and must be of 2"
            )
        self.n_features_in_ = columns.widths["own"]
        self.relations_ = [one.name for one in named(columns.relations)]
        confirmed = labels == self.classes_[1]
        task = Task(columns, confirmed, known, self._seed() if seed is None else seed, self.trees)
        rows = np.flatnonzero(_mask("asked", asked, nodes, default=True))
        self._learn(task, checked, rows, told)
        self.fingerprint_ = columns.fingerprint
        return self

    def _learn(self, task: Task, checked: Mask, asked: Rows, told: Callable[[float], None]) -> None:
        held_out = np.bincount(task.confirmed[checked], minlength=2)
        effort = effort_of(task, self.folds, self.work_s_max, held_out=int(held_out.min()))
        done = count(1)
        task = replace(task, told=lambda: told(min(1.0, next(done) / effort.fits)))
        unseen, truth = cross_validated(task, effort)
        members = effort.members
        learned = Learned.of(task, members, effort.plan) if checked.any() else None
        if learned is not None:
            rows = np.flatnonzero(checked)
            unseen = np.vstack([unseen, learned.scores(rows)])
            truth = np.concatenate([truth, task.confirmed[rows]])
        random = np.random.default_rng(task.seed)
        portable = np.array([one.is_portable for one in members])
        weights = blend_weights(unseen, truth, random)
        away = np.zeros(len(members))
        away[portable] = blend_weights(unseen[:, portable], truth, random)
        used = np.flatnonzero((weights > 0) | (away > 0))
        kept = learned or Learned.of(task, [members[i] for i in used], effort.plan)
        places = (used if learned else np.arange(len(used))).tolist()
        scores = np.full(len(task.known), np.nan)
        scores[asked] = kept.scores(asked, places) @ weights[used]
        self.members_ = [one.name for one in members]
        self.qualities_ = [quality(column, truth) for column in unseen.T]
        self.weights_, self.away_weights_ = weights, away[away > 0]
        self.line_ = calibration(unseen @ weights, truth)
        self.away_line_ = calibration(unseen @ away, truth)
        self.away_members_: list[tuple[View, Kind, Any, Rows | None]] = [
            (one.view, one.kind, kept.fitted[i], kept.chosen_of(one))
            for i, place in zip(places, used, strict=True)
            if away[place] > 0
            for one in [kept.members[i]]
        ]
        self.probabilities_ = chances(scores, self.line_)
        self.notes_ = [*task.columns.notes, *effort.notes]

    def predict_proba(
        self,
        X: ArrayLike | None = None,  # noqa: N803
        relations: Mapping[str, Any] | None = None,
    ) -> NDArray[np.float64]:
        """(n, 2): the chances of classes_, of all nodes of this graph or of another.

        This graph's are at hand, and its relations need not be given again. Another must have the
        same columns and relations; there only learners count that read neither regions nor
        neighbours' labels. Raises ValueError.
        """
        if not hasattr(self, "probabilities_"):
            raise NotFittedError("this classifier is not fitted yet")
        if X is None:
            return self.probabilities_
        own = own_values(X)
        is_known = values_fingerprint(own) == self.fingerprint_[0]
        if relations is None and self.relations_:
            if is_known:
                return self.probabilities_
            raise ValueError(
                f"X is not what was fitted: pass relations= of its nodes, {self.relations_}"
            )
        ties = relations_of(relations or {}, len(own))
        if is_known and ties_fingerprint(ties) == self.fingerprint_[1]:
            return self.probabilities_
        return self._elsewhere(own, ties)

    def _elsewhere(self, own: Floats, ties: Sequence[Relation]) -> NDArray[np.float64]:
        """The chances of the nodes of another graph."""
        names = [one.name for one in named(ties)]
        if own.shape[1] != self.n_features_in_ or names != self.relations_:
            raise ValueError(
                f"the graph has {own.shape[1]} columns and relations {names}; "
                f"expected {self.n_features_in_} and {self.relations_}"
            )
        random = np.random.default_rng(self._seed())
        columns = columns_of_ties(own, ties, region_columns=0, random=random)
        found = [
            margins(Member(view, kind), fitted, _of_view(columns, view, chosen))
            for view, kind, fitted, chosen in self.away_members_
        ]
        return chances(np.column_stack(found) @ self.away_weights_, self.away_line_)

    def predict(
        self,
        X: ArrayLike | None = None,  # noqa: N803
        relations: Mapping[str, Any] | None = None,
    ) -> NDArray[Any]:
        """The more likely class of each node."""
        return self.classes_[self.predict_proba(X, relations).argmax(axis=1)]

    def score(
        self,
        X: ArrayLike | None,  # noqa: N803
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        relations: Mapping[str, Any] | None = None,
    ) -> float:
        """The part of nodes whose class is as predicted. sample_weight: 0 leaves a node out."""
        return float(accuracy_score(y, self.predict(X, relations), sample_weight=sample_weight))

    def _seed(self) -> int:
        random: Any = check_random_state(self.random_state)
        return int(random.randint(2**31 - 1))


def _of_view(columns: GraphColumns, view: View, chosen: Rows | None) -> Floats:
    values = columns.view(view)
    return values if chosen is None else values[:, chosen]


def _mask(name: str, given: ArrayLike | None, nodes: int, *, default: bool) -> Mask:
    """(nodes,) bool, whichever way nodes are named. Integers of which all are 0 or 1 are a mask."""
    if given is None:
        return np.full(nodes, default)
    found = np.asarray(given)
    if found.ndim == 1 and found.dtype == np.bool_ and len(found) == nodes:
        return found
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise ValueError(
            f"{name} is {found.dtype} {found.shape}; it must be a mask of bool or of 0 and 1 "
            f"({nodes},), or integers that number nodes"
        )
    if len(found) == nodes and np.isin(found, (0, 1)).all():
        return found == 1
    wrong = (found < 0) | (found >= nodes)
    if wrong.any():
        raise ValueError(f"{name} names the node {found[wrong][0]}: nodes are 0 to {nodes - 1}")
    mask = np.zeros(nodes, dtype=np.bool_)
    mask[found] = True
    return mask
