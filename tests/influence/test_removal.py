"""Removal effects against exact elimination and against the package ChannelAttribution."""

import json
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.influence import removal
from graph_service.influence.removal import ChainTooLarge, Touches, removal_effects
from tests.reference.journeys import exact_removal_effects

Paths = dict[Touches, tuple[int, int]]
touches = st.lists(st.sampled_from(["a", "b", "c", "d", None]), min_size=1, max_size=6).map(tuple)
many = st.dictionaries(touches, st.tuples(st.integers(0, 4), st.integers(1, 4)), min_size=1)


@pytest.mark.parametrize("factorised_from", [1, 3, removal.FACTORISED_FROM])
@given(many, st.integers(1, 4))
def test_effects_are_those_of_exact_elimination(
    factorised_from: int, paths: Paths, order: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(removal, "FACTORISED_FROM", factorised_from)
        found = removal_effects(paths, order=order)

    expected = exact_removal_effects(paths, order)
    assert found.keys() == expected.keys()
    for key, effect in expected.items():
        assert found[key] == pytest.approx(float(effect), abs=1e-9)


def test_the_worked_example_is_solved() -> None:
    # Half go a, b and convert; a quarter only a and convert; a quarter only b and are lost.
    paths: Paths = {("a", "b"): (2, 0), ("a",): (1, 0), ("b",): (0, 1)}

    found = removal_effects(paths)

    # From a 2/3 go to b, of b's three visitors 2 convert: 3/4 (1/3 + 2/3 2/3) + 1/4 2/3 = 3/4.
    without_a, without_b = Fraction(1, 6), Fraction(1, 4)
    assert found["a"] == pytest.approx(float(1 - without_a / Fraction(3, 4)))
    assert found["b"] == pytest.approx(float(1 - without_b / Fraction(3, 4)))


def test_nothing_is_lost_where_nobody_converts() -> None:
    assert removal_effects({("a", "b"): (0, 3)}) == {"a": 0.0, "b": 0.0}


def test_a_touchpoint_on_every_journey_loses_everything() -> None:
    assert removal_effects({("a", "b"): (1, 1), ("c", "b"): (1, 0)}, order=3)["b"] == 1.0


def test_more_states_than_the_limit_are_refused() -> None:
    with pytest.raises(ChainTooLarge, match="more than 3 states"):
        removal_effects({("a", "b", "c", "d"): (1, 0)}, states_max=3)


SIMULATED = """
import json, sys
import pandas
import ChannelAttribution as peer
paths = json.load(sys.stdin)
data = pandas.DataFrame(paths["rows"], columns=["path", "won", "lost"])
found = peer.markov_model(
    data, "path", "won", var_null="lost", order=paths["order"], nsim_start=1e6, seed=7,
    out_more=True, verbose=False, flg_pro=False, conv_par=0.005,
)
effects = found["removal_effects"]
print(json.dumps(dict(zip(effects.iloc[:, 0], map(float, effects.iloc[:, 1])))))
"""


@pytest.mark.parametrize("order", [1, 2])
def test_effects_are_near_those_that_channel_attribution_simulates(order: int) -> None:
    pytest.importorskip("pandas")
    if subprocess.run(  # It prints and warns when it is imported.
        [sys.executable, "-c", "import ChannelAttribution"], capture_output=True, check=False
    ).returncode:
        pytest.skip("ChannelAttribution is not installed")
    paths: Paths = {
        ("a", "b", "c"): (30, 40),
        ("b", "c"): (20, 90),
        ("a",): (10, 60),
        ("c", "a", "b", "a"): (25, 10),
        ("d", "c"): (5, 45),
        ("b", "d", "b"): (12, 33),
    }
    rows = [[" > ".join(map(str, path)), *counts] for path, counts in paths.items()]

    told = json.dumps({"rows": rows, "order": order})
    ran = subprocess.run(
        [sys.executable, "-c", SIMULATED], input=told, capture_output=True, text=True, check=True
    )

    simulated = json.loads(ran.stdout.strip().splitlines()[-1])
    found = removal_effects(paths, order=order)
    assert {one: pytest.approx(simulated[one], abs=0.02) for one in simulated} == found
