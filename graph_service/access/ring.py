"""Which key was presented? The keys as this process last read them, and when each was used.

No request asks Neo4j for its key. The ring is read again every few seconds, at once after a
change made by this process, and when a key comes that is not known (at most once a second).
While Neo4j cannot be read known keys stay good for a time that the settings bound; then, and for
keys that are not known, the answer is 503: it cannot be told whether they are good. The key of
the settings needs no database and is always good.
"""

import asyncio
import hmac
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from time import monotonic

import structlog

from graph_service.access.keys import (
    DAY_MS,
    ApiKey,
    Change,
    create_first_key,
    key_hash,
    key_of,
)
from graph_service.clock import Clock, to_micros, utc_now
from graph_service.errors import GraphError, GraphUnavailable
from graph_service.graph.session import Graph
from graph_service.settings import Settings

BOOTSTRAP = "bootstrap"
# How long a key that ended is still told apart from one that never was (ms).
REMEMBERED_MS = 30 * DAY_MS
# At most so often is the graph read for keys that are not known (s).
UNKNOWN_READ_S = 1.0
# For one reading of all keys, its retries included, and how long a request waits for it (s).
READ_TIMEOUT_S = 5.0
READ_WAIT_S = 1.0
# A use is written at most so often for each key (ms).
USE_WRITTEN_MS = 60_000
# Hex digits by which a hash is looked up before it is compared whole.
BUCKET_DIGITS = 16
log = structlog.get_logger()


class KeysUnknown(GraphUnavailable):
    """Neo4j cannot be read, so it cannot be told whether the key is good."""

    code = "keys_unavailable"


