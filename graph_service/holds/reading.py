"""Which holds are there, of everybody or of one person?"""

from graph_service.graph.session import Graph
from graph_service.holds.placing import Hold, HoldNotFound, hold_of
from graph_service.pages import MILLIS_MAX, decode_cursor, encode_cursor
from graph_service.referrals.teams import read_member


async def read_hold(graph: Graph, hold_id: str) -> Hold:
    """The hold of this id. Raises HoldNotFound."""
    rows = await graph.read("holds/read_hold", holdId=hold_id)
    if not rows:
        raise HoldNotFound(f"there is no hold {hold_id}")
    return hold_of(rows[0])


async def list_holds(
    graph: Graph,
    now_ms: int,
    *,
    member_id: str | None = None,
    active: bool | None = None,
    limit: int,
    cursor: str | None = None,
) -> tuple[list[Hold], str | None]:
    """One page of the holds, newest first, and the next page's cursor.

    member_id: those on every account of that member's person. active: those in force or not.
    Raises MemberNotFound: nothing held would be a dangerous answer about somebody unknown.
    """
    before, after = decode_cursor(cursor, (int, str)) if cursor else (MILLIS_MAX, "")
    asked = {
        "active": active,
        "nowMillis": now_ms,
        "beforeMillis": before,
        "afterId": after,
        "limit": limit + 1,
    }
    if member_id is None:
        rows = await graph.read("holds/list_holds", **asked)
    else:
        rows = await graph.read("holds/list_holds_of_person", memberId=member_id, **asked)
        if not rows:
            await read_member(graph, member_id)
    last = rows[limit - 1] if len(rows) > limit else None
    following = None if last is None else encode_cursor([last["placedMillis"], last["holdId"]])
    return [hold_of(row) for row in rows[:limit]], following
