"""Where is it measured? A service and a Neo4j of their own, in a folder that goes afterwards."""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter, sleep
from typing import Any, NoReturn

from graph_service.bench.figures import peak_mib
from graph_service.errors import GraphUnavailable
from graph_service.graph.server import ManagedServer, ServerAddress
from graph_service.settings import SECRET_FILES, Settings
from graph_service.signals import EXIT_CODE_FIRST, SIGNALS

STOP_S = 60
REQUEST_S = 600
IDLE_S_MAX = 2.0
# Characters at the end of what a command that failed has written.
SAID_MAX = 1_000
# What belongs to another service that the same variables are meant for.
OTHERS = ("NEO4J_", *SECRET_FILES.values())
# What the bench sends in a second is not what it wants to know.
UNLIMITED = 1_000_000


@dataclass
class Service:
    """A running service, and one connection to it that stays open."""

    connection: HTTPConnection
    pid: int
    neo4j: ServerAddress
    key: str
    last_s: float = 0.0

    def ask(self, method: str, path: str, body: object = None) -> tuple[float, Any]:
        """Seconds until the answer was read, and the answer. Raises GraphUnavailable unless 200."""
        sent = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        if perf_counter() - self.last_s > IDLE_S_MAX:
            # The service ends connections that were silent for five seconds.
            self.connection.close()
            self.connection.connect()
        started = perf_counter()
        self.connection.request(method, path, sent, headers)
        answer = self.connection.getresponse()
        read = answer.read()
        self.last_s = perf_counter()
        seconds = self.last_s - started
        if answer.status != 200:
            raise GraphUnavailable(f"{method} {path} answered {answer.status}: {read[:500]!r}")
        return seconds, json.loads(read)

    def peaks(self) -> dict[str, float | None]:
        """The most memory that both processes have held (MiB)."""
        return {"serviceMib": peak_mib(self.pid), "neo4jMib": peak_mib(self.neo4j.pid)}


@dataclass
class Stage:
    """A data folder with nothing but what the bench puts there."""

    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str) -> float:
        """Run a command and say how many seconds it took. Raises GraphUnavailable if it failed."""
        started = perf_counter()
        with self._process(*arguments) as process:
            process.communicate()
        if process.returncode:
            raise GraphUnavailable(
                f"{' '.join(arguments)} ended with {process.returncode}: {self._said()}"
            )
        return perf_counter() - started

    @contextmanager
    def service(self) -> Generator[Service]:
        """The service while it runs on this folder."""
        with self._process("serve", "--host", "127.0.0.1", "--port", "0") as process:
            yield self._opened(process)

    @contextmanager
    def _process(self, *arguments: str) -> Generator[subprocess.Popen[str]]:
        """A command of this service while this is open; then it is told to end, once.

        Ctrl-C in a terminal tells every process of the group: a command that is told twice ends
        without stopping its Neo4j, so it has a group of its own.
        """
        with (
            self._errors.open("wb") as errors,
            subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "graph_service", *arguments],
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                process_group=0,
            ) as process,
        ):
            try:
                yield process
            finally:
                process.terminate()
                process.wait(STOP_S)

    @property
    def _errors(self) -> Path:
        """What the last command wrote to its standard error."""
        return self.folder / "errors.txt"

    def _said(self) -> str:
        return self._errors.read_text("utf-8", "replace")[-SAID_MAX:].strip()

    def _opened(self, process: subprocess.Popen[str]) -> Service:
        assert process.stdout is not None
        port = 0
        while not port and (line := process.stdout.readline()):
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            port = int(found.group(1)) if found else 0
        if not port:
            raise GraphUnavailable(f"the service to be measured did not start: {self._said()}")
        connection = HTTPConnection("127.0.0.1", port, timeout=REQUEST_S)
        if not _becomes_ready(process, connection):
            raise GraphUnavailable(f"the service to be measured is not ready: {self._said()}")
        settings = Settings().model_copy(update={"data_dir": self.folder, "neo4j_uri": None})
        address = ManagedServer(self.folder / "neo4j", settings).status()
        if address is None:
            raise GraphUnavailable("the Neo4j to be measured does not run")
        key = self.environment["GRAPH_SERVICE_BOOTSTRAP_API_KEY"]
        return Service(connection, process.pid, address, key)


def _becomes_ready(process: subprocess.Popen[str], connection: HTTPConnection) -> bool:
    until = monotonic() + Settings().neo4j_start_timeout_s + STOP_S
    while monotonic() < until and process.poll() is None:
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                return True
        except OSError:
            connection.close()
        sleep(0.2)
    return False


def unwind_when_told() -> None:
    """From now on SIGINT and SIGTERM end what is open here, then the process with 130 or 143."""
    for one in SIGNALS:
        signal.signal(one, _unwind)


def _unwind(number: int, _: object) -> NoReturn:
    raise SystemExit(EXIT_CODE_FIRST + number)


@contextmanager
def open_stage() -> Generator[Stage]:
    """An empty stage; its folder is removed afterwards."""
    with TemporaryDirectory(prefix="graph-service-bench-") as name:
        environment = {
            **{one: value for one, value in os.environ.items() if not one.startswith(OTHERS)},
            "GRAPH_SERVICE_DATA_DIR": name,
            "GRAPH_SERVICE_CACHE_DIR": str(Settings().cache_dir),
            "GRAPH_SERVICE_BOOTSTRAP_API_KEY": secrets.token_urlsafe(24),
            "GRAPH_SERVICE_RATE_PER_SECOND": str(UNLIMITED),
            "GRAPH_SERVICE_RATE_BURST": str(UNLIMITED),
            "COLUMNS": "200",
        }
        yield Stage(Path(name), environment)
