"""The bank's result files against what was sent: nothing is lost, nothing happens twice."""

from typing import Any

import pytest

from graph_service.payouts.channel import parse_results
from tests.payouts.conftest import Bank

pytestmark = pytest.mark.anyio
HEAD = "batch_number,client_reference,amount,currency,result,bank_reference,reason\n"
DIFFERENCES = "MATCH (d:PayoutDifference) RETURN d.line AS line, d.code AS code ORDER BY d.line"


async def sent(bank: Bank, *amounts: int) -> tuple[str, list[str]]:
    """The batch and the payouts of members who are paid these amounts."""
    for place, amount in enumerate(amounts):
        await bank.earned(f"m{place}", amount)
    asked = [
        (await bank.asked(f"m{place}", amount))["payoutId"] for place, amount in enumerate(amounts)
    ]
    return (await bank.post("/v1/payouts:send"))["batches"][0]["batchId"], asked


async def reconciled(bank: Bank) -> list[dict[str, Any]]:
    return (await bank.post("/v1/payouts:reconcile"))["files"]


async def test_each_payout_ends_as_the_bank_says(bank: Bank) -> None:
    batch, asked = await sent(bank, 10_000, 20_000, 30_000)
    bank.answer_rows(
        "r1.csv",
        [batch, asked[0], "100.00", "CNY", "success", "B1", ""],
        [batch, asked[1], "200.00", "CNY", "FAIL", "B2", "账号 6222021234567890 不存在"],
        [batch, asked[2], "300.00", "CNY", "returned", "B3", ""],
    )

    told = await reconciled(bank)

    assert [(one["settled"], one["failed"], one["returned"]) for one in told] == [(1, 1, 1)]
    payouts = [await bank.payout(one) for one in asked]
    assert [one["state"] for one in payouts] == ["settled", "failed", "returned"]
    assert [one["bankReference"] for one in payouts] == ["B1", "B2", "B3"]
    assert payouts[1]["history"][-1]["reason"] == "账号 # 不存在"
    assert list(bank.files("inbox")) == []
    assert list(bank.files("done")) == ["r1.csv"]
    balances = [await bank.balance(f"m{place}") for place in range(3)]
    assert [one["paidMinor"] for one in balances] == [10_000, 0, 0]
    assert [one["releasedMinor"] for one in balances] == [0, 20_000, 30_000]
    stored = bank.database.query("MATCH (n) RETURN collect(properties(n)) AS all")[0]["all"]
    assert "6222021234567890" not in str(stored)


async def test_the_same_file_again_changes_nothing(bank: Bank) -> None:
    batch, asked = await sent(bank, 10_000)
    row = [batch, asked[0], "100.00", "CNY", "success", "B1", ""]
    bank.answer_rows("r1.csv", row)
    await reconciled(bank)
    before = (await bank.payout(asked[0]), bank.facts())
    bank.answer_rows("r1.csv", row)

    told = await reconciled(bank)

    assert (told[0]["unchanged"], told[0]["settled"], told[0]["differing"]) == (1, 0, 0)
    assert (await bank.payout(asked[0]), bank.facts()) == before
    assert list(bank.files("done")) == ["r1.csv"]


async def test_money_that_comes_back_later_is_free_again(bank: Bank) -> None:
    batch, asked = await sent(bank, 10_000)
    good = [batch, asked[0], "100.00", "CNY", "success", "B1", ""]
    back = [batch, asked[0], "100.00", "CNY", "returned", "B1", "account closed"]
    bank.answer_rows("r1.csv", good)
    bank.answer_rows("r2.csv", good, back)

    told = await reconciled(bank)
    bank.answer_rows("r2.csv", good, back)
    again = await reconciled(bank)

    assert [(one["settled"], one["returned"], one["unchanged"]) for one in told] == [
        (1, 0, 0),
        (0, 1, 1),
    ]
    assert (again[0]["unchanged"], again[0]["differing"]) == (2, 0)
    assert (await bank.balance("m0"))["releasedMinor"] == 10_000
    assert [one for one, _ in bank.facts()][-2:] == ["payout.settled", "payout.returned"]


async def test_what_the_bank_paid_after_all_is_not_free_to_be_paid_again(bank: Bank) -> None:
    batch, asked = await sent(bank, 50_000)
    failed = [batch, asked[0], "500.00", "CNY", "fail", "B1", "system busy"]
    paid = [batch, asked[0], "500.00", "CNY", "success", "B2", ""]
    bank.answer_rows("r1.csv", failed)
    await reconciled(bank)
    assert (await bank.balance("m0"))["releasedMinor"] == 50_000
    bank.answer_rows("r2.csv", failed, paid)

    told = (await reconciled(bank))[0]
    again = await bank.ask("m0", 50_000)
    bank.answer_rows("r2.csv", failed, paid)
    repeated = (await reconciled(bank))[0]

    assert (told["settled"], told["unchanged"], told["differing"]) == (1, 1, 1)
    assert told["differences"] == [
        {"line": 3, "code": "settled_after_failure", "payoutId": asked[0]}
    ]
    assert [row["code"] for row in bank.database.query(DIFFERENCES)] == ["settled_after_failure"]
    assert again.status_code == 409
    assert (await bank.payout(asked[0]))["state"] == "settled"
    assert (await bank.balance("m0"))["paidMinor"] == 50_000
    assert [one for one, _ in bank.facts()][-2:] == ["payout.failed", "payout.settled"]
    assert (repeated["unchanged"], repeated["differing"]) == (2, 0)


