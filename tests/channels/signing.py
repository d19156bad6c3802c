"""Callbacks as the platforms would sign them, with keys of the tests."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.worlds import NOW

SERIAL = "PUB_KEY_ID_0114232134912410000000000000"
KEY = generate_private_key(65537, 2048)
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
API_V3_KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "token-of-the-tests"
AES_KEY = base64.b64encode(bytes(range(32))).decode().rstrip("=")
APP_ID = "wx-of-the-tests"
SHOP_KEY, SHOP_SECRET = "3409409348479354011", "shop-secret-of-the-tests"
OPEN_SECRET = "open-secret-of-the-tests"
PAY_TOKEN = "pay-token-of-the-tests"
TOP_SECRET = "top-secret-of-the-tests"
SECRETS = f"""
[wechat]
pay_api_v3_key = "{API_V3_KEY}"
message_token = "{TOKEN}"
message_aes_key = "{AES_KEY}"
message_app_id = "{APP_ID}"
[wechat.pay_public_keys]
{SERIAL} = '''
{PEM}'''
[douyin]
shop_app_key = "{SHOP_KEY}"
shop_app_secret = "{SHOP_SECRET}"
open_client_secret = "{OPEN_SECRET}"
pay_token = "{PAY_TOKEN}"
[taobao]
app_secret = "{TOP_SECRET}"
"""
# What the platforms want to hear.
PAY_TAKEN = '{"code":"SUCCESS","message":"OK"}'
SHOP_TAKEN = '{"code":0,"msg":"success"}'
ECPAY_TAKEN = '{"err_no":0,"err_tips":"success"}'
TOP_TAKEN = '{"success":true}'


@dataclass(frozen=True)
class Signed:
    """A request that a platform sends."""

    channel: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict[str, str])
    query: dict[str, str] = field(default_factory=dict[str, str])


def seconds(at: datetime) -> str:
    return str(int(at.timestamp()))


def sha1(*parts: str) -> str:
    return hashlib.sha1("".join(parts).encode()).hexdigest()


def wechat_pay(
    kind: str, content: dict[str, Any], *, notice: str = "EV-1", at: datetime = NOW
) -> Signed:
    """A notification of WeChat Pay."""
    nonce = "fdasflkja484"
    sealed = AESGCM(API_V3_KEY.encode()).encrypt(
        nonce.encode(), json.dumps(content).encode(), b"transaction"
    )
    body = json.dumps(
        {
            "id": notice,
            "create_time": at.isoformat(),
            "resource_type": "encrypt-resource",
            "event_type": kind,
            "summary": "...",
            "resource": {
                "original_type": "transaction",
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": base64.b64encode(sealed).decode(),
                "associated_data": "transaction",
                "nonce": nonce,
            },
        }
    ).encode()
    text = b"%b\n%b\n%b\n" % (seconds(at).encode(), b"nonce-1", body)
    headers = {
        "Wechatpay-Serial": SERIAL,
        "Wechatpay-Timestamp": seconds(at),
        "Wechatpay-Nonce": "nonce-1",
        "Wechatpay-Signature": base64.b64encode(KEY.sign(text, PKCS1v15(), SHA256())).decode(),
    }
    return Signed("wechat", body, headers)


def wechat_push(content: dict[str, Any], *, at: datetime = NOW, app_id: str = APP_ID) -> Signed:
    """A message pushed in safe mode."""
    text = json.dumps(content).encode()
    plain = b"r" * 16 + len(text).to_bytes(4) + text + app_id.encode()
    pad = 32 - len(plain) % 32
    key = bytes(range(32))
    writer = Cipher(AES(key), CBC(key[:16])).encryptor()
    sealed = base64.b64encode(
        writer.update(plain + bytes([pad]) * pad) + writer.finalize()
    ).decode()
    query = {"timestamp": seconds(at), "nonce": "486452656", "encrypt_type": "aes"}
    signature = sha1(*sorted((TOKEN, query["timestamp"], query["nonce"], sealed)))
    body = json.dumps({"ToUserName": "gh_1", "Encrypt": sealed}).encode()
    return Signed("wechat", body, query={**query, "msg_signature": signature})


def douyin_shop(*messages: tuple[str, dict[str, Any]]) -> Signed:
    """Messages of Doudian: tag and data."""
    items = [
        {"tag": tag, "msg_id": f"{tag}-{place}", "data": json.dumps(data)}
        for place, (tag, data) in enumerate(messages)
    ]
    body = json.dumps(items).encode()
    sign = hashlib.md5(SHOP_KEY.encode() + body + SHOP_SECRET.encode()).hexdigest()
    return Signed("douyin", body, {"event-sign": sign, "app-id": SHOP_KEY})


def douyin_webhook(event: str, content: object, *, user: str = "dy-1") -> Signed:
    """A webhook of Douyin's open platform."""
    body = json.dumps(
        {
            "event": event,
            "client_key": "ck",
            "from_user_id": user,
            "content": content if isinstance(content, dict) else json.dumps(content),
            "log_id": "log-1",
        }
    ).encode()
    headers = {"X-Douyin-Signature": sha1(OPEN_SECRET, body.decode()), "Msg-Id": f"m-{event}"}
    return Signed("douyin", body, headers)


def douyin_pay(kind: str, message: dict[str, Any], *, at: datetime = NOW) -> Signed:
    """A payment or refund of a Douyin mini program."""
    text = json.dumps(message)
    signature = sha1(*sorted((PAY_TOKEN, seconds(at), "797", text)))
    body = {
        "timestamp": seconds(at),
        "nonce": "797",
        "msg": text,
        "type": kind,
        "msg_signature": signature,
    }
    return Signed("douyin", json.dumps(body).encode())


def taobao(
    topic: str, content: dict[str, Any], *, pub: datetime = NOW, at: datetime = NOW, number: int = 1
) -> Signed:
    """A message of TMC, signed as TOP signs."""
    china = timezone(timedelta(hours=8))
    body = json.dumps(
        {
            "id": number,
            "topic": topic,
            "pub_time": pub.astimezone(china).strftime("%Y-%m-%d %H:%M:%S"),
            "user_nick": "seller",
            "content": json.dumps(content),
        }
    ).encode()
    query = {
        "app_key": "12345678",
        "timestamp": at.astimezone(china).strftime("%Y-%m-%d %H:%M:%S"),
        "sign_method": "md5",
    }
    headers = {"top-sign-list": "x-relay", "x-relay": "relay-1"}
    signed = {**query, "x-relay": "relay-1"}
    text = "".join(f"{name}{signed[name]}" for name in sorted(signed))
    secret = TOP_SECRET.encode()
    sign = hashlib.md5(secret + text.encode() + body + secret).hexdigest().upper()
    return Signed("taobao", body, headers, {**query, "sign": sign})
