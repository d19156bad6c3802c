"""The command that measures how good is what finds fraud."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from graph_service.errors import Invalid, NotFound

if TYPE_CHECKING:
    from graph_service.evaluation.npz import Evaluation, Figure

HEADS = {"auroc": "AUROC", "auprc": "AUPRC", "recallAtK": "recall at K"}
Told = Callable[[float, int], None]


@dataclass(frozen=True)
class Measured:
    """What one mode measured: as JSON, for people, and as a part of the page."""

    answer: dict[str, Any]
    show: Callable[[Console], None]
    name: str
    title: str
    command: str


def evaluate(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE.npz]",
            help="X (n, d), y (n), edges or edges_NAME (m, 2); train, val, test masks if any. "
            "With --injection: user, product, rating, time.",
            show_default=False,
        ),
    ] = None,
    *,
    injection: Annotated[
        bool, typer.Option("--injection", help="Plant rings among the reviews of FILE.")
    ] = False,
    identity: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="With --injection: the part of rings that share tokens."),
    ] = None,
    simulator: Annotated[
        bool, typer.Option("--simulator", help="Made-up malls: hidden better, kinds left out.")
    ] = False,
    unseen: Annotated[
        bool, typer.Option("--unseen", help="Malls by another hand, judged as alerts are used.")
    ] = False,
    trials: Annotated[
        int | None,
        typer.Option(min=1, max=100, help="Splits, plantings or worlds. [5; few labels 10]"),
    ] = None,
    members: Annotated[
        int, typer.Option(min=1_000, max=100_000, help="Members of each made-up mall.")
    ] = 10_000,
    labels: Annotated[
        str, typer.Option(help="full, or how many positive and negative ones, as 20+80.")
    ] = "full",
    seed: Annotated[int | None, typer.Option(min=0, help="Other splits, draws, worlds.")] = None,
    masks: Annotated[
        bool,
        typer.Option("--masks/--no-masks", help="Split as the file's masks say, if it has any."),
    ] = True,
    baseline: Annotated[
        bool,
        typer.Option("--baseline/--no-baseline", help="Measure the published recipe, too."),
    ] = True,
    write: Annotated[
        Path | None,
        typer.Option(metavar="PAGE", help="Page to put this part into: docs/fraud-quality.md."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say how good is what finds fraud. No graph database is needed or touched.

    FILE: how well confirmed nodes of a public graph are found, beside the published recipe
    (gradient boosting on own values and means over neighbours) on the same splits; without masks
    40 % of the labels are learned from, 20 % weigh the learners and 40 % are asked.

    --injection: how well planted rings are found in every cell of the grid, beside FRAUDAR,
    unweighted peeling and co-purchase. --simulator: how well members are found whose frauds hide
    better or are of a kind that was never learned. --unseen: recall by kind, false alerts and
    honest members accused.

    Example: graph-service evaluate tolokers.npz --no-masks --labels 20+80
    """
    if injection + simulator + unseen > 1:
        raise Invalid("--injection, --simulator and --unseen are measured one at a time")
    if write is not None and not write.parent.is_dir():
        raise NotFound(f"there is no folder {write.parent}")
    needed = not (simulator or unseen)
    if needed and file is None:
        raise Invalid("name a FILE.npz, or say --simulator or --unseen")
    words = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(
        TextColumn("{task.description}"), *columns, console=words, transient=True
    ) as progress:
        task = progress.add_task("measuring", total=None)

        def told(done: float, total: int) -> None:
            progress.update(task, completed=done, total=total)

        if simulator:
            measured = _simulated(members, trials or 3, seed, told)
        elif unseen:
            measured = _unseen(members, trials or 5, seed, told)
        elif file is None:
            raise Invalid("name a FILE.npz")
        elif injection:
            measured = _injected(file, identity, trials, seed, told=told)
        else:
            measured = _learned(
                file, labels, trials, seed or 0, baseline=baseline, own_splits=not masks, told=told
            )
    if as_json:
        typer.echo(json.dumps(measured.answer))
    else:
        measured.show(Console())
    if write is not None:
        from graph_service.evaluation.page import printed, write_part

        write_part(write, measured.name, measured.title, measured.command, printed(measured.show))


