"""Models of members that were saved, the one that is shipped, and the command that makes them."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from graph_service.errors import Conflict
from graph_service.features.gathering import wide_names
from graph_service.fraud.members import kept
from graph_service.fraud.members.scoring import GRADED
from graph_service.fraud.members.training import train
from graph_service.train_command import app
from tests.fraud.members.malls import made_up

CREATED = "2026-01-01T00:00:00Z"
MODEL_BYTES_MAX = 2_000_000


def test_a_saved_model_scores_as_before_and_stands(tmp_path: Path) -> None:
    labelled = made_up(2)
    trained = train(labelled)
    kept.save_member_model(tmp_path, trained, version="1", created=CREATED, source="made-up")

    model, note = kept.model_in_force(tmp_path)

    assert note is None
    assert model is not None
    values = labelled.values[:, :3]
    np.testing.assert_allclose(model.score(values), trained.model.score(values))
    assert model.columns == trained.model.columns
    with pytest.raises(Conflict, match="has a version 1 already"):
        kept.save_member_model(tmp_path, trained, version="1", created=CREATED, source="again")


def test_the_card_tells_what_it_learned_from_and_how_well(tmp_path: Path) -> None:
    trained = train(made_up(2))

    place = kept.save_member_model(tmp_path, trained, version="1", created=CREATED, source="a mall")

    card = (place / "card.md").read_text(encoding="utf-8")
    assert "from a mall" in card
    assert f"{trained.later_auprc:.3f}" in card
    assert "{" not in card


def test_without_a_model_it_is_said_why(tmp_path: Path) -> None:
    model, note = kept.model_in_force(tmp_path)

    assert model is None
    assert note is not None
    assert note.startswith("scored without a model: there is no model members")


def test_a_damaged_model_is_not_used(tmp_path: Path) -> None:
    place = kept.save_member_model(
        tmp_path, train(made_up(2)), version="1", created=CREATED, source="made-up"
    )
    with (place / "model.skops").open("ab") as file:
        file.write(b"x")

    model, note = kept.model_in_force(tmp_path)

    assert model is None
    assert "hash differs" in str(note)


def test_the_model_that_is_shipped_loads_is_small_and_reads_what_is_computed() -> None:
    folder = kept.models_folder()

    model = kept.load_member_model(folder)

    assert set(model.columns) <= {*wide_names(), *GRADED}
    files = list((folder / kept.NAME / model.version).iterdir())
    assert sum(one.stat().st_size for one in files) < MODEL_BYTES_MAX


def test_the_command_learns_from_made_up_malls(tmp_path: Path) -> None:
    options = ["--worlds", "2", "--members", "1000", "--version", "9", "--json"]

    result = CliRunner().invoke(app, [*options, "--out", str(tmp_path)])

    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["confirmed"] >= 50
    assert kept.load_member_model(tmp_path, "9").threshold == told["threshold"]


def test_the_command_knows_no_other_kinds(tmp_path: Path) -> None:
    options = ["--worlds", "1", "--members", "1000", "--without", "theft", "--out", str(tmp_path)]

    result = CliRunner().invoke(app, options)

    assert "no kind is called theft" in str(result.exception)
