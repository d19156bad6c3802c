"""Guide and style, which Neo4j Browser reads from another origin; no key: they hold no data."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph_service.browser.guide import asciidoc_guide, html_guide, style_text
from graph_service.browser.questions import saved_questions
from graph_service.plans.member import Lang
from graph_service.settings import Settings

PREFIX = "/browser"
STYLE = f"{PREFIX}/style.grass"
# The Browser asks for a guide with these two, so it asks first whether it may.
ANY_ORIGIN: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET",
    "Access-Control-Allow-Headers": "cache-control, pragma",
}


class AsciiDocResponse(PlainTextResponse):
    """A text in AsciiDoc."""

    media_type = "text/asciidoc"


LangOfGuide = Annotated[Lang, Query(description="the language of what is said")]

router = APIRouter(prefix=PREFIX, tags=["browser"])


class AnyOrigin:
    """Pages of every origin may read what is under /browser, whatever origins may call the rest."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer whether a page may ask, or pass on and let it read the answer."""
        if scope["type"] != "http" or not scope["path"].startswith(f"{PREFIX}/"):
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=ANY_ORIGIN)(scope, receive, send)
            return

        async def opened(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(ANY_ORIGIN)
            await send(message)

        await self._app(scope, receive, opened)


@router.get(
    "/guide.html",
    summary="The saved questions as a guide of Neo4j Browser",
    response_class=HTMLResponse,
)
async def get_guide(request: Request, lang: LangOfGuide = "en") -> HTMLResponse:
    """For `:play` in Neo4j Browser."""
    return HTMLResponse(html_guide(saved_questions(), _style_url(request), lang))


@router.get(
    "/guide.adoc",
    summary="The saved questions as AsciiDoc",
    response_class=AsciiDocResponse,
)
async def get_asciidoc(request: Request, lang: LangOfGuide = "en") -> AsciiDocResponse:
    """The same as the guide, to be rendered elsewhere."""
    return AsciiDocResponse(asciidoc_guide(saved_questions(), _style_url(request), lang))


@router.get(
    "/style.grass",
    summary="Colours and captions of the graph in Neo4j Browser",
    response_class=PlainTextResponse,
)
async def get_style() -> PlainTextResponse:
    """For `:style` in Neo4j Browser, or to be saved and dropped onto it."""
    return PlainTextResponse(style_text())


def _style_url(request: Request) -> str:
    settings: Settings = request.app.state.settings
    return f"{settings.public_url or str(request.base_url).rstrip('/')}{STYLE}"
