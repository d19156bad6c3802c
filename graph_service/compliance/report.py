"""The report as of a date: organisers, the most severe first, each with what the law looks at."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from graph_service.clock import time_string, to_micros
from graph_service.compliance.earnings import read_money, read_paid_levels
from graph_service.compliance.law import CURRENCY, FLAGS, Flag, Signs, notice, reasons
from graph_service.compliance.purchases import Purchases, Sign, read_purchases
from graph_service.compliance.standings import Mall, Standing, read_mall, standings
from graph_service.compliance.trees import (
    Numbers,
    Trees,
    marked_below,
    most_of,
    sums_of,
    uplines_of,
)
from graph_service.errors import Invalid
from graph_service.frame import Busy
from graph_service.graph.session import Graph
from graph_service.ingest.envelope import parse_time
from graph_service.money import decimal_string
from graph_service.pages import decode_cursor, encode_cursor
from graph_service.plans.member import Lang, warning_texts
from graph_service.plans.timeline import Plans
from graph_service.referrals.teams import read_member

MICROS_PER_MILLI = 1_000
EXAMPLES_MAX = 5
# Reports that wait for the one that is made; it may take the memory of a million members.
WAITING_MAX = 4
KEPT_MAX = 2
# How long everybody's standings are kept for following pages, and stand for a later now (s).
KEPT_S = 120.0
NOW_KEPT_S = 5.0


class ReportsBusy(Busy):
    """A report is being made, and others wait for it already."""

    code = "reports_busy"


@dataclass(frozen=True)
class Question:
    """Which organisers, as of when. rows_max: most members, and most orders, that are read.

    is_now: no time was asked for. after: behind which place of an earlier page.
    """

    at: datetime
    limit: int
    rows_max: int
    after: tuple[int, int, str] | None = None
    flag: Flag | None = None
    member_id: str | None = None
    lang: Lang = "zh"
    is_now: bool = False


def moment_of(text: str, zone: ZoneInfo) -> datetime:
    """The last moment (UTC) of a date in the zone, or a time with its offset. Raises Invalid."""
    try:
        if len(text) == len("2026-01-01"):
            following = date.fromisoformat(text) + timedelta(days=1)
            ends = datetime.combine(following, time(), zone).astimezone(UTC)
            return ends - timedelta(microseconds=1)
        return parse_time(text).astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise Invalid(f"asOf {fault}") from fault


def now_of(now: datetime) -> datetime:
    """Now in whole milliseconds (UTC), which a cursor keeps."""
    moment = now.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // MICROS_PER_MILLI * MICROS_PER_MILLI)


def cursor_of(at: datetime, last: Standing) -> str:
    """What continues behind this organiser, as of the same time where that was now."""
    severity, people, member_id = last.order
    return encode_cursor([to_micros(at) // MICROS_PER_MILLI, -severity, -people, member_id])


def place_of(cursor: str) -> tuple[datetime, tuple[int, int, str]]:
    """The time and the place that a cursor keeps. Raises CursorInvalid."""
    millis, severity, people, member_id = decode_cursor(cursor, (int, int, int, str))
    at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=millis)
    return at, (-severity, -people, member_id)


@dataclass(frozen=True)
class Kept:
    """Everybody's standings at a time. stored: booked and pending facts before they were read."""

    mall: Mall
    trees: Trees
    found: Sequence[Standing]
    stored: tuple[int, int]
    read_at: float
    is_now: bool

    def answers(self, question: Question, stored: tuple[int, int]) -> bool:
        """Are these the standings that were asked for? A following page keeps those of the first;
        a first page has what is stored now.
        """
        if question.after is not None:
            return self.mall.at == question.at
        if self.stored != stored:
            return False
        is_near = monotonic() - self.read_at <= NOW_KEPT_S
        return self.mall.at == question.at or (question.is_now and self.is_now and is_near)


class Reports:
    """Makes one report at a time, and keeps the last standings for the pages that follow."""

    def __init__(self) -> None:
        self._making = asyncio.Lock()
        self._waiting = 0
        self._kept: list[Kept] = []

    async def read(self, graph: Graph, question: Question, plans: Plans) -> dict[str, Any]:
        """A page of organisers. Raises MemberNotFound, ComplianceTooLarge, ReportsBusy."""
        if question.member_id is not None:
            await read_member(graph, question.member_id)
        if self._waiting > WAITING_MAX:
            raise ReportsBusy("reports are made one by one", headers={"Retry-After": "5"})
        self._waiting += 1
        try:
            async with self._making:
                return await _read_page(graph, question, plans, await self._read(graph, question))
        finally:
            self._waiting -= 1

    async def _read(self, graph: Graph, question: Question) -> Kept:
        row = (await graph.read("compliance/count_stored"))[0]
        stored = (int(row["booked"]), int(row["pending"]))
        for one in self._kept:
            if one.answers(question, stored):
                return one
        mall = await read_mall(graph, question.at, members_max=question.rows_max)
        trees, found = await asyncio.to_thread(standings, mall)
        one = Kept(mall, trees, found, stored, monotonic(), question.is_now)
        self._kept = [one, *self._kept][:KEPT_MAX]
        asyncio.get_running_loop().call_later(KEPT_S, self._forget, one)
        return one

    def _forget(self, one: Kept) -> None:
        self._kept = [kept for kept in self._kept if kept is not one]


