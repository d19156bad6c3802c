"""Sales of a month: own, of the directly invited, of the whole team; kept, never recounted.

An order counts in the month it was paid in, for the members it is credited to and for those who
stood above them when it was created. What was booked is written at the order, so that a later
fact (a refund, a late click, a late binding) takes off exactly what was put on. Beside them stand
the sales that the plan's team bonus is reckoned on, in a period of their own where that is a week.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from graph_service.clock import from_micros, to_micros
from graph_service.graph.session import Read, Row, Transaction
from graph_service.ingest.facts import Fact

# Who keeps what nobody may have; no member's id holds a control character.
PLATFORM = "\tplatform"
# What is kept of a member's sales: own, of the directly invited, of the whole team, what the team
# bonus is reckoned on, and what of the team's are sales of the same person's other accounts.
AMOUNTS = ("own", "direct", "team", "bonus", "self")


@dataclass(frozen=True)
class Sale:
    """The part of an order that is one member's. created_at: us; amounts: minor units.

    weight: decimal string. amount_minor: of the order as paid; net_minor: less refunds.
    excluded: why the member earns nothing from it (then both amounts are 0), else None.
    bonus_period, bonus_depth: the period of the team bonus, and how many levels above get it.
    model: by which model, and which version of it, the order is credited.
    """

    order_id: str
    member_id: str
    created_at: int
    month: str
    currency: str
    weight: str
    amount_minor: int
    net_minor: int
    excluded: str | None
    bonus_period: str
    bonus_depth: int
    model: str


class Uplines(NamedTuple):
    """Who stands above a member, nearest first. own: those that are the member's own accounts.

    others: those whose sales it is not, each person once, at its place nearest the member.
    """

    ids: list[str]
    own: list[str]
    others: list[str]


def sales_month_id(month: str, currency: str, member_id: str) -> str:
    """The key of one member's sales in one month and currency."""
    return f"{sales_month_prefix(month, currency)}{member_id}"


def sales_month_prefix(month: str, currency: str) -> str:
    """What the keys of all members' sales in a month and currency begin with."""
    return f"{month} {currency} "


def period_id(period: str, currency: str) -> str:
    """The key of a period of sales in a currency."""
    return f"{period} {currency}"


async def orders_below(transaction: Transaction, facts: Iterable[Fact]) -> set[str]:
    """Orders that may count otherwise since these facts bound members."""
    since: dict[str, int] = {}
    for fact in facts:
        if "inviterId" in fact.data and fact.type in ("member.joined", "referral.bound"):
            moment = to_micros(fact.time)
            member_id = fact.data["memberId"]
            since[member_id] = min(moment, since.get(member_id, moment))
    if not since:
        return set()
    rows = [{"memberId": one, "since": from_micros(since[one])} for one in sorted(since)]
    return set((await transaction.run("referrals/find_orders_below", rows=rows))[0]["orderIds"])


async def book_sales(
    transaction: Transaction, order_ids: Sequence[str], sales: Sequence[Sale]
) -> list[Row]:
    """Let these orders count as `sales` says and no longer as they did. Holds the lock.

    rows: what that added to whose months, in order of key.
    """
    booked = await transaction.run("referrals/read_sales", orderIds=sorted(order_ids))
    fresh = await read_bookings(transaction.run, sales)
    touched = _touched(order_ids, booked, fresh)
    changes = booking_changes(booked, fresh)
    if touched:
        await transaction.run("referrals/replace_sales", rows=touched)
    if changes:
        await transaction.run("referrals/add_sales", rows=changes)
        periods = {row["period"]: row for row in changes}
        rows = [
            {"periodId": one, "period": periods[one]["month"], "currency": periods[one]["currency"]}
            for one in sorted(periods)
        ]
        await transaction.run("referrals/open_periods", rows=rows)
    return changes


async def sales_changes(read: Read, booked: Sequence[Row], sales: Sequence[Sale]) -> list[Row]:
    """What `sales` in place of what is booked adds to whose months, in order of key."""
    return booking_changes(booked, await read_bookings(read, sales))


async def read_bookings(read: Read, sales: Sequence[Sale]) -> list[Row]:
    """These sales as they are written at their orders, with who stood above the member then."""
    uplines = await _uplines(read, sales)
    return [_booking(sale, uplines[sale.member_id, sale.created_at]) for sale in sales]


