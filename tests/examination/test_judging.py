import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from graph_service.examination.chronicle import Plot, UnseenWorld
from graph_service.examination.judging import (
    FoundAlert,
    Judgement,
    examine_in_memory,
    judge,
    together,
    wilson,
)
from graph_service.examination.unseen import unseen_world
from graph_service.worlds.diary import Event

NAMES = tuple("abcdefghijklmnop")
SETS = st.sets(st.sampled_from(NAMES), min_size=1, max_size=8)
RINGS = st.sampled_from(("fake_order_ring", "account_farm", "coupon_farm"))


def world_of(*planted: Plot, lookalikes: tuple[Plot, ...] = ()) -> UnseenWorld:
    return UnseenWorld([], planted, lookalikes, NAMES)


def ring(members: str, kind: str = "fake_order_ring") -> Plot:
    return Plot(kind, "a variant", tuple(members))


def alert(members: str, kind: str = "fake_order_ring") -> FoundAlert:
    return FoundAlert(kind, tuple(members))


def test_an_alert_of_half_others_that_covers_sixty_percent_finds_a_group() -> None:
    judged = judge(world_of(ring("abcde")), [alert("abcxyz".replace("xyz", "ijk"))])

    assert judged.recall() == {"fake_order_ring": (1, 1)}
    assert (judged.false_alerts, judged.accused, judged.honest) == (0, 3, 11)


def test_an_alert_with_less_than_half_of_a_group_finds_nothing_and_may_yet_not_be_false() -> None:
    judged = judge(world_of(ring("abcde")), [alert("abcijkl")])

    assert judged.recall() == {"fake_order_ring": (0, 1)}
    assert judged.false_alerts == 0


def test_alerts_together_cover_a_group() -> None:
    apart = judge(world_of(ring("abcde")), [alert("ab")])
    both = judge(world_of(ring("abcde")), [alert("ab"), alert("bc")])

    assert apart.recall() == {"fake_order_ring": (0, 1)}
    assert both.recall() == {"fake_order_ring": (1, 1)}


def test_an_alert_of_another_kind_counts_only_for_any_kind() -> None:
    judged = judge(world_of(ring("abcde")), [alert("abcde", "account_farm")])

    assert judged.recall() == {"fake_order_ring": (0, 1)}
    assert judged.recall(any_kind=True) == {"fake_order_ring": (1, 1)}
    assert judged.groups[0].found_as == ("account_farm",)


def test_a_false_alert_has_less_than_a_fifth_of_planted_members() -> None:
    fifth = judge(world_of(ring("abcde")), [alert("aijkl")])
    less = judge(world_of(ring("abcde")), [alert("aijklm")])

    assert (fifth.false_alerts, less.false_alerts) == (0, 1)
    assert less.false_per_10_000 == 625


def test_lookalikes_are_honest_and_counted_by_kind() -> None:
    household = Plot("household", "family", ("i", "j", "k"))

    judged = judge(world_of(ring("abc"), lookalikes=(household,)), [alert("ij")])

    assert (judged.false_alerts, judged.accused) == (1, 2)
    assert judged.misled == {"household": 1}


def test_an_alert_below_the_default_threshold_accuses_nobody() -> None:
    judged = judge(world_of(ring("abc")), [FoundAlert("sleeper", tuple("ijk"), 0.49)])

    assert (judged.alerts, judged.accused) == (0, 0)


def test_alerts_of_other_worlds_are_not_judged() -> None:
    judged = judge(world_of(ring("abc")), [FoundAlert("fake_order_ring", ("elsewhere",))])

    assert (judged.alerts, judged.false_alerts, judged.accused) == (0, 0, 0)


