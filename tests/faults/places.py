"""A data folder of its own, and the service's commands run on it as real processes."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from httpx2 import Client, Response, TransportError
from pydantic import SecretStr

from graph_service.graph.opening import settings_for
from graph_service.graph.server import ManagedServer
from graph_service.settings import Settings
from tests.conftest import KEY, Database, choose_ports
from tests.worlds import Event

T = TypeVar("T")
PEPPER = "pepper-of-the-tests"
MAIN = "from graph_service.cli import main; main()"
HEAP_MIB, PAGE_CACHE_MIB = 512, 64
# Longer than anything here takes on a machine that is busy with other things (s).
PATIENCE_S = 150.0
# How a driver greets a server, and how long (s) a server that runs takes at most to say it back.
GREETING = bytes.fromhex("6060b017 00000005 00000004 00000000 00000000")
SILENCE_S = 1.0


@dataclass(frozen=True)
class Service:
    """A `graph-service serve` that runs."""

    process: subprocess.Popen[bytes]
    url: str

    def ask(
        self, method: str, path: str, content: object = None, *, timeout_s: float = PATIENCE_S
    ) -> Response:
        """Its answer. Raises TransportError where it does not give one."""
        headers = {"Authorization": f"Bearer {KEY}"}
        with Client(base_url=self.url, headers=headers, timeout=timeout_s) as client:
            return client.request(method, path, json=content)

    def post(self, events: Sequence[Event], *, wait: bool = False) -> Response | None:
        """The answer to a batch, None where there is none."""
        try:
            return self.ask("POST", f"/v1/events{'?wait=true' if wait else ''}", events)
        except TransportError:
            return None

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code after this signal."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def is_ready(self) -> bool:
        """Whether it says that it can answer questions."""
        try:
            return self.ask("GET", "/readyz").status_code == 200
        except TransportError:
            return False


@dataclass
class Place:
    """Commands on one data folder. patch: Python that a command runs before it begins.

    within: words put before each command, e.g. those that enter another view of the disks.
    root: where that view's files are seen from here.
    """

    folder: Path
    notes: Path
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    within: Sequence[str] = ()
    root: Path = Path("/")
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list[subprocess.Popen[bytes]])

    @property
    def settings(self) -> Settings:
        """Settings of the folder's own Neo4j."""
        return Settings(
            data_dir=self.folder,
            bootstrap_api_key=SecretStr(KEY),
            pepper=SecretStr(PEPPER),
            neo4j_heap_mib=HEAP_MIB,
            neo4j_page_cache_mib=PAGE_CACHE_MIB,
            neo4j_uri=None,
            graph_retries_max=3,
        )

    @property
    def server(self) -> ManagedServer:
        """The managed Neo4j; only its commands start and stop one with another root."""
        return ManagedServer(self.seen / "neo4j", self.settings)

    @property
    def seen(self) -> Path:
        """The data folder, as it is seen from here."""
        return self.root / self.folder.relative_to("/")

    @property
    def database(self) -> Database:
        """The raw driver on it; it runs."""
        address = self.server.status()
        assert address is not None
        return Database(settings_for(self.settings, address))

    def neo4j_pid(self) -> int | None:
        """The process of the managed Neo4j, also while it starts; None without one."""
        state = self.server._running()  # pyright: ignore[reportPrivateUsage]
        return state and state.pid

    def signal_neo4j(self, number: signal.Signals) -> None:
        """Send this signal to the managed Neo4j, if it runs."""
        pid = self.neo4j_pid()
        if pid is not None:
            os.kill(pid, number)

    def hang_neo4j(self) -> None:
        """Back when the managed Neo4j hangs: it is there, and answers nobody."""
        self.signal_neo4j(signal.SIGSTOP)
        until_silent(self.server)

    def environment(self, **variables: str) -> dict[str, str]:
        """What a command here finds around it; a variable of no text is not set."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("NEO4J_")
        } | {
            "GRAPH_SERVICE_DATA_DIR": str(self.folder),
            "GRAPH_SERVICE_BOOTSTRAP_API_KEY": KEY,
            "GRAPH_SERVICE_PEPPER": PEPPER,
            "GRAPH_SERVICE_NEO4J_HEAP_MIB": str(HEAP_MIB),
            "GRAPH_SERVICE_NEO4J_PAGE_CACHE_MIB": str(PAGE_CACHE_MIB),
            "GRAPH_SERVICE_RATE_BURST": "100000",
            # Months stay open, so that the facts are those that were sent.
            "GRAPH_SERVICE_MONTH_GRACE_H": "1000000",
            **self.variables,
            **variables,
        }
        return {name: value for name, value in environment.items() if value}

    def spawn(self, *arguments: str, patch: str = "", **variables: str) -> subprocess.Popen[bytes]:
        """A command that was begun."""
        number = len(self._started)
        command = [*self.within, sys.executable, "-c", f"{patch}\n{MAIN}", *arguments]
        environment = self.environment(**variables)
        with self._file(number).open("wb") as output:
            process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        self._started.append(process)
        return process

    def printed(self, process: subprocess.Popen[bytes]) -> str:
        """What a process has printed so far."""
        return self._file(self._started.index(process)).read_text(errors="replace")

    def run(self, *arguments: str, patch: str = "", **variables: str) -> tuple[int, str]:
        """Exit code and output of a command."""
        process = self.spawn(*arguments, patch=patch, **variables)
        return process.wait(PATIENCE_S), self.printed(process)

    def serve(self, *, patch: str = "", **variables: str) -> Service:
        """A service that is ready; it starts Neo4j if that does not run."""
        process = self.spawn("serve", "--port", "0", patch=patch, **variables)
        found = until(lambda: re.findall(r"service\S* (http://[\d.]+:\d+)", self.printed(process)))
        service = Service(process, found[0])
        until(lambda: service.is_ready() or process.poll() is not None)
        assert process.poll() is None, self.printed(process)
        return service

    def verified(self) -> tuple[int, Any]:
        """Exit code of `verify`, and the differences that it found."""
        code, text = self.run("verify", "--json")
        return code, json.loads(text.splitlines()[-1])["differences"]

    def end_processes(self) -> None:
        """Kill every process that was begun here."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.wait()

    def end(self) -> None:
        """Kill every process that was begun here and stop Neo4j."""
        self.end_processes()
        self.server.stop()

    def _file(self, number: int) -> Path:
        return self.notes / f"{number}.txt"


