"""Payouts asked for, approved and cancelled; balances add up, and money is promised once."""

import asyncio
from typing import Any

import pytest

from tests.payouts.conftest import DAY, Bank, refund, sale
from tests.worlds import NOW

pytestmark = pytest.mark.anyio


def states(payout: dict[str, Any]) -> list[str]:
    return [one["state"] for one in payout["history"]]


async def test_a_payout_that_rules_allow_is_approved_at_once(bank: Bank) -> None:
    await bank.earned("a", 50_000)

    payout = await bank.asked("a", 20_000, account="acct-17")

    assert (payout["state"], states(payout)) == ("approved", ["requested", "approved"])
    assert (payout["account"], payout["amountMinor"]) == ("acct-17", 20_000)
    assert bank.facts() == [
        ("payout.requested", payout["payoutId"]),
        ("payout.approved", payout["payoutId"]),
    ]
    assert (await bank.payout(payout["payoutId"])) == payout
    balance = await bank.balance("a")
    assert (balance["releasedMinor"], balance["reservedMinor"]) == (30_000, 20_000)


async def test_what_rules_deny_is_refused_and_not_written(bank: Bank) -> None:
    await bank.earned("a", 50_000)
    bank.hold("a")

    answer = await bank.ask("a", 20_000)

    assert (answer.status_code, answer.json()["code"]) == (409, "payout_refused")
    assert [one["code"] for one in answer.json()["verdict"]["reasons"]] == ["hold_in_force"]
    assert (await bank.client.get("/v1/payouts")).json()["items"] == []


async def test_what_rules_want_looked_at_waits_for_a_person(bank: Bank) -> None:
    await bank.earned("a", 50_000, kyc="pending")

    payout = await bank.asked("a", 20_000)
    sent = await bank.post("/v1/payouts:send")
    path = f"/v1/payouts/{payout['payoutId']}:approve"
    approved = await bank.post(path, reason="I called her")
    again = await bank.client.post(path, json={"reason": "again"})

    assert (payout["state"], payout["history"][0]["codes"]) == ("requested", ["kyc_pending"])
    assert sent == {"batches": [], "stopped": []}
    assert (approved["state"], approved["history"][-1]["reason"]) == ("approved", "I called her")
    assert (again.status_code, again.json()["code"]) == (409, "payout_state")


async def test_a_person_does_not_overrule_what_is_denied(bank: Bank) -> None:
    await bank.earned("a", 50_000, kyc="pending")
    payout = await bank.asked("a", 20_000)
    bank.hold("a")

    answer = await bank.client.post(
        f"/v1/payouts/{payout['payoutId']}:approve", json={"reason": "please"}
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "payout_refused")
    assert (await bank.payout(payout["payoutId"]))["state"] == "requested"


async def test_a_cancelled_payout_gives_the_money_free_and_cannot_be_sent(bank: Bank) -> None:
    await bank.earned("a", 50_000)
    payout = await bank.asked("a", 50_000)
    path = f"/v1/payouts/{payout['payoutId']}"

    cancelled = await bank.post(f"{path}:cancel", reason="changed her mind")
    again = await bank.post(f"{path}:cancel", reason="twice")

    assert states(cancelled) == states(again) == ["requested", "approved", "cancelled"]
    assert (await bank.balance("a"))["releasedMinor"] == 50_000
    assert (await bank.post("/v1/payouts:send"))["batches"] == []


async def test_of_requests_at_once_for_the_same_money_one_wins(bank: Bank) -> None:
    await bank.earned("a", 50_000)

    answers = await asyncio.gather(*(bank.ask("a", 30_000) for _ in range(6)))

    assert sorted(one.status_code for one in answers) == [201, *[409] * 5]
    assert (await bank.balance("a"))["reservedMinor"] == 30_000


async def test_requests_at_once_of_accounts_of_one_person_keep_its_limits(bank: Bank) -> None:
    names = ("a", "b", "c", "d", "e", "f")
    for name in names:
        await bank.earned(name, 6_000_000)
    bank.join("p", *names)

    answers = await asyncio.gather(*(bank.ask(name, 1_000_000) for name in names))

    states_now = sorted(one.json()["state"] for one in answers)
    assert states_now == ["approved"] * 3 + ["requested"] * 3


