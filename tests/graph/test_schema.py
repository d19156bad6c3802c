"""Migrations on the real database; each test leaves the schema as it found it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from graph_service.access.idempotency import Claim
from graph_service.access.keys import Change, NewKey, create_key, revoke_key, rotate_key
from graph_service.channels.mapping import Report
from graph_service.channels.matching import Desk as ChannelDesk
from graph_service.erasure.erasing import erase_member
from graph_service.errors import GraphError, QueryInvalid
from graph_service.graph.queries import load_queries
from graph_service.graph.schema import Migration, load_migrations, migrate
from graph_service.graph.session import Graph, Transaction
from graph_service.payouts.channel import FileChannel
from graph_service.payouts.deciding import Wanted as PayoutWanted
from graph_service.payouts.reconciling import reconcile_payouts
from graph_service.payouts.requests import Desk, list_payouts, request_payout
from graph_service.payouts.rules import NEEDED, Limits, packed_rules
from graph_service.payouts.sending import send_payouts
from graph_service.pipeline import Pipeline
from graph_service.plans.document import BaseRules, Ladder, LadderStep, Plan
from graph_service.plans.versions import activate_version, put_version
from graph_service.settings import Settings
from graph_service.webhooks.deliveries import Attempt, record_attempt, take_deliveries
from graph_service.webhooks.following import follow_log
from graph_service.webhooks.messages import EVENTS
from graph_service.webhooks.sending import Result
from graph_service.webhooks.subscriptions import (
    Wanted,
    change_webhook,
    create_webhook,
    rotate_secret,
)
from tests.cases.kept import every_risk_property
from tests.conftest import Database
from tests.graph.model import MODEL
from tests.identity.kept import every_person_property, third_apart
from tests.scans.kept import every_scan_property
from tests.worlds import NOW, START, Event, event, order_data
from tests.worlds.random_mall import MOVE_BYTES, mall_of

pytestmark = pytest.mark.anyio
Store = Callable[[list[Event]], Awaitable[list[str]]]
APPLIED = load_migrations()
LAST = len(APPLIED)
EXTRA = [
    Migration(LAST + 1, "index_extra_at", "a" * 16, "CREATE INDEX extraAt FOR (e:Extra) ON (e.at)"),
    Migration(LAST + 2, "index_extra_to", "b" * 16, "CREATE INDEX extraTo FOR (e:Extra) ON (e.to)"),
    Migration(LAST + 3, "drop_extra_at", "c" * 16, "DROP INDEX extraAt"),
]
MODEL_TYPES = {
    "string": "STRING",
    "integer": "INTEGER",
    "float": "FLOAT",
    "boolean": "BOOLEAN",
    "datetime": "ZONED DATETIME",
    "list of string": "LIST<STRING NOT NULL>",
    "list of integer": "LIST<INTEGER NOT NULL>",
}
EMPTY_LIST = "LIST<NOTHING> NOT NULL"


@pytest.fixture
async def untouched(graph: Graph, database: Database) -> AsyncGenerator[Database]:
    """The empty database; what a test added to the schema or took off is put right after it."""
    yield database
    database.query("MATCH (m:Migration) WHERE m.version > $last DELETE m", last=LAST)
    database.query("DROP INDEX extraAt IF EXISTS")
    database.query("DROP INDEX extraTo IF EXISTS")
    await migrate(graph, APPLIED)


@pytest.fixture
async def neighbour(settings: Settings, graph: Graph) -> AsyncGenerator[Graph]:
    """Another process's connection to the same database."""
    other = Graph.connect(settings, load_queries())
    yield other
    await other.close()


def recorded(database: Database) -> list[tuple[int, str, str]]:
    rows = database.query(
        "MATCH (m:Migration) RETURN m.version AS version, m.name AS name, m.checksum AS checksum"
        " ORDER BY version"
    )
    return [(row["version"], row["name"], row["checksum"]) for row in rows]


def expected(migrations: list[Migration]) -> list[tuple[int, str, str]]:
    return [(one.version, one.name, one.checksum) for one in migrations]


def index_names(database: Database) -> set[str]:
    return {row["name"] for row in database.query("SHOW INDEXES YIELD name")}


