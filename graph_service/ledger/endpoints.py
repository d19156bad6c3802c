"""Commissions, statements and the proof of the ledger over HTTP."""

from datetime import UTC
from typing import Annotated, Any, Literal, Protocol, cast

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field

from graph_service.access.endpoints import Requires
from graph_service.answers import Answer, answers
from graph_service.clock import Clock, to_micros
from graph_service.errors import GraphTimeout, MemberNotFound
from graph_service.graph.endpoints import GraphOfApp
from graph_service.ledger.chain import prove_ledger
from graph_service.ledger.lines import Basis
from graph_service.ledger.statement import read_commission, read_statement
from graph_service.periods import month_of
from graph_service.plans.timeline import Plans
from graph_service.referrals.endpoints import SETTLE_S, MemberId
from graph_service.rewards.orders import OrderNotFound

router = APIRouter(prefix="/v1", tags=["ledger"], dependencies=[Depends(Requires("read"))])


class CommissionLine(Answer):
    """One entry of the ledger for an order; a later entry takes back what is not owed any more."""

    entry_id: str = Field(description="seq of the fact that it follows from, and its place there")
    payee_id: str
    basis: Basis = Field(description="by which rule it is earned")
    part: str = Field(description="which of the payee's lines of this basis")
    rate: str | None = Field(description="decimal from 0 to 1; null where there is none")
    base_minor: int = Field(description="what the rate is of (minor units)")
    amount_minor: int = Field(description="owed, or taken back where below 0 (minor units)")
    state: Literal["pending", "released", "reversed"]
    available_at: str | None = Field(description="when it is released (UTC), if that is known")
    plan_version: str
    why: str = Field(description="code of the reason")
    inputs: dict[str, Any] = Field(description="the numbers that were put in")


class Commission(Answer):
    """Who is owed what of an order, and what the platform keeps."""

    order_id: str
    plan_version: str | None = Field(description="of the last entry; null before there is one")
    currency: str = Field(description="ISO 4217")
    lines: list[CommissionLine] = Field(description="entries for members, as they were booked")
    total_minor: int = Field(description="sum of the lines (minor units); 0 after a full refund")
    kept: list[CommissionLine] = Field(description="entries for the platform")
    kept_minor: int = Field(description="sum of those (minor units)")


class ByBasis(Answer):
    """What was earned, by rule (minor units)."""

    own_sale: int = Field(alias="own_sale")
    ladder: int
    team: int
    partner: int
    influence: int
    campaign: int
    reward: int


class Balance(Answer):
    """Everything owed by now, of all months (minor units); may be below 0, and is carried."""

    pending_minor: int = Field(description="not released yet")
    released_minor: int = Field(
        description="completed, held long enough, and free to be paid; below 0 it is owed"
    )
    held_minor: int = Field(description="would be released, but a hold on the person is in force")
    reserved_minor: int = Field(description="asked to be paid out, not settled yet")
    paid_minor: int = Field(description="paid out")
    negative_minor: int = Field(description="what is owed and carried: 0, or minus released")


class LadderProgress(Answer):
    """Where the month's promoted sales stand on the ladder."""

    promoted_sales_minor: int
    rate: str = Field(description="of the step reached")
    next_at_minor: int | None = Field(description="where the next step begins, if there is one")
    next_rate: str | None
    missing_minor: int | None = Field(description="how much is missing to it")


class Statement(Answer):
    """A member's month and balance."""

    member_id: str
    month: str = Field(description="calendar month of the plan's zone, YYYY-MM")
    currency: str = Field(description="ISO 4217")
    plan_version: str = Field(description="of the plan in force now")
    by_basis: ByBasis
    total_minor: int = Field(description="sum of byBasis (minor units)")
    balance: Balance
    ladder: LadderProgress


class LedgerProof(Answer):
    """Whether every entry is what it was when it was written."""

    ok: bool
    entries: int
    payees: int
    first_broken: str | None = Field(description="entryId, or what else does not fit")


class Bookkeeper(Protocol):
    """Follows the log; knows the plans and the time."""

    plans: Plans
    clock: Clock

    async def settle_ledger(self, *, timeout_s: float) -> bool:
        """Wait until everything stored is in the ledger."""
        ...


async def bookkeeper_of(request: Request) -> Bookkeeper:
    """The pipeline that the app opened."""
    return cast(Bookkeeper, request.app.state.pipeline)


Books = Annotated[Bookkeeper, Depends(bookkeeper_of)]


async def _settled(books: Bookkeeper) -> None:
    if not await books.settle_ledger(timeout_s=SETTLE_S):
        raise GraphTimeout("the ledger is behind what was stored; ask again", headers=RETRY)


RETRY = {"Retry-After": "1"}


@router.get(
    "/orders/{orderId}/commission",
    summary="Who is owed what of this order?",
    responses=answers(Commission, OrderNotFound, GraphTimeout),
)
async def get_commission(
    graph: GraphOfApp,
    books: Books,
    order_id: Annotated[str, Path(alias="orderId", description="The order")],
) -> dict[str, Any]:
    """Every entry with rate, base, reason and state; the sum is what is owed."""
    await _settled(books)
    return await read_commission(graph, order_id, books.plans, books.clock())


@router.get(
    "/members/{memberId}/statement",
    summary="What has this member earned?",
    responses=answers(Statement, MemberNotFound, GraphTimeout),
)
async def get_statement(
    graph: GraphOfApp,
    books: Books,
    member_id: MemberId,
    month: Annotated[
        str | None,
        Query(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", description="YYYY-MM; without it this month"),
    ] = None,
    currency: Annotated[
        str | None, Query(pattern=r"^[A-Z]{3}$", description="ISO 4217; without it the plan's")
    ] = None,
) -> dict[str, Any]:
    """A month by basis, the balance of all months, and the ladder."""
    await _settled(books)
    now = books.clock().astimezone(UTC)
    zone = books.plans.at(to_micros(now)).month_zone
    asked = month or month_of(now, zone)
    return await read_statement(graph, member_id, asked, books.plans, now, currency)


@router.get(
    "/ledger/verify",
    summary="Is every entry what it was?",
    responses=answers(LedgerProof),
)
async def get_proof(graph: GraphOfApp) -> dict[str, Any]:
    """Follows every payee's chain of hashes; reads the whole ledger."""
    found = await prove_ledger(graph)
    return {
        "ok": found.first_broken is None,
        "entries": found.entries,
        "payees": found.payees,
        "firstBroken": found.first_broken,
    }
