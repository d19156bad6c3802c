"""A disk that is really full: the answer says so, nothing acknowledged is lost, and it goes on."""

import os
import re
import subprocess
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import pytest
from httpx2 import Response

from tests.conftest import Database
from tests.faults.places import Place, Service, event_file, own_place, until
from tests.worlds import START, Event, event
from tests.worlds.named import honest_tree

MIB = 2**20
# Room for two transaction logs of Neo4j (256 MiB each), the store and what is kept free.
DISK_MIB = 1_000
BATCHES_MAX = 80
# The guard that keeps Neo4j from ever meeting a full disk is switched off; what is said stays.
UNGUARDED = """
import graph_service.graph.session as session
room = session.Graph.require_room
def unguarded(self, remedy=session.MOVE):
    if remedy != session.MOVE:
        room(self, remedy)
session.Graph.require_room = unguarded
"""


@dataclass(frozen=True)
class Disk:
    """A small file system that only those see who enter. seen: the same from here."""

    folder: Path
    root: Path
    enter: tuple[str, ...]

    @property
    def seen(self) -> Path:
        return self.root / self.folder.relative_to("/")

    def fill(self, *, left_mib: int = 0) -> None:
        """Take all of its room but this."""
        now = os.statvfs(self.seen)
        with (self.seen / "ballast").open("wb") as file:
            size = now.f_bavail * now.f_frsize - left_mib * MIB
            os.posix_fallocate(file.fileno(), 0, size)

    def free(self) -> None:
        """Give its room back."""
        (self.seen / "ballast").unlink()