def drop_schema(database: Database) -> None:
    """Take off every constraint, every index and the memory of both."""
    for row in database.query("SHOW CONSTRAINTS YIELD name"):
        database.query(f"DROP CONSTRAINT {row['name']}")
    for row in database.query("SHOW INDEXES YIELD name, type WHERE type = 'RANGE'"):
        database.query(f"DROP INDEX {row['name']}")
    database.query("MATCH (n) DETACH DELETE n")


async def test_every_migration_is_recorded_once(graph: Graph, database: Database) -> None:
    again = await migrate(graph, APPLIED)

    assert again == 0
    assert recorded(database) == expected(APPLIED)


async def test_new_migrations_are_applied_in_order_and_once(
    graph: Graph, untouched: Database
) -> None:
    first = await migrate(graph, APPLIED + EXTRA)
    second = await migrate(graph, APPLIED + EXTRA)

    assert (first, second) == (3, 0)
    assert recorded(untouched) == expected(APPLIED + EXTRA)
    assert index_names(untouched) & {"extraAt", "extraTo"} == {"extraTo"}


async def test_an_edited_migration_is_refused_before_anything_new(
    graph: Graph, untouched: Database
) -> None:
    edited = [*APPLIED[:4], replace(APPLIED[4], checksum="0" * 16), *APPLIED[5:], *EXTRA]

    with pytest.raises(QueryInvalid, match="V0005 was edited"):
        await migrate(graph, edited)

    assert recorded(untouched) == expected(APPLIED)


async def test_a_database_that_is_newer_than_the_program_is_refused(
    graph: Graph, database: Database
) -> None:
    with pytest.raises(QueryInvalid, match=f"has schema V{LAST:04}, newer"):
        await migrate(graph, APPLIED[:-1])


async def test_a_migration_that_fails_is_not_recorded(graph: Graph, untouched: Database) -> None:
    wrong = replace(EXTRA[1], statement="CREATE INDEX extraTo FOR")

    with pytest.raises(GraphError):
        await migrate(graph, [*APPLIED, EXTRA[0], wrong])

    assert recorded(untouched) == expected(APPLIED)


async def test_two_processes_that_migrate_at_once_apply_each_migration_once(
    graph: Graph, neighbour: Graph, untouched: Database
) -> None:
    both = await asyncio.gather(
        migrate(graph, APPLIED + EXTRA), migrate(neighbour, APPLIED + EXTRA)
    )

    assert sorted(both) == [0, 3]
    assert recorded(untouched) == expected(APPLIED + EXTRA)


async def test_two_processes_may_start_on_an_empty_database(
    graph: Graph, neighbour: Graph, untouched: Database
) -> None:
    before = index_names(untouched)
    drop_schema(untouched)

    both = await asyncio.gather(migrate(graph, APPLIED), migrate(neighbour, APPLIED))

    assert sorted(both) == [0, LAST]
    assert recorded(untouched) == expected(APPLIED)
    assert index_names(untouched) == before


def write_files(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).write_text("// Says why.\nCREATE INDEX x FOR (n:X) ON (n.at)\n")
    return folder


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (
            ("V0001__add_one.cypher", "V0003__add_three.cypher"),
            "V0003__add_three.cypher is not V0002",
        ),
        (("V0002__add_two.cypher",), "V0002__add_two.cypher is not V0001"),
        (
            ("V0001__add_one.cypher", "V0001__add_other.cypher"),
            "V0001__add_other.cypher is not V0002",
        ),
        (("V1__add_one.cypher",), "V1__add_one.cypher is not V0001"),
        (("V0001_add_one.cypher",), "V0001_add_one.cypher is not V0001"),
        ((), "holds no migration"),
    ],
)
def test_a_gap_a_repeat_or_a_bad_name_is_refused(
    names: tuple[str, ...], complaint: str, tmp_path: Path
) -> None:
    write_files(tmp_path, *names)

    with pytest.raises(QueryInvalid, match=complaint):
        load_migrations(tmp_path)


