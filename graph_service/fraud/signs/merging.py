"""Which findings of one kind are about the same people?"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Finding

# Findings share people when so large a part of the smaller one is of both. Source: fraud.md, an
# alert finds a group when half of its members are the group's.
SHARED_PART: Final = 0.5


def merge(findings: Sequence[Finding]) -> list[Finding]:
    """Findings of one kind; the lesser ones go into the best one that they share people with.

    One that is no alert adds nobody to one that is.
    """
    kept: list[Finding] = []
    places: dict[int, set[int]] = defaultdict(set)
    for one in sorted(findings, key=_best):
        near = sorted({at for member in one.members for at in places[member]})
        place = next((at for at in near if is_shared(one, kept[at])), None)
        if place is None:
            place = len(kept)
            kept.append(one)
        elif one.score >= ALERT_SCORE or kept[place].score < ALERT_SCORE:
            kept[place] = join(kept[place], one)
        for member in kept[place].members:
            places[member].add(place)
    return kept


def join(best: Finding, other: Finding) -> Finding:
    """The best one's score and reasons with the people and orders of both.

    The amount of both is the greater one, since their orders overlap.
    """
    return replace(
        best,
        members=tuple(sorted({*best.members, *other.members})),
        orders=tuple(sorted({*best.orders, *other.orders})),
        shops=tuple(sorted({*best.shops, *other.shops})),
        first_seen=min(best.first_seen, other.first_seen),
        last_seen=max(best.last_seen, other.last_seen),
        amount_minor=max(best.amount_minor, other.amount_minor),
        truncated=best.truncated or other.truncated,
    )


def is_shared(one: Finding, other: Finding) -> bool:
    """Is half of the smaller one in the other?"""
    common = len(set(one.members).intersection(other.members))
    return common >= SHARED_PART * min(len(one.members), len(other.members))


def _best(one: Finding) -> tuple[float, tuple[int, ...]]:
    return -one.score, one.members
