"""Real reposts, dirty as they came: loaded whole, counted, and answered as the reference does."""

import gzip
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from graph_service.ingest.files import event_files
from graph_service.loading import load_files
from graph_service.pipeline import Pipeline
from graph_service.rewards.orders import AttributionQuestion, read_attributions
from graph_service.rewards.verify import verify_teams
from tests.conftest import Database
from tests.reference.mall import ReferenceMall
from tests.rewards.test_against_reference import shaped
from tests.worlds import NOW

pytestmark = pytest.mark.anyio
SAMPLE = 60
STORED = {
    "member.joined": 41_654,
    "share.created": 43_600,
    "share.clicked": 43_483,
    "order.paid": 831,
}
COUNTS = """
RETURN COUNT { (f:Fact) } AS facts, COUNT { (r:Rejected) } AS rejected,
  COUNT { (f:Pending) } AS pending, COUNT { (:Member)-[:CLICKED]->(:Share) } AS clicks,
  COUNT { (:Member)-[:CREATED]->(:Share) } AS shares,
  COUNT { (:Member)-[:PLACED]->(:Order) } AS orders,
  COUNT { MATCH (m:Member) WHERE m.joinedAt IS NOT NULL } AS members
"""


async def test_the_weibo_file_loads_whole_and_answers_as_the_reference(
    shared_data: Path, pipeline: Pipeline, database: Database
) -> None:
    path = shared_data / "weibo_cascades.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        events: list[dict[str, Any]] = [json.loads(line) for line in file]
    console = Console(quiet=True)

    first = await load_files(pipeline, event_files([str(path)]), console)
    counted = database.query(COUNTS)
    second = await load_files(pipeline, event_files([str(path)]), console)

    assert first.statuses == Counter(accepted=129_568, rejected=36)
    assert dict(first.types) == STORED
    expected = {"facts": 129_568, "rejected": 36, "pending": 0, "clicks": 43_483}
    expected |= {"shares": 43_600, "orders": 831, "members": 41_654}
    assert counted == [expected]
    assert second.statuses == Counter(duplicate=129_568, rejected=36)
    assert database.query(COUNTS) == counted
    await answers_equal_the_reference(events, pipeline)
    assert (await verify_teams(pipeline.graph, pipeline.plans)).differences == ()


async def answers_equal_the_reference(events: list[dict[str, Any]], pipeline: Pipeline) -> None:
    reference = ReferenceMall(NOW)
    for event in events:
        if event["time"].startswith("20"):
            assert reference.store(event) == "accepted"
    sample = random.Random(5).sample(sorted(reference.orders()), SAMPLE)
    answers = await read_attributions(
        pipeline.graph.read, sample, AttributionQuestion(), pipeline.plans
    )
    for order_id in sample:
        assert shaped(answers[order_id]) == shaped(reference.attribution(order_id))
