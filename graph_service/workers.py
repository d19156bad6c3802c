"""The door of work that nobody waits for: it goes on after an error that nobody foresaw."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Counter

log = structlog.get_logger()

FAILURES = Counter(
    "worker_failures", "Errors that nobody foresaw in work beside requests", ["name"]
)
# How long a worker rests after such an error (s).
REST_S = 1.0


async def keep_running(
    work: Callable[[], Awaitable[None]], name: str, *, rest_s: float = REST_S
) -> None:
    """Do `work`, and begin it anew after an error, which is logged and counted, until it returns.

    Whoever asks would wait for ever for what a worker that has died does not do.
    """
    while True:
        try:
            await work()
        except Exception as fault:  # noqa: BLE001
            note_failure(name, fault)
        else:
            return
        await asyncio.sleep(rest_s)


def note_failure(name: str, fault: BaseException) -> None:
    """Count and log an error that nobody foresaw in the work of this name."""
    FAILURES.labels(name).inc()
    log.error("worker.failed", worker=name, exc_info=fault)
