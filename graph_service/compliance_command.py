"""The command that prints the compliance report."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from graph_service.clock import to_micros
from graph_service.compliance.law import Flag
from graph_service.compliance.report import Question, Reports, moment_of, now_of
from graph_service.graph.opening import open_graph
from graph_service.ingest.tokens import open_tokeniser
from graph_service.logs import configure_logs
from graph_service.pipeline import open_pipeline
from graph_service.plans.member import Lang
from graph_service.settings import Settings
from graph_service.signals import run_until_told

COLOURS = {"none": "", "amber": "yellow", "red": "red", "severe": "bold red"}
SETTLE_S = 1.0

AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="DATE", help="A date, to its end, or RFC 3339; without it now."
    ),
]
Most = Annotated[int, typer.Option(min=1, max=500, help="Most organisers shown.")]
OnlyFlag = Annotated[Flag | None, typer.Option(help="Only organisers with this flag.")]
OnlyMember = Annotated[str | None, typer.Option("--member", help="Only this organiser.")]
InLang = Annotated[Lang, typer.Option(help="Language of the sentences.")]


def compliance(
    *,
    as_of: AsOf = None,
    limit: Most = 20,
    flag: OnlyFlag = None,
    member: OnlyMember = None,
    lang: InLang = "zh",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show whose tree of invitations comes near what the law calls pyramid selling; no advice."""
    settings = Settings()
    configure_logs("WARNING")

    async def done() -> int:
        async with open_graph(settings) as opened:
            pipeline = await open_pipeline(opened.graph, open_tokeniser(settings))
            await pipeline.settle_ledger(timeout_s=SETTLE_S)
            now = pipeline.clock()
            zone = pipeline.plans.at(to_micros(now)).month_zone
            question = Question(
                at=now_of(now) if as_of is None else moment_of(as_of, zone),
                limit=limit,
                rows_max=settings.report_rows_max,
                flag=flag,
                member_id=member,
                lang=lang,
            )
            report = await Reports().read(opened.graph, question, pipeline.plans)
            report["ledgerBehind"] = await pipeline.behind()
        if as_json:
            typer.echo(json.dumps(report, ensure_ascii=False))
        else:
            _show(report)
        return 0

    raise SystemExit(run_until_told(done()))


def _show(report: dict[str, Any]) -> None:
    console = Console()
    counts = ", ".join(f"{count:,} {flag}" for flag, count in report["flags"].items())
    console.print(f"as of {report['asOf']}, plan {report['planVersion']}: {counts}; in yuan")
    # Member ids may hold what would be markup.
    console.print(_table(report["items"]), markup=False)
    for item in report["items"][:1]:
        console.print(f"{item['memberId']}:", markup=False, highlight=False)
        for one in item["reasons"]:
            console.print(f"  {one['text']}", markup=False, highlight=False, soft_wrap=True)
    for one in report["planWarnings"]:
        console.print(f"plan: {one['text']}", markup=False, highlight=False, soft_wrap=True)
    if report["ledgerBehind"]:
        console.print(
            f"The ledger has {report['ledgerBehind']:,} facts to follow: money and paid levels"
            " may be too low."
        )
    console.print(report["notice"], style="bold", soft_wrap=True)


def _table(items: list[dict[str, Any]]) -> Table:
    heads = ("organiser", "flag", "people", "levels", "paid", "collected")
    more = ("own", "level 1", "deeper", "influence", "promoters", "signs")
    table = Table(*heads, *more, box=None, padding=(0, 1, 0, 0))
    for column in table.columns[2:]:
        column.justify = "right"
        column.no_wrap = True
    for item in items:
        money = item["moneyByBasis"]
        amounts = (
            item["moneyCollectedMinor"],
            *(money[name] for name in ("own_sale", "level_1", "level_2_and_deeper", "influence")),
        )
        share = item["shareOfBuyersWhoArePromoters"]
        table.add_row(
            item["memberId"],
            item["flag"],
            *(f"{item[name]:,}" for name in ("people", "levels", "paidLevelsMax")),
            *(f"{amount / 100:,.0f}" for amount in amounts),
            "" if share is None else f"{float(share):.0%}",
            f"{item['forcedPurchaseSigns']['count']:,}",
            style=COLOURS[item["flag"]],
        )
    return table
