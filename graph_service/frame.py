"""What is done around every request: an id, limits, headers, and errors of one shape."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph_service.access.endpoints import calling_key
from graph_service.answers import PROBLEM
from graph_service.errors import ServiceError, TooLarge
from graph_service.ids import new_id
from graph_service.settings import Settings

log = structlog.get_logger()
# How much of a body that is too large is still read, so that the sender hears the answer.
DRAIN_TIMES = 4
FAULTS_TOLD = 50
API = "/v1/"
# Whoever calls these signs what it sends, as its platform does; they have no key.
SIGNED = re.compile(r"/v1/channels/[^/]+/callbacks")
# They say whether the process lives, so they are answered also when it is busy.
PROBES = ("/healthz", "/readyz")
STATUS_CODES = {
    400: "malformed_body",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
}
# No answer is stored, framed or taken for something else, unless its route says otherwise.
HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
# JSON loads and runs nothing, whatever a browser makes of it.
POLICY = b"content-security-policy"
API_HEADERS = ((POLICY, b"default-src 'none'; frame-ancestors 'none'"),)


class HeadersTooLarge(TooLarge):
    """The address with its headers is larger than the limit."""

    status, code = 431, "headers_too_large"


class Busy(ServiceError):
    """More requests are under way than the service takes on."""

    status, code = 503, "too_busy"


class RequestTimeout(ServiceError):
    """The request took longer than the limit; what it began to write may be stored."""

    status, code = 504, "request_timeout"


class BodyTimeout(ServiceError):
    """The body did not arrive within the limit."""

    status, code = 408, "body_timeout"


class RequestFrame:
    """Every request gets an id, and every answer the headers that go with it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its id in what is logged; complete the answer's headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_id()
        scope.setdefault("state", {})["request_id"] = request_id

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", ()))
                named = {name for name, _ in own} | _replaced(own)
                message["headers"] = own + [
                    (name, value) for name, value in _headers(scope) if name not in named
                ]
            await send(message)

        with structlog.contextvars.bound_contextvars(requestId=request_id):
            await self._app(scope, receive, completed)


def _replaced(own: Iterable[tuple[bytes, bytes]]) -> set[bytes]:
    """X-Frame-Options cannot name origins; where a policy does, it speaks alone.

    Source: Content Security Policy Level 3, frame-ancestors.
    """
    named = any(name == POLICY and b"frame-ancestors http" in value for name, value in own)
    return {b"x-frame-options"} if named else set()


def _headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    more: Mapping[str, str] = scope["state"].get("headers", {})
    return [
        (b"x-request-id", scope["state"]["request_id"].encode()),
        *HEADERS,
        *(API_HEADERS if scope["path"].startswith(API) else ()),
        *((name.lower().encode(), value.encode()) for name, value in more.items()),
    ]


class Exchange:
    """One request and its answer: counts what comes in, knows whether anything went out."""

    def __init__(self, receive: Receive, send: Send, body_bytes_max: int) -> None:
        self.began = False
        self.uploading = False
        self._receive, self._send = receive, send
        self._body_bytes_max = body_bytes_max
        self._received = 0

    async def receive(self) -> Message:
        """The next piece of the body. Raises HTTPException if it is too much."""
        message = await self._piece()
        if self._received <= self._body_bytes_max:
            return message
        while message.get("more_body") and self._received <= DRAIN_TIMES * self._body_bytes_max:
            message = await self._piece()
        raise HTTPException(413, f"the body is larger than {self._body_bytes_max} bytes")

    async def send(self, message: Message) -> None:
        """Pass on a piece of the answer."""
        self.began = True
        await self._send(message)

    async def _piece(self) -> Message:
        self.uploading = True
        message = await self._receive()
        self.uploading = False
        self._received += len(message.get("body", b""))
        return message


