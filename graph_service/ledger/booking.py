"""How the ledger follows the log: fact by fact, in order of seq, each entry the difference it made.

What an order earns after fact n, less what is booked for it, is booked as of n. So the entries
depend on the log alone, however many facts are booked together and whatever is stored meanwhile.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from graph_service.attribution.path import read_paths
from graph_service.attribution.touches import MICROS_PER_DAY, Journey, read_journeys
from graph_service.clock import Clock, from_micros, to_micros
from graph_service.errors import GraphError
from graph_service.graph.session import Row, Transaction
from graph_service.identity.standings import accounts_of
from graph_service.ledger.affected import REVERSED, LogFact, orders_touched
from graph_service.ledger.chain import Change, Head, Key, row_of
from graph_service.ledger.evidence import (
    VISITOR,
    Evidence,
    Then,
    Told,
    read_clicks_on,
    read_evidence,
)
from graph_service.ledger.lines import order_lines
from graph_service.ledger.months import period_changes
from graph_service.months.counted import COUNTED
from graph_service.periods import month_of
from graph_service.plans.timeline import ACTIVATED, Plans
from graph_service.wallets.keeping import Posting, keep_wallets

# Facts that the ledger follows in one transaction.
FOLLOWED_TOGETHER = 1_000
# Of these, such as count the sales of a closed period, five hundred each.
COUNTED_TOGETHER = 10
# Orders of which it is told what a decision would change.
EFFECT_ORDERS_MAX = 1_000
PROMOTER_ACCEPTED = "promoter.accepted"
ENDED = frozenset({"order.completed", "order.cancelled"})


class Moment(NamedTuple):
    """An order that may earn otherwise after a fact."""

    seq: int
    order_id: str


async def follow_log(
    transaction: Transaction,
    plans: Plans,
    holder: str,
    clock: Clock,
    limit: int = FOLLOWED_TOGETHER,
) -> int:
    """Book what follows from the next facts of the log; returns how many facts those were."""
    state = (await transaction.run("ledger/open_ledger", holder=holder))[0]
    facts = await _next_facts(transaction, state["bookedSeq"], limit)
    if not facts:
        return 0
    newest: int = state["newestPaidAt"]
    order_ids = sorted(await orders_touched(transaction, facts, newest))
    changes = await period_changes(transaction, facts, plans)
    if order_ids:
        changes += await _book_orders(transaction, order_ids, facts, plans, clock)
    await append_changes(transaction, sorted(changes, key=lambda one: one.place), holder)
    await _keep_wallets(transaction, changes, facts, order_ids, plans=plans, clock=clock)
    paid = [fact.time for fact in facts if fact.type == "order.paid"]
    await transaction.run(
        "ledger/advance_ledger", bookedSeq=facts[-1].seq, newestPaidAt=max([newest, *paid])
    )
    return len(facts)


async def _keep_wallets(
    transaction: Transaction,
    changes: Iterable[Change],
    facts: Iterable[LogFact],
    order_ids: Iterable[str],
    *,
    plans: Plans,
    clock: Clock,
) -> None:
    """Count these changes, and what these facts may release at another moment than before."""
    postings = [
        Posting(
            one.key[0],
            one.currency,
            one.order_id,
            one.sales_month_id.partition(" ")[0],
            one.amount_minor,
        )
        for one in changes
    ]
    moved = {fact.data["orderId"] for fact in facts if fact.type in ENDED}
    if any(fact.type == ACTIVATED for fact in facts):
        moved |= set(order_ids)
    await keep_wallets(transaction, postings, moved, plans, to_micros(clock()))


async def _next_facts(transaction: Transaction, after: int, limit: int) -> list[LogFact]:
    row = (
        await transaction.run(
            "ledger/list_next_facts",
            after=after,
            limit=limit,
            heavyType=COUNTED,
            heavyMax=COUNTED_TOGETHER,
        )
    )[0]
    columns = (row[name] for name in ("seqs", "types", "times", "data"))
    return [
        LogFact(seq, kind, time, json.loads(data))
        for seq, kind, time, data in zip(*columns, strict=True)
    ]


async def _book_orders(
    transaction: Transaction,
    order_ids: Sequence[str],
    facts: Sequence[LogFact],
    plans: Plans,
    clock: Clock,
) -> list[Change]:
    """What these facts changed of what orders earn."""
    first, last = facts[0].seq, facts[-1].seq
    window_days = plans.widest.window_days_max
    evidence = await read_evidence(transaction.run, order_ids, window_days, clock)
    told = {fact.data["orderId"] for fact in facts if fact.type == "order.paid"}
    if any(evidence.paid(order_id) is None for order_id in told):
        # Nothing would be owed for them, and nobody would notice.
        raise GraphError("orders are not linked to their facts: load all events into a new graph")
    activated = [one.seq or 0 for one, _ in plans.activations]
    moments = _moments(evidence, order_ids, activated, first, last)
    journeys = {one: await _journey(evidence, one, plans) for one in moments}
    # Clicks of others matter on the path as it was before these facts, too.
    before = [
        Moment(first - 1, one)
        for one in order_ids
        if (paid := evidence.paid(one)) is not None and paid.seq < first
    ]
    shares = _path_shares(
        {**journeys, **{one: await _journey(evidence, one, plans) for one in before}}
    )
    await _read_path_clicks(transaction, evidence, shares, window_days)
    more = _click_moments(evidence, shares, first, last, moments)
    for one in more:
        journeys[one] = await _journey(evidence, one, plans)
    changes = await _changes(transaction, evidence, journeys, plans)
    await _record_ways(transaction, evidence, journeys, window_days)
    return changes


def _moments(
    evidence: Evidence, order_ids: Sequence[str], activated: Sequence[int], first: int, last: int
) -> list[Moment]:
    """After which facts an order may earn otherwise, but for clicks of others on its path."""
    found: set[Moment] = set()
    for order_id in order_ids:
        paid = evidence.paid(order_id)
        if paid is not None and paid.seq <= last:
            begins = max(first, paid.seq)
            for seq in (*evidence.seqs_of(order_id), *activated):
                if begins <= seq <= last:
                    found.add(Moment(seq, order_id))
    return sorted(found)


async def _journey(evidence: Evidence, moment: Moment, plans: Plans) -> Journey:
    then = evidence.at(moment.seq)
    plan = plans.known(moment.seq).at(_paid_at(evidence, moment.order_id))
    return (await read_journeys(then.read, [moment.order_id], plan.program))[moment.order_id]


def _paid_at(evidence: Evidence, order_id: str) -> int:
    paid = evidence.paid(order_id)
    assert paid is not None, "only orders that were paid are booked"
    return paid.time


def _path_shares(journeys: Mapping[Moment, Journey]) -> defaultdict[str, set[str]]:
    """Per order every share that its path led through at any of the moments."""
    shares: defaultdict[str, set[str]] = defaultdict(set)
    for moment, journey in journeys.items():
        if journey.chain is not None:
            shares[moment.order_id].update(step.share_id for step in journey.chain.shares)
    return shares


async def _read_path_clicks(
    transaction: Transaction, evidence: Evidence, shares: Mapping[str, set[str]], window_days: int
) -> None:
    times = [_paid_at(evidence, order_id) for order_id in shares]
    if times:
        opens, closes = min(times) - window_days * MICROS_PER_DAY, max(times)
        named = {share_id for one in shares.values() for share_id in one}
        await read_clicks_on(transaction.run, evidence, named, opens, closes)


def _click_moments(
    evidence: Evidence,
    shares: Mapping[str, set[str]],
    first: int,
    last: int,
    known: Iterable[Moment],
) -> list[Moment]:
    """Moments at which others clicked on an order's path, or a clicker got a name."""
    found: set[Moment] = set()
    for order_id, share_ids in shares.items():
        paid = evidence.paid(order_id)
        assert paid is not None
        begins = max(first, paid.seq)
        for click in (one for share_id in share_ids for one in evidence.clicks_on[share_id]):
            if click.at > paid.time:
                continue
            seqs = [click.seq]
            members = [click.clicker]
            if click.clicker.startswith(VISITOR):
                told = evidence.visitors.get(click.clicker.removeprefix(VISITOR), ())
                seqs.extend(one.seq for one in told)
                members = [one.data["memberId"] for one in told]
            for member_id in members:
                seqs.extend(one.seq for one in evidence.standings.get(member_id, ()))
            found.update(Moment(seq, order_id) for seq in seqs if begins <= seq <= last)
    return sorted(found - set(known))


