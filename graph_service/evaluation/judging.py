"""How right are the alerts about a world whose frauds are known?

An alert is about a group when at least half of its members are the group's; a group is found when
the alerts about it together cover 60 % of it. An alert is false when less than a fifth of its
members are in any group. Source: the acceptance of this project (README, "Fraud").
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Finding
from graph_service.snapshot.resolving import Snapshot

ABOUT_PART_LEAST: Final = 0.5
COVERED_PART_LEAST: Final = 0.6
FALSE_BELOW_PART: Final = 0.2
PER_MEMBERS: Final = 10_000


class Named(Protocol):
    """Members by their ids, said to be of a kind: a planted group, a look-alike or an alert."""

    @property
    def kind(self) -> str:
        """Which kind."""
        ...

    @property
    def member_ids(self) -> tuple[str, ...]:
        """Who they are."""
        ...


@dataclass(frozen=True)
class Accusation:
    """An alert as it is judged: a kind and members."""

    kind: str
    member_ids: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """How a kind was found. right: found by alerts of this kind alone; found: by any."""

    planted: int
    found: int
    right: int

    @property
    def recall(self) -> float:
        """The part of the groups that alerts of any kind find; 1 where none is planted."""
        return self.found / self.planted if self.planted else 1.0

    @property
    def recall_right(self) -> float:
        """The part of the groups that alerts of the right kind find; 1 where none is planted."""
        return self.right / self.planted if self.planted else 1.0


@dataclass(frozen=True)
class Judgement:
    """What alerts were worth. kinds: by kind of fraud; found: by group, whether (any, right) kind.

    false_alerts: by kind of the alert. accused: honest members in any alert, of so many honest.
    alike: by kind of look-alike, how many false alerts have a member of one.
    """

    kinds: Mapping[str, Told]
    found: tuple[tuple[bool, bool], ...]
    alerts: int
    false_alerts: Mapping[str, int]
    accused: int
    honest: int
    members: int
    alike: Mapping[str, int]

    @property
    def false_per_10_000(self) -> float:
        """False alerts for 10,000 members."""
        return sum(self.false_alerts.values()) * PER_MEMBERS / max(1, self.members)

    @property
    def accused_part(self) -> float:
        """The part of the honest members that is in any alert."""
        return self.accused / max(1, self.honest)


def judge(
    alerts: Sequence[Named],
    frauds: Sequence[Named],
    members: int,
    *,
    lookalikes: Sequence[Named] = (),
) -> Judgement:
    """How right the alerts are. members: how many there are in all, honest or not."""
    guilty = {one for group in frauds for one in group.member_ids}
    sets = [(one.kind, frozenset(one.member_ids)) for one in alerts if one.member_ids]
    false = [(kind, accused) for kind, accused in sets if part(accused, guilty) < FALSE_BELOW_PART]
    found = tuple(
        (_is_found(group, sets), _is_found(group, [one for one in sets if one[0] == group.kind]))
        for group in frauds
    )
    alike = Counter[str]()
    for kind in sorted({one.kind for one in lookalikes}):
        theirs = {name for one in lookalikes if one.kind == kind for name in one.member_ids}
        alike[kind] = sum(1 for _, accused in false if accused & theirs)
    return Judgement(
        kinds=_by_kind(frauds, found),
        found=found,
        alerts=len(sets),
        false_alerts=Counter(kind for kind, _ in false),
        accused=len({one for _, accused in sets for one in accused} - guilty),
        honest=members - len(guilty),
        members=members,
        alike=alike,
    )


def part(accused: frozenset[str], group: Iterable[str]) -> float:
    """Which part of the accused is of a group."""
    return len(accused.intersection(group)) / len(accused)


def accusations(
    findings: Iterable[Finding], snapshot: Snapshot, *, least: float = ALERT_SCORE
) -> list[Accusation]:
    """The findings that are alerts at this threshold, with members by their ids."""
    names = snapshot.names["member"]
    return [
        Accusation(one.kind, tuple(names[member] for member in one.members))
        for one in findings
        if one.score >= least
    ]


def _is_found(group: Named, alerts: Sequence[tuple[str, frozenset[str]]]) -> bool:
    about = [
        accused for _, accused in alerts if part(accused, group.member_ids) >= ABOUT_PART_LEAST
    ]
    covered = frozenset[str]().union(*about).intersection(group.member_ids)
    return len(covered) >= COVERED_PART_LEAST * len(group.member_ids)


def _by_kind(frauds: Sequence[Named], found: Sequence[tuple[bool, bool]]) -> dict[str, Told]:
    planted, any_kind, right = (Counter[str]() for _ in range(3))
    for group, (is_found, is_right) in zip(frauds, found, strict=True):
        planted[group.kind] += 1
        any_kind[group.kind] += is_found
        right[group.kind] += is_right
    return {kind: Told(planted[kind], any_kind[kind], right[kind]) for kind in sorted(planted)}
