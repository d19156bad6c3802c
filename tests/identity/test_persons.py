"""Which accounts are one person: the joined accounts beside a plain reference, and the weights."""

from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_service.identity.persons import (
    MICROS_PER_DAY,
    PAIRS_MAX,
    Known,
    Pair,
    Seen,
    Token,
    Word,
    _candidates,  # pyright: ignore[reportPrivateUsage]
    links_of,
    persons_of,
    score_pair,
)
from graph_service.identity.weights import BITS, JOIN_BITS, REACH_MAX, reach_of, token_bits

LONG_AGO, NOW = 0, 200 * MICROS_PER_DAY
ALWAYS = Seen(LONG_AGO, NOW, True)


def known_of(
    uses: dict[str, dict[str, Seen]], words: dict[Pair, list[Word]] | None = None
) -> Known:
    """What is known of accounts whose tokens are named kind:number."""
    users: dict[str, int] = {}
    for tokens in uses.values():
        for token in tokens:
            users[token] = users.get(token, 0) + 1
    tokens = {one: Token(one.partition(":")[0], reach_of(count)) for one, count in users.items()}
    return Known(uses, tokens, words or {})


def seen_on(days: tuple[list[int], bool]) -> Seen:
    """Seen from one day to another."""
    (first, last), observed = days
    return Seen(first * MICROS_PER_DAY, last * MICROS_PER_DAY, observed)


def plain_persons(known: Known, member_ids: list[str]) -> dict[str, tuple[str, ...]]:
    """Every pair of accounts is looked at; the strongest pairs are joined first, if they may."""
    pairs: list[tuple[int, Pair]] = []
    apart: list[Pair] = []
    for pair in combinations(sorted(member_ids), 2):
        said = known.said(pair)
        if said == "merged":
            pairs.append((1_000, pair))
        elif said == "apart":
            apart.append(pair)
        elif (score := score_pair(known, pair)).joins:
            pairs.append((score.bits, pair))
    groups = [{one} for one in member_ids]
    for _, (one, other) in sorted(pairs, key=lambda item: (-item[0], item[1])):
        mine = next(group for group in groups if one in group)
        theirs = next(group for group in groups if other in group)
        both = mine | theirs
        if mine is not theirs and not any(both.issuperset(pair) for pair in apart):
            groups = [group for group in groups if group not in (mine, theirs)] + [both]
    return {one: tuple(sorted(group)) for group in groups for one in group}


@st.composite
def surroundings(draw: st.DrawFn) -> tuple[Known, list[str]]:
    """Up to nine accounts that share few tokens, and what was said of some pairs."""
    member_ids = [f"m{number}" for number in range(draw(st.integers(2, 9)))]
    kinds = ("phone", "payment", "union", "device", "address")
    tokens = st.sampled_from([f"{kind}:{number}" for kind in kinds for number in range(3)])
    days = st.tuples(st.integers(0, 200), st.integers(0, 200)).map(sorted)
    seen = st.tuples(days, st.booleans()).map(seen_on)
    uses = {one: draw(st.dictionaries(tokens, seen, max_size=4)) for one in member_ids}
    pairs = st.sampled_from(list(combinations(member_ids, 2)))
    said = st.lists(
        st.builds(Word, st.integers(0, 3), st.integers(0, 9), st.booleans()), max_size=4
    )
    return known_of(uses, draw(st.dictionaries(pairs, said, max_size=4))), member_ids


@settings(max_examples=400, deadline=None)
@given(around=surroundings())
def test_accounts_are_joined_as_the_plain_reference_joins_them(
    around: tuple[Known, list[str]],
) -> None:
    known, member_ids = around

    assert persons_of(known, member_ids) == plain_persons(known, member_ids)


@settings(max_examples=200, deadline=None)
@given(around=surroundings(), seed=st.randoms(use_true_random=False))
def test_the_order_of_what_is_known_changes_nothing(
    around: tuple[Known, list[str]], seed: Random
) -> None:
    known, member_ids = around
    shuffled = list(known.uses.items())
    seed.shuffle(shuffled)
    again = Known(dict(shuffled), known.tokens, known.words)

    assert persons_of(again, member_ids[::-1]) == persons_of(known, member_ids)


@settings(max_examples=200, deadline=None)
@given(around=surroundings())
def test_links_hold_a_person_together_and_nothing_else(around: tuple[Known, list[str]]) -> None:
    known, member_ids = around
    persons = persons_of(known, member_ids)

    links = list(links_of(known, member_ids))

    assert all(persons[one] == persons[other] for one, other in (link.pair for link in links))
    assert len(links) == len(member_ids) - len(set(persons.values()))


@pytest.mark.parametrize("kind", ["union", "phone", "payment"])
def test_something_strong_joins_the_few_who_share_it(kind: str) -> None:
    known = known_of({"a": {f"{kind}:1": ALWAYS}, "b": {f"{kind}:1": ALWAYS}})

    assert persons_of(known, ["a", "b"])["b"] == ("a", "b")


