"""Everything that holds, scores and cases leave in the graph."""

from decimal import Decimal

from graph_service.cases.deciding import Decision, decide_case, list_cases
from graph_service.cases.rules import read_rules
from graph_service.cases.scores import RiskScore, record_score
from graph_service.graph.session import Transaction
from graph_service.holds.placing import NewHold, millis_of, place_hold
from graph_service.pipeline import Pipeline


async def every_risk_property(pipeline: Pipeline, member_id: str) -> None:
    """A hold that will expire, and a score whose case was decided and whose hold was lifted."""
    graph, now = pipeline.graph, pipeline.clock()
    expires_ms = millis_of(now) + 1
    hold = NewHold("h", member_id, "person", "manual", "a tip", "test", expires_ms=expires_ms)

    async def work(transaction: Transaction) -> None:
        await place_hold(transaction, hold, now)

    await graph.write_together(work, name="test", timeout_s=10)
    score = RiskScore(member_id, Decimal("0.95"), "model")
    await record_score(graph, score, read_rules(), now, None)
    cases, _ = await list_cases(graph, limit=1)
    decision = Decision("cleared", "sisters", "family", ("lift_holds",))
    await decide_case(graph, cases[0]["caseId"], decision, "test", now)
