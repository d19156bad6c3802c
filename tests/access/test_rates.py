"""A key that asks too often is told when to come back."""

import pytest

from graph_service.access.rates import RateLimit
from graph_service.errors import TooMany


def test_a_burst_is_let_through_and_then_the_rate_holds() -> None:
    now = 0.0
    limit = RateLimit(per_second=2, burst=3, clock=lambda: now)
    for _ in range(3):
        limit.take("key")

    with pytest.raises(TooMany) as refused:
        limit.take("key")
    now = 0.5
    limit.take("key")

    assert refused.value.headers["Retry-After"] == "1"
    with pytest.raises(TooMany):
        limit.take("key")


def test_keys_do_not_share_their_rate() -> None:
    limit = RateLimit(per_second=1, burst=1, clock=lambda: 0.0)

    limit.take("one")
    limit.take("other")

    with pytest.raises(TooMany):
        limit.take("one")
