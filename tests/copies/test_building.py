"""Is the copy the same graph, can nobody write to it, and does it follow when it is told to?"""

from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import pytest
from neo4j.exceptions import ClientError

from graph_service.copies.building import Copied, ReadOnlyCopy
from graph_service.errors import GraphError, GraphUnavailable
from graph_service.graph import jars
from graph_service.graph.opening import settings_for
from graph_service.graph.server import ManagedServer
from graph_service.graph.session import Graph
from graph_service.settings import Settings
from tests.browser.mall import LATER, fill
from tests.conftest import Database
from tests.graph.model import MODEL

pytestmark = pytest.mark.anyio
# Keys, secrets, what was refused and the machinery; logins, whose ids on a channel are no tokens;
# files of cases, which hold what people put into them.
NOT_COPIED = {
    *(
        "Account",
        "Answered",
        "ApiKey",
        "CaseFile",
        "Lease",
        "Lock",
        "Migration",
        "PayoutDifference",
    ),
    *("Rejected", "Sequence", "Webhook", "WebhookDelivery", "WebhookMessage", "WebhookPlace"),
}
# Texts that a file of columns could trip over, and what only some of a kind have.
ODD = """
MATCH (m:Member {memberId: 'gao-lan'})
SET m.communityId = 'a\\nb\\rc "c" \\u0001 \\u001f 中文 '
WITH m
MATCH (:Order {orderId: 'o-1'})-[c:CREDITED_TO]->(:Member)
SET c.ownIds = ['a', 'b "c"'], c.excluded = ''
"""
NODES = "MATCH (n) RETURN labels(n) AS labels, properties(n) AS properties"
EDGES = """
MATCH (a)-[r]->(b)
RETURN type(r) AS type, properties(r) AS properties, properties(a) AS a, properties(b) AS b
"""
MEMBERS = "MATCH (m:Member) RETURN m.memberId AS id, labels(m) AS labels, m.role AS role"
INDEXES = "SHOW INDEXES YIELD name, state RETURN name, state ORDER BY name"


@dataclass
class Copies:
    """A graph and its copy, and what was shown while it was made."""

    source: Graph
    database: Database
    copy: ReadOnlyCopy
    stages: list[str] = field(default_factory=list[str])

    @property
    def copied(self) -> Database:
        address = self.copy.server.status()
        assert address is not None
        return Database(settings_for(self.copy.settings, address))

    def follow(self, what: str, done: int, whole: int) -> None:
        assert 0 <= done <= whole
        if what not in self.stages:
            self.stages.append(what)


