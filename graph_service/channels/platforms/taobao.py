"""Taobao: messages of its message service (TMC), signed as TOP signs what it calls over HTTP.

TMC itself speaks over a WebSocket only, so somebody who listens there passes the messages on;
what is signed, and how, is that of TOP's calls to others (SPI). Source: SpiUtils of Taobao's Java
SDK, MD5 of secret, sorted parameters, body, secret; not older than five minutes. See taobao.toml.
"""

from datetime import datetime
from typing import Any, cast
from urllib.parse import unquote_plus
from zoneinfo import ZoneInfo

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
)
from graph_service.channels.mapping import Message, read_mapping
from graph_service.errors import Malformed

ZONE = ZoneInfo("Asia/Shanghai")
MESSAGES_MAX = 200
SIGNED_HEADERS_MAX = 20
TAKEN = Reply('{"success":true}')


class TaobaoSecrets(Secrets):
    """app_secret: of the app on open.taobao.com."""

    app_secret: SecretStr | None = None


def hear(callback: Callback, secrets: TaobaoSecrets) -> Heard:
    """One message of TMC as its API gives them, or an array of them."""
    secret = require(secrets.app_secret, "app_secret")
    require_equal(callback.query.get("sign", "").upper(), _sign(callback, secret))
    callback.require_fresh(_signed_at(callback.query.get("timestamp", "")))
    content = parsed_json(callback.body)
    items = cast("list[object]", content) if isinstance(content, list) else [content]
    if len(items) > MESSAGES_MAX:
        raise Malformed("more messages than TMC gives at once")
    return Heard(TAKEN, tuple(_message(json_object(item)) for item in items))


def _sign(callback: Callback, secret: str) -> str:
    """MD5 in capital hex of what the URL and the named headers hold, sorted, and the body."""
    named = callback.headers.get("top-sign-list", "").split(",")[:SIGNED_HEADERS_MAX]
    signed = {name: unquote_plus(callback.headers.get(name.lower(), "")) for name in named if name}
    signed |= {name: value for name, value in callback.query.items() if name != "sign"}
    text = "".join(f"{name}{signed[name]}" for name in sorted(signed))
    return md5_of(f"{secret}{text}".encode() + callback.body + secret.encode()).upper()


def _signed_at(text: str) -> str:
    try:
        moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE)
    except ValueError:
        raise SignatureInvalid("the time of the signature is missing or is no time") from None
    return str(max(0, int(moment.timestamp())))


def _message(outer: dict[str, Any]) -> Message:
    inside = json_object(outer.get("content"))
    return Message(str(outer.get("topic")), str(outer.get("id")), {**outer, "content": inside})


PLATFORM = Platform(
    name="taobao",
    mapping=read_mapping("taobao.toml"),
    secrets=TaobaoSecrets,
    hear=hear,
    refusal=lambda code, words: {
        "success": False,
        "errorCode": "sign-check-failure" if code == SignatureInvalid.code else code,
        "errorMessage": "Illegal request" if code == SignatureInvalid.code else words,
    },
)
