"""Are late returns of one promoter's orders found, and are serial returners left alone?"""

from collections.abc import Callable

import pytest

from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.refund_arbitrage import DETECTOR
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.scene import Scene
from tests.worlds import farms
from tests.worlds.malls import Mall, names_of


def alerts_of(scene: Scene) -> list[Finding]:
    return [one for one in DETECTOR.find(scene) if one.score >= ALERT_SCORE]


def test_late_returns_are_found_with_promoter_and_buyers() -> None:
    mall = Mall(1)
    planted = farms.late_returns(mall)
    scene = mall.scene()

    best = alerts_of(scene)[0]

    assert names_of(scene, best.members) == planted


@pytest.mark.parametrize("look", [farms.serial_returner, farms.burst, farms.great_month])
def test_honest_returns_are_no_arbitrage(look: Callable[[Mall], set[str]]) -> None:
    mall = Mall(2)
    look(mall)

    assert alerts_of(mall.scene()) == []


def test_a_finding_tells_why_and_its_contributions_add_up_to_its_score() -> None:
    mall = Mall(4)
    farms.late_returns(mall)

    best = alerts_of(mall.scene())[0]

    assert {reason.feature for reason in best.reasons} >= {"late_returns", "same_buyers"}
    assert sum(reason.contribution for reason in best.reasons) == pytest.approx(best.score)
    assert best.amount_minor == 9 * 20_000
