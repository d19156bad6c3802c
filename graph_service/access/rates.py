"""How often may a key ask, and an address be wrong? Counted with the package `limits`.

`limits` counts in windows and has no token bucket. Of its windows the moving one comes nearest to
"so many a second, and a burst": the quota is what the rate gives in the seconds in which it gives
the burst (200/s and 2,000: 2,000 in any 10 s). A silent key may send its burst at once, nobody
gets more than the rate for long, and who keeps to the rate, in pieces of whatever size, is never
refused. The sliding counter refuses a tenth of 200 requests sent at each second's beginning,
since it takes the last window's for evenly spread; fixed windows let two bursts through side by
side. What differs from a bucket: after a whole burst the key waits until the burst is 10 s old.

Where the storage fails, requests are let through uncounted: a limit is no reason to be down.
"""

import asyncio
import ipaddress
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar, cast

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import ConfigurationError, StorageError
from limits.storage import storage_from_string

from graph_service.errors import ServiceError, TooMany
from graph_service.settings import Settings

T = TypeVar("T")
HERE = ("memory", "async+memory")
# A shared storage that takes longer is passed over for this request, and then for a while (s).
STORAGE_TIMEOUT_S = 0.25
STORAGE_PAUSE_S = 5.0
SWEEP_S = 10.0
# A person turns pages; a link that more is asked of has got into other hands.
PAGES_PER_SECOND = 5.0
PAGES_BURST = 30
# Who has an address of version 6 has at least the 2^64 of its network.
NETWORK_BITS = 64
log = structlog.get_logger()


class TooManyWrongKeys(TooMany):
    """Too many keys that are not ours came from this address."""

    code = "too_many_wrong_keys"


class Memory(MemoryStorage):
    """The memory of `limits`, its moving window kept as a queue of times for each caller.

    Its own looks through the windows of all callers at every request, in a thread.
    """

    STORAGE_SCHEME = None

    def __init__(self) -> None:
        super().__init__(wrap_exceptions=True)
        self.windows: dict[str, Window] = {}
        self._swept = time.time()

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count so many requests, all or none."""
        now = time.time()
        self._sweep(now)
        window = self.windows.setdefault(key, Window(expiry))
        if window.count(now) + amount > limit:
            return False
        window.times.extend([now] * amount)
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002
        """When the window began, and how many requests are in it."""
        now = time.time()
        window = self.windows.get(key)
        count = window.count(now) if window is not None else 0
        return (window.times[0], count) if window is not None and count else (now, 0)

    def _sweep(self, now: float) -> None:
        """Forget who has sent nothing for a window, now and then."""
        if now - self._swept >= SWEEP_S:
            self._swept = now
            idle = [key for key, window in self.windows.items() if not window.count(now)]
            for key in idle:
                del self.windows[key]


@dataclass(frozen=True)
class Window:
    """The times of a caller's requests, oldest first, as far as they count (s)."""

    expiry_s: int
    times: deque[float] = field(default_factory=deque[float])

    def count(self, now: float) -> int:
        """How many requests are no older than the window."""
        while self.times and self.times[0] <= now - self.expiry_s:
            self.times.popleft()
        return len(self.times)


@dataclass(frozen=True)
class Quota:
    """What a rate and a burst come to: so many requests in so many seconds."""

    requests: int
    window_s: int

    @classmethod
    def of(cls, per_second: float, burst: int) -> "Quota":
        """The rate exactly, the burst rounded up to what it gives in whole seconds."""
        window_s = max(1, math.ceil(burst / per_second))
        return cls(max(1, math.floor(per_second * window_s + 1e-9)), window_s)


@dataclass(frozen=True)
class Standing:
    """Where a caller stands after a request. wait_s: until one more is let in, if none is left."""

    allowed: bool
    left: int
    wait_s: int


