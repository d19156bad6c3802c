"""A real Neo4j, one for the whole file: the tests leave it running, whatever they did to it."""

import json
import os
import signal
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import LiteralString

import pytest
from neo4j import GraphDatabase

from graph_service.errors import GraphError, GraphUnavailable
from graph_service.graph import server as server_file
from graph_service.graph.server import ManagedServer, ServerAddress
from graph_service.settings import Settings
from tests.conftest import choose_ports


def _settings(folder: Path, *, start_timeout_s: float = 120) -> Settings:
    values = {
        "data_dir": folder,
        "neo4j_heap_mib": 512,
        "neo4j_page_cache_mib": 64,
        "neo4j_start_timeout_s": start_timeout_s,
    }
    return Settings.model_validate(values)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[ManagedServer]:
    # A blank and a letter beyond ASCII: both occur in people's folders.
    settings = _settings(tmp_path_factory.mktemp("data ü"))
    managed = ManagedServer(settings.data_dir / "neo4j", settings)
    # The default ports may be taken by another Neo4j while ours is dead.
    choose_ports(managed.home)
    # What a first start leaves that was killed halfway; Neo4j would start on it without our user.
    half = managed.home / "data" / "databases" / "system" / "half"
    half.mkdir(parents=True)
    managed.start()
    yield managed
    managed.stop()


@pytest.fixture
def fresh(tmp_path: Path) -> ManagedServer:
    return ManagedServer(tmp_path / "neo4j", _settings(tmp_path))


def _values(address: ServerAddress, query: LiteralString) -> list[object]:
    auth = (address.username, address.password)
    with GraphDatabase.driver(address.bolt_uri, auth=auth) as driver:  # pyright: ignore[reportUnknownMemberType]
        return [record[0] for record in driver.execute_query(query).records]


def _live_state(server: ManagedServer) -> server_file._State:  # pyright: ignore[reportPrivateUsage]
    state = server._running()  # pyright: ignore[reportPrivateUsage]
    assert state is not None
    return state


def test_a_started_server_answers_bolt_and_browser(server: ManagedServer) -> None:
    address = server.start()

    with urllib.request.urlopen(address.browser_url) as answer:
        status = answer.status

    assert _values(address, "RETURN 1") == [1]
    assert status == 200


def test_a_system_database_that_was_cut_short_is_made_anew(server: ManagedServer) -> None:
    system = server.home / "data" / "databases" / "system"

    assert (system / "neostore").exists()
    assert not (system / "half").exists()


def test_a_second_start_returns_the_same_server(server: ManagedServer) -> None:
    first = server.start()

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(server.start) for _ in range(2)]
        others = [future.result() for future in both]

    assert others == [first, first]
    assert server.status() == first


def test_another_process_finds_the_same_server(server: ManagedServer) -> None:
    program = (
        "import sys, pathlib; from graph_service.graph.server import ManagedServer; "
        "from graph_service.settings import Settings; home = pathlib.Path(sys.argv[1]); "
        "print(ManagedServer(home, Settings(data_dir=home.parent)).start().pid)"
    )

    run = subprocess.run(
        [sys.executable, "-c", program, server.home], capture_output=True, text=True, check=True
    )

    assert int(run.stdout) == server.start().pid


def test_only_this_machine_is_listened_to_and_nothing_is_reported(server: ManagedServer) -> None:
    settings = (server.home / "conf" / "neo4j.conf").read_text().splitlines()

    assert "server.default_listen_address=127.0.0.1" in settings
    assert "dbms.usage_report.enabled=false" in settings
    assert "client.allow_telemetry=false" in settings
    assert "dbms.security.auth_enabled=true" in settings


def test_secrets_are_for_the_owner_only(server: ManagedServer) -> None:
    address = server.start()

    assert stat.S_IMODE(server.home.stat().st_mode) == 0o700
    assert stat.S_IMODE(address.password_file.stat().st_mode) == 0o600
    assert address.password not in repr(address)
    assert address.password not in (server.home / "conf" / "neo4j.conf").read_text()


