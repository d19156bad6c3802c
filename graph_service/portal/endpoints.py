"""A member's own page behind a signed link, over HTTP; a mall may frame it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import Field

from graph_service.access.endpoints import Requires, Ring
from graph_service.access.rates import Rates
from graph_service.access.ring import KeyRing
from graph_service.answers import Answer, Asked, answers
from graph_service.clock import from_micros, time_string, to_micros
from graph_service.errors import MemberNotFound, NotFound, Refused, ServiceError, TooMany
from graph_service.explain.endpoints import read_explanation
from graph_service.explain.telling import Teller
from graph_service.frame import answer_service_error
from graph_service.graph.endpoints import GraphOfApp
from graph_service.graph.session import Graph
from graph_service.hypertext.rendering import page_headers, render, room_words
from graph_service.ledger.endpoints import SETTLE_S, Bookkeeper, Books
from graph_service.periods import is_month, month_of
from graph_service.plans.endpoints import preferred_lang
from graph_service.plans.member import Lang, amount_text
from graph_service.portal.links import PageLink, read_link, sign_link
from graph_service.portal.reading import (
    View,
    ladder_texts,
    own_part,
    read_ledger_end,
    read_own_page,
)
from graph_service.referrals.endpoints import MemberId
from graph_service.referrals.teams import read_member
from graph_service.settings import Settings

EXPIRES_IN_S = 900
EXPIRES_IN_S_MAX = 30 * 86_400
HTML = {"content": {"text/html": {"schema": {"type": "string"}}}}
REFUSALS: dict[int | str, dict[str, Any]] = {
    403: {"description": "The link is forged or has expired, in words.", **HTML},
    404: {"description": "The member earns nothing from such an order, in words.", **HTML},
    429: {"description": "Too many requests for this member's page, in words.", **HTML},
}
router = APIRouter(tags=["members"])


class LinkWanted(Asked):
    """How a link is made."""

    expires_in_s: int = Field(
        default=EXPIRES_IN_S,
        ge=1,
        le=EXPIRES_IN_S_MAX,
        strict=True,
        description="how long it works (s), at most 30 days",
    )
    lang: Literal["zh", "en"] | None = Field(
        default=None,
        description="language of the page; absent: by the reader's Accept-Language, else zh",
    )


class LinkAnswer(Answer):
    """A link to a member's own page; whoever has it sees the page."""

    url: str = Field(description="under GRAPH_SERVICE_PUBLIC_URL; a path where that is not set")
    expires_at: str = Field(description="when it ends (UTC)")


@dataclass(frozen=True)
class Visit:
    """Somebody with a good link. asked: the language in the address, if any. lag: up to when the
    ledger has come, None where it holds everything.
    """

    link: PageLink
    lang: Lang
    asked: Lang | None
    token: str
    lag: str | None = None

    def address(self, below: str = "", **query: str | None) -> str:
        """Another page of this link, relative to the member page. query: what is not None."""
        wanted = {"lang": self.asked, **query}
        told = urlencode({name: value for name, value in wanted.items() if value is not None})
        return f"{self.token}{below}" + (f"?{told}" if told else "")


Token = Annotated[str, Path(description="of a link that page-links made")]
LangAsked = Annotated[
    str | None, Query(alias="lang", description="zh or en; else the link's, else the reader's")
]
Month = Annotated[str | None, Query(description="YYYY-MM; else the running month")]
Before = Annotated[str | None, Query(description="where an earlier page of orders begins")]


@router.post(
    "/v1/members/{memberId}/page-links",
    summary="Make a link to a member's own page",
    status_code=201,
    response_model=None,
    dependencies=[Depends(Requires("read"))],
    responses=answers(None, MemberNotFound) | {201: {"model": LinkAnswer}},
)
async def post_page_link(
    request: Request,
    response: Response,
    graph: GraphOfApp,
    books: Books,
    ring: Ring,
    member_id: MemberId,
    wanted: LinkWanted | None = None,
) -> dict[str, Any]:
    """Signed and for a time; nothing is stored, so it cannot be taken back before it ends."""
    settings: Settings = request.app.state.settings
    asked = wanted or LinkWanted()
    await read_member(graph, member_id)
    expires_s = int(books.clock().timestamp()) + asked.expires_in_s
    token = sign_link(PageLink(member_id, expires_s, asked.lang), ring.pepper)
    url = f"{settings.public_url or ''}/m/{token}"
    response.headers["Location"] = url
    return {"url": url, "expiresAt": time_string(expires_s * 1_000_000)}


