"""The member page: behind its link only, the member's own only, in words and to be framed."""

import html
import json
import re
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog
from httpx2 import AsyncClient, Response

from graph_service.pipeline import Pipeline
from graph_service.portal import reading
from graph_service.portal.links import PageLink, sign_link
from graph_service.portal.reading import masked, month_after, month_before, own_path
from graph_service.settings import Settings
from tests.conftest import Database, client_of
from tests.explain.test_page import EVIL, seen
from tests.ledger.test_endpoints import fmcg_order, refund, send
from tests.worlds import NOW, START, event, order_data
from tests.worlds.named import five_levels

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)
PEPPER = b"pepper-of-the-tests"
LONG = {name: f"{name}-of-the-mall" for name in (*(f"step-{i}" for i in range(1, 6)), "buyer")}


def fmcg(order_id: str) -> dict[str, Any]:
    """The data of an order of 100 yuan that came through the share s."""
    line = {"productId": "p", "categoryId": "fmcg", "quantity": 1, "amountMinor": 10_000}
    return {**order_data(order_id, "buyer", 10_000), "lines": [line], "shareId": "s"}


async def link(client: AsyncClient, member_id: str, **wanted: Any) -> str:
    answer = await client.post(f"/v1/members/{member_id}/page-links", json=wanted)
    assert answer.status_code == 201, answer.text
    return answer.json()["url"]


async def page(client: AsyncClient, member_id: str, more: str = "?lang=en") -> Response:
    """The member's page as somebody sees it who has no key."""
    url = await link(client, member_id)
    return await client.get(url + more, headers={"Authorization": ""})


async def test_a_link_is_a_path_that_ends_after_a_quarter_of_an_hour(client: AsyncClient) -> None:
    await send(client, *fmcg_order())

    answer = await client.post("/v1/members/seller/page-links")

    body = answer.json()
    assert answer.status_code == 201
    assert body["url"].startswith("/m/")
    assert answer.headers["location"] == body["url"]
    assert datetime.fromisoformat(body["expiresAt"]) == NOW + timedelta(seconds=900)


@pytest.mark.parametrize("wanted", [{"expiresInS": 0}, {"expiresInS": 2_592_001}, {"lang": "fr"}])
async def test_a_link_beyond_its_limits_is_refused_with_422(
    client: AsyncClient, wanted: dict[str, Any]
) -> None:
    await send(client, *fmcg_order())

    answer = await client.post("/v1/members/seller/page-links", json=wanted)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_a_link_for_nobody_is_404_and_without_a_key_401(client: AsyncClient) -> None:
    unknown = await client.post("/v1/members/nobody/page-links")
    nobody = await client.post("/v1/members/nobody/page-links", headers={"Authorization": ""})

    assert (unknown.status_code, unknown.json()["code"]) == (404, "member_not_found")
    assert nobody.status_code == 401


async def test_the_page_tells_rules_ladder_month_balance_and_orders(client: AsyncClient) -> None:
    await send(client, *fmcg_order())

    told = seen((await page(client, "seller", "?lang=en&month=2026-01")).text)

    assert "My commission" in told
    assert "Member seller" in told
    assert "Pending CNY 6.75 Can be paid out CNY 5" in told
    assert "Ladder of 2026-03 You have promoted CNY 0 and stand at 5%, which brings CNY 0." in told
    assert "CNY 50,000 more reach 8%; there you earn CNY 2,500 more than now." in told
    assert "Earned in 2026-01" in told
    # The ladder's 5 % of 100 yuan are counted in before the month is closed.
    assert "Commission CNY 6.75 Ladder CNY 5 Sum CNY 11.75" in told
    assert "o 2026-01-03 CNY 6.75" in told
    assert "Orders of your own earn nothing." in told


