"""Does somebody earn from own orders, through other accounts or round in a circle?

Three ways: a chain of accounts, each earning from the next, whose two ends are one human's (a chain
of one step is an account that earns from another of the same human); a circle that is gone round
again and again with like amounts, whoever it is; or a chain of accounts each of which deals with
hardly anybody but the next.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import log
from typing import Final

import numpy as np

from graph_service.fraud.chains.chains import Bounds, Chain, Ground, chains_of
from graph_service.fraud.chains.cycles import joined
from graph_service.fraud.chains.earning import ORDERS_TOLD_MAX, earnings_of
from graph_service.fraud.chains.rounds import (
    ALIKE_NATS_LEAST,
    LENGTH_MAX,
    ROUNDS_LEAST,
    circle_finding,
    circles_of,
)
from graph_service.fraud.chains.sole import (
    SOLE_ORDERS_LEAST,
    SOLE_PART,
    sole_chains,
)
from graph_service.fraud.detectors.kinds import ALERT_SCORE
from graph_service.fraud.detectors.shape import Detector, Finding, Threshold
from graph_service.fraud.scene import Scene
from graph_service.fraud.signs.amounts import mall_amounts
from graph_service.fraud.signs.kinship import in_words
from graph_service.fraud.signs.weighing import Sign, best_first, finding_of, percent, rate_of, yuan
from graph_service.snapshot.log import Ints

THRESHOLDS: Final = {
    "length_max": Threshold(6, "steps", "issue 7: cycles of length 1 to 6"),
    "circle_length_max": Threshold(
        LENGTH_MAX, "steps", "a circle without shared tokens; two more are cheap"
    ),
    "rounds_least": Threshold(ROUNDS_LEAST, "orders", "fraud.md: repeated three times or more"),
    "twins_least": Threshold(3, "accounts", "a couple has two; a third one has a reason"),
    "step_nats_least": Threshold(1.5, "nats", "a step that every fifth member has leads nowhere"),
    "open_nats": Threshold(
        18.0, "nats", "chains that do not come back; honest ones of 10,000 members reach 17"
    ),
    "part_nats_least": Threshold(3.5, "nats", "one in 30 members has so close an invitee"),
    "alike_nats_least": Threshold(
        ALIKE_NATS_LEAST, "nats", "fraud.md: with like amounts; 7 times chance"
    ),
    "sole_part": Threshold(SOLE_PART, "part", "nearly all that an account sells, to one; set"),
    "sole_alert_nats": Threshold(14.0, "nats", "two such links and what they sell, never one"),
    "alert_nats": Threshold(
        9.0, "nats", "one in 8,000 pairs; 10,000 members have about 9,000 invited pairs"
    ),
}
# Each further account of the human says half as much as the second, for who shares once shares.
MORE_ENDS_PART: Final = 0.5
PAYING_NATS_MAX: Final = 12.0
JUMP_NATS_MAX: Final = 12.0
# Half of all orders through an own account says nothing; less and less speaks for a household.
ELSE_PART: Final = 0.5
ELSE_NATS_LEAST, ELSE_NATS_MAX = -4.0, 1.0
# Who hid their tokens is of a group still, but a group that is mostly such is another promoter's.
MOST_TIMES: Final = 3
SOLE_NATS_MAX: Final = 3.0
# Together they stay below what a hold takes, which is 4.4 nats beyond an alert.
LINKS_NATS_MAX, SOLE_PAYING_NATS_MAX = 9.0, 8.0
# A single order is anybody's: what pays off is done again.
ONCE_NATS: Final = -1.5


def find(scene: Scene) -> list[Finding]:
    """Groups that earn from their own orders, best first."""
    if not len(earnings_of(scene)):
        return []
    ground = Ground.of(scene)
    chains, chains_cut = chains_of(ground, _bounds())
    mall = mall_amounts(scene)
    circles, circles_cut = circles_of(ground, mall)
    if chains_cut or circles_cut:
        scene.notes.append("self_referral_cycle: not all chains and circles were searched")
    alert = THRESHOLDS["alert_nats"].value
    of_chains = joined([ground.accounts(one.pairs) for one in chains], scene.people)
    of_circles = joined([ground.accounts(one) for one in circles], scene.people)
    found = [_chain_finding(ground, [chains[one] for one in group]) for group in of_chains]
    found += [
        circle_finding(ground, [circles[one] for one in group], mall, alert) for group in of_circles
    ]
    rows_of_sole = sole_chains(ground.pairs, ground.sole_links, scene.people)
    sole = [_sole_finding(ground, rows) for rows in rows_of_sole]
    found += [one for one in sole if not _is_known(one, found)]
    return best_first(replace(one, truncated=chains_cut or circles_cut) for one in found)


def _is_known(one: Finding, others: Sequence[Finding]) -> bool:
    """Does one of the others, as sure, tell of all of these members?"""
    return any(
        other.score >= min(one.score, ALERT_SCORE) and set(one.members) <= set(other.members)
        for other in others
    )


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
    part_here = _part_here(ground, rows)
    signs = [
        *_back_signs(ground, [one for one in chains if not one.is_open]),
        *_jump_signs(chains),
        _paying_sign(ground, rows),
        _else_sign(part_here),
        *_sole_sign(ground, rows, part_here),
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


def _else_sign(part: float) -> Sign:
    """How much else the buyers buy: a household buys here and there, an account for rewards does

    not.
    """
    nats = float(np.clip(2 * log(part / ELSE_PART), ELSE_NATS_LEAST, ELSE_NATS_MAX))
    return Sign(
        "little_else",
        part,
        ELSE_PART,
        nats,
        f"这些订单占他们全部订单的 {percent(part)}。",
        f"These orders are {percent(part)} of all that they bought.",
    )


def _part_here(ground: Ground, rows: Ints) -> float:
    """The part of all orders of these pairs' buyers that is between them."""
    whole = int(ground.bought[np.unique(ground.pairs.buyer[rows])].sum())
    return int(ground.pairs.touched[rows].sum()) / max(1, whole)


