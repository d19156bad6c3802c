"""Which code, which thresholds and which terms of the plan did a detector find something with?"""

from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from graph_service import __version__
from graph_service.fraud.detectors.shape import Detector
from graph_service.fraud.scene import Scene

# The rooms on whose code a finding rests.
ROOMS: Final = ("blocks", "fraud", "snapshot")
DIGITS: Final = 12


def versions_of(detector: Detector | None, scene: Scene) -> dict[str, Any]:
    """What an alert keeps of how it was found, so that it can be found again as it was.

    seq: the last fact of the log that was looked at. code: a digest of the sources.
    """
    return {
        "service": __version__,
        "code": code_digest(),
        "seq": scene.snapshot.seq,
        "thresholds": _thresholds(detector),
        "ladderStepsMinor": list(scene.steps),
        "holdingDays": scene.holding_days,
        "seed": scene.seed,
    }


def _thresholds(detector: Detector | None) -> dict[str, float]:
    if detector is None:
        return {}
    return {name: one.value for name, one in sorted(detector.thresholds.items())}


@cache
def code_digest() -> str:
    """A digest of the sources that findings rest on: other code, other digest."""
    told = sha256()
    for room in ROOMS:
        for name, text in sorted(_sources(files("graph_service") / room, room)):
            told.update(name.encode() + b"\0" + text + b"\0")
    return told.hexdigest()[:DIGITS]


def _sources(folder: Traversable, path: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for one in folder.iterdir():
        if one.is_dir():
            found += _sources(one, f"{path}/{one.name}")
        elif one.name.endswith(".py"):
            found.append((f"{path}/{one.name}", one.read_bytes()))
    return found
