"""The command that says what another plan would have paid."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from graph_service.clock import utc_now
from graph_service.demo.story import spelled_number
from graph_service.errors import Invalid, NotFound
from graph_service.graph.opening import open_graph
from graph_service.graph.session import Graph, Row
from graph_service.influence.endpoints import moment_of
from graph_service.ingest.tokens import open_tokeniser
from graph_service.logs import configure_logs
from graph_service.pipeline import open_pipeline
from graph_service.plan_commands import read_plan_file
from graph_service.plans.document import Plan, warnings
from graph_service.plans.member import warning_texts
from graph_service.plans.versions import read_version
from graph_service.settings import Settings
from graph_service.signals import run_until_told
from graph_service.simulation.outcome import answer_of, simulate
from graph_service.simulation.reading import Question

words = Console(stderr=True)
MOVERS_SHOWN = 10
PLAN_SUFFIXES = (".json", ".yaml", ".yml")
PICTURES = (".svg", ".png")

PlanName = Annotated[
    str,
    typer.Argument(
        metavar="PLAN", help="A file (.json, .yaml, .yml), or a version as `plan list` shows it."
    ),
]


def simulate_plan(
    plan: PlanName,
    *,
    starts: Annotated[
        str,
        typer.Option(
            "--from", metavar="TIME", help="Orders paid from then on: a date, or RFC 3339."
        ),
    ],
    ends: Annotated[
        str | None,
        typer.Option("--to", metavar="TIME", help="And before then, at most 366 days; else now."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the answer of POST /v1/plans:simulate.")
    ] = False,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw it, too: .svg or .png.", dir_okay=False),
    ] = None,
) -> None:
    """Say what a plan would have paid over the stored orders of a time; nothing is written.

    Cost by rule now and then, who gains and who loses most, and whether anybody would have earned
    more as several accounts. A date begins in the plan's zone. Whole months compare best: of a
    month only the orders inside the time count.

    Example: graph-service simulate launch.yaml --from 2026-01-01 --to 2026-04-01 --plot launch.svg
    """
    if plot is not None and plot.suffix.lower() not in PICTURES:
        raise Invalid("--plot takes a file whose name ends with .svg or .png")
    if plot is not None and not plot.parent.is_dir():
        raise NotFound(f"there is no folder {plot.parent}")
    settings = Settings()
    configure_logs("WARNING")

    async def work() -> int:
        async with open_graph(settings) as opened:
            candidate = await _plan(opened.graph, plan)
            closes = moment_of(ends, "--to", candidate.month_zone) or utc_now()
            opens = moment_of(starts, "--from", candidate.month_zone)
            assert opens is not None, "it is required"
            question = Question(candidate, opens, closes, settings.simulated_orders_max)
            pipeline = await open_pipeline(opened.graph, open_tokeniser(settings))
            with _progress() as bar:
                task = bar.add_task("orders", total=None)

                def told(done: int, total: int) -> None:
                    bar.update(task, completed=done, total=total)

                outcome = await simulate(opened.graph, question, pipeline.plans, told)
            answer = answer_of(outcome)
            if as_json:
                typer.echo(json.dumps(answer, ensure_ascii=False))
            else:
                _show(answer, candidate)
            _draw(answer, plot)
        return 0

    raise SystemExit(run_until_told(work()))


async def _plan(graph: Graph, name: str) -> Plan:
    """The plan in a file, else the version of that name. Raises NotFound, Invalid."""
    file = Path(name)
    if file.suffix.lower() in PLAN_SUFFIXES:
        return read_plan_file(file)
    return (await read_version(graph, name)).plan


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=words,
        transient=True,
    )


def _draw(answer: Row, plot: Path | None) -> None:
    if plot is not None:
        # Drawing takes half a second to import, which the others need not wait for.
        from graph_service.simulation.picture import save_picture

        save_picture(answer, plot)
        words.print(f"drawn: {plot}", highlight=False, soft_wrap=True)


def _show(answer: Row, plan: Plan) -> None:
    console = Console()
    # Ids may hold what would be markup.
    for one in (_costs(answer), *_movers(answer), _gains(answer)):
        console.print(one, markup=False)
    scan = answer["splitScan"]
    console.print(
        f"{answer['orders']:,} orders, {answer['members']:,} members who earn; at most"
        f" {answer['maxPaidLevel']} of them from one order (now"
        f" {answer['currentMaxPaidLevel']}). Split gains looked for with"
        f" {scan['members']:,} members.",
        highlight=False,
    )
    if answer["partPeriods"]:
        console.print(
            "Only in part inside the time:", ", ".join(answer["partPeriods"]), highlight=False
        )
    for code, one in zip(warnings(plan), warning_texts(plan, "en"), strict=True):
        words.print(f"[yellow]warning[/] {code}", highlight=False)
        words.print(f"  {one['text']}", highlight=False, markup=False, soft_wrap=True)


def _costs(answer: Row) -> Table:
    currency = answer["currency"]
    table = Table("rule", title=f"Cost ({_unit(currency)})", box=None, title_justify="left")
    for name in ("in force", answer["planVersion"], "change"):
        table.add_column(name, justify="right")
    rows = [(name, one["currentMinor"], one["minor"]) for name, one in answer["byBasis"].items()]
    rows.append(("total", answer["currentCostMinor"], answer["costMinor"]))
    rows.append(("kept by the platform", answer["currentKeptMinor"], answer["keptMinor"]))
    for name, now, then in rows:
        table.add_row(name, *(spelled_number(one, currency) for one in (now, then, then - now)))
    return table


def _unit(currency: str) -> str:
    return "yuan" if currency == "CNY" else f"{currency}, minor units"


def _movers(answer: Row) -> list[Table]:
    tables: list[Table] = []
    for title in ("winners", "losers"):
        table = Table("member", title=f"Top {title}", box=None, title_justify="left")
        for name in ("in force", "then", "change"):
            table.add_column(name, justify="right")
        for one in answer[title][:MOVERS_SHOWN]:
            amounts = (one["currentMinor"], one["minor"], one["changeMinor"])
            spelled = (spelled_number(amount, answer["currency"]) for amount in amounts)
            table.add_row(one["memberId"], *spelled)
        tables.append(table)
    return tables


def _gains(answer: Row) -> Table:
    title = "Would earn more as several accounts"
    table = Table("member", "how", title=title, box=None, title_justify="left")
    table.add_column("accounts", justify="right")
    table.add_column("gain", justify="right")
    for one in answer["splitGains"][:MOVERS_SHOWN]:
        gain = spelled_number(one["gainMinor"], answer["currency"])
        table.add_row(one["memberId"], one["strategy"], f"{one['accounts']}", gain)
    return table
