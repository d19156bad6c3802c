"""The compliance report over HTTP."""

from typing import Annotated, Any, Literal, Protocol, cast

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from graph_service.access.endpoints import Requires
from graph_service.answers import Answer, Cursor, Limit, answers
from graph_service.clock import Clock, to_micros
from graph_service.compliance.law import Flag
from graph_service.compliance.report import (
    Question,
    Reports,
    ReportsBusy,
    moment_of,
    now_of,
    place_of,
)
from graph_service.compliance.standings import ComplianceTooLarge
from graph_service.errors import Invalid, MemberNotFound
from graph_service.graph.endpoints import GraphOfApp
from graph_service.pages import CursorInvalid
from graph_service.plans.endpoints import LangOfAnswer, PlanWarning
from graph_service.plans.timeline import Plans
from graph_service.referrals.endpoints import SETTLE_S
from graph_service.settings import Settings

router = APIRouter(prefix="/v1", tags=["compliance"], dependencies=[Depends(Requires("read"))])


class MoneyByBasis(Answer):
    """What an organiser earned, by what it was paid for (minor units); may be below 0."""

    own_sale: int = Field(alias="own_sale", description="own sales, with ladder and bonuses")
    level_1: int = Field(alias="level_1", description="by sales of those invited directly")
    level_2_and_deeper: int = Field(
        alias="level_2_and_deeper", description="by sales of those further below"
    )
    head_count: int = Field(alias="head_count", description="by the number of people; no rule does")
    influence: int = Field(description="allowance for shares that led to an order")


class ForcedPurchase(Answer):
    """An order paid in the week before its buyer came to a higher role."""

    member_id: str
    order_id: str
    paid_at: str = Field(description="UTC")
    role: Literal["promoter", "partner"] = Field(description="to which the buyer came")
    promoted_at: str = Field(description="UTC")


class ForcedPurchaseSigns(Answer):
    """Purchases that may have been the price of a role."""

    count: int
    examples: list[ForcedPurchase] = Field(description="at most 5, in order of memberId")


class Reason(Answer):
    """What in an organiser's tree the law speaks of."""

    code: str = Field(description="the same in every language")
    text: str = Field(description="in words, with the legal source")


class Organiser(Answer):
    """A member who invited somebody, with everybody below by the bindings of that time."""

    member_id: str
    people: int = Field(description="the organiser and everybody below")
    levels: int = Field(description="the organiser's own included")
    directs: int = Field(description="invited by the organiser")
    paid_levels_max: int = Field(
        description="most members paid from one order that pays one of the people or counts for one"
    )
    money_by_basis: MoneyByBasis
    money_collected_minor: int = Field(
        description="paid by the people for own orders, less refunds (minor units)"
    )
    buyers: int = Field(description="of the people, with orders worth more than 0 after refunds")
    promoter_buyers: int = Field(description="of the buyers, promoters and partners")
    share_of_buyers_who_are_promoters: str | None = Field(
        description="decimal from 0 to 1; null without buyers"
    )
    forced_purchase_signs: ForcedPurchaseSigns
    flag: Flag
    reasons: list[Reason]


class FlagCounts(Answer):
    """How many organisers have which flag."""

    none: int
    amber: int
    red: int
    severe: int


class ComplianceReport(Answer):
    """Where trees of invitations come near what the law calls pyramid selling."""

    as_of: str = Field(description="bindings in force then, facts up to then (UTC)")
    currency: Literal["CNY"] = Field(description="the law's; orders in others are left out")
    notice: str = Field(description="that this is no legal advice")
    plan_version: str = Field(description="of the plan in force then")
    plan_warnings: list[PlanWarning] = Field(description="what in that plan is doubtful")
    ledger_behind: int = Field(
        description="facts not in the ledger yet; unless 0, money and paid levels may be too low"
    )
    flags: FlagCounts = Field(description="of all organisers")
    items: list[Organiser] = Field(description="most severe first, then most people, memberId")
    next_cursor: str | None = Field(description="cursor of the next page; null on the last")


class Books(Protocol):
    """The plans, the time, and whether everything stored is booked."""

    plans: Plans
    clock: Clock

    async def settle_ledger(self, *, timeout_s: float) -> bool:
        """Wait until everything stored is in the ledger."""
        ...

    async def behind(self) -> int:
        """How many booked facts the ledger has not followed yet."""
        ...


async def books_of(request: Request) -> Books:
    """The pipeline that the app opened."""
    return cast(Books, request.app.state.pipeline)


async def reports_of(request: Request) -> Reports:
    """What makes the reports of this process."""
    return cast(Reports, request.app.state.reports)


BooksOfApp = Annotated[Books, Depends(books_of)]


async def _question(
    request: Request,
    books: BooksOfApp,
    limit: Limit,
    lang: LangOfAnswer,
    as_of: Annotated[
        str | None,
        Query(alias="asOf", description="A date, to its end, or RFC 3339; without it now"),
    ] = None,
    flag: Annotated[Flag | None, Query(description="Only organisers with this flag")] = None,
    member_id: Annotated[
        str | None, Query(alias="memberId", description="Only this organiser")
    ] = None,
    cursor: Cursor = None,
) -> Question:
    settings: Settings = request.app.state.settings
    at, after = place_of(cursor) if cursor else (now_of(books.clock()), None)
    if as_of is not None:
        zone = books.plans.at(to_micros(books.clock())).month_zone
        at = moment_of(as_of, zone)
    return Question(
        at=at,
        limit=limit,
        rows_max=settings.report_rows_max,
        after=after,
        flag=flag,
        member_id=member_id,
        lang=lang,
        is_now=as_of is None and cursor is None,
    )


@router.get(
    "/compliance/report",
    summary="Which organisers' trees come near what the law calls pyramid selling?",
    responses=answers(
        ComplianceReport, MemberNotFound, Invalid, CursorInvalid, ComplianceTooLarge, ReportsBusy
    ),
)
async def get_compliance_report(
    graph: GraphOfApp,
    books: BooksOfApp,
    reports: Annotated[Reports, Depends(reports_of)],
    question: Annotated[Question, Depends(_question)],
) -> dict[str, Any]:
    """Per organiser people, levels, money and signs as of a date; no legal advice."""
    await books.settle_ledger(timeout_s=SETTLE_S)
    report = await reports.read(graph, question, books.plans)
    return {**report, "ledgerBehind": await books.behind()}
