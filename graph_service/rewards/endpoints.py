"""Orders over HTTP: which path brought them, who is credited, what each step is allowed."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import FailFast, Field

from graph_service.access.endpoints import Requires
from graph_service.answers import Answer, Asked, answers
from graph_service.attribution.models import Model
from graph_service.errors import TooLarge
from graph_service.graph.endpoints import GraphOfApp
from graph_service.ingest.envelope import Id
from graph_service.plans.timeline import Plans
from graph_service.rewards.orders import (
    AttributionQuestion,
    ModelNotPerOrder,
    OrderNotFound,
    ask_attribution,
    ask_attributions,
)
from graph_service.settings import Settings

router = APIRouter(prefix="/v1", tags=["orders"], dependencies=[Depends(Requires("read"))])


async def plans_of(request: Request) -> Plans:
    """The plans of all times, as far as they are booked."""
    return cast(Plans, request.app.state.pipeline.plans)


PlansOfApp = Annotated[Plans, Depends(plans_of)]
Excluded = Literal["buyer", "frozen"]


class Step(Answer):
    """One person on the path; neighbouring shares of one person are one step."""

    position: int = Field(description="1 is the origin")
    member_id: str
    person_id: str = Field(description="the human behind the member; the member where unknown")
    share_id: str | None = Field(description="of the step's shares the one nearest the closer")
    share_ids: list[str] = Field(description="the step's shares, from the origin on")
    shared_at: str | None = Field(description="when that share was made (UTC)")
    clicks: int = Field(description="click events on the step's shares in the window")
    cleared_clickers: int = Field(description="people whom this step was the first to reach")
    excluded: Excluded | None = Field(description="why the step earns nothing")


class Touch(Answer):
    """A click of the buyer that counts, or the share that the order names."""

    share_id: str
    member_id: str | None = Field(description="who made the share, if known")
    clicked_at: str = Field(description="when (UTC)")
    weight: str = Field(description="decimal from 0 to 1")
    cleared: bool = Field(description="false while the buyer, under any account, is held")


class Credit(Answer):
    """Whom the order counts for."""

    member_id: str
    weight: str = Field(description="decimal from 0 to 1")
    amount_minor: int = Field(description="that part of the order (minor units)")


class KeyNode(Answer):
    """A step that stands out."""

    member_id: str
    position: int = Field(description="of the step in the path")
    why: str


class AllowanceLine(Answer):
    """One step's part of the influence pool."""

    position: int = Field(description="of the step in the path")
    member_id: str
    clicks: int = Field(description="clearedClickers of the step")
    share: str = Field(description="part of the pool, decimal from 0 to 1")
    amount_minor: int = Field(description="that part, floored (minor units)")


class Allowance(Answer):
    """The influence pool of an order and how it is split."""

    pool_minor: int = Field(description="what is split (minor units)")
    kept_minor: int = Field(description="what stays with the platform (minor units)")
    currency: str = Field(description="ISO 4217")
    lines: list[AllowanceLine] = Field(description="one for each step")


class Attribution(Answer):
    """Which path brought an order and what each step of it is allowed."""

    order_id: str
    buyer_id: str = Field(description="who bought")
    basis: Literal["coupon", "click", "binding", "none"] = Field(
        description="why it is credited as it is"
    )
    model: str = Field(description="as asked, else the plan's")
    model_version: str
    plan_version: str
    window_days: int = Field(description="as asked, else the plan's (days)")
    paid_at: str = Field(description="when it was paid (UTC)")
    amount_minor: int = Field(description="what was paid (minor units)")
    refunded_minor: int = Field(description="sum of its refunds (minor units)")
    currency: str = Field(description="ISO 4217")
    path: list[Step] = Field(description="from the origin to the closer")
    truncated: bool = Field(description="something is missing before the path")
    touches: list[Touch] = Field(description="earliest first")
    credits: list[Credit] = Field(description="earliest first; nobody who is excluded")
    key_nodes: list[KeyNode] = Field(description="origin, closer and whoever reached most people")
    allowance: Allowance


class Attributions(Answer):
    """The answers about many orders."""

    items: list[Attribution] = Field(description="in the order asked")
    unknown: list[str] = Field(description="orders that no order.paid has named")


class OrderIds(Asked):
    """Orders to attribute together."""

    order_ids: Annotated[
        list[Id],
        # A hundred thousand faults, each told, would hold everybody up for a second.
        FailFast(),
        Field(
            min_length=1,
            max_length=100_000,
            description="beyond GRAPH_SERVICE_BATCH_ORDERS_MAX the answer is 413",
        ),
    ]
    model: Model | None = Field(
        None, description="how touches are weighed; else the plan's. Not markov, not shapley"
    )
    window_days: int | None = Field(
        None, ge=1, le=365, description="how far back touches count (days); else the plan's"
    )


@router.get(
    "/orders/{orderId}/attribution",
    summary="Which path brought this order?",
    responses=answers(Attribution, OrderNotFound, ModelNotPerOrder),
)
async def get_attribution(
    graph: GraphOfApp,
    plans: PlansOfApp,
    order_id: Annotated[str, Path(alias="orderId", description="The order")],
    model: Annotated[
        Model | None,
        Query(description="How touches are weighed; else the plan's. Not markov, not shapley"),
    ] = None,
    window_days: Annotated[
        int | None,
        Query(alias="windowDays", ge=1, le=365, description="How far back touches count (days)"),
    ] = None,
) -> Response:
    """The path from the origin to the closer, touches, credits, key nodes and the allowance."""
    question = AttributionQuestion(model, window_days)
    return _told(await ask_attribution(graph, order_id, question, plans))


@router.post(
    "/attributions:batch",
    summary="Which paths brought these orders?",
    responses=answers(Attributions, ModelNotPerOrder),
)
async def post_attributions(
    graph: GraphOfApp, plans: PlansOfApp, request: Request, asked: OrderIds
) -> Response:
    """The same answers for many orders, in the order asked; unknown orders are named apart."""
    settings: Settings = request.app.state.settings
    if len(asked.order_ids) > settings.batch_orders_max:
        raise TooLarge(f"more than {settings.batch_orders_max} orders in one request")
    question = AttributionQuestion(asked.model, asked.window_days)
    found = await ask_attributions(graph, asked.order_ids, question, plans)
    return _told(
        {
            "items": [found[one] for one in asked.order_ids if one in found],
            "unknown": [one for one in asked.order_ids if one not in found],
        }
    )


def _told(answer: Mapping[str, Any]) -> Response:
    """JSON as it is: to look again at a thousand answers would take as long as to find them."""
    return Response(orjson.dumps(answer), media_type="application/json")
