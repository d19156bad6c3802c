"""The commands that make, list, rotate and revoke API keys, beside a running service or without.

They need the database and the pepper of the service; who has both may make keys anyway.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, cast

import typer
from rich.console import Console
from rich.table import Column, Table

from graph_service.access.keys import (
    DAY_MS,
    DAYS_MAX,
    GRACE_S,
    GRACE_S_MAX,
    NAME_CHARACTERS_MAX,
    SCOPES,
    ApiKey,
    Change,
    MadeKey,
    NewKey,
    create_key,
    list_keys,
    revoke_key,
    rotate_key,
)
from graph_service.clock import to_micros, utc_now
from graph_service.graph.opening import open_graph
from graph_service.graph.session import Graph
from graph_service.ingest.tokens import read_pepper
from graph_service.logs import configure_logs
from graph_service.settings import Settings
from graph_service.signals import run_until_told

app = typer.Typer(
    help=(
        "API keys: who may ask the service what. A key has scopes (events:write, read, risk:read,"
        " risk:decide, admin); admin includes the others. Only a hash of it is kept, so its secret"
        " is shown once. A running service notices a change within seconds."
    ),
    no_args_is_help=True,
)
PAGE_KEYS = 500
# Secrets go to standard output alone, so that they can be piped; words for people go here.
words = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
KeyId = Annotated[str, typer.Argument(metavar="KEY_ID", help="The key's id, from `keys list`.")]


@dataclass(frozen=True)
class Desk:
    """What the commands work with."""

    graph: Graph
    pepper: bytes
    settings: Settings
    change: Change


def _known_scopes(given: list[str]) -> list[str]:
    for one in given:
        if one not in SCOPES:
            raise typer.BadParameter(f"{one} is none of {', '.join(SCOPES)}")
    return given


def _printable(name: str) -> str:
    if not name.strip() or not name.isprintable() or len(name) > NAME_CHARACTERS_MAX:
        raise typer.BadParameter(f"1 to {NAME_CHARACTERS_MAX} characters that can be printed")
    return name


@app.command("create")
def create(
    name: Annotated[
        str,
        typer.Argument(callback=_printable, help="Who uses it, as in checkout or risk-team."),
    ],
    *,
    scope: Annotated[
        list[str],
        typer.Option(
            callback=_known_scopes,
            metavar="SCOPE",
            help=f"What it may do: {', '.join(SCOPES)}; may be given several times.",
        ),
    ],
    expires_in_days: Annotated[
        int | None,
        typer.Option(min=1, max=DAYS_MAX, help="Days until it ends; without, it does not."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a key and print its secret, this once."""

    async def work(desk: Desk) -> None:
        expires_ms = None
        if expires_in_days is not None:
            expires_ms = desk.change.now_ms + expires_in_days * DAY_MS
        wanted = NewKey(name, frozenset(scope), expires_ms)
        _show_made(
            await create_key(desk.graph, desk.pepper, wanted, desk.change), desk, as_json=as_json
        )

    _run(work)


@app.command("list")
def show(*, as_json: Json = False) -> None:
    """Show every key that was ever made, newest first; never a secret."""

    async def work(desk: Desk) -> None:
        found: list[ApiKey] = []
        cursor: str | None = None
        while True:
            keys, cursor = await list_keys(desk.graph, limit=PAGE_KEYS, cursor=cursor)
            found += keys
            if cursor is None:
                break
        bodies = [key.body(desk.change.now_ms) for key in found]
        if as_json:
            typer.echo(json.dumps({"items": bodies}))
        else:
            # Names may hold what would be markup.
            Console().print(_table(bodies), markup=False)

    _run(work)


@app.command("rotate")
def rotate(
    key_id: KeyId,
    *,
    grace_seconds: Annotated[
        int, typer.Option(min=0, max=GRACE_S_MAX, help="How long the old secret works on (s).")
    ] = GRACE_S,
    as_json: Json = False,
) -> None:
    """Make a new key for the same scopes and print its secret; the old one ends after a grace."""

    async def work(desk: Desk) -> None:
        made = await rotate_key(
            desk.graph, desk.pepper, key_id, grace_s=grace_seconds, change=desk.change
        )
        _show_made(made, desk, as_json=as_json)

    _run(work)


@app.command("revoke")
def revoke(key_id: KeyId, *, as_json: Json = False) -> None:
    """Revoke a key for good; services that run refuse it within seconds."""

    async def work(desk: Desk) -> None:
        bootstrap = desk.settings.bootstrap_api_key is not None
        key = await revoke_key(desk.graph, key_id, bootstrap=bootstrap, change=desk.change)
        body = key.body(desk.change.now_ms)
        if as_json:
            typer.echo(json.dumps(body))
        else:
            words.print(f"{key.key_id} ({key.prefix}…) is revoked", highlight=False)

    _run(work)


def _run(work: Callable[[Desk], Awaitable[None]]) -> None:
    """Open the graph, do the work."""
    settings = Settings()
    configure_logs(settings.log_level)

    async def opened() -> int:
        async with open_graph(settings) as found:
            change = Change(to_micros(utc_now()) // 1_000, "cli", settings.keys_max)
            await work(Desk(found.graph, read_pepper(settings), settings, change))
        return 0

    run_until_told(opened())


def _show_made(made: MadeKey, desk: Desk, *, as_json: bool) -> None:
    body = made.key.body(desk.change.now_ms)
    if as_json:
        typer.echo(json.dumps({**body, "key": made.secret}))
        return
    words.print(f"{made.key.key_id} with {', '.join(sorted(made.key.scopes))}", highlight=False)
    if made.replaced is not None:
        ends = made.replaced.body(desk.change.now_ms)["expiresAt"]
        words.print(f"{made.replaced.key_id} works until {ends}", highlight=False)
    words.print("The secret, shown this once:", highlight=False)
    typer.echo(made.secret)


def _table(bodies: list[dict[str, object]]) -> Table:
    whole = [Column(name, no_wrap=True) for name in ("id", "begins")]
    rest = ("name", "scopes", "state", "expires", "last used")
    table = Table(*whole, *(Column(name, overflow="fold") for name in rest), box=None)
    for body in bodies:
        scopes = ", ".join(cast("list[str]", body["scopes"]))
        named = [body["keyId"], body["prefix"], body["name"], scopes]
        times = [body["state"], body["expiresAt"], body["lastUsedAt"]]
        table.add_row(*(str(cell or "") for cell in named + times))
    return table
