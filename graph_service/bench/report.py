"""The bench from first to last, and how its figures are written down."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console

from graph_service.bench.bare import open_bare
from graph_service.bench.figures import Figures, machine_facts
from graph_service.bench.runs import Effort, catch_up, subjects_of, time_ingest, time_questions
from graph_service.bench.stage import Stage, open_stage
from graph_service.demo.world_file import write_world
from graph_service.errors import Invalid
from graph_service.worlds.world import WORLDS, World, world_events, world_of

# A world has about as many events as its size says, small ones a tenth more or less.
EVENTS_SURE_PART = 0.9
PAGE = """# Benchmarks

Written by `graph-service bench --write docs/benchmarks.md` on the machine below; run it for
figures of your own. Absolute times belong to that machine and what else ran on it; ratios are
taken in the same run, in turn with the peer, and hold better.

{machine}

## Requests over HTTP

One client, one connection, one request at a time. Each figure is the median over the repeats.
*Ratio*: our median time over the peer's. The peer of a write is the bare Neo4j driver that
creates one node of strings for each event, without key, check, link or count; the peer of a
question is an empty round trip of the bare driver (`RETURN 1`), that of batch attribution the
bare driver that reads the paths of the same orders and nothing else. *wait*: the answer comes
when what is derived is booked too. Questions are asked after a bulk load, when the ledger has
caught up with it.

{requests}

## Loading and memory

`load --bulk` from a file of JSON lines into an empty store, everything included: reading, import,
start, constraints. Then the service starts, and its ledger follows the facts one by one.

{loads}

{followed}

Memory is the peak of each process over all of the above on that world.

{peaks}
"""


def run_bench(worlds: Sequence[World], effort: Effort, console: Console) -> Figures:
    """Measure ingest on the first world and questions on each; minutes for S, more for M.

    Raises Invalid where the first world has too few events for so many repeats, GraphUnavailable
    where a process of the bench fails.
    """
    first = worlds[0]
    if first.events * EVENTS_SURE_PART < effort.ingested:
        raise Invalid(
            f"{effort.repeats} repeats ingest {effort.ingested:,} events, more than world "
            f"{first.name} is sure to have: take a larger world or fewer repeats"
        )
    figures = Figures(machine_facts())
    with open_stage() as stage:
        _bench_ingest(stage, first, effort, figures, console)
    for world in worlds:
        with open_stage() as stage:
            _bench_questions(stage, world, effort, figures, console)
    return figures


def _bench_ingest(
    stage: Stage, world: World, effort: Effort, figures: Figures, console: Console
) -> None:
    with console.status("starting") as status, stage.service() as service:
        with open_bare(service.neo4j) as bare:
            events = world_events(world)

            def say(what: str) -> None:
                status.update(f"{world.name}: {what}")

            for timed in time_ingest(service, bare, events, world.name, effort, say):
                _add(figures, timed.row(), console)
        figures.memory.append({"what": "ingest", "world": world.name, **service.peaks()})


def _bench_questions(
    stage: Stage, world: World, effort: Effort, figures: Figures, console: Console
) -> None:
    with console.status(f"{world.name}: making the world") as status:
        file = stage.folder / "world.jsonl"
        events = write_world(world, file, Console(quiet=True))
        with file.open("rb") as lines:
            subjects = subjects_of(map(orjson.loads, lines), world.seed)
        status.update(f"{world.name}: bulk load")
        seconds = stage.run("load", "--bulk", str(file))
        figures.loads.append({"world": world.name, "events": events, "seconds": seconds})
        console.print(
            f"{world.name}: {events:,} events in {seconds:.0f} s ({events / seconds:,.0f}/s)"
        )
        file.unlink()
        with stage.service() as service:
            with open_bare(service.neo4j) as bare:

                def say(what: str) -> None:
                    status.update(f"{world.name}: {what}")

                facts, took = catch_up(bare, say)
                figures.followed.append({"world": world.name, "facts": facts, "seconds": took})
                for timed in time_questions(service, bare, subjects, world.name, effort, say):
                    _add(figures, timed.row(), console)
            figures.memory.append({"what": "questions", "world": world.name, **service.peaks()})


def _add(figures: Figures, row: dict[str, Any], console: Console) -> None:
    figures.rows.append(row)
    console.print(
        f"{row['world']} {row['what']}: p50 {row['p50Ms']:,.1f} ms, p99 {row['p99Ms']:,.1f} ms, "
        f"{row['perSecond']:,.0f}/s, {row['ratio']:,.1f} x {row['peer']}",
        highlight=False,
    )


def write_figures(figures: Figures, *, json_file: Path | None, page: Path | None) -> None:
    """Keep the figures as JSON and as the page of benchmarks. Raises OSError."""
    if json_file is not None:
        json_file.write_text(json.dumps(figures.body(), indent=2) + "\n", encoding="utf-8")
    if page is not None:
        page.write_text(page_of(figures.body()), encoding="utf-8")


def page_of(body: dict[str, Any]) -> str:
    """The page of these figures in Markdown."""
    machine = "\n".join(f"- {name}: {value}" for name, value in body["machine"].items())
    requests = _table(
        ["world", "request", "p50 (ms)", "p99 (ms)", "units/s", "ratio", "peer", "requests"],
        [
            [
                row["world"],
                row["what"],
                f"{row['p50Ms']:,.1f}",
                f"{row['p99Ms']:,.1f}",
                f"{row['perSecond']:,.0f}",
                f"{row['ratio']:,.1f}",
                row["peer"],
                f"{row['repeats']} x {row['requests'] // row['repeats']}",
            ]
            for row in body["requests"]
        ],
    )
    loads = _table(
        ["world", "events", "load --bulk (s)", "events/s"],
        [_rate(row, "events") for row in body["loads"]],
    )
    followed = _table(
        ["world", "facts", "ledger (s)", "facts/s"],
        [_rate(row, "facts") for row in body["followed"]],
    )
    peaks = _table(
        ["world", "while", "service (MiB)", "Neo4j (MiB)"],
        [
            [one["world"], one["what"], _mib(one["serviceMib"]), _mib(one["neo4jMib"])]
            for one in body["memory"]
        ],
    )
    return PAGE.format(
        machine=machine, requests=requests, loads=loads, followed=followed, peaks=peaks
    )


def _rate(row: dict[str, Any], what: str) -> list[str]:
    count, seconds = row[what], row["seconds"]
    return [row["world"], f"{count:,}", f"{seconds:,.0f}", f"{count / seconds:,.0f}"]


def _mib(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.0f}"


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def worlds_of(sizes: Sequence[str], members: int | None) -> list[World]:
    """The worlds to measure on, in the order asked for, or one with so many members.

    Raises Invalid where there is no such world.
    """
    if members is not None:
        return [world_of("S", members=members)]
    named: dict[str, World] = {**WORLDS}
    unknown = sorted(set(sizes) - set(named))
    if unknown:
        raise Invalid(f"there is no world {', '.join(unknown)}; there are {', '.join(WORLDS)}")
    return [named[name] for name in dict.fromkeys(sizes)]
