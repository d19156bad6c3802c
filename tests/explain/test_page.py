"""The explanation as a page: negotiated, escaped, in two languages, framed by nobody."""

import html
import re
from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.hypertext.test_rendering import BROWSER
from tests.ledger.test_endpoints import fmcg_order, refund, send
from tests.worlds import START, event, order_data
from tests.worlds.named import five_levels

pytestmark = pytest.mark.anyio
EVIL = "<script>alert(1)</script>"


def seen(page: str) -> str:
    """What a reader sees of a page, in one line."""
    body = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(body).split())


async def test_a_browser_gets_a_page_and_a_program_json(client: AsyncClient) -> None:
    await send(client, *fmcg_order())
    asked: dict[str, dict[str, Any]] = {
        "browser": {"headers": {"Accept": BROWSER}},
        "program": {},
        "named": {"params": {"format": "html"}},
        "json": {"params": {"format": "json"}, "headers": {"Accept": BROWSER}},
    }

    found = {name: await client.get("/v1/orders/o/explain", **sent) for name, sent in asked.items()}

    media = {name: one.headers["content-type"].partition(";")[0] for name, one in found.items()}
    assert media == {
        "browser": "text/html",
        "program": "application/json",
        "named": "text/html",
        "json": "application/json",
    }
    assert {one.headers["vary"] for one in found.values()} == {"Accept, Accept-Language"}


async def test_the_page_tells_path_formulas_influence_entries_and_facts(
    client: AsyncClient,
) -> None:
    await send(client, *five_levels())

    page = seen((await client.get("/v1/orders/order-1/explain?format=html&lang=en")).text)

    assert "How the money of order order-1 came about" in page
    assert "Origin step-1 11 clicks · brought 10 people earned CNY 1.18" in page
    assert "Closer step-5 2 clicks · brought 1 people earned CNY 0.01" in page
    assert "Order buyer CNY 500" in page
    assert "floor(500 × " in page
    assert "(0.25 × 69/69 + 0.75 × (69/69)²)" in page
    assert "the payment on 2026-01-07 gave CNY 2.88" in page
    assert "order.paid" in page


async def test_the_page_speaks_chinese_unless_asked_otherwise(client: AsyncClient) -> None:
    await send(client, *fmcg_order())
    await send(client, refund("r1", 3, 5_000))

    answer = await client.get("/v1/orders/o/explain?format=html")

    assert '<html lang="zh-CN">' in answer.text
    page = seen(answer.text)
    assert "订单 o 的钱是怎么来的" in page
    assert "2026-01-04 的退款 r1（50 元）收回 3 元" in page


async def test_ids_are_escaped_wherever_they_stand(client: AsyncClient) -> None:
    click = {"shareId": EVIL, "memberId": f"buyer {EVIL}"}
    paid = order_data(f"o {EVIL}".replace("/", "|"), f"buyer {EVIL}", 1_000)
    paid["lines"][0] |= {"productId": EVIL, "categoryId": "fmcg"}
    await send(
        client,
        event("share.created", "s", START, {"shareId": EVIL, "memberId": f"seller {EVIL}"}),
        event("share.clicked", "c", START, click),
        event("order.paid", "p", START, paid),
    )

    answer = await client.get(
        "/v1/orders/o <script>alert(1)<|script>/explain", params={"format": "html"}
    )

    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert answer.text.count("&lt;script&gt;") >= 8


async def test_the_page_may_load_nothing_and_be_framed_by_nobody(client: AsyncClient) -> None:
    await send(client, *fmcg_order())

    answer = await client.get("/v1/orders/o/explain?format=html")

    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == (
        "no-store",
        "no-referrer",
    )
    assert "set-cookie" not in answer.headers


async def test_the_page_needs_a_key_with_the_scope_read(client: AsyncClient) -> None:
    made = await client.post("/v1/keys", json={"name": "risk", "scopes": ["risk:read"]})
    path = "/v1/orders/o/explain?format=html"

    other = await client.get(path, headers={"Authorization": f"Bearer {made.json()['key']}"})
    nobody = await client.get(path, headers={"Authorization": ""})

    assert (other.status_code, nobody.status_code) == (403, 401)
