"""How does a made-up world get into a file?"""

import gzip
import sys
from collections.abc import Generator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from rich.console import Console
from rich.progress import Progress

from graph_service.storage import writing
from graph_service.worlds.world import World, world_lines

LINES_TOGETHER = 5_000
# Beyond the fastest level a file shrinks little and takes much longer.
GZIP_LEVEL = 1
REMEDY = "or write to a larger disk (the demo and the bench do to TMPDIR)"


def write_world(world: World, file: Path, console: Console) -> int:
    """Write the world's events, one JSON object a line, and say how far it is; returns how many.

    A name that ends in .gz is zipped; - is standard output. A file that stands there already is
    replaced once the new one is whole. Raises StorageFull, OSError where it cannot be written.
    """
    written = 0
    lines = world_lines(world)
    with Progress(console=console, transient=True) as progress, _opened(file) as stream:
        task = progress.add_task(f"making {world.name}", total=world.events)
        while together := list(islice(lines, LINES_TOGETHER)):
            stream.write(b"\n".join(together) + b"\n")
            written += len(together)
            progress.update(task, completed=written)
    return written


@contextmanager
def _opened(file: Path) -> Generator[BinaryIO]:
    if str(file) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = file.with_name(f"{file.name}.part")
    try:
        with writing(file.parent, remedy=REMEDY), part.open("wb") as plain:
            if file.suffix == ".gz":
                # Without a time in it, the same world is the same file.
                with gzip.GzipFile("", "wb", GZIP_LEVEL, plain, mtime=0) as zipped:
                    yield cast("BinaryIO", zipped)
            else:
                yield plain
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
