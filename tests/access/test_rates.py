"""A key that asks too often, and an address that guesses, are told when to come back."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest
from limits.errors import StorageError

from graph_service.access import rates as rates_module
from graph_service.access.rates import Memory, Quota, Rates, network_of, open_storage
from graph_service.errors import ServiceError, TooMany
from graph_service.settings import Settings
from tests.access.conftest import KEYS, House, house_of
from tests.conftest import KEY, Database

pytestmark = pytest.mark.anyio
MEMBER = "/v1/members/m"


class Now:
    """The time in all of `limits`, set by hand; a window begins at 0."""

    def __init__(self) -> None:
        self.s = 1_000_000.0

    def time(self) -> float:
        return self.s


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Now:
    clock = Now()
    stand_in = SimpleNamespace(time=clock.time, monotonic=clock.time)
    for name in ("limits.aio.storage.memory", "limits.aio.strategies"):
        monkeypatch.setattr(f"{name}.time", stand_in)
    monkeypatch.setattr(rates_module, "time", stand_in)
    return clock


def rates_of(**changes: Any) -> Rates:
    return Rates(Settings().model_copy(update=changes))


async def let_through(rates: Rates, key_id: str, count: int) -> int:
    """How many of so many requests are let through."""
    through = 0
    for _ in range(count):
        try:
            await rates.take(key_id)
        except TooMany:
            continue
        through += 1
    return through


@pytest.mark.parametrize(
    ("per_second", "burst", "requests", "window_s"),
    [(200, 2_000, 2_000, 10), (2, 3, 4, 2), (200, 1, 200, 1), (0.1, 1, 1, 10), (0.3, 1, 1, 4)],
)
def test_a_quota_keeps_the_rate_and_at_least_the_burst(
    per_second: float, burst: int, requests: int, window_s: int
) -> None:
    quota = Quota.of(per_second, burst)

    assert quota == Quota(requests, window_s)
    assert quota.requests / quota.window_s <= per_second


async def test_a_burst_is_let_through_at_once(now: Now) -> None:
    assert await let_through(rates_of(), "key", 2_500) == 2_000


async def test_nobody_gets_more_than_the_quota_in_any_window(now: Now) -> None:
    rates = rates_of()

    through: list[int] = []
    for _ in range(240):
        now.s += 0.125
        through.append(await let_through(rates, "key", 50))

    windows = [sum(through[start : start + 80]) for start in range(160)]
    assert max(windows) == 2_000
    assert sum(through) == 6_000


@pytest.mark.parametrize("every_s", [0.125, 1, 5, 10])
async def test_who_keeps_to_the_rate_in_pieces_is_never_refused(now: Now, every_s: float) -> None:
    rates = rates_of()
    piece = int(200 * every_s)

    through: list[int] = []
    for _ in range(int(40 / every_s)):
        now.s += every_s
        through.append(await let_through(rates, "key", piece))

    assert set(through) == {piece}


async def test_a_key_that_was_silent_has_its_burst_again(now: Now) -> None:
    rates = rates_of()
    await let_through(rates, "key", 2_500)

    now.s += 10

    assert await let_through(rates, "key", 2_500) == 2_000


async def test_the_wait_that_is_told_is_long_enough_and_no_longer(now: Now) -> None:
    rates = rates_of(rate_per_second=1, rate_burst=10)
    for _ in range(10):
        await let_through(rates, "key", 1)
        now.s += 0.7

    for _ in range(20):
        with pytest.raises(TooMany) as refused:
            await rates.take("key")
        wait_s = int(refused.value.headers["Retry-After"])
        now.s += wait_s - 1
        too_early = await let_through(rates, "key", 1)
        now.s += 1

        assert await let_through(rates, "key", 20) >= 1
        assert wait_s == 1 or not too_early


async def test_keys_do_not_share_their_quota(now: Now) -> None:
    rates = rates_of(rate_per_second=1, rate_burst=1)

    through = [await let_through(rates, key, 2) for key in ("one", "other")]

    assert through == [1, 1]


async def test_what_is_over_is_forgotten(now: Now) -> None:
    storage = Memory()
    rates = Rates(Settings(), storage)
    for number in range(100):
        await rates.take(f"key {number}")

    now.s += 30
    await rates.take("key")

    assert list(storage.windows) == ["graph-service/key/key/2000/10/second"]


class Failing(Memory):
    """A storage that cannot be reached, or does not answer."""

    hangs, asked = False, 0

    async def acquire_entry(self, *_: Any, **__: Any) -> bool:
        self.asked += 1
        if self.hangs:
            await asyncio.sleep(60)
        raise StorageError(ConnectionError("gone"))


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_storage_that_fails_lets_everyone_through_and_is_left_alone(hangs: bool) -> None:
    storage = Failing()
    storage.hangs = hangs
    rates = Rates(Settings(), storage)

    started = time.perf_counter()
    headers = [await rates.take("key") for _ in range(100)]
    await rates.count_wrong("192.0.2.1")

    assert headers == [{}] * 100
    assert storage.asked == 1
    assert time.perf_counter() - started < 2


def test_a_storage_that_is_not_known_is_one_clear_line_without_its_password() -> None:
    with pytest.raises(ServiceError, match="GRAPH_SERVICE_RATE_STORAGE: magic") as refused:
        open_storage("magic://user:secret@host:1")

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("a name\r\n", "unknown"),
        (None, "unknown"),
    ],
)
def test_an_address_is_one_of_version_4_or_a_network_of_version_6(
    host: str | None, network: str
) -> None:
    assert network_of(host) == network


async def test_every_answer_to_a_known_key_tells_where_it_stands(house: House) -> None:
    made = await house.made("read")
    asked = [("GET", MEMBER), ("GET", KEYS), ("GET", "/metrics"), ("PATCH", MEMBER)]

    answers = [await house.ask(made["key"], path, method) for method, path in asked]

    assert [one.status_code for one in answers] == [404, 403, 200, 405]
    assert {one.headers["ratelimit-policy"] for one in answers} == {'"default";q=2000;w=10'}
    standing = [one.headers["ratelimit"] for one in answers]
    assert standing == [f'"default";r={left};t=10' for left in (1999, 1998, 1997, 1996)]


async def test_an_answer_without_a_known_key_tells_nothing_of_rates(house: House) -> None:
    answers = [await house.ask("wrong"), await house.client.get("/healthz")]

    assert not any("ratelimit" in one.headers for one in answers)


async def test_a_key_beyond_its_quota_hears_429_and_when_to_come_back(
    settings: Settings, database: Database
) -> None:
    async with house_of(settings, rate_per_second=0.01, rate_burst=3) as house:
        made = await house.made("read")
        answers = [await house.ask(made["key"]) for _ in range(5)]
        other = await house.client.get(KEYS)

    refused = answers[-1]
    problem = refused.json()
    wait_s = int(refused.headers["retry-after"])
    assert [one.status_code for one in answers] == [404] * 3 + [429] * 2
    assert (problem["code"], problem["status"]) == ("rate_limited", 429)
    assert problem["requestId"] == refused.headers["x-request-id"]
    assert refused.headers["content-type"] == "application/problem+json"
    assert 1 <= wait_s <= 300
    assert refused.headers["ratelimit"] == f'"default";r=0;t={wait_s}'
    assert refused.headers["ratelimit-policy"] == '"default";q=3;w=300'
    assert other.status_code == 200


async def test_an_address_that_guesses_is_throttled_and_keys_that_we_made_are_not(
    settings: Settings, database: Database
) -> None:
    async with house_of(settings, wrong_keys_per_minute=5) as house:
        made = await house.made("read")
        guesses = [await house.ask(f"guess {number}") for number in range(7)]
        without = await house.client.get(MEMBER, headers={"Authorization": ""})
        bootstrap = await house.ask(KEY)
        good = await house.ask(made["key"])

    assert [one.status_code for one in guesses] == [401] * 5 + [429] * 2
    assert guesses[-1].json()["code"] == "too_many_wrong_keys"
    assert 1 <= int(guesses[-1].headers["retry-after"]) <= 60
    # Whoever guesses must not learn of a guess that was right.
    assert (bootstrap.status_code, bootstrap.json()["code"]) == (429, "too_many_wrong_keys")
    assert (without.status_code, good.status_code) == (401, 404)