@pytest.fixture(scope="module")
async def copies(
    settings: Settings,
    graph: Graph,
    anyio_backend: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[Copies]:
    """A copy of the analysts' mall beside the server of the suite."""
    database = Database(settings)
    database.clear()
    await fill(graph)
    database.query(ODD)
    more = {"data_dir": tmp_path_factory.mktemp("copy"), "neo4j_start_timeout_s": 300}
    small = {"neo4j_heap_mib": 512, "neo4j_page_cache_mib": 64}
    made = ReadOnlyCopy(settings.model_copy(update=more | small), clock=lambda: LATER)
    found = Copies(graph, database, made)
    try:
        await made.start(found.follow)
        yield found
    finally:
        made.server.stop()


def left(copies: Copies) -> list[str]:
    """What lies in the data folder."""
    return sorted(one.name for one in copies.copy.settings.data_dir.iterdir())


def filled(properties: dict[str, Any]) -> str:
    """Properties but for lists without elements, which no import can write."""
    return repr(sorted((name, value) for name, value in properties.items() if value != []))


def nodes(database: Database) -> Counter[str]:
    rows = [row for row in database.query(NODES) if not NOT_COPIED & set(row["labels"])]
    return Counter(
        repr(sorted({*row["labels"]} - {"Promoter", "Partner"})) + filled(row["properties"])
        for row in rows
    )


def edges(database: Database) -> Counter[str]:
    return Counter(
        " ".join([row["type"], *(filled(row[one]) for one in ("properties", "a", "b"))])
        for row in database.query(EDGES)
    )


def test_every_node_and_relationship_is_copied_with_its_properties(copies: Copies) -> None:
    told = copies.copy.told()

    assert nodes(copies.copied) == nodes(copies.database)
    assert edges(copies.copied) == edges(copies.database)
    assert told is not None
    assert told.nodes == sum(nodes(copies.copied).values())
    assert told.relationships == sum(edges(copies.copied).values())
    assert told.at == "2026-05-01T00:00:00+00:00"


def test_a_role_is_a_label_too_so_that_it_has_a_colour(copies: Copies) -> None:
    rows = copies.copied.query(MEMBERS)

    assert all(set(row["labels"]) == {"Member", row["role"].capitalize()} for row in rows)


def test_the_copy_has_every_index(copies: Copies) -> None:
    there = [row["name"] for row in copies.database.query(INDEXES)]

    assert copies.copied.query(INDEXES) == [{"name": one, "state": "ONLINE"} for one in there]


@pytest.mark.parametrize(
    "write",
    [
        "CREATE (:Member {memberId: 'new'})",
        "MATCH (m:Member) SET m.role = 'partner'",
        "MATCH (n) DETACH DELETE n",
        "CREATE INDEX FOR (m:Member) ON (m.role)",
    ],
)
def test_nobody_can_write_to_the_copy(copies: Copies, write: str) -> None:
    with pytest.raises(ClientError, match=r"read[- ]only") as caught:
        copies.copied.query(write)

    assert caught.value.code == "Neo.ClientError.General.WriteOnReadOnlyAccessDatabase"


def test_what_is_done_is_shown(copies: Copies) -> None:
    assert copies.stages[:3] == ["reading", "importing", "indexing"]


def test_every_label_is_copied_or_known_not_to_be(copies: Copies) -> None:
    copied = copies.source.query("copies/read_nodes", {"limit": 1}).text
    related = copies.source.query("copies/read_relationships", {"limit": 1}).text

    def named(text: str, name: str) -> bool:
        return f"|{name}" in text.replace("\n  ", "").replace("n:", "|").replace("r:", "|")

    assert {one for one in MODEL.keys if not named(copied, one)} == NOT_COPIED
    assert {one for one in MODEL.ends if not named(related, one)} == {
        *("BELONGS_TO", "CARRIES", "KEPT_WITH")
    }


async def test_a_refresh_that_fails_leaves_the_former_copy(
    copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = nodes(copies.copied)

    def fail(*_arguments: object, **_more: object) -> None:
        raise GraphError("neo4j-admin database import failed")

    monkeypatch.setattr(ManagedServer, "run_admin", fail)
    with pytest.raises(GraphError, match="import failed"):
        await copies.copy.refresh()

    assert nodes(copies.copied) == before
    assert left(copies) == ["neo4j-copy", "neo4j-copy.lock"]


async def test_two_refreshes_at_once_are_refused(copies: Copies) -> None:
    lock = copies.copy.settings.data_dir / "neo4j-copy.lock"

    with jars.exclusive(lock, timeout_s=1), pytest.raises(GraphUnavailable, match="has held"):
        await copies.copy.refresh()


async def test_a_refresh_brings_what_came_since_at_the_same_address(copies: Copies) -> None:
    before = copies.copy.server.status()
    copies.database.query("CREATE (:Member {memberId: 'late', role: 'member'})")

    after = await copies.copy.refresh()

    assert before is not None
    assert (after.bolt_uri, after.browser_url) == (before.bolt_uri, before.browser_url)
    assert after.password == before.password
    assert nodes(copies.copied) == nodes(copies.database)
    assert left(copies) == ["neo4j-copy", "neo4j-copy.lock"]
    assert isinstance(copies.copy.told(), Copied)
