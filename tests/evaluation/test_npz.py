"""Are the trials as they should be, and does the command say what came of them?"""

# scikit-learn and scipy are partly untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import json
import re
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score
from typer.testing import CliRunner

from graph_service.cli import app
from graph_service.evaluation import npz
from graph_service.evaluation.graph_files import GraphFileInvalid
from graph_service.evaluation.npz import (
    METRICS,
    Evaluation,
    Split,
    answer_of,
    evaluate_graph_file,
)
from graph_service.learning.classifier import GraphFeatureClassifier
from tests.learning.graphs import structure_only, values_only

NODES = 300
LABELS = np.where(np.arange(NODES) % 3, np.arange(NODES) % 2, -1).astype(np.int8)

heard: list[tuple[float, int]] = []


def splits(labels: str = "full", trials: int = 2, masks: Any = None) -> list[Split]:
    return list(npz._splits(LABELS, masks or {}, npz._counts(labels), trials, 1))  # pyright: ignore[reportPrivateUsage]


@cache
def file() -> Path:
    made = values_only(NODES, 1)
    found = Path(mkdtemp()) / "graph.npz"
    np.savez(found, X=made.values, y=made.y, edges=made.edges)
    return found


@cache
def found() -> Evaluation:
    quick = GraphFeatureClassifier(region_columns=2, folds=2, trees=10)

    def told(done: float, total: int) -> None:
        heard.append((done, total))

    return evaluate_graph_file(file(), trials=2, classifier=quick, told=told)


def test_labels_are_split_40_20_40_by_class_without_overlap() -> None:
    for split in splits():
        parts = [split.train, split.val, split.test]
        assert [int(one.sum()) for one in parts] == [80, 40, 80]
        assert np.array_equal(sum(one.astype(int) for one in parts), (LABELS >= 0).astype(int))
        assert [LABELS[one].mean() for one in parts] == [0.5, 0.5, 0.5]


def test_trials_differ_and_are_the_same_again() -> None:
    first, second = splits()

    assert not np.array_equal(first.train, second.train)
    assert np.array_equal(first.train, splits()[0].train)


def test_few_labels_are_as_many_as_asked_for_and_the_rest_is_tested() -> None:
    (split,) = splits("5+9", 1)

    assert np.bincount(LABELS[split.train]).tolist() == [9, 5]
    assert not split.val.any()
    assert np.array_equal(split.test, (LABELS >= 0) & ~split.train)


def test_masks_of_the_file_take_turns_and_few_labels_are_drawn_in_train() -> None:
    turn = np.arange(NODES) % 5
    masks = {
        "train": np.stack([turn < 2, turn > 2]) & (LABELS >= 0),
        "val": np.zeros((2, NODES), dtype=bool),
        "test": np.stack([turn == 2, turn == 2]) & (LABELS >= 0),
    }

    whole, few = splits("full", 3, masks), splits("5+9", 2, masks)

    assert np.array_equal(whole[2].train, masks["train"][0])
    assert (few[1].train & ~masks["train"][1]).sum() == 0
    assert np.array_equal(few[1].test, masks["test"][1])


@pytest.mark.parametrize("labels", ["20", "0+5", "all", "5+0", "-1+4"])
def test_labels_that_are_not_understood_are_refused(labels: str) -> None:
    with pytest.raises(GraphFileInvalid, match="full or two counts as 20"):
        splits(labels)


def test_more_labels_than_there_are_are_refused() -> None:
    with pytest.raises(GraphFileInvalid, match="only 100 nodes can give 500 labels 1"):
        splits("500+5")


def test_figures_are_percents_of_the_test_nodes_alone() -> None:
    random = np.random.default_rng(1)
    scores, (split, _) = random.random(NODES), splits()
    asked = np.flatnonzero(split.test)
    first = sorted(asked, key=lambda node: -scores[node])[: int(LABELS[asked].sum())]

    measured = npz._measured(LABELS, scores, split.test)  # pyright: ignore[reportPrivateUsage]

    assert measured == {
        "auroc": pytest.approx(100 * roc_auc_score(LABELS[asked], scores[asked])),
        "auprc": pytest.approx(100 * average_precision_score(LABELS[asked], scores[asked])),
        "recallAtK": pytest.approx(100 * np.mean(LABELS[first])),
    }


def test_an_evaluation_is_paired_with_the_recipe() -> None:
    one = found()

    assert one.recipe is not None
    for name in METRICS:
        service, recipe = one.service.figures[name].mean, one.recipe.figures[name].mean
        assert one.difference[name].mean == pytest.approx(service - recipe)
    assert one.service.figures["auroc"].mean > 65
    assert sum(one.weights.values()) == pytest.approx(1)
    assert json.dumps(answer_of(one))


