"""Are the measures what counting by hand gives?"""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_service.identity.persons import Known, Seen, Token, links_of
from graph_service.quality.measures import (
    SEVERAL,
    agreement,
    components,
    false_pairs,
    joined_honest,
    joined_part,
)

SEEN = Seen(0, 1, True)
NAMES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12)


@given(accounts=NAMES)
def test_pairs_and_b_cubed_are_those_of_the_definitions(accounts: list[tuple[int, int]]) -> None:
    groups = {f"m{i}": group for i, (group, _) in enumerate(accounts)}
    truth = {f"m{i}": person for i, (_, person) in enumerate(accounts)}

    found = agreement(groups, truth)

    pairs = list(combinations(truth, 2))
    joined = {pair for pair in pairs if groups[pair[0]] == groups[pair[1]]}
    true = {pair for pair in pairs if truth[pair[0]] == truth[pair[1]]}
    assert (found.joined_pairs, found.true_pairs) == (len(joined), len(true))
    assert found.right_pairs == len(joined & true)

    def mean_part(of: dict[str, int], other: dict[str, int]) -> float:
        parts: list[float] = []
        for one in truth:
            near = [two for two in truth if of[two] == of[one]]
            parts.append(sum(other[two] == other[one] for two in near) / len(near))
        return sum(parts) / len(parts)

    assert found.cubed_precision == pytest.approx(mean_part(groups, truth))
    assert found.cubed_recall == pytest.approx(mean_part(truth, groups))


def test_nothing_joined_is_precise_and_finds_nothing() -> None:
    found = agreement({"a": 1, "b": 2}, {"a": "p", "b": "p"})

    assert (found.precision, found.recall) == (1.0, 0.0)


def test_a_baseline_joins_whatever_hangs_together() -> None:
    uses = {"a": ["x"], "b": ["x", "y"], "c": ["y"], "d": ["z"], "e": ["z"]}

    groups = components(uses, {"x": "phone", "y": "payment", "z": "ip"}, {"phone", "payment"})

    assert len({groups[one] for one in "abc"}) == 1
    assert len({groups[one] for one in "cde"}) == 3


def test_false_pairs_are_told_by_what_joined_them() -> None:
    """a and b are one person, joined to c by a card, and c to d by a phone."""
    uses = {
        "a": {"phone:ab": SEEN, "payment:ac": SEEN},
        "b": {"phone:ab": SEEN},
        "c": {"payment:ac": SEEN, "phone:cd": SEEN},
        "d": {"phone:cd": SEEN},
    }
    tokens = {one: Token(one.partition(":")[0], 4) for mine in uses.values() for one in mine}
    truth = {"a": "p", "b": "p", "c": "q", "d": "r"}
    noise = {("c", "payment:ac"): "family card", ("d", "phone:cd"): "family phone"}

    found = false_pairs(links_of(Known(uses, tokens), truth), truth, noise)

    assert found == {"family card": 2, "family phone": 1, SEVERAL: 2}


def test_the_honest_who_are_joined_to_others_are_counted_once() -> None:
    truth = {"a": "p", "b": "q", "c": "q", "d": "crook", "e": "r"}
    groups = {"a": 1, "b": 1, "c": 2, "d": 2, "e": 3}

    assert joined_honest(groups, truth, {"crook"}) == (2, 1)


def test_an_account_is_joined_where_another_of_the_same_person_is() -> None:
    truth = {"a": "p", "b": "p", "c": "p", "d": "q"}

    assert joined_part({"a": 1, "b": 1, "c": 2, "d": 1}, truth) == 0.5
