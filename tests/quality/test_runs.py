"""Does the evaluation say what a small world is like? Floors, not exact numbers."""

import json
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graph_service.cli import app
from graph_service.quality.measures import UNKNOWN
from graph_service.quality.runs import LEVELS, Level, evaluate, figure_of

ACCOUNTS, SEEDS = 1_500, 2


@cache
def levels() -> list[Level]:
    return evaluate(ACCOUNTS, SEEDS, lambda _done, _total: None, (0.0, 1.0))


def mean_of(name: str, camouflage: float = 0.0) -> float:
    return next(one for one in levels() if one.camouflage == camouflage).figures[name].mean


def test_without_camouflage_most_is_found_and_little_of_it_is_wrong() -> None:
    assert mean_of("precision") > 0.9
    assert mean_of("recallOfFraudsters") > 0.7
    assert mean_of("recallOfHonest") > 0.7
    assert mean_of("cubedF1") > 0.95


def test_who_shares_nothing_strong_is_not_found_and_the_honest_are_as_before() -> None:
    assert mean_of("fraudAccountsJoined", 1.0) == 0
    assert mean_of("recallOfHonest", 1.0) == mean_of("recallOfHonest")


def test_simpler_rules_join_more_honest_people() -> None:
    service, strong, anything = (
        mean_of(name)
        for name in ("honestJoined", "anyStrongHonestJoined", "anythingButIpHonestJoined")
    )

    assert service < strong < anything / 2
    assert mean_of("cubedF1") > mean_of("anyStrongCubedF1") > mean_of("anythingButIpCubedF1")


def test_most_people_who_live_together_are_not_joined() -> None:
    assert mean_of("householdPairsJoined") < 0.1 * mean_of("householdPairs")
    assert mean_of("householdPairsSuggested") > mean_of("householdPairsJoined")


def test_every_false_pair_has_a_cause() -> None:
    causes = {name for level in levels() for name in level.noise}

    assert "family card" in causes
    assert UNKNOWN not in causes


def test_homes_workplaces_and_cafes_join_nobody_though_they_are_used_most() -> None:
    level = levels()[0]

    for name in ("household", "workplace", "internet café", "second-hand device", "gift"):
        assert level.uses[name].mean > 0
        assert name not in level.noise


def test_an_interval_holds_the_mean_and_one_seed_has_none() -> None:
    found, single = figure_of([1.0, 2.0, 3.0, 4.0, 5.0]), figure_of([2.0])

    # Student's t at 95 % with four degrees of freedom is 2.776; s / √n is √2.5 / √5.
    assert found.high - found.mean == pytest.approx(2.776 * 0.7071, abs=1e-3)
    assert single.low == single.high == 2.0


def test_the_command_writes_the_page_with_its_picture(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    arguments = ["persons", "evaluate", "--accounts", "300", "--seeds", "1", "--json"]

    shown = CliRunner().invoke(app, [*arguments, "--write", str(page)])

    assert shown.exit_code == 0
    told = json.loads(shown.stdout)
    assert [one["camouflage"] for one in told["levels"]] == list(LEVELS)
    assert "| 0.75 | " in page.read_text("utf-8")
    assert (tmp_path / "pictures/persons-quality.svg").read_text("utf-8").startswith("<?xml")
