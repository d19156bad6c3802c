"""Which alerts are there, and how did they come about? Always those of one scan."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from graph_service.cases.alerts import score_reasons
from graph_service.errors import NotFound
from graph_service.fraud.detectors.kinds import ALERT_SCORE, Kind
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.holds.placing import spelled
from graph_service.pages import decode_cursor, encode_cursor
from graph_service.plans.member import Lang
from graph_service.referrals.teams import read_member

AlertState = Literal["live", "gone"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
# Above every score.
BEYOND: Final = 2.0
HISTORY_MAX: Final = 50
REASONS_TOGETHER: Final = 1_000
READ_TIMEOUT_S: Final = 10.0


class AlertNotFound(NotFound):
    """No scan has raised an alert of this id."""

    code = "alert_not_found"


@dataclass(frozen=True)
class Wanted:
    """Which alerts are asked for. unfiled: of live ones of anybody, only those in no case."""

    kind: Kind | None = None
    score_min: float = ALERT_SCORE
    state: AlertState = "live"
    member_id: str | None = None
    unfiled: bool = False


async def list_alerts(
    graph: Graph, wanted: Wanted, lang: Lang, *, limit: int, cursor: str | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of alerts, greatest score first, and the next page's cursor.

    The pages that follow are of the same scan as the first, until the scan after the next one is
    shown. Raises MemberNotFound.
    """
    asked, below, after = decode_cursor(cursor, (int, float, str)) if cursor else (0, BEYOND, "")

    async def work(transaction: Transaction) -> list[Row]:
        shown = (await transaction.run("scans/read_alert_set"))[0]
        number = asked if asked == shown["before"] and asked else shown["number"]
        params: dict[str, Any] = {
            "number": number,
            "kinds": list(KINDS) if wanted.kind is None else [wanted.kind],
            "minScore": wanted.score_min,
            "below": below,
            "afterId": after,
            "limit": limit + 1,
        }
        if wanted.member_id is not None:
            params |= {"memberId": wanted.member_id, "state": wanted.state}
            rows = await transaction.run("scans/list_alerts_of_person", **params)
        elif wanted.state == "live":
            rows = await transaction.run("scans/list_alerts", unfiled=wanted.unfiled, **params)
        else:
            rows = await transaction.run("scans/list_gone_alerts", **params)
        return [{**row, "shownNumber": number} for row in rows]

    rows = await graph.read_together(work, name="scans/list_alerts", timeout_s=READ_TIMEOUT_S)
    if not rows and wanted.member_id is not None:
        await read_member(graph, wanted.member_id)
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        following = encode_cursor([last["shownNumber"], last["score"], last["alertId"]])
    return [alert_of(row, lang) for row in rows[:limit]], following


async def list_case_alerts(
    graph: Graph, case_id: str, lang: Lang, *, skip: int, limit: int
) -> list[dict[str, Any]]:
    """Alerts of a case as they were told of last, greatest score first, but for so many."""

    async def work(transaction: Transaction) -> list[Row]:
        number = (await transaction.run("scans/read_alert_set"))[0]["number"]
        return await transaction.run(
            "scans/list_case_alerts", caseId=case_id, number=number, skip=skip, limit=limit
        )

    rows = await graph.read_together(work, name="scans/list_case_alerts", timeout_s=READ_TIMEOUT_S)
    return [alert_of(row, lang) for row in rows]


async def read_alert(graph: Graph, alert_id: str, lang: Lang) -> dict[str, Any]:
    """An alert with its history. Raises AlertNotFound."""
    row, history = await _read_row(graph, alert_id)
    details: Mapping[str, Any] = json.loads(row["details"])
    return {
        **alert_of(row, lang),
        "versions": versions_of(details),
        "history": [_change_of(one, lang) for one in history],
    }


