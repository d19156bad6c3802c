"""What does an alert look like? What its score rests on most, then who and what is linked most.

From any node of a picture one can go on to what stands next to it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graph_service.errors import NotFound
from graph_service.graph.session import Graph
from graph_service.scans.alerts import KINDS, read_weighed

# Source: fraud.md, "Reasons": an evidence subgraph of at most 60 nodes.
NODES_MAX: Final = 60
# So many of them are members of the alert at most.
MEMBERS_MAX: Final = 40
EDGES_MAX: Final = 600
# The database is asked about so many members at most.
ASKED_MAX: Final = 200
# Of each sort of neighbour so many are told.
NEXT_MAX: Final = 12
NODE_KINDS: Final = ("member", "visitor", "token", "shop", "product", "share", "order")
FACTS: Final = ("role", "status", "joinedAt", "riskScore")
Node = Mapping[str, Any]
Edge = Mapping[str, Any]


class NodeUnknown(NotFound):
    """There is no node of this kind and id to go on from."""

    code = "node_unknown"


@dataclass(frozen=True)
class PictureSize:
    """The most nodes, members among them, and edges of a picture."""

    nodes: int = NODES_MAX
    members: int = MEMBERS_MAX
    edges: int = EDGES_MAX


SMALL: Final = PictureSize()


async def draw_alert(graph: Graph, alert_id: str, size: PictureSize = SMALL) -> dict[str, Any]:
    """The evidence of an alert as nodes and edges, the most telling ones where there are more.

    Raises AlertNotFound.
    """
    alert, weights = await read_weighed(graph, alert_id)
    # Of more members than are asked about, those on whom the score rests are not left out.
    ids = sorted(alert["memberIds"], key=lambda one: -weights.get(f"member:{one}", 0.0))
    rows = await graph.read(f"fraud/draw_{alert['kind']}", memberIds=ids[:ASKED_MAX])
    picture = chosen(rows[0]["nodes"], rows[0]["edges"], frozenset(ids), weights, size=size)
    picture["truncated"] = picture["truncated"] or len(ids) > ASKED_MAX
    return picture


async def draw_next_to(graph: Graph, node_id: str) -> dict[str, Any]:
    """What stands next to a node of a picture, as another picture; the node itself is not in it.

    node_id: kind, colon, id. Raises NodeUnknown.
    """
    kind, _, name = node_id.partition(":")
    if kind not in NODE_KINDS or not name:
        raise NodeUnknown(f"there is no node {node_id}")
    row = (await graph.read(f"scans/list_next_to_{kind}", id=name, limit=NEXT_MAX))[0]
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []
    columns = (row[one] for one in ("kinds", "labels", "types", "outward", "times", "amounts"))
    for other, label, link, outward, at, amount, facts in zip(*columns, row["facts"], strict=True):
        id_ = f"{other}:{label}"
        nodes[id_] = {**facts, "id": id_, "kind": other, "label": label}
        ends = (node_id, id_) if outward else (id_, node_id)
        edge = {"from": ends[0], "to": ends[1], "type": link, "amountMinor": amount or None}
        edges.append({**edge, "at": at if at >= 0 else None})
    return {
        "nodes": [_node(one) for one in nodes.values()],
        "edges": [_edge(one) for one in edges],
        "truncated": max(Counter[str](row["types"]).values(), default=0) >= NEXT_MAX,
    }


def chosen(
    nodes: Sequence[Node],
    edges: Sequence[Edge],
    members: frozenset[str],
    weights: Mapping[str, float] | None = None,
    *,
    size: PictureSize = SMALL,
) -> dict[str, Any]:
    """The most telling nodes: members by weight and edges, then what weighs or most of them share.

    members: of the alert; other members in the picture stand behind what is shared. weights: by
    node, by how much the log odds of the score fall without it; 0 of those not in it.
    """
    weighed = weights or {}
    known = {node["id"]: node for node in reversed(nodes)}
    degree = Counter(end for edge in edges for end in {edge["from"], edge["to"]})
    own = {f"member:{one}" for one in members}

    def by_degree(ids: Sequence[str]) -> list[str]:
        return sorted(ids, key=lambda one: (-weighed.get(one, 0.0), -degree[one], one))

    people = by_degree([one for one in known if one in own])[: size.members]
    inside = set(people)
    shared = Counter[str]()
    for edge in edges:
        for end, other in ((edge["from"], edge["to"]), (edge["to"], edge["from"])):
            if end in inside and other not in own:
                shared[other] += 1
    rest = sorted(
        (one for one in known if one not in own),
        key=lambda one: (-weighed.get(one, 0.0), -shared[one], -degree[one], one),
    )
    kept = dict.fromkeys([*people, *rest[: size.nodes - len(people)]])
    inner = [edge for edge in edges if edge["from"] in kept and edge["to"] in kept]
    return {
        "nodes": [{**_node(known[one]), "weight": weighed.get(one)} for one in kept],
        "edges": [_edge(edge) for edge in inner[: size.edges]],
        "truncated": len(known) > len(kept) or len(inner) > size.edges,
    }


def _node(node: Node) -> dict[str, Any]:
    return {
        "id": node["id"],
        "kind": node["kind"],
        "label": node["label"],
        "facts": {name: node[name] for name in FACTS if node.get(name) is not None},
    }


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "from": edge["from"],
        "to": edge["to"],
        "type": edge["type"],
        "at": edge.get("at"),
        "amountMinor": edge.get("amountMinor"),
        "weight": edge.get("weight"),
    }


def browser_text(kind: str, member_ids: Sequence[str]) -> str:
    """A text for Neo4j Browser that draws an alert there: its parameter, then paths.

    The ids stand in a :param block, quoted, and never in the statement itself.
    """
    listed = ", ".join(_quoted(one) for one in member_ids[:ASKED_MAX])
    return f":param memberIds => [{listed}];\n\n{PATHS[kind]}"


def _quoted(text: str) -> str:
    """A text as Cypher spells it in single quotes."""
    plain = text.replace("\\", "\\\\").replace("'", "\\'")
    return "'" + "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in plain) + "'"


SHARED: Final = "(m)-[:USES]->(:Identifier)<-[:USES]-(x:Member)"
PATTERNS: Final[Mapping[str, tuple[str, ...]]] = {
    "self_referral_cycle": (
        SHARED,
        "(m)-[:REFERRED]->(x:Member)",
        "(m)-[:PLACED]->(:Order)-[:CREDITED_TO]->(x:Member)",
    ),
    "fake_order_ring": (SHARED, "(m)-[:PLACED]->(:Order)-[:SOLD_BY]->(:Shop)"),
    "circular_orders": ("(m)-[:PLACED]->(:Order)-[:SOLD_BY]->(:Shop)<-[:OWNS]-(x:Member)",),
    "account_farm": (SHARED, "(m)-[:REFERRED]->(x:Member)"),
    "click_flood": ("(m)-[:CREATED]->(:Share)<-[:CLICKED]-()",),
    "threshold_wash": (
        "(m)-[:PLACED]->(:Order)-[:CREDITED_TO]->(x:Member)",
        "(m)-[:PLACED]->(:Order)<-[:REFUNDS]-(:Refund)",
    ),
    "refund_arbitrage": (
        "(m)-[:PLACED]->(:Order)<-[:REFUNDS]-(:Refund)",
        "(m)-[:PLACED]->(:Order)-[:CREDITED_TO]->(x:Member)",
    ),
    "round_trip": (
        SHARED,
        "(m)-[:PLACED]->(:Order)-[:SOLD_BY]->(:Shop)<-[:OWNS]-(x:Member)",
    ),
    "sleeper": (SHARED, "(m)-[:PLACED]->(:Order)-[:SOLD_BY]->(:Shop)"),
    "share_hijack": ("(m)-[:CREATED]->(:Share)<-[:CLICKED]-(:Member)-[:PLACED]->(:Order)",),
}


def _paths(patterns: Sequence[str]) -> str:
    parts: list[str] = []
    for pattern in patterns:
        lines = ["MATCH (m:Member)", "WHERE m.memberId IN $memberIds", f"MATCH p = {pattern}"]
        if "(x:Member)" in pattern:
            lines.append("WHERE x.memberId IN $memberIds")
        parts.append("\n".join([*lines, "RETURN p", "LIMIT 200"]))
    return "\nUNION\n".join(parts) + ";"


PATHS: Final = {kind: _paths(PATTERNS[kind]) for kind in KINDS}
