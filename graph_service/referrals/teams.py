"""What a member's team is: who stands above and below, how large it is, what it sold."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from graph_service.clock import time_string, to_micros
from graph_service.errors import MemberNotFound
from graph_service.graph.session import Graph, Row
from graph_service.referrals.sales import sales_month_id, sales_month_prefix, until_met

ACTIVE_DAYS = 30
LEVELS_MAX = 10
# Most members that one question walks through; beyond it the answer says `truncated`.
TEAM_WALK_MAX = 200_000


@dataclass(frozen=True)
class TeamQuestion:
    """Whose team, in which month and currency, how many levels, as of when (None: now)."""

    member_id: str
    month: str
    currency: str
    levels: int = 0
    as_of: datetime | None = None


@dataclass
class _Walk:
    levels: list[dict[str, int]] = field(default_factory=list[dict[str, int]])
    met: set[str] = field(default_factory=set[str])
    truncated: bool = False


async def read_member(graph: Graph, member_id: str) -> Row:
    """The member's own facts, times as RFC 3339. Raises MemberNotFound."""
    rows = await graph.read("referrals/read_member", memberId=member_id)
    if not rows:
        raise MemberNotFound(f"there is no member {member_id}")
    row = rows[0]
    for name in ("joinedAt", "lastActiveAt"):
        row[name] = None if row[name] is None else time_string(row[name] * 1000)
    return row


async def read_team(graph: Graph, question: TeamQuestion, now: datetime) -> dict[str, Any]:
    """Head counts and the month's sales; levels and past times are walked, within a bound."""
    month_id = sales_month_id(question.month, question.currency, question.member_id)
    rows = await graph.read(
        "referrals/read_team", memberId=question.member_id, salesMonthId=month_id
    )
    if not rows:
        raise MemberNotFound(f"there is no member {question.member_id}")
    row = rows[0]
    answer: dict[str, Any] = {
        "memberId": question.member_id,
        "directCount": row["directCount"],
        "teamSize": row["teamSize"],
        "month": question.month,
        "currency": question.currency,
        "ownSalesMinor": row["ownMinor"],
        "directSalesMinor": row["directMinor"],
        "teamSalesMinor": row["teamMinor"],
        "truncated": False,
    }
    if question.as_of is not None:
        whole = await _walk(graph, question, question.as_of, 512)
        answer["directCount"] = whole.levels[0]["members"] if whole.levels else 0
        answer["teamSize"] = sum(level["members"] for level in whole.levels)
        answer["truncated"] = whole.truncated
        answer["asOf"] = time_string(to_micros(question.as_of))
        if question.levels:
            answer["levels"] = whole.levels[: question.levels]
    elif question.levels:
        walk = await _walk(graph, question, now, question.levels)
        answer["levels"] = walk.levels
        answer["truncated"] = walk.truncated
    return answer


async def _walk(graph: Graph, question: TeamQuestion, at: datetime, depth: int) -> _Walk:
    """Level by level downwards; a member met before (former bindings can loop) is not met again."""
    walk = _Walk(met={question.member_id})
    frontier = [question.member_id]
    for level in range(1, depth + 1):
        room = TEAM_WALK_MAX - len(walk.met)
        row = (
            await graph.read(
                "referrals/read_level",
                memberIds=frontier,
                at=at,
                activeFrom=at - timedelta(days=ACTIVE_DAYS),
                prefix=sales_month_prefix(question.month, question.currency),
                limit=room + 1,
            )
        )[0]
        frontier = [one for one in row["memberIds"] if one not in walk.met]
        if not frontier:
            break
        walk.met.update(frontier)
        walk.levels.append(
            {
                "level": level,
                "members": len(frontier),
                "activeMembers": row["active"],
                "salesMinor": row["salesMinor"],
            }
        )
        if len(row["memberIds"]) > room:
            walk.truncated = True
            break
    return walk


async def read_upline(graph: Graph, member_id: str, as_of: datetime | None) -> list[Row]:
    """Who stands above a member, nearest first. Raises MemberNotFound."""
    await read_member(graph, member_id)
    if as_of is not None:
        asked = [{"i": 0, "memberId": member_id, "at": as_of}]
        rows = await graph.read("referrals/read_uplines_at", rows=asked)
        ids = until_met(member_id, rows[0]["uplineIds"])
        return [{"level": level, "memberId": one} for level, one in enumerate(ids, start=1)]
    rows = await graph.read("referrals/read_upline", memberId=member_id)
    for row in rows:
        row["since"] = time_string(row["since"] * 1000)
    return rows


async def read_downline(
    graph: Graph, member_id: str, *, level: int, after: str, limit: int
) -> list[Row]:
    """Members exactly `level` invitations below, in order of id. Raises MemberNotFound."""
    await read_member(graph, member_id)
    frontier = [member_id]
    now = datetime.now(UTC)
    for _ in range(level - 1):
        rows = await graph.read(
            "referrals/read_level",
            memberIds=frontier,
            at=now,
            activeFrom=now,
            prefix="",
            limit=TEAM_WALK_MAX,
        )
        frontier = rows[0]["memberIds"]
    rows = await graph.read("referrals/list_directs", memberIds=frontier, after=after, limit=limit)
    for row in rows:
        row["since"] = time_string(row["since"] * 1000)
        row["level"] = level
    return rows
