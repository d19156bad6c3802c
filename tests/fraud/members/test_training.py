"""How a model learns: from rings as a whole, in time, and what a threshold brings."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_service.features.gathering import wide_names
from graph_service.fraud.members import training
from graph_service.fraud.members.contributions import odds_of
from graph_service.fraud.members.labelled import facts_of_world, of_decisions, together
from graph_service.fraud.members.training import (
    TooFewLabels,
    boost,
    replay,
    split_by_time,
    train,
)
from graph_service.snapshot.log import log_of
from graph_service.snapshot.snapshot import snapshot_of
from tests.features.malls import Told
from tests.fraud.members.malls import made_up, small_world, trained_on_worlds

DAY = 86_400_000_000


def test_rings_are_on_one_side_of_the_split_and_the_later_are_later() -> None:
    labelled = made_up(1)

    earlier, later = split_by_time(labelled)

    assert not set(earlier.ring.tolist()) & set(later.ring.tolist())
    assert earlier.at.max() < later.at.min()
    assert len(later) == pytest.approx(len(labelled) / 4, rel=0.05)


def test_what_is_all_known_at_once_is_split_by_rings() -> None:
    labelled = made_up(1)
    object.__setattr__(labelled, "at", np.zeros_like(labelled.at))

    earlier, later = split_by_time(labelled)

    assert not set(earlier.ring.tolist()) & set(later.ring.tolist())
    assert 0.15 < len(later) / len(labelled) < 0.35


def test_rings_of_two_sets_stay_apart() -> None:
    both = together([made_up(1), made_up(2)])

    assert len(np.unique(both.ring)) == 2 * len(np.unique(made_up(1).ring))


def test_a_model_finds_what_is_telling_and_leaves_out_what_is_all_unknown() -> None:
    trained = train(made_up(2), seed=1)

    assert trained.model.columns == ("refunded_part", "orders", "age_days")
    assert trained.auroc > 0.8
    assert trained.later_auprc > 0.5
    assert 0.5 <= trained.model.threshold < 1


def test_the_same_seed_gives_the_same_model() -> None:
    labelled = made_up(2)

    first, second = (train(labelled, seed=4).model.score(labelled.values[:, :3]) for _ in range(2))

    np.testing.assert_array_equal(first, second)


def test_few_false_alarms_of_the_later_part_reach_half() -> None:
    labelled = made_up(3)

    model = train(labelled, budget_part=0.01).model

    _, later = split_by_time(labelled)
    alerts = model.score(later.values[:, :3]) >= 0.5
    assert (alerts & ~later.false).sum() <= 0.01 * len(later)


def test_probabilities_are_near_what_happens() -> None:
    labelled, fresh = made_up(4, 6_000), made_up(5, 6_000)

    p = train(labelled).model.probability(fresh.values[:, :3])

    assert p.mean() == pytest.approx(fresh.false.mean(), rel=0.3)


def test_where_frauds_are_rarer_the_probabilities_are_lower_and_the_order_is_kept() -> None:
    labelled = made_up(4)
    values = labelled.values[:, :3]

    as_here = train(labelled, folds=0).model.probability(values)
    as_there = train(labelled, prevalence=0.01, folds=0).model.probability(values)

    shift = np.log(as_there / (1 - as_there)) - np.log(as_here / (1 - as_here))
    # Bayes: other odds beforehand, the same evidence.
    assert shift.max() < 0
    assert np.ptp(shift) < 1e-9
    assert (np.diff(as_there[np.argsort(as_here)]) >= -1e-12).all()


def test_kinds_that_are_left_out_are_not_learnt_from() -> None:
    labelled = made_up(2, 2_400)

    trained = train(labelled, kinds=["odd"])

    assert trained.confirmed == (labelled.kinds == "odd").sum()
    assert trained.cleared == (~labelled.false).sum()


def test_too_few_decisions_are_no_training_set() -> None:
    with pytest.raises(TooFewLabels, match="needs 50 and 200"):
        train(made_up(1, 200))


def test_decisions_are_learnt_from_after_the_delay_and_appeals_are_heeded() -> None:
    facts: list[Told] = [
        ("member.joined", number, {"memberId": f"m{number}"}) for number in range(6)
    ]
    for at, member_ids, conclusion in (
        (1 * DAY, ["m0", "m1"], "confirmed"),
        (2 * DAY, ["m2"], "cleared"),
        (3 * DAY, ["m1"], "cleared"),
        (19 * DAY, ["m3"], "confirmed"),
    ):
        facts.append(("case.decided", at, {"memberIds": member_ids, "conclusion": conclusion}))
    facts.append(("member.active", 20 * DAY, {"memberId": "m5"}))

    found = of_decisions(log_of(facts), delay_days=7)

    assert found.false.tolist() == [True, False, False]
    assert found.at.tolist() == [1 * DAY, 3 * DAY, 2 * DAY]


def test_the_fringe_of_a_case_counts_less() -> None:
    decided = {
        "memberIds": ["m0", "m1", "m2"],
        "coreMemberIds": ["m0"],
        "conclusion": "confirmed",
    }
    again = {"memberIds": ["m2", "m3"], "conclusion": "cleared"}
    unsure = {"memberIds": ["m1"], "conclusion": "inconclusive"}
    facts: list[Told] = [
        *[("member.joined", number, {"memberId": f"m{number}"}) for number in range(5)],
        ("case.decided", DAY, decided),
        ("case.decided", 2 * DAY, again),
        ("case.decided", 3 * DAY, unsure),
        ("member.active", 20 * DAY, {"memberId": "m4"}),
    ]

    assert of_decisions(log_of(facts)).weight.tolist() == [1.0, 0.3, 1.0, 1.0]


def test_labels_of_little_weight_teach_little() -> None:
    mall = made_up(3)
    light = replace(mall, weight=np.where(mall.false, 0.1, 1.0))

    heavy_odds, light_odds = (
        odds_of(boost(one, [0, 1, 2], 0), mall.values[:, :3]) for one in (mall, light)
    )

    assert light_odds.mean() < heavy_odds.mean() - 0.5


def test_members_of_one_case_or_person_are_one_ring() -> None:
    facts: list[Told] = [
        ("member.joined", number, {"memberId": f"m{number}"}) for number in range(6)
    ]
    facts.append(("standing.changed", 9, {"memberId": "m4", "personId": "m0"}))
    for at, member_ids in ((DAY, ["m0", "m1"]), (2 * DAY, ["m2"]), (3 * DAY, ["m4"])):
        facts.append(("case.decided", at, {"memberIds": member_ids, "conclusion": "confirmed"}))
    facts.append(("member.active", 20 * DAY, {"memberId": "m5"}))

    ring = of_decisions(log_of(facts)).ring.tolist()

    assert ring[0] == ring[1] == ring[3] != ring[2]


@given(st.integers(0, 1_000), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_a_replay_counts_as_plain_loops_do(seed: int, threshold: float) -> None:
    dice = np.random.default_rng(seed)
    scores, false, day = dice.random(60), dice.random(60) < 0.3, dice.integers(0, 5, 60)

    for one in replay(scores, false, day, threshold):
        rows = [place for place in range(60) if day[place] == one.day]
        alerts = [place for place in rows if scores[place] >= threshold]
        caught = [place for place in alerts if false[place]]
        missed = [place for place in rows if false[place] and place not in alerts]
        assert (one.alerts, one.caught, one.missed) == (len(alerts), len(caught), len(missed))
        assert one.precision == (len(caught) / len(alerts) if alerts else 1)


@given(st.integers(0, 1_000), st.integers(0, 12))
@settings(max_examples=40, deadline=None)
def test_a_threshold_by_alerts_a_day_gives_no_more(seed: int, alerts_per_day: int) -> None:
    dice = np.random.default_rng(seed)
    scores, day = dice.integers(0, 20, 60) / 20, dice.integers(0, 5, 60)

    threshold = training.alerts_threshold(scores, day, alerts_per_day)

    assert (scores >= threshold).sum() <= alerts_per_day * len(np.unique(day)) or (
        threshold == scores.min()
    )


def test_a_replay_of_a_log_raises_each_member_once_on_its_first_day() -> None:
    world = small_world(9)
    model = trained_on_worlds().model
    now = snapshot_of(log_of(facts_of_world(world)))
    numbers = {name: place for place, name in enumerate(now.names["member"])}
    members = [one for group in world.frauds for one in group.member_ids]
    day = now.now // DAY
    said = {"memberIds": members, "conclusion": "confirmed"}
    decided = log_of([*facts_of_world(world), ("case.decided", now.now - 1, said)])

    found = training.replay_log(decided, model, threshold=0.5, days=3)

    assert [one.day for one in found] == [day - 2, day - 1, day]
    assert sum(one.caught + one.missed for one in found) == len({numbers[one] for one in members})
    assert sum(one.caught for one in found) > sum(one.missed for one in found)


def test_hidden_frauds_weigh_as_the_frauds_did_and_look_like_the_honest_by_families() -> None:
    labelled = made_up(2)

    values, false, weight = training.with_hidden(labelled, (0, 1, 2), np.random.default_rng(1))

    own, honest = labelled.values[:, :3], labelled.values[~labelled.false, :3]
    assert weight[false].sum() == pytest.approx(labelled.false.sum())
    assert weight[~false].sum() == pytest.approx((~labelled.false).sum())
    copies = values[false][labelled.false.sum() :]
    originals = np.tile(own[labelled.false], (training.HIDDEN_COPIES, 1))
    # The first two are of one family, so they are of one row; the third is of another.
    same = copies == originals
    assert (same[:, 0] == same[:, 2]).all()
    assert 0.6 < same[:, 0].mean() < 0.8
    strange = copies[~same[:, 0]][:, [0, 2]]
    assert {tuple(row) for row in strange} <= {tuple(row) for row in honest[:, [0, 2]]}


def test_of_many_honest_some_are_learnt_from_and_weigh_for_all_but_those_found_all_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    labelled = made_up(3)
    found = np.zeros((len(labelled), 2), np.float32)
    found[np.flatnonzero(~labelled.false)[:7], 0] = 0.2
    values = np.concatenate([labelled.values, found], axis=1)
    names = (*labelled.names, "found", "found_second")
    told = replace(labelled, names=names, values=values)
    monkeypatch.setattr(training, "HONEST_ROWS_MAX", 100)

    kept, false, weight = training.with_hidden(told, range(6), np.random.default_rng(1))

    assert (~false).sum() == 107
    assert (kept[~false][:, 4] > 0).sum() == 7
    assert weight[~false].sum() == pytest.approx((~labelled.false).sum())
    assert (weight[:7] == 1).all()


def test_of_many_columns_those_that_tell_are_read_and_what_was_found_always() -> None:
    labelled = made_up(2)
    dice = np.random.default_rng(3)
    noise = dice.normal(size=(len(labelled), 200)).astype(np.float32)
    names = tuple(wide_names()[200:400])
    found = dice.random((len(labelled), 2)).astype(np.float32)
    told = replace(
        labelled,
        names=("refunded_part", *names, "found", "found_second"),
        values=np.concatenate([labelled.values[:, :1], noise, found], axis=1),
    )

    chosen = training.choose_columns(told, told.names, 1)

    assert len(chosen) == training.COLUMNS_MAX
    assert {"refunded_part", "found", "found_second"} <= set(chosen)
    assert list(chosen) == [name for name in told.names if name in chosen]
