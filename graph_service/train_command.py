"""The commands by which the model of members learns, and that replay days under a threshold."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from graph_service.clock import from_micros, utc_now
from graph_service.errors import Invalid
from graph_service.graph.opening import open_graph
from graph_service.ingest.tokens import open_tokeniser
from graph_service.logs import configure_logs
from graph_service.pipeline import open_pipeline
from graph_service.settings import Settings
from graph_service.signals import run_until_told

# What computes takes seconds to import, so it is imported where it is used.
if TYPE_CHECKING:
    from graph_service.fraud.members.labelled import Labelled
    from graph_service.fraud.members.training import Day, Trained
    from graph_service.snapshot.log import Log

app = typer.Typer()
words = Console(stderr=True)
Say = Callable[[str], None]
# So that each kind of fraud is met a few dozen times.
WORLD_MEMBERS, CAMOUFLAGE, PREVALENCE = 4_000, 0.25, 0.06
# Frauds are rarer in a mall than where the model learns. Source: fraud.md, 0.5 to 2 %.
MALL_PREVALENCE = 0.015
DAYS_MAX = 92
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Out = Annotated[
    Path | None,
    typer.Option(help="The folder of models. [models in the data folder]", file_okay=False),
]


@app.callback(invoke_without_command=True)
def train_members(
    context: typer.Context,
    *,
    worlds: Annotated[
        int, typer.Option(min=0, max=100, help="Learn from so many made-up malls, not the graph.")
    ] = 0,
    members: Annotated[
        int, typer.Option(min=1_000, max=50_000, help="Members of a made-up mall.")
    ] = WORLD_MEMBERS,
    camouflage: Annotated[
        float, typer.Option(min=0, max=1, help="How well frauds hide in made-up malls.")
    ] = CAMOUFLAGE,
    without: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="A kind that is not learnt from.")
    ] = None,
    budget: Annotated[
        float, typer.Option(min=0, max=1_000, help="False alarms for 10,000 members, at most.")
    ] = 20.0,
    out: Out = None,
    version: Annotated[str | None, typer.Option(help="Else the date and time.")] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Learn from the graph's decisions (50 confirmed and 200 cleared at least), or made-up malls.

    Writes members/<version> there: the model, its manifest and its card. Scans use the newest in
    the data folder, else the one that comes with the service.

    Example: graph-service train --worlds 8 --version 2
    """
    if context.invoked_subcommand is not None:
        return
    from graph_service.fraud.members.kept import figures_of, save_member_model
    from graph_service.fraud.members.labelled import of_decisions
    from graph_service.fraud.members.training import train

    configure_logs("ERROR")
    now = utc_now()
    with words.status("facts") as status:
        say: Say = status.update
        if worlds:
            labelled = _of_worlds(worlds, members, seed, camouflage, say)
            source = (
                f"{worlds} generated malls of {members:,} members, camouflage {camouflage:g};"
                f" odds for malls of which {MALL_PREVALENCE:.1%} is false"
            )
        else:
            labelled, source = of_decisions(_read_log(say)), "the decisions of this graph"
        kinds = _kinds_but(without or ())
        trained = train(
            labelled,
            kinds=kinds,
            prevalence=MALL_PREVALENCE if worlds else None,
            budget_part=budget / 10_000,
            seed=seed,
            progress=say,
        )
    if without:
        source += f", without {', '.join(without)}"
    place = save_member_model(
        out or _models_folder(),
        trained,
        version=version or now.strftime("%Y%m%d.%H%M%S"),
        created=now.isoformat(timespec="seconds"),
        source=source,
    )
    if as_json:
        typer.echo(json.dumps({"folder": str(place), "source": source, **figures_of(trained)}))
    else:
        _show(trained, place)


def _models_folder() -> Path:
    return Settings().data_dir / "models"


def _of_worlds(count: int, members: int, seed: int, camouflage: float, say: Say) -> "Labelled":
    from graph_service.fraud.members.labelled import Labelled, of_world, together
    from graph_service.typologies.world import fraud_world

    found: list[Labelled] = []
    for number in range(count):
        say(f"made-up mall {number + 1} of {count}")
        world = fraud_world(
            members, seed * 1_000 + number, camouflage=camouflage, prevalence=PREVALENCE
        )
        found.append(of_world(world, at=number))
    return together(found)


