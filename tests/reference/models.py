"""The rules of each model in plain Python: weights of touches, and whom they credit."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache

from tests.reference.path import decimal_string

HOUR = timedelta(hours=1)
PARTS = 10**30


@dataclass(frozen=True)
class Rules:
    """What a plan says of attribution."""

    model: str = "last_touch"
    window_days: int = 30
    half_life_hours: int = 168
    first_weight: Fraction = Fraction(2, 5)
    last_weight: Fraction = Fraction(2, 5)


@lru_cache(maxsize=4096)
def root(value: int, degree: int) -> int:
    """The largest integer whose power of this degree is not above the value."""
    low, high = 0, 2 * PARTS + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**degree <= value else (low, middle)
    return low


@lru_cache(maxsize=65_536)
def left_after(hours: int, half_life_hours: int) -> int:
    """2^(-hours / half-life) in parts of 10^30, rounded; by integer roots alone."""
    power = (2 * PARTS) ** half_life_hours // 2**hours
    return (root(power, half_life_hours) + 1) // 2


def weigh(rules: Rules, times: list[datetime], paid_at: datetime) -> list[Fraction]:
    """What each touch weighs, oldest first."""
    n = len(times)
    first, last = rules.first_weight, rules.last_weight
    raw: list[Fraction] = []
    for i in range(n):
        if rules.model == "first_touch":
            raw.append(Fraction(i == 0))
        elif rules.model == "last_touch":
            raw.append(Fraction(i == n - 1))
        elif rules.model == "linear":
            raw.append(Fraction(1))
        elif rules.model == "time_decay":
            hours = (paid_at - times[i]) // HOUR - (paid_at - times[-1]) // HOUR
            raw.append(Fraction(left_after(hours, rules.half_life_hours)))
        elif i in (0, n - 1) and n > 1:
            raw.append(first if i == 0 else last)
        else:
            raw.append((1 - first - last) / max(1, n - 2))
    if n and sum(raw) == 0:
        raw = [Fraction(1)] * n
    return [one / sum(raw) for one in raw]


def credit(
    amount_minor: int, payees: list[tuple[str | None, Fraction]]
) -> list[tuple[str, Fraction, int]]:
    """(member, weight, amount) in the order of the first touch; the last touch takes the rest."""
    weighing = [(member_id, weight) for member_id, weight in payees if weight > 0]
    sums: dict[str | None, Fraction] = {}
    for member_id, weight in weighing:
        sums[member_id] = sums.get(member_id, Fraction(0)) + weight
    parts = {member_id: int(amount_minor * weight) for member_id, weight in sums.items()}
    if weighing:
        parts[weighing[-1][0]] += amount_minor - sum(parts.values())
    return [(one, sums[one], parts[one]) for one in sums if one is not None]


def told(credited: list[tuple[str, Fraction, int]]) -> list[dict[str, object]]:
    """Credits the way answers spell them."""
    return [
        {"memberId": member_id, "weight": decimal_string(weight), "amountMinor": amount_minor}
        for member_id, weight, amount_minor in credited
    ]
