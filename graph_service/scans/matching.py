"""Is this the ring that was alerted on before? Alerts keep their ids, grown or shrunk."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

# How much two groups must have in common to be one: of both together, or of the smaller.
JACCARD_MIN: Final = 0.3
CONTAINED_MIN: Final = 0.5


@dataclass(frozen=True)
class Known:
    """An alert that is shown, or was before it was gone."""

    alert_id: str
    kind: str
    score: float
    members: frozenset[str]


@dataclass(frozen=True)
class Kinship:
    """How much a new group and a known one have in common."""

    jaccard: float
    contained: float

    @property
    def is_enough(self) -> bool:
        """Whether they are one."""
        return self.jaccard >= JACCARD_MIN or self.contained >= CONTAINED_MIN


def kinship(one: frozenset[str], other: frozenset[str]) -> Kinship:
    """What two groups have in common; neither is empty."""
    common = len(one & other)
    return Kinship(common / len(one | other), common / min(len(one), len(other)))


def matched(
    known: Sequence[Known], found: Sequence[tuple[str, frozenset[str]]]
) -> Mapping[int, Known]:
    """By place among found (kind, members), the alert that it is; best matches first, each once."""
    by_member: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, alert in enumerate(known):
        for member in alert.members:
            by_member[alert.kind, member].append(place)
    pairs: list[tuple[float, float, str, int, int]] = []
    for place, (kind, members) in enumerate(found):
        candidates = {one for member in members for one in by_member[kind, member]}
        for candidate in candidates:
            alert = known[candidate]
            kin = kinship(members, alert.members)
            if kin.is_enough:
                row = (-kin.jaccard, -kin.contained, alert.alert_id, place, candidate)
                pairs.append(row)
    taken: dict[int, Known] = {}
    used: set[int] = set()
    for _, _, _, place, candidate in sorted(pairs):
        if place not in taken and candidate not in used:
            taken[place] = known[candidate]
            used.add(candidate)
    return taken


def matched_again(
    gone: Sequence[Known],
    found: Sequence[tuple[str, frozenset[str]]],
    same: Mapping[int, Known],
) -> Mapping[int, Known]:
    """By place among found, the alert that was gone and is back. same: those that never were."""
    places = [place for place in range(len(found)) if place not in same]
    again = matched(gone, [found[place] for place in places])
    return {places[number]: alert for number, alert in again.items()}
