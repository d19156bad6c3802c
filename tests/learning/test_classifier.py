"""Does the classifier read only what it may, and find what is there?"""

# scikit-learn and scipy are partly untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_score

from graph_service.learning import classifier as classifier_file
from graph_service.learning import fitting
from graph_service.learning.classifier import GraphFeatureClassifier
from graph_service.learning.fitting import HELD_OUT_MIN, Learned, Plan, Task, effort_of
from graph_service.learning.members import MEMBERS, PUBLISHED, fit_member
from tests.learning.graphs import MADE, Made

NODES = 600
QUICK = {"region_columns": 8, "folds": 2, "trees": 20, "random_state": 3}


@pytest.fixture(scope="module", autouse=True)
def _one_cross_validation() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    """Half the fits; what is asked here does not hang on repeats."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fitting, "REPEATS", ())
        yield


def relation_of(made: Made) -> Any:
    one, other = made.edges.T
    nodes = len(made.y)
    return csr_matrix((np.ones(len(one)), (one, other)), (nodes, nodes))


def train_of(nodes: int) -> NDArray[np.bool_]:
    return np.random.default_rng(5).random(nodes) < 0.5


@cache
def made(name: str, seed: int = 1, nodes: int = NODES) -> Made:
    return MADE[name](nodes, seed)


def fit(one: Made, y: Any = None, **changes: Any) -> GraphFeatureClassifier:
    classifier = GraphFeatureClassifier(**{**QUICK, **changes})
    return classifier.fit(
        one.values,
        one.y if y is None else y,
        relations={"knows": relation_of(one)},
        train=train_of(len(one.y)),
    )


@cache
def fitted(name: str) -> GraphFeatureClassifier:
    return fit(made(name))


def test_labels_outside_of_train_change_nothing() -> None:
    one = made("communities")
    other = np.where(train_of(NODES), one.y, np.where(one.y == 1, 0, np.nan))

    found = fit(one, other).probabilities_

    assert np.array_equal(found, fitted("communities").probabilities_)


def test_it_is_a_classifier_as_scikit_learn_means_it() -> None:
    again: Any = clone(GraphFeatureClassifier(**QUICK))

    again.set_params(folds=4)

    assert again.get_params() == {**QUICK, "folds": 4, "work_s_max": 60.0}
    one = fitted("communities")
    assert one.classes_.tolist() == [0, 1]
    assert one.n_features_in_ == 6
    assert one.predict_proba().shape == (NODES, 2)
    assert np.allclose(one.predict_proba().sum(axis=1), 1)
    assert set(one.predict().tolist()) <= {0, 1}
    assert json.dumps(one.notes_)


def test_asked_before_it_learned_it_says_so() -> None:
    with pytest.raises(NotFittedError):
        GraphFeatureClassifier().predict_proba()


def test_the_same_graph_given_again_has_the_same_chances() -> None:
    one = made("communities")

    again = fitted("communities").predict_proba(one.values, {"knows": relation_of(one)})

    assert np.array_equal(again, fitted("communities").probabilities_)


def test_the_same_x_needs_no_relations_and_nothing_is_computed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, known = made("communities"), fitted("communities")

    def costly(*_: Any, **__: Any) -> Any:
        raise AssertionError("columns are computed again")

    monkeypatch.setattr(classifier_file, "columns_of_ties", costly)
    chances = [
        known.predict_proba(one.values),
        known.predict_proba(one.values, {"knows": relation_of(one)}),
    ]

    assert all(np.array_equal(found, known.probabilities_) for found in chances)
    assert np.array_equal(known.predict(one.values), known.predict())


@pytest.mark.parametrize("asked", ["predict_proba", "predict"])
def test_another_x_without_its_relations_is_refused(asked: str) -> None:
    other = made("communities", seed=9)

    with pytest.raises(ValueError, match=r"pass relations= of its nodes, \['knows'\]"):
        getattr(fitted("communities"), asked)(other.values)


def test_the_same_x_with_other_ties_is_another_graph() -> None:
    one, other = made("values only"), made("values only", seed=9)

    chances = fitted("values only").predict_proba(one.values, {"knows": relation_of(other)})

    assert not np.array_equal(chances, fitted("values only").probabilities_)
    assert roc_auc_score(one.y, chances[:, 1]) > 0.85


def test_the_score_is_the_part_of_right_predictions() -> None:
    one, other = made("values only"), made("values only", seed=9)
    known, ties = fitted("values only"), {"knows": relation_of(other)}
    test = ~train_of(NODES)

    assert known.score(one.values, one.y) == np.mean(known.predict() == one.y)
    assert known.score(one.values, one.y, test) == pytest.approx(
        np.mean(known.predict()[test] == one.y[test])
    )
    right = known.predict(other.values, ties) == other.y
    assert known.score(other.values, other.y, relations=ties) == np.mean(right)


def test_without_relations_it_is_cross_validated_as_any_other_classifier() -> None:
    one = made("values only")

    scores = cross_val_score(GraphFeatureClassifier(**QUICK), one.values, one.y, cv=2)

    assert np.mean(scores) > 0.9


@pytest.mark.parametrize("how", ["0 and 1", "numbers", "unordered numbers", "list"])
def test_who_is_learned_from_may_be_named_in_several_ways(how: str) -> None:
    one, train = made("values only", nodes=200), train_of(200)
    places = np.flatnonzero(train)
    named: dict[str, Any] = {
        "0 and 1": train.astype(np.int8),
        "numbers": places,
        "unordered numbers": np.concatenate([places[::-1], places[:3]]).astype(np.uint16),
        "list": train.tolist(),
    }

    found, masked = (
        GraphFeatureClassifier(**{**QUICK, "trees": 3}).fit(one.values, one.y, train=given)
        for given in (named[how], train)
    )

    assert np.array_equal(found.probabilities_, masked.probabilities_)


def test_another_graph_of_the_same_kind_is_judged_by_what_carries_over() -> None:
    other = made("values only", seed=9)

    chances = fitted("values only").predict_proba(other.values, {"knows": relation_of(other)})

    assert roc_auc_score(other.y, chances[:, 1]) > 0.85


def test_another_graph_must_have_the_same_columns_and_relations() -> None:
    one = made("values only")

    with pytest.raises(ValueError, match="6 columns and relations"):
        fitted("values only").predict_proba(one.values, {"refers": relation_of(one)})


@pytest.mark.parametrize("name", list(MADE))
def test_it_is_about_as_good_as_the_published_recipe_wherever_the_signal_lies(name: str) -> None:
    one, train = made(name), train_of(NODES)
    classifier = fitted(name)
    plain = classifier.columns_of(one.values, {"knows": relation_of(one)}).view("plain")
    recipe = fit_member(PUBLISHED, plain[train], one.y[train] == 1, plain[:1], seed=1)

    service = roc_auc_score(one.y[~train], classifier.probabilities_[~train, 1])

    published = roc_auc_score(one.y[~train], recipe.predict_proba(plain[~train])[:, 1])
    # 30 positives to ask: one standard error of an AUROC of .85 is .04.
    assert service > published - 0.06


def test_what_only_the_structure_says_is_found() -> None:
    one, train = made("structure only"), train_of(NODES)

    chances = fitted("structure only").probabilities_[~train, 1]

    assert roc_auc_score(one.y[~train], chances) > 0.9


def test_a_graph_without_relations_and_with_unknown_values_is_learned_from() -> None:
    one = made("values only")
    values = one.values.copy()
    values[::7, 0] = np.nan

    found = GraphFeatureClassifier(**QUICK).fit(values, one.y, train=train_of(NODES))

    assert roc_auc_score(one.y, found.probabilities_[:, 1]) > 0.8


def odd(name: str) -> NDArray[np.float64]:
    """The columns of "values only", of which two say all, with one that is odd."""
    values, train = made("values only").values.copy(), train_of(NODES)
    values[train, 3] = np.nan
    values[:, 4] = {"unknown": np.nan, "constant": 1, "infinite": np.inf, "huge": 3e38}[name]
    values[::2, 5] = {"unknown": np.nan, "constant": 1, "infinite": -np.inf, "huge": 1e300}[name]
    return values


@pytest.mark.parametrize("name", ["unknown", "constant", "infinite", "huge"])
@pytest.mark.parametrize("related", [True, False])
def test_columns_that_say_nothing_to_learn_from_do_no_harm(name: str, related: bool) -> None:
    one, train, values = made("values only"), train_of(NODES), odd(name)
    relations = {"knows": relation_of(one)} if related else {}
    classifier = GraphFeatureClassifier(**QUICK)

    found = classifier.fit(values, one.y, relations=relations, train=train)

    assert roc_auc_score(one.y[~train], found.probabilities_[~train, 1]) > 0.8
    # What was unknown where it learned may be known elsewhere.
    other = found.predict_proba(one.values, relations)
    assert roc_auc_score(one.y[~train], other[~train, 1]) > 0.8


def test_without_columns_the_structure_is_learned_from() -> None:
    one, other, train = made("structure only"), made("structure only", 2), train_of(NODES)
    none = np.zeros((NODES, 0))

    found = GraphFeatureClassifier(**QUICK).fit(
        none, one.y, relations={"knows": relation_of(one)}, train=train
    )

    assert roc_auc_score(one.y[~train], found.probabilities_[~train, 1]) > 0.9
    chances = found.predict_proba(none, {"knows": relation_of(other)})
    assert roc_auc_score(other.y, chances[:, 1]) > 0.8


def test_one_label_of_a_class_is_enough_to_say_something() -> None:
    one = made("values only")
    train = np.zeros(NODES, dtype=bool)
    train[[np.flatnonzero(one.y)[0], *np.flatnonzero(one.y == 0)[:3]]] = True

    found = GraphFeatureClassifier(**QUICK).fit(
        one.values, one.y, relations={"knows": relation_of(one)}, train=train
    )

    assert np.isfinite(found.probabilities_).all()
    assert np.allclose(found.weights_, 1 / len(found.weights_))


def test_validation_labels_only_weigh_the_learners() -> None:
    one = made("communities")
    train = train_of(NODES)
    validation = ~train & (np.arange(NODES) % 2 == 0)

    found = GraphFeatureClassifier(**QUICK).fit(
        one.values,
        one.y,
        relations={"knows": relation_of(one)},
        train=train,
        validation=validation,
    )

    rest = ~train & ~validation
    assert roc_auc_score(one.y[rest], found.probabilities_[rest, 1]) > 0.7
    assert not np.array_equal(found.weights_, fitted("communities").weights_)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"train": np.ones(3, dtype=bool)}, r"train is bool \(3,\); it must be a mask"),
        ({"train": np.ones(NODES)}, r"train is float64 \(600,\)"),
        ({"train": np.ones((NODES, 1), dtype=bool)}, r"train is bool \(600, 1\)"),
        ({"train": []}, r"train is float64 \(0,\)"),
        ({"train": [0, NODES]}, "train names the node 600: nodes are 0 to 599"),
        ({"train": [0, -1]}, "train names the node -1"),
        ({"validation": ["a"]}, "validation is <U1"),
        ({"train": np.array([], dtype=int)}, "0 classes"),
        ({"y": np.zeros(NODES)}, "1 classes"),
        ({"y": np.zeros(4)}, r"shape \(4,\)"),
        ({"relations": {"knows": csr_matrix((4, 4))}}, "4 nodes and X has 600"),
        ({"relations": {"knows": csr_matrix((4, 5))}}, "not square"),
        ({"X": np.zeros(NODES)}, "shape"),
        ({"X": np.zeros((NODES, 0))}, "no columns and there are no relations"),
    ],
)
def test_what_does_not_fit_together_is_refused(change: dict[str, Any], told: str) -> None:
    one = made("values only")
    given: dict[str, Any] = {"X": one.values, "y": one.y, **change}

    with pytest.raises(ValueError, match=told):
        GraphFeatureClassifier(**QUICK).fit(**given)


def task_of(name: str) -> Task:
    one = made(name)
    columns = GraphFeatureClassifier(**QUICK).columns_of(one.values, {"knows": relation_of(one)})
    return Task(columns, one.y == 1, train_of(NODES), 1, trees=5)


def test_much_work_is_cut_down_and_said_so() -> None:
    task = task_of("values only")

    whole, short = effort_of(task, 5, 1e9), effort_of(task, 5, 0.0)

    assert (whole.notes, whole.folds) == ((), 5)
    assert len(short.members) < len(whole.members)
    assert short.members[0] == PUBLISHED
    assert "to save time" in short.notes[0]


def test_where_enough_labels_are_held_out_nothing_is_fitted_again_to_weigh() -> None:
    task = task_of("values only")

    few, enough = (
        effort_of(task, 5, 0.0, held_out=count) for count in (HELD_OUT_MIN - 1, HELD_OUT_MIN)
    )

    assert (few.folds, enough.folds) == (2, 0)
    assert enough.fits == len(enough.members)
    assert enough.members[0] == PUBLISHED


def test_the_recipe_reads_all_that_was_published_whatever_the_plan() -> None:
    task = task_of("structure only")
    plan = Plan(0, 0, columns=5, fit_rows=100)

    learned = Learned.of(task, MEMBERS, plan)

    rows = np.arange(NODES)
    plain = task.columns.view("plain")
    alone = fit_member(
        PUBLISHED, plain[task.known], task.confirmed[task.known], plain[:1], seed=task.seed
    )
    expected = alone.decision_function(plain)
    assert learned.scores(rows, [0])[:, 0] == pytest.approx(expected, abs=1e-3)
    assert {view: len(chosen) for view, chosen in learned.chosen.items()} == {
        "own": 5,
        "shape": 5,
        "region": 5,
        "labels": 5,
    }


def test_the_most_telling_columns_are_kept() -> None:
    task = task_of("values only")

    learned = Learned.of(task, MEMBERS[:2], Plan(0, 0, columns=4))

    # Own columns 0 and 1 say all that can be known.
    assert {0, 1} <= set(learned.chosen["region"].tolist())


def test_a_plan_that_reads_fewer_columns_judges_another_graph_by_the_same() -> None:
    one = made("values only")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fitting, "PLANS", (Plan(2, 300, 3, 6, 200),))
        classifier = fit(one)

    other = made("values only", seed=9)
    chances = classifier.predict_proba(other.values, {"knows": relation_of(other)})

    assert roc_auc_score(other.y, chances[:, 1]) > 0.85


def test_only_who_is_asked_about_is_judged_and_progress_is_told() -> None:
    task, parts = task_of("values only"), list[float]()
    asked = ~task.known
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fitting, "PLANS", (Plan(2, 300, 2),))
        found = GraphFeatureClassifier(**QUICK).fit_columns(
            task.columns, task.confirmed, train=task.known, asked=asked, told=parts.append
        )

    assert np.array_equal(np.isnan(found.probabilities_[:, 1]), ~asked)
    assert parts == sorted(parts)
    assert len(parts) == 6
    assert parts[-1] == 1


def test_a_task_reads_no_label_that_is_not_known() -> None:
    task = task_of("communities")
    other = replace(task, confirmed=task.confirmed ^ ~task.known)
    plan = Plan(0, 0, columns=6, fit_rows=100)
    rows = np.arange(NODES)

    found = [Learned.of(one, MEMBERS[:4], plan).scores(rows) for one in (task, other)]

    assert np.array_equal(found[0], found[1])
