"""Which groups of buyers have goods, times and tokens in common beyond chance, and how?"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Final

import numpy as np

from graph_service.blocks.finding import FoundGroup, find_groups
from graph_service.blocks.incidence import Incidence, Slices, components, members_of, slices_of
from graph_service.fraud.scene import KIND_WEIGHTS, PAIR_DEGREE_MAX, Scene
from graph_service.fraud.signs.kinship import own_uses
from graph_service.snapshot.crediting import BINDING
from graph_service.snapshot.log import NONE, TOKEN_KINDS, Ints
from graph_service.snapshot.resolving import Flags

MICROS_PER_SECOND: Final = 1_000_000
# Addresses and IPs are places of many honest people; they are weighed later, not searched for.
SEARCHED_KINDS: Final = ("payment", "phone", "device")
# Who has so many goods of a group in common with another is of one group with that one.
COMMON_LEAST: Final = 2
MEMBERS_LEAST: Final = 5
# Peelings are a quarter of the cost, and find little that rare goods and moments do not.
BLOCKS_MAX: Final = 2
# Most of a group, when one is compared with another.
MOSTLY: Final = 0.7


@dataclass(frozen=True)
class Group:
    """Buyers with goods in common. nats: what that is worth against chance.

    orders: those of the buyers that hold the goods; in_step: found as a burst?
    expected: how many pairs of a buyer and a good chance gives them; edges: how many there are.
    coarse: has in common a shop and a promoter only, see coarse_groups.
    """

    members: Ints
    products: Ints
    orders: Ints
    nats: float
    edges: int
    expected: float
    in_step: bool
    coarse: bool = False


def coarse_groups(scene: Scene, which: Flags, *, of_promoter: bool) -> list[Group]:
    """Buyers who by those orders buy in one shop, of_promoter: through one promoter, beyond chance.

    A ring with few orders a buyer has no good in common, but the shop and who earns. Chance: the
    part of all orders that the shop has.
    """
    told = scene.snapshot.orders
    counted = which & (told.buyer != NONE) & (told.shop != NONE)
    if of_promoter:
        counted &= (told.promoter != NONE) & (told.promoter != told.buyer)
    rows = np.flatnonzero(counted)
    if len(rows) < MEMBERS_LEAST:
        return []
    shops, people = len(scene.snapshot.owner), max(1, scene.people)
    earner = told.promoter[rows].astype(np.int64) if of_promoter else np.zeros(len(rows), np.int64)
    _, promoter = np.unique(earner, return_inverse=True)
    keys, key = np.unique(promoter * shops + told.shop[rows], return_inverse=True)
    at_shop = np.bincount(told.shop[scene.paid & (told.shop != NONE)], minlength=shops)
    share = at_shop[keys % shops] / max(1, int(at_shop.sum()))
    buyers_of = np.bincount(np.unique(promoter * people + told.buyer[rows]) // people)
    pairs = np.unique(key * people + told.buyer[rows])
    count = np.bincount(pairs // people, minlength=len(keys))
    expected = np.maximum(buyers_of[keys // shops] * share, 1e-9)
    nats = count * np.log(np.maximum(count, 1) / expected) - (count - expected) - log(len(keys))
    good = np.flatnonzero((count >= MEMBERS_LEAST) & (count > expected) & (nats > 0))
    by_key = slices_of(key, np.arange(len(rows)), len(keys))
    found: list[Group] = []
    for one in good.tolist():
        orders = np.sort(rows[by_key.of(np.array([one]))])
        lines = scene.lines_of(orders)
        found.append(
            Group(
                members=np.unique(told.buyer[orders]).astype(np.int64),
                products=np.unique(scene.snapshot.lines.product[lines]).astype(np.int64),
                orders=orders,
                nats=float(nats[one]),
                edges=int(count[one]),
                expected=float(expected[one]),
                in_step=False,
                coarse=True,
            )
        )
    return found


def ring_groups(scene: Scene) -> list[Group]:
    """Groups among all orders, and among those that came through a promoter's share or coupon."""
    return scene.once("ring_groups", _ring_groups)


def _ring_groups(scene: Scene) -> list[Group]:
    orders = scene.snapshot.orders
    touched = scene.paid & (orders.promoter != NONE) & (orders.basis != BINDING)
    through = groups_of(scene, touched, of_promoter=True, blocks_max=1)
    anyhow = groups_of(scene, scene.paid)
    of_member: dict[int, list[int]] = {}
    for place, one in enumerate(through):
        for member in one.members.tolist():
            of_member.setdefault(member, []).append(place)
    kept = [one for one in anyhow if not _is_several(one, through, of_member)]
    return [*through, *kept]


