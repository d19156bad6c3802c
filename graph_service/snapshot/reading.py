"""The log out of Neo4j, in chunks of columns, from where a former reading ended."""

import asyncio
from collections.abc import Callable
from typing import Final

from graph_service.graph.session import Graph
from graph_service.snapshot.log import Log, LogWriter

# Facts of one answer: of 5,000 to 50,000 this was the quickest, 20 MiB of data at most.
FACTS_TOGETHER: Final = 20_000
ERASED: Final = "member.erased"
Progress = Callable[[int, int], None]


def silent(_done: int, _all: int) -> None:
    """Progress that nobody looks at."""


async def read_log(graph: Graph, base: Log | None = None, *, progress: Progress = silent) -> Log:
    """The log up to its last booked fact. base: a former reading, which is gone on with.

    Where somebody was erased since, all is read anew, so that no token stays. progress: facts done
    of all facts.
    """
    writer = LogWriter() if base is None else LogWriter(base)
    after = 0 if base is None else base.seq
    end = int((await graph.read("snapshot/read_end"))[0]["seq"])
    done, whole = 0, end - after
    while after < end:
        until = min(after + FACTS_TOGETHER, end)
        row = (await graph.read("snapshot/read_facts", after=after, until=until))[0]
        if base is not None and ERASED in row["types"]:
            return await read_log(graph, progress=progress)
        await asyncio.to_thread(writer.add, row["types"], row["times"], row["data"], until)
        done, after = done + until - after, until
        progress(done, whole)
    return await asyncio.to_thread(writer.log)
