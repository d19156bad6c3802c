"""What does each learner say, fitted to all labels and to parts of them?"""

# scikit-learn is partly untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from graph_service.learning.blend import Scores
from graph_service.learning.columns import GraphColumns, label_columns
from graph_service.learning.members import MEMBERS, TREES, Member, fit_member, margins, member_cost
from graph_service.learning.relations import Floats

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]
BACKGROUND_MAX = 3_000
ROWS_AT_ONCE = 50_000
# Labels that learners are fitted to at most: more take minutes and add little.
FIT_ROWS_MAX = 200_000
# With few labels a single cross-validation says little: labels below, repeats.
REPEATS = ((500, 2),)
# Labels that a cross-validation reads at most, each time with fewer folds and learners.
PLANS = ((20_000, 5, len(MEMBERS)), (20_000, 3, len(MEMBERS)), (10_000, 3, 6), (6_000, 3, 5))


@dataclass(frozen=True)
class Effort:
    """How much is tried. rows_max: labels that the cross-validation fits to."""

    members: tuple[Member, ...]
    folds: int
    repeats: int
    rows_max: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """Which nodes are confirmed, which of that may be read, and all columns."""

    columns: GraphColumns
    confirmed: Mask
    known: Mask
    seed: int
    trees: int = TREES


def effort_of(task: Task, folds: int, work_s_max: float) -> Effort:
    """As much as fits in an estimated time."""
    counts = np.bincount(task.confirmed[task.known], minlength=2)
    rows = int(counts.sum())
    repeats = next((times for below, times in REPEATS if rows < below), 1)
    members = tuple(one for one in MEMBERS if _is_of_use(one, task.columns))
    effort = Effort(members, 0, 0, rows, ())
    for rows_max, most, learners in PLANS:
        parts = min(folds, most, int(counts.min()))
        parts = parts if parts > 1 else 0
        notes = () if learners == len(MEMBERS) else (_note(rows_max, learners),)
        effort = Effort(members[:learners], parts, repeats, min(rows, rows_max), notes)
        if _work_s(task, effort) <= work_s_max:
            break
    if rows > FIT_ROWS_MAX:
        drawn = f"of {rows:,} labels, {FIT_ROWS_MAX:,} are drawn to learn from"
        effort = replace(effort, notes=(*effort.notes, drawn))
    return effort


def _note(rows: int, learners: int) -> str:
    return f"to save time, only {learners} learners are tried, on at most {rows:,} labels"


def _is_of_use(member: Member, columns: GraphColumns) -> bool:
    """Not where it would read the same columns as another."""
    if not columns.relations:
        return member.view == "plain"
    return member.view != "own" or columns.widths["own"] > 0


def _work_s(task: Task, effort: Effort) -> float:
    rows, fits = min(int(task.known.sum()), FIT_ROWS_MAX), effort.folds * effort.repeats
    return sum(
        fits * member_cost(one, effort.rows_max, task.columns.widths[one.view])
        + member_cost(one, rows, task.columns.widths[one.view])
        for one in effort.members
    )


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
            learned = Learned.of(part, effort.members, drawn[fitted_to])
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
    """Learners that are fitted, and the columns that they read."""

    columns: GraphColumns
    labels: Floats
    members: tuple[Member, ...]
    fitted: tuple[Any, ...]

    @classmethod
    def of(cls, task: Task, members: Sequence[Member], rows: Rows | None = None) -> "Learned":
        """Fit to these rows, by default to all whose label is known."""
        random = np.random.default_rng(task.seed)
        if rows is None:
            rows = _drawn(np.flatnonzero(task.known), task.confirmed, FIT_ROWS_MAX, random)
        nodes = len(task.known)
        labels = np.zeros((nodes, 0), dtype=np.float32)
        if any(one.view == "labels" for one in members):
            labels = label_columns(task.columns.relations, task.confirmed, task.known, random)
        others = np.sort(random.choice(nodes, min(nodes, BACKGROUND_MAX), replace=False))
        fitted: list[Any] = []
        for member in members:
            columns = _read(task.columns, labels, member, rows)
            background = _read(task.columns, labels, member, others)
            y = task.confirmed[rows]
            fitted.append(
                fit_member(member, columns, y, background, seed=task.seed, trees=task.trees)
            )
        return cls(task.columns, labels, tuple(members), tuple(fitted))

    def scores(self, rows: Rows) -> Scores:
        """(rows, learners): log odds."""
        found = np.zeros((len(rows), len(self.members)), dtype=np.float32)
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            for place, member in enumerate(self.members):
                columns = _read(self.columns, self.labels, member, rows[part])
                found[part, place] = margins(member, self.fitted[place], columns)
        return found


def _read(columns: GraphColumns, labels: Floats, member: Member, rows: Rows) -> Floats:
    values = columns.view(member.view)[rows]
    return np.hstack([values, labels[rows]]) if member.view == "labels" else values
