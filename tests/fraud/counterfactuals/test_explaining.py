"""What score is left without a piece of evidence, beside a mall that never had it."""

from collections.abc import Callable

from graph_service.fraud.detectors import (
    fake_order_ring,
    round_trip,
    self_referral_cycle,
    sleeper,
)
from graph_service.fraud.detectors.shape import Detector
from tests.worlds import Event
from tests.worlds import frauds as worlds

WORLDS: list[tuple[Detector, Callable[[], list[Event]]]] = [
    (fake_order_ring.DETECTOR, worlds.order_ring),
    (round_trip.DETECTOR, worlds.round_trip),
    (self_referral_cycle.DETECTOR, worlds.self_referral),
    (sleeper.DETECTOR, worlds.sleepers),
]
