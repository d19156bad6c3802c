"""How was an order attributed before some facts, and how is it after them?"""

from collections.abc import Mapping
from typing import Any, Final

from graph_service.attribution.path import read_paths
from graph_service.attribution.touches import MICROS_PER_DAY, Journey, read_journeys
from graph_service.clock import Clock
from graph_service.graph.session import Read
from graph_service.ledger.booking import promoters_since
from graph_service.ledger.evidence import Evidence, Then, read_clicks_on, read_evidence
from graph_service.ledger.lines import order_lines
from graph_service.plans.timeline import Plans
from graph_service.referrals.sales import PLATFORM

# By order the numbers of the first and of the last fact.
Moments = Mapping[str, tuple[int, int]]
ALLOWANCE: Final = "influence"


async def changed_attributions(
    read: Read, moments: Moments, plans: Plans, clock: Clock
) -> list[dict[str, Any]]:
    """Credits and allowance of these orders before and after, of those that differ."""
    if not moments:
        return []
    evidence = await read_evidence(read, sorted(moments), plans.widest.window_days_max, clock)
    found: list[dict[str, Any]] = []
    for order_id, (first, last) in sorted(moments.items()):
        told = [
            await _attributed(read, evidence.at(one), order_id, plans) for one in (first - 1, last)
        ]
        if told[0] != told[1]:
            found.append({"orderId": order_id, "before": told[0], "after": told[1]})
    return found


async def _attributed(read: Read, then: Then, order_id: str, plans: Plans) -> dict[str, Any]:
    """Who is credited with how much of an order, and who gets how much of its allowance."""
    evidence = then.evidence
    paid = evidence.paid(order_id)
    if paid is None or paid.seq > then.seq:
        return {"credits": [], "allowance": []}
    plan = plans.known(then.seq).at(paid.time)
    journey = (await read_journeys(then.read, [order_id], plan.program))[order_id]
    await _read_clicks(read, evidence, journey, paid.time)
    path = (await read_paths(then.read, {order_id: journey}))[order_id]
    lines = (
        []
        if then.is_reversed(order_id)
        else order_lines(journey, path, then.goods(order_id), plan, promoters_since(then, journey))
    )
    allowance: dict[str, int] = {}
    for line in lines:
        if line.basis == ALLOWANCE and line.payee_id != PLATFORM:
            allowance[line.payee_id] = allowance.get(line.payee_id, 0) + line.amount_minor
    credited = {one.member_id: one.amount_minor for one in journey.credits if one.excluded is None}
    return {"credits": _shares(credited), "allowance": _shares(allowance)}


async def _read_clicks(read: Read, evidence: Evidence, journey: Journey, paid_at: int) -> None:
    """Who clicked on the path, unless that is read already."""
    if journey.chain is not None:
        shares = {step.share_id for step in journey.chain.shares}
        opens = paid_at - journey.program.window_days * MICROS_PER_DAY
        await read_clicks_on(read, evidence, shares, opens, paid_at)


def _shares(amounts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {"memberId": member_id, "amountMinor": amount}
        for member_id, amount in sorted(amounts.items())
    ]
