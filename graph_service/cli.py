"""The commands."""

import asyncio
import gc
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
import uvicorn
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from graph_service.app import create_app
from graph_service.bulk.loading import bulk_load, is_bulk_faster, is_new_and_worthwhile
from graph_service.clock import utc_now
from graph_service.compliance_command import compliance
from graph_service.demo.next_steps import show_next_steps
from graph_service.demo.ring import write_ring
from graph_service.demo.story import Story, read_story, render_story
from graph_service.demo.world_file import write_world
from graph_service.errors import Conflict, NotFound, ServiceError
from graph_service.evaluate_command import evaluate
from graph_service.examine_command import examine
from graph_service.graph.opening import OpenGraph, open_graph
from graph_service.ingest.files import EventFile, event_files
from graph_service.ingest.tokens import open_tokeniser
from graph_service.key_commands import app as keys_app
from graph_service.loading import SETTLE_S, Loaded, load_files, show_summary
from graph_service.logs import configure_logs
from graph_service.neo4j_commands import app as neo4j_app
from graph_service.neo4j_commands import show_server
from graph_service.payouts_command import app as payouts_app
from graph_service.pepper_commands import app as pepper_app
from graph_service.persons_command import app as persons_app
from graph_service.pipeline import Pipeline, open_pipeline
from graph_service.plan_commands import app as plan_app
from graph_service.scan_command import scan, snapshot
from graph_service.settings import Settings
from graph_service.signals import SIGNALS, run_until_told
from graph_service.simulate_command import simulate_plan
from graph_service.train_command import app as train_app
from graph_service.verification import Kept, verify_graph
from graph_service.worlds.showcase import SHOWCASE_ORDER
from graph_service.worlds.world import MEMBERS_MAX, MEMBERS_MIN, WorldName, world_of

