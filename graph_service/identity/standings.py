"""Which person is each member now, and is that person held? Worked out while facts are booked.

What changes is put into the log, so attribution and the ledger, which follow it, see it as of then.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from graph_service.graph.session import Graph, Read, Row, Transaction
from graph_service.identity.facts import SAID_TYPES, SEEN_TYPES, seen_with
from graph_service.identity.persons import (
    Known,
    Link,
    Seen,
    Token,
    Word,
    joined_by,
    links_of,
    pair_of,
)
from graph_service.identity.weights import OWN_ORDERS, REACHES
from graph_service.ingest.facts import Fact, own_fact
from graph_service.ingest.store import linked_facts, record_stamped_facts

CHANGED = "standing.changed"
# Facts of a member after which it may be another person than before, or be held.
_OTHER_TYPES = frozenset({"hold.placed", "hold.lifted", "member.erased"})
# Accounts that are looked at together. More hang together only where somebody wants them to.
KIN_MAX = 5_000
IN_THREAD_FROM = 100
WRITTEN_TOGETHER = 1_000
WEIGHED_TOGETHER = 5_000
WRITTEN = ("memberId", "personId", "held", "changed", "bits", "why")


@dataclass(frozen=True)
class Standing:
    """Which person a member is, None where it has no other account, and whether that is held."""

    person_id: str | None
    held: bool


@dataclass(frozen=True)
class _Kept:
    """What the graph says of a member. bits, why: of what holds it to another account."""

    standing: Standing
    bits: int
    why: Sequence[str]


@dataclass(frozen=True)
class Change:
    """A member whose standing changed. person: it belongs to another person now, or to none."""

    member_id: str
    person: bool


async def update_standings(
    transaction: Transaction, facts: Sequence[Fact], *, seq: int, now: datetime
) -> list[Change]:
    """Work out anew who is whose account after these facts; returns whose standing changed.

    seq: of the first of the facts, which makes the ids of what is put into the log the only ones.
    """
    tokens = _tokens(facts)
    touched = _touched(facts)
    if tokens:
        steps = [most for most, _ in REACHES]
        rows = await transaction.run("identity/weigh_identifiers", tokens=tokens, steps=steps)
        touched |= set(rows[0]["memberIds"])
    return await change_standings(transaction, touched, name=str(seq), now=now)


async def change_standings(
    transaction: Transaction, touched: Iterable[str], *, name: str, now: datetime
) -> list[Change]:
    """Work out anew who these members and all their kin are; returns whose standing changed."""
    rows = await _differing(transaction.run, set(touched))
    await _write(transaction, rows, name=name, now=now)
    changed = (row for row in rows if row["changed"])
    return [Change(row["memberId"], row["personId"] != row["before"].person_id) for row in changed]


async def verify_persons(graph: Graph) -> tuple[int, list[str]]:
    """How many members were looked at, and who stands otherwise than what is known says."""
    count, differing = 0, set[str]()
    async for member_ids in _alike(graph):
        count += len(member_ids)
        rows = await _differing(graph.read, set(member_ids))
        differing.update(row["memberId"] for row in rows if row["changed"])
    return count, sorted(differing)


async def _differing(read: Read, touched: set[str]) -> list[Row]:
    """Of these members and their kin, how those stand who stand otherwise than is kept."""
    if not touched:
        return []
    kin = sorted(await _kin(read, touched))
    before, on_hold = await _read_standings(read, kin)
    known = await read_known(read, kin) if len(kin) > 1 else Known()
    found = await _found(known, kin)
    persons = joined_by(found, kin)
    links: dict[str, Link] = {}
    for link in found:
        for member_id in link.pair:
            # What is strongest comes first.
            links.setdefault(member_id, link)
    rows: list[Row] = []
    for member_id in kin:
        accounts = persons[member_id]
        held = any(one in on_hold for one in accounts)
        standing = Standing(accounts[0] if len(accounts) > 1 else None, held)
        link = links.get(member_id)
        bits, why = (0, []) if link is None else (link.score.bits, _kinds(link))
        if before[member_id] != _Kept(standing, bits, why):
            rows.append(
                {
                    "memberId": member_id,
                    "personId": standing.person_id,
                    "held": held,
                    "before": before[member_id].standing,
                    "changed": before[member_id].standing != standing,
                    "bits": bits,
                    "why": why,
                }
            )
    return rows


async def _found(known: Known, kin: Sequence[str]) -> list[Link]:
    """What joins these accounts; of many worked out in a thread, so that others are served."""
    if len(kin) < IN_THREAD_FROM:
        return list(links_of(known, kin))
    return await asyncio.to_thread(lambda: list(links_of(known, kin)))


def _kinds(link: Link) -> list[str]:
    return [one.kind for one in link.score.reasons]


async def _write(
    transaction: Transaction, rows: Sequence[Row], *, name: str, now: datetime
) -> None:
    for start in range(0, len(rows), WRITTEN_TOGETHER):
        together = rows[start : start + WRITTEN_TOGETHER]
        written = [{name: row[name] for name in WRITTEN} for row in together]
        await transaction.run("identity/write_standings", rows=written, at=now.isoformat())
        facts = [
            own_fact(CHANGED, f"{CHANGED} {row['memberId']} {name}", now, _told(row), position=i)
            for i, row in enumerate(together)
            if row["changed"]
        ]
        if not facts:
            continue
        await record_stamped_facts(transaction, facts)
        links = linked_facts("referrals/link_member_facts", frozenset({CHANGED}), "memberId")
        await transaction.run(links.query, rows=links.rows(facts))


def _told(row: Row) -> dict[str, object]:
    """What a fact says of a change; a member without other accounts has no person."""
    data = {
        "memberId": row["memberId"],
        "personId": row["personId"],
        "held": row["held"],
        "personIdBefore": row["before"].person_id,
        "heldBefore": row["before"].held,
    }
    return {name: value for name, value in data.items() if value is not None}


async def unknown_persons(graph: Graph) -> AsyncGenerator[list[str]]:
    """Members, so many at a time, who may be one person with another, in a graph written whole.

    Keeps on the way how many are seen with each identifier.
    """
    steps, after = [most for most, _ in REACHES], ""
    while True:
        rows = await graph.read("identity/list_shared", after=after, limit=WEIGHED_TOGETHER)
        tokens: list[str] = rows[0]["tokens"]
        if not tokens:
            break
        await graph.write("identity/weigh_identifiers", tokens=tokens, steps=steps)
        after = tokens[-1]
    async for member_ids in _alike(graph):
        yield member_ids


async def _alike(graph: Graph) -> AsyncGenerator[list[str]]:
    after = ""
    while True:
        rows = await graph.read("identity/list_alike", after=after, limit=WRITTEN_TOGETHER)
        member_ids: list[str] = rows[0]["memberIds"]
        if not member_ids:
            break
        yield member_ids
        after = member_ids[-1]


async def accounts_of(read: Read, member_ids: Iterable[str]) -> dict[str, list[str]]:
    """The other accounts that each of these members ever was one person with, in order of id."""
    asked = sorted(set(member_ids))
    found: dict[str, list[str]] = {}
    if asked:
        row = (await read("identity/list_accounts", memberIds=asked))[0]
        for member_id, other_id in zip(row["memberIds"], row["otherIds"], strict=True):
            found.setdefault(member_id, []).append(other_id)
    return found


def _tokens(facts: Sequence[Fact]) -> list[str]:
    """Identifiers that members are seen with by these facts; what an IP says weighs nothing."""
    mine = (fact for fact in facts if "memberId" in fact.data)
    return sorted({token for fact in mine for kind, token in seen_with(fact) if kind != "ip"})


def _touched(facts: Sequence[Fact]) -> set[str]:
    """Members whose own standing may be another after these facts."""
    found: set[str] = set()
    for fact in facts:
        if fact.type in SAID_TYPES:
            found |= {fact.data["fromId"], fact.data["intoId"]}
        elif "memberId" in fact.data and (
            fact.type in _OTHER_TYPES or (fact.type in SEEN_TYPES and any(seen_with(fact)))
        ):
            found.add(fact.data["memberId"])
    return found


async def _kin(read: Read, touched: set[str]) -> set[str]:
    """These members and everybody who hangs together with them, at most KIN_MAX others."""
    kin, frontier = set(touched), sorted(touched)
    while frontier and len(kin) < len(touched) + KIN_MAX:
        row = (await read("identity/list_kin", memberIds=frontier))[0]
        frontier = sorted(set(row["memberIds"]) - kin)
        kin.update(frontier)
    return kin


async def read_known(read: Read, member_ids: Sequence[str]) -> Known:
    """What is known of these members' identifiers, and what was said of them."""
    known = Known()
    asked = {"memberIds": member_ids, "ownOrders": OWN_ORDERS}
    row = (await read("identity/read_uses", **asked))[0]
    names = ("memberIds", "tokens", "kinds", "reaches", "firsts", "lasts", "owned")
    for member_id, token, kind, reach, *seen in zip(*(row[name] for name in names), strict=True):
        known.uses.setdefault(member_id, {})[token] = Seen(*seen)
        known.tokens[token] = Token(kind, reach)
    row = (await read("identity/read_words", memberIds=member_ids))[0]
    names = ("data", "times", "seqs", "merged")
    for text, time, seq, merged in zip(*(row[name] for name in names), strict=True):
        data = json.loads(text)
        pair = pair_of(data["fromId"], data["intoId"])
        known.words.setdefault(pair, []).append(Word(time, seq, merged))
    return known


async def _read_standings(
    read: Read, member_ids: Sequence[str]
) -> tuple[dict[str, _Kept], set[str]]:
    """How these members stand, and on which of them there is a hold."""
    row = (await read("identity/read_standings", memberIds=member_ids))[0]
    names = ("memberIds", "personIds", "held", "bits", "whys", "holds")
    kept: dict[str, _Kept] = {}
    on_hold: set[str] = set()
    for member_id, person_id, held, bits, why, holds in zip(
        *(row[name] for name in names), strict=True
    ):
        kept[member_id] = _Kept(Standing(person_id or None, held), bits, why)
        if holds:
            on_hold.add(member_id)
    return kept, on_hold
