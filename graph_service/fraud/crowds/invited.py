"""What does each account of a line of invitations say: is it of a farm?"""

from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.fraud.lines import Lines, ranges
from graph_service.fraud.odds import shrunk
from graph_service.fraud.scene import Floats, Scene
from graph_service.snapshot.log import NONE, TOKEN_KINDS
from graph_service.snapshot.resolving import Flags

# What a bonus for the first order asks for; and younger accounts had no time to live on; set.
IDLE_DAYS: Final = 3
TENURE_DAYS: Final = 10
# Assumed part of a farm that is seen with shared things.
FARM_SHARES: Final = 0.4
# A token of many strangers (a carrier's IP) says nothing.
OWN_PART: Final = 0.15
STRONG_KINDS: Final = ("device", "payment", "union")
# A phone on an order is that of who receives it, at a pick-up point one for all.
WEAK_KINDS: Final = ("ip", "address", "phone")
# Neighbouring pairs of gaps have a gap in common, so that they say less than they seem to.
GAPS_WEIGHT: Final = 0.6
BINS: Final = 10
STRONG_MOST: Final = 4.0
# Of regular gaps the relative differences are near 0: density 5 (1 - r)^4, of others even.
REGULAR_POWER, REGULAR_PART = 4.0, 0.8
# A long chain has to fit into the life of the mall, so that its steps are so much likelier short.
CHAIN_HASTE: Final = 8.0
# In a farm's chain steps are short: density x^-0.75 / 4 of their ranks, and of some any; set.
HASTE_POWER, HASTE_PART = 0.25, 0.85
HASTE_MOST: Final = 2.0


@dataclass(frozen=True)
class Weights:
    """By row of the lines, what each family of signs says (nats)."""

    strong: Floats
    weak: Floats
    gaps: Floats
    idle: Floats
    haste: Floats

    @property
    def all(self) -> Floats:
        """Together."""
        return self.own + self.gaps

    @property
    def own(self) -> Floats:
        """All but what the times beside it say."""
        return self.strong + self.weak + self.idle + self.haste


def idle_weights(scene: Scene) -> Floats:
    """By member: did it do as little after joining as those of a farm, against its age group?"""
    members = scene.snapshot.members
    tenure = scene.snapshot.now - members.joined
    known = (members.joined != NONE) & (tenure >= TENURE_DAYS * MICROS_PER_DAY)
    weights = np.zeros(scene.people)
    if not known.any():
        return weights
    idle = is_idle(scene)
    cuts = np.quantile(tenure[known], np.linspace(0, 1, BINS + 1)[1:-1])
    group = np.searchsorted(cuts, tenure)
    of = np.bincount(group[known], minlength=BINS)
    usual = shrunk(
        np.bincount(group[known & idle], minlength=BINS),
        of,
        towards=float(idle[known].mean()),
        weight=20.0,
    )
    base = np.clip(usual[group], 0.02, 0.95)
    # In a farm so many of those who would live on do not.
    farm = 1 - 0.45 * (1 - base)
    weights[known] = np.where(idle, np.log(farm / base), np.log((1 - farm) / (1 - base)))[known]
    return weights


def is_idle(scene: Scene) -> Flags:
    """By member: nothing of its own after the first days, and one order at most."""
    members, (starts, _) = scene.snapshot.members, scene.orders_by_buyer
    life = members.last_active - members.joined
    brief = life <= IDLE_DAYS * MICROS_PER_DAY
    return brief & (np.diff(starts) <= 1)


def weigh(scene: Scene, lines: Lines, idle: Floats, *, is_chain: bool = False) -> Weights:
    """What each row of the lines says. is_chain: has each row invited the next?"""
    strong = sum(
        (shared_weights(scene, lines, kind)[0] for kind in STRONG_KINDS), np.zeros(len(lines.rows))
    )
    weak = sum(
        (shared_weights(scene, lines, kind)[0] for kind in WEAK_KINDS), np.zeros(len(lines.rows))
    )
    # A device and a card of one account say hardly more than one of them.
    strong = np.minimum(strong, STRONG_MOST)
    haste = haste_weights(scene, lines) if is_chain else np.zeros(len(lines.rows))
    return Weights(strong, 0.5 * weak, gap_weights(scene, lines), idle[lines.rows], haste)


