"""What does each account of a line of invitations say: is it of a farm?"""

from math import log
from typing import Final

import numpy as np

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.fraud.lines import Lines, ranges
from graph_service.fraud.odds import shrunk
from graph_service.fraud.scene import Floats, Scene
from graph_service.snapshot.log import NONE, TOKEN_KINDS, Ints
from graph_service.snapshot.resolving import Flags

# What a bonus for the first order asks for; and younger accounts had no time to live on; set.
IDLE_DAYS: Final = 3
TENURE_DAYS: Final = 10
# Assumed part of a farm that is seen with shared things.
FARM_SHARES: Final = 0.5
# Of those so many share theirs with one other only.
FARM_PAIRS: Final = 0.35
LEAST_PART: Final = 0.005
# So many that share a thing, and live longer than a farm's, are a family.
FAMILY: Final = 4
# A token of many strangers (a carrier's IP) says nothing.
OWN_PART: Final = 0.15
# Families of tokens, and what they weigh. A phone on an order is that of who receives it, at a
# pick-up point one for all.
TOKENS: Final = {
    "device": (("device",), 1.0),
    "payment": (("payment", "union"), 1.0),
    "ip": (("ip",), 0.5),
    "address": (("address", "phone"), 0.5),
}
# Neighbouring pairs of gaps have a gap in common, so that they say less than they seem to.
GAPS_WEIGHT: Final = 0.6
BINS: Final = 10
# A few things of one account say hardly more than one of them.
TOKENS_MOST: Final = 4.0
# Of a farm so many live less than others of their age, density 3 (1 - x)^2 of their ranks; set.
THIN_PART, THIN_POWER = 0.6, 2.0
# First orders after lags that differ by a sixth are alike; of a farm so many are, set.
LIKE_LOG, FARM_LIKE = 0.15, 0.5
# Later ones are of who joined for something else; who joined before the log begins is all alike.
SOON_DAYS: Final = 7
# Of regular gaps the relative differences are near 0: density 5 (1 - r)^4, of others even.
REGULAR_POWER, REGULAR_PART = 4.0, 0.8
# A long chain has to fit into the life of the mall, so that its steps are so much likelier short.
CHAIN_HASTE: Final = 8.0
# In a farm's chain steps are short: density x^-0.75 / 4 of their ranks, and of some any; set.
HASTE_POWER, HASTE_PART = 0.25, 0.85
HASTE_MOST: Final = 2.0


# What rows say (nats), by family of signs.
Families = dict[str, Floats]


def idle_weights(scene: Scene) -> Floats:
    """By member: did it do as little after joining as those of a farm, against its age group?"""
    members = scene.snapshot.members
    tenure = scene.snapshot.now - members.joined
    known = (members.joined != NONE) & (tenure >= TENURE_DAYS * MICROS_PER_DAY)
    weights = np.zeros(scene.people)
    if not known.any():
        return weights
    days = days_of_life(scene)
    cuts = np.quantile(tenure[known], np.linspace(0, 1, BINS + 1)[1:-1])
    group = np.searchsorted(cuts, tenure)
    for number in range(BINS):
        rows = np.flatnonzero(known & (group == number))
        weights[rows] = _thinness(days[rows])
    return weights


def _thinness(days: Ints) -> Floats:
    """What it says of each to have so few days, against the others; equal ones share their ranks.

    As if a hundred more were known, evenly spread.
    """
    if not len(days):
        return np.zeros(0)
    ordered = np.sort(days)
    evenly = 100 / (len(days) + 100)
    low, high = (
        np.searchsorted(ordered, days, side=side) / len(days) for side in ("left", "right")
    )
    span = np.maximum(high - low, 1 / len(days))
    power = THIN_POWER + 1
    thin = ((1 - low) ** power - np.maximum(1 - low - span, 0) ** power) / span
    said = THIN_PART * thin + 1 - THIN_PART
    return np.log((1 - evenly) * said + evenly)


def days_of_life(scene: Scene) -> Ints:
    """By member, on how many days after the first ones it did something that is told."""
    snapshot, joined = scene.snapshot, scene.snapshot.members.joined
    clicks, shares, orders = snapshot.clicks, snapshot.shares, snapshot.orders
    own, told = clicks.member != NONE, (shares.member != NONE) & (shares.at != NONE)
    everybody = np.arange(scene.people)
    who = np.concatenate(
        [clicks.member[own], shares.member[told], orders.buyer[scene.paid], everybody]
    ).astype(np.int64)
    at = np.concatenate(
        [clicks.at[own], shares.at[told], orders.paid[scene.paid], snapshot.members.last_active]
    )
    later = (joined[who] != NONE) & (at > joined[who] + IDLE_DAYS * MICROS_PER_DAY)
    day = (at[later] - joined[who[later]]) // MICROS_PER_DAY
    span = int(day.max(initial=0)) + 1
    distinct = np.unique(who[later] * span + day) // span
    return np.bincount(distinct, minlength=scene.people).astype(np.int64)


