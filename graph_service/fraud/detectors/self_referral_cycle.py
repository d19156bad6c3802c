"""Does somebody earn from own orders, through other accounts or round in a circle?

Two ways: a chain of accounts, each earning from the next, whose two ends are one human's (a chain
of one step is an account that earns from another of the same human); or a circle that is gone
round again and again with like amounts, whoever it is.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import log
from typing import Final

import numpy as np

from graph_service.fraud.chains.chains import Bounds, Chain, Ground, chains_of
from graph_service.fraud.chains.cycles import joined, short_cycles
from graph_service.fraud.chains.earning import ORDERS_TOLD_MAX, Earnings, earnings_of
from graph_service.fraud.detectors.shape import Detector, Finding, Threshold
from graph_service.fraud.scene import Floats, Scene
from graph_service.fraud.signs.amounts import amount_sign, mall_amounts
from graph_service.fraud.signs.kinship import in_words
from graph_service.fraud.signs.weighing import Sign, best_first, finding_of, percent, yuan
from graph_service.snapshot.log import Ints

THRESHOLDS: Final = {
    "length_max": Threshold(6, "steps", "issue 7: cycles of length 1 to 6"),
    "circle_length_max": Threshold(
        8, "steps", "a circle without shared tokens; two more are cheap"
    ),
    "rounds_least": Threshold(3, "orders", "fraud.md: repeated three times or more"),
    "twins_least": Threshold(3, "accounts", "a couple has two; a third one has a reason"),
    "step_nats_least": Threshold(1.5, "nats", "a step that every fifth member has leads nowhere"),
    "open_nats": Threshold(
        18.0, "nats", "chains that do not come back; honest ones of 10,000 members reach 17"
    ),
    "part_nats_least": Threshold(3.5, "nats", "one in 30 members has so close an invitee"),
    "alike_nats_least": Threshold(2.0, "nats", "fraud.md: with like amounts; 7 times chance"),
    "alert_nats": Threshold(
        9.0, "nats", "one in 8,000 pairs; 10,000 members have about 9,000 invited pairs"
    ),
}
# Friends buy of each other far more than chance has it, so a circle's rarity says half.
CIRCLE_PART: Final = 0.5
CIRCLE_NATS_MAX: Final = 8.0
ROUNDS_NATS_MAX: Final = 3.0
# Each further account of the human says half as much as the second, for who shares once shares.
MORE_ENDS_PART: Final = 0.5
PAYING_NATS_MAX: Final = 12.0
JUMP_NATS_MAX: Final = 12.0
# Half of all orders through an own account says nothing; less and less speaks for a household.
ELSE_PART: Final = 0.5
ELSE_NATS_LEAST, ELSE_NATS_MAX = -4.0, 1.0
# Who hid their tokens is of a group still, but a group that is mostly such is another promoter's.
MOST_TIMES: Final = 3
# A single order is anybody's: what pays off is done again.
ONCE_NATS: Final = -1.5


def find(scene: Scene) -> list[Finding]:
    """Groups that earn from their own orders, best first."""
    if not len(earnings_of(scene)):
        return []
    ground = Ground.of(scene)
    chains, chains_cut = chains_of(ground, _bounds())
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


def _bounds() -> Bounds:
    return Bounds(
        length_max=int(THRESHOLDS["length_max"].value),
        step_nats_least=THRESHOLDS["step_nats_least"].value,
        closed_nats_least=THRESHOLDS["alert_nats"].value,
        open_nats_least=THRESHOLDS["open_nats"].value,
        twins_least=int(THRESHOLDS["twins_least"].value),
    )


def _chain_finding(ground: Ground, chains: Sequence[Chain]) -> Finding:
    """Chains that hang together, as one finding."""
    core = {pair for one in chains for pair in one.pairs}
    back = {pair for one in chains if not one.is_open for pair in one.pairs}
    rows = np.array(sorted(core | _taking_part(ground, back)), np.int64)
    signs = [
        *_back_signs(ground, [one for one in chains if not one.is_open]),
        *_jump_signs(chains),
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


def _back_signs(ground: Ground, chains: Sequence[Chain]) -> list[Sign]:
    """That money comes back to the human who paid it, if it does."""
    if not chains:
        return [_open_sign()]
    best = max(chains, key=lambda one: (ground.identity(one.mask)[0], one.pairs))
    ends = len({int(ground.pairs.buyer[one.pairs[-1]]) for one in chains})
    nats, rate = ground.identity(best.mask)
    return [_identity_sign(best.mask, rate, nats * (1 + MORE_ENDS_PART * (ends - 1)), ends + 1)]


def _open_sign() -> Sign:
    return Sign(
        "not_closed",
        0,
        0.0,
        THRESHOLDS["alert_nats"].value - THRESHOLDS["open_nats"].value,
        "没有看到钱回到最初的人手里。",
        "It was not seen that the money comes back to whom it began with.",
    )


def _jump_signs(chains: Sequence[Chain]) -> list[Sign]:
    """That a chain goes on from other accounts of its humans, if one does."""
    best = max(chains, key=lambda one: (one.jump_nats, one.pairs))
    if not best.jumps:
        return []
    zh, en = in_words(best.kinds)
    count = len(best.jumps)
    return [
        Sign(
            "second_accounts",
            count,
            float(np.exp(-best.jump_nats / count)),
            min(best.jump_nats, JUMP_NATS_MAX),
            f"{count} 次，付款的账号与另一个获利的账号共用{zh}：看来各人从别人的小号获利。",
            f"{count} times an account that pays shares {en} with one that earns: they seem to "
            "earn from each other's second accounts.",
        )
    ]


def _taking_part(ground: Ground, core: set[int]) -> set[int]:
    """Pairs that lead on from those of a finding to invitees who buy as seldom people do.

    A promoter has honest invitees, too: where those are more than the finding has, only those are
    taken who buy mostly through the inviter, and none where they are many more.
    """
    found, whole = _leading_on(ground, core, 0.0)
    if len(found) <= whole:
        return found
    found, whole = _leading_on(ground, core, ELSE_PART)
    return found if len(found) <= MOST_TIMES * whole else set()


def _leading_on(ground: Ground, core: set[int], part_least: float) -> tuple[set[int], int]:
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


def _paying_sign(ground: Ground, rows: Ints) -> Sign:
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


def _else_sign(ground: Ground, rows: Ints) -> Sign:
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


def _circles(ground: Ground, mall: Floats) -> tuple[list[tuple[int, ...]], bool]:
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


def _circle_finding(ground: Ground, circles: Sequence[tuple[int, ...]], mall: Floats) -> Finding:
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
