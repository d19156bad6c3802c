"""Holds over HTTP: placed, listed and lifted."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Response
from pydantic import AfterValidator, Field

from graph_service.access.endpoints import CallingKey, Requires
from graph_service.access.keys import ApiKey
from graph_service.access.people import signature
from graph_service.answers import Answer, Asked, Cursor, Limit, answers
from graph_service.books import ClockOfApp
from graph_service.errors import Conflict, Invalid, MemberNotFound
from graph_service.graph.endpoints import GraphOfApp
from graph_service.graph.session import Transaction
from graph_service.holds.placing import (
    ExpiryPassed,
    Hold,
    HoldDiffers,
    HoldEnded,
    HoldNotFound,
    Kind,
    Lifting,
    NewHold,
    lift_hold,
    millis_of,
    place_hold,
)
from graph_service.holds.reading import list_holds, read_hold
from graph_service.ids import new_id
from graph_service.ingest.envelope import Id, Word, parse_time
from graph_service.ingest.facts import canonical, digest
from graph_service.pages import CursorInvalid

REASON_CHARACTERS_MAX = 4_000
# For one try, the wait for others' locks included (s).
CHANGE_TIMEOUT_S = 10.0
MANUAL = "manual"
READS, DECIDES = Depends(Requires("risk:read")), Depends(Requires("risk:decide"))
router = APIRouter(prefix="/v1/holds", tags=["holds"])


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("says nothing")
    return text


ReasonText = Annotated[
    str,
    Field(min_length=1, max_length=REASON_CHARACTERS_MAX, description="why, in words"),
    AfterValidator(_not_blank),
]


class CaseDecides(Conflict):
    """The hold belongs to a case, which must be decided to lift it."""

    code = "case_decides"


class HoldAnswer(Answer):
    """A hold: while it is in force nothing is paid out to any account of the person."""

    hold_id: str
    member_id: str = Field(description="the account on which it was placed")
    kind: Kind = Field(description="what placed it")
    code: str = Field(description="the rule, or what a person named; in docs/holds.md")
    reason: str = Field(description="in words")
    active: bool = Field(description="whether it is in force now")
    placed_by: str = Field(description="name and keyId of the API key, or rule")
    placed_at: str = Field(description="UTC")
    expires_at: str | None = Field(description="when it ends by itself (UTC); null: it does not")
    lifted_at: str | None = Field(description="UTC; of one that expired the time of its expiry")
    lifted_by: str | None = Field(description="name and keyId of the API key, or expiry")
    lift_reason: str | None = Field(description="in words; expired: by itself")
    case_id: str | None = Field(description="the case that it belongs to")


class HoldList(Answer):
    """A page of holds, newest first."""

    items: list[HoldAnswer]
    next_cursor: str | None


class HoldWanted(Asked):
    """A hold to place."""

    member_id: Id = Field(description="any account of the person")
    reason: ReasonText
    code: Word = Field(default=MANUAL, description="a word to group holds by; absent: manual")
    expires_at: str | None = Field(
        None, max_length=40, description="when it ends by itself; RFC 3339; absent: it does not"
    )


class LiftWanted(Asked):
    """Why a hold is lifted."""

    reason: ReasonText


HoldId = Annotated[str, Path(alias="holdId", description="The hold")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="The same again answers what the first request did",
    ),
]


@router.post(
    "",
    summary="Hold the payouts of a person",
    status_code=201,
    dependencies=[DECIDES],
    response_model=None,
    responses=answers(None, MemberNotFound, HoldDiffers, ExpiryPassed, Invalid)
    | {201: {"model": HoldAnswer}},
)
async def post_hold(
    graph: GraphOfApp,
    key: CallingKey,
    clock: ClockOfApp,
    wanted: HoldWanted,
    response: Response,
    *,
    idempotency_key: IdempotencyKey = None,
) -> dict[str, Any]:
    """In force when this is answered; what follows for commissions is booked after that."""
    new = NewHold(
        hold_id=_hold_id(key, idempotency_key),
        member_id=wanted.member_id,
        kind="person",
        code=wanted.code,
        reason=wanted.reason,
        placed_by=signature(key),
        expires_ms=_millis(wanted.expires_at),
    )
    now = clock()

    async def work(transaction: Transaction) -> Hold:
        return await place_hold(transaction, new, now)

    hold = await graph.write_together(work, name="holds/place", timeout_s=CHANGE_TIMEOUT_S)
    response.headers["Location"] = f"/v1/holds/{hold.hold_id}"
    return hold.body(millis_of(now))


@router.get(
    "",
    summary="What is held?",
    dependencies=[READS],
    responses=answers(HoldList, MemberNotFound, CursorInvalid),
)
async def get_holds(
    graph: GraphOfApp,
    clock: ClockOfApp,
    limit: Limit,
    cursor: Cursor = None,
    *,
    member_id: Annotated[
        Id | None,
        Query(alias="memberId", description="Those on any account of this member's person"),
    ] = None,
    active: Annotated[
        bool | None, Query(description="true: those in force; false: those that ended")
    ] = None,
) -> dict[str, Any]:
    """Newest first."""
    now_ms = millis_of(clock())
    holds, following = await list_holds(
        graph, now_ms, member_id=member_id, active=active, limit=limit, cursor=cursor
    )
    return {"items": [hold.body(now_ms) for hold in holds], "nextCursor": following}


@router.get(
    "/{holdId}",
    summary="Why is it held?",
    dependencies=[READS],
    responses=answers(HoldAnswer, HoldNotFound),
)
async def get_hold(graph: GraphOfApp, clock: ClockOfApp, hold_id: HoldId) -> dict[str, Any]:
    """A hold, also one that has ended."""
    return (await read_hold(graph, hold_id)).body(millis_of(clock()))


@router.post(
    "/{holdId}:lift",
    summary="Lift a hold",
    dependencies=[DECIDES],
    responses=answers(HoldAnswer, HoldNotFound, HoldEnded, CaseDecides),
)
async def post_lift(
    graph: GraphOfApp, key: CallingKey, clock: ClockOfApp, hold_id: HoldId, wanted: LiftWanted
) -> dict[str, Any]:
    """The same reason again answers the same. The hold of a case is lifted by deciding the case."""
    now_ms = millis_of(clock())
    lifting = Lifting(signature(key), wanted.reason, now_ms)

    before = await read_hold(graph, hold_id)
    if before.case_id is not None and before.is_active(now_ms):
        raise CaseDecides(
            f"{hold_id} belongs to case {before.case_id}: decide it with lift_holds, which a "
            "second person agrees to; a case that is decided must be reopened or appealed first"
        )

    async def work(transaction: Transaction) -> Hold:
        return await lift_hold(transaction, hold_id, lifting)

    hold = await graph.write_together(work, name="holds/lift", timeout_s=CHANGE_TIMEOUT_S)
    return hold.body(now_ms)


def _hold_id(key: ApiKey, idempotency_key: str | None) -> str:
    if idempotency_key is None:
        return f"hold_{new_id()}"
    return f"hold_{digest(canonical([key.key_id, idempotency_key]))}"


def _millis(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment: datetime = parse_time(text)
    except ValueError as fault:
        raise Invalid(f"expiresAt {fault}") from fault
    return millis_of(moment)
