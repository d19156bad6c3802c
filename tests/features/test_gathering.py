"""The numbers of members: all there, as of a time, and what neighbours' come to."""

from random import Random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from graph_service.features.catalogue import BY_NAME, FAMILIES, FEATURES
from graph_service.features.gathering import SPREAD, aggregate, features_of, wide_features_of
from graph_service.features.mall import both_ways
from graph_service.fraud.members.labelled import facts_of_world
from graph_service.typologies.world import fraud_world
from graph_service.worlds.world import World, world_events
from tests.features.malls import Told, by_member, facts_of, scene_of
from tests.worlds import Event
from tests.worlds.random_mall import random_mall


@pytest.fixture(scope="module")
def facts() -> list[Told]:
    told = facts_of(world_events(World("small", 220, 2_200)))
    return with_verdicts(told, seed=3)


def with_verdicts(facts: list[Told], seed: int) -> list[Told]:
    """The facts with decisions on some members in between."""
    dice, found = Random(seed), list[Told]()
    for fact in facts:
        found.append(fact)
        member_id = fact[2].get("memberId")
        if member_id is not None and dice.random() < 0.05:
            conclusion = dice.choice(("confirmed", "cleared"))
            said = {"memberIds": [member_id], "conclusion": conclusion}
            found.append(("case.decided", fact[1], said))
    return found


def test_there_are_at_least_60_features_of_each_family_with_a_question() -> None:
    assert len(FEATURES) >= 60
    assert len(BY_NAME) == len(FEATURES)
    assert len(FAMILIES) == 9
    assert all(one.question.endswith("?") for one in FEATURES)
    assert set(SPREAD) <= set(BY_NAME)


def test_every_feature_is_a_number_or_unknown(facts: list[Told]) -> None:
    found = features_of(scene_of(facts))

    assert found.values.dtype == np.float32
    assert not np.isinf(found.values).any()
    assert len(found.names) == found.values.shape[1] == len(found.families)


def test_features_of_an_empty_mall_are_none() -> None:
    assert wide_features_of(scene_of([])).values.shape[0] == 0


def test_most_features_differ_between_members(facts: list[Told]) -> None:
    found = features_of(scene_of(facts))

    same = [name for name in found.names if len(np.unique(found.column(name).round(6))) <= 1]

    assert len(same) <= 12, same


def assert_same_rows(facts: list[Told], cut: int) -> None:
    """Features at the time of a fact are those of the facts up to then, whatever came later."""
    at = facts[cut][1]
    whole, short = scene_of(facts, at), scene_of([one for one in facts if one[1] <= at], at)
    mine, theirs = wide_features_of(whole), wide_features_of(short)
    later = by_member(whole, mine)
    for member_id, row in by_member(short, theirs).items():
        np.testing.assert_allclose(later[member_id], row, rtol=2e-4, atol=1e-5, equal_nan=True)


def test_only_the_columns_that_are_asked_for_are_made_and_are_the_same(facts: list[Told]) -> None:
    scene = scene_of(facts)
    whole = wide_features_of(scene)
    some = ("max1_co_sync_orders_day_max", "orders", "mean2_identity_quick_part", "direct")

    found = wide_features_of(scene, columns=some)

    assert found.names == tuple(name for name in whole.names if name in some)
    for name in found.names:
        np.testing.assert_array_equal(found.column(name), whole.column(name))


@pytest.mark.parametrize("part", [0.2, 0.5, 0.8])
def test_later_facts_change_no_feature_as_of_a_time(facts: list[Told], part: float) -> None:
    cut = int(len(facts) * part)
    while facts[cut][0] == "case.decided":
        cut += 1

    assert_same_rows(facts, cut)


def test_later_facts_change_no_feature_of_a_fraud_world() -> None:
    told = with_verdicts(facts_of_world(fraud_world(1_000, 5, prevalence=0.1)), seed=2)
    cut = len(told) * 2 // 3
    while told[cut][0] == "case.decided":
        cut += 1

    assert_same_rows(told, cut)


@given(random_mall(identity=True), st.integers(0, 1_000), st.integers(0, 10))
@settings(max_examples=10, deadline=None)
def test_later_facts_change_no_feature_of_random_malls(
    events: list[Event], place: int, seed: int
) -> None:
    told = facts_of(events)
    assume(told)
    facts = with_verdicts(told, seed)
    cut = place % len(facts)
    while facts[cut][0] == "case.decided":
        cut -= 1

    assert_same_rows(facts, cut)


def test_a_decision_counts_only_after_the_delay(facts: list[Told]) -> None:
    scene = scene_of(facts)
    shot = scene.snapshot
    latest = shot.confirmed_at.max()
    age_days = (shot.now - latest) / 86_400_000_000
    assert age_days < 5

    early = features_of(scene, delay_days=age_days / 2).column("confirmed_referral")
    late = features_of(scene, delay_days=age_days + 3).column("confirmed_referral")

    assert not np.array_equal(early, late, equal_nan=True)
    until = scene_of([one for one in facts if one[0] != "case.decided"])
    assert np.isnan(features_of(until).column("confirmed_referral")).all()


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_neighbours_are_told_as_in_plain_loops(seed: int) -> None:
    dice = np.random.default_rng(seed)
    size, edges = 12, 14
    one, other = dice.integers(0, size, edges), dice.integers(0, size, edges)
    apart = one != other
    graph = both_ways(one[apart], other[apart], dice.uniform(0.5, 2, int(apart.sum())), size)
    values = dice.normal(size=(size, 2)).astype(np.float32)
    values[dice.random((size, 2)) < 0.3] = np.nan

    found = aggregate(values, {"near": graph}, names=("a", "b"), hops=1)

    assert found.names == ("mean1_near_a", "mean1_near_b", "max1_near_a", "max1_near_b")
    for member in range(size):
        for column in range(2):
            mean, most = plain_neighbours(values[:, column], graph, member)
            got = found.values[member, [column, column + 2]]
            np.testing.assert_allclose(got, [mean, most], rtol=1e-4, atol=1e-5, equal_nan=True)


def plain_neighbours(
    values: "np.ndarray[tuple[int], np.dtype[np.float32]]", graph: csr_array, member: int
) -> tuple[float, float]:
    """The weighted mean and the maximum over neighbours whose value is known."""
    weight = graph.toarray()[member]
    near = [place for place in range(len(values)) if weight[place] and not np.isnan(values[place])]
    if not near:
        return np.nan, np.nan
    whole = sum(weight[place] for place in near)
    mean = sum(weight[place] * values[place] for place in near) / whole
    return float(mean), float(max(values[place] for place in near))