def _kinds_but(without: Sequence[str]) -> list[str] | None:
    from graph_service.typologies.world import KINDS

    if unknown := sorted(set(without) - set(KINDS)):
        raise Invalid(f"no kind is called {unknown[0]}; there are {', '.join(KINDS)}")
    return [one for one in KINDS if one not in without] if without else None


def _read_log(say: Say) -> "Log":
    """All facts of the graph."""
    from graph_service.snapshot.log import Log
    from graph_service.snapshot.reading import read_log

    settings, found = Settings(), list[Log]()

    async def done() -> int:
        async with open_graph(settings) as opened:
            pipeline = await open_pipeline(opened.graph, open_tokeniser(settings))
            await pipeline.settle(timeout_s=30)
            told = await read_log(
                opened.graph, progress=lambda part, whole: say(f"{part:,} of {whole:,} facts")
            )
            found.append(told)
        return 0

    if code := run_until_told(done()):
        raise SystemExit(code)
    return found[0]


def _show(trained: "Trained", place: Path) -> None:
    console = Console()
    table = Table("", "on rings not learned from", box=None, padding=(0, 1, 0, 0))
    table.columns[1].justify = "right"
    for name, value in (
        ("AUROC, out of folds", trained.auroc),
        ("AUPRC, out of folds", trained.auprc),
        ("AUPRC, later", trained.later_auprc),
        ("precision at the threshold, later", trained.precision),
        ("recall at the threshold, later", trained.recall),
        ("part of members above it, later", trained.flagged_part),
    ):
        table.add_row(name, f"{value:.3f}")
    console.print(table)
    console.print(
        f"{trained.confirmed:,} false and {trained.cleared:,} honest members; "
        f"{len(trained.model.columns)} numbers of each; threshold {trained.model.threshold:.3f}",
        highlight=False,
    )
    console.print(str(place), markup=False, highlight=False, soft_wrap=True)


@app.command("replay")
def replay_days(
    *,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="Scores from then on are alerts.")
    ] = 0.5,
    days: Annotated[int, typer.Option(min=1, max=DAYS_MAX, help="The last so many.")] = 14,
    models: Out = None,
    version: Annotated[str | None, typer.Option(help="Else the newest.")] = None,
    as_json: AsJson = False,
) -> None:
    """What the last days would have brought under another threshold, by what was decided since.

    Example: graph-service train replay --threshold 0.7 --days 30
    """
    from graph_service.fraud.members.kept import NAME, load_member_model, models_folder
    from graph_service.fraud.members.training import replay_log

    configure_logs("ERROR")
    own = models or _models_folder()
    is_there = models is not None or (own / NAME).is_dir()
    model = load_member_model(own if is_there else models_folder(), version)
    with words.status("facts") as status:
        log = _read_log(status.update)
        found = replay_log(log, model, threshold=threshold, days=days, progress=status.update)
    if as_json:
        typer.echo(json.dumps([_day(one) for one in found]))
    else:
        _show_days(found)


def _day(one: "Day") -> dict[str, object]:
    return {
        "day": _date(one.day),
        "alerts": one.alerts,
        "caught": one.caught,
        "missed": one.missed,
        "precision": round(one.precision, 4),
    }


def _date(day: int) -> str:
    from graph_service.attribution.touches import MICROS_PER_DAY

    return from_micros(day * MICROS_PER_DAY).date().isoformat()


def _show_days(days: Sequence["Day"]) -> None:
    table = Table("day", "alerts", "caught", "missed", "precision", box=None, padding=(0, 1, 0, 0))
    for column in table.columns[1:]:
        column.justify = "right"
    for one in days:
        table.add_row(
            _date(one.day),
            f"{one.alerts:,}",
            f"{one.caught:,}",
            f"{one.missed:,}",
            f"{one.precision:.2f}" if one.alerts else "-",
        )
    alerts, caught = sum(one.alerts for one in days), sum(one.caught for one in days)
    missed = sum(one.missed for one in days)
    table.add_row(
        "all", f"{alerts:,}", f"{caught:,}", f"{missed:,}", f"{caught / max(1, alerts):.2f}"
    )
    Console().print(table)
