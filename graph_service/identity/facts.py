"""How facts about who is who are stored."""

from collections.abc import Iterator, Sequence
from typing import Any

from graph_service.ingest.facts import Fact
from graph_service.ingest.store import RoomFacts, Statement, linked_facts
from graph_service.ingest.tokens import is_nobodys

VISITOR_TYPES = frozenset({"visitor.identified"})
ACCOUNT_TYPES = frozenset({"account.linked"})
SAID_TYPES = frozenset({"member.merged", "member.unmerged"})
# Facts that tell with what somebody was seen.
SEEN_TYPES = frozenset({"identity.observed", "order.paid", "account.linked"})


def room_facts() -> RoomFacts:
    """Visitors, channel accounts and identifiers; nothing here is ever rejected."""
    return RoomFacts(
        statements=(
            Statement("identity/merge_tokens", SEEN_TYPES, _renewed),
            Statement("identity/renew_tokens", SEEN_TYPES, _renewed),
            Statement("identity/identify_visitors", VISITOR_TYPES, _standing),
            Statement("identity/record_identifications", VISITOR_TYPES, _overtaken),
            Statement("identity/link_accounts", ACCOUNT_TYPES, _accounts),
            Statement("identity/observe_identifiers", SEEN_TYPES, _observed),
            linked_facts("identity/link_visitor_facts", VISITOR_TYPES, "visitorId"),
            Statement("referrals/link_member_facts", SAID_TYPES, said_rows),
        )
    )


def said_rows(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    """What is said of two members is about both."""
    rows = [
        {"key": fact.key, "memberId": fact.data[name]}
        for fact in facts
        for name in ("fromId", "intoId")
    ]
    return sorted(rows, key=lambda row: (row["memberId"], row["key"]))


def _identifications(facts: Sequence[Fact]) -> dict[str, list[dict[str, Any]]]:
    """Per visitor, the one of the latest time last (of equal times the last to arrive)."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for fact in sorted(facts, key=lambda fact: fact.time):
        row = {**fact.data, "at": fact.at}
        rows.setdefault(fact.data["visitorId"], []).append(row)
    return rows


def _standing(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    rows = _identifications(facts)
    return [rows[visitor_id][-1] for visitor_id in sorted(rows)]


def _overtaken(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    rows = _identifications(facts)
    return [row for visitor_id in sorted(rows) for row in rows[visitor_id][:-1]]


def _accounts(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for fact in facts:
        account_id = f"{fact.data['channel']} {fact.data['externalId']}"
        rows[account_id] = {**fact.data, "accountId": account_id, "at": fact.at}
    return [rows[account_id] for account_id in sorted(rows)]


def _renewed(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    """Tokens from before a rotation of the pepper, each with the one it is now."""
    found = sorted({pair for fact in facts for pair in fact.renewed})
    return [{"former": former, "token": token} for former, token in found]


def _observed(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    """One row per token and who was seen with it."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for fact in facts:
        for kind, token in seen_with(fact):
            member_id, visitor_id = fact.data.get("memberId"), fact.data.get("visitorId")
            row = rows.setdefault(
                (token, member_id or "", visitor_id or ""),
                {
                    "token": token,
                    "kind": kind,
                    "memberId": member_id,
                    "visitorId": visitor_id,
                    "firstSeen": fact.at,
                    "lastSeen": fact.at,
                    "times": 0,
                    "inOrders": 0,
                },
            )
            row["firstSeen"] = min(row["firstSeen"], fact.at)
            row["lastSeen"] = max(row["lastSeen"], fact.at)
            row["inOrders" if fact.type == "order.paid" else "times"] += 1
    return [rows[key] for key in sorted(rows)]


def seen_with(fact: Fact) -> Iterator[tuple[str, str]]:
    """The kinds and tokens that whom this fact is of was seen with, each once.

    What says nothing of anybody, such as a device id of zeros, is left out, and so is the phone of
    an order: a neighbour may take the parcel in, and a number that rested may still be filled in.
    """
    yield from ((kind, token) for kind, token in _told(fact) if not is_nobodys(token))


def _told(fact: Fact) -> list[tuple[str, str]]:
    data = fact.data
    if fact.type == "identity.observed":
        return [(data["kind"], data["value"])]
    if fact.type == "account.linked":
        return [("union", data["unionId"])] if "unionId" in data else []
    told = {(one["kind"], one["value"]) for one in data.get("identifiers", ())}
    return sorted((kind, token) for kind, token in told if kind != "phone")
