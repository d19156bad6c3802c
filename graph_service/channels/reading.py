"""What did which channel report of an order, and what is not clear yet?"""

from typing import Any

from graph_service.clock import time_string
from graph_service.errors import NotFound
from graph_service.graph.session import Graph
from graph_service.pages import MILLIS_MAX, decode_cursor, encode_cursor


class OrderUnknown(NotFound):
    """Nothing is known of an order of this id."""

    code = "order_not_found"


async def reports_of(graph: Graph, order_id: str) -> dict[str, Any]:
    """What channels report of an order, the first first. Raises OrderUnknown."""
    row = (await graph.read("channels/list_reports", orderId=order_id))[0]
    if not row["found"]:
        raise OrderUnknown(f"there is no order {order_id}")
    return {"orderId": order_id, "items": [_report(one) for one in row["reports"]]}


def _report(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "channel": one["channel"],
        "platformOrderNo": one["platformOrderNo"],
        "merchantOrderNo": one["merchantOrderNo"],
        "amountMinor": one["amountMinor"],
        "currency": one["currency"],
        "paidAt": time_string(one["paidAt"]),
        "endedAs": one["endedAs"],
        "endedAt": time_string(one["endedAt"]),
        "reportedAt": time_string(one["reportedAt"]),
        "matched": {"code": one["code"], "why": one["why"]},
        "refunds": [_refund(refund) for refund in one["refunds"]],
    }


def _refund(one: dict[str, Any]) -> dict[str, Any]:
    matched = None if one["code"] is None else {"code": one["code"], "why": one["why"]}
    return {
        "platformRefundNo": one["platformRefundNo"],
        "amountMinor": one["amountMinor"],
        "at": time_string(one["at"]),
        "refundId": one["refundId"],
        "matched": matched,
    }


async def list_suspects(graph: Graph, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """One page of the reports of which something is not clear, newest first."""
    before, after = decode_cursor(cursor, (int, str)) if cursor else (MILLIS_MAX, "")
    rows = await graph.read(
        "channels/list_suspects", beforeMillis=before, afterId=after, limit=limit + 1
    )
    items = [
        {
            "channel": row["channel"],
            "platformOrderNo": row["platformOrderNo"],
            "amountMinor": row["amountMinor"],
            "currency": row["currency"],
            "paidAt": time_string(row["paidAt"]),
            "orderId": row["orderId"],
            "code": row["code"],
            "why": row["why"],
            "candidates": row["candidates"],
            "since": time_string(row["millis"] * 1000),
        }
        for row in rows[:limit]
    ]
    last = rows[limit - 1] if len(rows) > limit else None
    following = None if last is None else encode_cursor([last["millis"], last["channelOrderId"]])
    return {"items": items, "nextCursor": following}
