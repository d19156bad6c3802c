"""What is a case about, and what is decided of it?"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import HTMLResponse

from graph_service.cases.desk.working import ATTACHMENT_BYTES_MAX
from graph_service.console.casework.deciding import (
    ACTIONS,
    CONCLUSIONS,
    SCOPES,
    TYPOLOGIES,
    EffectUnseen,
    decide,
    effect_of_form,
)
from graph_service.console.casework.reading import whole_case
from graph_service.console.casework.steps import PRIORITIES, SNOOZE_DAYS, take
from graph_service.console.visiting import ROOT, PageRoute, Visit, Visiting, seen_other
from graph_service.errors import Conflict, Invalid, NotFound, Refused, ServiceError, TooLarge
from graph_service.referrals.teams import read_member
from graph_service.scans.alerts import list_case_alerts

router = APIRouter(prefix="/cases/{caseId}", route_class=PageRoute)
Reader = Annotated[Visit, Depends(Visiting("risk:read"))]
Decider = Annotated[Visit, Depends(Visiting("risk:decide"))]
CaseId = Annotated[str, Path(alias="caseId", max_length=200)]
MEMBERS_TOGETHER: Final = 20
ALERTS_TOGETHER: Final = 10
# So many members can be chosen one by one; of larger cases their ids are typed.
CHOSEN_MAX: Final = 200
CHANGED: Final = 412
TOLD_FAULTS: Final = (Invalid, Conflict, Refused, TooLarge)


@router.get("")
async def get_case(
    visit: Reader,
    case_id: CaseId,
    members: Annotated[int, Query(ge=1, le=1_000, description="which page of members")] = 1,
    alerts: Annotated[int, Query(ge=1, le=1_000, description="which page of alerts")] = 1,
) -> HTMLResponse:
    """Picture, reasons, members, history, and the form of the decision."""
    return await _page(visit, case_id, members=members, alerts=alerts)


@router.post("/decision")
async def post_decision(visit: Decider, case_id: CaseId) -> Response:
    """The decision is recorded; what does not fit is told beside the form, which stays filled."""
    try:
        await decide(visit, case_id)
    except TOLD_FAULTS as fault:
        return await _page(visit, case_id, problem=fault)
    return seen_other(f"{ROOT}/cases/{quote(case_id, safe='')}?done=1")


@router.post("/steps/{step}")
async def post_step(
    visit: Decider, case_id: CaseId, step: Annotated[str, Path(max_length=40)]
) -> Response:
    """A step is taken; what does not fit is told on the page."""
    try:
        await take(visit, case_id, step)
    except TOLD_FAULTS as fault:
        return await _page(visit, case_id, problem=fault)
    return seen_other(f"{ROOT}/cases/{quote(case_id, safe='')}")


@router.post("/effect")
async def post_effect(visit: Decider, case_id: CaseId) -> HTMLResponse:
    """What the decision in the form would do to the ledger; nothing is recorded.

    As a part of a page for scripts, else the page with it.
    """
    if visit.request.headers.get("hx-request") != "true":
        return await _page(visit, case_id, preview=True)
    return visit.page("case_effect.html", **await _effect(visit, case_id))


async def _effect(visit: Visit, case_id: str) -> dict[str, Any]:
    """What the template of an effect needs."""
    try:
        return {"effect": await effect_of_form(visit, case_id), "effect_problem": None}
    except Invalid as fault:
        return {"effect": None, "effect_problem": str(fault)}


async def _page(
    visit: Visit,
    case_id: str,
    *,
    members: int = 1,
    alerts: int = 1,
    preview: bool = False,
    problem: ServiceError | None = None,
) -> HTMLResponse:
    case = await whole_case(visit, case_id)
    pages = max(1, -(-len(case["memberIds"]) // MEMBERS_TOGETHER))
    page = min(members, pages)
    shown = case["memberIds"][(page - 1) * MEMBERS_TOGETHER : page * MEMBERS_TOGETHER]
    told = await told_alerts(visit, case, alerts)
    since = changes_since(visit, case) if problem is not None else None
    nothing: dict[str, Any] = {"effect": None, "effect_problem": None}
    is_shown = preview or isinstance(problem, EffectUnseen)
    return visit.page(
        "case.html",
        200 if problem is None else problem.status if since is None else CHANGED,
        case=case,
        **told,
        **(await _effect(visit, case_id) if is_shown else nothing),
        facts=await _facts(visit, case, shown),
        members_page=page,
        members_pages=pages,
        problem=None if problem is None else problem,
        since=since,
        posted=visit.request.url.path.rpartition("/")[2],
        done="done" in visit.request.query_params,
        **CHOICES,
    )


# What forms of a case let one choose from.
CHOICES: Final[Mapping[str, Any]] = {
    "conclusions": CONCLUSIONS,
    "actions": ACTIONS,
    "scopes": SCOPES,
    "priorities": PRIORITIES,
    "snooze_days": SNOOZE_DAYS,
    "typologies": TYPOLOGIES,
    "chosen_max": CHOSEN_MAX,
    "file_bytes_max": ATTACHMENT_BYTES_MAX,
}


def changes_since(visit: Visit, case: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """What happened to a case since the form was made that was sent; None: nothing."""
    version = visit.told("version")
    if not version.isascii() or not version.isdigit() or int(version) == case["version"]:
        return None
    return [one for one in case["events"] if one["number"] > int(version)]


async def told_alerts(visit: Visit, case: Mapping[str, Any], page: int) -> dict[str, Any]:
    """One page of a case's alerts, greatest score first, and what is known of all."""
    pages = max(1, -(-len(case["alertIds"]) // ALERTS_TOGETHER))
    page = min(page, pages)
    before = (page - 1) * ALERTS_TOGETHER
    found = await list_case_alerts(
        visit.graph, case["caseId"], visit.lang, skip=before, limit=ALERTS_TOGETHER
    )
    return {
        "alerts": found,
        "alerts_before": before,
        "alerts_page": page,
        "alerts_pages": pages,
        "at_risk": [(case["amountAtRiskMinor"], case["currency"])] if case["currency"] else [],
        "likely": found[0]["kind"] if found else "",
    }


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
