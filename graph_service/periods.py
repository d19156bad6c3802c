"""Which stretch of time is a period? A calendar month or a week from Monday on, in a zone.

A period is written as 2026-04 or, for the week of ISO 8601, as 2026-W15.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Cycle = Literal["month", "week"]
MONTH = re.compile(r"^[0-9]{4}-(0[1-9]|1[0-2])$")


def month_of(moment: datetime, zone: ZoneInfo) -> str:
    """The calendar month of a moment in a zone, as 2026-04."""
    return moment.astimezone(zone).strftime("%Y-%m")


def period_of(moment: datetime, zone: ZoneInfo, cycle: Cycle) -> str:
    """The month or week of a moment in a zone."""
    if cycle == "month":
        return month_of(moment, zone)
    year, week, _ = moment.astimezone(zone).isocalendar()
    return f"{year}-W{week:02d}"


def is_month(period: str) -> bool:
    """Is it a month, and not a week?"""
    return MONTH.match(period) is not None


def period_ends(period: str, zone: ZoneInfo) -> datetime:
    """The first moment after a period (UTC)."""
    return _midnight(_last_day(period) + timedelta(days=1), zone)


def period_begins(period: str, zone: ZoneInfo) -> datetime:
    """The first moment of a period (UTC)."""
    last = _last_day(period)
    first = last.replace(day=1) if is_month(period) else last - timedelta(days=6)
    return _midnight(first, zone)


def month_of_period(period: str) -> str:
    """The month in which it ends: what a week earns belongs there."""
    return period if is_month(period) else _last_day(period).strftime("%Y-%m")


def month_before(month: str, count: int = 1) -> str:
    """The month so many months earlier."""
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 - count, 12)
    return f"{year:04d}-{number + 1:02d}"


def _last_day(period: str) -> date:
    if not is_month(period):
        year, week = period.split("-W")
        return date.fromisocalendar(int(year), int(week), 7)
    year, number = divmod(int(period[:4]) * 12 + int(period[5:]), 12)
    return date(year, number + 1, 1) - timedelta(days=1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
