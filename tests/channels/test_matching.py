"""One sale that several channels report is one order; what is not sure is not merged but told."""

import asyncio
import json
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from tests.channels.conftest import Shop
from tests.channels.payloads import (
    paid_by_wechat,
    paid_in_mini_program,
    paid_on_douyin,
    paid_on_taobao,
    pushed_by_wechat,
    refunded_by_wechat,
    refunded_in_mini_program,
    told_by_doudian,
    told_by_taobao,
)
from tests.channels.signing import Signed
from tests.worlds import START, event, order_data

pytestmark = pytest.mark.anyio
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
KNOWN = json.dumps({"memberId": "m-1"})


def order(order_id: str, **change: Any) -> dict[str, Any]:
    """An order of 100 yuan as it is stored."""
    plain = {"amountMinor": 10_000, "status": "paid", "refundedMinor": 0, "refunds": 0}
    return {"orderId": order_id, **plain, **change}


async def link(shop: Shop, channel: str, external_id: str, member_id: str = "m-1") -> None:
    """The mall says whose an account is."""
    data = {"memberId": member_id, "channel": channel, "externalId": external_id}
    linked = event("account.linked", f"{channel} {external_id}", START - DAY, data)
    answer = await shop.client.post("/v1/events", json=[linked])
    assert answer.json()["accepted"] == 1


async def test_a_callback_that_is_repeated_changes_nothing(shop: Shop) -> None:
    await shop.take(paid_by_wechat(), refunded_by_wechat())
    before = shop.events()

    await shop.take(paid_by_wechat(), refunded_by_wechat())

    assert shop.events() == before
    assert shop.orders() == [order("mall-1", refundedMinor=3_000, refunds=1)]
    assert shop.rejected() == []


async def test_an_account_that_is_known_keeps_its_member(shop: Shop) -> None:
    await link(shop, "taobao", "AAHk-buyer")

    await shop.take(paid_on_taobao())

    assert [kind for _, kind, _ in shop.events()] == ["order.paid"]
    assert shop.events()[0][2]["memberId"] == "m-1"


async def test_the_malls_own_number_makes_two_reports_one_order(shop: Shop) -> None:
    await shop.take(paid_by_wechat(), paid_in_mini_program(payment="other"))

    first, second = await shop.reports("mall-1")
    assert shop.orders() == [order("mall-1")]
    assert (first["channel"], first["matched"]["code"]) == ("wechat", "first_report")
    assert (second["channel"], second["matched"]["code"]) == ("douyin", "order_number")
    assert await shop.suspects() == []


async def test_the_number_of_the_payment_makes_two_reports_one_order(shop: Shop) -> None:
    await shop.take(paid_by_wechat(), paid_in_mini_program(mall="mall-2"))

    _, second = await shop.reports("mall-1")
    assert shop.orders() == [order("mall-1")]
    assert second["matched"]["code"] == "payment_number"


async def test_numbers_of_payments_are_kept_as_tokens_only(shop: Shop) -> None:
    await shop.take(paid_by_wechat(payment="4200001218202601010000000000"))

    assert "4200001218202601010000000000" not in str(
        shop.database.query("MATCH (n) RETURN properties(n) AS p")
    )


async def test_amount_buyer_and_minutes_make_two_reports_one_order(shop: Shop) -> None:
    await link(shop, "taobao", "AAHk-buyer")
    await link(shop, "douyin", "dy-buyer")

    await shop.take(paid_on_taobao(), paid_on_douyin(at=START + 4 * MINUTE))

    first, second = await shop.reports("taobao:2231958349")
    assert shop.orders() == [order("taobao:2231958349")]
    assert first["matched"]["code"] == "first_report"
    assert second["matched"] == {
        "code": "amount_buyer_time",
        "why": "same amount and buyer, paid within 5 minutes; no number is shared",
    }


@pytest.mark.parametrize(
    "other",
    [
        paid_on_douyin(at=START + 6 * MINUTE),
        paid_on_douyin(amount=9_999),
        paid_on_douyin(user="somebody-else"),
    ],
)
async def test_another_time_amount_or_buyer_is_another_order(other: Signed, shop: Shop) -> None:
    await link(shop, "taobao", "AAHk-buyer")
    await link(shop, "douyin", "dy-buyer")

    await shop.take(paid_on_taobao(), other)

    assert len(shop.orders()) == 2
    assert await shop.suspects() == []


async def test_two_like_sales_of_one_channel_are_two_orders(shop: Shop) -> None:
    await shop.take(paid_on_taobao(1), paid_on_taobao(2))

    assert shop.orders() == [order("taobao:1"), order("taobao:2")]


