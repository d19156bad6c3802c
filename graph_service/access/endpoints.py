"""Who is calling, and may they? The key comes as Bearer, or to read in a browser as Basic password.

A browser keeps a Basic password and sends it along with whatever a page of anybody asks of the
service, so it never changes anything: it is taken for GET and HEAD alone.
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import Field

from graph_service.access.keys import (
    DAY_MS,
    DAYS_MAX,
    GRACE_S,
    GRACE_S_MAX,
    NAME_CHARACTERS_MAX,
    ApiKey,
    KeyEnded,
    KeyNotFound,
    LastAdminKey,
    MadeKey,
    NewKey,
    Scope,
    State,
    TooManyKeys,
    create_key,
    list_keys,
    read_key,
    revoke_key,
    rotate_key,
)
from graph_service.access.rates import Rates
from graph_service.access.ring import BOOTSTRAP, KeyRing
from graph_service.answers import Answer, Asked, Cursor, Limit, answers
from graph_service.clock import to_micros
from graph_service.errors import Invalid, Refused, Unauthenticated
from graph_service.graph.endpoints import GraphOfApp
from graph_service.pages import CursorInvalid

BEARER = 'Bearer realm="graph-service"'
CHALLENGE = f'{BEARER}, Basic realm="graph-service", charset="UTF-8"'
# What a page of somebody else may make a browser send does nothing but read.
READING = ("GET", "HEAD")
CONTROL = r"\x00-\x1f\x7f-\x9f"
# No control characters, and something to see at its end.
NAME = rf"^[^{CONTROL}]*[^\s{CONTROL}]$"


class ScopeMissing(Refused):
    """The key is good but not for this."""

    code = "scope_missing"


class KeyExpired(Unauthenticated):
    """The key was good and has ended."""

    code = "key_expired"


class KeyRevoked(Unauthenticated):
    """The key was good and has been revoked."""

    code = "key_revoked"


def presented_key(authorization: str) -> str | None:
    """The key in an Authorization header: a Bearer token or the password of Basic."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip() or None
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        except ValueError:
            return None
        return decoded.partition(":")[2] or None
    return None


async def ring_of(request: Request) -> KeyRing:
    """The keys that the app opened."""
    return cast(KeyRing, request.app.state.key_ring)


async def calling_key(request: Request) -> ApiKey:
    """The good key of this request, judged and counted once.

    Raises Unauthenticated, TooMany beyond the key's rate or the address's wrong keys, and
    GraphUnavailable where it cannot be told. Ended keys are told apart from unknown ones: only
    who holds the 256 bits of the secret hears it, so it helps the owner and no one who guesses.
    """
    known: ApiKey | None = getattr(request.state, "key", None)
    if known is not None:
        return known
    ring: KeyRing = request.app.state.key_ring
    rates: Rates = request.app.state.rates
    authorization = request.headers.get("authorization", "")
    if request.method not in READING and authorization.lower().startswith("basic"):
        message = "Basic is for reading in a browser; send Authorization: Bearer <key>"
        raise Unauthenticated(message, headers={"WWW-Authenticate": BEARER})
    presented = presented_key(authorization)
    if presented is None:
        raise _unauthenticated(Unauthenticated, "an API key is needed: Authorization: Bearer <key>")
    host = request.client.host if request.client else None
    key = await ring.find(presented)
    if key is None:
        await rates.count_wrong(host)
        raise _unauthenticated(Unauthenticated, "this API key is not known")
    if key.key_id == BOOTSTRAP:
        # People choose it, so unlike the keys that we make it could be guessed.
        await rates.check_wrong(host)
    request.state.headers = await rates.take(key.key_id)
    state = key.state(ring.now_ms())
    if state != "active":
        fault = KeyExpired if state == "expired" else KeyRevoked
        raise _unauthenticated(fault, f"this API key is {state}")
    ring.note_use(key)
    request.state.key = key
    return key


def _unauthenticated(fault: type[Unauthenticated], message: str) -> Unauthenticated:
    return fault(message, headers={"WWW-Authenticate": CHALLENGE})


CallingKey = Annotated[ApiKey, Depends(calling_key)]


@dataclass(frozen=True)
class Requires:
    """A dependency that lets only keys with this scope (or admin) through."""

    scope: Scope

    async def __call__(self, key: CallingKey) -> None:
        """Raises ScopeMissing."""
        if not key.allows(self.scope):
            raise ScopeMissing(f"this needs a key with the scope {self.scope}")


class KeyAnswer(Answer):
    """An API key as it is told of; the secret is in no answer but the one that made it."""

    key_id: str
    prefix: str = Field(description="how the secret begins")
    name: str | None
    scopes: list[Scope]
    state: State
    created_at: str | None
    expires_at: str | None = Field(description="null: it does not end by itself")
    last_used_at: str | None = Field(description="to about a minute")
    revoked_at: str | None
    replaced_by: str | None = Field(description="keyId of the key that it was rotated to")


class MadeKeyAnswer(KeyAnswer):
    """A key that was just made, with its secret."""

    key: str = Field(description="the secret: shown this once, kept nowhere")
    replaces: KeyAnswer | None = Field(None, description="the key that it was rotated from")


class KeysAnswer(Answer):
    """A page of API keys, newest first."""

    items: list[KeyAnswer]
    next_cursor: str | None