async def _record_ways(
    transaction: Transaction,
    evidence: Evidence,
    journeys: Mapping[Moment, Journey],
    window_days: int,
) -> None:
    """Keep what an order hangs on, so that late facts about that find the order.

    That is its touches, and the path above the last of them.
    """
    shares = _path_shares(journeys)
    ways = [
        {"orderId": order_id, "shareId": share_id}
        for order_id in sorted({moment.order_id for moment in journeys})
        for share_id in sorted(shares[order_id] | evidence.touched(order_id, window_days))
    ]
    credited = {
        (moment.order_id, credit.member_id)
        for moment, journey in journeys.items()
        for credit in journey.credits
    }
    people = [{"orderId": one, "memberId": member_id} for one, member_id in sorted(credited)]
    for query, rows in (("record_ways", ways), ("record_credited", people)):
        if rows:
            await transaction.run(f"ledger/{query}", rows=rows)


async def _changes(
    transaction: Transaction,
    evidence: Evidence,
    journeys: Mapping[Moment, Journey],
    plans: Plans,
) -> list[Change]:
    """What each moment changed, in order of moment and line."""
    booked = await _read_booked(transaction, {moment.order_id for moment in journeys})
    changes: list[Change] = []
    for moment in sorted(journeys):
        journey, then = journeys[moment], evidence.at(moment.seq)
        plan = plans.known(moment.seq).at(journey.order.paid_at)
        path = (await read_paths(then.read, {moment.order_id: journey}))[moment.order_id]
        goods = then.goods(moment.order_id)
        lines = (
            []
            if then.is_reversed(moment.order_id)
            else order_lines(journey, path, goods, plan, promoters_since(then, journey))
        )
        wanted = {line.key: line for line in lines}
        before = booked[moment.order_id]
        month = month_of(from_micros(journey.order.paid_at), plan.month_zone)
        for key in sorted(wanted.keys() | before.keys()):
            line = wanted.get(key)
            amount_minor = (line.amount_minor if line else 0) - before.get(key, 0)
            if amount_minor:
                before[key] = before.get(key, 0) + amount_minor
                changes.append(
                    Change(
                        seq=moment.seq,
                        order_id=moment.order_id,
                        sales_month_id="",
                        key=key,
                        amount_minor=amount_minor,
                        line=line,
                        currency=journey.order.currency,
                        plan_version=plan.version,
                        month=month,
                    )
                )
    return changes


