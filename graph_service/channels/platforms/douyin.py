"""Douyin: messages of Doudian shops, webhooks of the open platform, payments of mini programs.

Source: op.jinritemai.com guide-docs/153/99 as two public clients implement it (the page itself
could not be read); developer.open-douyin.com, webhooks and ecpay callbacks. See douyin.toml.
"""

from typing import cast

from pydantic import SecretStr

from graph_service.channels.callbacks import (
    Callback,
    Heard,
    Platform,
    Reply,
    Secrets,
    SignatureInvalid,
    json_object,
    md5_of,
    parsed_json,
    require,
    require_equal,
    sha1_of,
)
from graph_service.channels.mapping import Message, read_mapping
from graph_service.errors import Malformed

# 15s/15s/30s/3m/10m/20m/30m/30m/30m/60m/3h/3h/3h/6h/6h, and an hour.
# Source: developer.open-douyin.com, ecpay, payment callback.
PAY_RETRIES_S = 26 * 3_600
MESSAGES_MAX = 100
SHOP_TAKEN = Reply('{"code":0,"msg":"success"}')
PAY_TAKEN = Reply('{"err_no":0,"err_tips":"success"}')
# A shop's address is verified with a message of this tag.
PROBE = "0"


class DouyinSecrets(Secrets):
    """shop: a Doudian app's; open: of an app on the open platform; pay: of a mini program."""

    shop_app_key: str | None = None
    shop_app_secret: SecretStr | None = None
    open_client_secret: SecretStr | None = None
    pay_token: SecretStr | None = None


def hear(callback: Callback, secrets: DouyinSecrets) -> Heard:
    """Each of the three signs in its own way, by which they are told apart."""
    if "event-sign" in callback.headers:
        return _heard_shop(callback, secrets)
    if "x-douyin-signature" in callback.headers:
        return _heard_webhook(callback, secrets)
    return _heard_payment(callback, secrets)


def _heard_shop(callback: Callback, secrets: DouyinSecrets) -> Heard:
    secret = require(secrets.shop_app_secret, "shop_app_secret").encode()
    app_key = (secrets.shop_app_key or "").encode()
    require_equal(callback.headers["event-sign"].lower(), md5_of(app_key + callback.body + secret))
    content = parsed_json(callback.body)
    items = cast("list[object]", content) if isinstance(content, list) else [content]
    if len(items) > MESSAGES_MAX:
        raise Malformed("more messages than Douyin sends at once")
    messages: list[Message] = []
    for item in map(json_object, items):
        tag = str(item.get("tag"))
        if tag != PROBE:
            data = json_object(item.get("data"))
            messages.append(Message(f"shop.{tag}", str(item.get("msg_id")), data))
    return Heard(SHOP_TAKEN, tuple(messages))


def _heard_webhook(callback: Callback, secrets: DouyinSecrets) -> Heard:
    secret = require(secrets.open_client_secret, "open_client_secret")
    text = callback.body.decode(errors="replace")
    require_equal(callback.headers["x-douyin-signature"].lower(), sha1_of(secret, text))
    content = json_object(callback.body)
    inner = content.get("content")
    inside = json_object(inner) if inner else {}
    kind = str(content.get("event"))
    if kind == "verify_webhook":
        return Heard(Reply(f'{{"challenge":{int(inside.get("challenge") or 0)}}}'))
    message_id = callback.headers.get("msg-id") or str(content.get("log_id"))
    message = Message(kind, message_id, {**content, "content": inside})
    return Heard(SHOP_TAKEN, (message,))


def _heard_payment(callback: Callback, secrets: DouyinSecrets) -> Heard:
    token = require(secrets.pay_token, "pay_token")
    try:
        content = json_object(callback.body)
    except Malformed:
        raise SignatureInvalid("there is no signature of Douyin's") from None
    told = content.get("msg_signature")
    parts = [str(content.get(name) or "") for name in ("timestamp", "nonce", "msg")]
    if not isinstance(told, str):
        raise SignatureInvalid("there is no signature of Douyin's")
    require_equal(told.lower(), sha1_of(*sorted((token, *parts))))
    callback.require_fresh(parts[0], retries_s=PAY_RETRIES_S)
    inside = json_object(parts[2])
    number = inside.get("refund_no") or inside.get("order_id")
    kind = f"pay.{content.get('type')}"
    return Heard(PAY_TAKEN, (Message(kind, f"{kind}-{number}", inside),))


PLATFORM = Platform(
    name="douyin",
    mapping=read_mapping("douyin.toml"),
    secrets=DouyinSecrets,
    hear=hear,
    refusal=lambda _code, words: {"err_no": 1, "err_tips": words, "msg": words},
)
