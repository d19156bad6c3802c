"""Everything that holds, scores and cases leave in the graph."""

from datetime import timedelta
from decimal import Decimal

from graph_service.cases.desk.deciding import Decision, FourEyes, appeal, approve, decide_case
from graph_service.cases.desk.inbox import NewCase, open_case
from graph_service.cases.desk.working import Asker, assign, attach, snooze
from graph_service.cases.reading import Wanted, list_cases
from graph_service.cases.rules import read_rules
from graph_service.cases.scores import RiskScore, record_score
from graph_service.cases.silences import end_silence, silence
from graph_service.graph.session import Transaction
from graph_service.holds.placing import NewHold, millis_of, place_hold
from graph_service.pipeline import Pipeline


async def every_risk_property(pipeline: Pipeline, member_id: str) -> None:
    """A hold that will expire, and a score whose case was decided and whose hold was lifted."""
    graph, now = pipeline.graph, pipeline.clock()
    expires_ms = millis_of(now) + 1
    hold = NewHold("h", member_id, "person", "manual", "a tip", "test", expires_ms=expires_ms)

    frozen = NewHold("f", member_id, "person", "manual", "a tip", "test", freezes=True)

    async def work(transaction: Transaction) -> None:
        for one in (hold, frozen):
            await place_hold(transaction, one, now)

    await graph.write_together(work, name="test", timeout_s=10)
    score = RiskScore(member_id, Decimal("0.95"), "model")
    await record_score(graph, score, read_rules(), now, None)
    cases, _ = await list_cases(graph, Wanted(), now, limit=1)
    case_id = cases[0]["caseId"]
    asker = Asker("test", now)
    await assign(graph, case_id, asker, "test")
    await snooze(graph, case_id, asker, now + timedelta(days=1), "on holiday")
    await attach(graph, case_id, asker, name="a.txt", media_type="text/plain", content="YQ==")
    ends, rules = now + timedelta(days=1), read_rules()
    await silence(graph, member_id, asker, rules, code="score_freeze", until=ends, reason="known")
    await end_silence(graph, member_id, "score_freeze", asker)
    decision = Decision("cleared", "sisters", "family", ("lift_holds",))
    limits = FourEyes(50, 10_000_000)
    await decide_case(graph, case_id, decision, Asker("test", now), limits)
    await approve(graph, case_id, Asker("other", now), agreed=False, reason="why?")
    # A proposal that waits stands on a case of its own; this one is decided.
    await assign(graph, case_id, asker, "test")
    await decide_case(graph, case_id, decision, Asker("test", now), limits)
    await approve(graph, case_id, Asker("other", now), agreed=True, reason="sisters indeed")
    await appeal(graph, case_id, asker, reason="they sing", by=None)
    await snooze(
        graph, await _another(pipeline, member_id), asker, now + timedelta(days=1), "later"
    )


async def _another(pipeline: Pipeline, member_id: str) -> str:
    """A case with a proposal, which nobody claimed; and one that is worked on: its id."""
    graph, now = pipeline.graph, pipeline.clock()

    async def work(transaction: Transaction) -> None:
        for name in ("case_one", "case_two"):
            new = NewCase(name, "manual", "a tip", "test", (member_id,), currency="CNY")
            await open_case(transaction, new, now)

    await graph.write_together(work, name="test", timeout_s=10)
    decision = Decision("cleared", "sisters", None, ("lift_holds",))
    await decide_case(graph, "case_one", decision, Asker("test", now), FourEyes(50, 1))
    await assign(graph, "case_two", Asker("test", now), "test")
    return "case_two"
