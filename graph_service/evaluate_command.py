"""The command that measures how good is what finds fraud."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from graph_service.evaluation.npz import Evaluation, Figure

HEADS = {"auroc": "AUROC", "auprc": "AUPRC", "recallAtK": "recall at K"}


def evaluate(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.npz",
            help="X (n, d), y (n), edges or edges_NAME (m, 2); train, val, test masks if any.",
        ),
    ],
    *,
    trials: Annotated[
        int | None,
        typer.Option(min=1, max=100, help="Splits, each learned anew. [5; with few labels 10]"),
    ] = None,
    labels: Annotated[
        str, typer.Option(help="full, or how many positive and negative ones, as 20+80.")
    ] = "full",
    seed: Annotated[int, typer.Option(min=0, help="Other splits and draws.")] = 0,
    masks: Annotated[
        bool,
        typer.Option("--masks/--no-masks", help="Split as the file's masks say, if it has any."),
    ] = True,
    baseline: Annotated[
        bool,
        typer.Option("--baseline/--no-baseline", help="Measure the published recipe, too."),
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say how well the nodes that people confirmed are found in a public graph.

    Learns from a part of the labels and asks about another, beside the published recipe (gradient
    boosting on own values and means over neighbours) on the same splits. Without masks 40 % of the
    labels are learned from, 20 % weigh the learners and 40 % are asked. y: 1 is confirmed, 0 is
    cleared, -1 or NaN is not known. No graph database is needed or touched.

    Example: graph-service evaluate tolokers.npz --no-masks --labels 20+80
    """
    # scikit-learn takes a second to import, which no other command need wait for.
    from graph_service.evaluation.npz import answer_of, evaluate_graph_file

    words = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(
        TextColumn("{task.description}"), *columns, console=words, transient=True
    ) as progress:
        task = progress.add_task("columns, then trials", total=None)

        def told(done: float, total: int) -> None:
            progress.update(task, completed=done, total=total)

        found = evaluate_graph_file(
            file,
            labels=labels,
            trials=trials,
            seed=seed,
            baseline=baseline,
            own_splits=not masks,
            told=told,
        )
    if as_json:
        typer.echo(json.dumps(answer_of(found)))
    else:
        _show(found, Console())


def _show(found: "Evaluation", console: Console) -> None:
    edges = ", ".join(f"{count:,} {name}" for name, count in found.relations.items())
    console.print(
        f"{found.nodes:,} nodes, {found.features} columns, ties: {edges}; {found.labelled:,} "
        f"labelled, {found.positives:,} positive; labels {found.labels}, {found.splits}, "
        f"{found.trials} trials; percent, mean ± standard deviation",
        highlight=False,
    )
    table = Table("", *HEADS.values(), "seconds", box=None, padding=(0, 1, 0, 0))
    for column in table.columns[1:]:
        column.justify = "right"
    service, recipe = found.service, found.recipe
    table.add_row("service", *map(_spelled, service.figures.values()), f"{service.seconds:.0f}")
    if recipe is not None:
        table.add_row("recipe", *map(_spelled, recipe.figures.values()), f"{recipe.seconds:.0f}")
        gains = (f"{one.mean:+.1f} ± {one.sd:.1f}" for one in found.difference.values())
        table.add_row("difference", *gains)
    console.print(table)
    console.print(f"peak memory {found.peak_memory_mib:,.0f} MiB", highlight=False)
    for note in found.notes:
        console.print(escape(note), style="dim", highlight=False)


def _spelled(figure: "Figure") -> str:
    return f"{figure.mean:.1f} ± {figure.sd:.1f}"
