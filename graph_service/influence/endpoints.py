"""Reports over HTTP: what each channel, material, product or member brought in a time."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Protocol, cast
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field, StringConstraints

from graph_service.access.endpoints import Requires
from graph_service.answers import Answer, Cursor, Limit, answers
from graph_service.attribution.models import Model, Program
from graph_service.clock import Clock, time_string, to_micros
from graph_service.errors import Invalid, MemberNotFound
from graph_service.graph.endpoints import GraphOfApp
from graph_service.influence.cascades import Split
from graph_service.influence.journeys import By, ReportTooLarge, Span
from graph_service.influence.months import ask_influence
from graph_service.influence.removal import ORDER_MAX, ChainTooLarge
from graph_service.influence.report import Fit, Item, Report, ask_report
from graph_service.ingest.envelope import parse_time
from graph_service.money import CURRENCIES, decimal_string
from graph_service.pages import CursorInvalid, decode_cursor, encode_cursor
from graph_service.periods import month_of
from graph_service.settings import Settings

router = APIRouter(prefix="/v1", tags=["influence"], dependencies=[Depends(Requires("read"))])
DAYS_DEFAULT = 30
DAYS_MAX = 366
MONTHS_MAX = 24
MONTH = r"^(19[7-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2])$"


class PlanRules(Protocol):
    """What a report needs of the plan."""

    currency: str

    @property
    def month_zone(self) -> ZoneInfo:
        """The zone in which days begin and end."""
        ...

    @property
    def program(self) -> Program:
        """The rules of attribution."""
        ...


class Books(Protocol):
    """The plan in force and the time."""

    clock: Clock

    @property
    def plan(self) -> PlanRules:
        """The plan in force."""
        ...


async def books_of(request: Request) -> Books:
    """The pipeline that the app opened."""
    return cast(Books, request.app.state.pipeline)


BooksOfApp = Annotated[Books, Depends(books_of)]


class ReportItem(Answer):
    """What one key brought."""

    key: str | None = Field(description="null: no touch, or nobody told of the touch's key")
    weight: str = Field(description="part of the orders, decimal from 0 to 1")
    amount_minor: int = Field(description="that part of their amounts as paid (minor units)")
    orders: int = Field(description="that touched it")
    removal_effect: str | None = Field(
        None, description="markov: part of the conversions that is lost without it"
    )


class AttributionReport(Answer):
    """What the touches of a time brought, by one of their properties."""

    by: By
    model: Model = Field(description="as asked, else the plan's")
    model_version: str
    starts: str = Field(alias="from", description="orders paid from then on (UTC)")
    ends: str = Field(alias="to", description="and before then (UTC)")
    zone: str = Field(description="in which dates without a time begin")
    journeys: int = Field(description="with and without an order")
    conversions: int = Field(description="journeys with an order: as many as orders")
    value_minor: int = Field(description="sum of their amounts as paid (minor units)")
    currency: str = Field(description="ISO 4217; orders in others are left out")
    standard_error: str | None = Field(
        None, description="shapley: the largest of any weight, where some were sampled"
    )
    items: list[ReportItem] = Field(description="largest amount first")
    next_cursor: str | None = Field(description="cursor of the next page; null on the last")


class InfluenceMonth(Answer):
    """What a member's shares set in motion in a month."""

    month: str = Field(description="calendar month of the plan's zone, YYYY-MM")
    cascades: int = Field(description="in which the member made a share")
    people_reached: int = Field(description="who clicked a share of the member's")
    reshares: int = Field(description="of the member's shares, by others")
    orders: int = Field(description="credited to the member, without cancelled ones")
    credit: str = Field(description="owed by members who took part in the month, a decimal")


class Influence(Answer):
    """What a member's shares set in motion, month by month."""

    member_id: str
    split: Split = Field(description="as asked")
    zone: str = Field(description="in which months begin")
    truncated: bool = Field(description="reading ended at 1,000 cascades or 100,000 shares")
    items: list[InfluenceMonth] = Field(description="the months asked for, in order")
    next_cursor: None = Field(description="always null: the months are one page")


def moment_of(value: str | None, name: str, zone: ZoneInfo) -> datetime | None:
    """The moment (UTC) of a date in the zone, or of a time with its offset. Raises Invalid."""
    if value is None:
        return None
    try:
        if len(value) == len("2026-01-01"):
            return datetime.combine(date.fromisoformat(value), time(), zone).astimezone(UTC)
        return parse_time(value).astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise Invalid(f"{name} {fault}") from fault


