"""The report as of a date: organisers, the most severe first, each with what the law looks at."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from graph_service.clock import time_string, to_micros
from graph_service.compliance.earnings import read_money, read_paid_levels
from graph_service.compliance.law import CURRENCY, FLAGS, Flag, Signs, notice, reasons
from graph_service.compliance.purchases import Purchases, Sign, read_purchases
from graph_service.compliance.standings import Mall, Standing, read_mall, standings
from graph_service.compliance.trees import marked_below, most_of, sums_of, uplines_of
from graph_service.errors import Invalid
from graph_service.graph.session import Graph
from graph_service.ingest.envelope import parse_time
from graph_service.money import decimal_string
from graph_service.pages import decode_cursor, encode_cursor
from graph_service.plans.member import Lang, warning_texts
from graph_service.plans.timeline import Plans
from graph_service.referrals.teams import read_member

MICROS_PER_MILLI = 1_000
EXAMPLES_MAX = 5


@dataclass(frozen=True)
class Question:
    """Which organisers, as of when. rows_max: most members, and most orders, that are read."""

    at: datetime
    limit: int
    rows_max: int
    after: tuple[int, int, str] | None = None
    flag: Flag | None = None
    member_id: str | None = None
    lang: Lang = "zh"


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


async def read_report(graph: Graph, question: Question, plans: Plans) -> dict[str, Any]:
    """A page of organisers. Raises MemberNotFound, ComplianceTooLarge."""
    if question.member_id is not None:
        await read_member(graph, question.member_id)
    mall = await read_mall(graph, question.at, members_max=question.rows_max)
    trees, found = await asyncio.to_thread(standings, mall)
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
    examples = examples_of(mall, page, purchases)
    columns = {
        "buyers": sums_of(trees, purchases.buyers),
        "promoters": sums_of(trees, purchases.promoter_buyers),
        "signs": sums_of(trees, purchases.sign_counts),
        "most": most_of(trees, most),
    }
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
