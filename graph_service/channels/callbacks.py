"""What a platform sends, how it proves that it did, and what it wants to hear."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate
from pydantic import BaseModel, ConfigDict, SecretStr

from graph_service.channels.mapping import Mapping as ChannelMapping
from graph_service.channels.mapping import Message
from graph_service.errors import Malformed, NotFound, Unauthenticated

JSON = "application/json"


class ChannelNotConfigured(NotFound):
    """The channel is not known, or has no secret by which its callbacks could be judged."""

    code = "channel_not_configured"


class SignatureInvalid(Unauthenticated):
    """The callback is not signed by the platform whose it says it is."""

    code = "signature_invalid"


class CallbackStale(Unauthenticated):
    """The callback was signed too long ago, so it may be a replay."""

    code = "callback_stale"


@dataclass(frozen=True)
class Callback:
    """A request of a platform. headers: names in lower case. tolerance_s: oldest signature."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    now: datetime
    tolerance_s: float

    def require_fresh(self, signed_at: str | None, *, retries_s: float = 0) -> None:
        """Raises CallbackStale unless a time (s since 1970) is near enough to now.

        retries_s: for how long the platform sends the same again.
        """
        if signed_at is None or not signed_at.isascii() or not signed_at.isdigit():
            raise SignatureInvalid("the time of the signature is missing or is no number")
        if len(signed_at) > 12:
            raise CallbackStale("the time of the signature is out of range")
        age_s = self.now.timestamp() - int(signed_at)
        if not -self.tolerance_s <= age_s <= max(self.tolerance_s, retries_s):
            raise CallbackStale("the callback was signed too long ago, or for the future")


@dataclass(frozen=True)
class Reply:
    """What the platform wants to hear."""

    body: str
    media: str = JSON


@dataclass(frozen=True)
class Heard:
    """What a good callback holds, and the answer that says it was taken."""

    reply: Reply
    messages: tuple[Message, ...] = ()


class Secrets(BaseModel):
    """What a channel's callbacks are judged by; every platform names its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


S = TypeVar("S", bound=Secrets)
Refusal = Callable[[str, str], Mapping[str, object]]


@dataclass(frozen=True)
class Platform(Generic[S]):
    """One platform, whole: made in one file of the folder platforms.

    hear: judges a POST and unpacks it. greet: answers a GET by which an address is verified.
    refusal: from a code and its words, the fields beside ours by which it sees that we refused.
    """

    name: str
    mapping: ChannelMapping
    secrets: type[S]
    hear: Callable[[Callback, S], Heard]
    greet: Callable[[Callback, S], Reply] | None = None
    refusal: Refusal = field(default=lambda _code, _words: {})


def require(secret: SecretStr | None, name: str) -> str:
    """A secret's value. Raises ChannelNotConfigured where there is none."""
    if secret is None:
        raise ChannelNotConfigured(f"this kind of callback needs the secret {name}")
    return secret.get_secret_value()


def require_equal(told: str | None, right: str) -> None:
    """Raises SignatureInvalid unless a signature is the right one; takes equally long."""
    if told is None or not hmac.compare_digest(told.encode(), right.encode()):
        raise SignatureInvalid("the signature is not the platform's")


def require_rsa(pem: str, signature: bytes, text: bytes) -> None:
    """Raises SignatureInvalid unless this is a SHA-256 RSA signature of the text (PKCS#1 v1.5)."""
    try:
        public_key(pem).verify(signature, text, PKCS1v15(), SHA256())
    except InvalidSignature as fault:
        raise SignatureInvalid("the signature is not the platform's") from fault


@lru_cache(maxsize=100)
def public_key(pem: str) -> RSAPublicKey:
    """A public key from itself or from its certificate. Raises ValueError."""
    content = pem.encode()
    key = (
        load_pem_x509_certificate(content).public_key()
        if b"BEGIN CERTIFICATE" in content
        else load_pem_public_key(content)
    )
    if not isinstance(key, RSAPublicKey):
        raise ValueError("no RSA key")  # noqa: TRY004
    return key


def sha1_of(*parts: str) -> str:
    """SHA-1 in hex of texts one after the other: some platforms sign with no more."""
    return hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()


def md5_of(text: bytes) -> str:
    """MD5 in hex: some platforms sign with no more."""
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def parsed_json(content: bytes | str) -> object:
    """JSON. Raises Malformed, without a word of what was in it."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise Malformed("the callback is not the JSON that the platform documents") from None


def json_object(content: object) -> dict[str, Any]:
    """An object, parsed first if it is text. Raises Malformed."""
    found = parsed_json(content) if isinstance(content, (str, bytes)) else content
    if not isinstance(found, dict):
        raise Malformed("the callback is not the JSON that the platform documents")
    return cast("dict[str, Any]", found)
