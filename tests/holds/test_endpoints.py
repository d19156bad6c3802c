"""Holds over HTTP: placed, listed, shown on every account of the person, and lifted."""

import asyncio
from datetime import UTC
from typing import Any

import pytest

from tests.holds.desk import ACCOUNTS, HOLDS, OTHER, Desk
from tests.worlds import NOW, spelled

pytestmark = pytest.mark.anyio


async def test_a_hold_that_is_placed_is_told_and_recorded(desk: Desk) -> None:
    asked = {"memberId": "lin", "reason": "many accounts at one address", "code": "household"}

    answer = await desk.client.post(HOLDS, json=asked)

    made = answer.json()
    known = (await desk.client.get(answer.headers["location"])).json()
    assert answer.status_code == 201
    assert known == made
    assert {name: made[name] for name in asked} == asked
    assert (made["kind"], made["active"], made["placedBy"]) == ("person", True, "bootstrap")
    assert made["liftedAt"] is made["expiresAt"] is made["caseId"] is None
    told = {"kind": "person", "by": "bootstrap", "holdId": made["holdId"]}
    assert desk.facts() == [("hold.placed", asked | told)]


async def test_the_fact_is_booked_like_any_other(desk: Desk) -> None:
    made = await desk.place(expiresAt=desk.later(days=1))
    await desk.lift(made["holdId"])

    async def pending() -> int:
        return desk.database.query("MATCH (f:Pending) RETURN count(f) AS n")[0]["n"]

    for _ in range(100):
        if not await pending():
            break
        await asyncio.sleep(0.1)

    rows = desk.database.query(
        "MATCH (f:Fact) WHERE f.type STARTS WITH 'hold.' RETURN f.type AS type ORDER BY f.seq"
    )
    assert await pending() == 0
    assert [row["type"] for row in rows] == ["hold.placed", "hold.lifted"]


async def test_a_hold_shows_on_every_account_of_the_person(desk: Desk) -> None:
    desk.one_person()

    made = await desk.place("lin-2")

    found = [await desk.held(one) for one in (*ACCOUNTS, OTHER)]
    items = (await desk.client.get(f"{HOLDS}?memberId=lin")).json()["items"]
    assert found == [[made["holdId"]], [made["holdId"]], []]
    assert [one["memberId"] for one in items] == ["lin-2"]


async def test_the_same_idempotency_key_places_one_hold_also_at_once(desk: Desk) -> None:
    asked = {"memberId": "lin", "reason": "a tip"}
    headers = {"Idempotency-Key": "ticket-7"}

    answers = await asyncio.gather(
        *(desk.client.post(HOLDS, json=asked, headers=headers) for _ in range(8))
    )
    desk.pass_time(hours=1)
    later = await desk.client.post(HOLDS, json=asked, headers=headers)

    placed = [answer for answer in (*answers, later) if answer.status_code == 201]
    others = {answer.json()["code"] for answer in answers if answer.status_code != 201}
    assert later in placed
    assert others <= {"idempotency_in_progress"}
    assert {answer.json()["holdId"] for answer in placed} == {later.json()["holdId"]}
    assert later.json()["placedAt"] == spelled(NOW, UTC)
    assert desk.types() == ["hold.placed"]
    assert len(await desk.held("lin")) == 1


async def test_the_same_idempotency_key_for_another_hold_is_refused(desk: Desk) -> None:
    headers = {"Idempotency-Key": "ticket-7"}
    asked = {"memberId": "lin", "reason": "a tip"}
    await desk.client.post(HOLDS, json=asked, headers=headers)

    answers = [
        await desk.client.post(HOLDS, json=asked | change, headers=headers)
        for change in (
            {"memberId": OTHER},
            {"reason": "a hunch"},
            {"expiresAt": desk.later(days=1)},
        )
    ]
    own = await desk.client.post(HOLDS, json=asked, headers=headers | await desk.key("risk:decide"))

    told = {(one.status_code, one.json()["code"]) for one in answers}
    assert told == {(422, "idempotency_key_reused")}
    assert await desk.held(OTHER) == []
    assert own.status_code == 201
    assert own.json()["placedBy"].startswith("risk 1 (key_")


async def test_without_an_idempotency_key_each_request_places_a_hold(desk: Desk) -> None:
    made = [await desk.place(), await desk.place()]

    assert sorted(await desk.held("lin")) == sorted(one["holdId"] for one in made)


async def test_nobody_unknown_is_held_and_nothing_is_said_of_them(desk: Desk) -> None:
    placed = await desk.client.post(HOLDS, json={"memberId": "nobody", "reason": "a tip"})
    listed = await desk.client.get(f"{HOLDS}?memberId=nobody")

    assert [one.status_code for one in (placed, listed)] == [404, 404]
    assert {one.json()["code"] for one in (placed, listed)} == {"member_not_found"}
    assert desk.database.query("MATCH (m:Member {memberId: 'nobody'}) RETURN m") == []
    assert desk.facts() == []