class KeyRing:
    """The keys of this process. generated: a first key made just now, to be shown once.

    clock: judges expiry. seconds: never goes back; judges how old the reading is.
    """

    def __init__(
        self,
        graph: Graph,
        settings: Settings,
        pepper: bytes,
        *,
        clock: Clock = utc_now,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self._graph = graph
        self._settings = settings
        self.pepper = pepper
        self.clock = clock
        self.generated: str | None = None
        self._seconds = seconds
        self._bootstrap = self._key_of_settings()
        self._keys: Mapping[str, list[ApiKey]] = {}
        self._uses: dict[str, int] = {}
        self._lock = asyncio.Lock()
        self._read_at = self._asked_at = -float("inf")
        self._failing = False
        self._reading: asyncio.Task[bool] | None = None

    @property
    def has_bootstrap(self) -> bool:
        """Is there an admin key in the settings?"""
        return self._bootstrap is not None

    def now_ms(self) -> int:
        """The time by the ring's clock (ms since 1970)."""
        return to_micros(self.clock()) // 1_000

    def change(self, by: str) -> Change:
        """A change of keys made now by this caller."""
        return Change(self.now_ms(), by, self._settings.keys_max)

    async def find(self, presented: str) -> ApiKey | None:
        """The key that was presented, good or ended lately; None if there is none such.

        Raises KeysUnknown where the graph could not be read for too long to tell.
        """
        hashed = key_hash(self.pepper, presented)
        if self._bootstrap is not None and hmac.compare_digest(self._bootstrap.hash, hashed):
            return self._bootstrap
        found = self._look_up(hashed)
        if found is None or self._is_stale():
            await self._read_for_unknown()
            found = self._look_up(hashed)
        if self._failing if found is None else self._is_stale():
            raise KeysUnknown("API keys cannot be read just now", headers={"Retry-After": "1"})
        return found

    async def find_by_id(self, key_id: str) -> ApiKey | None:
        """The key of this id, good or ended lately; None if there is none such.

        For who showed the key before and holds our signature of that. Raises KeysUnknown as `find`.
        """
        if self._bootstrap is not None and key_id == BOOTSTRAP:
            return self._bootstrap
        if self._is_stale():
            await self._read_for_unknown()
        if self._is_stale():
            raise KeysUnknown("API keys cannot be read just now", headers={"Retry-After": "1"})
        known = (key for keys in self._keys.values() for key in keys)
        return next((key for key in known if key.key_id == key_id), None)

    def note_use(self, key: ApiKey) -> None:
        """Remember that the key was used; it is written later, at most once a minute."""
        if key.key_id != BOOTSTRAP:
            self._uses[key.key_id] = self.now_ms()

    def put(self, key: ApiKey) -> None:
        """Put a key in the place of what was known of it, without asking the graph."""
        bucket = self._keys.get(key.hash[:BUCKET_DIGITS], [])
        bucket[:] = [key if one.key_id == key.key_id else one for one in bucket]

    async def read(self) -> bool:
        """Read all keys again; False, and the old ones stay, if the graph cannot be read."""
        async with self._lock:
            try:
                async with asyncio.timeout(READ_TIMEOUT_S):
                    rows = await self._graph.read(
                        "access/list_current_keys", endedMillis=self.now_ms() - REMEMBERED_MS
                    )
            except (GraphError, TimeoutError) as fault:
                if not self._failing:
                    log.warning("keys.unread", cause=type(fault).__name__)
                self._failing = True
                return False
            keys: dict[str, list[ApiKey]] = {}
            for row in rows:
                keys.setdefault(row["hash"][:BUCKET_DIGITS], []).append(key_of(row))
            self._keys, self._read_at, self._failing = keys, self._seconds(), False
            return True

    async def write_uses(self) -> None:
        """Write when keys were used, of those whose last known use is a minute old."""
        known = {key.key_id: key.used_ms or 0 for keys in self._keys.values() for key in keys}
        due = {
            key_id: used_ms
            for key_id, used_ms in self._uses.items()
            if used_ms - known.get(key_id, 0) >= USE_WRITTEN_MS
        }
        if not due:
            return
        rows = [{"keyId": key_id, "usedMillis": due[key_id]} for key_id in sorted(due)]
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                await self._graph.write("access/record_uses", rows=rows)
        except (GraphError, TimeoutError) as fault:
            log.info("keys.uses_unwritten", keys=len(rows), cause=type(fault).__name__)
            return
        self._uses = {one: at for one, at in self._uses.items() if due.get(one) != at}

    async def keep(self, ended: asyncio.Event) -> None:
        """Read the keys again and write their uses, every few seconds, until it has ended.

        What is under way then is finished: a driver that is cut off leaves its connection open.
        """
        while not ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), self._settings.key_read_s)
            await self.write_uses()
            if not ended.is_set():
                await self.read()
        if self._reading is not None:
            await self._reading

    def _is_stale(self) -> bool:
        return self._seconds() - self._read_at > self._settings.key_stale_s_max

    def _key_of_settings(self) -> ApiKey | None:
        secret = self._settings.bootstrap_api_key
        if secret is None:
            return None
        hashed = key_hash(self.pepper, secret.get_secret_value())
        return ApiKey(BOOTSTRAP, hashed, frozenset({"admin"}))

    def _look_up(self, hashed: str) -> ApiKey | None:
        """The key of this hash: found by its beginning, which tells nothing, then compared whole.

        Whoever guesses does not know the pepper, so cannot steer what a guess's hash begins with.
        """
        found: ApiKey | None = None
        for key in self._keys.get(hashed[:BUCKET_DIGITS], ()):
            if hmac.compare_digest(key.hash, hashed):
                found = key
        return found

    async def _read_for_unknown(self) -> None:
        """Read again, together with others who wait, unless that was done within a second."""
        if self._reading is None or self._reading.done():
            if self._seconds() - self._asked_at < UNKNOWN_READ_S:
                return
            self._asked_at = self._seconds()
            self._reading = asyncio.create_task(self.read())
        await asyncio.wait({self._reading}, timeout=READ_WAIT_S)


async def open_key_ring(graph: Graph, settings: Settings, pepper: bytes) -> KeyRing:
    """The keys, read; where there never was one and none is set, the first is made."""
    ring = KeyRing(graph, settings, pepper)
    if not ring.has_bootstrap:
        first = await create_first_key(graph, pepper, ring.change("start"))
        ring.generated = None if first is None else first.secret
    if not await ring.read():
        raise KeysUnknown("the API keys cannot be read")
    return ring


@asynccontextmanager
async def keeping(ring: KeyRing) -> AsyncGenerator[None, None]:
    """The ring is kept up to date while this is open."""
    ended = asyncio.Event()
    task = asyncio.create_task(ring.keep(ended))
    try:
        yield
    finally:
        ended.set()
        await task
