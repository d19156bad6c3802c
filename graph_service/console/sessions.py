"""Who is logged in? A session is a random token that the service signed, kept in a cookie.

Nothing of it is stored, so that every process of the service knows it. It ends after a working day,
with its API key (also when that is rotated or revoked), and by logging out, which the process that
hears it remembers.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from typing import cast

from graph_service.access.keys import ApiKey
from graph_service.ingest.facts import canonical

# What the pepper's keys are for, so that no other signature of the service is one of these.
SESSION_PURPOSE = b"graph-service console session 1"
FORM_PURPOSE = b"graph-service console form 1"
# A working day (s).
SESSION_S = 8 * 3_600
NONCE_BYTES = 32
TOKEN_CHARACTERS_MAX = 2_000
# More logouts than that in a working day, and the oldest are forgotten.
ENDED_MAX = 10_000


@dataclass(frozen=True)
class Session:
    """Whose key, until when (s since 1970), and what no other session has."""

    key_id: str
    expires_s: int
    nonce: str


@dataclass
class Ended:
    """Sessions that were logged out here, until they would have ended by themselves."""

    until: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, session: Session, now_s: float) -> None:
        """Remember that it was logged out."""
        kept = {nonce: end for nonce, end in self.until.items() if end > now_s}
        newest = list({**kept, session.nonce: session.expires_s}.items())[-ENDED_MAX:]
        self.until = dict(newest)

    def holds(self, session: Session) -> bool:
        """Was it logged out here?"""
        return session.nonce in self.until


def new_session(key: ApiKey, now_s: float) -> Session:
    """A session of somebody who showed this key."""
    return Session(key.key_id, int(now_s) + SESSION_S, secrets.token_urlsafe(NONCE_BYTES))


def sign_session(session: Session, key: ApiKey, pepper: bytes) -> str:
    """The cookie of a session: what it says, and the signature of that with the key's hash."""
    said = canonical([session.key_id, session.expires_s, session.nonce])
    body = _spelled(said.encode())
    return f"{body}.{_signature(body, key, pepper)}"


def claimed_session(token: str) -> Session | None:
    """What a cookie says, true or not; None where it says nothing of a session."""
    body = token[:TOKEN_CHARACTERS_MAX].partition(".")[0]
    try:
        values: object = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        key_id, expires_s, nonce = cast("tuple[object, object, object]", values)
    except (binascii.Error, ValueError, TypeError):
        return None
    if not (isinstance(key_id, str) and isinstance(expires_s, int) and isinstance(nonce, str)):
        return None
    return Session(key_id, expires_s, nonce)


def is_signed(token: str, key: ApiKey, pepper: bytes) -> bool:
    """Did we sign this cookie for this key as it is now?"""
    body, _, signature = token[:TOKEN_CHARACTERS_MAX].partition(".")
    wanted = _signature(body, key, pepper).encode()
    return hmac.compare_digest(wanted, signature.encode("utf-8", "replace"))


def form_token(session: Session, pepper: bytes) -> str:
    """What each form of a session sends along, which no page of somebody else knows."""
    key = hmac.new(pepper, FORM_PURPOSE, hashlib.sha256).digest()
    return _spelled(hmac.new(key, session.nonce.encode(), hashlib.sha256).digest())


def same(told: str, wanted: str) -> bool:
    """Are both equal? In a time that does not tell how far they are."""
    return hmac.compare_digest(told.encode("utf-8", "replace"), wanted.encode())


def _signature(body: str, key: ApiKey, pepper: bytes) -> str:
    secret = hmac.new(pepper, SESSION_PURPOSE, hashlib.sha256).digest()
    said = f"{body}.{key.hash}".encode("utf-8", "replace")
    return _spelled(hmac.new(secret, said, hashlib.sha256).digest())


def _spelled(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
