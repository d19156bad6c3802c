"""Who earns from whose orders, or invited whom, and how usual is that in this mall?"""

from dataclasses import dataclass

import numpy as np

from graph_service.fraud.scene import Floats, Scene
from graph_service.fraud.signs.weighing import HONEST_BESIDE
from graph_service.snapshot.crediting import BINDING
from graph_service.snapshot.log import NONE, Ints, Numbers
from graph_service.snapshot.resolving import Flags

# Beyond so many orders of one pair more say nothing new.
ORDERS_TOLD_MAX = 8


@dataclass(frozen=True)
class Earnings:
    """Pairs of an earner and a buyer (never one account), sorted by earner, then buyer.

    earned: orders by a click or a coupon of the earner's; touched: those of them with a touch of
    their own, since of several after one click only the first took a doing. bound: orders by the
    invitation alone. invited: did the earner invite the buyer? starts, orders: what is earned of
    pair i is orders[starts[i]:starts[i + 1]], by time.
    """

    earner: Numbers
    buyer: Numbers
    earned: Numbers
    touched: Numbers
    bound: Numbers
    invited: Flags
    starts: Ints
    orders: Ints

    def __len__(self) -> int:
        return len(self.earner)

    def orders_of(self, pairs: Ints) -> Ints:
        """The orders that are earned of these pairs."""
        parts = [self.orders[self.starts[one] : self.starts[one + 1]] for one in pairs]
        return np.concatenate([np.empty(0, np.int64), *parts])

    def invited_rate(self) -> Floats:
        """By k to ORDERS_TOLD_MAX: the part of invited pairs with k touched orders or more."""
        touched = self.touched[self.invited]
        return tail_of(touched, max(1, len(touched)))

    def step_rate(self, people: int, *, of_invited: bool) -> Floats:
        """By k: how many pairs of k touched orders or more (of invited ones) a member has."""
        touched = self.touched[self.invited] if of_invited else self.touched
        return tail_of(touched, max(1, people))


def tail_of(counts: Numbers, whole: int) -> Floats:
    """By k from 0 to ORDERS_TOLD_MAX: counts of k or more, for one of so many; never 0."""
    by_count = np.bincount(np.minimum(counts, ORDERS_TOLD_MAX), minlength=ORDERS_TOLD_MAX + 1)
    reached = np.cumsum(by_count[::-1])[::-1]
    return np.minimum(1.0, (reached + 1) / (whole + HONEST_BESIDE))


def earnings_of(scene: Scene) -> Earnings:
    """The pairs of a scene. Cost: sorting orders and referrals once."""
    people, told = scene.people, scene.snapshot.orders
    counted = (told.buyer != NONE) & (told.promoter != NONE) & (told.promoter != told.buyer)
    rows = np.flatnonzero(counted)
    by_pair = told.promoter[rows].astype(np.int64) * people + told.buyer[rows]
    by_touch = told.basis[rows] != BINDING
    first = by_touch & _is_first(scene, rows)
    inviter = scene.snapshot.members.inviter
    invitee = np.flatnonzero(inviter != NONE)
    referrals = inviter[invitee].astype(np.int64) * people + invitee
    keys = np.unique(np.concatenate([by_pair, referrals]))
    place = np.searchsorted(keys, by_pair)
    counts = [
        np.bincount(place[which], minlength=len(keys)).astype(np.int32)
        for which in (by_touch, first, ~by_touch)
    ]
    rows, places = rows[by_touch], place[by_touch]
    order = np.lexsort((told.paid[rows], places))
    return Earnings(
        (keys // max(1, people)).astype(np.int32),
        (keys % max(1, people)).astype(np.int32),
        *counts,
        invited=np.isin(keys, referrals),
        starts=np.append(0, np.cumsum(counts[0])).astype(np.int64),
        orders=rows[order].astype(np.int64),
    )


def _is_first(scene: Scene, rows: Ints) -> Flags:
    """Which of these orders are the first after a touch of their own."""
    told = scene.snapshot.orders
    touch = np.where(told.touched[rows] == NONE, told.paid[rows], told.touched[rows])
    order = np.lexsort((told.paid[rows], touch, told.buyer[rows]))
    buyer, at = told.buyer[rows][order], touch[order]
    first = np.ones(len(rows), np.bool_)
    first[order[1:]] = (buyer[1:] != buyer[:-1]) | (at[1:] != at[:-1])
    return first
