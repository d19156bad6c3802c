"""A detector that breaks beside one that does not."""

from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.scene import Scene
from tests.scans.detectors import DETECTORS as WHOLE
from tests.scans.detectors import detector


def breaking(_scene: Scene) -> list[Finding]:
    raise ZeroDivisionError


DETECTORS = (detector(breaking, "sleeper"), *WHOLE)
