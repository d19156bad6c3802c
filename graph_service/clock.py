"""What time is it? UTC always, and replaceable in tests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)


def from_micros(micros: int) -> datetime:
    """The moment so many microseconds after 1970 began, in UTC, exactly."""
    return EPOCH + timedelta(microseconds=micros)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 began, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def time_string(micros: int | None) -> str | None:
    """RFC 3339 in UTC with Z; fractions of a second only where there are any."""
    if micros is None:
        return None
    return from_micros(micros).isoformat().replace("+00:00", "Z")


def micros_of(text: str) -> int:
    """Microseconds since 1970 began of an RFC 3339 time with its offset."""
    return to_micros(datetime.fromisoformat(text))
