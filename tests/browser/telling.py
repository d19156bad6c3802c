"""Answers of questions as texts: rows as they are, paths as the relationships that they draw."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from neo4j.graph import Node, Path, Relationship
from neo4j.time import DateTime

from graph_service.browser.guide import style_text

# Ids that chance makes.
MADE = re.compile(r"\b(alert|case|hold|scan)_[0-9A-Za-z_-]+")
TOKEN = re.compile(r"\b([a-z]+:[0-9a-f]{6})[0-9a-f]+")
CAPTION = re.compile(r"\{(\w+)\}")

Row = Mapping[str, Any]


def styles() -> dict[str, dict[str, str]]:
    """The GraSS style by selector: node.Member."""
    rules = re.findall(r"^([\w.]+) \{\n(.*?)^\}", style_text(), re.MULTILINE | re.DOTALL)
    return {
        selector: {
            name: value.strip("'")
            for name, value in re.findall(r"^\s+([\w-]+): (.+);$", body, re.MULTILINE)
        }
        for selector, body in rules
    }


def told(value: object) -> str:
    """A value of a row, without what differs between any two runs."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, DateTime):
        return str(value)[:16].replace("T", " ")
    if isinstance(value, list):
        return ", ".join(map(told, cast("list[object]", value)))
    return TOKEN.sub(r"\1…", MADE.sub(r"\1_…", str(value)))


def label_of(node: Node) -> str:
    """The most telling label."""
    return min(node.labels - {"Identifier"}, default="Identifier")


def caption_of(node: Node) -> str:
    """What the style writes on a node."""
    known = styles()
    rule = known.get(f"node.{label_of(node)}", {})
    caption = rule.get("caption") or known["node.Identifier"]["caption"]
    return told(CAPTION.sub(lambda found: str(node.get(found[1], "")), caption))


def lines_of(rows: Sequence[Row]) -> Iterator[tuple[Node, str, Node]]:
    """Each relationship of paths once: start, type, end."""
    seen: set[str] = set()
    for row in rows:
        path: Path = row["path"]
        for one in path.relationships:
            if one.element_id not in seen:
                seen.add(one.element_id)
                yield (*ends_of(one)[:1], one.type, *ends_of(one)[1:])


def ends_of(one: Relationship) -> tuple[Node, Node]:
    """Where a relationship starts and ends."""
    start, end = one.nodes
    assert start is not None
    assert end is not None
    return start, end


def drawn(rows: Sequence[Row]) -> list[str]:
    """A picture as sorted lines: chen-hao CREATED s-1."""
    return sorted(
        f"{caption_of(start)} {kind} {caption_of(end)}" for start, kind, end in lines_of(rows)
    )


def listed(rows: Sequence[Row]) -> list[str]:
    """Rows as lines of their values."""
    return [" | ".join(told(value) for value in row.values()) for row in rows]
