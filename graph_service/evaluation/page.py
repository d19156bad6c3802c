"""The page of what was measured: each command writes the part that it measured, and no other."""

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path

from rich.console import Console

WIDTH = 118
INTRODUCTION = """\
# How good is what finds fraud?

Each part below was written by the command that it names; nothing between its marks is by hand.
What is measured and what it does not say: [fraud.md](fraud.md#how-it-is-measured).
"""


def printed(show: Callable[[Console], None]) -> str:
    """What this shows, as plain text."""
    console = Console(file=StringIO(), record=True, width=WIDTH, color_system=None)
    show(console)
    return "\n".join(line.rstrip() for line in console.export_text().splitlines()).strip("\n")


def write_part(page: Path, name: str, title: str, command: str, text: str) -> None:
    """Put a part into the page in place of the one of this name, else at its end."""
    before = page.read_text(encoding="utf-8") if page.exists() else INTRODUCTION
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    part = f"{begin}\n\n## {title}\n\n`{command}`\n\n```text\n{text}\n```\n\n{end}"
    known = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if known.search(before):
        after = known.sub(lambda _: part, before)
    else:
        after = f"{before.rstrip()}\n\n{part}\n"
    page.write_text(after, encoding="utf-8")