app = typer.Typer(
    help="Attribution, teams and fraud on a graph of a social-commerce mall's referrals.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(neo4j_app, name="neo4j")
app.add_typer(keys_app, name="keys")
app.add_typer(plan_app, name="plan")
app.add_typer(pepper_app, name="pepper")
app.add_typer(payouts_app, name="payouts")
app.add_typer(persons_app, name="persons")
app.add_typer(train_app, name="train")
app.command()(compliance)
app.command()(evaluate)
app.command()(examine)
app.command("simulate")(simulate_plan)
app.command()(scan)
app.command()(snapshot)
console = Console()

Work = Callable[[Pipeline, OpenGraph], Awaitable[int]]
WorldSize = Annotated[
    WorldName, typer.Option(help="S: 20,000 members, 200,000 events; M ten, L a hundred times.")
]
WorldMembers = Annotated[
    int | None,
    typer.Option(min=MEMBERS_MIN, max=MEMBERS_MAX, help="A world with so many members instead."),
]
WorldSeed = Annotated[int | None, typer.Option(help="Another world of the same size.")]


def main() -> None:
    """Run a command; an error that the service knows is one line, not a traceback."""
    try:
        app()
    except ServiceError as fault:
        text = f"[red]error:[/] {escape(str(fault))}"
        Console(stderr=True).print(text, highlight=False, soft_wrap=True)
        raise SystemExit(1) from fault
    except ValidationError as fault:
        for error in fault.errors():
            place = ".".join(map(str, error["loc"]))
            Console(stderr=True).print(f"[red]setting {place}:[/] {error['msg']}")
        raise SystemExit(2) from fault


@app.command()
def demo(
    files: Annotated[
        list[str] | None, typer.Argument(help="Event files in place of a made-up world.")
    ] = None,
    *,
    world: WorldSize = "S",
    members: WorldMembers = None,
    seed: WorldSeed = None,
    pictures: Annotated[
        Path | None,
        typer.Option(help="Folder of the pictures; default: pictures in the data folder."),
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve HTTP afterwards until Ctrl-C.")
    ] = True,
) -> None:
    """Load a mall, tell one order as a story with pictures, then serve HTTP."""
    configure_logs("WARNING")
    with TemporaryDirectory() as folder:
        named = event_files(files or [])
        if not named:
            made = Path(folder) / "world.jsonl"
            write_world(world_of(world, members=members, seed=seed), made, console)
            named = event_files([str(made), str(write_ring(Path(folder) / "ring.jsonl"))])
        told = None if files else SHOWCASE_ORDER
        shown = _show_demo(Settings(), named, told, pictures, spare=folder, serve=serve)
        raise SystemExit(run_until_told(shown))


async def _show_demo(
    settings: Settings,
    files: list[EventFile],
    told: str | None,
    pictures: Path | None,
    *,
    spare: str,
    serve: bool,
) -> int:
    """Load these files and show one order. spare: a folder that only the loading needs."""
    loaded: Loaded | None = None
    # A signal ends the process here, and serving may go on for days: this folder goes first.
    with ExitStack() as until_loaded:
        until_loaded.callback(rmtree, spare, ignore_errors=True)
        if is_new_and_worthwhile(settings, files):
            loaded = await bulk_load(settings, files, console)
            show_summary(console, loaded)
        async with _opened(settings) as (pipeline, opened):
            if loaded is None:
                loaded = await load_files(pipeline, files, console)
                show_summary(console, loaded)
            until_loaded.close()
            order_ids = loaded.order_ids if told is None else [told, *loaded.order_ids]
            story = await read_story(opened.graph, order_ids, pipeline.plans, utc_now(), told=told)
            await _tell(settings, opened, story, pictures or settings.data_dir / "pictures")
            if serve:
                show_server(opened.address)
                return await _serve(settings)
            console.print(
                "\nTo ask it over HTTP: the same command with [bold]serve[/] in place of demo",
                highlight=False,
            )
    return 0


async def _tell(settings: Settings, opened: OpenGraph, story: Story | None, folder: Path) -> None:
    """Print the story of one order and save its pictures."""
    if story is None:
        console.print("There is no paid order in this file, so there is no path to show.")
        return
    # Drawing takes half a second to import, which the other commands need not wait for.
    from graph_service.demo.pictures import draw_pictures

    render_story(console, story)
    drawn = await draw_pictures(opened.graph, story, folder, utc_now())
    if drawn:
        console.print("\nPictures:", *(str(file) for file in drawn), soft_wrap=True)
    show_next_steps(console, story, f"http://{settings.host}:{settings.port}")


@app.command()
def world(
    size: Annotated[WorldName, typer.Argument(help="S, M or L, unless --members says.")] = "S",
    *,
    to: Annotated[Path, typer.Option(help="File to write; .gz is zipped; - is standard output.")],
    members: WorldMembers = None,
    seed: WorldSeed = None,
) -> None:
    """Write the events of a made-up mall as JSON lines: the same for the same size and seed."""
    _require_folder(to)
    made = world_of(size, members=members, seed=seed)
    written = write_world(made, to, Console(stderr=True))
    Console(stderr=True).print(f"{written:,} events of {made.members:,} members")


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks one.")] = None,
) -> None:
    """Serve HTTP until Ctrl-C; without NEO4J_URI the managed Neo4j is started."""
    changes = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = Settings().model_copy(update=changes)
    configure_logs(settings.log_level)

    raise SystemExit(run_until_told(_serve(settings)))


@app.command()
def load(
    files: Annotated[
        list[str], typer.Argument(help="JSON lines (.jsonl, .jsonl.gz); - is standard input.")
    ],
    *,
    bulk: Annotated[
        bool, typer.Option("--bulk", help="All at once into the empty graph of the managed Neo4j.")
    ] = False,
) -> None:
    """Store the events of files; what was stored before is not stored again."""
    named = event_files(files)

    async def work(pipeline: Pipeline, opened: OpenGraph) -> int:
        if opened.address is not None and await is_bulk_faster(opened.graph, named):
            console.print(
                "load --bulk takes a file of this size into an empty graph faster", style="dim"
            )
        show_summary(console, await load_files(pipeline, named, console))
        return 0

    async def work_in_bulk() -> int:
        show_summary(console, await bulk_load(Settings(), named, console))
        return 0

    if bulk:
        configure_logs("WARNING")
        raise SystemExit(run_until_told(work_in_bulk()))
    _run(work)