class KeyWanted(Asked):
    """A key to make."""

    name: str = Field(
        min_length=1, max_length=NAME_CHARACTERS_MAX, pattern=NAME, description="who uses it"
    )
    scopes: list[Scope] = Field(min_length=1, max_length=20, description="what it may do")
    expires_at: str | None = Field(
        None, max_length=40, description="when it ends; RFC 3339; absent: not by itself"
    )
    expires_in_days: int | None = Field(
        None, ge=1, le=DAYS_MAX, strict=True, description="in place of expiresAt"
    )


class RotationWanted(Asked):
    """How a key is rotated."""

    grace_seconds: int = Field(
        default=GRACE_S,
        ge=0,
        le=GRACE_S_MAX,
        strict=True,
        description="how long the old secret works on",
    )


router = APIRouter(prefix="/v1/keys", tags=["keys"], dependencies=[Depends(Requires("admin"))])
Ring = Annotated[KeyRing, Depends(ring_of)]
KeyId = Annotated[str, Path(alias="keyId", description="keyId of the list")]


@router.post(
    "",
    summary="Make an API key",
    status_code=201,
    response_model=None,
    responses=answers(None, TooManyKeys) | {201: {"model": MadeKeyAnswer}},
)
async def post_key(
    graph: GraphOfApp, ring: Ring, caller: CallingKey, wanted: KeyWanted, response: Response
) -> dict[str, Any]:
    """The answer holds the secret, this once; only its hash is kept."""
    change = ring.change(caller.key_id)
    new = NewKey(wanted.name, frozenset(wanted.scopes), _expires_ms(wanted, change.now_ms))
    return await _told(await create_key(graph, ring.pepper, new, change), ring, response)


@router.get("", summary="Which API keys are there?", responses=answers(KeysAnswer, CursorInvalid))
async def get_keys(
    graph: GraphOfApp,
    ring: Ring,
    limit: Limit,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Every key that was ever made, newest first; the one of the settings is not among them."""
    keys, following = await list_keys(graph, limit=limit, cursor=cursor)
    now_ms = ring.now_ms()
    return {"items": [key.body(now_ms) for key in keys], "nextCursor": following}


@router.get(
    "/{keyId}", summary="What is known of an API key?", responses=answers(KeyAnswer, KeyNotFound)
)
async def get_key(graph: GraphOfApp, ring: Ring, key_id: KeyId) -> dict[str, Any]:
    """Its beginning, name, scopes, state and times, never its secret."""
    return (await read_key(graph, key_id)).body(ring.now_ms())


@router.post(
    "/{keyId}:rotate",
    summary="Make a new secret for the same scopes",
    status_code=201,
    response_model=None,
    responses=answers(None, KeyNotFound, KeyEnded, TooManyKeys) | {201: {"model": MadeKeyAnswer}},
)
async def rotate(
    key_id: KeyId,
    graph: GraphOfApp,
    ring: Ring,
    caller: CallingKey,
    response: Response,
    *,
    wanted: RotationWanted | None = None,
) -> dict[str, Any]:
    """A key of its own that replaces this one, which ends after the grace."""
    grace_s = (wanted or RotationWanted()).grace_seconds
    change = ring.change(caller.key_id)
    made = await rotate_key(graph, ring.pepper, key_id, grace_s=grace_s, change=change)
    return await _told(made, ring, response)


@router.post(
    "/{keyId}:revoke",
    summary="Revoke an API key",
    responses=answers(KeyAnswer, KeyNotFound, LastAdminKey),
)
async def revoke(
    key_id: KeyId, graph: GraphOfApp, ring: Ring, caller: CallingKey
) -> dict[str, Any]:
    """From now on it is refused here, and by other processes within seconds; again is the same."""
    change = ring.change(caller.key_id)
    key = await revoke_key(graph, key_id, bootstrap=ring.has_bootstrap, change=change)
    ring.put(key)
    await ring.read()
    return key.body(change.now_ms)


async def _told(made: MadeKey, ring: KeyRing, response: Response) -> dict[str, Any]:
    """The answer to who made a key, which works here at once."""
    if made.replaced is not None:
        ring.put(made.replaced)
    await ring.read()
    now_ms = ring.now_ms()
    response.headers["Location"] = f"/v1/keys/{made.key.key_id}"
    told: dict[str, Any] = {**made.key.body(now_ms), "key": made.secret}
    if made.replaced is not None:
        told["replaces"] = made.replaced.body(now_ms)
    return told


def _expires_ms(wanted: KeyWanted, now_ms: int) -> int | None:
    """When the key is to end (ms since 1970). Raises Invalid where that is no time to come."""
    if wanted.expires_at is not None and wanted.expires_in_days is not None:
        raise Invalid("give expiresAt or expiresInDays, not both")
    if wanted.expires_in_days is not None:
        return now_ms + wanted.expires_in_days * DAY_MS
    if wanted.expires_at is None:
        return None
    try:
        moment = datetime.fromisoformat(wanted.expires_at)
        if moment.tzinfo is None:
            raise ValueError("it has no offset")
        expires_ms = to_micros(moment.astimezone(UTC)) // 1_000
    except (ValueError, OverflowError) as fault:
        raise Invalid(f"expiresAt is not a time in RFC 3339: {fault}") from fault
    if not now_ms < expires_ms <= now_ms + DAYS_MAX * DAY_MS:
        raise Invalid(f"expiresAt must lie in the next {DAYS_MAX} days")
    return expires_ms
