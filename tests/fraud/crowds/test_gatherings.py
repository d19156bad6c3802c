"""Are sleepers who come to one shop told apart from who happens to wake?"""

import numpy as np
import pytest

from graph_service.fraud.crowds.gatherings import at_once, cohort_nats, gatherings, orders_of
from graph_service.fraud.detectors.sleeper import wakings_of
from tests.worlds import errands
from tests.worlds.malls import Mall, names_of

DAY = 86_400_000_000


def test_sleepers_who_come_to_one_shop_are_a_gathering() -> None:
    mall = Mall(5)
    planted = errands.gather(mall)
    scene = mall.scene()

    [found] = gatherings(scene, wakings_of(scene).woke_at)

    assert names_of(scene, found.members.tolist()) == planted
    assert found.nats > 3


def test_of_an_honest_mall_nobody_gathers() -> None:
    scene = Mall(6).scene()

    assert gatherings(scene, wakings_of(scene).woke_at) == []


def test_orders_at_once_are_those_within_three_days_of_waking() -> None:
    mall = Mall(7)
    errands.gather(mall)
    scene = mall.scene()
    wakings, orders = wakings_of(scene), scene.snapshot.orders

    soon = at_once(scene, wakings.woke_at)

    for order in range(len(orders)):
        woke = int(wakings.woke_at[order])
        paid = int(orders.paid[order])
        assert soon[order] == (woke >= 0 and scene.paid[order] and paid - woke <= 3 * DAY)
    members = np.array([3, 5, 8])
    expected = np.flatnonzero(soon & np.isin(orders.buyer, members))
    assert sorted(orders_of(scene, members, soon)) == expected.tolist()


@pytest.mark.parametrize(("days", "is_cohort"), [(10, True), (300, False)])
def test_who_joined_in_one_stretch_is_a_cohort(days: int, *, is_cohort: bool) -> None:
    dice = np.random.default_rng(3)
    others = np.sort(dice.uniform(0, 360, 500) * DAY).astype(np.int64)
    joined = (30 + dice.uniform(0, days, 10)) * DAY

    assert (cohort_nats(joined.astype(np.int64), others) > 3) == is_cohort
