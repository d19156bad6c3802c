"""What do all detectors ask of a mall? Computed once, when the first one asks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.snapshot.log import NONE, TOKEN_KINDS, Ints, Numbers
from graph_service.snapshot.resolving import Flags, Snapshot

Floats = NDArray[np.float64]
Made = TypeVar("Made")
# How much a shared token says by its kind. Source: fraud.md, "Identity evidence"; set, not learned.
KIND_WEIGHTS: Final = {
    "payment": 1.0,
    "phone": 1.0,
    "union": 1.0,
    "device": 0.6,
    "address": 0.3,
    "ip": 0.1,
}
# Rarity is 1 / log(c + degree), as columns weigh in FRAUDAR (KDD 2016), where c is 5.
RARITY_C: Final = 5.0
# Tokens of more members give no pairs, only a feature.
PAIR_DEGREE_MAX: Final = 50
# After so many days (a year) a sighting weighs half.
HALF_LIFE_DAYS: Final = 365.0


@dataclass(frozen=True)
class Scene:
    """A snapshot with what is derived from it. steps: of the plan's ladder (minor units, from 2nd).

    holding_days: of the plan in force. seed: of whatever is drawn at random.
    """

    snapshot: Snapshot
    steps: tuple[int, ...] = (5_000_000,)
    holding_days: int = 7
    seed: int = 0
    notes: list[str] = field(default_factory=list[str])
    derived: dict[str, object] = field(default_factory=dict[str, object], repr=False)

    def once(self, name: str, make: Callable[["Scene"], Made]) -> Made:
        """What make gives for this scene, made when first asked for by this name."""
        if name not in self.derived:
            self.derived[name] = make(self)
        return cast(Made, self.derived[name])

    @property
    def people(self) -> int:
        """How many members there are."""
        return len(self.snapshot.members)

    @cached_property
    def paid(self) -> Flags:
        """Which orders were paid, as flags by order."""
        return self.snapshot.orders.buyer != NONE

    @cached_property
    def net(self) -> Ints:
        """What is left of each order (minor units), 0 of a cancelled one."""
        orders = self.snapshot.orders
        left = np.maximum(orders.amount - orders.refunded, 0)
        return np.where(orders.cancelled != NONE, 0, left)

    @cached_property
    def token_degree(self) -> Numbers:
        """By token, how many members are seen with it."""
        uses = self.snapshot.uses
        return np.bincount(uses.token, minlength=len(self.snapshot.token_kind)).astype(np.int32)

    @cached_property
    def token_weight(self) -> Floats:
        """By token, how much it says of two members who share it: kind × rarity."""
        kinds = np.array([KIND_WEIGHTS[kind] for kind in TOKEN_KINDS] + [0.0])
        return kinds[self.snapshot.token_kind] / np.log(RARITY_C + self.token_degree)

    @cached_property
    def incidence(self) -> csr_array:
        """Member × token: the weight of the token by recency; tokens of one member are left out."""
        uses = self.snapshot.uses
        several = self.token_degree[uses.token] > 1
        member, token = uses.member[several], uses.token[several]
        age_days = (self.snapshot.now - uses.last[several]) / MICROS_PER_DAY
        recency = 0.5 ** (age_days / HALF_LIFE_DAYS)
        shape = (self.people, len(self.snapshot.token_kind))
        return csr_array((self.token_weight[token] * recency, (member, token)), shape=shape)

    @cached_property
    def identity(self) -> csr_array:
        """Member × member: the weight of shared tokens, of those of few members, summed."""
        rare = self.incidence.copy()
        rare.data = np.sqrt(rare.data)
        rare.data[self.token_degree[rare.indices] > PAIR_DEGREE_MAX] = 0
        rare.eliminate_zeros()
        pairs = csr_array(rare @ rare.T)
        pairs.setdiag(0)
        pairs.eliminate_zeros()
        return pairs

    @cached_property
    def orders_by_buyer(self) -> tuple[Ints, Ints]:
        """Paid orders by buyer and time: (starts by member, of length people + 1; orders)."""
        return grouped(self.snapshot.orders.buyer, self.snapshot.orders.paid, self.people)

    @cached_property
    def sellers(self) -> Numbers:
        """By order, the account that owns its shop; NONE where nobody is known to."""
        told, owner = self.snapshot.orders.shop, self.snapshot.owner
        if not len(owner):
            return np.full(len(told), NONE, np.int32)
        return np.where(told != NONE, owner[np.maximum(told, 0)], NONE).astype(np.int32)

    @cached_property
    def invitees(self) -> tuple[Ints, Ints]:
        """Members by who invited them (in force), by when they joined: (starts, members)."""
        members = self.snapshot.members
        return grouped(members.inviter, members.joined, self.people)

    @cached_property
    def orders_by_promoter(self) -> tuple[Ints, Ints]:
        """Paid orders by who earns from them and time: (starts by member, orders)."""
        return grouped(self.snapshot.orders.promoter, self.snapshot.orders.paid, self.people)

    @cached_property
    def lines_by_order(self) -> tuple[Ints, Ints]:
        """Lines by order: (starts by order, lines)."""
        order = self.snapshot.lines.order
        return grouped(order, np.zeros(len(order), np.int64), len(self.snapshot.orders))

    def lines_of(self, orders: Ints) -> Ints:
        """The lines of these orders."""
        starts, lines = self.lines_by_order
        parts = [lines[starts[one] : starts[one + 1]] for one in orders.tolist()]
        return np.concatenate([np.empty(0, np.int64), *parts])


def grouped(keys: Numbers, at: Ints, size: int) -> tuple[Ints, Ints]:
    """Rows by key (0 to size) and time: those of k are rows[starts[k]:starts[k + 1]]."""
    known = np.flatnonzero(keys != NONE)
    rows = known[np.lexsort((at[known], keys[known]))]
    starts = np.searchsorted(keys[rows], np.arange(size + 1))
    return starts.astype(np.int64), rows.astype(np.int64)
