"""Does somebody earn from own orders, through other accounts or round in a circle?

Two ways: a chain of accounts, each earning from the next, whose two ends are one human's (a chain
of one step is an account that earns from another of the same human); or a circle that is gone
round again and again with like amounts, whoever it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Final

import numpy as np

from graph_service.fraud.detectors.shape import Detector, Finding, Threshold
from graph_service.fraud.scene import Floats, Scene
from graph_service.fraud.signs.amounts import Likeness, amount_sign, likeness, mall_amounts
from graph_service.fraud.signs.cycles import joined, paths_from, short_cycles
from graph_service.fraud.signs.earning import ORDERS_TOLD_MAX, Earnings, earnings_of
from graph_service.fraud.signs.kinship import (
    STRONG_MASK,
    WEAK_MASK,
    Kinship,
    in_words,
    kinship_of,
)
from graph_service.fraud.signs.weighing import (
    Sign,
    best_first,
    finding_of,
    percent,
    rarity,
    rate_of,
    yuan,
)
from graph_service.snapshot.log import Ints

THRESHOLDS: Final = {
    "length_max": Threshold(6, "steps", "issue 7: cycles of length 1 to 6"),
    "circle_length_max": Threshold(
        8, "steps", "a circle without shared tokens; two more are cheap"
    ),
    "rounds_least": Threshold(3, "orders", "fraud.md: repeated three times or more"),
    "twins_least": Threshold(3, "accounts", "a couple has two; a third one has a reason"),
    "step_nats_least": Threshold(1.5, "nats", "a step that every fifth member has leads nowhere"),
    "part_nats_least": Threshold(3.5, "nats", "one in 30 members has so close an invitee"),
    "alike_nats_least": Threshold(2.0, "nats", "fraud.md: with like amounts; 7 times chance"),
    "alert_nats": Threshold(
        9.0, "nats", "one in 8,000 pairs; 10,000 members have about 9,000 invited pairs"
    ),
}
# Several weaker tokens are a household's as often as one human's: they say half as much.
WEAK_PART: Final = 0.5
# Friends buy of each other far more than chance has it, so a circle's rarity says half.
CIRCLE_PART: Final = 0.5
CIRCLE_NATS_MAX: Final = 8.0
ROUNDS_NATS_MAX: Final = 3.0
# Each further account of the human says half as much as the second, for who shares once shares.
MORE_ENDS_PART: Final = 0.5
PAYING_NATS_MAX: Final = 12.0
# Half of all orders through an own account says nothing; less and less speaks for a household.
ELSE_PART: Final = 0.5
ELSE_NATS_LEAST, ELSE_NATS_MAX = -4.0, 1.0
# Who hid their tokens is of a group still, but a group that is mostly such is another promoter's.
MOST_TIMES: Final = 3
# A single order is anybody's: what pays off is done again.
ONCE_NATS: Final = -1.5
WALKS_MAX: Final = 200_000


@dataclass(frozen=True)
class _Ground:
    """What the search stands on. steps: nats of each pair as a step of a chain.

    honest: kinds of tokens that invited pairs share who earn nothing of each other, as bits.
    """

    scene: Scene
    pairs: Earnings
    kinship: Kinship
    honest: Ints
    steps: Floats

    def identity(self, mask: int) -> tuple[float, float]:
        """Nats of sharing all these kinds, and the part of honest invited pairs that do."""
        shared = int(((self.honest & mask) == mask).sum())
        rate = rate_of(shared, len(self.honest))
        part = 1.0 if mask & STRONG_MASK else WEAK_PART
        return rarity(rate) * part, rate

    def worth(self, chain: "_Chain") -> float:
        """Nats of a chain: its ends are one human's, and so rare are its steps."""
        return self.identity(chain.mask)[0] + float(self.steps[list(chain.pairs)].sum())

    def accounts(self, pairs: Sequence[int]) -> list[int]:
        """Who is in these pairs."""
        rows = list(pairs)
        return [*self.pairs.earner[rows].tolist(), *self.pairs.buyer[rows].tolist()]

    def likeness(self, pairs: Sequence[int], mall: Floats) -> Likeness:
        """How alike the orders of these pairs are."""
        orders = self.pairs.orders_of(np.array(pairs, np.int64))
        return likeness(self.scene.snapshot.orders.amount[orders], mall)


