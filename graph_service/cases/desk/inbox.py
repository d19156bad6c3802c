"""How do alerts come to a case? Joined to an open one about the same members, else in a new one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from graph_service.cases.desk.stages import due_ms, priority_of
from graph_service.cases.desk.trail import Taken, lock_case, take_step
from graph_service.cases.rules import SCORE_DECIMALS, RiskRules
from graph_service.clock import from_micros
from graph_service.errors import Invalid, NotFound
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.holds.placing import link_to_case, millis_of
from graph_service.ids import new_id
from graph_service.ingest.facts import digest, own_fact
from graph_service.ingest.store import record_own_facts

RULE: Final = "rule"
# The code of cases about alerts of which no rule speaks, and of those that people open.
ALERT, BY_HAND = "alert", "manual"
# An alert joins the open case with which it shares so large a part of all members of the two.
# Source: issue 8, Jaccard index.
JOINS_FROM: Final = 0.5
# An alert whose members were judged comes back when so large a part of them was not.
NEWS_PART: Final = 0.5
ALERTS_TOGETHER: Final = 200
FILE_TIMEOUT_S: Final = 30.0


class AlertUnknown(NotFound):
    """No scan has raised one of these alerts."""

    code = "alert_not_found"


@dataclass(frozen=True)
class NewCase:
    """A case to open. case_id: says what is done, so that it is done once."""

    case_id: str
    code: str
    reason: str
    opened_by: str
    member_ids: tuple[str, ...]
    alert_ids: tuple[str, ...] = ()
    score: float = 0.0
    amount_minor: int = 0
    currency: str | None = None


async def open_case(transaction: Transaction, new: NewCase, at: datetime) -> bool:
    """Open a case with its event and fact; False where there is one of this id already."""
    priority = priority_of(new.score, new.amount_minor)
    await transaction.run(
        "cases/open_case",
        caseId=new.case_id,
        code=new.code,
        reason=new.reason,
        openedBy=new.opened_by,
        openedMillis=millis_of(at),
        memberIds=sorted(new.member_ids),
        alertIds=sorted(new.alert_ids),
        priority=priority,
        dueMillis=due_ms(priority, at),
        amountAtRiskMinor=new.amount_minor,
        currency=new.currency,
    )
    kept = await lock_case(transaction, new.case_id)
    if kept.version:
        return False
    data: dict[str, Any] = {
        "caseId": new.case_id,
        "memberIds": sorted(new.member_ids),
        "code": new.code,
        "reason": new.reason,
        "by": new.opened_by,
    }
    if new.alert_ids:
        data["alertIds"] = sorted(new.alert_ids)
    await take_step(transaction, kept, Taken("opened", new.opened_by, at, data))
    fact = own_fact("case.opened", f"case.opened {new.case_id}", at, data)
    await record_own_facts(transaction, [fact])
    await link_to_case(transaction, [fact], new.case_id)
    return True


async def open_by_hand(
    graph: Graph,
    alert_ids: Sequence[str],
    *,
    reason: str,
    by: str,
    now: datetime,
    name: str | None = None,
) -> str:
    """Id of a new case about these alerts, or of the open one that they all are in.

    name: of the request, so that the same request opens one case. Raises AlertUnknown.
    """
    asked = sorted(set(alert_ids))
    case_id = f"case_{digest(f'{by} {name or new_id()} {asked}')}"

    async def work(transaction: Transaction) -> str:
        await transaction.run("cases/lock_alerts", alertIds=asked, batch=new_id())
        shown = (await transaction.run("scans/read_alert_set"))[0]
        rows = await transaction.run(
            "cases/list_alerts_named", number=shown["number"], alertIds=asked
        )
        if unknown := sorted(set(asked) - {row["alertId"] for row in rows}):
            raise AlertUnknown(f"there is no alert {unknown[0]}")
        if not any(row["memberIds"] for row in rows):
            raise Invalid("alertIds: no member of them is left")
        found = await transaction.run("cases/find_case_of_alerts", alertIds=asked)
        if found:
            return found[0]["caseId"]
        await open_case(transaction, _of_alerts(case_id, rows, reason, by), now)
        return case_id

    return await graph.write_together(work, name="cases/open_by_hand", timeout_s=FILE_TIMEOUT_S)


def _of_alerts(case_id: str, rows: Sequence[Row], reason: str, by: str) -> NewCase:
    worst = max(rows, key=lambda row: (row["amountAtRiskMinor"], row["alertId"]))
    return NewCase(
        case_id,
        BY_HAND,
        reason,
        by,
        tuple(sorted({one for row in rows for one in row["memberIds"]})),
        tuple(row["alertId"] for row in rows),
        max(row["score"] for row in rows),
        worst["amountAtRiskMinor"],
        worst["currency"],
    )


async def cases_of_alerts(graph: Graph, alert_ids: Sequence[str]) -> dict[str, str]:
    """By alert the latest case about it; alerts without one are left out."""
    rows = await graph.read("cases/list_cases_of_alerts", alertIds=sorted(set(alert_ids)))
    return dict(zip(rows[0]["alertIds"], rows[0]["caseIds"], strict=True))


async def file_alerts(
    graph: Graph, number: int, score_min: float, rules: RiskRules, now: datetime
) -> int:
    """Take the alerts that a scan shows into cases; how many were. Again changes nothing.

    An alert that is in an open case brings its new members there. One whose members were judged is
    left alone, unless most of them were not.
    """
    filed, after = 0, ""
    while True:
        rows = await graph.read(
            "cases/list_alerts_to_file",
            number=number,
            minScore=score_min,
            after=after,
            nowMillis=millis_of(now),
            limit=ALERTS_TOGETHER,
        )
        for row in rows:
            filed += await _file(graph, row, rules, now)
        if len(rows) < ALERTS_TOGETHER:
            return filed
        after = rows[-1]["alertId"]


async def _file(graph: Graph, row: Row, rules: RiskRules, now: datetime) -> bool:
    if row["caseId"] is None and row["decided"] > (1 - NEWS_PART) * len(row["memberIds"]):
        return False
    at = from_micros(1_000 * millis_of(now))

    async def work(transaction: Transaction) -> bool:
        named = [row["alertId"]]
        await transaction.run("cases/lock_alerts", alertIds=named, batch=new_id())
        # Somebody may have opened one by hand since the row was read.
        found = await transaction.run("cases/find_case_of_alerts", alertIds=named)
        case_id = row["caseId"] or (found[0]["caseId"] if found else joined_case(row))
        if case_id is not None:
            return await _join(transaction, case_id, row, at)
        return await open_case(transaction, _new_case(row, rules), at)

    return await graph.write_together(work, name="cases/file_alert", timeout_s=FILE_TIMEOUT_S)


def joined_case(row: Mapping[str, Any]) -> str | None:
    """The open case that shares most with an alert, if that is enough.

    row: memberIds of the alert; cases: {caseId, common, members} of open cases.
    """
    size = len(row["memberIds"])
    shares = [
        (one["common"] / (size + one["members"] - one["common"]), one["caseId"])
        for one in row["cases"]
    ]
    share, case_id = max(shares, default=(0.0, None), key=lambda one: (one[0], one[1] or ""))
    return case_id if share >= JOINS_FROM else None


async def _join(transaction: Transaction, case_id: str, row: Row, at: datetime) -> bool:
    kept = await lock_case(transaction, case_id)
    if kept.standing.stage == "DECIDED":
        return False
    new = sorted(set(row["memberIds"]) - set(kept.member_ids))
    if not new and row["alertId"] in kept.alert_ids:
        return False
    await transaction.run(
        "cases/join_case",
        caseId=case_id,
        alertIds=[row["alertId"]],
        memberIds=sorted(row["memberIds"]),
        amountAtRiskMinor=row["amountAtRiskMinor"],
        currency=row["currency"],
    )
    detail = {"alertId": row["alertId"], "memberIds": new}
    await take_step(transaction, kept, Taken("joined", RULE, at, detail))
    return True


def _new_case(row: Row, rules: RiskRules) -> NewCase:
    """A case about an alert, by the rule that speaks of its score if there is one."""
    score = round(Decimal(str(row["score"])), SCORE_DECIMALS)
    rule = next((one for one in rules.speaking(score) if one.do.open_case), None)
    named = [row["alertId"], row["decided"], len(row["memberIds"])]
    return NewCase(
        case_id=f"case_{digest(f'{ALERT} {named}')}",
        code=ALERT if rule is None else rule.code,
        reason=row["kind"] if rule is None else rule.reason,
        opened_by=RULE,
        member_ids=tuple(row["memberIds"]),
        alert_ids=(row["alertId"],),
        score=row["score"],
        amount_minor=row["amountAtRiskMinor"],
        currency=row["currency"],
    )
