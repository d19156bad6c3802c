"""Versions of the plan: kept for good, and activated one after the other."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graph_service.clock import from_micros, time_string, to_micros
from graph_service.errors import Conflict, NotFound
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.ingest.facts import canonical, own_fact
from graph_service.ingest.store import record_own_facts
from graph_service.pages import decode_cursor, encode_cursor
from graph_service.periods import period_of
from graph_service.plans.document import Plan, seed_plan
from graph_service.plans.timeline import ACTIVATED

LOCK = "plans"
STORE_TIMEOUT_S = 30.0
# Orders that an activation from a time in the past may put under another plan.
REBOOKED_ORDERS_MAX = 10_000
# Members' sales of closed months that it may have counted anew, in one transaction.
RECOUNTED_SALES_MAX = 50_000


class PlanNotFound(NotFound):
    """There is no such version of the plan."""

    code = "plan_not_found"


class PlanExists(Conflict):
    """The version exists and says something else; a version never changes."""

    code = "plan_exists"


class PlanTooLate(Conflict):
    """More orders were paid since that time than an activation may credit anew."""

    code = "plan_too_late"


@dataclass(frozen=True)
class Version:
    """A plan and when it was put (us; None: it came with the program)."""

    plan: Plan
    created_at: int | None


def document_of(plan: Plan) -> dict[str, Any]:
    """The plan as JSON has it, every rule spelled out, without nulls."""
    return plan.model_dump(mode="json", by_alias=True, exclude_none=True)


async def put_version(graph: Graph, plan: Plan, now: datetime) -> bool:
    """Keep a version for good; False if it was there with the same content. Raises PlanExists."""
    if plan.version == seed_plan().version:
        _require_same(seed_plan(), plan)
    document = await asyncio.to_thread(lambda: canonical(document_of(plan)))

    async def work(transaction: Transaction) -> tuple[bool, str]:
        there = await transaction.run("plans/read_version", version=plan.version)
        rows = await transaction.run(
            "plans/store_version",
            version=plan.version,
            title=plan.title or None,
            document=document,
            createdMillis=to_micros(now) // 1_000,
        )
        return not there, rows[0]["document"]

    fresh, stored = await graph.write_together(
        work, name="plans/put_version", timeout_s=STORE_TIMEOUT_S
    )
    if stored != document:
        _require_same(Plan.model_validate_json(stored), plan)
    return fresh


def _require_same(stored: Plan, plan: Plan) -> None:
    if stored != plan:
        raise PlanExists(f"version {plan.version} exists with other content; take another name")


async def read_version(graph: Graph, version: str) -> Version:
    """One version, also the seed plan's. Raises PlanNotFound."""
    rows = await graph.read("plans/read_version", version=version)
    return await _version_of(rows, version)


async def _version_of(rows: list[Row], version: str) -> Version:
    if rows:
        plan = await asyncio.to_thread(Plan.model_validate_json, rows[0]["document"])
        return Version(plan, rows[0]["createdAt"])
    if version == seed_plan().version:
        return Version(seed_plan(), None)
    raise PlanNotFound(f"there is no version {version} of the plan")


async def list_versions(
    graph: Graph, *, limit: int, cursor: str | None
) -> tuple[list[Row], str | None]:
    """Versions in order of name, and the cursor of the next page. Raises CursorInvalid.

    rows: version, title, createdAt as text.
    """
    after = decode_cursor(cursor, (str,))[0] if cursor else ""
    rows = await graph.read("plans/list_versions", after=after, limit=limit + 1)
    seed = seed_plan()
    if seed.version > after and all(row["version"] != seed.version for row in rows):
        rows.append({"version": seed.version, "title": seed.title or None, "createdAt": None})
    rows = sorted(rows, key=lambda row: row["version"])
    for row in rows:
        row["createdAt"] = time_string(row["createdAt"])
    following = encode_cursor([rows[limit - 1]["version"]]) if len(rows) > limit else None
    return rows[:limit], following


async def activate_version(
    graph: Graph, version: str, starts: datetime | None, now: datetime
) -> int:
    """Record that a version holds from `starts` (None: now) on; returns the activation's number.

    Nothing is recorded where the last activation says the same. Raises PlanNotFound, PlanTooLate.
    """
    begins = starts or now

    async def work(transaction: Transaction) -> int:
        await transaction.run("graph/lock_name", name=LOCK)
        rows = await transaction.run("plans/read_version", version=version)
        plan = (await _version_of(rows, version)).plan
        before = await transaction.run("plans/list_activations")
        if before and before[-1]["version"] == version:
            stands = from_micros(before[-1]["startsAt"])
            if stands == starts or (starts is None and stands <= now):
                return int(before[-1]["number"])
        since = await transaction.run(
            "plans/find_orders_since", since=begins, limit=REBOOKED_ORDERS_MAX + 1
        )
        if len(since[0]["orderIds"]) > REBOOKED_ORDERS_MAX:
            raise PlanTooLate(
                f"more than {REBOOKED_ORDERS_MAX} orders were paid since; let it begin later"
            )
        await _require_few_closed(transaction, begins, plan)
        number = int(before[-1]["number"]) + 1 if before else 1
        await _record(transaction, plan, number, begins, now)
        return number

    return await graph.write_together(work, name="plans/activate", timeout_s=STORE_TIMEOUT_S)


async def _require_few_closed(transaction: Transaction, begins: datetime, plan: Plan) -> None:
    """Raises PlanTooLate where so many sales of closed months would have to be counted anew."""
    zone = plan.month_zone
    row = await transaction.run(
        "plans/count_closed_sales",
        firstMonth=period_of(begins, zone, "month"),
        firstWeek=period_of(begins, zone, "week"),
        limit=RECOUNTED_SALES_MAX + 1,
    )
    if row[0]["sales"] > RECOUNTED_SALES_MAX:
        raise PlanTooLate(
            f"months since then are closed, with more than {RECOUNTED_SALES_MAX} members' sales; "
            "let it begin later"
        )


async def _record(
    transaction: Transaction, plan: Plan, number: int, begins: datetime, now: datetime
) -> None:
    begins_text = str(time_string(to_micros(begins)))
    document = document_of(plan)
    data = {"version": plan.version, "from": begins_text, "plan": document}
    fact = own_fact(ACTIVATED, f"{ACTIVATED} {number}", now, data)
    await record_own_facts(transaction, [fact])
    row = {
        "key": fact.key,
        "version": plan.version,
        "title": plan.title or None,
        "document": canonical(document),
        "number": number,
        "startsAt": begins_text,
    }
    await transaction.run("plans/link_activations", rows=[row])