def test_progress_is_told_inside_of_a_trial_too() -> None:
    found()

    assert heard == sorted(heard)
    assert (heard[0], heard[-1]) == ((0, 3), (3, 3))
    assert sum(1 < done < 2 for done, _ in heard) > 5


@pytest.mark.parametrize("labels", ["full", "20+80"])
def test_a_column_that_is_not_known_of_anyone_who_is_learned_from_is_no_trouble(
    tmp_path: Path, labels: str
) -> None:
    made = values_only(NODES, 1)
    values = np.column_stack([made.values, np.full((NODES, 3), np.nan)])
    # Of unlabelled nodes only; the same everywhere; and not finite.
    y = np.where(np.arange(NODES) % 10, made.y, -1)
    values[::10, 6], values[:, 7], values[::3, 8] = 1.0, 2.0, np.inf
    np.savez(tmp_path / "graph.npz", X=values, y=y, edges=made.edges)
    quick = GraphFeatureClassifier(region_columns=2, folds=2, trees=5)

    one = evaluate_graph_file(tmp_path / "graph.npz", labels=labels, trials=1, classifier=quick)

    assert one.recipe is not None
    assert one.service.figures["auroc"].mean > 65
    assert one.recipe.figures["auroc"].mean > 50


@pytest.mark.parametrize("width", [0, 2])
def test_where_x_says_nothing_the_structure_is_learned_from_without_the_recipe(
    tmp_path: Path, width: int
) -> None:
    made = structure_only(NODES, 1)
    values = np.full((NODES, width), np.nan)
    np.savez(tmp_path / "graph.npz", X=values, y=made.y, edges=made.edges)
    quick = GraphFeatureClassifier(region_columns=2, folds=2, trees=5)

    one = evaluate_graph_file(tmp_path / "graph.npz", trials=1, classifier=quick)

    assert one.service.figures["auroc"].mean > 80
    assert one.recipe is None
    assert "the recipe has nothing to read" in one.notes[0]
    assert "baseline" not in answer_of(one)


def test_a_relation_called_any_is_one_of_several_and_notes_of_the_file_are_told(
    tmp_path: Path,
) -> None:
    made = values_only(NODES, 1)
    turn = np.arange(NODES) % 4
    parts: dict[str, Any] = {"train": turn < 2, "val": turn == 1, "test": turn == 3}
    one, other = made.edges[:500], made.edges[500:]
    file = tmp_path / "graph.npz"
    np.savez(file, X=made.values, y=made.y, edges_any=one, edges_other=other, **parts)
    quick = GraphFeatureClassifier(region_columns=2, folds=2, trees=5)

    found = evaluate_graph_file(file, trials=1, classifier=quick, baseline=False)

    apart = [{frozenset(pair) for pair in edges.tolist()} for edges in (one, other)]
    pairs = [{pair for pair in edges if len(pair) == 2} for edges in apart]
    assert found.relations == {"any": len(pairs[0]), "other": len(pairs[1])}
    assert found.edges_together == len(pairs[0] | pairs[1])
    assert "the mask val that are in train, too, and are learned from only: 75" in found.notes[0]


def run(*words: str) -> Any:
    return CliRunner().invoke(app, ["evaluate", *words])


def test_the_command_prints_json_with_its_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def evaluated(_: Path, **options: Any) -> Evaluation:
        options["told"](1, 3)
        asked.update(options)
        return found()

    monkeypatch.setattr(npz, "evaluate_graph_file", evaluated)
    done = run(str(file()), "--labels", "20+80", "--no-masks", "--no-baseline", "--json")

    answer = json.loads(done.stdout)
    assert (asked["labels"], asked["trials"]) == ("20+80", None)
    assert (asked["own_splits"], asked["baseline"]) == (True, False)
    assert answer["unit"] == "percent"
    assert (answer["nodes"], answer["features"], answer["trials"]) == (NODES, 6, 2)
    assert answer["auroc"]["mean"] == round(found().service.figures["auroc"].mean, 2)
    assert answer["edges"] == answer["edgesTogether"] == sum(found().relations.values())
    assert {"auprc", "recallAtK", "seconds", "peakMemoryMib", "baseline", "difference"} <= set(
        answer
    )


def test_the_command_shows_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    def evaluated(_: Path, **_options: Any) -> Evaluation:
        return found()

    monkeypatch.setattr(npz, "evaluate_graph_file", evaluated)
    done = run(str(file()))

    assert re.search(r"service +\d+\.\d ± \d+\.\d", done.stdout)
    assert re.search(r"difference +[+-]\d", done.stdout)
    assert "peak memory" in done.stdout


def test_a_file_that_cannot_be_read_ends_the_command(tmp_path: Path) -> None:
    assert run(str(tmp_path / "none.npz")).exit_code == 1
