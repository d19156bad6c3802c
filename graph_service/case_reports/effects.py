"""What would the ledger book if this were done to the members and orders of a case?"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from graph_service.cases.actions import (
    Action,
    Ground,
    action_of,
    case_orders,
    narrowed,
    with_confirmed,
)
from graph_service.cases.desk.deciding import Decision
from graph_service.cases.desk.trail import CaseNotFound, kept_of
from graph_service.clock import Clock
from graph_service.graph.session import Graph, Transaction
from graph_service.ledger.booking import effect_of
from graph_service.plans.timeline import Plans
from graph_service.referrals.sales import PLATFORM

EFFECT_TIMEOUT_S: Final = 60.0
LINES_MAX: Final = 500


def actions_of(decision: Decision) -> list[Action]:
    """What a decision does, the hold that a confirmed fraud places by itself too."""
    return with_confirmed([action_of(one) for one in decision.actions], decision.conclusion)


async def read_effect(
    graph: Graph, case_id: str, plans: Plans, clock: Clock, actions: Sequence[Action]
) -> dict[str, Any]:
    """Per payee and basis what would be booked if these freezes and reversals were done now.

    Raises CaseNotFound, and Invalid where they name strangers to the case.
    """

    async def work(transaction: Transaction) -> dict[str, Any]:
        rows = await transaction.run("cases/read_case", caseId=case_id)
        if not rows:
            raise CaseNotFound(f"there is no case {case_id}")
        kept = kept_of(rows[0])
        orders = tuple(await case_orders(transaction, case_id))
        ground = Ground(case_id, kept.member_ids, orders, 0, "", "", 0)
        done = [narrowed(one, ground) for one in actions if not one.shadow]
        freezes = [one for one in done if one.name == "freeze" and one.scope != "order"]
        changes = await effect_of(
            transaction,
            plans,
            clock,
            held=_members(freezes),
            frozen=_members(one for one in freezes if one.scope == "account"),
            reversed_orders=sorted(
                {order_id for one in done if reverses(one) for order_id in one.orders}
            ),
        )
        sums: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        for one in changes:
            sums[one.key[0], one.key[1], one.currency] += one.amount_minor
        lines: list[dict[str, Any]] = [
            {
                "payeeId": payee,
                "basis": basis,
                "currency": currency,
                "amountMinor": amount,
                "ofCase": payee in kept.member_ids,
            }
            for (payee, basis, currency), amount in sorted(
                sums.items(), key=lambda item: (item[1], item[0])
            )
            if amount and payee != PLATFORM
        ]
        kept_minor = sum(amount for (payee, *_), amount in sums.items() if payee == PLATFORM)
        return {
            "caseId": case_id,
            "orders": len({one.order_id for one in changes}),
            "totalMinor": sum(line["amountMinor"] for line in lines),
            "keptMinor": kept_minor,
            "lines": lines[:LINES_MAX],
            "truncated": len(lines) > LINES_MAX,
        }

    return await graph.read_together(work, name="cases/effect", timeout_s=EFFECT_TIMEOUT_S)


def reverses(action: Action) -> bool:
    """Does nothing remain owed of its orders?"""
    by_freeze = action.name == "freeze" and action.scope == "order"
    return by_freeze or action.name == "reverse_commissions"


def _members(actions: Iterable[Action]) -> set[str]:
    return {member_id for one in actions for member_id in one.members}
