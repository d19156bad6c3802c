"""What was told, as columns: one table a kind of fact, ids as numbers, rows as in the log.

Rows are only ever added, so a snapshot of more facts is the one before with more rows, and what
was known at a time is each table up to that time.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final, get_args

import numpy as np
import orjson
from numpy.typing import NDArray

from graph_service.ingest.envelope import DATA
from graph_service.verdicts import VERDICTS, Verdict

Ints = NDArray[np.int64]
Numbers = NDArray[np.int32]
# Stands for no id among numbers, and for no time among times (us).
NONE: Final = -1
NAMES: Final = (
    "member",
    "visitor",
    "share",
    "product",
    "category",
    "shop",
    "order",
    "coupon",
    "token",
    "currency",
)
TOKEN_KINDS: Final = ("device", "ip", "address", "payment", "phone", "union")
STATUSES: Final = ("active", "frozen", "closed")
MODES: Final = ("first", "override", "expiring")
ENDS: Final = ("completed", "cancelled")
CONCLUSIONS: Final[tuple[Verdict, ...]] = get_args(Verdict)
# Columns that are wider than a number of an id; `at` is the fact's time (us).
WIDE: Final = frozenset({"at", "amount", "created", "expires", "quantity"})
TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "joins": ("member", "at"),
    "bindings": ("member", "inviter", "mode", "expires", "at"),
    "statuses": ("member", "status", "at"),
    "activities": ("member", "at"),
    "sightings": ("member", "visitor", "token", "at"),
    "identified": ("visitor", "member", "at"),
    "shares": ("share", "member", "parent", "product", "at"),
    "clicks": ("share", "member", "visitor", "at"),
    "orders": (
        "order",
        "member",
        "shop",
        "share",
        "coupon",
        "currency",
        "amount",
        "created",
        "at",
    ),
    "lines": ("order", "product", "quantity", "amount", "at"),
    "order_tokens": ("order", "token", "at"),
    "ends": ("order", "end", "at"),
    "refunds": ("order", "amount", "at"),
    "shops": ("shop", "owner", "at"),
    "coupons": ("coupon", "owner", "exclusive", "at"),
    "categories": ("product", "category", "at"),
    "persons": ("member", "person", "held", "at"),
    "verdicts": ("member", "conclusion", "core", "at"),
}
Table = dict[str, NDArray[Any]]
# Whose ids a column holds, where its own name does not say so.
OTHER_NAMES: Final[Mapping[str, str]] = {
    "inviter": "member",
    "owner": "member",
    "person": "member",
    "parent": "share",
}


def kind_of(column: str) -> str | None:
    """Of which kind the ids are that a column holds; None where it holds none."""
    kind = OTHER_NAMES.get(column, column)
    return kind if kind in NAMES else None


def dtype_of(column: str) -> type[np.int64] | type[np.int32]:
    """How wide a column is."""
    return np.int64 if column in WIDE else np.int32


@dataclass
class Log:
    """Facts with seq ≤ seq as columns. names: by kind, the texts of the numbers from 0 on.

    now: time of the latest fact from outside (us), NONE without any. mark: names the last fact, so
    that another graph's log is not gone on with; empty where it was not read out of a graph.
    """

    names: dict[str, list[str]]
    tables: dict[str, Table]
    seq: int = 0
    now: int = NONE
    mark: str = ""

    @property
    def rows(self) -> int:
        """How many rows the tables have together."""
        return sum(len(one["at"]) for one in self.tables.values())

    @property
    def column_bytes(self) -> int:
        """What the columns take in memory, without the names."""
        return sum(column.nbytes for one in self.tables.values() for column in one.values())

    def until(self, at: int) -> "Log":
        """What was known at this time (us): rows of facts up to it. Names stay as they are."""
        tables = {
            name: {column: values[table["at"] <= at] for column, values in table.items()}
            for name, table in self.tables.items()
        }
        return Log(self.names, tables, self.seq, min(self.now, at))


def empty_log() -> Log:
    """A log of no facts."""
    tables = {
        name: {column: np.empty(0, dtype_of(column)) for column in columns}
        for name, columns in TABLES.items()
    }
    return Log({kind: [] for kind in NAMES}, tables)


@dataclass
class LogWriter:
    """Adds facts to a log. The log given is not changed; `log()` is the one with the facts."""

    base: Log = field(default_factory=empty_log)

    def __post_init__(self) -> None:
        self._known = {
            kind: {name: number for number, name in enumerate(names)}
            for kind, names in self.base.names.items()
        }
        self._rows = _no_rows()
        self._renewed: dict[int, int] = {}
        self._seq, self._now = self.base.seq, self.base.now
        self.mark = self.base.mark

    def add(
        self, types: Sequence[str], times: Sequence[int], data: Sequence[str], seq: int
    ) -> None:
        """Add facts: types, times (us), data as JSON; seq: of the last one."""
        parsed = orjson.loads(f"[{','.join(data)}]")
        for kind, at, told in zip(types, times, parsed, strict=True):
            self.add_fact(kind, at, told)
        self._seq = max(self._seq, seq)

    def add_fact(self, kind: str, at: int, data: Mapping[str, Any]) -> None:
        """Add one fact of this type; of types that no table is for only the time counts."""
        writing = WRITERS.get(kind)
        if kind in DATA:
            self._now = max(self._now, at)
        if writing is not None:
            writing(self, at, data)

    def number(self, kind: str, name: str | None) -> int:
        """The number of an id, NONE for none."""
        if name is None:
            return NONE
        known = self._known[kind]
        return known.setdefault(name, len(known))

    def row(self, table: str, *values: int) -> None:
        """Add a row to a table, in the order of its columns."""
        self._rows[table].extend(values)

    def renew(self, token: str, former: Iterable[str]) -> None:
        """Take tokens from before a rotation of the pepper for what they are today."""
        known = self._known["token"]
        numbers = {known[one] for one in former if one in known}
        if numbers:
            today = known.setdefault(token, len(known))
            self._renewed |= dict.fromkeys(numbers - {today}, today)

    @property
    def seq(self) -> int:
        """Up to which fact of the log it was told."""
        return self._seq

    def rebased(self) -> Log:
        """The log so far, which is the base from now on: what is added later costs little."""
        self.base = self.log()
        self._rows = _no_rows()
        return self.base

    def log(self) -> Log:
        """The base with everything that was added."""
        tables = {
            name: {
                column: np.concatenate([self.base.tables[name][column], added])
                for column, added in _columns(self._rows[name], columns)
            }
            for name, columns in TABLES.items()
        }
        if self._renewed:
            tables = {name: self._with_renewed(table) for name, table in tables.items()}
        names = {kind: list(known) for kind, known in self._known.items()}
        return Log(names, tables, self._seq, self._now, self.mark)

    def _with_renewed(self, table: Table) -> Table:
        if "token" not in table:
            return table
        today = np.arange(len(self._known["token"]), dtype=np.int32)
        today[list(self._renewed)] = list(self._renewed.values())
        return {**table, "token": today[table["token"]]}


def _no_rows() -> "dict[str, array[int]]":
    """By table, no rows yet; one after the other, each value 8 bytes instead of an object."""
    return {name: array("q") for name in TABLES}


def _columns(rows: "array[int]", columns: Sequence[str]) -> Iterator[tuple[str, NDArray[Any]]]:
    whole = np.array(rows, dtype=np.int64).reshape(-1, len(columns))
    for place, column in enumerate(columns):
        yield column, whole[:, place].astype(dtype_of(column))


def _joined(log: LogWriter, at: int, data: Mapping[str, Any]) -> None:
    member = log.number("member", data["memberId"])
    log.row("joins", member, at)
    inviter = log.number("member", data.get("inviterId"))
    if inviter != NONE:
        log.row("bindings", member, inviter, 0, NONE, at)


def _updated(log: LogWriter, at: int, data: Mapping[str, Any]) -> None:
    member = log.number("member", data["memberId"])
    if "status" in data:
        log.row("statuses", member, STATUSES.index(data["status"]), at)


def _active(log: LogWriter, at: int, data: Mapping[str, Any]) -> None:
    log.row("activities", log.number("member", data["memberId"]), at)


def _bound(log: LogWriter, at: int, data: Mapping[str, Any]) -> None:
    expires = data.get("expiresAt")
    member, inviter = (log.number("member", data[one]) for one in ("memberId", "inviterId"))
    mode = MODES.index(data.get("mode", "first"))
    log.row("bindings", member, inviter, mode, NONE if expires is None else micros(expires), at)


def _observed(log: LogWriter, at: int, data: Mapping[str, Any]) -> None:
    token = _token(data["value"])
    if token is not None:
        log.row("sightings", *_who(log, data), log.number("token", token), at)


def _linked(log: LogWriter, at: int, data: Mapping[str, Any]) -> None:
    token = _token(data.get("unionId"))
    if token is not None:
        member = log.number("member", data["memberId"])
        log.row("sightings", member, NONE, log.number("token", token), at)


def _identified(log: LogWriter, at: int, data: Mapping[str, Any]) -> None:
    visitor = log.number("visitor", data["visitorId"])
    log.row("identified", visitor, log.number("member", data["memberId"]), at)


def _shared(log: LogWriter, at: int, data: Mapping[str, Any]) -> None:
    log.row(
        "shares",
        log.number("share", data["shareId"]),
        log.number("member", data["memberId"]),
        log.number("share", data.get("parentShareId")),
        log.number("product", data.get("productId")),
        at,
    )


def _clicked(log: LogWriter, at: int, data: Mapping[str, Any]) -> None:
    log.row("clicks", log.number("share", data["shareId"]), *_who(log, data), at)


def _paid(log: LogWriter, at: int, data: Mapping[str, Any]) -> None:
    order = log.number("order", data["orderId"])
    created = data.get("createdAt")
    log.row(
        "orders",
        order,
        log.number("member", data["memberId"]),
        log.number("shop", data.get("shopId")),
        log.number("share", data.get("shareId")),
        log.number("coupon", data.get("couponCode")),
        log.number("currency", data["currency"]),
        data["amountMinor"],
        at if created is None else micros(created),
        at,
    )
    for line in data["lines"]:
        product = log.number("product", line["productId"])
        log.row("lines", order, product, line["quantity"], line["amountMinor"], at)
        if "categoryId" in line:
            log.row("categories", product, log.number("category", line["categoryId"]), at)
    for one in data.get("identifiers", ()):
        if (token := _token(one["value"])) is not None:
            log.row("order_tokens", order, log.number("token", token), at)


def _ended(log: LogWriter, at: int, data: Mapping[str, Any], end: int) -> None:
    log.row("ends", log.number("order", data["orderId"]), end, at)


def _refunded(log: LogWriter, at: int, data: Mapping[str, Any]) -> None:
    log.row("refunds", log.number("order", data["orderId"]), data["amountMinor"], at)


def _opened_shop(log: LogWriter, at: int, data: Mapping[str, Any]) -> None:
    owner = log.number("member", data.get("ownerMemberId"))
    log.row("shops", log.number("shop", data["shopId"]), owner, at)


def _issued(log: LogWriter, at: int, data: Mapping[str, Any]) -> None:
    owner = log.number("member", data.get("ownerMemberId"))
    exclusive = int(data.get("exclusive", False))
    log.row("coupons", log.number("coupon", data["couponCode"]), owner, exclusive, at)


def _described(log: LogWriter, at: int, data: Mapping[str, Any]) -> None:
    if "categoryId" in data:
        product = log.number("product", data["productId"])
        log.row("categories", product, log.number("category", data["categoryId"]), at)


def _stood(log: LogWriter, at: int, data: Mapping[str, Any]) -> None:
    # A person is named after the least of its members.
    member, person = (log.number("member", data.get(one)) for one in ("memberId", "personId"))
    log.row("persons", member, person, int(data.get("held", False)), at)


def _judged(log: LogWriter, at: int, data: Mapping[str, Any]) -> None:
    conclusion = CONCLUSIONS.index(VERDICTS[data["conclusion"]])
    core = frozenset(data.get("coreMemberIds") or data["memberIds"])
    for member_id in data["memberIds"]:
        inside = int(member_id in core)
        log.row("verdicts", log.number("member", member_id), conclusion, inside, at)


WRITERS: Final[Mapping[str, Callable[[LogWriter, int, Mapping[str, Any]], None]]] = {
    "member.joined": _joined,
    "member.updated": _updated,
    "member.active": _active,
    "referral.bound": _bound,
    "identity.observed": _observed,
    "account.linked": _linked,
    "visitor.identified": _identified,
    "share.created": _shared,
    "share.clicked": _clicked,
    "order.paid": _paid,
    "order.completed": partial(_ended, end=0),
    "order.cancelled": partial(_ended, end=1),
    "order.refunded": _refunded,
    "shop.registered": _opened_shop,
    "coupon.issued": _issued,
    "product.upserted": _described,
    "standing.changed": _stood,
    "case.decided": _judged,
}


def micros(text: str) -> int:
    """A time as text (RFC 3339) in us."""
    return round(datetime.fromisoformat(text).timestamp() * 1_000_000)


def _token(value: str | None) -> str | None:
    """A token, unless it is of a value that is nobody's."""
    return None if value is None or value.endswith(":" + 32 * "0") else value


def _who(log: LogWriter, data: Mapping[str, Any]) -> tuple[int, int]:
    """Numbers of the member and of the visitor, one of which is NONE."""
    return log.number("member", data.get("memberId")), log.number("visitor", data.get("visitorId"))


def log_of(facts: Iterable[tuple[str, int, Mapping[str, Any]]]) -> Log:
    """The log of these facts: type, time (us), data with tokens for identifiers."""
    writer = LogWriter()
    for kind, at, data in facts:
        writer.add_fact(kind, at, data)
    return writer.log()
