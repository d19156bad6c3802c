"""When did what happen in a made-up world? Events written in any order, read hour by hour."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import orjson

Event = dict[str, Any]

SOURCE = "demo-mall"
CHINA = timezone(timedelta(hours=8))
OPENS = datetime(2026, 1, 1, tzinfo=CHINA)
CLOSES = datetime(2026, 7, 1, tzinfo=CHINA)
CLOSES_S = int((CLOSES - OPENS).total_seconds())
HOUR_S = 3_600
DAY_S = 86_400
DAYS = CLOSES_S // DAY_S
# A second of the hour, and the number of the entry.
PLACE_BYTES = 7


class Diary:
    """Events to come, by the hour; what is read is forgotten. Times are seconds after OPENS."""

    def __init__(self) -> None:
        self.written = 0
        # An entry is one object, since millions may be to come: its place in the hour, then JSON.
        self._hours: dict[int, list[bytes]] = {}
        self._dates = [(OPENS + timedelta(days=day)).strftime("%Y-%m-%dT") for day in range(DAYS)]

    def write(self, at_s: int, kind: str, event_id: str, /, **data: object) -> None:
        """An event; fields that are None are left out. Nothing happens after CLOSES."""
        if at_s >= CLOSES_S:
            return
        self.written += 1
        event: Event = {
            "specversion": "1.0",
            "id": event_id,
            "source": SOURCE,
            "type": kind,
            "time": self.time(at_s),
            "data": {name: value for name, value in data.items() if value is not None},
        }
        hour, second = divmod(at_s, HOUR_S)
        place = (second << 40 | self.written).to_bytes(PLACE_BYTES, "big")
        self._hours.setdefault(hour, []).append(place + orjson.dumps(event))

    def read(self, until_s: int) -> Iterator[bytes]:
        """Events as JSON up to this time, in time order, those of one instant as written."""
        for hour in sorted(hour for hour in self._hours if hour < until_s // HOUR_S):
            for entry in sorted(self._hours.pop(hour)):
                yield entry[PLACE_BYTES:]

    def time(self, at_s: int) -> str:
        """RFC 3339, in the mall's zone."""
        day, second = divmod(at_s, DAY_S)
        hour, second = divmod(second, HOUR_S)
        return f"{self._dates[day]}{hour:02d}:{second // 60:02d}:{second % 60:02d}+08:00"


def seconds_of(moment: datetime) -> int:
    """Seconds after OPENS."""
    return int((moment - OPENS).total_seconds())
