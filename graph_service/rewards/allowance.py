"""The influence allowance: what each step of a path is owed for the people it brought."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

NOTHING = Fraction(0)


@dataclass(frozen=True)
class Allowance:
    """A pool and its parts (minor units). shares, amounts: one per step, origin first."""

    pool_minor: int
    kept_minor: int
    shares: tuple[Fraction, ...]
    amounts_minor: tuple[int, ...]


def split_allowance(
    pool_minor: int, clicks: Sequence[int], excluded: Sequence[bool], beta: Fraction
) -> Allowance:
    """Split a pool over the steps of a path by the people each brought, exactly.

    clicks: cleared clickers per step, origin first. excluded: steps that keep their place but are
    not paid. S_i is the sum of clicks from step i to the closer; step i's share is
    pi(S_i / S_1) - pi(S_(i+1) / S_1) with pi(x) = beta x + (1 - beta) x^2. Amounts are floored and
    the rest is kept, so a step that splits itself into clones never gains.

    Source: the Pachira lottery tree of Douceur and Moscibroda, "Lottery Trees: Motivational
    Deployment of Networked Systems", SIGCOMM 2007, on the path of one order.
    """
    total = sum(clicks)
    if total == 0:
        return Allowance(pool_minor, pool_minor, (NOTHING,) * len(clicks), (0,) * len(clicks))
    # Whole numbers throughout: pi(S / S_1) in parts of one, of which there are so many.
    parts = beta.denominator * total * total
    heights = [_pi_parts(below, total, beta) for below in people_below(clicks)]
    mine = [heights[i] - heights[i + 1] for i in range(len(clicks))]
    shares = tuple(Fraction(one, parts) for one in mine)
    amounts = tuple(
        0 if out else pool_minor * one // parts for one, out in zip(mine, excluded, strict=True)
    )
    return Allowance(pool_minor, pool_minor - sum(amounts), shares, amounts)


def curve(x: Fraction, beta: Fraction) -> Fraction:
    """pi(x): how much of the pool belongs to a step and all below it, who brought x of all."""
    return beta * x + (1 - beta) * x * x


def _pi_parts(below: int, total: int, beta: Fraction) -> int:
    """pi(below / total), times the denominator of beta, times the square of total."""
    linear, square = beta.numerator, beta.denominator - beta.numerator
    return linear * below * total + square * below * below


def people_below(clicks: Sequence[int]) -> list[int]:
    """S_1 to S_h: the clicks of each step and all below it; and 0 beyond the closer."""
    sums = [0]
    for count in reversed(clicks):
        sums.append(sums[-1] + count)
    return sums[::-1]
