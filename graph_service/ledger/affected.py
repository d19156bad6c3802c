"""Which orders may earn otherwise after these facts? Rather too many than too few."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from graph_service.clock import from_micros, micros_of
from graph_service.graph.session import Transaction
from graph_service.identity.standings import CHANGED as STANDING_CHANGED
from graph_service.identity.standings import accounts_of
from graph_service.plans.timeline import ACTIVATED, REBOOKED_MAX

# A case took back what an order earns, or gave it back.
REVERSED, RESTORED = "commission.reversed", "commission.restored"
ORDER_NAMED = frozenset({"order.paid", "order.refunded", "order.cancelled", REVERSED, RESTORED})
OF_MEMBERS = frozenset({"member.joined", "member.updated", "referral.bound", "promoter.accepted"})
# What can change what a member earns; a member.joined with none of these is about the member alone.
MATTERS = ("inviterId", "status")


class LogFact(NamedTuple):
    """A fact of the log. time: us."""

    seq: int
    type: str
    time: int
    data: Mapping[str, Any]


async def orders_touched(
    transaction: Transaction, facts: Sequence[LogFact], newest_paid_at: int
) -> set[str]:
    """Orders named by these facts, and orders booked before that they may change.

    newest_paid_at: the latest payment booked before (us); a later click cannot matter to those.
    """
    found = {fact.data["orderId"] for fact in facts if fact.type in ORDER_NAMED}
    late = [f for f in facts if f.type == "share.clicked" and f.time <= newest_paid_at]
    shares = [{"shareId": f.data["shareId"], "at": from_micros(f.time)} for f in late]
    shares += [
        {"shareId": f.data["shareId"], "at": from_micros(0)}
        for f in facts
        if f.type == "share.created"
    ]
    visitors = _named([*late, *_of(facts, {"visitor.identified"})], "visitorId")
    clickers = _named([f for f in late if "memberId" in f.data], "memberId")
    members = [
        fact
        for fact in _of(facts, OF_MEMBERS)
        if fact.type == "promoter.accepted" or any(name in fact.data for name in MATTERS)
    ]
    named = {*clickers, *_named(members, "memberId")}
    accounts = (await accounts_of(transaction.run, named)).values()
    people = sorted(named.union(*accounts))
    asked: tuple[tuple[str, str, Sequence[object]], ...] = (
        ("ledger/find_orders_on_shares", "rows", shares),
        ("ledger/find_orders_of_people", "memberIds", people),
        ("ledger/find_orders_of_visitors", "visitorIds", visitors),
        ("attribution/find_orders_after_visits", "visitorIds", visitors),
        (
            "attribution/find_orders_of_coupons",
            "couponCodes",
            _named(_of(facts, {"coupon.issued"}), "couponCode"),
        ),
        (
            "ledger/find_cancelled_orders",
            "orderIds",
            _named(_of(facts, {"order.completed"}), "orderId"),
        ),
    )
    for query, name, values in asked:
        if values:
            found |= set((await transaction.run(query, **{name: values}))[0]["orderIds"])
    found |= await _after_standings(transaction, _of(facts, {STANDING_CHANGED}))
    starts = [micros_of(fact.data["from"]) for fact in _of(facts, {ACTIVATED})]
    if starts:
        since = from_micros(min(starts))
        rows = await transaction.run("plans/find_orders_since", since=since, limit=REBOOKED_MAX)
        found |= set(rows[0]["orderIds"])
    return found


async def _after_standings(transaction: Transaction, facts: Sequence[LogFact]) -> set[str]:
    """Orders that may earn otherwise since members are another person, or held or no longer."""
    found: set[str] = set()
    moved = [
        one.data["memberId"]
        for one in facts
        if one.data.get("personId") != one.data.get("personIdBefore")
    ]
    if moved:
        others = await accounts_of(transaction.run, moved)
        rows = [{"memberId": one, "otherIds": others[one]} for one in sorted(others)]
        found |= set(
            (await transaction.run("ledger/find_orders_of_persons", rows=rows))[0]["orderIds"]
        )
    held = {one.data["memberId"] for one in facts if one.data["held"] != one.data["heldBefore"]}
    # Who joins a person that is held clicks as that person from then on.
    held |= {one.data["memberId"] for one in facts if one.data["held"]}
    if held:
        asked = {"memberIds": sorted(held)}
        rows = await transaction.run("ledger/find_orders_of_held", **asked)
        found |= set(rows[0]["orderIds"])
    return found


def _of(facts: Sequence[LogFact], types: Collection[str]) -> list[LogFact]:
    return [fact for fact in facts if fact.type in types]


def _named(facts: Sequence[LogFact], name: str) -> list[str]:
    return sorted({fact.data[name] for fact in facts if name in fact.data})
