"""Simulations over HTTP."""

from typing import Any

import pytest
from httpx2 import AsyncClient

from graph_service.app import create_app
from graph_service.openapi import scopes_of
from graph_service.settings import Settings
from graph_service.simulation.splits import STRATEGIES
from tests.conftest import Database, client_of
from tests.simulation.test_outcome import mall
from tests.worlds import NOW

pytestmark = pytest.mark.anyio
ROUTE = "/v1/plans:simulate"
TIME = {"from": "2026-01-01", "to": "2026-03-01"}
WARNED = {"version": "new", "ladder": {"steps": [{"fromMinor": 0, "rate": "0.05"}]}}


async def asked(client: AsyncClient, plan: object, **time: str) -> dict[str, Any]:
    answer = await client.post(ROUTE, json={"plan": plan, **(time or TIME)})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(client: AsyncClient, plan: object, **time: str) -> tuple[int, str, list[str]]:
    answer = await client.post(ROUTE, json={"plan": plan, **TIME, **time})
    told = answer.json()
    return answer.status_code, told["code"], [one["place"] for one in told.get("errors") or ()]


async def test_a_plan_is_run_over_the_orders_of_a_time(client: AsyncClient) -> None:
    await client.post("/v1/events?wait=true", json=mall())

    answer = await asked(client, WARNED)

    assert answer["orders"] == 3
    assert answer["byBasis"]["ladder"] == {"currentMinor": 355_000, "minor": 325_000}
    assert answer["byBasis"]["partner"] == {"currentMinor": 65_000, "minor": 0}
    assert answer["costMinor"] == 325_000
    assert answer["losers"][0] == {
        "memberId": "promoter",
        "currentMinor": 145_000,
        "minor": 25_000,
        "changeMinor": -120_000,
    }
    assert answer["splitScan"] == {"members": 2, "strategies": list(STRATEGIES)}
    assert answer["warnings"] == ["pays_three_levels_or_more"]
    # The first of January and March in the zone of the plan.
    assert (answer["from"], answer["to"]) == ("2025-12-31T16:00:00Z", "2026-02-28T16:00:00Z")


async def test_a_version_is_run_by_its_name(client: AsyncClient) -> None:
    await client.post("/v1/events?wait=true", json=mall())
    await client.put("/v1/plans/new", json=WARNED)

    by_name, whole = await asked(client, "new"), await asked(client, WARNED)
    seed = await asked(client, "seed-1")

    assert by_name == whole
    assert seed["costMinor"] == seed["currentCostMinor"]


async def test_what_is_no_plan_and_no_time_is_refused(client: AsyncClient) -> None:
    found = [
        await refused(client, "none"),
        await refused(client, {"version": "x", "bonus": 1}),
        await refused(client, 5),
        await refused(client, WARNED, **{"from": "2026-03-02"}),
        await refused(client, WARNED, to="2027-01-03"),
        await refused(client, WARNED, to="then"),
        await refused(client, WARNED, more="1"),
    ]

    assert [(status, code) for status, code, _ in found] == [
        (404, "plan_not_found"),
        *[(422, "invalid_request")] * 2,
        *[(422, "invalid_payload")] * 3,
        (422, "invalid_request"),
    ]
    assert found[1][2] == ["body.plan.bonus"]


async def test_more_orders_than_the_limit_are_refused(
    settings: Settings, database: Database
) -> None:
    few = settings.model_copy(update={"simulated_orders_max": 2})
    async with client_of(few, lambda: NOW) as client:
        await client.post("/v1/events?wait=true", json=mall())

        assert await refused(client, WARNED) == (413, "simulation_too_large", [])


def test_reading_is_enough_to_ask() -> None:
    scopes = scopes_of(create_app(Settings.model_construct()))

    assert scopes["POST", ROUTE] == "read"
