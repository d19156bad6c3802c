"""Which chains of accounts, each earning from the next, come back to the human they began with?

A chain may go on from another account of the same human: friends earn from each other's second
accounts, so that money goes round among humans although no account is met twice. Where a link of
such a round is hidden, the rest of it is an open chain, which has to be rarer to be told.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy.sparse import csr_array

from graph_service.fraud.chains.cycles import Walk, walks_from
from graph_service.fraud.chains.earning import ORDERS_TOLD_MAX, Earnings, earnings_of
from graph_service.fraud.chains.sole import sold_by, sole_links, sole_rate
from graph_service.fraud.scene import Floats, Scene
from graph_service.fraud.signs.amounts import Likeness, likeness
from graph_service.fraud.signs.kinship import (
    STRONG_MASK,
    WEAK_MASK,
    Kinship,
    close_kin,
    kinship_of,
)
from graph_service.fraud.signs.weighing import rarity, rate_of
from graph_service.snapshot.log import Ints
from graph_service.snapshot.resolving import Flags

# Several weaker tokens are a household's as often as one human's: they say half as much.
WEAK_PART: Final = 0.5
# A chain jumps to another account only from one that buys mostly through its earner.
JUMP_PART: Final = 0.5
# Once it is somebody with two accounts; twice in a chain it is a way to earn.
OPEN_JUMPS_LEAST: Final = 2
WALKS_MAX: Final = 200_000


@dataclass(frozen=True)
class Bounds:
    """What a chain must have. nats: of a step, of a chain that comes back, of one that does not."""

    length_max: int
    step_nats_least: float
    closed_nats_least: float
    open_nats_least: float
    twins_least: int


@dataclass(frozen=True)
class Chain:
    """Pairs by number, one after the other. mask: kinds that its two ends share, 0 of an open one.

    jumps: pairs of accounts of one human over which it goes on; kinds: what those share, as bits;
    jump_nats: how rare they are.
    """

    pairs: tuple[int, ...]
    mask: int
    jumps: tuple[tuple[int, int], ...] = ()
    kinds: int = 0
    jump_nats: float = 0.0

    @property
    def is_open(self) -> bool:
        """Does it not come back?"""
        return not self.mask


@dataclass(frozen=True)
class Ground:
    """What a search stands on. steps: nats of each pair as a step of a chain.

    honest: kinds of tokens that invited pairs share who earn nothing of each other, as bits.
    kin: by account, others likely of the same human, with how rare that is in nats.
    """

    scene: Scene
    pairs: Earnings
    kinship: Kinship
    honest: Ints
    steps: Floats
    kin: Mapping[int, Mapping[int, float]]

    @staticmethod
    def of(scene: Scene) -> "Ground":
        """That of a scene. Cost: its pairs and tokens once."""
        pairs, kinship = earnings_of(scene), kinship_of(scene)
        idle = pairs.invited & (pairs.touched == 0)
        honest = kinship.masks(pairs.earner[idle], pairs.buyer[idle]).astype(np.int64)
        paying = np.unique(pairs.buyer[pairs.touched > 0]).astype(np.int64)
        steps = step_nats(pairs, scene.people)
        return Ground(scene, pairs, kinship, honest, steps, close_kin(scene, paying))

    def identity(self, mask: int) -> tuple[float, float]:
        """Nats of sharing all these kinds, and the part of honest invited pairs that do."""
        shared = int(((self.honest & mask) == mask).sum())
        rate = rate_of(shared, len(self.honest))
        part = 1.0 if mask & STRONG_MASK else WEAK_PART
        return rarity(rate) * part, rate

    def worth(self, chain: Chain) -> float:
        """Nats of a chain: its ends are one human's, and so rare are its steps and jumps."""
        back = 0.0 if chain.is_open else self.identity(chain.mask)[0]
        return back + chain.jump_nats + float(self.steps[list(chain.pairs)].sum())

    def accounts(self, pairs: Sequence[int]) -> list[int]:
        """Who is in these pairs."""
        rows = list(pairs)
        return [*self.pairs.earner[rows].tolist(), *self.pairs.buyer[rows].tolist()]

    def likeness(self, pairs: Sequence[int], mall: Floats) -> Likeness:
        """How alike the orders of these pairs are."""
        orders = self.pairs.orders_of(np.array(pairs, np.int64))
        return likeness(self.scene.snapshot.orders.amount[orders], mall)

    @cached_property
    def bought(self) -> Ints:
        """By member, how many orders it placed."""
        return np.diff(self.scene.orders_by_buyer[0])

    @cached_property
    def mostly(self) -> Flags:
        """By pair, does its buyer buy mostly through its earner?"""
        return self.pairs.touched >= JUMP_PART * self.bought[self.pairs.buyer]

    @cached_property
    def sold(self) -> Ints:
        """By member, the orders that each had a touch of the member's of their own."""
        return sold_by(self.pairs, self.scene.people)

    @cached_property
    def sole_rate(self) -> float:
        """The part of those who sell some orders that sells nearly all to one buyer."""
        return sole_rate(self.pairs, self.sold)

    @cached_property
    def sole_links(self) -> Ints:
        """The pairs who deal with hardly anybody but each other."""
        return sole_links(self.pairs, self.sold, self.bought)


