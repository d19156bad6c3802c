"""Which planted groups did the alerts find, and whom did they accuse wrongly?

An alert finds a group when at least half of its members are the group's. A group is found when the
alerts that find it together hold at least 60 % of it. A false alert has less than 20 % of its
members from planted groups; look-alikes are honest. An alert in between is neither.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import sqrt
from statistics import stdev
from typing import Any

from graph_service.examination.chronicle import Plot, UnseenWorld
from graph_service.examination.unseen import LEFT_OUT, unseen_world
from graph_service.worlds.diary import Event

FINDS_SHARE, COVERED_SHARE, FALSE_SHARE = 0.5, 0.6, 0.2
# The contract's default threshold: what scores less accuses nobody.
SCORE_MIN = 0.5
# At least half of an alert's members are of one honest group: it was misled by it.
MISLED_SHARE = 0.5
PER_MEMBERS = 10_000
# The normal quantile of an interval of 95 %.
QUANTILE = 1.959964


@dataclass(frozen=True)
class FoundAlert:
    """What an alert accuses whom of."""

    kind: str
    member_ids: tuple[str, ...]
    score: float = 1.0


Find = Callable[[list[Event]], Iterable[FoundAlert]]


@dataclass(frozen=True)
class Judged:
    """One planted group, and whether alerts of its kind, or of any kind, found it."""

    kind: str
    variant: str
    members: int
    found: bool
    found_any: bool
    found_as: tuple[str, ...]


@dataclass(frozen=True)
class Judgement:
    """What came of one world, or of several. misled: alerts by the look-alike that caused them.

    accused: honest members in any alert, also in alerts that find a group. malls: what several
    worlds were put together from, empty for one.
    """

    groups: tuple[Judged, ...]
    alerts: int
    false_alerts: int
    members: int
    honest: int
    accused: int
    false_by_kind: Counter[str] = field(default_factory=Counter[str])
    misled: Counter[str] = field(default_factory=Counter[str])
    malls: tuple["Judgement", ...] = ()

    @property
    def each(self) -> tuple["Judgement", ...]:
        """The judgements of single worlds."""
        return self.malls or (self,)

    @property
    def false_per_10_000(self) -> float:
        """False alerts per 10,000 members."""
        return self.false_alerts * PER_MEMBERS / max(self.members, 1)

    @property
    def accused_percent(self) -> float:
        """Of a hundred honest members, how many are in any alert."""
        return 100 * self.accused / max(self.honest, 1)

    def recall(self, *, any_kind: bool = False) -> dict[str, tuple[int, int]]:
        """By kind: how many groups were found, and of how many."""
        found: dict[str, tuple[int, int]] = {}
        for one in self.groups:
            hits, of = found.get(one.kind, (0, 0))
            found[one.kind] = hits + (one.found_any if any_kind else one.found), of + 1
        return dict(sorted(found.items()))

    def body(self) -> dict[str, Any]:
        """The same as JSON. Kinds that were left out stand apart.

        foundInterval: the 95 % interval of the part that is found. …Sd: over malls, null for one.
        """
        right, any_kind = self.recall(), self.recall(any_kind=True)
        rows = {
            kind: {
                "groups": of,
                "found": hits,
                "foundAnyKind": any_kind[kind][0],
                "foundInterval": [round(one, 4) for one in wilson(hits, of)],
            }
            for kind, (hits, of) in right.items()
        }
        false_sd = deviation([one.false_per_10_000 for one in self.each])
        accused_sd = deviation([one.accused_percent for one in self.each])
        return {
            "kinds": {kind: row for kind, row in rows.items() if kind not in LEFT_OUT},
            "leftOut": {kind: row for kind, row in rows.items() if kind in LEFT_OUT},
            "variants": self._variants(),
            "malls": len(self.each),
            "members": self.members,
            "alerts": self.alerts,
            "falseAlerts": self.false_alerts,
            "falseAlertsByKind": dict(sorted(self.false_by_kind.items())),
            "falseAlertsPer10000": round(self.false_per_10_000, 2),
            "falseAlertsPer10000Sd": None if false_sd is None else round(false_sd, 2),
            "honestMembers": self.honest,
            "honestAccused": self.accused,
            "honestAccusedPercent": round(self.accused_percent, 4),
            "honestAccusedPercentSd": None if accused_sd is None else round(accused_sd, 4),
            "alertsOnLookalikes": dict(sorted(self.misled.items())),
        }

    def _variants(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for one in self.groups:
            row = found.setdefault(f"{one.kind}: {one.variant}", {"groups": 0, "found": 0})
            row["groups"] += 1
            row["found"] += one.found
        return dict(sorted(found.items()))


def judge(world: UnseenWorld, alerts: Iterable[FoundAlert]) -> Judgement:
    """Judge the alerts of one world that reach the default threshold.

    Alerts that name none of its members are of other worlds.
    """
    known = frozenset(world.members)
    reached = [one for one in alerts if one.score >= SCORE_MIN]
    mine = [one for one in reached if not known.isdisjoint(one.member_ids)]
    planted = {member for plot in world.planted for member in plot.member_ids}
    accused: set[str] = set()
    false_by_kind: Counter[str] = Counter()
    for alert in mine:
        members = set(alert.member_ids)
        accused |= (members & known) - planted
        if len(members & planted) < FALSE_SHARE * len(members):
            false_by_kind[alert.kind] += 1
    return Judgement(
        groups=_judged(world.planted, mine),
        alerts=len(mine),
        false_alerts=sum(false_by_kind.values()),
        members=len(known),
        honest=len(known - planted),
        accused=len(accused),
        false_by_kind=false_by_kind,
        misled=_misled(world.lookalikes, mine),
    )


def _judged(planted: Sequence[Plot], alerts: Sequence[FoundAlert]) -> tuple[Judged, ...]:
    by_member: dict[str, list[int]] = defaultdict(list)
    for place, alert in enumerate(alerts):
        for member in set(alert.member_ids):
            by_member[member].append(place)
    judged: list[Judged] = []
    for plot in planted:
        group = set(plot.member_ids)
        touched = {place for member in group for place in by_member.get(member, ())}
        finds = [one for one in (alerts[place] for place in sorted(touched)) if _finds(one, group)]
        right = [one for one in finds if one.kind == plot.kind]
        as_kinds = tuple(sorted({one.kind for one in finds}))
        found, found_any = _covered(right, group), _covered(finds, group)
        judged.append(Judged(plot.kind, plot.variant, len(group), found, found_any, as_kinds))
    return tuple(judged)


def _finds(alert: FoundAlert, group: set[str]) -> bool:
    members = set(alert.member_ids)
    return len(members & group) >= FINDS_SHARE * len(members)


def _covered(alerts: Sequence[FoundAlert], group: set[str]) -> bool:
    covered = {member for one in alerts for member in one.member_ids} & group
    return len(covered) >= COVERED_SHARE * len(group)


def _misled(lookalikes: Sequence[Plot], alerts: Sequence[FoundAlert]) -> Counter[str]:
    """How many alerts each kind of look-alike caused: at least half of their members are of it."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for plot in lookalikes:
        kinds[plot.kind] |= set(plot.member_ids)
    misled: Counter[str] = Counter()
    for alert in alerts:
        members = set(alert.member_ids)
        for kind, alike in kinds.items():
            if len(members & alike) >= MISLED_SHARE * len(members):
                misled[kind] += 1
    return misled