def shared_weights(scene: Scene, lines: Lines, kind: str) -> tuple[Floats, float]:
    """By row: is it seen with a thing of this kind that others of its line have too?

    Compared with how often that is so in all lines of the mall. Also that part.
    """
    snapshot, uses = scene.snapshot, scene.snapshot.uses
    of_kind = snapshot.token_kind[uses.token] == TOKEN_KINDS.index(kind)
    member, token = uses.member[of_kind], uses.token[of_kind]
    order = np.argsort(member, kind="stable")
    member, token = member[order], token[order]
    begins = np.searchsorted(member, np.arange(scene.people + 1)).astype(np.int64)
    sizes = np.diff(begins)[lines.rows]
    owner = np.repeat(np.arange(len(lines.rows)), sizes)
    seen = token[ranges(begins[lines.rows], sizes)]
    pair = lines.line[owner] * max(1, len(snapshot.token_kind)) + seen
    _, inverse, counts = np.unique(pair, return_inverse=True, return_counts=True)
    here, degree = counts[inverse], scene.token_degree[seen]
    hit = (here >= 2) & (here >= OWN_PART * degree)
    shared = np.zeros(len(lines.rows), np.bool_)
    shared[owner[hit]] = True
    observed = sizes > 0
    base = _usual_part(lines, shared, observed)
    farm = max(FARM_SHARES, 1.5 * base)
    if farm >= 0.95:
        return np.zeros(len(lines.rows)), base
    weights = np.where(shared, log(farm / base), log((1 - farm) / (1 - base)))
    return np.where(observed, weights, 0.0), base


def _usual_part(lines: Lines, shared: Flags, observed: Flags) -> float:
    """Which part of those seen is seen with shared things, but for lines that stand out."""
    with_shared, of = (
        np.add.reduceat(flags.astype(np.float64), lines.starts[:-1]) for flags in (shared, observed)
    )
    usual = shrunk(with_shared.sum(), of.sum(), towards=0.02, weight=200.0)
    plain = with_shared <= 2 * usual * of + 2
    return float(shrunk(with_shared[plain].sum(), of[plain].sum(), towards=0.02, weight=200.0))


def gap_weights(scene: Scene, lines: Lines) -> Floats:
    """By row: are the gaps before and after alike? |a - b| / (a + b) is even for chance joins.

    Source: the local variation of Shinomoto et al. (2003), which is blind to slow changes of rate.
    """
    at = scene.snapshot.members.joined[lines.rows].astype(np.float64)
    weights = np.zeros(len(at))
    if len(at) < 3:
        return weights
    gap = np.diff(at)
    before, after = gap[:-1], gap[1:]
    line = lines.line
    inner = (line[:-2] == line[2:]) & (before + after > 0) & (before >= 0) & (after >= 0)
    alike = np.abs(before - after)[inner] / (before + after)[inner]
    place = np.minimum((alike * BINS).astype(np.int64), BINS - 1)
    usual = shrunk(
        np.bincount(place, minlength=BINS), len(place), towards=1 / BINS, weight=200.0 * BINS
    )
    edge = 1 - np.arange(BINS + 1) / BINS
    power = REGULAR_POWER + 1
    regular = REGULAR_PART * (edge[:-1] ** power - edge[1:] ** power) + (1 - REGULAR_PART) / BINS
    said = GAPS_WEIGHT * np.log(regular / usual)
    weights[1:-1][inner] = said[place]
    return weights


def haste_weights(scene: Scene, lines: Lines) -> Floats:
    """By row, how soon after joining did its inviter invite it, against all invitations?"""
    wait = invitation_waits(scene)
    known = np.sort(wait[np.isfinite(wait)])
    rank = (np.searchsorted(known, wait[lines.rows], side="right") + 1) / (len(known) + 1)
    soon = np.minimum(1.0, CHAIN_HASTE * rank)
    farm = HASTE_PART * HASTE_POWER * soon ** (HASTE_POWER - 1) + 1 - HASTE_PART
    weights = np.minimum(np.log(farm), HASTE_MOST)
    return np.where(np.isfinite(wait[lines.rows]), weights, 0.0)


def invitation_waits(scene: Scene) -> Floats:
    """By member, the time (us) from its inviter's joining to its own; not a number if unknown."""
    members = scene.snapshot.members
    found = np.full(scene.people, np.nan)
    bound = np.flatnonzero((members.inviter != NONE) & (members.joined != NONE))
    above = members.inviter[bound]
    known = members.joined[above] != NONE
    found[bound[known]] = (members.joined[bound] - members.joined[above])[known]
    return found


def first_lags(scene: Scene) -> Floats:
    """By member, the log of the hours from joining to the first order; not a number without."""
    starts, rows = scene.orders_by_buyer
    found = np.full(scene.people, np.nan)
    buyers = np.flatnonzero(np.diff(starts) > 0)
    lag = scene.snapshot.orders.paid[rows[starts[buyers]]] - scene.snapshot.members.joined[buyers]
    hours = np.maximum(lag / MICROS_PER_DAY * 24, 0.01)
    known = scene.snapshot.members.joined[buyers] != NONE
    found[buyers[known]] = np.log(hours[known])
    return found
