"""A detector that takes for ever, to be called off."""

import time

from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.scene import Scene
from tests.scans.detectors import detector


def endless(_scene: Scene) -> list[Finding]:
    time.sleep(600)
    return []


DETECTORS = (detector(endless, "sleeper"),)
