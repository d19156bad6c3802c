"""Everything that a graph holds, as text that two graphs can be compared by."""

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
}
NODES = """
MATCH (n)
RETURN labels(n) AS labels, properties(n) AS properties
"""
EDGES = """
MATCH (a)-[r]->(b)
RETURN type(r) AS type, properties(r) AS properties,
  labels(a) AS from, labels(b) AS to, properties(a) AS a, properties(b) AS b
"""
KEYS = (
    "memberId visitorId accountId token shareId orderId refundId productId categoryId shopId "
    "couponCode salesMonthId key"
).split()
SCHEMA = """
SHOW INDEXES YIELD name, state, type, entityType, labelsOrTypes, properties, owningConstraint
RETURN name, state, type, entityType, labelsOrTypes, properties, owningConstraint
ORDER BY name
"""


def told(kind: str, properties: dict[str, Any]) -> str:
    """Names, types and values; of what is passing only the type."""
    passing = PASSING.get(kind, set())
    return repr(
        sorted(
            (name, type(value).__name__, "" if name in passing else spelled(value))
            for name, value in properties.items()
        )
    )


def spelled(value: Any) -> str:
    """A value with its precision and zone."""
    return value.iso_format() if hasattr(value, "iso_format") else repr(value)


def key_of(properties: dict[str, Any]) -> str:
    return next(str(properties[name]) for name in KEYS if name in properties)


def everything(database: Database) -> Counter[str]:
    """Every node, relationship and index of a graph, counted."""
    found: Counter[str] = Counter()
    for row in database.query(NODES):
        labels = sorted(row["labels"])
        found[f"{labels} {told(labels[0], row['properties'])}"] += 1
    for row in database.query(EDGES):
        ends = f"{sorted(row['from'])} {key_of(row['a'])} {sorted(row['to'])} {key_of(row['b'])}"
        found[f"{row['type']} {ends} {told(row['type'], row['properties'])}"] += 1
    for row in database.query(SCHEMA):
        found[f"index {row}"] += 1
    return found


def differences(one: Counter[str], other: Counter[str]) -> list[str]:
    """What only the one (-) or only the other (+) holds; the first few."""
    only = [f"- {text}" for text in (one - other).elements()]
    also = [f"+ {text}" for text in (other - one).elements()]
    return sorted([*only[:10], *also[:10]], key=lambda text: text[2:])
