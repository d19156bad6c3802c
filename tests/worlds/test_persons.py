"""Is the world of known persons always the same, whole, and as camouflaged as it says?"""

from collections import defaultdict
from functools import cache
from typing import get_args

import pytest

from graph_service.ingest.facts import Fact, parse_event
from graph_service.ingest.tokens import Tokeniser
from graph_service.worlds.persons import (
    ACCOUNTS_MIN,
    FRAUD_ACCOUNTS,
    Noise,
    PersonsWorld,
    persons_world,
)
from tests.worlds import Event, instant

ACCOUNTS = 2_000


@cache
def world(camouflage: float = 0.5, seed: int = 1) -> PersonsWorld:
    return persons_world(ACCOUNTS, seed, camouflage)


def strong_things(event: Event) -> list[tuple[str, str]]:
    """Phones, means of payment and union ids of an event."""
    data = event["data"]
    found = [("union", data["unionId"])] if "unionId" in data else []
    if event["type"] == "identity.observed":
        found.append((data["kind"], data["value"]))
    found += [(one["kind"], one["value"]) for one in data.get("identifiers", ())]
    return [(kind, value) for kind, value in found if kind in ("union", "phone", "payment")]


def fraud_users(found: PersonsWorld) -> dict[tuple[str, str], set[str]]:
    """Fraudsters' accounts by what strong thing they use as their own."""
    users: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for event in found.events:
        member_id = event["data"]["memberId"]
        if found.truth[member_id] in found.fraudsters:
            for kind, value in strong_things(event):
                if (member_id, kind, value) not in found.noise:
                    users[kind, value].add(member_id)
    return users


def test_the_same_seed_gives_the_same_world_and_another_another() -> None:
    again, other = persons_world(ACCOUNTS, 1, 0.5), persons_world(ACCOUNTS, 2, 0.5)

    assert again == world()
    assert other.events != world().events


def test_the_truth_covers_every_account_and_no_other() -> None:
    named = {event["data"]["memberId"] for event in world().events}

    assert named == set(world().truth)
    assert len(named) == ACCOUNTS


def test_every_event_is_accepted_and_they_come_in_time_order() -> None:
    tokeniser = Tokeniser(b"pepper")

    parsed = [parse_event(one, i, tokeniser) for i, one in enumerate(world().events)]

    assert all(isinstance(one, Fact) for one in parsed)
    assert len({one["id"] for one in world().events}) == len(world().events)
    times = [instant(one) for one in world().events]
    assert times == sorted(times)


def test_every_noise_is_there_and_is_of_what_somebody_is_seen_with() -> None:
    used: set[tuple[str, str, str]] = set()
    for event in world().events:
        data = event["data"]
        if event["type"] == "identity.observed":
            used.add((data["memberId"], data["kind"], data["value"]))
        used |= {
            (data["memberId"], one["kind"], one["value"]) for one in data.get("identifiers", ())
        }

    # Who forgets an old number on orders is one in a thousand, so not in every small world.
    missing = set(get_args(Noise)) - set(world().noise.values())

    assert missing <= {"recycled phone, still on orders"}
    assert set(world().noise) <= used


def test_fraudsters_have_many_accounts_and_the_honest_at_most_three() -> None:
    sizes: defaultdict[str, int] = defaultdict(int)
    for person in world().truth.values():
        sizes[person] += 1

    fraud = [size for person, size in sizes.items() if person in world().fraudsters]
    honest = [size for person, size in sizes.items() if person not in world().fraudsters]

    assert min(fraud) >= FRAUD_ACCOUNTS[0]
    assert max(fraud) <= FRAUD_ACCOUNTS[1]
    assert set(honest) == {1, 2, 3}


def test_under_full_camouflage_no_two_accounts_of_a_fraudster_share_something_strong() -> None:
    shared = {thing: who for thing, who in fraud_users(world(1.0)).items() if len(who) > 1}

    assert shared == {}


def test_without_camouflage_fraudsters_share_phones_and_means_of_payment() -> None:
    kinds = {kind for (kind, _), who in fraud_users(world(0.0)).items() if len(who) > 1}

    assert kinds == {"phone", "payment"}


def test_the_honest_do_the_same_under_every_camouflage() -> None:
    plain, hidden = (
        [
            one
            for one in found.events
            if found.truth[one["data"]["memberId"]] not in found.fraudsters
        ]
        for found in (world(0.0), world(1.0))
    )

    assert plain == hidden


def test_a_recycled_number_rests_before_it_is_somebody_elses() -> None:
    seen: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for event in world().events:
        if event["type"] == "identity.observed" and event["data"]["kind"] == "phone":
            data = event["data"]
            seen[data["value"], data["memberId"]].append(instant(event).timestamp())
    formers = [
        (member_id, value)
        for (member_id, _, value), noise in world().noise.items()
        if noise == "recycled phone"
    ]

    rests = [
        min(times) - max(seen[value, member_id])
        for member_id, value in formers
        for (phone, other), times in seen.items()
        if phone == value and other != member_id
    ]

    assert rests
    assert min(rests) >= 90 * 86_400


@pytest.mark.parametrize(("accounts", "camouflage"), [(ACCOUNTS_MIN - 1, 0.0), (1_000, 1.1)])
def test_a_world_that_cannot_be_is_refused(accounts: int, camouflage: float) -> None:
    with pytest.raises(ValueError, match="camouflage"):
        persons_world(accounts, 1, camouflage)
