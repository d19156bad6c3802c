"""The peppers of tokens: the newest makes them, those before it let known values be found again."""

import fcntl
import json
import os
import secrets
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from graph_service.errors import Conflict, NotFound
from graph_service.settings import Settings
from graph_service.storage import MOVE, writing

# Each live pepper costs one hash and one look-up for each value that comes in.
LIVE_MAX = 5
SET_OUTSIDE = (
    "GRAPH_SERVICE_PEPPER_PREVIOUS is set, so peppers are rotated there: put the new one into "
    "GRAPH_SERVICE_PEPPER and the one before at the head of GRAPH_SERVICE_PEPPER_PREVIOUS"
)


@dataclass(frozen=True)
class Pepper:
    """One version. secret: None of the first, which is the service's own, and of retired ones."""

    version: int
    made_at: str | None = None
    retired_at: str | None = None
    secret: str | None = None

    @property
    def is_live(self) -> bool:
        """Are values looked for under it?"""
        return self.retired_at is None


def read_ring(settings: Settings, first: bytes) -> list[bytes]:
    """The live peppers, newest first. first: the service's own, that of version 1."""
    if settings.pepper_previous:
        assert settings.pepper is not None, "settings refuse previous peppers without one"
        outside = (settings.pepper, *settings.pepper_previous)
        return [one.get_secret_value().encode() for one in outside]
    live = [one for one in list_peppers(settings) if one.is_live]
    return [first if one.secret is None else one.secret.encode() for one in reversed(live)]


def list_peppers(settings: Settings) -> list[Pepper]:
    """Every version of the data folder, oldest first; before any rotation the first alone."""
    if not _file(settings).exists():
        return [Pepper(1)]
    kept = json.loads(_file(settings).read_text(encoding="utf-8"))
    return [Pepper(**one) for one in kept["peppers"]]


def rotate_pepper(settings: Settings, made_at: str) -> Pepper:
    """Make the pepper under which tokens are made from now on. Raises Conflict."""
    with _changing(settings) as peppers:
        if sum(one.is_live for one in peppers) >= LIVE_MAX:
            raise Conflict(f"{LIVE_MAX} peppers are live; retire the oldest first")
        made = Pepper(peppers[-1].version + 1, made_at, None, secrets.token_urlsafe(32))
        peppers.append(made)
    return made


def retire_pepper(settings: Settings, version: int, retired_at: str) -> Pepper:
    """Forget a pepper, so that nothing is found under it again. Raises NotFound or Conflict."""
    with _changing(settings) as peppers:
        found = [place for place, one in enumerate(peppers) if one.version == version]
        if not found:
            raise NotFound(f"there is no pepper {version}")
        place = found[0]
        if place == len(peppers) - 1:
            raise Conflict("the newest pepper makes the tokens; rotate before it is retired")
        retired = peppers[place]
        if retired.is_live:
            retired = Pepper(version, retired.made_at, retired_at)
            peppers[place] = retired
    return retired


def _file(settings: Settings) -> Path:
    return settings.data_dir / "peppers.json"


@contextmanager
def _changing(settings: Settings) -> Generator[list[Pepper]]:
    """The versions to change in place; one process at a time, whole or not at all."""
    if settings.pepper_previous:
        raise Conflict(SET_OUTSIDE)
    folder = settings.data_dir
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        writing(folder, remedy=MOVE),
        os.fdopen(os.open(folder / "peppers.lock", os.O_RDWR | os.O_CREAT, 0o600), "w") as lock,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        peppers = list_peppers(settings)
        yield peppers
        _replace(_file(settings), peppers)


def _replace(file: Path, peppers: Sequence[Pepper]) -> None:
    draft = file.with_name(f"{file.name}.part")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as text:
        json.dump({"peppers": [asdict(one) for one in peppers]}, text)
        text.flush()
        os.fsync(text.fileno())
    draft.replace(file)