def _sole_sign(ground: Ground, rows: Ints, part_here: float) -> list[Sign]:
    """That those who earn here sell to nobody else, if so: a promoter does, such an account not.

    Who buys elsewhere as well is of the same household, and no account for rewards.
    """
    pairs = ground.pairs
    whole = int(ground.sold[np.unique(pairs.earner[rows[pairs.touched[rows] > 0]])].sum())
    own = int(pairs.touched[rows].sum())
    part, rate = own / max(1, whole), ground.sole_rate
    if own < SOLE_ORDERS_LEAST or part < SOLE_PART or part_here < ELSE_PART:
        return []
    return [
        Sign(
            "nobody_else",
            part,
            rate,
            min(SOLE_NATS_MAX, -log(rate)),
            f"他们推广成交的订单中 {percent(part)} 来自自己人；"
            f"有 {SOLE_ORDERS_LEAST} 笔以上订单的推广者中只有 {percent(rate)} 几乎只卖给一个人。",
            f"{percent(part)} of all orders that they brought are each other's; only "
            f"{percent(rate)} of promoters with {SOLE_ORDERS_LEAST} orders or more sell to hardly "
            "anybody but one.",
        )
    ]


def _sole_finding(ground: Ground, rows: Ints) -> Finding:
    """A chain of accounts each of which deals with hardly anybody but the next.

    Nothing ties these accounts, so it never reaches the score that holds money.
    """
    scene, pairs = ground.scene, ground.pairs
    rate = rate_of(len(ground.sole_links), scene.people)
    paying = _paying_sign(ground, rows)
    signs = [
        Sign(
            "sole_links",
            len(rows),
            rate,
            min(LINKS_NATS_MAX, -log(rate) * len(rows)),
            f"{len(rows)} 个相连的环节中，每个账号几乎只卖给下一个，下一个也几乎只从它那里买；"
            f"每个会员平均只有 {rate:.4f} 个这样的环节。",
            f"In {len(rows)} links in a row an account sells to hardly anybody but the next, which "
            f"buys from hardly anybody else; a member has only {rate:.4f} such links on average.",
        ),
        replace(paying, nats=min(paying.nats, SOLE_PAYING_NATS_MAX)),
        _else_sign(_part_here(ground, rows)),
    ]
    return finding_of(
        "self_referral_cycle",
        scene,
        ground.accounts(rows.tolist()),
        signs,
        orders=pairs.orders_of(rows),
        threshold=THRESHOLDS["sole_alert_nats"].value,
    )


DETECTOR: Final = Detector(
    kind="self_referral_cycle",
    question="Does somebody earn from own orders, through other accounts or round in a circle?",
    evidence="fraud/show_self_referral_cycle",
    picture="fraud/draw_self_referral_cycle",
    compared_with=(
        "pairs of inviter and invitee of the same mall: how many share such tokens, how many buy "
        "so often through the inviter, and how many deal with hardly anybody else"
    ),
    thresholds=THRESHOLDS,
    find=find,
)
