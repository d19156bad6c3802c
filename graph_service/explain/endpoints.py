"""What an order's money comes from, over HTTP: for programs as JSON, for people as a page."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import Field

from graph_service.access.endpoints import Requires
from graph_service.answers import Answer, answers
from graph_service.errors import GraphTimeout
from graph_service.explain.formulas import number_text
from graph_service.explain.story import Story, read_story
from graph_service.explain.telling import Teller, explanation
from graph_service.graph.endpoints import GraphOfApp
from graph_service.graph.session import Graph
from graph_service.hypertext.rendering import page_headers, prefers_page, render
from graph_service.ledger.endpoints import RETRY, SETTLE_S, Bookkeeper, Books, CommissionLine
from graph_service.ledger.statement import read_commission
from graph_service.plans.endpoints import LangOfAnswer
from graph_service.plans.member import Lang, words
from graph_service.rewards.endpoints import Attribution, Excluded
from graph_service.rewards.orders import AttributionQuestion, OrderNotFound, ask_attribution

router = APIRouter(prefix="/v1", tags=["orders"], dependencies=[Depends(Requires("read"))])
VARY = {"Vary": "Accept, Accept-Language"}


class Factor(Answer):
    """A number of a formula."""

    name: str = Field(description="which number; the same in every language")
    value: str = Field(description="a decimal with commas between thousands, else a fraction 1/3")
    text: str = Field(description="what it is, in words")


class Formula(Answer):
    """How an amount is reckoned from what holds now; it is what the entries of the line come to."""

    payee_id: str
    kept: bool = Field(description="the platform keeps it")
    basis: str = Field(description="by which rule it is earned")
    part: str = Field(description="which of the payee's lines of this basis")
    why: str = Field(description="code of the reason")
    text: str = Field(description="what it is for, in words")
    factors: list[Factor] = Field(description="they are multiplied, and the product is floored")
    less_minor: list[int] = Field(description="what others have of it (minor units)")
    formula: str = Field(description="with every digit, as in floor(10,000 × 3/4 × 0.08) = 600")
    shown: str = Field(description="the same with long numbers rounded")
    amount_minor: int = Field(description="what it comes to (minor units)")
    booked_minor: int = Field(description="sum of the entries of this line (minor units)")


class StepShare(Answer):
    """A step's share of the influence pool, pi(people / all) less pi of the next step."""

    position: int = Field(description="of the step in the path")
    member_id: str
    clicks: int = Field(description="people whom the step brought, c_i")
    people: int = Field(description="people whom it and the steps below it brought, S_i")
    share: str = Field(description="part of the pool, decimal from 0 to 1")
    formula: str = Field(description="the share with the numbers put in, exact")
    amount_minor: int = Field(description="that part of the pool, floored (minor units)")
    excluded: Excluded | None = Field(description="why the step earns nothing")


class InfluencePool(Answer):
    """The influence pool and how it is split, before any cap of paid levels."""

    pool_minor: int = Field(description="what is split (minor units)")
    kept_minor: int = Field(description="what stays with the platform (minor units)")
    formula: str = Field(description="the pool with the numbers put in")
    beta: str = Field(description="linear part of the curve pi(x) = beta x + (1 - beta) x²")
    people: int = Field(description="whom all steps brought together, S_1")
    steps: list[StepShare] = Field(description="origin first")


class Cause(Answer):
    """The fact that an entry follows from."""

    seq: int
    type: str
    time: str = Field(description="when it happened (UTC)")


class ExplainedEntry(CommissionLine):
    """An entry of the ledger with the fact that it follows from."""

    cause: Cause
    text: str = Field(description="what the fact did, in words")


class ToldFact(Answer):
    """A fact that mattered, as it is stored."""

    seq: int = Field(description="place in the order of becoming known")
    type: str
    time: str = Field(description="when it happened (UTC)")
    source: str
    id: str = Field(description="of the event")
    role: str = Field(description="why it matters; the same in every language")
    text: str = Field(description="why it matters, in words")
    data: dict[str, Any] = Field(description="as sent, identifier values as tokens")


class PayeeTotal(Answer):
    """What one member is owed of the order."""

    payee_id: str
    amount_minor: int = Field(description="minor units")


