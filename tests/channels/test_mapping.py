"""What each kind of message becomes, and what is refused of it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from graph_service.channels.callbacks import Callback
from graph_service.channels.mapping import (
    KindRule,
    Message,
    Unmapped,
    parse_mapping,
    read_mapping,
    read_report,
)
from graph_service.channels.platforms import platforms
from graph_service.channels.taking import open_channels
from graph_service.settings import Settings
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
from tests.channels.signing import SECRETS, Signed, douyin_webhook, wechat_push
from tests.worlds import NOW, START

pytestmark = pytest.mark.anyio
AT = START.astimezone(UTC)
ORDER_12 = {"order_id": 12}
AFTERSALE = {"status": "MERCHANT_REFUND_SUCCESS", "after_sale_order_id": "9", "order_id": "12"}
MINI = {
    "order_id": 1234567,
    "out_order_id": "mall-1",
    "transaction_id": "42000000123123",
    "pay_time": "2026-01-01 00:00:00",
    "amount": 10,
    "sp_openid": "wx-buyer",
}
VOUCHER = {
    "action": "refund_success",
    "msg_time": 1767196800,
    "certificate": {"order_id": "dy-1", "certificate_id": "c-1"},
}
# One sample of each kind that means something, with the report that it is.
SAMPLES: list[tuple[Signed, str, dict[str, Any]]] = [
    (
        paid_by_wechat(),
        "paid",
        {
            "order_no": "mall-1",
            "merchant_order_no": "mall-1",
            "payment_nos": ("4200001",),
            "amount_minor": 10_000,
            "currency": "CNY",
            "buyer_id": "wx-buyer",
            "shop_id": "1230000109",
        },
    ),
    (
        refunded_by_wechat(),
        "refunded",
        {
            "order_no": "mall-1",
            "refund_no": "mall-r1",
            "refund_payment_nos": ("5030mall-r1",),
            "amount_minor": 3_000,
        },
    ),
    (
        pushed_by_wechat("channels_ec_order_pay", ORDER_12),
        "paid",
        {"order_no": "12", "amount_minor": None, "buyer_id": "wx-buyer"},
    ),
    (pushed_by_wechat("channels_ec_order_confirm", ORDER_12), "completed", {"order_no": "12"}),
    (pushed_by_wechat("channels_ec_order_cancel", ORDER_12), "cancelled", {"order_no": "12"}),
    (
        pushed_by_wechat("channels_ec_aftersale_update", AFTERSALE),
        "refunded",
        {"order_no": "12", "refund_no": "9", "amount_minor": None},
    ),
    (
        pushed_by_wechat("open_product_order_pay", MINI),
        "paid",
        {"order_no": "1234567", "merchant_order_no": "mall-1", "amount_minor": 10},
    ),
    (
        wechat_push(
            {
                "Event": "subscribe",
                "FromUserName": "wx-buyer",
                "CreateTime": 1767196800,
            }
        ),
        "account",
        {"buyer_id": "wx-buyer", "union_id": None},
    ),
    (
        told_by_doudian("101", pay_amount=9_900, pay_type=1),
        "paid",
        {"order_no": "4781", "amount_minor": 9_900, "buyer_id": None, "shop_id": "324"},
    ),
    (told_by_doudian("103"), "completed", {"order_no": "4781"}),
    (told_by_doudian("106"), "cancelled", {"order_no": "4781"}),
    (
        told_by_doudian("206", aftersale_id="77", refund_amount=500),
        "refunded",
        {"order_no": "4781", "refund_no": "77", "amount_minor": 500},
    ),
    (
        paid_on_douyin(),
        "paid",
        {"order_no": "dy-1", "amount_minor": 10_000, "buyer_id": "dy-buyer", "created_at": AT},
    ),
    (
        douyin_webhook("life_trade_certificate_notify", VOUCHER),
        "refunded",
        {"order_no": "dy-1", "refund_no": "c-1", "amount_minor": None},
    ),
    (
        paid_in_mini_program(),
        "paid",
        {
            "order_no": "N7215",
            "merchant_order_no": "mall-1",
            "payment_nos": ("4200001", "PCPN7215"),
            "amount_minor": 10_000,
        },
    ),
    (
        refunded_in_mini_program(),
        "refunded",
        {"order_no": "N7215", "refund_no": "R1", "refund_nos": ("mall-r1",), "amount_minor": 3_000},
    ),
    (douyin_webhook("authorize", {"scopes": []}), "account", {"buyer_id": "dy-1"}),
    (
        paid_on_taobao(payment="88.8"),
        "paid",
        {"order_no": "2231958349", "amount_minor": 8_880, "buyer_id": "AAHk-buyer"},
    ),
    (told_by_taobao("taobao_trade_TradeSuccess"), "completed", {"order_no": "2231958349"}),
    (told_by_taobao("taobao_trade_TradeClose"), "cancelled", {"order_no": "2231958349"}),
    (
        told_by_taobao("taobao_refund_RefundSuccess", refund_id=55, refund_fee="0.01"),
        "refunded",
        {"order_no": "2231958349", "refund_no": "55", "amount_minor": 1},
    ),
]


def messages_of(signed: Signed) -> tuple[Message, ...]:
    channel = open_channels(Settings(channel_secrets=SecretStr(SECRETS)))[signed.channel]
    headers = {name.lower(): value for name, value in signed.headers.items()}
    callback = Callback(headers, signed.query, signed.body, NOW, 300)
    return channel.platform.hear(callback, channel.secrets).messages


@pytest.mark.parametrize(("signed", "kind", "expected"), SAMPLES)
def test_a_sample_is_read_as_its_document_says(
    signed: Signed, kind: str, expected: dict[str, Any]
) -> None:
    mapping = platforms()[signed.channel].mapping

    report = read_report(mapping, signed.channel, messages_of(signed)[0], AT)

    assert report is not None
    assert (report.kind, report.channel, report.at) == (kind, signed.channel, AT)
    assert {name: getattr(report, name) for name in expected} == expected


def rules() -> list[tuple[str, KindRule]]:
    return [(name, rule) for name, one in platforms().items() for rule in one.mapping.kind]


def test_every_kind_that_means_something_has_a_sample() -> None:
    sampled = {(signed.channel, messages_of(signed)[0].kind) for signed, _, _ in SAMPLES}

    needed = {(name, rule.name) for name, rule in rules() if rule.report != "noted"}

    assert needed == sampled


def test_every_kind_names_its_sources() -> None:
    assert [rule.name for _, rule in rules() if not rule.source] == []


MAPPING = """
zone = "Asia/Shanghai"
currency = "CNY"
time = "local"
unit = "major"
[[kind]]
name = "paid"
report = "paid"
source = ["x"]
order_no = "no"
at = "at"
amount = "fee"
currency = "cur"
buyer_id = "who"
own = "own"
identifiers = { phone = "tel", address = ["city", "street"] }
lines = { each = "items", product_id = "sku", quantity = "n", amount = "fee" }
"""
CONTENT: dict[str, Any] = {"no": "1", "at": "2026-01-01 00:00:00", "fee": "1.5", "who": "w"}


def read(content: dict[str, Any]) -> Any:
    return read_report(parse_mapping(MAPPING), "x", Message("paid", "1", content), AT)


def test_local_times_and_yuan_are_converted_exactly() -> None:
    report = read(CONTENT)

    assert report.at == datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert report.amount_minor == 150


def test_a_currency_without_cents_is_converted_as_it_is() -> None:
    assert read({**CONTENT, "cur": "JPY", "fee": "150"}).amount_minor == 150


def test_lines_identifiers_and_the_malls_own_fields_are_read() -> None:
    own = json.dumps({"memberId": "m", "shareId": "s", "unionId": "u", "other": 1})
    items = [{"sku": "p", "n": 2, "fee": "1.5"}]

    report = read({**CONTENT, "own": own, "tel": "138", "city": "A", "street": "B", "items": items})

    assert report.own == {"memberId": "m", "shareId": "s", "unionId": "u"}
    assert report.union_id == "u"
    assert report.identifiers == (("address", "A B"), ("phone", "138"))
    assert report.lines == ({"productId": "p", "quantity": 2, "amountMinor": 150},)


def test_a_report_does_not_show_who_it_is_about() -> None:
    shown = repr(read({**CONTENT, "tel": "13800001234", "who": "openid-7"}))

    assert "13800001234" not in shown
    assert "openid-7" not in shown


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"fee": "1.505"}, "channel_message_invalid"),
        ({"fee": "-1"}, "channel_message_invalid"),
        ({"fee": "NaN"}, "channel_message_invalid"),
        ({"fee": "Infinity"}, "channel_message_invalid"),
        ({"fee": "much"}, "channel_message_invalid"),
        ({"at": "yesterday"}, "channel_message_invalid"),
        ({"at": None}, "channel_message_invalid"),
        ({"no": ""}, "channel_message_invalid"),
        ({"no": "1" * 201}, "channel_message_invalid"),
        ({"items": [{"sku": "p"}]}, "channel_message_invalid"),
    ],
)
def test_what_is_not_as_documented_is_no_report(change: dict[str, Any], code: str) -> None:
    with pytest.raises(Unmapped) as caught:
        read({**CONTENT, **change})

    assert caught.value.problem.code == code


def test_a_state_that_the_mapping_lacks_is_told_from_an_unknown_kind() -> None:
    mapping = read_mapping("wechat.toml")
    content = {"trade_state": "USERPAYING"}

    with pytest.raises(Unmapped) as state:
        read_report(mapping, "wechat", Message("TRANSACTION.SUCCESS", "1", content), AT)
    with pytest.raises(Unmapped) as kind:
        read_report(mapping, "wechat", Message("PAYSCORE.USER_PAID", "1", {}), AT)

    assert state.value.problem.code == "channel_state_unknown"
    assert kind.value.problem.code == "channel_kind_unknown"


async def test_a_payment_becomes_an_account_and_an_order(shop: Shop) -> None:
    await shop.take(paid_by_wechat(attach=json.dumps({"shareId": "s-1", "couponCode": "c-1"})))

    linked, paid = shop.events()
    member_id = linked[2]["memberId"]
    assert member_id.startswith("wechat:")
    assert "wx-buyer" not in member_id
    assert linked == (
        "channel:wechat",
        "account.linked",
        {"memberId": member_id, "channel": "wechat", "externalId": "wx-buyer"},
    )
    assert paid == (
        "channel:wechat",
        "order.paid",
        {
            "orderId": "mall-1",
            "memberId": member_id,
            "amountMinor": 10_000,
            "currency": "CNY",
            "lines": [],
            "channel": "wechat",
            "platformOrderNo": "mall-1",
            "shopId": "wechat:1230000109",
            "shareId": "s-1",
            "couponCode": "c-1",
        },
    )


async def test_a_union_id_goes_into_the_account_and_is_kept_nowhere_else(shop: Shop) -> None:
    await shop.take(paid_by_wechat(attach=json.dumps({"memberId": "m-1", "unionId": "union-7"})))

    linked, paid = shop.events()
    assert linked[2]["unionId"].startswith("union:")
    assert (linked[2]["memberId"], paid[2]["memberId"]) == ("m-1", "m-1")
    reports = shop.database.query("MATCH (c:ChannelOrder) RETURN properties(c) AS p")
    assert "union-7" not in str(reports)
