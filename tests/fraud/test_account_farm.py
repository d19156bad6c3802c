"""Are farms found, and are bursts, dormitories and the rest of a mall left alone?"""

from collections.abc import Callable

import pytest

from graph_service.fraud.detectors.account_farm import DETECTOR
from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.scene import Scene
from tests.worlds import farms
from tests.worlds.malls import Mall, names_of


def alerts_of(scene: Scene) -> list[Finding]:
    return [one for one in DETECTOR.find(scene) if one.score >= ALERT_SCORE]


@pytest.mark.parametrize("is_chain", [False, True])
@pytest.mark.parametrize("own_part", [0.0, 0.5])
def test_a_star_and_a_chain_of_farmed_accounts_are_found(
    *, is_chain: bool, own_part: float
) -> None:
    mall = Mall(1)
    planted = farms.farm(mall, 30, is_chain=is_chain, own_part=own_part)
    scene = mall.scene()

    best = alerts_of(scene)[0]

    named = names_of(scene, best.members)
    assert len(named & planted) >= 0.8 * len(planted)
    assert len(named - planted) <= 1


@pytest.mark.parametrize("look", [farms.burst, farms.idle_burst, farms.dormitory])
def test_honest_invitees_of_one_are_no_farm(look: Callable[[Mall], set[str]]) -> None:
    mall = Mall(2)
    look(mall)

    assert alerts_of(mall.scene()) == []


def test_a_finding_tells_why_and_its_contributions_add_up_to_its_score() -> None:
    mall = Mall(4)
    farms.farm(mall)

    best = alerts_of(mall.scene())[0]

    assert {reason.feature for reason in best.reasons} >= {"shared_things", "regular_gaps"}
    assert sum(reason.contribution for reason in best.reasons) == pytest.approx(best.score)
    assert all(reason.zh.endswith("。") and reason.en.endswith(".") for reason in best.reasons)