@dataclass(frozen=True)
class _Chain:
    """Pairs by number, one after the other. mask: what its two ends share."""

    pairs: tuple[int, ...]
    mask: int


def find(scene: Scene) -> list[Finding]:
    """Groups that earn from their own orders, best first."""
    pairs = earnings_of(scene)
    if not len(pairs):
        return []
    kinship = kinship_of(scene)
    idle = pairs.invited & (pairs.touched == 0)
    honest = kinship.masks(pairs.earner[idle], pairs.buyer[idle]).astype(np.int64)
    ground = _Ground(scene, pairs, kinship, honest, _step_nats(pairs, scene.people))
    longer, chains_cut = _long_chains(ground)
    chains = [*_short_chains(ground), *longer, *_twins(ground)]
    mall = mall_amounts(scene)
    circles, circles_cut = _circles(ground, mall)
    if chains_cut or circles_cut:
        scene.notes.append("self_referral_cycle: not all chains and circles were searched")
    of_chains = joined([ground.accounts(one.pairs) for one in chains], scene.people)
    of_circles = joined([ground.accounts(one) for one in circles], scene.people)
    found = [_chain_finding(ground, [chains[one] for one in group]) for group in of_chains]
    found += [
        _circle_finding(ground, [circles[one] for one in group], mall) for group in of_circles
    ]
    return best_first(replace(one, truncated=chains_cut or circles_cut) for one in found)


def _step_nats(pairs: Earnings, people: int) -> Floats:
    """By pair: how rare so many touched orders of a pair are, among invited pairs and all."""
    level = np.minimum(pairs.touched, ORDERS_TOLD_MAX)
    invited = -np.log(pairs.step_rate(people, of_invited=True)[level])
    anybody = -np.log(pairs.step_rate(people, of_invited=False)[level])
    nats = np.where(pairs.invited, np.maximum(invited, anybody), anybody)
    return np.where(pairs.touched > 0, np.clip(nats, 0, None), 0.0)


def _short_chains(ground: _Ground) -> list[_Chain]:
    """Accounts that earn from another of the same human."""
    pairs = ground.pairs
    paying = np.flatnonzero(pairs.touched > 0)
    masks = ground.kinship.masks(pairs.earner[paying], pairs.buyer[paying])
    weak = (masks & WEAK_MASK) == WEAK_MASK
    close = ((masks & STRONG_MASK) > 0) | weak
    return [
        _Chain((int(pair),), int(mask))
        for pair, mask in zip(paying[close], masks[close], strict=True)
    ]


def _long_chains(ground: _Ground) -> tuple[list[_Chain], bool]:
    """Chains over others that come back to another account of the same human, if they are rare

    enough; and whether a limit was met. Steps that everybody has lead nowhere.
    """
    pairs = ground.pairs
    follow: dict[int, list[int]] = {}
    for pair in np.flatnonzero(ground.steps >= THRESHOLDS["step_nats_least"].value).tolist():
        follow.setdefault(int(pairs.earner[pair]), []).append(pair)
    personal = ground.kinship.personal
    shared = np.diff(personal.indptr) > 0
    found: list[_Chain] = []
    least, left = THRESHOLDS["alert_nats"].value, WALKS_MAX
    length_max = int(THRESHOLDS["length_max"].value)
    for start in [one for one in follow if shared[one]]:
        others = set((personal[[start]] @ personal.T).indices.tolist()) - {start}
        for walk in paths_from(start, follow, pairs.buyer, length_max=length_max):
            left -= 1
            if left <= 0:
                return found, True
            end = int(pairs.buyer[walk[-1]])
            if len(walk) > 1 and end in others:
                mask = ground.kinship.masks(np.array([start]), np.array([end]))
                chain = _Chain(walk, int(mask[0]))
                if ground.worth(chain) >= least:
                    found.append(chain)
    return found, False


def _twins(ground: _Ground) -> Iterator[_Chain]:
    """Three or more buyers whom one earner invited and who are one human: whose else is it?"""
    pairs = ground.pairs
    paying = np.flatnonzero(pairs.invited & (pairs.touched > 0))
    person = ground.scene.snapshot.members.person
    buyer = pairs.buyer[paying]
    keys = pairs.earner[paying].astype(np.int64) * ground.scene.people + person[buyer]
    order = np.argsort(keys, kind="stable")
    _, starts, counts = np.unique(keys[order], return_index=True, return_counts=True)
    least = int(THRESHOLDS["twins_least"].value)
    for start, count in zip(starts.tolist(), counts.tolist(), strict=True):
        if count < least:
            continue
        rows = paying[order[start : start + count]]
        masks = ground.kinship.masks(pairs.buyer[rows[:-1]], pairs.buyer[rows[1:]])
        told = masks[(masks & STRONG_MASK) > 0]
        if len(told) >= least - 1:
            yield from (_Chain((int(row),), int(told[0])) for row in rows)


