"""What did the ledger book because of the holds and the decisions of a case?

Each entry names the fact that it follows from. Of a case these are its commissions taken back and
given back, the standings that its holds changed, and the statuses that its decisions gave. What a
period earns follows later, when the period is counted, and is not part of it.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graph_service.cases.actions import SOURCE, STEP_DECIDED, statuses_of
from graph_service.cases.effects.attributions import Moments, changed_attributions
from graph_service.clock import Clock
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.identity.standings import CHANGED
from graph_service.ids import fact_key
from graph_service.ledger.affected import RESTORED, REVERSED
from graph_service.plans.timeline import Plans
from graph_service.referrals.sales import PLATFORM

HOLDING: Final = ("hold.placed", "hold.lifted")
CAUSES: Final = (*HOLDING, REVERSED, RESTORED)
CAUSES_MAX: Final = 20_000
LINES_MAX: Final = 500
# Orders whose attribution is compared.
ORDERS_MAX: Final = 50
READ_TIMEOUT_S: Final = 30.0


@dataclass(frozen=True)
class Causes:
    """Numbers of facts from which entries may follow. is_whole: all of the case are in the log."""

    seqs: frozenset[int]
    is_whole: bool


async def read_booked_effect(
    graph: Graph, case: Mapping[str, Any], plans: Plans, clock: Clock
) -> dict[str, Any] | None:
    """What was booked because of a case, as it is told, and what of it is not booked yet.

    None: nothing was decided yet. Cost: the entries of these facts, and the evidence of 50 orders.
    """
    if case["decision"] is None:
        return None

    async def work(transaction: Transaction) -> dict[str, Any]:
        causes = await _causes(transaction, case)
        progress: int = (await transaction.run("ledger/read_progress"))[0]["bookedSeq"]
        followed = frozenset(one for one in causes.seqs if one <= progress)
        entries = (
            await transaction.run("cases/list_entries_of_facts", seqs=sorted(followed))
            if followed
            else []
        )
        moments = _moments(entries)
        compared = dict(sorted(moments.items())[:ORDERS_MAX])
        return {
            "booked": causes.is_whole and followed == causes.seqs,
            **_sums(entries),
            "orderCount": len(moments),
            "orders": await changed_attributions(transaction.run, compared, plans, clock),
        }

    return await graph.read_together(work, name="cases/booked_effect", timeout_s=READ_TIMEOUT_S)


async def _causes(transaction: Transaction, case: Mapping[str, Any]) -> Causes:
    rows = await transaction.run(
        "cases/list_case_causes", caseId=case["caseId"], types=list(CAUSES), limit=CAUSES_MAX
    )
    seqs = [row["seq"] for row in rows]
    held = {
        (row["seq"], str(json.loads(row["data"])["memberId"]))
        for row in rows
        if row["type"] in HOLDING and row["seq"] is not None
    }
    marked = [row["seq"] for row in rows if row["type"] not in HOLDING]
    said = status_keys(case)
    found = await transaction.run("cases/list_fact_seqs", keys=sorted(said)) if said else []
    marked += [row["seq"] for row in found]
    is_whole = None not in (*seqs, *marked) and len(found) == len(said)
    standings = await _standings(transaction, held) if held else []
    known = (one for one in (*marked, *standings) if one is not None)
    # Holds count too: until the ledger has followed them, what they change may still come.
    return Causes(frozenset([*known, *(seq for seq, _ in held)]), is_whole)


def status_keys(case: Mapping[str, Any]) -> set[str]:
    """Keys of the facts by which the decisions of a case gave accounts a status."""
    return {
        fact_key(SOURCE, f"{case['caseId']} {one['number']} {status} {member_id}")
        for one in case["events"]
        if one["step"] == STEP_DECIDED
        for done in one["detail"]["done"]
        if not done["shadow"]
        for member_id, status in statuses_of(done).items()
    }


async def _standings(transaction: Transaction, held: Collection[tuple[int, str]]) -> list[int]:
    """Numbers of the facts that say whom these holds, by number and member, changed.

    Such a fact is named after the first fact of those that were looked at together, and stands
    behind them.
    """
    rows = await transaction.run(
        "cases/list_standing_facts",
        memberIds=sorted({member_id for _, member_id in held}),
        type=CHANGED,
        limit=CAUSES_MAX,
    )
    seqs = sorted(seq for seq, _ in held)
    return [row["seq"] for row in rows if _follows(row, seqs)]


def _follows(row: Row, seqs: Sequence[int]) -> bool:
    told: Mapping[str, Any] = json.loads(row["data"])
    first = str(row["eventId"]).rpartition(" ")[2]
    if told["held"] == told["heldBefore"] or not first.isdigit():
        return False
    return any(int(first) <= seq < row["seq"] for seq in seqs)


def _moments(entries: Iterable[Row]) -> Moments:
    """By order the numbers of the first and of the last fact for which something was booked."""
    found: dict[str, tuple[int, int]] = {}
    for row in entries:
        for order_id in row["orderIds"]:
            first, last = found.get(order_id, (row["seq"], row["seq"]))
            found[order_id] = (min(first, row["seq"]), max(last, row["seq"]))
    return found


def _sums(entries: Iterable[Row]) -> dict[str, Any]:
    sums: dict[tuple[str, str, str], int] = {}
    for row in entries:
        key = (row["payeeId"], row["basis"], row["currency"])
        sums[key] = sums.get(key, 0) + row["amountMinor"]
    lines: list[dict[str, Any]] = [
        {"payeeId": payee, "basis": basis, "currency": currency, "amountMinor": amount}
        for (payee, basis, currency), amount in sorted(
            sums.items(), key=lambda item: (item[1], item[0])
        )
        if amount and payee != PLATFORM
    ]
    return {
        "totalMinor": sum(one["amountMinor"] for one in lines),
        "keptMinor": sum(amount for (payee, *_), amount in sums.items() if payee == PLATFORM),
        "lines": lines[:LINES_MAX],
    }
