"""Are the invitees of this promoter accounts from a farm?"""

from collections.abc import Sequence
from dataclasses import replace
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.fraud.crowds.invited import (
    FARM_SHARES,
    IDLE_DAYS,
    OWN_PART,
    TENURE_DAYS,
    Weights,
    first_lags,
    idle_weights,
    invitation_waits,
    is_idle,
    weigh,
)
from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Detector, Finding, Threshold
from graph_service.fraud.lines import Lines, best_stretches, chains, ranges, stars, trees
from graph_service.fraud.odds import Sign, numbers_of, percent, scored
from graph_service.fraud.scene import Scene
from graph_service.snapshot.log import Ints, Numbers

THRESHOLDS: Final = {
    "evidence": Threshold(12.0, "nats", "one false alarm by chance in 160,000 starts (Page)"),
    "accounts": Threshold(6, "accounts", "fewer are a family; set"),
    "idle_days": Threshold(IDLE_DAYS, "days", "what a bonus for the first order asks for; set"),
    "tenure_days": Threshold(TENURE_DAYS, "days", "younger accounts had no time to live on; set"),
    "farm_shares": Threshold(
        FARM_SHARES, "part", "assumed part of a farm that is seen with shared things"
    ),
    "own_part": Threshold(
        OWN_PART, "part", "a token of many strangers (a carrier's IP) says nothing"
    ),
    "lively": Threshold(-2.5, "nats", "accounts that live like others are left out; set"),
}
# No family of signs is enough alone but shared devices, payment and phones (nats).
CAPS: Final = {"strong": 40.0, "weak": 8.0, "gaps": 10.0, "idle": 8.0, "orders": 5.0, "haste": 10.0}
FINDINGS_MAX: Final = 2_000
# A farm that spreads its invitations over its own accounts is looked at so many levels down; set.
LEVELS: Final = 4
# Before and after a stretch, so much of its time belongs to it; set.
AROUND: Final = 0.75
# A line of which so much joined then, and so much of that in the stretch, is all a farm's; set.
MOSTLY, CORE_LEAST = 0.7, 0.4
SPREAD: Final = 3.0


def find(scene: Scene) -> Sequence[Finding]:
    """Farms among stars of invitees and chains of invitations, best first."""
    if scene.people == 0:
        return []
    idle = idle_weights(scene)
    findings, is_cut = list[list[Finding]](), False
    least = int(THRESHOLDS["accounts"].value)
    for lines, is_chain in (
        (stars(scene, least=least), False),
        (chains(scene, least=least), True),
        (trees(scene, least=least, levels=LEVELS), False),
    ):
        findings.append([])
        if len(lines.leader) == 0:
            continue
        weights = weigh(scene, lines, idle, is_chain=is_chain)
        starts, ends, gains = best_stretches(weights.all, lines)
        worth = np.flatnonzero(gains > THRESHOLDS["evidence"].value / 2)
        if len(worth) > FINDINGS_MAX:
            scene.notes.append(f"account_farm: {len(worth)} lines, {FINDINGS_MAX} judged")
            worth = worth[np.argsort(-gains[worth], kind="stable")][:FINDINGS_MAX]
            is_cut = True
        for place in worth:
            stretch = int(place), int(starts[place]), int(ends[place])
            found = _finding(scene, lines, weights, stretch, is_chain=is_chain)
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


# --- a finding ---


def _finding(
    scene: Scene,
    lines: Lines,
    weights: Weights,
    stretch: tuple[int, int, int],
    *,
    is_chain: bool,
) -> Finding | None:
    place, start, end = stretch
    own = weights.own[start:end]
    rows = lines.rows[start:end]
    kept = rows[own > THRESHOLDS["lively"].value]
    if len(kept) < THRESHOLDS["accounts"].value:
        return None
    signs = _signs(scene, weights, kept, (start, end))
    kept = np.concatenate([kept, _around(scene, lines, weights, stretch)])
    score, reasons = scored(signs, THRESHOLDS["evidence"].value, spread=SPREAD)
    # A chain that somebody long since invited begins with whoever invited the first of these.
    first = scene.snapshot.members.inviter[lines.rows[start]] if is_chain else lines.leader[place]
    members = numbers_of([*kept, first])
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
    own = weights.own[first:last]
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
        for name in ("strong", "weak", "gaps", "idle", "haste")
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
    if sums["haste"]:
        found.append(_haste_sign(scene, kept, sums["haste"]))
    return [*found, *_first_orders(scene, kept)]


def _haste_sign(scene: Scene, kept: Ints, strength: float) -> Sign:
    waits = invitation_waits(scene) / MICROS_PER_DAY
    here, usual = float(np.nanmedian(waits[kept])), float(np.nanmedian(waits))
    return Sign(
        "hasty_invitations",
        strength,
        here,
        usual,
        f"一个账号加入后约 {here:.1f} 天就邀请下一个，通常为 {usual:.0f} 天。",
        f"Each invited the next some {here:.1f} days after it joined; usual are {usual:.0f}.",
    )


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


DETECTOR: Final = Detector(
    kind="account_farm",
    question="Are the invitees of this promoter accounts from a farm?",
    evidence="fraud/show_account_farm",
    picture="fraud/draw_account_farm",
    compared_with="the lines of invitees of all other promoters, and members as old",
    thresholds=THRESHOLDS,
    find=find,
)
