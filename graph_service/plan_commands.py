"""The commands that show, check, put and activate plans, beside a running service or without."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from graph_service.clock import time_string, utc_now
from graph_service.errors import GraphTimeout, Invalid, NotFound
from graph_service.graph.opening import open_graph
from graph_service.graph.session import Row
from graph_service.ingest.envelope import parse_time
from graph_service.ingest.tokens import open_tokeniser
from graph_service.logs import configure_logs
from graph_service.pipeline import Pipeline, open_pipeline
from graph_service.plans.document import Plan, warnings
from graph_service.plans.member import Lang, warning_texts
from graph_service.plans.parsing import parse_plan
from graph_service.plans.versions import (
    activate_version,
    document_of,
    list_versions,
    put_version,
    read_version,
)
from graph_service.settings import Settings
from graph_service.signals import run_until_told

app = typer.Typer(
    help=(
        "Plans: the rules by which money is earned, in versions that never change. A running"
        " service follows an activation within seconds."
    ),
    no_args_is_help=True,
)
PAGE_PLANS = 500
FAULTS_TOLD = 50
FOLLOW_S = 60.0
LANGS: tuple[Lang, ...] = ("zh", "en")
words = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PlanFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A plan: JSON, or YAML in .yaml or .yml.")
]
VersionName = Annotated[str, typer.Argument(metavar="VERSION", help="As `plan list` shows it.")]


@app.command("show")
def show(
    version: Annotated[
        str | None, typer.Argument(metavar="VERSION", help="Without it: the plan in force.")
    ] = None,
) -> None:
    """Print the document of a version as JSON, every rule spelled out."""

    async def work(pipeline: Pipeline) -> None:
        wanted = version or pipeline.plan.version
        plan = (await read_version(pipeline.graph, wanted)).plan
        typer.echo(json.dumps(document_of(plan), ensure_ascii=False, indent=2))
        _warn(plan)

    _run(work)


@app.command("check")
def check(file: PlanFile, *, as_json: Json = False) -> None:
    """Say whether a file is a plan, and what in it is doubtful; no database is needed."""
    plan = read_plan_file(file)
    if as_json:
        typer.echo(json.dumps({"version": plan.version, "warnings": list(warnings(plan))}))
        return
    words.print(f"{plan.version} is a plan", highlight=False)
    _warn(plan)


@app.command("put")
def put(file: PlanFile) -> None:
    """Keep the version that a file holds, for good; `plan activate` puts it in force."""
    plan = read_plan_file(file)

    async def work(pipeline: Pipeline) -> None:
        fresh = await put_version(pipeline.graph, plan, utc_now())
        said = "is kept" if fresh else "was there with the same content"
        words.print(f"{plan.version} {said}", highlight=False)
        _warn(plan)

    _run(work)


@app.command("activate")
def activate(
    version: VersionName,
    *,
    starts: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="From when on: RFC 3339; without it, now."),
    ] = None,
) -> None:
    """Let a version hold for the orders that are paid from a time on."""
    try:
        begins = None if starts is None else parse_time(starts)
    except ValueError as fault:
        raise typer.BadParameter(f"--from {fault}") from fault

    async def work(pipeline: Pipeline) -> None:
        number = await activate_version(pipeline.graph, version, begins, utc_now())
        if not await pipeline.follow_activation(number, timeout_s=FOLLOW_S):
            raise GraphTimeout("the activation is recorded, but not booked yet")
        since = time_string(pipeline.plans.activations[number - 1][0].starts_at)
        words.print(f"{version} holds for orders paid from {since} on", highlight=False)
        _warn((await read_version(pipeline.graph, version)).plan)

    _run(work)


@app.command("list")
def show_all(*, as_json: Json = False) -> None:
    """Show every version, and which one is in force."""

    async def work(pipeline: Pipeline) -> None:
        found: list[Row] = []
        cursor: str | None = None
        while True:
            rows, cursor = await list_versions(pipeline.graph, limit=PAGE_PLANS, cursor=cursor)
            found += rows
            if cursor is None:
                break
        for row in found:
            row["inForce"] = row["version"] == pipeline.plan.version
        if as_json:
            typer.echo(json.dumps({"items": found}))
        else:
            # Titles may hold what would be markup.
            Console().print(_table(found), markup=False)

    _run(work)


def read_plan_file(file: Path) -> Plan:
    """The plan in a file. Raises NotFound, Malformed, Invalid with the places."""
    try:
        text = file.read_bytes()
    except OSError as fault:
        raise NotFound(f"cannot read {file}: {fault.strerror}") from fault
    try:
        return parse_plan(text, is_yaml=file.suffix.lower() in (".yaml", ".yml"))
    except ValidationError as fault:
        errors = fault.errors(include_url=False)[:FAULTS_TOLD]
        lines = [f"{'.'.join(map(str, one['loc'])) or 'plan'}: {one['msg']}" for one in errors]
        raise Invalid("\n  ".join([f"{file} is no plan:", *lines])) from fault


def _warn(plan: Plan) -> None:
    """Every warning in both languages."""
    texts = [warning_texts(plan, lang) for lang in LANGS]
    for same in zip(*texts, strict=True):
        words.print(f"[yellow]warning[/] {same[0]['code']}", highlight=False)
        for one in same:
            words.print(f"  {one['text']}", highlight=False, markup=False, soft_wrap=True)


def _run(work: Callable[[Pipeline], Awaitable[None]]) -> None:
    """Open the graph and a pipeline, do the work."""
    settings = Settings()
    configure_logs(settings.log_level)

    async def opened() -> int:
        async with open_graph(settings) as found:
            await work(await open_pipeline(found.graph, open_tokeniser(settings)))
        return 0

    run_until_told(opened())


def _table(rows: list[Row]) -> Table:
    table = Table("version", "in force", "put", "title", box=None)
    for row in rows:
        mark = "yes" if row["inForce"] else ""
        table.add_row(row["version"], mark, row["createdAt"] or "", row["title"] or "")
    return table
