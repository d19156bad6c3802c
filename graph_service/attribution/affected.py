"""Which orders may have to be credited anew after these facts?"""

from collections.abc import Mapping, Sequence

from graph_service.attribution.models import Program
from graph_service.attribution.touches import SECONDS_PER_DAY
from graph_service.graph.session import Transaction
from graph_service.ingest.facts import Fact

_OWN = frozenset({"order.paid", "order.refunded", "order.cancelled"})


async def affected_orders(
    transaction: Transaction, facts: Sequence[Fact], program: Program
) -> set[str]:
    """Orders named, and orders that a late click, share, coupon or freeze may change."""
    found = {fact.data["orderId"] for fact in facts if fact.type in _OWN}
    clicks = [
        {"memberId": fact.data["memberId"], "at": fact.at}
        for fact in facts
        if fact.type == "share.clicked" and "memberId" in fact.data
    ]
    if clicks:
        seconds = program.window_days_max * SECONDS_PER_DAY
        query = "attribution/find_orders_after_clicks"
        rows = await transaction.run(query, rows=clicks, windowSeconds=seconds)
        found |= set(rows[0]["orderIds"])
    asked = (
        ("find_orders_after_visits", "visitorIds", _named(facts, _VISITS, "visitorId")),
        ("find_orders_through_shares", "shareIds", _named(facts, {"share.created"}, "shareId")),
        ("find_orders_of_coupons", "couponCodes", _named(facts, {"coupon.issued"}, "couponCode")),
        ("find_orders_of_members", "memberIds", _frozen_or_freed(facts)),
        # Cancelled before, completed after all; most orders are completed as they are booked.
        ("find_orders_revived", "orderIds", _named(facts, {"order.completed"}, "orderId")),
    )
    for query, name, ids in asked:
        if ids:
            rows = await transaction.run(f"attribution/{query}", **{name: ids})
            found |= set(rows[0]["orderIds"])
    return found


async def orders_of_persons(
    transaction: Transaction, accounts: Mapping[str, Sequence[str]]
) -> set[str]:
    """Orders that may count otherwise since these members are another person.

    accounts: by such a member the others that it is, or ever was, one person with.
    """
    if not accounts:
        return set()
    buyers = sorted(set(accounts).union(*accounts.values()))
    rows = await transaction.run("attribution/find_orders_of_buyers", memberIds=buyers)
    found = set(rows[0]["orderIds"])
    pairs = [{"memberId": one, "otherIds": accounts[one]} for one in sorted(accounts)]
    # Either of two accounts may be the one below.
    pairs += [
        {"memberId": other, "otherIds": [one]}
        for one in sorted(accounts)
        for other in accounts[one]
    ]
    rows = await transaction.run("referrals/find_orders_of_chains", rows=pairs)
    return found | set(rows[0]["orderIds"])


_VISITS = {"share.clicked", "visitor.identified"}


def _named(facts: Sequence[Fact], types: set[str], name: str) -> list[str]:
    return sorted({f.data[name] for f in facts if f.type in types and name in f.data})


def _frozen_or_freed(facts: Sequence[Fact]) -> list[str]:
    changed = [f for f in facts if f.type == "member.updated" and "status" in f.data]
    return sorted({fact.data["memberId"] for fact in changed})
