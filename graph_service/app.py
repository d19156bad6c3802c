"""The HTTP door: routes, limits and errors around the rooms."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from graph_service import __version__
from graph_service.access.endpoints import Requires
from graph_service.access.endpoints import router as keys_router
from graph_service.access.idempotency import Idempotency
from graph_service.access.rates import Rates
from graph_service.access.ring import KeyRing, keeping, open_key_ring
from graph_service.browser.endpoints import AnyOrigin
from graph_service.browser.endpoints import router as browser_router
from graph_service.case_reports.endpoints import router as case_reports_router
from graph_service.cases.desk.endpoints import router as cases_router
from graph_service.cases.endpoints import router as risk_router
from graph_service.cases.rules import read_rules as read_risk_rules
from graph_service.channels.endpoints import router as channels_router
from graph_service.channels.taking import open_channels
from graph_service.compliance.endpoints import router as compliance_router
from graph_service.compliance.report import Reports
from graph_service.console.boards.works import working
from graph_service.console.endpoints import router as console_router
from graph_service.console.visiting import Desk
from graph_service.erasure.endpoints import router as erasure_router
from graph_service.errors import ServiceError
from graph_service.explain.endpoints import router as explain_router
from graph_service.frame import (
    KeyGate,
    Limits,
    RequestFrame,
    answer_http_error,
    answer_invalid,
    answer_service_error,
)
from graph_service.graph.endpoints import router as graph_router
from graph_service.graph.opening import open_graph, settings_for
from graph_service.holds.endpoints import router as holds_router
from graph_service.identity.endpoints import router as identity_router
from graph_service.influence.endpoints import router as influence_router
from graph_service.ingest.endpoints import router as ingest_router
from graph_service.ingest.tokens import open_tokeniser, read_pepper
from graph_service.ledger.endpoints import router as ledger_router
from graph_service.openapi import openapi_of
from graph_service.payouts.endpoints import router as payouts_router
from graph_service.payouts.rules import read_rules as read_payout_rules
from graph_service.pipeline import Pipeline, open_pipeline
from graph_service.plans.endpoints import router as plans_router
from graph_service.portal.endpoints import router as portal_router
from graph_service.referrals.endpoints import router as referrals_router
from graph_service.rewards.endpoints import router as rewards_router
from graph_service.scans.endpoints import router as scans_router
from graph_service.scans.working import scanning
from graph_service.screening.working import Screener, screening
from graph_service.settings import Settings
from graph_service.simulation.endpoints import router as simulation_router
from graph_service.webhooks.endpoints import router as webhooks_router
from graph_service.webhooks.worker import telling
from graph_service.workers import keep_running

ROUTERS = (
    *(graph_router, keys_router, ingest_router, referrals_router, identity_router),
    *(plans_router, rewards_router, ledger_router, influence_router, compliance_router),
    *(explain_router, portal_router, erasure_router),
    *(webhooks_router, simulation_router, holds_router, risk_router, cases_router, channels_router),
    case_reports_router,
    *(payouts_router, scans_router, browser_router, console_router),
)
EXPOSED_HEADERS = [
    "Idempotency-Replayed",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-Id",
]


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
    app.state.risk_rules = read_risk_rules(app.state.settings.risk_rules)
    app.state.console = Desk()
    app.state.fraud_warning = lambda: _fraud_warning(app)
    for router in ROUTERS:
        app.include_router(router)
    _add_own_routes(app)
    app.add_exception_handler(ServiceError, answer_service_error)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(HTTPException, answer_http_error)
    _add_middleware(app, app.state.settings)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    settings: Settings = app.state.settings
    app.state.channels = open_channels(settings)
    app.state.payout_rules = read_payout_rules(settings.payout_rules)
    async with open_graph(settings) as opened:
        pepper = read_pepper(settings)
        app.state.graph = opened.graph
        app.state.rates = Rates(settings)
        app.state.reports = Reports()
        app.state.key_ring = await open_key_ring(opened.graph, settings, pepper)
        grace = timedelta(hours=settings.month_grace_h)
        app.state.pipeline = await open_pipeline(opened.graph, open_tokeniser(settings), grace)
        _show_first_key(app.state.key_ring)
        named = settings_for(settings, opened.address) if opened.address else settings
        async with (
            keeping(app.state.key_ring),
            working(app.state.console),
            running(app.state.pipeline),
            telling(opened.graph, app.state.pipeline, pepper, settings) as app.state.teller,
            scanning(
                opened.graph, app.state.pipeline, app.state.risk_rules, named
            ) as app.state.scanner,
            screening(
                opened.graph, app.state.pipeline, app.state.risk_rules, named
            ) as app.state.screener,
        ):
            yield


def _fraud_warning(app: FastAPI) -> str | None:
    """What is wrong with what looks for fraud: the last scan, or the last look at new facts."""
    screener: Screener | None = app.state.screener
    return app.state.scanner.warning or (screener.warning if screener else None)


@asynccontextmanager
async def running(pipeline: Pipeline) -> AsyncGenerator[None, None]:
    """The outbox is worked off while this is open."""
    task = asyncio.create_task(keep_running(pipeline.run, "outbox"))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """The last one added is the outermost: every answer has an id, and a page that may call is
    let read errors too; a preflight has no key.
    """
    app.add_middleware(Idempotency, settings=settings)
    app.add_middleware(KeyGate)
    app.add_middleware(Limits, settings=settings)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key"],
            expose_headers=EXPOSED_HEADERS,
        )
    app.add_middleware(AnyOrigin)
    app.add_middleware(RequestFrame)


def _show_first_key(ring: KeyRing) -> None:
    if ring.generated is not None:
        print(f"First admin API key, shown this once: {ring.generated}", flush=True)  # noqa: T201


def _add_own_routes(app: FastAPI) -> None:
    reading = [Depends(Requires("read"))]

    @app.get(
        "/metrics",
        dependencies=reading,
        tags=["health"],
        summary="Prometheus metrics",
        response_class=PlainTextResponse,
    )
    async def metrics() -> Response:  # pyright: ignore[reportUnusedFunction]
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/openapi.json", dependencies=reading, include_in_schema=False)
    async def openapi() -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        return JSONResponse(openapi_of(app))

    @app.get("/docs", dependencies=reading, include_in_schema=False)
    async def docs() -> HTMLResponse:  # pyright: ignore[reportUnusedFunction]
        return get_swagger_ui_html(openapi_url="/openapi.json", title="graph-service")