@contextlib.contextmanager
def own_place(
    folder: Path, notes: Path, *, within: Sequence[str] = (), root: Path = Path("/")
) -> Generator[Place]:
    """A place with ports of its own, whose Neo4j does not run yet; ended afterwards."""
    place = Place(folder, notes, within=within, root=root)
    choose_ports(place.seen / "neo4j")
    try:
        yield place
    finally:
        place.end()


def until(found: Callable[[], T], *, timeout_s: float = PATIENCE_S) -> T:
    """What is found, once it is something; AssertionError if it never is."""
    deadline = time.monotonic() + timeout_s
    while not (value := found()):
        assert time.monotonic() < deadline, f"not within {timeout_s} s"
        time.sleep(0.02)
    return value


def until_silent(server: ManagedServer) -> None:
    """Back when a stopped server greets no caller any more: a signal takes a moment to arrive."""
    status = server.status()
    assert status is not None
    address = urlsplit(status.bolt_uri)
    host, port = address.hostname or "", address.port or 0

    def is_silent() -> bool:
        with socket.create_connection((host, port), timeout=SILENCE_S) as caller:
            caller.sendall(GREETING)
            try:
                return not caller.recv(4)
            except TimeoutError:
                return True

    until(is_silent)


def event_file(folder: Path, events: Sequence[Event]) -> str:
    """A file of these events, as `load` takes it."""
    file = folder / "events.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in events), encoding="utf-8")
    return str(file)
