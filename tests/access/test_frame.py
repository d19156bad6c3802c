"""What is done around every request: keys before bodies, CORS, headers, time and crowds."""

import asyncio
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import ValidationError
from starlette.types import Message

from graph_service.referrals import teams
from graph_service.settings import Settings
from tests.access.conftest import House, house_of
from tests.conftest import KEY, Database

pytestmark = pytest.mark.anyio
MEMBER = "/v1/members/m"
PAGE = "https://console.example.com"
PREFLIGHT = {
    "Origin": PAGE,
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "authorization",
}


async def test_no_other_origin_is_let_in_by_default(house: House) -> None:
    del house.client.headers["Authorization"]

    preflight = await house.client.options(MEMBER, headers=PREFLIGHT)
    plain = await house.client.get("/healthz", headers={"Origin": PAGE})

    assert preflight.status_code == 401
    assert not any("access-control" in one for one in [*preflight.headers, *plain.headers])


async def test_an_origin_of_the_settings_is_let_in_and_no_other(
    settings: Settings, database: Database
) -> None:
    async with house_of(settings, cors_origins=(PAGE,)) as house:
        mine = await house.client.options(MEMBER, headers=PREFLIGHT)
        other = await house.client.options(
            MEMBER, headers=PREFLIGHT | {"Origin": "https://evil.example.com"}
        )
        answer = await house.client.get(MEMBER, headers={"Origin": PAGE})

    assert mine.status_code == 200
    assert mine.headers["access-control-allow-origin"] == PAGE
    assert "access-control-allow-credentials" not in mine.headers
    assert "access-control-allow-origin" not in other.headers
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "RateLimit" in answer.headers["access-control-expose-headers"]


def test_origins_are_named_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPH_SERVICE_CORS_ORIGINS", f" {PAGE}, http://localhost:3000 ")
    found = Settings().cors_origins

    refused: list[str] = []
    for wrong in ("*", "example.com", f"{PAGE}/", f"{PAGE}/page", "null"):
        monkeypatch.setenv("GRAPH_SERVICE_CORS_ORIGINS", wrong)
        with pytest.raises(ValidationError):
            Settings()
        refused.append(wrong)

    assert found == (PAGE, "http://localhost:3000")
    assert len(refused) == 5


async def test_answers_say_how_browsers_must_take_them(house: House) -> None:
    answers = [await house.client.get(path) for path in (MEMBER, "/healthz", "/v1/keys", "/docs")]

    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
    policies = [
        "default-src 'none'" in one.headers.get("content-security-policy", "") for one in answers
    ]
    assert policies == [True, False, True, False]


async def test_the_body_of_a_stranger_is_not_read(house: House) -> None:
    read: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        for number in range(100):
            read.append(number)
            yield b"x" * 2**20

    answer = await house.client.post(
        "/v1/events", content=body(), headers={"Authorization": "Bearer stranger"}
    )

    assert answer.status_code == 401
    assert read == []


async def test_a_broken_body_of_a_stranger_is_still_401(house: House) -> None:
    answer = await house.client.post(
        "/v1/attributions:batch",
        content=b"{",
        headers={"Authorization": "Bearer stranger", "Content-Type": "application/json"},
    )

    assert answer.status_code == 401


@pytest.fixture
def quiet() -> Generator[None]:
    """Nothing is printed: tracebacks made for people take seconds."""
    with structlog.testing.capture_logs():
        yield


async def test_headers_beyond_the_limit_are_refused_with_431(house: House) -> None:
    key = {"Authorization": "Bearer " + "x" * 70_000}

    answers = [
        await house.client.get(MEMBER, headers=key),
        await house.client.get(f"/v1/keys?cursor={'x' * 60_000}", headers={"X": "x" * 6_000}),
    ]

    assert [one.status_code for one in answers] == [431, 431]
    assert {one.json()["code"] for one in answers} == {"headers_too_large"}


async def slow(*_: object) -> Any:
    await asyncio.sleep(30)


async def test_a_page_that_may_call_may_read_errors_too(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, quiet: None
) -> None:
    monkeypatch.setattr(teams, "read_member", slow)
    sent = [{}, {"Authorization": "Bearer stranger"}, {"X": "x" * 70_000}]

    async with house_of(settings, cors_origins=(PAGE,), request_timeout_s=0.2) as house:
        answers = [await house.client.get(MEMBER, headers={"Origin": PAGE} | one) for one in sent]

    assert [one.status_code for one in answers] == [504, 401, 431]
    assert {one.headers.get("access-control-allow-origin") for one in answers} == {PAGE}
    assert all(one.headers["x-request-id"] == one.json()["requestId"] for one in answers)


