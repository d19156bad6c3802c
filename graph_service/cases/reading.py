"""Which cases are there, and what is known of each?"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast, get_args

from graph_service.access.people import signatures_meant
from graph_service.cases.actions import told_action
from graph_service.cases.desk.deciding import labels_of
from graph_service.cases.desk.stages import STAGES, AnyState, Stage, State
from graph_service.cases.desk.trail import BEYOND, CaseNotFound, event_of
from graph_service.cases.scores import reasons_of
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.holds.placing import Hold, hold_of, millis_of, spelled
from graph_service.pages import MILLIS_MAX, decode_cursor, encode_cursor
from graph_service.referrals.teams import read_member

STATES: Final[tuple[State, ...]] = get_args(State)
READ_TIMEOUT_S: Final = 10.0
HOLDS_MAX: Final = 500
HISTORY_MAX: Final = 500
EVENTS_MAX: Final = 200
FILES_MAX: Final = 100


@dataclass(frozen=True)
class Wanted:
    """Which cases are asked for. due_first: those due first before others, open ones only.

    member_id: those about any account of that member's person.
    """

    state: AnyState | None = None
    assignee: str | None = None
    member_id: str | None = None
    due_first: bool = False

    @property
    def states(self) -> list[str]:
        """Open, closed, or both."""
        return [self.state] if self.state in STATES else list(STATES)

    @property
    def stages(self) -> list[str]:
        """One, or none for all."""
        return [self.state] if self.state in STAGES else []


async def list_cases(
    graph: Graph, wanted: Wanted, now: datetime, *, limit: int, cursor: str | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of the cases, and the next page's cursor. Raises MemberNotFound."""
    now_ms = millis_of(now)
    whose = wanted.assignee
    asked: dict[str, Any] = {
        "stages": wanted.stages,
        "assignees": None if whose is None else await signatures_meant(graph.read, whose, now_ms),
        "limit": limit + 1,
    }
    if wanted.due_first and wanted.member_id is None:
        since, after = decode_cursor(cursor, (int, str)) if cursor else (0, "")
        rows = await graph.read("cases/list_due_cases", afterMillis=since, afterId=after, **asked)
        place = "dueMillis"
    else:
        before, after = decode_cursor(cursor, (int, str)) if cursor else (MILLIS_MAX, "")
        asked |= {"states": wanted.states, "beforeMillis": before, "afterId": after}
        rows = await _newest_first(graph, wanted, asked)
        place = "openedMillis"
    last = rows[limit - 1] if len(rows) > limit else None
    following = None if last is None else encode_cursor([last[place], last["caseId"]])
    return [told_case(row, now_ms) for row in rows[:limit]], following


async def _newest_first(graph: Graph, wanted: Wanted, asked: dict[str, Any]) -> list[Row]:
    if wanted.member_id is None:
        return await graph.read("cases/list_cases", **asked)
    rows = await graph.read("cases/list_cases_of_person", memberId=wanted.member_id, **asked)
    if not rows:
        await read_member(graph, wanted.member_id)
    return rows


async def read_case(graph: Graph, case_id: str, now: datetime) -> dict[str, Any]:
    """A case with its holds, files, the reasons of the latest score in it, facts and events.

    Raises CaseNotFound.
    """

    async def work(transaction: Transaction) -> dict[str, Any]:
        rows = await transaction.run("cases/read_case", caseId=case_id)
        if not rows:
            raise CaseNotFound(f"there is no case {case_id}")
        held = await transaction.run("cases/list_case_holds", caseId=case_id, limit=HOLDS_MAX)
        facts = await transaction.run("cases/list_case_facts", caseId=case_id, limit=HISTORY_MAX)
        files = await transaction.run("cases/list_attachments", caseId=case_id, limit=FILES_MAX)
        events = await transaction.run(
            "cases/list_case_events", caseId=case_id, before=BEYOND, limit=EVENTS_MAX
        )
        told = _whole(rows[0], [hold_of(row) for row in held], facts, millis_of(now))
        told["attachments"] = [_file(row) for row in files]
        told["events"] = [event_of(row) for row in reversed(events)]
        return told

    return await graph.read_together(work, name="cases/read", timeout_s=READ_TIMEOUT_S)


def _file(row: Row) -> dict[str, Any]:
    kept = {name: row[name] for name in ("attachmentId", "name", "mediaType", "bytes", "addedBy")}
    return {**kept, "addedAt": spelled(row["addedMillis"])}


def told_case(row: Row, now_ms: int) -> dict[str, Any]:
    """A case as lists tell it."""
    stage = cast(Stage, row["stage"])
    snoozed, due = row["snoozedMillis"], row["dueMillis"]
    sleeps = snoozed is not None and snoozed > now_ms
    is_open = stage != "DECIDED"
    return {
        "caseId": row["caseId"],
        "state": stage,
        "open": is_open,
        "code": row["code"],
        "reason": row["reason"],
        "openedBy": row["openedBy"],
        "openedAt": spelled(row["openedMillis"]),
        "memberIds": sorted(row["memberIds"]),
        "alertIds": sorted(row["alertIds"]),
        "kinds": sorted(set(row["kinds"])),
        "amountAtRiskMinor": row["amountAtRiskMinor"],
        "currency": row["currency"],
        "priority": row["priority"],
        "dueAt": spelled(due),
        "overdue": is_open and not sleeps and due is not None and due < now_ms,
        "snoozedUntil": spelled(snoozed) if sleeps else None,
        "assignee": row["assignee"],
        "claimedBy": row["claimedBy"],
        "typology": row["typology"],
        "version": row["version"],
        "decision": _decision(row) if row["conclusion"] is not None else None,
        "proposal": _proposal(row),
    }


def _decision(row: Row) -> dict[str, Any]:
    return {
        "conclusion": row["conclusion"],
        "typology": row["typology"],
        "reason": row["decisionReason"],
        "actions": [told_action(one) for one in row["actions"] or ()],
        "decidedBy": row["decidedBy"],
        "approvedBy": row["approvedBy"],
        "decidedAt": spelled(row["decidedMillis"]),
    }


def _proposal(row: Row) -> dict[str, Any] | None:
    """The decision that waits for a second person."""
    if row["pending"] is None:
        return None
    kept: dict[str, Any] = json.loads(row["pending"])
    decision: dict[str, Any] = json.loads(kept["decision"])
    actions = [told_action(one) for one in decision["actions"]]
    return {
        "conclusion": decision["conclusion"],
        "typology": decision["typology"],
        "reason": decision["reason"],
        "actions": actions,
        "proposedBy": kept["by"],
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
        **told_case(row, now_ms),
        "holds": [hold.body(now_ms) for hold in holds],
        "reasons": reasons_of(scores[-1]) if scores else [],
        "labels": _labels(row, history),
        "history": history,
    }


def _labels(row: Row, history: list[dict[str, Any]]) -> list[dict[str, str]]:
    """What the decision in force teaches; nothing while the case is open."""
    if row["stage"] != "DECIDED":
        return []
    told = [one["data"] for one in history if one["type"] == "case.decided"]
    core = told[-1].get("coreMemberIds", ()) if told else ()
    return labels_of(row["conclusion"], sorted(row["memberIds"]), core)