def plainly(world: UnseenWorld, alerts: list[FoundAlert]) -> tuple[int, int, int, int]:
    """Groups found by the right kind and by any, false alerts, accused; from the rule's words."""
    planted = {member for plot in world.planted for member in plot.member_ids}
    right = by_any = 0
    for plot in world.planted:
        covered: dict[bool, set[str]] = {True: set(), False: set()}
        for one in alerts:
            inside = [member for member in one.member_ids if member in plot.member_ids]
            if 2 * len(inside) >= len(one.member_ids):
                covered[False] |= set(inside)
                if one.kind == plot.kind:
                    covered[True] |= set(inside)
        right += 10 * len(covered[True]) >= 6 * len(plot.member_ids)
        by_any += 10 * len(covered[False]) >= 6 * len(plot.member_ids)
    false = sum(5 * len(planted & set(one.member_ids)) < len(one.member_ids) for one in alerts)
    accused = {member for one in alerts for member in one.member_ids} - planted
    return right, by_any, false, len(accused)


@given(
    st.lists(st.tuples(RINGS, SETS), max_size=4),
    st.lists(st.tuples(RINGS, SETS), max_size=6),
)
def test_the_judgement_is_the_rule_word_by_word(
    plots: list[tuple[str, set[str]]], alerts: list[tuple[str, set[str]]]
) -> None:
    world = world_of(*(Plot(kind, "", tuple(sorted(members))) for kind, members in plots))
    found = [FoundAlert(kind, tuple(sorted(members))) for kind, members in alerts]

    judged = judge(world, found)

    right = sum(hits for hits, _ in judged.recall().values())
    by_any = sum(hits for hits, _ in judged.recall(any_kind=True).values())
    assert (right, by_any, judged.false_alerts, judged.accused) == plainly(world, found)


def test_worlds_together_add_up() -> None:
    one = judge(world_of(ring("abc")), [alert("abc"), alert("ij")])
    other = judge(world_of(ring("abc"), ring("de", "coupon_farm")), [])

    both = together([one, other])

    assert both.recall() == {"coupon_farm": (0, 1), "fake_order_ring": (1, 2)}
    assert (both.members, both.alerts, both.false_alerts, both.accused) == (32, 2, 1, 2)
    assert both.each == (one, other)
    assert together([both, one]).each == (one, other, one)
    farm, rings = both.body()["leftOut"]["coupon_farm"], both.body()["kinds"]["fake_order_ring"]
    assert (farm["groups"], farm["found"], farm["foundAnyKind"]) == (1, 0, 0)
    assert (rings["groups"], rings["found"], rings["foundAnyKind"]) == (2, 1, 1)
    assert rings["foundInterval"] == [round(end, 4) for end in wilson(1, 2)]
    assert (both.body()["malls"], one.body()["malls"]) == (2, 1)


def test_figures_of_several_malls_have_a_deviation_and_of_one_have_none() -> None:
    one = judge(world_of(ring("abc")), [alert("ij")])
    other = judge(world_of(ring("abc")), [])

    body, alone = together([one, other]).body(), one.body()

    # 1 and 0 in 16 members; 2 and 0 of 13 honest.
    assert body["falseAlertsPer10000Sd"] == pytest.approx(625 / 2**0.5, abs=0.01)
    assert body["honestAccusedPercentSd"] == pytest.approx(200 / 13 / 2**0.5, abs=1e-4)
    assert alone["falseAlertsPer10000Sd"] is alone["honestAccusedPercentSd"] is None


@given(st.integers(1, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_an_interval_is_that_of_wilson(part: tuple[int, int]) -> None:
    found = wilson(*part)

    expected = binomtest(*part).proportion_ci(0.95, method="wilson")
    assert found == (
        pytest.approx(expected.low, abs=1e-6),
        pytest.approx(expected.high, abs=1e-6),
    )
    assert 0 <= found[0] <= part[0] / part[1] <= found[1] <= 1


def test_of_nothing_nothing_is_known() -> None:
    assert wilson(0, 0) == (0, 1)


def test_who_knows_the_truth_passes_in_memory() -> None:
    truth = unseen_world(400, 3, camouflage=0.5)
    seen: list[int] = []

    def find(events: list[Event]) -> list[FoundAlert]:
        seen.append(len(events))
        return [FoundAlert(plot.kind, plot.member_ids) for plot in truth.planted]

    found = examine_in_memory(find, members=400, seeds=[3], camouflages=[0.5])

    assert seen == [len(truth.events)]
    judged: Judgement = found[0.5]
    assert all(group.found for group in judged.groups)
    assert (judged.false_alerts, judged.accused) == (0, 0)
