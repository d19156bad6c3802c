"""Who is this member: team, sales, statement, risk, person, holds?"""

from datetime import UTC
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import HTMLResponse

from graph_service.cases.rules import RiskRules
from graph_service.cases.scores import read_risk
from graph_service.cases.silences import list_silences, silent_codes
from graph_service.clock import to_micros
from graph_service.console.casework.reading import CaseFilter, cases_page
from graph_service.console.casework.silencing import SILENCE_DAYS
from graph_service.console.visiting import PAGE_ITEMS, Cursor, PageRoute, Visit, Visiting
from graph_service.holds.placing import millis_of
from graph_service.holds.reading import list_holds
from graph_service.identity.telling import tell_person
from graph_service.ledger.endpoints import SETTLE_S
from graph_service.ledger.statement import read_statement
from graph_service.pages import decode_cursor, encode_cursor
from graph_service.periods import is_month, month_of
from graph_service.referrals.sales import sales_month_prefix
from graph_service.referrals.teams import (
    LEVELS_MAX,
    TeamQuestion,
    read_downline,
    read_member,
    read_team,
    read_upline,
)
from graph_service.scans.alerts import Wanted, list_alerts

router = APIRouter(prefix="/members", route_class=PageRoute)
Reader = Annotated[Visit, Depends(Visiting("risk:read"))]
HOLDS_SHOWN = 20
UPLINE_SHOWN = 8
TEAM_LEVELS = 5


@router.get("/{memberId:path}")
async def get_member(
    visit: Reader,
    member_id: Annotated[str, Path(alias="memberId", max_length=128)],
    month: Annotated[str, Query(max_length=7)] = "",
    level: Annotated[int, Query(ge=1, le=LEVELS_MAX)] = 1,
    cursor: Cursor = None,
) -> HTMLResponse:
    """Everything that is known, the team page by page."""
    await visit.books.settle_ledger(timeout_s=SETTLE_S)
    return visit.page(
        "member.html",
        member=await read_member(visit.graph, member_id),
        **await _money(visit, member_id, month),
        **await _team(visit, member_id, level, cursor),
        **await _risk(visit, member_id),
    )


async def _money(visit: Visit, member_id: str, asked: str) -> dict[str, Any]:
    """The statement and the team's sales of a month, and the person."""
    now = visit.books.clock().astimezone(UTC)
    plan = visit.books.plans.at(to_micros(now))
    running = month_of(now, plan.month_zone)
    month = asked if asked and is_month(asked) and asked <= running else running
    question = TeamQuestion(member_id, month, plan.currency, levels=TEAM_LEVELS)
    prefix = sales_month_prefix(month, plan.currency)
    return {
        "month": month,
        "currency": plan.currency,
        "team": await read_team(visit.graph, question, now),
        "statement": await read_statement(
            visit.graph, member_id, month, visit.books.plans, visit.books.clock()
        ),
        "person": await tell_person(visit.graph, member_id, prefix),
    }


async def _team(visit: Visit, member_id: str, level: int, cursor: str | None) -> dict[str, Any]:
    """Who stands above, and one page of who stands so many levels below."""
    after = decode_cursor(cursor, (str,))[0] if cursor else ""
    rows = await read_downline(
        visit.graph, member_id, level=level, after=after, limit=PAGE_ITEMS + 1
    )
    more = len(rows) > PAGE_ITEMS
    return {
        "upline": (await read_upline(visit.graph, member_id, None))[:UPLINE_SHOWN],
        "downline": rows[:PAGE_ITEMS],
        "level": level,
        "following": encode_cursor([rows[PAGE_ITEMS - 1]["memberId"]]) if more else None,
        "is_first": cursor is None,
    }


async def _risk(visit: Visit, member_id: str) -> dict[str, Any]:
    """Scores, holds, cases and alerts."""
    rules: RiskRules = visit.request.app.state.risk_rules
    now = visit.books.clock()
    holds, _ = await list_holds(visit.graph, millis_of(now), member_id=member_id, limit=HOLDS_SHOWN)
    alerts, _ = await list_alerts(
        visit.graph, Wanted(member_id=member_id), visit.lang, limit=PAGE_ITEMS
    )
    silences, _ = await list_silences(visit.graph, member_id, now)
    cases, _ = await cases_page(visit, CaseFilter(member_id=member_id), None)
    return {
        "risk": await read_risk(visit.graph, member_id, rules, now),
        "holds": [hold.body(millis_of(now)) for hold in holds],
        "alerts": alerts,
        "cases": cases,
        "silences": silences,
        "codes": silent_codes(rules),
        "silence_days": SILENCE_DAYS,
    }