class Rates:
    """The quota of each key and member page, the throttle of each address, on one storage."""

    def __init__(self, settings: Settings, storage: Storage | None = None) -> None:
        self.quota = Quota.of(settings.rate_per_second, settings.rate_burst)
        self._keys = RateLimitItemPerSecond(
            self.quota.requests, self.quota.window_s, namespace="graph-service/key"
        )
        self.pages = Quota.of(
            min(settings.rate_per_second, PAGES_PER_SECOND), min(settings.rate_burst, PAGES_BURST)
        )
        self._pages = RateLimitItemPerSecond(
            self.pages.requests, self.pages.window_s, namespace="graph-service/page"
        )
        self._wrong = RateLimitItemPerMinute(
            settings.wrong_keys_per_minute, namespace="graph-service/wrong"
        )
        storage = storage or open_storage(settings.rate_storage.get_secret_value())
        self._limiter = MovingWindowRateLimiter(storage)
        self._is_here = type(storage) is Memory
        self._silent_until = 0.0

    async def take(self, key_id: str) -> dict[str, str]:
        """Count a request of a key; the headers that tell where it stands. Raises TooMany."""
        return await self._taken(self._keys, self.quota, "default", key_id)

    async def take_page(self, member_id: str) -> dict[str, str]:
        """The same for somebody who looks at a member's page. Raises TooMany."""
        return await self._taken(self._pages, self.pages, "page", member_id)

    async def _taken(
        self, item: RateLimitItem, quota: Quota, policy: str, caller: str
    ) -> dict[str, str]:
        standing = await self._asked(lambda: self._counted(item, caller))
        if standing is None:
            return {}
        headers = {
            "RateLimit-Policy": f'"{policy}";q={quota.requests};w={quota.window_s}',
            "RateLimit": f'"{policy}";r={standing.left};t={standing.wait_s or quota.window_s}',
        }
        if not standing.allowed:
            raise TooMany(
                f"more than {quota.requests} requests in {quota.window_s} s",
                headers={**headers, "Retry-After": str(standing.wait_s)},
            )
        return headers

    async def count_wrong(self, host: str | None) -> None:
        """Count a wrong key from an address. Raises TooManyWrongKeys beyond the limit."""
        standing = await self._asked(lambda: self._counted(self._wrong, network_of(host)))
        if standing is not None and not standing.allowed:
            raise _too_many_wrong(standing.wait_s)

    async def check_wrong(self, host: str | None) -> None:
        """Raises TooManyWrongKeys if the address was wrong too often, without counting."""
        network = network_of(host)
        free = await self._asked(lambda: self._limiter.test(self._wrong, network))
        if free is False:
            standing = await self._asked(
                lambda: self._standing(self._wrong, network, allowed=False)
            )
            raise _too_many_wrong(standing.wait_s if standing else 1)

    async def _counted(self, item: RateLimitItem, caller: str) -> Standing:
        allowed = await self._limiter.hit(item, caller)
        return await self._standing(item, caller, allowed=allowed)

    async def _standing(self, item: RateLimitItem, caller: str, *, allowed: bool) -> Standing:
        stats = await self._limiter.get_window_stats(item, caller)
        if allowed and stats.remaining:
            return Standing(allowed, stats.remaining, 0)
        return Standing(allowed, 0, max(1, math.ceil(stats.reset_time - time.time())))

    async def _asked(self, question: Callable[[], Awaitable[T]]) -> T | None:
        """What the storage answers; None while it does not."""
        if self._is_here:
            # It neither waits nor fails, and watching it would cost more than asking it.
            return await question()
        if time.monotonic() < self._silent_until:
            return None
        try:
            async with asyncio.timeout(STORAGE_TIMEOUT_S):
                return await question()
        except (StorageError, OSError) as fault:
            self._silent_until = time.monotonic() + STORAGE_PAUSE_S
            cause = type(fault.__cause__ or fault).__name__
            log.warning("rates.uncounted", cause=cause, seconds=STORAGE_PAUSE_S)
            return None


def open_storage(uri: str) -> Storage:
    """The storage at this address; without async+ in front it is added. Raises ServiceError."""
    scheme = uri.partition(":")[0]
    if scheme in HERE:
        return Memory()
    whole = uri if scheme.startswith("async+") else f"async+{uri}"
    try:
        return cast("Storage", storage_from_string(whole, wrap_exceptions=True))
    except ConfigurationError as fault:
        # Its own text may hold the address, and that a password.
        raise ServiceError(
            f"GRAPH_SERVICE_RATE_STORAGE: {scheme}:// is not known to the package limits, "
            "or the package that it needs for it is not installed"
        ) from fault


def network_of(host: str | None) -> str:
    """What counts as one address: one of version 4, or a network of version 6."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), NETWORK_BITS), strict=False))


def _too_many_wrong(wait_s: int) -> TooManyWrongKeys:
    return TooManyWrongKeys(
        "too many keys from this address were wrong", headers={"Retry-After": str(wait_s)}
    )
