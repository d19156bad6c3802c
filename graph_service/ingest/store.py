"""Storing facts: keys first, then every room's checks, then every room's writes, all or nothing."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from graph_service.errors import Conflict
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.ids import new_id
from graph_service.ingest.facts import (
    Fact,
    Outcome,
    Problem,
    Receipt,
    Rejection,
    is_of_nobody_else,
    member_of,
    of_erased,
    reject_fact,
)

STORE_TIMEOUT_S = 60.0
# Most different contents under one key that a request is searched for; the rest is refused.
ROUNDS_MAX = 10


@dataclass(frozen=True)
class Admission:
    """A room's word on facts: which it rejects, and what it writes for the others."""

    rejected: Mapping[str, Problem] = field(default_factory=dict[str, Problem])
    writes: Sequence[tuple[str, Mapping[str, object]]] = ()


CONFLICT = Problem("event_conflict", "the same source and id were stored with other content")
MEMBER_ERASED = Problem("member_erased", "the member is erased, so nothing says who it is again")
# Not a rejection: a room says with it that the same fact is stored under another key.
REPEATS = Problem("repeats", "the same fact is stored under another key")

Verdict = Literal["accepted", "duplicate"] | Problem
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


def linked_facts(query: str, types: frozenset[str], name: str) -> Statement:
    """The statement that links each fact of these types to what it names with `name`."""

    def rows(facts: Sequence[Fact]) -> list[Row]:
        found = [{"key": fact.key, name: fact.data[name]} for fact in facts]
        return sorted(found, key=lambda row: (row[name], row["key"]))

    return Statement(query, types, rows)


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

    async def work(transaction: Transaction) -> Receipt:
        return await store_within(transaction, parsed, rooms, atomic=atomic)

    return await graph.write_together(work, name="ingest/store", timeout_s=STORE_TIMEOUT_S)


async def store_within(
    transaction: Transaction,
    parsed: Sequence[Fact | Rejection],
    rooms: Sequence[RoomFacts],
    *,
    atomic: bool = False,
) -> Receipt:
    """Store what was sent within a transaction that does more. Raises NothingStored."""
    batch = new_id()
    outcomes: dict[int, Outcome] = {}
    known = await without_erased(transaction, parsed)
    rejections = [item for item in known if isinstance(item, Rejection)]
    facts = [item for item in known if isinstance(item, Fact)]
    for fact, verdict in await _store_all(transaction, facts, rooms, batch):
        if isinstance(verdict, Problem):
            rejections.append(reject_fact(fact, verdict))
        else:
            outcomes[fact.position] = Outcome(fact.source, fact.event_id, verdict)
    for item in rejections:
        outcomes[item.position] = Outcome(item.source, item.event_id, "rejected", item.problem)
    receipt = Receipt(tuple(outcomes[position] for position in sorted(outcomes)), batch)
    if rejections and atomic:
        raise NothingStored(receipt)
    if rejections:
        rows = sorted((item.row() for item in rejections), key=lambda row: row["rejectedId"])
        await transaction.run("ingest/quarantine_events", rows=rows)
    return receipt


async def _store_all(
    transaction: Transaction, facts: list[Fact], rooms: Sequence[RoomFacts], batch: str
) -> list[tuple[Fact, Verdict]]:
    """What becomes of each fact; one with a key seen before is settled after the one before."""
    settled: list[tuple[Fact, Verdict]] = []
    waiting = facts
    for number in range(ROUNDS_MAX):
        firsts = {fact.key: fact for fact in reversed(waiting)}
        round_facts = [fact for fact in waiting if firsts[fact.key] is fact]
        verdicts = await _store_round(transaction, round_facts, rooms, f"{batch}-{number}")
        settled.extend((fact, verdicts[fact.key]) for fact in round_facts)
        repeats = [fact for fact in waiting if firsts[fact.key] is not fact]
        waiting = list[Fact]()
        for fact in repeats:
            verdict = verdicts[fact.key]
            if fact.repeats(firsts[fact.key].digest):
                settled.append((fact, "duplicate" if verdict == "accepted" else verdict))
            elif verdict == "accepted":
                settled.append((fact, CONFLICT))
            else:
                waiting.append(fact)
        if not waiting:
            break
    return [*settled, *((fact, CONFLICT) for fact in waiting)]


async def without_erased(
    transaction: Transaction, parsed: Sequence[Fact | Rejection]
) -> list[Fact | Rejection]:
    """The same, but what is personal is left out wherever a member is erased."""
    named = [member_of(item) for item in parsed]
    asked = sorted({one for one in named if one is not None})
    if not asked:
        return list(parsed)
    rows = await transaction.run("ingest/find_erased", memberIds=asked)
    erased = frozenset(rows[0]["memberIds"])
    return [
        item if one not in erased else of_erased(item)
        for item, one in zip(parsed, named, strict=True)
    ]


async def _store_round(
    transaction: Transaction, facts: list[Fact], rooms: Sequence[RoomFacts], batch: str
) -> dict[str, Verdict]:
    """Store facts of different keys; what becomes of each, by key."""
    refused: dict[str, Problem] = {}
    rows = sorted(map(_fact_row, facts), key=lambda row: row["key"])
    known = {
        str(row["key"]): str(row["digest"])
        for row in await transaction.run("ingest/claim_facts", rows=rows, batch=batch)
    }
    for fact in facts:
        if fact.key in known:
            refused[fact.key] = REPEATS if fact.repeats(known[fact.key]) else CONFLICT
    fresh = [fact for fact in facts if fact.key not in known]
    refused.update((one.key, MEMBER_ERASED) for one in fresh if is_of_nobody_else(one))
    writes: list[tuple[str, Mapping[str, object]]] = []
    for room in rooms:
        if room.check is not None and fresh:
            admission = await room.check(transaction, fresh)
            refused.update(admission.rejected)
            writes.extend(admission.writes)
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
    verdicts: dict[str, Verdict] = {fact.key: "accepted" for fact in accepted}
    for key, problem in refused.items():
        verdicts[key] = "duplicate" if problem is REPEATS else problem
    return verdicts


async def record_own_facts(transaction: Transaction, facts: Sequence[Fact]) -> set[str]:
    """Put what the service itself did into the log, to follow from the outbox as all facts do.

    Returns the keys of those that are new: an id says what was done, so nothing is done twice.
    """
    rows = sorted(map(_fact_row, facts), key=lambda row: row["key"])
    known = await transaction.run("ingest/claim_facts", rows=rows, batch=new_id())
    return {fact.key for fact in facts} - {str(row["key"]) for row in known}


async def record_stamped_facts(transaction: Transaction, facts: Sequence[Fact]) -> None:
    """Put what the service itself found into the log at once, in this order, new facts only.

    For facts from which nothing is booked but by those who follow the log. Raises Conflict where
    one is recorded already.
    """
    keys = await record_own_facts(transaction, facts)
    if len(keys) < len(facts):
        raise Conflict("what the service found is in the log already")
    await transaction.run("ingest/stamp_named", keys=[fact.key for fact in facts])


def _fact_row(fact: Fact) -> Row:
    properties = {
        "position": fact.position,
        "source": fact.source,
        "eventId": fact.event_id,
        "type": fact.type,
        "digest": fact.digest,
        "data": json.dumps(fact.data, ensure_ascii=False, separators=(",", ":")),
    }
    if fact.active_member_id is not None:
        properties["memberId"] = fact.active_member_id
    return {"key": fact.key, "at": fact.at, "fact": properties}
