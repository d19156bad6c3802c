"""Credit distribution: worked examples, and every chain walked slowly on random cascades."""

from fractions import Fraction
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.influence.cascades import (
    Act,
    cascade_of,
    credit_of,
    decayed_split,
    equal_split,
    influence,
)
from tests.reference import credit as slow

HALF = Fraction(1, 2)


def acts(lines: list[slow.Line]) -> list[Act]:
    return [Act(*line) for line in lines]


@st.composite
def cascades(draw: st.DrawFn) -> list[slow.Line]:
    """A tree of shares by few members, at times that need not fit."""
    members = st.sampled_from(["a", "b", "c", "d", "e", None])
    lines: list[slow.Line] = [("s0", draw(members), None, draw(st.integers(0, 3)))]
    for number in range(1, draw(st.integers(1, 9))):
        parent = f"s{draw(st.integers(0, number - 1))}"
        lines.append((f"s{number}", draw(members), parent, draw(st.integers(0, 9))))
    return lines


# b has it from a, c from a and b (half each), d from c.
DIAMOND: list[slow.Line] = [
    ("s1", "a", None, 0),
    ("s2", "b", "s1", 1),
    ("s3", "c", "s1", 2),
    ("s4", "c", "s2", 3),
    ("s5", "d", "s4", 4),
]


def test_credit_goes_back_along_every_way() -> None:
    cascade = cascade_of(acts(DIAMOND))

    assert credit_of(cascade, "a", equal_split) == {"b": 1, "c": 1, "d": 1}
    assert credit_of(cascade, "b", equal_split) == {"c": HALF, "d": HALF}
    assert credit_of(cascade, "d", equal_split) == {}
    assert credit_of(cascade, "nobody", equal_split) == {}


def test_what_was_passed_on_at_the_same_time_or_before_is_owed_to_nobody() -> None:
    lines: list[slow.Line] = [("s1", "a", None, 5), ("s2", "b", "s1", 5), ("s3", "c", "s1", 4)]

    assert credit_of(cascade_of(acts(lines)), "a", equal_split) == {}


def test_the_decayed_split_falls_with_the_time_that_the_pair_usually_takes() -> None:
    quick: list[slow.Line] = [("s1", "a", None, 0), ("s2", "b", "s1", 10)]
    late: list[slow.Line] = [("s3", "a", None, 0), ("s4", "b", "s3", 30)]
    log = [cascade_of(acts(lines)) for lines in (quick, late)]

    direct = decayed_split(log)

    # The mean gap is 20; one of b's two actions came within it.
    assert float(direct(log[0], "a", "b")) == pytest.approx(exp(-10 / 20) / 2)
    assert float(direct(log[1], "a", "b")) == pytest.approx(exp(-30 / 20) / 2)


def test_influence_divides_by_how_often_the_others_acted() -> None:
    alone: list[slow.Line] = [("s9", "d", None, 0)]
    log = [cascade_of(acts(lines)) for lines in (DIAMOND, alone)]

    found = influence(log, equal_split)

    assert found == {"a": 2 + HALF, "b": HALF + HALF / 2, "c": HALF, "d": 0}


@given(cascades())
def test_credit_is_that_of_walking_every_chain(lines: list[slow.Line]) -> None:
    cascade = cascade_of(acts(lines))

    for member_id in cascade.times:
        assert credit_of(cascade, member_id, equal_split) == slow.credit(lines, member_id)


@given(st.lists(cascades(), max_size=4))
def test_influence_is_that_of_the_slow_sum(log: list[list[slow.Line]]) -> None:
    found = influence([cascade_of(acts(lines)) for lines in log], equal_split)

    assert found == slow.influence(log)


@given(st.lists(cascades(), min_size=1, max_size=4))
def test_the_decayed_split_never_gives_more_than_the_equal_one(log: list[list[slow.Line]]) -> None:
    known = [cascade_of(acts(lines)) for lines in log]
    direct = decayed_split(known)

    for cascade in known:
        for member_id, sources in cascade.sources.items():
            for source in sources:
                assert 0 <= direct(cascade, source, member_id) <= Fraction(1, len(sources))
