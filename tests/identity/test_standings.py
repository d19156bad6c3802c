"""Persons in the graph and over HTTP: joined, explained, merged and taken apart again."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from datetime import datetime, timedelta
from typing import Any, cast

import hypothesis
import pytest
from httpx2 import AsyncClient
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st

from graph_service.graph.queries import load_queries
from graph_service.graph.schema import load_migrations, migrate
from graph_service.graph.session import Graph
from graph_service.identity.standings import verify_persons
from graph_service.ingest.tokens import Tokeniser
from graph_service.pipeline import Pipeline
from graph_service.plans.document import seed_plan
from graph_service.settings import Settings
from tests.conftest import Database
from tests.worlds import NOW, START, Event, event, order_data
from tests.worlds.random_mall import mall_of

pytestmark = pytest.mark.anyio
Store = Callable[[list[Event]], Awaitable[list[str]]]
PERSONS = """
MATCH (m:Member)-[:IS_PERSON]->(p:Person)
RETURN p.personId AS personId, m.memberId AS memberId, m.personId AS said
ORDER BY personId, memberId
"""
# Everything that is kept but for the log, what was believed before, and the ledger.
KEPT = """
MATCH (n)
WHERE NOT n:Fact AND NOT n:LedgerEntry AND NOT n:LedgerPayee AND NOT n:Ledger AND NOT n:Sequence
  AND NOT n:Wallet AND NOT n:WalletDay AND NOT n:Lock AND NOT n:Lease AND NOT n:Migration
  AND NOT n:Person
  AND NOT (n:SalesMonth AND n.ownMinor = 0 AND n.teamMinor = 0 AND n.bonusMinor = 0)
OPTIONAL MATCH (n)-[r]->(o)
WHERE NOT type(r) IN ['FORMERLY_IS_PERSON', 'PASSED', 'CONCERNS', 'SOLD_IN']
RETURN labels(n) AS labels, properties(n) AS node, type(r) AS type, properties(r) AS edge,
  properties(o) AS other
"""
BALANCES = """
MATCH (e:LedgerEntry)
WITH e.payeeId AS payee, e.orderId AS order, e.basis AS basis, e.month AS month,
  sum(e.amountMinor) AS amount
