"""Event files: JSON lines, plain or gzipped, or standard input, in batches."""

import gzip
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from pydantic_core import from_json

from graph_service.errors import Invalid, NotFound

GZIP_MAGIC = b"\x1f\x8b"
LINE_BYTES_MAX = 2**20


@dataclass(frozen=True)
class EventFile:
    """A file of events. size_bytes: on disk, None for standard input."""

    name: str
    size_bytes: int | None

    def batches(
        self, size: int, read_bytes: Callable[[int], None] = lambda _: None
    ) -> Iterator[list[object]]:
        """Events as sent, in lists of `size`; a line that is no JSON is passed on as its text.

        read_bytes is told how far into the file (bytes on disk) each batch reaches.
        Raises Invalid on a damaged gzip file.
        """
        for lines, reached in self.line_batches(size):
            yield [event_of(line) for line in lines]
            read_bytes(reached)
        read_bytes(self.size_bytes or 0)

    def line_batches(self, size: int) -> Iterator[tuple[list[bytes], int]]:
        """Lines that are not blank in lists of `size`, and how far into the file they reach.

        That is in bytes on disk, 0 of standard input. Raises Invalid on a damaged gzip file.
        """
        with sys.stdin.buffer if self.name == "-" else Path(self.name).open("rb") as raw:
            try:
                batch: list[bytes] = []
                for line in _lines(raw):
                    if stripped := line.strip():
                        batch.append(stripped)
                    if len(batch) == size:
                        yield batch, 0 if self.size_bytes is None else raw.tell()
                        batch = []
                if batch:
                    yield batch, self.size_bytes or 0
            except (EOFError, gzip.BadGzipFile) as fault:
                raise Invalid(f"{self.name} is a damaged gzip file: {fault}") from fault


@dataclass(frozen=True)
class EventList:
    """Events that are in memory, with the manners of a file."""

    name: str
    events: Sequence[object]
    size_bytes: int | None = None

    def batches(
        self, size: int, read_bytes: Callable[[int], None] = lambda _: None
    ) -> Iterator[list[object]]:
        """The events in lists of `size`."""
        for start in range(0, len(self.events), size):
            yield list(self.events[start : start + size])
        read_bytes(0)


def event_files(names: Sequence[str]) -> list[EventFile]:
    """The files of these names; - is standard input. Raises NotFound before anything is read."""
    found: list[EventFile] = []
    for name in names:
        path = Path(name)
        if name != "-" and not path.is_file():
            raise NotFound(f"there is no file {name}")
        found.append(EventFile(name, None if name == "-" else path.stat().st_size))
    return found


def _lines(raw: BinaryIO) -> Iterator[bytes]:
    buffered = cast(io.BufferedReader, raw)
    zipped = buffered.peek(2)[:2] == GZIP_MAGIC
    stream = cast(BinaryIO, gzip.GzipFile(fileobj=buffered)) if zipped else buffered
    while line := stream.readline(LINE_BYTES_MAX):
        yield line


def event_of(line: bytes) -> object:
    """What a line says; what is no JSON is its own text, to be rejected as such."""
    try:
        return from_json(line, allow_inf_nan=False)
    except ValueError:
        return line.decode("utf-8", "replace")


def order_ids_of(events: Sequence[object]) -> list[str]:
    """The ids of the orders paid among events as sent."""
    found: list[str] = []
    for event in events:
        if isinstance(event, dict):
            fields = cast(dict[str, object], event)
            data = fields.get("data")
            if fields.get("type") == "order.paid" and isinstance(data, dict):
                order_id = cast(dict[str, object], data).get("orderId")
                if isinstance(order_id, str):
                    found.append(order_id)
    return found
