"""API keys: kept as keyed hashes, compared in constant time."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from graph_service.graph.session import Graph
from graph_service.ids import new_id
from graph_service.settings import Settings

PREFIX = "gsk_"
PREFIX_CHARACTERS = 8
SCOPES = ("events:write", "read", "risk:read", "risk:decide", "admin")


@dataclass(frozen=True)
class ApiKey:
    """A key that is good, and what it may do; admin may do everything."""

    key_id: str
    hash: str
    scopes: frozenset[str]

    def allows(self, scope: str) -> bool:
        """May this key be used for that?"""
        return scope in self.scopes or "admin" in self.scopes


@dataclass(frozen=True)
class KeyRing:
    """The keys that are good. generated: a first key made just now, to be shown once."""

    pepper: bytes
    keys: Sequence[ApiKey]
    generated: str | None = None

    def find(self, presented: str) -> ApiKey | None:
        """The key that was presented, if it is good; looks at every key, found or not."""
        hashed = key_hash(self.pepper, presented)
        found: ApiKey | None = None
        for key in self.keys:
            if hmac.compare_digest(key.hash, hashed):
                found = key
        return found


def key_hash(pepper: bytes, key: str) -> str:
    """What is kept of a key: HMAC-SHA-256 under the pepper, in hex."""
    return hmac.new(pepper, b"api-key\0" + key.encode(), hashlib.sha256).hexdigest()


async def open_key_ring(graph: Graph, settings: Settings, pepper: bytes) -> KeyRing:
    """The good keys; the first admin key comes from the settings, else it is made."""
    rows = await graph.read("access/list_keys")
    keys = [ApiKey(row["keyId"], row["hash"], frozenset(row["scopes"])) for row in rows]
    if settings.bootstrap_api_key is not None:
        hashed = key_hash(pepper, settings.bootstrap_api_key.get_secret_value())
        return KeyRing(pepper, [ApiKey("bootstrap", hashed, frozenset({"admin"})), *keys])
    if keys:
        return KeyRing(pepper, keys)
    secret = f"{PREFIX}{secrets.token_urlsafe(32)}"
    key = ApiKey(new_id(), key_hash(pepper, secret), frozenset({"admin"}))
    await graph.write(
        "access/create_key",
        keyId=key.key_id,
        hash=key.hash,
        prefix=secret[: len(PREFIX) + PREFIX_CHARACTERS],
        scopes=sorted(key.scopes),
    )
    return KeyRing(pepper, [key], generated=secret)
