"""Which owners of shops buy in which others' shops, themselves or through somebody close?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from graph_service.fraud.scene import Scene
from graph_service.fraud.signs.kinship import close_kin
from graph_service.snapshot.log import NONE, Ints
from graph_service.snapshot.resolving import Flags

# A household's shared address says about 1: whoever buys for an owner shares something rarer.
CLOSE_NATS_LEAST: Final = 1.5
ROUNDS_LEAST: Final = 2
LENGTH_MAX: Final = 12
# A chain that lacks a hand: of three owners or more; who would be the hand orders as often.
CHAIN_LEAST: Final = 2
DEVOTED_LEAST: Final = 3
# So many steps of looking for chains take about a second in all; set.
CHAIN_STEPS_MAX, FIRST_STEPS_MAX = 100_000, 2_000
# Amounts (log) that are looked at together: as far apart as what is called alike (amounts.py), and
# a little; and how far the next such window is.
WINDOW, WINDOW_STEP = 0.4, 0.2
# Of three who deal often each pair does so twice, which is a circle.
OWNERS_LEAST: Final = 4
# Sellers who help one another out buy about two of one another each.
ORDERS_EACH: Final = 2.5


@dataclass(frozen=True)
class Trade:
    """Who buys in whose shop: persons by number; the orders of pair i from starts[i] on.

    buyer: the owner who buys, or for whom somebody close to that owner does; so they are two
    owners for each pair. stood_in: by order of all, was it such a stand-in who bought? guessed:
    was it somebody of whom nothing tells for whom?
    """

    buyer: Ints
    owner: Ints
    count: Ints
    starts: Ints
    orders: Ints
    stood_in: Flags
    guessed: Flags

    def orders_of(self, pairs: Sequence[int]) -> Ints:
        """Orders of these pairs."""
        parts = [self.orders[self.starts[one] : self.starts[one + 1]] for one in pairs]
        return np.concatenate([np.empty(0, np.int64), *parts])

    def part(self, orders: Flags) -> "Trade":
        """The same of some of its orders only, by place in orders."""
        pair = np.repeat(np.arange(len(self.count)), self.count)[orders]
        pairs, starts, count = np.unique(pair, return_index=True, return_counts=True)
        return Trade(
            self.buyer[pairs],
            self.owner[pairs],
            count.astype(np.int64),
            np.append(starts, len(pair)).astype(np.int64),
            self.orders[orders],
            self.stood_in,
            self.guessed,
        )


@dataclass(frozen=True)
class Trades:
    """known: by owners and who is close to one. guessed: with missing hands, None without any.

    truncated: was the search for missing hands cut off?
    """

    known: Trade
    guessed: Trade | None
    truncated: bool


def trades_of(scene: Scene) -> Trades:
    """Orders of owners of shops, and of who is close to one, in shops of other owners.

    Where a chain of owners lacks but one hand to be a circle, and a stranger buys of its first as
    the others do of one another, the stranger counts as that hand.
    """
    acts_for, stood_in = _who_acts(scene)
    known = _trade(scene, acts_for, stood_in, np.zeros(scene.people, np.bool_))
    hands, truncated = _missing_hands(scene, known, acts_for)
    if not hands:
        return Trades(known, None, truncated)
    guessed = np.zeros(scene.people, np.bool_)
    guessed[list(hands)] = True
    acts_for[list(hands)] = list(hands.values())
    return Trades(known, _trade(scene, acts_for, stood_in, guessed), truncated)


def owners_of_orders(scene: Scene) -> Ints:
    """By order, the person who owns its shop; NONE where nobody is known to."""
    person, seller = scene.snapshot.members.person, scene.sellers
    return np.where(seller != NONE, person[np.maximum(seller, 0)], NONE).astype(np.int64)


def _trade(scene: Scene, acts_for: Ints, stands_in: Flags, guessed: Flags) -> Trade:
    told, seller = scene.snapshot.orders, owners_of_orders(scene)
    known = told.buyer != NONE
    buyer = np.where(known, acts_for[np.maximum(told.buyer, 0)], NONE)
    rows = np.flatnonzero((buyer != NONE) & (seller != NONE) & (buyer != seller))
    keys = buyer[rows] * scene.people + seller[rows]
    order = np.lexsort((told.paid[rows], keys))
    pairs, starts, count = np.unique(keys[order], return_index=True, return_counts=True)
    return Trade(
        pairs // max(1, scene.people),
        pairs % max(1, scene.people),
        count.astype(np.int64),
        np.append(starts, len(rows)).astype(np.int64),
        rows[order].astype(np.int64),
        known & stands_in[np.maximum(told.buyer, 0)],
        known & guessed[np.maximum(told.buyer, 0)],
    )


def _who_acts(scene: Scene) -> tuple[Ints, Flags]:
    """By member: the owner (person) for whom it buys, NONE if for none; is it a stand-in?"""
    person = scene.snapshot.members.person
    owns = scene.snapshot.owner[scene.snapshot.owner != NONE]
    is_owner = np.zeros(scene.people, np.bool_)
    is_owner[person[owns]] = True
    acts_for = np.where(is_owner[person], person, NONE).astype(np.int64)
    stands_in = np.zeros(scene.people, np.bool_)
    accounts = np.flatnonzero(is_owner[person]).astype(np.int64)
    best: dict[int, tuple[float, int]] = {}
    for account, kin in sorted(close_kin(scene, accounts).items()):
        for other, nats in kin.items():
            if nats >= CLOSE_NATS_LEAST and not is_owner[person[other]]:
                best[other] = max(best.get(other, (0.0, 0)), (nats, -int(person[account])))
    for other, (_, owner) in best.items():
        acts_for[other], stands_in[other] = -owner, True
    return acts_for, stands_in


def _missing_hands(scene: Scene, trade: Trade, acts_for: Ints) -> tuple[dict[int, int], bool]:
    """Buyers (members) and the owners (persons) whose missing hand each would be; limit met?

    A chain whose last owner buys of its first, if only once, lacks no hand.
    """
    told = scene.snapshot.orders
    logs = np.log(np.maximum(1, told.amount))
    often = np.flatnonzero(trade.count >= ROUNDS_LEAST)
    usual = {one: float(np.median(logs[trade.orders_of([one])])) for one in often.tolist()}
    follow: dict[int, list[int]] = {}
    for one in often.tolist():
        follow.setdefault(int(trade.buyer[one]), []).append(one)
    dealt = set(zip(trade.buyer.tolist(), trade.owner.tolist(), strict=True))
    found: dict[int, int] = {}
    left = CHAIN_STEPS_MAX
    for first, buyers in _devoted(scene, acts_for, np.array(sorted(follow), np.int64)).items():
        chain, steps = _longest(trade, follow, usual, first, min(left, FIRST_STEPS_MAX))
        left -= steps
        if left <= 0:
            return found, True
        if len(chain) < CHAIN_LEAST or (int(trade.owner[chain[-1]]), first) in dealt:
            continue
        level = float(np.median([usual[one] for one in chain]))
        for buyer, orders in buyers:
            if abs(float(np.median(logs[orders])) - level) < WINDOW / 2 and buyer not in found:
                found[buyer] = int(trade.owner[chain[-1]])
                break
    return found, False


def _devoted(scene: Scene, acts_for: Ints, owners: Ints) -> dict[int, list[tuple[int, Ints]]]:
    """By owner of these, who buys often there and mostly there, and owns nothing; most first."""
    told, seller = scene.snapshot.orders, owners_of_orders(scene)
    rows = np.flatnonzero(np.isin(seller, owners) & (told.buyer != NONE))
    rows = rows[acts_for[told.buyer[rows]] == NONE]
    keys = seller[rows] * scene.people + told.buyer[rows]
    order = np.argsort(keys, kind="stable")
    pairs, starts, count = np.unique(keys[order], return_index=True, return_counts=True)
    had = np.bincount(told.buyer[told.buyer != NONE], minlength=scene.people)
    found: dict[int, list[tuple[int, Ints]]] = {}
    for place in np.argsort(-count, kind="stable").tolist():
        owner, buyer = divmod(int(pairs[place]), scene.people)
        if count[place] >= DEVOTED_LEAST and 2 * count[place] >= had[buyer]:
            theirs = rows[order[starts[place] : starts[place] + count[place]]]
            found.setdefault(owner, []).append((buyer, theirs))
    return found


def _longest(
    trade: Trade, follow: dict[int, list[int]], usual: dict[int, float], first: int, most: int
) -> tuple[tuple[int, ...], int]:
    """The longest chain of pairs of like amounts from an owner on that so many steps meet; steps.

    Of equally long ones the first found, which the order of pairs settles.
    """
    best: tuple[int, ...] = ()
    stack: list[tuple[tuple[int, ...], frozenset[int]]] = [((), frozenset({first}))]
    steps = 0
    while stack and steps < most:
        steps += 1
        chain, met = stack.pop()
        if len(chain) > len(best):
            best = chain
        at = int(trade.owner[chain[-1]]) if chain else first
        for pair in follow.get(at, ()):
            head = int(trade.owner[pair])
            like = not chain or abs(usual[pair] - usual[chain[0]]) < WINDOW / 2
            if head not in met and like and len(chain) < LENGTH_MAX - 1:
                stack.append(((*chain, pair), met | {head}))
    return best, steps


def like_trade(scene: Scene, trade: Trade) -> list[Trade]:
    """Parts of like amounts in which four or more owners hang together by buying and selling.

    For those who buy crosswise: each pair perhaps once, all of them again and again.
    """
    logs = np.log(np.maximum(1, scene.snapshot.orders.amount[trade.orders]))
    found: list[Trade] = []
    if not len(logs):
        return found
    for low in np.arange(float(logs.min()), float(logs.max()) + WINDOW_STEP, WINDOW_STEP):
        found += _knots(scene, trade.part((logs >= low) & (logs < low + WINDOW)))
    return found


def expected_among(scene: Scene, owners: Ints, orders: Ints) -> float:
    """How many orders like these, if owners bought wherever others do.

    orders: of owners (persons) of one another. Of all orders about their amounts each owner keeps
    how many it placed and how many its shops sold.
    """
    told, seller = scene.snapshot.orders, owners_of_orders(scene)
    logs = np.log(np.maximum(1, told.amount))
    near = np.abs(logs - np.median(logs[orders])) <= WINDOW
    rows = np.flatnonzero(near & scene.paid & (told.buyer != NONE))
    person = scene.snapshot.members.person
    bought = np.bincount(person[told.buyer[rows]], minlength=scene.people)[owners]
    # Who bought for an owner bought as the owner.
    by_others = ~np.isin(person[told.buyer[orders]], owners)
    whole = bought.sum() + int(by_others.sum())
    sold = int(np.isin(seller[rows], owners).sum())
    return float(whole * sold) / max(1, len(rows)) * (1 - 1 / len(owners))


def _knots(scene: Scene, trade: Trade) -> list[Trade]:
    """The strongly connected parts of four owners or more with enough orders an owner."""
    shape = (scene.people, scene.people)
    graph = coo_array((trade.count, (trade.buyer, trade.owner)), shape=shape)
    _, labels = connected_components(graph, directed=True, connection="strong")
    inside = labels[trade.buyer] == labels[trade.owner]
    found: list[Trade] = []
    for label in np.unique(labels[trade.buyer[inside]]).tolist():
        pairs = inside & (labels[trade.buyer] == label)
        owners = len(np.unique(trade.buyer[pairs]))
        if owners >= OWNERS_LEAST and trade.count[pairs].sum() >= ORDERS_EACH * owners:
            found.append(trade.part(np.repeat(pairs, trade.count)))
    return found
