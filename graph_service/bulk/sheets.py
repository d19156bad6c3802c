"""What does the import read? One file of columns per kind of node and relationship."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from graph_service.bulk.parsing import COLUMN
from graph_service.errors import Conflict

# Never in an id; what is between two elements of a list.
ELEMENT = "\x1e"
# Never in a fact; columns need no quotes, only kept nodes may.
QUOTE = "\x01"
LINES_HELD_MAX = 20_000

# Column names and types as neo4j-admin has them; a node's own number is written first.
NODES: Mapping[str, str] = {
    "Fact": "key source eventId type time:datetime data digest memberId "
    "position:long batch storedAt:datetime seq:long",
    "Member": "memberId role status directCount:long teamSize:long joinedAt:datetime "
    "lastActiveAt:datetime roleAt:datetime statusAt:datetime communityId "
    "communityAt:datetime kyc kycAt:datetime taxRegistered:boolean taxRegisteredAt:datetime",
    "Visitor": "visitorId",
    "Account": "accountId channel externalId",
    "Identifier:Device": "token",
    "Identifier:Address": "token",
    "Identifier:Payment": "token",
    "Identifier:Phone": "token",
    "Identifier:Ip": "token",
    "Identifier:Union": "token",
    "Share": "shareId createdAt:datetime channel materialId campaignId digest batch heldBy",
    "Order": "orderId createdAt:datetime paidAt:datetime amountMinor:long currency channel "
    "platformOrderNo digest status endedAt:datetime refundedMinor:long heldBy",
    "Refund": "refundId amountMinor:long at:datetime digest heldBy",
    "Product": "productId",
    "Category": "categoryId",
    "Shop": "shopId registeredAt:datetime",
    "Coupon": "couponCode issuedAt:datetime exclusive:boolean valueMinor:long",
    "SalesMonth": "salesMonthId month currency ownMinor:long directMinor:long teamMinor:long "
    "bonusMinor:long",
    "Period": "periodId period currency",
    "Sequence": "name value:long",
    "Lease": "name holder until:datetime asked:long",
    "Lock": "name times:long",
}
# The machinery is never the end of a relationship.
ALONE = frozenset({"Period", "Sequence", "Lease", "Lock"})
# Type, labels of start and end, columns.
RELATIONSHIPS: tuple[tuple[str, str, str, str], ...] = (
    ("REFERRED", "Member", "Member", "since:datetime recordedAt:datetime mode expiresAt:datetime"),
    (
        "FORMERLY_REFERRED",
        "Member",
        "Member",
        "since:datetime until:datetime recordedAt:datetime mode expiresAt:datetime",
    ),
    ("BELONGS_TO", "Account", "Member", "at:datetime"),
    ("IDENTIFIED_AS", "Visitor", "Member", "at:datetime"),
    ("FORMERLY_IDENTIFIED_AS", "Visitor", "Member", "at:datetime"),
    (
        "USES",
        "Member",
        "Identifier",
        "firstSeen:datetime lastSeen:datetime times:long inOrders:long",
    ),
    ("USES", "Visitor", "Identifier", "firstSeen:datetime lastSeen:datetime times:long"),
    ("CREATED", "Member", "Share", ""),
    ("RESHARE_OF", "Share", "Share", ""),
    ("PROMOTES", "Share", "Product", ""),
    ("CLICKED", "Member", "Share", "eventId at:datetime"),
    ("CLICKED", "Visitor", "Share", "eventId at:datetime"),
    ("PLACED", "Member", "Order", ""),
    ("CONTAINS", "Order", "Product", "quantity:long amountMinor:long"),
    ("IN_CATEGORY", "Product", "Category", ""),
    ("SOLD_BY", "Order", "Shop", ""),
    ("CAME_THROUGH", "Order", "Share", ""),
    ("REDEEMED", "Order", "Coupon", ""),
    ("OWNS", "Member", "Coupon", ""),
    ("OWNS", "Member", "Shop", ""),
    ("SHIPPED_TO", "Order", "Identifier", ""),
    ("PAID_WITH", "Order", "Identifier", ""),
    ("PLACED_FROM", "Order", "Identifier", ""),
    ("REFUNDS", "Refund", "Order", ""),
    (
        "CREDITED_TO",
        "Order",
        "Member",
        "weight amountMinor:long netMinor:long currency month uplineIds:string[] excluded "
        "bonusPeriod bonusDepth:long model",
    ),
    ("SOLD_IN", "Member", "SalesMonth", ""),
    *(("ABOUT", "Fact", told, "") for told in ("Order", "Share", "Coupon", "Member", "Visitor")),
)


KEPT = "kept"


@dataclass(frozen=True, order=True)
class KeptNode:
    """A node that outlives an import. columns: name, type and text, as the import reads them."""

    label: str
    columns: tuple[tuple[str, str, str], ...]

    @classmethod
    def of_row(cls, labels: Sequence[str], properties: Mapping[str, object]) -> Self:
        """A node as the database tells of it. Raises Conflict on a value that no file can hold."""
        names = sorted(properties)
        return cls(":".join(labels), tuple((name, *_typed(properties[name])) for name in names))

    @classmethod
    def of_json(cls, content: Any) -> Self:
        """A node out of what `as_json` gave."""
        return cls(content[0], tuple((name, kind, text) for name, kind, text in content[1]))

    def as_json(self) -> list[object]:
        """The node as JSON keeps it."""
        return [self.label, self.columns]

    def text(self, name: str) -> str:
        """One value without quotes."""
        return next(text for one, _, text in self.columns if one == name).strip(QUOTE)


def _typed(value: object) -> tuple[str, str]:
    """The import's type of a value, and the value as its text."""
    if isinstance(value, bool):
        return "boolean", str(value).lower()
    if isinstance(value, int):
        return "long", str(value)
    if isinstance(value, float):
        return "double", repr(value)
    if isinstance(value, str):
        return "string", QUOTE + value.replace(QUOTE, QUOTE * 2) + QUOTE
    if isinstance(value, list):
        items = cast("list[object]", value)
        if items and all(isinstance(one, str) and ELEMENT not in one for one in items):
            text = ELEMENT.join(cast("list[str]", items))
            return "string[]", QUOTE + text.replace(QUOTE, QUOTE * 2) + QUOTE
        raise Conflict("a node of this graph cannot be kept: load without --bulk")
    return "datetime", str(value)