async def test_the_bar_of_the_ladder_stands_where_the_month_stands(client: AsyncClient) -> None:
    paid = {**order_data("o", "buyer", 1_250_000), "shareId": "s"}
    await send(
        client,
        event("share.created", "s", NOW - 2 * DAY, {"shareId": "s", "memberId": "seller"}),
        event("order.paid", "p", NOW - DAY, paid),
    )

    text = (await page(client, "seller")).text

    assert 'value="1250000" max="5000000"' in text
    assert "CNY 37,500 more reach 8%" in text


async def test_months_are_turned_from_the_joining_to_the_running_one(client: AsyncClient) -> None:
    await send(client, event("member.joined", "j", START + 40 * DAY, {"memberId": "new"}))

    running = (await page(client, "new")).text
    first = (await page(client, "new", "?lang=en&month=2026-02")).text
    odd = [
        (await page(client, "new", f"?lang=en&month={month}")).text
        for month in ("2099-01", "never")
    ]

    assert ("month=2026-02" in running, 'rel="next"' in running) == (True, False)
    assert ('rel="prev"' in first, "month=2026-03" in first) == (False, True)
    assert all("Earned in 2026-03" in one for one in odd)


@pytest.mark.parametrize(
    ("month", "before", "after"),
    [("2026-01", "2025-12", "2026-02"), ("2025-12", "2025-11", "2026-01")],
)
def test_a_year_turns_with_its_months(month: str, before: str, after: str) -> None:
    assert (month_before(month), month_after(month)) == (before, after)


async def test_the_language_is_that_of_the_address_the_link_or_the_reader(
    client: AsyncClient,
) -> None:
    await send(client, *fmcg_order())
    url = await link(client, "seller", lang="en")
    free = await link(client, "seller")

    found = [
        (await client.get(url)).text,
        (await client.get(f"{url}?lang=zh")).text,
        (await client.get(free, headers={"Accept-Language": "en"})).text,
        (await client.get(free)).text,
    ]

    assert ["My commission" in one for one in found] == [True, False, True, False]
    assert ["我的佣金" in one for one in found] == [False, True, False, True]


async def test_orders_come_latest_first_and_page_by_page(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "ORDERS_OF_PAGE", 2)
    share = {"shareId": "s", "memberId": "seller"}
    orders = [
        event(
            "order.paid",
            f"p{number}",
            START + number // 2 * DAY,
            fmcg(f"order-{number}"),
        )
        for number in range(5)
    ]
    await send(client, event("share.created", "s", START, share), *orders)
    url = await link(client, "seller", lang="en")

    told: list[list[str]] = []
    for _ in range(3):
        text = (await client.get(url)).text
        told.append(re.findall(r'class="name">(order-\d)<', text))
        following = re.search(r'href="([^"]+)" rel="next">Earlier', text)
        url = f"/m/{html.unescape(following[1])}" if following else ""

    assert told == [["order-4", "order-2"], ["order-3", "order-0"], ["order-1"]]
    assert url == ""


async def test_an_order_shows_the_own_part_and_masks_everybody_else(client: AsyncClient) -> None:
    text = json.dumps(five_levels())
    for name, longer in LONG.items():
        text = text.replace(f'"{name}"', f'"{longer}"')
    await send(client, *json.loads(text))
    url = await link(client, LONG["step-3"], lang="en")

    answer = await client.get(f"{url}/orders/order-1", headers={"Authorization": ""})

    told = seen(answer.text)
    assert answer.status_code == 200
    assert "It brings you CNY 2.88." in told
    assert f"Step 3 · {LONG['step-3']} you 48 clicks · brought 47 people" in told
    # What each of them brought would tell what each of them earns.
    assert "Step 1 · s***l Step 2 · s***l Step 3" in told
    assert "Step 4 · s***l Step 5 · s***l Order" in told
    assert "The steps before yours together: brought 18 people." in told
    assert "The steps behind yours together: brought 4 people." in told
    assert "Order · b***l" in told
    assert [name for name in LONG.values() if name in told] == [LONG["step-3"]]
    assert "floor(500 × " in told
    # What others earn of it is theirs.
    assert "1.18" not in told


