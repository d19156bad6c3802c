"""Are clumps and late clicks those of looking at each click and its neighbours?"""

import numpy as np
import pytest

from graph_service.fraud.clicking import Clicking, clicking_of
from graph_service.fraud.crowds.timing import CLUMP_LEAST, timing_of, timing_signs
from graph_service.fraud.scene import Scene
from graph_service.snapshot.log import Ints
from tests.worlds import errands, farms
from tests.worlds.malls import Mall


def rows_of(scene: Scene, clicking: Clicking, name: str) -> Ints:
    promoter = scene.snapshot.names["member"].index(name)
    return np.flatnonzero(clicking.promoter == promoter)


def test_clumps_are_those_of_a_plain_look_at_neighbours() -> None:
    mall = Mall(5, members=80)
    errands.programs(mall)
    scene = mall.scene()
    clicking = clicking_of(scene, pause_seconds=300, burst_clicks=10)

    clumps = timing_of(scene, clicking).clumps

    expected: dict[int, bool] = {}
    fresh = [row for row in range(len(clicking.at)) if not clicking.again[row]]
    for one, row, other in zip(fresh, fresh[1:], fresh[2:], strict=False):
        if clicking.share[one] != clicking.share[other]:
            continue
        before = float(clicking.at[row] - clicking.at[one])
        after = float(clicking.at[other] - clicking.at[row])
        if before + after > 0:
            expected[row] = abs(before - after) / (before + after) > CLUMP_LEAST
    assert dict(zip(clumps.rows.tolist(), clumps.flags.tolist(), strict=True)) == expected


def test_programs_come_in_clumps_and_late_and_what_goes_round_does_not() -> None:
    mall = Mall(6, members=1_500)
    [program] = errands.programs(mall)
    [viral] = farms.viral(mall)
    scene = mall.scene()
    clicking = clicking_of(scene, pause_seconds=300, burst_clicks=10)
    timing = timing_of(scene, clicking)

    clumped, late = timing_signs(timing, rows_of(scene, clicking, program))
    quiet = timing_signs(timing, rows_of(scene, clicking, viral))

    assert clumped.strength == pytest.approx(6)
    assert late.strength > 2
    assert [sign.strength for sign in quiet] == [0, 0]
