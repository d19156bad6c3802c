"""What people touched before they bought, or without buying, over all of a time."""

from bisect import bisect_right
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from graph_service.attribution.models import Program
from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.clock import from_micros, to_micros
from graph_service.errors import TooLarge
from graph_service.graph.session import Read, Row

By = Literal["channel", "material", "product", "member"]
COLUMN = {
    "channel": "channels",
    "material": "materialIds",
    "product": "productIds",
    "member": "memberIds",
}
SHARES_TOGETHER = 20_000
PEOPLE_TOGETHER = 5_000
ORDERS_TOGETHER = 20_000


class ReportTooLarge(TooLarge):
    """There are more shares, or clicks or orders in the time, than a report may read."""

    code = "report_too_large"


@dataclass(frozen=True)
class Journey:
    """What one person touched, up to an order or without one.

    touches: the touchpoints, oldest first; None where nobody has told of it. times: of the
    touches (us). value_minor: of the order, None without. ended_at: when it was paid (us).
    program: the rules of the order.
    """

    touches: tuple[str | None, ...]
    times: tuple[int, ...] = ()
    value_minor: int | None = None
    ended_at: int = 0
    program: Program = field(default_factory=Program)


@dataclass(frozen=True)
class Span:
    """Orders paid in [opens, closes) and the clicks before them. rows_max: of each kind."""

    by: By
    opens: datetime
    closes: datetime
    currency: str
    program: Program
    rows_max: int


@dataclass
class Columns:
    """All that journeys are made of. clicks: per person (time, share), in no order."""

    keys: dict[str, str] = field(default_factory=dict[str, str])
    clicks: dict[str, list[tuple[int, str]]] = field(
        default_factory=dict[str, list[tuple[int, str]]]
    )
    orders: dict[str, list[tuple[int, int, Program, str]]] = field(
        default_factory=dict[str, list[tuple[int, int, Program, str]]]
    )


async def read_columns(read: Read, span: Span) -> Columns:
    """Shares, clicks and orders of a time, read in bounded chunks. Raises ReportTooLarge."""
    columns = Columns()
    async for row in _chunks(read, "influence/list_shares", SHARES_TOGETHER):
        columns.keys.update(zip(row["shareIds"], row[COLUMN[span.by]], strict=True))
        _limit(span, len(columns.keys), "shares")
    opens = from_micros(to_micros(span.opens) - span.program.window_days_max * MICROS_PER_DAY)
    clicks = 0
    for query in ("influence/list_member_clicks", "influence/list_visitor_clicks"):
        times = {"opens": opens, "closes": span.closes}
        async for row in _chunks(read, query, PEOPLE_TOGETHER, **times):
            clicks += len(row["times"])
            _limit(span, clicks, "clicks")
            for who, at, share in zip(row["people"], row["times"], row["shareIds"], strict=True):
                columns.clicks.setdefault(who, []).append((at, share))
    await _read_orders(read, span, columns)
    return columns


async def _chunks(
    read: Read, query: str, limit: int, **params: object
) -> AsyncGenerator[Row, None]:
    """The rows of a query that goes on after the last key of the row before."""
    after = ""
    while True:
        row = (await read(query, after=after, limit=limit, **params))[0]
        last = row["last"] if "last" in row else (row["shareIds"] or [None])[-1]
        if last is None:
            return
        yield row
        after = last


async def _read_orders(read: Read, span: Span, columns: Columns) -> None:
    opens, after, count = span.opens, "", 0
    while True:
        row = (
            await read(
                "influence/list_orders",
                opens=opens,
                closes=span.closes,
                after=after,
                limit=ORDERS_TOGETHER,
                currency=span.currency,
            )
        )[0]
        for who, at, amount, channel, shop, share in zip(
            *(row[name] for name in ("people", "times", "amounts", "channels", "shopIds")),
            row["shareIds"],
            strict=True,
        ):
            rules = span.program.of(channel or None, shop or None)
            columns.orders.setdefault(who, []).append((at, amount, rules, share))
        count += len(row["times"])
        _limit(span, count, "orders")
        if len(row["times"]) < ORDERS_TOGETHER:
            return
        opens, after = from_micros(row["times"][-1]), row["orderIds"][-1]


def _limit(span: Span, count: int, what: str) -> None:
    if count > span.rows_max:
        raise ReportTooLarge(f"more than {span.rows_max} {what}; ask for a shorter time")


def journeys_of(columns: Columns, span: Span) -> list[Journey]:
    """Per order what its buyer touched in the window, and per person what led to none.

    A journey without order is what the person touched in the time after the last order, if
    anything. A click may stand in the windows of two orders, as it does when each is attributed.
    """
    opens = to_micros(span.opens)
    found: list[Journey] = []
    for who in sorted(columns.clicks.keys() | columns.orders.keys()):
        clicks = sorted(columns.clicks.get(who, ()))
        times = [at for at, _ in clicks]
        orders = sorted(columns.orders.get(who, ()), key=lambda order: order[0])
        for paid_at, amount_minor, rules, share in orders:
            start = bisect_right(times, paid_at - rules.window_days * MICROS_PER_DAY)
            touches = clicks[start : bisect_right(times, paid_at)]
            if share:
                touches = sorted([*touches, (paid_at, share)])
            found.append(
                Journey(
                    _keys(columns, touches),
                    tuple(at for at, _ in touches),
                    amount_minor,
                    paid_at,
                    rules,
                )
            )
        after = max(opens - 1, orders[-1][0]) if orders else opens - 1
        rest = clicks[bisect_right(times, after) :]
        if rest:
            found.append(Journey(_keys(columns, rest), tuple(at for at, _ in rest)))
    return found


def _keys(columns: Columns, touches: Sequence[tuple[int, str]]) -> tuple[str | None, ...]:
    return tuple(columns.keys.get(share) or None for _, share in touches)