@pytest.mark.parametrize(("member_id", "mask"), [("m-1", "***"), ("12345678", "1***8")])
def test_a_short_id_is_masked_whole(member_id: str, mask: str) -> None:
    assert masked(member_id) == mask


async def test_an_order_that_the_member_earns_nothing_from_is_404_like_one_that_is_not(
    client: AsyncClient,
) -> None:
    await send(client, *fmcg_order(), *five_levels())
    url = await link(client, "seller", lang="en")

    others = await client.get(f"{url}/orders/order-1")
    none = await client.get(f"{url}/orders/none")
    buyers = await client.get(f"{await link(client, 'buyer', lang='en')}/orders/o")

    assert [one.status_code for one in (others, none, buyers)] == [404, 404, 404]
    assert others.text == none.text
    assert "There is no such page." in others.text


async def test_an_order_that_was_taken_back_is_told_as_such(client: AsyncClient) -> None:
    await send(client, *fmcg_order())
    await send(client, refund("r", 3, 10_000))

    told = seen((await page(client, "seller")).text)
    order = seen((await page(client, "seller", "/orders/o?lang=en")).text)

    assert "o 2026-01-03 taken back" in told
    assert "refund r of CNY 100 on 2026-01-04 took back CNY 6 " in order
    assert order.endswith("Sum CNY 0")


async def test_a_forged_and_an_expired_link_are_403_in_words(client: AsyncClient) -> None:
    await send(client, *fmcg_order())
    expired = sign_link(PageLink("seller", int(NOW.timestamp()), "en"), PEPPER)
    url = await link(client, "seller")

    found = [
        await client.get(f"{url}x?lang=en"),
        await client.get("/m/nothing/orders/o?lang=en"),
        await client.get(f"/m/{expired}?lang=en"),
        await client.get(f"/m/{expired}/orders/o"),
    ]

    assert {one.status_code for one in found} == {403}
    assert {one.headers["content-type"] for one in found} == {"text/html; charset=utf-8"}
    assert ["not valid" in one.text for one in found] == [True, True, False, False]
    assert ["has expired" in one.text for one in found] == [False, False, True, False]
    assert "链接已过期" in found[3].text


async def test_ids_are_escaped_on_the_page_and_in_its_links(client: AsyncClient) -> None:
    evil = EVIL.replace("/", "|")
    click = {"shareId": evil, "memberId": "buyer"}
    paid = order_data(evil, "buyer", 1_000)
    paid["lines"][0] |= {"productId": evil, "categoryId": "fmcg"}
    await send(
        client,
        event("share.created", "s", START, {"shareId": evil, "memberId": evil}),
        event("share.clicked", "c", START, click),
        event("order.paid", "p", START, paid),
    )
    url = await link(client, evil)

    own = await client.get(url)
    address = own.text.partition("/orders/")[2].partition('"')[0]
    order = await client.get(f"{url}/orders/{address}")

    assert (own.status_code, order.status_code) == (200, 200)
    assert "<script" not in own.text + order.text
    assert "&lt;script&gt;" in own.text
    assert "&lt;script&gt;" in order.text


async def test_the_page_is_stored_nowhere_sets_no_cookie_and_is_framed_by_nobody(
    client: AsyncClient,
) -> None:
    await send(client, *fmcg_order())

    answer = await page(client, "seller")

    headers = answer.headers
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert headers["content-security-policy"].endswith("frame-ancestors 'none'")
    assert headers["x-frame-options"] == "DENY"
    assert "set-cookie" not in headers
    assert "ratelimit" in headers


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("aabmcc", (None, None)),
        ("aabmccd", (3, 3)),
        ("abmcd", (2, 2)),
        ("abm", (2, None)),
        ("mcd", (None, 2)),
        ("abmcdm", (None, None)),
        ("abmaa", (None, None)),
        ("aambc", (None, None)),
        ("m", (None, None)),
    ],
)
def test_sums_of_others_are_told_only_where_they_are_of_several(
    path: str, told: tuple[int | None, int | None]
) -> None:
    steps = [
        {"memberId": one, "position": i, "clicks": 1, "clearedClickers": 1}
        for i, one in enumerate(path, 1)
    ]

    found = own_path(steps, "m")

    assert (found["before"], found["behind"]) == told
    assert [one["brought"] is not None for one in found["path"]] == [one == "m" for one in path]


