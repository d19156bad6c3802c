"""Who is at the console, may they, in which language, and what does a fault look like there?"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Annotated, Any, Protocol, cast
from urllib.parse import quote

from fastapi import Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute

from graph_service.access.endpoints import ScopeMissing
from graph_service.access.keys import ApiKey, Scope
from graph_service.access.rates import Rates
from graph_service.access.ring import KeyRing
from graph_service.clock import Clock, to_micros
from graph_service.console.files import version_of_files
from graph_service.console.forms import SentFile, read_form
from graph_service.console.sessions import (
    Ended,
    Session,
    claimed_session,
    form_token,
    is_signed,
    same,
)
from graph_service.console.spelling import Speller
from graph_service.errors import Invalid, NotFound, Refused, ServiceError, Unauthenticated
from graph_service.frame import answer_service_error
from graph_service.graph.session import Graph
from graph_service.hypertext.rendering import render, room_words
from graph_service.ingest.endpoints import EventStore
from graph_service.plans.endpoints import preferred_lang
from graph_service.plans.member import Lang
from graph_service.plans.timeline import Plans
from graph_service.settings import Settings

ROOT = "/console"
COOKIE, LANG_COOKIE = "graph_console", "graph_console_lang"
LANG_S = 365 * 86_400
# Where a browser may speak plain HTTP: nothing leaves the machine.
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
# Only what the service itself serves is loaded, run, asked or sent to.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": POLICY}
PAGE_ITEMS = 25


class FormForged(Refused):
    """The form did not come from a page of this session."""

    code = "form_forged"


class LoginNeeded(Unauthenticated):
    """Nobody is logged in, or no longer."""

    code = "login_needed"


class Books(Protocol):
    """The plans as booked, the time, and whether everything stored is booked."""

    clock: Clock
    plans: Plans

    async def settle(self, batch: str = "", *, timeout_s: float) -> bool:
        """Wait until what was stored is booked."""
        ...

    async def settle_ledger(self, *, timeout_s: float) -> bool:
        """Wait until everything stored is in the ledger."""
        ...

    async def behind(self) -> int:
        """How many booked facts the ledger has not followed yet."""
        ...


@dataclass
class Desk:
    """What the console of this process remembers: logged out sessions, and work under way."""

    ended: Ended = field(default_factory=Ended)
    works: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Visit:
    """Somebody who is logged in asks for something. form, file: what a POST sent."""

    request: Request
    key: ApiKey
    session: Session
    lang: Lang
    form: Mapping[str, list[str]]
    file: SentFile | None = None

    @property
    def graph(self) -> Graph:
        """The graph that the app opened."""
        return cast(Graph, self.request.app.state.graph)

    @property
    def books(self) -> Books:
        """The pipeline that the app opened."""
        return cast(Books, self.request.app.state.pipeline)

    @property
    def store(self) -> EventStore:
        """What takes events in."""
        return cast(EventStore, self.request.app.state.pipeline)

    @property
    def settings(self) -> Settings:
        """The settings of the app."""
        return cast(Settings, self.request.app.state.settings)

    @property
    def desk(self) -> Desk:
        """What the console of this process remembers."""
        return desk_of(self.request)

    @property
    def words(self) -> dict[str, Any]:
        """The texts of the console."""
        return room_words("console")[self.lang]

    def told(self, name: str, default: str = "") -> str:
        """What the form says under a name, without blanks around it."""
        return (self.form.get(name) or [default])[0].strip()

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page for whoever is here."""
        ring: KeyRing = self.request.app.state.key_ring
        own = {"visit": self, "form_token": form_token(self.session, ring.pepper)}
        return page_of(self.request, template, self.lang, status, **own, **values)


