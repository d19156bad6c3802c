"""What becomes of events that are broken, repeated or contradict what is stored."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.conftest import Database
from tests.worlds import START, Event, event, order_data

Store = Callable[[list[dict[str, Any]]], Awaitable[list[str]]]
pytestmark = pytest.mark.anyio
EVENTS = "/v1/events"
JSON = "application/json"
BOOKING = ("Lease", "Lock", "Migration", "Sequence")


def joined(name: str, event_id: str = "", **more: Any) -> Event:
    return event("member.joined", event_id or f"join-{name}", START, {"memberId": name, **more})


def bound(event_id: str, member_id: str, inviter_id: str, **more: Any) -> Event:
    data = {"memberId": member_id, "inviterId": inviter_id, **more}
    return event("referral.bound", event_id, START, data)


def shared(event_id: str, share_id: str, parent_id: str | None = None) -> Event:
    data = {"shareId": share_id, "memberId": "m-1"}
    if parent_id is not None:
        data["parentShareId"] = parent_id
    return event("share.created", event_id, START, data)


def paid(event_id: str, order_id: str = "o-1", amount_minor: int = 1_000, **more: Any) -> Event:
    data = {**order_data(order_id, "m-1", amount_minor), **more}
    return event("order.paid", event_id, START, data)


def refunded(event_id: str, refund_id: str, amount_minor: object, order_id: str = "o-1") -> Event:
    data = {"orderId": order_id, "refundId": refund_id, "amountMinor": amount_minor}
    return event("order.refunded", event_id, START, data)


def line(**changes: Any) -> Event:
    whole = {"productId": "p", "quantity": 1, "amountMinor": 1, **changes}
    return paid("bad", lines=[whole])


def enveloped(**changes: Any) -> Event:
    return {**joined("bad", "bad"), **changes}


def without(name: str) -> Event:
    return {key: value for key, value in joined("bad", "bad").items() if key != name}


async def quarantine(client: AsyncClient) -> list[dict[str, Any]]:
    return (await client.get(f"{EVENTS}/rejected", params={"limit": 500})).json()["items"]


async def replay(client: AsyncClient, rejected_id: str) -> dict[str, Any]:
    return (await client.post(f"{EVENTS}/rejected/{rejected_id}/replay")).json()


def counts(database: Database) -> Mapping[str, int]:
    """How many nodes of each label there are, but for those of the booking itself."""
    rows = database.query("MATCH (n) UNWIND labels(n) AS label RETURN label, count(*) AS nodes")
    return {row["label"]: row["nodes"] for row in rows if row["label"] not in BOOKING}


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        (b"", JSON, 400),
        (b"{", JSON, 400),
        (b"[1,]", JSON, 400),
        (b"[] []", JSON, 400),
        (b"NaN", JSON, 400),
        (b'[{"id": Infinity}]', JSON, 400),
        (b'["\xff"]', JSON, 400),
        (b'["\\ud800"]', JSON, 400),
        ("[]".encode("utf-16"), JSON, 400),
        (b"[" * 100_000, JSON, 400),
        (b'{"a":' * 100_000, JSON, 400),
        (b"[]", "text/plain", 415),
        (b"[]", "application/jsonp", 415),
        (b"[]", "application/json; charset=latin-1", 415),
        (b'"event"', JSON, 422),
        (b"5", JSON, 422),
        (b"null", JSON, 422),
        (b"true", JSON, 422),
        (b"[]", JSON, 200),
        (b"[]", "Application/JSON; charset=UTF-8", 200),
        (b"[]", "application/cloudevents+json", 200),
        (b"[]", "application/cloudevents-batch+json", 200),
    ],
    ids=repr,
)
async def test_a_body_is_answered_by_what_it_is(
    client: AsyncClient, content: bytes, media: str, status: int
) -> None:
    answer = await client.post(EVENTS, content=content, headers={"Content-Type": media})

    assert answer.status_code == status


BROKEN: list[tuple[object, str]] = [
    (None, "event"),
    (5, "event"),
    ("x", "event"),
    ([], "event"),
    ({}, "specversion"),
    (joined("bad", "bad", colour="red"), "data.colour"),
    (enveloped(Colour="red"), "Colour"),
    (enveloped(my_field="red"), "my_field"),
    (enveloped(specversion="0.3"), "specversion"),
    (enveloped(data=None), "data"),
    (enveloped(data=[]), "data"),
    (enveloped(data={}), "data.memberId"),
    (without("time"), "time"),
    (without("id"), "id"),
    (without("source"), "source"),
    (without("type"), "type"),
    (without("data"), "data"),
    (enveloped(time="2026-01-01T00:00:00"), "time"),
    (enveloped(time="2026-01-01"), "time"),
    (enveloped(time=1_700_000_000), "time"),
    (enveloped(time="0001-01-01T00:00:00Z"), "time"),
    (enveloped(time="0001-01-01T00:00:00+14:00"), "time"),
    (enveloped(time="9999-12-31T23:59:59-14:00"), "time"),
    (enveloped(time="2026-02-30T00:00:00Z"), "time"),
    (enveloped(time="2026-01-01T00:00:00+99:99"), "time"),
    (enveloped(time="２０２６-01-01T00:00:00Z"), "time"),
    (enveloped(type="member.left"), "type"),
    (enveloped(type=["member.joined"]), "type"),
    (enveloped(id=""), "id"),
    (enveloped(id=5), "id"),
    (enveloped(id="i" * 257), "id"),
    (enveloped(source="a\nb"), "source"),
    (joined("m" * 257, "bad"), "data.memberId"),
    (joined("a\x00b", "bad"), "data.memberId"),
    (joined("a\x7fb", "bad"), "data.memberId"),
    (joined("bad", "bad", role="emperor"), "data.role"),
    (joined("bad", "bad", role=["member"]), "data.role"),
    (
        event("member.updated", "bad", START, {"memberId": "bad", "taxRegistered": "yes"}),
        "data.tax",
    ),
    (event("member.updated", "bad", START, {"memberId": "bad", "taxRegistered": 1}), "data.tax"),
    (bound("bad", "bad", "bad-2", mode="expiring"), "expiresAt"),
    (bound("bad", "bad", "bad-2", expiresAt="2030-01-01T00:00:00Z"), "expiresAt"),
    (bound("bad", "bad", "b", mode="expiring", expiresAt="2020-01-01T00:00:00Z"), "expiresAt"),
    (event("share.clicked", "bad", START, {"shareId": "s"}), "memberId"),
    (
        event("share.clicked", "bad", START, {"shareId": "s", "memberId": "a", "visitorId": "b"}),
        "visitorId",
    ),
    (event("share.clicked", "bad", START, {"shareId": "s", "memberId": 5}), "data.memberId"),
    (paid("bad", amountMinor="100"), "data.amountMinor"),
    (paid("bad", amountMinor=True), "data.amountMinor"),
    (paid("bad", amountMinor=1.0), "data.amountMinor"),
    (paid("bad", amountMinor=-1), "data.amountMinor"),
    (paid("bad", amountMinor=10**15 + 1), "data.amountMinor"),
    (paid("bad", amountMinor=10**400), "data.amountMinor"),
    (paid("bad", currency="XXX"), "data.currency"),
    (paid("bad", currency="cny"), "data.currency"),
    (paid("bad", currency=156), "data.currency"),
    (paid("bad", lines=None), "data.lines"),
    (paid("bad", lines={}), "data.lines"),
    (paid("bad", lines=[None]), "data.lines.0"),
    (paid("bad", createdAt="2026-01-01T00:00:00"), "data.createdAt"),
    (line(quantity=0), "data.lines.0.quantity"),
    (line(quantity=True), "data.lines.0.quantity"),
    (line(amountMinor=-5), "data.lines.0.amountMinor"),
    (line(productId=None), "data.lines.0.productId"),
    (line(colour="red"), "data.lines.0.colour"),
    (refunded("bad", "r", 0), "data.amountMinor"),
    (refunded("bad", "r", "5"), "data.amountMinor"),
    (event("feedback.given", "bad", START, {"memberId": "bad", "subject": "it"}), "data.subject"),
]


@pytest.mark.parametrize(("broken", "named"), BROKEN, ids=lambda value: str(value)[-60:])
async def test_a_broken_event_is_rejected_alone_with_its_field_named(
    client: AsyncClient, database: Database, broken: object, named: str
) -> None:
    answer = (await client.post(EVENTS, json=[joined("a"), broken, joined("b")])).json()

    results = answer["results"]
    assert [one["status"] for one in results] == ["accepted", "rejected", "accepted"]
    assert named in results[1]["problem"]["detail"]
    assert results[1]["problem"]["status"] == 422
    found = counts(database)
    assert {name: found.get(name, 0) for name in ("Fact", "Member", "Rejected")} == {
        "Fact": 2,
        "Member": 2,
        "Rejected": 1,
    }
    assert found.keys().isdisjoint({"Order", "Share", "Product", "Visitor", "Refund"})


async def test_a_number_beyond_every_float_does_not_spoil_the_quarantine(
    client: AsyncClient,
) -> None:
    text = json.dumps([paid("bad", amountMinor=7)]).replace("7", "1e999")

    await client.post(EVENTS, content=text.encode(), headers={"Content-Type": JSON})

    answer = await client.get(f"{EVENTS}/rejected")
    assert answer.status_code == 200
    assert "Infinity" not in answer.text


async def test_the_order_of_results_is_the_order_sent(client: AsyncClient) -> None:
    events = [
        enveloped(id=f"e-{place}", time="never") if place % 3 == 0 else joined("m", f"e-{place}")
        for place in range(60)
    ]
    events[31] = events[1]

    answer = (await client.post(EVENTS, json=events)).json()

    assert [one["id"] for one in answer["results"]] == [one["id"] for one in events]
    assert (answer["accepted"], answer["duplicates"], answer["rejected"]) == (39, 1, 20)


async def test_the_quarantine_is_listed_page_by_page_without_gaps(client: AsyncClient) -> None:
    for batch in range(4):
        events = [enveloped(id=f"e-{batch}-{place}", time="never") for place in range(13)]
        await client.post(EVENTS, json=events)

    ids: list[str] = []
    params = {"limit": "5"}
    while True:
        page = (await client.get(f"{EVENTS}/rejected", params=params)).json()
        ids += [item["id"] for item in page["items"]]
        if page["nextCursor"] is None:
            break
        params["cursor"] = page["nextCursor"]

    expected = [f"e-{batch}-{place}" for batch in range(4) for place in range(13)]
    assert sorted(ids) == sorted(expected)
    assert [one[:3] for one in ids] == [one[:3] for one in sorted(ids, reverse=True)]


async def test_an_event_rejected_twice_is_one_entry(client: AsyncClient) -> None:
    bad = enveloped(time="never")

    for _ in range(3):
        await client.post(EVENTS, json=[bad, bad])

    assert [item["event"]["id"] for item in await quarantine(client)] == ["bad"]


async def test_a_refund_above_the_order_stays_rejected_when_replayed(client: AsyncClient) -> None:
    await client.post(EVENTS, json=[paid("pay"), refunded("e-1", "r-1", 1_001)])
    before = await quarantine(client)

    outcome = await replay(client, before[0]["rejectedId"])

    assert outcome["status"] == "rejected"
    assert outcome["problem"]["code"] == "refund_exceeds_order"
    assert await quarantine(client) == before


async def test_a_loop_is_accepted_by_replay_once_it_was_unbound(client: AsyncClient) -> None:
    first = [bound("b-1", "b", "a"), bound("b-2", "a", "b")]
    refused = (await client.post(EVENTS, json=first)).json()["results"][1]
    await client.post(EVENTS, json=[bound("b-3", "b", "c", mode="override")])
    rejected_id = (await quarantine(client))[0]["rejectedId"]

    outcome = await replay(client, rejected_id)

    assert refused["problem"]["code"] == "referral_cycle"
    assert outcome["status"] == "accepted"
    assert await quarantine(client) == []
    upline = (await client.get("/v1/members/a/upline")).json()["items"]
    assert [one["memberId"] for one in upline] == ["b", "c"]


async def test_a_replay_of_what_left_the_quarantine_is_404(client: AsyncClient) -> None:
    answer = await client.post(f"{EVENTS}/rejected/nothing/replay")

    assert answer.status_code == 404


async def test_an_atomic_request_with_one_rejection_stores_nothing(
    client: AsyncClient, database: Database
) -> None:
    events = [joined("a"), paid("pay"), shared("s-1", "s"), enveloped(time="never")]
    before = counts(database)

    answer = await client.post(f"{EVENTS}?atomic=true", json=events)

    assert answer.status_code == 409
    assert [one["status"] for one in answer.json()["results"]] == [*["accepted"] * 3, "rejected"]
    assert counts(database) == before


async def test_an_atomic_request_of_good_events_is_stored(client: AsyncClient) -> None:
    answer = await client.post(f"{EVENTS}?atomic=true", json=[joined("a"), joined("a")])

    assert [one["status"] for one in answer.json()["results"]] == ["accepted", "duplicate"]


async def test_a_cloud_event_may_have_extension_attributes(client: AsyncClient) -> None:
    sent = enveloped(traceparent="00-1", partitionkey=5, subject="s", dataschema="urn:x")

    answer = await client.post(EVENTS, json=sent)

    assert answer.json()["accepted"] == 1


async def test_another_spelling_of_an_event_is_a_duplicate(client: AsyncClient) -> None:
    again = {**joined("a", role=None), "time": "2025-12-31T16:00:00.000Z", "traceparent": "00"}
    await client.post(EVENTS, json=joined("a"))

    answer = await client.post(EVENTS, json=again)

    assert answer.json()["duplicates"] == 1


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([joined("a"), joined("b", "join-a")], ["accepted", "event_conflict"]),
        ([paid("1"), paid("2"), paid("3", amount_minor=9)], ["accepted", "dup", "event_conflict"]),
        (
            [shared("1", "s"), shared("2", "s"), shared("3", "s", "t")],
            ["accepted", "dup", "event_conflict"],
        ),
        (
            [refunded("1", "r", 5), refunded("2", "r", 5), refunded("3", "r", 6)],
            ["accepted", "dup", "event_conflict"],
        ),
        (
            [refunded("1", "r", 5), refunded("2", "r", 5, "o-2")],
            ["accepted", "event_conflict"],
        ),
        ([bound("1", "a", "a")], ["referral_cycle"]),
        (
            [bound("1", "b", "a"), bound("2", "c", "b"), bound("3", "a", "c")],
            ["accepted", "accepted", "referral_cycle"],
        ),
        (
            [joined("b", inviterId="a"), joined("a", inviterId="b"), joined("a", "again")],
            ["accepted", "referral_cycle", "accepted"],
        ),
        ([shared("1", "s", "s")], ["share_cycle"]),
        (
            [shared("1", "s", "t"), shared("2", "t", "u"), shared("3", "u", "s")],
            ["accepted", "accepted", "share_cycle"],
        ),
        (
            [paid("1"), refunded("2", "r-1", 600), refunded("3", "r-2", 600)],
            ["accepted", "accepted", "refund_exceeds_order"],
        ),
        (
            [refunded("1", "r-1", 600), refunded("2", "r-2", 600), paid("3")],
            ["accepted", "accepted", "refund_exceeds_order"],
        ),
    ],
)
async def test_what_contradicts_is_rejected_in_one_batch_as_in_many(
    store: Store, events: list[Event], expected: list[str], together: bool
) -> None:
    batches = [events] if together else [[one] for one in events]

    statuses = [status for batch in batches for status in await store(batch)]

    wanted = [f"rejected:{one}" if "_" in one else one for one in expected]
    assert statuses == [one.replace("dup", "duplicate") for one in wanted]


async def test_a_chain_of_more_than_512_invitations_is_rejected(store: Store) -> None:
    chain = [joined("m-0"), *(joined(f"m-{n}", inviterId=f"m-{n - 1}") for n in range(1, 514))]

    statuses = await store(chain)

    assert statuses == [*["accepted"] * 513, "rejected:referral_too_deep"]


async def test_two_chains_are_not_joined_to_one_that_is_too_deep(store: Store) -> None:
    upper = [joined(f"u-{n}", inviterId=f"u-{n - 1}") for n in range(1, 257)]
    lower = [joined(f"l-{n}", inviterId=f"l-{n - 1}") for n in range(1, 257)]
    await store(upper)
    await store(lower)

    statuses = await store([bound("1", "l-0", "u-256"), bound("2", "l-0", "u-255")])

    assert statuses == ["rejected:referral_too_deep", "accepted"]
