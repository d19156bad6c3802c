"""Are hijacked shares found, and are quick buyers left alone?"""

from collections.abc import Callable

import pytest

from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.detectors.share_hijack import DETECTOR, touches_of
from graph_service.fraud.scene import Scene
from tests.worlds import farms
from tests.worlds.malls import Mall, names_of


def alerts_of(scene: Scene) -> list[Finding]:
    return [one for one in DETECTOR.find(scene) if one.score >= ALERT_SCORE]


def test_a_hijacker_is_found_and_the_victims_are_not_accused() -> None:
    mall = Mall(1)
    planted = farms.hijack(mall)
    scene = mall.scene()

    found = alerts_of(scene)

    assert [names_of(scene, one.members) for one in found] == [planted]
    assert len(found[0].orders) >= 12


@pytest.mark.parametrize("look", [farms.flash_sale, farms.burst, farms.viral])
def test_quick_buyers_are_no_hijack(look: Callable[[Mall], set[str]]) -> None:
    mall = Mall(2)
    look(mall)

    assert alerts_of(mall.scene()) == []


def test_touches_are_those_of_looking_at_each_order() -> None:
    mall = Mall(5, members=80)
    farms.hijack(mall, 8)
    scene = mall.scene()
    clicks, shares, orders = scene.snapshot.clicks, scene.snapshot.shares, scene.snapshot.orders

    touches = touches_of(scene)

    assert len(touches.order) > 20
    for row, order in enumerate(touches.order):
        own = (clicks.member == orders.buyer[order]) & (clicks.at <= orders.paid[order])
        last = own.nonzero()[0][-1]
        at = clicks.at[last]
        assert touches.seconds[row] == (orders.paid[order] - at) / 1_000_000
        owner = shares.member[clicks.share]
        before = own & (owner != orders.promoter[order]) & (clicks.at < at)
        before &= clicks.at >= at - 86_400_000_000
        victim = owner[before.nonzero()[0][-1]] if before.any() else -1
        assert touches.victim[row] == victim


def test_a_finding_tells_why_and_its_contributions_add_up_to_its_score() -> None:
    mall = Mall(4)
    farms.hijack(mall)

    best = alerts_of(mall.scene())[0]

    assert best.reasons[0].value <= 10
    assert {reason.feature for reason in best.reasons} >= {
        "seconds_before_order",
        "brought_by_others",
    }
    assert sum(reason.contribution for reason in best.reasons) == pytest.approx(best.score)