NONSENSE: list[dict[str, Any]] = [
    {"memberId": "lin"},
    {"memberId": "lin", "reason": ""},
    {"memberId": "lin", "reason": " \n"},
    {"memberId": "lin", "reason": "x" * 4_001},
    {"memberId": "", "reason": "a tip"},
    {"reason": "a tip"},
    {"memberId": "lin", "reason": "a tip", "code": ""},
    {"memberId": "lin", "reason": "a tip", "expiresAt": "tomorrow"},
    {"memberId": "lin", "reason": "a tip", "expiresAt": spelled(NOW)},
    {"memberId": "lin", "reason": "a tip", "kind": "rule"},
]


@pytest.mark.parametrize("asked", NONSENSE)
async def test_a_hold_that_makes_no_sense_is_refused(desk: Desk, asked: dict[str, Any]) -> None:
    answer = await desk.client.post(HOLDS, json=asked)

    assert answer.status_code == 422
    assert await desk.held("lin") == []
    assert desk.facts() == []


async def test_a_hold_is_lifted_for_a_reason_once(desk: Desk) -> None:
    made = await desk.place()
    desk.pass_time(hours=1)

    first = await desk.lift(made["holdId"])
    desk.pass_time(hours=1)
    again = await desk.lift(made["holdId"])
    other = await desk.lift(made["holdId"], "on second thoughts")

    lifted = first.json()
    assert [first.status_code, again.status_code, other.status_code] == [200, 200, 409]
    assert again.json() == lifted
    assert other.json()["code"] == "hold_ended"
    assert (lifted["active"], lifted["liftReason"]) == (False, "they are sisters")
    assert lifted["liftedBy"] == "bootstrap"
    assert await desk.held("lin") == []
    assert desk.facts()[1:] == [
        (
            "hold.lifted",
            {
                "holdId": made["holdId"],
                "memberId": "lin",
                "why": "they are sisters",
                "by": "bootstrap",
            },
        )
    ]


async def test_of_many_who_lift_at_once_one_is_told_and_recorded(desk: Desk) -> None:
    made = await desk.place()

    answers = await asyncio.gather(
        *(desk.lift(made["holdId"], f"reason {number % 2}") for number in range(8))
    )

    assert sorted(one.status_code for one in answers) == [200] * 4 + [409] * 4
    assert desk.types() == ["hold.lifted", "hold.placed"]


async def test_what_is_not_there_is_neither_shown_nor_lifted(desk: Desk) -> None:
    answers = [await desk.client.get(f"{HOLDS}/hold_none"), await desk.lift("hold_none")]

    assert {(one.status_code, one.json()["code"]) for one in answers} == {(404, "hold_not_found")}


async def test_the_list_has_every_hold_newest_first_page_by_page(desk: Desk) -> None:
    made: list[str] = []
    for number in range(5):
        made.append((await desk.place("lin" if number % 2 else OTHER))["holdId"])
        desk.pass_time(minutes=number % 2)
    await desk.lift(made[0])

    found: dict[str, list[str]] = {}
    for query in ("", "active=true", "active=false", "memberId=lin"):
        found[query], cursor = [], ""
        while cursor is not None:
            page = (await desk.client.get(f"{HOLDS}?limit=2&{query}{cursor}")).json()
            found[query] += [one["holdId"] for one in page["items"]]
            following = page["nextCursor"]
            cursor = None if following is None else f"&cursor={following}"

    assert sorted(found[""]) == sorted(made)
    assert found[""][0] == made[4]
    assert set(found[""][1:3]) == {made[2], made[3]}
    assert sorted(found["active=true"]) == sorted(made[1:])
    assert found["active=false"] == [made[0]]
    assert found["memberId=lin"] == [made[3], made[1]]


async def test_reading_and_deciding_are_scopes_of_their_own(desk: Desk) -> None:
    made = await desk.place()
    asked = {"memberId": "lin", "reason": "a tip"}
    found: dict[str, list[int]] = {}

    for scope in ("risk:read", "risk:decide", "read", "events:write"):
        headers = await desk.key(scope)
        found[scope] = [
            (await desk.client.get(HOLDS, headers=headers)).status_code,
            (await desk.client.get(f"{HOLDS}/{made['holdId']}", headers=headers)).status_code,
            (await desk.client.post(HOLDS, json=asked, headers=headers)).status_code,
            (
                await desk.client.post(
                    f"{HOLDS}/{made['holdId']}:lift", json={"reason": "a"}, headers=headers
                )
            ).status_code,
        ]

    assert found["risk:read"] == [200, 200, 403, 403]
    assert found["risk:decide"] == [403, 403, 201, 200]
    assert found["read"] == found["events:write"] == [403, 403, 403, 403]
