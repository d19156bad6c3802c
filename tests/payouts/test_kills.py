"""kill -9 at every step of sending and reconciling: each payout is in one file and settled once."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from graph_service.settings import Settings
from tests.conftest import KEY, Database
from tests.payouts.conftest import Bank, bank_of
from tests.payouts.test_sending import rows_of

pytestmark = pytest.mark.anyio
MAIN = "from graph_service.cli import main; main()"
PATIENCE_S = 240
# A place to die: before or after a function of a module, or before or after a query was run.
PATCH = """
import os, signal
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
"""
BEFORE_QUERY = """
from graph_service.graph.session import Transaction
run = Transaction.run
async def dying(self, name, /, **params):
    if name == {query!r}:
        die()
    return await run(self, name, **params)
Transaction.run = dying
"""
AFTER_QUERY = """
from graph_service.graph.session import Transaction
run = Transaction.run
async def dying(self, name, /, **params):
    rows = await run(self, name, **params)
    if name == {query!r}:
        die()
    return rows
Transaction.run = dying
"""
BEFORE_CALL = """
import graph_service.payouts.{module} as module
module.{name} = die
"""
AFTER_CALL = """
import graph_service.payouts.{module} as module
called = module.{name}
async def dying(*given, **named):
    found = await called(*given, **named)
    die()
module.{name} = dying
"""
AFTER_RENAME = """
from pathlib import Path
replace = Path.replace
def dying(self, target):
    replace(self, target)
    die()
Path.replace = dying
"""
BEFORE_RENAME = """
from pathlib import Path
Path.replace = die
"""
# Place by name, and whether the file is in the outbox right after the process died there.
SENDING = {
    "before the graph fixes the batch": (BEFORE_QUERY.format(query="payouts/fix_batch"), False),
    "while the graph fixes the batch": (AFTER_QUERY.format(query="payouts/fill_batch"), False),
    "after the graph fixed the batch": (
        AFTER_CALL.format(module="sending", name="fix_batch"),
        False,
    ),
    "before the file is written": (BEFORE_CALL.format(module="channel", name="batch_csv"), False),
    "after the temporary file": (BEFORE_RENAME, False),
    "after the rename": (AFTER_RENAME, True),
    "before the batch is marked": (BEFORE_CALL.format(module="sending", name="mark_sent"), True),
    "while the batch is marked": (AFTER_QUERY.format(query="payouts/mark_batch"), True),
    "after the batch is marked": (AFTER_CALL.format(module="sending", name="mark_sent"), True),
}
RECONCILING = {
    "before rows are stored": BEFORE_QUERY.format(query="payouts/move_payouts"),
    "while rows are stored": AFTER_QUERY.format(query="payouts/move_payouts"),
    "after rows are stored": AFTER_CALL.format(module="reconciling", name="_store"),
    "after the file is moved": AFTER_RENAME,
}


def run(bank: Bank, *arguments: str, patch: str = "") -> int:
    """Exit code of a command on the bank's graph and folder, in a process of its own."""
    settings = bank.settings
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("NEO4J_")},
        "GRAPH_SERVICE_DATA_DIR": str(settings.data_dir),
        "GRAPH_SERVICE_PAYOUT_DIR": str(bank.folder),
        "GRAPH_SERVICE_BOOTSTRAP_API_KEY": KEY,
        "GRAPH_SERVICE_PEPPER": "pepper-of-the-tests",
        "NEO4J_URI": settings.neo4j_uri or "",
        "NEO4J_USERNAME": settings.neo4j_username,
        "NEO4J_PASSWORD": settings.neo4j_password.get_secret_value(),
        "NEO4J_DATABASE": settings.neo4j_database,
    }
    code = f"{PATCH}\n{patch}\n{MAIN}"
    command = [sys.executable, "-c", code, "payouts", *arguments]
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert ended.returncode in (0, -9), ended.stdout + ended.stderr
    return ended.returncode


@pytest.fixture
async def approved(
    settings: Settings, database: Database, tmp_path: Path
) -> tuple[Bank, list[str]]:
    """Three approved payouts; no app runs."""
    async with bank_of(settings, tmp_path / "bank", database) as bank:
        asked = list[str]()
        for name in ("a", "b", "c"):
            await bank.earned(name, 50_000)
            asked.append((await bank.asked(name, 20_000, account=f"acct-{name}"))["payoutId"])
    return bank, asked


def states_of(bank: Bank) -> Counter[str]:
    rows = bank.database.query("MATCH (p:Payout) RETURN p.state AS state")
    return Counter(row["state"] for row in rows)


def facts_of(bank: Bank) -> Counter[str]:
    return Counter(kind for kind, _ in bank.facts())


@pytest.mark.parametrize("place", SENDING)
async def test_a_process_that_dies_sends_each_payout_in_one_file(
    approved: tuple[Bank, list[str]], place: str
) -> None:
    bank, asked = approved
    patch, is_there = SENDING[place]

    died = run(bank, "send", patch=patch)
    between = {name: one for name, one in bank.files().items() if name.endswith(".csv")}
    again = run(bank, "send")
    third = run(bank, "send")

    assert (died, again, third) == (-9, 0, 0)
    assert bool(between) == is_there
    files = bank.files()
    assert list(files) == ["payouts-00000001-CNY.csv"]
    for name, content in between.items():
        assert files[name] == content
    rows = [row for content in files.values() for row in rows_of(content)]
    assert sorted(row["client_reference"] for row in rows) == sorted(asked)
    assert states_of(bank) == {"sent": 3}
    assert facts_of(bank)["payout.sent"] == 3
    batches = bank.database.query("MATCH (b:PayoutBatch) RETURN b.state AS state")
    assert batches == [{"state": "sent"}]


@pytest.mark.parametrize("place", RECONCILING)
async def test_a_process_that_dies_settles_each_payout_once(
    approved: tuple[Bank, list[str]], place: str
) -> None:
    bank, asked = approved
    assert run(bank, "send") == 0
    answers = [("success", "B1"), ("fail", "B2"), ("returned", "B3")]
    bank.answer_rows(
        "r.csv",
        *(
            ["00000001", payout_id, "200.00", "CNY", result, reference, ""]
            for payout_id, (result, reference) in zip(asked, answers, strict=True)
        ),
    )

    died = run(bank, "reconcile", patch=RECONCILING[place])
    again = run(bank, "reconcile")
    third = run(bank, "reconcile")

    assert (died, again, third) == (-9, 0, 0)
    assert states_of(bank) == {"settled": 1, "failed": 1, "returned": 1}
    facts = facts_of(bank)
    ends = ("payout.settled", "payout.failed", "payout.returned")
    assert {kind: facts[kind] for kind in ends} == dict.fromkeys(ends, 1)
    assert list(bank.files("inbox")) == []
    assert list(bank.files("done")) == ["r.csv"]
    assert len(bank.files()) == 1


async def test_an_answer_to_a_file_whose_sender_died_is_followed(
    approved: tuple[Bank, list[str]],
) -> None:
    bank, asked = approved
    assert run(bank, "send", patch=AFTER_RENAME) == -9
    bank.answer_rows("r.csv", ["00000001", asked[0], "200.00", "CNY", "success", "B1", ""])

    assert run(bank, "reconcile") == 0

    assert states_of(bank) == {"settled": 1, "sent": 2}
    assert len(bank.files()) == 1
