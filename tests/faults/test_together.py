"""Many requests at once: nothing is stored twice, no loop closes, every team is counted exactly."""

from itertools import permutations

import pytest
from httpx2 import AsyncClient

from graph_service.pipeline import Pipeline
from graph_service.rewards.verify import verify_teams
from tests.conftest import Database
from tests.faults.conftest import post, post_together, settled
from tests.worlds import START, Event, event, order_data
from tests.worlds.named import honest_tree

pytestmark = pytest.mark.anyio
ROUNDS = 20
POSTS = 8


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
    assert (await verify_teams(pipeline.graph, pipeline.plans)).differences == ()


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
    assert (await verify_teams(pipeline.graph, pipeline.plans)).differences == ()


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
    assert (await verify_teams(pipeline.graph, pipeline.plans)).differences == ()


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