async def test_two_sales_of_which_the_mall_has_two_numbers_are_two_orders(shop: Shop) -> None:
    await shop.take(
        paid_by_wechat("mall-1", payment="1", attach=KNOWN),
        paid_in_mini_program("N1", mall="mall-2", payment="2", extra=KNOWN),
    )

    assert [one["orderId"] for one in shop.orders()] == ["mall-1", "mall-2"]


async def test_two_payments_by_one_scheme_are_two_orders(shop: Shop) -> None:
    await shop.take(
        paid_by_wechat("mall-1", payment="1", attach=KNOWN),
        paid_in_mini_program("N1", mall="", payment="2", extra=KNOWN),
    )

    assert [one["orderId"] for one in shop.orders()] == ["douyin:N1", "mall-1"]


async def test_a_report_that_may_be_two_sales_is_merged_with_none_and_listed(shop: Shop) -> None:
    await link(shop, "taobao", "AAHk-buyer")
    await link(shop, "douyin", "dy-buyer")

    await shop.take(paid_on_taobao(1), paid_on_taobao(2), paid_on_douyin())

    assert len(shop.orders()) == 3
    assert await shop.suspects() == [("dy-1", "ambiguous", ["taobao:1", "taobao:2"])]


async def test_like_sales_that_come_in_pairs_are_told_apart(shop: Shop) -> None:
    await link(shop, "taobao", "AAHk-buyer")
    await link(shop, "douyin", "dy-buyer")

    await shop.take(paid_on_taobao(1), paid_on_douyin("a"), paid_on_taobao(2), paid_on_douyin("b"))

    assert shop.orders() == [order("taobao:1"), order("taobao:2")]


async def test_one_number_with_two_amounts_is_not_merged_but_listed(shop: Shop) -> None:
    await shop.take(
        paid_by_wechat(), paid_in_mini_program(payment="other", amount=500, extra=KNOWN)
    )

    assert shop.orders() == [order("douyin:N7215", amountMinor=500), order("mall-1")]
    assert await shop.suspects() == [("N7215", "amount_differs", ["mall-1"])]


async def test_an_order_that_the_mall_told_of_itself_is_not_told_of_again(shop: Shop) -> None:
    data = {**order_data("mall-1", "m-1", 10_000), "channel": "app"}
    told = event("order.paid", "mall-paid", START, data)
    await shop.client.post("/v1/events", json=[told])

    await shop.take(paid_by_wechat(), refunded_by_wechat())

    (report,) = await shop.reports("mall-1")
    assert report["matched"]["code"] == "told_by_mall"
    assert shop.orders() == [order("mall-1", refundedMinor=3_000, refunds=1)]


async def test_an_order_under_its_platform_number_is_not_told_of_again(shop: Shop) -> None:
    data = {**order_data("o-1", "m-1", 10_000), "channel": "taobao"}
    data["platformOrderNo"] = "2231958349"
    await shop.client.post("/v1/events", json=[event("order.paid", "p", START, data)])

    await shop.take(paid_on_taobao(), told_by_taobao("taobao_trade_TradeSuccess"))

    assert shop.orders() == [order("o-1", status="completed")]


async def test_a_payment_without_a_buyer_waits_until_another_channel_tells(shop: Shop) -> None:
    await shop.take(paid_in_mini_program(), refunded_in_mini_program(at=START + DAY))
    waiting = (shop.orders(), await shop.suspects())

    await shop.take(paid_by_wechat())

    assert waiting == ([], [("N7215", "buyer_unknown", [])])
    assert shop.orders() == [order("mall-1", refundedMinor=3_000, refunds=1)]
    assert await shop.suspects() == []


async def test_a_member_that_the_mall_put_into_the_payment_is_the_buyer(shop: Shop) -> None:
    await shop.take(paid_in_mini_program(extra=KNOWN))

    assert [data["memberId"] for _, _, data in shop.events()] == ["m-1"]
    assert shop.orders() == [order("mall-1")]


async def test_a_payment_without_an_amount_waits(shop: Shop) -> None:
    await shop.take(pushed_by_wechat("channels_ec_order_pay", {"order_id": 12}))

    assert shop.orders() == []
    assert await shop.suspects() == [("12", "amount_unknown", [])]


async def test_a_refund_before_its_payment_waits_for_it(shop: Shop) -> None:
    refund = told_by_taobao(
        "taobao_refund_RefundSuccess", at=START + DAY, refund_id=5, refund_fee="30.00"
    )
    await shop.take(refund)
    waiting = (shop.orders(), await shop.suspects())

    await shop.take(paid_on_taobao())

    assert waiting == ([], [("2231958349", "payment_unknown", [])])
    assert shop.orders() == [order("taobao:2231958349", refundedMinor=3_000, refunds=1)]


async def test_a_refund_that_waits_follows_when_a_later_report_tells_its_number(
    shop: Shop,
) -> None:
    await shop.take(paid_on_douyin("dy-1"), refunded_by_wechat("mall-9", payment="p-9"))

    await shop.take(paid_in_mini_program("dy-1", mall="mall-9", payment="p-9"))

    assert shop.orders() == [order("douyin:dy-1", refundedMinor=3_000, refunds=1)]
    assert await shop.suspects() == []


