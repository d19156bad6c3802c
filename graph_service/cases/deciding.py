"""Which cases are there, and what did people decide of them?"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from graph_service.cases.scores import clear_scores, reasons_of
from graph_service.clock import from_micros
from graph_service.errors import Conflict, NotFound
from graph_service.graph.session import Graph, Read, Row, Transaction
from graph_service.holds.placing import (
    Hold,
    Lifting,
    NewHold,
    hold_of,
    lift_hold,
    link_to_case,
    millis_of,
    place_hold,
    spelled,
)
from graph_service.ids import new_id
from graph_service.ingest.facts import digest, own_fact
from graph_service.ingest.store import record_own_facts
from graph_service.pages import MILLIS_MAX, decode_cursor, encode_cursor
from graph_service.referrals.teams import read_member

State = Literal["open", "closed"]
Conclusion = Literal["confirmed", "cleared", "inconclusive"]
ActionName = Literal["lift_holds"]
STATES: tuple[State, ...] = get_args(State)
DECIDE_TIMEOUT_S = 10.0
HOLDS_MAX = 500
HISTORY_MAX = 500
CONFIRMED = "case_confirmed"


class CaseNotFound(NotFound):
    """No case has this id."""

    code = "case_not_found"


class CaseDecided(Conflict):
    """The case was decided otherwise already."""

    code = "case_decided"


@dataclass(frozen=True)
class Decision:
    """What somebody decided of a case. actions: each once, sorted."""

    conclusion: Conclusion
    reason: str
    typology: str | None = None
    actions: tuple[ActionName, ...] = ()


async def list_cases(
    graph: Graph,
    *,
    state: State | None = None,
    member_id: str | None = None,
    limit: int,
    cursor: str | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of the cases, newest first, and the next page's cursor.

    member_id: those about any account of that member's person. Raises MemberNotFound.
    """
    before, after = decode_cursor(cursor, (int, str)) if cursor else (MILLIS_MAX, "")
    asked: dict[str, Any] = {
        "states": list(STATES) if state is None else [state],
        "beforeMillis": before,
        "afterId": after,
        "limit": limit + 1,
    }
    if member_id is None:
        rows = await graph.read("cases/list_cases", **asked)
    else:
        rows = await graph.read("cases/list_cases_of_person", memberId=member_id, **asked)
        if not rows:
            await read_member(graph, member_id)
    last = rows[limit - 1] if len(rows) > limit else None
    following = None if last is None else encode_cursor([last["openedMillis"], last["caseId"]])
    return [_told(row) for row in rows[:limit]], following


async def read_case(graph: Graph, case_id: str, now: datetime) -> dict[str, Any]:
    """A case with its holds, the reasons of the latest score in it, and its history.

    Raises CaseNotFound.
    """

    async def work(transaction: Transaction) -> dict[str, Any]:
        rows = await transaction.run("cases/read_case", caseId=case_id)
        if not rows:
            raise CaseNotFound(f"there is no case {case_id}")
        holds = await _holds(transaction.run, case_id)
        facts = await transaction.run("cases/list_case_facts", caseId=case_id, limit=HISTORY_MAX)
        return _whole(rows[0], holds, facts, millis_of(now))

    return await graph.read_together(work, name="cases/read", timeout_s=DECIDE_TIMEOUT_S)


