"""Which learners take part, and what do they make of the columns?"""

# scikit-learn is partly untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from dataclasses import dataclass
from math import sqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from graph_service.learning.columns import View
from graph_service.learning.relations import Floats

Kind = Literal["published", "boosted", "trees", "linear"]
TREES = 120
# A tree of many more rows grows no better and takes memory.
TREE_ROWS_MAX = 100_000
# Rows that scikit-learn's histogram boosting draws to find where a column's values are cut.
CUT_ROWS = 200_000


@dataclass(frozen=True)
class Member:
    """A learner and the columns that it reads."""

    view: View
    kind: Kind

    @property
    def name(self) -> str:
        """As the answer shows it."""
        return f"{self.kind} on {self.view}"

    @property
    def is_portable(self) -> bool:
        """Whether its columns mean the same in another graph: regions and labels do not."""
        return self.view in ("own", "plain", "shape")


PUBLISHED = Member("plain", "published")
# In the order in which they are kept where not all can be afforded.
MEMBERS = (
    PUBLISHED,
    Member("region", "boosted"),
    Member("region", "trees"),
    Member("labels", "boosted"),
    Member("region", "linear"),
    Member("shape", "boosted"),
    Member("labels", "trees"),
    Member("own", "boosted"),
)


def fit_member(
    member: Member,
    columns: Floats,
    y: NDArray[np.bool_],
    background: Floats,
    *,
    seed: int,
    trees: int = TREES,
) -> Any:
    """The fitted learner. columns: of those with a label; background: of any nodes, no labels."""
    rows, width = columns.shape
    if member.kind == "published":
        return _fitted_to_known(HistGradientBoostingClassifier(random_state=seed), columns, y)
    if member.kind == "boosted":
        return _fitted_to_known(_boosted(rows, seed), columns, y)
    if member.kind == "trees":
        return make_pipeline(
            SimpleImputer(strategy="median", keep_empty_features=True),
            _trees(rows, width, trees, seed),
        ).fit(columns, y)
    scaled = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        QuantileTransformer(
            n_quantiles=min(1000, len(background)),
            output_distribution="normal",
            random_state=seed,
        ),
        StandardScaler(),
    ).fit(background)
    # C: the best of .003 and .03 with 100 labels on tolokers.
    linear = LogisticRegression(C=0.03, max_iter=300).fit(scaled.transform(columns), y)
    return make_pipeline(*(step for _, step in scaled.steps), linear)


def _fitted_to_known(boosted: Any, columns: Floats, y: NDArray[np.bool_]) -> Any:
    """Boosting on the columns of which enough is known, when fitted and when asked.

    A column with fewer known values than a leaf must hold is never branched on, so what is learned
    is the same without it; one without any cannot be cut into steps. Where cuts are found on a
    part of the rows, enough is so much that the part has some. Without columns, or with none that
    is known, the part of positives is all there is to say.
    """
    enough = boosted.min_samples_leaf * max(1, len(columns) / CUT_ROWS)
    known = (~np.isnan(columns)).sum(axis=0) >= enough
    if not known.any():
        return DummyClassifier(strategy="prior").fit(columns, y)
    if known.all():
        return boosted.fit(columns, y)
    kept = ColumnTransformer([("known", "passthrough", np.flatnonzero(known))])
    return make_pipeline(kept, boosted).fit(columns, y)


def _boosted(rows: int, seed: int) -> Any:
    """Slower and smaller steps than the defaults, and fewer leaves where there are few rows."""
    boosted: Any = HistGradientBoostingClassifier
    return boosted(
        learning_rate=0.05,
        max_iter=60 if rows < 500 else 150 if rows < 5_000 else 250,
        max_leaf_nodes=6 if rows < 500 else 15 if rows < 5_000 else 31,
        min_samples_leaf=int(np.clip(rows // 200, 5, 20)),
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )


def _trees(rows: int, width: int, count: int, seed: int) -> Any:
    many = rows > TREE_ROWS_MAX
    trees: Any = ExtraTreesClassifier
    return trees(
        count,
        min_samples_leaf=2 if rows < 1_000 else 3,
        max_features=_features(width),
        bootstrap=many,
        max_samples=TREE_ROWS_MAX if many else None,
        random_state=seed,
    )


def _features(width: int) -> int:
    """How many columns are tried at each branching of a tree."""
    return int(min(width, max(sqrt(width), min(0.3 * width, 48))))


def member_cost(member: Member, rows: int, width: int, *, trees: int = TREES) -> float:
    """Seconds of one core that a fit takes, roughly.

    Measured on 4,000 and 20,000 rows of 100 and 800 columns.
    """
    cells = rows * width
    if member.kind == "published":
        # From 10,000 rows on it stops early.
        return (2.0e-6 if rows <= 10_000 else 0.7e-6) * cells + 0.2
    if member.kind == "boosted":
        return 1.7e-6 * cells + 0.2
    if member.kind == "trees":
        return 1.2e-5 * rows * _features(width) * trees / TREES + 0.2
    return 4e-3 * width + 0.25e-6 * cells + 0.2


def margins(member: Member, estimator: Any, columns: Floats) -> Floats:
    """The log odds that each row is like the confirmed.

    Where all trees agree they are as sure as half a tree against all; else cut off at 1 in 10^7.
    """
    chances = estimator.predict_proba(columns)[:, 1]
    if member.kind == "trees":
        trees = estimator[-1].n_estimators
        chances = (chances * trees + 0.5) / (trees + 1)
    chances = np.clip(chances, 1e-7, 1 - 1e-7)
    return np.log(chances / (1 - chances)).astype(np.float32)
