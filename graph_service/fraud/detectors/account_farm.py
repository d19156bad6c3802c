"""Are the invitees of this promoter accounts from a farm?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Final

import numpy as np

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.fraud.crowds.belonging import LIVELY, around, branches, is_told
from graph_service.fraud.crowds.invited import (
    CHAIN_HASTE,
    FARM_SHARES,
    IDLE_DAYS,
    LIKE_LOG,
    OWN_PART,
    TENURE_DAYS,
    Families,
    first_lags,
    idle_weights,
    invitation_waits,
    is_idle,
    weigh,
)
from graph_service.fraud.crowds.stretches import CHOICE_NATS, Stretches, speaking_stretches
from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Detector, Finding, Threshold, scaled
from graph_service.fraud.lines import Lines, chains, ranges, stars, trees
from graph_service.fraud.odds import Sign, numbers_of, percent, scored
from graph_service.fraud.scene import Floats, Scene
from graph_service.fraud.signs.merging import join
from graph_service.snapshot.log import NONE, Ints, Numbers
from graph_service.snapshot.resolving import Flags

THRESHOLDS: Final = {
    "evidence": Threshold(12.5, "nats", "one false alarm by chance in 270,000 starts (Page)"),
    "accounts": Threshold(6, "accounts", "fewer are a family; set"),
    "idle_days": Threshold(IDLE_DAYS, "days", "what a bonus for the first order asks for; set"),
    "tenure_days": Threshold(TENURE_DAYS, "days", "younger accounts had no time to live on; set"),
    "farm_shares": Threshold(
        FARM_SHARES, "part", "assumed part of a farm that is seen with shared things"
    ),
    "chain_haste": Threshold(CHAIN_HASTE, "times", "a long chain's steps are so much shorter; set"),
    "like_orders": Threshold(LIKE_LOG, "log hours", "first orders so near are alike; set"),
    "own_part": Threshold(
        OWN_PART, "part", "a token of many strangers (a carrier's IP) says nothing"
    ),
    "lively": Threshold(LIVELY, "nats", "accounts that live like others are left out; set"),
}
# No family of signs is enough alone but shared devices, payment and phones (nats).
CAPS: Final = {
    "device": 40.0,
    "payment": 40.0,
    "ip": 6.0,
    "address": 6.0,
    "gaps": 10.0,
    "idle": 8.0,
    "orders": 5.5,
    "haste": 10.0,
}
# Families of what few honest accounts do.
TELLING: Final = ("device", "payment", "orders", "haste")
# Families that are told in one sentence.
TOLD: Final = {"shared_things": ("device", "payment"), "shared_places": ("ip", "address")}
FINDINGS_MAX: Final = 2_000
# A farm that spreads its invitations over its own accounts is looked at so many levels down; set.
LEVELS: Final = 4
# Below many a member half of the mall joined; what is a farm's is a tree of its own.
TREE_MOST: Final = 300
SPREAD: Final = 3.0
# What shared places say at most together: less than is enough.
PLACES_MOST: Final = 7.0


# A promoter's honest crowd joins at like gaps and is gone again; who tells no more than that is as
# likely one. What else has to say at least so much, else so much speaks against it; set.
OF_CROWDS: Final = frozenset(("regular_gaps", "idle_invitees"))
TELLING_LEAST: Final = 1.0
CROWD_STRENGTH: Final = -4.0


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
        (trees(scene, least=least, levels=LEVELS, most=TREE_MOST), False),
    ):
        findings.append([])
        if len(lines.leader) == 0:
            continue
        weights = weigh(scene, lines, idle, is_chain=is_chain)
        best = speaking_stretches(weights, lines, CAPS)
        worth = np.flatnonzero(best.gain > THRESHOLDS["evidence"].value / 2)
        if len(worth) > FINDINGS_MAX:
            scene.notes.append(f"account_farm: {len(worth)} lines, {FINDINGS_MAX} judged")
            worth = worth[np.argsort(-best.gain[worth], kind="stable")][:FINDINGS_MAX]
            is_cut = True
        for place in worth:
            stretch = _stretch(best, weights, int(place))
            found = _finding(scene, lines, weights, stretch, is_chain=is_chain)
            if found is not None:
                findings[-1].append(found)
        if is_chain:
            findings[-1] = _pieces_joined(scene, findings[-1])
    narrow = [one for found in findings[:2] for one in found]
    kept = _apart([], narrow)
    told = _apart([one for one in kept if one.score >= ALERT_SCORE], findings[2])
    quiet = [one for one in kept if one.score < ALERT_SCORE]
    told += _apart(told, quiet)[len(told) :]
    told = [replace(one, truncated=is_cut) for one in told]
    return sorted(told, key=lambda one: (-one.score, one.members))


def _pieces_joined(scene: Scene, findings: Sequence[Finding]) -> list[Finding]:
    """Chains of one farm together: those whose first was invited by one of another or its leader.

    Their accounts differ, so that what they say adds up.
    """
    inviter = scene.snapshot.members.inviter
    told: list[Finding] = []
    for one in sorted(findings, key=lambda one: (-one.score, one.members)):
        mine = set(one.members)
        tops = {int(inviter[member]) for member in mine} - mine - {NONE}
        place = next(
            (
                at
                for at, other in enumerate(told)
                if (mine | tops).intersection(other.members)
                or mine & {int(inviter[member]) for member in other.members}
            ),
            None,
        )
        if place is None:
            told.append(one)
        else:
            score = _added(told[place].score, one.score)
            reasons = tuple(
                replace(reason, contribution=reason.contribution * score / told[place].score)
                for reason in told[place].reasons
            )
            told[place] = replace(join(told[place], one), score=score, reasons=reasons)
    return told


def _added(one: float, other: float) -> float:
    """The score of what two scores say together."""
    odds = [log(score / (1 - score)) if score < 1 else 40.0 for score in (one, other)]
    threshold = THRESHOLDS["evidence"].value
    return scaled(SPREAD * sum(odds) + 2 * threshold, threshold, spread=SPREAD)


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


@dataclass(frozen=True)
class Stretch:
    """A stretch of a line: rows from start to end. said: nats by family that speaks there."""

    place: int
    start: int
    end: int
    said: dict[str, float]

    def own(self, weights: Families) -> Floats:
        """By row, what speaks, but for the times beside it."""
        parts = [weights[name] for name in self.said if name != "gaps"]
        return sum(parts, np.zeros(len(weights["gaps"])))

    def tells(self, weights: Families) -> Flags:
        """By row, does it share a thing, order or invite as others do, else share a place?"""
        for names in (TELLING, TOLD["shared_places"]):
            parts = [weights[name] > 0 for name in names if name in self.said]
            if parts:
                return np.any(parts, axis=0)
        return np.zeros(len(weights["gaps"]), np.bool_)


def _stretch(best: Stretches, weights: Families, place: int) -> Stretch:
    start, end = int(best.starts[place]), int(best.ends[place])
    said = {
        name: min(CAPS[name], float(rows[start:end].sum())) - CHOICE_NATS
        for (name, rows), speaks in zip(weights.items(), best.speaking[:, place], strict=True)
        if speaks
    }
    return Stretch(place, start, end, said)


def _finding(
    scene: Scene, lines: Lines, weights: Families, stretch: Stretch, *, is_chain: bool
) -> Finding | None:
    own = stretch.own(weights)
    rows = lines.rows[stretch.start : stretch.end]
    part = slice(stretch.start, stretch.end)
    kept = rows[is_told(stretch.tells(weights)[part], own[part])]
    if len(kept) < THRESHOLDS["accounts"].value:
        return None
    signs = _signs(scene, weights, kept, stretch)
    beside = around(scene, lines, own, (stretch.place, stretch.start, stretch.end))
    if is_chain:
        beside = np.append(beside, branches(scene, kept))
    kept = np.unique(np.concatenate([kept, beside]))
    score, reasons = scored(signs, THRESHOLDS["evidence"].value, spread=SPREAD)
    # A chain that somebody long since invited begins with whoever invited the first of these.
    begin = lines.rows[stretch.start]
    first = int(scene.snapshot.members.inviter[begin] if is_chain else lines.leader[stretch.place])
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


def _orders_of(scene: Scene, members: Ints | Numbers) -> Ints:
    starts, rows = scene.orders_by_buyer
    return rows[ranges(starts[members], starts[members + 1] - starts[members])]


def _signs(scene: Scene, weights: Families, kept: Ints, stretch: Stretch) -> list[Sign]:
    part = slice(stretch.start, stretch.end)
    groups = {**TOLD, **{name: (name,) for name in ("gaps", "idle", "haste", "orders")}}
    groups = {name: [one for one in group if one in weights] for name, group in groups.items()}
    sums = {
        name: sum(stretch.said.get(one, 0.0) for one in group) for name, group in groups.items()
    }
    sums["shared_places"] = min(PLACES_MOST, sums["shared_places"])
    flags = {
        name: np.any([weights[one] > 0 for one in group], axis=0)
        for name, group in groups.items()
        if group
    }
    count = len(kept)
    here = {name: float(flag[part].mean()) for name, flag in flags.items()}
    mall = {name: float(flag.mean()) for name, flag in flags.items()}
    told = {name: (percent(here[name]), percent(mall[name])) for name in flags}
    idle = is_idle(scene)
    usual = float(idle.mean())
    found = [
        Sign(
            "shared_things",
            sums["shared_things"],
            here["shared_things"],
            mall["shared_things"],
            f"{count} 个受邀账号中有 {told['shared_things'][0]} 与同批账号共用设备或支付方式，"
            f"商城其他受邀者为 {told['shared_things'][1]}。",
            f"Of {count} invited accounts {told['shared_things'][0]} share a device or a means of "
            f"payment with others of them; of the mall's invitees {told['shared_things'][1]} do.",
        ),
        Sign(
            "shared_places",
            sums["shared_places"],
            here["shared_places"],
            mall["shared_places"],
            f"其中 {told['shared_places'][0]} 与同批账号共用 IP、地址或手机号，"
            f"通常为 {told['shared_places'][1]}。",
            f"{told['shared_places'][0]} of them share an IP, an address or a phone; usual are "
            f"{told['shared_places'][1]}.",
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
    if sums["orders"]:
        found.append(_orders_sign(scene, kept, sums["orders"]))
    if sum(one.strength for one in found if one.feature not in OF_CROWDS) < TELLING_LEAST:
        found.append(_crowd_sign(len(kept)))
    return found


def _crowd_sign(count: int) -> Sign:
    """What speaks for a crowd that a promoter draws: it comes at once, and many only look once."""
    return Sign(
        "nothing_shared",
        CROWD_STRENGTH,
        count,
        0,
        f"{count} 个账号之间没有共用的设备、网络等。",
        f"The {count} accounts share no device, network or other thing.",
    )


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


def _orders_sign(scene: Scene, kept: Ints, strength: float) -> Sign:
    lags = first_lags(scene)
    everyone, theirs = lags[np.isfinite(lags)], lags[kept]
    theirs = theirs[np.isfinite(theirs)]
    usual, here = float(np.std(everyone)), float(np.std(theirs))
    hours = float(np.exp(np.median(theirs)))
    return Sign(
        "like_first_orders",
        strength,
        here,
        usual,
        f"首单距加入的时间彼此接近，中位数为 {hours:.1f} 小时。",
        f"Their first orders come after like lags, {hours:.1f} hours in the middle.",
    )


DETECTOR: Final = Detector(
    kind="account_farm",
    question="Are the invitees of this promoter accounts from a farm?",
    evidence="fraud/show_account_farm",
    picture="fraud/draw_account_farm",
    compared_with=(
        "the lines of invitees of all other promoters, members as old, and how soon others invite"
    ),
    thresholds=THRESHOLDS,
    find=find,
)
