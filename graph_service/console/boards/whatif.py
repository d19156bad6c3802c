"""What would another plan have paid? A simulation with its plots."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from graph_service.clock import to_micros
from graph_service.console.boards.works import Told, find_work, start_work
from graph_service.console.visiting import ROOT, PageRoute, Visit, Visiting, seen_other
from graph_service.errors import Invalid, ServiceError
from graph_service.influence.endpoints import moment_of
from graph_service.ledger.endpoints import SETTLE_S
from graph_service.plans.document import Plan
from graph_service.plans.member import words
from graph_service.plans.parsing import parse_plan
from graph_service.plans.versions import document_of, list_versions, read_version
from graph_service.simulation.outcome import answer_of, simulate
from graph_service.simulation.picture import stretch_text
from graph_service.simulation.reading import Question

router = APIRouter(prefix="/what-if", route_class=PageRoute)
Keeper = Annotated[Visit, Depends(Visiting("admin"))]
VERSIONS_MAX = 100
# What the form proposes: the last so many days.
DAYS = 30
FAULTS_TOLD = 5


@router.get("")
async def get_form(visit: Keeper) -> HTMLResponse:
    """Asks for a plan and a time."""
    return await _form(visit)


@router.post("")
async def post_form(visit: Keeper) -> Response:
    """The simulation begins; what does not fit is told beside the form, which stays filled."""
    try:
        question = await _question(visit)
    except (ServiceError, ValidationError) as fault:
        return await _form(visit, _told_of(fault))

    async def work(told: Told) -> dict[str, Any]:
        outcome = await simulate(visit.graph, question, visit.books.plans, told)
        return dict(await asyncio.to_thread(answer_of, outcome))

    await visit.books.settle(timeout_s=SETTLE_S)
    return seen_other(f"{ROOT}/what-if/{start_work(visit, work).work_id}")


@router.get("/{workId}")
async def get_outcome(visit: Keeper, work_id: Annotated[str, Path(alias="workId")]) -> HTMLResponse:
    """How far it is; then cost, who gains and loses, and the plots."""
    work = find_work(visit, work_id)
    told = work.result()
    warned = words()[visit.lang]["warnings"]
    plots: dict[str, Any] = (
        {} if told is None else {"changes": _changes(told), "costs": _costs(told)}
    )
    return visit.page("outcome.html", work=work, told=told, warned=warned, **plots)


async def _form(visit: Visit, problem: str | None = None) -> HTMLResponse:
    books = visit.books
    plan = books.plans.at(to_micros(books.clock()))
    today = books.clock().astimezone(plan.month_zone).date() + timedelta(days=1)
    versions, _ = await list_versions(visit.graph, limit=VERSIONS_MAX, cursor=None)
    return visit.page(
        "whatif.html",
        200 if problem is None else 422,
        versions=[one["version"] for one in versions],
        version=visit.told("version", plan.version),
        document=visit.told("document"),
        sample=json.dumps(document_of(plan), ensure_ascii=False, indent=2),
        starts=visit.told("from", (today - timedelta(days=DAYS)).isoformat()),
        ends=visit.told("to", today.isoformat()),
        problem=problem,
    )


async def _question(visit: Visit) -> Question:
    """What the form asks. Raises ServiceError, ValidationError."""
    text = visit.told("document")
    plan: Plan
    if text:
        is_yaml = not text.startswith("{")
        plan = await asyncio.to_thread(parse_plan, text.encode(), is_yaml=is_yaml)
    else:
        plan = (await read_version(visit.graph, visit.told("version"))).plan
    opens = moment_of(visit.told("from"), "from", plan.month_zone)
    closes = moment_of(visit.told("to"), "to", plan.month_zone)
    if opens is None or closes is None:
        raise Invalid("a time is needed, from and to")
    most = visit.settings.simulated_orders_max
    return Question(plan, opens.astimezone(UTC), closes.astimezone(UTC), most)


def _told_of(fault: ServiceError | ValidationError) -> str:
    if isinstance(fault, ServiceError):
        return str(fault)
    found = fault.errors(include_url=False)[:FAULTS_TOLD]
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found)


def _changes(told: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Bars: how many members gain or lose how much."""
    bars = told["histogram"]
    most = max((one["members"] for one in bars), default=1)
    return [
        {
            "name": stretch_text(one),
            "count": one["members"],
            "share": one["members"] / most,
            "sign": (one["fromMinor"] > 0) - (one["toMinor"] <= 0),
        }
        for one in bars
    ]


def _costs(told: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Pairs of bars: what each rule costs now and then; rules that cost nothing are left out."""
    costs = {basis: one for basis, one in told["byBasis"].items() if any(one.values())}
    sizes = [abs(amount) for one in costs.values() for amount in one.values()]
    most = max(sizes, default=1) or 1
    return [
        {
            "basis": basis,
            "now": one["currentMinor"],
            "then": one["minor"],
            "nowShare": abs(one["currentMinor"]) / most,
            "thenShare": abs(one["minor"]) / most,
        }
        for basis, one in costs.items()
    ]
