"""Which pieces of evidence could be left out of a finding: tokens, shops, shares, members?"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final, Literal

import numpy as np

from graph_service.fraud.detectors.kinds import Kind
from graph_service.fraud.scene import Scene
from graph_service.snapshot.log import NONE, Ints

PieceKind = Literal["token", "shop", "share", "member"]
# So many are left out of one finding, each by itself, at most: each is a search of its own.
PIECES_MAX: Final = 5
# What of the evidence a kind rests on, by its question; other sorts would be searched in vain.
SORTS: Final[Mapping[Kind, tuple[PieceKind, ...]]] = {
    "self_referral_cycle": ("token", "member"),
    "fake_order_ring": ("token", "shop", "member"),
    "circular_orders": ("shop", "member"),
    "account_farm": ("token", "member"),
    "click_flood": ("share", "token", "member"),
    "threshold_wash": ("shop", "member"),
    "refund_arbitrage": ("token", "member"),
    "round_trip": ("token", "shop", "member"),
    "sleeper": ("token", "shop", "member"),
    "share_hijack": ("share",),
}


@dataclass(frozen=True)
class Piece:
    """One piece of evidence, by its number. orders: those that go with it."""

    kind: PieceKind
    number: int
    orders: tuple[int, ...] = ()


@dataclass(frozen=True)
class Subject:
    """What a finding is about, as numbers of some scene. core: members with who else took part."""

    members: frozenset[int]
    orders: Ints
    core: Ints


def pieces_of(scene: Scene, subject: Subject, kind: Kind, *, most: int = PIECES_MAX) -> list[Piece]:
    """The weightiest pieces of each sort in turn, so that no sort is left out for another."""
    found = {"token": _tokens, "member": _members, "shop": _shops, "share": _shares}
    turns = zip_longest(*(found[sort](scene, subject) for sort in SORTS[kind]))
    return [one for turn in turns for one in turn if one is not None][:most]


def _tokens(scene: Scene, subject: Subject) -> list[Piece]:
    """Tokens of two or more who took part, by how much they say of how many."""
    uses, orders = scene.snapshot.uses, scene.snapshot.order_tokens
    mine = np.isin(uses.member, subject.core)
    users = np.bincount(uses.token[mine], minlength=len(scene.snapshot.token_kind))
    known = scene.snapshot.token_kind != NONE
    weights = np.where(known & (users > 1), users * scene.token_weight, 0.0)
    first = np.lexsort((np.arange(len(weights)), -weights))
    tokens = [one for one in first[:PIECES_MAX].tolist() if weights[one] > 0]
    return [
        Piece("token", one, tuple(np.unique(orders.order[orders.token == one]).tolist()))
        for one in tokens
    ]


def _members(scene: Scene, subject: Subject) -> list[Piece]:
    """Members by how many of the orders they made or earned from; none of a member alone."""
    if len(subject.members) < 2:
        return []
    told = scene.snapshot.orders
    weights = Counter(dict.fromkeys(sorted(subject.members), 0))
    for column in (told.buyer, told.promoter):
        weights.update(one for one in column[subject.orders].tolist() if one in subject.members)
    return [Piece("member", one) for one in _heaviest(weights)]


def _shops(scene: Scene, subject: Subject) -> list[Piece]:
    """Shops with what those who took part bought there."""
    told = scene.snapshot.orders
    return [
        Piece("shop", one, tuple(np.flatnonzero((told.shop == one) & theirs).tolist()))
        for theirs in [np.isin(told.buyer, subject.core)]
        for one in _heaviest(_counted(told.shop[subject.orders].tolist()))
    ]


def _shares(scene: Scene, subject: Subject) -> list[Piece]:
    """Shares of members, by clicks of theirs and of others."""
    shares, clicks = scene.snapshot.shares, scene.snapshot.clicks
    mine = np.isin(shares.member, sorted(subject.members))
    clicked = clicks.share[mine[clicks.share]].tolist()
    return [Piece("share", one) for one in _heaviest(_counted(clicked))]


def _counted(numbers: Iterable[int]) -> Counter[int]:
    return Counter(one for one in numbers if one != NONE)


def _heaviest(weights: Counter[int]) -> Sequence[int]:
    return sorted(weights, key=lambda one: (-weights[one], one))[:PIECES_MAX]