@router.get(
    "/m/{token}",
    summary="What may this member see of their own?",
    response_class=HTMLResponse,
    responses=REFUSALS,
)
async def get_member_page(
    request: Request,
    graph: GraphOfApp,
    books: Books,
    ring: Ring,
    token: Token,
    lang: LangAsked = None,
    month: Month = None,
    before: Before = None,
) -> HTMLResponse:
    """Rules, ladder, balance, a month by basis and the orders that earned, as a page; the signed
    link stands in for a key.
    """

    async def page(visit: Visit) -> str:
        now = books.clock().astimezone(UTC)
        plan = books.plans.at(to_micros(now))
        running = month_of(now, plan.month_zone)
        asked = month if month and is_month(month) and month < running else running
        view = View(asked, before)
        told = await read_own_page(graph, books.plans, visit.link.member_id, view, visit.lang, now)
        return _member_page(visit, told, view)

    return await _answered(request, graph, books, ring, Asking(token, lang), page)


@router.get(
    "/m/{token}/orders/{orderId}",
    summary="What does this member earn from an order?",
    response_class=HTMLResponse,
    responses=REFUSALS,
)
async def get_order_page(
    request: Request,
    graph: GraphOfApp,
    books: Books,
    ring: Ring,
    token: Token,
    order_id: Annotated[str, Path(alias="orderId", description="An order that earned")],
    lang: LangAsked = None,
) -> HTMLResponse:
    """The path, with others masked, and the member's own formulas and entries, as a page; 404 for
    an order that the member earns nothing from.
    """

    async def page(visit: Visit) -> str:
        story, whole = await read_explanation(graph, books, order_id, visit.lang)
        teller = Teller(story, visit.lang)
        return render(
            "portal/order.html",
            visit.lang,
            told=own_part(whole, visit.link.member_id),
            links={"back": f"../../{visit.address()}"},
            bases=teller.words["bases"],
            lag=visit.lag,
            money=teller.money,
            moment=teller.moment,
        )

    return await _answered(request, graph, books, ring, Asking(token, lang), page)


@dataclass(frozen=True)
class Asking:
    """What an address of the member page says. lang: as it stands there."""

    token: str
    lang: str | None


async def _lag(graph: Graph, books: Bookkeeper) -> str:
    """Up to when the ledger has come, to the minute; empty before its first fact."""
    stored_at = await read_ledger_end(graph)
    if stored_at is None:
        return ""
    zone = books.plans.at(to_micros(books.clock())).month_zone
    return from_micros(stored_at).astimezone(zone).strftime("%Y-%m-%d %H:%M")


async def _answered(
    request: Request,
    graph: Graph,
    books: Bookkeeper,
    ring: KeyRing,
    asking: Asking,
    page: Callable[[Visit], Awaitable[str]],
) -> HTMLResponse:
    """The page, or in words why there is none."""
    settings: Settings = request.app.state.settings
    headers = page_headers(settings.page_embed_origins)
    asked: Lang | None = "zh" if asking.lang == "zh" else "en" if asking.lang == "en" else None
    lang = asked or preferred_lang(request.headers.get("accept-language", ""))
    try:
        link = read_link(asking.token, ring.pepper, books.clock().timestamp())
        lang = asked or link.lang or lang
        rates: Rates = request.app.state.rates
        request.state.headers = await rates.take_page(link.member_id)
        is_settled = await books.settle_ledger(timeout_s=SETTLE_S)
        lag = None if is_settled else await _lag(graph, books)
        return HTMLResponse(
            await page(Visit(link, lang, asked, asking.token, lag)), headers=headers
        )
    except ServiceError as fault:
        status = (await answer_service_error(request, fault)).status_code
        text = render("portal/refused.html", lang, reason=_reason(fault))
        return HTMLResponse(text, status, headers | fault.headers)


def _reason(fault: ServiceError) -> str:
    if isinstance(fault, NotFound):
        return "not_found"
    return fault.code if isinstance(fault, (Refused, TooMany)) else "other"


def _member_page(visit: Visit, told: dict[str, Any], view: View) -> str:
    currency = told["statement"]["currency"]
    cursor, following = view.cursor, told["following"]
    orders = [
        {**one, "link": visit.address(f"/orders/{quote(one['orderId'], safe='')}")}
        for one in told["orders"]
    ]
    other = "en" if visit.lang == "zh" else "zh"
    links = {
        "switch": visit.address(month=view.month, lang=other),
        "earlier": told["earlier"] and visit.address(month=told["earlier"]),
        "later": told["later"] and visit.address(month=told["later"]),
        "more": following and visit.address(month=view.month, before=following),
        "newest": visit.address(month=view.month) if cursor else None,
    }
    return render(
        "portal/member.html",
        visit.lang,
        told={**told, "orders": orders},
        links=links,
        bases=room_words("explain")[visit.lang]["bases"],
        ladder=ladder_texts(told["ladder"], currency, visit.lang),
        lag=visit.lag,
        money=partial(amount_text, currency=currency, lang=visit.lang),
    )
