"""An event as the plain reference compares it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

Data = dict[str, Any]
INSTANTS = ("createdAt", "expiresAt")
MODES = ("first", "override", "expiring")


@dataclass(frozen=True)
class Fact:
    """An event as it is compared: the instant, and the data without null fields."""

    kind: str
    at: datetime
    data: Data


def instant(text: str) -> datetime:
    """An RFC 3339 time in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def without_nulls(value: Any) -> Any:
    """The value without null fields, at any depth."""
    if isinstance(value, dict):
        fields = cast("Data", value)
        return {name: without_nulls(item) for name, item in fields.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in cast("list[Any]", value)]
    return value


def fact_of(event: dict[str, Any]) -> Fact:
    """What an event says, apart from its key."""
    data: Data = without_nulls(event["data"])
    for name in INSTANTS:
        if name in data:
            data[name] = instant(data[name])
    return Fact(event["type"], instant(event["time"]), data)


def is_valid(fact: Fact) -> bool:
    """Whether mode and expiresAt of a binding fit each other and the event's time."""
    if fact.kind != "referral.bound":
        return True
    mode = fact.data.get("mode", "first")
    expires_at = fact.data.get("expiresAt")
    if mode not in MODES or (mode == "expiring") != (expires_at is not None):
        return False
    return expires_at is None or expires_at > fact.at
