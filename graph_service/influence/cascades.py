"""How much of what others passed on goes back to a member: credit distribution.

Source: Goyal, Bonchi and Lakshmanan, "A data-based approach to social influence maximization",
VLDB 2011 (PVLDB 5(1)). Its action log is here the cascades: whoever makes a share in one performs
that action, once, at the time of the first. Those whom a member can have it from are the makers of
the shares that the member passed on in it, if they were earlier.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import exp
from typing import Literal

Split = Literal["equal", "decayed"]
# Chances of the decayed split are rounded to so many parts of one.
GRID = 10**12


@dataclass(frozen=True)
class Act:
    """A share in a cascade. at: us. member_id, parent_id: None where nobody has told."""

    share_id: str
    member_id: str | None
    parent_id: str | None
    at: int


@dataclass(frozen=True)
class Cascade:
    """Who acted when, and whom each can have it from. both: in order of time, then id."""

    times: Mapping[str, int]
    sources: Mapping[str, tuple[str, ...]]

    def gap(self, source_id: str, member_id: str) -> int:
        """How much later the member acted (us)."""
        return self.times[member_id] - self.times[source_id]


# The direct credit that a member gives to one they can have it from.
Direct = Callable[[Cascade, str, str], Fraction]


def cascade_of(acts: Iterable[Act]) -> Cascade:
    """The cascade of these shares."""
    acts = list(acts)
    first: dict[str, int] = {}
    for act in acts:
        if act.member_id is not None:
            first[act.member_id] = min(act.at, first.get(act.member_id, act.at))
    makers = {act.share_id: act.member_id for act in acts}
    found: defaultdict[str, set[str]] = defaultdict(set)
    for act in acts:
        source_id = makers.get(act.parent_id or "")
        if act.member_id is None or source_id is None:
            continue
        if first[source_id] < first[act.member_id]:
            found[act.member_id].add(source_id)
    times = dict(sorted(first.items(), key=lambda one: (one[1], one[0])))
    return Cascade(times, {one: tuple(sorted(found[one])) for one in times})


def equal_split(cascade: Cascade, source_id: str, member_id: str) -> Fraction:
    """The same for each whom the member can have it from."""
    assert source_id in cascade.sources[member_id], "credit goes to sources only"
    return Fraction(1, len(cascade.sources[member_id]))


def decayed_split(log: Sequence[Cascade]) -> Direct:
    """Less for those long before: infl(u) / |N(u)| exp(-gap / tau(v, u)).

    tau(v, u): the mean gap between v and u in the log. infl(u): the part of u's actions that came
    within tau of one whom u can have it from. On a grid of 10^-12.
    """
    gaps: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for cascade in log:
        for member_id, sources in cascade.sources.items():
            for source_id in sources:
                gaps[source_id, member_id].append(cascade.gap(source_id, member_id))
    tau = {pair: Fraction(sum(times), len(times)) for pair, times in gaps.items()}
    acted: defaultdict[str, int] = defaultdict(int)
    moved: defaultdict[str, int] = defaultdict(int)
    for cascade in log:
        for member_id, sources in cascade.sources.items():
            acted[member_id] += 1
            moved[member_id] += any(
                cascade.gap(one, member_id) <= tau[one, member_id] for one in sources
            )

    def direct(cascade: Cascade, source_id: str, member_id: str) -> Fraction:
        gap = cascade.gap(source_id, member_id) / tau[source_id, member_id]
        left = Fraction(round(exp(-float(gap)) * GRID), GRID)
        influenced = Fraction(moved[member_id], acted[member_id])
        return influenced * left / len(cascade.sources[member_id])

    return direct


def credit_of(cascade: Cascade, member_id: str, direct: Direct) -> dict[str, Fraction]:
    """What each later member owes to this one in a cascade, directly or through others.

    Gamma(v, u) = sum over u's sources w of Gamma(v, w) gamma(w, u), with Gamma(v, v) = 1.
    """
    if member_id not in cascade.times:
        return {}
    credit = {member_id: Fraction(1)}
    for one, sources in cascade.sources.items():
        owed = [
            credit[source] * direct(cascade, source, one) for source in sources if source in credit
        ]
        if owed and one != member_id:
            credit[one] = sum(owed, Fraction(0))
    del credit[member_id]
    return credit


def influence(log: Sequence[Cascade], direct: Direct) -> dict[str, Fraction]:
    """Per member the sum over all others u of kappa(v, u) = sum of Gamma(v, u) / actions of u.

    How many others would act if this member alone began: the member's own action is left out.
    """
    acted: defaultdict[str, int] = defaultdict(int)
    for cascade in log:
        for member_id in cascade.times:
            acted[member_id] += 1
    found = dict.fromkeys(sorted(acted), Fraction(0))
    for cascade in log:
        for member_id in cascade.times:
            for one, credit in credit_of(cascade, member_id, direct).items():
                found[member_id] += credit / acted[one]
    return found
