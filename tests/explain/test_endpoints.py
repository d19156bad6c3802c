"""The explanation of an order as JSON: facts, formulas that add up, entries with their cause."""

from datetime import timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.ledger.test_endpoints import fmcg_order, refund, send
from tests.worlds import START, event
from tests.worlds.named import five_levels

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


async def explained(client: AsyncClient, order_id: str, lang: str = "en") -> dict[str, Any]:
    answer = await client.get(f"/v1/orders/{order_id}/explain?lang={lang}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_formula_has_the_numbers_of_the_order_put_in(client: AsyncClient) -> None:
    await send(client, *fmcg_order())

    answer = await explained(client, "o")

    assert [(one["payeeId"], one["formula"], one["bookedMinor"]) for one in answer["formulas"]] == [
        ("platform", "floor(10,000 × 0.01) = 100", 100),
        ("seller", "floor(10,000 × 0.25 × 1 × 0.03) = 75", 75),
        ("seller", "floor(10,000 × 0.75 × 1 × 0.08) = 600", 600),
    ]
    assert answer["totals"] == {
        "owedMinor": 675,
        "keptMinor": 100,
        "payees": [{"payeeId": "seller", "amountMinor": 675}],
    }
