"""What is a case about, and what is decided of it?"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import HTMLResponse

from graph_service.console.cases import (
    ACTIONS,
    CONCLUSIONS,
    PRIORITIES,
    SNOOZE_DAYS,
    TYPOLOGIES,
    decide,
    take,
    whole_case,
)
from graph_service.console.visiting import ROOT, PageRoute, Visit, Visiting, seen_other
from graph_service.errors import Conflict, Invalid, NotFound, Refused, ServiceError
from graph_service.referrals.teams import read_member
from graph_service.scans.alerts import read_alert

router = APIRouter(prefix="/cases/{caseId}", route_class=PageRoute)
Reader = Annotated[Visit, Depends(Visiting("risk:read"))]
Decider = Annotated[Visit, Depends(Visiting("risk:decide"))]
CaseId = Annotated[str, Path(alias="caseId", max_length=200)]
MEMBERS_TOGETHER = 20
# Alerts of a case that are told; what they share is in the picture all the same.
ALERTS_MAX = 10


@router.get("")
async def get_case(
    visit: Reader,
    case_id: CaseId,
    members: Annotated[int, Query(ge=1, le=1_000, description="which page of members")] = 1,
) -> HTMLResponse:
    """Picture, reasons, members, history, and the form of the decision."""
    return await _page(visit, case_id, members=members)


@router.post("/decision")
async def post_decision(visit: Decider, case_id: CaseId) -> Response:
    """The decision is recorded; what does not fit is told beside the form, which stays filled."""
    try:
        await decide(visit, case_id)
    except (Invalid, Conflict, Refused) as fault:
        return await _page(visit, case_id, problem=fault)
    return seen_other(f"{ROOT}/cases/{quote(case_id, safe='')}?done=1")


@router.post("/steps/{step}")
async def post_step(
    visit: Decider, case_id: CaseId, step: Annotated[str, Path(max_length=40)]
) -> Response:
    """A step is taken; what does not fit is told on the page."""
    try:
        await take(visit, case_id, step)
    except (Invalid, Conflict, Refused) as fault:
        return await _page(visit, case_id, problem=fault)
    return seen_other(f"{ROOT}/cases/{quote(case_id, safe='')}")


async def _page(
    visit: Visit,
    case_id: str,
    *,
    members: int = 1,
    problem: ServiceError | None = None,
) -> HTMLResponse:
    case = await whole_case(visit, case_id)
    alerts = await alerts_of(visit, case["alertIds"])
    pages = max(1, -(-len(case["memberIds"]) // MEMBERS_TOGETHER))
    page = min(members, pages)
    shown = case["memberIds"][(page - 1) * MEMBERS_TOGETHER : page * MEMBERS_TOGETHER]
    return visit.page(
        "case.html",
        200 if problem is None else problem.status,
        case=case,
        alerts=alerts,
        at_risk=money_at_risk(alerts),
        facts=await _facts(visit, case, shown),
        members_page=page,
        members_pages=pages,
        conclusions=CONCLUSIONS,
        actions=tuple(ACTIONS),
        priorities=PRIORITIES,
        snooze_days=SNOOZE_DAYS,
        typologies=TYPOLOGIES,
        likely=alerts[0]["kind"] if alerts else "",
        problem=None if problem is None else str(problem),
        done="done" in visit.request.query_params,
    )


async def alerts_of(visit: Visit, alert_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The alerts of a case that are still kept, at most ALERTS_MAX."""
    found: list[dict[str, Any]] = []
    for alert_id in alert_ids[:ALERTS_MAX]:
        try:
            found.append(await read_alert(visit.graph, alert_id, visit.lang))
        except NotFound:
            continue
    return found


def money_at_risk(alerts: Sequence[Mapping[str, Any]]) -> list[tuple[int, str]]:
    """The greatest amount of any alert by currency: alerts of one case overlap."""
    most: dict[str, int] = {}
    for one in alerts:
        currency = one["currency"] or "CNY"
        most[currency] = max(most.get(currency, 0), one["amountAtRiskMinor"])
    return [(amount, currency) for currency, amount in sorted(most.items())]


async def _facts(
    visit: Visit, case: Mapping[str, Any], member_ids: Sequence[str]
) -> list[dict[str, Any]]:
    """What is known of these members, each with the holds that the case placed."""
    held = {one["memberId"] for one in case["holds"] if one["active"]}

    async def one(member_id: str) -> dict[str, Any]:
        try:
            known = await read_member(visit.graph, member_id)
        except NotFound:
            known = {}
        names = ("role", "status", "joinedAt", "lastActiveAt", "directCount", "teamSize")
        return {
            "memberId": member_id,
            "held": member_id in held,
            **{name: known.get(name) for name in names},
        }

    return list(await asyncio.gather(*(one(member_id) for member_id in member_ids)))
