"""How the alerts of a scan come to be shown: written beside those before, then shown at once.

Readers look for the set that is shown, so they see all of one scan or all of another; a scan that
dies on the way leaves what was shown before.
"""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from graph_service.errors import Conflict
from graph_service.graph.session import Graph, Row, Transaction
from graph_service.ingest.facts import canonical, digest
from graph_service.scans.jobs import Scan, hold_lease
from graph_service.scans.matching import Known, matched, matched_again

# Written in one transaction.
ROWS_TOGETHER: Final = 5_000
VERSIONS_TOGETHER: Final = 500
# Each may bring 2,000 orders.
CARRIED_TOGETHER: Final = 20
KNOWN_TOGETHER: Final = 1_000
REMOVED_TOGETHER: Final = 500
HISTORY_KEPT: Final = 50
# A ring that comes back within half a year keeps its alert; set.
GONE_DAYS: Final = 180
MILLIS_PER_DAY: Final = 86_400_000
# Members about whom it is asked at once which alerts are gone.
MEMBERS_TOGETHER: Final = 2_000
# A score that moves by less is the same score.
SCORE_STEP: Final = 0.01
SHOW_TIMEOUT_S: Final = 30.0
# What else of an alert is kept with what a scan says of it, never to be changed.
KEPT_DETAILS: Final = ("truncated", "counterfactual", "versions")
Alert = Mapping[str, Any]
# Asks a query of the graph, or within a transaction.
Read = Callable[..., Awaitable[list[Row]]]
T = TypeVar("T")


class ScanLost(Conflict):
    """The scan is no longer this process's: it was cancelled, or another process took it."""

    code = "scan_lost"


@dataclass(frozen=True)
class Source:
    """Who says so: a scan, or what looks at new facts. number: of the set that it is shown in."""

    scan_id: str
    number: int


@dataclass(frozen=True)
class Written:
    """What a scan says of alerts. rows: of those found. carried: of those that were not.

    Of the carried some are gone, and some stay live since nobody looked for their kind.
    """

    rows: list[dict[str, Any]]
    carried: list[dict[str, Any]]

    @property
    def live(self) -> int:
        """How many alerts there are now."""
        return len(self.rows) + sum(1 for row in self.carried if row["state"] == "live")

    def counts(self) -> dict[str, Any]:
        """How many there are, by kind and by what became of them."""
        both = [*self.rows, *self.carried]
        changes = Counter(row["change"] for row in both)
        kinds = Counter(row["kind"] for row in both if row["state"] == "live")
        return {
            "byKind": dict(sorted(kinds.items())),
            "live": self.live,
            **{name: changes[name] for name in ("changed", "gone")},
            "new": changes["new"] + changes["back"],
        }


async def known_alerts(graph: Graph, number: int) -> list[Known]:
    """The live alerts that a scan shows."""
    found: list[Known] = []
    after = ""
    while True:
        rows = await graph.read(
            "scans/list_live_versions", number=number, after=after, limit=KNOWN_TOGETHER
        )
        found += [known_of(row) for row in rows]
        if len(rows) < KNOWN_TOGETHER:
            return found
        after = rows[-1]["alertId"]


async def gone_alerts(
    read: Read, alerts: Sequence[Alert], *, shown: int, at_ms: int
) -> list[Known]:
    """The alerts on members of these that are gone of late. shown: number of the scan that is."""
    members = sorted({member for one in alerts for member in one["memberIds"]})
    found: dict[str, Known] = {}
    since = at_ms - GONE_DAYS * MILLIS_PER_DAY
    for part in _cut(members, MEMBERS_TOGETHER):
        rows = await read("scans/find_gone_alerts", number=shown, since=since, memberIds=list(part))
        found |= {row["alertId"]: known_of(row) for row in rows}
    return list(found.values())


def known_of(row: Row) -> Known:
    """An alert to be matched, from a row of the database."""
    return Known(row["alertId"], row["kind"], row["score"], frozenset(row["memberIds"]))


def compared(
    scan: Scan | Source,
    alerts: Sequence[Alert],
    known: Sequence[Known],
    *,
    shown: int,
    at_ms: int,
    gone: Sequence[Known] = (),
    kept_kinds: Sequence[str] = (),
) -> Written:
    """What to write of these alerts, given those that are shown.

    shown: number of the scan that is. gone: alerts that may come back. kept_kinds: of which
    nothing was looked for, so that their alerts stay as they are.
    """
    found = [(str(one["kind"]), frozenset[str](one["memberIds"])) for one in alerts]
    same = matched(known, found)
    back = matched_again(gone, found, same)
    rows: list[dict[str, Any]] = []
    for place, alert in enumerate(alerts):
        before = same.get(place) or back.get(place)
        members = found[place][1]
        alert_id = before.alert_id if before else new_alert_id(scan, alert)
        rows.append(
            {
                **{name: alert[name] for name in ("kind", "score", "amountAtRiskMinor")},
                "alertId": alert_id,
                "versionId": version_id(alert_id, scan.number),
                "scanId": scan.scan_id,
                "number": scan.number,
                "state": "live",
                "at": at_ms,
                "change": "back" if place in back else change_of(before, alert, members),
                "firstSeen": int(alert["firstSeen"]) // 1_000,
                "lastSeen": int(alert["lastSeen"]) // 1_000,
                "currency": alert["currency"],
                "reasons": json.dumps(alert["reasons"], ensure_ascii=False),
                "details": json.dumps(
                    {name: alert.get(name) for name in KEPT_DETAILS}, ensure_ascii=False
                ),
                "members": len(members),
                "added": len(members - before.members) if before else len(members),
                "removed": len(before.members - members) if before else 0,
                **{name: alert[name] for name in ("memberIds", "orderIds", "shopIds")},
            }
        )
    again = {one.alert_id for one in same.values()}
    carried = [
        {
            "alertId": one.alert_id,
            "versionId": version_id(one.alert_id, scan.number),
            "lastVersionId": version_id(one.alert_id, shown),
            "scanId": scan.scan_id,
            "number": scan.number,
            "at": at_ms,
            "kind": one.kind,
            "state": "live" if one.kind in kept_kinds else "gone",
            "change": "none" if one.kind in kept_kinds else "gone",
        }
        for one in known
        if one.alert_id not in again
    ]
    return Written(sorted(rows, key=lambda row: row["alertId"]), carried)


