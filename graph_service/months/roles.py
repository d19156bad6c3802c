"""Who gets or loses a role by the plan's rules when a month is over?

Each rule asks for months in a row. At most one step is made each month. What was said of a role
before the month's end counts; what the rules give counts from the next month on.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph_service.clock import from_micros, to_micros
from graph_service.graph.session import Read
from graph_service.ingest.facts import Fact, own_fact
from graph_service.months.counted import MemberSales
from graph_service.periods import is_month, month_before, period_begins, period_ends
from graph_service.plans.document import Plan, RoleRule
from graph_service.referrals.sales import PLATFORM, sales_month_id

CHANGED = "role.changed"
MEMBERS_TOGETHER = 5_000


@dataclass(frozen=True)
class Record:
    """A member at the end of a month. since: when the role was said (us), 0 if it never was.

    own, team: sales by month, the latest first (minor units), own of all accounts of the person.
    """

    member_id: str
    role: str
    since: int
    directs: int
    own: Sequence[int]
    team: Sequence[int]


@dataclass(frozen=True)
class RoleChange:
    """A step up or down and what it rests on. reason: reached or not_kept."""

    role: str
    reason: str
    months: int
    inputs: Mapping[str, Any]


def role_change(plan: Plan, month: str, record: Record) -> RoleChange | None:
    """What the plan's rules say of a member at the end of a month; None: the role stays."""
    for rule in plan.roles:
        if rule.after == record.role and _is_reached(rule, record):
            inputs = {
                "ownSalesMinor": list(record.own[: rule.months]),
                "teamSalesMinor": list(record.team[: rule.months]),
                "directMembers": record.directs,
            }
            return RoleChange(rule.role, "reached", rule.months, inputs)
    for rule in plan.roles:
        if rule.role == record.role and _is_lost(rule, record, month, plan):
            inputs = {"ownSalesMinor": list(record.own[: rule.keep_months])}
            return RoleChange(rule.after, "not_kept", rule.keep_months, inputs)
    return None


def _is_reached(rule: RoleRule, record: Record) -> bool:
    own, team = record.own[: rule.months], record.team[: rule.months]
    return (
        record.directs >= rule.direct_members
        and all(one >= rule.own_sales_minor for one in own)
        and all(one >= rule.team_sales_minor for one in team)
        # Nobody rises without having sold anything to anybody.
        and any((*own, *team))
    )


def _is_lost(rule: RoleRule, record: Record, month: str, plan: Plan) -> bool:
    """Below the mark in so many months in a row, all of them with the role."""
    first = period_begins(month_before(month, rule.keep_months - 1), plan.month_zone)
    return (
        rule.keep_sales_minor > 0
        and record.since <= to_micros(first)
        and all(one < rule.keep_sales_minor for one in record.own[: rule.keep_months])
    )


async def role_facts(
    read: Read, plan: Plan, period: str, currency: str, sales: Sequence[MemberSales]
) -> list[Fact]:
    """The changes of roles that follow from a month, as facts in order of member.

    sales: what every member's month came to.
    """
    if not is_month(period) or currency != plan.currency or not plan.roles:
        return []
    ends = period_ends(period, plan.month_zone)
    asked = sorted(await _candidates(read, plan, sales))
    facts: list[Fact] = []
    for start in range(0, len(asked), MEMBERS_TOGETHER):
        together = asked[start : start + MEMBERS_TOGETHER]
        for record in await _read_records(read, plan, period, together):
            change = role_change(plan, period, record)
            if change is not None:
                data = {
                    "memberId": record.member_id,
                    "role": change.role,
                    "before": record.role,
                    "reason": change.reason,
                    "month": period,
                    "months": change.months,
                    "planVersion": plan.version,
                    "inputs": dict(change.inputs),
                }
                name = f"{CHANGED} {period} {record.member_id}"
                facts.append(own_fact(CHANGED, name, ends, data))
    return facts


async def _candidates(read: Read, plan: Plan, sales: Sequence[MemberSales]) -> set[str]:
    """Members who reach some rule in this month alone, and those who may lose a role."""
    found = {
        one.member_id
        for one in sales
        if any(
            rule.after == one.role
            and one.person_own >= rule.own_sales_minor
            and one.team >= rule.team_sales_minor
            for rule in plan.roles
        )
    }
    marks = {rule.role: rule.keep_sales_minor for rule in plan.roles if rule.keep_sales_minor}
    own = {one.member_id: one.person_own for one in sales}
    after = ""
    while marks:
        row = (
            await read(
                "months/list_role_holders",
                roles=sorted(marks),
                after=after,
                limit=MEMBERS_TOGETHER,
            )
        )[0]
        if not row["memberIds"]:
            break
        after = row["memberIds"][-1]
        found.update(one for one in row["memberIds"] if own.get(one, 0) < max(marks.values()))
    # The platform has no role.
    return {one for one in found if one != PLATFORM}


async def _read_records(
    read: Read, plan: Plan, month: str, member_ids: Sequence[str]
) -> list[Record]:
    """How these members stood at the end of a month; nobody who is frozen or closed."""
    ends = to_micros(period_ends(month, plan.month_zone))
    back = max(max(rule.months, rule.keep_months) for rule in plan.roles)
    months = [month_before(month, i) for i in range(back)]
    keys = [
        sales_month_id(one, plan.currency, member_id) for member_id in member_ids for one in months
    ]
    own, team = dict[str, int](), dict[str, int]()
    row = (await read("months/count_sales", salesMonthIds=keys))[0]
    names = ("salesMonthIds", "personOwns", "teams")
    for key, person_own, of_team in zip(*(row[name] for name in names), strict=True):
        own[key], team[key] = person_own, of_team
    row = (await read("months/read_standings", memberIds=member_ids, at=from_micros(ends - 1)))[0]
    names = ("memberIds", "roles", "roleAts", "statuses", "directs")
    standings = list(zip(*(row[name] for name in names), strict=True))
    before = await roles_before(read, [one for one, _, at, *_ in standings if at >= ends], ends)
    records: list[Record] = []
    for member_id, role, at, status, directs in standings:
        if status != "active":
            continue
        said, since = before.get(member_id, (role, at))
        named = [sales_month_id(one, plan.currency, member_id) for one in months]
        of_own, of_team = ([kept.get(key, 0) for key in named] for kept in (own, team))
        records.append(Record(member_id, said, since, directs, of_own, of_team))
    return records


async def roles_before(
    read: Read, member_ids: Sequence[str], ends: int
) -> dict[str, tuple[str, int]]:
    """The roles of these members by what was said before a moment (us), and when it was said."""
    found: dict[str, tuple[str, int]] = dict.fromkeys(member_ids, ("member", 0))
    if not found:
        return found
    row = (await read("months/read_role_facts", memberIds=sorted(found), before=from_micros(ends)))[
        0
    ]
    columns = zip(row["memberIds"], row["data"], row["times"], strict=True)
    for member_id, text, time in columns:
        data = json.loads(text)
        if "role" in data:
            found[member_id] = (data["role"], time)
    return found
