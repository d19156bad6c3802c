"""Payouts over HTTP: decided, asked for, approved, sent to the bank and reconciled."""

from typing import Annotated, Any, Protocol, cast

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from graph_service.access.endpoints import CallingKey, Requires
from graph_service.access.idempotency import claim_of
from graph_service.answers import Asked, Cursor, Limit, answers
from graph_service.clock import Clock
from graph_service.errors import GraphTimeout, MemberNotFound
from graph_service.graph.endpoints import GraphOfApp
from graph_service.money import AMOUNT_MINOR_MAX
from graph_service.pages import CursorInvalid
from graph_service.payouts.channel import (
    BatchAltered,
    ChannelBusy,
    ChannelUnavailable,
    FileChannel,
)
from graph_service.payouts.deciding import Wanted, decide
from graph_service.payouts.reconciling import reconcile_payouts
from graph_service.payouts.requests import (
    AccountNumber,
    Desk,
    PayoutMoved,
    PayoutNotFound,
    PayoutRefused,
    State,
    approve_payout,
    cancel_payout,
    check_account,
    list_payouts,
    payout_body,
    read_payout,
    request_payout,
)
from graph_service.payouts.rules import Rules
from graph_service.payouts.sending import send_payouts
from graph_service.payouts.shapes import (
    Payout,
    PayoutList,
    PayoutsReconciled,
    PayoutsSent,
    PayoutVerdict,
)
from graph_service.plans.endpoints import LangOfAnswer
from graph_service.plans.member import Lang
from graph_service.plans.timeline import Plans
from graph_service.settings import Settings

READS, ASKS = Depends(Requires("read")), Depends(Requires("events:write"))
JUDGES, RUNS = Depends(Requires("risk:decide")), Depends(Requires("admin"))
RETRY = {"Retry-After": "1"}
router = APIRouter(prefix="/v1", tags=["payouts"])


class PayoutWanted(Asked):
    """A payout to decide on."""

    member_id: str = Field(min_length=1, max_length=256, description="whom it pays")
    amount_minor: int = Field(
        ge=1, le=AMOUNT_MINOR_MAX, strict=True, description="how much (minor units)"
    )
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")


class PayoutAsked(PayoutWanted):
    """A payout to make."""

    account: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:\-]{0,127}$",
        description="your reference to the payee's account, never its number",
    )


class ReasonGiven(Asked):
    """Why."""

    reason: str = Field(min_length=1, max_length=500, description="in words; kept in the history")


class Books(Protocol):
    """Knows the plans and the time, and books what is stored."""

    plans: Plans
    clock: Clock

    async def settle_ledger(self, *, timeout_s: float) -> bool:
        """Wait until everything stored is in the ledger."""
        ...


async def _desk(request: Request, key: CallingKey, lang: LangOfAnswer) -> Desk:
    return desk_of(request, key.key_id, lang)


def desk_of(request: Request, by: str, lang: Lang) -> Desk:
    """What decides, in this app."""
    books, rules = cast(Books, request.app.state.pipeline), request.app.state.payout_rules
    return Desk(cast(Rules, rules), books.plans, books.clock, by, lang)


async def _till(request: Request) -> FileChannel:
    settings: Settings = request.app.state.settings
    return FileChannel(settings.payout_folder)


DeskOfApp = Annotated[Desk, Depends(_desk)]
TillOfApp = Annotated[FileChannel, Depends(_till)]
PayoutId = Annotated[str, Path(alias="payoutId", max_length=64, description="The payout")]


async def _settle(request: Request) -> bool:
    settings: Settings = request.app.state.settings
    books = cast(Books, request.app.state.pipeline)
    return await books.settle_ledger(timeout_s=settings.payout_wait_ms / 1_000)


@router.get(
    "/payouts/rules",
    summary="Which rules decide on payouts?",
    dependencies=[READS],
    response_model=None,
    responses=answers(Rules),
)
async def get_rules(desk: DeskOfApp) -> dict[str, Any]:
    """The document with every limit and every sentence, as it was read at the start."""
    return desk.rules.model_dump(mode="json", by_alias=True)


@router.post(
    "/payouts:decide",
    summary="May this money leave?",
    dependencies=[READS],
    responses=answers(PayoutVerdict, MemberNotFound),
)
async def post_decision(
    request: Request, graph: GraphOfApp, desk: DeskOfApp, wanted: PayoutWanted
) -> dict[str, Any]:
    """Allow, review or deny, with each rule that spoke; nothing is written. Facts stored just
    before are waited for, for a moment.
    """
    asked = Wanted(wanted.member_id, wanted.amount_minor, wanted.currency)
    verdict = await decide(graph.read, asked, desk.rules, desk.plans, desk.now)
    if verdict.holder.behind:
        await _settle(request)
        verdict = await decide(graph.read, asked, desk.rules, desk.plans, desk.now)
    return verdict.body(desk.lang)


