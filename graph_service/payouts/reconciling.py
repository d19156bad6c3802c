"""What became of the payouts at the bank? Its result files against what was sent, row by row.

A row that does not fit is kept as a difference and told; nothing else follows from it, but where
the bank paid after it had said that it did not: then the money is gone, and people must look. A
file is done with once all that follows from it is stored, so the same file again changes nothing.
"""

import asyncio
import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graph_service.graph.session import Graph, Row, Transaction
from graph_service.payouts.channel import Outcome, ResultFile, ResultRow
from graph_service.payouts.requests import Desk, fact_data, record_steps, step
from graph_service.payouts.sending import Till, finish_batches

TIMEOUT_S = 60.0
ROWS_TOGETHER = 500
# From which state a payout comes to each. A bank may give money back after it said that it went,
# and may say that it went after it said that it did not.
FROM: Mapping[Outcome, frozenset[str]] = {
    "settled": frozenset({"sent", "failed"}),
    "failed": frozenset({"sent"}),
    "returned": frozenset({"sent", "settled"}),
}
REASON_CHARACTERS_MAX = 200
# What may be a part of an account's or a person's number in what a bank writes.
DIGITS = re.compile(r"\d{4,}")
REFERENCE = re.compile(r"[A-Za-z0-9._:/\-]{1,64}")
ID = re.compile(r"[A-Za-z0-9_\-]{1,64}")
DIFFERENCES_TOLD_MAX = 500
# A row, the payout before it, and the step that its history gets.
Moved = tuple[ResultRow, Row, str]


@dataclass
class FileReport:
    """What followed from one file. counts: rows by what became of them."""

    name: str
    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter[str])
    differences: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    fault: str | None = None

    def body(self) -> dict[str, Any]:
        """As it is told."""
        names = ("settled", "failed", "returned", "unchanged")
        return {
            "file": self.name,
            "rows": self.rows,
            **{one: self.counts[one] for one in names},
            "differing": len(self.differences),
            "differences": self.differences[:DIFFERENCES_TOLD_MAX],
            "fault": self.fault,
        }


async def reconcile_payouts(graph: Graph, desk: Desk, till: Till) -> list[FileReport]:
    """Read every result file. Raises ChannelBusy, ChannelUnavailable."""
    reports = list[FileReport]()
    with till.alone():
        # The bank may have answered to a file that was written just before a crash.
        await finish_batches(graph, desk, till)
        for file in await asyncio.to_thread(till.results):
            report = FileReport(file.name, len(file.rows), fault=file.fault)
            reports.append(report)
            if file.fault is None:
                await _store(graph, desk, file, report)
                await asyncio.to_thread(till.finish, file)
    return reports


async def _store(graph: Graph, desk: Desk, file: ResultFile, report: FileReport) -> None:
    for start in range(0, len(file.rows), ROWS_TOGETHER):
        part = file.rows[start : start + ROWS_TOGETHER]
        counts, differences = await _store_part(graph, desk, file, part)
        report.counts += counts
        report.differences += differences


async def _store_part(
    graph: Graph, desk: Desk, file: ResultFile, rows: Sequence[ResultRow]
) -> tuple[Counter[str], list[dict[str, Any]]]:
    async def work(transaction: Transaction) -> tuple[Counter[str], list[dict[str, Any]]]:
        await transaction.run("graph/lock_name", name="payouts")
        asked = sorted({row.payout_id for row in rows if ID.fullmatch(row.payout_id)})
        found = await transaction.run("payouts/read_payouts", payoutIds=asked)
        known = {row["payoutId"]: row for row in found}
        counts, differences = Counter[str](), list[dict[str, Any]]()
        moved = list[Moved]()
        for row in rows:
            payout = known.get(row.payout_id)
            code = _difference(row, payout)
            if code is not None:
                differences.append(_told(row, code))
            elif payout is not None and _is_known(row, payout):
                counts["unchanged"] += 1
            elif payout is not None and row.outcome is not None:
                if payout["state"] == "failed":
                    differences.append(_told(row, "settled_after_failure"))
                written = _step(row, desk, file.name)
                moved.append((row, payout, written))
                after = {"state": row.outcome, "bankReference": row.bank_reference}
                known[row.payout_id] = {
                    **payout,
                    **after,
                    "history": [*payout["history"], written],
                }
                counts[row.outcome] += 1
        await _move(transaction, desk, moved)
        await _keep(transaction, desk, file, differences)
        return counts, differences

    return await graph.write_together(work, name="payouts/reconcile", timeout_s=TIMEOUT_S)


