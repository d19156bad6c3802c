"""The commands that send payouts to the bank and read what became of them."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from graph_service.errors import GraphTimeout
from graph_service.graph.opening import open_graph
from graph_service.graph.session import Graph
from graph_service.ingest.tokens import Tokeniser, read_pepper
from graph_service.logs import configure_logs
from graph_service.payouts.channel import FileChannel, major
from graph_service.payouts.reconciling import reconcile_payouts
from graph_service.payouts.requests import Desk, State, list_payouts, payout_body
from graph_service.payouts.rules import read_rules
from graph_service.payouts.sending import send_payouts
from graph_service.pipeline import open_pipeline
from graph_service.settings import Settings
from graph_service.signals import run_until_told

# How long the ledger may take to count what was stored (s).
SETTLE_S = 60.0
# What history says who did it.
BY = "graph-service payouts"
app = typer.Typer(
    help="Money on its way to members: files for the bank, and the bank's answers.",
    no_args_is_help=True,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True)
class Office:
    """What a command works with."""

    graph: Graph
    desk: Desk
    till: FileChannel
    rows_max: int


Work = Callable[[Office], Awaitable[int]]
console = Console()


@app.command()
def send(*, as_json: AsJson = False) -> None:
    """Write approved payouts as CSV files into the outbox, each payout into one file only.

    The folder is GRAPH_SERVICE_PAYOUT_DIR. Rules decide once more. Listed are payouts that a hold
    stops by now, which stay approved, and those that a person must look at by now, which are
    requested again. After a crash run it again: the same file is written, not a second one.
    Exit code 3 if payouts were stopped.
    """

    async def work(office: Office) -> int:
        sent = await send_payouts(office.graph, office.desk, office.till, office.rows_max)
        if as_json:
            typer.echo(json.dumps(sent.body(), ensure_ascii=False))
        else:
            _show_sent(sent.batches, sent.stopped)
        return 3 if sent.stopped else 0

    _run(work, settled=True)


@app.command()
def reconcile(*, as_json: AsJson = False) -> None:
    """Read the bank's result files in the inbox against what was sent.

    Files are *.csv with the columns of docs/payouts.md, renamed into the inbox when they are whole;
    one that is stored moves to done. The same file again changes nothing. Rows that do not fit are
    listed and kept. Exit code 3 if there were any, or a file could not be read.
    """

    async def work(office: Office) -> int:
        found = await reconcile_payouts(office.graph, office.desk, office.till)
        reports = [one.body() for one in found]
        if as_json:
            typer.echo(json.dumps({"files": reports}, ensure_ascii=False))
        else:
            _show_reports(reports)
        return 3 if any(one["differing"] or one["fault"] for one in reports) else 0

    _run(work)


@app.command("list")
def list_(
    *,
    state: Annotated[State | None, typer.Option(help="In this state alone.")] = None,
    member: Annotated[str | None, typer.Option(help="Of this member alone.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Most payouts shown.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List payouts, the newest first."""

    async def work(office: Office) -> int:
        rows, _ = await list_payouts(
            office.graph, member_id=member or "", state=state or "", limit=limit, cursor=None
        )
        items = [payout_body(row) for row in rows]
        if as_json:
            typer.echo(json.dumps({"items": items}, ensure_ascii=False))
        else:
            # Member ids may hold what would be markup.
            console.print(_table(items), markup=False)
        return 0

    _run(work)


def _run(work: Work, *, settled: bool = False) -> None:
    """Open the graph and do the work. settled: once everything stored is in the ledger."""
    settings = Settings()
    configure_logs("WARNING")
    rules = read_rules(settings.payout_rules)

    async def done() -> int:
        async with open_graph(settings) as opened:
            pipeline = await open_pipeline(opened.graph, Tokeniser(read_pepper(settings)))
            if settled and not await pipeline.settle_ledger(timeout_s=SETTLE_S):
                raise GraphTimeout("the ledger is behind what was stored; send again")
            desk = Desk(rules, pipeline.plans, pipeline.clock, BY)
            till = FileChannel(settings.payout_folder)
            return await work(Office(opened.graph, desk, till, settings.payout_batch_rows_max))

    raise SystemExit(run_until_told(done()))


def _show_sent(batches: list[dict[str, Any]], stopped: list[dict[str, Any]]) -> None:
    for one in batches:
        total = major(one["totalMinor"], one["currency"])
        console.print(f"{one['file']}: {one['count']:,} payouts, {total} {one['currency']}")
    for one in stopped:
        told = f"stopped {one['payoutId']} of {one['memberId']} ({one['state']}): "
        console.print(told + ", ".join(one["codes"]), markup=False)
    if not batches and not stopped:
        console.print("nothing to send")


def _show_reports(reports: list[dict[str, Any]]) -> None:
    for one in reports:
        if one["fault"]:
            console.print(f"{one['file']}: {one['fault']}; it stays", markup=False)
            continue
        names = ("settled", "failed", "returned", "unchanged", "differing")
        told = ", ".join(f"{one[name]:,} {name}" for name in names)
        console.print(f"{one['file']}: {one['rows']:,} rows: {told}", markup=False)
        for odd in one["differences"]:
            console.print(f"  line {odd['line']}: {odd['code']} {odd['payoutId'] or ''}")
    if not reports:
        console.print("no result files")


def _table(items: list[dict[str, Any]]) -> Table:
    heads = ("payout", "member", "amount", "state", "batch", "bank", "asked at")
    table = Table(*heads, box=None, padding=(0, 1, 0, 0))
    for one in items:
        table.add_row(
            one["payoutId"],
            one["memberId"],
            f"{major(one['amountMinor'], one['currency'])} {one['currency']}",
            one["state"],
            one["batchId"] or "",
            one["bankReference"] or "",
            one["createdAt"],
        )
    return table