async def test_whatever_happens_the_parts_of_a_balance_are_what_the_entries_come_to(
    bank: Bank,
) -> None:
    async def adds_up() -> dict[str, int]:
        found = await bank.balance("a")
        rows = bank.database.query(
            "MATCH (e:LedgerEntry {payeeId: 'a'}) RETURN sum(e.amountMinor) AS total"
        )
        parts = ("pendingMinor", "releasedMinor", "heldMinor", "reservedMinor", "paidMinor")
        assert sum(found[one] for one in parts) == rows[0]["total"]
        return found

    await bank.earned("a", 50_000)
    await bank.tell(*sale("a", 9_000, "-2")[:3])
    await adds_up()
    first = await bank.asked("a", 20_000)
    second = await bank.asked("a", 12_000)
    await adds_up()
    batch = (await bank.post("/v1/payouts:send"))["batches"][0]["batchId"]
    await adds_up()
    bank.answer_rows(
        "r.csv",
        [batch, first["payoutId"], "200.00", "CNY", "success", "B1", ""],
        [batch, second["payoutId"], "120.00", "CNY", "fail", "B2", "closed"],
    )
    await bank.post("/v1/payouts:reconcile")
    paid = await adds_up()
    bank.hold("a")
    held = await adds_up()
    whole = {**refund("a"), "data": {**refund("a")["data"], "amountMinor": 625_000}}
    await bank.tell(whole)
    negative = await adds_up()

    assert (paid["paidMinor"], paid["releasedMinor"], paid["pendingMinor"]) == (
        20_000,
        30_000,
        9_000,
    )
    assert (held["heldMinor"], held["releasedMinor"]) == (30_000, 0)
    assert (negative["heldMinor"], negative["releasedMinor"]) == (0, -20_000)
    assert negative["negativeMinor"] == 20_000


async def test_payouts_are_listed_newest_first_page_by_page(bank: Bank) -> None:
    await bank.earned("a", 500_000)
    await bank.earned("b", 50_000)
    asked = list[str]()
    for place in range(5):
        bank.now = NOW + place * 3 * DAY
        asked.append((await bank.asked("a", 10_000))["payoutId"])
    other = (await bank.asked("b", 10_000))["payoutId"]
    await bank.post(f"/v1/payouts/{asked[2]}:cancel", reason="r")

    found, cursor = list[str](), ""
    while cursor is not None:
        path = f"/v1/payouts?memberId=a&limit=2{cursor and f'&cursor={cursor}'}"
        page = (await bank.client.get(path)).json()
        found += [one["payoutId"] for one in page["items"]]
        cursor = page["nextCursor"]
    cancelled = (await bank.client.get("/v1/payouts?state=cancelled")).json()["items"]
    whole = (await bank.client.get("/v1/payouts")).json()["items"]

    assert found == asked[::-1]
    assert [one["payoutId"] for one in cancelled] == [asked[2]]
    assert {one["payoutId"] for one in whole} == {*asked, other}


@pytest.mark.parametrize(
    "account", ["6222021234567890123", "6222-0212-3456-7890", "acct:DE89370400440532013000"]
)
async def test_the_number_of_an_account_is_never_taken(bank: Bank, account: str) -> None:
    await bank.earned("a", 50_000)

    answer = await bank.ask("a", 20_000, account=account)

    assert (answer.status_code, answer.json()["code"]) == (422, "account_number")
    assert account not in answer.text


async def test_the_same_key_is_the_same_payout_and_the_same_answer(bank: Bank) -> None:
    await bank.earned("a", 50_000)

    first = await bank.ask("a", 10_000, "once")
    await bank.post(f"/v1/payouts/{first.json()['payoutId']}:cancel", reason="r")
    again = await bank.ask("a", 10_000, "once")
    other = await bank.ask("a", 20_000, "once")
    fresh = await bank.ask("a", 10_000, "twice")

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert fresh.json()["payoutId"] != first.json()["payoutId"]


async def test_a_key_is_once_for_good_also_when_its_answer_is_gone(bank: Bank) -> None:
    await bank.earned("a", 50_000)
    first = await bank.ask("a", 10_000, "once")
    bank.database.query("MATCH (a:Answered) DELETE a")

    again = await bank.ask("a", 10_000, "once")
    other = await bank.ask("a", 11_000, "once")

    assert again.json()["payoutId"] == first.json()["payoutId"]
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len((await bank.client.get("/v1/payouts")).json()["items"]) == 1


async def test_a_member_who_is_on_no_list_is_not_found(bank: Bank) -> None:
    answer = await bank.ask("nobody", 10_000)

    assert (answer.status_code, answer.json()["code"]) == (404, "member_not_found")
