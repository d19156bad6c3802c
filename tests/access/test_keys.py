"""The life of an API key over HTTP: made, listed, rotated, expired and revoked."""

import asyncio
import base64
import json
from datetime import UTC, timedelta
from typing import Any

import pytest
import structlog
from fastapi.routing import iter_route_contexts

from graph_service.access.keys import SCOPES
from graph_service.openapi import scopes_of
from graph_service.settings import Settings
from tests.access.conftest import KEYS, House, house_of
from tests.conftest import KEY, Database
from tests.worlds import NOW, spelled

pytestmark = pytest.mark.anyio
# The paths below /m/ need a signed link in place of a key.
NO_KEY_NEEDED = {"/healthz", "/readyz", "/m/{token}", "/m/{token}/orders/{orderId}"} | {
    # Platforms sign what they send here.
    "/v1/channels/{channel}/callbacks",
    # Questions and colours, without data, for Neo4j Browser.
    "/browser/guide.html",
    "/browser/guide.adoc",
    "/browser/style.grass",
}
# Its pages ask for a session, as tests/test_app.py says of each.
CONSOLE = "/console"


async def test_a_key_is_shown_once_and_kept_only_as_a_hash(
    house: House, database: Database
) -> None:
    answer = await house.client.post(KEYS, json={"name": "checkout", "scopes": ["read"]})

    made = answer.json()
    secret = made.pop("key")
    known = (await house.client.get(answer.headers["location"])).json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{KEYS}/{made['keyId']}"
    assert answer.headers["cache-control"] == "no-store"
    assert known == made
    assert secret.startswith(made["prefix"])
    assert len(secret) > 40
    assert secret not in json.dumps(database.query("MATCH (k:ApiKey) RETURN k {.*}"), default=str)


async def test_a_key_that_was_made_works_at_once(house: House) -> None:
    made = await house.made("read")

    assert await house.code(made["key"]) == "member_not_found"


async def test_a_key_lets_its_scopes_through_and_no_other(house: House) -> None:
    needed = scopes_of(house.app)
    keys = {scope: (await house.made(scope))["key"] for scope in SCOPES}

    wrong: list[tuple[str, str, str]] = []
    for (method, path), scope in needed.items():
        filled = path.replace("{", "").replace("}", "")
        for own, key in keys.items():
            answer = await house.ask(key, filled, method)
            refused = answer.status_code == 403 and answer.json()["code"] == "scope_missing"
            if refused != (own not in (scope, "admin")):
                wrong.append((method, path, own))

    assert wrong == []
    assert set(needed.values()) >= {"admin", "read", "events:write"}


# Pages whose address is signed: whoever has the link may look.
SIGNED_LINKS = {"/m/{token}", "/m/{token}/orders/{orderId}"}


async def test_every_route_but_probes_and_signed_links_asks_for_a_scope(house: House) -> None:
    routes = {
        (method, context.path or "")
        for context in iter_route_contexts(house.app.routes)
        for method in context.methods or {"GET"}
    }

    unguarded = {
        path
        for method, path in routes
        if (method, path) not in scopes_of(house.app) and not path.startswith(CONSOLE)
    }

    assert unguarded == NO_KEY_NEEDED | SIGNED_LINKS


NONSENSE: list[tuple[Any, str]] = [
    ({"scopes": ["read"]}, "name"),
    ({"name": "", "scopes": ["read"]}, "name"),
    ({"name": "x" * 101, "scopes": ["read"]}, "name"),
    ({"name": "nul\0", "scopes": ["read"]}, "name"),
    ({"name": "two\nlines", "scopes": ["read"]}, "name"),
    ({"name": "a", "scopes": []}, "scopes"),
    ({"name": "a", "scopes": ["root"]}, "scopes"),
    ({"name": "a", "scopes": "read"}, "scopes"),
    ({"name": "a", "scopes": ["read"] * 21}, "scopes"),
    ({"name": "a", "scopes": ["read"], "expiresInDays": 0}, "expiresInDays"),
    ({"name": "a", "scopes": ["read"], "expiresInDays": True}, "expiresInDays"),
    ({"name": "a", "scopes": ["read"], "expiresInDays": 10**30}, "expiresInDays"),
    ({"name": "a", "scopes": ["read"], "expiresAt": "soon"}, "expiresAt"),
    ({"name": "a", "scopes": ["read"], "expiresAt": "2030-01-01T00:00:00"}, "expiresAt"),
    ({"name": "a", "scopes": ["read"], "expiresAt": spelled(NOW)}, "expiresAt"),
    ({"name": "a", "scopes": ["read"], "expiresAt": "9999-12-31T23:59:59-23:59"}, "expiresAt"),
    ({"name": "a", "scopes": ["read"], "expiresAt": 2_000_000_000}, "expiresAt"),
    (
        {"name": "a", "scopes": ["read"], "expiresAt": "2030-01-01T00Z", "expiresInDays": 1},
        "not both",
    ),
    ({"name": "a", "scopes": ["read"], "hash": "00"}, "hash"),
    ([], "body"),
]


