"""Which open case does an alert join, and how urgent is it?"""

import asyncio
from typing import Any

import pytest

from graph_service.cases.desk.inbox import file_alerts, joined_case, open_by_hand
from graph_service.cases.desk.stages import ALLOWED, LEADS, STAGES, priority_of, stage_after
from graph_service.cases.rules import read_rules
from graph_service.graph.opening import open_graph
from tests.holds.desk import Desk


def case(name: str, common: int, members: int) -> dict[str, Any]:
    return {"caseId": name, "common": common, "members": members}


@pytest.mark.parametrize(
    ("cases", "joined"),
    [
        ([], None),
        ([case("half", 4, 8)], "half"),
        ([case("less", 3, 8)], None),
        ([case("small", 2, 2)], "small"),
        ([case("part", 3, 6), case("whole", 4, 4)], "whole"),
    ],
)
def test_an_alert_of_four_joins_the_case_that_shares_half_of_both(
    cases: list[dict[str, Any]], joined: str | None
) -> None:
    row = {"memberIds": ["a", "b", "c", "d"], "cases": cases}

    # Jaccard: 4 of 8 is half, 3 of 9 is less, 2 of 4 is half.
    assert joined_case(row) == joined


@pytest.mark.parametrize(
    ("score", "amount", "priority"),
    [(0.95, 2_000_000, 1), (0.95, 100, 2), (0.8, 9_000_000, 3), (0.5, 100, 4)],
)
def test_what_is_held_and_costs_much_is_urgent(score: float, amount: int, priority: int) -> None:
    assert priority_of(score, amount) == priority


def test_every_step_leads_from_where_it_may_be_taken_to_a_stage() -> None:
    for step, stages in ALLOWED.items():
        assert set(LEADS.get(step, {})) <= stages
        for stage in stages:
            assert stage_after(step, stage) in STAGES


ALERTS = """
MERGE (t:AlertSet {name: 'shown'}) SET t.number = 1
WITH t
UNWIND ['alert-1', 'alert-2'] AS alertId
MATCH (m:Member {memberId: 'lin'})
CREATE (:Alert {alertId: alertId, kind: 'account_farm'})<-[:VERSION_OF]-(v:AlertVersion {
  versionId: alertId + ' 1', alertId: alertId, number: 1, kind: 'account_farm', state: 'live',
  score: 0.8, amountAtRiskMinor: 100, currency: 'CNY'
})-[:ALERTS]->(m)
"""


@pytest.mark.anyio
async def test_of_many_who_open_a_case_of_the_same_alerts_at_once_one_does(desk: Desk) -> None:
    desk.database.query(ALERTS)
    asked = ["alert-1", "alert-2"]

    async with open_graph(desk.database.settings) as opened:
        found = await asyncio.gather(
            *(
                open_by_hand(opened.graph, asked[::step], reason="a tip", by="test", now=desk.now)
                for step in (1, -1) * 4
            )
        )

    assert len(set(found)) == 1
    assert desk.types() == ["case.opened"]


@pytest.mark.anyio
async def test_an_alert_that_is_filed_while_somebody_opens_its_case_is_in_one_case(
    desk: Desk,
) -> None:
    desk.database.query(ALERTS)
    rules = read_rules()

    async with open_graph(desk.database.settings) as opened:
        await asyncio.gather(
            file_alerts(opened.graph, 1, 0.5, rules, desk.now),
            open_by_hand(opened.graph, ["alert-1"], reason="a tip", by="test", now=desk.now),
            open_by_hand(opened.graph, ["alert-1"], reason="a tip", by="test", now=desk.now),
        )

    cases = (await desk.client.get("/v1/cases")).json()["items"]
    assert len([one for one in cases if "alert-1" in one["alertIds"]]) == 1
