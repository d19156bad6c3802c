"""Who is odd where oddness is risky, without any label?

Source: Li et al., "ECOD", TKDE 2022: how rare a value is by the empirical distribution of its
column, columns taken as independent. The tail is not chosen by skewness but is the one that the
catalogue calls risky.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from graph_service.features.catalogue import LESS, NEITHER, Features

Floats = NDArray[np.float64]
# Alerts that are looked at. Source: issue 7, at most 20 false ones per 10,000 members.
BUDGET_PART: Final = 20 / 10_000
# Above this part a family's sum is taken to fall off exponentially, so that the rarest differ.
BODY_PART: Final = 0.9
# With more odds by e for each e-fold rarer: a likelihood ratio.
SPREAD: Final = 1.0


@dataclass(frozen=True)
class Tails:
    """How odd each member is. p: 0.5 is met by at most the budget's part of members.

    rarity: (n, families), natural log of one in how many is as odd in that family. surprise: (n, d)
    the same of each feature alone. names, families: of the columns of both.
    """

    p: Floats
    rarity: Floats
    surprise: NDArray[np.float32]
    names: tuple[str, ...]
    families: tuple[str, ...]


def tails_of(features: Features, *, budget_part: float = BUDGET_PART) -> Tails:
    """The oddness of all members. Features without a risky direction, unknown values: none.

    Noisy-or of tails inside a family is the sum of their logs; across families the rarest counts.
    """
    risky = [place for place, way in enumerate(features.directions) if way != NEITHER]
    members = len(features.values)
    surprise = np.zeros((members, len(risky)), np.float32, order="F")
    for column, place in enumerate(risky):
        values = features.values[:, place].astype(np.float64)
        surprise[:, column] = -np.log(tail_of(values, less=features.directions[place] == LESS))
    kept = np.array([features.families[place] for place in risky])
    families = tuple(dict.fromkeys(kept.tolist()))
    rarity = np.zeros((members, len(families)))
    for column, family in enumerate(families):
        rarity[:, column] = rarity_of(surprise[:, kept == family].sum(axis=1, dtype=np.float64))
    return Tails(
        p=within_budget(rarity.max(axis=1, initial=0), budget_part),
        rarity=rarity,
        surprise=surprise,
        names=tuple(features.names[place] for place in risky),
        families=families,
    )


def tail_of(values: Floats, *, less: bool) -> Floats:
    """Which part of the known values is as great or greater (less: as small or smaller)."""
    known = ~np.isnan(values)
    found = np.ones(len(values))
    number = int(known.sum())
    if number:
        own = values[known]
        found[known] = rankdata(own if less else -own, method="max") / number
    return found


def rarity_of(sums: Floats) -> Floats:
    """Log of one in how many has such a sum or a greater one; exponential beyond the body."""
    if not len(sums):
        return sums
    edge = float(np.quantile(sums, BODY_PART))
    beyond = sums > edge
    found = -np.log(tail_of(sums, less=False))
    if beyond.any():
        mean_excess = float((sums[beyond] - edge).mean())
        found[beyond] = (sums[beyond] - edge) / mean_excess - np.log(beyond.mean())
    return found


def within_budget(strength: Floats, budget_part: float) -> Floats:
    """Strengths as scores, of which at most this part of the members has 0.5 or more."""
    allowed = int(len(strength) * budget_part)
    ordered = np.sort(strength)[::-1]
    if allowed >= len(ordered):
        return np.full(len(strength), 0.5)
    # Strictly above the first that is too many.
    threshold = float(np.nextafter(ordered[allowed], np.inf))
    return 1 / (1 + np.exp(-np.clip((strength - threshold) / SPREAD, -50, 50)))
