"""What does each learner say, fitted to all labels and to parts of them?"""

# scikit-learn is partly untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedKFold

from graph_service.learning.blend import Scores
from graph_service.learning.columns import VIEWS, GraphColumns, View, label_columns
from graph_service.learning.members import (
    MEMBERS,
    PUBLISHED,
    TREES,
    Member,
    fit_member,
    margins,
    member_cost,
)
from graph_service.learning.relations import Floats

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]
BACKGROUND_MAX = 3_000
ROWS_AT_ONCE = 50_000
# Labels that learners are fitted to at most: more take minutes and add little.
FIT_ROWS_MAX = 200_000
# With few labels a single cross-validation says little: labels below, repeats.
REPEATS = ((500, 2),)
# Held-out labels of the rarer class from which on learners can be weighed without
# cross-validation: 100 positives put the standard error of an AUROC near .03.
HELD_OUT_MIN = 100
# Rows, trees and least number of rows in a leaf by which the most telling columns are chosen.
CHOICE_ROWS, CHOICE_TREES, CHOICE_LEAF = 4_000, 60, 3
Told = Callable[[], None]


@dataclass(frozen=True)
class Plan:
    """How much is tried at most. rows: labels of the cross-validation, fit_rows: of a fit.

    columns: the most telling ones, which all but the published recipe read; None: all. The recipe
    is always the first of the learners and reads all of its columns and labels.
    """

    folds: int
    rows: int
    learners: int = len(MEMBERS)
    columns: int | None = None
    fit_rows: int = FIT_ROWS_MAX

    @property
    def note(self) -> str:
        """What is left out, empty if nothing is."""
        said: list[str] = []
        if self.learners < len(MEMBERS):
            said.append(f"only {self.learners} learners are tried")
        if self.columns is not None:
            said.append(f"all but the recipe read the {self.columns} most telling columns")
            said.append(f"and at most {self.fit_rows:,} labels")
        if said and self.folds:
            said.append(f"they are weighed on at most {self.rows:,} labels")
        return "to save time, " + ", ".join(said) if said else ""


# From the most work to the least.
PLANS = (
    Plan(5, 20_000),
    Plan(3, 20_000),
    Plan(3, 10_000, columns=256, fit_rows=50_000),
    Plan(3, 6_000, columns=128, fit_rows=30_000),
    Plan(2, 4_000, 6, 128, 20_000),
    Plan(2, 3_000, 4, 64, 10_000),
)
# The same where enough labels are held out to weigh the learners on those alone.
HELD_OUT_PLANS = (
    *PLANS[:2],
    Plan(0, 0),
    Plan(0, 0, columns=256, fit_rows=50_000),
    Plan(0, 0, columns=128, fit_rows=30_000),
    Plan(0, 0, 6, 128, 20_000),
    Plan(0, 0, 4, 64, 10_000),
)


@dataclass(frozen=True)
class Effort:
    """How much is tried. rows_max: labels that the cross-validation fits to."""

    members: tuple[Member, ...]
    folds: int
    repeats: int
    rows_max: int
    plan: Plan
    notes: tuple[str, ...] = ()

    @property
    def fits(self) -> int:
        """How many learners are fitted in all."""
        return (self.folds * self.repeats + 1) * len(self.members)


@dataclass(frozen=True)
class Task:
    """Which nodes are confirmed, which of that may be read, and all columns.

    told: after each fit.
    """

    columns: GraphColumns
    confirmed: Mask
    known: Mask
    seed: int
    trees: int = TREES
    told: Told = lambda: None


def effort_of(task: Task, folds: int, work_s_max: float, *, held_out: int = 0) -> Effort:
    """As much as fits in an estimated time. held_out: labels of the rarer class for weighing."""
    counts = np.bincount(task.confirmed[task.known], minlength=2)
    rows = int(counts.sum())
    repeats = next((times for below, times in REPEATS if rows < below), 1)
    members = tuple(one for one in MEMBERS if _is_of_use(one, task.columns))
    efforts: list[Effort] = []
    for plan in HELD_OUT_PLANS if held_out >= HELD_OUT_MIN else PLANS:
        parts = min(folds, plan.folds, int(counts.min()))
        parts = parts if parts > 1 else 0
        tried = members[: plan.learners]
        efforts.append(Effort(tried, parts, repeats, min(rows, plan.rows), plan))
        if _work_s(task, efforts[-1]) <= work_s_max:
            break
    notes = [efforts[-1].plan.note]
    if rows > FIT_ROWS_MAX:
        notes.append(f"of {rows:,} labels, {FIT_ROWS_MAX:,} are drawn to learn from")
    return replace(efforts[-1], notes=tuple(one for one in notes if one))


def _is_of_use(member: Member, columns: GraphColumns) -> bool:
    """Not where it would read the same columns as another, or none; the recipe is always there."""
    if not columns.relations:
        return member.view == "plain"
    return member == PUBLISHED or columns.widths[member.view] > 0


def _work_s(task: Task, effort: Effort) -> float:
    rows, fits = min(int(task.known.sum()), FIT_ROWS_MAX), effort.folds * effort.repeats
    part = effort.rows_max * (effort.folds - 1) / max(effort.folds, 1)
    seconds = 0.0
    for one in effort.members:
        width, many = task.columns.widths[one.view], rows
        if one != PUBLISHED:
            width, many = min(width, effort.plan.columns or width), min(rows, effort.plan.fit_rows)
        seconds += member_cost(one, many, width, trees=task.trees)
        if fits:
            seconds += fits * member_cost(one, int(part), width, trees=task.trees)
    return seconds