def _learned(
    file: Path,
    labels: str,
    trials: int | None,
    seed: int,
    *,
    baseline: bool,
    own_splits: bool,
    told: Told,
) -> Measured:
    # scikit-learn takes a second to import, which no other command need wait for.
    from graph_service.evaluation.npz import answer_of, evaluate_graph_file

    found = evaluate_graph_file(
        file,
        labels=labels,
        trials=trials,
        seed=seed,
        baseline=baseline,
        own_splits=own_splits,
        told=told,
    )
    splits = " --no-masks" if own_splits else ""
    return Measured(
        answer_of(found),
        lambda console: _show(found, console),
        f"{file.stem} {labels}",
        f"Public graph {file.stem}, labels {labels}",
        f"graph-service evaluate {file.name}{splits} --labels {labels} --trials {found.trials}",
    )


def _injected(
    file: Path, identity: float | None, trials: int | None, seed: int | None, *, told: Told
) -> Measured:
    from graph_service.evaluation.injection_report import (
        SEED,
        TRIALS,
        evaluate_injection,
        report_json,
        report_table,
    )

    report = evaluate_injection(
        file,
        identity=identity,
        trials=trials or TRIALS,
        seed=SEED if seed is None else seed,
        progress=told,
    )
    shared = "" if identity is None else f" --identity {identity:g}"
    return Measured(
        report_json(report),
        lambda console: console.print(report_table(report)),
        "injection" if identity is None else f"injection {identity}",
        "Planted rings" + ("" if identity is None else f", of which {identity:.0%} share tokens"),
        f"graph-service evaluate --injection {file.name}{shared} --trials {report.trials}",
    )


def _simulated(members: int, seeds: int, seed: int | None, told: Told) -> Measured:
    from graph_service.evaluation.simulator import simulate
    from graph_service.evaluation.simulator_report import answer_of, show, stages

    done = 0
    whole = stages(seeds)

    def next_stage(_stage: str) -> None:
        nonlocal done
        done += 1
        told(min(done, whole), whole)

    first = 1 if seed is None else seed
    found = simulate(members=members, seeds=range(first, first + seeds), progress=next_stage)
    return Measured(
        answer_of(found),
        lambda console: show(found, console),
        "simulator",
        "Made-up malls: hidden better, and of kinds that were not learned",
        f"graph-service evaluate --simulator --members {members} --trials {seeds}"
        + ("" if seed is None else f" --seed {seed}"),
    )


def _unseen(members: int, worlds: int, seed: int | None, told: Told) -> Measured:
    from graph_service.evaluation.unseen import CAMOUFLAGES, SEED, alerts_of
    from graph_service.examination.judging import examine_in_memory
    from graph_service.examination.report import answer_of, show_judgements

    done = 0
    first = SEED if seed is None else seed

    def find(events: Any) -> Any:
        nonlocal done
        found = alerts_of(events)
        done += 1
        told(done, worlds * len(CAMOUFLAGES))
        return found

    found = examine_in_memory(
        find, members=members, seeds=range(first, first + worlds), camouflages=CAMOUFLAGES
    )
    return Measured(
        answer_of(found),
        lambda console: show_judgements(found, console),
        "unseen",
        "Malls by another hand",
        f"graph-service evaluate --unseen --members {members} --trials {worlds} --seed {first}",
    )


def _show(found: "Evaluation", console: Console) -> None:
    edges = ", ".join(f"{count:,} {name}" for name, count in found.relations.items())
    if len(found.relations) > 1:
        edges = f"{edges} ({found.edges_together:,} pairs)"
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
