"""Who works on a case, and how does it lie on the desk? Claimed, triaged, slept on, commented."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from graph_service.access.people import is_among, signature_meant
from graph_service.cases.desk.stages import WORKED_ON, due_ms, stage_after
from graph_service.cases.desk.trail import (
    CaseTaken,
    Kept,
    SecondPersonNeeded,
    Standing,
    Taken,
    check_version,
    lock_case,
    take_step,
    unchanged,
)
from graph_service.errors import Invalid, NotFound, TooLarge
from graph_service.graph.session import Graph, Transaction
from graph_service.holds.placing import millis_of
from graph_service.ingest.facts import digest

STEP_TIMEOUT_S: Final = 10.0
# Cases looked at when somebody asks for the next one, as others may ask at the same time.
NEXT_MAX: Final = 20
ATTACHMENT_BYTES_MAX: Final = 1_048_576
ATTACHMENTS_MAX: Final = 100


class NothingNext(NotFound):
    """No open case waits for somebody."""

    code = "no_case_waits"


class AttachmentNotFound(NotFound):
    """No file of this id is kept with the case."""

    code = "attachment_not_found"


@dataclass(frozen=True)
class Asker:
    """Who asks, and for which version of the case (None: whichever). admin: may take over."""

    name: str
    now: datetime
    if_version: int | None = None
    admin: bool = False


async def step_case(
    graph: Graph,
    case_id: str,
    taken: Taken,
    change: Callable[[Standing], Standing] = unchanged,
    *,
    of_claimer: bool = False,
) -> Kept:
    """The case after a step. of_claimer: taken by whoever claimed the case, if anybody did.

    Raises CaseNotFound, CaseChanged, StepRefused and CaseTaken.
    """

    async def work(transaction: Transaction) -> Kept:
        kept = await lock_case(transaction, case_id)
        stage_after(taken.step, kept.standing.stage)
        if of_claimer:
            await not_anothers(transaction, kept.standing, taken.actor)
        return await take_step(transaction, kept, taken, change)

    return await graph.write_together(work, name="cases/step", timeout_s=STEP_TIMEOUT_S)


async def not_anothers(transaction: Transaction, standing: Standing, who: str) -> None:
    """Raises CaseTaken where somebody else claimed the case. A rotated key is the same person."""
    claimed_by = standing.claimed_by
    if claimed_by is not None and not await is_among(transaction.run, who, [claimed_by]):
        raise CaseTaken(f"{claimed_by} works on this case")


async def not_judge(transaction: Transaction, standing: Standing, who: str) -> None:
    """Raises SecondPersonNeeded where this person judged what is appealed against."""
    if await _judged(transaction, standing, who):
        raise SecondPersonNeeded("an appeal is heard by somebody else than who decided or agreed")


async def _judged(transaction: Transaction, standing: Standing, who: str) -> bool:
    judges = standing.appealed
    return judges is not None and await is_among(transaction.run, who, judges)


async def assign(graph: Graph, case_id: str, asker: Asker, assignee: str | None) -> None:
    """Say whose a case is, or give it back to the inbox (None).

    Somebody with a key, named so that it can only be them, has it as if they had claimed it; any
    other word is a note that keeps nobody off. Raises CaseNotFound, CaseChanged, StepRefused,
    CaseTaken where somebody else claimed it, unless an admin asks, and SecondPersonNeeded for who
    judged what is appealed against.
    """
    at_ms = millis_of(asker.now)
    step = "released" if assignee is None else "assigned"
    taken = Taken(step, asker.name, asker.now, if_version=asker.if_version)

    async def work(transaction: Transaction) -> None:
        kept = await lock_case(transaction, case_id)
        stage_after(step, kept.standing.stage)
        if not asker.admin:
            await not_anothers(transaction, kept.standing, asker.name)
        claimed_by = assignee if assignee == asker.name else None
        if assignee is not None and claimed_by is None:
            claimed_by = await signature_meant(transaction.run, assignee, at_ms)

        if claimed_by is not None:
            await not_judge(transaction, kept.standing, claimed_by)

        def change(standing: Standing) -> Standing:
            return replace(
                standing,
                assignee=assignee,
                claimed_by=claimed_by,
                assigned_ms=None if assignee is None else at_ms,
                snoozed_ms=None,
            )

        await take_step(transaction, kept, taken, change)

    await graph.write_together(work, name="cases/assign", timeout_s=STEP_TIMEOUT_S)


async def claim(graph: Graph, case_id: str, asker: Asker) -> None:
    """Take a case that nobody else claimed. Raises CaseTaken, and as assign does."""

    async def work(transaction: Transaction) -> None:
        kept = await lock_case(transaction, case_id)
        stage_after("assigned", kept.standing.stage)
        await not_anothers(transaction, kept.standing, asker.name)
        await not_judge(transaction, kept.standing, asker.name)
        if kept.standing.claimed_by is None:
            await _claim(transaction, kept, asker)
        else:
            check_version(kept, asker.if_version)

    await graph.write_together(work, name="cases/claim", timeout_s=STEP_TIMEOUT_S)


async def _claim(transaction: Transaction, kept: Kept, asker: Asker) -> None:
    taken = Taken("assigned", asker.name, asker.now, if_version=asker.if_version)
    at_ms = millis_of(asker.now)

    def change(standing: Standing) -> Standing:
        return replace(
            standing,
            assignee=asker.name,
            claimed_by=asker.name,
            assigned_ms=at_ms,
            snoozed_ms=None,
        )

    await take_step(transaction, kept, taken, change)


async def claim_next(graph: Graph, asker: Asker) -> str:
    """Take the open case that is most urgent and nobody's; its id. Raises NothingNext."""
    now_ms = millis_of(asker.now)

    async def work(transaction: Transaction) -> str | None:
        waiting = await transaction.run("cases/list_next_cases", nowMillis=now_ms, limit=NEXT_MAX)
        for row in waiting:
            kept = await lock_case(transaction, row["caseId"])
            # Somebody may have taken it until it was locked.
            free = kept.standing.assignee is None and kept.standing.stage in WORKED_ON
            if free and not await _judged(transaction, kept.standing, asker.name):
                await _claim(transaction, kept, asker)
                return kept.case_id
        return None

    found = await graph.write_together(work, name="cases/claim_next", timeout_s=STEP_TIMEOUT_S)
    if found is None:
        raise NothingNext("no open case waits for somebody")
    return found


