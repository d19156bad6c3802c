"""What is the log without some pieces of evidence? As if those facts had never been told.

Numbers and names stay as they are, so that findings with and without a piece are compared by them.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from graph_service.fraud.counterfactuals.pieces import Piece, PieceKind
from graph_service.snapshot.log import NONE, OTHER_NAMES, TABLES, TOKEN_KINDS, Log, Numbers, Table
from graph_service.snapshot.persons import joined_by_tokens
from graph_service.snapshot.resolving import (
    STRONG,
    kinds_of_tokens,
    latest,
    resolve_uses,
    taken,
)

OF_ORDERS: Final = ("orders", "lines", "order_tokens", "ends", "refunds")
# Columns that name a member whose fact goes with that member.
OF_MEMBERS: Final = ("member", *(one for one, kind in OTHER_NAMES.items() if kind == "member"))


def without(log: Log, pieces: Sequence[Piece]) -> Log:
    """The log without what these pieces tell.

    A token: who was seen with it, also on orders, and who was taken for one person by it alone. A
    shop: the orders of the piece. A share: it and its clicks. A member: all that it did, and that
    it invited, owned or shared.
    """
    gone = {
        kind: np.array([one.number for one in pieces if one.kind == kind], np.int32)
        for kind in ("token", "shop", "share", "member")
    }
    shares = np.union1d(gone["share"], _shares_of(log, gone["member"]))
    bought = log.tables["orders"]
    orders = np.union1d(
        bought["order"][np.isin(bought["member"], gone["member"])],
        np.array([order for one in pieces if one.kind == "shop" for order in one.orders], np.int32),
    )
    removed = _Removed(gone["token"], shares.astype(np.int32), orders, gone["member"])
    tables = {name: removed.left(name, log.tables[name]) for name in TABLES}
    left = Log(log.names, tables, log.seq, log.now)
    return _with_other_persons(log, left, gone["token"])


class _Removed:
    """Which rows go with tokens, shares, orders and members that were never there."""

    def __init__(self, token: Numbers, share: Numbers, order: Numbers, member: Numbers) -> None:
        self.token, self.share, self.order, self.member = token, share, order, member

    def left(self, name: str, table: Table) -> Table:
        """The rows of a table that stay."""
        kept = np.ones(len(table["at"]), np.bool_)
        for column in OF_MEMBERS:
            if column in table and column != "person":
                kept &= ~np.isin(table[column], self.member)
        if "token" in table:
            kept &= ~np.isin(table["token"], self.token)
        if name in OF_ORDERS:
            kept &= ~np.isin(table["order"], self.order)
        if name in ("shares", "clicks"):
            kept &= ~np.isin(table["share"], self.share)
        rows = {column: values[kept] for column, values in table.items()}
        if name in ("orders", "shares"):
            for column in ("share", "parent") if name == "shares" else ("share",):
                rows[column] = np.where(np.isin(rows[column], self.share), NONE, rows[column])
        if name == "persons" and len(self.member):
            rows["person"] = _renamed(rows["member"], rows["person"], self.member)
        return {
            column: values.astype(table[column].dtype, copy=False)
            for column, values in rows.items()
        }


def _shares_of(log: Log, members: Numbers) -> Numbers:
    told = log.tables["shares"]
    return told["share"][np.isin(told["member"], members)]


def _renamed(member: Numbers, person: Numbers, gone: Numbers) -> Numbers:
    """A person who was named after a member that was never there is named after the next one."""
    found = person.copy()
    for one in gone.tolist():
        rows = person == one
        if rows.any():
            found[rows] = member[rows].min()
    return found


def _with_other_persons(log: Log, left: Log, tokens: Numbers) -> Log:
    """Where persons were told: apart again who are one person by these tokens and no others.

    A person is left as it is where tokens do not explain it, since people may have said so.
    """
    told = left.tables["persons"]
    strong = [TOKEN_KINDS.index(kind) for kind in STRONG]
    if not len(told["at"]) or not np.isin(kinds_of_tokens(log)[tokens], strong).any():
        return left
    members = len(log.names["member"])
    before, after = _by_tokens(log), _by_tokens(left)
    person = taken(told["person"], latest(told["member"], told["at"], members))
    moved = person.copy()
    for one in np.unique(person[(before != after) & (person != NONE)]).tolist():
        group = person == one
        if len(np.unique(before[group])) == 1:
            _, first, which = np.unique(after[group], return_index=True, return_inverse=True)
            moved[group] = np.flatnonzero(group)[first][which]
    changed = moved[told["member"]] != person[told["member"]]
    named = np.where(changed, moved[told["member"]], told["person"]).astype(np.int32)
    tables = {**left.tables, "persons": {**told, "person": named}}
    return Log(left.names, tables, left.seq, left.now)


def _by_tokens(log: Log) -> Numbers:
    identified = log.tables["identified"]
    size = {kind: len(names) for kind, names in log.names.items()}
    rows = latest(identified["visitor"], identified["at"], size["visitor"])
    told = log.tables["orders"]
    buyer = taken(told["member"], latest(told["order"], told["at"], size["order"]))
    uses, _ = resolve_uses(log, taken(identified["member"], rows), buyer)
    return joined_by_tokens(uses, kinds_of_tokens(log), size["member"])


def numbers_of(pieces: Iterable[Piece], kind: PieceKind) -> frozenset[int]:
    """The numbers of the pieces of a kind."""
    return frozenset(one.number for one in pieces if one.kind == kind)