def _chain_finding(ground: _Ground, chains: Sequence[_Chain]) -> Finding:
    """Chains that hang together, as one finding."""
    core = {pair for one in chains for pair in one.pairs}
    rows = np.array(sorted(core | _taking_part(ground, core)), np.int64)
    best = max(chains, key=lambda one: (ground.identity(one.mask)[0], one.pairs))
    ends = len({int(ground.pairs.buyer[one.pairs[-1]]) for one in chains})
    nats, rate = ground.identity(best.mask)
    signs = [
        _identity_sign(best.mask, rate, nats * (1 + MORE_ENDS_PART * (ends - 1)), ends + 1),
        _paying_sign(ground, rows),
        _else_sign(ground, rows),
    ]
    return finding_of(
        "self_referral_cycle",
        ground.scene,
        ground.accounts(rows.tolist()),
        signs,
        orders=ground.pairs.orders_of(rows),
        threshold=THRESHOLDS["alert_nats"].value,
    )


def _taking_part(ground: _Ground, core: set[int]) -> set[int]:
    """Pairs that lead on from those of a finding to invitees who buy as seldom people do.

    A promoter has honest invitees, too: where those are more than the finding has, only those are
    taken who buy mostly through the inviter, and none where they are many more.
    """
    found, whole = _leading_on(ground, core, 0.0)
    if len(found) <= whole:
        return found
    found, whole = _leading_on(ground, core, ELSE_PART)
    return found if len(found) <= MOST_TIMES * whole else set()


def _leading_on(ground: _Ground, core: set[int], part_least: float) -> tuple[set[int], int]:
    """Those pairs whose buyer buys at least such a part by the earner; how many are in core."""
    pairs = ground.pairs
    starts, _ = ground.scene.orders_by_buyer
    bought = np.diff(starts)
    inside = set(ground.accounts(sorted(core)))
    whole, found = len(inside), set[int]()
    waiting = sorted(inside)
    while waiting:
        start, end = np.searchsorted(pairs.earner, [waiting.pop()] * 2 + np.array([0, 1]))
        for pair in range(int(start), int(end)):
            buyer = int(pairs.buyer[pair])
            is_rare = ground.steps[pair] >= THRESHOLDS["part_nats_least"].value
            is_rare = is_rare and pairs.touched[pair] >= part_least * bought[buyer]
            if is_rare and pairs.invited[pair] and buyer not in inside:
                inside.add(buyer)
                found.add(pair)
                waiting.append(buyer)
    return found, whole


def _identity_sign(mask: int, rate: float, nats: float, accounts: int) -> Sign:
    zh, en = in_words(mask)
    return Sign(
        "shared_identity",
        accounts,
        rate,
        nats,
        f"{accounts} 个账号看来是同一个人：共用{zh}；诚实的邀请关系中只有 {percent(rate)} 如此。",
        f"{accounts} accounts look like one person: they share {en}; {percent(rate)} of honest "
        "pairs of inviter and invitee do.",
    )


def _paying_sign(ground: _Ground, rows: Ints) -> Sign:
    """How rare it is that each buyer buys so often through the earner."""
    pairs = ground.pairs
    rate = pairs.invited_rate()
    level = np.minimum(pairs.touched[rows], ORDERS_TOLD_MAX)
    best = dict[int, float]()
    for buyer, one in zip(pairs.buyer[rows].tolist(), level.tolist(), strict=True):
        best[buyer] = max(best.get(buyer, 0.0), -log(rate[one]))
    count = int(pairs.touched[rows].sum())
    amount = yuan(float(ground.scene.net[pairs.orders_of(rows)].sum()))
    usual = float(rate[int(level.max())])
    return Sign(
        "earned_from_own_orders",
        count,
        usual,
        min(sum(best.values()), PAYING_NATS_MAX) + (ONCE_NATS if count == 1 else 0.0),
        f"他们彼此带来 {count} 笔订单，共 {amount} 元；"
        f"诚实的邀请关系中只有 {percent(usual)} 有这么多。",
        f"They brought each other {count} orders of {amount} yuan; {percent(usual)} of "
        "honest invited pairs have as many.",
    )


