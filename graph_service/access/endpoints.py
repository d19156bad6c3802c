"""Who is calling, and may they? The key comes as Bearer, or as a Basic password in a browser."""

import base64
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from graph_service.access.keys import ApiKey, KeyRing
from graph_service.access.rates import RateLimit
from graph_service.errors import Refused, Unauthenticated

CHALLENGE = 'Bearer realm="graph-service", Basic realm="graph-service", charset="UTF-8"'


class ScopeMissing(Refused):
    """The key is good but not for this."""

    code = "scope_missing"


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


def calling_key(request: Request) -> ApiKey:
    """The good key of this request. Raises Unauthenticated, and TooMany beyond its rate."""
    ring: KeyRing = request.app.state.key_ring
    presented = presented_key(request.headers.get("authorization", ""))
    key = ring.find(presented) if presented else None
    if key is None:
        raise Unauthenticated(
            "an API key is needed: Authorization: Bearer <key>"
            if presented is None
            else "this API key is not known",
            headers={"WWW-Authenticate": CHALLENGE},
        )
    limit: RateLimit = request.app.state.rate_limit
    limit.take(key.key_id)
    return key


def requires(scope: str) -> Callable[[ApiKey], ApiKey]:
    """A dependency that lets only keys with this scope (or admin) through."""

    def check(key: Annotated[ApiKey, Depends(calling_key)]) -> ApiKey:
        if not key.allows(scope):
            raise ScopeMissing(f"this needs a key with the scope {scope}")
        return key

    return check
