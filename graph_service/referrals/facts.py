"""How facts about members and invitations are stored."""

from collections.abc import Sequence
from typing import Any

from graph_service.clock import Clock
from graph_service.graph.session import Transaction
from graph_service.ingest.envelope import DATA, OWN_EVENTS
from graph_service.ingest.facts import Fact
from graph_service.ingest.store import RoomFacts, Statement, linked_facts
from graph_service.referrals.bindings import binding_check

PROPERTIES = {
    "role": "roleAt",
    "status": "statusAt",
    "communityId": "communityAt",
    "kyc": "kycAt",
    "taxRegistered": "taxRegisteredAt",
}


# What is said of a member, or whom it is bound to.
MEMBER_TYPES = frozenset({"member.joined", "member.updated", "referral.bound", "promoter.accepted"})


def room_facts(clock: Clock) -> RoomFacts:
    """Members first, since every other statement may name them; bindings are checked."""
    return RoomFacts(
        statements=(
            Statement("referrals/store_members", frozenset(DATA), _members),
            Statement(
                "referrals/update_members", frozenset({"member.joined", "member.updated"}), _updates
            ),
            linked_facts("referrals/link_member_facts", MEMBER_TYPES, "memberId"),
        ),
        check=binding_check(clock),
    )


async def change_roles(transaction: Transaction, facts: Sequence[Fact]) -> None:
    """Let members have the roles that these facts of the service give them."""
    if facts:
        await transaction.run("referrals/update_members", rows=_updates(facts))
        links = linked_facts("referrals/link_member_facts", MEMBER_TYPES, "memberId")
        await transaction.run(links.query, rows=links.rows(facts))


def _members(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    active: dict[str, Fact | None] = {}
    for fact in facts:
        data = fact.data
        for name in ("inviterId", "ownerMemberId", "stewardId", "fromId", "intoId"):
            if name in data:
                active.setdefault(data[name], None)
        member_id = data.get("memberId")
        if member_id is not None:
            before = active.setdefault(member_id, None)
            if fact.type in OWN_EVENTS and (before is None or before.time < fact.time):
                active[member_id] = fact
    return [
        {"memberId": member_id, "activeAt": None if latest is None else latest.at}
        for member_id, latest in sorted(active.items(), key=lambda item: item[0])
    ]


def _updates(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    """One row per member: the earliest join, and per property the value of the latest time."""
    rows: dict[str, dict[str, Any]] = {}
    for fact in facts:
        row = rows.setdefault(fact.data["memberId"], {"memberId": fact.data["memberId"]})
        # Times as text sort as the moments do: all are in UTC and "+" comes before ".".
        if fact.type == "member.joined":
            row["joinedAt"] = min(row.get("joinedAt", fact.at), fact.at)
        for name, at in PROPERTIES.items():
            if name in fact.data and row.get(at, fact.at) <= fact.at:
                row[name], row[at] = fact.data[name], fact.at
    return [rows[member_id] for member_id in sorted(rows)]
