"""How large and how deep was everybody's tree at a time, and what did its people pay?"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from graph_service.clock import to_micros
from graph_service.compliance.law import CURRENCY, FLAGS, Flag, flag_of
from graph_service.compliance.trees import (
    NOBODY,
    Marks,
    Numbers,
    Trees,
    levels_of,
    sums_of,
    trees_of,
)
from graph_service.errors import TooLarge
from graph_service.graph.session import Graph

# Members read in one go: some 10 MiB of columns.
MEMBERS_TOGETHER = 20_000
COLUMNS = (
    *("memberIds", "inviterIds", "roles", "roleTimes"),
    *("saidAtJoin", "orders", "paid"),
)


class ComplianceTooLarge(TooLarge):
    """There are more members, or orders of the people asked about, than a report may read."""

    code = "report_too_large"


@dataclass(frozen=True)
class Mall:
    """Everybody at a time, in order of memberId; a member's place is its index.

    roles: the last said by now, with role_times when (us, -1 never). said_at_join: nothing was
    said of the role after the join. orders: how many were paid. paid: in fen, less refunds.
    """

    at: datetime
    member_ids: Sequence[str]
    inviters: Numbers
    roles: Sequence[str]
    role_times: Numbers
    said_at_join: Marks
    orders: Numbers
    paid: Numbers
    places: dict[str, int]

    @property
    def micros(self) -> int:
        """The time (us since 1970)."""
        return to_micros(self.at)


@dataclass(frozen=True)
class Standing:
    """An organiser's tree; people and levels with the organiser, collected in fen."""

    place: int
    member_id: str
    people: int
    levels: int
    directs: int
    collected_minor: int
    flag: Flag

    @property
    def order(self) -> tuple[int, int, str]:
        """Sorts the most severe first, then the largest."""
        return -FLAGS.index(self.flag), -self.people, self.member_id


async def read_mall(graph: Graph, at: datetime, *, members_max: int) -> Mall:
    """Everybody as of a time. Raises ComplianceTooLarge."""
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    ids = columns["memberIds"]
    while True:
        row = (
            await graph.read(
                "compliance/list_members",
                after=ids[-1] if ids else "",
                limit=MEMBERS_TOGETHER,
                at=at,
                currency=CURRENCY,
            )
        )[0]
        if not row["memberIds"]:
            return await asyncio.to_thread(_mall, at, columns)
        for name in COLUMNS:
            columns[name] += row[name]
        if len(ids) > members_max:
            raise ComplianceTooLarge(f"a report reads at most {members_max:,} members")


def _mall(at: datetime, columns: Mapping[str, list[Any]]) -> Mall:
    places = {member_id: place for place, member_id in enumerate(columns["memberIds"])}
    # An inviter who joined while this was read may be missing from it.
    inviters = [places.get(one, NOBODY) if one else NOBODY for one in columns["inviterIds"]]
    return Mall(
        at,
        columns["memberIds"],
        np.array(inviters, dtype=np.int64),
        columns["roles"],
        np.array(columns["roleTimes"], dtype=np.int64),
        np.array(columns["saidAtJoin"], dtype=np.bool_),
        np.array(columns["orders"], dtype=np.int64),
        np.array(columns["paid"], dtype=np.int64),
        places,
    )


def standings(mall: Mall) -> tuple[Trees, list[Standing]]:
    """Everybody who invited somebody by a binding of that time, the most severe first."""
    trees = trees_of(mall.inviters)
    ones = np.ones(len(mall.member_ids), dtype=np.int64)
    people, levels = sums_of(trees, ones), levels_of(trees)
    collected = sums_of(trees, mall.paid)
    invited = mall.inviters[mall.inviters != NOBODY]
    directs = np.bincount(invited, minlength=len(ones))
    places = np.flatnonzero(directs)
    columns = (column[places].tolist() for column in (people, levels, directs, collected))
    found: list[Standing] = []
    for place, many, deep, direct, paid in zip(places.tolist(), *columns, strict=True):
        member_id, flag = mall.member_ids[int(place)], flag_of(many, deep, paid)
        found.append(Standing(place, member_id, many, deep, direct, paid, flag))
    return trees, sorted(found, key=lambda one: one.order)
