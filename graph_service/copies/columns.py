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
NODE = (":ID",)
ENDS = (":START_ID", ":END_ID")


@dataclass
class _Sheet:
    """Lines of one kind, in one file after another: a new column begins a new one.

    ids: names of the first columns. columns: the type of each other by name, in order.
    """

    folder: Path
    name: str
    ids: Sequence[str]
    columns: dict[str, str] = field(default_factory=dict[str, str])
    paths: list[Path] = field(default_factory=list[Path])
    with_lines_within: list[Path] = field(default_factory=list[Path])
    file: TextIOWrapper | None = None

    def add(self, ids: Sequence[str], properties: Mapping[str, object]) -> None:
        """Add a line: ids as they are, then each property in its column."""
        # A list without elements has no text of its own in such a file.
        given = {name: typed(one) for name, one in properties.items() if one != []}
        if self.file is None or not given.keys() <= self.columns.keys():
            self.file = self._begin({name: kind for name, (kind, _) in given.items()})
        for name, (kind, text) in given.items():
            if self.columns[name] != kind:
                raise GraphError(f"{self.name}.{name} is {kind} and {self.columns[name]}")
            if ("\n" in text or "\r" in text) and self.paths[-1] not in self.with_lines_within:
                self.with_lines_within.append(self.paths[-1])
        texts = (given[name][1] if name in given else "" for name in self.columns)
        self.file.write(COLUMN.join([*ids, *texts]) + "\n")

    def close(self) -> None:
        """Write what is held back."""
        if self.file is not None:
            self.file.close()

    def _begin(self, more: Mapping[str, str]) -> TextIOWrapper:
        self.close()
        self.columns |= {name: kind for name, kind in more.items() if name not in self.columns}
        path = self.folder / f"{self.name}-{len(self.paths)}"
        self.paths.append(path)
        file = path.open("w", encoding="utf-8", newline="\n", buffering=BUFFER_BYTES)
        names = (f"{name}:{kind}" for name, kind in self.columns.items())
        file.write(COLUMN.join([*self.ids, *names]) + "\n")
        return file


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
            sheet.close()

    def add_node(
        self, element_id: str, labels: Sequence[str], properties: Mapping[str, object]
    ) -> None:
        """Add a node as the graph tells of it."""
        role = ROLES.get(str(properties.get("role"))) if "Member" in labels else None
        name = ":".join(sorted([*labels, *([role] if role else [])]))
        if name not in self._nodes:
            self._nodes[name] = _Sheet(self.folder, f"nodes-{len(self._nodes)}", NODE)
        self._nodes[name].add([number_of(element_id)], properties)

    def add_relationship(
        self, kind: str, start_id: str, end_id: str, properties: Mapping[str, object]
    ) -> None:
        """Add a relationship as the graph tells of it."""
        if kind not in self._relationships:
            self._relationships[kind] = _Sheet(self.folder, f"relationships-{kind}", ENDS)
        ids = [number_of(start_id), number_of(end_id)]
        self._relationships[kind].add(ids, properties)

    def arguments(self) -> list[str]:
        """What neo4j-admin is to be told of these files; what refers to no node is left out."""
        told = [*options(self.folder), "--skip-bad-relationships=true", "--bad-tolerance=-1"]
        if within := [str(path) for one in self._sheets() for path in one.with_lines_within]:
            # Only these, since such files are slower to read.
            told.append("--multiline-fields-format=v2")
            told.append(f"--multiline-fields={','.join(within)}")
        for option, sheets in (("nodes", self._nodes), ("relationships", self._relationships)):
            for name, sheet in sheets.items():
                told += [f"--{option}={name}={path}" for path in sheet.paths]
        return told

    def _sheets(self) -> Iterator[_Sheet]:
        yield from self._nodes.values()
        yield from self._relationships.values()


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
