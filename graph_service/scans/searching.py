"""The search itself, in a process of its own: facts in, findings out, memory given back.

A job comes as a line of JSON on standard input; progress goes out line by line; findings are
written to a file. The process ends when the one that started it is gone.
"""

import asyncio
import gc
import json
import os
import shutil
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, cast

import structlog
from pydantic import SecretStr

from graph_service.clock import time_string
from graph_service.errors import ServiceError
from graph_service.graph.queries import load_queries
from graph_service.graph.session import Graph
from graph_service.logs import configure_logs
from graph_service.plans.document import Plan
from graph_service.processes import peak_memory_mib
from graph_service.settings import Settings

if TYPE_CHECKING:
    from graph_service.fraud.detectors.shape import Detector, Finding
    from graph_service.fraud.members.noted import Noted
    from graph_service.fraud.scanning import Searched
    from graph_service.fraud.scene import Scene
    from graph_service.snapshot.log import Log

log = structlog.get_logger()
REGISTRY: Final = "graph_service.fraud.detectors.registry"
# What of an alert is kept at most; what is beyond is said aloud as truncated.
ORDERS_MAX, MEMBERS_MAX, SHOPS_MAX, REASONS_MAX = 2_000, 5_000, 500, 20
# Alerts of one scan, the greatest scores first.
ALERTS_MAX: Final = 5_000
SCORE_DECIMALS: Final = 6
MIB: Final = 2**20
# Of the whole, the part that reading the facts makes up.
READING_PART: Final = 0.3
# Of the whole, where the members' scores begin; storing begins at 0.9.
EXPLAINING_FROM: Final = 0.8
MEMBERS_FROM: Final = 0.88
# How often it is noted how far a search is, and looked whether it is called off (s).
BEAT_S: Final = 0.5
# What a search says at most of why it died.
WHY_CHARACTERS_MAX: Final = 2_000


class SearchDied(ServiceError):
    """The process that searched ended without an answer."""

    status, code = 500, "search_died"


Note = Callable[[str, float], Awaitable[None]]


async def search_apart(job: Mapping[str, Any], note: Note) -> dict[str, Any]:
    """What a process of its own finds, which is ended where `note` raises. Raises SearchDied.

    note: is told again and again how far it is.
    """
    folder = Path(mkdtemp(prefix="graph-service-scan-"))
    try:
        answer = folder / "answer.json"
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "graph_service.scans.searching"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            why = await _follow(child, {**job, "answer": str(answer)}, note)
        finally:
            if child.returncode is None:
                child.kill()
            await child.wait()
        if child.returncode or not answer.exists():
            raise SearchDied(f"the search ended with code {child.returncode}: {why}")
        return await asyncio.to_thread(lambda: json.loads(answer.read_text("utf-8")))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _follow(child: asyncio.subprocess.Process, job: Mapping[str, Any], note: Note) -> str:
    """Pass on how far a search is until it ends; what it said of why."""
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdin.write(json.dumps(job).encode() + b"\n")
    place: tuple[str, float] = ("reading", 0.0)

    async def listen(lines: asyncio.StreamReader) -> None:
        nonlocal place
        while line := await lines.readline():
            told = json.loads(line)
            place = (told["stage"], told["progress"])

    async def complain(lines: asyncio.StreamReader) -> str:
        said = b""
        while part := await lines.read(65_536):
            said = (said + part)[-WHY_CHARACTERS_MAX:]
        return said.decode("utf-8", "replace").strip()

    heard = asyncio.create_task(listen(child.stdout))
    complaint = asyncio.create_task(complain(child.stderr))
    try:
        while not heard.done():
            await asyncio.wait([heard], timeout=BEAT_S)
            await note(*place)
        await child.wait()
        return await complaint
    finally:
        heard.cancel()
        complaint.cancel()


def main() -> int:
    """Do the job on standard input."""
    configure_logs("WARNING")
    job: dict[str, Any] = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    found = asyncio.run(_search(job))
    Path(job["answer"]).write_text(json.dumps(found), encoding="utf-8")
    return 0


def _end_with_parent() -> None:
    """Standard input ends when the process that holds its other end does."""
    sys.stdin.read()
    os._exit(1)


def tell(stage: str, progress: float) -> None:
    """Say how far it is (0 to 1)."""
    sys.stdout.write(json.dumps({"stage": stage, "progress": round(progress, 3)}) + "\n")
    sys.stdout.flush()