class Limits:
    """Bodies, time and requests at once are bounded, and whatever fails gets an answer."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on within its limits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = Exchange(receive, send, self._settings.body_bytes_max)
        self._under_way += 1
        try:
            await self._passed_on(scope, exchange)
        except ClientDisconnect:
            log.info("request.abandoned", path=logged_path(scope))
        except Exception as fault:
            if exchange.began:
                raise
            answer = await answer_fault(Request(scope), fault)
            await answer(scope, exchange.receive, exchange.send)
        finally:
            self._under_way -= 1

    async def _passed_on(self, scope: Scope, exchange: Exchange) -> None:
        limits = self._settings
        if _head_bytes(scope) > limits.header_bytes_max:
            raise HeadersTooLarge(f"the headers are larger than {limits.header_bytes_max} bytes")
        if self._under_way > limits.requests_max and scope["path"] not in PROBES:
            raise Busy("too many requests are under way", headers={"Retry-After": "1"})
        time = asyncio.timeout(limits.request_timeout_s)
        try:
            async with time:
                await self._app(scope, exchange.receive, exchange.send)
        except TimeoutError as fault:
            if not time.expired():
                raise
            told = f"{limits.request_timeout_s:g} s"
            if exchange.uploading and not exchange.began:
                headers = {"Connection": "close"}
                raise BodyTimeout(f"the body did not arrive in {told}", headers=headers) from fault
            raise RequestTimeout(f"the request was not done in {told}") from fault


def _head_bytes(scope: Scope) -> int:
    """Bytes of the address and the headers; the server's own bound holds for what is unread."""
    head = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
    return head + sum(len(name) + len(value) for name, value in scope["headers"])


def logged_path(scope: Scope) -> str:
    """The template of the request's route, else how its path begins; never a whole path.

    A path may hold what is no one else's: the token of a signed link, a member's id.
    """
    template: str | None = getattr(scope.get("route"), "path", None)
    return template or "/" + scope["path"].removeprefix("/").partition("/")[0]


class KeyGate:
    """Nothing under /v1 is read, not even its body, without a good key, but what is signed.

    Routes ask for their scopes themselves; to them the key is known then.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge the key, then pass the request on."""
        path = scope.get("path", "")
        if scope["type"] == "http" and path.startswith(API) and not SIGNED.fullmatch(path):
            await calling_key(Request(scope))
        await self._app(scope, receive, send)


def problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    extra: Mapping[str, Any] | None = None,
) -> JSONResponse:
    """An error as RFC 9457 has it."""
    body = {
        "type": f"urn:graph-service:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "code": code,
        "detail": detail,
        "instance": request.url.path,
        "requestId": request.state.request_id,
        **(extra or {}),
    }
    return JSONResponse(body, status_code=status, media_type=PROBLEM)


async def answer_fault(request: Request, fault: Exception) -> JSONResponse:
    """The answer to what no handler of the app has answered."""
    if isinstance(fault, ServiceError):
        return await answer_service_error(request, fault)
    if isinstance(fault, HTTPException):
        return await answer_http_error(request, fault)
    log.error(
        "request.failed", code="internal_error", path=logged_path(request.scope), exc_info=fault
    )
    return problem(request, 500, "internal_error", "something failed that should not have")


async def answer_service_error(request: Request, fault: Exception) -> JSONResponse:
    """The answer to an error of ours."""
    assert isinstance(fault, ServiceError)
    # A crowd is no fault of the code, and a traceback for each would make it worse.
    if fault.status >= 500 and not isinstance(fault, Busy):
        log.error(
            "request.failed", code=fault.code, path=logged_path(request.scope), exc_info=fault
        )
    else:
        log.info("request.refused", code=fault.code, path=logged_path(request.scope))
    answer = problem(request, fault.status, fault.code, str(fault), fault.details)
    answer.headers.update(fault.headers)
    return answer


async def answer_invalid(request: Request, fault: Exception) -> JSONResponse:
    """The answer to parameters or a body that do not fit their contract."""
    assert isinstance(fault, RequestValidationError)
    found = fault.errors()[:FAULTS_TOLD]
    errors = [
        {"place": ".".join(map(str, error["loc"])), "message": str(error["msg"])} for error in found
    ]
    unread = any(error["type"] == "json_invalid" for error in found)
    status, code = (400, "malformed_body") if unread else (422, "invalid_request")
    detail = "; ".join(f"{error['place']}: {error['message']}" for error in errors)
    log.info("request.refused", code=code, path=logged_path(request.scope))
    return problem(request, status, code, detail[:1_000], {"errors": errors})


async def answer_http_error(request: Request, fault: Exception) -> JSONResponse:
    """The answer to an error of the framework, as for a path that there is not."""
    assert isinstance(fault, HTTPException)
    code = STATUS_CODES.get(fault.status_code, "http_error")
    answer = problem(request, fault.status_code, code, str(fault.detail))
    answer.headers.update(fault.headers or {})
    return answer