class Totals(Answer):
    """What the entries come to (minor units)."""

    owed_minor: int = Field(description="for members")
    kept_minor: int = Field(description="for the platform")
    payees: list[PayeeTotal] = Field(description="by member, in order of id")


class Explanation(Answer):
    """How the money of an order came about."""

    order_id: str
    as_of_seq: int = Field(description="the last fact that the ledger has followed")
    lang: Literal["zh", "en"] = Field(description="language of the texts")
    currency: str = Field(description="ISO 4217")
    status: Literal["paid", "completed", "cancelled"]
    net_minor: int = Field(description="what was paid less refunds (minor units)")
    plan_version: str
    model: str
    model_version: str
    attribution: Attribution = Field(description="as its own route answers")
    formulas: list[Formula] = Field(description="one for each line, members' before the platform's")
    influence: InfluencePool
    entries: list[ExplainedEntry] = Field(description="for members, as they were booked")
    kept: list[ExplainedEntry] = Field(description="for the platform")
    totals: Totals
    facts: list[ToldFact] = Field(description="in order of seq")
    facts_omitted: int = Field(description="so many more matter and are not told")


@router.get(
    "/orders/{orderId}/explain",
    summary="How did the money of this order come about?",
    response_model=None,
    responses=answers(None, OrderNotFound, GraphTimeout)
    | {200: {"model": Explanation, "content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def get_explanation(
    request: Request,
    graph: GraphOfApp,
    books: Books,
    order_id: Annotated[str, Path(alias="orderId", description="The order")],
    lang: LangOfAnswer,
    form: Annotated[
        Literal["json", "html"] | None,
        Query(alias="format", description="JSON or a page for people; else by Accept"),
    ] = None,
) -> Response:
    """Facts, path, plan, every formula with its numbers, and every entry with its cause; as JSON,
    or as a page where `Accept` prefers `text/html`.
    """
    if not await books.settle_ledger(timeout_s=SETTLE_S):
        raise GraphTimeout("the ledger is behind what was stored; ask again", headers=RETRY)
    story, body = await read_explanation(graph, books, order_id, lang)
    as_page = prefers_page(request.headers.get("accept", "")) if form is None else form == "html"
    if not as_page:
        return JSONResponse(body, headers=VARY)
    return HTMLResponse(_page(story, body, lang), headers=VARY | page_headers())


def _page(story: Story, body: Mapping[str, Any], lang: Lang) -> str:
    return render("explain/order.html", lang, **page_values(story, body, lang))


def page_values(story: Story, body: Mapping[str, Any], lang: Lang) -> dict[str, Any]:
    """What the page of an explanation shows, which the console shows too."""
    teller = Teller(story, lang)
    # Where a member is several steps the whole stands at the one nearest the sale.
    places = {one["memberId"]: one["position"] for one in body["attribution"]["path"]}
    sums = {one["payeeId"]: one["amountMinor"] for one in body["totals"]["payees"]}
    platform = [{**one, "payee": teller.words["platform"]} for one in body["kept"]]
    entries = [*({**one, "payee": one["payeeId"]} for one in body["entries"]), *platform]
    return {
        "told": body,
        "model": words()[lang]["rules"][f"model_{body['model']}"],
        "earned": {places[one]: minor for one, minor in sums.items() if one in places},
        "entries": sorted(
            entries, key=lambda one: [int(part) for part in one["entryId"].split("-")]
        ),
        "money": teller.money,
        "moment": teller.moment,
        "spelled": partial(json.dumps, ensure_ascii=False),
        "rest": number_text(1 - story.plan.beta),
    }


async def read_explanation(
    graph: Graph, books: Bookkeeper, order_id: str, lang: Lang
) -> tuple[Story, dict[str, Any]]:
    """The story and the whole answer, as far as the ledger has come. Raises OrderNotFound."""
    plans, now = books.plans, books.clock()
    story = await read_story(graph, order_id, plans, books.clock)
    commission = await read_commission(graph, order_id, plans, now)
    attribution = await ask_attribution(graph, order_id, AttributionQuestion(), plans)
    return story, explanation(story, commission, attribution, lang)
