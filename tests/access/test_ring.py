"""What a process knows of keys that another one changed, and while the graph cannot be read."""

import asyncio
from time import perf_counter
from typing import Any

import pytest

from graph_service.access.keys import Change, NewKey, create_key, key_hash, revoke_key
from graph_service.access.ring import KeyRing, KeysUnknown, open_key_ring
from graph_service.errors import GraphUnavailable
from graph_service.graph.session import Graph
from graph_service.settings import Settings
from tests.access.conftest import House, house_of, until
from tests.conftest import Database
from tests.worlds import NOW

pytestmark = pytest.mark.anyio
PEPPER = b"pepper-of-the-tests"
CHANGE = Change(now_ms=int(NOW.timestamp() * 1_000), by="another process", keys_max=9)
READER = NewKey("reader", frozenset({"read"}))


class Seconds:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Broken:
    """A graph that counts how often it is asked, and answers while it is up."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.up, self.asked = True, 0

    async def read(self, name: str, **params: object) -> list[dict[str, Any]]:
        self.asked += 1
        await asyncio.sleep(0)
        if not self.up:
            raise GraphUnavailable("gone")
        return await self.graph.read(name, **params)


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
async def broken(graph: Graph, database: Database) -> Broken:
    return Broken(graph)


@pytest.fixture
async def ring(broken: Broken, settings: Settings, seconds: Seconds) -> KeyRing:
    graph: Any = broken
    ring = KeyRing(graph, settings, PEPPER, clock=lambda: NOW, seconds=seconds)
    await ring.read()
    return ring


async def test_a_key_of_another_process_is_noticed_when_it_is_first_used(
    house: House, graph: Graph
) -> None:
    made = await create_key(graph, PEPPER, READER, CHANGE)

    assert await house.code(made.secret) == "member_not_found"


async def test_a_revocation_by_another_process_is_noticed_within_the_setting(
    settings: Settings, database: Database, graph: Graph
) -> None:
    async with house_of(settings, key_read_s=0.2) as house:
        made = await house.made()
        before = await house.code(made["key"])
        await revoke_key(graph, made["keyId"], bootstrap=True, change=CHANGE)

        async def refused() -> bool:
            return await house.code(made["key"]) == "key_revoked"

        noticed = await until(refused, seconds=3)

    assert before == "member_not_found"
    assert noticed


async def test_uses_are_written_when_the_process_ends(
    settings: Settings, database: Database
) -> None:
    async with house_of(settings) as house:
        made = await house.made()
        await house.ask(made["key"])

    used = database.query("MATCH (k:ApiKey) RETURN k.lastUsedAt.epochMillis AS at")
    assert used == [{"at": CHANGE.now_ms}]


async def test_known_keys_are_found_without_asking_the_graph(
    ring: KeyRing, broken: Broken, graph: Graph
) -> None:
    made = await create_key(graph, PEPPER, READER, CHANGE)
    await ring.read()
    asked = broken.asked

    found = [await ring.find(made.secret) for _ in range(100)]

    assert {one.key_id for one in found if one} == {made.key.key_id}
    assert broken.asked == asked


async def test_unknown_keys_ask_the_graph_once_a_second_together(
    ring: KeyRing, broken: Broken, seconds: Seconds
) -> None:
    asked = broken.asked

    await asyncio.gather(*(ring.find(f"guess {number}") for number in range(50)))
    at_once = broken.asked - asked
    await ring.find("one more")
    within = broken.asked - asked
    seconds.now += 1
    await ring.find("and one more")

    assert (at_once, within, broken.asked - asked) == (1, 1, 2)


async def test_while_the_graph_is_down_known_keys_are_good_until_the_bound(
    ring: KeyRing, broken: Broken, graph: Graph, seconds: Seconds, settings: Settings
) -> None:
    made = await create_key(graph, PEPPER, READER, CHANGE)
    await ring.read()
    broken.up = False
    assert settings.bootstrap_api_key is not None

    seconds.now += settings.key_stale_s_max
    within = await ring.find(made.secret)
    seconds.now += 1
    with pytest.raises(KeysUnknown):
        await ring.find(made.secret)
    always = await ring.find(settings.bootstrap_api_key.get_secret_value())
    broken.up = True
    seconds.now += 1
    again = await ring.find(made.secret)

    assert within == again == made.key
    assert always is not None


async def test_while_the_graph_is_down_an_unknown_key_is_not_called_wrong(
    ring: KeyRing, broken: Broken
) -> None:
    broken.up = False

    with pytest.raises(KeysUnknown) as refused:
        await ring.find("perhaps new")

    assert (refused.value.status, refused.value.code) == (503, "keys_unavailable")
    assert refused.value.headers == {"Retry-After": "1"}


async def test_processes_that_start_together_make_one_first_key(
    graph: Graph, database: Database, settings: Settings
) -> None:
    alone = settings.model_copy(update={"bootstrap_api_key": None})

    rings = await asyncio.gather(*(open_key_ring(graph, alone, PEPPER) for _ in range(5)))

    first = [ring.generated for ring in rings if ring.generated]
    assert len(first) == 1
    assert [await ring.find(first[0]) is not None for ring in rings] == [True] * 5


async def test_a_thousand_keys_cost_no_more_than_one(ring: KeyRing, database: Database) -> None:
    rows = [{"id": f"k{n}", "hash": key_hash(PEPPER, f"secret-{n}")} for n in range(1_000)]
    database.query(
        "UNWIND $rows AS row CREATE (:ApiKey {keyId: row.id, hash: row.hash, prefix: 'p',"
        " scopes: ['read'], createdAt: datetime()})",
        rows=rows,
    )
    await ring.read()

    started = perf_counter()
    found = [await ring.find(f"secret-{n}") for n in range(1_000)]
    spent_s = perf_counter() - started

    assert [one.key_id for one in found if one] == [row["id"] for row in rows]
    assert spent_s < 0.5