def _difference(row: ResultRow, payout: Row | None) -> str | None:
    """What does not fit, as a code; None where the row may be followed or is known."""
    if payout is None:
        return "unknown_reference"
    if row.outcome is None:
        return "unknown_result"
    if not REFERENCE.fullmatch(row.bank_reference):
        return "no_bank_reference"
    if payout["batchId"] != row.batch_id:
        return "batch_differs"
    if (row.amount_minor, row.currency) != (payout["amountMinor"], payout["currency"]):
        return "amount_differs"
    if _is_known(row, payout):
        return None
    if payout["state"] == row.outcome:
        return "bank_reference_differs"
    return None if payout["state"] in FROM[row.outcome] else "state_differs"


def _is_known(row: ResultRow, payout: Row) -> bool:
    """Did the bank say this before?"""
    steps = (json.loads(one) for one in payout["history"])
    told = (row.outcome, row.bank_reference)
    return any((one["state"], one.get("bankReference")) == told for one in steps)


def _step(row: ResultRow, desk: Desk, name: str) -> str:
    assert row.outcome is not None
    more = {"file": name, "bankReference": row.bank_reference}
    return step(row.outcome, desk.now, desk.by, reason=_reason(row), more=more)


def _reason(row: ResultRow) -> str:
    """The bank's reason without what may be a number of somebody."""
    return DIGITS.sub("#", row.reason)[:REASON_CHARACTERS_MAX]


async def _move(transaction: Transaction, desk: Desk, moved: Sequence[Moved]) -> None:
    """In rounds, since a payout may move twice in one file."""
    rounds: defaultdict[int, list[Moved]] = defaultdict(list)
    times = Counter[str]()
    for one in moved:
        rounds[times[one[0].payout_id]].append(one)
        times[one[0].payout_id] += 1
    for number in sorted(rounds):
        rows = [
            {
                "payoutId": row.payout_id,
                "state": row.outcome,
                "bankReference": row.bank_reference,
                "step": written,
            }
            for row, _, written in rounds[number]
        ]
        await transaction.run("payouts/move_payouts", rows=rows)
        for outcome in FROM:
            facts = [
                {
                    **fact_data(payout),
                    "batchId": row.batch_id,
                    "bankReference": row.bank_reference,
                    **({"reason": reason} if (reason := _reason(row)) else {}),
                }
                for row, payout, _ in rounds[number]
                if row.outcome == outcome
            ]
            if facts:
                await record_steps(transaction, outcome, facts, desk.now)


async def _keep(
    transaction: Transaction, desk: Desk, file: ResultFile, differences: list[dict[str, Any]]
) -> None:
    rows = [
        {
            "differenceId": f"{file.digest}:{one['line']}",
            "file": file.name,
            "line": one["line"],
            "code": one["code"],
            "payoutId": one["payoutId"],
            "foundAt": desk.now.isoformat(),
        }
        for one in differences
    ]
    if rows:
        await transaction.run("payouts/store_differences", rows=rows)


def _told(row: ResultRow, code: str) -> dict[str, Any]:
    """What is told of a row that does not fit: nothing that may be an account's number."""
    reference = row.payout_id if ID.fullmatch(row.payout_id) else None
    if reference is not None and reference.isdigit():
        reference = None
    return {"line": row.line, "code": code, "payoutId": reference}
