"""Do learners take columns of which little or nothing is known?"""

# scikit-learn is partly untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from graph_service.learning.members import MEMBERS, PUBLISHED, Member, fit_member, margins
from graph_service.learning.relations import Floats
from tests.learning.graphs import Mask

KINDS = [PUBLISHED, MEMBERS[1], MEMBERS[2], MEMBERS[4]]
# What published boosting asks of a leaf.
LEAF = 20


def rows_of(seed: int, count: int = 150, width: int = 4) -> tuple[Floats, Mask]:
    random = np.random.default_rng(seed)
    columns = random.normal(size=(count, width)).astype(np.float32)
    return columns, columns[:, 0] + random.normal(size=count) > 0


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, LEAF - 1))
def test_columns_that_are_left_out_would_have_changed_nothing(seed: int, known: int) -> None:
    columns, y = rows_of(seed)
    columns[np.random.default_rng(seed).permutation(len(y))[known:], 2] = np.nan
    asked, _ = rows_of(seed + 1)

    found = fit_member(PUBLISHED, columns, y, columns, seed=1).predict_proba(asked)

    plain = HistGradientBoostingClassifier(random_state=1).fit(columns, y)
    assert np.array_equal(found, plain.predict_proba(asked))


@pytest.mark.parametrize("member", KINDS, ids=lambda one: one.name)
@pytest.mark.parametrize("value", [np.nan, 3.0], ids=["unknown", "constant"])
def test_a_column_that_says_nothing_changes_nothing_whatever_it_says_later(
    member: Member, value: float
) -> None:
    columns, y = rows_of(1)
    columns[:, 2] = value
    asked, _ = rows_of(2)
    other = asked.copy()
    other[:, 2] = value

    fitted = fit_member(member, columns, y, columns, seed=1, trees=10)

    assert np.allclose(
        margins(member, fitted, asked), margins(member, fitted, other), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("member", KINDS[:2], ids=lambda one: one.name)
def test_where_nothing_is_known_the_part_of_positives_is_said(member: Member) -> None:
    y = np.arange(60) % 4 == 0
    for columns in (np.full((60, 3), np.nan), np.zeros((60, 0))):
        found = margins(member, fit_member(member, columns, y, columns, seed=1), columns)

        assert found == pytest.approx(np.log(0.25 / 0.75))


def test_a_value_that_stopping_early_or_drawn_cuts_might_miss_is_no_trouble() -> None:
    """Beyond 10,000 rows a tenth is set aside before the rest is cut into steps."""
    columns, y = rows_of(1, 10_500)
    columns[:, 2:] = np.nan
    columns[:19, 2], columns[:20, 3] = 1, np.arange(20)

    for seed in range(2):
        fitted = fit_member(PUBLISHED, columns, y, columns, seed=seed)

        assert np.isfinite(fitted.predict_proba(columns[:50])).all()