async def _span(
    request: Request,
    books: BooksOfApp,
    by: Annotated[By, Query(description="Which property of the touched shares")],
    starts: Annotated[
        str | None,
        Query(alias="from", description="A date, or RFC 3339 with an offset; 30 days before to"),
    ] = None,
    ends: Annotated[
        str | None,
        Query(alias="to", description="Not included; a date, or RFC 3339; without it now"),
    ] = None,
    currency: Annotated[str | None, Query(description="ISO 4217; else the plan's")] = None,
) -> Span:
    settings: Settings = request.app.state.settings
    closes = moment_of(ends, "to", books.plan.month_zone) or books.clock().astimezone(UTC)
    opens = moment_of(starts, "from", books.plan.month_zone)
    opens = closes - timedelta(days=DAYS_DEFAULT) if opens is None else opens
    if not timedelta() < closes - opens <= timedelta(days=DAYS_MAX):
        raise Invalid(f"from must be before to, and by at most {DAYS_MAX} days")
    if currency is not None and currency not in CURRENCIES:
        raise Invalid("currency is not one of ISO 4217")
    return Span(
        by=by,
        opens=opens,
        closes=closes,
        currency=currency or books.plan.currency,
        program=books.plan.program,
        rows_max=settings.report_rows_max,
    )


@router.get(
    "/attribution/report",
    summary="What did each channel, material, product or member bring?",
    responses=answers(AttributionReport, Invalid, CursorInvalid, ReportTooLarge, ChainTooLarge),
)
async def get_report(
    request: Request,
    graph: GraphOfApp,
    books: BooksOfApp,
    span: Annotated[Span, Depends(_span)],
    limit: Limit,
    model: Annotated[Model | None, Query(description="Else the plan's")] = None,
    chain_order: Annotated[
        int,
        Query(alias="order", ge=1, le=ORDER_MAX, description="markov: touchpoints remembered"),
    ] = 1,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """By any model, over the journeys of a time; weights add up to 1, amounts to valueMinor."""
    after = decode_cursor(cursor, (int,))[0] if cursor else 0
    settings: Settings = request.app.state.settings
    chosen = cast(Model, model or span.program.model)
    fit = Fit(order=chain_order, states_max=settings.chain_states_max)
    report = await ask_report(graph, span, chosen, fit)
    return {
        **_heading(span, chosen, report),
        "zone": books.plan.month_zone.key,
        "items": [_item(item) for item in report.items[after : after + limit]],
        "nextCursor": encode_cursor([after + limit]) if after + limit < len(report.items) else None,
    }


def _heading(span: Span, model: Model, report: Report) -> dict[str, Any]:
    heading: dict[str, Any] = {
        "by": span.by,
        "model": model,
        "modelVersion": report.model_version,
        "from": time_string(to_micros(span.opens)),
        "to": time_string(to_micros(span.closes)),
        "journeys": report.journeys,
        "conversions": report.conversions,
        "valueMinor": report.value_minor,
        "currency": span.currency,
    }
    if report.standard_error is not None:
        heading["standardError"] = decimal_string(report.standard_error)
    return heading


def _item(item: Item) -> dict[str, Any]:
    told: dict[str, Any] = {
        "key": item.key,
        "weight": decimal_string(item.weight),
        "amountMinor": item.amount_minor,
        "orders": item.orders,
    }
    if item.removal_effect is not None:
        told["removalEffect"] = decimal_string(item.removal_effect)
    return told


@router.get(
    "/members/{memberId}/influence",
    summary="What did a member's shares set in motion?",
    responses=answers(Influence, MemberNotFound),
)
async def get_influence(
    graph: GraphOfApp,
    books: BooksOfApp,
    member_id: Annotated[str, Path(alias="memberId", description="The member")],
    months: Annotated[
        list[Annotated[str, StringConstraints(pattern=MONTH)]] | None,
        Query(alias="month", max_length=MONTHS_MAX, description="YYYY-MM, once or more; else now"),
    ] = None,
    split: Annotated[
        Split, Query(description="How credit is split: equally, or less for those long before")
    ] = "equal",
) -> dict[str, Any]:
    """Cascades, people reached, reshares, orders and credit by month."""
    zone = books.plan.month_zone
    asked = months or [month_of(books.clock(), zone)]
    found = await ask_influence(graph, member_id, asked, zone, split)
    return {
        "memberId": member_id,
        "split": split,
        "zone": zone.key,
        "truncated": found.truncated,
        "items": [
            {
                "month": one.month,
                "cascades": one.cascades,
                "peopleReached": one.people,
                "reshares": one.reshares,
                "orders": one.orders,
                "credit": decimal_string(one.credit),
            }
            for one in found.months
        ],
        "nextCursor": None,
    }
