"""A member is erased: whatever says who it is goes, and what the books need stays.

In steps, since the log may be long. The member is marked first, so that nothing comes in again; an
erasure that was cut short is finished by asking for it again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from graph_service.clock import to_micros
from graph_service.errors import Conflict, MemberNotFound
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.identity.facts import said_rows
from graph_service.ingest.facts import PERSONAL_TYPES, canonical, own_fact
from graph_service.ingest.store import record_own_facts
from graph_service.ingest.tokens import Tokeniser, without_personal, without_tokens
from graph_service.referrals.facts import change_roles

ERASED = "member.erased"
# Facts that may name a visitor.
VISITOR_TYPES = frozenset({"share.clicked", "material.exposed"})
TYPES = sorted(PERSONAL_TYPES | VISITOR_TYPES)
FACTS_TOGETHER = 100_000
STEP_TIMEOUT_S = 120.0
PSEUDONYM = "visitor"
# Where an alert names tokens.
TOLD = "counterfactual"


@dataclass(frozen=True)
class Removed:
    """How much of each was removed or replaced."""

    uses: int = 0
    order_links: int = 0
    identifiers: int = 0
    accounts: int = 0
    visitors: int = 0
    facts: int = 0
    rejected: int = 0

    def __add__(self, other: "Removed") -> "Removed":
        sums = (getattr(self, one.name) + getattr(other, one.name) for one in fields(self))
        return Removed(*sums)


@dataclass(frozen=True)
class Trace:
    """By what the member is found in texts. pseudonyms: of its visitors, by their ids."""

    member_id: str
    pseudonyms: Mapping[str, str]

    @property
    def texts(self) -> list[str]:
        """As they stand in JSON without blanks."""
        of_visitors = [f'"visitorId":{_quoted(one)}' for one in sorted(self.pseudonyms)]
        return [f'"memberId":{_quoted(self.member_id)}', *of_visitors]

    def forgotten(self, event_type: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """The data of a fact without what says who the member is."""
        found = dict(data)
        visitor_id = found.get("visitorId", "")
        is_theirs = found.get("memberId") == self.member_id
        if visitor_id in self.pseudonyms:
            is_theirs, found["visitorId"] = True, self.pseudonyms[visitor_id]
        if is_theirs and event_type != "visitor.identified":
            return without_personal(event_type, found)
        return found


class MemberHeld(Conflict):
    """A hold is in force on an account of the member's person."""

    code = "member_held"


class PayoutUnderWay(Conflict):
    """A payout to the member is asked for or on its way."""

    code = "payout_under_way"


async def erase_member(
    graph: Graph, tokeniser: Tokeniser, member_id: str, now: datetime
) -> tuple[int, Removed]:
    """When (us) the member was erased, and what was removed just now.

    The ledger must have followed the log before. Cost: a look at every fact. Raises
    MemberNotFound, MemberHeld, PayoutUnderWay.
    """

    async def begin(transaction: Transaction) -> tuple[int, Trace, int, Removed]:
        rows = await transaction.run("erasure/read_member", memberId=member_id)
        if not rows:
            raise MemberNotFound(f"there is no member {member_id}")
        before = rows[0]
        # Else who is held would come back under the same number as somebody new.
        if before["erasedAt"] is None and before["held"]:
            raise MemberHeld(f"{member_id} is held: erase once the hold is lifted")
        if before["erasedAt"] is None and before["paying"]:
            raise PayoutUnderWay(f"a payout to {member_id} is under way")
        if before["erasedAt"] is None:
            await _mark(transaction, member_id, before["status"], now)
        trace = await _trace(transaction, tokeniser, member_id, before["visitorIds"])
        removed = await _remove_links(transaction, member_id)
        removed += await _rename_visitors(transaction, trace, before["visitorIds"])
        # What is booked or followed later must name a visitor as the graph does.
        pending = await transaction.run("erasure/find_pending", types=TYPES, texts=trace.texts)
        removed += await _replace_facts(transaction, trace, pending[0])
        followed = before["bookedSeq"]
        removed += await _replace_stretch(transaction, trace, followed, before["seq"])
        erased_at = before["erasedAt"]
        return to_micros(now) if erased_at is None else erased_at, trace, followed, removed

    erased_at, trace, followed, removed = await graph.write_together(
        begin, name="erasure/begin", timeout_s=STEP_TIMEOUT_S
    )
    for after in range(0, followed, FACTS_TOGETHER):
        until = min(followed, after + FACTS_TOGETHER)
        removed += await _replace_in_log(graph, trace, after, until)
    return erased_at, removed + await _finish(graph, trace)


async def _mark(
    transaction: Transaction, member_id: str, status: str | None, now: datetime
) -> None:
    await transaction.run("erasure/mark_member", memberId=member_id, at=now.isoformat())
    # Its tokens go, but who it is one person with stays: else an erasure would part them, and a
    # hold or a limit on the person would no longer reach the other accounts.
    others = (await transaction.run("erasure/list_accounts", memberId=member_id))[0]["memberIds"]
    said = [
        own_fact(
            "member.merged",
            f"{ERASED} {member_id} {other_id}",
            now,
            {"fromId": member_id, "intoId": other_id, "reason": "one person before the erasure"},
            i,
        )
        for i, other_id in enumerate(others)
    ]
    erased = {"memberId": member_id}
    facts = [own_fact(ERASED, f"{ERASED} {member_id}", now, erased, len(said))]
    # Whoever is frozen stays so: else an erasure would pay out what a freeze withholds.
    if status != "frozen":
        data = {"memberId": member_id, "status": "closed"}
        name = f"{ERASED} {member_id} closed"
        facts.append(own_fact("member.updated", name, now, data, len(said) + 1))
    await record_own_facts(transaction, [*said, *facts])
    await transaction.run("referrals/link_member_facts", rows=said_rows(said))
    await change_roles(transaction, facts)


