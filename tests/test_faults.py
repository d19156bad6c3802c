"""Many at once, and a database that is gone, hangs or is killed: nothing is lost or told twice."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from itertools import permutations
from time import perf_counter
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from pydantic import SecretStr

from graph_service.graph.opening import open_graph, settings_for
from graph_service.graph.server import ManagedServer
from graph_service.pipeline import Pipeline
from graph_service.rewards.plan import seed_plan
from graph_service.rewards.verify import verify_teams
from graph_service.settings import Settings
from tests.conftest import KEY, Database, client_of
from tests.worlds import NOW, START, Event, event, order_data
from tests.worlds.named import honest_tree

pytestmark = pytest.mark.anyio
EVENTS = "/v1/events"
ROUNDS = 20
POSTS = 8
# What check_health may take, what is granted to silence, and room for a busy machine (s).
HUNG_ANSWER_MAX_S = 2 + 2 + 3
BATCHES = 20
# Before which batches the server is killed, and how long (s) after the batch was sent.
KILLS = {4: 0.005, 11: 0.05}


async def post(client: AsyncClient, events: list[Event]) -> list[str]:
    """Each event's status, a rejection with its code."""
    answer = await client.post(EVENTS, json=events)
    assert answer.status_code == 200, answer.text
    return [one.get("problem", {}).get("code", one["status"]) for one in answer.json()["results"]]


async def post_together(client: AsyncClient, batches: list[list[Event]]) -> list[str]:
    """The statuses of batches that were sent at the same time."""
    answers = await asyncio.gather(*(post(client, batch) for batch in batches))
    return [status for answer in answers for status in answer]


async def settled(database: Database) -> None:
    """Back when everything stored is booked by the app's own worker."""
    for _ in range(300):
        if not database.query("MATCH (f:Pending) RETURN count(f) AS facts")[0]["facts"]:
            return
        await asyncio.sleep(0.1)
    pytest.fail("facts are still pending after half a minute")


def referral_loops(database: Database) -> int:
    query = "MATCH (m:Member)-[:REFERRED*1..6]->(m) RETURN count(*) AS loops"
    return database.query(query)[0]["loops"]


def share_loops(database: Database) -> int:
    query = "MATCH (s:Share)-[:RESHARE_OF*1..6]->(s) RETURN count(*) AS loops"
    return database.query(query)[0]["loops"]


def shared(event_id: str, share_id: str, parent_id: str) -> Event:
    data = {"shareId": share_id, "memberId": "m", "parentShareId": parent_id}
    return event("share.created", event_id, START, data)


def refunded(refund_id: str, order_id: str, amount_minor: int) -> Event:
    data = {"orderId": order_id, "refundId": refund_id, "amountMinor": amount_minor}
    return event("order.refunded", f"{refund_id} of {order_id}", START, data)


async def test_bindings_posted_together_never_close_a_loop(
    client: AsyncClient, database: Database, pipeline: Pipeline
) -> None:
    for number in range(ROUNDS):
        pairs = list(permutations([f"{number}-{name}" for name in "abc"], 2))
        batches = [
            [
                event(
                    "referral.bound",
                    f"{number}-{place}",
                    START,
                    {
                        "memberId": pairs[place % len(pairs)][0],
                        "inviterId": pairs[place % len(pairs)][1],
                        "mode": "override" if place % 2 else "first",
                    },
                )
            ]
            for place in range(POSTS)
        ]

        statuses = await post_together(client, batches)

        assert set(statuses) <= {"accepted", "referral_cycle"}
    await settled(database)
    inviters = "MATCH (m:Member)<-[:REFERRED]-() WITH m, count(*) AS n RETURN max(n) AS most"
    assert referral_loops(database) == 0
    assert database.query(inviters) == [{"most": 1}]
    assert (await verify_teams(pipeline.graph, pipeline.plan)).differences == ()


