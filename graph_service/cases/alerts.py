"""How risky does a scan make the members of its alerts? Cases for the alerts, scores, and holds."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from graph_service.cases.desk.inbox import file_alerts
from graph_service.cases.rules import SCORE_DECIMALS, RiskRules
from graph_service.cases.scores import SCAN, RiskScore, record_score
from graph_service.graph.session import Graph, Row
from graph_service.holds.placing import millis_of
from graph_service.verdicts import VERDICTS

# Looked at in one question; scored at the same time, each in a transaction of its own.
MEMBERS_TOGETHER: Final = 1_000
AT_ONCE: Final = 8
# Two scores nearer than that are the same.
SCORE_STEP: Final = 0.005
REASONS_MAX: Final = 10
# Conclusions after which an alert is let alone, also about members that came to it later.
CLEARED: Final = sorted(name for name, verdict in VERDICTS.items() if verdict == "cleared")
REASON_CHARACTERS_MAX: Final = 1_000


@dataclass(frozen=True)
class Shown:
    """The scan whose alerts are shown, and the one that was shown before it.

    reasons: by alert, what speaks for it, as scores have it. model: that gave the scores.
    """

    scan_id: str
    number: int
    before: int
    score_min: float
    reasons: Mapping[str, Sequence[Mapping[str, Any]]]
    model: str


async def score_members(graph: Graph, shown: Shown, rules: RiskRules, now: datetime) -> int:
    """Record the scores of members in alerts that changed; how many. Again changes nothing.

    Alerts that are silent about a member do not count, nor those that were cleared, or judged with
    the member in them, unless they are in an open case again. Who is in no alert any more and had
    their latest score of a scan gets 0.
    """
    await file_alerts(graph, shown.number, shown.score_min, rules, now)
    scored = 0
    after = ""
    while True:
        rows = await graph.read(
            "cases/list_members_to_score",
            number=shown.number,
            minScore=shown.score_min,
            cleared=CLEARED,
            nowMillis=millis_of(now),
            after=after,
            limit=MEMBERS_TOGETHER,
        )
        due = [row for row in rows if _is_news(row)]
        await _record(graph, shown, rules, due, now)
        scored += len(due)
        if len(rows) < MEMBERS_TOGETHER:
            break
        after = rows[-1]["memberId"]
    return scored + await _let_go(graph, shown, rules, now)


def _is_news(row: Row) -> bool:
    """Whether the score of a scan says something new of a member."""
    told: str | None = row["lastData"]
    last: dict[str, Any] = {} if told is None else json.loads(told)
    if last.get("source") == SCAN:
        return abs(float(last["score"]) - row["score"]) >= SCORE_STEP
    return row["lastScore"] is None or bool(row["changed"])


async def _record(
    graph: Graph, shown: Shown, rules: RiskRules, rows: Sequence[Row], now: datetime
) -> None:
    """Record the scores of these members, some at the same time."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(row: Row) -> None:
        score = RiskScore(
            row["memberId"],
            round(Decimal(str(row["score"])), SCORE_DECIMALS),
            SCAN,
            shown.model,
            shown.reasons.get(row["alertId"], ()),
        )
        async with turns:
            await record_score(graph, score, rules, now, shown.scan_id)

    await asyncio.gather(*(one(row) for row in rows))


async def _let_go(graph: Graph, shown: Shown, rules: RiskRules, now: datetime) -> int:
    after, count = "", 0
    gone = [{"feature": "alert", "text": "不再出现在任何警报中 / is in no alert any more"}]
    while True:
        rows = await graph.read(
            "cases/list_members_let_go",
            number=shown.number,
            before=shown.before,
            minScore=shown.score_min,
            nowMillis=millis_of(now),
            after=after,
            limit=MEMBERS_TOGETHER,
        )
        for row in rows:
            if json.loads(row["lastData"]).get("source") == SCAN:
                score = RiskScore(row["memberId"], Decimal(0), SCAN, shown.model, gone)
                await record_score(graph, score, rules, now, shown.scan_id)
                count += 1
        if len(rows) < MEMBERS_TOGETHER:
            return count
        after = rows[-1]["memberId"]


def score_reasons(alert_id: str, kind: str, reasons: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The reasons of an alert as those of a score, the alert first."""
    told: list[dict[str, Any]] = [
        {"feature": "alert", "value": alert_id, "text": kind},
    ]
    for one in reasons[:REASONS_MAX]:
        text = f"{one['zh']} / {one['en']}"[:REASON_CHARACTERS_MAX]
        told.append({"feature": one["feature"], "value": one["value"], "text": text})
    return told