@router.post(
    "/payouts",
    summary="Ask for a payout",
    dependencies=[ASKS],
    status_code=201,
    response_model=None,
    responses=answers(None, MemberNotFound, PayoutRefused, AccountNumber)
    | {201: {"model": Payout}},
)
async def post_payout(
    request: Request, graph: GraphOfApp, desk: DeskOfApp, wanted: PayoutAsked
) -> Response:
    """Decided again where it is written: approved at once, or requested where a person must look.
    What the rules deny is refused and not written. Send an Idempotency-Key.
    """
    if wanted.account is not None:
        check_account(wanted.account)
    await _settle(request)
    asked = Wanted(wanted.member_id, wanted.amount_minor, wanted.currency)
    text = await request_payout(graph, desk, asked, wanted.account or "", claim_of(request))
    return Response(text, status_code=201, media_type="application/json")


@router.get(
    "/payouts",
    summary="Which payouts are there?",
    dependencies=[READS],
    responses=answers(PayoutList, CursorInvalid),
)
async def get_payouts(
    graph: GraphOfApp,
    limit: Limit,
    member_id: Annotated[
        str | None, Query(alias="memberId", max_length=256, description="Of this member alone")
    ] = None,
    state: Annotated[State | None, Query(description="In this state alone")] = None,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Newest first."""
    rows, following = await list_payouts(
        graph, member_id=member_id or "", state=state or "", limit=limit, cursor=cursor
    )
    return {"items": [payout_body(row) for row in rows], "nextCursor": following}


@router.get(
    "/payouts/{payoutId}",
    summary="What became of a payout?",
    dependencies=[READS],
    responses=answers(Payout, PayoutNotFound),
)
async def get_payout(graph: GraphOfApp, payout_id: PayoutId) -> dict[str, Any]:
    """With every step, who did it and which rules spoke."""
    return payout_body(await read_payout(graph, payout_id))


@router.post(
    "/payouts/{payoutId}:approve",
    summary="Let a payout go that rules want looked at",
    dependencies=[JUDGES],
    responses=answers(Payout, PayoutNotFound, PayoutMoved, PayoutRefused),
)
async def post_approval(
    request: Request,
    graph: GraphOfApp,
    desk: DeskOfApp,
    payout_id: PayoutId,
    given: ReasonGiven,
) -> dict[str, Any]:
    """Decided once more: a person overrules review, never deny."""
    await _settle(request)
    return payout_body(await approve_payout(graph, desk, payout_id, given.reason))


@router.post(
    "/payouts/{payoutId}:cancel",
    summary="Give a payout up",
    dependencies=[ASKS],
    responses=answers(Payout, PayoutNotFound, PayoutMoved),
)
async def post_cancellation(
    graph: GraphOfApp, desk: DeskOfApp, payout_id: PayoutId, given: ReasonGiven
) -> dict[str, Any]:
    """As long as it is not on its way to the bank. The money is free again."""
    return payout_body(await cancel_payout(graph, desk, payout_id, given.reason))


@router.post(
    "/payouts:send",
    summary="Send approved payouts to the bank",
    dependencies=[RUNS],
    responses=answers(PayoutsSent, ChannelBusy, BatchAltered, ChannelUnavailable, GraphTimeout),
)
async def post_sending(
    request: Request, graph: GraphOfApp, desk: DeskOfApp, till: TillOfApp
) -> dict[str, Any]:
    """What was begun is finished first. Each payout is decided on once more; told under `stopped`,
    what rules deny by now stays approved, and what they want looked at, and no person approved,
    is requested again.
    """
    if not await _settle(request):
        raise GraphTimeout("the ledger is behind what was stored; send again", headers=RETRY)
    settings: Settings = request.app.state.settings
    return (await send_payouts(graph, desk, till, settings.payout_batch_rows_max)).body()


@router.post(
    "/payouts:reconcile",
    summary="Read the bank's result files",
    dependencies=[RUNS],
    responses=answers(PayoutsReconciled, ChannelBusy, BatchAltered, ChannelUnavailable),
)
async def post_reconciliation(
    graph: GraphOfApp, desk: DeskOfApp, till: TillOfApp
) -> dict[str, Any]:
    """Row by row against what was sent; the same file again changes nothing."""
    return {"files": [one.body() for one in await reconcile_payouts(graph, desk, till)]}
