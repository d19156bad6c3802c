"""Which API keys are there? Made, listed, rotated and revoked; kept as keyed hashes only."""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeVar, get_args

import structlog

from graph_service.clock import time_string
from graph_service.errors import Conflict, NotFound
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.ids import new_id
from graph_service.pages import MILLIS_MAX, decode_cursor, encode_cursor

T = TypeVar("T")
Scope = Literal["events:write", "read", "risk:read", "risk:decide", "admin"]
State = Literal["active", "expired", "revoked"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
PREFIX = "gsk_"
# Shown of the secret: enough to tell keys apart; 208 of its 256 bits stay unknown.
PREFIX_CHARACTERS = 8
NAME_CHARACTERS_MAX = 100
DAY_MS, DAYS_MAX = 86_400_000, 3_650
GRACE_S = 86_400
GRACE_S_MAX = 30 * 86_400
# For one try of a change, the wait for the lock included (s).
CHANGE_TIMEOUT_S = 10.0
log = structlog.get_logger()


class KeyNotFound(NotFound):
    """No API key has this id."""

    code = "key_not_found"


class KeyEnded(Conflict):
    """The key is expired, revoked or replaced already, so it cannot be rotated."""

    code = "key_ended"


class LastAdminKey(Conflict):
    """Without this key nobody could make another one."""

    code = "last_admin_key"


class TooManyKeys(Conflict):
    """There are as many working keys as the settings allow."""

    code = "too_many_keys"


@dataclass(frozen=True)
class ApiKey:
    """A key as it is kept. Times in ms since 1970; replaced_by: id of the key it was rotated to."""

    key_id: str
    hash: str
    scopes: frozenset[str]
    prefix: str = ""
    name: str | None = None
    created_ms: int | None = None
    expires_ms: int | None = None
    used_ms: int | None = None
    revoked_ms: int | None = None
    replaced_by: str | None = None

    def allows(self, scope: str) -> bool:
        """May this key be used for that? Admin may do everything."""
        return scope in self.scopes or "admin" in self.scopes

    def state(self, now_ms: int) -> State:
        """Is it good at this time? It is good until its expiry, not included."""
        if self.revoked_ms is not None:
            return "revoked"
        if self.expires_ms is not None and now_ms >= self.expires_ms:
            return "expired"
        return "active"

    def body(self, now_ms: int) -> dict[str, object]:
        """What is told of it: everything but the hash."""
        return {
            "keyId": self.key_id,
            "prefix": self.prefix,
            "name": self.name,
            "scopes": [scope for scope in SCOPES if scope in self.scopes],
            "state": self.state(now_ms),
            "createdAt": _spelled(self.created_ms),
            "expiresAt": _spelled(self.expires_ms),
            "lastUsedAt": _spelled(self.used_ms),
            "revokedAt": _spelled(self.revoked_ms),
            "replacedBy": self.replaced_by,
        }


@dataclass(frozen=True)
class NewKey:
    """What a key is to be. expires_ms: since 1970; None: it does not end by itself."""

    name: str
    scopes: frozenset[str]
    expires_ms: int | None = None


@dataclass(frozen=True)
class MadeKey:
    """A new key and its secret, which is kept nowhere. replaced: the one it was rotated from."""

    key: ApiKey
    secret: str
    replaced: ApiKey | None = None


@dataclass(frozen=True)
class Change:
    """Who changes keys and when. by: id of their key, or cli. keys_max: working ones allowed."""

    now_ms: int
    by: str
    keys_max: int


def key_hash(pepper: bytes, key: str) -> str:
    """What is kept of a key: HMAC-SHA-256 under the pepper, in hex."""
    return hmac.new(pepper, b"api-key\0" + key.encode(), hashlib.sha256).hexdigest()


def key_of(row: Row) -> ApiKey:
    """A key as the queries return it."""
    return ApiKey(
        key_id=row["keyId"],
        hash=row["hash"],
        scopes=frozenset(row["scopes"]),
        prefix=row["prefix"],
        name=row["name"],
        created_ms=row["createdMillis"],
        expires_ms=row["expiresMillis"],
        used_ms=row["usedMillis"],
        revoked_ms=row["revokedMillis"],
        replaced_by=row["replacedBy"],
    )


async def create_key(graph: Graph, pepper: bytes, wanted: NewKey, change: Change) -> MadeKey:
    """A new key. Raises TooManyKeys."""
    made = _made(pepper, wanted, change)

    async def work(transaction: Transaction) -> MadeKey:
        counts = await _counts(transaction, change, made.key.key_id)
        _check_room(counts, change)
        await _store(transaction, made.key)
        return made

    await _changed(graph, work)
    _audit("key.created", made.key, change)
    return made


async def create_first_key(graph: Graph, pepper: bytes, change: Change) -> MadeKey | None:
    """An admin key where no key was ever made; None where one was, also by another process."""
    made = _made(pepper, NewKey("first admin key", frozenset({"admin"})), change)

    async def work(transaction: Transaction) -> MadeKey | None:
        if (await _counts(transaction, change, made.key.key_id))["stored"]:
            return None
        await _store(transaction, made.key)
        return made

    first = await _changed(graph, work)
    if first is not None:
        _audit("key.created", first.key, change)
    return first


async def rotate_key(
    graph: Graph, pepper: bytes, key_id: str, *, grace_s: int, change: Change
) -> MadeKey:
    """A new key with the same name and scopes; the old one ends after the grace.

    A key that ends by itself is followed by one that lives as long as it was made to live.
    Raises KeyNotFound, KeyEnded (so of two rotations at once one wins) and TooManyKeys.
    """

    async def work(transaction: Transaction) -> MadeKey:
        counts = await _counts(transaction, change, key_id)
        old = await _read(transaction, key_id)
        state = "replaced" if old.replaced_by else old.state(change.now_ms)
        if state != "active":
            raise KeyEnded(f"the key {key_id} is {state}, so it cannot be rotated")
        _check_room(counts, change)
        made = _made(pepper, _successor(old, change.now_ms), change)
        ends_ms = change.now_ms + 1_000 * grace_s
        if old.expires_ms is not None:
            ends_ms = min(ends_ms, old.expires_ms)
        await _store(transaction, made.key)
        await transaction.run(
            "access/replace_key",
            keyId=key_id,
            replacedBy=made.key.key_id,
            expiresMillis=ends_ms,
        )
        old = replace(old, replaced_by=made.key.key_id, expires_ms=ends_ms)
        return replace(made, replaced=old)

    made = await _changed(graph, work)
    _audit("key.rotated", made.key, change, replaces=key_id, graceSeconds=grace_s)
    return made


async def revoke_key(graph: Graph, key_id: str, *, bootstrap: bool, change: Change) -> ApiKey:
    """The key, good for nothing from now on; revoking it again changes nothing.

    bootstrap: is there an admin key in the settings? Raises KeyNotFound and LastAdminKey.
    """

    async def work(transaction: Transaction) -> tuple[ApiKey, bool]:
        counts = await _counts(transaction, change, key_id)
        key = await _read(transaction, key_id)
        if key.revoked_ms is not None:
            return key, False
        works = key.state(change.now_ms) == "active" and key.allows("admin")
        if works and not bootstrap and not counts["otherAdmins"]:
            raise LastAdminKey(
                "this is the last admin key that works; make another one first, "
                "or set GRAPH_SERVICE_BOOTSTRAP_API_KEY"
            )
        await transaction.run("access/revoke_key", keyId=key_id, nowMillis=change.now_ms)
        return replace(key, revoked_ms=change.now_ms), True

    key, changed = await _changed(graph, work)
    if changed:
        _audit("key.revoked", key, change)
    return key


async def read_key(graph: Graph, key_id: str) -> ApiKey:
    """The key of this id. Raises KeyNotFound."""
    rows = await graph.read("access/read_key", keyId=key_id)
    return _only(rows, key_id)


async def list_keys(
    graph: Graph, *, limit: int, cursor: str | None = None
) -> tuple[list[ApiKey], str | None]:
    """One page of all keys that were ever made, newest first, and the next page's cursor."""
    before, after = decode_cursor(cursor, (int, str)) if cursor else (MILLIS_MAX, "")
    rows = await graph.read("access/list_keys", beforeMillis=before, afterId=after, limit=limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    following = None if last is None else encode_cursor([last["createdMillis"], last["keyId"]])
    return [key_of(row) for row in rows[:limit]], following


async def _changed(graph: Graph, work: Callable[[Transaction], Awaitable[T]]) -> T:
    """What a change returns; one at a time, so that two together cannot lose the last admin."""

    async def locked(transaction: Transaction) -> T:
        await transaction.run("graph/lock_name", name="keys")
        return await work(transaction)

    return await graph.write_together(locked, name="keys", timeout_s=CHANGE_TIMEOUT_S)


async def _counts(transaction: Transaction, change: Change, key_id: str) -> Row:
    return (await transaction.run("access/count_keys", keyId=key_id, nowMillis=change.now_ms))[0]


async def _read(transaction: Transaction, key_id: str) -> ApiKey:
    return _only(await transaction.run("access/read_key", keyId=key_id), key_id)


def _only(rows: list[Row], key_id: str) -> ApiKey:
    if not rows:
        raise KeyNotFound(f"there is no API key {key_id}")
    return key_of(rows[0])


async def _store(transaction: Transaction, key: ApiKey) -> None:
    await transaction.run(
        "access/create_key",
        keyId=key.key_id,
        hash=key.hash,
        prefix=key.prefix,
        name=key.name,
        scopes=sorted(key.scopes),
        createdMillis=key.created_ms,
        expiresMillis=key.expires_ms,
    )


def _check_room(counts: Row, change: Change) -> None:
    if counts["working"] >= change.keys_max:
        raise TooManyKeys(f"there are {change.keys_max} working keys already; revoke some")


def _made(pepper: bytes, wanted: NewKey, change: Change) -> MadeKey:
    secret = f"{PREFIX}{secrets.token_urlsafe(32)}"
    key = ApiKey(
        # A bare id may begin with a dash, which a command line would take for an option.
        key_id=f"key_{new_id()}",
        hash=key_hash(pepper, secret),
        scopes=wanted.scopes,
        prefix=secret[: len(PREFIX) + PREFIX_CHARACTERS],
        name=wanted.name,
        created_ms=change.now_ms,
        expires_ms=wanted.expires_ms,
    )
    return MadeKey(key, secret)


def _successor(old: ApiKey, now_ms: int) -> NewKey:
    expires_ms = None
    if old.expires_ms is not None and old.created_ms is not None:
        expires_ms = now_ms + old.expires_ms - old.created_ms
    return NewKey(old.name or old.prefix, old.scopes, expires_ms)


def _audit(event: str, key: ApiKey, change: Change, **more: object) -> None:
    log.info(
        event,
        keyId=key.key_id,
        prefix=key.prefix,
        name=key.name,
        scopes=sorted(key.scopes),
        expiresAt=_spelled(key.expires_ms),
        by=change.by,
        **more,
    )


def _spelled(millis: int | None) -> str | None:
    return None if millis is None else time_string(1_000 * millis)
