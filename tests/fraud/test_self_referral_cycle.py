"""Who earns from own orders, and who only looks like it."""

from collections.abc import Callable

import pytest

from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.self_referral_cycle import DETECTOR
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.scene import Scene
from graph_service.snapshot.log import log_of
from graph_service.snapshot.snapshot import snapshot_of
from tests.worlds import Event
from tests.worlds.frauds import (
    LOOKALIKES,
    circular,
    ids_of,
    referral_rounds,
    scene_of,
    self_referral,
    self_referral_chain,
)


def alerts(scene: Scene) -> list[Finding]:
    return [one for one in DETECTOR.find(scene) if one.score >= ALERT_SCORE]


@pytest.mark.parametrize("world", LOOKALIKES)
def test_honest_look_alikes_give_no_alert(world: Callable[[], list[Event]]) -> None:
    assert alerts(scene_of(world())) == []


def test_a_mall_of_nobody_has_no_findings() -> None:
    assert list(DETECTOR.find(Scene(snapshot_of(log_of([]))))) == []


def test_reasons_tell_the_score_in_whole_sentences() -> None:
    [found] = alerts(scene_of(self_referral()))

    assert sum(one.contribution for one in found.reasons) == pytest.approx(found.score)
    assert all(one.en.endswith(".") and one.zh.endswith("。") for one in found.reasons)


def test_a_second_account_that_buys_through_the_first_is_found() -> None:
    scene = scene_of(self_referral())

    [found] = alerts(scene)

    assert ids_of(scene, found.members) == {"ada", "ada-2"}
    assert (len(found.orders), found.amount_minor) == (3, 29_700)


def test_a_chain_that_comes_back_to_the_same_person_is_found_whole() -> None:
    scene = scene_of(self_referral_chain())

    [found] = alerts(scene)

    assert ids_of(scene, found.members) == {"bob", "carl", "bob-2"}


def test_strangers_who_go_round_four_times_for_like_amounts_are_found() -> None:
    scene = scene_of(referral_rounds())

    [found] = alerts(scene)

    assert ids_of(scene, found.members) == {"r0", "r1", "r2"}


def test_several_frauds_are_told_apart() -> None:
    scene = scene_of(self_referral(), referral_rounds())

    assert {len(one.members) for one in alerts(scene)} == {2, 3}


def test_owners_who_buy_of_one_another_earn_no_commission() -> None:
    assert alerts(scene_of(circular())) == []
