"""The commands as processes: what they print, how they end."""

import gzip
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from graph_service.cli import listen
from graph_service.settings import Settings
from tests.conftest import KEY, Database
from tests.faults.places import until
from tests.worlds.named import five_levels


@pytest.fixture
def environment(settings: Settings, database: Database, tmp_path: Path) -> dict[str, str]:
    """Variables that point a command at the test's empty database."""
    return variables_for(settings, tmp_path)


def variables_for(settings: Settings, folder: Path) -> dict[str, str]:
    """Variables that point a command at this database and a data folder of its own."""
    assert settings.neo4j_uri is not None
    return {
        **os.environ,
        "NEO4J_URI": settings.neo4j_uri,
        "NEO4J_USERNAME": settings.neo4j_username,
        "NEO4J_PASSWORD": settings.neo4j_password.get_secret_value(),
        "GRAPH_SERVICE_DATA_DIR": str(folder / "data"),
        "GRAPH_SERVICE_BOOTSTRAP_API_KEY": KEY,
        "COLUMNS": "100",
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "graph_service", *arguments]


def run(
    environment: dict[str, str], *arguments: str, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command(*arguments),
        env=environment,
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )


def lines(events: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def test_load_takes_plain_and_zipped_files_and_stores_nothing_twice(
    environment: dict[str, str], database: Database, tmp_path: Path
) -> None:
    events = five_levels()
    plain, zipped = tmp_path / "events.jsonl", tmp_path / "again.jsonl.gz"
    plain.write_bytes(lines(events) + b"\nthis is no JSON\n")
    zipped.write_bytes(gzip.compress(lines(events)))

    first = run(environment, "load", str(plain))
    second = run(environment, "load", str(zipped), "-", stdin=lines(events[:3]))

    assert first.returncode == 0, first.stderr
    assert f"{len(events)} stored, 0 known already, 1 in quarantine" in first.stdout.decode()
    assert f"0 stored, {len(events) + 3} known already" in second.stdout.decode()
    assert database.query("MATCH (f:Fact) RETURN count(f) AS facts") == [{"facts": len(events)}]


def test_load_of_a_missing_or_damaged_file_is_one_clear_line(
    environment: dict[str, str], tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.jsonl.gz"
    damaged.write_bytes(gzip.compress(lines(five_levels()))[:-20])

    missing = run(environment, "load", str(tmp_path / "nowhere.jsonl"))
    cut = run(environment, "load", str(damaged))

    assert missing.returncode == cut.returncode == 1
    assert "there is no file" in missing.stderr.decode()
    assert "damaged gzip file" in " ".join(cut.stderr.decode().split())
    assert b"Traceback" not in missing.stderr + cut.stderr


def test_demo_tells_the_order_of_a_file_as_a_story(
    environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(lines(five_levels()))

    told = run(environment, "demo", "--no-serve", str(file))

    text = told.stdout.decode()
    assert told.returncode == 0, told.stderr
    assert re.search(r"step-3 .* 47 ", text)
    assert re.search(r"kept by the platform\s+0\.04", text)


def test_verify_ends_with_1_where_a_kept_number_is_wrong(
    environment: dict[str, str], database: Database, tmp_path: Path
) -> None:
    run(environment, "load", "-", stdin=lines(five_levels()))
    good = run(environment, "verify", "teams", "--json")

    database.query("MATCH (m:Member {memberId: 'step-1'}) SET m.teamSize = m.teamSize + 1")
    database.query("MATCH (s:SalesMonth) WITH s LIMIT 1 SET s.ownMinor = s.ownMinor + 1")
    bad = run(environment, "verify", "teams", "--json")

    assert (good.returncode, json.loads(good.stdout)["differences"]) == (0, [])
    found = json.loads(bad.stdout)["differences"]
    assert bad.returncode == 1
    assert {one["what"] for one in found} == {"teamSize", "ownSales"}


def test_serve_answers_and_ends_in_order_on_sigterm(environment: dict[str, str]) -> None:
    with serving(environment) as (process, url):
        ready = until_ready(url)
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=20)

    assert ready == {"status": "ready"}
    assert code == 0


def test_answers_are_not_held_back_until_what_was_sent_is_acknowledged() -> None:
    with (
        listen(Settings(port=0)) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        at_once = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    assert at_once


@contextmanager
def serving(environment: dict[str, str]) -> Generator[tuple[subprocess.Popen[str], str]]:
    """A service that listens, and its URL; it ends afterwards."""
    with subprocess.Popen(
        command("serve", "--port", "0"), env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, re.findall(r"http://[\d.]+:\d+", process.stdout.readline())[0]
        finally:
            process.terminate()
            process.wait(timeout=30)


def until_ready(url: str) -> object:
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
                return json.load(answer)
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the service did not get ready")


def test_demo_that_is_told_to_end_leaves_no_world_behind(
    environment: dict[str, str], database: Database, tmp_path: Path
) -> None:
    spare = tmp_path / "spare"
    spare.mkdir()
    stored = "MATCH (f:Fact) RETURN count(f) AS facts"

    with subprocess.Popen(
        command("demo", "--no-serve", "--members", "3000"),
        env=environment | {"TMPDIR": str(spare)},
        stdout=subprocess.DEVNULL,
    ) as begun:
        until(lambda: database.query(stored)[0]["facts"])
        begun.send_signal(signal.SIGTERM)
        code = begun.wait(timeout=60)

    assert code == 128 + signal.SIGTERM
    assert list(spare.iterdir()) == []


def test_world_without_a_folder_is_one_clear_line(tmp_path: Path) -> None:
    ended = run(dict(os.environ), "world", "--to", str(tmp_path / "nowhere" / "w.jsonl"))

    assert ended.returncode == 1
    assert ended.stderr.decode().strip() == f"error: there is no folder {tmp_path / 'nowhere'}"
