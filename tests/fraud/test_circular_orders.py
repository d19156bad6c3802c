"""Owners who buy in one another's shops, round after round."""

from collections.abc import Callable
from random import Random

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
    """Six owners; in each round each of them buys of another one than before, for 66 yuan."""
    diary = Diary("cross")
    shops_of(diary, 6)
    for step in range(1, rounds + 1):
        for number in range(6):
            shop = f"stall-{(number + step) % 6}"
            amount = 6_600 + 20 * number
            diary.buy(f"o{number}", 80 + 3 * step + number / 7, f"p-{60 + step}", amount, shop=shop)
    return diary.events


def test_owners_who_buy_crosswise_are_found_though_no_pair_deals_twice() -> None:
    scene = scene_of(crosswise(rounds=4))

    [found] = alerts(scene)

    assert ids_of(scene, found.members) == {f"o{number}" for number in range(6)}
    [told] = [one for one in found.reasons if one.feature == "bought_crosswise"]
    assert told.value == 24
    assert told.baseline < 6


def test_owners_who_buy_once_or_twice_of_others_are_no_circle() -> None:
    assert alerts(scene_of(crosswise(rounds=2))) == []


@pytest.mark.parametrize(("owners", "each", "spread"), [(12, 5, 0.3), (30, 8, 0.9), (40, 6, 0.1)])
def test_owners_who_buy_of_one_another_at_random_are_no_circle(
    owners: int, each: int, spread: float
) -> None:
    diary, dice = Diary("random"), Random(5)
    shops_of(diary, owners)
    diary.join("guest", 10, **own_things("guest"))
    for turn in range(owners * each):
        shop = f"stall-{dice.randrange(owners)}"
        buyer = "guest" if shop == f"stall-{turn % owners}" else f"o{turn % owners}"
        amount = round(9_000 * dice.lognormvariate(0, spread))
        diary.buy(buyer, 60 + turn / owners, f"p-{turn % 40}", amount, shop=shop)

    assert alerts(scene_of(diary.events)) == []


def test_a_loyal_customer_of_a_circle_is_no_missing_hand() -> None:
    scene = scene_of(circular())
    customer = Diary("customer")
    customer.join("fan", 15, **own_things("fan"))
    for turn in range(4):
        customer.buy("fan", 82 + 2 * turn, "p-61", 30_100, shop="stall-1")
    with_customer = scene_of(circular(), customer.events)

    [alone], [together] = alerts(scene), alerts(with_customer)

    assert ids_of(with_customer, together.members) == ids_of(scene, alone.members)
    assert together.score == pytest.approx(alone.score, abs=0.02)


def test_further_straw_accounts_of_the_owners_do_not_hide_a_circle() -> None:
    more = Diary("more")
    for number in range(4):
        device = own_things(f"o{number}")["device"]
        for place in range(3):
            name = f"x{number}-{place}"
            more.join(name, 30, **{**own_things(name), "device": device})
            more.buy(name, 90 + place, f"p-{60 + number}", 30_000, shop=f"stall-{(number + 1) % 4}")
    scene = scene_of(circular(), more.events)

    [found] = alerts(scene)

    assert ids_of(scene, found.members) == {"o0", "o1", "o2", "o3"}
    assert found.score > 0.9


@pytest.mark.parametrize("world", [round_trip, order_ring])
def test_other_frauds_are_no_circle(world: Callable[[], list[Event]]) -> None:
    assert alerts(scene_of(world())) == []
