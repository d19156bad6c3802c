"""The part of a log that concerns some members, as a log of its own with its own numbers."""

from dataclasses import dataclass

import numpy as np

from graph_service.snapshot.log import NAMES, NONE, TABLES, Log, Numbers, Table, kind_of
from graph_service.snapshot.resolving import Flags


@dataclass(frozen=True)
class Cut:
    """A part of a log. numbers: by kind, which number each id of the part has in the whole."""

    log: Log
    numbers: dict[str, Numbers]


def cut_log(log: Log, members: Numbers) -> Cut:
    """All that these members did, shared, ordered, and the clicks on what they shared.

    Others are there so far as these facts name them. members: numbers, each once.
    """
    kept = {name: _taken(table, flags) for name, table, flags in _choice(log, members)}
    used = {kind: _numbers_of(kept, kind) for kind in NAMES}
    used["member"] = np.union1d(used["member"], members).astype(np.int32)
    tables = {name: _renumbered(table, used) for name, table in kept.items()}
    names: dict[str, list[str]] = {
        kind: [log.names[kind][number] for number in numbers] for kind, numbers in used.items()
    }
    return Cut(Log(names, tables, log.seq, log.now), used)


def _choice(log: Log, members: Numbers) -> list[tuple[str, Table, Flags]]:
    """Each table with the rows that are kept."""
    size = {kind: len(names) for kind, names in log.names.items()}
    chosen = _flags(members, size["member"])
    told = log.tables

    def by(table: str, column: str, flags: Flags) -> Flags:
        numbers = told[table][column]
        return flags[numbers] & (numbers != NONE) if len(flags) else np.zeros(len(numbers), bool)

    rows: dict[str, Flags] = {
        name: by(name, "member", chosen)
        for name in ("joins", "bindings", "statuses", "activities", "shares", "orders")
    }
    rows |= {name: by(name, "member", chosen) for name in ("persons", "verdicts")}
    shares = _flags(told["shares"]["share"][rows["shares"]], size["share"])
    orders = _flags(told["orders"]["order"][rows["orders"]], size["order"])
    shops = _flags(told["orders"]["shop"][rows["orders"]], size["shop"])
    coupons = _flags(told["orders"]["coupon"][rows["orders"]], size["coupon"])
    rows["identified"] = by("identified", "member", chosen)
    visitors = _flags(told["identified"]["visitor"][rows["identified"]], size["visitor"])
    rows["clicks"] = (
        by("clicks", "member", chosen)
        | by("clicks", "share", shares)
        | by("clicks", "visitor", visitors)
    )
    shares |= _flags(told["clicks"]["share"][rows["clicks"]], size["share"])
    shares |= _flags(told["orders"]["share"][rows["orders"]], size["share"])
    rows["shares"] |= by("shares", "share", shares)
    visitors |= _flags(told["clicks"]["visitor"][rows["clicks"]], size["visitor"])
    rows["sightings"] = by("sightings", "member", chosen) | by("sightings", "visitor", visitors)
    for name in ("lines", "order_tokens", "ends", "refunds"):
        rows[name] = by(name, "order", orders)
    rows["shops"] = by("shops", "owner", chosen) | by("shops", "shop", shops)
    rows["coupons"] = by("coupons", "owner", chosen) | by("coupons", "coupon", coupons)
    products = _flags(told["lines"]["product"][rows["lines"]], size["product"])
    rows["categories"] = by("categories", "product", products)
    return [(name, told[name], rows[name]) for name in TABLES]


def _flags(numbers: Numbers, size: int) -> Flags:
    found = np.zeros(size, np.bool_)
    found[numbers[numbers != NONE]] = True
    return found


def _taken(table: Table, rows: Flags) -> Table:
    return {column: values[rows] for column, values in table.items()}


def _numbers_of(tables: dict[str, Table], kind: str) -> Numbers:
    parts = [
        values
        for table in tables.values()
        for column, values in table.items()
        if kind_of(column) == kind
    ]
    found = np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int32)
    return found[found != NONE].astype(np.int32)


def _renumbered(table: Table, used: dict[str, Numbers]) -> Table:
    changed: Table = {}
    for column, values in table.items():
        kind = kind_of(column)
        if kind is None:
            changed[column] = values
            continue
        places = np.searchsorted(used[kind], values).astype(np.int32)
        changed[column] = np.where(values == NONE, NONE, places).astype(np.int32)
    return changed
