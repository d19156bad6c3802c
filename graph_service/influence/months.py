"""What did a member's shares set in motion, month by month?"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from graph_service.clock import from_micros
from graph_service.graph.session import Graph, Row
from graph_service.influence.cascades import (
    Act,
    Split,
    cascade_of,
    credit_of,
    decayed_split,
    equal_split,
)
from graph_service.periods import month_of
from graph_service.referrals.teams import read_member

CASCADES_MAX = 1_000
SHARES_MAX = 100_000


@dataclass(frozen=True)
class Month:
    """One month of a member.

    cascades: in which the member made a share. people: who clicked the member's shares. reshares:
    of the member's shares, by others. orders: credited to the member, without cancelled ones.
    credit: what the members who took part in the month owe to this one.
    """

    month: str
    cascades: int
    people: int
    reshares: int
    orders: int
    credit: Fraction


@dataclass(frozen=True)
class MonthlyInfluence:
    """The months asked for, in order; truncated: there were more cascades or shares to read."""

    months: tuple[Month, ...]
    truncated: bool


@dataclass
class _Counts:
    """What happened in a month, so far."""

    cascades: int = 0
    reshares: int = 0
    credit: Fraction = Fraction(0)


async def ask_influence(
    graph: Graph, member_id: str, months: Sequence[str], zone: ZoneInfo, split: Split
) -> MonthlyInfluence:
    """The report about a member. months: YYYY-MM of the zone. Raises MemberNotFound."""
    await read_member(graph, member_id)
    spans = {month: month_span(month, zone) for month in sorted(set(months))}
    rows = [
        {"month": month, "opens": opens, "closes": closes}
        for month, (opens, closes) in spans.items()
    ]
    reached = await graph.read("influence/count_reached", memberId=member_id, rows=rows)
    roots: list[str] = (
        await graph.read(
            "influence/list_member_cascades",
            memberId=member_id,
            closes=max(closes for _, closes in spans.values()),
            limit=CASCADES_MAX + 1,
        )
    )[0]["rootIds"]
    columns = (
        await graph.read(
            "influence/read_cascades", rootIds=roots[:CASCADES_MAX], limit=SHARES_MAX + 1
        )
    )[0]
    truncated = len(roots) > CASCADES_MAX or len(columns["shareIds"]) > SHARES_MAX
    counts = await asyncio.to_thread(count_months, acts_of(columns), member_id, zone, split)
    return MonthlyInfluence(
        tuple(
            Month(
                row["month"],
                counts[row["month"]].cascades,
                row["people"],
                counts[row["month"]].reshares,
                row["orders"],
                counts[row["month"]].credit,
            )
            for row in reached
        ),
        truncated,
    )


def month_span(month: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When a month of a zone begins and ends (UTC)."""
    year, number = map(int, month.split("-"))
    following = (year + 1, 1) if number == 12 else (year, number + 1)
    opens = datetime(year, number, 1, tzinfo=zone)
    return opens.astimezone(UTC), datetime(*following, 1, tzinfo=zone).astimezone(UTC)


def acts_of(columns: Row) -> list[list[Act]]:
    """The shares of each cascade."""
    found: defaultdict[str, list[Act]] = defaultdict(list)
    for root, share, parent, member, at in zip(
        *(columns[name] for name in ("rootIds", "shareIds", "parentIds", "memberIds", "times")),
        strict=True,
    ):
        found[root].append(Act(share, member or None, parent or None, at))
    return list(found.values())


def count_months(
    log: Sequence[Sequence[Act]], member_id: str, zone: ZoneInfo, split: Split
) -> Mapping[str, _Counts]:
    """Cascades, reshares and credit by month, from the cascades that the member took part in."""
    counts: defaultdict[str, _Counts] = defaultdict(_Counts)
    cascades = [cascade_of(acts) for acts in log]
    direct = equal_split if split == "equal" else decayed_split(cascades)
    for acts, cascade in zip(log, cascades, strict=True):
        own = {act.share_id for act in acts if act.member_id == member_id}
        for month in {_month(act.at, zone) for act in acts if act.share_id in own}:
            counts[month].cascades += 1
        for act in acts:
            if act.parent_id in own and act.member_id not in (None, member_id):
                counts[_month(act.at, zone)].reshares += 1
        for one, credit in credit_of(cascade, member_id, direct).items():
            counts[_month(cascade.times[one], zone)].credit += credit
    return counts


def _month(at: int, zone: ZoneInfo) -> str:
    return month_of(from_micros(at), zone)
