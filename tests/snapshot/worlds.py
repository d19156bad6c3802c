"""Malls for tests of snapshots: at random from a seed, as facts in memory and out of Neo4j."""

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

from graph_service.clock import to_micros
from graph_service.ingest.facts import Rejection, parse_event
from graph_service.ingest.tokens import Tokeniser
from graph_service.snapshot.log import TABLES, Log, log_of
from tests.worlds import Event
from tests.worlds.random_mall import MOVE_BYTES, mall_of

# Which names a column's numbers stand for.
NAMED: Mapping[str, str] = {
    **dict.fromkeys(("member", "inviter", "owner", "person"), "member"),
    **dict.fromkeys(("share", "parent"), "share"),
    **{one: one for one in ("visitor", "token", "product", "category", "shop", "order")},
    **{one: one for one in ("coupon", "currency")},
}


def mall(seed: int, *, identity: bool = True, moves: int = 60) -> list[Event]:
    """A mall of a few members, always the same for a seed."""
    random = Random(seed)
    played = [random.randbytes(MOVE_BYTES) for _ in range(moves)]
    return mall_of(3 + seed % 9, played, identity=identity)


def log_in_memory(events: Iterable[Event], tokeniser: Tokeniser) -> Log:
    """The log of these events without a database."""
    parsed = [parse_event(one, place, tokeniser) for place, one in enumerate(events)]
    return log_of(
        (one.type, to_micros(one.time), one.data)
        for one in parsed
        if not isinstance(one, Rejection)
    )


def rows_of(log: Log, table: str) -> list[tuple[Any, ...]]:
    """The rows of a table with names for numbers, in the order of the log."""
    return rows_named(log.names, log.tables[table], TABLES[table])


def rows_named(
    names: Mapping[str, Sequence[str]], columns: Mapping[str, Any], wanted: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Rows of columns with names for numbers."""
    told = [
        [None if one < 0 else names[NAMED[name]][one] for one in columns[name].tolist()]
        if name in NAMED
        else columns[name].tolist()
        for name in wanted
    ]
    return list(zip(*told, strict=True))


def tables_of(log: Log, *, sort: bool = False) -> dict[str, list[tuple[Any, ...]]]:
    """All tables with names for numbers."""
    told = {table: rows_of(log, table) for table in TABLES}
    return {name: sorted(rows, key=str) for name, rows in told.items()} if sort else told
