"""What do features ask of a mall, and which members are near which?"""

from functools import cached_property
from typing import Final, Protocol

import numpy as np
from scipy.sparse import csr_array

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.features.grouping import Floats, Keys, pairs
from graph_service.snapshot.log import NONE, Ints, Numbers
from graph_service.snapshot.resolving import Flags, Snapshot

# In step: the same shop or product within so many days. Source: fraud.md, co_sync_ring.
STEP_DAYS: Final = 3
# More orders of one thing around one order are a sale, where being in step says nothing.
STEP_ORDERS_MAX: Final = 30
# Once in step is chance. Source: fraud.md, "share >= 2-3 shops/products".
STEP_MEETINGS_MIN: Final = 2


class Mall(Protocol):
    """A snapshot with what is derived from it, such as fraud's `Scene`."""

    @property
    def snapshot(self) -> Snapshot:
        """The columns, of facts up to one time."""
        ...

    @property
    def steps(self) -> tuple[int, ...]:
        """Where the ladder's rate rises (minor units)."""
        ...

    @property
    def people(self) -> int:
        """How many members there are."""
        ...

    @cached_property
    def paid(self) -> Flags:
        """Which orders were paid."""
        ...

    @cached_property
    def net(self) -> Ints:
        """What is left of each order (minor units)."""
        ...

    @cached_property
    def token_degree(self) -> Numbers:
        """By token, how many members are seen with it."""
        ...

    @cached_property
    def token_weight(self) -> Floats:
        """By token, how much it says of two who share it."""
        ...

    @cached_property
    def identity(self) -> csr_array:
        """Member × member: what shared tokens of few say."""
        ...


def relations_of(mall: Mall) -> dict[str, csr_array]:
    """Members that are near each other: symmetric, without loops, all weights above 0.

    identity: shared tokens. referral: one invited the other. co_sync: bought the same twice or more
    within STEP_DAYS. earned: one earns from orders of the other, by number of orders.
    """
    shot, size = mall.snapshot, mall.people
    inviter = shot.members.inviter
    invitee = np.flatnonzero(inviter != NONE)
    earned = (shot.orders.promoter != NONE) & (shot.orders.promoter != shot.orders.buyer)
    buyer, promoter, orders = pairs(shot.orders.buyer[earned], shot.orders.promoter[earned])
    return {
        "identity": mall.identity,
        "referral": both_ways(invitee, inviter[invitee], np.ones(len(invitee)), size),
        "co_sync": in_step(mall),
        "earned": both_ways(buyer, promoter, orders.astype(np.float64), size),
    }


def both_ways(one: Keys, other: Keys, weight: Floats, size: int) -> csr_array:
    """Edges in both directions, those that occur twice added up."""
    edges = csr_array((weight, (one, other)), shape=(size, size))
    whole = csr_array(edges + edges.T)
    whole.sum_duplicates()
    return whole


def in_step(mall: Mall) -> csr_array:
    """How often two members bought the same product or in the same shop within STEP_DAYS.

    Meetings of one pair in the same STEP_DAYS count once; pairs with fewer than
    STEP_MEETINGS_MIN are left out, and so are orders in a sale (STEP_ORDERS_MAX).
    """
    orders, lines = mall.snapshot.orders, mall.snapshot.lines
    in_shop = np.flatnonzero(mall.paid & (orders.shop != NONE))
    sold = np.flatnonzero(orders.buyer[lines.order] != NONE)
    shops = int(orders.shop.max(initial=0)) + 1
    order = np.concatenate([in_shop, lines.order[sold]])
    product = shops + lines.product[sold].astype(np.int64)
    thing = np.concatenate([orders.shop[in_shop].astype(np.int64), product])
    one, other, when = _meetings(orders.buyer[order], thing, orders.paid[order])
    size = mall.people
    pair, _, _ = pairs(
        np.minimum(one, other).astype(np.int64) * size + np.maximum(one, other), when
    )
    met, times = np.unique(pair, return_counts=True)
    often = times >= STEP_MEETINGS_MIN
    met, times = met[often], times[often]
    return both_ways(met // size, met % size, times.astype(np.float64), size)


def _meetings(buyer: Numbers, thing: Ints, at: Ints) -> tuple[Numbers, Numbers, Ints]:
    """Two buyers of one thing, and in which STEP_DAYS from 1970 on the later of both bought."""
    order = np.lexsort((at, thing))
    buyer, thing, at = buyer[order], thing[order], at[order]
    days = at // MICROS_PER_DAY
    wide = int(days.max(initial=0)) + 2 * STEP_DAYS + 1
    whole = thing * wide + days
    ends = np.searchsorted(whole, whole + STEP_DAYS, "left")
    around = ends - np.searchsorted(whole, whole - STEP_DAYS, "right")
    ends = np.where(around <= STEP_ORDERS_MAX, ends, 0)
    found: list[tuple[Numbers, Numbers, Ints]] = []
    rows = np.arange(len(whole))
    for ahead in range(1, STEP_ORDERS_MAX):
        near = rows[rows + ahead < ends]
        if not len(near):
            break
        near = near[buyer[near] != buyer[near + ahead]]
        found.append((buyer[near], buyer[near + ahead], days[near + ahead] // STEP_DAYS))
    if not found:
        return np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int64)
    one, other, when = (np.concatenate(part) for part in zip(*found, strict=True))
    return one, other, when
