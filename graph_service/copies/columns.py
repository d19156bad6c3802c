"""What the import reads of a copy: one file of columns for each set of labels and each type."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from graph_service.bulk.parsing import COLUMN
from graph_service.bulk.sheets import ELEMENT, QUOTE, options
from graph_service.errors import GraphError

# A member's role as a label too, so that a style can colour it.
ROLES = {"promoter": "Promoter", "partner": "Partner"}
BUFFER_BYTES = 1 << 18
ENDS = (":START_ID", ":END_ID")


@dataclass
class _Sheet:
    """One file. columns: type by name, in order; lines that came before a column are shorter."""

    file: TextIOWrapper
    path: Path
    columns: dict[str, str] = field(default_factory=dict[str, str])
    has_lines_within: bool = False

    def add(self, ids: Sequence[str], properties: Mapping[str, object]) -> None:
        """Add a line: ids as they are, then each property in its column."""
        texts: dict[str, str] = {}
        for name, value in properties.items():
            # A list without elements has no text of its own in such a file.
            if value == []:
                continue
            kind, text = typed(value)
            if self.columns.setdefault(name, kind) != kind:
                raise GraphError(f"{self.path.name}.{name} is {kind} and {self.columns[name]}")
            self.has_lines_within = self.has_lines_within or "\n" in text or "\r" in text
            texts[name] = text
        line = COLUMN.join([*ids, *(texts.get(name, "") for name in self.columns)])
        self.file.write(line + "\n")

    def header(self, first: Sequence[str]) -> Path:
        """Write the names of all columns to a file of their own."""
        names = [*first, *(f"{name}:{kind}" for name, kind in self.columns.items())]
        path = self.path.with_suffix(".header")
        path.write_text(COLUMN.join(names) + "\n", encoding="utf-8")
        return path


class CopySheets:
    """All files of one copy in a folder; a context that closes them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._nodes: dict[str, _Sheet] = {}
        self._relationships: dict[str, _Sheet] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for sheet in self._sheets():
            sheet.file.close()

    def add_node(
        self, element_id: str, labels: Sequence[str], properties: Mapping[str, object]
    ) -> None:
        """Add a node as the graph tells of it."""
        role = ROLES.get(str(properties.get("role"))) if "Member" in labels else None
        name = ":".join(sorted([*labels, *([role] if role else [])]))
        if name not in self._nodes:
            self._nodes[name] = self._open(f"nodes-{len(self._nodes)}")
        self._nodes[name].add([number_of(element_id)], properties)

    def add_relationship(
        self, kind: str, start_id: str, end_id: str, properties: Mapping[str, object]
    ) -> None:
        """Add a relationship as the graph tells of it."""
        if kind not in self._relationships:
            self._relationships[kind] = self._open(f"relationships-{kind}")
        ids = [number_of(start_id), number_of(end_id)]
        self._relationships[kind].add(ids, properties)

    def arguments(self) -> list[str]:
        """What neo4j-admin is to be told of these files; what refers to no node is left out."""
        told = [*options(self.folder), "--skip-bad-relationships=true", "--bad-tolerance=-1"]
        if within := [str(one.path) for one in self._sheets() if one.has_lines_within]:
            # Only these, since such files are slower to read.
            told.append("--multiline-fields-format=v2")
            told.append(f"--multiline-fields={','.join(within)}")
        for labels, sheet in self._nodes.items():
            told.append(f"--nodes={labels}={sheet.header([':ID'])},{sheet.path}")
        for kind, sheet in self._relationships.items():
            told.append(f"--relationships={kind}={sheet.header(ENDS)},{sheet.path}")
        return told

    def _sheets(self) -> Iterator[_Sheet]:
        yield from self._nodes.values()
        yield from self._relationships.values()

    def _open(self, name: str) -> _Sheet:
        path = self.folder / f"{name}.lines"
        file = path.open("w", encoding="utf-8", newline="\n", buffering=BUFFER_BYTES)
        return _Sheet(file, path)


def number_of(element_id: str) -> str:
    """The number of a node within its store, which no other of it has."""
    return element_id.rpartition(":")[2]


def typed(value: object) -> tuple[str, str]:
    """The import's type of a value, and the value as its text."""
    if isinstance(value, bool):
        return "boolean", str(value).lower()
    if isinstance(value, int):
        return "long", str(value)
    if isinstance(value, float):
        return "double", repr(value)
    if isinstance(value, str):
        return "string", _quoted(value)
    if isinstance(value, list):
        kinds, texts = zip(*map(typed, cast("list[object]", value)), strict=True)
        plain = [str(one) for one in cast("list[object]", value)]
        if any(ELEMENT in one for one in plain) or len(set(kinds)) > 1:
            raise GraphError("a list of the graph cannot be copied")
        joined = ELEMENT.join(plain if kinds[0] == "string" else texts)
        return f"{kinds[0]}[]", _quoted(joined)
    # Of the driver's own: a time.
    return "datetime", str(value)


def _quoted(text: str) -> str:
    return QUOTE + text.replace(QUOTE, QUOTE * 2) + QUOTE
