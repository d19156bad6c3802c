"""Rejected events: kept with their reasons, listed, and tried again."""

import json
from typing import Any

from graph_service.clock import time_string
from graph_service.errors import NotFound
from graph_service.graph.session import Graph
from graph_service.pages import MILLIS_MAX, decode_cursor, encode_cursor


class RejectedNotFound(NotFound):
    """No rejected event has this id."""

    code = "rejected_not_found"


async def list_rejected(graph: Graph, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """One page of the quarantine, newest first."""
    before, after = decode_cursor(cursor, (int, str)) if cursor else (MILLIS_MAX, "")
    rows = await graph.read(
        "ingest/list_rejected", beforeMillis=before, afterId=after, limit=limit + 1
    )
    items = [
        {
            "rejectedId": row["rejectedId"],
            "source": row["source"],
            "id": row["eventId"],
            "type": row["type"],
            "code": row["code"],
            "detail": row["detail"],
            "rejectedAt": time_string(row["millis"] * 1000),
            "event": json.loads(row["content"]),
        }
        for row in rows[:limit]
    ]
    last = rows[limit - 1] if len(rows) > limit else None
    following = None if last is None else encode_cursor([last["millis"], last["rejectedId"]])
    return {"items": items, "nextCursor": following}


async def read_rejected(graph: Graph, rejected_id: str) -> object:
    """The content of a rejected event as it is kept. Raises RejectedNotFound."""
    rows = await graph.read("ingest/read_rejected", rejectedId=rejected_id)
    if not rows:
        raise RejectedNotFound(f"there is no rejected event {rejected_id}")
    return json.loads(rows[0]["content"])


async def remove_rejected(graph: Graph, rejected_id: str) -> None:
    """Forget a rejected event that was stored after all."""
    await graph.write("ingest/remove_rejected", rejectedId=rejected_id)
