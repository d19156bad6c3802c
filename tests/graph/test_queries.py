"""Every query file against its header, the database and docs/graph-model.md."""

import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString, cast

import pytest
from neo4j import GraphDatabase, Session

from graph_service.errors import QueryInvalid
from graph_service.graph.queries import cypher_folder, load_queries, parse_query, split_header
from graph_service.graph.schema import load_migrations
from graph_service.graph.session import Graph
from graph_service.settings import Settings
from tests.conftest import Database
from tests.graph.model import MODEL, bare, names_of, read_model, room_faults

QUERIES = load_queries()
SOURCES = {
    name: (cypher_folder() / f"{name}.cypher").read_text(encoding="utf-8") for name in QUERIES
}
READS = [name for name, query in QUERIES.items() if query.mode == "read"]
WRITES = [name for name, query in QUERIES.items() if query.mode == "write"]
DUMMIES: dict[str, object] = {
    "string": "text",
    "integer": 1,
    "float": 1.0,
    "boolean": True,
    "datetime": datetime(2026, 1, 1, tzinfo=UTC),
    "list<string>": ["text"],
    "list<integer>": [1],
    "list<map>": [{}],
}
# One row at most: two of them side by side are no product.
SINGLE = {"NodeUniqueIndexSeek", "NodeUniqueIndexSeek(Locking)", "Argument", "CartesianProduct"}


@dataclass(frozen=True)
class Explained:
    """What the database says of a query without running it."""

    kind: str
    columns: tuple[str, ...]
    notifications: list[str]
    plan: dict[str, Any]


def dummies(text: str) -> dict[str, object]:
    """A value for each parameter that a header declares."""
    header = " ".join(split_header(text)[0])
    declared = header.partition("params:")[2].partition("returns:")[0]
    return {name: DUMMIES[kind] for name, kind in re.findall(r"\$(\w+) ([a-z<>]+)", declared)}


def explain(session: Session, text: LiteralString, params: dict[str, object]) -> Explained:
    result = session.run("EXPLAIN " + text, params)
    columns = tuple(result.keys())
    summary = result.consume()
    said = [one.status_description for one in summary.gql_status_objects if one.is_notification]
    plan = cast(dict[str, Any], summary.plan)  # pyright: ignore[reportUnknownMemberType]
    return Explained(str(summary.query_type), columns, said, plan)


def operator(plan: Mapping[str, Any]) -> str:
    return str(plan["operatorType"]).partition("@")[0]


def walk(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("children", ()):
        yield from walk(child)


def scans(plan: Mapping[str, Any]) -> list[str]:
    """The operators of a plan that read everything or pair many with many."""
    return [
        operator(step)
        for step in walk(plan)
        if operator(step) == "AllNodesScan"
        or (
            operator(step) == "CartesianProduct"
            and not {operator(below) for below in walk(step)} <= SINGLE
        )
    ]


@pytest.fixture(scope="module")
def session(settings: Settings, graph: Graph) -> Generator[Session]:
    """A session on an empty database that knows the names of the document."""
    assert settings.neo4j_uri is not None
    Database(settings).clear()
    auth = (settings.neo4j_username, settings.neo4j_password.get_secret_value())
    with (
        GraphDatabase.driver(settings.neo4j_uri, auth=auth) as driver,  # pyright: ignore[reportUnknownMemberType]
        driver.session(database=settings.neo4j_database) as opened,  # pyright: ignore[reportUnknownMemberType]
    ):
        for label in [*MODEL.keys, *MODEL.parents]:
            opened.run("CALL db.createLabel($name)", name=label).consume()
        for kind in MODEL.ends:
            opened.run("CALL db.createRelationshipType($name)", name=kind).consume()
        for name in sorted({name for _, name in MODEL.properties}):
            opened.run("CALL db.createProperty($name)", name=name).consume()
        yield opened


@pytest.fixture(scope="module")
def explained(session: Session) -> dict[str, Explained]:
    return {
        name: explain(session, query.text, dummies(SOURCES[name]))
        for name, query in QUERIES.items()
    }


HEADER = """// Which members are these?
// mode: read
// params: $memberIds list<string>
// returns: memberId string
// timeout: 5 s
"""
STATEMENT = "MATCH (m:Member) WHERE m.memberId IN $memberIds RETURN m.memberId AS memberId LIMIT 9"


def test_every_query_file_keeps_its_contract() -> None:
    files = set(cypher_folder().rglob("*.cypher"))

    migrations = load_migrations()

    assert len(files) == len(QUERIES) + len(migrations)


def test_a_header_is_read_over_several_lines() -> None:
    text = HEADER.replace("string\n// timeout", "string,\n//   more map<integer>\n// timeout")

    query = parse_query("referrals/read_members", text + STATEMENT)

    assert query.question == "Which members are these?"
    assert (query.mode, query.timeout_s) == ("read", 5)
    assert query.params == {"memberIds"}
    assert query.returns == ("memberId", "more")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("// Which members are these?\n", "", "no sentence"),
        ("// mode: read\n", "", "no 'mode:'"),
        ("// params: $memberIds list<string>\n", "", "no 'params:'"),
        ("// returns: memberId string\n", "", "no 'returns:'"),
        ("// timeout: 5 s\n", "", "no 'timeout:'"),
        ("mode: read", "mode: both", "neither read nor write"),
        ("params: $memberIds list<string>", "params: none", "uses ['memberIds']"),
        ("params: ", "params: $limit integer, ", "declares params ['limit', 'memberIds']"),
        ("LIMIT 9", "LIMIT $most", "uses ['memberIds', 'most']"),
        ("LIMIT 9", "LIMIT 9;", "semicolon"),
        ("timeout: 5 s", "timeout: 5", "no timeout of the form '5 s'"),
        ("timeout: 5 s", "timeout: soon", "no timeout of the form '5 s'"),
    ],
)
def test_a_fault_of_the_header_is_named(old: str, new: str, complaint: str) -> None:
    text = (HEADER + STATEMENT).replace(old, new)

    with pytest.raises(QueryInvalid, match=re.escape(complaint)) as caught:
        parse_query("referrals/read_members", text)

    assert "referrals/read_members" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["read_members", "referrals/read-members", "Referrals/read", "referrals/readMembers"]
)
def test_a_name_that_is_not_room_verb_noun_is_refused(name: str) -> None:
    with pytest.raises(QueryInvalid, match="is not named"):
        parse_query(name, HEADER + STATEMENT)


