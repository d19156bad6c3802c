"""What a hostile caller gets from the door: keys, limits and errors of one shape."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from inspect import iscoroutinefunction
from typing import Any, cast

import pytest
import structlog
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from httpx2 import AsyncClient, Response

from graph_service.app import create_app
from graph_service.referrals import teams
from graph_service.settings import Settings
from tests.conftest import KEY, Database
from tests.worlds import START, event, order_data

pytestmark = pytest.mark.anyio
GUIDES = {"/browser/guide.html", "/browser/guide.adoc", "/browser/style.grass"}
OPEN_PATHS = {"/healthz", "/readyz", *GUIDES}
# They ask for a signed link in place of a key, and "token" is none.
SIGNED_PATHS = {"/m/token", "/m/token/orders/orderId"}
# What is sent here is signed, and no channel is configured.
UNCONFIGURED_PATHS = {"/v1/channels/channel/callbacks"}
EVENTS = "/v1/events"
BATCH = "/v1/attributions:batch"
CONSOLE = "/console"
# Whoever may not get in sees how to, with the files that this needs.
CONSOLE_OPEN = {("GET", "/console/login"): 200, ("GET", "/console/static/name"): 404}
MIB = 2**20
JOIN = event("member.joined", "join-1", START, {"memberId": "m-1"})


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def stored(database: Database) -> int:
    query = "MATCH (n) WHERE n:Fact OR n:Rejected OR n:Member RETURN count(n) AS nodes"
    return database.query(query)[0]["nodes"]


def calls(settings: Settings) -> list[tuple[str, str]]:
    """Method and path of every route but the console's pages, its parameters filled in."""
    return [one for one in all_calls(settings) if not one[1].startswith(CONSOLE)]


def all_calls(settings: Settings) -> list[tuple[str, str]]:
    """Method and path of every route, its parameters filled in."""
    return [
        (method, (context.path or "").replace("{", "").replace("}", ""))
        for context in iter_route_contexts(create_app(settings).routes)
        for method in sorted(context.methods or {"GET"})
    ]


