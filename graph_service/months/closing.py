"""How a period is closed: what it came to is put into the log, and again where that changes later.

Months and weeks close by themselves when they are over. The facts say what each member's sales
came to, so the ledger that follows the log books the ladder, the team bonus and the partner's
income as of them, and the difference as of a later one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from graph_service.clock import from_micros, micros_of, to_micros
from graph_service.graph.session import Read, Row, Transaction
from graph_service.ingest.facts import Fact, own_fact
from graph_service.ingest.store import record_stamped_facts
from graph_service.months.counted import (
    CLOSED,
    COUNTED,
    MemberSales,
    Period,
    period_of_row,
    plan_of_period,
)
from graph_service.months.roles import CHANGED, role_facts, roles_before
from graph_service.periods import is_month, month_before, month_of
from graph_service.plans.timeline import ACTIVATED, Plans
from graph_service.referrals.facts import change_roles
from graph_service.referrals.sales import PLATFORM, sales_month_prefix

# Sales in one fact, so that a fact stays small.
ROWS_TOGETHER = 500
# Months without sales that are looked back for.
GAP_MONTHS_MAX = 24
# Sales read in one go.
KEYS_TOGETHER = 10_000
SAID_TYPES = frozenset({"member.joined", "member.updated", CHANGED})


async def due_periods(read: Read, plans: Plans, now: datetime, grace: timedelta) -> list[Period]:
    """Periods with sales that are over for so long and not closed, the earliest first."""
    latest = to_micros(now - grace)
    opened = [period_of_row(row, plans) for row in await read("months/list_open_periods")]
    opened += _without_sales([*opened, *(await closed_periods(read, plans)).values()], plans, now)
    due = (one for one in opened if one.ends <= latest)
    return sorted(due, key=lambda one: (one.ends, one.key))


def _without_sales(known: Sequence[Period], plans: Plans, now: datetime) -> list[Period]:
    """Months since the first in which nothing was sold: roles may be lost by them."""
    plan = plans.at(to_micros(now))
    months = {one.period for one in known if one.currency == plan.currency}
    months = {one for one in months if is_month(one)}
    found: list[Period] = []
    month = month_of(now, plan.month_zone)
    for _ in range(GAP_MONTHS_MAX if months else 0):
        month = month_before(month)
        if month <= min(months):
            break
        if month not in months:
            row = {"period": month, "currency": plan.currency}
            found.append(period_of_row(row, plans))
    return found


async def close_period(
    transaction: Transaction, period: Period, plans: Plans, now: datetime
) -> int:
    """Close a period: what it came to, and the roles that follow from it; how many sales.

    0 where it is closed already. The caller holds the outbox, so nobody else books sales.
    """
    rows = [{"periodId": period.key, "period": period.period, "currency": period.currency}]
    await transaction.run("referrals/open_periods", rows=rows)
    closed = await transaction.run(
        "months/close_period", periodId=period.key, closedAt=now.isoformat()
    )
    if not closed[0]["closed"]:
        return 0
    sales = await count_sales(transaction.run, await period_keys(transaction.run, period), period)
    data = {"period": period.period, "currency": period.currency, "members": len(sales)}
    facts = [own_fact(CLOSED, f"{CLOSED} {period.key}", now, data)]
    facts += _counted(period, [one for one in sales if _is_something(one)], "close", now)
    plan = plan_of_period(plans, period.period)
    roles = await role_facts(transaction.run, plan, period.period, period.currency, sales)
    await record_stamped_facts(transaction, [*facts, *roles])
    await change_roles(transaction, roles)
    # Later periods may be closed already, where the first sale of this one came late.
    closed_now = await closed_periods(transaction.run, plans)
    keys: defaultdict[str, set[str]] = defaultdict(set)
    await _add_said(transaction.run, roles, closed_now, keys)
    await _record_counted(transaction, keys, closed_now, f"after {period.key}", now)
    return len(sales)


def _is_something(sales: MemberSales) -> bool:
    return bool(sales.own or sales.bonus or sales.team)


def _counted(period: Period, sales: Sequence[MemberSales], why: str, now: datetime) -> list[Fact]:
    """Facts that say what these sales came to. why: makes their ids the only ones."""
    facts: list[Fact] = []
    for start in range(0, len(sales), ROWS_TOGETHER):
        rows = [one.row() for one in sales[start : start + ROWS_TOGETHER]]
        data = {"period": period.period, "currency": period.currency, "rows": rows}
        name = f"{COUNTED} {period.key} {why} {start // ROWS_TOGETHER}"
        facts.append(own_fact(COUNTED, name, now, data))
    return facts


async def period_keys(read: Read, period: Period) -> list[str]:
    """The keys of everybody's sales in a period, in order."""
    keys: list[str] = []
    prefix = sales_month_prefix(period.period, period.currency)
    while True:
        after = keys[-1] if keys else ""
        row = (await read("months/list_keys", prefix=prefix, after=after, limit=KEYS_TOGETHER))[0]
        if not row["salesMonthIds"]:
            return keys
        keys += row["salesMonthIds"]