async def effect_of(
    transaction: Transaction,
    plans: Plans,
    clock: Clock,
    *,
    held: Collection[str],
    frozen: Collection[str] = (),
    reversed_orders: Collection[str],
) -> list[Change]:
    """What the ledger would book if these members' persons were held now, these accounts frozen,

    and these orders earned nothing; nothing is written. Of orders as far as they are booked, at
    most EFFECT_ORDERS_MAX.
    """
    row = (await transaction.run("ledger/read_progress"))[0]
    found = (await transaction.run("ledger/find_orders_of_held", memberIds=sorted(held)))[0]
    own = (await transaction.run("ledger/find_orders_of_people", memberIds=sorted(frozen)))[0]
    named = sorted({*found["orderIds"], *own["orderIds"], *reversed_orders})[:EFFECT_ORDERS_MAX]
    window_days = plans.widest.window_days_max
    evidence = await read_evidence(transaction.run, named, window_days, clock)
    seq: int = row["bookedSeq"] + 1
    moments = [
        Moment(seq, one)
        for one in named
        if (paid := evidence.paid(one)) is not None and paid.seq < seq
    ]
    ways = _path_shares({one: await _journey(evidence, one, plans) for one in moments})
    await _read_path_clicks(transaction, evidence, ways, window_days)
    accounts = await accounts_of(transaction.run, held)
    evidence.suppose(
        seq, to_micros(clock()), {*held, *(one for some in accounts.values() for one in some)}
    )
    for member_id in frozen:
        data = {"memberId": member_id, "status": "frozen"}
        told = Told(seq, "member.updated", to_micros(clock()), 0, data)
        evidence.members[member_id] = [*evidence.members.get(member_id, ()), told]
    for order_id in reversed_orders:
        if order_id in evidence.orders:
            told = Told(seq, REVERSED, to_micros(clock()), 0, {"orderId": order_id})
            evidence.orders[order_id].append(told)
    journeys = {one: await _journey(evidence, one, plans) for one in moments}
    return await _changes(transaction, evidence, journeys, plans)