@pytest.fixture
def make_disk(tmp_path: Path) -> Generator[Callable[[int], Disk]]:
    """Makes disks of so many MiB, as root or in a user's own view of the mounts."""
    holders: list[subprocess.Popen[str]] = []

    def made(size_mib: int) -> Disk:
        (folder := tmp_path / "disk").mkdir()
        mount = f"mount -t tmpfs -o size={size_mib}m tmpfs '{folder}' && echo mounted && exec cat"
        for new, old in (("-m", ("-m",)), ("-Urm", ("-U", "-m", "--preserve-credentials"))):
            holder = subprocess.Popen(
                ["unshare", new, "sh", "-c", mount],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            holders.append(holder)
            assert holder.stdout is not None
            if holder.stdout.readline() == "mounted\n":
                root = Path(f"/proc/{holder.pid}/root")
                return Disk(folder, root, ("nsenter", "-t", str(holder.pid), *old))
        pytest.skip("neither root nor a user may mount a file system here")

    yield made
    for holder in holders:
        holder.communicate(timeout=10)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    (folder := tmp_path / "notes").mkdir()
    return folder


@pytest.fixture
def full_place(make_disk: Callable[[int], Disk], notes: Path) -> Generator[tuple[Place, Disk]]:
    """A place whose Neo4j runs on a small disk."""
    disk = make_disk(DISK_MIB)
    folder = disk.folder / "data"
    with own_place(folder, notes, within=disk.enter, root=disk.root) as place:
        code, printed = place.run("neo4j", "start")
        assert code == 0, printed
        try:
            yield place, disk
        finally:
            (disk.seen / "ballast").unlink(missing_ok=True)


def problem(answer: Response | None) -> tuple[int, str, str]:
    assert answer is not None
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    return answer.status_code, body["code"], body["detail"]


def statuses(answer: Response | None) -> set[str]:
    assert answer is not None
    assert answer.status_code == 200, answer.text
    return {one["status"] for one in answer.json()["results"]}


def long_texts(number: int) -> list[Event]:
    """A batch of about 1 MiB."""
    data = {"memberId": "m", "subject": "service", "text": "x" * 1_900}
    return [event("feedback.given", f"{number}-{place}", START, data) for place in range(500)]


def acknowledged_until_full(service: Service) -> tuple[list[list[Event]], Response]:
    """The batches that were acknowledged, and the first answer that did not."""
    batches: list[list[Event]] = []
    for number in range(BATCHES_MAX):
        answer = service.post(batch := long_texts(number))
        assert answer is not None
        if answer.status_code != 200:
            return batches, answer
        batches.append(batch)
    pytest.fail("the disk never was full")


def test_writes_are_refused_before_the_disk_is_full_and_reads_go_on(
    full_place: tuple[Place, Disk], tmp_path: Path
) -> None:
    place, disk = full_place
    events = honest_tree(1, 3)
    service = place.serve()
    assert statuses(service.post(events[:-2], wait=True)) == {"accepted"}

    disk.fill(left_mib=100)
    refused = [problem(service.post(events[-2:])), problem(service.ask("GET", "/readyz"))]
    code, printed = place.run("load", event_file(tmp_path, events))
    read = service.ask("GET", "/v1/members/m")
    disk.free()

    assert [one[:2] for one in refused] == [(503, "storage_full")] * 2
    text = rf"the disk of {place.folder}/neo4j is full: .* 300 MiB, \d+ MiB are free; make room"
    assert all(re.match(text, detail) for _, _, detail in refused), refused
    assert read.status_code == 200
    assert code == 1
    assert re.match(f"error: {text}", printed.strip().splitlines()[-1]), printed
    assert statuses(service.post(events[-2:], wait=True)) == {"accepted"}
    assert statuses(service.post(events)) == {"duplicate"}
    assert service.is_ready()
    assert place.verified() == (0, [])
    meets_a_full_disk(place, disk, service)


def meets_a_full_disk(place: Place, disk: Disk, before: Service) -> None:
    """Neo4j itself meets the full disk and stops; the same server, because a start is dear."""
    before.end()
    service = place.serve(patch=UNGUARDED)

    disk.fill()
    acknowledged, first = acknowledged_until_full(service)
    full = [problem(first), problem(service.ask("GET", "/readyz"))]
    full.append(problem(service.ask("GET", "/v1/members/m")))
    disk.free()
    freed = problem(service.ask("GET", "/readyz"))
    again = place.run("neo4j", "start")
    stopped = place.run("neo4j", "stop"), place.run("neo4j", "start")

    assert [one[:2] for one in full] == [(503, "storage_full")] * 3
    assert all("then restart Neo4j" in detail for _, _, detail in full), full
    assert freed[:2] == (503, "graph_unavailable")
    assert "restart Neo4j" in freed[2]
    assert again[0] == 1
    assert "restart Neo4j" in again[1]
    assert [code for code, _ in stopped] == [0, 0], stopped
    until(service.is_ready)
    assert all(statuses(service.post(batch)) == {"duplicate"} for batch in acknowledged)
    assert statuses(service.post(long_texts(len(acknowledged)))) <= {"accepted", "duplicate"}
    until(lambda: pending(place.database) == 0)
    assert place.verified() == (0, [])


def pending(database: Database) -> int:
    return database.query("MATCH (f:Pending) RETURN count(f) AS facts")[0]["facts"]


@pytest.mark.parametrize("command", [("verify",), ("neo4j", "start"), ("serve",)])
def test_a_start_without_room_says_where_and_how_much(
    make_disk: Callable[[int], Disk], notes: Path, command: tuple[str, ...]
) -> None:
    disk = make_disk(8)
    place = Place(disk.folder / "data", notes, within=disk.enter, root=disk.root)

    code, printed = place.run(*command, GRAPH_SERVICE_PORT="0")

    last = printed.strip().splitlines()[-1]
    assert code == 1
    assert last.startswith(f"error: the disk of {place.folder}/neo4j is full: ")
    assert "the start of Neo4j needs 850 MiB, 8 MiB are free" in last
    assert "Traceback" not in printed


def test_a_cache_without_room_says_where_and_how_much(
    make_disk: Callable[[int], Disk], notes: Path, tmp_path: Path
) -> None:
    disk = make_disk(8)
    place = Place(tmp_path / "data", notes, within=disk.enter)

    code, printed = place.run("neo4j", "start", GRAPH_SERVICE_CACHE_DIR=str(disk.folder / "cache"))

    last = printed.strip().splitlines()[-1]
    assert code == 1
    assert re.match(rf"error: the disk of {disk.folder}/cache/jars is full: Neo4j's \d+ jars", last)
    assert "8 MiB are free" in last
    assert "Traceback" not in printed


def test_a_pepper_without_room_says_where_and_leaves_no_half(
    place: Place, make_disk: Callable[[int], Disk], notes: Path
) -> None:
    address, disk = place.server.start(), make_disk(1)
    other = Place(disk.folder / "data", notes, within=disk.enter, root=disk.root)
    other.seen.mkdir()
    disk.fill()

    code, printed = other.run(
        "verify",
        NEO4J_URI=address.bolt_uri,
        NEO4J_PASSWORD=address.password,
        GRAPH_SERVICE_PEPPER="",
    )

    last = printed.strip().splitlines()[-1]
    assert code == 1
    assert last.startswith(f"error: the disk of {other.folder} is full: 0 MiB are free; make room")
    assert list(other.seen.iterdir()) == []
