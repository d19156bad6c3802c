"""Is the file of a world whole, the same each time, and never half of one?"""

import errno
import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from graph_service.demo import world_file
from graph_service.demo.world_file import write_world
from graph_service.errors import StorageFull
from graph_service.worlds.world import World, world_events, world_of

WORLD = world_of("S", members=200)
CONSOLE = Console(file=io.StringIO())


def test_file_holds_the_events_plain_or_zipped(tmp_path: Path) -> None:
    plain, zipped = tmp_path / "w.jsonl", tmp_path / "w.jsonl.gz"

    written = {write_world(WORLD, file, CONSOLE) for file in (plain, zipped)}

    text = plain.read_bytes()
    assert gzip.decompress(zipped.read_bytes()) == text
    assert [json.loads(line) for line in text.splitlines()] == list(world_events(WORLD))
    assert written == {len(text.splitlines())}


def test_same_world_is_the_same_zipped_file(tmp_path: Path) -> None:
    files = [tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"]

    for file in files:
        write_world(WORLD, file, CONSOLE)

    assert files[0].read_bytes() == files[1].read_bytes()


def test_broken_off_world_leaves_what_stood_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaking_off(_: World) -> Iterator[bytes]:
        yield b"{}"
        raise KeyboardInterrupt

    file = tmp_path / "w.jsonl"
    file.write_text("before")
    monkeypatch.setattr(world_file, "world_lines", breaking_off)

    with pytest.raises(KeyboardInterrupt):
        write_world(WORLD, file, CONSOLE)

    assert [one.name for one in tmp_path.iterdir()] == ["w.jsonl"]
    assert file.read_text() == "before"


def test_full_disk_is_named_and_leaves_no_half_of_a_world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def filling(_: World) -> Iterator[bytes]:
        yield b"{}"
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(world_file, "world_lines", filling)

    with pytest.raises(StorageFull, match=r"is full.*TMPDIR"):
        write_world(WORLD, tmp_path / "w.jsonl.gz", CONSOLE)

    assert list(tmp_path.iterdir()) == []
