"""What would a scan alert on in these events? Without a database, for worlds that are judged."""

from collections.abc import Iterable
from typing import Final

from graph_service.clock import to_micros
from graph_service.examination.judging import SCORE_MIN, FoundAlert
from graph_service.fraud.detectors.registry import DETECTORS
from graph_service.fraud.scanning import scan_scene
from graph_service.fraud.scene import Scene
from graph_service.ingest.facts import Fact, parse_event
from graph_service.ingest.tokens import Tokeniser
from graph_service.snapshot.log import log_of
from graph_service.snapshot.snapshot import snapshot_of
from graph_service.worlds.diary import Event

CAMOUFLAGES: Final = (0.0, 0.25, 0.5, 0.75)
# Worlds that nobody looked at while the detectors were built begin with this seed.
SEED: Final = 70_001
TOKENISER: Final = Tokeniser(b"unseen")


def alerts_of(events: Iterable[Event]) -> list[FoundAlert]:
    """The alerts of a scan at the default threshold."""
    parsed = (parse_event(one, place, TOKENISER) for place, one in enumerate(events))
    facts = [one for one in parsed if isinstance(one, Fact)]
    log = log_of((one.type, to_micros(one.time), one.data) for one in facts)
    scene = Scene(snapshot_of(log))
    names = scene.snapshot.names["member"]
    return [
        FoundAlert(one.kind, tuple(names[member] for member in one.members), one.score)
        for one in scan_scene(scene, DETECTORS)
        if one.score >= SCORE_MIN
    ]