async def test_what_was_paid_again_before_the_bank_paid_after_all_is_owed(bank: Bank) -> None:
    batch, asked = await sent(bank, 50_000)
    bank.answer_rows("r1.csv", [batch, asked[0], "500.00", "CNY", "fail", "B1", ""])
    await reconciled(bank)
    await bank.asked("m0", 50_000)
    bank.answer_rows("r2.csv", [batch, asked[0], "500.00", "CNY", "success", "B2", ""])
    await reconciled(bank)

    sending = await bank.post("/v1/payouts:send")

    assert [one["codes"] for one in sending["stopped"]] == [["amount_over_balance"]]
    assert (await bank.balance("m0"))["negativeMinor"] == 50_000


async def test_what_does_not_fit_is_told_and_kept_and_nothing_follows(bank: Bank) -> None:
    batch, asked = await sent(bank, 10_000, 20_000)
    await bank.earned("later", 10_000)
    other = (await bank.asked("later", 10_000))["payoutId"]
    rows = [
        [batch, "unknown", "100.00", "CNY", "success", "B0", ""],
        ["00000009", asked[0], "100.00", "CNY", "success", "B1", ""],
        [batch, asked[0], "100.01", "CNY", "success", "B1", ""],
        [batch, asked[0], "100.00", "USD", "success", "B1", ""],
        [batch, asked[0], "much", "CNY", "success", "B1", ""],
        [batch, asked[0], "100.00", "CNY", "perhaps", "B1", ""],
        [batch, asked[0], "100.00", "CNY", "success", "", ""],
        [batch, other, "100.00", "CNY", "success", "B1", ""],
        ["short"],
        [batch, asked[1], "200.00", "CNY", "success", "B2", ""],
        [batch, asked[1], "200.00", "CNY", "fail", "B2", ""],
        [batch, asked[1], "200.00", "CNY", "success", "B3", ""],
    ]
    bank.answer_rows("odd.csv", *rows)

    told = (await reconciled(bank))[0]
    bank.answer_rows("odd.csv", *rows)
    await reconciled(bank)

    codes = [
        *("unknown_reference", "batch_differs", "amount_differs", "amount_differs"),
        *("amount_differs", "unknown_result", "no_bank_reference", "batch_differs"),
        *("unknown_reference", "state_differs", "bank_reference_differs"),
    ]
    assert [one["code"] for one in told["differences"]] == codes
    assert [one["line"] for one in told["differences"]] == [*range(2, 11), 12, 13]
    assert (told["rows"], told["settled"], told["differing"]) == (12, 1, 11)
    assert (await bank.payout(asked[0]))["state"] == "sent"
    assert (await bank.payout(asked[1]))["state"] == "settled"
    # Once, though the file was read twice.
    assert [row["code"] for row in bank.database.query(DIFFERENCES)] == codes
    assert list(bank.files("done")) == ["odd.csv"]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (HEAD.encode() + b"1,2,3", "not whole"),
        (b"a,b\n1,2\n", "has no column batch_number"),
        (b"", "not whole"),
        (b"\xff\xff\xff\n", "neither UTF-8 nor GB 18030"),
        (HEAD.encode() + b'"open\n', "is no CSV"),
    ],
)
async def test_a_file_that_cannot_be_read_stays_and_is_told(
    bank: Bank, content: bytes, fault: str
) -> None:
    inbox = bank.folder / "inbox"
    inbox.mkdir(parents=True)
    (inbox / "odd.csv").write_bytes(content)

    told = (await reconciled(bank))[0]

    assert fault in told["fault"]
    assert list(bank.files("inbox")) == ["odd.csv"]


async def test_another_file_of_the_same_name_keeps_its_own_place(bank: Bank) -> None:
    batch, asked = await sent(bank, 10_000, 20_000)
    bank.answer_rows("r.csv", [batch, asked[0], "100.00", "CNY", "success", "B1", ""])
    await reconciled(bank)
    bank.answer_rows("r.csv", [batch, asked[1], "200.00", "CNY", "success", "B2", ""])

    await reconciled(bank)

    assert len(bank.files("done")) == 2
    assert (await bank.payout(asked[1]))["state"] == "settled"


def test_files_of_chinese_banks_are_read_too() -> None:
    text = HEAD + "1,p,100.00,CNY,fail,B1,户名不符\n"

    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        found = parse_results("r.csv", text.replace("\n", "\r\n").encode(encoding))

        assert (found.fault, found.rows[0].reason) == (None, "户名不符")
        assert found.rows[0].amount_minor == 10_000
