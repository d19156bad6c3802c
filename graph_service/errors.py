"""Every error that the service raises on purpose, with the HTTP status it answers.

    ServiceError
    ├── NotFound 404
    │   └── MemberNotFound
    ├── Conflict 409
    ├── Refused 403
    │   └── Unauthenticated 401
    ├── Invalid 422            a payload only
    │   └── Malformed 400, UnsupportedMedia 415
    ├── TooLarge 413
    ├── TooMany 429
    ├── GraphError 500
    │   ├── GraphUnavailable 503
    │   │   └── StorageFull 503
    │   ├── GraphTimeout 504
    │   └── QueryInvalid 500   a query file breaks its contract
    └── ModelUnavailable 503

Rooms subclass the nearest one: ReferralCycle(Conflict).
"""

from collections.abc import Mapping


class ServiceError(Exception):
    """An answer that is not the one asked for, with the status and the stable code it has."""

    status = 500
    code = "internal_error"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        details: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status or self.status
        self.code = code or self.code
        self.details = dict(details or {})
        self.headers = dict(headers or {})


class NotFound(ServiceError):
    """The thing asked for is not in the graph."""

    status, code = 404, "not_found"


class MemberNotFound(NotFound):
    """No event has named this member."""

    code = "member_not_found"


class Conflict(ServiceError):
    """The request contradicts what is stored."""

    status, code = 409, "conflict"


class Refused(ServiceError):
    """The caller may not do this."""

    status, code = 403, "forbidden"


class Unauthenticated(Refused):
    """No key, or one that is not ours."""

    status, code = 401, "unauthenticated"


class Invalid(ServiceError):
    """The payload does not fit its contract."""

    status, code = 422, "invalid_payload"


class Malformed(Invalid):
    """The body is not JSON in UTF-8."""

    status, code = 400, "malformed_body"


class UnsupportedMedia(Invalid):
    """The body's media type is not one that the route takes."""

    status, code = 415, "unsupported_media_type"


class TooLarge(ServiceError):
    """More bytes or more items than a limit allows."""

    status, code = 413, "too_large"


class TooMany(ServiceError):
    """More requests than the caller's rate allows."""

    status, code = 429, "rate_limited"


class GraphError(ServiceError):
    """The database refused a query that should have run."""

    status, code = 500, "graph_error"


class GraphUnavailable(GraphError):
    """The database cannot be reached or cannot be started."""

    status, code = 503, "graph_unavailable"


class StorageFull(GraphUnavailable):
    """A disk has no room for what is to be written; nothing of it is stored."""

    code = "storage_full"


class GraphTimeout(GraphError):
    """The database did not answer within the query's timeout."""

    status, code = 504, "graph_timeout"


class QueryInvalid(GraphError):
    """A query file breaks its own contract."""

    code = "query_invalid"


class ModelUnavailable(ServiceError):
    """A model that the answer needs is missing or does not load."""

    status, code = 503, "model_unavailable"
