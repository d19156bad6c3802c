"""A log without a piece of evidence beside the log of the facts that are left."""

import numpy as np
import pytest

from graph_service.fraud.counterfactuals.pieces import Piece
from graph_service.fraud.counterfactuals.removing import without
from graph_service.snapshot.log import Log, log_of
from graph_service.snapshot.snapshot import snapshot_of
from tests.fraud.counterfactuals.worlds import (
    Told,
    facts_of,
    without_member,
    without_orders,
    without_share,
    without_token,
)
from tests.snapshot.worlds import mall, tables_of

SEEDS = range(12)


def told(log: Log) -> dict[str, list[tuple[object, ...]]]:
    return dict(tables_of(log, sort=True))


def any_of(log: Log, kind: str, seed: int) -> int | None:
    """Some id of a kind."""
    size = len(log.names[kind])
    return int(np.random.default_rng(seed).integers(size)) if size else None


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_token_nobody_was_seen_with_it(seed: int) -> None:
    facts = facts_of(mall(seed))
    log = log_of(facts)
    token = any_of(log, "token", seed)
    assert token is not None

    left = without(log, [Piece("token", token)])

    assert told(left) == told(log_of(without_token(facts, log.names["token"][token])))


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_shop_its_orders_were_never_placed(seed: int) -> None:
    facts = facts_of(mall(seed))
    log = log_of(facts)
    orders: list[int] = log.tables["orders"]["order"][:2].tolist()
    names = {log.names["order"][one] for one in orders}

    left = without(log, [Piece("shop", 0, tuple(orders))])

    assert told(left) == told(log_of(without_orders(facts, names)))


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_share_nobody_clicked_on_it(seed: int) -> None:
    facts = facts_of(mall(seed))
    log = log_of(facts)
    share = any_of(log, "share", seed)
    assert share is not None

    left = without(log, [Piece("share", share)])

    assert told(left) == told(log_of(without_share(facts, log.names["share"][share])))


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_member_nothing_of_it_is_left(seed: int) -> None:
    facts = facts_of(mall(seed))
    log = log_of(facts)
    member = any_of(log, "member", seed)
    assert member is not None

    left = without(log, [Piece("member", member)])

    assert told(left) == told(log_of(without_member(facts, log.names["member"][member])))


def persons(facts: list[Told], pieces: list[Piece]) -> list[int]:
    log = log_of(facts)
    return snapshot_of(without(log, pieces)).members.person.tolist()


def person_facts() -> list[Told]:
    """Three accounts of one person: two by a phone, the third by a card; and two by word."""
    seen = [("a", "phone:1"), ("b", "phone:1"), ("b", "payment:2"), ("c", "payment:2")]
    facts: list[Told] = [
        ("identity.observed", 1, {"memberId": one, "kind": "phone", "value": token})
        for one, token in seen
    ]
    facts += [
        ("standing.changed", 2, {"memberId": one, "personId": "a"}) for one in ("a", "b", "c")
    ]
    facts += [("standing.changed", 2, {"memberId": one, "personId": "d"}) for one in ("d", "e")]
    return facts


def test_who_is_one_person_by_a_token_alone_is_several_without_it() -> None:
    facts = person_facts()
    card = log_of(facts).names["token"].index("payment:2")

    assert persons(facts, []) == [0, 0, 0, 3, 3]
    assert persons(facts, [Piece("token", card)]) == [0, 0, 2, 3, 3]


def test_who_is_one_person_by_word_stays_so_without_a_token() -> None:
    facts = [*person_facts(), ("identity.observed", 1, {"memberId": "d", "value": "phone:1"})]
    phone = log_of(facts).names["token"].index("phone:1")

    assert persons(facts, [Piece("token", phone)])[3:] == [3, 3]


def test_without_who_a_person_is_named_after_the_others_are_still_one() -> None:
    facts = person_facts()

    assert persons(facts, [Piece("member", 0)])[1:3] == [1, 1]


def test_numbers_and_names_stay() -> None:
    log = log_of(facts_of(mall(1)))

    assert without(log, [Piece("member", 0), Piece("token", 0)]).names == log.names
