"""What a member may see: the own rules, ladder, month and orders, and of others only a mask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from graph_service.clock import from_micros, to_micros
from graph_service.graph.session import Graph
from graph_service.ledger.statement import read_statement
from graph_service.pages import MILLIS_MAX, CursorInvalid, decode_cursor, encode_cursor
from graph_service.periods import month_of
from graph_service.plans.member import Lang, amount_text, rate_text, read_member_plan
from graph_service.plans.timeline import Plans
from graph_service.referrals.teams import read_member
from graph_service.rewards.orders import OrderNotFound

ORDERS_OF_PAGE = 10
MASK = "***"
# Of a shorter id its ends would be too much.
MASKED_CHARACTERS_MIN = 8


@dataclass(frozen=True)
class View:
    """What of the page is looked at. month: YYYY-MM; cursor: of the orders."""

    month: str
    cursor: str | None = None


def masked(member_id: str) -> str:
    """Somebody else's id, so that only who knows it recognises it."""
    if len(member_id) < MASKED_CHARACTERS_MIN:
        return MASK
    return f"{member_id[0]}{MASK}{member_id[-1]}"


def month_before(month: str) -> str:
    """The calendar month before this one."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02}"


def month_after(month: str) -> str:
    """The calendar month after this one."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year + 1}-01" if number == 12 else f"{year}-{number + 1:02}"


async def read_ledger_end(graph: Graph) -> int | None:
    """When the last fact was stored that the ledger has followed (us); None before the first."""
    rows = await graph.read("portal/read_ledger_end")
    return int(rows[0]["storedAt"]) if rows else None


async def read_own_page(
    graph: Graph, plans: Plans, member_id: str, view: View, lang: Lang, now: datetime
) -> dict[str, Any]:
    """Everything on a member's page. Raises MemberNotFound."""
    plan = plans.at(to_micros(now))
    member = await read_member(graph, member_id)
    told = await read_member_plan(graph, plan, member_id, lang, now)
    statement = await read_statement(graph, member_id, view.month, plans, now)
    orders, following = await _list_orders(graph, member_id, view.cursor)
    this_month = month_of(now, plan.month_zone)
    joined = member["joinedAt"]
    first = None if joined is None else month_of(datetime.fromisoformat(joined), plan.month_zone)
    return {
        "member": member,
        "rules": [rule["text"] for rule in told["rules"]],
        "ladder": told["ladder"],
        "statement": statement,
        "earlier": month_before(view.month) if first is None or view.month > first else None,
        "later": month_after(view.month) if view.month < this_month else None,
        "orders": [
            {
                "orderId": row["orderId"],
                "paidOn": _day(row["paidMillis"] * 1_000, plans),
                "taken": not row["earnedMinor"],
                "earned": amount_text(row["earnedMinor"], row["currency"], lang),
            }
            for row in orders
        ],
        "following": following,
    }


def _day(micros: int, plans: Plans) -> str:
    zone = plans.at(micros).month_zone
    return from_micros(micros).astimezone(zone).date().isoformat()


async def _list_orders(
    graph: Graph, member_id: str, cursor: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of the orders that the member earns from, and the cursor of the next one."""
    try:
        before, after_id = decode_cursor(cursor, (int, str)) if cursor else (MILLIS_MAX, "")
    except CursorInvalid:
        before, after_id = MILLIS_MAX, ""
    rows = await graph.read(
        "portal/list_member_orders",
        memberId=member_id,
        before=before,
        afterId=after_id,
        limit=ORDERS_OF_PAGE + 1,
    )
    if len(rows) <= ORDERS_OF_PAGE:
        return rows, None
    last = rows[ORDERS_OF_PAGE - 1]
    return rows[:ORDERS_OF_PAGE], encode_cursor([last["paidMillis"], last["orderId"]])


def own_part(told: Mapping[str, Any], member_id: str) -> dict[str, Any]:
    """Of an order's explanation what is the member's own; others on the path are masked.

    Raises OrderNotFound for an order that the member earns nothing from, as if there were none.
    """
    entries = [one for one in told["entries"] if one["payeeId"] == member_id]
    if not entries:
        raise OrderNotFound(f"there is no paid order {told['orderId']}")
    return {
        "orderId": told["orderId"],
        "paidAt": told["attribution"]["paidAt"],
        "netMinor": told["netMinor"],
        "status": told["status"],
        "truncated": told["attribution"]["truncated"],
        **own_path(told["attribution"]["path"], member_id),
        "buyer": masked(told["attribution"]["buyerId"]),
        "formulas": [
            one for one in told["formulas"] if one["payeeId"] == member_id and not one["kept"]
        ],
        "entries": entries,
        "totalMinor": sum(one["amountMinor"] for one in entries),
    }


def own_path(path: Sequence[Mapping[str, Any]], member_id: str) -> dict[str, Any]:
    """The path with what the own steps brought, and of others' only sums.

    What a step earns follows from what each one brought. The own share with one of the sums gives
    the other, so there is none where somebody stands alone before or behind the own steps.
    """
    own = [step["memberId"] == member_id for step in path]
    steps = [
        {
            "own": is_own,
            "name": member_id if is_own else masked(step["memberId"]),
            "position": step["position"],
            "clicks": step["clicks"] if is_own else None,
            "brought": step["clearedClickers"] if is_own else None,
        }
        for step, is_own in zip(path, own, strict=True)
    ]
    runs = [
        list(run)
        for mine, run in groupby(path, lambda one: one["memberId"] == member_id)
        if not mine
    ]
    told = own.count(True) == 1 and all(len({one["memberId"] for one in run}) > 1 for run in runs)
    place = own.index(True) if told else 0
    brought = [step["clearedClickers"] for step in path]
    before, behind = sum(brought[:place]), sum(brought[place + 1 :])
    return {
        "path": steps,
        "before": before if told and place else None,
        "behind": behind if told and place + 1 < len(path) else None,
    }


def ladder_texts(ladder: Mapping[str, Any], currency: str, lang: Lang) -> dict[str, str]:
    """The ladder's numbers for people."""
    names = ("promotedSalesMinor", "earnedMinor", "missingMinor", "nextWouldBringMinor")
    texts = {name: amount_text(ladder[name] or 0, currency, lang) for name in names}
    return texts | {"rate": _rate(ladder["rate"]), "nextRate": _rate(ladder["nextRate"])}


def _rate(rate: str | None) -> str:
    return "" if rate is None else rate_text(Decimal(rate))
