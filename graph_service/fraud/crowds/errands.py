"""Which members click on an errand, for one or each for each, and what speaks for it?"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from graph_service.fraud.clicking import Clicking
from graph_service.fraud.crowds.clickers import (
    Crowd,
    Pairs,
    Sales,
    circles,
    devotees,
    hand_rate,
    mutual_rows,
    mutuality,
    pairs_of,
    pools,
    rank_nats,
    sales_of,
    selling,
    sharers,
    told,
    unsold,
)
from graph_service.fraud.detectors.shape import Finding
from graph_service.fraud.odds import Sign, Spread, at_least, numbers_of, percent, scored
from graph_service.fraud.scene import Scene
from graph_service.snapshot.log import Ints

# No sign is enough alone (nats).
CAPS: Final = {"unsold": 10.0, "mutual": 8.0, "hand": 8.0, "devoted": 4.0}


@dataclass(frozen=True)
class Usual:
    """What the mall's own pairs are like. hand: part of a crowd that shares things.

    mutual: how many rows of pairs are mutual; promoters: how many there are; devotees: by promoter
    that has any, how many, in order.
    """

    pairs: Pairs
    sales: Sales
    hand: float
    mutual: int
    promoters: int
    devotees: Ints


def errands(scene: Scene, clicking: Clicking, *, evidence: float, spread: float) -> list[Finding]:
    """Findings about members who click day after day for one, or for one another, and buy nothing.

    evidence: nats at a score of a half; spread: by how many more the odds are e times as high.
    """
    pairs = pairs_of(scene, clicking)
    if not len(pairs.member):
        return []
    mutual = mutual_rows(pairs)
    crowds = [*pools(pairs), *circles(pairs, mutual)]
    usual = Usual(
        pairs,
        sales_of(pairs),
        hand_rate(scene, crowds),
        len(mutual),
        len(np.unique(pairs.promoter)),
        devotees(pairs),
    )
    found: list[Finding] = []
    for crowd in crowds:
        sells = selling(usual.sales, crowd.members)
        signs = _signs(scene, usual, crowd, sells)
        score, reasons = scored(signs, evidence, spread=spread)
        members = told(crowd.members, pairs, crowd, sold_part(sells))
        found.append(
            Finding(
                "click_flood",
                score,
                numbers_of(members),
                reasons,
                first_seen=int(pairs.first[crowd.rows].min()),
                last_seen=int(pairs.last[crowd.rows].max()),
            )
        )
    return found


def sold_part(sells: Spread) -> float:
    """The part of clicks after which the member buys within a day."""
    return sells.towards_zero / (sells.towards_one + sells.towards_zero)


def _signs(scene: Scene, usual: Usual, crowd: Crowd, sells: Spread) -> list[Sign]:
    pairs = usual.pairs
    clicks, sold = int(pairs.shares[crowd.rows].sum()), int(pairs.sold[crowd.rows].sum())
    count, usual_part = len(crowd.members), sold_part(sells)
    sharing = sharers(scene, crowd.members)
    found = [
        Sign(
            "unsold_errands",
            min(unsold(pairs, crowd.rows, sells), CAPS["unsold"]),
            sold / clicks,
            usual_part,
            f"他们点击了 {clicks} 次分享，一天内下单的有 {sold} 次，通常为 {percent(usual_part)}。",
            f"They clicked on {clicks} shares and bought within a day after {sold}; usual are "
            f"{percent(usual_part)}.",
        ),
        Sign(
            "one_hand",
            min(float(at_least(sharing, count, usual.hand)), CAPS["hand"]) if sharing else 0.0,
            sharing / count,
            usual.hand,
            f"其中 {sharing} 个账号与同批账号共用设备、支付方式或手机号。",
            f"{sharing} of them share a device, a means of payment or a phone with one another.",
        ),
    ]
    return [*found, _mutual_sign(usual, crowd) if crowd.is_circle else _devoted_sign(usual, crowd)]


def _mutual_sign(usual: Usual, crowd: Crowd) -> Sign:
    nats, rate = mutuality(crowd, usual.mutual, usual.promoters)
    each = len(crowd.rows) / len(crowd.members)
    return Sign(
        "mutual_clicks",
        min(nats, CAPS["mutual"]),
        each,
        2 * rate,
        f"{len(crowd.members)} 个账号互相点击对方的分享，每个账号平均与 {each:.1f} 个互点，"
        f"通常为 {2 * rate:.2f} 个。",
        f"{len(crowd.members)} accounts click on one another's shares, each with {each:.1f} others "
        f"in both directions; usual are {2 * rate:.2f}.",
    )


def _devoted_sign(usual: Usual, crowd: Crowd) -> Sign:
    counts, count = usual.devotees, len(crowd.rows)
    return Sign(
        "devoted_clickers",
        min(rank_nats(counts, count), CAPS["devoted"]),
        count,
        float(np.median(counts)),
        f"{count} 个账号点击了该推广者同期的大部分分享，"
        f"有此类账号的推广者通常只有 {np.median(counts):.0f} 个。",
        f"{count} accounts clicked on most of what the promoter posted meanwhile; promoters who "
        f"have such ones have {np.median(counts):.0f}.",
    )
