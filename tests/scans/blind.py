"""A detector that sees nothing, as one that died."""

from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.scene import Scene
from tests.scans.detectors import detector


def nothing(_scene: Scene) -> list[Finding]:
    return []


DETECTORS = (detector(nothing),)