def test_a_folder_without_query_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QueryInvalid, match="holds no query file"):
        load_queries(tmp_path)


@pytest.mark.parametrize("name", QUERIES)
def test_a_statement_does_what_its_header_says(name: str, explained: dict[str, Explained]) -> None:
    kinds = {"read": {"r"}, "write": {"w", "rw"}}

    found = explained[name]

    assert found.kind in kinds[QUERIES[name].mode]
    assert found.columns == QUERIES[name].returns


@pytest.mark.parametrize("name", QUERIES)
def test_the_database_has_nothing_to_warn_of(name: str, explained: dict[str, Explained]) -> None:
    assert explained[name].notifications == []


@pytest.mark.parametrize("name", QUERIES)
def test_a_plan_neither_reads_all_nor_multiplies(
    name: str, explained: dict[str, Explained]
) -> None:
    assert scans(explained[name].plan) == []


@pytest.mark.parametrize(
    ("text", "operators"),
    [
        ("MATCH (n) WHERE n.at IS NULL RETURN n.at", ["AllNodesScan"]),
        ("MATCH (o:Order) MATCH (s:Share) RETURN o.at, s.at", ["CartesianProduct"]),
        ("MATCH (s:Share {shareId: 'a'}) MATCH (o:Order {orderId: 'b'}) RETURN s.at, o.at", []),
    ],
)
def test_a_plan_that_reads_all_is_seen(
    text: LiteralString, operators: list[str], session: Session
) -> None:
    assert scans(explain(session, text, {}).plan) == operators


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("MATCH (m:Membr) RETURN m.memberId", "Membr"),
        ("MATCH (:Member)-[r:REFERED]->() RETURN r.since", "REFERED"),
        ("MATCH (m:Member) RETURN m.memberIdd", "memberIdd"),
        ("MATCH (o:Order), (s:Share) RETURN o.at, s.at", "cartesian product"),
    ],
)
def test_a_warning_of_the_database_is_seen(
    text: LiteralString, words: str, session: Session
) -> None:
    assert words in " ".join(explain(session, text, {}).notifications)


@pytest.mark.parametrize("name", QUERIES)
def test_lines_are_short_and_paths_bounded(name: str) -> None:
    long = [line for line in SOURCES[name].splitlines() if len(line) > 80]
    unbounded = re.findall(r":\w+\*(?!\d+\.\.\d)", SOURCES[name])

    assert long == []
    assert unbounded == []


@pytest.mark.parametrize("name", READS)
def test_a_read_ends_with_a_limit_or_an_aggregate(name: str) -> None:
    ending = bare(SOURCES[name]).rpartition("RETURN")[2]

    assert re.search(r"\bLIMIT\b|\b(?:collect|count|sum|min|max|avg)\(", ending)


