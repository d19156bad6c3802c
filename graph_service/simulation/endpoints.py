"""Simulations over HTTP: what a plan would have paid over the orders of a time."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError, WithJsonSchema

from graph_service.access.endpoints import Requires
from graph_service.answers import Answer, Asked, answers
from graph_service.errors import Invalid
from graph_service.graph.endpoints import GraphOfApp
from graph_service.graph.session import Graph
from graph_service.influence.endpoints import moment_of
from graph_service.ledger.lines import BASES
from graph_service.plans.document import Plan
from graph_service.plans.endpoints import SETTLE_S, BooksOfApp
from graph_service.plans.versions import PlanNotFound, read_version
from graph_service.settings import Settings
from graph_service.simulation.outcome import answer_of, simulate
from graph_service.simulation.reading import Question, SimulationTooLarge
from graph_service.simulation.splits import Strategy

router = APIRouter(prefix="/v1", tags=["plans"], dependencies=[Depends(Requires("read"))])
# Validated beside the event loop, since a plan may name many products.
PlanOrVersion = Annotated[
    dict[str, Any] | str,
    WithJsonSchema({"anyOf": [{"$ref": "#/components/schemas/Plan"}, {"type": "string"}]}),
]


class SimulationWanted(Asked):
    """A plan, and the time whose orders it is run over."""

    plan: PlanOrVersion = Field(description="a whole plan, or the name of a version")
    starts: str = Field(
        alias="from", max_length=40, description="orders paid from then on: a date, or RFC 3339"
    )
    ends: str = Field(
        alias="to", max_length=40, description="and before then, at most 366 days: likewise"
    )


class Mover(Answer):
    """What a member earned and would have earned (minor units)."""

    member_id: str
    current_minor: int
    minor: int
    change_minor: int


class BasisCost(Answer):
    """What members earn by one rule (minor units)."""

    current_minor: int = Field(description="under the plans in force")
    minor: int = Field(description="under the plan that is run")


class Stretch(Answer):
    """How many members' earnings change by so much."""

    from_minor: int
    to_minor: int = Field(description="not included")
    members: int


class SplitGain(Answer):
    """What a member would have earned more as several accounts."""

    member_id: str
    strategy: Strategy
    accounts: int = Field(description="the own one included")
    gain_minor: int = Field(description="minor units, above 0")
    why: str


class SplitScan(Answer):
    """How far split gains were looked for."""

    members: int = Field(description="who earn most under the plan, at most 1,000")
    strategies: list[Strategy]


class Simulation(Answer):
    """What a plan would have paid, beside what the plans in force pay."""

    plan_version: str
    current_versions: list[str] = Field(description="of the plans in force in the time")
    starts: str = Field(alias="from", description="orders paid from then on (UTC)")
    ends: str = Field(alias="to", description="and before then (UTC)")
    currency: str = Field(description="the plan's; orders in others are left out")
    orders: int = Field(description="without cancelled ones")
    members: int = Field(description="who earn under either")
    cost_minor: int = Field(description="what members would have earned (minor units)")
    current_cost_minor: int = Field(description="what they earn (minor units)")
    kept_minor: int = Field(description="what the platform would have kept of it")
    current_kept_minor: int = Field(description="what it keeps")
    by_basis: dict[str, BasisCost] = Field(description=f"by rule: {', '.join(BASES)}")
    winners: list[Mover] = Field(description="at most 50, who gains most first")
    losers: list[Mover] = Field(description="at most 50, who loses most first")
    histogram: list[Stretch] = Field(description="members by change, in order")
    max_paid_level: int = Field(description="most members paid because of one order")
    current_max_paid_level: int
    split_gains: list[SplitGain] = Field(description="at most 50, the largest first")
    split_scan: SplitScan
    part_periods: list[str] = Field(description="months and weeks only partly in the time")
    warnings: list[str] = Field(description="codes of what is doubtful in the plan")


@router.post(
    "/plans:simulate",
    summary="What would a plan have paid over the orders of a time?",
    responses=answers(Simulation, PlanNotFound, SimulationTooLarge, Invalid),
)
async def simulate_plan(
    request: Request, graph: GraphOfApp, books: BooksOfApp, wanted: SimulationWanted
) -> dict[str, Any]:
    """Nothing is written. Cost, who gains and loses, the most members paid from one order, and who
    would earn more as several accounts.
    """
    settings: Settings = request.app.state.settings
    plan = await _plan(graph, wanted.plan)
    opens = moment_of(wanted.starts, "from", plan.month_zone)
    closes = moment_of(wanted.ends, "to", plan.month_zone)
    assert opens is not None
    assert closes is not None
    question = Question(plan, opens, closes, settings.simulated_orders_max)
    await books.settle(timeout_s=SETTLE_S)
    outcome = await simulate(graph, question, books.plans)
    return await asyncio.to_thread(answer_of, outcome)


async def _plan(graph: Graph, wanted: dict[str, Any] | str) -> Plan:
    """The plan that was sent or named. Raises PlanNotFound, RequestValidationError with places."""
    if isinstance(wanted, str):
        return (await read_version(graph, wanted)).plan
    try:
        return await asyncio.to_thread(Plan.model_validate, wanted)
    except ValidationError as fault:
        raise RequestValidationError(
            [
                {**error, "loc": ("body", "plan", *error["loc"])}
                for error in fault.errors(include_url=False)
            ]
        ) from fault