WHERE amount <> 0
RETURN payee, order, basis, month, amount
ORDER BY payee, order, basis, month
"""
PASSING = {"standingAt", "heldBy", "batch", "since"}


def observed(member_id: str, kind: str, value: str, at: datetime = START) -> Event:
    data = {"memberId": member_id, "kind": kind, "value": value}
    return event("identity.observed", f"see-{member_id}-{kind}-{value}-{at}", at, data)


def said(kind: str, one: str, other: str, hours: int) -> Event:
    data = {"fromId": one, "intoId": other, "reason": "asked by phone"}
    return event(
        f"member.{kind}", f"{kind}-{one}-{other}-{hours}", START + timedelta(hours=hours), data
    )


def persons(database: Database) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in database.query(PERSONS):
        assert row["said"] == row["personId"]
        found.setdefault(row["personId"], []).append(row["memberId"])
    return found


async def test_a_shared_phone_joins_by_itself(store: Store, database: Database) -> None:
    await store([observed("m2", "phone", "13800138000"), observed("m1", "phone", "13800138000")])

    assert persons(database) == {"m1": ["m1", "m2"]}


async def test_a_shared_union_id_joins_over_channels(store: Store, database: Database) -> None:
    linked = [
        {"memberId": "a", "channel": "wechat", "externalId": "open-1", "unionId": "union-1"},
        {"memberId": "b", "channel": "app", "externalId": "open-2", "unionId": "union-1"},
    ]

    await store(
        [event("account.linked", f"link-{i}", START, data) for i, data in enumerate(linked)]
    )

    assert persons(database) == {"a": ["a", "b"]}


async def test_payments_of_orders_join_and_their_phones_do_not(
    store: Store, database: Database
) -> None:
    def order(number: int, buyer: str, kind: str, value: str) -> Event:
        data = {
            **order_data(f"o{number}", buyer, 100),
            "identifiers": [{"kind": kind, "value": value}],
        }
        return event("order.paid", f"pay-{number}", START, data)

    await store(
        [
            *(order(number, "a", "payment", "card") for number in (5, 6)),
            *(order(number, "b", "payment", "card") for number in (7, 8)),
            order(3, "c", "phone", "13800138000"),
            order(4, "d", "phone", "13800138000"),
        ]
    )

    assert persons(database) == {"a": ["a", "b"]}


async def test_when_too_many_share_a_phone_nobody_is_joined_by_it(
    store: Store, database: Database
) -> None:
    few = [observed(f"m{number:03}", "phone", "400") for number in range(256)]
    await store(few)
    joined = persons(database)

    await store([observed("one-more", "phone", "400")])

    assert joined == {"m000": [f"m{number:03}" for number in range(256)]}
    assert persons(database) == {}


async def test_the_ledger_follows_a_merge_and_its_undoing(
    client: AsyncClient, store: Store
) -> None:
    """What a second account of the buyer shared earns nothing while both are one person."""
    shared = {"shareId": "s", "memberId": "other"}
    clicked = {"shareId": "s", "memberId": "buyer"}
    paid = order_data("o", "buyer", 10_000)
    paid["lines"][0]["categoryId"] = "fmcg"
    await store(
        [
            event("share.created", "share", START, shared),
            event("share.clicked", "click", START + timedelta(hours=1), clicked),
            event("order.paid", "pay", START + timedelta(hours=2), paid),
        ]
    )

    async def earned(*facts: Event) -> tuple[int, list[str | None]]:
        await client.post("/v1/events?wait=true", json=[*facts, said("merged", "x", "y", 99)])
        commission = (await client.get("/v1/orders/o/commission")).json()
        attribution = (await client.get("/v1/orders/o/attribution")).json()
        return commission["totalMinor"], [step["excluded"] for step in attribution["path"]]

    before = await earned()
    merged = await earned(said("merged", "other", "buyer", 5))
    undone = await earned(said("unmerged", "other", "buyer", 6))

    assert before[0] > 0
    assert before[1] == [None]
    assert merged == (0, ["buyer"])
    assert undone == before


async def test_sales_under_a_second_account_below_bring_no_team_bonus(
    store: Store, database: Database
) -> None:
    def order(number: int, through: str) -> list[Event]:
        at = START + timedelta(days=number)
        share = {"shareId": f"s{number}", "memberId": through}
        paid = {**order_data(f"o{number}", "buyer", 10_000), "shareId": f"s{number}"}
        return [
            event("share.created", f"share-{number}", at, share),
            event("order.paid", f"pay-{number}", at + timedelta(hours=1), paid),
        ]

    bound = [("above", "mine"), ("mine", "second")]
    await store(
        [
            event("referral.bound", f"bind-{low}", START, {"memberId": low, "inviterId": high})
            for high, low in bound
        ]
        + order(1, "second")
    )
    query = """
    MATCH (m:Member)-[:SOLD_IN]->(s:SalesMonth)
    RETURN m.memberId AS id, s.bonusMinor AS bonus, s.teamMinor AS team, s.selfMinor AS self
    ORDER BY id
    """

    await store([observed("mine", "phone", "1"), observed("second", "phone", "1")])

    assert {row.pop("id"): row for row in database.query(query)} == {
        "above": {"bonus": 10_000, "team": 10_000, "self": None},
        "mine": {"bonus": 0, "team": 10_000, "self": 10_000},
        "second": {"bonus": 0, "team": 0, "self": None},
    }


async def test_a_person_is_explained(client: AsyncClient) -> None:
    far = START + timedelta(days=1)
    facts = [
        observed("m1", "phone", "13800138000"),
        observed("m2", "phone", "13800138000", far),
        observed("m2", "device", "d"),
        observed("m3", "device", "d"),
        observed("m3", "address", "a"),
        observed("m2", "address", "a"),
    ]
    await client.post("/v1/events?wait=true", json=facts)

    told = (await client.get("/v1/members/m2/person")).json()
    pairs = (await client.get("/v1/persons/suggestions")).json()

    assert told["personId"] == "m1"
    assert [one["memberId"] for one in told["accounts"]] == ["m2", "m1"]
    assert [one["memberIds"] for one in told["links"]] == [["m1", "m2"]]
    reason = told["links"][0]["reasons"][0]
    assert (reason["kind"], reason["bits"], reason["textZh"]) == ("phone", 20, "同一验证手机号")
    assert [(one["memberIds"], one["household"]) for one in told["suggestions"]] == [
        (["m2", "m3"], True)
    ]
    assert pairs["items"] == told["suggestions"]
    assert pairs["nextCursor"] is None


async def test_who_is_said_to_be_apart_is_suggested_no_more(client: AsyncClient) -> None:
    facts = [observed("a", "device", "d"), observed("b", "device", "d")]
    await client.post("/v1/events?wait=true", json=facts)
    before = (await client.get("/v1/persons/suggestions")).json()["items"]

    await client.post("/v1/events?wait=true", json=[said("unmerged", "a", "b", 1)])

    assert len(before) == 1
    assert (await client.get("/v1/persons/suggestions")).json()["items"] == []


async def test_an_unknown_member_is_a_404(client: AsyncClient) -> None:
    answer = await client.get("/v1/members/nobody/person")

    assert (answer.status_code, answer.json()["code"]) == (404, "member_not_found")


async def test_merging_a_member_with_itself_is_invalid(client: AsyncClient) -> None:
    answer = (await client.post("/v1/events", json=said("merged", "a", "a", 1))).json()

    assert answer["results"][0]["problem"]["code"] == "invalid_event"


class Bench:
    """A pipeline in a loop of its own, since hypothesis calls a plain function many times."""

    def __init__(self, settings: Settings) -> None:
        self.runner = asyncio.Runner()
        self.database = Database(settings)
        self.graph = self.runner.run(self._connected(settings))
        self.pipeline = Pipeline(
            self.graph, Tokeniser(b"pepper"), seed_plan(), clock=lambda: NOW, quiet_s=0
        )

    async def _connected(self, settings: Settings) -> Graph:
        graph = Graph.connect(settings, load_queries())
        await migrate(graph, load_migrations())
        return graph

    def store(self, events: list[Event]) -> None:
        self.runner.run(self.pipeline.store(events))
        assert self.runner.run(self.pipeline.settle_ledger(timeout_s=60))

    def kept(self) -> list[str]:
        """Everything that is kept, as text."""
        return sorted(
            repr([(name, without_passing(value)) for name, value in sorted(row.items())])
            for row in self.database.query(KEPT)
        )

    def balances(self) -> list[dict[str, Any]]:
        """What the ledger's entries come to by payee, order, basis and month."""
        return self.database.query(BALANCES)


