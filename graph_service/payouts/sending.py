"""Sending approved payouts: fixed in the graph first, then written, then marked; each once.

A batch is fixed with its number, rows and purpose before a file is written, so whoever goes on
after a crash writes the same file, byte for byte, and no payout is in two.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from graph_service.clock import from_micros
from graph_service.errors import GraphError
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.payouts.channel import Batch, BatchRow, Channel
from graph_service.payouts.deciding import Wanted, decide
from graph_service.payouts.requests import (
    Desk,
    State,
    fact_data,
    is_approved_by_person,
    lock_people,
    look_again,
    record_steps,
    step,
)

TIMEOUT_S = 60.0
# Batches in one call.
BATCHES_MAX = 1_000


class Till(Channel, Protocol):
    """A channel that one process uses at a time."""

    def alone(self) -> AbstractContextManager[None]:
        """Raises ChannelBusy."""
        ...


@dataclass
class Sent:
    """What one call sent. stopped: approved payouts that rules do not let go by now, and why."""

    batches: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    stopped: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def body(self) -> dict[str, Any]:
        """As it is told."""
        return {"batches": self.batches, "stopped": self.stopped}


async def send_payouts(graph: Graph, desk: Desk, till: Till, rows_max: int) -> Sent:
    """Finish what was begun, then send what is approved. Raises ChannelBusy, BatchAltered, …"""
    sent = Sent()
    with till.alone():
        sent.batches += await finish_batches(graph, desk, till)
        for _ in range(BATCHES_MAX):
            batch_id = await fix_batch(graph, desk, sent, rows_max)
            if batch_id is None:
                break
            sent.batches.append(await finish_batch(graph, desk, till, batch_id))
    return sent


async def finish_batches(graph: Graph, desk: Desk, channel: Channel) -> list[dict[str, Any]]:
    """Write and mark the batches that were fixed and not marked as sent."""
    row = (await graph.read("payouts/find_batches"))[0]
    return [await finish_batch(graph, desk, channel, one) for one in row["open"]]


async def fix_batch(graph: Graph, desk: Desk, sent: Sent, rows_max: int) -> str | None:
    """Put the next approved payouts into a new batch; its number, None where there are none.

    Each is decided on once more: a hold that was placed meanwhile stops it here, and what rules
    want looked at by now waits for a person, unless one approved it.
    """
    known = [one["payoutId"] for one in sent.stopped]

    async def work(transaction: Transaction) -> tuple[str | None, list[dict[str, Any]]]:
        await transaction.run("graph/lock_name", name="payouts")
        found = (await transaction.run("payouts/find_batches"))[0]
        if found["open"]:
            return found["open"][0], []
        stopped, good = list[dict[str, Any]](), list[Row]()
        while not good:
            skipped = [*known, *(one["payoutId"] for one in stopped)]
            rows = await transaction.run("payouts/list_approved", stopped=skipped, limit=rows_max)
            if not rows:
                return None, stopped
            good = await _allowed(transaction, desk, rows, stopped)
        number = found["number"] + 1
        await _fix(transaction, desk, number, good)
        return batch_name(number), stopped

    batch_id, stopped = await graph.write_together(work, name="payouts/fix", timeout_s=TIMEOUT_S)
    sent.stopped += stopped
    return batch_id


def batch_name(number: int) -> str:
    """The number of a batch as the bank sees it."""
    return f"{number:08d}"


async def _allowed(
    transaction: Transaction, desk: Desk, rows: Sequence[Row], stopped: list[dict[str, Any]]
) -> list[Row]:
    await lock_people(transaction, [row["memberId"] for row in rows], "sending")
    asked = [row["payoutId"] for row in rows]
    held = {
        row["payoutId"]: row
        for row in await transaction.run("payouts/read_payouts", payoutIds=asked)
    }
    good = list[Row]()
    for row in rows:
        if held[row["payoutId"]]["state"] != "approved":
            continue
        wanted = Wanted(row["memberId"], row["amountMinor"], row["currency"], row["payoutId"])
        verdict = await decide(transaction.run, wanted, desk.rules, desk.plans, desk.now)
        payout = held[row["payoutId"]]
        if verdict.decision == "allow" or (
            verdict.decision == "review" and is_approved_by_person(payout)
        ):
            good.append(row)
            continue
        state: State = "approved"
        # A ledger that is behind is no doubt about a payout: the next run finds it level.
        if verdict.decision == "review" and verdict.codes != ["ledger_behind"]:
            state = (await look_again(transaction, desk, payout, verdict))["state"]
        told = {"payoutId": row["payoutId"], "memberId": row["memberId"], "state": state}
        stopped.append({**told, "codes": verdict.codes})
    return good


async def _fix(transaction: Transaction, desk: Desk, number: int, rows: Sequence[Row]) -> None:
    batch_id, now = batch_name(number), desk.now
    await transaction.run(
        "payouts/fix_batch",
        batchId=batch_id,
        number=number,
        currency=rows[0]["currency"],
        purpose=desk.rules.purpose,
        count=len(rows),
        totalMinor=sum(row["amountMinor"] for row in rows),
        createdAt=now,
    )
    placed = [
        {"payoutId": row["payoutId"], "batchId": batch_id, "sequence": place}
        for place, row in enumerate(rows, 1)
    ]
    await transaction.run("payouts/fill_batch", rows=placed)
    written = step("sending", now, desk.by, more={"batchId": batch_id})
    moved = [{"payoutId": row["payoutId"], "state": "sending", "step": written} for row in rows]
    await transaction.run("payouts/move_payouts", rows=moved)


async def finish_batch(graph: Graph, desk: Desk, channel: Channel, batch_id: str) -> dict[str, Any]:
    """Write the file of a batch that is fixed, and mark it as sent."""
    row = (await graph.read("payouts/read_batch", batchId=batch_id))[0]
    batch = batch_of(batch_id, row)
    name = await asyncio.to_thread(channel.deliver, batch)
    await mark_sent(graph, desk, channel, batch_id)
    return {
        "batchId": batch_id,
        "file": name,
        "currency": batch.currency,
        "count": len(batch.rows),
        "totalMinor": sum(one.amount_minor for one in batch.rows),
        "createdAt": from_micros(row["createdAt"]).isoformat().replace("+00:00", "Z"),
    }


def batch_of(batch_id: str, row: Row) -> Batch:
    """A batch as the graph keeps it."""
    rows = [
        BatchRow(
            one["payoutId"], one["sequence"], one["memberId"], one["accountRef"], one["amountMinor"]
        )
        for one in row["payouts"]
    ]
    if not rows:
        raise GraphError(f"the batch {batch_id} has no payouts")
    return Batch(batch_id, row["currency"], row["purpose"], rows)


async def mark_sent(graph: Graph, desk: Desk, channel: Channel, batch_id: str) -> None:
    """Keep that the bank has the batch; the same again changes nothing."""

    async def work(transaction: Transaction) -> None:
        await transaction.run("graph/lock_name", name="payouts")
        row = (await transaction.run("payouts/read_batch", batchId=batch_id))[0]
        if row["state"] == "sent":
            return
        state: State = "sent"
        now = desk.now
        written = step(state, now, desk.by, more={"channel": channel.name})
        going = [one for one in row["payouts"] if one["state"] == "sending"]
        moved = [{"payoutId": one["payoutId"], "state": state, "step": written} for one in going]
        await transaction.run("payouts/move_payouts", rows=moved)
        facts = [fact_data({**one, "currency": row["currency"]}) for one in going]
        await record_steps(transaction, state, facts, now, batchId=batch_id, channel=channel.name)
        await transaction.run("payouts/mark_batch", batchId=batch_id)

    await graph.write_together(work, name="payouts/mark", timeout_s=TIMEOUT_S)
