"""Whose accounts are one person's, why, and who else may be: told with every shared thing."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from graph_service.errors import MemberNotFound
from graph_service.graph.session import Graph, Read
from graph_service.identity.persons import Known, Pair, links_of, pair_of, score_pair
from graph_service.identity.standings import read_known
from graph_service.identity.weights import (
    HOUSEHOLD,
    RECYCLED_AFTER_DAYS,
    STRONG,
    SUGGEST_BITS,
    Reason,
    Score,
)

# Identifiers that more are seen with suggest nobody.
SUGGEST_REACH = 16
SUGGESTIONS_MAX = 50
# Accounts of a person of which every shared identifier is told.
LINKS_TOLD_MAX = 500
# Members looked at in one go, and for one page, while suggestions are listed.
LOOKED_AT_TOGETHER = 500
LOOKED_AT_MAX = 20_000
WORDS = {
    "merged": ("the staff said that they are one person", "工作人员认定为同一人"),
    "union": ("one union id", "同一 unionId"),
    "phone": ("one verified phone number", "同一验证手机号"),
    "payment": ("one means of payment", "同一支付账户"),
    "paid": (
        "one means of payment, used once by one of them",
        "同一支付账户（其中一方仅用过一次）",
    ),
    "device": ("one device", "同一设备"),
    "address": ("one address", "同一地址"),
    "ip": ("one IP address", "同一 IP 地址"),
}
RECYCLED = (
    f"; but nobody used it for {RECYCLED_AFTER_DAYS} days in between",
    f"；但其间超过 {RECYCLED_AFTER_DAYS} 天无人使用，号码可能已重新分配",
)


async def tell_person(graph: Graph, member_id: str, prefix: str) -> dict[str, Any]:
    """The accounts of a member's person, what joins them, and who else may be one of them.

    prefix: of the keys of the sales of a month. Raises MemberNotFound.
    """
    accounts = await graph.read("identity/read_person", memberId=member_id, prefix=prefix)
    if not accounts:
        raise MemberNotFound(f"there is no member {member_id}")
    held = accounts[0]["held"]
    member_ids = [one["memberId"] for one in accounts]
    former = await graph.read("identity/list_former", memberId=member_id)
    others = await _lookalikes(graph.read, [member_id])
    known = await read_known(graph.read, sorted({*member_ids, *others[member_id]}))
    links = [
        {"memberIds": list(link.pair), **_told(_with_all(known, link.pair, link.score))}
        for link in links_of(known, member_ids[:LINKS_TOLD_MAX])
    ]
    suggestions = _suggestions(known, (pair_of(member_id, one) for one in others[member_id]))
    sums = ("shares", "clicks", "orders", "invited", "ownSalesMinor")
    return {
        "memberId": member_id,
        "personId": min(member_ids),
        "held": held,
        "accounts": accounts,
        "together": {name: sum(one[name] for one in accounts) for name in sums},
        "links": links,
        "formerly": former,
        "suggestions": suggestions[:SUGGESTIONS_MAX],
    }


async def list_suggestions(
    graph: Graph, after: str, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Pairs of members who may be one person, by the lesser id, and after whom to go on.

    A page ends also when so many members were looked at: then it may hold less than `limit`.
    """
    found: list[dict[str, Any]] = []
    looked_at = 0
    while looked_at < LOOKED_AT_MAX:
        rows = await graph.read(
            "identity/list_members_after", after=after, limit=LOOKED_AT_TOGETHER
        )
        together: list[str] = rows[0]["memberIds"]
        if not together:
            return found, None
        looked_at += len(together)
        others = await _lookalikes(graph.read, together)
        known = await read_known(
            graph.read, sorted({one for pair in others.items() for one in (pair[0], *pair[1])})
        )
        for member_id in together:
            pairs = (pair_of(member_id, one) for one in others[member_id] if one > member_id)
            found += _suggestions(known, pairs)
            after = member_id
            if len(found) >= limit:
                return found, after
    return found, after


async def _lookalikes(read: Read, member_ids: Sequence[str]) -> defaultdict[str, list[str]]:
    """By member the others who share something with it."""
    rows = await read("identity/list_lookalikes", memberIds=member_ids, reach=SUGGEST_REACH)
    others: defaultdict[str, list[str]] = defaultdict(list)
    for member_id, other_id in zip(rows[0]["memberIds"], rows[0]["otherIds"], strict=True):
        others[member_id].append(other_id)
    return others


def _suggestions(known: Known, pairs: Iterable[Pair]) -> list[dict[str, Any]]:
    """Of these pairs those that may be one person and of whom nothing was said, likeliest first."""
    found: list[dict[str, Any]] = []
    for pair in sorted(pairs):
        score = score_pair(known, pair)
        if score.bits >= SUGGEST_BITS and known.said(pair) is None:
            kinds = {one.kind for one in score.reasons}
            told = {**_told(score), "household": kinds <= HOUSEHOLD and len(kinds) > 1}
            found.append({"memberIds": list(pair), **told})
    return sorted(found, key=lambda one: (-one["bits"], one["memberIds"]))


def _with_all(known: Known, pair: Pair, score: Score) -> Score:
    """Of a pair that the staff joined also what it shares."""
    if score.reasons[0].kind not in STRONG:
        return Score(score.bits, (*score.reasons, *score_pair(known, pair).reasons))
    return score


def _told(score: Score) -> dict[str, Any]:
    return {
        "bits": score.bits,
        "score": f"{score.probability:.4f}",
        "reasons": [_reason(one) for one in score.reasons],
    }


def _reason(reason: Reason) -> dict[str, Any]:
    en, zh = WORDS[reason.kind]
    if reason.recycled:
        en, zh = en + RECYCLED[0], zh + RECYCLED[1]
    return {
        "kind": reason.kind,
        "token": reason.token,
        "bits": reason.bits,
        "users": reason.users,
        "recycled": reason.recycled,
        "text": en,
        "textZh": zh,
    }
