"""The commands that search for fraud, and that write what a search reads."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from graph_service.cases.rules import read_rules
from graph_service.errors import ServiceError
from graph_service.graph.opening import OpenGraph, open_graph, settings_for
from graph_service.ingest.tokens import open_tokeniser
from graph_service.logs import configure_logs
from graph_service.pipeline import open_pipeline
from graph_service.plans.member import Lang
from graph_service.scans.alerts import Wanted, list_alerts
from graph_service.scans.jobs import Scan, ask_scan, read_scan
from graph_service.scans.working import Scanner
from graph_service.settings import Settings
from graph_service.signals import run_until_told

BY = "cli"
MIB = 2**20
MEMBERS_SHOWN = 3
Follow = Callable[[str, float], None]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def scan(
    *,
    full: Annotated[bool, typer.Option("--full", help="Read all facts anew.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Most alerts shown.")] = 20,
    lang: Annotated[Lang, typer.Option(help="Language of the reasons.")] = "zh",
    as_json: AsJson = False,
) -> None:
    """Search for fraud and show the alerts; exit code 1 if the search failed."""
    settings = Settings()
    configure_logs("ERROR")

    async def done() -> int:
        async with open_graph(settings) as opened:
            with _progress(quiet=as_json) as follow:
                told = await _scan(settings, opened, full=full, follow=follow)
            items, _ = await list_alerts(opened.graph, Wanted(), lang, limit=limit)
        body = told.body()
        if as_json:
            typer.echo(json.dumps({"scan": body, "alerts": items}, ensure_ascii=False))
        else:
            _show(body, items)
        return int(told.status != "done")

    raise SystemExit(run_until_told(done()))


async def _scan(settings: Settings, opened: OpenGraph, *, full: bool, follow: Follow) -> Scan:
    """Ask for a scan and do it here; where a service does scans too, either of both does it."""
    graph = opened.graph
    pipeline = await open_pipeline(graph, open_tokeniser(settings))
    named = settings_for(settings, opened.address) if opened.address else settings
    asked = await ask_scan(graph, "full" if full else "incremental", BY, pipeline.clock)
    rules = read_rules(settings.risk_rules)
    scanner = Scanner(graph, pipeline, rules, named, on_progress=follow)
    while (told := await read_scan(graph, asked.scan_id)).is_open:
        if await scanner.do_next() is None:
            follow(told.stage, told.progress)
            await scanner.rest()
    return told


@contextmanager
def _progress(*, quiet: bool) -> Generator[Follow]:
    columns = (TextColumn("{task.description:<22}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, TimeElapsedColumn(), transient=True, disable=quiet) as progress:
        task = progress.add_task("queued", total=1.0)

        def follow(stage: str, done: float) -> None:
            progress.update(task, description=stage, completed=done)

        yield follow


def _show(body: dict[str, Any], items: list[dict[str, Any]]) -> None:
    console = Console()
    if body["error"] is not None:
        console.print(f"[red]{body['error']['code']}[/]: {body['error']['detail']}", soft_wrap=True)
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in body["byKind"].items())
    console.print(
        f"scan {body['status']} in {body['seconds']} s: {body['alerts']} alerts"
        f" ({kinds or 'none'}); as of {body['asOf']}, {body['rows'] or 0:,} rows,"
        f" {body['memoryMib']} MiB, canary {body['canary']}",
        highlight=False,
        soft_wrap=True,
    )
    table = Table(
        "kind", "score", "members", "who", "at risk", "why", box=None, padding=(0, 1, 0, 0)
    )
    for column in (table.columns[1], table.columns[2], table.columns[4]):
        column.justify = "right"
    for item in items:
        people = item["memberIds"]
        more = " …" if len(people) > MEMBERS_SHOWN else ""
        table.add_row(
            item["kind"],
            f"{item['score']:.2f}",
            f"{len(people):,}",
            ", ".join(people[:MEMBERS_SHOWN]) + more,
            f"{item['amountAtRiskMinor'] / 100:,.0f} {item['currency'] or ''}",
            item["reasons"][0]["text"] if item["reasons"] else "",
        )
    # Member ids may hold what would be markup.
    console.print(table, markup=False)
    for note in body["notes"]:
        console.print(note, markup=False, highlight=False, soft_wrap=True)


def snapshot(*, as_json: AsJson = False) -> None:
    """Write the facts of the graph as Parquet files, which a scan reads and others may."""
    # These take long to import, which the other commands need not wait for.
    from graph_service.snapshot.files import load_log, save_log
    from graph_service.snapshot.reading import read_log

    settings = Settings()
    configure_logs("ERROR")

    async def done() -> int:
        async with open_graph(settings) as opened:
            pipeline = await open_pipeline(opened.graph, open_tokeniser(settings))
            await pipeline.settle(timeout_s=30)
            began = perf_counter()
            with _progress(quiet=as_json) as follow:
                told = await read_log(
                    opened.graph,
                    progress=lambda done, whole: follow("reading", done / max(1, whole)),
                )
            read_s = perf_counter() - began
        folder = settings.data_dir / "snapshots"
        began = perf_counter()
        whole = save_log(folder, told)
        write_s = perf_counter() - began
        began = perf_counter()
        if load_log(folder) is None:
            raise ServiceError(f"{whole} cannot be read again")
        load_s = perf_counter() - began
        figures: dict[str, Any] = {
            "folder": str(whole),
            "seq": told.seq,
            "rows": told.rows,
            "columnsMib": round(told.column_bytes / MIB, 1),
            "diskMib": round(_bytes_of(whole) / MIB, 1),
            "readSeconds": round(read_s, 2),
            "writeSeconds": round(write_s, 2),
            "loadSeconds": round(load_s, 2),
        }
        if as_json:
            typer.echo(json.dumps(figures))
        else:
            Console().print(
                f"{told.rows:,} rows of {told.seq:,} facts: {figures['columnsMib']:,} MiB of"
                f" columns in memory, {figures['diskMib']:,} MiB on disk in {whole}\n"
                f"read in {read_s:.1f} s, written in {write_s:.1f} s, loaded in {load_s:.1f} s",
                highlight=False,
                soft_wrap=True,
            )
        return 0

    raise SystemExit(run_until_told(done()))


def _bytes_of(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.iterdir())
