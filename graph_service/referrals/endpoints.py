"""Members, who stands above and below them, and their teams over HTTP."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from graph_service.access.endpoints import Requires
from graph_service.answers import Answer, Cursor, Limit, answers
from graph_service.books import SETTLE_S, BooksOfApp
from graph_service.clock import time_string, to_micros
from graph_service.errors import Invalid, MemberNotFound
from graph_service.graph.endpoints import GraphOfApp
from graph_service.ingest.envelope import Role, Status, parse_time
from graph_service.pages import CursorInvalid, decode_cursor, encode_cursor
from graph_service.periods import month_of
from graph_service.referrals import teams
from graph_service.referrals.teams import LEVELS_MAX, TeamQuestion

router = APIRouter(prefix="/v1/members", tags=["members"], dependencies=[Depends(Requires("read"))])


class Member(Answer):
    """What is known of a member. What is not known is null."""

    member_id: str
    role: Role | None = Field(description="the last one said")
    status: Status | None = Field(description="the last one said")
    joined_at: str | None = Field(description="the earliest join (UTC)")
    last_active_at: str | None = Field(description="the latest own event (UTC)")
    community_id: str | None
    kyc: Literal["none", "pending", "verified", "rejected"] | None
    tax_registered: bool | None
    direct_count: int | None = Field(description="members invited by this one")
    team_size: int | None = Field(description="members below this one")
    inviter_id: str | None = Field(description="by the binding in force")


class Upliner(Answer):
    """Someone above a member. With asOf only memberId and level are told."""

    member_id: str
    level: int = Field(description="1 is the inviter")
    since: str | None = Field(None, description="from when the binding below is in force (UTC)")
    mode: Literal["first", "override", "expiring"] | None = Field(
        None, description="of the binding below"
    )
    role: Role | None = None
    status: Status | None = None


class Upline(Answer):
    """Everybody above a member."""

    member_id: str
    as_of: str | None = Field(description="as asked (UTC)")
    items: list[Upliner] = Field(description="nearest first, at most 512")
    next_cursor: None = Field(description="always null: an upline is one page")


class Downliner(Answer):
    """Someone below a member."""

    member_id: str
    inviter_id: str
    since: str = Field(description="from when the binding is in force (UTC)")
    role: Role | None
    status: Status | None
    direct_count: int | None = Field(description="members invited by this one")
    team_size: int | None = Field(description="members below this one")
    level: int = Field(description="as asked")


class Downline(Answer):
    """A page of the members on one level below a member."""

    member_id: str
    items: list[Downliner] = Field(description="in order of memberId")
    next_cursor: str | None = Field(description="cursor of the next page; null on the last")


class TeamLevel(Answer):
    """One level of a team."""

    level: int = Field(description="1 are the direct members")
    members: int
    active_members: int = Field(description="with an own event in the 30 days before")
    sales_minor: int = Field(description="their own sales of the month (minor units)")


class Team(Answer):
    """How large a team is and what it sold; the member's own sales are not in the team's."""

    member_id: str
    direct_count: int = Field(description="members invited by this one")
    team_size: int = Field(description="members below this one")
    month: str = Field(description="calendar month of the plan's zone, YYYY-MM")
    currency: str = Field(description="ISO 4217")
    own_sales_minor: int = Field(description="credited to the member, less refunds (minor units)")
    direct_sales_minor: int = Field(description="of those invited by the member (minor units)")
    team_sales_minor: int = Field(description="of everyone below the member (minor units)")
    truncated: bool = Field(description="the walk ended at 200,000 members")
    as_of: str | None = Field(None, description="only if asked (UTC)")
    levels: list[TeamLevel] | None = Field(None, description="only if asked")


async def _moment(
    value: Annotated[
        str | None,
        Query(alias="asOf", description="By the bindings in force then: RFC 3339 with an offset"),
    ] = None,
) -> datetime | None:
    if value is None:
        return None
    try:
        return parse_time(value)
    except ValueError as fault:
        raise Invalid(f"asOf {fault}") from fault


AsOf = Annotated[datetime | None, Depends(_moment)]
Month = Annotated[
    str | None,
    Query(
        pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$",
        description="YYYY-MM; without it the month of asOf or of now",
    ),
]
MemberId = Annotated[str, Path(alias="memberId", description="The member")]
Levels = Annotated[
    int, Query(ge=0, le=LEVELS_MAX, description="How many levels to tell one by one")
]
Level = Annotated[int, Query(ge=1, le=LEVELS_MAX, description="How many invitations below")]


@router.get(
    "/{memberId}",
    summary="What is known of a member?",
    responses=answers(Member, MemberNotFound),
)
async def get_member(graph: GraphOfApp, member_id: MemberId) -> dict[str, Any]:
    """Role, status, joining and activity, inviter and head counts."""
    return await teams.read_member(graph, member_id)


@router.get(
    "/{memberId}/upline",
    summary="Who invited them, and who those?",
    responses=answers(Upline, MemberNotFound, Invalid),
)
async def get_upline(graph: GraphOfApp, member_id: MemberId, as_of: AsOf) -> dict[str, Any]:
    """Nearest first, by the bindings in force or those in force at asOf."""
    items = await teams.read_upline(graph, member_id, as_of)
    moment = time_string(to_micros(as_of)) if as_of else None
    return {"memberId": member_id, "asOf": moment, "items": items, "nextCursor": None}


@router.get(
    "/{memberId}/downline",
    summary="Whom did they invite?",
    responses=answers(Downline, MemberNotFound, CursorInvalid),
)
async def get_downline(
    graph: GraphOfApp,
    member_id: MemberId,
    limit: Limit,
    level: Level = 1,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Members exactly so many invitations below, in order of id."""
    after = decode_cursor(cursor, (str,))[0] if cursor else ""
    rows = await teams.read_downline(graph, member_id, level=level, after=after, limit=limit + 1)
    following = encode_cursor([rows[limit - 1]["memberId"]]) if len(rows) > limit else None
    return {"memberId": member_id, "items": rows[:limit], "nextCursor": following}


@router.get(
    "/{memberId}/team",
    summary="How large is the team, and what did it sell?",
    responses=answers(Team, MemberNotFound, Invalid),
)
async def get_team(
    graph: GraphOfApp,
    books: BooksOfApp,
    member_id: MemberId,
    as_of: AsOf,
    month: Month = None,
    levels: Levels = 0,
) -> dict[str, Any]:
    """Head counts and the month's own, direct and team sales; levels and asOf are walked."""
    await books.settle(timeout_s=SETTLE_S)
    now = books.clock()
    question = TeamQuestion(
        member_id=member_id,
        month=month or month_of(as_of or now, books.plan.month_zone),
        currency=books.plan.currency,
        levels=levels,
        as_of=as_of,
    )
    return await teams.read_team(graph, question, now.astimezone(UTC))