def test_a_checksum_changes_with_any_character_of_the_file(tmp_path: Path) -> None:
    path = write_files(tmp_path, "V0001__add_one.cypher") / "V0001__add_one.cypher"
    (before,) = load_migrations(tmp_path)
    path.write_text(path.read_text().replace("Says why", "Says Why"))

    (after,) = load_migrations(tmp_path)

    assert after.checksum != before.checksum
    assert after.statement == before.statement == "CREATE INDEX x FOR (n:X) ON (n.at)"


def test_the_model_names_each_constraint_and_index(database: Database) -> None:
    constraints = database.query("SHOW CONSTRAINTS YIELD name, type, labelsOrTypes, properties")
    indexes = database.query(
        "SHOW INDEXES YIELD name, type, labelsOrTypes, properties, owningConstraint"
        " WHERE type = 'RANGE' AND owningConstraint IS NULL"
    )

    assert {row["type"] for row in constraints} == {"UNIQUENESS"}
    found = {(row["name"], *row["labelsOrTypes"], *row["properties"]) for row in constraints}
    assert found == MODEL.constraints
    assert {
        (row["name"], f"{row['labelsOrTypes'][0]}({', '.join(row['properties'])})")
        for row in indexes
    } == MODEL.indexes


def owner_of(labels: list[str]) -> str:
    (owner,) = {MODEL.owner(label) for label in labels}
    return owner


def paying_order() -> list[tuple[str, dict[str, Any]]]:
    """An order that earns a payee money, released a week later."""
    tea = {"productId": "tea", "categoryId": "fmcg", "quantity": 1, "amountMinor": 1_000}
    order = {**order_data("paying", "m0", 1_000), "lines": [tea], "shareId": "paid-share"}
    return [
        ("share.created", {"shareId": "paid-share", "memberId": "payee"}),
        ("order.paid", order),
        ("order.completed", {"orderId": "paying"}),
    ]


def mall_events() -> list[Event]:
    """Events of every type that is stored as more than a fact, and one that is rejected."""
    moves = [bytes((7 * i + 31 * j) % 256 for j in range(MOVE_BYTES)) for i in range(400)]
    token = {"kind": "device", "value": "d-1"}
    order = {
        **order_data("full", "m0", 1_000),
        "shopId": "shop",
        "channel": "app",
        "platformOrderNo": "9",
        "couponCode": "c",
        "lines": [
            {"productId": "p", "categoryId": "k", "quantity": 1, "amountMinor": 1_000},
        ],
        "identifiers": [
            {"kind": kind, "value": "22 Hill Road 555 123 4567"}
            for kind in ("address", "payment", "device")
        ],
    }
    share = {"shareId": "s", "memberId": "m0", "productId": "p", "materialId": "a"}
    told: list[tuple[str, dict[str, Any]]] = [
        ("identity.observed", {"memberId": "m0", **token}),
        ("identity.observed", {"visitorId": "v0", **token}),
        ("account.linked", {"memberId": "m0", "channel": "app", "externalId": "x"}),
        ("share.created", {**share, "campaignId": "b", "channel": "app"}),
        ("member.updated", {"memberId": "m0", "communityId": "q", "kyc": "verified"}),
        ("member.updated", {"memberId": "m0", "taxRegistered": True}),
        ("coupon.issued", {"couponCode": "c", "ownerMemberId": "m1", "valueMinor": 5}),
        ("shop.registered", {"shopId": "shop", "ownerMemberId": "m1"}),
        ("order.paid", order),
        ("order.completed", {"orderId": "full"}),
        ("order.refunded", {"orderId": "full", "refundId": "back", "amountMinor": 1}),
        ("order.refunded", {"orderId": "full", "refundId": "more", "amountMinor": 9_999}),
        *paying_order(),
    ]
    day = START + timedelta(days=60)
    return [
        *mall_of(9, moves),
        *(event(kind, f"told-{i}", day, data) for i, (kind, data) in enumerate(told)),
    ]


async def every_key_property(graph: Graph) -> None:
    """A key that has ended in every way."""
    change = Change(now_ms=1, by="test", keys_max=9)
    wanted = NewKey("k", frozenset({"read"}), expires_ms=9)
    made = await create_key(graph, b"pepper", wanted, change)
    key_id = made.key.key_id
    await graph.write("access/record_uses", rows=[{"keyId": key_id, "usedMillis": 1}])
    await rotate_key(graph, b"pepper", key_id, grace_s=0, change=change)
    await revoke_key(graph, key_id, bootstrap=True, change=change)


