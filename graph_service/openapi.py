"""The OpenAPI document: what FastAPI reads from the routes, and what it cannot read from them."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic.json_schema import models_json_schema

from graph_service.access.endpoints import (
    READING,
    KeyExpired,
    KeyRevoked,
    Requires,
    ScopeMissing,
)
from graph_service.access.idempotency import (
    OWN_KEYS,
    AnswerNotKept,
    InProgress,
    KeyMalformed,
    KeyReused,
)
from graph_service.access.rates import TooManyWrongKeys
from graph_service.access.ring import KeysUnknown
from graph_service.answers import Problem, codes_of, problem_response, reasons_of
from graph_service.errors import (
    GraphTimeout,
    GraphUnavailable,
    Malformed,
    ServiceError,
    StorageFull,
    TooLarge,
    TooMany,
    Unauthenticated,
)
from graph_service.frame import BodyTimeout, Busy, HeadersTooLarge, RequestTimeout
from graph_service.ingest.envelope import DATA, Envelope

REF = "#/components/schemas/{model}"
INVALID = ("invalid_request", "A parameter or a field is missing or outside its limits.")
ONCE = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "1 to 255 characters of yours: the same again is done once, answered the same.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
SECURITY = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key."},
    "browser": {
        "type": "http",
        "scheme": "basic",
        "description": "Any user name and an API key as password, to read in a browser.",
    },
}


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """The whole document, made once: with keys and scopes, event types and every error code."""
    document = app.openapi()
    if "securitySchemes" in document["components"]:
        return document
    schemas: dict[str, Any] = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas.update(_event_schemas())
    schemas.update(models_json_schema([(Problem, "serialization")], ref_template=REF)[1]["$defs"])
    document["components"]["securitySchemes"] = SECURITY
    scopes = scopes_of(app)
    for path, method, operation in operations(document):
        _complete(operation, (method, path), scopes.get((method, path)))
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method in capitals and operation of each route in a document."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def scopes_of(app: FastAPI) -> dict[tuple[str, str], str]:
    """The scope that a key needs, by method and path; what is not here needs no key."""
    found: dict[tuple[str, str], str] = {}
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context, "dependant", None)
        for dependency in dependant.dependencies if dependant is not None else ():
            if isinstance(dependency.call, Requires):
                methods = context.methods or {"GET"}
                found |= {(one, context.path or ""): dependency.call.scope for one in methods}
    return found


def _event_schemas() -> dict[str, Any]:
    """A schema for each event type, and Event: one of them."""
    models = sorted({Envelope, *DATA.values()}, key=lambda model: model.__name__)
    parts = models_json_schema([(model, "validation") for model in models], ref_template=REF)
    types = {
        event_type: {
            "title": event_type,
            "allOf": [{"$ref": REF.format(model="Envelope")}],
            "properties": {
                "type": {"const": event_type},
                "data": {"$ref": REF.format(model=model.__name__)},
            },
        }
        for event_type, model in DATA.items()
    }
    refs = {event_type: REF.format(model=event_type) for event_type in DATA}
    whole = {
        "title": "Event",
        "oneOf": [{"$ref": ref} for ref in refs.values()],
        "discriminator": {"propertyName": "type", "mapping": refs},
    }
    return {**parts[1]["$defs"], **types, "Event": whole}


def _complete(operation: dict[str, Any], route: tuple[str, str], scope: str | None) -> None:
    """Put the key, its scope and the errors that FastAPI cannot see into an operation."""
    method, path = route
    if scope is not None:
        schemes = SECURITY if method in READING else ("key",)
        operation["security"] = [{name: [scope]} for name in schemes]
    responses: dict[str, Any] = operation["responses"]
    reasons = reasons_of() | dict([INVALID])
    codes = {status: codes_of(response) for status, response in responses.items()}
    once = method == "POST" and path.startswith("/v1/") and not OWN_KEYS.match(path)
    if once:
        operation["parameters"] = [*operation.get("parameters", ()), ONCE]
    for status, code in _common(operation, path, scope, once=once):
        codes.setdefault(status, []).append(code)
    for status, named in codes.items():
        if named:
            unique = list(dict.fromkeys(named))
            responses[status] = problem_response({code: reasons[code] for code in unique})
        elif status == "422":
            del responses[status]
    operation["responses"] = dict(sorted(responses.items()))
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            _keep_reference(response)


def _common(
    operation: dict[str, Any], path: str, scope: str | None, *, once: bool
) -> Iterator[tuple[str, str]]:
    """Status and code of the errors that follow from what a route takes."""
    faults: list[type[ServiceError]] = []
    if scope is not None:
        faults += [Unauthenticated, KeyExpired, KeyRevoked, ScopeMissing]
        faults += [TooMany, TooManyWrongKeys, KeysUnknown, HeadersTooLarge, Busy, RequestTimeout]
    elif path.startswith("/v1/"):
        faults += [HeadersTooLarge, Busy, RequestTimeout]
    if path.startswith("/v1/"):
        faults += [GraphUnavailable, StorageFull, GraphTimeout]
    if once:
        faults += [KeyMalformed, KeyReused, InProgress, AnswerNotKept]
    if "requestBody" in operation:
        faults += [Malformed, TooLarge, BodyTimeout]
    for fault in faults:
        yield str(fault.status), fault.code
    checked = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
    if checked or "requestBody" in operation:
        yield "422", INVALID[0]


def _keep_reference(response: dict[str, Any]) -> None:
    """The published shape alone, without what FastAPI reads from the return type beside it."""
    for content in response.get("content", {}).values():
        if "$ref" in content["schema"]:
            content["schema"] = {"$ref": content["schema"]["$ref"]}
