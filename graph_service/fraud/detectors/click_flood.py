"""Are the clicks on this promoter's shares made to look many?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log2
from typing import Final

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from graph_service.attribution.touches import MICROS_PER_DAY
from graph_service.fraud.clicking import Clicking, blocks, clicking_of
from graph_service.fraud.crowds.clickers import (
    CROWD_LEAST,
    DEVOTED_PART,
    DEVOTED_SHARES,
    MUTUAL_SHARES,
)
from graph_service.fraud.crowds.errands import errands
from graph_service.fraud.crowds.timing import (
    CLUMP_LEAST,
    LATE_QUANTILE,
    Timing,
    timing_of,
    timing_signs,
)
from graph_service.fraud.detectors.shape import Detector, Finding, Threshold
from graph_service.fraud.odds import (
    Sign,
    Spread,
    at_least,
    at_least_among,
    at_most,
    numbers_of,
    percent,
    rate_of,
    scored,
    spread_of,
)
from graph_service.fraud.scene import Floats, Scene
from graph_service.snapshot.crediting import CLICK
from graph_service.snapshot.log import NONE, TOKEN_KINDS, Ints, Numbers
from graph_service.snapshot.snapshot import WINDOW_DAYS

THRESHOLDS: Final = {
    "evidence": Threshold(11.0, "nats", "one false alarm by chance among 60,000 promoters"),
    "clicks": Threshold(15, "clicks", "fewer bring nothing; set"),
    "pause_seconds": Threshold(300, "seconds", "a burst ends with a longer pause; set"),
    "burst_clicks": Threshold(10, "clicks", "fewer are a chat that looks at a link; set"),
    "repeats_least": Threshold(0.15, "part", "floor of the part of repeated clicks; set"),
    "repeats_quantile": Threshold(0.9, "part", "promoters differ: compared with the upper tenth"),
    "helper_clicks": Threshold(5, "clicks", "so often on one share: not out of interest; set"),
    "devoted_shares": Threshold(DEVOTED_SHARES, "shares", "fewer are a fan's good day; set"),
    "devoted_part": Threshold(DEVOTED_PART, "part", "on most of what is posted: an errand; set"),
    "mutual_shares": Threshold(MUTUAL_SHARES, "shares", "once each way is a courtesy; set"),
    "crowd": Threshold(CROWD_LEAST, "members", "fewer are friends; set"),
    "clump": Threshold(CLUMP_LEAST, "part", "neighbouring gaps differ so once in 33 by chance"),
    "late_quantile": Threshold(LATE_QUANTILE, "part", "later than nine of ten clicks is late"),
    "device_members": Threshold(5, "members", "a device or payment of more says nothing; set"),
}
CAPS: Final = {
    "repeats": 10.0,
    "fan": 8.0,
    "burst": 6.0,
    "unsold": 8.0,
    "regular": 6.0,
    "nobody": 9.0,
}
SPREAD: Final = 2.5
# So many clicks of one on one share count at most, and a fan makes fewer than so many.
PAIR_MAX, FAN_MAX = 40, 20
FINDINGS_MAX: Final = 2_000


@dataclass(frozen=True)
class Usual:
    """Which parts of the mall's clicks are repeated, sold (of members'), nobody's, in bursts?

    repeats, strangers: how the parts of repeated and of nobody's clicks differ by promoter.
    """

    again: float
    sold: float
    nobody: float
    burst: float
    repeats: Spread
    strangers: Spread


def find(scene: Scene) -> Sequence[Finding]:
    """Promoters whose shares are flooded, together with who floods them, best first."""
    clicking = clicking_of(
        scene,
        pause_seconds=THRESHOLDS["pause_seconds"].value,
        burst_clicks=THRESHOLDS["burst_clicks"].value,
    )
    if len(clicking.at) == 0:
        return []
    usual = usual_of(clicking)
    starts = blocks(clicking.promoter)
    peaks = _peaks(clicking, starts)
    worth = _worth_a_look(clicking, starts, usual, peaks)
    is_cut = len(worth) > FINDINGS_MAX
    if is_cut:
        scene.notes.append(f"click_flood: {len(worth)} promoters, the first {FINDINGS_MAX} judged")
        worth = worth[:FINDINGS_MAX]
    groups = _joined(scene, clicking, starts, [int(place) for place in worth])
    devices, timing = same_device(scene), timing_of(scene, clicking)
    found = (
        _finding(
            scene,
            (clicking, usual, devices, timing),
            [(int(starts[one]), int(starts[one + 1])) for one in group],
            float(peaks[group].max()),
        )
        for group in groups
    )
    told = [replace(one, truncated=is_cut) for one in found]
    told += errands(scene, clicking, evidence=THRESHOLDS["evidence"].value, spread=SPREAD)
    return sorted(told, key=lambda one: (-one.score, one.members))


def usual_of(clicking: Clicking) -> Usual:
    """The mall's own rates; of repeats what the upper tenth of its promoters has."""
    first = ~clicking.again
    starts = blocks(clicking.promoter)
    count = np.diff(starts)
    again = np.add.reduceat(clicking.again.astype(np.float64), starts[:-1])
    enough = count >= THRESHOLDS["clicks"].value
    parts = again[enough] / count[enough]
    quantile = THRESHOLDS["repeats_quantile"].value
    upper = float(np.quantile(parts, quantile)) if len(parts) >= 20 else 0.0
    known = first & (clicking.member != NONE)
    fresh = np.add.reduceat(first.astype(np.float64), starts[:-1])
    nobody = np.add.reduceat((first & (clicking.member == NONE)).astype(np.float64), starts[:-1])
    return Usual(
        again=min(0.5, max(THRESHOLDS["repeats_least"].value, upper)),
        sold=rate_of(clicking.sold[known], towards=0.02, weight=50.0),
        nobody=rate_of(clicking.member[first] == NONE, towards=0.5, weight=50.0),
        burst=rate_of(clicking.in_burst, towards=0.05, weight=50.0),
        repeats=spread_of(parts),
        strangers=spread_of((nobody / np.maximum(fresh, 1))[enough]),
    )