async def _uplines(read: Read, sales: Sequence[Sale]) -> dict[tuple[str, int], Uplines]:
    asked = sorted({(sale.member_id, sale.created_at) for sale in sales})
    rows = [
        {"i": i, "memberId": member_id, "at": from_micros(at)}
        for i, (member_id, at) in enumerate(asked)
    ]
    if not rows:
        return {}
    found = await read("referrals/read_uplines_at", rows=rows)
    chains = {row["i"]: (row["uplineIds"], row["personIds"]) for row in found}
    uplines: dict[tuple[str, int], Uplines] = {}
    for i, who in enumerate(asked):
        upline_ids, person_ids = chains.get(i, ([], [who[0]]))
        met = until_met(who[0], upline_ids)
        uplines[who] = uplines_of(met, person_ids[: len(met) + 1])
    return uplines


def uplines_of(upline_ids: Sequence[str], person_ids: Sequence[str]) -> Uplines:
    """The uplines by person. person_ids: of the member, then of each upline."""
    met = {person_ids[0]}
    own, others = list[str](), list[str]()
    for upline_id, person_id in zip(upline_ids, person_ids[1:], strict=True):
        if person_id == person_ids[0]:
            own.append(upline_id)
        elif person_id not in met:
            met.add(person_id)
            others.append(upline_id)
    return Uplines(list(upline_ids), own, others)


def until_met(member_id: str, upline_ids: Iterable[str]) -> list[str]:
    """The uplines up to where a former binding leads back to someone met before."""
    met = [member_id]
    for upline_id in upline_ids:
        if upline_id in met:
            break
        met.append(upline_id)
    return met[1:]


def _booking(sale: Sale, uplines: Uplines) -> Row:
    by_person = len(uplines.others) < len(uplines.ids)
    return {
        "orderId": sale.order_id,
        "memberId": sale.member_id,
        "month": sale.month,
        "currency": sale.currency,
        "weight": sale.weight,
        "amountMinor": sale.amount_minor,
        "netMinor": sale.net_minor,
        "excluded": sale.excluded,
        "uplineIds": uplines.ids,
        # Where every upline is another person these are the nearest, and nothing is written.
        "bonusIds": uplines.others[: sale.bonus_depth] if by_person else None,
        "ownIds": uplines.own or None,
        "bonusPeriod": sale.bonus_period,
        "bonusDepth": sale.bonus_depth,
        "model": sale.model,
    }


def booking_changes(booked: Sequence[Row], fresh: Sequence[Row]) -> list[Row]:
    """What `fresh` in place of `booked` adds to whose months, in order of key."""
    sums: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0] * len(AMOUNTS))
    for sign, rows in ((-1, booked), (1, fresh)):
        for row in rows:
            net = sign * row["netMinor"]
            month, currency, upline_ids = row["month"], row["currency"], row["uplineIds"]
            sums[month, currency, row["memberId"]][0] += net
            for level, upline_id in enumerate(upline_ids):
                sums[month, currency, upline_id][1] += net if level == 0 else 0
                sums[month, currency, upline_id][2] += net
            for upline_id in row["ownIds"] or ():
                sums[month, currency, upline_id][4] += net
            period, depth = row["bonusPeriod"], row["bonusDepth"]
            bonus_ids = upline_ids[:depth] if row["bonusIds"] is None else row["bonusIds"]
            for upline_id in bonus_ids:
                sums[period, currency, upline_id][3] += net
            # What the levels would have that nobody stands on.
            sums[period, currency, PLATFORM][3] += net * (depth - len(bonus_ids))
    rows = [
        {
            "salesMonthId": sales_month_id(month, currency, member_id),
            "period": period_id(month, currency),
            "memberId": member_id,
            "month": month,
            "currency": currency,
            **dict(zip(AMOUNTS, amounts, strict=True)),
        }
        for (month, currency, member_id), amounts in sums.items()
        if any(amounts)
    ]
    return sorted(rows, key=lambda row: row["salesMonthId"])


def _touched(order_ids: Sequence[str], booked: Sequence[Row], fresh: Sequence[Row]) -> list[Row]:
    """Orders to write anew: those whose bookings differ from what stands."""
    compared = (
        *("memberId", "month", "currency", "weight", "amountMinor", "netMinor"),
        *("uplineIds", "bonusIds", "ownIds", "excluded", "bonusPeriod", "bonusDepth", "model"),
    )
    before: defaultdict[str, list[list[object]]] = defaultdict(list)
    after: defaultdict[str, list[Row]] = defaultdict(list)
    for row in booked:
        before[row["orderId"]].append([row[name] for name in compared])
    for row in fresh:
        after[row["orderId"]].append(row)
    return [
        {"orderId": order_id, "sales": after[order_id]}
        for order_id in sorted(order_ids)
        if before[order_id]
        != [
            [row[name] for name in compared]
            for row in sorted(after[order_id], key=lambda row: row["memberId"])
        ]
    ]
