"""Work beside requests goes on after what nobody foresaw."""

import asyncio

import pytest
from httpx2 import AsyncClient
from structlog.testing import capture_logs

from graph_service import pipeline as pipeline_module
from graph_service.workers import keep_running
from tests.worlds.named import five_levels


def test_work_begins_anew_after_an_error_and_ends_when_it_returns() -> None:
    tries = list[int]()

    async def work() -> None:
        tries.append(len(tries))
        if len(tries) < 3:
            raise KeyError("nobody foresaw this")

    with capture_logs() as logs:
        asyncio.run(keep_running(work, "test", rest_s=0))

    assert tries == [0, 1, 2]
    assert [(one["event"], one["worker"]) for one in logs] == [("worker.failed", "test")] * 2


async def test_what_was_stored_while_the_outbox_failed_is_booked_afterwards(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = pipeline_module.credit_orders
    failures = list[str]()

    async def fails_once(*arguments: object) -> object:
        if not failures:
            failures.append("failed")
            raise KeyError("nobody foresaw this")
        return await real(*arguments)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(pipeline_module, "credit_orders", fails_once)

    await client.post("/v1/events", json=five_levels())

    answer = await client.get("/v1/orders/order-1/commission")
    for _ in range(100):
        if answer.status_code == 200 and answer.json()["lines"]:
            break
        await asyncio.sleep(0.1)
        answer = await client.get("/v1/orders/order-1/commission")
    assert failures == ["failed"]
    assert answer.json()["totalMinor"] == 496
