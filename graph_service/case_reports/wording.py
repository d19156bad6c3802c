"""What do the actions of a decision mean, in words that somebody can agree to?"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from graph_service.cases.actions import CONFIRMED, CONFIRMS, LIFT_HOLDS
from graph_service.hypertext.rendering import room_words
from graph_service.plans.member import Lang

# Ids of members and orders that are named one by one; of more it is said how many.
NAMED_MAX: Final = 20


def action_lines(
    decision: Mapping[str, Any],
    member_ids: Sequence[str],
    lang: Lang,
    moment: Callable[[str], str] = str,
) -> list[dict[str, Any]]:
    """Each action of a decision or a proposal: text, shadow, members. What a conclusion does by

    itself is told, too. members: how many of the case it is about; None: it is about orders.
    moment: spells a time.
    """
    said = [_fields(one) for one in decision["actions"]]
    if decision["conclusion"] in CONFIRMS and not any(one["type"] == "freeze" for one in said):
        said.append({"type": "freeze", "by_itself": True})
    return [_line(one, member_ids, lang, moment) for one in said]


def _fields(action: str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(action, str):
        assert action == LIFT_HOLDS, "the only action that is a word"
        return {"type": "unfreeze"}
    return dict(action)


def _line(
    said: Mapping[str, Any], member_ids: Sequence[str], lang: Lang, moment: Callable[[str], str]
) -> dict[str, Any]:
    words = room_words("case_reports")[lang]
    kind, scope = said["type"], said.get("scope", "payout")
    whole = f"{kind}_{scope}" if kind in ("freeze", "unfreeze") else kind
    about_orders = scope == "order" or kind.endswith("_commissions")
    parts = [words["actions"][whole], _whom(said, member_ids, words, about_orders=about_orders)]
    if kind == "freeze" and not about_orders:
        parts.append(words["action_code"].format(code=said.get("reasonCode", CONFIRMED)))
        ends = said.get("expiresAt")
        until = words["action_until"]
        parts.append(until.format(at=moment(ends)) if ends else words["action_unending"])
    if said.get("by_itself"):
        parts.append(words["action_by_itself"])
    shadow = bool(said.get("shadow", False))
    text = words["joins"].join(parts)
    chosen = len(said.get("memberIds") or member_ids)
    return {
        "text": words["action_shadow"].format(text=text) if shadow else text,
        "shadow": shadow,
        "members": None if about_orders else chosen,
    }


def _whom(
    said: Mapping[str, Any],
    member_ids: Sequence[str],
    words: Mapping[str, Any],
    *,
    about_orders: bool,
) -> str:
    """Whom or what it is about: all, or which."""
    if about_orders:
        ids: Sequence[str] = said.get("orderIds") or ()
        return words["orders_some"].format(ids=_named(ids, words)) if ids else words["orders_all"]
    ids = said.get("memberIds") or ()
    if not ids or set(ids) == set(member_ids):
        return words["members_all"].format(count=len(member_ids))
    named = _named(ids, words)
    return words["members_some"].format(count=len(ids), all=len(member_ids), ids=named)


def _named(ids: Sequence[str], words: Mapping[str, Any]) -> str:
    shown = ", ".join(ids[:NAMED_MAX])
    more = len(ids) - NAMED_MAX
    return shown + words["and_more"].format(count=more) if more > 0 else shown
