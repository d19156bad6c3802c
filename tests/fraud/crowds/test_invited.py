"""Do accounts say what a plain look at each says?"""

import numpy as np
import pytest

from graph_service.fraud.crowds.belonging import is_told
from graph_service.fraud.crowds.invited import (
    days_of_life,
    haste_weights,
    idle_weights,
    invitation_waits,
    order_weights,
    shared_weights,
)
from graph_service.fraud.lines import chains, stars
from graph_service.snapshot.log import NONE
from tests.worlds import farms
from tests.worlds.malls import Mall

DAY = 86_400_000_000


def test_days_of_life_are_those_of_looking_at_each_member() -> None:
    scene = Mall(5, members=80).scene()
    snapshot = scene.snapshot

    days = days_of_life(scene)

    clicks, shares, orders = snapshot.clicks, snapshot.shares, snapshot.orders
    for member in range(scene.people):
        joined = int(snapshot.members.joined[member])
        times = [
            *clicks.at[clicks.member == member].tolist(),
            *shares.at[shares.member == member].tolist(),
            *orders.paid[orders.buyer == member].tolist(),
            int(snapshot.members.last_active[member]),
        ]
        later = {(at - joined) // DAY for at in times if at > joined + 3 * DAY}
        assert days[member] == len(later)


def test_who_lives_less_says_more() -> None:
    scene = Mall(6).scene()
    tenure = scene.snapshot.now - scene.snapshot.members.joined
    days, weights = days_of_life(scene), idle_weights(scene)

    old = np.flatnonzero(tenure >= np.quantile(tenure, 0.95))

    assert np.corrcoef(days[old], weights[old])[0, 1] < -0.5
    assert weights[old][days[old].argmin()] > 0 > weights[old][days[old].argmax()]


def test_in_a_farms_chain_each_invites_at_once() -> None:
    mall = Mall(7)
    planted = farms.farm(mall, 20, is_chain=True)
    scene = mall.scene()
    lines = chains(scene, least=6)
    names = np.array(scene.snapshot.names["member"])

    weights = haste_weights(scene, lines)

    of_farm = np.isin(names[lines.rows], [name for name in planted if name[0] == "f"])
    assert weights[of_farm].mean() > 1 > weights[~of_farm].max()
    waits, inviter = invitation_waits(scene), scene.snapshot.members.inviter
    joined = scene.snapshot.members.joined
    for member in range(scene.people):
        if inviter[member] == NONE:
            assert np.isnan(waits[member])
        else:
            assert waits[member] == joined[member] - joined[inviter[member]]


def test_founders_of_a_mall_are_in_no_haste() -> None:
    mall = Mall(7)
    for place in range(12):
        mall.join(f"f-{place}", 600.0 * place, f"f-{place - 1}" if place else None)
    scene = mall.scene()
    lines = chains(scene, least=6)
    names = scene.snapshot.names["member"]

    weights = haste_weights(scene, lines)

    said = {names[int(row)]: float(weights[at]) for at, row in enumerate(lines.rows)}
    assert {said[f"f-{place}"] for place in range(1, 12)} == {0.0}


def test_one_of_a_couple_says_less_than_one_of_many() -> None:
    mall = Mall(8)
    leader = mall.names[3]
    things = ["couple"] * 2 + ["many"] * 6 + [f"own-{place}" for place in range(12)]
    for place, thing in enumerate(things):
        mall.join(f"t-{place}", 50 * 86_400.0 + 3_600 * place, leader)
        mall.see(f"t-{place}", 50 * 86_400.0 + 3_600 * place + 9, "device", thing)
    scene = mall.scene()
    lines = stars(scene, least=6)
    names = scene.snapshot.names["member"]

    weights, _ = shared_weights(scene, lines, "device", np.zeros(scene.people))

    said = {names[int(row)]: float(weights[at]) for at, row in enumerate(lines.rows)}
    assert said["t-2"] > said["t-0"] > 0 > said["t-10"]


def test_four_of_a_family_that_lives_say_together_what_one_would() -> None:
    mall = Mall(8)
    leader = mall.names[3]
    things = ["shared"] * 4 + [f"own-{place}" for place in range(12)]
    for place, thing in enumerate(things):
        mall.join(f"t-{place}", 50 * 86_400.0 + 3_600 * place, leader)
        mall.see(f"t-{place}", 50 * 86_400.0 + 3_600 * place + 9, "device", thing)
    scene = mall.scene()
    lines = stars(scene, least=6)
    names = np.array(scene.snapshot.names["member"])[lines.rows]
    shared = np.isin(names, [f"t-{place}" for place in range(4)])

    idle, living = (
        shared_weights(scene, lines, "device", np.full(scene.people, value))[0][shared]
        for value in (0.5, -0.5)
    )

    assert idle.sum() == pytest.approx(3 * living.sum())


def test_first_orders_after_like_lags_speak_and_others_do_not() -> None:
    mall = Mall(9)
    leader = mall.names[3]
    for place in range(12):
        at_s = 50 * 86_400.0 + 3_600 * place
        mall.join(f"t-{place}", at_s, leader)
        lag_s = 7_200 * 1.05 ** (place % 3) if place < 6 else 7_200 * 1.5 ** (place - 5)
        mall.pay(f"t-{place}", at_s + lag_s, 990)
    scene = mall.scene()
    lines = stars(scene, least=6)
    names = scene.snapshot.names["member"]

    weights = order_weights(scene, lines)

    said = {names[int(row)]: float(weights[at]) for at, row in enumerate(lines.rows)}
    assert min(said[f"t-{place}"] for place in range(6)) > 0
    assert max(said[f"t-{place}"] for place in range(6, 12)) < 0


@pytest.mark.parametrize(("telling", "kept"), [(6, 12), (1, 1)])
def test_of_a_stretch_where_few_tell_strangers_are_left_out(telling: int, kept: int) -> None:
    tells = np.arange(12) < telling
    own = np.where(tells, 2.0, -0.6)

    assert is_told(tells, own).sum() == kept
