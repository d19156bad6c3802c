"""Approved payouts reach the bank in files, and each is decided on once more before."""

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graph_service.payouts import sending
from graph_service.payouts.channel import (
    BATCH_COLUMNS,
    Batch,
    BatchAltered,
    BatchRow,
    ChannelBusy,
    ChannelUnavailable,
    FileChannel,
    batch_csv,
    major,
    minor,
)
from graph_service.payouts.deciding import Spoken, Verdict, decide
from tests.payouts.conftest import Bank, refund
from tests.worlds import NOW, event

anyio = pytest.mark.anyio
BATCH = Batch(
    "00000001",
    "CNY",
    "推广佣金",
    [BatchRow("p1", 1, "m,1", "acct-1", 12_345), BatchRow("p2", 2, 'm"2', None, 10_000)],
)


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


@anyio
async def test_a_batch_is_a_file_as_banks_take_it(bank: Bank) -> None:
    await bank.earned("a", 50_000)
    await bank.earned("b", 50_000)
    first = await bank.asked("a", 12_345, account="acct-a")
    second = await bank.asked("b", 20_000)

    sent = await bank.post("/v1/payouts:send")
    again = await bank.post("/v1/payouts:send")

    assert sent["batches"][0]["totalMinor"] == 32_345
    assert again == {"batches": [], "stopped": []}
    files = bank.files()
    assert list(files) == [sent["batches"][0]["file"]] == ["payouts-00000001-CNY.csv"]
    content = files["payouts-00000001-CNY.csv"]
    assert content.endswith(b"\r\n")
    rows = [list(row.values()) for row in rows_of(content)]
    assert [row[:2] for row in rows] == [["00000001", "1"], ["00000001", "2"]]
    # Both were asked for at one moment, so their ids decide which comes first.
    assert sorted(row[2:] for row in rows) == [
        ["", "b", "200.00", "CNY", "推广佣金", second["payoutId"]],
        ["acct-a", "a", "123.45", "CNY", "推广佣金", first["payoutId"]],
    ]
    payout = await bank.payout(first["payoutId"])
    assert (payout["state"], payout["batchId"]) == ("sent", "00000001")
    assert [one["state"] for one in payout["history"]][-2:] == ["sending", "sent"]
    assert [one for one, _ in bank.facts()].count("payout.sent") == 2


@anyio
async def test_a_hold_between_approval_and_sending_stops_it(bank: Bank) -> None:
    await bank.earned("a", 50_000)
    await bank.earned("b", 50_000)
    bank.join("p", "a", "c")
    await bank.tell(event("member.joined", "c", NOW, {"memberId": "c"}))
    bank.join("p", "a", "c")
    stopped, goes = await bank.asked("a", 20_000), await bank.asked("b", 20_000)
    bank.hold("c")

    sent = await bank.post("/v1/payouts:send")

    assert [(one["payoutId"], one["codes"]) for one in sent["stopped"]] == [
        (stopped["payoutId"], ["hold_in_force"])
    ]
    assert [row["client_reference"] for row in rows_of(next(iter(bank.files().values())))] == [
        goes["payoutId"]
    ]
    assert (await bank.payout(stopped["payoutId"]))["state"] == "approved"


@anyio
async def test_a_refund_between_approval_and_sending_stops_it(bank: Bank) -> None:
    await bank.earned("a", 50_000)
    payout = await bank.asked("a", 50_000)
    part = {**refund("a"), "data": {**refund("a")["data"], "amountMinor": 100}}
    await bank.tell(part)

    sent = await bank.post("/v1/payouts:send")

    assert sent["batches"] == []
    assert sent["stopped"][0]["payoutId"] == payout["payoutId"]
    assert "amount_over_balance" in sent["stopped"][0]["codes"]


@anyio
async def test_an_approval_without_a_person_does_not_outlive_a_new_review(bank: Bank) -> None:
    await bank.earned("a", 50_000)
    payout = await bank.asked("a", 20_000)
    path = f"/v1/payouts/{payout['payoutId']}"
    await bank.client.post("/v1/members/a/risk", json={"score": "0.85", "source": "model"})

    first = await bank.post("/v1/payouts:send")
    waiting = await bank.payout(payout["payoutId"])
    second = await bank.post("/v1/payouts:send")

    stopped = {"payoutId": payout["payoutId"], "memberId": "a", "state": "requested"}
    assert first == {"batches": [], "stopped": [{**stopped, "codes": ["risk_review"]}]}
    assert second == {"batches": [], "stopped": []}
    assert bank.files() == {}
    told = waiting["history"][-1]
    assert (waiting["state"], told["state"], told["codes"]) == (
        *("requested", "requested"),
        ["risk_review"],
    )
    assert told["reason"] == "the rules want it looked at before it is sent"
    assert (await bank.balance("a"))["reservedMinor"] == 20_000

    await bank.post(f"{path}:approve", reason="I called her")
    third = await bank.post("/v1/payouts:send")

    assert (third["stopped"], third["batches"][0]["totalMinor"]) == ([], 20_000)
    assert [one for one, _ in bank.facts()] == [
        *("payout.requested", "payout.approved", "payout.requested", "payout.approved"),
        "payout.sent",
    ]


