"""The log out of Neo4j, in chunks of columns, from where a former reading ended."""

import asyncio
from collections.abc import Callable
from typing import Final

from graph_service.graph.session import Graph, Row
from graph_service.ingest.facts import digest
from graph_service.snapshot.log import Log, LogWriter

# Facts of one answer: of 5,000 to 50,000 this was the quickest, 20 MiB of data at most.
FACTS_TOGETHER: Final = 20_000
TOKENS_TOGETHER: Final = 10_000
ERASED: Final = "member.erased"
Progress = Callable[[int, int], None]


def silent(_done: int, _all: int) -> None:
    """Progress that nobody looks at."""


async def read_log(graph: Graph, base: Log | None = None, *, progress: Progress = silent) -> Log:
    """The log up to its last booked fact. base: a former reading, which is gone on with.

    Where somebody was erased since, all is read anew, so that no token stays; likewise where the
    graph does not hold its last fact. progress: facts done of all facts.
    """
    writer = await open_log(graph, base, progress=progress)
    return await asyncio.to_thread(writer.log)


async def open_log(
    graph: Graph, base: Log | None = None, *, progress: Progress = silent
) -> LogWriter:
    """What `read_log` reads, ready for the facts that come."""
    if base is not None and not await is_of(graph, base):
        base = None
    writer = LogWriter() if base is None else LogWriter(base)
    erased = await read_new(graph, writer, progress=progress)
    if erased and base is not None:
        return await open_log(graph, progress=progress)
    return writer


async def read_new(graph: Graph, writer: LogWriter, *, progress: Progress = silent) -> bool:
    """Add the facts that were booked since; whether somebody was erased meanwhile.

    While a chunk is added the next one is on its way.
    """
    after = began = writer.seq
    end = int((await graph.read("snapshot/read_end"))[0]["seq"])
    erased = False

    def chunk(start: int) -> asyncio.Task[list[Row]] | None:
        if start >= end:
            return None
        until = min(start + FACTS_TOGETHER, end)
        asked = graph.read("snapshot/read_facts", after=start, until=until)
        return asyncio.create_task(asked)

    coming = chunk(after)
    while coming is not None:
        row = (await coming)[0]
        after = min(after + FACTS_TOGETHER, end)
        coming = chunk(after)
        erased = erased or ERASED in row["types"]
        await asyncio.to_thread(writer.add, row["types"], row["times"], row["data"], after)
        progress(after - began, end - began)
    writer.mark = await _mark(graph, writer.seq)
    await _renew_tokens(graph, writer)
    return erased


async def is_of(graph: Graph, log: Log) -> bool:
    """Whether the graph has the last fact of a log in its place; another, or an older copy, not."""
    return await _mark(graph, log.seq) == log.mark


async def _mark(graph: Graph, seq: int) -> str:
    """What names the fact of this place in the log; empty where there is none."""
    rows = await graph.read("snapshot/read_mark", seq=seq)
    return digest(str(rows[0]["key"])) if rows else ""


async def _renew_tokens(graph: Graph, writer: LogWriter) -> None:
    """Facts keep the tokens of their time; what is one value is one token in the columns."""
    token = ""
    while True:
        rows = await graph.read("snapshot/list_renewed_tokens", after=token, limit=TOKENS_TOGETHER)
        for row in rows:
            writer.renew(row["token"], row["former"])
        if len(rows) < TOKENS_TOGETHER:
            return
        token = rows[-1]["token"]