async def test_a_key_that_makes_no_sense_is_refused_with_422(house: House) -> None:
    answers = [(await house.client.post(KEYS, json=body), place) for body, place in NONSENSE]

    taken = [answer.text for answer, place in answers if place not in answer.json()["detail"]]
    assert {answer.status_code for answer, _ in answers} == {422}
    assert taken == []


async def test_a_key_works_until_its_expiry_and_then_says_so(house: House) -> None:
    by_days = await house.made(expiresInDays=2)
    by_time = await house.made(expiresAt=spelled(NOW + timedelta(days=2)))

    house.pass_time(days=2, seconds=-1)
    before = await house.code(by_days["key"]), await house.code(by_time["key"])
    house.pass_time(seconds=1)
    after = [await house.ask(by_days["key"]), await house.ask(by_time["key"])]

    assert before == ("member_not_found", "member_not_found")
    assert [one.status_code for one in after] == [401, 401]
    assert {one.json()["code"] for one in after} == {"key_expired"}
    assert "Bearer" in after[0].headers["www-authenticate"]
    assert (await house.client.get(f"{KEYS}/{by_days['keyId']}")).json()["state"] == "expired"


async def test_a_rotated_key_works_beside_the_new_one_for_its_grace(house: House) -> None:
    old = await house.made("risk:read", "events:write")

    answer = await house.change(old["keyId"], "rotate", graceSeconds=60)
    new = answer.json()
    house.pass_time(seconds=59)
    during = await house.code(old["key"]), await house.code(new["key"])
    house.pass_time(seconds=1)
    after = await house.code(old["key"]), await house.code(new["key"])

    assert answer.status_code == 201
    assert new["scopes"] == old["scopes"] == ["events:write", "risk:read"]
    assert new["replaces"]["keyId"] == old["keyId"]
    assert new["replaces"]["replacedBy"] == new["keyId"]
    assert during == ("scope_missing", "scope_missing")
    assert after == ("key_expired", "scope_missing")


async def test_a_rotation_without_grace_ends_the_old_secret_at_once(house: House) -> None:
    old = await house.made()

    await house.change(old["keyId"], "rotate", graceSeconds=0)

    assert await house.code(old["key"]) == "key_expired"


async def test_the_grace_is_a_day_and_never_prolongs_a_key(house: House) -> None:
    lasting, ending = await house.made(), await house.made(expiresInDays=10)
    house.pass_time(days=9, hours=12)

    first = (await house.change(lasting["keyId"], "rotate")).json()
    second = (await house.change(ending["keyId"], "rotate")).json()

    assert first["expiresAt"] is None
    assert first["replaces"]["expiresAt"] == in_utc(timedelta(days=10, hours=12))
    assert second["replaces"]["expiresAt"] == ending["expiresAt"]
    assert second["expiresAt"] == in_utc(timedelta(days=19, hours=12))


def in_utc(later: timedelta) -> str:
    return spelled(NOW + later, UTC)


async def test_a_rotation_that_makes_no_sense_is_refused(house: House) -> None:
    made = await house.made()
    bodies: list[dict[str, Any]] = [{"graceSeconds": -1}, {"graceSeconds": "1"}, {"grace": 1}]

    answers = [await house.change(made["keyId"], "rotate", **body) for body in bodies]

    assert {one.json()["code"] for one in answers} == {"invalid_request"}


async def test_a_revoked_key_is_refused_at_once_and_for_good(house: House) -> None:
    made = await house.made()
    first = await house.change(made["keyId"], "revoke")
    house.pass_time(hours=1)

    second = await house.change(made["keyId"], "revoke")
    rotated = await house.change(made["keyId"], "rotate")

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["state"] == "revoked"
    assert first.json()["revokedAt"] == second.json()["revokedAt"]
    assert (rotated.status_code, rotated.json()["code"]) == (409, "key_ended")
    assert await house.code(made["key"]) == "key_revoked"


async def test_of_rotations_at_once_one_wins(house: House, database: Database) -> None:
    old = await house.made()

    answers = await asyncio.gather(*(house.change(old["keyId"], "rotate") for _ in range(6)))

    assert sorted(one.status_code for one in answers) == [201] + [409] * 5
    assert database.query("MATCH (k:ApiKey) RETURN count(k) AS n") == [{"n": 2}]


async def test_a_key_that_there_is_not_cannot_be_changed(house: House) -> None:
    names = ["nobody", "bootstrap", "%00", "%ED%A0%80", "a" * 5_000]

    answers = [await house.change(one, verb) for one in names for verb in ("rotate", "revoke")]

    assert {one.status_code for one in answers} == {404}
    assert {one.json()["code"] for one in answers} == {"key_not_found"}


async def test_keys_are_listed_newest_first_page_by_page(house: House) -> None:
    made: list[str] = []
    for number in range(5):
        made.append((await house.made(name=f"key {number}"))["keyId"])
        house.pass_time(seconds=number // 2)

    listed: list[dict[str, Any]] = []
    cursor: str | None = None
    for _ in range(3):
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await house.client.get(KEYS, params=params)).json()
        listed += page["items"]
        cursor = page["nextCursor"]

    assert cursor is None
    assert sorted(one["keyId"] for one in listed) == sorted(made)
    times = [one["createdAt"] for one in listed]
    assert times == sorted(times, reverse=True)
    assert all("key" not in one and "hash" not in one for one in listed)