async def _search(job: dict[str, Any]) -> dict[str, Any]:
    # These take a second and much memory to import, which only this process shall spend.
    from graph_service.fraud.counterfactuals.explaining import explained
    from graph_service.fraud.counterfactuals.telling import told_of
    from graph_service.fraud.scanning import Terms, search_log

    began = perf_counter()
    tell("reading", 0.0)
    told = await _read(job)
    read_s = perf_counter() - began
    detectors = cast("Sequence[Detector]", import_module(job["registry"]).DETECTORS)
    searched = search_log(
        told,
        detectors,
        terms=Terms(tuple(job["steps"]), job["holdingDays"]),
        progress=lambda stage, done: tell(
            stage, READING_PART + (EXPLAINING_FROM - READING_PART) * done
        ),
    )
    findings = searched.findings[:ALERTS_MAX]
    tell("explaining", EXPLAINING_FROM)
    why = explained(told, searched.scene, findings, detectors)
    alerts = [
        {**alert_of(searched.scene, one, detectors), "counterfactual": told_of(why[place])}
        if place in why
        else alert_of(searched.scene, one, detectors)
        for place, one in enumerate(findings)
    ]
    notes = searched.notes
    tell("members", MEMBERS_FROM)
    members = members_of(searched, [Path(one) for one in job["models"]])
    notes += members.notes
    if len(searched.findings) > ALERTS_MAX:
        notes.append(f"{len(searched.findings):,} findings, of which {ALERTS_MAX:,} are kept")
    return {
        "alerts": alerts,
        "members": list(members.rows),
        "membersModel": members.version,
        "seq": told.seq,
        "now": None if told.now < 0 else time_string(told.now),
        "rows": told.rows,
        "suppressed": searched.suppressed,
        "canaries": list(searched.canaries),
        "missed": list(searched.missed),
        "failed": list(searched.failed),
        "notes": notes,
        "readSeconds": round(read_s, 2),
        "searchSeconds": round(perf_counter() - began - read_s, 2),
        "memoryMib": int(peak_memory_mib()),
    }


def members_of(searched: "Searched", folders: Sequence[Path]) -> "Noted":
    """What the model says of members. Where that breaks there is none, and a note: alerts count."""
    from graph_service.fraud.members.noted import Noted, noted_members

    try:
        return noted_members(
            searched.scene, searched.findings, graded=searched.graded, folders=folders
        )
    except Exception as fault:
        log.exception("members.failed")
        return Noted("", notes=(f"members were not scored: {type(fault).__name__}",))


async def _read(job: dict[str, Any]) -> "Log":
    """The log up to now, kept as files for the next scan. incremental: goes on from the last."""
    from graph_service.snapshot.files import load_log, save_log
    from graph_service.snapshot.reading import read_log

    folder = Path(job["folder"])
    base = load_log(folder) if job["mode"] == "incremental" else None
    graph = connected(job["neo4j"])
    # Facts hold no circles; to look for some among millions of new objects took a fifth longer.
    gc.disable()
    try:
        told = await read_log(
            graph,
            base,
            progress=lambda done, whole: tell("reading", READING_PART * 0.9 * done / max(1, whole)),
        )
    finally:
        gc.enable()
        await graph.close()
    if base is None or (told.seq, told.mark) != (base.seq, base.mark):
        tell("reading", READING_PART * 0.95)
        save_log(folder, told)
    return told


def connected(connection: dict[str, Any]) -> Graph:
    """A graph by the address in a job."""
    secret = SecretStr(connection["neo4j_password"])
    settings = Settings().model_copy(update={**connection, "neo4j_password": secret})
    return Graph.connect(settings, load_queries())


def terms_of(plan: Plan) -> dict[str, Any]:
    """What of the plan in force a job names."""
    steps = [step.from_minor for step in plan.ladder.steps if step.from_minor > 0]
    return {"steps": steps, "holdingDays": plan.holding_days}


def connection_of(settings: Settings) -> dict[str, Any]:
    """The address that a job names."""
    return {
        "neo4j_uri": settings.neo4j_uri,
        "neo4j_username": settings.neo4j_username,
        "neo4j_password": settings.neo4j_password.get_secret_value(),
        "neo4j_database": settings.neo4j_database,
    }


def alert_of(scene: "Scene", finding: "Finding", detectors: "Sequence[Detector]") -> dict[str, Any]:
    """A finding with ids for numbers, cut to what is kept of one, and how it was found."""
    from graph_service.fraud.detectors.versions import versions_of

    by = next((one for one in detectors if one.kind == finding.kind), None)
    names, orders = scene.snapshot.names, finding.orders[-ORDERS_MAX:]
    members = finding.members[:MEMBERS_MAX]
    return {
        "kind": finding.kind,
        "score": round(finding.score, SCORE_DECIMALS),
        "memberIds": sorted(names["member"][one] for one in members),
        "orderIds": sorted(names["order"][one] for one in orders),
        "shopIds": sorted(names["shop"][one] for one in finding.shops[:SHOPS_MAX]),
        "reasons": [asdict(one) for one in finding.reasons[:REASONS_MAX]],
        "firstSeen": finding.first_seen,
        "lastSeen": finding.last_seen,
        "amountAtRiskMinor": finding.amount_minor,
        "currency": _currency(scene, finding),
        "truncated": finding.truncated
        or len(finding.orders) > ORDERS_MAX
        or len(finding.members) > MEMBERS_MAX
        or len(finding.shops) > SHOPS_MAX,
        "counterfactual": None,
        "versions": versions_of(by, scene),
    }


def _currency(scene: "Scene", finding: "Finding") -> str | None:
    """That of its latest order."""
    numbers = scene.snapshot.orders.currency
    if not finding.orders or numbers[finding.orders[-1]] < 0:
        return None
    return scene.snapshot.names["currency"][int(numbers[finding.orders[-1]])]


if __name__ == "__main__":
    raise SystemExit(main())
