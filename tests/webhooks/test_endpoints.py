"""Webhooks over HTTP, with a receiver that listens and the worker of the app itself."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest
from httpx2 import AsyncClient

from graph_service.settings import Settings
from tests.conftest import Database, client_of
from tests.webhooks.conftest import Receiver, until
from tests.worlds.named import five_levels

HOOKS = "/v1/webhooks"


@pytest.fixture
async def mall(settings: Settings, database: Database) -> AsyncGenerator[AsyncClient]:
    """The app; it may send to this machine, and has room for three webhooks."""
    changes = {"webhook_private_hosts": True, "webhooks_max": 3}
    async with client_of(settings.model_copy(update=changes)) as opened:
        yield opened


async def subscribed(client: AsyncClient, url: str, *events: str) -> dict[str, Any]:
    wanted = {"url": url, "events": events or ["commission.booked"], "description": "the till"}
    answer = await client.post(HOOKS, json=wanted)
    assert answer.status_code == 201, answer.text
    return answer.json()


def reached(receiver: Receiver, count: int) -> Callable[[], Awaitable[bool]]:
    async def enough() -> bool:
        return len(receiver.requests) >= count

    return enough


async def test_what_is_booked_reaches_a_webhook_by_itself(
    mall: AsyncClient, receiver: Receiver
) -> None:
    made = await subscribed(mall, receiver.url)
    await mall.post("/v1/events?wait=true", json=five_levels())

    arrived = await until(reached(receiver, 5))

    assert arrived
    told = [one.verify(made["secret"]) for one in receiver.requests]
    assert {one["type"] for one in told} == {"commission.booked"}
    assert {one["data"]["memberId"] for one in told} == {f"step-{i}" for i in range(1, 6)}


async def test_the_secret_is_told_once_and_kept_nowhere(
    mall: AsyncClient, receiver: Receiver, database: Database
) -> None:
    made = await subscribed(mall, receiver.url)
    path = f"{HOOKS}/{made['webhookId']}"

    told = [(await mall.get(HOOKS)).json()["items"][0], (await mall.get(path)).json()]

    stored = database.query("MATCH (w:Webhook) RETURN properties(w) AS kept")
    assert made["secret"].startswith("whsec_")
    assert {key: value for key, value in made.items() if key != "secret"} == told[0] == told[1]
    assert made["secret"].removeprefix("whsec_") not in str(stored)


async def test_a_ping_arrives_and_its_delivery_is_listed(
    mall: AsyncClient, receiver: Receiver
) -> None:
    made = await subscribed(mall, receiver.url)
    path = f"{HOOKS}/{made['webhookId']}"

    pinged = await mall.post(f"{path}:ping")

    async def delivered() -> bool:
        answer = await mall.get(f"{path}/deliveries?status=delivered")
        return len(answer.json()["items"]) == 1

    assert pinged.status_code == 202
    assert await until(delivered)
    detail = (await mall.get(f"{HOOKS}/deliveries/{pinged.json()['deliveryId']}")).json()
    assert (detail["type"], detail["status"], detail["attemptCount"]) == ("ping", "delivered", 1)
    assert detail["attempts"][0]["status"] == 200
    assert detail["messageId"] == receiver.requests[0].headers["webhook-id"]
    assert detail["payload"] == receiver.requests[0].told


async def test_what_arrived_is_sent_again_when_asked(mall: AsyncClient, receiver: Receiver) -> None:
    made = await subscribed(mall, receiver.url)
    path = f"{HOOKS}/{made['webhookId']}"
    pinged = (await mall.post(f"{path}:ping")).json()
    await until(reached(receiver, 1))

    one = await mall.post(f"{HOOKS}/deliveries/{pinged['deliveryId']}:replay")
    await until(reached(receiver, 2))
    many = await mall.post(f"{path}:replay", json={"from": pinged["createdAt"]})

    async def replayed() -> bool:
        nonlocal many
        if many.json()["replayed"] == 0:
            many = await mall.post(f"{path}:replay", json={"from": pinged["createdAt"]})
        return len(receiver.requests) >= 3

    assert await until(replayed)
    assert (one.status_code, one.json()["status"], many.status_code) == (202, "pending", 202)
    assert {one.headers["webhook-id"] for one in receiver.requests} == {pinged["messageId"]}


async def test_a_webhook_is_changed_rotated_and_removed(
    mall: AsyncClient, receiver: Receiver
) -> None:
    made = await subscribed(mall, receiver.url)
    path = f"{HOOKS}/{made['webhookId']}"

    events = ["role.changed", "commission.released", "role.changed"]
    changed = (await mall.patch(path, json={"events": events, "enabled": False})).json()
    refused = (await mall.post(f"{path}:ping")).json()
    enabled = (await mall.patch(path, json={"enabled": True, "description": ""})).json()
    rotated = (await mall.post(f"{path}:rotate-secret")).json()
    removed = await mall.delete(path)
    gone = (await mall.get(path)).json()

    assert changed["events"] == ["commission.released", "role.changed"]
    assert (changed["enabled"], changed["disabledWhy"]) == (False, "asked")
    assert refused["code"] == "webhook_disabled"
    assert (enabled["enabled"], enabled["disabledAt"], enabled["description"]) == (True, None, None)
    assert rotated["secret"] != made["secret"]
    assert rotated["secretRotatedAt"] is not None
    assert (removed.status_code, gone["code"]) == (204, "webhook_not_found")


async def test_the_same_webhook_is_made_once(mall: AsyncClient, receiver: Receiver) -> None:
    events = ["commission.booked", "role.changed"]
    made = await subscribed(mall, receiver.url, *events)

    again = await mall.post(HOOKS, json={"url": receiver.url, "events": events[::-1]})
    other = await mall.post(HOOKS, json={"url": receiver.url, "events": events[:1]})

    assert (again.status_code, again.json()["code"]) == (409, "webhook_exists")
    assert made["webhookId"] in again.json()["detail"]
    assert "secret" not in again.json()
    assert other.status_code == 201


async def test_more_webhooks_than_are_allowed_are_refused(
    mall: AsyncClient, receiver: Receiver
) -> None:
    for i in range(3):
        await subscribed(mall, f"{receiver.url}?shop={i}")

    answer = await mall.post(HOOKS, json={"url": receiver.url, "events": ["role.changed"]})

    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_webhooks")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"url": "http://example.com/"}, "webhook_url_refused"),
        ({"url": "https://169.254.169.254/latest"}, "webhook_url_refused"),
        ({"url": ""}, "invalid_request"),
        ({"url": "https://example.com/" + "a" * 2_048}, "invalid_request"),
        ({"events": []}, "invalid_request"),
        ({"events": ["ping"]}, "invalid_request"),
        ({"secret": "mine"}, "invalid_request"),
    ],
)
async def test_what_cannot_be_a_webhook_is_422(
    client: AsyncClient, change: dict[str, Any], code: str
) -> None:
    wanted = {"url": "https://example.com/", "events": ["role.changed"], **change}

    answer = await client.post(HOOKS, json=wanted)

    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_only_an_admin_key_sees_webhooks(mall: AsyncClient) -> None:
    wanted = {"name": "reader", "scopes": ["read", "events:write"]}
    key = (await mall.post("/v1/keys", json=wanted)).json()["key"]

    answer = await mall.get(HOOKS, headers={"Authorization": f"Bearer {key}"})

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
