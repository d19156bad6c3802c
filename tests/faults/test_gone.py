"""A database that is gone, hangs or is killed under the service: nothing is lost or told twice."""

import asyncio
import signal
from time import perf_counter

import pytest
from httpx2 import AsyncClient, Response

from graph_service.graph.opening import open_graph
from graph_service.plans.document import seed_plan
from graph_service.plans.timeline import Plans
from graph_service.rewards.verify import verify_teams
from tests.faults.conftest import EVENTS, OwnServer, post, settled, snapshot
from tests.faults.places import until_silent
from tests.worlds import START, Event, event
from tests.worlds.named import honest_tree

pytestmark = pytest.mark.anyio
# What check_health may take, what is granted to silence, and room for a busy machine (s).
HUNG_ANSWER_MAX_S = 2 + 2 + 3
BATCHES = 20
# Before which batches the server is killed, and how long (s) after the batch was sent.
KILLS = {4: 0.005, 11: 0.05}


def code_of(answer: Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


async def test_without_a_database_the_answer_is_503_and_later_all_is_well(
    own_server: OwnServer, own_client: AsyncClient
) -> None:
    join = event("member.joined", "join-1", START, {"memberId": "m-1"})
    await asyncio.to_thread(own_server.send, signal.SIGKILL)

    dead = [
        code_of(await own_client.get("/readyz")),
        code_of(await own_client.post(EVENTS, json=[join])),
        code_of(await own_client.get("/v1/members/m-1")),
    ]
    alive = (await own_client.get("/healthz")).status_code
    await asyncio.to_thread(own_server.managed.start)

    assert dead == [(503, "graph_unavailable")] * 3
    assert alive == 200
    assert (await own_client.get("/readyz")).status_code == 200
    assert await post(own_client, [join]) == ["accepted"]


async def test_a_database_that_hangs_is_not_waited_for_and_may_come_back(
    own_server: OwnServer, own_client: AsyncClient
) -> None:
    join = event("member.joined", "join-1", START, {"memberId": "m-1"})
    await post(own_client, [join])
    hung: list[tuple[float, int]] = []
    own_server.send(signal.SIGSTOP)
    await asyncio.to_thread(until_silent, own_server.managed)

    try:
        for path in ("/readyz", "/v1/members/m-1", "/readyz"):
            started = perf_counter()
            answer = await own_client.get(path)
            hung.append((perf_counter() - started, code_of(answer)[0]))
    finally:
        own_server.send(signal.SIGCONT)

    assert all(seconds < HUNG_ANSWER_MAX_S for seconds, _ in hung), hung
    assert {status for _, status in hung} <= {503, 504}
    assert (await own_client.get("/readyz")).status_code == 200
    assert (await own_client.get("/v1/members/m-1")).status_code == 200
    assert await post(own_client, [join]) == ["duplicate"]


async def posted_under_fire(
    server: OwnServer, client: AsyncClient, batches: list[list[Event]]
) -> set[int]:
    """Which batches were acknowledged while the server was killed now and then."""

    async def kill_after(seconds: float) -> None:
        await asyncio.sleep(seconds)
        await asyncio.to_thread(server.send, signal.SIGKILL)

    acknowledged: set[int] = set()
    for number, batch in enumerate(batches):
        killer = asyncio.create_task(kill_after(KILLS[number])) if number in KILLS else None
        answer = await client.post(EVENTS, json=batch)
        assert answer.status_code in (200, 503, 504), answer.text
        if answer.status_code == 200:
            assert answer.json()["rejected"] == 0
            acknowledged.add(number)
        if killer is not None:
            await killer
            await asyncio.to_thread(server.managed.start)
    return acknowledged


async def test_what_was_acknowledged_before_a_kill_is_there_after_it(
    own_server: OwnServer, own_client: AsyncClient
) -> None:
    events = honest_tree(3, 3)
    size = -(-len(events) // BATCHES)
    batches = [events[start : start + size] for start in range(0, len(events), size)]
    for batch in batches:
        await post(own_client, batch)
    await settled(own_server.database)
    straight = snapshot(own_server.database)
    # In a thread: the app's worker, in this loop, may hold a lock that it waits for.
    await asyncio.to_thread(own_server.database.clear)

    acknowledged = await posted_under_fire(own_server, own_client, batches)
    again = [await post(own_client, batch) for batch in batches]
    await settled(own_server.database)

    assert {one for number in acknowledged for one in again[number]} == {"duplicate"}
    assert snapshot(own_server.database) == straight
    async with open_graph(own_server.settings) as opened:
        assert (await verify_teams(opened.graph, Plans(seed_plan()))).differences == ()
