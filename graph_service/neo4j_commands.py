"""The commands that start, stop and show the managed Neo4j, and its copy for analysts."""

import asyncio
from collections.abc import Awaitable, Generator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from graph_service.copies.building import Follow, ReadOnlyCopy
from graph_service.graph.server import ManagedServer, ServerAddress
from graph_service.logs import configure_logs
from graph_service.settings import Settings
from graph_service.signals import run_until_told

app = typer.Typer(help="The managed Neo4j under the data folder.", no_args_is_help=True)
console = Console()
OfCopy = Annotated[
    bool,
    typer.Option(
        "--read-only-copy", help="The second server with a copy that nobody can write to."
    ),
]


@app.command("start")
def start(*, read_only_copy: OfCopy = False) -> None:
    """Start the managed Neo4j, or say where it runs already.

    With --read-only-copy start a second one beside it, for analysts: the first time it is filled
    with a copy of the graph, which goes on meanwhile; `neo4j refresh` brings a later one.
    """
    if not read_only_copy:
        show_server(_managed().start())
        return
    copy = ReadOnlyCopy(Settings())
    with _progress() as follow:
        address = _done(copy.start(follow))
    _show_copy(copy, address)


@app.command("refresh")
def refresh() -> None:
    """Copy the graph anew into the read-only copy and start it.

    The former copy answers until the new one is whole; then it is away for the seconds of a start.
    """
    copy = ReadOnlyCopy(Settings())
    with _progress() as follow:
        address = _done(copy.refresh(follow))
    _show_copy(copy, address)


@app.command("stop")
def stop(*, read_only_copy: OfCopy = False) -> None:
    """Stop the managed Neo4j, or its read-only copy; the other goes on."""
    server = ReadOnlyCopy(Settings()).server if read_only_copy else _managed()
    console.print("stopped" if server.stop() else "was not running")


@app.command("status")
def status(*, read_only_copy: OfCopy = False) -> None:
    """Say whether the managed Neo4j and its copy run, and where.

    Exit code 3 if the managed Neo4j (with --read-only-copy: the copy) does not.
    """
    copy = ReadOnlyCopy(Settings())
    if read_only_copy and copy.told() is None:
        console.print("there is no copy yet")
        raise SystemExit(3)
    managed, copied = _managed().status(), copy.server.status()
    if not read_only_copy:
        if managed is None:
            console.print("not running")
        show_server(managed)
    _show_copy(copy, copied)
    if (copied if read_only_copy else managed) is None:
        raise SystemExit(3)


def show_server(address: ServerAddress | None) -> None:
    """Print where a server is."""
    if address is not None:
        console.print(
            f"[bold]Neo4j[/]   {address.bolt_uri}  Browser {address.browser_url}\n"
            f"        user {address.username}, password in {address.password_file}",
            soft_wrap=True,
        )


def _show_copy(copy: ReadOnlyCopy, address: ServerAddress | None) -> None:
    show_server(address)
    told = copy.told()
    if told is not None:
        runs = "read-only copy" if address else "read-only copy, not running"
        console.print(
            f"        {runs}: the graph of {told.at}, {told.nodes:,} nodes,"
            f" {told.relationships:,} relationships, made in {told.seconds:g} s",
            highlight=False,
            soft_wrap=True,
        )


def _managed() -> ManagedServer:
    settings = Settings()
    return ManagedServer(settings.data_dir / "neo4j", settings)


def _done(work: Awaitable[ServerAddress]) -> ServerAddress:
    """What the work returns; a signal ends it in order, and the process."""
    configure_logs("WARNING")
    found: list[ServerAddress] = []

    async def done() -> int:
        found.append(await asyncio.ensure_future(work))
        return 0

    if code := run_until_told(done()):
        raise SystemExit(code)
    return found[0]


@contextmanager
def _progress() -> Generator[Follow]:
    columns = (TextColumn("{task.description:<36}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, TimeElapsedColumn(), transient=True) as progress:
        task = progress.add_task("starting", total=None)

        def follow(what: str, done: int, whole: int) -> None:
            progress.update(task, description=what, completed=done, total=whole)

        yield follow
