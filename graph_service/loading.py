"""Loading event files: progress while it runs, a summary when it is done."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from graph_service.errors import GraphTimeout
from graph_service.ingest.facts import Receipt
from graph_service.ingest.files import EventFile, EventList, order_ids_of
from graph_service.pipeline import Pipeline

BATCH_EVENTS = 2_000
REASONS_SHOWN_MAX = 8
SETTLE_S = 600.0
# Order ids kept while loading, for the demo's story.
ORDERS_KEPT_MAX = 20_000


@dataclass
class Loaded:
    """What became of loaded events."""

    statuses: Counter[str] = field(default_factory=Counter[str])
    types: Counter[str] = field(default_factory=Counter[str])
    reasons: Counter[str] = field(default_factory=Counter[str])
    order_ids: list[str] = field(default_factory=list[str])
    seconds: float = 0.0

    def add(self, batch: Sequence[object], receipt: Receipt) -> None:
        """Count one batch."""
        for raw, outcome in zip(batch, receipt.outcomes, strict=True):
            self.statuses[outcome.status] += 1
            if outcome.problem is not None:
                self.reasons[f"{outcome.problem.code}: {outcome.problem.detail}"] += 1
            elif isinstance(raw, dict):
                self.types[str(raw.get("type"))] += 1  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        if len(self.order_ids) < ORDERS_KEPT_MAX:
            self.order_ids.extend(order_ids_of(batch))


async def load_files(
    pipeline: Pipeline, files: Sequence[EventFile | EventList], console: Console
) -> Loaded:
    """Store and book every event of these files, batch by batch.

    Raises GraphTimeout if what is derived is not done within SETTLE_S.
    """
    loaded = Loaded()
    started = perf_counter()
    total = None if any(one.size_bytes is None for one in files) else _bytes(files)
    with _progress(console) as progress:
        task = progress.add_task("loading", total=total, events=0, rate=0)
        done = 0
        for file in files:
            batches = file.batches(
                BATCH_EVENTS,
                lambda position, before=done: progress.update(task, completed=before + position),
            )
            while batch := await asyncio.to_thread(next, batches, None):
                receipt = await pipeline.store(batch)
                await pipeline.book_once()
                loaded.add(batch, receipt)
                events = loaded.statuses.total()
                rate = events / max(perf_counter() - started, 1e-9)
                progress.update(task, events=events, rate=rate)
            done += file.size_bytes or 0
        if not await pipeline.settle(timeout_s=SETTLE_S):
            raise GraphTimeout("the events are stored, but what is derived is not done yet")
    loaded.seconds = perf_counter() - started
    return loaded


def show_summary(console: Console, loaded: Loaded) -> None:
    """Print what was loaded: counts, rate, and why events were rejected."""
    events = loaded.statuses.total()
    rate = events / max(loaded.seconds, 1e-9)
    console.print(
        f"[bold]{events:,} events[/] in {loaded.seconds:.1f} s ({rate:,.0f}/s): "
        f"{loaded.statuses['accepted']:,} stored, {loaded.statuses['duplicate']:,} known already, "
        f"{loaded.statuses['rejected']:,} in quarantine"
    )
    if loaded.types:
        table = Table("type", "events", box=None, pad_edge=False)
        for event_type, count in sorted(loaded.types.items()):
            table.add_row(event_type, f"{count:,}")
        console.print(table)
    for reason, count in loaded.reasons.most_common(REASONS_SHOWN_MAX):
        console.print(f"  [yellow]{count:,} ×[/] {reason}", highlight=False)


def _bytes(files: Sequence[EventFile | EventList]) -> int:
    return sum(file.size_bytes or 0 for file in files)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[events]:,} events, {task.fields[rate]:,.0f}/s"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
