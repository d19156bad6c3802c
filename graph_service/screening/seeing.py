"""The process that looks: holds the columns, and answers each line on its input with a look."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, cast

from graph_service.logs import configure_logs
from graph_service.processes import peak_memory_mib
from graph_service.scans.searching import connected

if TYPE_CHECKING:
    from graph_service.fraud.detectors.shape import Detector
    from graph_service.snapshot.log import LogWriter

# What is stored and asked comes first where there are too few processors for all: beside what runs
# at the usual 0 this gets about a tenth (weights 110 and 1,024). Source: Linux, core.c.
NICE: Final = 10


def main() -> int:
    """Look whenever a line comes; end with standard input."""
    configure_logs("WARNING")
    os.nice(NICE)
    asyncio.run(_look_on(json.loads(sys.stdin.readline())))
    return 0


def say(told: dict[str, Any]) -> None:
    """Answer with a line."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


async def _look_on(job: dict[str, Any]) -> None:
    # These take a second and much memory to import, which only this process shall spend.
    from graph_service.fraud.scanning import Terms
    from graph_service.fraud.touching import Place
    from graph_service.screening.looking import Eye
    from graph_service.snapshot.files import load_log, save_log
    from graph_service.snapshot.reading import is_of, open_log, read_new

    detectors = cast("Sequence[Detector]", import_module(job["registry"]).DETECTORS)
    graph = connected(job["neo4j"])
    try:
        folder, is_stale = Path(job["folder"]), False
        base = load_log(folder)
        if base is not None and not await is_of(graph, base):
            base = None
        # What the last scan saw was looked at; without one, whoever is most suspicious comes first.
        seen = Place() if base is None or job["anew"] else Place.end_of(base)
        eye = Eye(seen, seed=job["seed"])
        say({"seq": 0 if base is None else base.seq})
        writer: LogWriter | None = None
        while line := await asyncio.to_thread(sys.stdin.readline):
            writer = writer or await open_log(graph, base)
            began, terms = perf_counter(), json.loads(line)
            if await read_new(graph, writer):
                # Somebody was erased: nothing of it stays here, nor in files.
                writer, is_stale = await open_log(graph), True
            log = writer.rebased()
            look = eye.look(log, detectors, Terms(tuple(terms["steps"]), terms["holdingDays"]))
            if is_stale and not look.left:
                save_log(folder, log)
                is_stale = False
            took = {"seconds": perf_counter() - began, "memoryMib": int(peak_memory_mib())}
            say({**asdict(look), "seq": writer.seq, **took})
    finally:
        await graph.close()


if __name__ == "__main__":
    raise SystemExit(main())