async def triage(
    graph: Graph, case_id: str, asker: Asker, *, priority: int, typology: str | None, note: str
) -> None:
    """Say how urgent a case is (1 to 4) and what it looks like; it is due from now on.

    Raises as step_case does.
    """
    taken = Taken("triaged", asker.name, asker.now, {"note": note}, asker.if_version)
    due = due_ms(priority, asker.now)

    def change(standing: Standing) -> Standing:
        return replace(
            standing,
            priority=priority,
            typology=typology or standing.typology,
            due_ms=due,
        )

    await step_case(graph, case_id, taken, change, of_claimer=True)


async def snooze(
    graph: Graph, case_id: str, asker: Asker, until: datetime | None, reason: str
) -> None:
    """Let a case sleep until then, or wake it (None). Raises Invalid where then is not later."""
    if until is not None and until <= asker.now:
        raise Invalid("until: is not later than now")
    step = "woken" if until is None else "snoozed"
    taken = Taken(step, asker.name, asker.now, {"reason": reason}, asker.if_version)
    until_ms = None if until is None else millis_of(until)

    def change(standing: Standing) -> Standing:
        return replace(standing, snoozed_ms=until_ms)

    await step_case(graph, case_id, taken, change, of_claimer=True)


async def comment(graph: Graph, case_id: str, asker: Asker, text: str) -> None:
    """Say something about a case, at any stage."""
    taken = Taken("commented", asker.name, asker.now, {"text": text}, asker.if_version)
    await step_case(graph, case_id, taken)


async def attach(
    graph: Graph, case_id: str, asker: Asker, *, name: str, media_type: str, content: str
) -> str:
    """Keep a file (base64, up to 1 MiB) with a case; its id, which follows from the content.

    Raises Invalid where it is no base64, TooLarge, and as steps do.
    """
    try:
        raw = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise Invalid("content: is no base64") from fault
    if len(raw) > ATTACHMENT_BYTES_MAX:
        raise TooLarge(f"a file has at most {ATTACHMENT_BYTES_MAX:,} bytes")
    content_digest = digest(raw)
    attachment_id = attachment_id_of(case_id, name, content_digest)
    detail = {
        "attachmentId": attachment_id,
        "name": name,
        "bytes": len(raw),
        "digest": content_digest,
    }
    taken = Taken("attached", asker.name, asker.now, detail, asker.if_version)

    async def work(transaction: Transaction) -> None:
        kept = await lock_case(transaction, case_id)
        files = await transaction.run(
            "cases/list_attachments", caseId=case_id, limit=ATTACHMENTS_MAX + 1
        )
        if any(one["attachmentId"] == attachment_id for one in files):
            check_version(kept, asker.if_version)
            return
        if len(files) >= ATTACHMENTS_MAX:
            raise TooLarge(f"a case keeps at most {ATTACHMENTS_MAX} files")
        await take_step(transaction, kept, taken)
        await transaction.run(
            "cases/store_attachment",
            caseId=case_id,
            attachmentId=attachment_id,
            name=name,
            mediaType=media_type,
            content=content,
            bytes=len(raw),
            addedBy=asker.name,
            addedMillis=millis_of(asker.now),
        )

    await graph.write_together(work, name="cases/attach", timeout_s=STEP_TIMEOUT_S)
    return attachment_id


def attachment_id_of(case_id: str, name: str, content_digest: str) -> str:
    """Id of a file, which follows from the case, its name and what is in it."""
    return f"file_{digest(f'{case_id} {name} {content_digest}')}"


async def read_attachment(graph: Graph, case_id: str, attachment_id: str) -> tuple[str, str, bytes]:
    """Name, media type and content of a file. Raises AttachmentNotFound."""
    rows = await graph.read("cases/read_attachment", caseId=case_id, attachmentId=attachment_id)
    if not rows:
        raise AttachmentNotFound(f"{case_id} keeps no file {attachment_id}")
    row = rows[0]
    return row["name"], row["mediaType"], base64.b64decode(row["content"])
