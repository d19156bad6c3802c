"""The commands."""

import asyncio
import json
import signal
import socket
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Annotated, Literal

import typer
import uvicorn
from pydantic import ValidationError
from rich.console import Console

from graph_service.app import create_app
from graph_service.clock import utc_now
from graph_service.demo.mall import demo_events
from graph_service.demo.story import tell_story
from graph_service.errors import Conflict, ServiceError
from graph_service.graph.opening import OpenGraph, open_graph
from graph_service.graph.server import ManagedServer, ServerAddress
from graph_service.ingest.files import EventList, event_files
from graph_service.ingest.tokens import Tokeniser, read_pepper
from graph_service.loading import load_files, show_summary
from graph_service.logs import configure_logs
from graph_service.pipeline import Pipeline
from graph_service.rewards.plan import seed_plan
from graph_service.rewards.verify import verify_teams
from graph_service.settings import Settings

app = typer.Typer(
    help="Attribution, teams and fraud on a graph of a social-commerce mall's referrals.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
neo4j_app = typer.Typer(help="The managed Neo4j under the data folder.", no_args_is_help=True)
app.add_typer(neo4j_app, name="neo4j")
console = Console()

Work = Callable[[Pipeline, OpenGraph], Awaitable[int]]
SETTLE_S = 600.0
DIFFERENCES_SHOWN_MAX = 20


def main() -> None:
    """Run a command; an error that the service knows is one line, not a traceback."""
    try:
        app()
    except ServiceError as fault:
        Console(stderr=True).print(f"[red]error:[/] {fault}", highlight=False)
        raise SystemExit(1) from fault
    except ValidationError as fault:
        for error in fault.errors():
            place = ".".join(map(str, error["loc"]))
            Console(stderr=True).print(f"[red]setting {place}:[/] {error['msg']}")
        raise SystemExit(2) from fault


@app.command()
def demo(
    files: Annotated[
        list[str] | None, typer.Argument(help="Event files; without one a small seeded mall.")
    ] = None,
    *,
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve HTTP afterwards until Ctrl-C.")
    ] = True,
) -> None:
    """Load a mall, tell one order as a story, then serve HTTP."""
    named = event_files(files or [])

    async def work(pipeline: Pipeline, opened: OpenGraph) -> int:
        settings = Settings()
        sources = named or [EventList("demo mall", list(demo_events()))]
        loaded = await load_files(pipeline, sources, console)
        show_summary(console, loaded)
        await tell_story(opened.graph, console, loaded.order_ids, pipeline.plan, utc_now())
        if serve:
            _show_server(opened.address)
            await _serve(settings)
        else:
            console.print(
                "\nTo ask it over HTTP: the same command with [bold]serve[/] in place of demo",
                highlight=False,
            )
        return 0

    _run(work)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks one.")] = None,
) -> None:
    """Serve HTTP until Ctrl-C; without NEO4J_URI the managed Neo4j is started."""
    changes = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = Settings().model_copy(update=changes)
    configure_logs(settings.log_level)

    asyncio.run(_serve(settings))


@app.command()
def load(
    files: Annotated[
        list[str], typer.Argument(help="JSON lines (.jsonl, .jsonl.gz); - is standard input.")
    ],
) -> None:
    """Store the events of files; what was stored before is not stored again."""
    named = event_files(files)

    async def work(pipeline: Pipeline, _: OpenGraph) -> int:
        show_summary(console, await load_files(pipeline, named, console))
        return 0

    _run(work)


@app.command()
def verify(
    what: Annotated[  # noqa: ARG001
        Literal["all", "teams"], typer.Argument(help="What to recount.")
    ] = "all",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Recount what is kept (head counts, sales); exit code 1 if any number differs."""

    async def work(pipeline: Pipeline, opened: OpenGraph) -> int:
        await pipeline.settle(timeout_s=SETTLE_S)
        found = await verify_teams(opened.graph, pipeline.plan)
        if as_json:
            differences = [vars(one) for one in found.differences]
            typer.echo(json.dumps({**vars(found), "differences": differences}))
        else:
            console.print(
                f"recounted {found.members:,} members, {found.orders:,} orders and "
                f"{found.months:,} months: {len(found.differences):,} differences"
            )
            for one in found.differences[:DIFFERENCES_SHOWN_MAX]:
                console.print(f"  {one.what} {one.subject}: kept {one.kept}, is {one.recounted}")
        return 1 if found.differences else 0

    _run(work)


@neo4j_app.command("start")
def neo4j_start() -> None:
    """Start the managed Neo4j, or say where it runs already."""
    settings = Settings()
    _show_server(ManagedServer(settings.data_dir / "neo4j", settings).start())


@neo4j_app.command("stop")
def neo4j_stop() -> None:
    """Stop the managed Neo4j."""
    settings = Settings()
    stopped = ManagedServer(settings.data_dir / "neo4j", settings).stop()
    console.print("stopped" if stopped else "was not running")


@neo4j_app.command("status")
def neo4j_status() -> None:
    """Say whether the managed Neo4j runs, and where; exit code 3 if it does not."""
    settings = Settings()
    address = ManagedServer(settings.data_dir / "neo4j", settings).status()
    if address is None:
        console.print("not running")
        raise SystemExit(3)
    _show_server(address)


def _run(work: Work) -> None:
    """Open the graph and a pipeline, do the work, exit with its code."""
    settings = Settings()
    configure_logs("WARNING")

    async def opened() -> int:
        if settings.neo4j_uri is None:
            console.print("starting Neo4j …", style="dim")
        async with open_graph(settings) as graph:
            tokeniser = Tokeniser(read_pepper(settings))
            return await work(Pipeline(graph.graph, tokeniser, seed_plan()), graph)

    raise SystemExit(asyncio.run(opened()))


class _Server(uvicorn.Server):
    """Ends on SIGINT and SIGTERM and then lets the rest of the process end in order."""

    def end(self) -> None:
        """Finish the requests under way and stop."""
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals only ask for the end; uvicorn's own handler would kill the process after it."""
        loop = asyncio.get_running_loop()
        for one in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(one, self.end)
        try:
            yield
        finally:
            for one in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(one)


async def _serve(settings: Settings) -> None:
    """Serve until a signal. Raises Conflict if the port is taken."""
    try:
        listener = socket.create_server((settings.host, settings.port))
    except OSError as fault:
        raise Conflict(
            f"cannot listen on {settings.host}:{settings.port} ({fault.strerror}); "
            "set another port with --port or GRAPH_SERVICE_PORT"
        ) from fault
    url = f"http://{settings.host}:{listener.getsockname()[1]}"
    console.print(
        f"[bold]service[/] {url}  API docs {url}/docs (any user, the API key as password)"
    )
    console.print("Ctrl-C ends it.", style="dim")
    config = uvicorn.Config(create_app(settings), log_config=None, access_log=False)
    await _Server(config).serve(sockets=[listener])


def _show_server(address: ServerAddress | None) -> None:
    if address is not None:
        console.print(
            f"[bold]Neo4j[/]   {address.bolt_uri}  Browser {address.browser_url}\n"
            f"        user {address.username}, password in {address.password_file}",
            soft_wrap=True,
        )
