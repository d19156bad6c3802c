"""Which owners of shops buy in which others' shops, themselves or through somebody close?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from graph_service.fraud.scene import Scene
from graph_service.fraud.signs.kinship import close_kin
from graph_service.snapshot.log import NONE, Ints, Numbers
from graph_service.snapshot.resolving import Flags

# A household's shared address says about 1: whoever buys for an owner shares something rarer.
CLOSE_NATS_LEAST: Final = 1.5
# A chain that lacks a hand: of three owners or more; who would be the hand orders as often.
CHAIN_LEAST, CHAIN_MAX, CHAIN_STEPS_MAX = 2, 11, 2_000
DEVOTED_LEAST: Final = 3
# Amounts (log) that are looked at together, and how far the next such window is.
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


def trade_of(scene: Scene) -> Trade:
    """Orders of owners of shops, and of who is close to one, in shops of other owners.

    Where a chain of owners lacks but one hand to be a circle, and a stranger buys of its first as
    the others do of one another, the stranger counts as that hand.
    """
    told = scene.snapshot.orders
    acts_for, stood_in = _who_acts(scene, np.unique(told.buyer[told.buyer != NONE]))
    trade = _trade(scene, acts_for, stood_in, np.zeros(scene.people, np.bool_))
    hands = _missing_hands(scene, trade, acts_for)
    if not hands:
        return trade
    guessed = np.zeros(scene.people, np.bool_)
    guessed[list(hands)] = True
    acts_for[list(hands)] = list(hands.values())
    return _trade(scene, acts_for, stood_in, guessed)


def owners_of_orders(scene: Scene) -> Ints:
    """By order, the person who owns its shop; NONE where nobody is known to."""
    told, person = scene.snapshot.orders, scene.snapshot.members.person
    owner = np.where(told.shop != NONE, scene.snapshot.owner[np.maximum(told.shop, 0)], NONE)
    return np.where(owner != NONE, person[np.maximum(owner, 0)], NONE).astype(np.int64)


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


def _who_acts(scene: Scene, buyers: Numbers) -> tuple[Ints, Flags]:
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
    bought = np.zeros(scene.people, np.bool_)
    bought[buyers] = True
    for other, (_, owner) in best.items():
        if bought[other]:
            acts_for[other], stands_in[other] = -owner, True
    return acts_for, stands_in


def _missing_hands(scene: Scene, trade: Trade, acts_for: Ints) -> dict[int, int]:
    """Buyers (members) and the owners (persons) whose missing hand each of them would be."""
    told = scene.snapshot.orders
    logs = np.log(np.maximum(1, told.amount))
    often = np.flatnonzero(trade.count >= 2)
    usual = {one: float(np.median(logs[trade.orders_of([one])])) for one in often.tolist()}
    follow: dict[int, list[int]] = {}
    for one in often.tolist():
        follow.setdefault(int(trade.buyer[one]), []).append(one)
    devoted = _devoted(scene, acts_for, np.array(sorted(follow), np.int64))
    found: dict[int, int] = {}
    for first, buyers in devoted.items():
        chain = _longest(trade, follow, usual, first)
        if len(chain) < CHAIN_LEAST:
            continue
        level = float(np.median([usual[one] for one in chain]))
        for buyer, orders in buyers:
            if abs(float(np.median(logs[orders])) - level) < WINDOW / 2 and buyer not in found:
                found[buyer] = int(trade.owner[chain[-1]])
                break
    return found


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
    trade: Trade, follow: dict[int, list[int]], usual: dict[int, float], first: int
) -> tuple[int, ...]:
    """The longest chain of pairs of like amounts from an owner on; the first found of equals."""
    best: tuple[int, ...] = ()
    stack: list[tuple[tuple[int, ...], frozenset[int]]] = [((), frozenset({first}))]
    for _ in range(CHAIN_STEPS_MAX):
        if not stack:
            break
        chain, met = stack.pop()
        if len(chain) > len(best):
            best = chain
        at = int(trade.owner[chain[-1]]) if chain else first
        for pair in follow.get(at, ()):
            head = int(trade.owner[pair])
            like = not chain or abs(usual[pair] - usual[chain[0]]) < WINDOW / 2
            if head not in met and like and len(chain) < CHAIN_MAX:
                stack.append(((*chain, pair), met | {head}))
    return best


def like_trade(scene: Scene, trade: Trade) -> list[tuple[Trade, Trade]]:
    """Parts in which four or more owners all buy of and sell to one another for like amounts.

    For those who buy crosswise: each pair perhaps once, all of them again and again. Each comes
    with all trade of amounts as like.
    """
    logs = np.log(np.maximum(1, scene.snapshot.orders.amount[trade.orders]))
    found: list[tuple[Trade, Trade]] = []
    if not len(logs):
        return found
    for low in np.arange(float(logs.min()), float(logs.max()) + WINDOW_STEP, WINDOW_STEP):
        part = trade.part((logs >= low) & (logs < low + WINDOW))
        found += [(knot, part) for knot in _knots(scene, part)]
    return found


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