def page_of(
    request: Request, template: str, lang: Lang, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page of the console, with what all of them show."""
    other = "en" if lang == "zh" else "zh"
    own = {
        "visit": None,
        "form_token": "",
        "path": request.url.path,
        "files": version_of_files(),
        "switch": "?" + str(request.url.include_query_params(lang=other).query),
        "say": Speller(lang, zone_of(request)),
    }
    text = render(f"console/{template}", lang, **{**own, **values})
    return HTMLResponse(text, status, HEADERS)


def zone_of(request: Request) -> tzinfo:
    """The zone of the plan's months, in which times are told."""
    books: Books = request.app.state.pipeline
    return books.plans.at(to_micros(books.clock())).month_zone


def desk_of(request: Request) -> Desk:
    """What the console of this process remembers."""
    return cast(Desk, request.app.state.console)


def lang_of(request: Request) -> Lang:
    """The language asked for, else the one remembered, else the browser's, else Chinese."""
    for told in (request.query_params.get("lang"), request.cookies.get(LANG_COOKIE)):
        if told in ("zh", "en"):
            return "zh" if told == "zh" else "en"
    return preferred_lang(request.headers.get("accept-language", ""))


def is_local(request: Request) -> bool:
    """Is this plain HTTP on the machine itself?"""
    return request.url.scheme == "http" and request.url.hostname in LOCAL


async def session_of(request: Request) -> tuple[Session, ApiKey]:
    """The session of the cookie with its key. Raises LoginNeeded."""
    ring: KeyRing = request.app.state.key_ring
    token = request.cookies.get(COOKIE, "")
    session = claimed_session(token)
    now_ms = ring.now_ms()
    if session is None or session.expires_s * 1_000 <= now_ms:
        raise LoginNeeded("nobody is logged in")
    key = await ring.find_by_id(session.key_id)
    if key is None or not is_signed(token, key, ring.pepper) or key.state(now_ms) != "active":
        raise LoginNeeded("the session is over")
    if desk_of(request).ended.holds(session):
        raise LoginNeeded("the session was ended")
    return session, key


@dataclass(frozen=True)
class Visiting:
    """A dependency that lets only who is logged in with this scope (or admin) through.

    scope: None: any. A POST has to bring the token of its session's forms.
    """

    scope: Scope | None

    async def __call__(self, request: Request) -> Visit:
        """Raises LoginNeeded, ScopeMissing, FormForged, TooMany."""
        session, key = await session_of(request)
        ring: KeyRing = request.app.state.key_ring
        rates: Rates = request.app.state.rates
        visit = Visit(request, key, session, lang_of(request), {})
        request.state.visit = visit
        request.state.key = key
        request.state.headers = await rates.take(key.key_id)
        ring.note_use(key)
        if self.scope is not None and not key.allows(self.scope):
            raise ScopeMissing(f"this needs a key with the scope {self.scope}")
        if request.method in ("GET", "HEAD"):
            return visit
        form = await read_form(request)
        if not same((form.fields.get("token") or [""])[0], form_token(session, ring.pepper)):
            raise FormForged("the form is not one of this session")
        return Visit(request, key, session, visit.lang, form.fields, form.file)


class PageRoute(APIRoute):
    """A route whose faults are pages, and which remembers the language that was asked for."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the framework, with faults caught."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                answer = await handle(request)
            except LoginNeeded:
                answer = _to_login(request)
            except RequestValidationError as fault:
                told = "; ".join(f"{one['loc'][-1]}: {one['msg']}" for one in fault.errors()[:5])
                answer = await _refused(request, Invalid(told, code="invalid_request"))
            except ServiceError as fault:
                answer = await _refused(request, fault)
            asked = request.query_params.get("lang")
            if asked in ("zh", "en"):
                answer.set_cookie(LANG_COOKIE, asked, **cookie_terms(request, LANG_S))
            return answer

        return handled


def cookie_terms(request: Request, seconds: int) -> dict[str, Any]:
    """How our cookies are kept: of no use to scripts, to other sites, or on an open line."""
    return {
        "max_age": seconds,
        "path": ROOT,
        "secure": not is_local(request),
        "httponly": True,
        "samesite": "strict",
    }


def seen_other(address: str) -> RedirectResponse:
    """After a POST: look there."""
    return RedirectResponse(address, 303)


def _to_login(request: Request) -> Response:
    """To the page where one logs in, and from there back if it was a page that was asked for."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = f"?next={quote(asked, safe='')}" if request.method == "GET" else ""
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"HX-Redirect": f"{ROOT}/login"})
    return RedirectResponse(f"{ROOT}/login{back}", 303)


async def _refused(request: Request, fault: ServiceError) -> Response:
    """A fault as a page; it is logged as everywhere."""
    status = (await answer_service_error(request, fault)).status_code
    visit: Visit | None = getattr(request.state, "visit", None)
    values = {"code": fault.code, "detail": str(fault), "missing": isinstance(fault, NotFound)}
    if visit is None:
        answer = page_of(request, "refused.html", lang_of(request), status, **values)
    else:
        answer = visit.page("refused.html", status, **values)
    answer.headers.update(fault.headers)
    return answer


Cursor = Annotated[str | None, Query(max_length=2_000)]
