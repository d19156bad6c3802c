"""What do rows come to by the member they are of? Counts, means, gaps, peaks, without loops.

keys: the member of each row, from 0; size: how many members. What has too few rows is NaN.
"""

from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from graph_service.snapshot.log import Ints, Numbers
from graph_service.snapshot.resolving import Flags

Floats = NDArray[np.float64]
Keys = Numbers | Ints
MICROS_PER_SECOND: Final = 1_000_000


def counts(keys: Keys, size: int) -> Floats:
    """How many rows each has."""
    return np.bincount(keys, minlength=size).astype(np.float64)


def sums(keys: Keys, values: NDArray[np.generic], size: int) -> Floats:
    """The sum of the values of each, 0 without rows."""
    found = np.bincount(keys, weights=values.astype(np.float64), minlength=size)
    return found.astype(np.float64)


def ratio(part: Floats, whole: Floats) -> Floats:
    """A part of a whole, NaN where there is no whole."""
    found = np.full(len(whole), np.nan)
    np.divide(part, whole, out=found, where=whole > 0)
    return found


def means(keys: Keys, values: NDArray[np.generic], size: int) -> Floats:
    """The mean of the values of each."""
    return ratio(sums(keys, values, size), counts(keys, size))


def part_of(keys: Keys, which: Flags, size: int) -> Floats:
    """Which part of each one's rows is so."""
    return ratio(sums(keys, which, size), counts(keys, size))


def variation(keys: Keys, values: NDArray[np.generic], size: int, *, least: int = 3) -> Floats:
    """Standard deviation by mean (of values ≥ 0) of each with at least so many rows."""
    number, total = counts(keys, size), sums(keys, values, size)
    mean = ratio(total, number)
    apart = values.astype(np.float64) - mean[keys]
    deviation = np.sqrt(ratio(sums(keys, apart**2, size), number))
    found = ratio(deviation, np.nan_to_num(mean))
    found[number < least] = np.nan
    return found


def maxima(keys: Keys, values: NDArray[np.generic], size: int) -> Floats:
    """The greatest value of each (values ≥ 0)."""
    found = np.full(size, -1.0)
    np.maximum.at(found, keys, values.astype(np.float64))
    return np.where(found < 0, np.nan, found)


def medians(keys: Keys, values: NDArray[np.generic], size: int) -> Floats:
    """The (lower) median of the values of each."""
    ordered = values[np.lexsort((values, keys))]
    number = np.bincount(keys, minlength=size)
    ends = np.cumsum(number)
    found = np.full(size, np.nan)
    there = number > 0
    found[there] = ordered[(ends - number + (number - 1) // 2)[there]]
    return found


def gaps(keys: Keys, at: Ints) -> tuple[Keys, Floats]:
    """Seconds between rows of one key that follow each other: (keys, seconds)."""
    order = np.lexsort((at, keys))
    keys, at = keys[order], at[order]
    same = keys[1:] == keys[:-1]
    return keys[1:][same], (at[1:] - at[:-1])[same] / MICROS_PER_SECOND


def most_within(keys: Keys, at: Ints, size: int, seconds: int) -> Floats:
    """The most rows that each has within so many seconds, 0 without rows."""
    if not len(keys):
        return np.zeros(size)
    moment = at // MICROS_PER_SECOND
    moment = moment - moment.min()
    # Key and second in one number, keys so far apart that windows of two never meet.
    wide = int(moment.max()) + seconds + 1
    whole = np.sort(keys.astype(np.int64) * wide + moment)
    around = np.searchsorted(whole, whole + seconds, "left") - np.arange(len(whole))
    return np.nan_to_num(maxima(whole // wide, around, size))


def pairs(keys: Keys, items: Keys) -> tuple[Ints, Ints, Ints]:
    """Each pair of key and item once, with how many rows it has: (keys, items, rows)."""
    wide = int(items.max(initial=0)) + 1
    whole, rows = cast(
        tuple[Ints, Ints], np.unique(keys.astype(np.int64) * wide + items, return_counts=True)
    )
    return whole // wide, whole % wide, rows.astype(np.int64)


def distinct(keys: Keys, items: Keys, size: int) -> Floats:
    """How many different items each has."""
    return counts(pairs(keys, items)[0], size)


def top_part(keys: Keys, items: Keys, size: int) -> Floats:
    """Which part of each one's rows is of the one item that it has most of."""
    owner, _, rows = pairs(keys, items)
    return ratio(np.nan_to_num(maxima(owner, rows, size)), counts(keys, size))


def entropy(keys: Keys, items: Keys, size: int, *, weights: Floats | None = None) -> Floats:
    """Entropy (bits) of each one's rows over its items. weights: by row, of the rows."""
    owner, item, _ = pairs(keys, items)
    wide = int(items.max(initial=0)) + 1
    place = np.searchsorted(owner * wide + item, keys.astype(np.int64) * wide + items)
    heavy = np.bincount(place, weights=weights, minlength=len(owner)).astype(np.float64)
    part = ratio(heavy, sums(owner, heavy, size)[owner])
    bits = np.zeros(len(part))
    np.log2(part, out=bits, where=part > 0)
    found = -sums(owner, np.nan_to_num(part) * bits, size)
    found[counts(keys, size) == 0] = np.nan
    return np.abs(found)
