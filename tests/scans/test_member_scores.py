"""What a scan's model says of members: beside the alerts, told apart, and never a hold."""

from decimal import Decimal
from typing import Any

import pytest

from graph_service.cases.rules import read_rules
from graph_service.cases.scores import RiskScore, read_risk, record_score
from graph_service.pipeline import Pipeline
from graph_service.scans import searching
from graph_service.scans.jobs import read_scan
from tests.conftest import Database
from tests.scans.desk import ScanDesk, ring
from tests.scans.kept import alert, rated, scanned
from tests.worlds import START, event

pytestmark = pytest.mark.anyio
MEMBERS = [f"m{number}" for number in range(4)]


@pytest.fixture
async def mall(pipeline: Pipeline) -> Pipeline:
    """A pipeline on a graph with some members."""
    await pipeline.store([event("member.joined", one, START, {"memberId": one}) for one in MEMBERS])
    assert await pipeline.settle(timeout_s=30)
    return pipeline


async def risk(mall: Pipeline, member_id: str) -> dict[str, Any]:
    return await read_risk(mall.graph, member_id, read_rules(), mall.clock())


async def test_a_score_joins_what_alerts_and_what_the_model_say(mall: Pipeline) -> None:
    await scanned(mall, [alert(MEMBERS[:3], score=0.6)], members=[rated("m0", 0.5, 0.8)])

    told, other = await risk(mall, "m0"), await risk(mall, "m1")

    assert told["score"] == "0.8"
    assert told["level"] == "watch"
    assert told["components"]["pattern"]["score"] == "0.6"
    assert told["components"]["model"]["score"] == "0.5"
    assert told["components"]["model"]["model"] == "members-1"
    assert [one["feature"] for one in told["reasons"]] == ["alert", "f", "orders"]
    assert told["reasons"][-1]["text"] == "支付订单数：12单 / How many orders were paid? 12"
    assert (other["score"], other["components"]["model"]) == ("0.6", None)


async def test_the_model_alone_holds_nobody_and_opens_no_case(
    mall: Pipeline, database: Database
) -> None:
    await scanned(mall, [], members=[rated("m0", 0.999), rated("m1", 0.4)])

    told, low = await risk(mall, "m0"), await risk(mall, "m1")

    assert (told["score"], told["level"], told["holds"]) == ("0.999", "watch", [])
    assert (told["source"], told["model"], told["scoredMemberId"]) == ("scan", "members-1", "m0")
    assert told["components"]["pattern"] is None
    assert (low["score"], low["level"]) == ("0.4", "clear")
    [row] = database.query(
        "MATCH (m:Member {memberId: 'm0'}) RETURN m.riskLevel AS level, m.riskScore AS score,"
        " COUNT { (:Hold)-[:HOLDS]->(m) } AS holds, COUNT { (:Case)-[:EXAMINES]->(m) } AS cases"
    )
    assert row == {"level": None, "score": None, "holds": 0, "cases": 0}


async def test_an_alert_that_does_not_hold_holds_nobody_however_sure_the_model_is(
    mall: Pipeline,
) -> None:
    await scanned(mall, [alert(MEMBERS[:2], score=0.85)], members=[rated("m0", 0.99, 0.9985)])

    told = await risk(mall, "m0")

    assert (told["score"], told["level"], told["holds"]) == ("0.9985", "review", [])


async def test_what_the_model_said_is_that_of_the_scan_that_is_shown(
    mall: Pipeline, database: Database
) -> None:
    for model in (0.4, 0.5, 0.6):
        await scanned(mall, [], members=[rated("m0", model)])
    third = await risk(mall, "m0")
    await scanned(mall, [], members=[rated("m1", 0.7)])

    assert third["score"] == "0.6"
    assert (await risk(mall, "m0"))["score"] is None
    # The set that is shown and the one before.
    assert database.query("MATCH (s:MemberScore) RETURN count(s) AS scores") == [{"scores": 2}]


async def test_who_was_scored_by_somebody_else_last_has_that_score_alone(mall: Pipeline) -> None:
    cleared = RiskScore("m0", Decimal(0), "case")
    await record_score(mall.graph, cleared, read_rules(), mall.clock(), None)
    await scanned(mall, [], members=[rated("m0", 0.9)])

    told = await risk(mall, "m0")

    assert (told["score"], told["level"], told["source"]) == ("0", "clear", "case")
    assert told["components"]["model"]["score"] == "0.9"


async def test_a_scan_over_http_scores_members_and_the_model_is_named(desk: ScanDesk) -> None:
    await desk.store(ring("a", [f"a{number}" for number in range(5)]))

    scan = await desk.scanned()

    told = (await desk.client.get("/v1/members/a0/risk")).json()
    model = told["components"]["model"]
    assert model["model"].startswith("members-")
    assert 0 <= float(model["score"]) <= 1
    assert all(one["textZh"] and one["textEn"] for one in model["reasons"])
    assert not any("members were not scored" in note for note in scan["notes"])


async def test_a_scan_whose_scoring_breaks_is_done_and_says_so(
    mall: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("graph_service.fraud.members.noted.noted_members", broken)
    searched: Any = type("Searched", (), {"scene": None, "findings": [], "graded": []})()

    found = searching.members_of(searched, [])
    scan_id = await scanned(
        mall, [alert(MEMBERS[:3])], members=list(found.rows), notes=list(found.notes)
    )

    scan = await read_scan(mall.graph, scan_id)
    assert scan.status == "done"
    assert scan.details["notes"] == ["members were not scored: ZeroDivisionError"]
