"""Orders over HTTP: which path brought them, who is credited, what each step is allowed."""

from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from graph_service.access.endpoints import requires
from graph_service.errors import TooLarge
from graph_service.graph.endpoints import GraphOfApp
from graph_service.ingest.envelope import Id
from graph_service.rewards.orders import (
    AttributionQuestion,
    ask_attribution,
    ask_attributions,
)
from graph_service.rewards.plan import Plan
from graph_service.settings import Settings

router = APIRouter(prefix="/v1", tags=["orders"], dependencies=[Depends(requires("read"))])


def plan_of(request: Request) -> Plan:
    """The plan in force."""
    return cast(Plan, request.app.state.pipeline.plan)


PlanOfApp = Annotated[Plan, Depends(plan_of)]


class OrderIds(BaseModel):
    """Orders to attribute together."""

    model_config = ConfigDict(extra="forbid")

    orderIds: Annotated[list[Id], Field(min_length=1, max_length=100_000)]  # noqa: N815


@router.get("/orders/{orderId}/attribution", summary="Which path brought this order?")
async def get_attribution(
    graph: GraphOfApp,
    plan: PlanOfApp,
    orderId: str,  # noqa: N803
    model: Annotated[Literal["last_touch"] | None, Query()] = None,
    window_days: Annotated[int | None, Query(alias="windowDays", ge=1, le=365)] = None,
) -> dict[str, Any]:
    """The path from the origin to the closer, touches, credits, key nodes and the allowance."""
    question = AttributionQuestion(model, window_days)
    return await ask_attribution(graph, orderId, question, plan)


@router.post("/attributions:batch", summary="Which paths brought these orders?")
async def post_attributions(
    graph: GraphOfApp, plan: PlanOfApp, request: Request, asked: OrderIds
) -> dict[str, Any]:
    """The same answers for many orders, in the order asked; unknown orders are named apart."""
    settings: Settings = request.app.state.settings
    if len(asked.orderIds) > settings.batch_orders_max:
        raise TooLarge(f"more than {settings.batch_orders_max} orders in one request")
    question = AttributionQuestion()
    answers = await ask_attributions(graph, asked.orderIds, question, plan)
    return {
        "items": [answers[one] for one in asked.orderIds if one in answers],
        "unknown": [one for one in asked.orderIds if one not in answers],
    }