async def decide_case(
    graph: Graph, case_id: str, decision: Decision, by: str, now: datetime
) -> None:
    """Close a case; the same decision again changes nothing.

    Raises CaseNotFound, and CaseDecided where it was decided otherwise.
    """
    now_ms = millis_of(now)

    async def work(transaction: Transaction) -> None:
        rows = await transaction.run("cases/lock_case", caseId=case_id, batch=new_id())
        if not rows:
            raise CaseNotFound(f"there is no case {case_id}")
        if rows[0]["state"] == "closed":
            if _decision_of(rows[0]) != decision:
                raise CaseDecided(f"{case_id} was decided already: {rows[0]['conclusion']}")
            return
        await transaction.run(
            "cases/decide_case",
            caseId=case_id,
            conclusion=decision.conclusion,
            typology=decision.typology,
            reason=decision.reason,
            actions=list(decision.actions),
            decidedBy=by,
            decidedMillis=now_ms,
        )
        data = _data(case_id, rows[0]["memberIds"], decision, by)
        at = from_micros(1_000 * now_ms)
        decided = own_fact("case.decided", f"case.decided {case_id}", at, data)
        await record_own_facts(transaction, [decided])
        await link_to_case(transaction, [decided], case_id)
        if decision.conclusion == "cleared":
            await clear_scores(transaction, rows[0]["memberIds"], case_id, decision.reason, at)
        if decision.conclusion == "confirmed":
            await _hold_confirmed(
                transaction, case_id, rows[0]["memberIds"], decision, by=by, at=at
            )
        if "lift_holds" in decision.actions:
            for hold in await _holds(transaction.run, case_id):
                if hold.is_active(now_ms):
                    lifting = Lifting(by, decision.reason, now_ms)
                    await lift_hold(transaction, hold.hold_id, lifting)

    await graph.write_together(work, name="cases/decide", timeout_s=DECIDE_TIMEOUT_S)


async def _hold_confirmed(
    transaction: Transaction,
    case_id: str,
    member_ids: Sequence[str],
    decision: Decision,
    *,
    by: str,
    at: datetime,
) -> None:
    """Whoever was confirmed and is not held by this case is held until a decision."""
    holds = await _holds(transaction.run, case_id)
    held = {hold.member_id for hold in holds if hold.is_active(millis_of(at))}
    for member_id in sorted(set(member_ids) - held):
        wanted = NewHold(
            hold_id=f"hold_{digest(f'{CONFIRMED} {case_id} {member_id}')}",
            member_id=member_id,
            kind="person",
            code=CONFIRMED,
            reason=decision.reason,
            placed_by=by,
            expires_ms=None,
            case_id=case_id,
        )
        await place_hold(transaction, wanted, at)


async def _holds(read: Read, case_id: str) -> list[Hold]:
    rows = await read("cases/list_case_holds", caseId=case_id, limit=HOLDS_MAX)
    return [hold_of(row) for row in rows]


def _data(case_id: str, member_ids: list[str], decision: Decision, by: str) -> dict[str, Any]:
    told = {
        "caseId": case_id,
        "memberIds": sorted(member_ids),
        "conclusion": decision.conclusion,
        "typology": decision.typology,
        "reason": decision.reason,
        "actions": list(decision.actions),
        "by": by,
    }
    return {name: value for name, value in told.items() if value is not None}


def _decision_of(row: Row) -> Decision:
    return Decision(
        conclusion=row["conclusion"],
        reason=row["decisionReason"],
        typology=row["typology"],
        actions=tuple(row["actions"]),
    )


def _told(row: Row) -> dict[str, Any]:
    """A case as lists tell it."""
    decided = None
    if row["state"] == "closed":
        decided = {
            "conclusion": row["conclusion"],
            "typology": row["typology"],
            "reason": row["decisionReason"],
            "actions": row["actions"],
            "decidedBy": row["decidedBy"],
            "decidedAt": spelled(row["decidedMillis"]),
        }
    return {
        "caseId": row["caseId"],
        "state": row["state"],
        "code": row["code"],
        "reason": row["reason"],
        "openedBy": row["openedBy"],
        "openedAt": spelled(row["openedMillis"]),
        "memberIds": sorted(row["memberIds"]),
        "decision": decided,
    }


def _whole(row: Row, holds: list[Hold], facts: list[Row], now_ms: int) -> dict[str, Any]:
    history: list[dict[str, Any]] = [
        {
            "type": fact["type"],
            "at": spelled(fact["atMillis"]),
            "seq": fact["seq"],
            "data": json.loads(fact["data"]),
        }
        for fact in reversed(facts)
    ]
    scores = [one["data"] for one in history if one["type"] == "risk.scored"]
    return {
        **_told(row),
        "holds": [hold.body(now_ms) for hold in holds],
        "reasons": reasons_of(scores[-1]) if scores else [],
        "history": history,
    }
