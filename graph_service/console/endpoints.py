"""The doors of the console: login, logout, its files, and the pages behind them."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import HTMLResponse

from graph_service.access.endpoints import KeyExpired, KeyRevoked
from graph_service.access.keys import ApiKey
from graph_service.access.rates import Rates
from graph_service.access.ring import BOOTSTRAP, KeyRing
from graph_service.console.boards.compliance import router as compliance_router
from graph_service.console.boards.health import router as health_router
from graph_service.console.boards.ledger import router as ledger_router
from graph_service.console.boards.scans import router as scans_router
from graph_service.console.boards.whatif import router as whatif_router
from graph_service.console.casework.page import router as case_router
from graph_service.console.casework.papers import router as papers_router
from graph_service.console.casework.silencing import router as silences_router
from graph_service.console.files import static_files
from graph_service.console.forms import read_form
from graph_service.console.pages.alerts import router as alerts_router
from graph_service.console.pages.inbox import router as inbox_router
from graph_service.console.pages.member import router as member_router
from graph_service.console.pages.order import router as order_router
from graph_service.console.pages.pictures import router as pictures_router
from graph_service.console.pages.search import router as search_router
from graph_service.console.sessions import NONCE_BYTES, SESSION_S, new_session, same, sign_session
from graph_service.console.visiting import (
    COOKIE,
    ROOT,
    FormForged,
    PageRoute,
    Visit,
    Visiting,
    cookie_terms,
    is_local,
    lang_of,
    page_of,
    seen_other,
)
from graph_service.errors import NotFound, Unauthenticated

LOGIN_COOKIE = "graph_console_login"
# How long a login page may stand open (s).
LOGIN_S = 3_600
# The address of a file changes with it, so it is kept (s).
KEPT_S = 365 * 86_400
NEXT_CHARACTERS_MAX = 2_000

router = APIRouter(prefix=ROOT, include_in_schema=False, route_class=PageRoute)
for _pages in (
    *(inbox_router, alerts_router, case_router, papers_router, pictures_router, silences_router),
    *(member_router, order_router),
    *(search_router, scans_router, ledger_router, compliance_router, whatif_router, health_router),
):
    router.include_router(_pages)


@router.get("")
async def get_root(request: Request) -> Response:
    """To the inbox."""
    query = f"?{request.url.query}" if request.url.query else ""
    return seen_other(f"{ROOT}/{query}")


class FileNotFound(NotFound):
    """The console has no such file."""

    code = "file_not_found"


@router.get("/static/{name}")
async def get_file(name: Annotated[str, Path(max_length=100)]) -> Response:
    """A file of the console; there is nothing secret in any."""
    file = static_files().get(name)
    if file is None:
        raise FileNotFound(f"there is no file {name}")
    kept = {"Cache-Control": f"public, max-age={KEPT_S}, immutable"}
    return Response(file.content, media_type=file.media, headers=kept)


@router.get("/login")
async def get_login(
    request: Request, following: Annotated[str, Query(alias="next", max_length=2_000)] = ""
) -> HTMLResponse:
    """Asks for an API key."""
    return _login_page(request, following)


@router.post("/login")
async def post_login(request: Request) -> Response:
    """A good key opens a session; a wrong one is counted like any other."""
    form = (await read_form(request)).fields
    following = (form.get("next") or [""])[0]
    told, wanted = (form.get("token") or [""])[0], request.cookies.get(LOGIN_COOKIE, "")
    if not wanted or not same(told, wanted):
        raise FormForged("the form is not one of this browser")
    try:
        key = await _key_of(request, (form.get("key") or [""])[0].strip())
    except Unauthenticated as fault:
        return _login_page(request, following, fault.code)
    ring: KeyRing = request.app.state.key_ring
    session = new_session(key, ring.now_ms() / 1_000)
    answer = seen_other(_safe_next(following))
    cookie = sign_session(session, key, ring.pepper)
    answer.set_cookie(COOKIE, cookie, **cookie_terms(request, SESSION_S))
    answer.delete_cookie(LOGIN_COOKIE, path=ROOT)
    return answer


@router.post("/logout")
async def post_logout(visit: Annotated[Visit, Depends(Visiting(None))]) -> Response:
    """The session is over."""
    ring: KeyRing = visit.request.app.state.key_ring
    visit.desk.ended.add(visit.session, ring.now_ms() / 1_000)
    answer = seen_other(f"{ROOT}/login")
    answer.delete_cookie(COOKIE, path=ROOT)
    return answer


@router.get("/help")
async def get_help(visit: Annotated[Visit, Depends(Visiting(None))]) -> HTMLResponse:
    """The keys of the keyboard, and what a key of the service lets one see."""
    return visit.page("help.html")


class PageNotFound(NotFound):
    """The console has no such page."""

    code = "page_not_found"


@router.get("/{rest:path}")
async def get_unknown(visit: Annotated[Visit, Depends(Visiting(None))]) -> Response:
    """Whoever followed an old or a mistyped address is told so on a page, with a way on."""
    path = visit.request.url.path
    if path.endswith("/"):
        return seen_other(path.rstrip("/"))
    raise PageNotFound(f"there is no page {path}")


def _login_page(request: Request, following: str, code: str = "") -> HTMLResponse:
    token = secrets.token_urlsafe(NONCE_BYTES)
    status = 401 if code else 200
    insecure = request.url.scheme == "http" and not is_local(request)
    values = {"following": _safe_next(following), "code": code, "insecure": insecure}
    page = page_of(
        request, "login.html", lang_of(request), status, **{**values, "form_token": token}
    )
    page.set_cookie(LOGIN_COOKIE, token, **cookie_terms(request, LOGIN_S))
    return page


async def _key_of(request: Request, presented: str) -> ApiKey:
    """The good key that was shown. Raises Unauthenticated, TooMany for a guesser."""
    ring: KeyRing = request.app.state.key_ring
    rates: Rates = request.app.state.rates
    host = request.client.host if request.client else None
    key = await ring.find(presented) if presented else None
    if key is None:
        await rates.count_wrong(host)
        raise Unauthenticated("this API key is not known")
    if key.key_id == BOOTSTRAP:
        # People choose it, so unlike the keys that we make it could be guessed.
        await rates.check_wrong(host)
    state = key.state(ring.now_ms())
    if state != "active":
        raise (KeyExpired if state == "expired" else KeyRevoked)(f"this API key is {state}")
    ring.note_use(key)
    return key


def _safe_next(address: str) -> str:
    """A page of the console; anything else that stands there is not followed."""
    is_ours = address.startswith(f"{ROOT}/") and len(address) <= NEXT_CHARACTERS_MAX
    is_plain = address.isprintable() and "\\" not in address and "//" not in address
    return address if is_ours and is_plain else f"{ROOT}/"
