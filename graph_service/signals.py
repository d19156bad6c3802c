"""How does a command end when it is told to?"""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# A shell says 128 and the number of a process that a signal ended: 130 of Ctrl-C, 143 of SIGTERM.
EXIT_CODE_FIRST = 128


def run_until_told(work: Coroutine[object, object, int]) -> int:
    """The exit code of the work, if it may end by itself.

    SIGINT and SIGTERM cancel it: it cleans up and the process ends with 130 or 143. A second
    signal ends the process at once.
    """
    told: list[int] = []

    async def watched() -> int:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()

        def tell(number: int) -> None:
            if told:
                _end(number)
            told.append(number)
            name = signal.Signals(number).name
            sys.stderr.write(f"{name}: cleaning up; once more ends it at once\n")
            task.cancel()

        for number in SIGNALS:
            loop.add_signal_handler(number, tell, number)
        try:
            return await task
        except asyncio.CancelledError:
            if not told:
                raise
            # A thread that reads a pipe cannot be ended, and the loop's own end waits for it.
            _end(told[0])

    return asyncio.run(watched())


def _end(number: int) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(EXIT_CODE_FIRST + number)
