"""Is the best stretch of each line told with the families that speak in it?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_service.fraud.crowds.stretches import (
    CHOICE_NATS,
    MEAN_LEAST,
    speaking_stretches,
)
from graph_service.fraud.lines import Lines, best_stretches

MOST = {"device": 6.0, "idle": 4.0}


def lines_of(sizes: list[int]) -> Lines:
    starts = np.cumsum([0, *sizes]).astype(np.int64)
    return Lines(starts, np.arange(sum(sizes)), np.arange(len(sizes)))


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(1, 12), min_size=1, max_size=5), seed=st.integers(0, 10_000))
def test_what_a_stretch_says_is_what_its_families_add_up_to(sizes: list[int], seed: int) -> None:
    lines = lines_of(sizes)
    dice = np.random.default_rng(seed)
    families = {name: dice.normal(0, 1.5, sum(sizes)) for name in MOST}

    best = speaking_stretches(families, lines, MOST)

    for line in range(len(sizes)):
        part = slice(int(best.starts[line]), int(best.ends[line]))
        assert lines.starts[line] <= part.start < part.stop <= lines.starts[line + 1]
        gain = 0.0
        for place, (name, rows) in enumerate(families.items()):
            whole = float(rows[part].sum())
            said = min(whole, MOST[name]) - CHOICE_NATS
            speaks = said > 0 and whole >= MEAN_LEAST * (part.stop - part.start)
            assert best.speaking[place, line] == speaks
            gain += said if speaks else 0.0
        assert best.gain[line] == pytest.approx(gain)


def test_a_farm_that_hides_in_one_family_is_seen_by_the_other() -> None:
    lines = lines_of([30])
    families = {"device": np.zeros(30), "idle": np.full(30, -1.0)}
    families["device"][10:20] = 1.0
    together = best_stretches(families["device"] + families["idle"], lines)[2]

    best = speaking_stretches(families, lines, MOST)

    assert together[0] <= 0
    assert (best.starts[0], best.ends[0]) == (10, 20)
    assert best.speaking[:, 0].tolist() == [True, False]
