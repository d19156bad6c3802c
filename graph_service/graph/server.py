"""Is the managed Neo4j running, and how is it started and stopped?"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import structlog
from neo4j import GraphDatabase
from neo4j.exceptions import AuthError, DriverError, Neo4jError

from graph_service.errors import GraphError, GraphUnavailable
from graph_service.graph import jars
from graph_service.processes import birth_of, is_alive
from graph_service.settings import Settings
from graph_service.storage import MOVE, require_room, writing

USERNAME = "neo4j"
BOLT_PORT, HTTP_PORT = 7687, 7474
STOP_TIMEOUT_S, ADMIN_TIMEOUT_S, ASK_TIMEOUT_S = 60, 3_600, 5
# Two transaction logs of 256 MiB that a first start takes, and what the first writes take.
FIRST_MIB, LATER_MIB = 850, 32
# What Neo4j says of itself once it serves nothing any more, and what helps then.
PANIC = "needs to be restarted"
RESTART = "restart Neo4j (graph-service neo4j stop, then start)"
TAIL_LINES = 20
PORT_ATTEMPTS_MAX = 3
PORT_TAKEN = "Address already in use"
HINTS = (
    (PORT_TAKEN, "another program took the port just now: try again"),
    ("Lock file has been locked", "another Neo4j uses this folder: end it first"),
    ("Could not reserve enough space", "too little memory: lower GRAPH_SERVICE_NEO4J_HEAP_MIB"),
    ("No space left on device", "the disk is full: make room, or move GRAPH_SERVICE_DATA_DIR"),
)
# Marks a store that a bulk load is replacing; only that load may start it.
IMPORTING = "importing.json"
# Neither keys nor passwords of the service reach the server's environment.
PASSED_ON = ("HOME", "JAVA_TOOL_OPTIONS", "LD_LIBRARY_PATH", "PATH", "TMPDIR")


@dataclass(frozen=True)
class ServerAddress:
    """Where a running server answers, and as whom to speak to it."""

    bolt_uri: str
    browser_url: str
    username: str
    password: str = field(repr=False)
    password_file: Path
    pid: int
    home: Path


@dataclass(frozen=True)
class _State:
    """What is kept of the last start; birth tells the server from a stranger with its pid."""

    pid: int
    birth: str
    bolt_port: int
    http_port: int
    bolt_uri: str
    java: str


@dataclass(frozen=True)
class ManagedServer:
    """Neo4j Community under one folder: at most one process, whoever asks.

    Everything here blocks. The server outlives the process that started it.
    imports: of the bulk load, which alone starts a store that one is replacing. read_only: whether
    every write to its graph is refused, from the next start on. first_ports: of Bolt and of the
    Browser, until it has run; 0: any.
    """

    home: Path
    settings: Settings
    imports: bool = False
    read_only: bool = False
    first_ports: tuple[int, int] = (BOLT_PORT, HTTP_PORT)

    def __post_init__(self) -> None:
        """Make the folder absolute: the server and later commands have other working folders."""
        object.__setattr__(self, "home", self.home.absolute())

    def start(self) -> ServerAddress:
        """The running server, started if it is not; the first start also downloads its jars.

        Raises GraphUnavailable with the end of the server's log if it does not answer within
        neo4j_start_timeout_s, and StorageFull.
        """
        if self._running() is None:
            needed = LATER_MIB if (self.home / "answered").exists() else FIRST_MIB
            require_room(self.home, needed, what="the start of Neo4j", remedy=MOVE)
        self._make_folders()
        with writing(self.home, remedy=MOVE), self._alone():
            if (self.home / IMPORTING).exists() and not self.imports:
                half = "a bulk load into this graph is under way or was cut short"
                raise GraphUnavailable(f"{half}: wait for it, or run load --bulk again")
            state = self._running()
            if state is None or not self._await_answer(state):
                state = self._start_new(self._ports())
            (self.home / "answered").touch()
            return self._address(state)

    def stop(self) -> bool:
        """Whether a server was running; it no longer is."""
        if not self._state_file.exists():
            return False
        with self._alone():
            if state := self._running():
                self._end(state)
            return state is not None

    def status(self) -> ServerAddress | None:
        """The server if it runs and listens; None also while it starts or stops."""
        state = self._running()
        listens = state and _listens(state.bolt_port) and _listens(state.http_port)
        return self._address(state) if state and listens else None

    def run_admin(
        self, *arguments: str, timeout_s: float = ADMIN_TIMEOUT_S
    ) -> subprocess.CompletedProcess[str]:
        """Run neo4j-admin on this home, e.g. run_admin("database", "dump", "neo4j", "--to-path=…").

        Paths are absolute; no start happens meanwhile. Raises GraphError with its output.
        """
        self._make_folders()
        with self._alone():
            # A running server keeps its files: its ports are in them.
            if self._running() is None:
                self._write_options()
                self._write_configuration(self._ports())
            return self._admin(*arguments, timeout_s=timeout_s)

    def _alone(self) -> contextlib.AbstractContextManager[None]:
        # Whoever waits gets the answer of the start that it waits for.
        timeout_s = self.settings.neo4j_start_timeout_s + STOP_TIMEOUT_S
        return jars.exclusive(self.home / "lock", timeout_s=timeout_s)

    @property
    def _state_file(self) -> Path:
        return self.home / "state.json"

    @property
    def _password_file(self) -> Path:
        return self.home / "password"

    def _make_folders(self) -> None:
        try:
            for name in ("conf", "logs", "import"):
                (self.home / name).mkdir(parents=True, exist_ok=True)
            self.home.chmod(0o700)
        except OSError as error:
            raise GraphUnavailable(
                f"cannot write folder {self.home}: {error}; set GRAPH_SERVICE_DATA_DIR to another"
            ) from error

    def _start_new(self, wanted: tuple[int, int], attempts: int = PORT_ATTEMPTS_MAX) -> _State:
        started = time.monotonic()
        self._write_options()
        self._write_configuration(ports := _free_ports(wanted))
        self._set_password()
        state = self._spawn(ports)
        try:
            if not self._await_answer(state, is_new=True):
                raise GraphUnavailable(f"Neo4j ended during its start\n{self._log_end()}")
        except BaseException as error:
            self._end(state)
            # Another program may have taken a port between the check and the start.
            if attempts > 1 and PORT_TAKEN in str(error):
                return self._start_new((0, 0), attempts - 1)
            raise
        seconds = round(time.monotonic() - started, 1)
        structlog.get_logger().info("neo4j.started", bolt=state.bolt_uri, seconds=seconds)
        return state

    def _write_options(self) -> None:
        settings = self.settings
        found = jars.fetch_jars(jars.read_lock(), settings.cache_dir / "jars", settings.maven_url)
        text = jars.java_options(found, heap_mib=settings.neo4j_heap_mib)
        _replace(self.home / "conf" / "java.options", text)

    def _write_configuration(self, ports: tuple[int, int]) -> None:
        text = jars.configuration(self.settings, ports, read_only=self.read_only)
        _replace(self.home / "conf" / "neo4j.conf", text)

    def _set_password(self) -> None:
        """Generate the password once and give it to a server that never answered yet."""
        if (self.home / "answered").exists():
            return
        # A first start that was cut short leaves a system database without our user.
        for name in ("databases", "transactions"):
            shutil.rmtree(self.home / "data" / name / "system", ignore_errors=True)
        if not self._password_file.exists():
            _replace(self._password_file, secrets.token_hex(16) + "\n")
        # A file, because arguments can be read by every user of the machine.
        self._admin("dbms", "set-initial-password", f"@{self._password_file}", timeout_s=60)

    def _command(self, main: str, *arguments: str) -> tuple[str, ...]:
        java = jars.find_java(os.environ.get("JAVA_HOME")).executable
        # hs_err files would land in the working folder of whoever started the server.
        error_file = f"-XX:ErrorFile={self.home / 'logs' / 'java_error.log'}"
        return (str(java), f"@{self.home / 'conf' / 'java.options'}", error_file, main, *arguments)

    def _environment(self) -> Mapping[str, str]:
        passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        folders = {"NEO4J_HOME": str(self.home), "NEO4J_CONF": str(self.home / "conf")}
        # Java cannot open a path with letters beyond ASCII in the locale C.
        return passed_on | folders | {"LC_ALL": "C.UTF-8"}

    def _admin(self, *arguments: str, timeout_s: float) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(  # noqa: S603
                self._command("org.neo4j.cli.AdminTool", *arguments),
                env=self._environment(),
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=timeout_s,
                check=True,
            )
        except subprocess.CalledProcessError as error:
            reason = error.output
        except subprocess.TimeoutExpired:
            reason = f"not done after {timeout_s:.0f} s"
        raise GraphError(f"neo4j-admin {' '.join(arguments[:2])} failed: {reason}")

    def _spawn(self, ports: tuple[int, int]) -> _State:
        """Start the process in a session of its own and keep its state."""
        folders = f"--home-dir={self.home}", f"--config-dir={self.home / 'conf'}"
        command = self._command("org.neo4j.server.CommunityEntryPoint", *folders)
        console = str(self.home / "logs" / "console.log")
        with contextlib.suppress(FileNotFoundError):
            (self.home / "logs" / "neo4j.log").replace(self.home / "logs" / "previous.log")
        pid = os.posix_spawn(
            command[0],
            command,
            self._environment(),
            file_actions=(
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, console, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ),
            setsid=True,
            setsigmask=(),
            # Java obeys a SIGTERM only if its parent did not ignore it.
            setsigdef=(signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGTERM),
        )
        bolt_uri = f"bolt://127.0.0.1:{ports[0]}"
        state = _State(pid, birth_of(pid)[0] or "", *ports, bolt_uri, java=command[0])
        _replace(self._state_file, json.dumps(asdict(state), indent=1) + "\n")
        return state

    def _await_answer(self, state: _State, *, is_new: bool = False) -> bool:
        """True once it answers, False if it ended; raises GraphUnavailable after the timeout."""
        timeout_s = self.settings.neo4j_start_timeout_s
        deadline = time.monotonic() + timeout_s
        # Until a new one has said so, whoever listens on its ports may be a stranger.
        while (is_new and "Started." not in self._log("neo4j.log")) or not self._answers(state):
            if not is_alive(state.pid, state.birth):
                return False
            if time.monotonic() > deadline:
                end = f"{timeout_s:g} s (GRAPH_SERVICE_NEO4J_START_TIMEOUT_S)"
                end += f"\n{self._log_end()}" if is_new else f"; {RESTART}"
                raise GraphUnavailable(f"Neo4j did not answer within {end}")
            time.sleep(0.1)
        return True

    def _answers(self, state: _State) -> bool:
        """Whether the server takes our password and runs a query, and the Browser's port is open.

        Raises GraphUnavailable if it does not take the password: waiting would not help.
        """
        if not (_listens(state.bolt_port) and _listens(state.http_port)):
            return False
        try:
            with GraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType]
                state.bolt_uri,
                auth=(USERNAME, self._password()),
                max_transaction_retry_time=0,
                connection_timeout=ASK_TIMEOUT_S,
                connection_acquisition_timeout=ASK_TIMEOUT_S,
            ) as driver:
                driver.execute_query("RETURN 1", database_="neo4j")
        except AuthError as error:
            raise GraphUnavailable(
                f"Neo4j refuses the password in {self._password_file}; write the right one there"
            ) from error
        except (DriverError, Neo4jError) as error:
            if PANIC in str(error):
                raise GraphUnavailable(f"Neo4j stopped on an error; {RESTART}") from error
            return False
        return True

    def _log(self, name: str) -> str:
        file = self.home / "logs" / name
        return file.read_text(errors="replace") if file.exists() else ""

    def _log_end(self) -> str:
        """The last lines of both logs and, for failures that are known, what to do."""
        logs = {name: self._log(name) for name in ("neo4j.log", "console.log")}
        # The ends may be all stack traces of what followed.
        advice = [f"{sign}: {hint}" for sign, hint in HINTS if sign in str(logs)]
        ends = [f"--- {one}\n" + "\n".join(logs[one].splitlines()[-TAIL_LINES:]) for one in logs]
        return "\n".join([*ends, *(advice or [f"more in {self.home / 'logs'}"])])

    def _end(self, state: _State) -> None:
        """SIGTERM, then, if that does not help in time, SIGKILL; back when the process is gone."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if number == signal.SIGKILL and is_alive(state.pid, state.birth):
                structlog.get_logger().warning("neo4j.killed", pid=state.pid)
            deadline = time.monotonic() + STOP_TIMEOUT_S
            with contextlib.suppress(ProcessLookupError):
                if is_alive(state.pid, state.birth):
                    os.kill(state.pid, number)
                    # One that was stopped cannot obey.
                    os.kill(state.pid, signal.SIGCONT)
            while is_alive(state.pid, state.birth) and time.monotonic() < deadline:
                time.sleep(0.05)
        if is_alive(state.pid, state.birth):
            raise GraphUnavailable(f"process {state.pid} of the managed Neo4j cannot be ended")

    def _state(self) -> _State | None:
        """What the last start left, whether or not that server still runs."""
        try:
            return _State(**json.loads(self._state_file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def _running(self) -> _State | None:
        state = self._state()
        return state if state and is_alive(state.pid, state.birth) else None

    def _ports(self) -> tuple[int, int]:
        state = self._state()
        return (state.bolt_port, state.http_port) if state else self.first_ports

    def _password(self) -> str:
        try:
            return self._password_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise GraphUnavailable(
                f"no password of Neo4j: {error}; put it back, or remove {self.home} with its graph"
            ) from error

    def _address(self, state: _State) -> ServerAddress:
        return ServerAddress(
            bolt_uri=state.bolt_uri,
            browser_url=f"http://127.0.0.1:{state.http_port}/browser/",
            username=USERNAME,
            password=self._password(),
            password_file=self._password_file,
            pid=state.pid,
            home=self.home,
        )


def _replace(file: Path, text: str) -> None:
    """Write a private file whole or not at all."""
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(text)
    part.replace(file)


def _free_ports(wanted: tuple[int, int]) -> tuple[int, int]:
    """The wanted ports of 127.0.0.1 where they are free (0: any), else ones that are."""
    with contextlib.ExitStack() as stack:
        found: list[int] = []
        for port in wanted:
            # Kept open until both are chosen, so that they differ.
            listener = stack.enter_context(socket.socket())
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                listener.bind(("127.0.0.1", 0))
            found.append(listener.getsockname()[1])
        return found[0], found[1]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
