"""Are washed months found, and are honest months near a step left alone?"""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.refund_arbitrage import month_begins, months_of
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.detectors.threshold_wash import DETECTOR
from graph_service.fraud.scene import Scene
from graph_service.periods import month_of, period_begins
from tests.worlds import farms
from tests.worlds.malls import Mall, names_of

CHINA = ZoneInfo("Asia/Shanghai")


def alerts_of(scene: Scene) -> list[Finding]:
    return [one for one in DETECTOR.find(scene) if one.score >= ALERT_SCORE]


@pytest.mark.parametrize("goes_back", [True, False])
@pytest.mark.parametrize("over", [0.002, 0.05])
def test_a_washed_month_is_found_with_its_buyers(*, goes_back: bool, over: float) -> None:
    mall = Mall(1)
    planted = farms.wash(mall, goes_back=goes_back, over=over)
    scene = mall.scene()

    best = alerts_of(scene)[0]

    assert names_of(scene, best.members) == planted


@pytest.mark.parametrize("look", [farms.great_month, farms.dear_goods, farms.flash_sale])
def test_a_month_of_many_buyers_is_no_wash(look: Callable[[Mall], set[str]]) -> None:
    mall = Mall(2)
    look(mall)

    assert alerts_of(mall.scene()) == []


def test_the_same_orders_far_from_a_step_are_no_wash() -> None:
    mall = Mall(2)
    farms.wash(mall, over=-0.4)

    assert alerts_of(mall.scene()) == []


def test_a_finding_tells_why_and_its_contributions_add_up_to_its_score() -> None:
    mall = Mall(4)
    farms.wash(mall)

    best = alerts_of(mall.scene())[0]

    features = {reason.feature for reason in best.reasons}
    assert features >= {"just_above_step", "undone_after_month", "few_buyers_fill_the_gap"}
    assert sum(reason.contribution for reason in best.reasons) == pytest.approx(best.score)


@given(st.integers(1_500_000_000, 2_000_000_000))
def test_months_are_those_of_the_calendar_in_china(at_s: int) -> None:
    moment = datetime.fromtimestamp(at_s, UTC)
    at = np.array([at_s * 1_000_000])

    month = months_of(at)

    name = month_of(moment, CHINA)
    assert str(month.astype("datetime64[M]")[0]) == name
    begins = period_begins(name, CHINA)
    assert month_begins(month)[0] == round(begins.timestamp()) * 1_000_000
