"""A POST with an Idempotency-Key is done once, and answered the same again."""

import asyncio
from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from tests.conftest import Database
from tests.worlds.named import five_levels

pytestmark = pytest.mark.anyio
BATCH = "/v1/attributions:batch"
PLAN = {"version": "once", "title": "t"}


async def post(client: AsyncClient, path: str, body: Any, key: str, **headers: str) -> Response:
    return await client.post(path, json=body, headers={"Idempotency-Key": key, **headers})


async def test_any_post_is_answered_the_same_again(client: AsyncClient) -> None:
    await client.post("/v1/events?wait=true", json=five_levels())

    first = await post(client, BATCH, {"orderIds": ["order-1"]}, "k")
    again = await post(client, BATCH, {"orderIds": ["order-1"]}, "k")
    other = await post(client, BATCH, {"orderIds": ["order-2"]}, "k")

    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_refusal_is_answered_again_too(client: AsyncClient) -> None:
    first = await post(client, "/v1/plans/none:activate", {}, "k")
    again = await post(client, "/v1/plans/none:activate", {}, "k")

    assert first.status_code == 404
    assert (again.status_code, again.content) == (404, first.content)


async def test_a_key_holds_for_one_path_and_one_caller(client: AsyncClient) -> None:
    made = await client.post("/v1/keys", json={"name": "other", "scopes": ["read"]})
    asked = {"orderIds": ["order-1"]}

    mine = await post(client, BATCH, asked, "k")
    theirs = await post(client, BATCH, asked, "k", Authorization=f"Bearer {made.json()['key']}")
    elsewhere = await post(client, "/v1/plans/none:activate", {}, "k")

    assert "Idempotency-Replayed" not in {**mine.headers, **theirs.headers, **elsewhere.headers}


async def test_a_secret_is_not_kept_and_nothing_is_made_twice(
    client: AsyncClient, database: Database
) -> None:
    wanted = {"name": "checkout", "scopes": ["read"]}

    first = await post(client, "/v1/keys", wanted, "k")
    again = await post(client, "/v1/keys", wanted, "k")

    assert first.status_code == 201
    assert (again.status_code, again.json()["code"]) == (409, "idempotency_answer_not_kept")
    kept = database.query("MATCH (a:Answered) RETURN properties(a) AS kept")
    assert first.json()["key"] not in str(kept)
    assert len((await client.get("/v1/keys")).json()["items"]) == 1


async def test_of_requests_at_once_one_is_done(client: AsyncClient) -> None:
    wanted = {"name": "checkout", "scopes": ["read"]}

    answers = await asyncio.gather(*(post(client, "/v1/keys", wanted, "k") for _ in range(8)))

    told = {(one.status_code, one.json().get("code")) for one in answers}
    assert [one.status_code for one in answers].count(201) == 1
    assert told <= {
        (201, None),
        (409, "idempotency_in_progress"),
        (409, "idempotency_answer_not_kept"),
    }
    assert len((await client.get("/v1/keys")).json()["items"]) == 1


async def test_a_request_under_way_is_told_until_its_process_must_be_dead(
    client: AsyncClient, database: Database
) -> None:
    await post(client, BATCH, {"orderIds": ["o"]}, "k")
    database.query("MATCH (a:Answered) REMOVE a.status, a.body, a.media")

    under_way = await post(client, BATCH, {"orderIds": ["o"]}, "k")
    other = await post(client, BATCH, {"orderIds": ["p"]}, "k")
    database.query("MATCH (a:Answered) SET a.askedAt = datetime() - duration({seconds: 136})")
    later = await post(client, BATCH, {"orderIds": ["o"]}, "k")

    assert (under_way.status_code, under_way.json()["code"]) == (409, "idempotency_in_progress")
    assert under_way.headers["Retry-After"] == "1"
    assert other.status_code == 422
    assert later.status_code == 200


async def test_answers_are_kept_a_day(client: AsyncClient, database: Database) -> None:
    await post(client, BATCH, {"orderIds": ["o"]}, "k")
    database.query("MATCH (a:Answered) SET a.askedAt = datetime() - duration({hours: 25})")

    await post(client, BATCH, {"orderIds": ["o"]}, "fresh")

    assert database.query("MATCH (a:Answered) RETURN count(a) AS left") == [{"left": 1}]


async def test_a_request_that_failed_may_be_sent_again(
    client: AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> object:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("graph_service.plans.endpoints.activate_version", broken)
        failed = await post(client, "/v1/plans/seed-1:activate", {}, "k")
    left = database.query("MATCH (a:Answered) RETURN count(a) AS left")
    again = await post(client, "/v1/plans/seed-1:activate", {}, "k")

    assert failed.status_code == 500
    assert left == [{"left": 0}]
    assert again.status_code == 200


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "käse", "a\tb"])
async def test_a_key_that_is_none_is_refused(client: AsyncClient, key: str) -> None:
    headers = {b"Idempotency-Key": key.encode("utf-8")}

    answer = await client.post(BATCH, json={"orderIds": ["o"]}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_malformed")
