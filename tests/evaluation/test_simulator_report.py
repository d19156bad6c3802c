"""Does the report say beside each figure what was to be reached, and whether it is?"""

import json
from dataclasses import replace

import pytest

from graph_service.evaluation.page import printed
from graph_service.evaluation.simulator import Interval, Simulated
from graph_service.evaluation.simulator_report import Goal, answer_of, show
from graph_service.typologies.world import KINDS, LOOKALIKES


def of(mean: float) -> Interval:
    return Interval(mean, 0.01, 3)


AT = {0.0: of(0.98), 0.25: of(0.96), 0.5: of(0.9199), 0.75: of(0.75)}
LEFT = {kind: of(0.6 if place < 6 else 0.29) for place, kind in enumerate(KINDS)}
FOUND = Simulated(
    shift=AT,
    shift_model=AT,
    shift_findings=AT,
    left_out=LEFT,
    left_out_model=dict.fromkeys(KINDS, of(0.7)),
    lookalike_part={kind: of(0.0099 if place else 0.01) for place, kind in enumerate(LOOKALIKES)},
    accused_part={at: of(0.002 if at < 0.5 else 0.00201) for at in AT},
    watched_part=dict.fromkeys(AT, of(0.01)),
    artefacts={"events": of(0.65), "gap": of(0.1)},
    members=1_000,
    worlds=2,
)


def lines(found: Simulated = FOUND) -> dict[str, list[str]]:
    """The cells of each line by its first, goals by that of the line before."""
    told: dict[str, list[str]] = {}
    before = ""
    for line in printed(lambda console: show(found, console)).splitlines():
        first, *cells = [cell.strip() for cell in line.strip().split("  ") if cell.strip()]
        before = f"goal of {before}" if first == "goal" else first
        told[before] = cells
    return told


@pytest.mark.parametrize(
    ("goal", "value", "told"),
    [
        (Goal("≥", 0.3), 0.3, "≥ 0.3 met"),
        (Goal("≥", 0.3), 0.2999, "≥ 0.3 missed"),
        (Goal("≤", 0.2), 0.2, "≤ 0.2 met"),
        (Goal("≤", 0.2), 0.2001, "≤ 0.2 missed"),
        (Goal("<", 0.01), 0.01, "< 0.01 missed"),
        (Goal("≥", 0.3), float("nan"), "≥ 0.3 missed"),
    ],
)
def test_a_goal_is_met_by_what_is_measured_and_not_by_what_is_shown(
    goal: Goal, value: float, told: str
) -> None:
    assert goal.told(value) == told


def test_goals_stand_under_the_figures_of_camouflage() -> None:
    told = lines()

    assert told["goal of model and detectors"] == ["≥ 0.92 missed", "≥ 0.75 met"]
    assert told["goal of honest members accused %"] == ["≤ 0.2 met"] * 2 + ["≤ 0.2 missed"] * 2


def test_goals_stand_beside_kinds_and_lookalikes() -> None:
    told = lines()

    assert told[KINDS[0]] == ["0.60 ± 0.01", "≥ 0.3 met", "0.70 ± 0.01", "≥ 0.3 met"]
    assert told[KINDS[-1]] == ["0.29 ± 0.01", "≥ 0.3 missed", "0.70 ± 0.01", "≥ 0.3 met"]
    assert told["kinds ≥ 0.6"] == ["6 of 10", "≥ 6 met", "10 of 10", "≥ 6 met"]
    assert told[LOOKALIKES[0]] == ["1.00 ± 1.00", "< 1 missed"]
    assert told[LOOKALIKES[1]] == ["0.99 ± 1.00", "< 1 met"]
    assert told["events"] == ["0.65 ± 0.01", "≤ 0.85 met"]
    assert told["gap"] == ["0.10 ± 0.01", "≤ 0.85 missed"]


def test_fewer_kinds_than_the_goal_are_not_enough() -> None:
    told = lines(replace(FOUND, left_out={**LEFT, KINDS[0]: of(0.59)}))

    assert told["kinds ≥ 0.6"][:2] == ["5 of 10", "≥ 6 missed"]


def test_the_answer_says_of_each_goal_whether_it_is_met() -> None:
    met = json.loads(json.dumps(answer_of(FOUND)))["goalsMet"]

    assert met["shift"] == {"0.5": False, "0.75": True}
    assert met["leftOutMany"] is met["leftOutModelMany"] is True
    assert met["artefacts"] == {"events": True, "gap": False}
    assert met["leftOut"][KINDS[-1]] is False
    assert met["lookalikePart"][LOOKALIKES[0]] is False
    assert met["accusedPart"] == {"0.0": True, "0.25": True, "0.5": False, "0.75": False}
