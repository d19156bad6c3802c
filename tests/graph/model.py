"""The model of docs/graph-model.md, and what query files write and name of it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from graph_service.graph.queries import split_header

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "graph-model.md"
MAP_ENTRY = re.compile(r"(?:^|,)\s*(\w+)\s*:")
CLAUSE = re.compile(
    r"\b(?:MATCH|OPTIONAL|WITH|WHERE|MERGE|CREATE|RETURN|DELETE|DETACH|REMOVE|UNWIND|CALL|FOREACH|SET"
    r"|ON|UNION|ORDER|LIMIT)\b|[(\[{)\]},]"
)
# A node or a relationship in a pattern: its variable, its labels or types, its map.
ELEMENT = re.compile(
    r"[(\[](\w*)((?:[:|]\w+)*)(?:\*[\d.]*)?\s*(?:\{([^{}]*(?:\{[^{}]*\})?[^{}]*)\})?"
)


@dataclass(frozen=True)
class Model:
    """The tables of the document. rooms: writing room by (label or type, property)."""

    keys: dict[str, str] = field(default_factory=dict[str, str])
    constraints: set[tuple[str, str, str]] = field(default_factory=set[tuple[str, str, str]])
    parents: dict[str, str] = field(default_factory=dict[str, str])
    ends: dict[str, tuple[set[str], set[str]]] = field(
        default_factory=dict[str, tuple[set[str], set[str]]]
    )
    rooms: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    types: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    indexes: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    @property
    def properties(self) -> set[tuple[str, str]]:
        """Every property with its owner, keys among them."""
        return self.rooms.keys() | set(self.keys.items())

    def owner(self, name: str) -> str:
        """The label that a further label stands beside, else the same name."""
        return self.parents.get(name, name)


def tables(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each row of each table, as the two first headings and the cells."""
    heading: str | None = None
    for line in text.splitlines():
        cells = [cell.strip().replace("`", "") for cell in line.strip("| ").split("|")]
        if not line.startswith("|"):
            heading = None
        elif heading is None:
            heading = " ".join(cells[:2])
        elif not line.startswith("| ---"):
            yield heading, cells


def read_model(text: str) -> Model:
    """The model that a document describes."""
    model = Model()
    for heading, cells in tables(text):
        if heading == "label key":
            parent, _, further = cells[0].partition(":")
            if further:
                model.parents[further] = parent
            else:
                model.keys[parent] = cells[1]
                model.constraints.add((cells[2], parent, cells[1]))
        elif heading == "type from":
            model.ends[cells[0]] = (set(cells[1].split(", ")), set(cells[2].split(", ")))
        elif heading in ("label property", "type property"):
            assert (cells[0], cells[1]) not in model.rooms, f"{cells[:2]} is there twice"
            model.types[cells[0], cells[1]] = cells[2]
            model.rooms[cells[0], cells[1]] = cells[3]
        elif heading == "index on":
            model.indexes.add((cells[0], cells[1]))
    return model


@dataclass(frozen=True)
class Written:
    """A property that a statement writes. by: MERGE, CREATE, SET or REMOVE."""

    owner: str
    name: str
    by: str


def bare(text: str) -> str:
    """The statement without its header, and with empty strings."""
    return re.sub(r"'(?:[^'\\]|\\.)*'", "''", split_header(text)[1])


def items_after(statement: str, start: int) -> Iterator[str]:
    """What stands between the commas of the clause that goes on at start."""
    depth, begin = 0, start
    for found in CLAUSE.finditer(statement, start):
        sign = found[0]
        depth += (sign in "([{") - (sign in ")]}")
        ends = depth < 0 or (depth == 0 and sign.isalpha())
        if ends or (depth == 0 and sign == ","):
            yield statement[begin : found.start()].strip()
            begin = found.end()
        if ends:
            return
    yield statement[begin:].strip()


def owners(model: Model, statement: str) -> dict[str, set[str]]:
    """The labels and types that each variable of a statement may have."""
    found: dict[str, set[str]] = {}
    for variable, names, _ in ELEMENT.findall(statement):
        if variable and names:
            found.setdefault(variable, set()).update(
                model.owner(name) for name in re.split("[:|]", names[1:])
            )
    return found


def writes(model: Model, text: str) -> set[Written]:
    """What a statement writes; ValueError where that cannot be read from it."""
    statement = bare(text)
    known = owners(model, statement)
    found: set[Written] = set()
    for clause in re.finditer(r"(?<!ON )\b(SET|REMOVE|MERGE|CREATE)\b", statement):
        by = clause[1]
        for item in items_after(statement, clause.end()):
            if by in ("MERGE", "CREATE"):
                for variable, names, content in ELEMENT.findall(item):
                    those = {model.owner(one) for one in re.split("[:|]", names[1:]) if one}
                    for name in MAP_ENTRY.findall(content):
                        for owner in those or known[variable]:
                            found.add(Written(owner, name, by))
                if "$" in re.sub(r"\{[^}]*\}", "", item):
                    raise ValueError(f"cannot read {by} {item}")
                continue
            head = re.match(r"(\w+)(?:\.(\w+)(?:\s*=|$)|\s*(\+?=)|((?::\w+)+)$)", item)
            if head is None or head[1] not in known:
                raise ValueError(f"cannot read {by} {item}")
            if head[4] is None:
                found |= {Written(owner, head[2] or "*", by) for owner in known[head[1]]}
    return found


def names_of(model: Model, text: str) -> set[str]:
    """Every label, type and Owner.property that a statement names."""
    statement = bare(text)
    known = owners(model, statement)
    found: set[str] = set()
    for variable, names, content in ELEMENT.findall(statement):
        named = {one for one in re.split("[:|]", names) if one}
        found |= named
        those = {model.owner(one) for one in named}
        for name in MAP_ENTRY.findall(content):
            found |= {f"{owner}.{name}" for owner in those or known.get(variable, set())}
    for variable, name in re.findall(r"(?<![\w.$])(\w+)\.(\w+)", statement):
        mine = {owner for owner in known.get(variable, set()) if (owner, name) in model.properties}
        found |= {f"{owner}.{name}" for owner in mine or known.get(variable, set())}
    return found


def room_faults(model: Model, texts: Mapping[str, str]) -> list[str]:
    """Where the query files and the table of writing rooms disagree."""
    faults: list[str] = []
    written: set[tuple[str, str]] = set()
    for file, text in texts.items():
        room = file.partition("/")[0]
        for one in sorted(writes(model, text), key=str):
            place = (one.owner, one.name)
            owned = {model.rooms[other] for other in model.rooms if other[0] == one.owner}
            if one.name == "*" and owned == {room}:
                written |= {other for other in model.rooms if other[0] == one.owner}
            elif model.keys.get(one.owner) == one.name and one.by in ("MERGE", "CREATE"):
                continue
            elif model.rooms.get(place) == room:
                written.add(place)
            else:
                faults.append(f"{file} may not {one.by} {one.owner}.{one.name}")
    return faults + [
        f"no query of {model.rooms[place]} writes {'.'.join(place)}"
        for place in sorted(model.rooms.keys() - written)
    ]


MODEL = read_model(DOCUMENT.read_text(encoding="utf-8"))