def is_idle(scene: Scene) -> Flags:
    """By member: nothing of its own after the first days, and one order at most."""
    members, (starts, _) = scene.snapshot.members, scene.orders_by_buyer
    life = members.last_active - members.joined
    brief = life <= IDLE_DAYS * MICROS_PER_DAY
    return brief & (np.diff(starts) <= 1)


def weigh(scene: Scene, lines: Lines, idle: Floats, *, is_chain: bool = False) -> Families:
    """What each row of the lines says. is_chain: has each row invited the next?"""
    found: Families = {}
    for name, (kinds, weight) in TOKENS.items():
        said = sum(
            (shared_weights(scene, lines, kind, idle)[0] for kind in kinds),
            np.zeros(len(lines.rows)),
        )
        found[name] = weight * np.minimum(said, TOKENS_MOST)
    found["gaps"] = gap_weights(scene, lines)
    found["idle"] = idle[lines.rows]
    found["orders"] = order_weights(scene, lines)
    if is_chain:
        found["haste"] = haste_weights(scene, lines)
    return found


def shared_weights(scene: Scene, lines: Lines, kind: str, idle: Floats) -> tuple[Floats, float]:
    """By row: is it seen with a thing of this kind that others of its line have too?

    Compared with how often that is so in all lines of the mall. Also that part. idle: by member,
    what idle_weights says; below 0 of families, whose members say together what one would.
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
    together = np.zeros(len(lines.rows), np.int64)
    np.maximum.at(together, owner[hit], here[hit])
    life = np.bincount(inverse, weights=idle[lines.rows[owner]])[inverse]
    in_family = np.zeros(len(lines.rows), np.bool_)
    in_family[owner[hit & (here <= FAMILY) & (life < 0)]] = True
    in_family &= together <= FAMILY
    observed = sizes > 0
    base = _usual_part(lines, together >= 2, observed)
    several = min(base, _usual_part(lines, together >= 3, observed))
    pair = max(base - several, LEAST_PART)
    # A farm has its things for several accounts each; two with one are a couple more often.
    farm = max(FARM_SHARES, 1.5 * base)
    if farm >= 0.95:
        return np.zeros(len(lines.rows)), base
    of_pair, of_several = FARM_PAIRS * farm, (1 - FARM_PAIRS) * farm
    # The first of those who share a thing could be anybody: of two one says something.
    beyond = np.where(in_family, 1, together - 1) / np.maximum(together, 1)
    of = np.where(
        together >= 3, log(max(of_several, 1.5 * several) / several), log(max(of_pair, pair) / pair)
    )
    weights = np.where(together >= 2, beyond * of, log((1 - farm) / (1 - base)))
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


def order_weights(scene: Scene, lines: Lines) -> Floats:
    """By row: did its first order come after a like lag as that of the one before or after it?"""
    lags = first_lags(scene)[lines.rows]
    bought = np.flatnonzero(lags < log(24 * SOON_DAYS))
    weights = np.zeros(len(lags))
    if len(bought) < 2:
        return weights
    line = lines.line[bought]
    near = (np.diff(line) == 0) & (np.abs(np.diff(lags[bought])) < LIKE_LOG)
    beside = np.diff(line) == 0
    alike, seen = np.zeros((2, len(lags)), np.bool_)
    for place in (bought[1:], bought[:-1]):
        alike[place] |= near
        seen[place] |= beside
    base = _usual_part(lines, alike, seen)
    farm = max(FARM_LIKE, 1.5 * base)
    if farm >= 0.95:
        return weights
    said = np.where(alike, log(farm / base), log((1 - farm) / (1 - base)))
    return np.where(seen, said, 0.0)


def haste_weights(scene: Scene, lines: Lines) -> Floats:
    """By row, how soon after joining did its inviter invite it, against other invitations?

    When a mall opens everybody is in haste: who could not have waited as long as half do says
    nothing.
    """
    wait = invitation_waits(scene)
    joined = scene.snapshot.members.joined
    own, line = wait[lines.rows], lines.line
    known = np.sort(wait[np.isfinite(wait)])
    if not len(known):
        return np.zeros(len(own))
    open_us = joined[lines.rows] - joined[joined != NONE].min()
    could_wait = open_us >= known[len(known) // 2]
    sooner = np.searchsorted(known, own, side="right")
    # Those of its own line are no comparison.
    order = np.lexsort((own, line))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    mine = place - lines.starts[line] + 1
    others = len(known) - np.diff(lines.starts)[line]
    rank = (np.maximum(sooner - mine, 0) + 1) / (np.maximum(others, 0) + 1)
    soon = np.minimum(1.0, CHAIN_HASTE * rank)
    farm = HASTE_PART * HASTE_POWER * soon ** (HASTE_POWER - 1) + 1 - HASTE_PART
    weights = np.minimum(np.log(farm), HASTE_MOST)
    return np.where(np.isfinite(own) & could_wait, weights, 0.0)


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