async def every_payout_property(pipeline: Pipeline, folder: Path) -> None:
    """A payout that was sent and settled, a row that does not fit, an answer that is kept."""
    graph = pipeline.graph
    limits = Limits.model_validate({"minimumMinor": 1})
    packed = packed_rules()
    kept = {name: packed.rules[name] for name in NEEDED}
    rules = packed.model_copy(update={"currencies": {"CNY": limits}, "rules": kept})
    desk = Desk(rules, pipeline.plans, pipeline.clock, "test")
    params = {"digest": "d", "holder": "h", "keepSeconds": 9, "staleSeconds": 9}
    await graph.write("access/claim_request", requestId="r", **params)
    wanted = PayoutWanted("payee", 1, "CNY")
    await request_payout(graph, desk, wanted, "account", Claim("r", "h"))
    channel = FileChannel(folder)
    sent = await send_payouts(graph, desk, channel, 9)
    batch = sent.batches[0]["batchId"]
    payout = (await list_payouts(graph, member_id="payee", state="", limit=1, cursor=None))[0][0]
    head = "batch_number,client_reference,amount,currency,result,bank_reference,reason"
    good = f"{batch},{payout['payoutId']},0.01,CNY,success,B1,"
    bad = f"{batch},{payout['payoutId']},0.02,CNY,success,B1,"
    (folder / "inbox").mkdir()
    (folder / "inbox" / "r.csv").write_text(f"{head}\n{good}\n{bad}\n", encoding="utf-8")
    await reconcile_payouts(graph, desk, channel)


async def every_plan_property(graph: Graph) -> None:
    """A plan that is in force."""
    ladder = Ladder(steps=[LadderStep(from_minor=0, rate=Decimal("0.05"))])
    # Held so long that what was earned is released yesterday by the clock of the suite.
    base = BaseRules(other_rate=Decimal("0.08"))
    plan = Plan(version="v", title="t", ladder=ladder, base=base, holding_days=9)
    await put_version(graph, plan, START)
    await activate_version(graph, "v", None, START)


async def settled(pipeline: Pipeline) -> None:
    """Everything booked, months closed and booked too."""
    assert await pipeline.settle(timeout_s=60)
    assert await pipeline.close_periods()
    assert await pipeline.settle_ledger(timeout_s=60)


async def every_webhook_property(pipeline: Pipeline) -> Callable[[], Awaitable[None]]:
    """A webhook with all that may become of it, once what is stored meanwhile is booked."""
    graph, holder = pipeline.graph, "test"
    clock = pipeline.clock
    made = await create_webhook(graph, "https://a.b/", EVENTS, "d", most=9, clock=clock)
    hook = await rotate_secret(graph, made.webhook_id, clock)

    async def told() -> None:
        while await follow_log(graph, pipeline, holder):
            pass
        # As a part of a fact leaves it.
        await graph.write("webhooks/move_place", seq=1, partSeq=2, partOrderId="o", partPayeeId="p")
        taken = await take_deliveries(graph, [hook.webhook_id], holder, clock, 1)
        for one, status in zip(taken[1:], (200, 500), strict=False):
            attempt = Attempt(one, Result(status, excerpt="e"), 1, 1)
            await record_attempt(graph, hook, attempt, clock, lambda: 0.5)
        await change_webhook(graph, hook.webhook_id, Wanted(enabled=False), clock)

    return told


async def every_channel_property(pipeline: Pipeline) -> None:
    """A sale with all that may be told of it, and a report that may be the same."""
    at = START.astimezone(UTC)
    sale = Report("paid", "wechat", at, "x-1", merchant_order_no="mall-1", amount_minor=9)
    sale = replace(
        sale, currency="CNY", buyer_id="b", payment_nos=("1",), payment_schemes={"1": "wechat"}
    )
    refund = Report("refunded", "wechat", at, "x-1", refund_no="r-1", refund_nos=("mall-r",))
    other = replace(sale, channel="douyin", order_no="y-1", amount_minor=8, payment_nos=())
    reports = [
        sale,
        Report("completed", "wechat", at, "x-1"),
        replace(refund, amount_minor=1, currency="CNY"),
        other,
    ]

    async def decide(transaction: Transaction) -> list[dict[str, Any]]:
        desk = ChannelDesk(transaction, pipeline.tokeniser, timedelta(minutes=5), pipeline.clock())
        await desk.take(reports)
        return desk.events

    receipt = await pipeline.store_decided(decide, name="channels/take")
    assert receipt.count("rejected") == 0


