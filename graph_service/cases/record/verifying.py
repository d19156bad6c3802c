"""Does a case agree with the events of it, and does each event with the one before?"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from graph_service.cases.desk.stages import state_of
from graph_service.cases.desk.trail import BEYOND, CaseNotFound, Kept, kept_of
from graph_service.cases.desk.working import ATTACHMENTS_MAX, attachment_id_of
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.ingest.facts import canonical, digest

EVENTS_TOGETHER: Final = 500
VERIFY_TIMEOUT_S: Final = 30.0
DECIDED, ATTACHED = "decided", "attached"


@dataclass(frozen=True)
class TrailVerdict:
    """Whether the record of a case is whole.

    first_broken: number of the first event that does not fit, or that the case does not agree with.
    """

    ok: bool
    events: int
    first_broken: int | None = None


@dataclass(frozen=True)
class _Found:
    """A case as it is kept. rows: its events, the latest first. files: by id their digests."""

    kept: Kept
    state: str
    rows: Sequence[Row]
    files: Mapping[str, str | None]


async def verify_trail(graph: Graph, case_id: str) -> TrailVerdict:
    """Compute every hash of a case's trail again, and compare what it tells with what is kept:

    where the case stands, what was decided, and what is in its files. Raises CaseNotFound.
    """

    async def work(transaction: Transaction) -> _Found:
        return await _found(transaction, case_id)

    found = await graph.read_together(work, name="cases/verify_trail", timeout_s=VERIFY_TIMEOUT_S)
    broken = [*_unchained(found), *_otherwise(found), *_other_files(found)]
    return TrailVerdict(not broken, len(found.rows), min(broken, default=None))


async def _found(transaction: Transaction, case_id: str) -> _Found:
    cases = await transaction.run("cases/read_case", caseId=case_id)
    if not cases:
        raise CaseNotFound(f"there is no case {case_id}")
    rows: list[Row] = []
    while not rows or rows[-1]["number"] > 1:
        events = await transaction.run(
            "cases/list_case_events",
            caseId=case_id,
            before=rows[-1]["number"] if rows else BEYOND,
            limit=EVENTS_TOGETHER,
        )
        if not events:
            break
        rows += events
    files = await _files(transaction, case_id)
    return _Found(kept_of(cases[0]), cases[0]["state"], rows, files)


async def _files(transaction: Transaction, case_id: str) -> dict[str, str | None]:
    """By id the digest of what is in each file. One at a time, since they may be large."""
    listed = await transaction.run(
        "cases/list_attachments", caseId=case_id, limit=ATTACHMENTS_MAX + 1
    )
    found: dict[str, str | None] = {}
    for one in listed:
        file_id: str = one["attachmentId"]
        rows = await transaction.run("cases/read_attachment", caseId=case_id, attachmentId=file_id)
        found[file_id] = _digest_of(rows[0]["content"]) if rows else None
        # The id follows from the name as well.
        if rows and file_id != attachment_id_of(case_id, rows[0]["name"], found[file_id] or ""):
            found[file_id] = None
    return found


def _digest_of(content: str) -> str | None:
    try:
        return digest(base64.b64decode(content, validate=True))
    except (binascii.Error, ValueError):
        return None


def _detail(row: Row) -> dict[str, Any]:
    """What an event says; nothing where it is no JSON any more, which its hash tells."""
    try:
        said: object = json.loads(row["detail"])
    except ValueError:
        return {}
    return cast("dict[str, Any]", said) if isinstance(said, dict) else {}


def _unchained(found: _Found) -> list[int]:
    """Numbers of events that do not fit to themselves or the one after."""
    kept, broken = found.kept, list[int]()
    following, number = kept.trail_hash, kept.version
    for row in found.rows:
        event = [
            kept.case_id,
            row["number"],
            row["atMillis"],
            row["actor"],
            row["step"],
            _detail(row),
            row["previous"],
        ]
        if row["number"] != number or row["hash"] != following:
            broken.append(number)
        if digest(canonical(event)) != row["hash"]:
            broken.append(row["number"])
        following, number = row["previous"], row["number"] - 1
    if number > 0 or following:
        broken.append(max(1, number))
    return broken


def _otherwise(found: _Found) -> list[int]:
    """Numbers of the events that say otherwise how the case stands, or was decided."""
    told = found.kept.standing.told()
    said: dict[str, tuple[object, int]] = {}
    for row in reversed(found.rows):
        after: dict[str, object] = _detail(row).get("after", {})
        said |= {name: (value, row["number"]) for name, value in after.items()}
    broken = [number for name, (value, number) in said.items() if told.get(name) != value]
    # Cases whose first event tells how they stood have no word that no event said.
    if found.rows and "state" in _detail(found.rows[-1]).get("after", {}) and set(told) - set(said):
        broken.append(found.kept.version)
    decisions = sum(row["step"] == DECIDED for row in found.rows)
    standing = found.kept.standing
    if standing.decisions != decisions or found.state != state_of(standing.stage):
        broken.append(found.kept.version)
    return broken


def _other_files(found: _Found) -> list[int]:
    """Numbers of the events whose file is another one, or is not there."""
    attached = {
        str(detail.get("attachmentId")): (row["number"], detail.get("digest"))
        for row in found.rows
        if row["step"] == ATTACHED
        for detail in (_detail(row),)
    }
    broken: list[int] = []
    for file_id, (number, said) in attached.items():
        content = found.files.get(file_id)
        # Files that were added first have their digest in their id alone.
        if content is None or said not in (None, content):
            broken.append(number)
    if set(found.files) - set(attached):
        broken.append(found.kept.version)
    return broken
