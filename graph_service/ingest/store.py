"""Storing facts: keys first, then every room's checks, then every room's writes, all or nothing."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from graph_service.graph.session import Graph, Row, Transaction
from graph_service.ids import new_id
from graph_service.ingest.envelope import OWN_EVENTS
from graph_service.ingest.facts import (
    Fact,
    Outcome,
    Problem,
    Receipt,
    Rejection,
    digest,
    reject_fact,
)

STORE_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Admission:
    """A room's word on facts: which it rejects, and what it writes for the others."""

    rejected: Mapping[str, Problem] = field(default_factory=dict[str, Problem])
    writes: Sequence[tuple[str, Mapping[str, object]]] = ()


Check = Callable[[Transaction, Sequence[Fact]], Awaitable[Admission]]
Rows = Callable[[Sequence[Fact]], list[Row]]


@dataclass(frozen=True)
class Statement:
    """A writing query that takes $rows, and how it gets them from the facts of these types."""

    query: str
    types: frozenset[str]
    rows: Rows


@dataclass(frozen=True)
class RoomFacts:
    """How a room takes part in storing facts. check: None if it never rejects."""

    statements: tuple[Statement, ...] = ()
    check: Check | None = None


class NothingStored(Exception):
    """An atomic request held a rejected event; carries what would have become of each."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__("a rejected event in an atomic request")
        self.receipt = receipt


async def store_facts(
    graph: Graph,
    parsed: Sequence[Fact | Rejection],
    rooms: Sequence[RoomFacts],
    *,
    atomic: bool = False,
) -> Receipt:
    """Store what was sent in one transaction; answers in the order sent.

    Raises NothingStored if atomic and anything is rejected: then not even the quarantine
    is written.
    """
    batch = new_id()

    async def work(transaction: Transaction) -> Receipt:
        outcomes: dict[int, Outcome] = {}
        rejections = [item for item in parsed if isinstance(item, Rejection)]
        for number, facts in enumerate(_rounds(parsed)):
            refused = await _store_round(transaction, facts, rooms, f"{batch}-{number}")
            for fact in facts:
                problem = refused.get(fact.key, False)
                if isinstance(problem, Problem):
                    rejections.append(reject_fact(fact, problem))
                else:
                    status = "accepted" if problem is False else "duplicate"
                    outcomes[fact.position] = Outcome(fact.source, fact.event_id, status)
        for item in rejections:
            outcomes[item.position] = Outcome(item.source, item.event_id, "rejected", item.problem)
        receipt = Receipt(tuple(outcomes[position] for position in sorted(outcomes)), batch)
        if rejections and atomic:
            raise NothingStored(receipt)
        if rejections:
            rows = sorted(map(_rejected_row, rejections), key=lambda row: row["rejectedId"])
            await transaction.run("ingest/quarantine_events", rows=rows)
        return receipt

    return await graph.write_together(work, name="ingest/store", timeout_s=STORE_TIMEOUT_S)


def _rounds(parsed: Iterable[Fact | Rejection]) -> list[list[Fact]]:
    """Cut so that no key is twice in a round: a repeat sees what became of the first."""
    rounds: list[list[Fact]] = []
    seen: dict[str, int] = {}
    for item in parsed:
        if isinstance(item, Fact):
            number = seen.get(item.key, -1) + 1
            seen[item.key] = number
            if number == len(rounds):
                rounds.append([])
            rounds[number].append(item)
    return rounds


async def _store_round(
    transaction: Transaction, facts: list[Fact], rooms: Sequence[RoomFacts], batch: str
) -> dict[str, Problem | None]:
    """Store facts of different keys; returns the problem, or None for a repeat, by key."""
    refused: dict[str, Problem | None] = {}
    rows = sorted(map(_fact_row, facts), key=lambda row: row["key"])
    known = {
        str(row["key"]): str(row["digest"])
        for row in await transaction.run("ingest/claim_facts", rows=rows, batch=batch)
    }
    for fact in facts:
        if fact.key in known:
            repeats = known[fact.key] == fact.digest
            refused[fact.key] = None if repeats else CONFLICT
    fresh = [fact for fact in facts if fact.key not in known]
    writes: list[tuple[str, Mapping[str, object]]] = []
    for room in rooms:
        if room.check is not None and fresh:
            admission = await room.check(transaction, fresh)
            refused.update(admission.rejected)
            writes.extend(admission.writes)
    # Problem code `repeats` marks the same fact sent again under another key.
    released = sorted(fact.key for fact in fresh if fact.key in refused)
    if released:
        await transaction.run("ingest/release_facts", keys=released)
    accepted = [fact for fact in fresh if fact.key not in refused]
    for room in rooms:
        for statement in room.statements:
            mine = statement.rows([fact for fact in accepted if fact.type in statement.types])
            if mine:
                await transaction.run(statement.query, rows=mine)
    for query, params in writes:
        await transaction.run(query, **params)
    return {key: None if problem is REPEATS else problem for key, problem in refused.items()}


CONFLICT = Problem("event_conflict", "the same source and id were stored with other content")
REPEATS = Problem("repeats", "the same fact is stored under another key")


def _fact_row(fact: Fact) -> Row:
    properties = {
        "position": fact.position,
        "source": fact.source,
        "eventId": fact.event_id,
        "type": fact.type,
        "digest": fact.digest,
        "data": json.dumps(fact.data, ensure_ascii=False, separators=(",", ":")),
    }
    if fact.type in OWN_EVENTS and "memberId" in fact.data:
        properties["memberId"] = fact.data["memberId"]
    return {"key": fact.key, "at": fact.at, "fact": properties}


def _rejected_row(item: Rejection) -> Row:
    return {
        "rejectedId": digest(f"{item.problem.code} {item.content}"),
        "source": item.source,
        "eventId": item.event_id,
        "type": item.type,
        "code": item.problem.code,
        "detail": item.problem.detail,
        "status": item.problem.status,
        "content": item.content,
    }
