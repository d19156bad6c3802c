"""Which facts are in these files? Read here, parsed and tokenised in worker processes."""

import json
import marshal
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import orjson
from pydantic import BaseModel

from graph_service.clock import to_micros
from graph_service.errors import ServiceError
from graph_service.ingest.envelope import DATA, Envelope
from graph_service.ingest.facts import (
    Fact,
    Problem,
    Rejection,
    digest,
    fact_of,
    parse_event,
)
from graph_service.ingest.files import GZIP_MAGIC, EventFile, EventList, event_of
from graph_service.ingest.tokens import Tokeniser
from graph_service.storage import MIB

# Between the columns of a sheet; a fact's texts hold no control character.
COLUMN = "\x1f"
# Batches that wait in a worker's queue or for the one who settles them, per worker.
AHEAD = 6
# Types whose data are texts and whole numbers of 64 bits, which have one spelling in JSON; a
# binding's end has to be compared with the event's time besides.
PLAIN: Mapping[str, type[BaseModel]] = {
    name: model
    for name, model in DATA.items()
    if name not in ("product.upserted", "campaign.upserted", "community.upserted", "referral.bound")
}
# What a bulk load takes on the disk at most, of its events as plain text: of world M 2 for the
# sheets, 4 for the store with its indexes, 1 for its logs; the sheets go before the indexes come.
ROOM_FACTOR = 6
# How far event files are zipped.
ZIP_FACTOR = 16
ROOM_LEAST_MIB = 1_024
# position, type, key, digest, time as text, time (us), data, the fact's own columns
Record = tuple[int, str, str, str, str, int, dict[str, Any], str]


@dataclass(frozen=True)
class Parsed:
    """A batch of events as sent together. reached: how far into all files (bytes on disk)."""

    records: Sequence[Record]
    rejections: Sequence[Rejection]
    reached: int


def parsed_batches(
    files: Sequence[EventFile | EventList], size: int, tokeniser: Tokeniser
) -> Iterator[Parsed]:
    """The batches of these files in order, as `load` would cut them.

    Cost: one process per core. Raises Invalid on a damaged gzip file.
    """
    workers = max(1, os.cpu_count() or 1)
    # A new process has neither our threads nor our event loop.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker) as pool:
        waiting: deque[tuple[Future[bytes], int]] = deque()
        try:
            for items, reached in _batches(files, size):
                waiting.append((pool.submit(parse_items, items, tokeniser), reached))
                if len(waiting) >= workers * AHEAD:
                    yield _unpacked(*waiting.popleft())
            while waiting:
                yield _unpacked(*waiting.popleft())
        except BrokenProcessPool as fault:
            raise ServiceError("a process that parsed events was killed") from fault
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin_worker() -> None:
    """Leave Ctrl-C to the process that hands out the work, and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _unpacked(future: Future[bytes], reached: int) -> Parsed:
    records, rejected = marshal.loads(future.result())  # noqa: S302 (of our own process)
    rejections = [
        Rejection(position, source, event_id, kind, Problem(*why), content)
        for position, source, event_id, kind, why, content in rejected
    ]
    return Parsed(records, rejections, reached)


def parse_items(items: Sequence[bytes | object], tokeniser: Tokeniser) -> bytes:
    """Lines, or events as sent, as packed records and rejections. Runs in a worker process."""
    records: list[Record] = []
    rejections: list[tuple[object, ...]] = []
    for position, item in enumerate(items):
        raw = event_of(item) if isinstance(item, bytes) else item
        found = plain_fact(raw, position, tokeniser) or parse_event(raw, position, tokeniser)
        if isinstance(found, Fact):
            records.append(record_of(found))
        else:
            problem = found.problem
            why = (problem.code, problem.detail, problem.status)
            known = (found.position, found.source, found.event_id, found.type)
            rejections.append((*known, why, found.content))
    # Twice as fast as pickle, and enough for tuples, dicts, texts and numbers.
    return marshal.dumps((records, rejections))


def plain_fact(raw: object, position: int, tokeniser: Tokeniser) -> Fact | None:
    """The fact that `parse_event` would give of a valid event, in two thirds of its time.

    None where it has to be asked: of what is not valid, and of types that hold any JSON, whose
    numbers have more than one spelling.
    """
    try:
        envelope = Envelope.model_validate(raw)
        model = PLAIN.get(envelope.type)
        if model is None:
            return None
        dumped = model.model_validate(envelope.data).model_dump(
            mode="json", by_alias=True, exclude_none=True
        )
        data = tokeniser.tokenised(envelope.type, dumped)
        at = envelope.time.isoformat()
        content = orjson.dumps([envelope.type, at, data], option=orjson.OPT_SORT_KEYS)
    except (ValueError, TypeError):
        # Invalid, or a text that has no UTF-8: half of a surrogate pair.
        return None
    return fact_of(envelope, at, data, digest(content), position)


def record_of(fact: Fact) -> Record:
    """A fact as it is settled: ready to be written but for what storing it adds."""
    if fact.type in PLAIN:
        text = orjson.dumps(fact.data).decode()
    else:
        text = json.dumps(fact.data, ensure_ascii=False, separators=(",", ":"))
    columns = (fact.key, fact.source, fact.event_id, fact.type, fact.at, text, fact.digest)
    line = COLUMN.join((*columns, fact.active_member_id or ""))
    micros = to_micros(fact.time)
    data = cast("dict[str, Any]", fact.data)
    return (fact.position, fact.type, fact.key, fact.digest, fact.at, micros, data, line)


def needed_mib(files: Sequence[EventFile | EventList]) -> int:
    """How much room on the disk (MiB) a load of these files should find."""
    plain = 0
    for file in files:
        if isinstance(file, EventFile) and file.size_bytes:
            with Path(file.name).open("rb") as raw:
                zipped = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
            plain += file.size_bytes * (ZIP_FACTOR if zipped else 1)
    return ROOM_LEAST_MIB + plain * ROOM_FACTOR // MIB


def _batches(files: Sequence[EventFile | EventList], size: int) -> Iterator[tuple[list[Any], int]]:
    """Lines (or events in memory) in lists of `size`, and how far into all files they reach."""
    before = 0
    for file in files:
        if isinstance(file, EventList):
            for batch in file.batches(size):
                yield batch, before
            continue
        for batch, position in file.line_batches(size):
            yield batch, before + position
        before += file.size_bytes or 0
