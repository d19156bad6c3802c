"""What platforms tell of sales, made after their documents, each with what a test does not vary."""

from datetime import datetime
from typing import Any

from tests.channels.signing import (
    Signed,
    douyin_pay,
    douyin_shop,
    douyin_webhook,
    seconds,
    taobao,
    wechat_pay,
    wechat_push,
)
from tests.worlds import START, spelled


def paid_by_wechat(
    number: str = "mall-1",
    *,
    payment: str = "4200001",
    amount: int = 10_000,
    at: datetime = START,
    openid: str = "wx-buyer",
    attach: str = "",
) -> Signed:
    """Source: the payment notification of WeChat Pay API v3."""
    content: dict[str, Any] = {
        "mchid": "1230000109",
        "appid": "wxd678efh567hg6787",
        "out_trade_no": number,
        "transaction_id": payment,
        "trade_type": "JSAPI",
        "trade_state": "SUCCESS",
        "trade_state_desc": "...",
        "bank_type": "CMC",
        "attach": attach,
        "success_time": spelled(at),
        "payer": {"openid": openid},
        "amount": {
            "total": amount,
            "payer_total": amount,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
    }
    return wechat_pay("TRANSACTION.SUCCESS", content, notice=f"EV-{number}")


def refunded_by_wechat(
    number: str = "mall-1",
    *,
    refund: str = "mall-r1",
    payment: str = "4200001",
    amount: int = 3_000,
    at: datetime = START,
) -> Signed:
    """Source: the refund notification of WeChat Pay API v3."""
    content: dict[str, Any] = {
        "mchid": "1230000109",
        "transaction_id": payment,
        "out_trade_no": number,
        "refund_id": f"5030{refund}",
        "out_refund_no": refund,
        "refund_status": "SUCCESS",
        "success_time": spelled(at),
        "user_received_account": "...",
        "amount": {
            "total": 10_000,
            "refund": amount,
            "payer_total": 10_000,
            "payer_refund": amount,
        },
    }
    return wechat_pay("REFUND.SUCCESS", content, notice=f"EV-{refund}")


def pushed_by_wechat(
    event: str, info: dict[str, Any], *, at: datetime = START, openid: str = "wx-buyer"
) -> Signed:
    """Source: the notifications of WeChat shops."""
    name = "finder_shop_aftersale_status_update" if "aftersale" in event else "order_info"
    content = {
        "ToUserName": "gh_shop",
        "FromUserName": openid,
        "CreateTime": int(seconds(at)),
        "MsgType": "event",
        "Event": event,
        name: info,
    }
    return wechat_push(content)


def paid_in_mini_program(
    number: str = "N7215",
    *,
    mall: str = "mall-1",
    payment: str = "4200001",
    amount: int = 10_000,
    at: datetime = START,
    extra: str = "",
) -> Signed:
    """Source: the payment callback of Douyin's ecpay."""
    message: dict[str, Any] = {
        "appid": "tt07e3715e98c9aac0",
        "cp_orderno": mall,
        "cp_extra": extra,
        "way": "1",
        "channel_no": payment,
        "payment_order_no": f"PCP{number}",
        "total_amount": amount,
        "status": "SUCCESS",
        "seller_uid": "7205",
        "item_id": "",
        "paid_at": int(seconds(at)),
        "message": "",
        "order_id": number,
    }
    return douyin_pay("payment", message)


def refunded_in_mini_program(
    number: str = "N7215",
    *,
    refund: str = "R1",
    mall: str = "mall-r1",
    amount: int = 3_000,
    at: datetime = START,
) -> Signed:
    """Source: the refund callback of Douyin's ecpay."""
    message: dict[str, Any] = {
        "appid": "tt07e3715e98c9aac0",
        "cp_refundno": mall,
        "cp_extra": "",
        "status": "SUCCESS",
        "refund_amount": amount,
        "is_all_settled": False,
        "refunded_at": int(seconds(at)),
        "message": "",
        "order_id": number,
        "refund_no": refund,
    }
    return douyin_pay("refund", message)


def paid_on_douyin(
    number: str = "dy-1",
    *,
    amount: int = 10_000,
    at: datetime = START,
    user: str = "dy-buyer",
) -> Signed:
    """Source: the order notification of Douyin's local life."""
    content = {
        "action": "pay_success",
        "msg_time": int(seconds(at)),
        "order": {
            "order_id": number,
            "account_id": "acc-1",
            "pay_amount": amount,
            "original_amount": amount,
            "create_time": int(seconds(at)),
            "pay_time": int(seconds(at)),
        },
    }
    return douyin_webhook("life_trade_order_notify", content, user=user)


def told_by_doudian(tag: str, number: str = "4781", at: datetime = START, **more: Any) -> Signed:
    """Source: the messages of Doudian as public clients declare them."""
    times = {"101": "pay_time", "103": "complete_time", "106": "cancel_time", "206": "success_time"}
    data = {"p_id": number, "s_ids": [number], "shop_id": 324, times[tag]: int(seconds(at)), **more}
    return douyin_shop((tag, data))


def paid_on_taobao(
    number: int = 2231958349,
    *,
    payment: str = "100.00",
    at: datetime = START,
    buyer: str = "AAHk-buyer",
) -> Signed:
    """Source: taobao_trade_TradeBuyerPay."""
    content = {
        "tid": number,
        "oid": number,
        "seller_nick": "shop",
        "buyer_nick": "nick",
        "buyer_open_uid": buyer,
        "payment": payment,
        "type": "guarantee_trade",
    }
    return taobao("taobao_trade_TradeBuyerPay", content, pub=at)


def told_by_taobao(
    topic: str, number: int = 2231958349, *, at: datetime = START, **more: Any
) -> Signed:
    """Source: taobao_trade_TradeSuccess, taobao_trade_TradeClose, taobao_refund_RefundSuccess."""
    content = {"tid": number, "oid": number, "seller_nick": "shop", "buyer_nick": "nick", **more}
    return taobao(topic, content, pub=at)
