"""What an alert finds, and what makes it false."""

from graph_service.evaluation.judging import Accusation, Judgement, judge

RING = Accusation("fake_order_ring", tuple(f"r{number}" for number in range(10)))


def judged(*alerts: Accusation) -> Judgement:
    return judge(alerts, [RING], 110)


def test_a_group_is_found_by_alerts_that_together_cover_six_tenths_of_it() -> None:
    one = Accusation("fake_order_ring", ("r0", "r1", "r2"))
    other = Accusation("fake_order_ring", ("r3", "r4", "r5"))

    assert judged(one).kinds["fake_order_ring"].recall == 0
    assert judged(one, other).kinds["fake_order_ring"].recall == 1


def test_an_alert_whose_members_are_mostly_others_finds_nothing() -> None:
    alert = Accusation("fake_order_ring", (*RING.member_ids, *(f"h{n}" for n in range(11))))

    assert judged(alert).kinds["fake_order_ring"].found == 0
    assert judged(alert).false_alerts == {}


def test_another_kind_finds_the_group_but_not_rightly() -> None:
    told = judged(Accusation("sleeper", RING.member_ids)).kinds["fake_order_ring"]

    assert (told.recall, told.recall_right) == (1, 0)


def test_an_alert_with_less_than_a_fifth_of_guilty_members_is_false() -> None:
    edge = Accusation("sleeper", ("r0", "h1", "h2", "h3", "h4"))
    false = Accusation("sleeper", ("r0", "h1", "h2", "h3", "h4", "h5"))

    assert judged(edge).false_alerts == {}
    assert judged(false).false_alerts == {"sleeper": 1}


def test_honest_members_of_any_alert_are_accused_once() -> None:
    alert = Accusation("sleeper", ("r0", "h1", "h2"))

    found = judged(alert, alert)

    assert (found.accused, found.honest, found.accused_part) == (2, 100, 0.02)


def test_false_alerts_tell_which_look_alikes_they_met() -> None:
    home = Accusation("household", ("h1", "h2"))
    alert = Accusation("round_trip", ("h1", "h2"))

    found = judge([alert], [RING], 10_000, lookalikes=[home])

    assert found.alike == {"household": 1}
    assert found.false_per_10_000 == 1
