"""What does the log say of an order, up to the last fact that the ledger has followed?"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph_service.attribution.path import Path, read_paths
from graph_service.attribution.touches import MICROS_PER_DAY, Journey, read_journeys
from graph_service.clock import Clock
from graph_service.graph.session import Graph, Read, Transaction
from graph_service.ledger.booking import PROMOTER_ACCEPTED, promoters_since
from graph_service.ledger.evidence import VISITOR, Then, Told, read_clicks_on, read_evidence
from graph_service.plans.document import Plan
from graph_service.plans.timeline import Plans
from graph_service.rewards.orders import OrderNotFound

ASK_TIMEOUT_S = 30.0
# Facts that one answer tells; an order that people keep clicking on may have thousands.
FACTS_TOLD_MAX = 500


@dataclass(frozen=True)
class ToldFact:
    """A fact as it is stored, identifier values as tokens. time: us. role: why it matters."""

    seq: int
    type: str
    time: int
    source: str
    event_id: str
    data: Mapping[str, Any]
    role: str


@dataclass(frozen=True)
class Story:
    """An order after fact `seq`; what came later is not in it.

    facts: those that mattered, in order of seq; omitted: so many more are not told.
    causes: of entries, by seq. paid: the fact of the payment.
    """

    seq: int
    paid: Told
    plan: Plan
    journey: Journey
    path: Path
    goods: Sequence[Mapping[str, Any]]
    promoters_since: Mapping[str, int]
    facts: Sequence[ToldFact]
    omitted: int
    causes: Mapping[int, ToldFact]


async def read_story(graph: Graph, order_id: str, plans: Plans, clock: Clock) -> Story:
    """The story of an order that was paid and followed. Raises OrderNotFound."""

    async def work(transaction: Transaction) -> Story:
        return await _read(transaction.run, order_id, plans, clock)

    return await graph.read_together(work, name="explain/story", timeout_s=ASK_TIMEOUT_S)


async def _read(read: Read, order_id: str, plans: Plans, clock: Clock) -> Story:
    seq: int = (await read("explain/read_ledger_end"))[0]["bookedSeq"]
    evidence = await read_evidence(read, [order_id], plans.widest.window_days_max, clock)
    paid = evidence.paid(order_id)
    if paid is None or paid.seq > seq:
        raise OrderNotFound(f"there is no paid order {order_id}")
    then = evidence.at(seq)
    known = plans.known(seq)
    plan = known.at(paid.time)
    journey = (await read_journeys(then.read, [order_id], plan.program))[order_id]
    if journey.chain is not None:
        shares = {step.share_id for step in journey.chain.shares}
        opens = paid.time - journey.program.window_days * MICROS_PER_DAY
        await read_clicks_on(read, evidence, shares, opens, paid.time)
    path = (await read_paths(then.read, {order_id: journey}))[order_id]
    entries = (await read("ledger/list_order_entries", orderId=order_id))[0]["entries"]
    caused = {one["seq"] for one in entries if one["seq"] <= seq}
    roles = _roles(then, journey, known, caused)
    told = dict(list(roles.items())[:FACTS_TOLD_MAX])
    facts = await _read_facts(read, sorted(told.keys() | caused), roles)
    return Story(
        seq=seq,
        paid=paid,
        plan=plan,
        journey=journey,
        path=path,
        goods=then.goods(order_id),
        promoters_since=promoters_since(then, journey),
        facts=[fact for fact in facts if fact.seq in told],
        omitted=len(roles) - len(told),
        causes={fact.seq: fact for fact in facts if fact.seq in caused},
    )


def _accepted(then: Then, member_id: str) -> list[Told]:
    facts = then.told(then.evidence.members.get(member_id, ()))
    return [one for one in facts if one.kind == PROMOTER_ACCEPTED]


def _roles(then: Then, journey: Journey, plans: Plans, caused: set[int]) -> dict[int, str]:
    """Why each fact matters, by seq; the first reason stands, the most telling ones come first."""
    evidence, order = then.evidence, journey.order
    roles: dict[int, str] = {}

    def matters(role: str, seqs: Iterable[int | None]) -> None:
        for seq in seqs:
            if seq is not None and seq <= then.seq:
                roles.setdefault(seq, role)

    matters("order", (one.seq for one in evidence.orders[order.order_id]))
    paid = evidence.paid(order.order_id)
    coupon = None if paid is None else paid.data.get("couponCode")
    matters("coupon", (one.seq for one in evidence.coupons.get(coupon or "", ())))
    if journey.basis == "binding":
        told = evidence.members.get(order.buyer_id, ())
        bound = [one for one in told if one.data.get("inviterId") == order.inviter_id]
        matters("binding", (one.seq for one in bound))
    touched = {(touch.clicked_at, touch.share_id) for touch in journey.touches}
    visitors = evidence.visitors_of.get(order.buyer_id, [])
    mine = [
        one
        for name in (order.buyer_id, *(VISITOR + visitor for visitor in visitors))
        for one in evidence.clicks_of.get(name, ())
        if (one.at, one.share_id) in touched
    ]
    matters("touch", (one.seq for one in mine))
    seen = {one.clicker.removeprefix(VISITOR) for one in mine if one.clicker.startswith(VISITOR)}
    matters("visitor", (one.seq for name in sorted(seen) for one in evidence.visitors[name]))
    named = [touch.share_id for touch in journey.touches]
    named += [step.share_id for step in journey.chain.shares] if journey.chain else []
    matters("share", (evidence.shares[one].seq for one in named if one in evidence.shares))
    for credit in journey.credits:
        matters("promoter", (one.seq for one in _accepted(then, credit.member_id)))
    for member_id, standing in journey.standings.items():
        if standing.frozen:
            said = then.latest(evidence.members.get(member_id, ()), "status")
            matters("standing", () if said is None else (said.seq,))
    plan = plans.at(order.paid_at)
    matters("plan", [one.seq for one, put in plans.activations if put is plan][-1:])
    matters("entry", sorted(caused))
    return roles


async def _read_facts(read: Read, seqs: Sequence[int], roles: Mapping[int, str]) -> list[ToldFact]:
    row = (await read("explain/read_facts", rows=[{"seq": seq} for seq in seqs]))[0]
    columns = (row[name] for name in ("seqs", "types", "times", "sources", "ids", "data"))
    return [
        ToldFact(seq, kind, time, source.strip(), event_id, json.loads(data), roles[seq])
        for seq, kind, time, source, event_id, data in zip(*columns, strict=True)
    ]