async def test_the_last_admin_key_stays_unless_the_settings_hold_one(
    settings: Settings, database: Database
) -> None:
    async with house_of(settings, bootstrap_api_key=None) as house:
        first = house.ring.generated
        assert first is not None
        house.client.headers["Authorization"] = f"Bearer {first}"
        own = (await house.client.get(KEYS)).json()["items"][0]["keyId"]
        refused = await house.change(own, "revoke")
        new = (await house.change(own, "rotate")).json()
        still = await house.change(new["keyId"], "revoke")
        second = await house.made("admin")
        fine = await house.change(new["keyId"], "revoke")
        house.client.headers["Authorization"] = f"Bearer {second['key']}"
        replaced = await house.change(own, "revoke")
        last = await house.change(second["keyId"], "revoke")

    codes = [one.json().get("code") for one in (refused, still, last)]
    assert codes == ["last_admin_key"] * 3
    assert {one.status_code for one in (refused, still, last)} == {409}
    assert (fine.status_code, replaced.status_code) == (200, 200)


async def test_two_revocations_at_once_leave_an_admin_key(
    settings: Settings, database: Database
) -> None:
    async with house_of(settings, bootstrap_api_key=None) as house:
        first = house.ring.generated
        house.client.headers["Authorization"] = f"Bearer {first}"
        ids = [one["keyId"] for one in (await house.client.get(KEYS)).json()["items"]]
        ids.append((await house.made("admin"))["keyId"])

        answers = await asyncio.gather(*(house.change(one, "revoke") for one in ids))

    # The other caller's key may be gone before its own question is judged.
    assert sorted(one.status_code for one in answers)[0] == 200
    working = "MATCH (k:ApiKey) WHERE k.revokedAt IS NULL RETURN count(k) AS n"
    assert database.query(working) == [{"n": 1}]


async def test_with_a_bootstrap_key_the_last_made_key_may_go(house: House) -> None:
    made = await house.made("admin")

    answer = await house.change(made["keyId"], "revoke")

    assert answer.status_code == 200
    assert (await house.client.get(KEYS)).status_code == 200


async def test_there_is_a_most_of_working_keys(settings: Settings, database: Database) -> None:
    async with house_of(settings, keys_max=2) as house:
        first = await house.made()
        await house.made()
        refused = await house.client.post(KEYS, json={"name": "3", "scopes": ["read"]})
        await house.change(first["keyId"], "revoke")
        fits = await house.client.post(KEYS, json={"name": "3", "scopes": ["read"]})

    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_keys")
    assert fits.status_code == 201


async def test_the_last_use_is_written_at_most_once_a_minute(house: House) -> None:
    made = await house.made()
    path = f"{KEYS}/{made['keyId']}"

    seen: list[str | None] = []
    for seconds in (0, 30, 30):
        house.pass_time(seconds=seconds)
        await house.ask(made["key"])
        await house.ring.write_uses()
        await house.ring.read()
        seen.append((await house.client.get(path)).json()["lastUsedAt"])

    minute = timedelta(minutes=1)
    assert seen == [in_utc(timedelta()), in_utc(timedelta()), in_utc(minute)]


async def test_each_change_is_logged_with_who_did_it_and_never_the_secret(house: House) -> None:
    with structlog.testing.capture_logs() as logs:
        admin = await house.made("admin", name="boss")
        house.client.headers["Authorization"] = f"Bearer {admin['key']}"
        made = await house.made("read")
        new = (await house.change(made["keyId"], "rotate")).json()
        await house.change(new["keyId"], "revoke")
        await house.change(new["keyId"], "revoke")

    changes = [one for one in logs if one["event"].startswith("key.")]
    assert [(one["event"], one["by"]) for one in changes] == [
        ("key.created", "bootstrap"),
        ("key.created", admin["keyId"]),
        ("key.rotated", admin["keyId"]),
        ("key.revoked", admin["keyId"]),
    ]
    text = json.dumps(logs, default=str)
    assert not any(secret in text for secret in (admin["key"], made["key"], new["key"], KEY))


HOSTILE = [
    b"x" * 40_000,
    b"gsk_" + b"A" * 43,
    "ключ".encode(),
    b"\xff\xfe",
    b"nul\0nul",
    b"a\r\nX-Injected: 1",
    b"' OR 1=1 //",
    b"bootstrap",
]


async def test_a_hostile_key_is_only_unknown(house: House) -> None:
    sent = [b"Bearer " + key for key in HOSTILE]
    sent += [b"Basic " + base64.b64encode(b"user:" + key) for key in HOSTILE]

    answers = [
        await house.client.get("/v1/members/m", headers=[(b"Authorization", one)]) for one in sent
    ]

    assert {one.status_code for one in answers} == {401}
    assert {one.json()["code"] for one in answers} == {"unauthenticated"}
    assert not any("x-injected" in one.headers or "OR 1" in one.text for one in answers)