def step_nats(pairs: Earnings, people: int) -> Floats:
    """By pair: how rare so many touched orders of a pair are, among invited pairs and all."""
    level = np.minimum(pairs.touched, ORDERS_TOLD_MAX)
    invited = -np.log(pairs.step_rate(people, of_invited=True)[level])
    anybody = -np.log(pairs.step_rate(people, of_invited=False)[level])
    nats = np.where(pairs.invited, np.maximum(invited, anybody), anybody)
    return np.where(pairs.touched > 0, np.clip(nats, 0, None), 0.0)


def chains_of(ground: Ground, bounds: Bounds) -> tuple[list[Chain], bool]:
    """All chains, short and long, and whether a limit was met."""
    longer, is_cut = long_chains(ground, bounds)
    return [*short_chains(ground), *longer, *twins(ground, bounds)], is_cut


def short_chains(ground: Ground) -> list[Chain]:
    """Accounts that earn from another of the same human."""
    pairs = ground.pairs
    paying = np.flatnonzero(pairs.touched > 0)
    masks = ground.kinship.masks(pairs.earner[paying], pairs.buyer[paying])
    weak = (masks & WEAK_MASK) == WEAK_MASK
    close = ((masks & STRONG_MASK) > 0) | weak
    return [
        Chain((int(pair),), int(mask))
        for pair, mask in zip(paying[close], masks[close], strict=True)
    ]


def long_chains(ground: Ground, bounds: Bounds) -> tuple[list[Chain], bool]:
    """Chains over others that come back to another account of the same human, if they are rare

    enough, and open ones with jumps; and whether a limit was met. Steps that everybody has lead
    nowhere.
    """
    pairs = ground.pairs
    follow: dict[int, list[int]] = {}
    for pair in np.flatnonzero(ground.steps >= bounds.step_nats_least).tolist():
        follow.setdefault(int(pairs.earner[pair]), []).append(pair)
    personal = ground.kinship.personal
    found: list[Chain] = []
    left = WALKS_MAX
    for start in follow:
        own = frozenset(csr_array(personal[[start]] @ personal.T).indices.tolist())
        for walk in walks_from(
            start, follow, pairs.buyer, length_max=bounds.length_max, kin=ground.kin
        ):
            left -= 1
            if left <= 0:
                return found, True
            if len(walk.edges) > 1 and (chain := _chain_of(ground, walk, own, bounds)):
                found.append(chain)
    return found, False


def _chain_of(ground: Ground, walk: Walk, own: frozenset[int], bounds: Bounds) -> Chain | None:
    """A walk as a chain, if it says enough. own: who shares what one human has with its start."""
    if walk.jumps and not ground.mostly[list(walk.edges)].all():
        return None
    start = int(ground.pairs.earner[walk.edges[0]])
    end = int(ground.pairs.buyer[walk.edges[-1]])
    is_back = start in ground.kin.get(end, {}) if walk.jumps else end in own
    nats = sum(ground.kin[one][other] for one, other in walk.jumps)
    if not is_back:
        steps = nats + float(ground.steps[list(walk.edges)].sum())
        if len(walk.jumps) < OPEN_JUMPS_LEAST or steps < bounds.open_nats_least:
            return None
    kinds = 0
    for one, other in walk.jumps:
        kinds |= _mask(ground, one, other)
    mask = _mask(ground, start, end) if is_back else 0
    chain = Chain(walk.edges, mask, walk.jumps, kinds, nats)
    return chain if chain.is_open or ground.worth(chain) >= bounds.closed_nats_least else None


def _mask(ground: Ground, one: int, other: int) -> int:
    return int(ground.kinship.masks(np.array([one]), np.array([other]))[0])


def twins(ground: Ground, bounds: Bounds) -> Iterator[Chain]:
    """Three or more buyers whom one earner invited and who are one human: whose else is it?"""
    pairs = ground.pairs
    paying = np.flatnonzero(pairs.invited & (pairs.touched > 0))
    person = ground.scene.snapshot.members.person
    buyer = pairs.buyer[paying]
    keys = pairs.earner[paying].astype(np.int64) * ground.scene.people + person[buyer]
    order = np.argsort(keys, kind="stable")
    _, starts, counts = np.unique(keys[order], return_index=True, return_counts=True)
    for start, count in zip(starts.tolist(), counts.tolist(), strict=True):
        if count < bounds.twins_least:
            continue
        rows = paying[order[start : start + count]]
        masks = ground.kinship.masks(pairs.buyer[rows[:-1]], pairs.buyer[rows[1:]])
        told = masks[(masks & STRONG_MASK) > 0]
        if len(told) >= bounds.twins_least - 1:
            yield from (Chain((int(row),), int(told[0])) for row in rows)
