"""What scans and screening take on a loaded mall.

uv run python -m tests.scans.measure FOLDER [--pairs 3] [--rings 5] [--no-scans] [--behind]

FOLDER: a data folder that `graph-service load --bulk` filled, on which nothing runs. A whole and an
incremental scan; batches of events with screening off and on, in turn; then rings, each in one
request, until GET /v1/fraud/alerts tells of them. Writes to the mall of the folder.

For figures of a mall at rest the ledger must have followed the load: it is waited for, unless
--behind is given.
"""

import json
import os
import re
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter, sleep, time_ns
from typing import Any, Final

import httpx2

from graph_service.bench.bare import open_bare
from graph_service.bench.runs import catch_up
from graph_service.bench.stage import Service, Stage
from graph_service.worlds.world import world_events, world_of
from tests.worlds import Event
from tests.worlds.frauds import order_ring

BATCH, BATCHES, WARM = 500, 8, 6
# A pair takes some 14,000 events.
OTHERS = 80_000
DAY = "2026-06-01"
IDS: Final = re.compile(r"Id$|^couponCode$")
KEY: Final = "key-of-the-measuring-of-scans"
PATIENCE_S: Final = 60.0
# Between rings: what follows for the members of one is done before the next.
PAUSE_S: Final = 10.0
LIMITS: Final = {"RATE_PER_SECOND": "1000000", "RATE_BURST": "1000000"}


def environment(folder: Path, *, screening: bool) -> dict[str, str]:
    own = {
        "DATA_DIR": str(folder),
        "BOOTSTRAP_API_KEY": KEY,
        "SCREENING": str(screening).lower(),
        **LIMITS,
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith("NEO4J_")}
    return {**others, **{f"GRAPH_SERVICE_{name}": value for name, value in own.items()}}


def stage_of(folder: Path, *, screening: bool) -> Stage:
    return Stage(folder, environment(folder, screening=screening))


def renamed(event: Event, run: str, later: timedelta) -> Event:
    """An event of another mall, by ids that nobody has, and later."""
    data = {
        name: f"{run}-{value}" if IDS.search(name) and value else value
        for name, value in event["data"].items()
    }
    for line in data.get("lines", ()):
        line["productId"] = f"{run}-{line['productId']}"
    for one in data.get("identifiers", ()):
        one["value"] = f"{one['value']} {run}" if one["kind"] != "phone" else one["value"]
    at = datetime.fromisoformat(event["time"]) + later
    return {**event, "id": f"{run}-{event['id']}", "time": at.isoformat(), "data": data}


def later_events(run: str) -> Iterator[Event]:
    """What members of a new mall do in June, as if it were in this mall by its end."""
    mall = world_of("S", members=OTHERS, seed=11)
    days = (one for one in world_events(mall) if one["time"] >= DAY)
    return (renamed(one, run, timedelta(days=30)) for one in days if "createdAt" not in one["data"])


def scanned(stage: Stage, *arguments: str) -> dict[str, Any]:
    started = perf_counter()
    file = stage.folder / "scan.json"
    with stage._process("scan", "--json", *arguments) as process:  # pyright: ignore[reportPrivateUsage]
        told = process.communicate()[0]
    file.write_text(told, encoding="utf-8")
    scan = json.loads(told.splitlines()[-1])["scan"]
    kept = ("status", "seconds", "memoryMib", "rows", "byKind", "newAlerts", "error")
    return {"command": round(perf_counter() - started, 1), **{one: scan[one] for one in kept}}


def looks(service: Service) -> float:
    """How often screening has looked so far."""
    url = f"http://127.0.0.1:{service.connection.port}/metrics"
    text = httpx2.get(url, headers={"Authorization": f"Bearer {KEY}"}, timeout=PATIENCE_S).text
    found = re.search(r"^fraud_screening_looks_total (\S+)", text, re.MULTILINE)
    return float(found.group(1)) if found else 0.0


def first_look(service: Service, events: Iterator[Event]) -> float:
    """Seconds until screening has looked for the first time, with all columns in memory."""
    started = perf_counter()
    service.ask("POST", "/v1/events?wait=true", list(islice(events, 1)))
    while not looks(service):
        sleep(0.2)
    return perf_counter() - started


def ingested(service: Service, events: Iterator[Event]) -> list[float]:
    """Seconds of each batch, sent at once one after the other."""
    for _ in range(WARM):
        service.ask("POST", "/v1/events", list(islice(events, BATCH)))
    batches = [list(islice(events, BATCH)) for _ in range(BATCHES)]
    if len(batches[-1]) < BATCH:
        raise SystemExit("there are not so many events for all these pairs")
    return [service.ask("POST", "/v1/events", one)[0] for one in batches]


def ring(run: str, until: datetime) -> list[Event]:
    """A ring of ten buyers whose closing order is the last event, at this time."""
    events = sorted(order_ring(), key=lambda one: one["time"])
    later = until - datetime.fromisoformat(events[-1]["time"])
    return [renamed(one, run, later) for one in events]


def told_after(service: Service, number: int, run: str, until: datetime) -> float | None:
    """Seconds from a ring's request, its closing order last, to its alert in the list."""
    events = ring(f"{run}-{number}", until)
    started = perf_counter()
    service.ask("POST", "/v1/events", events)
    wanted = f"/v1/fraud/alerts?memberId={run}-{number}-b0"
    while perf_counter() - started < PATIENCE_S:
        if service.ask("GET", wanted)[1]["items"]:
            return perf_counter() - started
        sleep(0.05)
    return None


def say(*words: object) -> None:
    sys.stdout.write(" ".join(str(one) for one in words) + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--rings", type=int, default=5)
    parser.add_argument("--no-scans", action="store_true")
    parser.add_argument("--behind", action="store_true")
    wanted = parser.parse_args()
    run = f"r{time_ns() // 10**9}"
    off, on = (stage_of(wanted.folder, screening=one) for one in (False, True))
    if not wanted.no_scans:
        say("scan --full", scanned(off, "--full"))
        say("scan", scanned(off))
    events, ratios = later_events(run), list[float]()
    for number in range(wanted.pairs):
        # Who comes second finds a warmer database, so they take turns.
        both = (off, on) if number % 2 == 0 else (on, off)
        told = {
            one is on: _timed(one, events, is_on=one is on, behind=wanted.behind) for one in both
        }
        times = told[False], told[True]
        ratios.append(times[1] / times[0])
        say(f"{BATCH} events: off {times[0]:.2f} s, on {times[1]:.2f} s, ratio {ratios[-1]:.2f}")
    if ratios:
        say(f"median of {wanted.pairs} pairs: {median(ratios):.2f}")
    with on.service() as service:
        first_look(service, events)
        until = datetime.fromisoformat(next(events)["time"])
        for number in range(wanted.rings):
            sleep(PAUSE_S)
            took = told_after(service, number, run, until + timedelta(minutes=number))
            say("ring told after", "nothing" if took is None else f"{took:.1f} s")


def _timed(stage: Stage, events: Iterator[Event], *, is_on: bool, behind: bool) -> float:
    """The median seconds of a batch on a service of its own."""
    with stage.service() as service:
        if not behind:
            with open_bare(service.neo4j) as bare:
                catch_up(bare, lambda _: None)
        if is_on:
            say(f"first look after {first_look(service, events):.1f} s")
        return median(ingested(service, events))


if __name__ == "__main__":
    main()