def assert_problem(answer: Response, status: int, code: str) -> None:
    body = answer.json()
    assert (answer.status_code, body["code"], body["status"]) == (status, code, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["title"]
    assert body["detail"]
    assert body["type"].endswith(code)
    assert body["requestId"] == answer.headers["x-request-id"]


def test_the_routes_that_are_looked_at_are_those_that_there_are(settings: Settings) -> None:
    paths = {path for _, path in calls(settings)}

    assert {"/healthz", "/metrics", "/docs", "/openapi.json", EVENTS, BATCH} <= paths


def test_no_request_is_handed_to_a_thread(settings: Settings) -> None:
    def calls_of(dependant: Dependant) -> Iterator[Any]:
        yield dependant.call
        for below in dependant.dependencies:
            yield from calls_of(below)

    found = {
        call
        for context in iter_route_contexts(create_app(settings).routes)
        for call in calls_of(cast(Any, context).dependant)
    }

    assert len(found) > 20
    assert {one for one in found if not is_awaited(one)} == set()


def is_awaited(call: Any) -> bool:
    return iscoroutinefunction(call) or iscoroutinefunction(type(call).__call__)


async def test_every_route_but_probes_and_guides_needs_a_key_or_a_signed_link(
    client: AsyncClient, settings: Settings
) -> None:
    del client.headers["Authorization"]

    statuses = {call: (await client.request(*call)).status_code for call in calls(settings)}

    expected = dict.fromkeys(OPEN_PATHS, 200) | dict.fromkeys(SIGNED_PATHS, 403)
    expected |= dict.fromkeys(UNCONFIGURED_PATHS, 404)
    assert statuses == {call: expected.get(call[1], 401) for call in statuses}


async def test_every_page_of_the_console_leads_to_its_login(
    client: AsyncClient, settings: Settings
) -> None:
    pages = [one for one in all_calls(settings) if one[1].startswith(CONSOLE)]

    statuses = {call: (await client.request(*call)).status_code for call in pages}

    # A key in a header is none here: a browser would send it along for a page of anybody.
    expected = CONSOLE_OPEN | {("POST", "/console/login"): 422}
    assert len(statuses) > 20
    assert statuses == {call: expected.get(call, 303) for call in statuses}


@pytest.mark.parametrize(
    "authorization",
    [
        b"",
        b"Bearer",
        b"Bearer wrong",
        b"Bearer " + KEY.upper().encode(),
        b"Bearer \xe9",
        b"Basic",
        b"Basic not-base64!",
        b"Basic \xe9",
        b"Basic " + base64.b64encode(KEY.encode()),
        b"Basic " + base64.b64encode(b"user:\xff"),
        b"Digest " + KEY.encode(),
        KEY.encode(),
    ],
)
async def test_a_key_that_is_not_ours_is_refused_with_401_and_a_challenge(
    client: AsyncClient, authorization: bytes
) -> None:
    del client.headers["Authorization"]

    answer = await client.get("/v1/members/m", headers=[(b"Authorization", authorization)])

    assert_problem(answer, 401, "unauthenticated")
    assert "Bearer" in answer.headers["www-authenticate"]


async def test_a_browser_opens_the_docs_with_the_key_as_basic_password(client: AsyncClient) -> None:
    del client.headers["Authorization"]

    answer = await client.get("/docs", auth=("anyone", KEY))

    assert answer.status_code == 200
    assert "/openapi.json" in answer.text


async def test_a_key_without_the_scope_is_refused_with_403(
    client: AsyncClient, database: Database
) -> None:
    made = await client.post("/v1/keys", json={"name": "reader", "scopes": ["read"]})
    headers = {"Authorization": f"Bearer {made.json()['key']}"}

    reading = await client.get("/v1/events/rejected", headers=headers)
    writing = await client.post(EVENTS, json=[JOIN], headers=headers)

    assert reading.status_code == 200
    assert_problem(writing, 403, "scope_missing")
    assert stored(database) == 0


async def test_without_a_key_nothing_is_said_about_the_body(
    client: AsyncClient, settings: Settings
) -> None:
    del client.headers["Authorization"]
    posts = {path for method, path in calls(settings) if method == "POST"} - UNCONFIGURED_PATHS

    statuses = {path: (await client.post(path, content=b"{")).status_code for path in posts}

    assert statuses == dict.fromkeys(posts, 401)


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "code"),
    [
        ("GET", "/v1/nothing", {}, 404, "not_found"),
        ("DELETE", EVENTS, {}, 405, "method_not_allowed"),
        ("POST", "/healthz", {}, 405, "method_not_allowed"),
        ("GET", "/v1/members/nobody", {}, 404, "member_not_found"),
        ("GET", "/v1/members/nobody/upline", {}, 404, "member_not_found"),
        ("GET", "/v1/members/nobody/downline", {}, 404, "member_not_found"),
        ("GET", "/v1/members/nobody/team", {}, 404, "member_not_found"),
        ("GET", "/v1/members/%00", {}, 404, "member_not_found"),
        ("GET", "/v1/members/%ED%A0%80", {}, 404, "member_not_found"),
        ("GET", "/v1/orders/none/attribution", {}, 404, "order_not_found"),
        ("POST", "/v1/events/rejected/none/replay", {}, 404, "rejected_not_found"),
        ("POST", EVENTS, {"content": b"[]"}, 415, "unsupported_media_type"),
        ("POST", EVENTS, {"json": "scalar"}, 422, "invalid_payload"),
        ("POST", EVENTS + "?atomic=true", {"json": [None]}, 409, "atomic_rejected"),
        ("POST", EVENTS + "?atomic=maybe", {"json": []}, 422, "invalid_request"),
        ("POST", BATCH, {"content": b"{"}, 400, "malformed_body"),
        ("POST", BATCH, {"content": b'{"orderIds": ["\xff"]}'}, 400, "malformed_body"),
        ("POST", BATCH, {"content": b"[" * 100_000}, 400, "malformed_body"),
        ("POST", BATCH, {"json": {"orderIds": [5]}}, 422, "invalid_request"),
        ("POST", BATCH, {"content": b'{"orderIds": ["\\ud800"]}'}, 422, "invalid_request"),
        ("POST", BATCH, {"content": b'{"\\ud800": 1}'}, 422, "invalid_request"),
        ("POST", BATCH, {"json": {"orderIds": []}}, 422, "invalid_request"),
        ("POST", BATCH, {"json": {"orderIds": ["o"] * 1_001}}, 413, "too_large"),
    ],
)
async def test_every_error_is_a_problem_with_a_stable_code(
    client: AsyncClient, method: str, path: str, sent: dict[str, Any], status: int, code: str
) -> None:
    headers = {"Content-Type": "application/json"} if path.startswith(BATCH) else {}

    answer = await client.request(method, path, headers=headers, **sent)

    assert_problem(answer, status, code)


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/v1/events/rejected", {"limit": "501"}),
        ("/v1/events/rejected", {"limit": "0"}),
        ("/v1/events/rejected", {"limit": "many"}),
        ("/v1/members/m/downline", {"limit": "501"}),
        ("/v1/members/m/downline", {"level": "0"}),
        ("/v1/members/m/downline", {"level": "11"}),
        ("/v1/members/m/team", {"levels": "11"}),
        ("/v1/members/m/team", {"month": "2026-13"}),
        ("/v1/members/m/team", {"month": "2026-1"}),
        ("/v1/members/m/team", {"month": "2026-01\n"}),
        ("/v1/members/m/team", {"month": "٢٠٢٦-01"}),
        ("/v1/members/m/team", {"asOf": "yesterday"}),
        ("/v1/members/m/team", {"asOf": "0001-01-01T00:00:00Z"}),
        ("/v1/members/m/upline", {"asOf": "2026-01-01T00:00:00"}),
        ("/v1/orders/o/attribution", {"windowDays": "0"}),
        ("/v1/orders/o/attribution", {"windowDays": "366"}),
        ("/v1/orders/o/attribution", {"windowDays": "1.5"}),
        ("/v1/orders/o/attribution", {"model": "magic"}),
    ],
)
async def test_a_question_outside_its_limits_is_refused_with_422(
    client: AsyncClient, path: str, params: dict[str, str]
) -> None:
    answer = await client.get(path, params=params)

    assert answer.status_code == 422
    assert next(iter(params)) in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/v1/events/rejected", "/v1/members/m/downline"])
