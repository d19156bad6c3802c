"""Which planted rings are found among real purchases?

Blocks of new users × random existing products of a given density are added to honest reviews, as
in FRAUDAR (KDD 2016, section 5): with random camouflage each ring member buys as many random
products besides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal
from zipfile import BadZipFile

import numpy as np

from graph_service.blocks.finding import find_groups
from graph_service.blocks.incidence import Incidence, Ints, Mask
from graph_service.errors import Invalid, NotFound
from graph_service.evaluation.published import copurchase_users, dense_users

Timing = Literal["burst", "spread"]
Camouflage = Literal["none", "random"]
DAY_SECONDS = 86_400
BURST_DAYS = 5
# Users, products, density: from what every procedure finds to what none does.
BLOCKS = ((200, 50, 0.5), (200, 50, 0.2), (50, 20, 0.5), (50, 20, 0.2), (20, 8, 0.5))
TIMINGS: tuple[Timing, ...] = ("burst", "spread")
CAMOUFLAGES: tuple[Camouflage, ...] = ("none", "random")
# Published procedures may name so many blocks; the one that fits the truth best counts.
PEELED_BLOCKS = 3
# Assumed of honest people: households of 2 to 4, and offices.
HOUSEHOLD_PART = 0.3
HOUSEHOLD_SIZES = (2, 3, 4)
PAYING_HOUSEHOLDS = 0.1
OFFICES = 4
OFFICE_SIZES = (50, 500)
# Assumed of rings: so many accounts share a device, half of those also a means of payment.
FARM_SIZES = (3, 4, 5, 6)
PAYING_FARMS = 0.5


class ReviewsInvalid(Invalid):
    """A file that does not hold reviews: edges of user, product, rating, unix time."""

    code = "reviews_invalid"


@dataclass(frozen=True)
class Cell:
    """One kind of ring: so many users and products, their density, timing and camouflage."""

    users: int
    products: int
    density: float
    timing: Timing
    camouflage: Camouflage

    def seeds(self, seed: int, trial: int) -> tuple[int, ...]:
        """What a trial's generator is seeded with: the same whichever cells are tried with it."""
        timing, hiding = TIMINGS.index(self.timing), CAMOUFLAGES.index(self.camouflage)
        density = round(1_000 * self.density)
        return seed, trial, self.users, self.products, density, timing, hiding


@dataclass(frozen=True)
class Injected:
    """Purchases with a ring, who is in it, and the tokens if identities are asked for."""

    purchases: Incidence
    is_ring: Mask
    tokens: tuple[Incidence, ...] = ()


@dataclass(frozen=True)
class Trial:
    """F1 of users of one injection by procedure, and the honest users that ours names."""

    ours: float
    fraudar: float
    unweighted: float
    copurchase_two: float
    copurchase_three: float
    false_users: int


GRID = tuple(
    Cell(*block, timing, camouflage)
    for camouflage, block, timing in product(CAMOUFLAGES, BLOCKS, TIMINGS)
)


def read_reviews(path: Path) -> Incidence:
    """The reviews of an npz file: edges (n, 4) of user, product, rating, unix second.

    Or four arrays user, product, rating, time. Users and products are numbered from 0 anew.
    """
    if not path.is_file():
        raise NotFound(f"there is no file {path}")
    try:
        with np.load(path, allow_pickle=False) as file:
            names = set(file.files)
            if "edges" in names:
                table = np.asarray(file["edges"])
            elif {"user", "product", "time"} <= names:
                user, bought, time = (np.asarray(file[one]) for one in ("user", "product", "time"))
                table = np.column_stack((user, bought, np.zeros_like(time), time))
            else:
                raise ReviewsInvalid(
                    f"{path} has neither edges nor user, product and time, but "
                    + (", ".join(sorted(names)) or "nothing")
                )
    except (ValueError, OSError, BadZipFile, EOFError) as error:
        raise ReviewsInvalid(f"{path} is no npz file of reviews: {error}") from error
    return _numbered(table, path)


def _numbered(table: np.ndarray, path: Path) -> Incidence:
    if table.ndim != 2 or table.shape[1] != 4 or table.dtype.kind not in "iuf":
        raise ReviewsInvalid(f"edges of {path} are not numbers (n, 4): user, product, rating, time")
    if not np.isfinite(table).all():
        raise ReviewsInvalid(f"edges of {path} hold what is not finite")
    users, rows = np.unique(table[:, 0], return_inverse=True)
    products, columns = np.unique(table[:, 1], return_inverse=True)
    if len(products) < max(goods for _, goods, _ in BLOCKS) or len(users) < 2:
        raise ReviewsInvalid(f"{path} has too few users or products to hide a ring among")
    seconds = table[:, 3].astype(np.int64)
    return Incidence(
        rows.astype(np.int64), columns.astype(np.int64), len(users), len(products), seconds
    )


