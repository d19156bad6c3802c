"""Which members are noted, in what turn, and in what words."""

from pathlib import Path

import pytest

from graph_service.features.catalogue import BY_NAME
from graph_service.features.gathering import wide_names
from graph_service.fraud.canary import with_canary
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.members import noted
from graph_service.fraud.members.labelled import facts_of_world, scene_of_world
from graph_service.fraud.members.scoring import GRADED, Why
from graph_service.fraud.members.wording import CHINESE, en_of, zh_of
from graph_service.fraud.scene import Scene
from graph_service.snapshot.log import log_of
from graph_service.snapshot.snapshot import snapshot_of
from tests.fraud.members.malls import small_world


@pytest.fixture(scope="module")
def scene() -> Scene:
    return scene_of_world(small_world(9))


def test_noted_are_those_with_a_score_first_to_look_at_first(scene: Scene) -> None:
    finding = Finding("sleeper", 0.8, (3, 4), (), amount_minor=10**9)

    found = noted.noted_members(scene, [finding])

    names = scene.snapshot.names["member"]
    assert {one["memberId"] for one in found.rows[:2]} == {names[3], names[4]}
    assert found.version.startswith("members-")
    assert all(one["joined"] >= noted.NOTED_MIN for one in found.rows)
    assert all(len(one["reasons"]) <= noted.REASONS_MAX for one in found.rows)
    assert found.notes == ()


def test_no_more_than_the_limit_are_noted_and_it_is_said(scene: Scene) -> None:
    whole = noted.noted_members(scene, [])

    few = noted.noted_members(scene, [], most=2)

    assert few.rows == whole.rows[:2]
    assert few.notes[0].startswith(f"{len(whole.rows):,} members score 0.3 or more, of whom 2")


def test_without_a_model_the_odd_are_noted_and_why_is_said(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noted, "models_folder", lambda: tmp_path)

    found = noted.noted_members(scene, [])

    assert found.version == "tails"
    assert found.notes[0].startswith("scored without a model")
    assert "one in" in found.rows[0]["reasons"][0]["en"]


def test_made_up_members_are_never_noted() -> None:
    log = log_of(facts_of_world(small_world(9)))
    crowd = with_canary(log, ["fake_order_ring"])
    scene = Scene(snapshot_of(crowd.log))
    finding = Finding("sleeper", 0.9, tuple(range(scene.people)), ())

    found = noted.noted_members(scene, [finding])

    assert crowd.is_apart
    assert found.rows == ()


def test_every_feature_has_words_in_both_languages() -> None:
    assert set(CHINESE) == {*BY_NAME, *GRADED}
    for name in wide_names():
        why = Why(name, "How many?", "orders", 2.0, 97.0, 0.7)
        assert name not in zh_of(why, is_trained=True)
        assert zh_of(why, is_trained=True).endswith("使可疑的几率提高到 2.01 倍")


def test_a_reason_says_value_place_and_what_it_does() -> None:
    why = Why("max1_co_sync_orders", "How many orders were paid?", "orders", 12.0, 97.4, -0.5)
    unknown = Why("orders", "How many orders were paid?", "orders", float("nan"), 0.0, 0.5)

    assert zh_of(why, is_trained=True) == (
        "同步购买者的“支付订单数”最高：12单，不低于 97% 的会员；使可疑的几率降低到 0.61 倍"
    )
    assert en_of(why, is_trained=True) == (
        "How many orders were paid? 12 orders, no less than 97 % of members; lowers the odds to"
        " 0.61 times"
    )
    assert zh_of(unknown, is_trained=True).startswith("支付订单数：未知；")