@pytest.mark.parametrize(
    "bad",
    [
        "nonsense",
        "é",
        cursor("{}"),
        cursor("[1]"),
        cursor('[true, "a"]'),
        cursor('["a", "b"]'),
        cursor('[9223372036854775807, "a"]'),
        cursor('[-9223372036854775808, "a"]'),
        cursor('[1000000000000000000000, "a"]'),
        cursor('[1, "\\ud800"]'),
        cursor('["\\ud800"]'),
        cursor("[" * 20_000),
    ],
    ids=lambda bad: bad[:20],
)
async def test_a_cursor_that_we_did_not_give_is_refused_with_422(
    client: AsyncClient, path: str, bad: str
) -> None:
    answer = await client.get(path, params={"cursor": bad})

    assert_problem(answer, 422, "invalid_cursor")


async def test_of_wrong_ids_without_end_the_first_is_told(client: AsyncClient) -> None:
    answer = await client.post(BATCH, json={"orderIds": [5] * 100_000})

    assert answer.status_code == 422
    assert [one["place"] for one in answer.json()["errors"]] == ["body.orderIds.0"]


async def chunks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * MIB


@pytest.mark.parametrize("path", [EVENTS, BATCH])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_above_the_limit_is_refused_with_413(
    client: AsyncClient, path: str, chunked: bool
) -> None:
    content = chunks(11) if chunked else b" " * (11 * MIB)
    headers = {"Content-Type": "application/json"}

    answer = await client.post(path, content=content, headers=headers)

    assert_problem(answer, 413, "too_large")


async def test_a_body_just_within_the_limit_is_read(client: AsyncClient) -> None:
    body = b"[]".ljust(10 * MIB)

    answer = await client.post(EVENTS, content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 200


async def test_too_many_events_are_refused_whole(client: AsyncClient, database: Database) -> None:
    events = [{**JOIN, "id": f"join-{number}"} for number in range(5_001)]

    answer = await client.post(EVENTS, json=events)

    assert_problem(answer, 413, "too_large")
    assert stored(database) == 0


async def test_an_unforeseen_failure_does_not_show_its_text(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("text that is nobody's business")

    monkeypatch.setattr(teams, "read_member", broken)

    # A traceback made for people takes seconds.
    with structlog.testing.capture_logs():
        answer = await client.get("/v1/members/m")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "nobody's business" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_unforeseen_failure_has_its_request_id_in_the_header_too(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("text that is nobody's business")

    monkeypatch.setattr(teams, "read_member", broken)

    # A traceback made for people takes seconds.
    with structlog.testing.capture_logs():
        answer = await client.get("/v1/members/m")

    assert answer.json()["requestId"] == answer.headers.get("x-request-id")


async def test_the_openapi_document_is_of_version_3_1(
    client: AsyncClient, settings: Settings
) -> None:
    document = json.loads((await client.get("/openapi.json")).text)

    documented = {path for _, path in calls(settings)} - {"/docs", "/openapi.json"}
    assert document["openapi"].startswith("3.1.")
    found = {path.replace("{", "").replace("}", "") for path in document["paths"]}
    assert found == documented


async def test_the_metrics_hold_the_time_of_each_query(client: AsyncClient) -> None:
    await client.get("/readyz")

    text = (await client.get("/metrics")).text

    assert 'graph_query_seconds_bucket{le="0.1",query="graph/check_health"}' in text


async def test_every_answer_has_a_request_id_of_its_own(client: AsyncClient) -> None:
    answers = [await client.get("/healthz") for _ in range(3)]

    assert len({answer.headers["x-request-id"] for answer in answers}) == 3


async def test_an_order_of_nobody_asked_for_in_a_batch_is_named_apart(client: AsyncClient) -> None:
    paid = event("order.paid", "pay-1", START, order_data("o-1", "m-1", 100))
    await client.post(EVENTS, json=[paid])

    answer = (await client.post(BATCH, json={"orderIds": ["o-0", "o-1", "o-0"]})).json()

    assert [item["orderId"] for item in answer["items"]] == ["o-1"]
    assert set(answer["unknown"]) == {"o-0"}
