"""The commands that rotate, list and retire the peppers of identifier tokens."""

import json
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from graph_service.clock import utc_now
from graph_service.identifiers.peppers import (
    SET_OUTSIDE,
    Pepper,
    list_peppers,
    retire_pepper,
    rotate_pepper,
)
from graph_service.ingest.tokens import read_pepper
from graph_service.settings import Settings

app = typer.Typer(
    help=(
        "Peppers: the secrets under which phones, addresses and other identifiers become tokens."
        " Tokens cannot be turned back into values, so a rotation is gradual: the newest pepper"
        " makes the tokens, and while an older one is live, a value that comes in again is found"
        " under its old token, which then becomes the new one. API keys, signed links and"
        " webhook secrets follow from the first pepper and are not touched. Restart every process"
        " of the service after each change; the order does not matter."
    ),
    no_args_is_help=True,
)
words = Console(stderr=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True)
class Shown:
    """A pepper without its secret."""

    pepper: Pepper
    newest: bool

    @property
    def state(self) -> str:
        """What it is for."""
        if not self.pepper.is_live:
            return "retired"
        return "makes tokens" if self.newest else "finds tokens"

    def body(self) -> dict[str, object]:
        """As JSON has it."""
        one = self.pepper
        times = {"madeAt": one.made_at, "retiredAt": one.retired_at}
        return {"version": one.version, "state": self.state, **times}


@app.command("rotate")
def rotate(*, as_json: Json = False) -> None:
    """Make a new pepper in the data folder; tokens are made under it after a restart.

    Use it when the pepper may be known to others, or by the calendar. At most five are live.
    """
    settings = Settings()
    # A service that never ran has no first pepper yet, and would make one afterwards.
    read_pepper(settings)
    made = rotate_pepper(settings, _now())
    if as_json:
        typer.echo(json.dumps(Shown(made, newest=True).body()))
        return
    words.print(f"pepper {made.version} is made; restart every process of the service")
    words.print("the older ones go on finding known values; see `graph-service pepper retire`")


@app.command("list")
def show(*, as_json: Json = False) -> None:
    """Show every version with what it is for; never a secret."""
    settings = Settings()
    if settings.pepper_previous:
        words.print(SET_OUTSIDE, soft_wrap=True)
        return
    peppers = list_peppers(settings)
    rows = [Shown(one, one is peppers[-1]) for one in peppers]
    if as_json:
        typer.echo(json.dumps({"items": [one.body() for one in rows]}))
        return
    table = Table("version", "state", "made", "retired", box=None)
    for one in rows:
        made_at, retired_at = one.pepper.made_at, one.pepper.retired_at
        table.add_row(str(one.pepper.version), one.state, made_at or "", retired_at or "")
    Console().print(table)


@app.command("retire")
def retire(
    version: Annotated[int, typer.Argument(metavar="VERSION", help="As `pepper list` shows it.")],
    *,
    as_json: Json = False,
) -> None:
    """Forget a pepper for good: what is still under its tokens is never found by value again.

    Such evidence stays where it is and still joins those who have it in common, but a new
    observation of the same value counts as another one. A repeat of an event from its time is
    a conflict from then on. Best done when active members have all been seen since the rotation.
    """
    retired = retire_pepper(Settings(), version, _now())
    if as_json:
        typer.echo(json.dumps(Shown(retired, newest=False).body()))
        return
    words.print(f"pepper {version} is retired; restart every process of the service")
    if version == 1:
        words.print("its secret stays, since keys, links and webhook secrets follow from it")


def _now() -> str:
    return utc_now().isoformat(timespec="seconds")