def without_passing(value: object) -> object:
    if not isinstance(value, dict):
        return value
    named = cast("dict[str, object]", value)
    return sorted((name, str(one)) for name, one in named.items() if name not in PASSING)


@pytest.fixture(scope="module")
def bench(settings: Settings) -> Generator[Bench]:
    made = Bench(settings)
    yield made
    made.runner.run(made.graph.close())
    made.runner.close()


@hypothesis.settings(
    max_examples=8,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    moves=st.lists(st.binary(min_size=40, max_size=40), min_size=30, max_size=60),
    pairs=st.lists(
        st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda pair: pair[0] != pair[1]),
        min_size=1,
        max_size=5,
        unique_by=lambda pair: (min(pair), max(pair)),
    ),
    seed=st.randoms(use_true_random=False),
)
def test_unmerging_in_any_order_restores_everything_as_it_was(
    moves: list[bytes], pairs: list[tuple[int, int]], seed: Any, bench: Bench
) -> None:
    bench.database.clear()
    # Who merges what is merged, or takes back what another said, changes what stood before.
    mall = mall_of(8, moves, identity=True)
    bench.store([one for one in mall if one["type"] not in ("member.merged", "member.unmerged")])
    named = [(f"m{one}", f"m{other}") for one, other in pairs]
    # All members are known before, so that a merge makes no new one.
    bench.store([event("member.active", f"a-{i}", START, {"memberId": f"m{i}"}) for i in range(8)])
    kept, balances = bench.kept(), bench.balances()

    bench.store([said("merged", *pair, 2_000 + i) for i, pair in enumerate(named)])
    seed.shuffle(named)
    for i, pair in enumerate(named):
        bench.store([said("unmerged", *pair, 3_000 + i)])

    assert bench.kept() == kept
    assert bench.balances() == balances


