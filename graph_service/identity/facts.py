"""How facts about who is who are stored."""

from collections.abc import Sequence
from typing import Any

from graph_service.ingest.facts import Fact
from graph_service.ingest.store import RoomFacts, Statement, linked_facts
from graph_service.ingest.tokens import is_nobodys

VISITOR_TYPES = frozenset({"visitor.identified"})
TOKEN_TYPES = frozenset({"identity.observed", "account.linked", "order.paid"})


def room_facts() -> RoomFacts:
    """Visitors, channel accounts and identifiers; nothing here is ever rejected."""
    return RoomFacts(
        statements=(
            Statement("identity/merge_tokens", TOKEN_TYPES, _renewed),
            Statement("identity/renew_tokens", TOKEN_TYPES, _renewed),
            Statement("identity/identify_visitors", VISITOR_TYPES, _standing),
            Statement("identity/record_identifications", VISITOR_TYPES, _overtaken),
            Statement("identity/link_accounts", frozenset({"account.linked"}), _accounts),
            Statement("identity/observe_identifiers", frozenset({"identity.observed"}), _observed),
            linked_facts("identity/link_visitor_facts", VISITOR_TYPES, "visitorId"),
        )
    )


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
        data = fact.data
        if is_nobodys(data["value"]):
            continue
        key = (data["value"], data.get("memberId", ""), data.get("visitorId", ""))
        row = rows.setdefault(
            key,
            {
                "token": data["value"],
                "kind": data["kind"],
                "memberId": data.get("memberId"),
                "visitorId": data.get("visitorId"),
                "firstSeen": fact.at,
                "lastSeen": fact.at,
                "times": 0,
            },
        )
        row["firstSeen"] = min(row["firstSeen"], fact.at)
        row["lastSeen"] = max(row["lastSeen"], fact.at)
        row["times"] += 1
    return [rows[key] for key in sorted(rows)]
