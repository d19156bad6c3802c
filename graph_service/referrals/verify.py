"""Recounting what is kept on the way in: head counts and sales, from the bindings alone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graph_service.graph.session import Graph
from graph_service.referrals.sales import AMOUNTS

COLUMN_ROWS = 50_000


@dataclass(frozen=True)
class Difference:
    """One kept number that a recount does not give."""

    what: str
    subject: str
    kept: int
    recounted: int


async def recount_heads(graph: Graph) -> tuple[int, list[Difference]]:
    """How many members were recounted, and where direct counts or team sizes differ."""
    inviters: dict[str, str] = {}
    kept: dict[str, tuple[int, int]] = {}
    after = ""
    while True:
        row = (await graph.read("referrals/list_heads", after=after, limit=COLUMN_ROWS))[0]
        if not row["memberIds"]:
            break
        after = row["memberIds"][-1]
        names = ("memberIds", "inviterIds", "directCounts", "teamSizes")
        for member_id, inviter_id, direct, team in zip(*(row[n] for n in names), strict=True):
            kept[member_id] = (direct, team)
            if inviter_id:
                inviters[member_id] = inviter_id
    recounted = count_heads(inviters)
    differences: list[Difference] = []
    for member_id in sorted(kept):
        direct, team = recounted.get(member_id, (0, 0))
        if kept[member_id][0] != direct:
            differences.append(Difference("directCount", member_id, kept[member_id][0], direct))
        if kept[member_id][1] != team:
            differences.append(Difference("teamSize", member_id, kept[member_id][1], team))
    return len(kept), differences


def count_heads(inviters: Mapping[str, str]) -> dict[str, tuple[int, int]]:
    """Direct counts and team sizes of a forest given as member -> inviter, leaves first."""
    direct: defaultdict[str, int] = defaultdict(int)
    team: defaultdict[str, int] = defaultdict(int)
    for inviter_id in inviters.values():
        direct[inviter_id] += 1
    waiting = dict(direct)
    ready = [member_id for member_id in inviters if member_id not in direct]
    while ready:
        member_id = ready.pop()
        inviter_id = inviters.get(member_id)
        if inviter_id is None:
            continue
        team[inviter_id] += team[member_id] + 1
        waiting[inviter_id] -= 1
        if not waiting[inviter_id]:
            ready.append(inviter_id)
    return {member_id: (count, team[member_id]) for member_id, count in direct.items()}


async def compare_sales(
    graph: Graph, recounted: Mapping[str, Sequence[int]]
) -> tuple[int, list[Difference]]:
    """How many months were compared, and where any of their amounts differ.

    recounted: per key of a member's month, what AMOUNTS names (minor units).
    """
    kept: dict[str, Sequence[int]] = {}
    nothing = (0,) * len(AMOUNTS)
    after = ""
    while True:
        row = (await graph.read("referrals/list_sales_months", after=after, limit=COLUMN_ROWS))[0]
        if not row["ids"]:
            break
        after = row["ids"][-1]
        names = ("ids", "owns", "directs", "teams", "bonuses", "selves")
        columns = zip(*(row[name] for name in names), strict=True)
        kept.update({key: amounts for key, *amounts in columns})
    differences = [
        Difference(f"{name}Sales", key, before, now)
        for key in sorted(kept.keys() | recounted.keys())
        for name, before, now in zip(
            AMOUNTS,
            kept.get(key, nothing),
            recounted.get(key, nothing),
            strict=True,
        )
        if before != now
    ]
    return len(kept), differences