def promoters_since(then: Then, journey: Journey) -> dict[str, int]:
    """Of those credited, when the invited promoters accepted, under any account (us)."""
    found: dict[str, int] = {}
    for credit in journey.credits:
        accounts = then.accounts(credit.member_id)
        facts = [fact for one in accounts for fact in then.evidence.members.get(one, ())]
        times = [one.time for one in then.told(facts) if one.kind == PROMOTER_ACCEPTED]
        if times:
            found[credit.member_id] = min(times)
    return found


async def _read_booked(
    transaction: Transaction, order_ids: Iterable[str]
) -> defaultdict[str, dict[Key, int]]:
    booked: defaultdict[str, dict[Key, int]] = defaultdict(dict)
    row = (await transaction.run("ledger/read_booked", orderIds=sorted(order_ids)))[0]
    names = ("orderIds", "payeeIds", "bases", "parts", "amounts")
    for order_id, payee_id, basis, part, amount in zip(*(row[one] for one in names), strict=True):
        booked[order_id][payee_id, basis, part] = amount
    return booked


async def append_changes(transaction: Transaction, changes: Sequence[Change], holder: str) -> None:
    """Write the changes as entries at the ends of their payees' chains."""
    if not changes:
        return
    payees = sorted({change.key[0] for change in changes})
    locked = await transaction.run("ledger/lock_payees", payeeIds=payees, holder=holder)
    heads = {
        row["payeeId"]: Head(row["number"], row["hash"]) if row["number"] else Head()
        for row in locked
    }
    counts: defaultdict[int, int] = defaultdict(int)
    of_orders, of_periods = list[Row](), list[Row]()
    for change in changes:
        counts[change.seq] += 1
        entry = change.entry(counts[change.seq], heads[change.key[0]])
        kept = row_of(entry)
        heads[entry.payee_id] = Head(entry.number, kept["hash"])
        row = {"entryId": entry.entry_id, "payeeId": entry.payee_id, "entry": kept}
        if change.order_id:
            of_orders.append({**row, "orderId": change.order_id})
        else:
            of_periods.append({**row, "salesMonthId": change.sales_month_id})
    for query, rows in (("append_entries", of_orders), ("append_month_entries", of_periods)):
        if rows:
            await transaction.run(f"ledger/{query}", rows=rows)
    ends: list[Mapping[str, Any]] = [
        {"payeeId": one, "number": heads[one].number, "hash": heads[one].hash} for one in payees
    ]
    await transaction.run("ledger/advance_payees", rows=ends)
