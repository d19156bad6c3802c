"""The same key many times in one request."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.conftest import Database
from tests.worlds import START, event

Store = Callable[[list[dict[str, Any]]], Awaitable[list[str]]]
pytestmark = pytest.mark.anyio
CONFLICT = "rejected:event_conflict"
CYCLE = "rejected:referral_cycle"


def active(member: str) -> dict[str, Any]:
    return event("member.active", "same", START, {"memberId": member})


def bound(inviter: str) -> dict[str, Any]:
    return event("referral.bound", "same", START, {"memberId": "m", "inviterId": inviter})


async def test_the_first_of_a_key_is_stored_and_the_rest_answer_for_themselves(
    store: Store, database: Database
) -> None:
    statuses = await store([active("a"), active("b"), active("a")])

    assert statuses == ["accepted", CONFLICT, "duplicate"]
    assert database.query("MATCH (m:Member) RETURN m.memberId AS one") == [{"one": "a"}]


async def test_a_rejected_event_leaves_its_key_to_the_next_of_the_same_request(
    store: Store,
) -> None:
    statuses = await store([bound("m"), bound("m"), bound("a"), bound("b"), bound("a")])

    assert statuses == [CYCLE, CYCLE, "accepted", CONFLICT, "duplicate"]


async def test_a_stored_event_sent_hundreds_of_times_is_a_duplicate_each_time(
    store: Store,
) -> None:
    await store([active("a")])

    statuses = await store([active("a")] * 300)

    assert statuses == ["duplicate"] * 300


async def test_a_flood_of_contents_under_one_key_is_refused_and_ends(store: Store) -> None:
    flood = [
        event("referral.bound", "same", START, {"memberId": f"m{i}", "inviterId": f"m{i}"})
        for i in range(500)
    ]

    statuses = await store(flood)

    assert set(statuses) == {CYCLE, CONFLICT}
