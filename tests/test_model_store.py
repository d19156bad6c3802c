"""Does a model come back as it was saved, and only then?"""

# scikit-learn and scipy are partly untyped.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix, random_array
from sklearn.base import BaseEstimator

from graph_service.errors import Conflict, ModelUnavailable
from graph_service.learning.classifier import GraphFeatureClassifier
from graph_service.model_store import load_model, save_model

FEATURES = ["age", "orders", "refunds"]
MANIFEST = {"features": FEATURES, "metrics": {"auroc": 0.9}, "created": "2026-01-01T00:00:00Z"}


def graph(seed: int, nodes: int = 120) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(seed)
    values = random.normal(size=(nodes, 3))
    y = (values[:, 0] + random.normal(size=nodes) > 0.5).astype(int)
    return values, y, csr_matrix(random_array((nodes, nodes), density=0.05, rng=random))


@cache
def fitted() -> GraphFeatureClassifier:
    values, y, ties = graph(1)
    return GraphFeatureClassifier(region_columns=2, folds=2, trees=5, random_state=1).fit(
        values, y, relations={"refers": ties}
    )


def saved(folder: Path, version: str = "1", estimator: Any = None, **changes: Any) -> Path:
    manifest = {**MANIFEST, **changes}
    model = estimator or fitted()
    return save_model(folder, "nodes", version, model, manifest=manifest, card="# Nodes")


def test_a_model_says_the_same_after_it_was_saved_and_loaded(tmp_path: Path) -> None:
    values, _, ties = graph(2)
    saved(tmp_path)

    model = load_model(tmp_path, "nodes", features=FEATURES)

    again = model.estimator
    assert np.array_equal(again.predict_proba(), fitted().predict_proba())
    assert np.array_equal(
        again.predict_proba(values, {"refers": ties}),
        fitted().predict_proba(values, {"refers": ties}),
    )
    assert (model.version, model.card) == ("1", "# Nodes")
    assert model.manifest["metrics"] == {"auroc": 0.9}


@pytest.mark.parametrize("unknown", [1, 3])
def test_one_that_learned_from_unknown_columns_is_saved_too(tmp_path: Path, unknown: int) -> None:
    values, y, _ = graph(1)
    values[:, :unknown] = np.nan
    learned = GraphFeatureClassifier(trees=5, random_state=1).fit(values, y)
    saved(tmp_path, estimator=learned)

    again = load_model(tmp_path, "nodes").estimator

    other, _, _ = graph(2)
    assert np.array_equal(again.predict_proba(other), learned.predict_proba(other))


def test_a_file_that_was_tampered_with_is_refused(tmp_path: Path) -> None:
    file = saved(tmp_path) / "model.skops"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)

    with pytest.raises(ModelUnavailable, match="hash differs"):
        load_model(tmp_path, "nodes")


def test_a_model_of_another_scikit_learn_is_refused(tmp_path: Path) -> None:
    file = saved(tmp_path) / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["libraries"]["scikit-learn"] = "0.1.7"
    file.write_text(json.dumps(manifest))

    with pytest.raises(ModelUnavailable, match=r"saved by scikit-learn 0\.1\.7"):
        load_model(tmp_path, "nodes")


@pytest.mark.parametrize(
    ("features", "told"),
    [
        (["age", "orders"], "without refunds"),
        ([*FEATURES, "logins"], "with logins"),
        (FEATURES[::-1], "another order"),
    ],
)
def test_a_model_of_other_features_is_refused(
    tmp_path: Path, features: list[str], told: str
) -> None:
    saved(tmp_path)

    with pytest.raises(ModelUnavailable, match=told):
        load_model(tmp_path, "nodes", features=features)


class Strange(BaseEstimator):
    """Of a type that nobody listed."""


def test_what_is_of_a_type_that_is_not_listed_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="not trusted"):
        saved(tmp_path, estimator=Strange())

    assert not list(tmp_path.rglob("model.skops"))


def test_the_newest_version_is_loaded_and_numbers_count_as_numbers(tmp_path: Path) -> None:
    for version in ("2", "10", "9"):
        saved(tmp_path, version)

    assert load_model(tmp_path, "nodes").version == "10"
    assert load_model(tmp_path, "nodes", "9").version == "9"


def test_a_version_that_stands_is_not_overwritten(tmp_path: Path) -> None:
    saved(tmp_path)

    with pytest.raises(Conflict, match="version 1 already"):
        saved(tmp_path)


@pytest.mark.parametrize(("name", "version"), [("nodes", None), ("nodes", "1"), ("../x", "1")])
def test_a_model_that_is_not_there_is_unavailable(
    tmp_path: Path, name: str, version: str | None
) -> None:
    with pytest.raises(ModelUnavailable) as told:
        load_model(tmp_path, name, version)

    assert (told.value.status, told.value.code) == (503, "model_unavailable")
