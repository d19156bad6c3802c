"""Which detectors are there? One for each kind of alert, in the order in which a scan runs them."""

from typing import Final

from graph_service.fraud.detectors import (
    account_farm,
    circular_orders,
    click_flood,
    fake_order_ring,
    refund_arbitrage,
    round_trip,
    self_referral_cycle,
    share_hijack,
    sleeper,
    threshold_wash,
)
from graph_service.fraud.detectors.shape import Detector

DETECTORS: Final[tuple[Detector, ...]] = (
    self_referral_cycle.DETECTOR,
    fake_order_ring.DETECTOR,
    circular_orders.DETECTOR,
    account_farm.DETECTOR,
    click_flood.DETECTOR,
    threshold_wash.DETECTOR,
    refund_arbitrage.DETECTOR,
    round_trip.DETECTOR,
    sleeper.DETECTOR,
    share_hijack.DETECTOR,
)