def test_the_server_gets_none_of_our_secrets(
    server: ManagedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPH_SERVICE_PEPPER", "secret")

    environment = server._environment()  # pyright: ignore[reportPrivateUsage]

    assert "secret" not in environment.values()
    assert environment["NEO4J_HOME"] == str(server.home)


def test_admin_output_is_returned_and_its_failure_raised(
    server: ManagedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Java says that it found it, before all else.
    monkeypatch.delenv("JAVA_TOOL_OPTIONS", raising=False)

    version = server.run_admin("--version")

    assert version.stdout.strip() == "5.26.30"
    with pytest.raises(GraphError, match=r"(?s)^neo4j-admin database dump failed: .*in use"):
        server.run_admin("database", "dump", "neo4j", f"--to-path={server.home}")


def test_a_wrong_password_file_is_an_answer_and_not_a_wait(server: ManagedServer) -> None:
    address = server.start()
    address.password_file.write_text("wrong")

    try:
        with pytest.raises(GraphUnavailable, match="refuses the password"):
            server.start()
    finally:
        address.password_file.write_text(address.password)

    assert server.start() == address


def test_a_recycled_pid_is_neither_taken_for_the_server_nor_ended(server: ManagedServer) -> None:
    state_file, state = server.home / "state.json", _live_state(server)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        state_file.write_text(json.dumps(asdict(replace(state, pid=stranger.pid))))

        status, stopped = server.status(), server.stop()
        survived = stranger.poll() is None
        stranger.kill()

    state_file.write_text(json.dumps(asdict(state)))
    assert (status, stopped, survived) == (None, False, True)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}'])
def test_a_broken_state_is_no_server(fresh: ManagedServer, text: str) -> None:
    fresh.home.mkdir()
    (fresh.home / "state.json").write_text(text)

    assert fresh.status() is None
    assert fresh.stop() is False


def test_nothing_runs_in_a_new_folder(fresh: ManagedServer) -> None:
    assert fresh.status() is None
    assert fresh.stop() is False


def test_a_killed_server_keeps_its_facts_and_ports(server: ManagedServer) -> None:
    before = server.start()
    _values(before, "CREATE (m:Kept {x: 1}) RETURN m.x")
    os.kill(before.pid, signal.SIGKILL)

    after = server.start()

    assert after.pid != before.pid
    assert (after.bolt_uri, after.password) == (before.bolt_uri, before.password)
    assert _values(after, "MATCH (m:Kept) RETURN count(m)") == [1]


def test_ports_that_are_taken_are_avoided(server: ManagedServer) -> None:
    state = _live_state(server)

    ports = server_file._free_ports((state.bolt_port, state.http_port))  # pyright: ignore[reportPrivateUsage]

    assert len({*ports, state.bolt_port, state.http_port}) == 4


def test_a_failed_start_shows_the_log_and_leaves_no_process(
    server: ManagedServer, fresh: ManagedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = _live_state(server)

    def believed_free(wanted: tuple[int, int]) -> tuple[int, int]:
        return taken.bolt_port, taken.http_port

    monkeypatch.setattr(server_file, "_free_ports", believed_free)
    monkeypatch.setattr(server_file, "PORT_TAKEN", "only one attempt")

    with pytest.raises(GraphUnavailable, match=r"(?s)--- neo4j.log.*Address already in use"):
        fresh.start()

    assert fresh.status() is None
    assert server.status() is not None


def test_a_start_takes_other_ports_where_one_was_taken_meanwhile(
    server: ManagedServer, fresh: ManagedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = _live_state(server)
    free_ports = server_file._free_ports  # pyright: ignore[reportPrivateUsage]
    offered = [(taken.bolt_port, taken.http_port)]

    def believed_free(wanted: tuple[int, int]) -> tuple[int, int]:
        return offered.pop() if offered else free_ports(wanted)

    monkeypatch.setattr(server_file, "_free_ports", believed_free)
    # The reason stands far above the end of the log.
    monkeypatch.setattr(server_file, "TAIL_LINES", 1)

    address = fresh.start()

    assert address.bolt_uri != taken.bolt_uri
    assert _values(address, "RETURN 1") == [1]


def test_a_stopped_server_is_gone_and_starts_again(server: ManagedServer) -> None:
    before = server.start()

    stopped, again, status = server.stop(), server.stop(), server.status()
    after = server.start()

    assert (stopped, again, status) == (True, False, None)
    assert not Path(f"/proc/{before.pid}").exists()
    assert _values(after, "RETURN 1") == [1]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    managed = ManagedServer(tmp_path / "file" / "neo4j", _settings(tmp_path))

    with pytest.raises(GraphUnavailable, match="GRAPH_SERVICE_DATA_DIR"):
        managed.start()


def test_a_start_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    hurried = ManagedServer(tmp_path / "neo4j", _settings(tmp_path, start_timeout_s=0.5))

    with pytest.raises(GraphUnavailable, match=r"did not answer within 0\.5 s"):
        hurried.start()

    assert hurried._running() is None  # pyright: ignore[reportPrivateUsage]