def _peaks(clicking: Clicking, starts: Ints) -> Floats:
    """By promoter: -ln of the part of promoters whose densest minutes have as many clicks."""
    pause = int(THRESHOLDS["pause_seconds"].value * 1_000_000)
    share_base = clicking.share.astype(np.float64) * 2.0**33
    key = share_base + clicking.at // 1_000_000
    order = np.argsort(key, kind="stable")
    until = np.searchsorted(key[order], key + pause // 1_000_000, side="right")
    since = np.searchsorted(key[order], key, side="left")
    most = np.maximum.reduceat(until - since, starts[:-1])
    ranks = np.sort(most)
    as_many = len(most) - np.searchsorted(ranks, most, side="left")
    rare = -np.log(as_many / (len(most) + 1))
    return np.where(most >= THRESHOLDS["burst_clicks"].value, rare, 0.0)


def _worth_a_look(clicking: Clicking, starts: Ints, usual: Usual, peaks: Floats) -> Ints:
    """Promoters with enough clicks, many of them repeated or nobody's, or with a rare burst."""
    count = np.diff(starts)
    again = np.add.reduceat(clicking.again.astype(np.int64), starts[:-1])
    strength = np.minimum(at_least(again, count, usual.again), CAPS["repeats"]) + peaks
    nobody = (clicking.member == NONE) & ~clicking.again
    strange = np.add.reduceat(nobody.astype(np.int64), starts[:-1])
    strength += np.minimum(at_least_among(strange, count - again, usual.strangers), CAPS["nobody"])
    good = np.flatnonzero((count >= THRESHOLDS["clicks"].value) & (strength > 4.0))
    return good[np.argsort(-strength[good], kind="stable")]


def _joined(
    scene: Scene, clicking: Clicking, starts: Ints, worth: Sequence[int]
) -> list[list[int]]:
    """Promoters with a helper in common, or who are one person, belong together."""
    size = scene.people + len(scene.snapshot.names["visitor"]) + 1
    edges: list[tuple[int, int]] = []
    for place in worth:
        part = slice(int(starts[place]), int(starts[place + 1]))
        promoter = int(clicking.promoter[part][0])
        edges += [(promoter, who) for who in _helpers(clicking, part)]
        edges.append((promoter, int(scene.snapshot.members.person[promoter])))
    if not edges:
        return []
    one, two = np.array(edges, np.int64).T
    _, labels = connected_components(
        coo_array((np.ones(len(one), np.int8), (one, two)), (size, size)), directed=False
    )
    groups: dict[int, list[int]] = {}
    for place in worth:
        groups.setdefault(int(labels[clicking.promoter[starts[place]]]), []).append(place)
    return list(groups.values())


def _helpers(clicking: Clicking, part: slice) -> list[int]:
    """Who clicked several times on one of these shares."""
    who, pair = clicking.who[part], clicking.pair[part]
    _, first, counts = np.unique(pair, return_index=True, return_counts=True)
    often = counts >= THRESHOLDS["helper_clicks"].value
    return sorted({int(one) for one in who[first[often]]})


def _finding(
    scene: Scene,
    mall: tuple[Clicking, Usual, csr_array, Timing],
    parts: Sequence[tuple[int, int]],
    peak: float,
) -> Finding:
    clicking, usual, devices, timing = mall
    rows = np.concatenate([np.arange(*part) for part in parts])
    promoters = np.unique(clicking.promoter[rows])
    signs = [*_signs(clicking, usual, rows, peak), *timing_signs(timing, rows)]
    score, reasons = scored(signs, THRESHOLDS["evidence"].value, spread=SPREAD)
    helpers = {who for part in parts for who in _helpers(clicking, slice(*part))}
    members = {int(one) for one in promoters} | {one for one in helpers if one < scene.people}
    members |= {int(one) for one in devices[sorted(members)].indices}
    orders = _orders_of(scene, promoters, clicking.at[rows])
    return Finding(
        "click_flood",
        score,
        numbers_of(members),
        reasons,
        orders=numbers_of(orders),
        first_seen=int(clicking.at[rows].min()),
        last_seen=int(clicking.at[rows].max()),
        amount_minor=int(scene.net[orders].sum()),
    )


def _orders_of(scene: Scene, promoters: Numbers, at: Ints) -> Ints:
    """Orders that these clicks may have brought the promoters: until a month after the last."""
    orders, (starts, rows) = scene.snapshot.orders, scene.orders_by_promoter
    theirs = np.concatenate([rows[starts[one] : starts[one + 1]] for one in promoters])
    theirs = theirs[orders.basis[theirs] == CLICK]
    paid = orders.paid[theirs]
    return theirs[(paid >= at.min()) & (paid <= at.max() + WINDOW_DAYS * MICROS_PER_DAY)]


def same_device(scene: Scene) -> csr_array:
    """Member × member: do they have a device or a means of payment of few in common?"""
    uses, kinds = scene.snapshot.uses, scene.snapshot.token_kind
    strong = np.isin(kinds, [TOKEN_KINDS.index("device"), TOKEN_KINDS.index("payment")])
    strong &= (scene.token_degree > 1) & (scene.token_degree <= THRESHOLDS["device_members"].value)
    kept = strong[uses.token]
    shape = (scene.people, len(kinds))
    seen = csr_array(
        (np.ones(int(kept.sum()), np.int32), (uses.member[kept], uses.token[kept])), shape
    )
    return csr_array(seen @ seen.T)


def _signs(clicking: Clicking, usual: Usual, rows: Ints, peak: float) -> list[Sign]:
    again, limited = _repeats(clicking, rows)
    count = len(rows)
    burst = rows[clicking.in_burst[rows]]
    seen = burst[(clicking.member[burst] != NONE) & ~clicking.again[burst]]
    sold = int(clicking.sold[seen].sum())
    repeated = float(clicking.again[rows].mean())
    different = len(np.unique(clicking.who[rows]))
    often = float(
        min(
            at_least(again, limited, usual.again),
            at_least_among(again, limited, usual.repeats),
        )
    )
    cap = _cap_of_repeats(clicking, rows, again)
    anonymous = rows[~clicking.again[rows]]
    nobody = int((clicking.member[anonymous] == NONE).sum())
    # What goes round brings visitors; clicks in members' names do not.
    visitors = float((clicking.member[burst] == NONE).mean()) if len(burst) else 1.0
    known = max(0.0, 1 - visitors / usual.nobody)
    alike, unlike = _likeness(clicking, burst)
    return [
        Sign(
            "repeated_clicks",
            min(often, cap),
            repeated,
            usual.again,
            f"{count} 次点击来自 {different} 个访客，{percent(repeated)} 是对同一分享的重复点击，"
            f"全商城十分之九的推广者不到 {percent(usual.again)}。",
            f"{count} clicks are by {different} people; {percent(repeated)} repeat one on the same "
            f"share; nine of ten promoters have less than {percent(usual.again)}.",
        ),
        Sign(
            "burst",
            min(peak, CAPS["burst"]),
            len(burst) / count,
            usual.burst,
            f"{percent(len(burst) / count)} 的点击集中在几阵之内，"
            f"全商城为 {percent(usual.burst)}。",
            f"{percent(len(burst) / count)} of the clicks come in dense bursts, in the mall "
            f"{percent(usual.burst)}.",
        ),
        Sign(
            "unsold_clicks",
            _unsold(sold, len(seen), usual.sold)
            * (known if sold < usual.sold * len(seen) else 1.0),
            sold / max(len(seen), 1),
            usual.sold,
            f"阵发点击的 {len(seen)} 名会员中有 {sold} 名随后一天内下单，"
            f"通常为 {percent(usual.sold)}。",
            f"Of {len(seen)} members who clicked in bursts {sold} bought within a day; usual are "
            f"{percent(usual.sold)}.",
        ),
        Sign(
            "regular_clicks",
            min(alike, CAPS["regular"]),
            unlike,
            0.5,
            "点击之间的间隔像脚本一样有规律。",
            "The times between the clicks are as regular as a script's.",
        ),
        Sign(
            "nobody",
            min(
                float(at_least(nobody, len(anonymous), usual.nobody)),
                float(at_least_among(nobody, len(anonymous), usual.strangers)),
                CAPS["nobody"],
            ),
            nobody / max(len(anonymous), 1),
            usual.nobody,
            f"{percent(nobody / max(len(anonymous), 1))} 的点击者从未成为会员，"
            f"通常为 {percent(usual.nobody)}。",
            f"{percent(nobody / max(len(anonymous), 1))} of who clicked never became members; "
            f"usual are {percent(usual.nobody)}.",
        ),
    ]


def _unsold(sold: int, of: int, usual: float) -> float:
    """How unlikely so few sales are even if they are a third as usual; below 0 with more sales."""
    few = float(at_most(sold, of, usual / 3))
    more = float(at_least(sold, of, min(0.9, 1.5 * usual)))
    return min(few, CAPS["unsold"]) - min(more, CAPS["unsold"]) if of else 0.0


def _cap_of_repeats(clicking: Clicking, rows: Ints, again: int) -> float:
    """How much repeats may say: more where most are repeats or one clicks as nobody would."""
    several = len(np.unique(clicking.who[rows[clicking.again[rows]]])) > 1
    most = int(np.unique(clicking.pair[rows], return_counts=True)[1].max())
    is_mad = most >= FAN_MAX
    cap = CAPS["repeats" if several or is_mad else "fan"]
    is_much = is_mad or 2 * clicking.again[rows].sum() >= len(rows)
    return cap + (2 * max(0.0, log2(max(again, 1) / 20)) if is_much else 0.0)


def _repeats(clicking: Clicking, rows: Ints) -> tuple[int, int]:
    """How many clicks repeat one on the same share, of how many; of one and a share to a limit."""
    counts = np.minimum(np.unique(clicking.pair[rows], return_counts=True)[1], PAIR_MAX)
    return int((counts - 1).sum()), int(counts.sum())


def _likeness(clicking: Clicking, burst: Ints) -> tuple[float, float]:
    """How regular are the gaps in bursts (nats), and their relative difference (0.5 by chance)?"""
    at = clicking.at[burst].astype(np.float64)
    if len(at) < 8:
        return 0.0, 0.5
    gap = np.diff(at)
    same = clicking.burst[burst][:-2] == clicking.burst[burst][2:]
    whole = gap[:-1] + gap[1:]
    good = same & (whole > 0)
    if good.sum() < 6:
        return 0.0, 0.5
    mean = float((np.abs(gap[:-1] - gap[1:])[good] / whole[good]).mean())
    # Of even differences the mean has variance 1 / 12n; neighbours share a gap, so of half as many.
    z = (0.5 - mean) / (1 / (12 * good.sum() / 2)) ** 0.5
    return (z * z / 2 if z > 0 else 0.0), mean


DETECTOR: Final = Detector(
    kind="click_flood",
    question="Are the clicks on this promoter's shares made to look many?",
    evidence="fraud/show_click_flood",
    picture="fraud/draw_click_flood",
    compared_with=(
        "the mall's rates of repeated and sold clicks, others' densest minutes, clumps and late "
        "clicks, and what other promoters sell to who clicks"
    ),
    thresholds=THRESHOLDS,
    find=find,
)
