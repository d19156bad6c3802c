"""How often may a key ask? A token bucket for each key, in this process."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from graph_service.errors import TooMany


@dataclass
class RateLimit:
    """At most `burst` requests at once and `per_second` from then on, for each key.

    clock: seconds that never go back.
    """

    per_second: float
    burst: int
    clock: Callable[[], float]
    _left: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])

    def take(self, key_id: str) -> None:
        """Count one request. Raises TooMany with the seconds to wait in Retry-After."""
        now = self.clock()
        left, seen = self._left.get(key_id, (float(self.burst), now))
        left = min(self.burst, left + (now - seen) * self.per_second)
        if left < 1:
            self._left[key_id] = (left, now)
            seconds = math.ceil((1 - left) / self.per_second)
            raise TooMany(
                f"more than {self.per_second:g} requests per second",
                headers={"Retry-After": str(max(1, seconds))},
            )
        self._left[key_id] = (left - 1, now)