@pytest.mark.parametrize("kinds", [["device"], ["address"], ["ip"], ["device", "address", "ip"]])
def test_a_household_is_not_a_person(kinds: list[str]) -> None:
    tokens = {f"{kind}:1": ALWAYS for kind in kinds}
    known = known_of({"a": tokens, "b": dict(tokens)})

    score = score_pair(known, ("a", "b"))

    assert not score.joins
    assert score.bits == max(BITS[kind] for kind in kinds) + len(kinds) - 1


def test_what_too_many_share_says_nothing() -> None:
    known = known_of({f"m{number}": {"phone:1": ALWAYS} for number in range(REACH_MAX + 1)})

    persons = persons_of(known, known.uses)

    assert all(len(accounts) == 1 for accounts in persons.values())


def test_more_who_share_it_never_make_it_say_more() -> None:
    for kind in BITS:
        bits = [token_bits(kind, reach_of(users)) for users in range(2, REACH_MAX + 2)]
        assert bits == sorted(bits, reverse=True)


def test_a_number_that_rested_may_be_somebody_elses_unless_something_else_is_shared() -> None:
    before, after = Seen(LONG_AGO, LONG_AGO, True), Seen(NOW, NOW, True)
    alone = known_of({"a": {"phone:1": before}, "b": {"phone:1": after}})
    with_device = known_of(
        {"a": {"phone:1": before, "device:1": before}, "b": {"phone:1": after, "device:1": after}}
    )

    assert not score_pair(alone, ("a", "b")).joins
    assert score_pair(alone, ("a", "b")).reasons[0].recycled
    assert score_pair(with_device, ("a", "b")).joins


def test_a_card_that_paid_one_order_joins_with_something_else_only() -> None:
    once = Seen(LONG_AGO, LONG_AGO, False)
    alone = known_of({"a": {"payment:1": ALWAYS}, "b": {"payment:1": once}})
    tokens = {"payment:1": once, "address:1": once}
    with_address = known_of({"a": {"payment:1": ALWAYS, "address:1": ALWAYS}, "b": tokens})

    score = score_pair(alone, ("a", "b"))

    assert [one.kind for one in score.reasons] == ["paid"]
    assert score.bits < JOIN_BITS
    assert score_pair(with_address, ("a", "b")).joins


def test_of_many_who_hang_together_as_many_pairs_are_looked_at_as_is_said() -> None:
    """2,000 accounts, each paid with 10 means that 250 used, which is not enough to join two."""
    known = Known()
    for means in range(80):
        token = f"payment:{means}"
        known.tokens[token] = Token("payment", 256)
        for i in range(250):
            member_id = f"m{(means * 25 + i * 7) % 2_000:05d}"
            known.uses.setdefault(member_id, {})[token] = ALWAYS
    users: dict[str, list[str]] = {}
    for member_id, tokens in known.uses.items():
        for token in tokens:
            users.setdefault(token, []).append(member_id)

    pairs = list(_candidates(known, users))

    assert len(pairs) <= PAIRS_MAX + 80 * 250


def test_of_many_who_share_what_is_enough_all_are_one_person_and_those_apart_are_not() -> None:
    uses = {f"m{number:04}": {f"phone:{number % 3}": ALWAYS} for number in range(750)}
    uses["m0000"] = {f"phone:{number}": ALWAYS for number in range(3)}
    known = known_of(uses, {("m0001", "m0002"): [Word(1, 1, False)]})

    persons = persons_of(known, uses)

    assert len(persons["m0000"]) > 490
    assert persons["m0001"] != persons["m0002"]
    assert len(persons["m0001"]) + len(persons["m0002"]) == 750


def test_each_unmerge_takes_one_merge_back() -> None:
    pair = ("a", "b")
    words = [Word(1, 1, True), Word(2, 2, True), Word(3, 3, False), Word(4, 4, False)]

    said = [known_of({}, {pair: words[:count]}).said(pair) for count in range(5)]

    assert said == [None, "merged", "merged", "merged", None]


def test_an_unmerge_restores_what_stood_before_the_merge() -> None:
    pair = ("a", "b")
    words = [Word(1, 1, False), Word(2, 2, True), Word(3, 3, False)]

    said = [known_of({}, {pair: words[:count]}).said(pair) for count in range(4)]

    assert said == [None, "apart", "merged", "apart"]


def test_two_said_to_be_apart_stay_apart_however_others_join_them() -> None:
    uses = {
        "a": {"phone:1": ALWAYS},
        "b": {"phone:1": ALWAYS, "payment:1": ALWAYS},
        "c": {"payment:1": ALWAYS},
    }
    known = known_of(uses, {("a", "c"): [Word(1, 1, False)]})

    persons = persons_of(known, ["a", "b", "c"])

    assert persons["a"] == ("a", "b")
    assert persons["c"] == ("c",)
