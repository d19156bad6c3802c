"""Are the invitees of this promoter accounts from a farm?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Detector, Finding, Threshold
from graph_service.fraud.lines import Lines, best_stretches, chains, ranges, stars, trees
from graph_service.fraud.odds import Sign, numbers_of, percent, scored, shrunk
from graph_service.fraud.scene import Floats, Scene
from graph_service.snapshot.log import NONE, TOKEN_KINDS, Ints, Numbers
from graph_service.snapshot.resolving import Flags

THRESHOLDS: Final = {
    "evidence": Threshold(12.0, "nats", "one false alarm by chance in 160,000 starts (Page)"),
    "accounts": Threshold(6, "accounts", "fewer are a family; set"),
    "idle_days": Threshold(3, "days", "what a bonus for the first order asks for; set"),
    "tenure_days": Threshold(10, "days", "younger accounts had no time to live on; set"),
    "farm_shares": Threshold(0.4, "part", "assumed part of a farm that is seen with shared things"),
    "own_part": Threshold(0.15, "part", "a token of many strangers (a carrier's IP) says nothing"),
    "lively": Threshold(-2.5, "nats", "accounts that live like others are left out; set"),
}
STRONG_KINDS: Final = ("device", "payment", "union")
# A phone on an order is that of who receives it, at a pick-up point one for all.
WEAK_KINDS: Final = ("ip", "address", "phone")
# No family of signs is enough alone but shared devices, payment and phones (nats).
CAPS: Final = {"strong": 40.0, "weak": 8.0, "gaps": 10.0, "idle": 8.0, "orders": 5.0}
# Neighbouring pairs of gaps have a gap in common, so that they say less than they seem to.
GAPS_WEIGHT: Final = 0.6
BINS: Final = 10
FINDINGS_MAX: Final = 2_000
# A farm that spreads its invitations over its own accounts is looked at so many levels down; set.
LEVELS: Final = 4
# Before and after a stretch, so much of its time belongs to it; set.
AROUND: Final = 0.75
# A line of which so much joined then, and so much of that in the stretch, is all a farm's; set.
MOSTLY, CORE_LEAST = 0.7, 0.4
STRONG_MOST: Final = 4.0
SPREAD: Final = 3.0
# Of regular gaps the relative differences are near 0: density 5 (1 - r)^4, of others even.
REGULAR_POWER, REGULAR_PART = 4.0, 0.8


@dataclass(frozen=True)
class Weights:
    """By row of the lines, what each family of signs says (nats)."""

    strong: Floats
    weak: Floats
    gaps: Floats
    idle: Floats

    @property
    def all(self) -> Floats:
        """Together."""
        return self.strong + self.weak + self.gaps + self.idle


def find(scene: Scene) -> Sequence[Finding]:
    """Farms among stars of invitees and chains of invitations, best first."""
    if scene.people == 0:
        return []
    idle = idle_weights(scene)
    findings, is_cut = list[list[Finding]](), False
    least = int(THRESHOLDS["accounts"].value)
    for lines in (
        stars(scene, least=least),
        chains(scene, least=least),
        trees(scene, least=least, levels=LEVELS),
    ):
        findings.append([])
        if len(lines.leader) == 0:
            continue
        weights = weigh(scene, lines, idle)
        starts, ends, gains = best_stretches(weights.all, lines)
        worth = np.flatnonzero(gains > THRESHOLDS["evidence"].value / 2)
        if len(worth) > FINDINGS_MAX:
            scene.notes.append(f"account_farm: {len(worth)} lines, {FINDINGS_MAX} judged")
            worth = worth[np.argsort(-gains[worth], kind="stable")][:FINDINGS_MAX]
            is_cut = True
        for place in worth:
            found = _finding(
                scene, lines, weights, (int(place), int(starts[place]), int(ends[place]))
            )
            if found is not None:
                findings[-1].append(found)
    narrow = [one for found in findings[:2] for one in found]
    kept = _apart([], narrow)
    told = _apart([one for one in kept if one.score >= ALERT_SCORE], findings[2])
    quiet = [one for one in kept if one.score < ALERT_SCORE]
    told += _apart(told, quiet)[len(told) :]
    told = [replace(one, truncated=is_cut) for one in told]
    return sorted(told, key=lambda one: (-one.score, one.members))


def _apart(kept: Sequence[Finding], findings: Sequence[Finding]) -> list[Finding]:
    """Those kept, and of the others, best first, what has less than half in common with them.

    Half of the smaller: a tree with a star in it that is found says no more than the star.
    """
    told = list(kept)
    for one in sorted(findings, key=lambda one: (-one.score, one.members)):
        mine = set(one.members)
        if all(
            2 * len(mine.intersection(other.members)) < min(len(mine), len(other.members))
            for other in told
        ):
            told.append(one)
    return told


# --- what each account says ---


def idle_weights(scene: Scene) -> Floats:
    """By member: did it do as little after joining as those of a farm, against its age group?"""
    members = scene.snapshot.members
    tenure = scene.snapshot.now - members.joined
    known = (members.joined != NONE) & (tenure >= THRESHOLDS["tenure_days"].value * MICROS_PER_DAY)
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
    brief = life <= THRESHOLDS["idle_days"].value * MICROS_PER_DAY
    return brief & (np.diff(starts) <= 1)


def weigh(scene: Scene, lines: Lines, idle: Floats) -> Weights:
    """What each row of the lines says."""
    strong = sum(
        (shared_weights(scene, lines, kind)[0] for kind in STRONG_KINDS), np.zeros(len(lines.rows))
    )
    weak = sum(
        (shared_weights(scene, lines, kind)[0] for kind in WEAK_KINDS), np.zeros(len(lines.rows))
    )
    # A device and a card of one account say hardly more than one of them.
    strong = np.minimum(strong, STRONG_MOST)
    return Weights(strong, 0.5 * weak, gap_weights(scene, lines), idle[lines.rows])


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
    hit = (here >= 2) & (here >= THRESHOLDS["own_part"].value * degree)
    shared = np.zeros(len(lines.rows), np.bool_)
    shared[owner[hit]] = True
    observed = sizes > 0
    base = _usual_part(lines, shared, observed)
    farm = max(THRESHOLDS["farm_shares"].value, 1.5 * base)
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


# --- a finding ---


def _finding(
    scene: Scene, lines: Lines, weights: Weights, stretch: tuple[int, int, int]
) -> Finding | None:
    place, start, end = stretch
    own = (weights.strong + weights.weak + weights.idle)[start:end]
    rows = lines.rows[start:end]
    kept = rows[own > THRESHOLDS["lively"].value]
    if len(kept) < THRESHOLDS["accounts"].value:
        return None
    signs = _signs(scene, weights, kept, (start, end))
    kept = np.concatenate([kept, _around(scene, lines, weights, stretch)])
    score, reasons = scored(signs, THRESHOLDS["evidence"].value, spread=SPREAD)
    members = numbers_of([*kept, lines.leader[place]])
    orders = _orders_of(scene, kept)
    joined = scene.snapshot.members.joined[kept]
    return Finding(
        "account_farm",
        score,
        members,
        reasons,
        orders=numbers_of(orders),
        first_seen=int(joined.min()),
        last_seen=int(scene.snapshot.members.last_active[kept].max()),
        amount_minor=int(scene.net[orders].sum()),
    )


def _around(scene: Scene, lines: Lines, weights: Weights, stretch: tuple[int, int, int]) -> Ints:
    """Accounts of the line that joined a little before or after the stretch.

    Only idle or sharing ones, unless nearly all of the line joined in and about the stretch.
    """
    place, start, end = stretch
    first, last = int(lines.starts[place]), int(lines.starts[place + 1])
    joined = scene.snapshot.members.joined[lines.rows[first:last]]
    since, until = int(joined[start - first]), int(joined[end - 1 - first])
    reach = AROUND * (until - since)
    in_time = (joined >= since - reach) & (joined <= until + reach)
    own = (weights.strong + weights.weak + weights.idle)[first:last]
    is_all = in_time.mean() >= MOSTLY and end - start >= CORE_LEAST * in_time.sum()
    least = THRESHOLDS["lively"].value if is_all else 0.0
    kept = in_time & (own > least)
    kept[start - first : end - first] = False
    return lines.rows[first:last][kept]


def _orders_of(scene: Scene, members: Ints | Numbers) -> Ints:
    starts, rows = scene.orders_by_buyer
    return rows[ranges(starts[members], starts[members + 1] - starts[members])]


def _signs(scene: Scene, weights: Weights, kept: Ints, stretch: tuple[int, int]) -> list[Sign]:
    part = slice(*stretch)
    sums = {
        name: min(CAPS[name], float(getattr(weights, name)[part].sum()))
        for name in ("strong", "weak", "gaps", "idle")
    }
    count = len(kept)
    here = {name: float((getattr(weights, name)[part] > 0).mean()) for name in sums}
    mall = {name: float((getattr(weights, name) > 0).mean()) for name in sums}
    told = {name: (percent(here[name]), percent(mall[name])) for name in sums}
    idle = is_idle(scene)
    usual = float(idle.mean())
    found = [
        Sign(
            "shared_things",
            sums["strong"],
            here["strong"],
            mall["strong"],
            f"{count} 个受邀账号中有 {told['strong'][0]} 与同批账号共用设备或支付方式，"
            f"商城其他受邀者为 {told['strong'][1]}。",
            f"Of {count} invited accounts {told['strong'][0]} share a device or a means of payment "
            f"with others of them; of the mall's invitees {told['strong'][1]} do.",
        ),
        Sign(
            "shared_places",
            sums["weak"],
            here["weak"],
            mall["weak"],
            f"其中 {told['weak'][0]} 与同批账号共用 IP、地址或手机号，通常为 {told['weak'][1]}。",
            f"{told['weak'][0]} of them share an IP, an address or a phone; usual are "
            f"{told['weak'][1]}.",
        ),
        Sign(
            "regular_gaps",
            sums["gaps"],
            here["gaps"],
            mall["gaps"],
            f"{told['gaps'][0]} 的加入间隔前后相近，通常为 {told['gaps'][1]}。",
            f"{told['gaps'][0]} of them joined between like gaps; usual are {told['gaps'][1]}.",
        ),
        Sign(
            "idle_invitees",
            sums["idle"],
            float(idle[kept].mean()),
            usual,
            f"其中 {percent(float(idle[kept].mean()))} 加入后不再有活动，"
            f"全商城为 {percent(usual)}。",
            f"{percent(float(idle[kept].mean()))} of them did nothing after the first days; in the "
            f"mall it is {percent(usual)}.",
        ),
    ]
    return [*found, *_first_orders(scene, kept)]


def _first_orders(scene: Scene, kept: NDArray[np.int64]) -> list[Sign]:
    """Do the first orders come after lags that are more alike than those of others?"""
    lags = first_lags(scene)
    everyone, theirs = lags[np.isfinite(lags)], lags[kept]
    theirs = theirs[np.isfinite(theirs)]
    if len(theirs) < 5 or len(everyone) < 50:
        return []
    usual, here = float(np.std(everyone)), max(float(np.std(theirs)), 0.05)
    # Of a normal sample: the gain in log-likelihood by its own spread, less what chance gives.
    ratio = min(here / max(usual, 0.05), 1.0)
    gain = (len(theirs) - 1) * (-log(ratio) - (1 - ratio**2) / 2) - 2.0
    hours = float(np.exp(np.median(theirs)))
    return [
        Sign(
            "like_first_orders",
            float(np.clip(gain, 0.0, CAPS["orders"])),
            here,
            usual,
            f"首单距加入的时间彼此接近，中位数为 {hours:.1f} 小时。",
            f"Their first orders come after like lags, {hours:.1f} hours in the middle.",
        )
    ]


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


DETECTOR: Final = Detector(
    kind="account_farm",
    question="Are the invitees of this promoter accounts from a farm?",
    evidence="fraud/show_account_farm",
    picture="fraud/draw_account_farm",
    compared_with="the lines of invitees of all other promoters, and members as old",
    thresholds=THRESHOLDS,
    find=find,
)
