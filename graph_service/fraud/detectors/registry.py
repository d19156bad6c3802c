"""Which detectors are there? One for each kind of alert, in the order in which a scan runs them."""

from typing import Final

from graph_service.fraud.detectors.shape import Detector

DETECTORS: Final[tuple[Detector, ...]] = ()
