"""Who earns from own orders, and who only looks like it."""

from itertools import pairwise

from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.self_referral_cycle import DETECTOR
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.scene import Scene
from tests.worlds import Event
from tests.worlds.frauds import (
    Diary,
    circular,
    ids_of,
    own_things,
    referral_rounds,
    scene_of,
    self_referral,
    self_referral_chain,
    swapped_accounts,
)


def alerts(scene: Scene) -> list[Finding]:
    return [one for one in DETECTOR.find(scene) if one.score >= ALERT_SCORE]


def test_a_second_account_that_buys_through_the_first_is_found() -> None:
    scene = scene_of(self_referral())

    [found] = alerts(scene)

    assert ids_of(scene, found.members) == {"ada", "ada-2"}
    assert (len(found.orders), found.amount_minor) == (3, 29_700)


def test_a_chain_that_comes_back_to_the_same_person_is_found_whole() -> None:
    scene = scene_of(self_referral_chain())

    [found] = alerts(scene)

    assert ids_of(scene, found.members) == {"bob", "carl", "bob-2"}


def test_friends_who_earn_from_each_others_second_accounts_are_found() -> None:
    scene = scene_of(swapped_accounts())

    [found] = alerts(scene)

    assert ids_of(scene, found.members) == {"fay", "gus", "hal", "fay-2", "gus-2", "hal-2"}
    told = {one.feature: one.value for one in found.reasons}
    assert (told["second_accounts"], "not_closed" in told) == (2, False)


def test_a_round_with_a_hidden_link_is_found_less_surely() -> None:
    [whole] = alerts(scene_of(swapped_accounts()))

    [found] = alerts(scene_of(swapped_accounts(hidden=1)))

    assert "not_closed" in {one.feature for one in found.reasons}
    assert found.score < whole.score


def test_with_two_links_hidden_nothing_is_told() -> None:
    assert alerts(scene_of(swapped_accounts(hidden=2))) == []


def test_strangers_who_go_round_four_times_for_like_amounts_are_found() -> None:
    scene = scene_of(referral_rounds())

    [found] = alerts(scene)

    assert ids_of(scene, found.members) == {"r0", "r1", "r2"}


def test_several_frauds_are_told_apart() -> None:
    scene = scene_of(self_referral(), referral_rounds())

    assert {len(one.members) for one in alerts(scene)} == {2, 3}


def test_owners_who_buy_of_one_another_earn_no_commission() -> None:
    assert alerts(scene_of(circular())) == []


def loyal(names: tuple[str, ...], *, times: int = 4, besides: int = 0) -> list[Event]:
    """Each invites the next, who buys through nobody else. besides: orders that a friend places."""
    diary = Diary("loyal")
    for place, name in enumerate(dict.fromkeys(names)):
        diary.join(name, 20 + place, names[place - 1] if place else None, **own_things(name))
    diary.join("friend", 20, **own_things("friend"))
    for before, name in pairwise(names):
        share = diary.share(before, 70, "p-5")
        for day in range(times):
            diary.buy(name, 71 + 2 * day, "p-5", 3_000 + 7_000 * day, share=share)
        for day in range(besides):
            diary.buy("friend", 90 + day, "p-5", 7_000, share=share)
    return diary.events


def test_a_chain_whose_links_deal_with_nobody_else_is_found_without_shared_things() -> None:
    scene = scene_of(loyal(("ida", "jon", "kit")))

    [found] = alerts(scene)

    assert ids_of(scene, found.members) == {"ida", "jon", "kit"}
    [told] = [one for one in found.reasons if one.feature == "sole_links"]
    assert told.value == 2
    assert found.score < 0.9


def test_a_loyal_friend_and_promoters_who_sell_to_others_are_no_chain() -> None:
    assert alerts(scene_of(loyal(("ida", "jon"), times=8))) == []
    assert alerts(scene_of(loyal(("ida", "jon", "ida"), times=3))) == []
    assert alerts(scene_of(loyal(("ida", "jon", "kit"), besides=2))) == []


def test_who_sells_to_nobody_but_the_second_account_is_told_so() -> None:
    scene = scene_of(swapped_accounts())

    [found] = alerts(scene)

    [told] = [one for one in found.reasons if one.feature == "nobody_else"]
    assert told.value == 1
    assert told.baseline < 1
