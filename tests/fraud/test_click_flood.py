"""Are floods and sprays of clicks found, and are viral shares and sales left alone?"""

from collections.abc import Callable

import pytest

from graph_service.fraud.detectors.click_flood import DETECTOR
from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.scene import Scene
from tests.worlds import errands, farms
from tests.worlds.malls import Mall, names_of


def alerts_of(scene: Scene) -> list[Finding]:
    return [one for one in DETECTOR.find(scene) if one.score >= ALERT_SCORE]


def test_a_flood_is_found_with_the_members_who_click() -> None:
    mall = Mall(1)
    planted = farms.flood(mall)
    scene = mall.scene()

    best = alerts_of(scene)[0]

    assert names_of(scene, best.members) == planted


def test_a_flood_by_many_visitors_who_come_again_and_again_is_found() -> None:
    mall = Mall(1)
    planted = farms.flood(mall, [f"v-{place}" for place in range(40)])
    scene = mall.scene()

    assert names_of(scene, alerts_of(scene)[0].members) == planted


def test_a_spray_of_clicks_in_others_names_is_found() -> None:
    mall = Mall(1)
    planted = farms.spray(mall)
    scene = mall.scene()

    assert names_of(scene, alerts_of(scene)[0].members) == planted


@pytest.mark.parametrize(
    "look", [farms.viral, farms.unsold_viral, farms.fan, farms.flash_sale, farms.burst]
)
def test_honest_shares_with_many_clicks_are_no_flood(look: Callable[[Mall], set[str]]) -> None:
    mall = Mall(2)
    look(mall)

    assert alerts_of(mall.scene()) == []


def test_a_finding_tells_why_and_its_contributions_add_up_to_its_score() -> None:
    mall = Mall(4)
    farms.flood(mall)

    best = alerts_of(mall.scene())[0]

    assert {reason.feature for reason in best.reasons} >= {"repeated_clicks", "burst"}
    assert sum(reason.contribution for reason in best.reasons) == pytest.approx(best.score)


@pytest.mark.parametrize("plant", [errands.circle, errands.pool])
def test_who_clicks_on_an_errand_is_found(plant: Callable[[Mall], set[str]]) -> None:
    mall = Mall(1)
    planted = plant(mall)
    scene = mall.scene()

    found = [names_of(scene, one.members) for one in alerts_of(scene)]

    assert planted in found


@pytest.mark.parametrize("look", [errands.friends, errands.regulars])
def test_who_clicks_on_all_and_buys_at_times_is_no_flood(look: Callable[[Mall], set[str]]) -> None:
    mall = Mall(2)
    look(mall)

    assert alerts_of(mall.scene()) == []