def cross_validated(task: Task, effort: Effort) -> tuple[Scores, Mask]:
    """What each learner says of nodes whose labels it has not seen, and those labels.

    (rows, learners) and (rows,); no rows without folds.
    """
    random = np.random.default_rng(task.seed)
    rows = np.flatnonzero(task.known)
    truth: list[Mask] = [np.zeros(0, dtype=np.bool_)]
    found: list[Scores] = [np.zeros((0, len(effort.members)), dtype=np.float32)]
    for _ in range(effort.repeats if effort.folds else 0):
        drawn = _drawn(rows, task.confirmed, effort.rows_max, random)
        split = StratifiedKFold(
            effort.folds, shuffle=True, random_state=int(random.integers(2**31 - 1))
        )
        for fitted_to, asked in split.split(drawn, task.confirmed[drawn]):
            known = task.known.copy()
            known[drawn[asked]] = False
            part = replace(task, known=known)
            learned = Learned.of(part, effort.members, effort.plan, drawn[fitted_to])
            found.append(learned.scores(drawn[asked]))
            truth.append(task.confirmed[drawn[asked]])
    return np.vstack(found), np.concatenate(truth)


def _drawn(rows: Rows, confirmed: Mask, rows_max: int, random: np.random.Generator) -> Rows:
    """At most so many of the rows, of either class its part."""
    if len(rows) <= rows_max:
        return rows
    kept: list[Rows] = []
    for label in (False, True):
        of_label = rows[confirmed[rows] == label]
        many = max(2, round(rows_max * len(of_label) / len(rows)))
        kept.append(random.choice(of_label, min(many, len(of_label)), replace=False))
    return np.sort(np.concatenate(kept))


@dataclass(frozen=True)
class Learned:
    """Learners that are fitted, and the columns that they read.

    chosen: which columns of a view all but the published recipe read, where not all.
    """

    columns: GraphColumns
    labels: Floats
    members: tuple[Member, ...]
    fitted: tuple[Any, ...]
    chosen: Mapping[View, Rows] = field(default_factory=dict[View, Rows])

    @classmethod
    def of(
        cls, task: Task, members: Sequence[Member], plan: Plan, rows: Rows | None = None
    ) -> "Learned":
        """Fit to these rows, by default to all whose label is known."""
        random = np.random.default_rng(task.seed)
        if rows is None:
            rows = _drawn(np.flatnonzero(task.known), task.confirmed, FIT_ROWS_MAX, random)
        nodes = len(task.known)
        labels = np.zeros((nodes, 0), dtype=np.float32)
        if any(one.view == "labels" for one in members):
            labels = label_columns(
                task.columns.relations,
                task.confirmed,
                task.known,
                random,
                walked=task.columns.walked,
            )
        others = np.sort(random.choice(nodes, min(nodes, BACKGROUND_MAX), replace=False))
        fewer = _drawn(rows, task.confirmed, plan.fit_rows, random)
        made = cls(task.columns, labels, tuple(members), (), _chosen(task, members, plan, fewer))
        fitted: list[Any] = []
        for member in members:
            fit_to = rows if member == PUBLISHED else fewer
            columns, y = made.read(member, fit_to), task.confirmed[fit_to]
            background = made.read(member, others)
            fitted.append(
                fit_member(member, columns, y, background, seed=task.seed, trees=task.trees)
            )
            task.told()
        return replace(made, fitted=tuple(fitted))

    def chosen_of(self, member: Member) -> Rows | None:
        """The places of the columns that a learner reads, None: all of its view."""
        return None if member == PUBLISHED else self.chosen.get(member.view)

    def read(self, member: Member, rows: Rows) -> Floats:
        """What a learner reads of these nodes. (rows, k)."""
        values, chosen = self.columns.view(member.view), self.chosen_of(member)
        found = values[rows] if chosen is None else values[np.ix_(rows, chosen)]
        return np.hstack([found, self.labels[rows]]) if member.view == "labels" else found

    def scores(self, rows: Rows, places: Sequence[int] | None = None) -> Scores:
        """(rows, learners): log odds. places: of the learners that are asked, by default all."""
        asked = range(len(self.members)) if places is None else places
        found = np.zeros((len(rows), len(asked)), dtype=np.float32)
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            for column, place in enumerate(asked):
                member = self.members[place]
                columns = self.read(member, rows[part])
                found[part, column] = margins(member, self.fitted[place], columns)
        return found


def _chosen(task: Task, members: Sequence[Member], plan: Plan, rows: Rows) -> dict[View, Rows]:
    """Where a view is wider than the plan allows, the columns by which trees tell most."""
    most, widths = plan.columns, task.columns.widths
    views = {one.view for one in members if one != PUBLISHED}
    wide: list[View] = [view for view in VIEWS if view in views and widths[view] > (most or np.inf)]
    if not wide:
        return {}
    random = np.random.default_rng(task.seed)
    few = _drawn(rows, task.confirmed, CHOICE_ROWS, random)
    values = np.nan_to_num(task.columns.values[few])
    trees: Any = ExtraTreesClassifier(
        CHOICE_TREES,
        min_samples_leaf=CHOICE_LEAF,
        class_weight="balanced",
        random_state=task.seed,
    ).fit(values, task.confirmed[few])
    order = np.argsort(-trees.feature_importances_, kind="stable")
    return {view: np.sort(order[order < widths[view]][:most]) for view in wide}
