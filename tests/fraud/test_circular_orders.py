"""Owners who buy in one another's shops, round after round."""

from collections.abc import Callable

import pytest

from graph_service.fraud.detectors.circular_orders import DETECTOR
from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.scene import Scene
from tests.worlds import Event
from tests.worlds.frauds import (
    Diary,
    circular,
    ids_of,
    order_ring,
    own_things,
    round_trip,
    scene_of,
)


def alerts(scene: Scene) -> list[Finding]:
    return [one for one in DETECTOR.find(scene) if one.score >= ALERT_SCORE]


def test_owners_who_buy_in_a_circle_are_found() -> None:
    scene = scene_of(circular())

    [found] = alerts(scene)

    assert ids_of(scene, found.members) == {"o0", "o1", "o2", "o3"}
    assert len(found.shops) == 4
    assert found.amount_minor == sum(30_000 + 9 * turn for turn in range(12))


def shops_of(diary: Diary, owners: int) -> None:
    for number in range(owners):
        diary.join(f"o{number}", 10, **own_things(f"o{number}"))
        diary.write("shop.registered", 12, shopId=f"stall-{number}", ownerMemberId=f"o{number}")


def straw_circle(untied: int) -> list[Event]:
    """Of four owners' accounts that buy, three share the owner's device; the other does not."""
    diary = Diary("straw")
    shops_of(diary, 4)
    for number in range(4):
        things = own_things(f"s{number}")
        if number != untied:
            things["device"] = own_things(f"o{number}")["device"]
        diary.join(f"s{number}", 20, **things)
    for turn in range(12):
        shop = f"stall-{(turn + 1) % 4}"
        diary.buy(f"s{turn % 4}", 80 + turn, f"p-{60 + turn % 4}", 30_000 + 9 * turn, shop=shop)
    return diary.events


def test_accounts_close_to_owners_buy_for_them() -> None:
    scene = scene_of(straw_circle(untied=9))

    [found] = alerts(scene)

    assert ids_of(scene, found.members) == {f"{one}{number}" for one in "os" for number in range(4)}
    assert "stand_ins" in {one.feature for one in found.reasons}


def test_a_stranger_who_closes_a_circle_is_told_as_one() -> None:
    scene = scene_of(straw_circle(untied=2))

    [found] = alerts(scene)

    assert "s2" in ids_of(scene, found.members)
    [told] = [one for one in found.reasons if one.feature == "missing_hand"]
    assert (told.value, told.contribution) == (1, 0)


def crosswise(rounds: int) -> list[Event]:
    """Six owners; in each round each of them buys of another one than before, for 300 yuan."""
    diary = Diary("cross")
    shops_of(diary, 6)
    for step in range(1, rounds + 1):
        for number in range(6):
            shop = f"stall-{(number + step) % 6}"
            amount = 30_000 + 50 * number
            diary.buy(f"o{number}", 80 + 3 * step + number / 7, f"p-{60 + step}", amount, shop=shop)
    return diary.events


def test_owners_who_buy_crosswise_are_found_though_no_pair_deals_twice() -> None:
    scene = scene_of(crosswise(rounds=4))

    [found] = alerts(scene)

    assert ids_of(scene, found.members) == {f"o{number}" for number in range(6)}
    assert found.reasons[0].feature == "bought_crosswise"


def test_owners_who_buy_once_or_twice_of_others_are_no_circle() -> None:
    assert alerts(scene_of(crosswise(rounds=2))) == []


@pytest.mark.parametrize("world", [round_trip, order_ring])
def test_other_frauds_are_no_circle(world: Callable[[], list[Event]]) -> None:
    assert alerts(scene_of(world())) == []