def _else_sign(ground: _Ground, rows: Ints) -> Sign:
    """How much else the buyers buy: a household buys here and there, an account for rewards does

    not.
    """
    starts, _ = ground.scene.orders_by_buyer
    buyers = np.unique(ground.pairs.buyer[rows])
    whole = int(np.diff(starts)[buyers].sum())
    part = int(ground.pairs.touched[rows].sum()) / max(1, whole)
    nats = float(np.clip(2 * log(part / ELSE_PART), ELSE_NATS_LEAST, ELSE_NATS_MAX))
    return Sign(
        "little_else",
        part,
        ELSE_PART,
        nats,
        f"这些订单占他们全部订单的 {percent(part)}。",
        f"These orders are {percent(part)} of all that they bought.",
    )


def _circles(ground: _Ground, mall: Floats) -> tuple[list[tuple[int, ...]], bool]:
    """Circles of pairs that are gone round again and again for like amounts; limit met?"""
    pairs, rounds = ground.pairs, THRESHOLDS["rounds_least"].value
    # A click that was not seen takes an order from a pair, so that one less is enough there.
    often = np.flatnonzero(pairs.earned >= rounds - 1)
    cycles = short_cycles(
        pairs.earner[often].astype(np.int64),
        pairs.buyer[often].astype(np.int64),
        ground.scene.people,
        length_max=int(THRESHOLDS["circle_length_max"].value),
    )
    whole = [tuple(int(often[edge]) for edge in one) for one in cycles.found]
    return [
        one
        for one in whole
        if pairs.earned[list(one)].mean() > rounds - 1
        and ground.likeness(one, mall).nats >= THRESHOLDS["alike_nats_least"].value
    ], cycles.truncated


def _circle_finding(ground: _Ground, circles: Sequence[tuple[int, ...]], mall: Floats) -> Finding:
    pairs = ground.pairs
    rows = sorted({pair for one in circles for pair in one})
    longest = max(circles, key=lambda one: (len(one), one))
    turns = float(pairs.earned[list(longest)].mean())
    surprise = _surprise(pairs, longest, ground.scene.people)
    length = len(longest)
    signs = [
        Sign(
            "closed_circle",
            length,
            float(np.exp(-surprise)),
            min(surprise * CIRCLE_PART, CIRCLE_NATS_MAX),
            f"{length} 个账号依次从下一个的订单中获利，形成闭环。",
            f"{length} accounts each earn from the next one's orders, in a circle.",
        ),
        Sign(
            "rounds",
            turns,
            1.0,
            min(turns - 1, ROUNDS_NATS_MAX),
            f"这个环平均走了 {turns:.1f} 圈。",
            f"The circle was gone round {turns:.1f} times on average.",
        ),
        amount_sign(ground.likeness(rows, mall)),
    ]
    return finding_of(
        "self_referral_cycle",
        ground.scene,
        ground.accounts(rows),
        signs,
        orders=pairs.orders_of(np.array(rows, np.int64)),
        threshold=THRESHOLDS["alert_nats"].value,
    )


def _surprise(pairs: Earnings, circle: Sequence[int], people: int) -> float:
    """Nats of a circle if all keep how many they often earn from and often buy through."""
    often = pairs.earned >= THRESHOLDS["rounds_least"].value - 1
    out = np.bincount(pairs.earner[often], minlength=people)
    into = np.bincount(pairs.buyer[often], minlength=people)
    own = pairs.earner[list(circle)]
    chance = out[own] * into[own] / max(1, int(often.sum()))
    return float(np.clip(-np.log(np.minimum(1, chance)), 0, None).sum())


DETECTOR: Final = Detector(
    kind="self_referral_cycle",
    question="Does somebody earn from own orders, through other accounts or round in a circle?",
    evidence="fraud/show_self_referral_cycle",
    picture="fraud/draw_self_referral_cycle",
    compared_with=(
        "pairs of inviter and invitee of the same mall: how many share such tokens, and how many "
        "buy so often through the inviter"
    ),
    thresholds=THRESHOLDS,
    find=find,
)
