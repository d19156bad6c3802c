"""Entries that prove themselves: each names the hash of the one before it of the same payee."""

import asyncio
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from pydantic.alias_generators import to_camel

from graph_service.graph.session import Graph, Row
from graph_service.ledger.lines import Line
from graph_service.money import decimal_string

# Payees, and entries, read in one go.
PAYEES_TOGETHER = 20_000
ENTRIES_TOGETHER = 10_000
# The hash before a payee's first entry.
NO_HASH = "0" * 64


@dataclass(frozen=True)
class Entry:
    """A line of the ledger; it is never changed, and what is wrong is mirrored by another.

    seq: the fact that it follows from. number: its place among the payee's entries, from 1.
    month: of what it is earned for. order_id: "" of what a period earns. rate, inputs: as text.
    """

    entry_id: str
    seq: int
    payee_id: str
    number: int
    basis: str
    part: str
    order_id: str
    month: str
    currency: str
    amount_minor: int
    base_minor: int
    rate: str
    plan_version: str
    why: str
    inputs: str
    previous_hash: str

    def digest(self) -> str:
        """SHA-256 of everything in it, in hex; no wall clock takes part."""
        content = [getattr(self, name) for name, _ in NAMES]
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# The fields in their order, as Python and as the graph name them.
NAMES = tuple((one.name, to_camel(one.name)) for one in fields(Entry))
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Change:
    """What a fact changed of one line. line: as it stands now, for its words; None: owed no more.

    order_id: of an order's line, else "". sales_month_id: of a period's line, else "". key: payee,
    basis and part of the line.
    """

    seq: int
    order_id: str
    sales_month_id: str
    key: Key
    amount_minor: int
    line: Line | None
    currency: str
    plan_version: str
    month: str

    @property
    def place(self) -> tuple[int, str, str, Key]:
        """Where it stands in the order of booking."""
        return self.seq, self.order_id, self.sales_month_id, self.key

    def entry(self, place: int, head: "Head") -> Entry:
        """The entry that books it. place: among what follows from the fact, from 1."""
        payee_id, basis, part = self.key
        line = self.line
        rate = None if line is None else line.rate
        return Entry(
            entry_id=f"{self.seq}-{place}",
            seq=self.seq,
            payee_id=payee_id,
            number=head.number + 1,
            basis=basis,
            part=part,
            order_id=self.order_id,
            month=self.month,
            currency=self.currency,
            amount_minor=self.amount_minor,
            base_minor=0 if line is None else line.base_minor,
            rate="" if rate is None else decimal_string(rate),
            plan_version=self.plan_version,
            why="not_owed_any_more" if line is None else line.why,
            inputs=json.dumps({} if line is None else line.inputs, sort_keys=True),
            previous_hash=head.hash,
        )


@dataclass(frozen=True)
class Head:
    """Where a payee's chain ends."""

    number: int = 0
    hash: str = NO_HASH


class Proof:
    """Follows chains from their first entries. broken: what does not fit, if anything."""

    def __init__(self) -> None:
        self.broken: str | None = None
        self._reached: dict[str, Head] = {}

    def follow(self, rows: Iterable[tuple[Entry, str]]) -> None:
        """Go on with these entries and the hashes kept beside them, by payee and number."""
        for entry, kept in rows:
            before = self._reached.get(entry.payee_id, Head())
            is_next = entry.number == before.number + 1 and entry.previous_hash == before.hash
            if not is_next or entry.digest() != kept:
                self.broken = self.broken or entry.entry_id
                return
            self._reached[entry.payee_id] = Head(entry.number, kept)

    def end(self, heads: Mapping[str, Head]) -> str | None:
        """What does not fit after all entries; heads: where every chain is said to end."""
        for payee_id in sorted(heads.keys() | self._reached.keys()):
            if heads.get(payee_id, Head()) != self._reached.get(payee_id, Head()):
                self.broken = self.broken or f"end of {payee_id.strip()}"
        return self.broken


def entry_of(row: Mapping[str, Any]) -> Entry:
    """An entry as the graph keeps it; camelCase names."""
    return Entry(**{name: row[camel] for name, camel in NAMES})


def row_of(entry: Entry) -> dict[str, Any]:
    """An entry as the graph keeps it, its hash included."""
    row = {camel: getattr(entry, name) for name, camel in NAMES}
    return {**row, "hash": entry.digest()}


@dataclass(frozen=True)
class Verdict:
    """Whether every chain holds. first_broken: what does not."""

    entries: int
    payees: int
    first_broken: str | None


async def prove_ledger(graph: Graph) -> Verdict:
    """Follow every payee's chain from its first entry; cost: reads the whole ledger once."""
    heads = await _read_heads(graph)
    proof = Proof()
    for rows in _parts(heads):
        entries = (await graph.read("ledger/list_entries", rows=rows))[0]["entries"]
        found = [(entry_of(one), str(one["hash"])) for one in entries]
        await asyncio.to_thread(proof.follow, found)
        if proof.broken is not None:
            break
    else:
        proof.end(heads)
    count = (await graph.read("ledger/count_entries"))[0]["entries"]
    if proof.broken is None:
        # Chains grow meanwhile, so the count lies between their ends before it and after it.
        after = await _read_heads(graph)
        least, most = (sum(head.number for head in one.values()) for one in (heads, after))
        if not least <= count <= most:
            proof.broken = "an entry outside every chain"
    return Verdict(count, len(heads), proof.broken)


async def _read_heads(graph: Graph) -> dict[str, Head]:
    heads: dict[str, Head] = {}
    after = ""
    while True:
        row = (await graph.read("ledger/list_payees", after=after, limit=PAYEES_TOGETHER))[0]
        if not row["payeeIds"]:
            return heads
        after = row["payeeIds"][-1]
        ends = zip(row["payeeIds"], row["numbers"], row["hashes"], strict=True)
        heads.update((payee_id, Head(number, end)) for payee_id, number, end in ends)


def _parts(heads: Mapping[str, Head]) -> Iterator[list[Row]]:
    """Parts of the chains in order, each of as many entries as are read in one go."""
    rows: list[Row] = []
    room = ENTRIES_TOGETHER
    for payee_id in sorted(heads):
        after, last = 0, heads[payee_id].number
        while after < last:
            up_to = min(last, after + room)
            rows.append({"payeeId": payee_id, "after": after, "upTo": up_to})
            room -= up_to - after
            after = up_to
            if not room:
                yield rows
                rows, room = [], ENTRIES_TOGETHER
    if rows:
        yield rows
