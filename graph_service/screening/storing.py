"""How what a look found joins the alerts that are shown: at once, and only ever more."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from graph_service.errors import Conflict
from graph_service.graph.session import Graph, Transaction
from graph_service.ids import new_id
from graph_service.scans.jobs import SCREENING, STORING
from graph_service.scans.matching import Known
from graph_service.scans.storing import Source, compared, gone_alerts, known_of

TIMEOUT_S: Final = 20.0


class ScanStores(Conflict):
    """A scan is writing its alerts just now; what a look found is added after that."""

    code = "scan_stores"


async def add_alerts(
    graph: Graph, alerts: Sequence[Mapping[str, Any]], at_ms: int
) -> list[dict[str, Any]]:
    """Add these to what is shown; the rows that are new or have grown.

    An alert that is shown already keeps its id, its members and at least its score: a scan has seen
    more of the mall. Raises ScanStores.
    """

    async def work(transaction: Transaction) -> list[dict[str, Any]]:
        shown = (await transaction.run("scans/lock_alert_set", holder=new_id()))[0]["number"]
        # A scan that begins to store holds the same lock: what is added until then it sees.
        if any(row["stage"] == STORING for row in await transaction.run("scans/find_open_scan")):
            raise ScanStores("a scan writes its alerts")
        members = sorted({member for one in alerts for member in one["memberIds"]})
        rows = await transaction.run(
            "screening/find_alerts_of_members", number=shown, memberIds=members
        )
        known = [known_of(row) for row in rows]
        source = Source(scan_id=SCREENING, number=shown)
        gone = await gone_alerts(transaction.run, alerts, shown=shown, at_ms=at_ms)
        written = compared(source, alerts, known, shown=shown, at_ms=at_ms, gone=gone).rows
        added = [row for row in (_grown(one, known) for one in written) if row is not None]
        if added:
            # The scan that is shown may have said of it that it is gone, and of whom.
            back = [row["versionId"] for row in added if row["change"] == "back"]
            await transaction.run("scans/unlink_versions", versionIds=back)
            own = [{name: row[name] for name in row if not name.endswith("Ids")} for row in added]
            # A scan said it under the same name: that is kept beside what is said now.
            kept = [
                {"versionId": one["versionId"], "keptId": f"{one['versionId']} {at_ms}"}
                for one in own
                if one["change"] != "new"
            ]
            await transaction.run("scans/keep_replaced", rows=kept)
            await transaction.run("scans/store_versions", rows=own)
            for name in ("member", "order", "shop"):
                key = f"{name}Id"
                links = sorted((one, row["versionId"]) for row in added for one in row[f"{key}s"])
                rows = [{key: one, "versionId": version} for one, version in links]
                await transaction.run(f"scans/link_alert_{name}s", rows=rows)
        return added

    return await graph.write_together(work, name="screening/add_alerts", timeout_s=TIMEOUT_S)


def _grown(row: dict[str, Any], known: Sequence[Known]) -> dict[str, Any] | None:
    """The row as it may be added: nobody leaves an alert, and no score falls; None: nothing new."""
    before = next((one for one in known if one.alert_id == row["alertId"]), None)
    if before is None:
        return row
    members = before.members.union(row["memberIds"])
    added = len(members) - len(before.members)
    if not added and row["score"] <= before.score:
        return None
    return {
        **row,
        "score": max(row["score"], before.score),
        "memberIds": sorted(members),
        "members": len(members),
        "added": added,
        "removed": 0,
    }