async def _trace(
    transaction: Transaction, tokeniser: Tokeniser, member_id: str, visitor_ids: Sequence[str]
) -> Trace:
    """Visitors also by the facts that identified them: these are replaced last of all."""
    row = (await transaction.run("erasure/list_visitor_facts", memberId=member_id))[0]
    said = {json.loads(data)["visitorId"] for data in row["data"]}
    pseudonyms = {one: tokeniser.token(PSEUDONYM, one) for one in said.union(visitor_ids)}
    return Trace(member_id, {one: to for one, to in pseudonyms.items() if one != to})


async def _remove_links(transaction: Transaction, member_id: str) -> Removed:
    uses = (await transaction.run("erasure/remove_uses", memberId=member_id))[0]
    orders = (await transaction.run("erasure/remove_order_identifiers", memberId=member_id))[0]
    accounts = (await transaction.run("erasure/remove_accounts", memberId=member_id))[0]
    await transaction.run("channels/forget_buyer", memberId=member_id)
    tokens = sorted({*uses["tokens"], *orders["tokens"]})
    gone = (await transaction.run("erasure/remove_identifiers", tokens=tokens))[0]
    former = [*uses["former"], *orders["former"]]
    await _forget_in_alerts(transaction, sorted({*tokens, *former}))
    return Removed(
        uses=uses["uses"],
        order_links=orders["links"],
        identifiers=gone["identifiers"],
        accounts=accounts["accounts"],
    )


async def _forget_in_alerts(transaction: Transaction, tokens: Sequence[str]) -> None:
    """Alerts keep what speaks for them, but for sentences and weights that name these tokens."""
    if not tokens:
        return
    found = (await transaction.run("scans/find_named_details", tokens=tokens))[0]
    rows = [
        {"versionId": version_id, "details": canonical({**json.loads(details), TOLD: None})}
        for version_id, details in zip(found["versionIds"], found["details"], strict=True)
    ]
    if rows:
        await transaction.run("scans/replace_details", rows=rows)


async def _rename_visitors(
    transaction: Transaction, trace: Trace, visitor_ids: Sequence[str]
) -> Removed:
    named = sorted(one for one in visitor_ids if one in trace.pseudonyms)
    rows = [{"visitorId": one, "pseudonym": trace.pseudonyms[one]} for one in named]
    if rows:
        await transaction.run("identity/rename_visitors", rows=rows)
    return Removed(visitors=len(rows))


async def _replace_stretch(
    transaction: Transaction, trace: Trace, after: int, until: int
) -> Removed:
    found = await transaction.run(
        "erasure/find_facts", after=after, until=until, types=TYPES, texts=trace.texts
    )
    return await _replace_facts(transaction, trace, found[0])


async def _replace_in_log(graph: Graph, trace: Trace, after: int, until: int) -> Removed:
    async def work(transaction: Transaction) -> Removed:
        return await _replace_stretch(transaction, trace, after, until)

    return await graph.write_together(work, name="erasure/replace", timeout_s=STEP_TIMEOUT_S)


async def _replace_facts(
    transaction: Transaction, trace: Trace, found: Row, *, visits: bool = False
) -> Removed:
    """Replace the data of facts; of those that identified visitors last of all (visits)."""
    rows: list[Row] = []
    columns = zip(found["keys"], found["types"], found["data"], strict=True)
    for key, event_type, text in columns:
        data = json.loads(text)
        forgotten = trace.forgotten(event_type, data)
        if forgotten != data and visits == (event_type == "visitor.identified"):
            told = json.dumps(forgotten, ensure_ascii=False, separators=(",", ":"))
            rows.append({"key": key, "data": told})
    if rows:
        ordered = sorted(rows, key=lambda row: row["key"])
        await transaction.run("ingest/replace_data", rows=ordered)
    return Removed(facts=len(rows))


async def _finish(graph: Graph, trace: Trace) -> Removed:
    """The quarantine, whatever was stored while the log was read, and the visitors' own facts."""

    async def work(transaction: Transaction) -> Removed:
        last = await _remove_links(transaction, trace.member_id)
        last += await _replace_rejected(transaction, trace)
        found = await transaction.run("erasure/list_visitor_facts", memberId=trace.member_id)
        return last + await _replace_facts(transaction, trace, found[0], visits=True)

    return await graph.write_together(work, name="erasure/finish", timeout_s=STEP_TIMEOUT_S)


async def _replace_rejected(transaction: Transaction, trace: Trace) -> Removed:
    found = (await transaction.run("erasure/find_rejected", texts=trace.texts))[0]
    rows: list[Row] = []
    for rejected_id, content in zip(found["rejectedIds"], found["contents"], strict=True):
        forgotten = canonical(without_tokens(json.loads(content)))
        if forgotten != content:
            rows.append({"rejectedId": rejected_id, "content": forgotten})
    if rows:
        ordered = sorted(rows, key=lambda row: row["rejectedId"])
        await transaction.run("ingest/replace_rejected", rows=ordered)
    return Removed(rejected=len(rows))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
