"""The command that looks whether what is kept is what it should be."""

import io
import json

import pytest
from rich.console import Console

from graph_service.errors import GraphError
from graph_service.pipeline import Pipeline
from graph_service.verification import verify_graph
from tests.conftest import Database
from tests.worlds.named import five_levels


async def test_a_changed_entry_is_named_beside_what_was_recounted(
    pipeline: Pipeline, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    told = Console(file=io.StringIO(), width=200)
    await pipeline.store(five_levels())
    assert await pipeline.settle_ledger(timeout_s=30)

    good = await verify_graph(pipeline, "all", told, as_json=False)
    database.query("MATCH (e:LedgerEntry {payeeId: 'step-3'}) SET e.amountMinor = 1")
    teams = await verify_graph(pipeline, "teams", told, as_json=False)
    ledger = await verify_graph(pipeline, "ledger", told, as_json=False)
    whole = await verify_graph(pipeline, "all", told, as_json=True)

    assert isinstance(told.file, io.StringIO)
    assert (good, teams, ledger, whole) == (True, True, False, False)
    said = told.file.getvalue().splitlines()
    assert said[1].endswith("every entry is what it was")
    found = json.loads(capsys.readouterr().out)
    broken = next(line for line in said if "broken at" in line)
    assert found["ledger"]["first_broken"] == broken.split()[-1]
    assert found["differences"] == []
    # What was changed is no longer what the payee's wallet holds.
    assert found["wallets"]["differing"] == ["CNY step-3"]
    assert found["persons"] == {"count": 0, "differing": []}


async def test_a_month_that_earns_other_than_is_booked_is_named(
    pipeline: Pipeline, database: Database
) -> None:
    told = Console(file=io.StringIO(), width=200)
    await pipeline.store(five_levels())
    assert await pipeline.settle_ledger(timeout_s=30)
    assert await pipeline.close_periods()
    assert await pipeline.settle_ledger(timeout_s=30)

    good = await verify_graph(pipeline, "ledger", told, as_json=False)
    database.query("MATCH (s:SalesMonth) WHERE s.ownMinor > 0 SET s.ownMinor = s.ownMinor * 2")
    changed = await verify_graph(pipeline, "ledger", told, as_json=False)

    assert isinstance(told.file, io.StringIO)
    assert (good, changed) == (True, False)
    assert "  2026-01 CNY step-5" in told.file.getvalue().splitlines()


async def test_orders_without_their_facts_stop_the_ledger_instead_of_earning_nothing(
    pipeline: Pipeline, database: Database
) -> None:
    await pipeline.store(five_levels())
    assert await pipeline.settle(timeout_s=30)
    database.query("MATCH (:Fact)-[r:ABOUT]->(:Order) DELETE r")

    with pytest.raises(GraphError, match="not linked to their facts"):
        await pipeline.follow_log()
