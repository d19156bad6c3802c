"""A hold that is placed while a payout is decided stops it, or waits until it is written."""

import asyncio
from typing import Any

import pytest

from graph_service.payouts import requests, sending
from tests.payouts.conftest import Bank
from tests.payouts.test_sending import rows_of

pytestmark = pytest.mark.anyio
# A node with so many relationships is not locked by one more of them.
DENSE = """
MATCH (m:Member {memberId: $memberId})
UNWIND range(1, 100) AS i
CREATE (m)-[:CREATED]->(:Share {shareId: $memberId + '-more-' + toString(i)})
"""
# How long a hold that does not wait may take.
PLACED_S = 3.0


class Meanwhile:
    """Decides, and has a hold placed before what was decided is written."""

    def __init__(self, bank: Bank, decide: Any) -> None:
        self.bank = bank
        self.decide = decide
        self.placing: list[asyncio.Task[Any]] = []
        self.placed_before: list[bool] = []

    async def __call__(self, *given: Any) -> Any:
        verdict = await self.decide(*given)
        wanted = {"memberId": "a", "reason": "a ring"}
        posting = self.bank.client.post("/v1/holds", json=wanted)
        self.placing.append(asyncio.create_task(posting))
        done, _ = await asyncio.wait(self.placing, timeout=PLACED_S)
        self.placed_before.append(bool(done))
        return verdict


def become_dense(bank: Bank) -> None:
    bank.database.query(DENSE, memberId="a")
    # Whoever was held before has a chain of holds already, which is locked by itself.
    bank.hold("a", "former", liftedAt=bank.now)


@pytest.mark.parametrize("dense", [False, True], ids=["few", "dense"])
async def test_a_hold_that_is_placed_while_a_batch_is_decided_stops_it(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, *, dense: bool
) -> None:
    await bank.earned("a", 50_000)
    await bank.asked("a", 20_000)
    if dense:
        become_dense(bank)
    meanwhile = Meanwhile(bank, sending.decide)
    monkeypatch.setattr(sending, "decide", meanwhile)

    await bank.post("/v1/payouts:send")

    assert (await meanwhile.placing[0]).status_code == 201
    rows = [row for content in bank.files().values() for row in rows_of(content)]
    # Either the hold had to wait, or it was answered before the batch was there, and stops it.
    assert not meanwhile.placed_before[0] or rows == []


async def test_a_payout_asked_for_while_a_hold_is_placed_does_not_pass_it(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bank.earned("a", 50_000)
    become_dense(bank)
    meanwhile = Meanwhile(bank, requests.decide)
    monkeypatch.setattr(requests, "decide", meanwhile)

    answer = await bank.ask("a", 20_000)

    assert (await meanwhile.placing[0]).status_code == 201
    assert not meanwhile.placed_before[0] or answer.status_code == 409


async def test_a_score_that_places_a_hold_waits_for_a_batch_too(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bank.earned("a", 50_000)
    await bank.asked("a", 20_000)
    become_dense(bank)
    decide, before = sending.decide, list[bool]()
    scoring: list[asyncio.Task[Any]] = []

    async def slow(*given: Any) -> Any:
        verdict = await decide(*given)
        score = {"score": "0.95", "source": "model"}
        scoring.append(asyncio.create_task(bank.client.post("/v1/members/a/risk", json=score)))
        done, _ = await asyncio.wait(scoring, timeout=PLACED_S)
        before.append(bool(done))
        return verdict

    monkeypatch.setattr(sending, "decide", slow)

    await bank.post("/v1/payouts:send")

    assert (await scoring[0]).is_success
    assert not before[0] or bank.files() == {}
