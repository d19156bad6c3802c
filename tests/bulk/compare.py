"""Everything that a graph holds, as text that two graphs can be compared by."""

from bisect import bisect
from collections import Counter
from typing import Any

from tests.conftest import Database

# What depends on the wall clock or on a process's random ids; that it is there must agree.
PASSING = {
    "Fact": {"storedAt", "batch"},
    "Share": {"batch", "heldBy"},
    "Order": {"heldBy"},
    "Refund": {"heldBy"},
    "Rejected": {"rejectedAt"},
    "Lease": {"holder", "until", "asked"},
    "Lock": {"times"},
    "Migration": {"appliedAt"},
    "ApiKey": {"createdAt"},
    "REFERRED": {"recordedAt"},
    "FORMERLY_REFERRED": {"recordedAt"},
    "Sequence": {"value"},
    "IS_PERSON": {"since"},
}
# Online persons come about step by step, in bulk in the end: what is believed then is the same.
STEP_BY_STEP = "standing.changed"
# One kind at a time: the database gives up on a question that takes too long.
NODES = """
MATCH (n:$($label))
RETURN labels(n) AS labels, properties(n) AS properties
"""
EDGES = """
MATCH (a)-[r:$($type)]->(b)
RETURN type(r) AS type, properties(r) AS properties, labels(a) AS from, labels(b) AS to,
  coalesce(a.key, a.memberId, a.visitorId, a.accountId, a.shareId, a.orderId, a.refundId,
    a.productId) AS a,
  coalesce(b.memberId, b.visitorId, b.token, b.shareId, b.orderId, b.productId, b.categoryId,
    b.shopId, b.couponCode, b.salesMonthId, b.personId) AS b,
  b.ownMinor = 0 AND b.teamMinor = 0 AND b.bonusMinor = 0 AS empty
"""
SCHEMA = """
SHOW INDEXES YIELD name, state, type, entityType, labelsOrTypes, properties, owningConstraint
RETURN name, state, type, entityType, labelsOrTypes, properties, owningConstraint
ORDER BY name
"""


STEPS = "MATCH (f:Fact {type: $type}) RETURN f.key AS key, f.seq AS seq ORDER BY seq"
# What may be left of what was believed on the way.
LEFT = {"Person", "FORMERLY_IS_PERSON"}


def told(kind: str, properties: dict[str, Any]) -> str:
    """Names, types and values; of what is passing only the type."""
    passing = PASSING.get(kind, set())
    return repr(
        sorted(
            (name, type(value).__name__, "" if name in passing else spelled(value))
            for name, value in properties.items()
        )
    )


def is_empty(properties: dict[str, Any]) -> bool:
    """Is this a month in which nothing was sold after all?"""
    return not any(properties.get(name, 1) for name in ("ownMinor", "teamMinor", "bonusMinor"))


def spelled(value: Any) -> str:
    """A value with its precision and zone."""
    return value.iso_format() if hasattr(value, "iso_format") else repr(value)


def everything(database: Database) -> Counter[str]:
    """Every node, relationship and index of a graph, counted."""
    found: Counter[str] = Counter()
    steps = {row["key"]: row["seq"] for row in database.query(STEPS, type=STEP_BY_STEP)}
    labels = database.query("CALL db.labels() YIELD label RETURN label")
    for label in sorted(row["label"] for row in labels):
        for row in database.query(NODES, label=label):
            named = sorted(row["labels"])
            # The suite's database keeps the locks of earlier tests, also those that no load takes.
            if label == "Lock" and row["properties"]["name"] in (
                "keys",
                "plans",
                "payouts",
                "scans",
            ):
                continue
            if (
                label in LEFT
                or row["properties"].get("key") in steps
                or is_empty(row["properties"])
            ):
                continue
            if label == "Fact":
                # Its place among the facts that are there in both.
                row["properties"]["seq"] -= bisect(list(steps.values()), row["properties"]["seq"])
            if label == "Member":
                row["properties"].pop("standingAt", None)
            # A node of two labels is met twice.
            if named[0] == label:
                found[f"{named} {told(label, row['properties'])}"] += 1
    types = database.query("CALL db.relationshipTypes() YIELD relationshipType AS type RETURN type")
    for kind in sorted(row["type"] for row in types):
        for row in database.query(EDGES, type=kind):
            if kind in LEFT or row["a"] in steps or (kind == "SOLD_IN" and row["empty"]):
                continue
            assert None not in (row["a"], row["b"])
            ends = f"{sorted(row['from'])} {row['a']} {sorted(row['to'])} {row['b']}"
            found[f"{kind} {ends} {told(kind, row['properties'])}"] += 1
    for row in database.query(SCHEMA):
        found[f"index {row}"] += 1
    return found


def differences(one: Counter[str], other: Counter[str]) -> list[str]:
    """What only the one (-) or only the other (+) holds; the first few."""
    only = [f"- {text}" for text in (one - other).elements()]
    also = [f"+ {text}" for text in (other - one).elements()]
    return sorted([*only[:10], *also[:10]], key=lambda text: text[2:])