async def test_an_order_that_was_cancelled_unpaid_is_nothing_to_ask_about(shop: Shop) -> None:
    await shop.take(told_by_doudian("106"))

    assert shop.orders() == []
    assert await shop.suspects() == []


async def test_what_ends_an_order_goes_to_it_under_either_number(shop: Shop) -> None:
    await link(shop, "taobao", "AAHk-buyer")
    await link(shop, "douyin", "dy-buyer")

    await shop.take(
        paid_on_douyin(),
        paid_on_taobao(),
        told_by_taobao("taobao_trade_TradeSuccess", at=START + DAY),
    )

    (report, _) = await shop.reports("douyin:dy-1")
    assert shop.orders() == [order("douyin:dy-1", status="completed")]
    assert report["endedAs"] is None


async def test_two_orders_that_turn_out_to_be_one_are_listed(shop: Shop) -> None:
    first = paid_by_wechat("mall-1", payment="p-1")
    second = paid_by_wechat("mall-2", payment="p-2", openid="other")
    both = paid_in_mini_program(mall="mall-1", payment="p-2")

    await shop.take(first, second, both)

    assert shop.orders() == [order("mall-1"), order("mall-2")]
    assert await shop.suspects() == [("N7215", "found_late", ["mall-2"])]


async def test_the_suspects_come_in_pages(shop: Shop) -> None:
    await shop.take(*(told_by_doudian("101", str(n), pay_amount=1, pay_type=1) for n in range(5)))

    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        params = {"limit": 2, **cursor}
        page = (await shop.client.get("/v1/channels/suspects", params=params)).json()
        seen += [one["platformOrderNo"] for one in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = {"cursor": page["nextCursor"]}

    assert sorted(seen) == ["0", "1", "2", "3", "4"]


async def test_an_order_that_nobody_knows_has_no_channels(shop: Shop) -> None:
    answer = await shop.client.get("/v1/orders/none/channels")

    assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")


@pytest.mark.parametrize("times", range(3))
async def test_two_channels_that_report_one_sale_at_one_time_make_one_order(
    times: int, shop: Shop
) -> None:
    sales = [
        (
            paid_by_wechat(f"mall-{n}", payment=f"p-{n}"),
            paid_in_mini_program(f"N-{n}", mall=f"mall-{n}", payment=f"p-{n}", extra=KNOWN),
        )
        for n in range(10)
    ]
    callbacks = [one for sale in sales for one in (*sale, *sale)]
    Random(times).shuffle(callbacks)

    answers = await asyncio.gather(*(shop.send(one) for one in callbacks))

    assert {one.status_code for one in answers} == {200}
    assert shop.orders() == sorted(
        (order(f"mall-{n}") for n in range(10)), key=lambda one: str(one["orderId"])
    )
    assert [kind for _, kind, _ in shop.events()].count("order.paid") == 10
    assert shop.rejected() == []


SAME_NUMBERS = [
    paid_by_wechat(),
    paid_in_mini_program(),
    refunded_by_wechat(at=START + DAY),
    refunded_in_mini_program(at=START + DAY),
    refunded_by_wechat(refund="mall-r2", amount=1_000, at=START + 2 * DAY),
    refunded_in_mini_program(refund="R3", mall="x", amount=500, at=START + 3 * DAY),
]
NO_NUMBERS = [
    paid_on_taobao(),
    paid_on_douyin(at=START + MINUTE),
    told_by_taobao("taobao_refund_RefundSuccess", at=START + DAY, refund_id=5, refund_fee="30"),
    told_by_taobao("taobao_trade_TradeSuccess", at=START + 2 * DAY),
    told_by_taobao("taobao_refund_RefundSuccess", at=START + 3 * DAY, refund_id=6, refund_fee="7"),
]


@pytest.mark.parametrize("seed", range(12))
async def test_any_order_of_the_callbacks_of_a_sale_gives_the_same(seed: int, shop: Shop) -> None:
    await link(shop, "taobao", "AAHk-buyer")
    await link(shop, "douyin", "dy-buyer")
    callbacks = [*SAME_NUMBERS, *NO_NUMBERS, *SAME_NUMBERS[:2], *NO_NUMBERS[:2]]
    Random(seed).shuffle(callbacks)

    await shop.take(*callbacks)

    stored = [{**one, "orderId": ""} for one in shop.orders()]
    assert sorted(stored, key=lambda one: int(one["refunds"])) == [
        order("", refundedMinor=3_700, refunds=2, status="completed"),
        order("", refundedMinor=4_500, refunds=3),
    ]
    assert await shop.suspects() == []
    assert shop.rejected() == []
