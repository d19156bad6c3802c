"""Members, who stands above and below them, and their teams over HTTP."""

from datetime import UTC, datetime
from typing import Annotated, Any, Protocol, cast

from fastapi import APIRouter, Depends, Query, Request

from graph_service.access.endpoints import requires
from graph_service.clock import Clock, time_string, to_micros
from graph_service.errors import Invalid
from graph_service.graph.endpoints import GraphOfApp
from graph_service.ingest.envelope import parse_time
from graph_service.pages import decode_cursor, encode_cursor
from graph_service.referrals import teams
from graph_service.referrals.teams import LEVELS_MAX, TeamQuestion, month_of

router = APIRouter(prefix="/v1/members", tags=["members"], dependencies=[Depends(requires("read"))])
# How long a reader of sales waits for what was stored just before (s).
SETTLE_S = 1.0


class Books(Protocol):
    """The month's zone and currency, the time, and whether everything stored is booked."""

    clock: Clock

    @property
    def plan(self) -> Any:
        """The plan in force."""
        ...

    async def settle(self, batch: str = "", *, timeout_s: float) -> bool:
        """Wait until what was stored is booked."""
        ...


def books_of(request: Request) -> Books:
    """The pipeline that the app opened."""
    return cast(Books, request.app.state.pipeline)


def _moment(value: Annotated[str | None, Query(alias="asOf")] = None) -> datetime | None:
    if value is None:
        return None
    try:
        return parse_time(value)
    except ValueError as fault:
        raise Invalid(f"asOf {fault}") from fault


AsOf = Annotated[datetime | None, Depends(_moment)]
Month = Annotated[str | None, Query(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", description="YYYY-MM")]


@router.get("/{memberId}", summary="What is known of a member?")
async def get_member(graph: GraphOfApp, memberId: str) -> dict[str, Any]:  # noqa: N803
    """Role, status, joining and activity, inviter and head counts."""
    return await teams.read_member(graph, memberId)


@router.get("/{memberId}/upline", summary="Who invited them, and who those?")
async def get_upline(graph: GraphOfApp, memberId: str, as_of: AsOf) -> dict[str, Any]:  # noqa: N803
    """Nearest first, by the bindings in force or those in force at asOf."""
    items = await teams.read_upline(graph, memberId, as_of)
    moment = time_string(to_micros(as_of)) if as_of else None
    return {"memberId": memberId, "asOf": moment, "items": items, "nextCursor": None}


@router.get("/{memberId}/downline", summary="Whom did they invite?")
async def get_downline(
    graph: GraphOfApp,
    memberId: str,  # noqa: N803
    level: Annotated[int, Query(ge=1, le=LEVELS_MAX)] = 1,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: str | None = None,
) -> dict[str, Any]:
    """Members exactly so many invitations below, in order of id."""
    after = decode_cursor(cursor, (str,))[0] if cursor else ""
    rows = await teams.read_downline(graph, memberId, level=level, after=after, limit=limit + 1)
    following = encode_cursor([rows[limit - 1]["memberId"]]) if len(rows) > limit else None
    return {"memberId": memberId, "items": rows[:limit], "nextCursor": following}


@router.get("/{memberId}/team", summary="How large is the team, and what did it sell?")
async def get_team(
    graph: GraphOfApp,
    books: Annotated[Books, Depends(books_of)],
    memberId: str,  # noqa: N803
    as_of: AsOf,
    month: Month = None,
    levels: Annotated[int, Query(ge=0, le=LEVELS_MAX)] = 0,
) -> dict[str, Any]:
    """Head counts and the month's own, direct and team sales; levels and asOf are walked."""
    await books.settle(timeout_s=SETTLE_S)
    now = books.clock()
    question = TeamQuestion(
        member_id=memberId,
        month=month or month_of(as_of or now, books.plan.month_zone),
        currency=books.plan.currency,
        levels=levels,
        as_of=as_of,
    )
    return await teams.read_team(graph, question, now.astimezone(UTC))