def options(folder: Path) -> Iterator[str]:
    """What neo4j-admin is to be told of every sheet."""
    yield "--overwrite-destination=true"
    yield "--id-type=integer"
    yield from (f"--delimiter=U+{ord(COLUMN):04X}", f"--array-delimiter=U+{ord(ELEMENT):04X}")
    yield f"--quote=U+{ord(QUOTE):04X}"
    yield "--high-parallel-io=on"
    yield f"--report-file={folder / 'report'}"


@dataclass
class Sheet:
    """A file of lines; `line` adds one of columns already in text. Close it before reading."""

    file: TextIOWrapper
    held: list[str] = field(default_factory=list[str])

    def line(self, text: str) -> None:
        """Add a line (without its end)."""
        self.held.append(text)
        if len(self.held) >= LINES_HELD_MAX:
            self.flush()

    def row(self, *columns: object) -> None:
        """Add a line of these columns; None is no value."""
        self.line(COLUMN.join(["" if one is None else str(one) for one in columns]))

    def flush(self) -> None:
        """Write what is held back. Raises OSError, e.g. on a full disk."""
        if self.held:
            self.held.append("")
            self.file.write("\n".join(self.held))
            self.held = []


class Sheets:
    """All files of one import in a folder; a context that closes them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._kept: list[str] = []
        self._nodes = {
            labels: self._open(labels.replace(":", "-"), _node_header(labels)) for labels in NODES
        }
        self._relationships = {
            (name, start, end): self._open(f"{name}-{start}-{end}", _ends_header(start, end, text))
            for name, start, end, text in RELATIONSHIPS
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for sheet in (*self._nodes.values(), *self._relationships.values()):
            # A write that failed, e.g. on a full disk, has said so already.
            if kind is None:
                sheet.flush()
            else:
                sheet.held = []
            sheet.file.close()

    def nodes(self, labels: str) -> Sheet:
        """The sheet of nodes with these labels, e.g. Identifier:Device."""
        return self._nodes[labels]

    def relationships(self, name: str, start: str, end: str) -> Sheet:
        """The sheet of relationships of a type between nodes of two labels."""
        return self._relationships[name, start, end]

    def arguments(self) -> Iterator[str]:
        """What neo4j-admin is to be told of these files."""
        for labels in self._nodes:
            yield f"--nodes={labels}={self.folder / labels.replace(':', '-')}"
        if self._kept:
            # Only these may hold texts of several lines, which are slower to read.
            yield "--multiline-fields-format=v2"
            yield f"--multiline-fields={self.folder}/{KEPT}.*"
        for number, labels in enumerate(self._kept):
            yield f"--nodes={labels}={self.folder / f'{KEPT}-{number}'}"
        for name, start, end in self._relationships:
            yield f"--relationships={name}={self.folder / f'{name}-{start}-{end}'}"

    def keep(self, nodes: Sequence[KeptNode]) -> None:
        """Write nodes that outlive the import, each in a file of its own columns."""
        for number, node in enumerate(nodes):
            header = COLUMN.join(f"{name}:{kind}" for name, kind, _ in node.columns)
            text = COLUMN.join(text for _, _, text in node.columns)
            path = self.folder / f"{KEPT}-{number}"
            path.write_text(f"{header}\n{text}\n", encoding="utf-8")
            self._kept.append(node.label)

    def _open(self, name: str, header: str) -> Sheet:
        path = self.folder / name
        file = path.open("w", encoding="utf-8", newline="\n", buffering=1 << 20)
        file.write(header + "\n")
        return Sheet(file)


def _node_header(labels: str) -> str:
    columns = NODES[labels].split()
    number = [] if labels in ALONE else [f":ID({labels.partition(':')[0]})"]
    return COLUMN.join([*number, *columns])


def _ends_header(start: str, end: str, columns: str) -> str:
    return COLUMN.join([f":START_ID({start})", f":END_ID({end})", *columns.split()])