async def test_an_erasure_does_not_part_a_person(client: AsyncClient, database: Database) -> None:
    facts = [observed(one, "phone", "13800138000") for one in ("a", "b", "c")]
    await client.post("/v1/events?wait=true", json=facts)

    erased = await client.delete("/v1/members/b/personal-data")
    await client.post("/v1/events?wait=true", json=[observed("d", "device", "of nobody else")])

    assert erased.status_code == 200
    assert persons(database) == {"a": ["a", "b", "c"]}


async def test_verify_finds_whoever_is_not_the_person_that_is_kept(
    store: Store, pipeline: Pipeline, database: Database
) -> None:
    await store([observed(one, "phone", "13800138000") for one in ("a", "b")])
    before = await verify_persons(pipeline.graph)

    database.query("MATCH (m:Member {memberId: 'b'})-[r:IS_PERSON]->() DELETE r REMOVE m.personId")

    assert before == (2, [])
    assert await verify_persons(pipeline.graph) == (2, ["b"])


async def test_who_got_a_recycled_number_is_not_who_still_orders_with_it(
    store: Store, database: Database
) -> None:
    """The old owner verified it once; the mall's form still fills it in with every parcel."""
    day = timedelta(days=1)
    phone = [{"kind": "phone", "value": "13800138000"}]
    parcel = {**order_data("o-1", "old", 100), "identifiers": phone}

    await store(
        [
            observed("old", "phone", "13800138000"),
            event("order.paid", "p-1", START + 60 * day, parcel),
            observed("new", "phone", "13800138000", START + 100 * day),
        ]
    )

    assert persons(database) == {}


async def test_a_friend_who_pays_one_order_is_not_the_buyer(
    store: Store, database: Database
) -> None:
    def paid(member_id: str, key: str) -> Event:
        card = [{"kind": "payment", "value": "card of the friend"}]
        return event(
            "order.paid", key, START, {**order_data(key, member_id, 1), "identifiers": card}
        )

    await store([paid("friend", "o-1"), paid("friend", "o-2"), paid("buyer", "o-3")])
    once = persons(database)
    await store([paid("buyer", "o-4")])

    assert once == {}
    assert persons(database) == {"buyer": ["buyer", "friend"]}


async def test_what_an_invited_promoter_earns_more_does_not_depend_on_arrival(
    store: Store, pipeline: Pipeline, database: Database
) -> None:
    line = {"productId": "tea", "categoryId": "fmcg", "quantity": 1, "amountMinor": 100_000}
    order = {**order_data("o-1", "buyer", 100_000), "shareId": "s-1", "lines": [line]}
    told = {
        "pair": [observed("a", "phone", "1"), observed("b", "phone", "1")],
        "third": [observed("c", "payment", "card"), observed("b", "payment", "card")],
        "accepted": [
            event("promoter.accepted", "j", START, {"memberId": "c", "inviteId": "i"}),
        ],
        "sale": [
            event("share.created", "s", START, {"shareId": "s-1", "memberId": "a"}),
            event("order.paid", "o", START + timedelta(days=1), order),
        ],
    }
    found: list[list[dict[str, Any]]] = []

    for names in (("pair", "third", "accepted", "sale"), ("pair", "accepted", "sale", "third")):
        database.clear()
        for name in names:
            await store(told[name])
            assert await pipeline.settle_ledger(timeout_s=60)
        found.append(database.query(BALANCES))

    assert any(row["basis"] == "reward" for row in found[0])
    assert found[1] == found[0]
