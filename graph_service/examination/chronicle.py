"""How is an unseen world written down? Chance, a feed of events, and what was planted in it."""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import accumulate
from typing import TypeVar

import numpy as np

from graph_service.worlds.diary import Event

T = TypeVar("T")

SOURCE = "/unseen-mall"
CHINA = timezone(timedelta(hours=8))
# Every world ends here, so that worlds in one graph have one "now"; how long it lasts is drawn.
CLOSES = datetime(2026, 6, 24, tzinfo=CHINA)
HOUR_S, DAY_S = 3_600.0, 86_400.0
# Members of long standing joined up to so long before the world begins.
HISTORY_DAYS = 400
BUFFERED = 8_192
# Above it, Poisson counts are drawn as rounded normal ones.
KNUTH_MEAN_MAX = 25.0
# Most events arrive at once, some after minutes, a few after hours (cumulated shares; mean s).
PROMPT, LATE = 0.90, 0.99
PROMPT_S, LATE_S, LATEST_S = 15.0, 400.0, 7_200.0
# How busy each hour of a day is: a lunch break, and an evening that peaks at nine.
HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 11, 12, 15, 12, 10, 10, 10, 11, 13, 17, 22, 24, 17, 8)


class Dice:
    """Chance, by a seed: the same calls in the same order give the same answers."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._units: list[float] = []
        self._digits = ""

    def unit(self) -> float:
        """A number in [0, 1)."""
        if not self._units:
            self._units = self._rng.random(BUFFERED).tolist()
        return self._units.pop()

    def chance(self, probability: float) -> bool:
        """Does it happen?"""
        return self.unit() < probability

    def between(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self.unit()

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int((high - low + 1) * self.unit())

    def pick(self, items: Sequence[T]) -> T:
        """One of them, each as likely."""
        return items[int(len(items) * self.unit())]

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        """So many different ones, or all, in any order."""
        pool = list(items)
        for place in range(min(count, len(pool))):
            other = self.whole(place, len(pool) - 1)
            pool[place], pool[other] = pool[other], pool[place]
        return pool[:count]

    def delay(self, mean: float) -> float:
        """An exponential waiting time."""
        return -mean * math.log(1.0 - self.unit())

    def spread(self, median: float, sigma: float) -> float:
        """A log-normal size."""
        normal = math.sqrt(self.delay(2.0)) * math.cos(2 * math.pi * self.unit())
        return median * math.exp(sigma * normal)

    def count(self, mean: float) -> int:
        """A Poisson count."""
        if mean > KNUTH_MEAN_MAX:
            normal = math.sqrt(self.delay(2.0)) * math.cos(2 * math.pi * self.unit())
            return max(0, round(mean + math.sqrt(mean) * normal))
        drawn, product, floor = 0, self.unit(), math.exp(-mean)
        while product > floor:
            drawn += 1
            product *= self.unit()
        return drawn

    def size(self, low: int, high: int) -> int:
        """A whole number from low to high, small ones more likely than large ones."""
        if high <= low:
            return low
        if self.chance(0.5):
            return self.whole(low, high)
        return min(high, int(low * ((high + 1) / low) ** self.unit()))

    def name(self, digits: int = 16) -> str:
        """Random hex digits: an id that says nothing."""
        if len(self._digits) < digits:
            self._digits = self._rng.bytes(BUFFERED).hex()
        found, self._digits = self._digits[:digits], self._digits[digits:]
        return found


class Calendar:
    """When is a mall busy? Times are seconds after its opening; days before it are negative."""

    def __init__(self, dice: Dice, days: int) -> None:
        self.days = days
        self.closes_s = days * DAY_S
        self.opens = CLOSES - timedelta(days=days)
        self._dice = dice
        dates = [self.opens + timedelta(days=day) for day in range(-HISTORY_DAYS, days)]
        self._minutes = [f"{hour:02d}:{minute:02d}" for hour in range(24) for minute in range(60)]
        self._texts = [date.strftime("%Y-%m-%dT") for date in dates]
        self._days = [0.0, *accumulate(self._weights())]
        self._hours = [0.0, *accumulate(HOURS)]

    def _weights(self) -> list[float]:
        """How busy each day is: weekends, the days after payday, some promotions, some growth."""
        sales = {self._dice.whole(0, self.days - 1) for _ in range(self.days // 30)}
        weights: list[float] = []
        for day in range(self.days):
            date = self.opens + timedelta(days=day)
            weight = 1.3 if date.weekday() >= 5 else 1.0
            weight *= 1.5 if date.day in (10, 11, 15, 16, 25) else 1.0
            weight *= 2.2 if any(0 <= day - sale < 3 for sale in sales) else 1.0
            weights.append(weight * (1 + 0.4 * day / self.days))
        return weights

    def moment(self, after_s: float, until_s: float | None = None) -> float:
        """A time of ordinary business between the two."""
        after_s = max(after_s, 0.0)
        until_s = min(self.closes_s if until_s is None else until_s, self.closes_s)
        first, last = int(after_s // DAY_S), min(self.days, math.ceil(until_s / DAY_S))
        if first >= last:
            return after_s
        drawn = self._dice.between(self._days[first], self._days[last])
        day = min(bisect_right(self._days, drawn) - 1, last - 1)
        hour = bisect_right(self._hours, self._dice.between(0, self._hours[-1])) - 1
        found = day * DAY_S + (hour + self._dice.unit()) * HOUR_S
        return found if after_s <= found <= until_s else self._dice.between(after_s, until_s)

    def text(self, at_s: float) -> str:
        """RFC 3339 in the mall's zone, to the millisecond."""
        day, ms = divmod(int(at_s * 1_000), int(DAY_S) * 1_000)
        minute, ms = divmod(ms, 60_000)
        date = self._texts[min(max(day + HISTORY_DAYS, 0), len(self._texts) - 1)]
        return f"{date}{self._minutes[minute]}:{ms // 1_000:02d}.{ms % 1_000:03d}+08:00"

    def month_ends(self) -> list[float]:
        """When the months end that have twelve days in the world, and are ten days over."""
        days = range(12, self.days - 10)
        return [day * DAY_S for day in days if (self.opens + timedelta(days=day)).day == 1]

    def month(self, at_s: float) -> int:
        """The month of a time, counted from year 0."""
        date = self.opens + timedelta(seconds=at_s)
        return date.year * 12 + date.month


