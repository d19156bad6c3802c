"""An app with a folder for the bank, members who have earned money, and holds on them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from graph_service.settings import Settings
from tests.conftest import Database, client_of
from tests.worlds import NOW, START, Event, event

DAY = timedelta(days=1)
# Eight per cent of an order of FMCG.
RATE = 0.08
HOLD = """
MATCH (m:Member {memberId: $memberId})
CREATE (h:Hold {holdId: $holdId})-[:HOLDS]->(m)
SET h.kind = 'person', h.code = 'ring', h.reason = 'looks like a ring', h.expiresAt = $expiresAt,
  h.liftedAt = $liftedAt
"""
JOIN = """
MERGE (p:Person {personId: $personId})
WITH p UNWIND $memberIds AS memberId
MATCH (m:Member {memberId: memberId})
MERGE (m)-[:IS_PERSON]->(p)
"""


@dataclass
class Bank:
    """The app's client, the folder, and the raw database."""

    client: AsyncClient
    folder: Path
    database: Database
    settings: Settings
    now: datetime = NOW

    async def tell(self, *events: Event) -> None:
        """Store events and wait until the ledger holds what follows."""
        answer = await self.client.post("/v1/events?wait=true", json=list(events))
        assert answer.json()["rejected"] == 0, answer.text

    async def earned(self, member_id: str, amount_minor: int, **standing: Any) -> None:
        """A member who may be paid and has earned so much, released."""
        await self.tell(*standing_of(member_id, **standing), *sale(member_id, amount_minor))

    async def decide(self, member_id: str, amount_minor: int, **more: Any) -> dict[str, Any]:
        """What is decided."""
        wanted = {"memberId": member_id, "amountMinor": amount_minor, "currency": "CNY", **more}
        answer = await self.client.post("/v1/payouts:decide?lang=en", json=wanted)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ask(
        self, member_id: str, amount_minor: int, key: str | None = None, **more: Any
    ) -> Response:
        """The answer to a payout that is asked for."""
        wanted = {"memberId": member_id, "amountMinor": amount_minor, "currency": "CNY", **more}
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self.client.post("/v1/payouts", json=wanted, headers=headers)

    async def asked(self, member_id: str, amount_minor: int, **more: Any) -> dict[str, Any]:
        """A payout that was asked for."""
        answer = await self.ask(member_id, amount_minor, **more)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def post(self, path: str, **content: Any) -> dict[str, Any]:
        """The answer to a POST that works."""
        answer = await self.client.post(path, json=content or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def payout(self, payout_id: str) -> dict[str, Any]:
        """A payout as it is now."""
        return (await self.client.get(f"/v1/payouts/{payout_id}")).json()

    async def balance(self, member_id: str) -> dict[str, int]:
        """What a decision says of the balance, and the statement alike but for what accrues."""
        found = (await self.decide(member_id, 10_000))["balance"]
        answer = await self.client.get(f"/v1/members/{member_id}/statement")
        told = answer.json()["balance"]
        # Months that are not closed count in statements alone.
        names = ("reservedMinor", "paidMinor")
        assert {name: told[name] for name in names} == {name: found[name] for name in names}
        return found

    def hold(self, member_id: str, hold_id: str = "h", **more: datetime) -> None:
        """Place a hold."""
        # As everything is stored: Cypher orders equal instants by their zones.
        moments = {name: at.astimezone(UTC) for name, at in more.items()}
        params = {"expiresAt": None, "liftedAt": None, **moments}
        self.database.query(HOLD, memberId=member_id, holdId=hold_id, **params)

    def join(self, person_id: str, *member_ids: str) -> None:
        """These accounts are one person."""
        self.database.query(JOIN, personId=person_id, memberIds=member_ids)

    def files(self, folder: str = "outbox") -> dict[str, bytes]:
        """Files of a folder of the bank, hidden ones too."""
        there = self.folder / folder
        return {one.name: one.read_bytes() for one in there.iterdir()} if there.exists() else {}

    def answer_rows(self, name: str, *rows: list[str], end: str = "\n") -> None:
        """Put a result file into the inbox."""
        inbox = self.folder / "inbox"
        inbox.mkdir(parents=True, exist_ok=True)
        head = "batch_number,client_reference,amount,currency,result,bank_reference,reason"
        text = "\n".join([head, *(",".join(row) for row in rows)]) + end
        (inbox / name).write_text(text, encoding="utf-8")

    def facts(self) -> list[tuple[str, str]]:
        """Type and payout of every payout fact, in their order."""
        rows = self.database.query(
            "MATCH (f:Fact) WHERE f.type STARTS WITH 'payout.' "
            "RETURN f.type AS type, f.eventId AS id ORDER BY f.storedAt, f.position"
        )
        return [(row["type"], row["id"].partition(":")[2]) for row in rows]


def standing_of(
    member_id: str, *, kyc: str = "verified", tax: bool = True, status: str = "active"
) -> list[Event]:
    """A member's standing."""
    data = {"memberId": member_id, "kyc": kyc, "taxRegistered": tax, "status": status}
    return [event("member.updated", f"standing-{member_id}-{kyc}-{tax}-{status}", START, data)]


def sale(member_id: str, amount_minor: int, name: str = "") -> list[Event]:
    """An order that earns a member so much, long completed."""
    order_id, share_id = f"order-{member_id}{name}", f"share-{member_id}{name}"
    paid = amount_minor * 100 // 8
    line = {"productId": "tea", "categoryId": "fmcg", "quantity": 1, "amountMinor": paid}
    order = {"orderId": order_id, "memberId": f"buyer-{member_id}", "amountMinor": paid}
    click = {"shareId": share_id, "memberId": f"buyer-{member_id}"}
    return [
        event("share.created", share_id, START, {"shareId": share_id, "memberId": member_id}),
        event("share.clicked", f"click-{order_id}", START + DAY, click),
        event(
            "order.paid",
            f"paid-{order_id}",
            START + 2 * DAY,
            {**order, "currency": "CNY", "lines": [line]},
        ),
        event("order.completed", f"done-{order_id}", START + 3 * DAY, {"orderId": order_id}),
    ]


def refund(member_id: str, part: str = "whole") -> Event:
    """The whole order of `sale` is given back."""
    order_id = f"order-{member_id}"
    data = {"orderId": order_id, "refundId": f"refund-{order_id}-{part}"}
    return event("order.refunded", f"refund-{order_id}-{part}", START + 4 * DAY, data)


@asynccontextmanager
async def bank_of(settings: Settings, folder: Path, database: Database) -> AsyncGenerator[Bank]:
    """An app whose months stay open, so that balances are those of orders alone."""
    # Patient, since other tests may have the processors.
    waits = {"payout_wait_ms": 20_000}
    changes = {"payout_dir": folder, "month_grace_h": 1_000_000.0, **waits}
    changed = settings.model_copy(update=changes)
    found: list[Bank] = []
    async with client_of(changed, lambda: found[0].now if found else NOW) as client:
        found.append(Bank(client, folder, database, changed))
        yield found[0]


@pytest.fixture
async def bank(settings: Settings, database: Database, tmp_path: Path) -> AsyncGenerator[Bank]:
    """A bank on the empty graph."""
    async with bank_of(settings, tmp_path / "bank", database) as opened:
        yield opened
