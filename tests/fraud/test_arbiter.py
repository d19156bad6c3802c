"""Which finding stays when several are about the same people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.fraud.arbiter import SPECIFICITY, settle
from graph_service.fraud.detectors.kinds import Kind
from graph_service.fraud.detectors.shape import Finding, Reason


def finding(kind: Kind, score: float, members: range, orders: tuple[int, ...] = ()) -> Finding:
    return Finding(kind, score, tuple(members), (), orders=orders)


def because(kind: Kind, members: range, **said: tuple[float, float]) -> Finding:
    """A finding of score 0.95 with reasons: by feature, its value and contribution."""
    reasons = tuple(
        Reason(feature, value, 0.0, part, "一句。", "A sentence.")
        for feature, (value, part) in said.items()
    )
    return Finding(kind, 0.95, tuple(members), reasons)


def ring_by_goods(members: range) -> Finding:
    return because("fake_order_ring", members, bought_the_same=(60, 0.4))


def test_findings_of_one_kind_that_overlap_become_one() -> None:
    one = finding("fake_order_ring", 0.9, range(10), (1, 2))
    other = finding("fake_order_ring", 0.6, range(4, 12), (2, 3))

    [found] = settle([other, one])

    assert (found.score, found.members, found.orders) == (0.9, tuple(range(12)), (1, 2, 3))


def test_a_finding_below_the_threshold_adds_nobody_to_an_alert() -> None:
    one = finding("fake_order_ring", 0.9, range(10))

    assert settle([one, finding("fake_order_ring", 0.3, range(20))]) == [one]


def test_the_specific_kind_stays_where_both_say_the_same() -> None:
    circle = finding("circular_orders", 0.9, range(6))

    assert settle([finding("fake_order_ring", 0.99, range(7)), circle]) == [circle]


def test_a_ring_whose_buyers_share_a_card_is_a_ring() -> None:
    ring = ring_by_goods(range(10))

    assert settle([finding("self_referral_cycle", 0.99, range(8)), ring]) == [ring]


def test_a_ring_by_tokens_and_promoter_only_is_the_promoters_own_accounts() -> None:
    ring = because("fake_order_ring", range(9), bought_the_same=(6, 0.02))
    cycle = finding("self_referral_cycle", 0.99, range(10))

    assert settle([ring, cycle]) == [cycle]


def test_a_specific_finding_that_is_only_a_part_gives_way() -> None:
    ring = finding("fake_order_ring", 0.9, range(20))

    assert settle([finding("sleeper", 0.99, range(5)), ring]) == [ring]


@pytest.mark.parametrize("kind", ["sleeper", "account_farm"])
def test_a_ring_some_of_whose_accounts_slept_or_were_made_is_a_ring(kind: Kind) -> None:
    ring = ring_by_goods(range(12))

    [found] = settle([ring, finding(kind, 0.96, range(7))])

    assert (found.kind, found.members) == ("fake_order_ring", tuple(range(12)))
    assert [one.kind for one in settle([ring, finding(kind, 0.96, range(11))])] == [kind]
    assert [one.kind for one in settle([ring, finding(kind, 0.99, range(7))])] == [kind]


def test_two_views_of_one_group_become_one_of_the_specific_kind() -> None:
    ring = finding("fake_order_ring", 0.9, range(6))

    [found] = settle([finding("self_referral_cycle", 0.99, range(2, 8)), ring])

    assert (found.kind, found.members) == ("fake_order_ring", tuple(range(8)))


def test_specific_findings_that_cover_a_general_one_together_replace_it() -> None:
    parts = [finding("sleeper", 0.9, range(10)), finding("sleeper", 0.8, range(10, 20))]

    assert settle([finding("fake_order_ring", 0.99, range(20)), *parts]) == parts


def test_a_specific_finding_that_is_much_less_certain_gives_way() -> None:
    ring = finding("fake_order_ring", 0.99, range(10))

    assert settle([finding("sleeper", 0.55, range(10)), ring]) == [ring]


def test_findings_about_other_people_all_stay() -> None:
    found = [finding("sleeper", 0.9, range(5)), finding("round_trip", 0.8, range(5, 9))]

    assert settle(found) == found


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    start, size = draw(st.integers(0, 12)), draw(st.integers(1, 8))
    kind, score = draw(st.sampled_from(SPECIFICITY)), draw(st.integers(0, 100)) / 100
    return finding(kind, score, range(start, start + size))


@given(st.lists(findings(), max_size=8, unique=True), st.data())
def test_the_answer_does_not_depend_on_the_order(found: list[Finding], data: st.DataObject) -> None:
    mixed = data.draw(st.permutations(found))

    assert settle(mixed) == settle(found)


def test_accounts_that_buy_again_and_again_by_one_another_are_no_farm() -> None:
    cycle = finding("self_referral_cycle", 0.95, range(8), tuple(range(30)))

    assert settle([finding("account_farm", 0.95, range(8)), cycle]) == [cycle]


@pytest.mark.parametrize(("score", "kept"), [(1.0, "self_referral_cycle"), (0.9, "account_farm")])
def test_a_farm_of_which_half_surely_buys_by_one_another_is_theirs(
    score: float, kept: Kind
) -> None:
    farm = finding("account_farm", 0.9, range(16))
    cycle = finding("self_referral_cycle", score, range(9), tuple(range(30)))

    [found] = settle([farm, cycle])

    assert found.kind == kept


def test_accounts_that_buy_once_are_a_farm() -> None:
    farm = finding("account_farm", 0.95, range(8))

    assert settle([farm, finding("self_referral_cycle", 0.95, range(8), (1, 2))]) == [farm]


def test_who_sends_nothing_back_and_buys_the_same_washes_no_step() -> None:
    ring = ring_by_goods(range(30))

    assert settle([finding("threshold_wash", 0.95, range(30)), ring]) == [ring]


def test_who_passes_a_step_and_sends_it_back_washes_it() -> None:
    wash = because("threshold_wash", range(6), undone_after_month=(0.8, 0.3))

    assert settle([wash, ring_by_goods(range(6))]) == [wash]


def test_a_ring_that_sends_a_little_back_is_after_no_refunds() -> None:
    ring = ring_by_goods(range(12))

    assert settle([because("refund_arbitrage", range(12), late_returns=(0.18, 0.5)), ring]) == [
        ring
    ]


def test_a_ring_all_of_whose_signs_say_all_they_can_is_one_by_its_goods() -> None:
    ring = because("fake_order_ring", range(39), bought_the_same=(37, 0.12))
    refunds = because("refund_arbitrage", range(23), late_returns=(0.2, 0.6))

    assert settle([ring, refunds]) == [ring]


def test_a_few_above_a_step_wash_it() -> None:
    wash = finding("threshold_wash", 0.95, range(6))

    assert settle([wash, finding("fake_order_ring", 0.95, range(6))]) == [wash]
