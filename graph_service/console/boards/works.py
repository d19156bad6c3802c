"""How far is work that takes longer than one answer may? Kept in this process, for a while."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from graph_service.console.visiting import Desk, Visit
from graph_service.errors import NotFound
from graph_service.frame import Busy
from graph_service.ids import new_id

# Results that are kept, and works under way at once: each may read the whole ledger.
KEPT_MAX = 20
AT_ONCE = 2
ENDING_S = 5.0

Told = Callable[[int, int], None]


class WorkNotFound(NotFound):
    """No work has this id, or its result is no longer kept."""

    code = "work_not_found"


class WorksBusy(Busy):
    """As much is under way as this process takes on."""

    code = "works_busy"


@dataclass
class Work:
    """Work under way or done. key_id: whose; done of total: how far."""

    work_id: str
    key_id: str
    task: asyncio.Task[Any]
    done: int = 0
    total: int = 0

    @property
    def share(self) -> float:
        """How far it is, from 0 to 1."""
        return self.done / self.total if self.total else 0.0

    def result(self) -> Any:
        """What came of it; None while it is under way. Raises what the work raised."""
        return self.task.result() if self.task.done() else None


def start_work(visit: Visit, work: Callable[[Told], Awaitable[Any]]) -> Work:
    """Begin work for who is here. Raises WorksBusy."""
    works: dict[str, Work] = visit.desk.works
    under_way = sum(not one.task.done() for one in works.values())
    if under_way >= AT_ONCE:
        raise WorksBusy("other work is under way; try again soon", headers={"Retry-After": "5"})
    for old in [one for one in works.values() if one.task.done()][: -(KEPT_MAX - 1)]:
        del works[old.work_id]
    found: list[Work] = []

    def told(done: int, total: int) -> None:
        for one in found:
            one.done, one.total = done, total

    task = asyncio.ensure_future(work(told))
    started = Work(f"work_{new_id()}", visit.key.key_id, task)
    found.append(started)
    works[started.work_id] = started
    return started


def find_work(visit: Visit, work_id: str) -> Work:
    """Work that this key began. Raises WorkNotFound."""
    work: Work | None = visit.desk.works.get(work_id)
    if work is None or work.key_id != visit.key.key_id:
        raise WorkNotFound(f"there is no work {work_id}, or its result is no longer kept")
    return work


@asynccontextmanager
async def working(desk: Desk) -> AsyncGenerator[Desk]:
    """Work may be begun while this is open; what is under way at its end is called off."""
    try:
        yield desk
    finally:
        tasks = [one.task for one in desk.works.values() if not one.task.done()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=ENDING_S)
        for one in desk.works.values():
            # Looked at, so that nobody complains of a fault that nobody came back for.
            if one.task.done() and not one.task.cancelled():
                one.task.exception()
