"""Placing and lifting holds: each with the fact that tells of it, in one transaction.

A hold is on one account and stops the payouts of every account of that person. It is lifted by a
decision or ends at its expiry, and by nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from graph_service.clock import from_micros, time_string, to_micros
from graph_service.errors import Conflict, Invalid, MemberNotFound, NotFound
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.ids import new_id
from graph_service.ingest.facts import Fact, own_fact
from graph_service.ingest.store import record_own_facts

Kind = Literal["rule", "score", "person"]
EXPIRED = "expired"
EXPIRY = "expiry"
# Holds that are ended in one transaction.
ENDED_TOGETHER = 500


class HoldNotFound(NotFound):
    """No hold has this id."""

    code = "hold_not_found"


class HoldEnded(Conflict):
    """The hold has ended already, for another reason."""

    code = "hold_ended"


class HoldDiffers(Conflict):
    """The same Idempotency-Key placed another hold."""

    code = "hold_differs"


class ExpiryPassed(Invalid):
    """The hold would end before it begins."""

    code = "expiry_passed"


@dataclass(frozen=True)
class NewHold:
    """A hold to place. hold_id: says what is done, so that it is done once. Times in ms.

    freezes: the account gets the status frozen as well, which whoever places it stores.
    """

    hold_id: str
    member_id: str
    kind: Kind
    code: str
    reason: str
    placed_by: str
    expires_ms: int | None = None
    case_id: str | None = None
    freezes: bool = False


@dataclass(frozen=True)
class Hold(NewHold):
    """A hold as it is kept. status_before: of an account that is frozen with it."""

    placed_ms: int = 0
    lifted_ms: int | None = None
    lifted_by: str | None = None
    lift_reason: str | None = None
    status_before: str | None = None

    def is_active(self, now_ms: int) -> bool:
        """Is it in force? It is until its expiry, not included."""
        return self.lifted_ms is None and (self.expires_ms is None or self.expires_ms > now_ms)

    def body(self, now_ms: int) -> dict[str, Any]:
        """What is told of it."""
        return {
            "holdId": self.hold_id,
            "memberId": self.member_id,
            "kind": self.kind,
            "code": self.code,
            "reason": self.reason,
            "active": self.is_active(now_ms),
            "placedBy": self.placed_by,
            "placedAt": spelled(self.placed_ms),
            "expiresAt": spelled(self.expires_ms),
            "liftedAt": spelled(self.lifted_ms),
            "liftedBy": self.lifted_by,
            "liftReason": self.lift_reason,
            "caseId": self.case_id,
        }


@dataclass(frozen=True)
class Lifting:
    """By whom and why a hold is lifted, and when (ms)."""

    lifted_by: str
    reason: str
    at_ms: int


def hold_of(row: Row) -> Hold:
    """A hold as the queries return it."""
    return Hold(
        hold_id=row["holdId"],
        member_id=row["memberId"],
        kind=row["kind"],
        code=row["code"],
        reason=row["reason"],
        placed_by=row["placedBy"],
        expires_ms=row["expiresMillis"],
        case_id=row["caseId"],
        placed_ms=row["placedMillis"],
        lifted_ms=row["liftedMillis"],
        lifted_by=row["liftedBy"],
        lift_reason=row["liftReason"],
        # Of few questions; the others do not ask what the account was.
        status_before=row.get("statusBefore"),
    )


def spelled(millis: int | None) -> str | None:
    """A time as it is told."""
    return None if millis is None else time_string(1_000 * millis)


def millis_of(moment: datetime) -> int:
    """A time in ms since 1970."""
    return to_micros(moment) // 1_000


async def place_hold(transaction: Transaction, wanted: NewHold, now: datetime) -> Hold:
    """The hold that is in force once the transaction is through; a repeat answers the first.

    Raises MemberNotFound, ExpiryPassed, and HoldDiffers where one of this id says something else.
    """
    rows = await transaction.run(
        "holds/place_hold",
        holdId=wanted.hold_id,
        memberId=wanted.member_id,
        kind=wanted.kind,
        code=wanted.code,
        reason=wanted.reason,
        placedBy=wanted.placed_by,
        placedMillis=millis_of(now),
        expiresMillis=wanted.expires_ms,
        caseId=wanted.case_id,
        freezes=wanted.freezes,
    )
    if not rows:
        raise MemberNotFound(f"there is no member {wanted.member_id}")
    hold = hold_of(rows[0])
    if _asked(hold) != _asked(wanted):
        raise HoldDiffers(f"{hold.hold_id} was placed by the same key and says something else")
    if hold.expires_ms is not None and hold.expires_ms <= hold.placed_ms:
        raise ExpiryPassed("expiresAt: is not later than now")
    await _record(transaction, [(_placed(hold), hold)])
    return hold


def _asked(hold: NewHold) -> tuple[object, ...]:
    wanted = (hold.member_id, hold.kind, hold.code, hold.reason)
    return (*wanted, hold.expires_ms, hold.case_id)


async def lift_hold(transaction: Transaction, hold_id: str, lifting: Lifting) -> Hold:
    """The hold, lifted; one that was lifted for this reason stays as it is.

    Raises HoldNotFound, and HoldEnded where it ended for another reason, by its expiry too.
    """
    found = await _locked(transaction, [hold_id])
    if not found:
        raise HoldNotFound(f"there is no hold {hold_id}")
    hold = found[0]
    if not hold.is_active(lifting.at_ms):
        if hold.lift_reason != lifting.reason:
            raise HoldEnded(f"{hold_id} ended already: {hold.lift_reason or EXPIRED}")
        return hold
    await _lift(transaction, [(hold, lifting)])
    return (await _locked(transaction, [hold_id]))[0]


async def has_expired_holds(graph: Graph, now: datetime) -> bool:
    """Is there a hold whose time has run out and that is not ended yet? Takes no lock."""
    rows = await graph.read("holds/list_expired", nowMillis=millis_of(now), limit=1)
    return bool(rows[0]["holdIds"])


async def end_expired(transaction: Transaction, now: datetime) -> list[Hold]:
    """End holds whose time has run out, as of their expiry; returns them, at most 500.

    With them those that were lifted before and left their account frozen until now.
    """
    now_ms = millis_of(now)
    rows = await transaction.run("holds/list_expired", nowMillis=now_ms, limit=ENDED_TOGETHER)
    # Locked in one order by everybody; who lifted one meanwhile has the last word on it.
    held = await _locked(transaction, sorted(rows[0]["holdIds"]))
    over = [one for one in held if one.expires_ms is not None and one.expires_ms <= now_ms]
    ended = [
        (hold, Lifting(EXPIRY, EXPIRED, hold.expires_ms or now_ms))
        for hold in over
        if hold.lifted_ms is None
    ]
    await _lift(transaction, ended)
    return over


async def _locked(transaction: Transaction, hold_ids: Sequence[str]) -> list[Hold]:
    if not hold_ids:
        return []
    rows = await transaction.run("holds/lock_holds", holdIds=list(hold_ids), batch=new_id())
    return [hold_of(row) for row in rows]


async def _lift(transaction: Transaction, ended: Sequence[tuple[Hold, Lifting]]) -> None:
    if not ended:
        return
    rows = [
        {
            "holdId": hold.hold_id,
            "liftedMillis": lifting.at_ms,
            "liftedBy": lifting.lifted_by,
            "liftReason": lifting.reason,
        }
        for hold, lifting in ended
    ]
    await transaction.run("holds/lift_holds", rows=rows)
    await _record(transaction, [(_lifted(hold, lifting), hold) for hold, lifting in ended])


async def _record(transaction: Transaction, told: Sequence[tuple[Fact, Hold]]) -> None:
    await record_own_facts(transaction, [fact for fact, _ in told])
    for fact, hold in told:
        if hold.case_id is not None:
            await link_to_case(transaction, [fact], hold.case_id)


async def link_to_case(transaction: Transaction, facts: Sequence[Fact], case_id: str) -> None:
    """Say that these recorded facts tell about a case."""
    rows = [{"key": key, "caseId": case_id} for key in sorted(fact.key for fact in facts)]
    await transaction.run("holds/link_case_facts", rows=rows)


def _placed(hold: Hold) -> Fact:
    data = {
        "holdId": hold.hold_id,
        "memberId": hold.member_id,
        "kind": hold.kind,
        "code": hold.code,
        "reason": hold.reason,
        "by": hold.placed_by,
    }
    if hold.expires_ms is not None:
        data["expiresAt"] = str(spelled(hold.expires_ms))
    at = from_micros(1_000 * hold.placed_ms)
    return own_fact("hold.placed", f"hold.placed {hold.hold_id}", at, data)


def _lifted(hold: Hold, lifting: Lifting) -> Fact:
    data = {
        "holdId": hold.hold_id,
        "memberId": hold.member_id,
        "why": lifting.reason,
        "by": lifting.lifted_by,
    }
    at = from_micros(1_000 * lifting.at_ms)
    return own_fact("hold.lifted", f"hold.lifted {hold.hold_id}", at, data)
