"""Commission, statement and proof over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.conftest import Database
from tests.worlds import START, event
from tests.worlds.named import five_levels

DAY = timedelta(days=1)


async def send(client: AsyncClient, *events: dict[str, Any]) -> None:
    answer = await client.post("/v1/events?wait=true", json=list(events))
    assert answer.json()["rejected"] == 0, answer.text


async def commission(client: AsyncClient, order_id: str) -> dict[str, Any]:
    return (await client.get(f"/v1/orders/{order_id}/commission")).json()


def fmcg_order() -> list[dict[str, Any]]:
    """A seller whose share brings an order of 100 yuan, 75 of it FMCG and 25 digital."""
    share = {"shareId": "s", "memberId": "seller"}
    click = {"shareId": "s", "memberId": "buyer"}
    lines = [
        {"productId": "tea", "categoryId": "fmcg", "quantity": 1, "amountMinor": 7_500},
        {"productId": "phone", "categoryId": "digital", "quantity": 1, "amountMinor": 2_500},
    ]
    order = {"orderId": "o", "memberId": "buyer", "amountMinor": 10_000, "currency": "CNY"}
    return [
        event("share.created", "share", START, share),
        event("share.clicked", "click", START + DAY, click),
        event("order.paid", "paid", START + 2 * DAY, {**order, "lines": lines}),
    ]


def refund(name: str, at_day: int, amount_minor: int) -> dict[str, Any]:
    data = {"orderId": "o", "refundId": name, "amountMinor": amount_minor}
    return event("order.refunded", name, START + at_day * DAY, data)


async def test_an_order_earns_by_category_and_says_why(client: AsyncClient) -> None:
    await send(client, *fmcg_order())

    answer = await commission(client, "o")

    assert [
        (line["payeeId"], line["basis"], line["part"], line["rate"], line["amountMinor"])
        for line in answer["lines"]
    ] == [
        ("seller", "own_sale", "category digital", "0.03", 75),
        ("seller", "own_sale", "category fmcg", "0.08", 600),
    ]
    assert {line["state"] for line in answer["lines"]} == {"pending"}
    assert (answer["totalMinor"], answer["currency"], answer["planVersion"]) == (
        675,
        "CNY",
        "seed-1",
    )
    # Nobody else clicked, so the influence pool stays.
    assert [(line["basis"], line["amountMinor"]) for line in answer["kept"]] == [("influence", 100)]


async def test_the_influence_of_every_step_is_booked_as_the_answer_says(
    client: AsyncClient,
) -> None:
    await send(client, *five_levels())

    answer = await commission(client, "order-1")

    influence = {
        line["payeeId"]: line["amountMinor"]
        for line in answer["lines"]
        if line["basis"] == "influence"
    }
    assert influence == {"step-1": 118, "step-2": 83, "step-3": 288, "step-4": 6, "step-5": 1}
    kept = [line["amountMinor"] for line in answer["kept"] if line["basis"] == "influence"]
    assert kept == [4]


async def test_refunds_take_back_in_proportion_and_a_full_one_everything(
    client: AsyncClient,
) -> None:
    await send(client, *fmcg_order())

    await send(client, refund("r1", 3, 5_000))
    half = await commission(client, "o")
    await send(client, refund("r2", 4, 5_000))
    whole = await commission(client, "o")

    # Of 75 the half is 37 and a half; what is owed is floored.
    assert half["totalMinor"] == 337
    assert (whole["totalMinor"], whole["keptMinor"]) == (0, 0)
    assert {line["state"] for line in whole["lines"]} == {"reversed"}
    assert len(whole["lines"]) == 6


async def test_a_cancelled_order_is_owed_nothing(client: AsyncClient) -> None:
    await send(client, *fmcg_order())

    await send(client, event("order.cancelled", "x", START + 3 * DAY, {"orderId": "o"}))

    assert (await commission(client, "o"))["totalMinor"] == 0


async def test_what_is_completed_is_released_after_the_holding_days(client: AsyncClient) -> None:
    await send(client, *fmcg_order())
    await send(client, event("order.completed", "c", START + 9 * DAY, {"orderId": "o"}))

    answer = await commission(client, "o")
    statement = (await client.get("/v1/members/seller/statement?month=2026-01")).json()

    assert {(line["state"], line["availableAt"]) for line in answer["lines"]} == {
        ("released", "2026-01-16T16:00:00Z")
    }
    # January is over for more than the holding days, so its ladder is released as well.
    assert (statement["byBasis"]["own_sale"], statement["byBasis"]["ladder"]) == (675, 500)
    assert statement["totalMinor"] == 1_175
    assert statement["balance"] == {
        "pendingMinor": 0,
        "releasedMinor": 1_175,
        "heldMinor": 0,
        "reservedMinor": 0,
        "paidMinor": 0,
        "negativeMinor": 0,
    }
    assert statement["ladder"] == {
        "promotedSalesMinor": 10_000,
        "rate": "0.05",
        "nextAtMinor": 5_000_000,
        "nextRate": "0.08",
        "missingMinor": 4_990_000,
    }


async def test_an_unknown_order_and_member_are_404(client: AsyncClient) -> None:
    answers = [
        await client.get("/v1/orders/none/commission"),
        await client.get("/v1/members/none/statement"),
    ]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [
        (404, "order_not_found"),
        (404, "member_not_found"),
    ]


TAMPERED = (
    "MATCH (e:LedgerEntry {basis: 'own_sale'}) WITH e LIMIT 1 SET e.amountMinor = 1000000",
    "MATCH (e:LedgerEntry {basis: 'own_sale'}) WITH e LIMIT 1 SET e.payeeId = 'buyer'",
    "MATCH (e:LedgerEntry {basis: 'own_sale'}) WITH e LIMIT 1 SET e.inputs = '{}'",
    "MATCH (e:LedgerEntry {basis: 'own_sale'}) WITH e LIMIT 1 DETACH DELETE e",
    "MATCH (e:LedgerEntry) WITH e.payeeId AS payeeId, max(e.number) AS number LIMIT 1 "
    "CREATE (:LedgerEntry {entryId: 'false', payeeId: payeeId, number: number + 1})",
    "MATCH (p:LedgerPayee) WITH p LIMIT 1 SET p.number = p.number - 1",
)


@pytest.mark.parametrize("change", TAMPERED)
async def test_whatever_is_changed_in_the_ledger_is_found(
    client: AsyncClient, database: Database, change: str
) -> None:
    await send(client, *fmcg_order(), *five_levels())
    whole = (await client.get("/v1/ledger/verify")).json()

    database.query(change)

    broken = (await client.get("/v1/ledger/verify")).json()
    assert (whole["ok"], whole["firstBroken"]) == (True, None)
    assert whole["entries"] > 8
    assert broken["ok"] is False
    assert broken["firstBroken"]
