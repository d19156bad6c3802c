"""What would the ledger book if the members of a case were held and its orders earned nothing?"""

from collections import defaultdict
from typing import Any, Final

from graph_service.cases.actions import case_orders
from graph_service.cases.desk.trail import CaseNotFound, kept_of
from graph_service.clock import Clock
from graph_service.graph.session import Graph, Transaction
from graph_service.ledger.booking import effect_of
from graph_service.plans.timeline import Plans
from graph_service.referrals.sales import PLATFORM

EFFECT_TIMEOUT_S: Final = 60.0
LINES_MAX: Final = 500


async def read_effect(
    graph: Graph, case_id: str, plans: Plans, clock: Clock, *, reverse: bool
) -> dict[str, Any]:
    """Per payee and basis what would be booked. reverse: also take back what the orders earn.

    Raises CaseNotFound.
    """

    async def work(transaction: Transaction) -> dict[str, Any]:
        rows = await transaction.run("cases/read_case", caseId=case_id)
        if not rows:
            raise CaseNotFound(f"there is no case {case_id}")
        kept = kept_of(rows[0])
        orders = await case_orders(transaction, case_id) if reverse else []
        changes = await effect_of(
            transaction, plans, clock, held=kept.member_ids, reversed_orders=orders
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