async def test_a_client_that_hangs_up_is_no_failure_of_the_service(house: House) -> None:
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/events",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    pieces: list[Message] = [
        {"type": "http.request", "body": b"[", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return pieces.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    with structlog.testing.capture_logs() as logs:
        await house.app(scope, receive, send)

    assert [(one["event"], one["log_level"]) for one in logs] == [("request.abandoned", "info")]
    assert sent == []


async def test_a_request_that_takes_too_long_is_answered_with_504(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, quiet: None
) -> None:
    monkeypatch.setattr(teams, "read_member", slow)
    async with house_of(settings, request_timeout_s=0.2) as house:
        answer = await house.client.get(MEMBER)

    assert (answer.status_code, answer.json()["code"]) == (504, "request_timeout")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["requestId"] == answer.headers["x-request-id"]


async def test_a_body_that_does_not_arrive_is_answered_with_408(
    settings: Settings, database: Database
) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"["
        await asyncio.sleep(30)

    async with house_of(settings, request_timeout_s=0.2) as house:
        answer = await house.client.post(
            "/v1/events", content=body(), headers={"Content-Type": "application/json"}
        )

    assert (answer.status_code, answer.json()["code"]) == (408, "body_timeout")


async def test_a_crowd_is_turned_away_with_503_but_the_probes_answer(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, quiet: None
) -> None:
    monkeypatch.setattr(teams, "read_member", slow)
    async with house_of(settings, requests_max=2, request_timeout_s=0.5) as house:
        waiting = [asyncio.create_task(house.client.get(MEMBER)) for _ in range(2)]
        await asyncio.sleep(0.1)
        turned = await house.client.get(MEMBER)
        alive = await house.client.get("/healthz")
        done = [(await one).status_code for one in waiting]
        after = await house.client.get("/v1/keys")

    assert (turned.status_code, turned.json()["code"]) == (503, "too_busy")
    assert turned.headers["retry-after"] == "1"
    assert alive.status_code == 200
    assert done == [504, 504]
    assert after.status_code == 200


async def test_a_page_is_not_larger_than_the_settings_allow(
    settings: Settings, database: Database
) -> None:
    paths = ("/v1/keys", "/v1/events/rejected", "/v1/members/m/downline")
    async with house_of(settings, page_items_max=60) as house:
        fits = [await house.client.get(path, params={"limit": 60}) for path in paths]
        over = [await house.client.get(path, params={"limit": 61}) for path in paths]
        odd = [
            await house.client.get(paths[0], params={"limit": one}) for one in ("9" * 5_000, "²")
        ]

    assert 422 not in {one.status_code for one in fits}
    assert {one.status_code for one in over + odd} == {422}
    assert all("limit" in one.json()["detail"] for one in over + odd)


def test_the_storage_of_counts_may_stand_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "storage"
    file.write_text("async+redis://:secret@host:6379\n", encoding="utf-8")
    monkeypatch.setenv("GRAPH_SERVICE_RATE_STORAGE_FILE", str(file))

    found = Settings().rate_storage

    assert found.get_secret_value() == "async+redis://:secret@host:6379"
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/v1/members/m-1", "/v1/members/{memberId}"),
        ("/v1/compliance/report?memberId=m-1", "/v1/compliance/report"),
        ("/v1/keys/m-1", "/v1/keys/{keyId}"),
    ],
)
async def test_a_refusal_is_logged_with_its_route_and_not_its_path(
    house: House, path: str, logged: str
) -> None:
    with structlog.testing.capture_logs() as logs:
        answer = await house.client.get(path)

    assert answer.status_code == 404
    assert [one["path"] for one in logs if one["event"] == "request.refused"] == [logged]


async def test_where_no_route_was_found_only_the_beginning_of_a_path_is_logged(
    house: House,
) -> None:
    with structlog.testing.capture_logs() as logs:
        answer = await house.ask("stranger", "/v1/members/m-1")
        await house.client.get("/m/secret", headers={"X": "x" * 70_000})

    assert answer.status_code == 401
    assert [one["path"] for one in logs] == ["/v1", "/m"]


CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/v1/keys", {"json": {"name": "made", "scopes": ["admin"]}}),
    ("POST", "/v1/events", {"json": []}),
    ("PUT", "/v1/plans/mine", {"json": {"version": "mine"}}),
    ("DELETE", "/v1/webhooks/none", {}),
]


@pytest.mark.parametrize(("method", "path", "sent"), CHANGES)
async def test_a_password_that_a_browser_keeps_changes_nothing(
    house: House, method: str, path: str, sent: dict[str, Any]
) -> None:
    del house.client.headers["Authorization"]

    answer = await house.client.request(method, path, auth=("anyone", KEY), **sent)

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert "Bearer" in answer.json()["detail"]
    # A browser that were asked for a password would send it again.
    assert "Basic" not in answer.headers["www-authenticate"]


async def test_a_password_reads_and_the_docs_write_with_a_bearer(house: House) -> None:
    document = (await house.client.get("/openapi.json")).json()
    del house.client.headers["Authorization"]

    read = [
        (await house.client.get(path, auth=("anyone", KEY))).status_code
        for path in ("/docs", "/openapi.json", "/v1/keys")
    ]

    assert read == [200, 200, 200]
    assert document["paths"]["/v1/keys"]["post"]["security"] == [{"key": ["admin"]}]
    assert {name for one in document["paths"]["/v1/keys"]["get"]["security"] for name in one} == {
        "key",
        "browser",
    }