async def _read_page(graph: Graph, question: Question, plans: Plans, kept: Kept) -> dict[str, Any]:
    mall, trees, found = kept.mall, kept.trees, kept.found
    wanted = [
        one
        for one in found
        if (question.flag is None or one.flag == question.flag)
        and (question.member_id is None or one.member_id == question.member_id)
        and (question.after is None or one.order > question.after)
    ]
    page = wanted[: question.limit]
    counts = Counter(one.flag for one in found)
    plan = plans.at(mall.micros)
    tops = np.zeros(len(mall.member_ids), dtype=np.bool_)
    tops[[one.place for one in page]] = True
    people = await asyncio.to_thread(marked_below, trees, tops)
    purchases = await read_purchases(graph, mall, people)
    most = await read_paid_levels(graph, mall, people, plans, orders_max=question.rows_max)
    money = await read_money(graph, mall, [one.member_id for one in page], plans)
    columns = await asyncio.to_thread(_columns, trees, purchases, most)
    examples = await asyncio.to_thread(examples_of, mall, page, purchases)
    return {
        "asOf": time_string(mall.micros),
        "currency": CURRENCY,
        "notice": notice(question.lang),
        "planVersion": plan.version,
        "planWarnings": warning_texts(plan, question.lang),
        "flags": {flag: counts[flag] for flag in FLAGS},
        "items": [
            _item(
                one,
                {name: int(column[one.place]) for name, column in columns.items()},
                money[one.member_id],
                examples[one.place],
                question.lang,
            )
            for one in page
        ],
        "nextCursor": cursor_of(mall.at, page[-1]) if len(wanted) > len(page) else None,
    }


def _columns(trees: Trees, purchases: Purchases, most: Numbers) -> Mapping[str, Numbers]:
    """Per place, what the tree below comes to."""
    return {
        "buyers": sums_of(trees, purchases.buyers),
        "promoters": sums_of(trees, purchases.promoter_buyers),
        "signs": sums_of(trees, purchases.sign_counts),
        "most": most_of(trees, most),
    }


def examples_of(
    mall: Mall, page: Sequence[Standing], purchases: Purchases
) -> Mapping[int, list[dict[str, Any]]]:
    """Per place of an organiser on the page, the first signs of its people, told."""
    wanted = {one.place for one in page}
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for sign in purchases.signs:
        for place in uplines_of(mall.inviters, sign.promotion.place):
            if place in wanted and len(found[place]) < EXAMPLES_MAX:
                found[place].append(_told(mall, sign))
    return found


def _told(mall: Mall, sign: Sign) -> dict[str, Any]:
    return {
        "memberId": mall.member_ids[sign.promotion.place],
        "orderId": sign.order_id,
        "paidAt": time_string(sign.paid_at),
        "role": sign.promotion.role,
        "promotedAt": time_string(sign.promotion.at),
    }


def _item(
    one: Standing,
    counts: Mapping[str, int],
    money: Mapping[Any, int],
    examples: Sequence[Mapping[str, Any]],
    lang: Lang,
) -> dict[str, Any]:
    share = Fraction(counts["promoters"], counts["buyers"]) if counts["buyers"] else None
    signs = Signs(
        one.people, one.levels, one.collected_minor, counts["most"], counts["signs"], money
    )
    return {
        "memberId": one.member_id,
        "people": one.people,
        "levels": one.levels,
        "directs": one.directs,
        "paidLevelsMax": counts["most"],
        "moneyByBasis": dict(money),
        "moneyCollectedMinor": one.collected_minor,
        "buyers": counts["buyers"],
        "promoterBuyers": counts["promoters"],
        "shareOfBuyersWhoArePromoters": None if share is None else decimal_string(share),
        "forcedPurchaseSigns": {"count": counts["signs"], "examples": list(examples)},
        "flag": one.flag,
        "reasons": reasons(signs, lang),
    }
