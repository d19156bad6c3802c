"""A refund that is told of several times, by channels and by the mall, is one refund."""

from datetime import timedelta

import pytest

from tests.channels.conftest import Shop
from tests.channels.payloads import (
    paid_by_wechat,
    paid_in_mini_program,
    refunded_by_wechat,
    refunded_in_mini_program,
)
from tests.channels.test_matching import order
from tests.worlds import START, event, order_data

pytestmark = pytest.mark.anyio
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


async def test_a_refund_that_both_channels_report_counts_once(shop: Shop) -> None:
    await shop.take(
        paid_by_wechat(),
        paid_in_mini_program(),
        refunded_by_wechat(at=START + DAY),
        refunded_in_mini_program(at=START + DAY),
    )

    reports = await shop.reports("mall-1")
    assert shop.orders() == [order("mall-1", refundedMinor=3_000, refunds=1)]
    assert sorted(one["refunds"][0]["matched"]["code"] for one in reports) == [
        "first_report",
        "refund_number",
    ]


async def test_a_refund_without_a_shared_number_counts_once_by_amount_and_time(shop: Shop) -> None:
    await shop.take(
        paid_by_wechat(),
        paid_in_mini_program(),
        refunded_by_wechat(at=START + DAY),
        refunded_in_mini_program(mall="other", at=START + DAY + MINUTE),
        refunded_in_mini_program(refund="R2", mall="other-2", at=START + DAY + 9 * MINUTE),
    )

    assert shop.orders() == [order("mall-1", refundedMinor=6_000, refunds=2)]


async def test_two_like_refunds_that_both_channels_report_are_two(shop: Shop) -> None:
    at = START + DAY
    await shop.take(
        paid_by_wechat(),
        paid_in_mini_program(),
        refunded_by_wechat(refund="a", at=at),
        refunded_by_wechat(refund="b", at=at + MINUTE),
        refunded_in_mini_program(refund="c", mall="c", at=at),
        refunded_in_mini_program(refund="d", mall="d", at=at + MINUTE),
    )

    assert shop.orders() == [order("mall-1", refundedMinor=6_000, refunds=2)]


async def tell_of_a_refund(shop: Shop, refund_id: str) -> None:
    """The mall tells of an order of 100 yuan and of a refund of 30 a day later itself."""
    paid = {**order_data("mall-1", "m-1", 10_000), "channel": "wechat"}
    refund = {"orderId": "mall-1", "refundId": refund_id, "amountMinor": 3_000}
    told = [
        event("order.paid", "p", START, paid),
        event("order.refunded", "r", START + DAY, refund),
    ]
    answer = await shop.client.post("/v1/events?wait=true", json=told)
    assert answer.json()["rejected"] == 0


async def test_a_refund_that_the_mall_told_of_is_not_refunded_again_by_a_channel(
    shop: Shop,
) -> None:
    await tell_of_a_refund(shop, "own-7")
    await shop.take(paid_by_wechat(), refunded_by_wechat(at=START + DAY + MINUTE))

    (report,) = await shop.reports("mall-1")
    assert shop.orders() == [order("mall-1", refundedMinor=3_000, refunds=1)]
    assert report["refunds"][0]["refundId"] == "own-7"
    assert report["refunds"][0]["matched"]["code"] == "amount_time"
    assert shop.rejected() == []


async def test_a_refund_under_the_malls_own_number_is_not_told_of_again(shop: Shop) -> None:
    await tell_of_a_refund(shop, "mall-r1")
    await shop.take(paid_by_wechat(), refunded_by_wechat(at=START + 3 * DAY))

    (report,) = await shop.reports("mall-1")
    assert shop.orders() == [order("mall-1", refundedMinor=3_000, refunds=1)]
    assert report["refunds"][0]["matched"]["code"] == "refund_number"
    assert shop.rejected() == []


async def test_a_second_like_refund_of_a_channel_is_not_the_one_that_the_mall_told_of(
    shop: Shop,
) -> None:
    await tell_of_a_refund(shop, "own-7")
    at = START + DAY
    await shop.take(
        paid_by_wechat(),
        refunded_by_wechat(refund="a", at=at),
        refunded_by_wechat(refund="b", at=at + MINUTE),
    )

    assert shop.orders() == [order("mall-1", refundedMinor=6_000, refunds=2)]