def inject(
    reviews: Incidence,
    cell: Cell,
    *,
    generator: np.random.Generator,
    identity: float | None = None,
) -> Injected:
    """The reviews with a ring of new users. identity: the part of them that shares tokens.

    Burst: all purchases of the block lie within five days from that of a random review; spread,
    and all camouflage: at times of random reviews, so that no time gives a ring away.
    """
    goods = generator.choice(reviews.column_count, cell.products, replace=False)
    members, places = np.nonzero(generator.random((cell.users, cell.products)) < cell.density)
    honest_seconds = _seconds(reviews)
    seconds = generator.choice(honest_seconds, len(members))
    if cell.timing == "burst":
        # Times in whole days stay so.
        step = DAY_SECONDS if not (honest_seconds % DAY_SECONDS).any() else 1
        offsets = generator.integers(0, BURST_DAYS * DAY_SECONDS // step, len(members)) * step
        seconds = generator.choice(honest_seconds) + offsets
    rows, columns = members + reviews.row_count, goods[places]
    if cell.camouflage == "random":
        rows = np.concatenate((rows, rows))
        hiding = generator.integers(0, reviews.column_count, len(members))
        columns = np.concatenate((columns, hiding))
        seconds = np.concatenate((seconds, generator.choice(honest_seconds, len(members))))
    row_count = reviews.row_count + cell.users
    purchases = Incidence(
        np.concatenate((reviews.rows, rows)),
        np.concatenate((reviews.columns, columns)),
        row_count,
        reviews.column_count,
        np.concatenate((honest_seconds, seconds)),
    )
    is_ring = np.arange(row_count) >= reviews.row_count
    tokens = () if identity is None else shared_tokens(is_ring, identity, generator=generator)
    return Injected(purchases, is_ring, tokens)


def _seconds(edges: Incidence) -> Ints:
    if edges.seconds is None:
        raise ReviewsInvalid("reviews have no times")
    return edges.seconds


def shared_tokens(
    is_ring: Mask, rate: float, *, generator: np.random.Generator
) -> tuple[Incidence, Incidence]:
    """Devices and means of payment. Everybody has one of each; households, offices and rings share.

    Of honest users 30 % live in households of 2 to 4 that share a device, one in ten of those
    also how they pay; four offices of 50 to 500 (at most a tenth of all) share a device. Of the
    ring this part share a device in groups of 3 to 6, half of those groups how they pay, too.
    """
    if not 0 <= rate <= 1:
        raise ReviewsInvalid("the part of a ring that shares tokens lies between 0 and 1")
    count = len(is_ring)
    honest, ring = np.flatnonzero(~is_ring), np.flatnonzero(is_ring)
    own = np.arange(count)
    devices, payments = [np.column_stack((own, own))], [np.column_stack((own, own))]
    token = count
    at_home = generator.permutation(honest)[: round(HOUSEHOLD_PART * len(honest))]
    farmed = generator.permutation(ring)[: round(rate * len(ring))]
    groups = [
        *((group, PAYING_HOUSEHOLDS) for group in _cut(at_home, HOUSEHOLD_SIZES, generator)),
        *((group, PAYING_FARMS) for group in _cut(farmed, FARM_SIZES, generator)),
        *((group, 0.0) for group in _offices(honest, generator)),
    ]
    for group, paying in groups:
        devices.append(np.column_stack((group, np.full(len(group), token))))
        if generator.random() < paying:
            payments.append(np.column_stack((group, np.full(len(group), token))))
        token += 1
    made = [np.concatenate(kind) for kind in (devices, payments)]
    one, other = (Incidence(kind[:, 0], kind[:, 1], count, token) for kind in made)
    return one, other


def _cut(members: Ints, sizes: tuple[int, ...], generator: np.random.Generator) -> Iterator[Ints]:
    """Groups of these sizes; who is left alone at the end joins nobody."""
    place = 0
    while len(members) - place > 1:
        size = int(generator.choice(sizes))
        yield members[place : place + size]
        place += size


def _offices(honest: Ints, generator: np.random.Generator) -> Iterator[Ints]:
    for _ in range(OFFICES):
        size = min(int(generator.integers(OFFICE_SIZES[0], OFFICE_SIZES[1] + 1)), len(honest) // 10)
        yield generator.choice(honest, size, replace=False)


def try_cell(
    reviews: Incidence, cell: Cell, *, generator: np.random.Generator, identity: float | None = None
) -> Trial:
    """One injection, and how well its users are found by us and by the published procedures."""
    injected = inject(reviews, cell, generator=generator, identity=identity)
    truth = set(np.flatnonzero(injected.is_ring).tolist())
    named = named_users(injected)
    # The published procedures count a pair of user and product once.
    once = injected.purchases.distinct()
    pairs = list(zip(once.rows.tolist(), once.columns.tolist(), strict=True))
    every = injected.purchases
    bought = list(
        zip(every.rows.tolist(), every.columns.tolist(), _seconds(every).tolist(), strict=True)
    )
    fraudar, unweighted = (
        max(f1(users, truth) for users in dense_users(pairs, weighted=one, blocks=PEELED_BLOCKS))
        for one in (True, False)
    )
    two, three = (f1(copurchase_users(bought, common=one), truth) for one in (2, 3))
    return Trial(f1(named, truth), fraudar, unweighted, two, three, len(named - truth))


def named_users(injected: Injected) -> set[int]:
    """All users of all groups that the default search reports."""
    found = find_groups(injected.purchases, tokens=injected.tokens)
    return {int(row) for group in found.groups for row in group.rows}


def f1(found: set[int], truth: set[int]) -> float:
    """The harmonic mean of precision and recall; 0 where nothing is right."""
    return 2 * len(found & truth) / (len(found) + len(truth)) if found or truth else 0.0
