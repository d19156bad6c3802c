"""Scenes of events in memory, without a graph."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph_service.clock import to_micros
from graph_service.features.catalogue import Features
from graph_service.fraud.scene import Scene
from graph_service.ingest.facts import Fact, parse_event
from graph_service.ingest.tokens import Tokeniser
from graph_service.snapshot.log import log_of
from graph_service.snapshot.snapshot import snapshot_of

Told = tuple[str, int, Mapping[str, Any]]
TOKENISER = Tokeniser(b"pepper")


def facts_of(events: Iterable[dict[str, Any]]) -> list[Told]:
    """The valid events as facts: type, time (us), data with tokens."""
    parsed = (parse_event(event, 0, TOKENISER) for event in events)
    return [(one.type, to_micros(one.time), one.data) for one in parsed if isinstance(one, Fact)]


def scene_of(facts: Iterable[Told], at: int | None = None) -> Scene:
    """The scene of these facts, as known at a time (us)."""
    return Scene(snapshot_of(log_of(facts), at=at))


def by_member(scene: Scene, features: Features) -> dict[str, NDArray[np.float32]]:
    """The row of each member's id."""
    return dict(zip(scene.snapshot.names["member"], features.values, strict=True))