async def _read_row(graph: Graph, alert_id: str) -> tuple[Row, list[Row]]:
    async def work(transaction: Transaction) -> tuple[Row, list[Row]]:
        number = (await transaction.run("scans/read_alert_set"))[0]["number"]
        rows = await transaction.run("scans/read_alert", alertId=alert_id, number=number)
        if not rows:
            raise AlertNotFound(f"there is no alert {alert_id}")
        history = await transaction.run(
            "scans/list_alert_history", alertId=alert_id, number=number, limit=HISTORY_MAX
        )
        return rows[0], history

    return await graph.read_together(work, name="scans/read_alert", timeout_s=READ_TIMEOUT_S)


async def read_weighed(graph: Graph, alert_id: str) -> tuple[dict[str, Any], Mapping[str, float]]:
    """An alert, and by piece of its evidence by how much the log odds of its score fall without.

    Raises AlertNotFound.
    """
    row, _ = await _read_row(graph, alert_id)
    kept: Mapping[str, Any] = json.loads(row["details"]).get("counterfactual") or {}
    return alert_of(row, "en"), kept.get("weights", {})


async def reasons_for_scores(graph: Graph, number: int) -> dict[str, list[Any]]:
    """By alert of a scan, what speaks for it, as the scores of its members have it."""
    found: dict[str, list[Any]] = {}
    after = ""
    while True:
        rows = await graph.read(
            "scans/list_reasons",
            number=number,
            minScore=ALERT_SCORE,
            after=after,
            limit=REASONS_TOGETHER,
        )
        for row in rows:
            kept = json.loads(row["reasons"])
            found[row["alertId"]] = score_reasons(row["alertId"], row["kind"], kept)
        if len(rows) < REASONS_TOGETHER:
            return found
        after = rows[-1]["alertId"]


def alert_of(row: Row, lang: Lang) -> dict[str, Any]:
    """An alert as lists tell it."""
    details: Mapping[str, Any] = json.loads(row["details"])
    return {
        "alertId": row["alertId"],
        "kind": row["kind"],
        "state": row["state"],
        "score": row["score"],
        "scanId": row["scanId"],
        "memberIds": sorted(row["memberIds"]),
        "orderIds": sorted(row["orderIds"]),
        "shopIds": sorted(row["shopIds"]),
        "truncated": details["truncated"],
        "reasons": reasons_of(json.loads(row["reasons"]), lang),
        "counterfactual": counterfactual_of(details.get("counterfactual"), lang),
        "amountAtRiskMinor": row["amountAtRiskMinor"],
        "currency": row["currency"],
        "firstSeen": spelled(row["firstSeen"]),
        "lastSeen": spelled(row["lastSeen"]),
    }


def reasons_of(kept: Sequence[Mapping[str, Any]], lang: Lang) -> list[dict[str, Any]]:
    """The reasons of an alert, in one language and in both."""
    return [
        {
            **{name: one[name] for name in ("feature", "value", "baseline", "contribution")},
            "text": one[lang],
            "textZh": one["zh"],
            "textEn": one["en"],
        }
        for one in kept
    ]


def counterfactual_of(kept: Mapping[str, Any] | None, lang: Lang) -> dict[str, Any] | None:
    """Without what an alert would not be one, in one language and in both; None if unknown."""
    if kept is None:
        return None
    return {
        "fallsBelow": kept["falls"],
        "without": kept["without"],
        "score": kept["score"],
        "text": kept[lang],
        "textZh": kept["zh"],
        "textEn": kept["en"],
    }


def versions_of(details: Mapping[str, Any]) -> dict[str, Any] | None:
    """By which code, thresholds and facts an alert was found; None of alerts from before."""
    return details.get("versions")


def _change_of(row: Row, lang: Lang) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("scanId", "change", "score", "members")},
        "added": row["added"],
        "removed": row["removed"],
        "at": spelled(row["atMillis"]),
        "reasons": reasons_of(json.loads(row["reasons"]), lang),
        "versions": versions_of(json.loads(row["details"])),
    }
