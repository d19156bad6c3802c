"""Everything that scans leave in the graph, for tests of the model."""

from datetime import datetime
from pathlib import Path
from typing import Any

from graph_service.cases.alerts import Shown, score_members
from graph_service.cases.rules import read_rules
from graph_service.graph.session import Graph
from graph_service.holds.placing import millis_of
from graph_service.pipeline import Pipeline
from graph_service.scans.jobs import Scan, ask_scan
from graph_service.scans.storing import compared, known_alerts, write_beside
from graph_service.scans.working import Scanner
from graph_service.settings import Settings

FOUND: dict[str, Any] = {
    "seq": 1,
    "now": None,
    "rows": 1,
    "suppressed": 0,
    "canaries": [],
    "missed": [],
    "failed": [],
    "notes": [],
    "readSeconds": 0.1,
    "searchSeconds": 0.1,
    "memoryMib": 1,
    "members": [],
    "membersModel": "members-1",
}


def rated(member_id: str, model: float, joined: float | None = None) -> dict[str, Any]:
    """What a model says of a member, as a search gives it."""
    reason = {"feature": "orders", "value": 12.0, "percentile": 97.0, "contribution": 1.5}
    return {
        "memberId": member_id,
        "model": model,
        "joined": model if joined is None else joined,
        "amountMinor": 100,
        "reasons": [{**reason, "zh": "支付订单数：12单", "en": "How many orders were paid? 12"}],
    }


def alert(member_ids: list[str], *, score: float = 0.95, **more: Any) -> dict[str, Any]:
    """An alert as a search gives it."""
    reason = {"feature": "f", "value": 1.0, "baseline": 0.0, "contribution": score}
    return {
        "kind": "fake_order_ring",
        "score": score,
        "memberIds": member_ids,
        "orderIds": [],
        "shopIds": [],
        "reasons": [{**reason, "zh": "中", "en": "en"}],
        "firstSeen": 1_700_000_000_000_000,
        "lastSeen": 1_700_000_001_000_000,
        "amountAtRiskMinor": 1,
        "currency": "CNY",
        "truncated": False,
        **more,
    }


class Told(Scanner):
    """A scanner that is told what there is to find."""

    found: dict[str, Any]

    async def _search(self, scan: Scan) -> dict[str, Any]:  # noqa: ARG002
        return self.found


def told_scanner(pipeline: Pipeline, alerts: list[dict[str, Any]], **more: Any) -> Told:
    """A scanner on the pipeline's graph that finds these alerts."""
    scanner = Told(pipeline.graph, pipeline, read_rules(), Settings(data_dir=Path("/nowhere")))
    scanner.found = {**FOUND, "alerts": alerts, **more}
    return scanner


async def scanned(pipeline: Pipeline, alerts: list[dict[str, Any]], **more: Any) -> str:
    """The id of a scan that found these alerts."""
    asked = await ask_scan(pipeline.graph, "full", "test", pipeline.clock)
    await told_scanner(pipeline, alerts, **more).do_next()
    return asked.scan_id


async def show_alone(graph: Graph, alerts: list[dict[str, Any]]) -> None:
    """Show these alerts without a scan that others might take."""
    times: dict[str, int | None] = {"created": None, "started": None, "ended": None}
    scan = Scan("scan_0", 1, "full", "running", "", 0, 1, times, "test", None, None, {})
    await write_beside(graph, compared(scan, alerts, [], shown=0, at_ms=1), 0)
    await graph.write("scans/lock_alert_set", holder="test")
    await graph.write("scans/show_alert_set", scanId=scan.scan_id, number=scan.number)


async def found_by(graph: Graph, number: int, alerts: list[dict[str, Any]], now: datetime) -> None:
    """Show these alerts as a scan of that number would, and score their members; no scan is asked

    for that others might take.
    """
    times: dict[str, int | None] = {"created": None, "started": None, "ended": None}
    name = f"scan_{number}"
    scan = Scan(name, number, "full", "running", "", 0, 1, times, "test", None, None, {})
    shown: int = (await graph.read("scans/read_alert_set"))[0]["number"]
    known = await known_alerts(graph, shown)
    await write_beside(
        graph, compared(scan, alerts, known, shown=shown, at_ms=millis_of(now)), shown
    )
    await graph.write("scans/lock_alert_set", holder="test")
    await graph.write("scans/show_alert_set", scanId=name, number=number)
    await score_members(graph, Shown(name, number, shown, 0.5, {}, "test"), read_rules(), now)


async def every_scan_property(pipeline: Pipeline, member_id: str, order_id: str) -> None:
    """An alert on an order and its shop, then a scan that did not find it, and one that failed."""
    evidence: dict[str, Any] = {"orderIds": [order_id], "shopIds": ["shop"]}
    await scanned(pipeline, [alert([member_id], **evidence)], members=[rated(member_id, 0.4)])
    await scanned(pipeline, [], missed=["fake_order_ring"], canaries=["fake_order_ring"])
    await scanned(pipeline, [alert([member_id], kind="sleeper", **evidence)])