async def every_rotation_property(graph: Graph, database: Database) -> None:
    """An identifier that had another token before a rotation."""
    [row] = database.query("MATCH (i:Device)<-[:USES]-(:Member) RETURN i.token AS token LIMIT 1")
    await graph.write(
        "identity/renew_tokens", rows=[{"former": row["token"], "token": f"device:{'f' * 32}"}]
    )


async def test_what_is_stored_is_what_the_model_names(
    graph: Graph, database: Database, store: Store, pipeline: Pipeline, tmp_path: Path
) -> None:
    await every_key_property(graph)
    await every_plan_property(graph)
    told = await every_webhook_property(pipeline)
    await every_channel_property(pipeline)
    clicked = {"shareId": "s", "memberId": "m1"}
    await store([event("share.clicked", "early", START, clicked)])
    await store(mall_events())
    await store(every_person_property())
    await store(third_apart())
    await every_risk_property(pipeline, "m0")
    await every_scan_property(pipeline, "m2", "full")
    await settled(pipeline)
    await told()
    await every_payout_property(pipeline, tmp_path)
    await every_rotation_property(graph, database)
    await erase_member(graph, pipeline.tokeniser, "m1", NOW)

    nodes = database.query(
        "MATCH (n) UNWIND keys(n) AS name"
        " RETURN DISTINCT labels(n) AS labels, name, valueType(n[name]) AS type"
    )
    relationships = database.query(
        "MATCH ()-[r]->() UNWIND keys(r) AS name"
        " RETURN DISTINCT [type(r)] AS labels, name, valueType(r[name]) AS type"
    )

    stored = {
        (owner_of(row["labels"]), row["name"], row["type"].removesuffix(" NOT NULL"))
        for row in nodes + relationships
        if row["type"] != EMPTY_LIST
    }
    keys = {row for row in stored if row[1] == MODEL.keys.get(row[0])}
    named = {(*place, MODEL_TYPES[kind]) for place, kind in MODEL.types.items()}
    # Some keys are named among the properties: one room may renew them.
    assert stored - keys == named - keys
    assert {row[0] for row in keys} == MODEL.keys.keys()


async def test_relationships_join_the_labels_that_the_model_names(
    graph: Graph, database: Database, store: Store, pipeline: Pipeline, tmp_path: Path
) -> None:
    await every_plan_property(graph)
    told = await every_webhook_property(pipeline)
    await every_channel_property(pipeline)
    await store(mall_events())
    await store(every_person_property())
    await store(third_apart())
    await every_risk_property(pipeline, "m0")
    await every_scan_property(pipeline, "m2", "full")
    await settled(pipeline)
    await told()
    await every_payout_property(pipeline, tmp_path)

    rows = database.query(
        "MATCH (a)-[r]->(b) RETURN DISTINCT type(r) AS type, labels(a) AS start, labels(b) AS end"
    )

    stored: dict[str, tuple[set[str], set[str]]] = {}
    for row in rows:
        starts, ends = stored.setdefault(row["type"], (set(), set()))
        starts.add(owner_of(row["start"]))
        ends.add(owner_of(row["end"]))
    assert stored == MODEL.ends


async def test_stored_times_are_in_utc(
    database: Database, store: Store, pipeline: Pipeline
) -> None:
    await store(mall_events())
    await every_channel_property(pipeline)

    rows = database.query(
        "MATCH (n) CALL (n) { RETURN n AS x UNION MATCH (n)-[r]->() RETURN r AS x }"
        " UNWIND keys(x) AS name WITH name, x[name] AS at"
        " WHERE valueType(at) STARTS WITH 'ZONED' AND at.offset <> 'Z'"
        " RETURN DISTINCT name, at.offset AS offset"
    )

    assert rows == []
