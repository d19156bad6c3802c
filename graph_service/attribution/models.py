"""How much of an order does each of its touches deserve, by the rule of a model?

Weights are exact: every machine gives the same, and they add up to 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from typing import Literal

Model = Literal[
    "first_touch", "last_touch", "linear", "time_decay", "position_based", "markov", "shapley"
]
# Fitted on the journeys of a time together, so they say nothing of one order.
FITTED_MODELS = frozenset({"markov", "shapley"})
NOTHING, ALL = Fraction(0), Fraction(1)
# Of the way in which orders are weighed; another where an answer may change without new facts.
MODEL_VERSION = "1"
MICROS_PER_HOUR = 3_600_000_000
# Parts of one: what is left of a touch after some hours is rounded to so many of them, half even.
DECAY_GRID = 10**30
# Digits that the powers of 2 are computed with, more than the grid keeps.
DECAY_DIGITS = 60


def model_name(model: str) -> str:
    """A model with its version, as it stands beside what rests on it."""
    return f"{model}/{MODEL_VERSION}"


@dataclass(frozen=True)
class Program:
    """The rules that attribution follows; they come from the plan.

    half_life_hours: of time_decay. first_weight, last_weight: of position_based. named: rules of
    their own for the orders of some channels or shops; the first that fits is taken.
    """

    model: str = "last_touch"
    window_days: int = 30
    self_purchase: bool = False
    half_life_hours: int = 168
    first_weight: Fraction = Fraction(2, 5)
    last_weight: Fraction = Fraction(2, 5)
    named: tuple["NamedProgram", ...] = ()

    def of(self, channel: str | None, shop_id: str | None) -> "Program":
        """The rules of an order that was placed there."""
        for one in self.named:
            if channel in one.channels or shop_id in one.shop_ids:
                return one.program
        return self

    def asked(self, model: str | None, window_days: int | None) -> "Program":
        """These rules, and the named ones, with what was asked for in their place; None: nothing.

        model: of every order. window_days: likewise.
        """
        return replace(
            self,
            model=model or self.model,
            window_days=window_days or self.window_days,
            named=tuple(
                replace(one, program=one.program.asked(model, window_days)) for one in self.named
            ),
        )

    @property
    def window_days_max(self) -> int:
        """The longest time that a click may come before its order, by any of the rules."""
        return max([self.window_days, *(one.program.window_days for one in self.named)])


@dataclass(frozen=True)
class NamedProgram:
    """Rules for the orders of these channels or shops."""

    name: str
    program: Program
    channels: frozenset[str | None] = frozenset()
    shop_ids: frozenset[str | None] = frozenset()


def touch_weights(rules: Program, times: Sequence[int], paid_at: int) -> list[Fraction]:
    """The weight of each touch. times: of the touches, oldest first (us). paid_at: us."""
    count = len(times)
    if count == 0:
        return []
    if rules.model == "linear":
        return [Fraction(1, count)] * count
    if rules.model == "time_decay":
        return _decayed([(paid_at - at) // MICROS_PER_HOUR for at in times], rules.half_life_hours)
    if rules.model == "position_based":
        return _by_position(count, rules.first_weight, rules.last_weight)
    weights = [NOTHING] * count
    weights[{"first_touch": 0, "last_touch": -1}[rules.model]] = ALL
    return weights


def _decayed(ages: Sequence[int], half_life_hours: int) -> list[Fraction]:
    """Weights in proportion to 2^(-age / half-life). ages: whole hours, oldest first.

    Ages count from the last touch, so that this one is worth 1 however long the order took; a
    touch older by a hundred half-lives is worth nothing.
    """
    left = [remaining(age - ages[-1], half_life_hours) for age in ages]
    total = sum(left)
    return [Fraction(one, total) for one in left]


@lru_cache(maxsize=65_536)
def remaining(hours: int, half_life_hours: int) -> int:
    """What is left of DECAY_GRID after so many hours: 2^(-hours / half-life), half to even."""
    with localcontext() as context:
        context.prec = DECAY_DIGITS
        left = DECAY_GRID * Decimal(2) ** (Decimal(-hours) / Decimal(half_life_hours))
        return int(left.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def _by_position(count: int, first: Fraction, last: Fraction) -> list[Fraction]:
    """The first and the last touch have their weights, those between share what is left.

    Where nothing is between, first and last keep their proportion; halves if both are 0.
    """
    if count == 1:
        return [Fraction(1)]
    if count == 2:
        both = first + last
        return [first / both, last / both] if both else [Fraction(1, 2)] * 2
    return [first, *[(1 - first - last) / (count - 2)] * (count - 2), last]
