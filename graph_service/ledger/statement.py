"""What is an order's commission, and what has a member earned? From entries, facts and the time."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.clock import time_string, to_micros
from graph_service.graph.session import Graph
from graph_service.ledger.lines import Basis, Line
from graph_service.ledger.months import period_lines
from graph_service.money import decimal_string
from graph_service.months.closing import count_sales
from graph_service.months.counted import Period, held_until, period_of_row, plan_of_period
from graph_service.pages import MILLIS_MAX, decode_cursor, encode_cursor
from graph_service.periods import month_of_period
from graph_service.plans.document import Plan
from graph_service.plans.rates import ladder_rate, next_step
from graph_service.plans.timeline import Plans
from graph_service.referrals.sales import PLATFORM, sales_month_id
from graph_service.referrals.teams import read_member
from graph_service.rewards.orders import OrderNotFound
from graph_service.wallets.reading import Question, read_holder

# How often a statement is read anew where the ledger goes on meanwhile.
READ_AGAIN_MAX = 5


async def read_commission(
    graph: Graph, order_id: str, plans: Plans, now: datetime
) -> dict[str, Any]:
    """Every entry of an order, for members and apart for the platform. Raises OrderNotFound."""
    found = await graph.read("ledger/list_order_entries", orderId=order_id)
    if not found:
        raise OrderNotFound(f"there is no paid order {order_id}")
    row = found[0]
    entries: list[Mapping[str, Any]] = row["entries"]
    left: dict[tuple[str, str, str], int] = {}
    for one in entries:
        key = (one["payeeId"], one["basis"], one["part"])
        left[key] = left.get(key, 0) + one["amountMinor"]
    # An order is held as the plan says that was in force when it was paid.
    held = plans.at(row["paidAt"]).holding_days * MICROS_PER_DAY
    ended_at = None if row["status"] == "paid" else row["endedAt"]
    available_at = None if ended_at is None else ended_at + held
    owed, kept = list[dict[str, Any]](), list[dict[str, Any]]()
    for one in entries:
        line = _line(one, left, available_at, to_micros(now))
        (kept if one["payeeId"] == PLATFORM else owed).append(line)
    return {
        "orderId": order_id,
        "planVersion": entries[-1]["planVersion"] if entries else None,
        "currency": row["currency"],
        "lines": owed,
        "totalMinor": sum(line["amountMinor"] for line in owed),
        "kept": kept,
        "keptMinor": sum(line["amountMinor"] for line in kept),
    }


def _line(
    entry: Mapping[str, Any],
    left: Mapping[tuple[str, str, str], int],
    available_at: int | None,
    now: int,
) -> dict[str, Any]:
    if not left[entry["payeeId"], entry["basis"], entry["part"]]:
        state = "reversed"
    else:
        state = "pending" if available_at is None or available_at > now else "released"
    return {
        "entryId": entry["entryId"],
        "payeeId": entry["payeeId"].strip(),
        "basis": entry["basis"],
        "part": entry["part"],
        "rate": entry["rate"] or None,
        "baseMinor": entry["baseMinor"],
        "amountMinor": entry["amountMinor"],
        "state": state,
        "availableAt": time_string(available_at),
        "planVersion": entry["planVersion"],
        "why": entry["why"],
        "inputs": json.loads(entry["inputs"]),
    }


async def read_statement(
    graph: Graph,
    member_id: str,
    month: str,
    plans: Plans,
    now: datetime,
    currency: str | None = None,
) -> dict[str, Any]:
    """A member's month by basis, the balance and the ladder. Raises MemberNotFound.

    What months that are not closed have earned so far is counted in, so that nothing depends on
    when a month is closed. currency: None takes that of the plan in force now.
    """
    plan = plans.at(to_micros(now))
    asked = currency or plan.currency
    await read_member(graph, member_id)
    before = await graph.read("ledger/read_progress")
    sums = await _sums(graph, member_id, month, plans, now, asked)
    for _ in range(READ_AGAIN_MAX):
        after = await graph.read("ledger/read_progress")
        if after == before:
            break
        # A month that was closed in the middle would be missing, or be there twice.
        before, sums = after, await _sums(graph, member_id, month, plans, now, asked)
    by_basis, balance = sums
    key = sales_month_id(month, asked, member_id)
    of_month = plan_of_period(plans, month)
    period = period_of_row({"period": month, "currency": asked}, plans)
    sales = await count_sales(graph.read, [key], period)
    return {
        "memberId": member_id,
        "month": month,
        "currency": asked,
        "planVersion": plan.version,
        "byBasis": by_basis,
        "totalMinor": sum(by_basis.values()),
        "balance": balance,
        "ladder": ladder_progress(of_month, sales[0].person_own if sales else 0),
    }


async def _sums(
    graph: Graph, member_id: str, month: str, plans: Plans, now: datetime, currency: str
) -> tuple[dict[str, int], dict[str, int]]:
    """The month by basis, and the balance of all months."""
    sums = (
        await graph.read("ledger/sum_month", memberId=member_id, month=month, currency=currency)
    )[0]
    by_basis: dict[str, int] = dict.fromkeys(get_args(Basis), 0)
    by_basis |= dict(zip(sums["bases"], sums["amounts"], strict=True))
    holder = await read_holder(graph.read, Question(member_id, currency, now, since=now), plans)
    released = pending = 0
    for one in await _accrued(graph, member_id, currency, plans):
        if month_of_period(one.period.period) == month:
            by_basis[one.line.basis] += one.line.amount_minor
        if held_until(plans, one.period) <= to_micros(now):
            released += one.line.amount_minor
        else:
            pending += one.line.amount_minor
    return by_basis, holder.balance(pending, released)


@dataclass(frozen=True)
class Accrued:
    """What a period that is not closed has earned so far."""

    period: Period
    line: Line


async def _accrued(graph: Graph, member_id: str, currency: str, plans: Plans) -> list[Accrued]:
    """What periods that are not closed have earned a member so far."""
    rows = await graph.read("months/list_keys_open", memberId=member_id, currency=currency)
    found: list[Accrued] = []
    for row in rows:
        period = period_of_row(row, plans)
        plan = plan_of_period(plans, period.period)
        for sales in await count_sales(graph.read, [row["salesMonthId"]], period):
            lines = period_lines(plan, period.period, currency, sales)
            found += [Accrued(period, one) for one in lines if one.payee_id == member_id]
    return found


def ladder_progress(plan: Plan, promoted_minor: int) -> dict[str, Any]:
    """Where these promoted sales stand on the ladder, and what is missing to the next step."""
    following = next_step(plan.ladder, promoted_minor)
    return {
        "promotedSalesMinor": promoted_minor,
        "rate": decimal_string(ladder_rate(plan.ladder, promoted_minor)),
        "nextAtMinor": following.at_minor if following else None,
        "nextRate": decimal_string(following.rate) if following else None,
        "missingMinor": following.missing_minor if following else None,
    }


async def list_latest(
    graph: Graph, *, payee_id: str | None, limit: int, cursor: str | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of entries, latest first, and the next page's cursor. Raises CursorInvalid.

    payee_id: None: of everybody, the platform too.
    """
    if payee_id is None:
        seq, entry_id = decode_cursor(cursor, (int, str)) if cursor else (MILLIS_MAX, "")
        rows = await graph.read(
            "ledger/list_latest_entries", beforeSeq=seq, afterId=entry_id, limit=limit + 1
        )
    else:
        (number,) = decode_cursor(cursor, (int,)) if cursor else (MILLIS_MAX,)
        rows = await graph.read(
            "ledger/list_latest_of_payee", payeeId=payee_id, before=number, limit=limit + 1
        )
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        keys = [last["seq"], last["entryId"]] if payee_id is None else [last["number"]]
        following = encode_cursor(keys)
    return [{**row, "payeeId": row["payeeId"].strip()} for row in rows[:limit]], following
