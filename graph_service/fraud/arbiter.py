"""Which of several findings about the same people is told, and as which kind?

Findings of one kind that overlap become one. Of two kinds, the one that says more of how the money
was made stays (`SPECIFICITY`), provided that it explains the group: a specific finding that covers
most of a general one replaces it; several that together cover most of it do, too; one that covers
the larger part takes the others along, since both saw parts of one group; a small part gives way.
A specific finding that is much less certain gives way as well. The answer does not depend on the
order of the findings.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from graph_service.fraud.detectors.kinds import ALERT_SCORE, Kind
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.signs.merging import SHARED_PART, is_shared, join, merge

# From what can be nothing else to what many frauds look like. A circle of owners of shops also
# goes round; who washes a step may send all back later; both buy the same through one promoter, and
# so do sleepers; accounts of a farm and buyers of a ring share cards and earn for one another.
SPECIFICITY: Final[tuple[Kind, ...]] = (
    "circular_orders",
    "round_trip",
    "threshold_wash",
    "refund_arbitrage",
    "sleeper",
    "share_hijack",
    "click_flood",
    "account_farm",
    "fake_order_ring",
    "self_referral_cycle",
)
# A farm is made for the bonus of each account. Where its accounts buy again and again (so many
# orders an account), the orders are what pays, and a kind that tells of orders says more.
ORDERS_EACH: Final = 2.0
# Who washes a step, or is after refunds, sends most back: so large a part at least. A ring's buyers
# send some back, too, for show.
UNDONE_PART_LEAST: Final[Mapping[str, float]] = {"undone_after_month": 0.2, "late_returns": 0.4}
# A ring whose goods in common say at least so much of its score is one by what it buys, and not
# only by whose things its buyers have: where all five signs say all they can it is an eighth.
BLOCK_PART_LEAST: Final = 0.12
# One explains another when it has so large a part of it: of nine in a ring, six who share a card
# are a part, and seven may be the whole.
EXPLAINED_PART: Final = 0.75
PARTS_OF_RINGS: Final[frozenset[Kind]] = frozenset({"sleeper", "account_farm"})
# As sure as another: scores near 1 differ by less and say the same.
SURE_AS: Final = 0.02
# A specific kind may be so much less certain than a general one and still stay.
SCORE_LESS_MAX: Final = 0.35


def settle(findings: Sequence[Finding]) -> list[Finding]:
    """One finding a group, best first. Cost: pairs of findings that share a member."""
    merged: list[Finding] = []
    for kind in SPECIFICITY:
        merged += merge([one for one in findings if one.kind == kind])
    loud = [one for one in merged if one.score >= ALERT_SCORE]
    quiet = [one for one in merged if one.score < ALERT_SCORE]
    kept = _settled([one for one in loud if not _outspoken(one, loud)])
    for one in quiet:
        if not _rivals(one, kept):
            kept.append(one)
    return sorted(kept, key=_order)


def _order(one: Finding) -> tuple[float, int, tuple[int, ...]]:
    return -one.score, SPECIFICITY.index(one.kind), one.members


def _outspoken(one: Finding, others: Sequence[Finding]) -> bool:
    """Does another kind tell of the same people what this one does not say?

    A farm whose accounts buy again and again by one another; a step passed or refunds taken by
    those who send little back, where they buy the same as a ring; a ring by tokens and promoter
    only, whose buyers are the promoter's own accounts.
    """
    if one.kind == "account_farm":
        rivals = [other for other in others if _buys_again(other)]
    elif one.kind in ("threshold_wash", "refund_arbitrage") and not _is_undone(one):
        rivals = [other for other in others if _is_block(other)]
    elif one.kind == "fake_order_ring" and not _is_block(one):
        rivals = [other for other in others if other.kind == "self_referral_cycle"]
    else:
        return False
    return any(
        other.score >= one.score - SCORE_LESS_MAX
        and _common(one, other) >= _part_asked(one, other) * len(one.members)
        for other in rivals
    )


def _part_asked(one: Finding, other: Finding) -> float:
    """Of how much of a finding another has to tell: of a farm less where it is surer.

    What else the farm holds joined beside its accounts.
    """
    if one.kind == "account_farm" and other.score > one.score + SURE_AS:
        return SHARED_PART
    return EXPLAINED_PART


def _buys_again(one: Finding) -> bool:
    return one.kind == "self_referral_cycle" and len(one.orders) >= ORDERS_EACH * len(one.members)


def _is_undone(one: Finding) -> bool:
    return any(
        reason.value >= UNDONE_PART_LEAST[reason.feature]
        for reason in one.reasons
        if reason.feature in UNDONE_PART_LEAST
    )


def _is_block(one: Finding) -> bool:
    return one.kind == "fake_order_ring" and any(
        reason.feature == "bought_the_same" and reason.contribution >= BLOCK_PART_LEAST * one.score
        for reason in one.reasons
    )


def _settled(findings: Sequence[Finding]) -> list[Finding]:
    """Alerts, those of specific kinds first, without those that another explains."""
    kept: list[Finding] = []
    for one in findings:
        rivals = _rivals(one, kept)
        sure = [other for other in rivals if other.score >= one.score - SCORE_LESS_MAX]
        explained = {member for other in sure for member in other.members}.intersection(one.members)
        if explained and len(explained) >= EXPLAINED_PART * len(one.members):
            continue
        if explained and len(explained) >= SHARED_PART * len(one.members):
            largest = max(sure, key=lambda other: (_common(one, other), other.score))
            if _is_whole(one, largest):
                kept = [other for other in kept if other not in rivals]
                kept.append(join(one, largest))
                continue
            kept = [join(other, one) if other is largest else other for other in kept]
            continue
        kept = [other for other in kept if other not in rivals]
        kept.append(one)
    return kept


def _is_whole(one: Finding, part: Finding) -> bool:
    """Is a part that woke or joined oddly only that of a ring which is as sure by what it buys?

    A ring takes what accounts it finds: old ones, new ones, of a farm. Sleepers and farms are such
    all over.
    """
    return (
        part.kind in PARTS_OF_RINGS
        and _is_block(one)
        and one.score >= part.score - SURE_AS
        and _common(one, part) < EXPLAINED_PART * len(one.members)
    )


def _rivals(one: Finding, others: Sequence[Finding]) -> list[Finding]:
    return [other for other in others if is_shared(one, other)]


def _common(one: Finding, other: Finding) -> int:
    return len(set(one.members).intersection(other.members))
