"""What are accounts that were frozen with a hold once it is over? What they were before."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from graph_service.graph.session import Transaction
from graph_service.holds.placing import Hold, end_expired, spelled

SOURCE: Final = "graph-service/holds"


async def thaw(transaction: Transaction, holds: Sequence[Hold]) -> dict[str, str]:
    """By account the status that it has again, now that these holds are over.

    Accounts that another hold keeps frozen, or that were given another status since, are left out.
    """
    frozen = sorted(one.hold_id for one in holds if one.status_before is not None)
    if not frozen:
        return {}
    rows = await transaction.run("holds/thaw_accounts", holdIds=frozen)
    return {row["memberId"]: row["status"] for row in rows}


async def end_expired_holds(transaction: Transaction, now: datetime) -> list[dict[str, Any]]:
    """End holds whose time has run out, at most 500; what is to be stored of their accounts.

    Each account that was frozen with one is what it was before, as of the expiry.
    """
    ended = await end_expired(transaction, now)
    again = await thaw(transaction, ended)
    last = {hold.member_id: hold for hold in sorted(ended, key=_order) if hold.status_before}
    return [
        {
            "specversion": "1.0",
            "id": f"{last[member_id].hold_id} {status}",
            "source": SOURCE,
            "type": "member.updated",
            "time": spelled(last[member_id].expires_ms),
            "data": {"memberId": member_id, "status": status},
        }
        for member_id, status in sorted(again.items())
    ]


def _order(hold: Hold) -> tuple[int, str]:
    return hold.expires_ms or 0, hold.hold_id
