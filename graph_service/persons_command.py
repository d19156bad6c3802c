"""The command that measures how well persons are found."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from graph_service.errors import NotFound

if TYPE_CHECKING:
    from graph_service.quality.runs import Level

app = typer.Typer(help="Persons: whose accounts are one human's.", no_args_is_help=True)
SHOWN = {
    "precision": "precision",
    "recall": "recall",
    "fraudAccountsJoined": "fraud joined",
    "cubedF1": "B-cubed F1",
    "anyStrongCubedF1": "any strong F1",
    "anythingButIpCubedF1": "all but IP F1",
    "honestJoined": "honest joined",
}


@app.callback()
def persons() -> None:
    """Persons: whose accounts are one human's."""


@app.command()
def evaluate(
    *,
    accounts: Annotated[
        int, typer.Option(min=300, max=200_000, help="Accounts of each world.")
    ] = 20_000,
    seeds: Annotated[int, typer.Option(min=1, max=50, help="Worlds, with the seeds 1, 2, …")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File for the page, as docs/persons-quality.md."),
    ] = None,
) -> None:
    """Say how well accounts are joined to persons, on made-up people whose accounts are known.

    Families with one card, dormitories, internet cafés, recycled numbers and more make people look
    alike; fraudsters hide their accounts more and more (camouflage 0 to 1). Precision and recall
    of pairs and by account (B-cubed), beside two simpler rules. No graph is needed or touched. With
    20,000 accounts and 5 seeds it takes 4 minutes of one core and 900 MB.

    Example: graph-service persons evaluate --accounts 2000 --seeds 2
    """
    if write is not None and not write.parent.is_dir():
        raise NotFound(f"there is no folder {write.parent}")
    # scipy and matplotlib take a second to import, which no other command need wait for.
    from graph_service.quality.report import answer_of, write_page
    from graph_service.quality.runs import evaluate as measured

    words = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        TextColumn("{task.description}"), *columns, console=words, transient=True
    ) as progress:
        task = progress.add_task("worlds", total=None)

        def told(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        levels = measured(accounts, seeds, told)
    if write is not None:
        write_page(levels, accounts, seeds, write)
        words.print(f"written: {write}", highlight=False, soft_wrap=True)
    if as_json:
        typer.echo(json.dumps(answer_of(levels, accounts, seeds)))
    else:
        Console().print(_table(levels))


def _table(levels: "list[Level]") -> Table:
    table = Table("camouflage", *SHOWN.values(), box=None, padding=(0, 1, 0, 0))
    for column in table.columns[1:]:
        column.justify = "right"
    for level in levels:
        figures = [level.figures[name].mean for name in SHOWN]
        spelled = [*(f"{one:.3f}" for one in figures[:-1]), f"{figures[-1]:,.1f}"]
        table.add_row(f"{level.camouflage:g}", *spelled)
    return table
