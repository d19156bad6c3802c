"""Is what is remembered of events what the graph keeps of them?"""

import pytest

from graph_service.graph.session import Graph
from graph_service.identity.persons import persons_of
from graph_service.identity.standings import read_known
from graph_service.identity.telling import list_suggestions
from graph_service.ingest.facts import Fact, parse_event
from graph_service.pipeline import Pipeline
from graph_service.quality.memory import remember
from graph_service.quality.runs import suggestions_of
from graph_service.worlds.persons import persons_world
from tests.conftest import Database

pytestmark = pytest.mark.anyio
ACCOUNTS = 300
TOGETHER = 500
PERSONS = """
MATCH (m:Member)
RETURN m.memberId AS memberId, coalesce(m.personId, m.memberId) AS personId
ORDER BY memberId
"""


async def test_persons_in_memory_are_those_that_the_pipeline_writes(
    pipeline: Pipeline, graph: Graph, database: Database
) -> None:
    world = persons_world(ACCOUNTS, 3, 0.25)
    parsed = [parse_event(one, i, pipeline.tokeniser) for i, one in enumerate(world.events)]
    known = remember(one for one in parsed if isinstance(one, Fact)).known()
    groups = persons_of(known, world.truth)

    for start in range(0, len(world.events), TOGETHER):
        await pipeline.store(world.events[start : start + TOGETHER])
    assert await pipeline.settle(timeout_s=120)

    rows = database.query(PERSONS)
    assert {row["memberId"]: row["personId"] for row in rows} == {
        one: accounts[0] for one, accounts in groups.items()
    }
    assert any(len(accounts) > 4 for accounts in groups.values())
    assert await read_known(graph.read, sorted(world.truth)) == known
    suggested, after = await list_suggestions(graph, "", 10_000)
    assert after is None
    assert sorted(tuple(one["memberIds"]) for one in suggested) == sorted(
        suggestions_of(known, groups)
    )