async def test_a_team_that_grows_from_everywhere_is_counted_exactly(
    client: AsyncClient, database: Database, pipeline: Pipeline
) -> None:
    def joins(post_number: int) -> list[Event]:
        return [
            event(
                "member.joined",
                f"join-{post_number}-{place}",
                START,
                {"memberId": f"{post_number}-{place}", "inviterId": inviter},
            )
            for place in range(40)
            for inviter in ["top" if place < 20 else f"{(post_number + 1) % POSTS}-{place - 20}"]
        ]

    await post_together(client, [joins(number) for number in range(POSTS)])
    await settled(database)

    top = (await client.get("/v1/members/top/team")).json()
    assert (top["directCount"], top["teamSize"]) == (20 * POSTS, 40 * POSTS)
    assert (await verify_teams(pipeline.graph, pipeline.plan)).differences == ()


async def test_the_same_events_posted_together_are_stored_once(
    client: AsyncClient, database: Database, pipeline: Pipeline
) -> None:
    events = honest_tree(2, 3)

    statuses = await post_together(client, [events] * POSTS)
    await settled(database)

    assert statuses.count("accepted") == len(events)
    assert statuses.count("duplicate") == len(events) * (POSTS - 1)
    clicks = sum(one["type"] == "share.clicked" for one in events)
    rows = database.query("MATCH ()-[:CLICKED]->() RETURN count(*) AS clicks")
    assert rows == [{"clicks": clicks}]
    assert (await verify_teams(pipeline.graph, pipeline.plan)).differences == ()


@pytest.mark.parametrize("kind", ["order", "refund", "share"])
async def test_one_thing_under_many_keys_posted_together_is_stored_once(
    client: AsyncClient, kind: str
) -> None:
    for number in range(5):
        one = {
            "order": event("order.paid", "e", START, order_data(f"o-{number}", "m", 500)),
            "refund": refunded(f"r-{number}", f"o-{number}", 5),
            "share": shared("e", f"s-{number}", f"t-{number}"),
        }[kind]

        statuses = await post_together(
            client, [[{**one, "id": f"{number}-{key}"}] for key in range(POSTS)]
        )

        assert sorted(statuses) == ["accepted", *["duplicate"] * (POSTS - 1)]


async def test_refunds_posted_together_never_exceed_their_order(
    client: AsyncClient, database: Database
) -> None:
    for number in range(5):
        order_id = f"o-{number}"
        paid = event("order.paid", f"pay-{number}", START, order_data(order_id, "m", 1_000))
        refunds = [[refunded(f"r-{number}-{one}", order_id, 300)] for one in range(POSTS)]

        # The payment is among them: refunds that came first count against it.
        statuses = await post_together(client, [*refunds, [paid]])

        total = "MATCH (r:Refund)-[:REFUNDS]->(o:Order {orderId: $id}) "
        total += "RETURN sum(r.amountMinor) AS sum, max(o.refundedMinor) AS kept, "
        total += "coalesce(max(o.amountMinor), 1000000) AS most"
        row = database.query(total, id=order_id)[0]
        accepted_minor = 300 * statuses[:-1].count("accepted")
        assert row["sum"] == row["kept"] == accepted_minor <= row["most"]


async def test_one_refund_named_for_many_orders_at_once_is_taken_off_one(
    client: AsyncClient, database: Database
) -> None:
    for number in range(ROUNDS):
        refunds = [[refunded(f"r-{number}", f"o-{number}-{one}", 300)] for one in range(POSTS)]

        statuses = await post_together(client, refunds)

        assert sorted(statuses) == ["accepted", *["event_conflict"] * (POSTS - 1)]
    taken = database.query("MATCH (o:Order) RETURN sum(o.refundedMinor) AS sum")
    assert taken == [{"sum": 300 * ROUNDS}]


