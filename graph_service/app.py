"""The HTTP door: routes, limits and errors around the rooms."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any

import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph_service import __version__
from graph_service.access.endpoints import requires
from graph_service.access.keys import KeyRing, open_key_ring
from graph_service.access.rates import RateLimit
from graph_service.errors import ServiceError
from graph_service.graph.endpoints import router as graph_router
from graph_service.graph.opening import open_graph
from graph_service.ids import new_id
from graph_service.ingest.endpoints import router as ingest_router
from graph_service.ingest.tokens import Tokeniser, read_pepper
from graph_service.pipeline import Pipeline
from graph_service.referrals.endpoints import router as referrals_router
from graph_service.rewards.endpoints import router as rewards_router
from graph_service.rewards.plan import seed_plan
from graph_service.settings import Settings

log = structlog.get_logger()
PROBLEM = "application/problem+json"
# How much of a body that is too large is still read, so that the sender hears the answer.
DRAIN_TIMES = 4
STATUS_CODES = {
    400: "malformed_body",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
}


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; opening it starts or joins Neo4j and works the outbox off."""
    app = FastAPI(
        title="graph-service",
        version=__version__,
        summary=__doc__.splitlines()[0] if __doc__ else "",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.settings = settings or Settings()
    for router in (graph_router, ingest_router, referrals_router, rewards_router):
        app.include_router(router)
    _add_own_routes(app)
    app.add_exception_handler(ServiceError, _answer_service_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_middleware(RequestFrame, body_bytes_max=app.state.settings.body_bytes_max)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    settings: Settings = app.state.settings
    async with open_graph(settings) as opened:
        pepper = read_pepper(settings)
        app.state.graph = opened.graph
        app.state.rate_limit = RateLimit(settings.rate_per_second, settings.rate_burst, monotonic)
        app.state.key_ring = await open_key_ring(opened.graph, settings, pepper)
        app.state.pipeline = Pipeline(opened.graph, Tokeniser(pepper), seed_plan())
        _show_first_key(app.state.key_ring)
        async with running(app.state.pipeline):
            yield


@asynccontextmanager
async def running(pipeline: Pipeline) -> AsyncGenerator[None, None]:
    """The outbox is worked off while this is open."""
    task = asyncio.create_task(pipeline.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _show_first_key(ring: KeyRing) -> None:
    if ring.generated is not None:
        print(f"First admin API key, shown this once: {ring.generated}", flush=True)  # noqa: T201


def _add_own_routes(app: FastAPI) -> None:
    admin = [Depends(requires("read"))]

    @app.get("/metrics", dependencies=admin, tags=["health"], summary="Prometheus metrics")
    async def metrics() -> Response:  # pyright: ignore[reportUnusedFunction]
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/openapi.json", dependencies=admin, include_in_schema=False)
    async def openapi() -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        return JSONResponse(app.openapi())

    @app.get("/docs", dependencies=admin, include_in_schema=False)
    async def docs() -> HTMLResponse:  # pyright: ignore[reportUnusedFunction]
        return get_swagger_ui_html(openapi_url="/openapi.json", title="graph-service")


class RequestFrame:
    """Every request gets an id, and no body is larger than the limit."""

    def __init__(self, app: ASGIApp, body_bytes_max: int) -> None:
        self._app = app
        self._body_bytes_max = body_bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its body counted and its id put on the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        received, began = 0, False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received <= self._body_bytes_max:
                return message
            while message.get("more_body") and received <= DRAIN_TIMES * self._body_bytes_max:
                message = await receive()
                received += len(message.get("body", b""))
            raise HTTPException(413, f"the body is larger than {self._body_bytes_max} bytes")

        async def answered(message: Message) -> None:
            nonlocal began
            began = True
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        with structlog.contextvars.bound_contextvars(requestId=request_id):
            try:
                await self._app(scope, counted, answered)
            except Exception as fault:
                if began:
                    raise
                answer = await _answer_unforeseen(Request(scope), fault)
                await answer(scope, receive, answered)


def _problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    extra: Mapping[str, Any] | None = None,
) -> JSONResponse:
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


async def _answer_service_error(request: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, ServiceError)
    if fault.status >= 500:
        log.error("request.failed", code=fault.code, path=request.url.path, exc_info=fault)
    else:
        log.info("request.refused", code=fault.code, path=request.url.path)
    answer = _problem(request, fault.status, fault.code, str(fault), fault.details)
    answer.headers.update(fault.headers)
    return answer


async def _answer_invalid(request: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, RequestValidationError)
    errors = [
        {"place": ".".join(map(str, error["loc"])), "message": str(error["msg"])}
        for error in fault.errors()
    ]
    unread = any(error["type"] == "json_invalid" for error in fault.errors())
    status, code = (400, "malformed_body") if unread else (422, "invalid_request")
    detail = "; ".join(f"{error['place']}: {error['message']}" for error in errors)
    log.info("request.refused", code=code, path=request.url.path)
    return _problem(request, status, code, detail[:1_000], {"errors": errors[:50]})


async def _answer_http_error(request: Request, fault: Exception) -> JSONResponse:
    assert isinstance(fault, HTTPException)
    code = STATUS_CODES.get(fault.status_code, "http_error")
    answer = _problem(request, fault.status_code, code, str(fault.detail))
    answer.headers.update(fault.headers or {})
    return answer


async def _answer_unforeseen(request: Request, fault: Exception) -> JSONResponse:
    log.error("request.failed", code="internal_error", path=request.url.path, exc_info=fault)
    return _problem(request, 500, "internal_error", "something failed that should not have")
