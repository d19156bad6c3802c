"""Which facts about shares and orders contradict what is stored?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from graph_service.graph.session import Transaction
from graph_service.ids import new_id
from graph_service.ingest.facts import Fact, Problem
from graph_service.ingest.store import REPEATS, Admission

SHARE_LOCK = "shares"
SHARE_CYCLE = Problem("share_cycle", "the share would be passed on from itself")
OTHER_CONTENT = Problem("event_conflict", "the same thing was stored with other content")
REFUNDS_EXCEED = Problem("refund_exceeds_order", "refunds would be more than the order's amount")
ORDER_TYPES = frozenset({"order.paid", "order.refunded", "order.completed", "order.cancelled"})


class KnownOrder(Protocol):
    """What is known of an order that is told of again."""

    digest: str | None
    amount_minor: int | None
    refunded_minor: int


@dataclass
class _Order:
    """What is known of an order while a batch is looked at, in the order of arrival."""

    digest: str | None
    amount_minor: int | None
    refunded_minor: int


async def admit(transaction: Transaction, facts: Sequence[Fact]) -> Admission:
    """Refuse other content under a known id, refunds above an order, reshares that loop."""
    rejected = await _refuse_shares(transaction, [f for f in facts if f.type == "share.created"])
    rejected |= await _refuse_orders(transaction, [f for f in facts if f.type in ORDER_TYPES])
    if not rejected:
        return Admission()
    refused = [fact for fact in facts if fact.key in rejected]
    stubs = {
        "shareIds": _named(refused, "shareId", "parentShareId"),
        "orderIds": _named(refused, "orderId"),
        "refundIds": _named(refused, "refundId"),
    }
    return Admission(rejected, [("attribution/remove_stubs", stubs)])


def _named(facts: Sequence[Fact], *names: str) -> list[str]:
    """The ids that these facts give under these names, in order."""
    return sorted({fact.data[name] for fact in facts for name in names if name in fact.data})


async def _refuse_shares(transaction: Transaction, facts: list[Fact]) -> dict[str, Problem]:
    if not facts:
        return {}
    share_ids = _named(facts, "shareId", "parentShareId")
    known = await transaction.run("attribution/lock_shares", shareIds=share_ids, batch=new_id())
    digests: dict[str, str | None] = {row["shareId"]: row["digest"] for row in known}
    # Shares and parents are held until the end, so whoever hangs a share under one of these waits.
    # A share that nobody knew before has nothing under it: making it a reshare cannot loop.
    linked = [fact for fact in facts if "parentShareId" in fact.data]
    stubs = any(fact.data["shareId"] in digests for fact in linked)
    if stubs:
        await transaction.run("graph/lock_name", name=SHARE_LOCK)
    parents = await _parents(transaction, linked) if stubs else {}
    rejected: dict[str, Problem] = {}
    for fact in facts:
        share_id, parent_id = fact.data["shareId"], fact.data.get("parentShareId")
        before = digests.get(share_id)
        if before is not None:
            rejected[fact.key] = REPEATS if before == fact.digest else OTHER_CONTENT
        elif comes_from(parents.get, parent_id, share_id):
            rejected[fact.key] = SHARE_CYCLE
        else:
            digests[share_id] = fact.digest
            if parent_id is not None:
                parents[share_id] = parent_id
    return rejected


async def _parents(transaction: Transaction, linked: list[Fact]) -> dict[str, str]:
    tops = _named(linked, "parentShareId")
    row = (await transaction.run("attribution/read_ancestors", shareIds=tops))[0]
    return dict(zip(row["shareIds"], row["parentIds"], strict=True))


def comes_from(parent_of: Callable[[str], str | None], share_id: str | None, other_id: str) -> bool:
    """Is a share the other one, or passed on from it?"""
    while share_id is not None and share_id != other_id:
        share_id = parent_of(share_id)
    return share_id is not None


async def _refuse_orders(transaction: Transaction, facts: list[Fact]) -> dict[str, Problem]:
    if not facts:
        return {}
    order_ids = _named(facts, "orderId")
    orders = {
        row["orderId"]: _Order(row["digest"], row["amountMinor"], row["refundedMinor"])
        for row in await transaction.run(
            "attribution/lock_orders", orderIds=order_ids, batch=new_id()
        )
    }
    refund_ids = _named(facts, "refundId")
    refunds: dict[str, str] = {}
    if refund_ids:
        rows = await transaction.run(
            "attribution/lock_refunds", refundIds=refund_ids, batch=new_id()
        )
        refunds = {row["refundId"]: row["digest"] for row in rows if row["digest"]}
    rejected: dict[str, Problem] = {}
    for fact in facts:
        problem = _refuse_order(orders[fact.data["orderId"]], refunds, fact)
        if problem is not None:
            rejected[fact.key] = problem
    return rejected


def _refuse_order(order: _Order, refunds: dict[str, str], fact: Fact) -> Problem | None:
    """Refuse a fact of an order, or let the order be as the fact says."""
    problem: Problem | None = None
    if fact.type == "order.paid":
        amount_minor = fact.data["amountMinor"]
        same = order.digest if fact.repeats(order.digest) else None
        problem = payment_problem(order, same or fact.digest, amount_minor)
        if problem is None:
            order.digest, order.amount_minor = fact.digest, amount_minor
    elif fact.type == "order.refunded":
        refund_id, amount_minor = fact.data["refundId"], fact.data["amountMinor"]
        problem = refund_problem(order, refunds.get(refund_id), fact.digest, amount_minor)
        if problem is None:
            order.refunded_minor += amount_minor
            refunds[refund_id] = fact.digest
    return problem


def payment_problem(order: KnownOrder, digest: str, amount_minor: int) -> Problem | None:
    """Why an order cannot be paid so, given what is known of it."""
    if order.digest is not None:
        return REPEATS if order.digest == digest else OTHER_CONTENT
    return REFUNDS_EXCEED if amount_minor < order.refunded_minor else None


def refund_problem(
    order: KnownOrder | None, known_digest: str | None, digest: str, amount_minor: int
) -> Problem | None:
    """Why a refund cannot be. known_digest: of what is stored under its id."""
    if known_digest is not None:
        return REPEATS if known_digest == digest else OTHER_CONTENT
    if order is None or order.amount_minor is None:
        return None
    return REFUNDS_EXCEED if order.refunded_minor + amount_minor > order.amount_minor else None