@pytest.mark.parametrize("clicks", [0, 1, 80])
async def test_reshares_posted_together_never_close_a_loop(
    client: AsyncClient, database: Database, clicks: int
) -> None:
    """clicks: on one of the shares before it is created; many make Neo4j lock it otherwise."""
    for number in range(ROUNDS):
        a, b, c = (f"{number}-{name}" for name in "abc")
        early = [
            event("share.clicked", f"{a}-{one}", START, {"shareId": a, "visitorId": f"v-{one}"})
            for one in range(clicks)
        ]
        await post(client, early)
        fill = [
            event("share.created", f"{b}-{one}", START, {"shareId": f"{b}-{one}", "memberId": "m"})
            for one in range(200)
        ]

        statuses = await post_together(
            client,
            [
                [shared(f"{number}-1", a, b)],
                [shared(f"{number}-2", b, c if number % 2 else a), *fill],
                [shared(f"{number}-3", c, a)],
            ],
        )

        assert set(statuses) <= {"accepted", "share_cycle"}
    assert share_loops(database) == 0


@dataclass(frozen=True)
class OwnServer:
    """A Neo4j that may be stopped and killed without harm to other tests."""

    managed: ManagedServer
    settings: Settings

    @property
    def database(self) -> Database:
        return Database(self.settings)

    def send(self, number: signal.Signals) -> None:
        status = self.managed.status()
        assert status is not None
        os.kill(status.pid, number)


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[OwnServer]:
    wanted = Settings(
        data_dir=tmp_path_factory.mktemp("own"),
        bootstrap_api_key=SecretStr(KEY),
        pepper=SecretStr("pepper-of-the-tests"),
        neo4j_heap_mib=512,
        neo4j_page_cache_mib=64,
        graph_retries_max=3,
        neo4j_uri=None,
    )
    managed = ManagedServer(wanted.data_dir / "neo4j", wanted)
    try:
        yield OwnServer(managed, settings_for(wanted, managed.start()))
    finally:
        managed.stop()


@pytest.fixture
async def own_client(own_server: OwnServer) -> AsyncGenerator[AsyncClient]:
    """A client of the app on the own server, whose graph is empty."""
    await asyncio.to_thread(own_server.managed.start)
    async with client_of(own_server.settings, lambda: NOW) as client:
        own_server.database.clear()
        yield client


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


def snapshot(database: Database) -> dict[str, Any]:
    """All that is stored and derived; what the machinery of storing keeps is left out."""
    machinery = "Fact", "Lease", "Lock", "Sequence", "Migration", "ApiKey"
    passing = {"heldBy", "batch"}
    nodes = database.query(
        "MATCH (n) WHERE none(label IN labels(n) WHERE label IN $machinery) "
        "RETURN labels(n) AS labels, properties(n) AS properties",
        machinery=machinery,
    )
    edges = database.query(
        "MATCH ()-[r]->() RETURN type(r) AS type, properties(r) AS properties, "
        "properties(startNode(r)) AS a, properties(endNode(r)) AS b"
    )

    def plain(properties: dict[str, Any]) -> str:
        return str(sorted((key, str(one)) for key, one in properties.items() if key not in passing))

    facts = database.query("MATCH (f:Fact) RETURN f.key AS key, f.digest AS digest ORDER BY key")
    pending = database.query("MATCH (f:Pending) RETURN count(f) AS pending")
    return {
        "nodes": sorted(f"{row['labels']} {plain(row['properties'])}" for row in nodes),
        "edges": sorted(
            " ".join([row["type"], *(plain(row[name]) for name in ("properties", "a", "b"))])
            for row in edges
        ),
        "facts": facts,
        "pending": pending,
    }


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
    own_server.database.clear()

    acknowledged = await posted_under_fire(own_server, own_client, batches)
    again = [await post(own_client, batch) for batch in batches]
    await settled(own_server.database)

    assert {one for number in acknowledged for one in again[number]} == {"duplicate"}
    assert snapshot(own_server.database) == straight
    async with open_graph(own_server.settings) as opened:
        assert (await verify_teams(opened.graph, seed_plan())).differences == ()