async def test_while_the_ledger_lags_the_page_says_up_to_when_it_has_come(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await send(client, *fmcg_order())
    url = await link(client, "seller", lang="en")
    await client.get(url)

    async def behind(*_: object, **__: object) -> bool:
        return False

    monkeypatch.setattr(Pipeline, "settle_ledger", behind)
    found = [await client.get(url), await client.get(f"{url}/orders/o")]

    assert [one.status_code for one in found] == [200, 200]
    for one in found:
        assert re.search(
            r"Booked is what was known at 20\d\d-\d\d-\d\d \d\d:\d\d; newer", seen(one.text)
        )
    assert "Pending CNY 6.75" in seen(found[0].text)


async def test_before_the_first_fact_of_the_ledger_the_page_says_that_it_follows(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sign_link(PageLink("seller", int(NOW.timestamp()) + 900, "en"), PEPPER)
    share = {"shareId": "s", "memberId": "seller"}

    async def behind(*_: object, **__: object) -> int:
        return 0

    monkeypatch.setattr(Pipeline, "settle_ledger", behind)
    monkeypatch.setattr(Pipeline, "_follow_next", behind)
    await client.post("/v1/events", json=event("share.created", "s", START, share))
    answer = await client.get(f"/m/{url}")

    assert answer.status_code == 200
    assert "Events are being booked; the sums follow." in answer.text


async def test_a_link_may_ask_less_often_than_a_key(client: AsyncClient) -> None:
    await send(client, *fmcg_order())

    answer = await page(client, "seller")

    assert answer.headers["ratelimit-policy"] == '"page";q=30;w=6'


@pytest.fixture
async def embedded(settings: Settings, database: Database) -> AsyncGenerator[AsyncClient]:
    """A client of a service that a mall may frame and that knows its own address."""
    named = settings.model_copy(
        update={
            "page_embed_origins": ("https://mall.example.com",),
            "public_url": "https://graph.example.com/service",
            "rate_per_second": 1.0,
            "rate_burst": 3,
        }
    )
    async with client_of(named, lambda: NOW) as opened:
        yield opened


async def test_a_mall_that_is_named_may_frame_the_page_and_gets_whole_addresses(
    embedded: AsyncClient,
) -> None:
    await send(embedded, *fmcg_order())

    url = await link(embedded, "seller")
    answer = await embedded.get(url.removeprefix("https://graph.example.com/service"))

    assert url.startswith("https://graph.example.com/service/m/")
    assert "frame-ancestors https://mall.example.com" in answer.headers["content-security-policy"]
    assert "x-frame-options" not in answer.headers


async def test_who_asks_without_end_is_told_so_in_words(embedded: AsyncClient) -> None:
    await send(embedded, *fmcg_order())
    url = (await link(embedded, "seller")).partition("/service")[2]

    found = [await embedded.get(f"{url}?lang=en") for _ in range(6)]

    assert found[0].status_code == 200
    assert found[-1].status_code == 429
    assert "Too many requests." in found[-1].text
    assert int(found[-1].headers["retry-after"]) > 0


async def test_a_link_that_works_is_never_in_the_log(embedded: AsyncClient) -> None:
    await send(embedded, *fmcg_order())
    url = (await link(embedded, "seller")).partition("/service")[2]
    paths = [f"{url}/orders/none", f"{url}/nothing", f"{url}?before=odd", *[url] * 4]

    with structlog.testing.capture_logs() as logs:
        found = {(await embedded.get(path)).status_code for path in paths}
        found.add((await embedded.post(url)).status_code)

    assert found == {200, 404, 405, 429}
    assert {one["path"] for one in logs} == {"/m/{token}", "/m/{token}/orders/{orderId}"}
    assert url.removeprefix("/m/") not in json.dumps(logs, default=str)
