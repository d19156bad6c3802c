"""Are the invitees of this promoter accounts from a farm?"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.fraud.detectors.shape import Detector, Finding, Threshold
from graph_service.fraud.lines import Lines, best_stretches, chains, ranges, stars
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
    findings: list[Finding] = []
    least = int(THRESHOLDS["accounts"].value)
    for lines in (stars(scene, least=least), chains(scene, least=least)):
        if len(lines.leader) == 0:
            continue
        weights = weigh(scene, lines, idle)
        starts, ends, gains = best_stretches(weights.all, lines)
        for place in np.flatnonzero(gains > THRESHOLDS["evidence"].value / 2):
            found = _finding(
                scene, lines, weights, (int(place), int(starts[place]), int(ends[place]))
            )
            if found is not None:
                findings.append(found)
    return _apart(sorted(findings, key=lambda one: (-one.score, one.members)))


def _apart(findings: Sequence[Finding]) -> list[Finding]:
    """Those of which less than half is in a better one."""
    kept: list[Finding] = []
    taken: set[int] = set()
    for one in findings:
        if 2 * len(taken.intersection(one.members)) < len(one.members):
            kept.append(one)
            taken.update(one.members)
    return kept


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
    base = float(shrunk(shared.sum(), observed.sum(), towards=0.02, weight=200.0))
    farm = max(THRESHOLDS["farm_shares"].value, 1.5 * base)
    if farm >= 0.95:
        return np.zeros(len(lines.rows)), base
    weights = np.where(shared, log(farm / base), log((1 - farm) / (1 - base)))
    return np.where(observed, weights, 0.0), base


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
    shares = {name: float((getattr(weights, name)[part] > 0).mean()) for name in sums}
    idle = is_idle(scene)
    usual = float(idle.mean())
    found = [
        Sign(
            "shared_things",
            sums["strong"],
            shares["strong"],
            0.0,
            f"{count} 个受邀账号中有 {percent(shares['strong'])} 与同批账号共用设备或支付方式。",
            f"Of {count} invited accounts {percent(shares['strong'])} share a device or a "
            "means of payment with others of them.",
        ),
        Sign(
            "shared_places",
            sums["weak"],
            shares["weak"],
            0.0,
            f"其中 {percent(shares['weak'])} 与同批账号共用 IP、地址或手机号。",
            f"{percent(shares['weak'])} of them share an IP, an address or a phone.",
        ),
        Sign(
            "regular_gaps",
            sums["gaps"],
            shares["gaps"],
            0.5,
            "这些账号的加入间隔比商城里其他受邀者更有规律。",
            "They joined at more regular intervals than other invitees of the mall.",
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
