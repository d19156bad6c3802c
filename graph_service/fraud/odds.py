"""How unlikely is what is seen, and how do several signs come to one score with reasons?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import betabinom, binom, poisson

from graph_service.fraud.detectors.shape import Reason, scaled, shared_out

Floats = NDArray[np.float64]
# Beyond this a tail is as good as impossible (the least float is about exp(-745)).
NATS_MAX: Final = 700.0
# Sums of many terms are no more exact than this.
TAIL_LEAST: Final = 1e-12
# Of fewer parts no spread can be told.
SPREAD_PARTS_LEAST: Final = 20
# By how much the odds grow with a nat of evidence: less than e, since signs hang together.
SPREAD_NATS: Final = 3.0


@dataclass(frozen=True)
class Sign:
    """What one comparison says. strength: nats for (or, below 0, against) a fraud.

    value, baseline: what is seen, and what the comparison group has. zh, en: whole sentences.
    """

    feature: str
    strength: float
    value: float
    baseline: float
    zh: str
    en: str


def at_least(count: ArrayLike, of: ArrayLike, rate: ArrayLike) -> Floats:
    """-ln P(X ≥ count) of a binomial: how unlikely so many or more are (nats)."""
    return _nats(binom.logsf(_floats(count) - 1, _floats(of), _floats(rate)))


def at_most(count: ArrayLike, of: ArrayLike, rate: ArrayLike) -> Floats:
    """-ln P(X ≤ count) of a binomial: how unlikely so few or fewer are (nats)."""
    return _nats(binom.logcdf(_floats(count), _floats(of), _floats(rate)))


@dataclass(frozen=True)
class Spread:
    """How a part differs from one to the next, as a beta distribution: its two parameters."""

    towards_one: float
    towards_zero: float


def spread_of(parts: ArrayLike) -> Spread:
    """The spread of parts, by their median and upper tenth, so that extreme ones count little."""
    known = _floats(parts)
    if len(known) < SPREAD_PARTS_LEAST:
        return Spread(1.0, 1.0)
    middle, upper = np.quantile(known, [0.5, 0.9])
    middle = float(np.clip(middle, 0.01, 0.99))
    # In a normal distribution the upper tenth begins 1.28 deviations above the middle.
    deviation = max(0.01, float(upper - middle) / 1.2816)
    weight = float(np.clip(middle * (1 - middle) / deviation**2 - 1, 2.0, 500.0))
    return Spread(middle * weight, (1 - middle) * weight)


def at_least_among(count: ArrayLike, of: ArrayLike, spread: Spread) -> Floats:
    """-ln P(X ≥ count) where the rate itself differs so: more cases alone prove nothing (nats)."""
    tail = betabinom.sf(_floats(count) - 1, _floats(of), spread.towards_one, spread.towards_zero)
    return _nats(np.log(np.maximum(_floats(tail), TAIL_LEAST)))


def many(count: ArrayLike, mean: ArrayLike) -> Floats:
    """-ln P(X ≥ count) of a Poisson: how unlikely so many or more are (nats)."""
    return _nats(poisson.logsf(_floats(count) - 1, _floats(mean)))


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, np.float64)


def _nats(log_tail: ArrayLike) -> Floats:
    return np.clip(-_floats(log_tail), 0.0, NATS_MAX)


def shrunk(count: ArrayLike, of: ArrayLike, *, towards: float | Floats, weight: float) -> Floats:
    """A part drawn towards another as if that had been seen in so many more cases."""
    return (_floats(count) + towards * weight) / (_floats(of) + weight)


def rate_of(flags: NDArray[np.bool_], *, towards: float, weight: float) -> float:
    """The part that is true, drawn towards another."""
    return float(shrunk(np.count_nonzero(flags), len(flags), towards=towards, weight=weight))


def scored(
    signs: Sequence[Sign], threshold: float, *, spread: float = SPREAD_NATS
) -> tuple[float, tuple[Reason, ...]]:
    """The score of signs together, 0.5 where they add up to the threshold, and the reasons.

    Signs that speak against it lower the score; only those that speak for it are told.
    """
    score = scaled(sum(sign.strength for sign in signs), threshold, spread=spread)
    speaking = [sign for sign in signs if sign.strength > 0]
    parts = shared_out(score, {sign.feature: sign.strength for sign in speaking})
    reasons = (
        Reason(one.feature, one.value, one.baseline, parts[one.feature], one.zh, one.en)
        for one in sorted(speaking, key=lambda sign: -sign.strength)
    )
    return score, tuple(reasons)


def yuan(amount_minor: float) -> str:
    """An amount in yuan with two digits behind the point."""
    return f"{amount_minor / 100:,.2f}"


def percent(part: float) -> str:
    """A part in percent, with a digit behind the point where it is small."""
    return f"{100 * part:.0f} %" if part >= 0.1 else f"{100 * part:.1f} %"


def numbers_of(values: Iterable[np.integer | int]) -> tuple[int, ...]:
    """Numbers in order, each once."""
    return tuple(sorted({int(value) for value in values}))