def _is_several(group: Group, others: Sequence[Group], of_member: dict[int, list[int]]) -> bool:
    """Is it made of two or more others that have hardly anybody in common?"""
    met = Counter(place for one in group.members.tolist() for place in of_member.get(one, ()))
    within = [
        others[place].members
        for place, count in met.items()
        if count >= MOSTLY * len(others[place].members)
    ]
    apart = list[Ints]()
    for members in sorted(within, key=lambda one: (-len(one), int(one[0]))):
        if all(np.isin(members, other).mean() < 1 - MOSTLY for other in apart):
            apart.append(members)
    return len(apart) > 1


def groups_of(
    scene: Scene,
    which: Flags,
    *,
    window_days: float = 7,
    of_promoter: bool = False,
    blocks_max: int = BLOCKS_MAX,
) -> list[Group]:
    """Groups of buyers by those orders, the most certain first. which: orders, as flags.

    of_promoter: what is sold through one promoter is a good of its own, so that what is popular
    with everybody hides nobody who buys it through one. blocks_max: see blocks.find_groups.
    """
    snapshot = scene.snapshot
    lines, told = snapshot.lines, snapshot.orders
    counted = which[lines.order] & (told.buyer[lines.order] != NONE)
    order = lines.order[counted].astype(np.int64)
    if len(order) < MEMBERS_LEAST:
        return []
    product = lines.product[counted].astype(np.int64)
    goods = np.arange(len(snapshot.names["product"]))
    column = product
    if of_promoter:
        both = told.promoter[order].astype(np.int64) * len(goods) + product
        sold, column = np.unique(both, return_inverse=True)
        goods = sold % len(goods)
    # Only who buys at all could be of a group: naming one among fewer costs less.
    people, row = np.unique(told.buyer[order].astype(np.int64), return_inverse=True)
    purchases = Incidence(
        row.astype(np.int64),
        column.astype(np.int64),
        len(people),
        len(goods),
        told.paid[order] // MICROS_PER_SECOND,
    )
    found = find_groups(
        purchases,
        tokens=list(_tokens(scene, people)),
        members_least=MEMBERS_LEAST,
        window_days=window_days,
        blocks_max=blocks_max,
    )
    if found.degree_max is not None:
        scene.notes.append(f"purchases: goods of more than {found.degree_max} buyers give no pairs")
    edges_of = slices_of(purchases.rows, np.arange(len(order)), len(people))
    return [
        replace(part, members=people[part.members], products=np.unique(goods[part.products]))
        for one in found.groups
        for part in _parts(one, purchases, order, edges_of)
    ]


def _tokens(scene: Scene, people: Ints) -> Iterator[Incidence]:
    """Buyer × own token, of kinds that are few people's. people: the buyers, sorted."""
    uses, kinds = scene.snapshot.uses, scene.snapshot.token_kind
    own = own_uses(scene) & np.isin(uses.member, people)
    degree = np.bincount(uses.token[own], minlength=len(kinds))
    few = own & (degree[uses.token] > 1) & (degree[uses.token] <= PAIR_DEGREE_MAX)
    for kind in SEARCHED_KINDS:
        rows = few & (kinds[uses.token] == TOKEN_KINDS.index(kind))
        tokens, column = np.unique(uses.token[rows], return_inverse=True)
        yield Incidence(
            np.searchsorted(people, uses.member[rows]).astype(np.int64),
            column.astype(np.int64),
            len(people),
            max(1, len(tokens)),
            weight=KIND_WEIGHTS[kind],
        )


def _parts(
    group: FoundGroup, purchases: Incidence, order: Ints, edges_of: Slices
) -> Iterator[Group]:
    """A group in the parts that have goods in common: what peeling found may be several rings."""
    inside = edges_of.of(group.rows)
    inside = inside[np.isin(purchases.columns[inside], group.columns[0])]
    if group.first_second is not None and group.last_second is not None:
        assert purchases.seconds is not None
        seconds = purchases.seconds[inside]
        inside = inside[(seconds >= group.first_second) & (seconds <= group.last_second)]
    edges, own = purchases.keep(inside), order[inside]
    pairs = edges.distinct()
    rows, at = np.unique(pairs.rows, return_inverse=True)
    goods, column = np.unique(pairs.columns, return_inverse=True)
    table = np.zeros((len(rows), len(goods)), np.int32)
    table[at, column] = 1
    one, other = np.nonzero(np.triu(table @ table.T, 1) >= COMMON_LEAST)
    labels = components(one.astype(np.int64), other.astype(np.int64), len(rows))
    for part in members_of(labels, MEMBERS_LEAST):
        members = rows[part]
        mine = np.isin(edges.rows, members)
        count = len(edges.keep(mine).distinct())
        share = count / max(1, len(pairs))
        yield Group(
            members=members,
            products=np.unique(edges.columns[mine]),
            orders=np.unique(own[mine]),
            nats=group.nats * share,
            edges=count,
            expected=group.expected[0] * share,
            in_step=group.first_second is not None,
        )