def together(judgements: Iterable[Judgement]) -> Judgement:
    """Several worlds judged as one."""
    all_of = list(judgements)
    false_by_kind: Counter[str] = Counter()
    misled: Counter[str] = Counter()
    for one in all_of:
        false_by_kind.update(one.false_by_kind)
        misled.update(one.misled)
    return Judgement(
        groups=tuple(group for one in all_of for group in one.groups),
        alerts=sum(one.alerts for one in all_of),
        false_alerts=sum(one.false_alerts for one in all_of),
        members=sum(one.members for one in all_of),
        honest=sum(one.honest for one in all_of),
        accused=sum(one.accused for one in all_of),
        false_by_kind=false_by_kind,
        misled=misled,
        malls=tuple(mall for one in all_of for mall in one.each),
    )


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a part of which so many of so many were hit; 0 to 1 of none.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22 (1927).
    """
    if not of:
        return 0.0, 1.0
    part, more = hits / of, QUANTILE**2 / of
    middle = (part + more / 2) / (1 + more)
    width = sqrt(more * (part * (1 - part) + more / 4)) / (1 + more)
    # Rounding may carry an end past that of the part.
    return max(0.0, min(part, middle - width)), min(1.0, max(part, middle + width))


def deviation(values: Sequence[float]) -> float | None:
    """The standard deviation over malls; None of one."""
    return stdev(values) if len(values) > 1 else None


def examine_in_memory(
    find: Find, *, members: int, seeds: Sequence[int], camouflages: Sequence[float]
) -> dict[float, Judgement]:
    """The judgement at each camouflage, each world by itself. find: alerts of events."""
    return {
        camouflage: together(
            judge(world, find(world.events))
            for world in (unseen_world(members, seed, camouflage=camouflage) for seed in seeds)
        )
        for camouflage in camouflages
    }