@pytest.mark.parametrize("name", WRITES)
def test_rows_are_unwound_and_merged_on_a_key(name: str) -> None:
    statement = bare(SOURCES[name])
    merged = re.findall(r"MERGE \(\w*:(\w+) \{(\w+): [\w.$']+\}\)", statement)

    assert ("$rows" in statement) == ("UNWIND $rows AS row" in statement)
    assert all(MODEL.keys[label] == key for label, key in merged)
    assert len(merged) == len(re.findall(r"MERGE \(\w*:", statement))


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_names_only_what_the_model_has(name: str) -> None:
    properties = {f"{owner}.{one}" for owner, one in MODEL.properties}

    unknown = names_of(MODEL, SOURCES[name]) - {
        *MODEL.keys,
        *MODEL.parents,
        *MODEL.ends,
        *properties,
    }

    assert unknown == set()


def test_each_property_has_one_writing_room() -> None:
    assert room_faults(MODEL, SOURCES) == []


SMALL = read_model("""
| label | key | constraint | what it is |
| --- | --- | --- | --- |
| `Member` | `memberId` | `uniqueMember` | |
| `Fact` | `key` | `uniqueFact` | |
| `Fact:Pending` | `key` | | |

| label | property | type | room | meaning |
| --- | --- | --- | --- | --- |
| `Member` | `role` | string | referrals | |
| `Fact` | `type` | string | ingest | |
| `Fact` | `seq` | integer | ingest | |

| type | property | type of value | room | meaning |
| --- | --- | --- | --- | --- |
| `REFERRED` | `since` | datetime | referrals | |
""")
GOOD = {
    "referrals/store_members": """// mode: write
        UNWIND $rows AS row
        MERGE (m:Member {memberId: row.memberId})
          ON CREATE SET m.role = CASE row.role WHEN 'x, n.y = 1' THEN 'a' ELSE row.role END
        FOREACH (x IN CASE WHEN m.role = 'a' THEN [1] ELSE [] END |
          MERGE (m)<-[:REFERRED {since: datetime(row.since)}]-(m)
        )""",
    "ingest/claim_facts": """// mode: write
        MERGE (f:Fact {key: $key})
          ON CREATE SET f:Pending, f += $fact""",
}


def test_files_that_keep_to_their_rooms_have_no_faults() -> None:
    assert room_faults(SMALL, GOOD) == []


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("MATCH (m:Member) SET m.memberId = $id, m.role = 'a'", "SET Member.role"),
        ("MATCH (m:Member) SET\n  m.x = size([1, 2]),\n  m.role = 'a'", "SET Member.role"),
        ("MERGE (m:Member {memberId: $id}) ON MATCH SET m.role = 'a'", "SET Member.role"),
        ("FOREACH (x IN [1] | MERGE (m:Member {memberId: x}) SET m.role = x)", "SET Member.role"),
        ("CREATE (:Member {memberId: $id, role: 'a'})", "CREATE Member.role"),
        ("MATCH (m:Member) REMOVE m.role", "REMOVE Member.role"),
        ("MATCH (m:Member) SET m += $all", "SET Member.*"),
        ("MATCH (m:Member) SET m = $all", "SET Member.*"),
        ("MATCH (m:Member) SET m.memberId = 'b'", "SET Member.memberId"),
        ("MATCH (m:Member) SET m.title = 'b'", "SET Member.title"),
        ("MATCH (f:Pending) SET f.seq = 1", "SET Fact.seq"),
        ("MATCH (a)-[r:REFERRED]->(b) SET r.since = $now", "SET REFERRED.since"),
        ("MATCH (a) MERGE (a)-[:REFERRED {since: $now}]->(a)", "MERGE REFERRED.since"),
    ],
)
def test_a_write_of_another_room_is_a_fault(statement: str, fault: str) -> None:
    faults = room_faults(SMALL, {**GOOD, "identity/write_more": statement})

    assert f"identity/write_more may not {fault}" in faults


def test_a_property_that_no_query_writes_is_a_fault() -> None:
    faults = room_faults(SMALL, {"ingest/claim_facts": GOOD["ingest/claim_facts"]})

    assert faults == [
        "no query of referrals writes Member.role",
        "no query of referrals writes REFERRED.since",
    ]


@pytest.mark.parametrize(
    "statement",
    ["MATCH (m) SET m.role = 1", "MATCH (m:Member) SET m[$x] = 1", "CREATE (m:Member $all)"],
)
def test_a_write_that_cannot_be_read_is_refused(statement: str) -> None:
    with pytest.raises(ValueError, match="cannot read"):
        room_faults(SMALL, {"referrals/write_more": statement})


def test_a_name_that_the_model_lacks_is_seen() -> None:
    statement = "MATCH (m:Membr)-[r:REFERRED {from: 1}]->(o:Member) RETURN r.since, o.rolle"

    assert names_of(SMALL, statement) == {
        *("Membr", "Member", "REFERRED", "REFERRED.from", "REFERRED.since", "Member.rolle"),
    }
