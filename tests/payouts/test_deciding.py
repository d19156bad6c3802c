"""Every rule speaks when it should, for the whole person, in both languages."""

from datetime import timedelta
from typing import Any

import pytest

from graph_service.payouts.rules import packed_rules
from graph_service.wallets.reading import ACCOUNTS_MAX
from tests.payouts.conftest import DAY, Bank, refund, sale, standing_of
from tests.worlds import NOW, START, event

pytestmark = pytest.mark.anyio
# So many accounts of one person, that were never paid.
MANY = """
MERGE (p:Person {personId: 'p'})
WITH p
UNWIND range(1, $count) AS i
MERGE (m:Member {memberId: 'b' + right('0000' + toString(i), 5)})
MERGE (m)-[:IS_PERSON]->(p)
"""


def codes(verdict: dict[str, Any]) -> list[str]:
    return [one["code"] for one in verdict["reasons"]]


async def test_released_money_of_a_verified_member_may_leave(bank: Bank) -> None:
    await bank.earned("a", 50_000)

    verdict = await bank.decide("a", 50_000)

    assert (verdict["decision"], verdict["reasons"], verdict["holds"]) == ("allow", [], [])
    assert verdict["balance"] == {
        "pendingMinor": 0,
        "releasedMinor": 50_000,
        "heldMinor": 0,
        "reservedMinor": 0,
        "paidMinor": 0,
        "negativeMinor": 0,
    }
    assert verdict["rulesVersion"] == packed_rules().version


async def test_more_than_is_released_and_less_than_the_minimum_are_denied(bank: Bank) -> None:
    await bank.earned("a", 50_000)

    over = await bank.decide("a", 50_001)
    under = await bank.decide("a", 9_999)
    other = await bank.decide("a", 10_000, currency="USD")

    assert (over["decision"], codes(over)) == ("deny", ["amount_over_balance"])
    assert (under["decision"], codes(under)) == ("deny", ["amount_below_minimum"])
    assert (other["decision"], codes(other)) == (
        "deny",
        ["currency_unknown", "amount_over_balance"],
    )
    assert under["reasons"][0]["text"] == "A payout is at least CNY 100; this one is CNY 99.99."
    assert under["reasons"][0]["textZh"] == "单笔提现不得低于 100 元，本次为 99.99 元。"


async def test_the_language_follows_accept_language(bank: Bank) -> None:
    await bank.earned("a", 50_000)
    wanted = {"memberId": "a", "amountMinor": 1, "currency": "CNY"}

    answers = [
        await bank.client.post(
            "/v1/payouts:decide", json=wanted, headers={"Accept-Language": language}
        )
        for language in ("en-GB", "zh-CN")
    ]

    texts = [one.json()["reasons"][0]["text"] for one in answers]
    assert texts[0].startswith("A payout is at least")
    assert texts[1].startswith("单笔提现")


@pytest.mark.parametrize(
    ("standing", "decision", "code"),
    [
        ({"kyc": "pending"}, "review", "kyc_pending"),
        ({"kyc": "none"}, "deny", "kyc_missing"),
        ({"kyc": "rejected"}, "deny", "kyc_rejected"),
        ({"tax": False}, "review", "tax_unregistered"),
        ({"status": "closed"}, "deny", "member_closed"),
    ],
)
async def test_the_standing_of_the_account_counts(
    bank: Bank, standing: dict[str, Any], decision: str, code: str
) -> None:
    await bank.earned("a", 50_000, **standing)

    verdict = await bank.decide("a", 20_000)

    assert (verdict["decision"], codes(verdict)) == (decision, [code])


async def test_a_frozen_member_is_denied_whatever_was_earned_before(bank: Bank) -> None:
    await bank.earned("a", 50_000)
    await bank.tell(event("member.updated", "f", NOW, {"memberId": "a", "status": "frozen"}))

    verdict = await bank.decide("a", 20_000)

    assert verdict["decision"] == "deny"
    assert "member_frozen" in codes(verdict)


@pytest.mark.parametrize(
    ("level", "decision", "spoken"),
    [
        ("watch", "allow", []),
        ("review", "review", ["risk_review"]),
        ("freeze", "deny", ["risk_freeze"]),
    ],
)
async def test_the_risk_of_any_account_of_the_person_counts(
    bank: Bank, level: str, decision: str, spoken: list[str]
) -> None:
    await bank.earned("a", 50_000)
    await bank.earned("b", 50_000)
    bank.join("p", "a", "b")
    bank.database.query("MATCH (m:Member {memberId: 'b'}) SET m.riskLevel = $level", level=level)

    verdict = await bank.decide("a", 20_000)

    assert (verdict["decision"], codes(verdict)) == (decision, spoken)
    assert verdict["personId"] == "p"


async def test_a_hold_on_one_account_stops_every_account_of_the_person(bank: Bank) -> None:
    await bank.earned("a", 50_000)
    await bank.earned("b", 30_000)
    bank.join("p", "a", "b")
    bank.hold("b")

    verdict = await bank.decide("a", 20_000)

    assert (verdict["decision"], codes(verdict)) == ("deny", ["hold_in_force"])
    assert [(one["holdId"], one["memberId"]) for one in verdict["holds"]] == [("h", "b")]
    assert verdict["balance"]["heldMinor"] == 50_000
    assert verdict["balance"]["releasedMinor"] == 0


