"""What does a month earn for whom, by one plan, and what changes when the log counts it anew?"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor
from typing import Any

from graph_service.graph.session import Read, Transaction
from graph_service.ledger.affected import LogFact
from graph_service.ledger.chain import Change, Key
from graph_service.ledger.lines import Line
from graph_service.money import decimal_string
from graph_service.months.closing import closed_periods, count_sales, period_keys
from graph_service.months.counted import COUNTED, MemberSales, plan_of_period
from graph_service.periods import is_month, month_of_period
from graph_service.plans.document import Plan
from graph_service.plans.rates import ladder_minor, ladder_rate
from graph_service.plans.timeline import Plans
from graph_service.referrals.sales import PLATFORM, sales_month_id

# Sales that are compared in one go.
VERIFIED_TOGETHER = 5_000


def period_lines(plan: Plan, period: str, currency: str, sales: MemberSales) -> list[Line]:
    """What a member's sales in a period earn by a plan: ladder, team bonus, partner's income.

    Those of amount 0 are left out; the platform keeps what the member may not have.
    """
    if currency != plan.currency:
        return []
    lines = list(_of_team(plan, period, sales))
    if sales.member_id != PLATFORM and is_month(period):
        lines += [*_of_ladder(plan, sales), *_of_partner(plan, sales)]
    if sales.frozen:
        lines = [_kept(line, "frozen") for line in lines]
    named = (replace(line, part=period + line.part) for line in lines if line.amount_minor)
    return sorted(named, key=lambda line: line.key)


def _of_ladder(plan: Plan, sales: MemberSales) -> Iterator[Line]:
    """The ladder is climbed by the person; each account has its part of what the person earns."""
    if sales.own <= 0 or not plan.ladder.steps:
        return
    pay = ladder_minor(plan.ladder, sales.person_own)
    amount = pay.exact * Fraction(sales.own, sales.person_own)
    inputs = {
        "promotedSalesMinor": sales.person_own,
        "parts": [
            {
                "fromMinor": part.from_minor,
                "salesMinor": part.sales_minor,
                "rate": decimal_string(part.rate),
            }
            for part in pay.parts
        ],
    }
    rate = ladder_rate(plan.ladder, sales.person_own)
    yield Line(sales.member_id, "ladder", "", floor(amount), sales.own, rate, "ladder", inputs)


def _of_partner(plan: Plan, sales: MemberSales) -> Iterator[Line]:
    if sales.role != "partner":
        return
    rate = Fraction(plan.partner.rate)
    inputs = {"directSalesMinor": sales.direct, "teamSalesMinor": sales.team}
    amount = floor(sales.team * rate)
    yield Line(sales.member_id, "partner", "", amount, sales.team, rate, "partner", inputs)


def _of_team(plan: Plan, period: str, sales: MemberSales) -> Iterator[Line]:
    # The sales were put into this period by their orders' plans, which may have another cycle.
    rate = Fraction(plan.team.rate)
    amount = floor(sales.bonus * rate)
    inputs: dict[str, Any] = {"salesMinor": sales.bonus}
    if sales.member_id == PLATFORM:
        why = "kept_missing_upline"
        yield Line(PLATFORM, "team", "", amount, sales.bonus, rate, why, inputs)
        return
    if is_month(period):
        inputs["salesByLevelMinor"] = [sales.direct, sales.bonus - sales.direct]
    line = Line(sales.member_id, "team", "", amount, sales.bonus, rate, "team", inputs)
    yield line if sales.role in plan.team.roles else _kept(line, "role")


def _kept(line: Line, why: str) -> Line:
    if line.payee_id == PLATFORM:
        return line
    return replace(line, payee_id=PLATFORM, part=f": {line.payee_id}", why=f"kept_{why}")


@dataclass(frozen=True)
class MonthsVerdict:
    """How many members' sales of closed periods were looked at, and for whom too much or too
    little is booked: keys of sales.
    """

    sales: int
    differing: tuple[str, ...]


async def verify_months(read: Read, plans: Plans) -> MonthsVerdict:
    """Do the entries of closed periods come to what the sales earn now? Everything followed."""
    count, differing = 0, list[str]()
    for period in (await closed_periods(read, plans)).values():
        plan = plan_of_period(plans, period.period)
        keys = await period_keys(read, period)
        for start in range(0, len(keys), VERIFIED_TOGETHER):
            asked = keys[start : start + VERIFIED_TOGETHER]
            booked = await _read_booked(read, asked)
            for sales in await count_sales(read, asked, period):
                key = sales_month_id(period.period, period.currency, sales.member_id)
                lines = period_lines(plan, period.period, period.currency, sales)
                wanted = {line.key: line.amount_minor for line in lines}
                if wanted != {one: amount for one, amount in booked[key].items() if amount}:
                    differing.append(key)
            count += len(asked)
    return MonthsVerdict(count, tuple(differing))


async def period_changes(
    transaction: Transaction, facts: Iterable[LogFact], plans: Plans
) -> list[Change]:
    """What these facts changed of what periods earn, in order of fact and member."""
    counted = [(fact, _sales(fact)) for fact in facts if fact.type == COUNTED]
    if not counted:
        return []
    keys = {_key(fact, one) for fact, sales in counted for one in sales}
    booked = await _read_booked(transaction.run, sorted(keys))
    changes: list[Change] = []
    for fact, sales in counted:
        plan = plan_of_period(plans.known(fact.seq), fact.data["period"])
        for one in sales:
            changes += _changes(fact, one, plan, booked[_key(fact, one)])
    return changes


def _changes(
    fact: LogFact, sales: MemberSales, plan: Plan, booked: dict[Key, int]
) -> Iterator[Change]:
    """What one member's sales earn now less what is booked, which is brought up to date."""
    period, currency = fact.data["period"], fact.data["currency"]
    wanted = {line.key: line for line in period_lines(plan, period, currency, sales)}
    for key in sorted(wanted.keys() | booked.keys()):
        line = wanted.get(key)
        amount_minor = (line.amount_minor if line else 0) - booked.get(key, 0)
        if amount_minor:
            booked[key] = booked.get(key, 0) + amount_minor
            yield Change(
                seq=fact.seq,
                order_id="",
                sales_month_id=_key(fact, sales),
                key=key,
                amount_minor=amount_minor,
                line=line,
                currency=currency,
                plan_version=plan.version,
                month=month_of_period(period),
            )


def _sales(fact: LogFact) -> list[MemberSales]:
    return [MemberSales.of_row(row) for row in fact.data["rows"]]


def _key(fact: LogFact, sales: MemberSales) -> str:
    return sales_month_id(fact.data["period"], fact.data["currency"], sales.member_id)


async def _read_booked(read: Read, keys: Sequence[str]) -> Mapping[str, dict[Key, int]]:
    booked: defaultdict[str, dict[Key, int]] = defaultdict(dict)
    row = (await read("ledger/read_booked_months", salesMonthIds=keys))[0]
    names = ("salesMonthIds", "payeeIds", "bases", "parts", "amounts")
    for key, payee_id, basis, part, amount in zip(*(row[one] for one in names), strict=True):
        booked[key][payee_id, basis, part] = amount
    return booked
