"""The command train against a graph in which people decided cases."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from graph_service.cases.desk.deciding import (
    Decision,
    FourEyes,
    decide_case,
)
from graph_service.cases.desk.working import Asker
from graph_service.cases.reading import Wanted, list_cases
from graph_service.cases.rules import read_rules
from graph_service.cases.scores import RiskScore, record_score
from graph_service.cli import app
from graph_service.fraud.members.kept import load_member_model
from graph_service.fraud.members.training import TooFewLabels
from graph_service.graph.session import Transaction
from graph_service.ingest.facts import own_fact
from graph_service.ingest.store import record_own_facts
from graph_service.pipeline import Pipeline
from graph_service.settings import Settings
from graph_service.verdicts import Conclusion
from tests.scans.desk import ring
from tests.worlds import START, event

DECIDED = START + timedelta(days=20)
# Labels count from seven days after the decision.
LATER = DECIDED + timedelta(days=30)


@pytest.fixture(autouse=True)
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command is pointed at the database of the tests."""
    assert settings.neo4j_uri is not None
    monkeypatch.setenv("NEO4J_URI", settings.neo4j_uri)
    monkeypatch.setenv("NEO4J_USERNAME", settings.neo4j_username)
    monkeypatch.setenv("NEO4J_PASSWORD", settings.neo4j_password.get_secret_value())
    monkeypatch.setenv("GRAPH_SERVICE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("GRAPH_SERVICE_PEPPER", "pepper-of-the-tests")
    monkeypatch.setattr("graph_service.train_command.configure_logs", leave_logs)


def leave_logs(level: str) -> None:
    """In place of what would set the logs of the whole test run."""


def run(*arguments: str) -> Result:
    with structlog.testing.capture_logs():
        return CliRunner().invoke(app, ["train", *arguments])


async def decided_by_hand(pipeline: Pipeline, member_id: str, conclusion: Conclusion) -> None:
    """A score opens a case, and somebody decides it."""
    graph = pipeline.graph
    await record_score(
        graph, RiskScore(member_id, Decimal("0.95"), "test"), read_rules(), DECIDED, None
    )
    cases, _ = await list_cases(graph, Wanted(member_id=member_id), DECIDED, limit=1)
    decision = Decision(conclusion, "looked at")
    maker = Asker("test", DECIDED + timedelta(hours=1))
    await decide_case(graph, cases[0]["caseId"], decision, maker, FourEyes(50, 10_000_000))


async def decided(
    pipeline: Pipeline, member_ids: Sequence[str], conclusion: str, at: datetime
) -> None:
    """The fact that a decision on a case leaves, of many members at once."""
    data = {"caseId": f"case-{member_ids[0]}", "memberIds": [*member_ids], "conclusion": conclusion}
    fact = own_fact("case.decided", f"case.decided {member_ids[0]}", at, data)

    async def work(transaction: Transaction) -> None:
        await record_own_facts(transaction, [fact])

    await pipeline.graph.write_together(work, name="test", timeout_s=10)


async def booked(pipeline: Pipeline) -> None:
    """A month passes, and all is booked."""
    await pipeline.store([event("member.joined", "late", LATER, {"memberId": "late"})])
    assert await pipeline.settle(timeout_s=60)


@pytest.fixture
async def few(pipeline: Pipeline, anyio_backend: str) -> None:
    """Five accounts, of whom two are confirmed and one is cleared."""
    await pipeline.store(ring("a", [f"a{number}" for number in range(5)]))
    await decided_by_hand(pipeline, "a0", "confirmed")
    await decided_by_hand(pipeline, "a1", "confirmed")
    await decided_by_hand(pipeline, "a2", "cleared")
    await booked(pipeline)


@pytest.fixture
async def many(pipeline: Pipeline, anyio_backend: str) -> None:
    """Twelve confirmed rings of five, and 24 times nine who were cleared."""
    for number in range(12):
        members = [f"ring{number}-{one}" for one in range(5)]
        await pipeline.store(ring(f"ring{number}", members))
        await decided(pipeline, members, "confirmed", DECIDED + timedelta(hours=2 * number))
    for number in range(24):
        members = [f"honest{number}-{one}" for one in range(9)]
        joined = [("member.joined", one, START, {"memberId": one}) for one in members]
        await pipeline.store([event(*one) for one in joined])
        await decided(pipeline, members, "cleared", DECIDED + timedelta(hours=number))
    await booked(pipeline)


def test_too_few_decisions_are_told_with_their_number(few: None) -> None:
    result = run("--json")

    assert isinstance(result.exception, TooFewLabels)
    assert str(result.exception) == (
        "2 members are confirmed and 1 cleared; a model needs 50 and 200"
    )


def test_a_model_is_learnt_from_the_decisions_of_a_graph(many: None, tmp_path: Path) -> None:
    result = run("--version", "1", "--json")

    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["confirmed"], told["cleared"]) == (60, 216)
    assert told["source"] == "the decisions of this graph"
    assert Path(told["folder"]) == tmp_path / "models" / "members" / "1"
    assert told["laterAuprc"] > 0.9
    assert load_member_model(tmp_path / "models").version == "1"