async def count_sales(read: Read, keys: Sequence[str], period: Period) -> list[MemberSales]:
    """What these sales of one period come to now, in order of key."""
    skipped = len(sales_month_prefix(period.period, period.currency))
    found: list[MemberSales] = []
    for start in range(0, len(keys), KEYS_TOGETHER):
        asked = keys[start : start + KEYS_TOGETHER]
        row = (await read("months/count_sales", salesMonthIds=asked))[0]
        later = [
            key[skipped:]
            for key, at in zip(row["salesMonthIds"], row["roleAts"], strict=True)
            if at >= period.ends
        ]
        before = await roles_before(read, later, period.ends)
        names = ("salesMonthIds", "roles", "frozen", "owns", "personOwns", "directs", "bonuses")
        columns = (*(row[name] for name in names), row["teams"])
        for key, said, *rest in zip(*columns, strict=True):
            member_id = key[skipped:]
            role = before[member_id][0] if member_id in before else said
            found.append(MemberSales(member_id, "" if member_id == PLATFORM else role, *rest))
    return found


async def recount_closed(
    transaction: Transaction,
    changed: Iterable[Row],
    facts: Sequence[Fact],
    plans: Plans,
    *,
    moved: Sequence[str],
    seq: int,
    now: datetime,
) -> None:
    """Put into the log what changed in closed periods since these facts.

    changed: sales that booking them changed. moved: accounts that are another person now, or were
    one person with such. seq: of the first of the facts.
    """
    closed = await closed_periods(transaction.run, plans)
    if not closed:
        return
    keys: defaultdict[str, set[str]] = defaultdict(set)
    for row in changed:
        if row["period"] in closed:
            keys[row["period"]].add(row["salesMonthId"])
    await _add_said(transaction.run, facts, closed, keys)
    if moved:
        row = (await transaction.run("months/list_keys_of_members", memberIds=moved))[0]
        for key, name in zip(row["salesMonthIds"], row["periodIds"], strict=True):
            keys[name].add(key)
    starts = [micros_of(fact.data["from"]) for fact in facts if fact.type == ACTIVATED]
    for period in closed.values():
        if any(start < period.ends for start in starts):
            keys[period.key].update(await period_keys(transaction.run, period))
    await _record_counted(transaction, keys, closed, str(seq), now)


async def closed_periods(read: Read, plans: Plans) -> dict[str, Period]:
    """The periods that are closed, by key."""
    rows = await read("months/list_closed_periods")
    return {one.key: one for one in (period_of_row(row, plans) for row in rows)}


async def _record_counted(
    transaction: Transaction,
    keys: Mapping[str, set[str]],
    closed: Mapping[str, Period],
    why: str,
    now: datetime,
) -> None:
    """Put what these sales of closed periods come to now into the log."""
    counted: list[Fact] = []
    for name in sorted(keys):
        asked = sorted(keys[name])
        row = (await transaction.run("months/list_keys_of_persons", salesMonthIds=asked))[0]
        asked = sorted(keys[name].union(row["salesMonthIds"]))
        sales = await count_sales(transaction.run, asked, closed[name])
        counted += _counted(closed[name], sales, why, now)
    if counted:
        await record_stamped_facts(transaction, counted)


async def _add_said(
    read: Read,
    facts: Sequence[Fact],
    closed: Mapping[str, Period],
    keys: defaultdict[str, set[str]],
) -> None:
    """Add the sales of members who turn out to have had another role then, or are frozen."""
    frozen = _said(facts, "status")
    risen = _said(facts, "role")
    if not frozen and not risen:
        return
    asked: Collection[str] = frozen.keys() | risen.keys()
    row = (await read("months/list_keys_of_members", memberIds=sorted(asked)))[0]
    columns = zip(row["memberIds"], row["salesMonthIds"], row["periodIds"], strict=True)
    for member_id, key, name in columns:
        since = from_micros(closed[name].ends)
        if member_id in frozen or (member_id in risen and risen[member_id] < since):
            keys[name].add(key)


def _said(facts: Sequence[Fact], name: str) -> dict[str, datetime]:
    """Members of whom these facts say that, and the earliest time of it."""
    found: dict[str, datetime] = {}
    for fact in facts:
        if fact.type in SAID_TYPES and name in fact.data:
            member_id = fact.data["memberId"]
            found[member_id] = min(fact.time, found.get(member_id, fact.time))
    return found
