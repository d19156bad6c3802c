"""Which reports of refunds are one refund, and which are still to be told of?"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from graph_service.channels.mapping import Report
from graph_service.channels.places import Reason
from graph_service.clock import from_micros
from graph_service.graph.session import Row, Transaction

FIRST = Reason("first_report", "the first report of this refund")
NUMBER = Reason("refund_number", "a number of the refund is the same")
ALIKE = Reason("amount_time", "same order and amount within minutes; no number is shared")


def refund_row(report: Report, channel_order_id: str, payment_tokens: Sequence[str]) -> Row:
    """What is kept of a refund that a channel reports. payment_tokens: of its payment numbers."""
    numbers = [report.refund_no, *report.refund_nos]
    return {
        "channelOrderId": channel_order_id,
        "channelRefundId": f"{report.channel} {report.refund_no}",
        "channel": report.channel,
        "platformRefundNo": report.refund_no,
        "merchantRefundNo": next(iter(report.refund_nos), None),
        "amountMinor": report.amount_minor,
        "at": report.at.isoformat(),
        "refundNumbers": sorted({f"refund {n}" for n in numbers} | set(payment_tokens)),
    }


async def settle_refunds(
    transaction: Transaction, order_id: str, window: timedelta
) -> list[dict[str, Any]]:
    """Say of each refund reported of an order which one it is; gives the events of the new."""
    rows = await transaction.run("channels/read_refunds", orderId=order_id)
    placed: list[Row] = []
    events: list[dict[str, Any]] = []
    known = [row for row in rows if row["refundId"] is not None]
    known += await _told_by_mall(transaction, order_id, known)
    for row in rows:
        if row["refundId"] is not None:
            continue
        same, reason = _same(row, known, window)
        if same is None and row["amountMinor"] is None:
            continue
        refund_id = _refund_id(row) if same is None else same["refundId"]
        told = {**row, "refundId": refund_id, "code": reason.code, "why": reason.why}
        if same is None:
            events.append(_event(told, order_id))
        known.append(told)
        placed.append(told)
    if placed:
        kept = ("channelRefundId", "refundId", "code", "why")
        sent = sorted(({name: row[name] for name in kept} for row in placed), key=_key)
        await transaction.run("channels/place_refunds", rows=sent)
    return events


async def _told_by_mall(transaction: Transaction, order_id: str, known: Sequence[Row]) -> list[Row]:
    """Refunds of an order that no channel told of, as if the mall were a channel."""
    of_channels = {row["refundId"] for row in known}
    told = await transaction.run("channels/read_told_refunds", orderId=order_id)
    return [
        {**row, "channel": None, "refundNumbers": [f"refund {row['refundId']}"]}
        for row in told
        if row["refundId"] not in of_channels
    ]


def _same(row: Row, known: Sequence[Row], window: timedelta) -> tuple[Row | None, Reason]:
    """The refund that this report is of, if it is told of already: by number, else alike."""
    numbers = set(row["refundNumbers"])
    for other in known:
        if numbers & set(other["refundNumbers"]):
            return other, NUMBER
    # One of each channel at most: two like refunds of one channel are two.
    own = {other["refundId"] for other in known if other["channel"] == row["channel"]}
    apart = window // timedelta(microseconds=1)
    alike = [
        (abs(other["at"] - row["at"]), str(other["refundId"]), other)
        for other in known
        if other["channel"] != row["channel"]
        and other["refundId"] not in own
        and other["amountMinor"] == row["amountMinor"] is not None
        and abs(other["at"] - row["at"]) <= apart
    ]
    return (min(alike, key=lambda one: one[:2])[2], ALIKE) if alike else (None, FIRST)


def _refund_id(row: Row) -> str:
    """The mall's own number where the channel tells it, else channel and number."""
    own: str | None = row["merchantRefundNo"]
    return f"{row['channel']}:{row['platformRefundNo']}" if own is None else own


def _event(row: Row, order_id: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"refund {row['platformRefundNo']}",
        "source": f"channel:{row['channel']}",
        "type": "order.refunded",
        "time": from_micros(row["at"]).isoformat(),
        "data": {
            "orderId": order_id,
            "refundId": row["refundId"],
            "amountMinor": row["amountMinor"],
        },
    }


def _key(row: Row) -> str:
    return str(row["channelRefundId"])
