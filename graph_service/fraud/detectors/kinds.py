"""Which kinds of alerts are there, and from which score on is one raised? Imports nothing."""

from typing import Final, Literal

Kind = Literal[
    "self_referral_cycle",
    "fake_order_ring",
    "circular_orders",
    "account_farm",
    "click_flood",
    "threshold_wash",
    "refund_arbitrage",
    "round_trip",
    "sleeper",
    "share_hijack",
]
# A score of this is an alert.
ALERT_SCORE: Final = 0.5
