"""What was done with a case, by whom, and was the record of it ever touched?

Each step is an event of the case: what was before and after, chained by hashes as the ledger is.
A step, its event and what follows from it are one transaction.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from graph_service.cases.desk.stages import Stage, Step, stage_after, state_of
from graph_service.errors import Conflict, NotFound, Refused
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.holds.placing import millis_of, spelled
from graph_service.ids import new_id
from graph_service.ingest.facts import canonical, digest
from graph_service.pages import decode_cursor, encode_cursor
from graph_service.verdicts import Conclusion

BEYOND: Final = 2**53


class CaseNotFound(NotFound):
    """No case has this id."""

    code = "case_not_found"


class CaseChanged(Conflict):
    """Somebody changed the case since it was read."""

    status, code = 412, "case_changed"


class CaseTaken(Conflict):
    """Somebody else works on the case."""

    code = "case_taken"


class SecondPersonNeeded(Refused):
    """Whoever proposed cannot also approve, and whoever judged hears no appeal."""

    code = "second_person_needed"


@dataclass(frozen=True)
class Standing:
    """Where a case stands: all that steps change. Times in ms.

    claimed_by: who keeps others off it; an assignee without is a note for whom it is meant.
    pending: a decision to approve. appealed: whose judgement somebody objects to, until that is
    decided.
    """

    stage: Stage
    priority: int
    due_ms: int | None
    assignee: str | None = None
    claimed_by: str | None = None
    assigned_ms: int | None = None
    snoozed_ms: int | None = None
    conclusion: Conclusion | None = None
    typology: str | None = None
    reason: str | None = None
    actions: tuple[str, ...] | None = None
    decided_by: str | None = None
    approved_by: str | None = None
    decided_ms: int | None = None
    pending: str | None = None
    appealed: tuple[str, ...] | None = None
    decisions: int = 0

    @property
    def judges(self) -> tuple[str, ...]:
        """Who decided and who agreed."""
        return tuple(one for one in (self.decided_by, self.approved_by) if one is not None)

    def told(self) -> dict[str, Any]:
        """As events tell it, without what is not there. proposal: a digest of what is pending."""
        said: dict[str, Any] = {
            "state": self.stage,
            "priority": self.priority,
            "dueAt": spelled(self.due_ms),
            "assignee": self.assignee,
            "claimedBy": self.claimed_by,
            "snoozedUntil": spelled(self.snoozed_ms),
            "conclusion": self.conclusion,
            "typology": self.typology,
            "reason": self.reason,
            "actions": None if self.actions is None else list(self.actions),
            "decidedBy": self.decided_by,
            "approvedBy": self.approved_by,
            "decidedAt": spelled(self.decided_ms),
            "proposal": None if self.pending is None else digest(self.pending),
            "appealed": None if self.appealed is None else list(self.appealed),
        }
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True)
class Kept:
    """A case as it is kept, locked until the transaction ends."""

    case_id: str
    member_ids: tuple[str, ...]
    alert_ids: tuple[str, ...]
    amount_minor: int
    standing: Standing
    version: int
    trail_hash: str


@dataclass(frozen=True)
class Taken:
    """A step that somebody takes. detail: what else is to be recorded of it.

    if_version: the version that it is meant for; None: whichever.
    """

    step: Step
    actor: str
    at: datetime
    detail: Mapping[str, Any] | None = None
    if_version: int | None = None


def kept_of(row: Row) -> Kept:
    """A case as the queries return it."""
    return Kept(
        row["caseId"],
        tuple(sorted(row["memberIds"])),
        tuple(sorted(row["alertIds"])),
        row["amountAtRiskMinor"],
        Standing(
            stage=row["stage"],
            priority=row["priority"],
            due_ms=row["dueMillis"],
            assignee=row["assignee"],
            claimed_by=row["claimedBy"],
            assigned_ms=row["assignedMillis"],
            snoozed_ms=row["snoozedMillis"],
            conclusion=row["conclusion"],
            typology=row["typology"],
            reason=row["decisionReason"],
            actions=None if row["actions"] is None else tuple(row["actions"]),
            decided_by=row["decidedBy"],
            approved_by=row["approvedBy"],
            decided_ms=row["decidedMillis"],
            pending=row["pending"],
            appealed=None if row["appealed"] is None else tuple(row["appealed"]),
            decisions=row["decisions"],
        ),
        row["version"],
        row["trailHash"] or "",
    )


async def lock_case(transaction: Transaction, case_id: str) -> Kept:
    """The case, held until the transaction ends. Raises CaseNotFound."""
    rows = await transaction.run("cases/lock_case", caseId=case_id, batch=new_id())
    if not rows:
        raise CaseNotFound(f"there is no case {case_id}")
    return kept_of(rows[0])


def check_version(kept: Kept, if_version: int | None) -> None:
    """Raises CaseChanged where something is meant for another version of a case."""
    if if_version is not None and if_version != kept.version:
        raise CaseChanged(f"{kept.case_id} is at version {kept.version}, not {if_version}")


def unchanged(standing: Standing) -> Standing:
    """A step that changes nothing but the stage."""
    return standing


async def take_step(
    transaction: Transaction,
    kept: Kept,
    taken: Taken,
    change: Callable[[Standing], Standing] = unchanged,
) -> Kept:
    """The case after a step; its stage follows from the step, the rest from change.

    Raises CaseChanged where it is meant for another version, and StepRefused.
    """
    check_version(kept, taken.if_version)
    before = kept.standing
    stage = stage_after(taken.step, before.stage, appealed=before.appealed is not None)
    after = replace(change(before), stage=stage)
    number = kept.version + 1
    known = {} if taken.step == "opened" else before.told()
    detail = _changes(known, after.told()) | dict(taken.detail or {})
    at_ms = millis_of(taken.at)
    event = [kept.case_id, number, at_ms, taken.actor, taken.step, detail, kept.trail_hash]
    hashed = digest(canonical(event))
    await transaction.run(
        "cases/append_case_event",
        caseId=kept.case_id,
        eventId=f"{kept.case_id} {number}",
        number=number,
        atMillis=at_ms,
        actor=taken.actor,
        step=taken.step,
        detail=json.dumps(detail, ensure_ascii=False, separators=(",", ":")),
        previous=kept.trail_hash,
        hash=hashed,
    )
    await _keep(transaction, kept.case_id, after, number, hashed)
    return replace(kept, standing=after, version=number, trail_hash=hashed)


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """What is otherwise after than before, each with both."""
    names = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    if not names:
        return {}
    return {
        "before": {name: old.get(name) for name in names},
        "after": {name: new.get(name) for name in names},
    }


async def _keep(
    transaction: Transaction, case_id: str, standing: Standing, version: int, hashed: str
) -> None:
    await transaction.run(
        "cases/keep_case",
        caseId=case_id,
        state=state_of(standing.stage),
        stage=standing.stage,
        assignee=standing.assignee,
        claimedBy=standing.claimed_by,
        assignedMillis=standing.assigned_ms,
        priority=standing.priority,
        dueMillis=standing.due_ms,
        snoozedMillis=standing.snoozed_ms,
        conclusion=standing.conclusion,
        typology=standing.typology,
        decisionReason=standing.reason,
        actions=None if standing.actions is None else list(standing.actions),
        decidedBy=standing.decided_by,
        approvedBy=standing.approved_by,
        decidedMillis=standing.decided_ms,
        pending=standing.pending,
        appealed=None if standing.appealed is None else list(standing.appealed),
        decisions=standing.decisions,
        version=version,
        trailHash=hashed,
    )


async def list_events(
    graph: Graph, case_id: str, *, limit: int, cursor: str | None = None, before: int = BEYOND
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of the events of a case, the latest first, and the next page's cursor."""
    (until,) = decode_cursor(cursor, (int,)) if cursor else (BEYOND,)
    rows = await graph.read(
        "cases/list_case_events", caseId=case_id, before=min(before, until), limit=limit + 1
    )
    following = encode_cursor([rows[limit - 1]["number"]]) if len(rows) > limit else None
    return [event_of(row) for row in rows[:limit]], following


def event_of(row: Row) -> dict[str, Any]:
    """An event as it is told."""
    detail: dict[str, Any] = json.loads(row["detail"])
    return {
        "number": row["number"],
        "at": spelled(row["atMillis"]),
        "actor": row["actor"],
        "step": row["step"],
        "before": detail.pop("before", {}),
        "after": detail.pop("after", {}),
        "detail": detail,
        "hash": row["hash"],
    }
