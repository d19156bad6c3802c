"""Worlds: lists of events, by name, at random and large, and the clock that they share."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

Event = dict[str, Any]

CHINA = timezone(timedelta(hours=8))
START = datetime(2026, 1, 1, tzinfo=CHINA)
DAYS = 70
# Later than every event of every world; the 30 days before it hold a part of each.
NOW = START + timedelta(days=DAYS, hours=1)


def spelled(at: datetime, zone: timezone = CHINA) -> str:
    """The instant in RFC 3339, with Z for UTC."""
    return at.astimezone(zone).isoformat().replace("+00:00", "Z")


def event(
    kind: str, event_id: str, at: datetime, data: dict[str, Any], *, zone: timezone = CHINA
) -> Event:
    """A CloudEvent of the mall."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": "/mall",
        "type": kind,
        "time": spelled(at, zone),
        "data": data,
    }


def order_data(order_id: str, member_id: str, amount_minor: int) -> dict[str, Any]:
    """The data of an order.paid of one line, in CNY."""
    return {
        "orderId": order_id,
        "memberId": member_id,
        "amountMinor": amount_minor,
        "currency": "CNY",
        "lines": [{"productId": "product-1", "quantity": 1, "amountMinor": amount_minor}],
    }


def instant(fact: Event) -> datetime:
    """When the event says that it happened."""
    return datetime.fromisoformat(fact["time"]).astimezone(UTC)