@anyio
async def test_accounts_that_turn_out_to_be_one_person_are_looked_at_before_sending(
    bank: Bank,
) -> None:
    payouts: list[dict[str, Any]] = []
    for one in "abcd":
        await bank.earned(one, 2_000_000)
        payouts.append(await bank.asked(one, 2_000_000))
    assert {one["state"] for one in payouts} == {"approved"}
    # Eighty thousand yuan of one person in a day, where more than fifty are looked at.
    bank.join("p", *"abcd")

    sent = await bank.post("/v1/payouts:send")

    assert (sent["batches"], bank.files()) == ([], {})
    assert {one["state"] for one in sent["stopped"]} == {"requested"}
    assert all("day_amount" in one["codes"] for one in sent["stopped"])
    items = (await bank.client.get("/v1/payouts?state=requested")).json()["items"]
    assert len(items) == 4


@anyio
async def test_a_ledger_that_is_behind_makes_no_work_for_people(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bank.earned("a", 50_000)
    payout = await bank.asked("a", 20_000)

    async def behind(*given: Any) -> Verdict:
        verdict = await decide(*given)
        return replace(verdict, decision="review", spoken=[Spoken("ledger_behind")])

    with monkeypatch.context() as patch:
        patch.setattr(sending, "decide", behind)
        first = await bank.post("/v1/payouts:send")
    second = await bank.post("/v1/payouts:send")

    assert [(one["state"], one["codes"]) for one in first["stopped"]] == [
        ("approved", ["ledger_behind"])
    ]
    assert (first["batches"], second["batches"][0]["count"]) == ([], 1)
    assert (await bank.payout(payout["payoutId"]))["state"] == "sent"


@anyio
async def test_many_payouts_are_several_files(bank: Bank) -> None:
    await bank.earned("a", 500_000)
    object.__setattr__(bank.settings, "payout_batch_rows_max", 2)
    for _ in range(3):
        await bank.asked("a", 10_000)

    sent = await bank.post("/v1/payouts:send")

    assert [one["count"] for one in sent["batches"]] == [2, 1]
    references = [
        row["client_reference"] for content in bank.files().values() for row in rows_of(content)
    ]
    assert len(set(references)) == len(references) == 3


@anyio
async def test_a_sent_payout_cannot_be_cancelled(bank: Bank) -> None:
    await bank.earned("a", 50_000)
    payout = await bank.asked("a", 50_000)
    await bank.post("/v1/payouts:send")

    answer = await bank.client.post(
        f"/v1/payouts/{payout['payoutId']}:cancel", json={"reason": "late"}
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "payout_state")


def test_the_same_batch_is_the_same_file_and_written_once(tmp_path: Path) -> None:
    channel = FileChannel(tmp_path)

    name = channel.deliver(BATCH)
    written = (tmp_path / "outbox" / name).stat().st_mtime_ns
    again = channel.deliver(BATCH)

    assert name == again
    assert (tmp_path / "outbox" / name).stat().st_mtime_ns == written
    assert [one.name for one in (tmp_path / "outbox").iterdir()] == [name]
    assert tuple(rows_of(batch_csv(BATCH))[0]) == BATCH_COLUMNS
    assert [row["payee_id"] for row in rows_of(batch_csv(BATCH))] == ["m,1", 'm"2']


def test_a_file_that_somebody_changed_is_not_overwritten(tmp_path: Path) -> None:
    channel = FileChannel(tmp_path)
    file = tmp_path / "outbox" / channel.deliver(BATCH)
    file.write_text("changed", encoding="utf-8")

    with pytest.raises(BatchAltered):
        channel.deliver(BATCH)

    assert file.read_text(encoding="utf-8") == "changed"


def test_two_processes_do_not_send_at_once(tmp_path: Path) -> None:
    with (
        FileChannel(tmp_path).alone(),
        pytest.raises(ChannelBusy),
        FileChannel(tmp_path).alone(),
    ):
        pass
    with FileChannel(tmp_path).alone():
        pass


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(ChannelUnavailable, match="cannot be used"):
        FileChannel(tmp_path / "file").deliver(BATCH)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (12_345, "CNY", "123.45"),
        (5, "CNY", "0.05"),
        (12_345, "JPY", "12345"),
        (12_345, "KWD", "12.345"),
        (10**15 - 1, "CNY", "9999999999999.99"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(amount: int, currency: str, text: str) -> None:
    assert major(amount, currency) == text
    assert minor(text, currency) == amount


@pytest.mark.parametrize("text", ["", "x", "1.234", "-1.00", "0", "NaN", "Infinity", "1e400"])
def test_what_is_no_amount_is_none(text: str) -> None:
    assert minor(text, "CNY") is None
