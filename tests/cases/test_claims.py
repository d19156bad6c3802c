"""Whose case is it? Claims keep others off, notes do not, and a rotated key is the same person."""

from dataclasses import dataclass
from typing import Any

import pytest
from httpx2 import Response

from tests.cases.test_deciding import CASES, opened
from tests.holds.desk import Desk

pytestmark = pytest.mark.anyio
UNSURE = {"conclusion": "inconclusive", "reason": "nobody knows"}
GIVEN_BACK: dict[str, Any] = {
    "conclusion": "false_positive",
    "reason": "sisters",
    "actions": ["lift_holds"],
}


@dataclass
class Analyst:
    """Somebody of the risk team with a key of their own."""

    desk: Desk
    key_id: str
    name: str
    headers: dict[str, str]

    async def does(self, case_id: str, what: str, body: Any = None) -> Response:
        path = f"{CASES}/{case_id}/{what}"
        return await self.desk.client.post(path, json=body, headers=self.headers)

    async def rotated(self) -> "Analyst":
        """The same person with their next key."""
        answer = await self.desk.client.post(f"/v1/keys/{self.key_id}:rotate")
        return _analyst(self.desk, answer.json())


def _analyst(desk: Desk, made: dict[str, Any]) -> Analyst:
    headers = {"Authorization": f"Bearer {made['key']}"}
    return Analyst(desk, made["keyId"], made["name"], headers)


async def analyst(desk: Desk, name: str, *more: str) -> Analyst:
    wanted = {"name": name, "scopes": ["risk:decide", "risk:read", *more]}
    return _analyst(desk, (await desk.client.post("/v1/keys", json=wanted)).json())


def told(answers: list[Response]) -> list[Any]:
    return [one.json().get("code") if one.is_error else one.status_code for one in answers]


async def test_a_word_that_is_nobodys_name_is_a_note_and_keeps_nobody_off(desk: Desk) -> None:
    case_id = await opened(desk)
    bot = await analyst(desk, "bot")

    given = await bot.does(case_id, "assign", {"assignee": "alice"})
    found = (await desk.client.get(f"{CASES}?assignee=alice")).json()["items"]
    triaged = await bot.does(case_id, "triage", {"priority": 2})
    judged = await bot.does(case_id, "decisions", UNSURE)

    assert (given.json()["assignee"], given.json()["claimedBy"]) == ("alice", None)
    assert [one["caseId"] for one in found] == [case_id]
    assert told([triaged, judged]) == [200, 201]


async def test_the_name_or_the_id_of_a_key_means_that_person_and_keeps_others_off(
    desk: Desk,
) -> None:
    first, second = await opened(desk, "lin"), await opened(desk, "lin-2")
    alice, bob = await analyst(desk, "alice"), await analyst(desk, "bob")
    await bob.does(first, "assign", {"assignee": "alice"})
    await bob.does(second, "assign", {"assignee": alice.key_id})

    others = [await bob.does(one, "decisions", UNSURE) for one in (first, second)]
    found = (await desk.client.get(f"{CASES}?assignee=alice")).json()["items"]
    own = [await alice.does(one, "decisions", UNSURE) for one in (first, second)]

    assert told(others) == ["case_taken"] * 2
    assert {one["claimedBy"] for one in found} == {f"alice ({alice.key_id})"}
    assert {one["caseId"] for one in found} == {first, second}
    assert told(own) == [201] * 2


async def test_a_name_that_two_people_have_is_a_note(desk: Desk) -> None:
    case_id = await opened(desk)
    one, other = await analyst(desk, "night shift"), await analyst(desk, "night shift")

    given = await one.does(case_id, "assign", {"assignee": "night shift"})
    judged = await other.does(case_id, "decisions", UNSURE)

    assert given.json()["claimedBy"] is None
    assert judged.status_code == 201


async def test_a_claim_is_taken_over_by_an_admin_alone_and_given_on_by_its_owner(
    desk: Desk,
) -> None:
    case_id = await opened(desk)
    alice, bob = await analyst(desk, "alice"), await analyst(desk, "bob")
    chief = await analyst(desk, "chief", "admin")
    await alice.does(case_id, "assign")
    later = {"until": desk.later(days=1), "reason": "later"}

    refused = [
        await bob.does(case_id, "assign"),
        await bob.does(case_id, "assign", {"assignee": None}),
        await bob.does(case_id, "assign", {"assignee": "bob"}),
        await bob.does(case_id, "assign", {"assignee": "somebody"}),
        await bob.does(case_id, "triage", {"priority": 1}),
        await bob.does(case_id, "snooze", later),
        await bob.does(case_id, "decisions", UNSURE),
        await chief.does(case_id, "assign"),
    ]
    said = await bob.does(case_id, "comments", {"text": "I know them."})
    given = await alice.does(case_id, "assign", {"assignee": "bob"})
    back = await alice.does(case_id, "assign", {"assignee": "alice"})
    over = await chief.does(case_id, "assign", {"assignee": "alice"})
    own = await alice.does(case_id, "triage", {"priority": 1})

    assert told(refused) == ["case_taken"] * len(refused)
    assert told([said, given, back, over, own]) == [201, 200, "case_taken", 200, 200]


async def test_a_rotated_key_keeps_the_claim_of_the_one_before(desk: Desk) -> None:
    case_id = await opened(desk)
    alice, bob = await analyst(desk, "alice"), await analyst(desk, "bob")
    await alice.does(case_id, "assign")
    first = await alice.rotated()
    last = await first.rotated()

    again = await last.does(case_id, "assign")
    named = await bob.does(case_id, "assign", {"assignee": "alice"})
    found = [
        (await desk.client.get(f"{CASES}?assignee={word}")).json()["items"]
        for word in ("alice", alice.key_id, last.key_id, f"alice ({first.key_id})", "bob")
    ]
    judged = await last.does(case_id, "decisions", UNSURE)

    assert told([again, named, judged]) == [200, "case_taken", 201]
    assert [len(one) for one in found] == [1, 1, 1, 1, 0]
    assert again.json()["claimedBy"] == f"alice ({alice.key_id})"


async def test_a_rotated_key_is_no_second_person(desk: Desk) -> None:
    case_id = await opened(desk)
    alice, bob = await analyst(desk, "alice"), await analyst(desk, "bob")
    await alice.does(case_id, "decisions", GIVEN_BACK)
    new = await alice.rotated()

    same = await new.does(case_id, "approve")
    other = await bob.does(case_id, "approve")

    assert told([same, other]) == ["second_person_needed", 200]