def new_alert_id(scan: Scan | Source, alert: Alert) -> str:
    """The same where a scan is done again after a crash."""
    return f"alert_{digest(canonical([scan.scan_id, alert['kind'], alert['memberIds']]))}"


def version_id(alert_id: str, number: int) -> str:
    """The name of what a scan says of an alert."""
    return f"{alert_id} {number}"


def change_of(before: Known | None, alert: Alert, members: frozenset[str]) -> str:
    """new, changed or none."""
    if before is None:
        return "new"
    same = before.members == members and abs(before.score - alert["score"]) < SCORE_STEP
    return "none" if same else "changed"


async def write_beside(graph: Graph, written: Written, shown: int) -> None:
    """Write the versions of a scan where nobody looks yet; what others left there is removed."""
    await _remove(graph, "scans/remove_unshown", number=shown)
    for rows in _cut(written.rows, VERSIONS_TOGETHER):
        own = [{name: row[name] for name in row if not name.endswith("Ids")} for row in rows]
        await graph.write("scans/store_versions", rows=own)
    for name in ("member", "order", "shop"):
        key = f"{name}Id"
        links = sorted(
            ((one, row["versionId"]) for row in written.rows for one in row[f"{key}s"]),
        )
        for part in _cut(links, ROWS_TOGETHER):
            rows = [{key: one, "versionId": version} for one, version in part]
            await graph.write(f"scans/link_alert_{name}s", rows=rows)
    for rows in _cut(written.carried, CARRIED_TOGETHER):
        await graph.write("scans/carry_versions", rows=rows)
        own = [{name: row[name] for name in ("versionId", "lastVersionId")} for row in rows]
        await graph.write("scans/link_carried", rows=own)
        await graph.write("scans/link_carried_evidence", rows=own)


async def write_members(
    graph: Graph, found: Mapping[str, Any], *, number: int, shown: int, at_ms: int
) -> None:
    """Write what the model says of members beside what is shown; of other scans it is let go."""
    await _remove(graph, "scans/remove_member_scores", number=shown, before=shown)
    rows = [
        {
            **{name: one[name] for name in ("memberId", "model", "joined")},
            "scoreId": f"{one['memberId']} {number}",
            "place": place,
            "reasons": json.dumps(one["reasons"], ensure_ascii=False),
        }
        for place, one in enumerate(found["members"], 1)
    ]
    for part in _cut(sorted(rows, key=lambda row: row["memberId"]), VERSIONS_TOGETHER):
        await graph.write(
            "scans/store_member_scores",
            rows=part,
            number=number,
            version=found["membersModel"],
            atMillis=at_ms,
        )


async def show_alerts(graph: Graph, scan: Scan, holder: str, details: Mapping[str, Any]) -> None:
    """Show what was written, in one transaction. Raises ScanLost where it is not to be shown."""

    async def work(transaction: Transaction) -> None:
        await transaction.run("scans/lock_alert_set", holder=holder)
        mine = await hold_lease(transaction, holder) and await transaction.run(
            "scans/note_progress",
            scanId=scan.scan_id,
            holder=holder,
            stage="scoring",
            progress=0.95,
        )
        if not mine:
            raise ScanLost(f"{scan.scan_id} is no longer this process's")
        told = json.dumps(details, ensure_ascii=False)
        await transaction.run("scans/keep_details", scanId=scan.scan_id, details=told)
        await transaction.run("scans/show_alert_set", scanId=scan.scan_id, number=scan.number)

    await graph.write_together(work, name="scans/show", timeout_s=SHOW_TIMEOUT_S)


async def tidy_alerts(graph: Graph, written: Written, before: int) -> None:
    """Let go of what is older than the set that was shown before."""
    await _remove(graph, "scans/remove_unchanged", number=before)
    await _remove(graph, "scans/unlink_past", number=before)
    for rows in _cut([row for row in written.rows if row["change"] != "none"], VERSIONS_TOGETHER):
        ids = [row["alertId"] for row in rows]
        await graph.write("scans/remove_old_history", alertIds=ids, keep=HISTORY_KEPT)
    await _remove(graph, "scans/remove_lone_alerts")


async def _remove(graph: Graph, query: str, **params: Any) -> None:
    removed = REMOVED_TOGETHER
    while removed >= REMOVED_TOGETHER:
        rows = await graph.write(query, limit=REMOVED_TOGETHER, **params)
        removed = rows[0]["removed"]


def _cut(rows: Sequence[T], size: int) -> list[Sequence[T]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]
