"""Removal effects the slow way: the chain without a touchpoint, solved in fractions."""

from collections import defaultdict
from fractions import Fraction
from itertools import pairwise

Touches = tuple[str | None, ...]


def conversion_chance(
    paths: dict[Touches, tuple[int, int]], order: int, removed: set[str | None]
) -> Fraction:
    """The chance to convert, if who steps on a removed touchpoint is lost."""
    counts: defaultdict[tuple[Touches, Touches | str], int] = defaultdict(int)
    for touches, (won, lost) in paths.items():
        states: list[Touches] = [()]
        states += [touches[i : i + order] for i in range(max(1, len(touches) - order + 1))]
        for a, b in pairwise(states):
            counts[a, b] += won + lost
        counts[states[-1], "won"] += won
        counts[states[-1], "lost"] += lost
    leaving: defaultdict[Touches, int] = defaultdict(int)
    for (a, _), count in counts.items():
        leaving[a] += count
    states = [one for one in leaving if not removed & set(one)]
    place = {one: i for i, one in enumerate(states)}
    rows = [[Fraction(i == j) for j in range(len(states) + 1)] for i in range(len(states))]
    for (a, b), count in counts.items():
        if a in place and b == "won":
            rows[place[a]][-1] += Fraction(count, leaving[a])
        elif a in place and b in place:
            rows[place[a]][place[b]] -= Fraction(count, leaving[a])  # type: ignore[index]
    return eliminated(rows)[place[()]]


def eliminated(rows: list[list[Fraction]]) -> list[Fraction]:
    """The solution of the equations whose last column is the right-hand side."""
    for i in range(len(rows)):
        pivot = next(j for j in range(i, len(rows)) if rows[j][i] != 0)
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [one / rows[i][i] for one in rows[i]]
        for j, row in enumerate(rows):
            if j != i and row[i] != 0:
                rows[j] = [a - row[i] * b for a, b in zip(row, rows[i], strict=True)]
    return [row[-1] for row in rows]


def exact_removal_effects(
    paths: dict[Touches, tuple[int, int]], order: int
) -> dict[str | None, Fraction]:
    """Per touchpoint the part of the conversions that is lost without it."""
    keys = {key for touches in paths for key in touches}
    whole = conversion_chance(paths, order, set())
    if whole == 0:
        return dict.fromkeys(keys, Fraction(0))
    return {key: 1 - conversion_chance(paths, order, {key}) / whole for key in keys}