async def test_a_hold_on_any_account_of_a_large_person_stops_it(bank: Bank) -> None:
    await bank.earned("a", 50_000)
    bank.database.query(MANY, count=ACCOUNTS_MAX - 1)
    bank.join("p", "a")
    assert (await bank.decide("a", 20_000))["decision"] == "allow"
    bank.database.query(MANY, count=ACCOUNTS_MAX)
    # On the account that is not looked at any more.
    bank.hold("b01000")

    verdict = await bank.decide("a", 20_000)
    answer = await bank.ask("a", 20_000)

    assert (verdict["decision"], codes(verdict)) == ("deny", ["person_too_large"])
    assert verdict["reasons"][0]["text"].startswith("The person has more than 1000 accounts")
    assert (answer.status_code, answer.json()["code"]) == (409, "payout_refused")


async def test_identity_rejected_on_one_account_is_not_paid_on_another(bank: Bank) -> None:
    await bank.earned("a", 50_000, kyc="rejected")
    await bank.earned("b", 50_000)
    bank.join("p", "a", "b")

    verdict = await bank.decide("b", 20_000)

    assert (verdict["decision"], codes(verdict)) == ("review", ["kyc_rejected_elsewhere"])


async def test_a_hold_that_is_lifted_or_has_ended_says_nothing(bank: Bank) -> None:
    await bank.earned("a", 50_000)
    bank.hold("a", "ended", expiresAt=NOW)
    bank.hold("a", "lifted", liftedAt=NOW - DAY)

    ended = await bank.decide("a", 20_000)
    bank.now = NOW - timedelta(seconds=1)
    before = await bank.decide("a", 20_000)

    assert ended["decision"] == "allow"
    assert [one["holdId"] for one in before["holds"]] == ["ended"]


async def test_what_another_account_of_the_person_owes_is_kept_back(bank: Bank) -> None:
    await bank.earned("a", 50_000)
    await bank.earned("b", 30_000)
    bank.join("p", "a", "b")
    await bank.asked("b", 30_000)
    whole = {**refund("b"), "data": {**refund("b")["data"], "amountMinor": 375_000}}
    await bank.tell(whole)

    much = await bank.decide("a", 20_001)
    enough = await bank.decide("a", 20_000)

    assert (await bank.balance("b"))["negativeMinor"] == 30_000
    assert (much["decision"], codes(much)) == ("deny", ["person_owes"])
    assert enough["decision"] == "allow"


async def test_several_accounts_do_not_get_round_the_limits_of_a_person(bank: Bank) -> None:
    for name in ("a", "b", "c", "d"):
        await bank.earned(name, 6_000_000)
    bank.join("p", "a", "b", "c", "d")
    for name in ("a", "b", "c"):
        await bank.asked(name, 1_900_000)

    verdict = await bank.decide("d", 1_900_000)

    assert verdict["decision"] == "review"
    assert codes(verdict) == ["day_amount", "day_count"]
    assert "76,000" in verdict["reasons"][0]["textEn"]
    bank.now = NOW + DAY + timedelta(seconds=1)
    assert (await bank.decide("d", 1_900_000))["decision"] == "allow"


async def test_a_person_has_a_most_in_a_month_and_begins_anew_with_the_next(bank: Bank) -> None:
    for name in ("a", "b"):
        await bank.earned(name, 20_000_000)
    bank.join("p", "a", "b")
    for place in range(5):
        bank.now = NOW + place * 2 * DAY
        payout = await bank.asked("a", 3_000_000)
        await bank.post(f"/v1/payouts/{payout['payoutId']}:approve", reason="known")

    verdict = await bank.decide("b", 5_000_001)

    assert verdict["decision"] == "deny"
    assert "month_amount" in codes(verdict)
    bank.now = START + timedelta(days=31 + 28 + 31)
    assert "month_amount" not in codes(await bank.decide("b", 5_000_001))


async def test_money_within_its_holding_days_is_pending(bank: Bank) -> None:
    await bank.tell(*standing_of("a"), *sale("a", 50_000))
    bank.now = START + 10 * DAY - timedelta(microseconds=1)
    before = await bank.decide("a", 20_000)
    bank.now = START + 10 * DAY
    after = await bank.decide("a", 20_000)

    assert (before["balance"]["pendingMinor"], before["balance"]["releasedMinor"]) == (50_000, 0)
    assert codes(before) == ["amount_over_balance"]
    assert (after["balance"]["pendingMinor"], after["decision"]) == (0, "allow")


async def test_nobody_is_told_as_not_found(bank: Bank) -> None:
    wanted = {"memberId": "nobody", "amountMinor": 1, "currency": "CNY"}

    answer = await bank.client.post("/v1/payouts:decide", json=wanted)

    assert (answer.status_code, answer.json()["code"]) == (404, "member_not_found")


async def test_the_rules_are_told_as_they_were_read(bank: Bank) -> None:
    answer = await bank.client.get("/v1/payouts/rules")

    assert answer.json() == packed_rules().model_dump(mode="json", by_alias=True)
