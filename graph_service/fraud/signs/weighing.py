"""How much does each sign say, and how is it told?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np

from graph_service.fraud.detectors.kinds import Kind
from graph_service.fraud.detectors.shape import Finding, Reason, scaled, shared_out
from graph_service.fraud.scene import Scene
from graph_service.snapshot.log import NONE, Ints

# Odds against a group before anything is known of it: about ten groups are planted among 10,000
# members (fraud.md: prevalence of 0.5 to 2 %), so that 3,000 to 1 stands against a candidate.
ALERT_NATS: Final = 8.0
# A score of 0.9, which places a hold, takes this much more: 2.2 × spread.
SPREAD_NATS: Final = 2.0
# Findings below are not told: nobody looks at them.
SCORE_LEAST: Final = 0.01
# No single sign decides alone, however rare it is in this mall: counts of a few say no more.
SIGN_NATS_MAX: Final = 7.0


# In a small mall a rate is told as if so many honest ones more were known, none of whom does it:
# that what nobody else does is rarer than one in a hundred.
HONEST_BESIDE: Final = 500


@dataclass(frozen=True)
class Sign:
    """Something measured, with what honest members have. nats: log of how much likelier in fraud.

    Signs below 0 speak for honesty.
    """

    feature: str
    value: float
    baseline: float
    nats: float
    zh: str
    en: str


def rarity(rate: float, *, most: float = SIGN_NATS_MAX) -> float:
    """The nats of something that happens to so large a part of honest ones."""
    return min(most, -log(max(rate, 1e-12))) if rate < 1 else 0.0


def rate_of(count: int, among: int) -> float:
    """The part of honest ones that does something, never 0."""
    return (count + 1) / (among + HONEST_BESIDE)


def reasons_of(signs: Sequence[Sign], score: float) -> tuple[Reason, ...]:
    """Reasons, the weightiest first. Signs for honesty are told with a contribution of 0."""
    weights = {one.feature: max(0.0, one.nats) for one in signs}
    parts = shared_out(score, weights)
    found = [
        Reason(one.feature, one.value, one.baseline, parts[one.feature], one.zh, one.en)
        for one in signs
    ]
    return tuple(sorted(found, key=lambda one: (-one.contribution, one.feature)))


def finding_of(
    kind: Kind,
    scene: Scene,
    members: Sequence[int],
    signs: Sequence[Sign],
    *,
    orders: Ints,
    threshold: float = ALERT_NATS,
) -> Finding:
    """A finding whose score comes from the sum of its signs; orders are what it is about."""
    told = scene.snapshot.orders
    score = scaled(sum(one.nats for one in signs), threshold, spread=SPREAD_NATS)
    chosen = np.unique(orders)
    shops = np.unique(told.shop[chosen])
    times = told.paid[chosen]
    return Finding(
        kind=kind,
        score=score,
        members=tuple(sorted({int(one) for one in members})),
        reasons=reasons_of(signs, score),
        orders=tuple(int(one) for one in chosen),
        shops=tuple(int(one) for one in shops if one != NONE),
        first_seen=int(times.min()) if len(times) else 0,
        last_seen=int(times.max()) if len(times) else 0,
        amount_minor=int(scene.net[chosen].sum()),
    )


def best_first(findings: Iterable[Finding]) -> list[Finding]:
    """Those that are told, best first."""
    told = [one for one in findings if one.score > SCORE_LEAST]
    return sorted(told, key=lambda one: (-one.score, one.members))


def yuan(amount_minor: float) -> str:
    """An amount in yuan, as people write it."""
    return f"{amount_minor / 100:,.2f}"


def percent(part: float) -> str:
    """A part in percent; small ones keep two digits that tell."""
    return f"{part * 100:.0f}%" if part >= 0.1 else f"{part * 100:.2g}%"