@app.command()
def verify(
    what: Annotated[Kept, typer.Argument(help="What to look at.")] = "all",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Recount head counts and sales, follow the ledger; exit code 1 if anything differs."""

    async def work(pipeline: Pipeline, _: OpenGraph) -> int:
        await pipeline.settle(timeout_s=SETTLE_S)
        return int(not await verify_graph(pipeline, what, console, as_json=as_json))

    _run(work)


@app.command()
def bench(
    worlds: Annotated[
        list[str] | None,
        typer.Option("--world", help="S, M or L, each by itself; the first is ingested too. [S M]"),
    ] = None,
    *,
    members: Annotated[
        int | None,
        typer.Option(min=2_000, max=MEMBERS_MAX, help="One world with so many members instead."),
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, max=20, help="Repeats of each figure.")] = 3,
    quick: Annotated[
        bool, typer.Option("--quick", help="A few requests of each kind: does it run?")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="File for the figures as JSON.")
    ] = None,
    write: Annotated[
        Path | None, typer.Option(help="File for the page, as docs/benchmarks.md.")
    ] = None,
) -> None:
    """Measure ingest, questions, loading and memory, on a service and a Neo4j of its own."""
    from graph_service.bench.report import run_bench, worlds_of, write_figures
    from graph_service.bench.runs import QUICK, Effort
    from graph_service.bench.stage import unwind_when_told

    for file in (json_file, write):
        _require_folder(file)
    unwind_when_told()
    effort = QUICK if quick else Effort(repeats)
    figures = run_bench(worlds_of(worlds or ["S", "M"], members), effort, console)
    write_figures(figures, json_file=json_file, page=write)


def _require_folder(file: Path | None) -> None:
    """Raises NotFound where a file has no folder to be in, before anything is made for it."""
    if file is not None and not file.parent.is_dir():
        raise NotFound(f"there is no folder {file.parent}")


def _run(work: Work) -> None:
    """Open the graph and a pipeline, do the work, exit with its code."""
    settings = Settings()
    configure_logs("WARNING")

    async def done() -> int:
        async with _opened(settings) as (pipeline, opened):
            return await work(pipeline, opened)

    raise SystemExit(run_until_told(done()))


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncGenerator[tuple[Pipeline, OpenGraph]]:
    if settings.neo4j_uri is None:
        console.print("starting Neo4j …", style="dim")
    async with open_graph(settings) as opened:
        yield await open_pipeline(opened.graph, open_tokeniser(settings)), opened


class _Server(uvicorn.Server):
    """Ends on SIGINT and SIGTERM and then lets the rest of the process end in order."""

    def end(self) -> None:
        """Finish the requests under way and stop."""
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals ask for the end from now on, and cut nothing short that comes after it."""
        loop = asyncio.get_running_loop()
        for one in SIGNALS:
            loop.add_signal_handler(one, self.end)
        yield


def listen(settings: Settings) -> socket.socket:
    """The socket that requests come to. Raises Conflict if the port is taken.

    Answers go out at once: asyncio sets that only on sockets that name their protocol, and a
    second packet held back until the first is acknowledged (Nagle) costs 40 ms.
    """
    try:
        listener = socket.create_server((settings.host, settings.port))
    except OSError as fault:
        raise Conflict(
            f"cannot listen on {settings.host}:{settings.port} ({fault.strerror}); "
            "set another port with --port or GRAPH_SERVICE_PORT"
        ) from fault
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


async def _serve(settings: Settings) -> int:
    """Serve until a signal; then 0. Raises Conflict if the port is taken."""
    listener = listen(settings)
    url = f"http://{settings.host}:{listener.getsockname()[1]}"
    console.print(
        f"[bold]service[/] {url}  API docs {url}/docs (any user, the API key as password)"
    )
    console.print("Ctrl-C ends it.", style="dim")
    web = create_app(settings)
    config = uvicorn.Config(
        web,
        lifespan="off",
        http="h11",
        h11_max_incomplete_event_size=settings.header_bytes_max,
        log_config=None,
        access_log=False,
        server_header=False,
    )
    # Opened here and not by uvicorn: a start that fails is one line and not a traceback.
    async with web.router.lifespan_context(web):
        # What the start has made stays: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        await _Server(config).serve(sockets=[listener])
    return 0
