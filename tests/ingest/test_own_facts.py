"""What the service itself did stands in the log once and follows from the outbox."""

from typing import Any

from graph_service.graph.session import Transaction
from graph_service.ingest.facts import OWN_SOURCE, own_fact
from graph_service.ingest.store import record_own_facts
from graph_service.pipeline import Pipeline
from tests.conftest import Database
from tests.worlds import NOW


async def test_an_own_fact_is_recorded_once_and_gets_its_number(
    pipeline: Pipeline, database: Database
) -> None:
    fact = own_fact("month.closed", "month.closed 2026-01", NOW, {"month": "2026-01"})

    async def work(transaction: Transaction) -> set[str]:
        return await record_own_facts(transaction, [fact])

    first = await pipeline.graph.write_together(work, name="test", timeout_s=10)
    again = await pipeline.graph.write_together(work, name="test", timeout_s=10)
    booked = await pipeline.book_once()

    stored = database.query("MATCH (f:Fact) RETURN f.type AS type, f.seq AS seq, f.data AS data")
    assert (first, again, booked) == ({fact.key}, set(), 1)
    assert stored == [{"type": "month.closed", "seq": 1, "data": '{"month":"2026-01"}'}]


async def test_no_event_from_outside_has_the_source_of_the_service(pipeline: Pipeline) -> None:
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": "month.closed 2026-01",
        "source": OWN_SOURCE,
        "type": "member.active",
        "time": "2026-02-01T00:00:00Z",
        "data": {"memberId": "m"},
    }

    receipt = await pipeline.store([event])

    problem = receipt.outcomes[0].problem
    assert problem is not None
    assert problem.code == "invalid_event"