class Chronicle:
    """Events written in any order, read as a feed brings them: nearly by time."""

    def __init__(self, dice: Dice, calendar: Calendar) -> None:
        self._dice = dice
        self._calendar = calendar
        self._entries: list[tuple[float, int, Event]] = []

    def write(self, at_s: float, kind: str, data: Mapping[str, object]) -> None:
        """An event; fields that are None are left out. Nothing happens after the world ends."""
        if at_s >= self._calendar.closes_s:
            return
        event: Event = {
            "specversion": "1.0",
            "id": self._dice.name(),
            "source": SOURCE,
            "type": kind,
            "time": self._calendar.text(at_s),
            "data": data,
        }
        if None in data.values():
            event["data"] = {name: value for name, value in data.items() if value is not None}
        luck = self._dice.unit()
        mean_s = PROMPT_S if luck < PROMPT else LATE_S if luck < LATE else LATEST_S
        self._entries.append((at_s + self._dice.delay(mean_s), len(self._entries), event))

    def feed(self) -> list[Event]:
        """All events in the order of arrival."""
        return [event for _, _, event in sorted(self._entries, key=lambda entry: entry[:2])]


@dataclass(frozen=True)
class Plot:
    """A group that was planted, or that only looks as if. variant: how it goes about it."""

    kind: str
    variant: str
    member_ids: tuple[str, ...]
    order_ids: tuple[str, ...] = ()
    shop_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnseenWorld:
    """A world and the truth about it. events: in order of arrival. members: all member ids."""

    events: list[Event]
    planted: tuple[Plot, ...]
    lookalikes: tuple[Plot, ...]
    members: tuple[str, ...]
    seed: int = 0
    camouflage: float = 0.0
