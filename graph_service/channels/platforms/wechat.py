"""WeChat: notifications of WeChat Pay (API v3), and messages pushed of shops and accounts.

Source: pay.weixin.qq.com, "Signature Verification" and "Certificate and decrypting the callback
message"; developers.weixin.qq.com, message push and its encryption. See wechat.toml.
"""

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from pydantic import Field, SecretStr, field_validator

from graph_service.channels.callbacks import (
    Callback,
    ChannelNotConfigured,
    Heard,
    Platform,
    Reply,
    Secrets,
    SignatureInvalid,
    json_object,
    public_key,
    require,
    require_equal,
    require_rsa,
    sha1_of,
)
from graph_service.channels.mapping import Message, read_mapping
from graph_service.errors import Malformed

# A message is pushed at most ten times: 0s/0s/10s/1min/5min/30min/60min/60min/60min.
# Source: developers.weixin.qq.com, channels_ec_order_new, retry rules.
PUSH_RETRIES_S = 4 * 3_600
BLOCK_BYTES = 32
RANDOM_BYTES = 16
LENGTH_BYTES = 4
PAY_TAKEN = Reply('{"code":"SUCCESS","message":"OK"}')
PUSH_TAKEN = Reply("success", "text/plain")


class WeChatSecrets(Secrets):
    """pay_public_keys: WeChat Pay's public keys or certificates (PEM) by their serial."""

    pay_public_keys: dict[str, str] = Field(default_factory=dict)
    pay_api_v3_key: SecretStr | None = Field(default=None, min_length=32, max_length=32)
    message_token: SecretStr | None = None
    message_aes_key: SecretStr | None = Field(default=None, min_length=43, max_length=43)
    message_app_id: str | None = None

    @field_validator("pay_public_keys")
    @classmethod
    def _keys_are_keys(cls, keys: dict[str, str]) -> dict[str, str]:
        for pem in keys.values():
            public_key(pem)
        return keys


def hear(callback: Callback, secrets: WeChatSecrets) -> Heard:
    """A notification of WeChat Pay has its signature in headers, a pushed message in its URL."""
    if "wechatpay-signature" in callback.headers:
        return _heard_pay(callback, secrets)
    return _heard_push(callback, secrets)


def _heard_pay(callback: Callback, secrets: WeChatSecrets) -> Heard:
    if not secrets.pay_public_keys:
        raise ChannelNotConfigured("this kind of callback needs the secret pay_public_keys")
    headers = callback.headers
    signed_at, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
    pem = secrets.pay_public_keys.get(headers.get("wechatpay-serial", ""))
    if pem is None:
        raise SignatureInvalid("no public key of this serial is known")
    signature = _decoded(headers["wechatpay-signature"])
    require_rsa(pem, signature, b"%b\n%b\n%b\n" % _signed(signed_at, nonce, callback.body))
    callback.require_fresh(signed_at)
    notice = json_object(callback.body)
    resource = json_object(notice.get("resource"))
    key = require(secrets.pay_api_v3_key, "pay_api_v3_key").encode()
    text = _opened(key, resource)
    message = Message(str(notice.get("event_type")), str(notice.get("id")), json_object(text))
    return Heard(PAY_TAKEN, (message,))


def _signed(signed_at: str, nonce: str, body: bytes) -> tuple[bytes, bytes, bytes]:
    return signed_at.encode(), nonce.encode(), body


def _opened(key: bytes, resource: dict[str, object]) -> bytes:
    """What AEAD_AES_256_GCM hides. Raises SignatureInvalid if it was sealed with another key."""
    if resource.get("algorithm") != "AEAD_AES_256_GCM":
        raise Malformed("the resource is not encrypted as WeChat Pay documents")
    sealed = _decoded(str(resource.get("ciphertext")))
    nonce = str(resource.get("nonce")).encode()
    beside = str(resource.get("associated_data") or "").encode()
    try:
        return AESGCM(key).decrypt(nonce, sealed, beside)
    except (InvalidTag, ValueError):
        raise SignatureInvalid("the resource was not encrypted with our API v3 key") from None


def _heard_push(callback: Callback, secrets: WeChatSecrets) -> Heard:
    """Only encrypted messages are taken: in plain mode the signature does not cover the body."""
    query = callback.query
    signature = query.get("msg_signature")
    token = require(secrets.message_token, "message_token")
    sealed = None if signature is None else json_object(callback.body).get("Encrypt")
    if not isinstance(sealed, str):
        raise SignatureInvalid("only messages in safe mode (encrypted JSON) are taken")
    signed_at, nonce = query.get("timestamp", ""), query.get("nonce", "")
    require_equal(signature, sha1_of(*sorted((token, signed_at, nonce, sealed))))
    callback.require_fresh(signed_at, retries_s=PUSH_RETRIES_S)
    text = _unsealed(require(secrets.message_aes_key, "message_aes_key"), sealed, secrets)
    content = json_object(text)
    kind = str(content.get("Event") or content.get("MsgType"))
    # These messages have no id of their own.
    message_id = f"{kind}-{hashlib.sha256(text).hexdigest()[:32]}"
    return Heard(PUSH_TAKEN, (Message(kind, message_id, content),))


def _unsealed(aes_key: str, sealed: str, secrets: WeChatSecrets) -> bytes:
    """AES-256-CBC: 16 random bytes, 4 bytes of length, the message, the app id; padded to 32."""
    key = _decoded(f"{aes_key}=")
    try:
        reader = Cipher(AES(key), CBC(key[:RANDOM_BYTES])).decryptor()
        padded = reader.update(_decoded(sealed)) + reader.finalize()
    except ValueError:
        raise SignatureInvalid("the message was not encrypted with our key") from None
    pad = padded[-1] if padded else 0
    if not 1 <= pad <= BLOCK_BYTES:
        raise SignatureInvalid("the message was not encrypted with our key")
    content = padded[RANDOM_BYTES:-pad]
    end = LENGTH_BYTES + int.from_bytes(content[:LENGTH_BYTES])
    app_id = content[end:].decode(errors="replace")
    if end > len(content) or secrets.message_app_id not in (None, app_id):
        raise SignatureInvalid("the message is for another app")
    return content[LENGTH_BYTES:end]


def greet(callback: Callback, secrets: WeChatSecrets) -> Reply:
    """The address of pushed messages is verified by sending echostr back."""
    query = callback.query
    token = require(secrets.message_token, "message_token")
    signed_at, nonce = query.get("timestamp", ""), query.get("nonce", "")
    require_equal(query.get("signature"), sha1_of(*sorted((token, signed_at, nonce))))
    callback.require_fresh(signed_at)
    return Reply(query.get("echostr", ""), "text/plain")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise SignatureInvalid("a signature or an encrypted text is not in Base64") from None


# WeChat Pay: any code but SUCCESS is a failure, and message says why.
PLATFORM = Platform(
    name="wechat",
    mapping=read_mapping("wechat.toml"),
    secrets=WeChatSecrets,
    hear=hear,
    greet=greet,
    refusal=lambda code, words: {"code": code, "message": words},
)
