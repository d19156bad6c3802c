"""Alerts from scan to scan: the same ids, all of one scan, and what follows for their members."""

from datetime import timedelta
from typing import Any

import pytest

from graph_service.clock import from_micros
from graph_service.errors import GraphUnavailable
from graph_service.pipeline import Pipeline
from graph_service.scans.alerts import Wanted, list_alerts, read_alert, read_weighed
from graph_service.scans.jobs import ask_scan, cancel_scan, read_scan
from graph_service.scans.storing import GONE_DAYS, write_beside
from graph_service.screening.storing import add_alerts
from tests.conftest import Database
from tests.scans.kept import Told, alert, scanned, told_scanner
from tests.worlds import START, event

pytestmark = pytest.mark.anyio
MEMBERS = [f"m{number}" for number in range(8)]


@pytest.fixture
async def mall(pipeline: Pipeline) -> Pipeline:
    """A pipeline on a graph with some members."""
    await pipeline.store([event("member.joined", one, START, {"memberId": one}) for one in MEMBERS])
    assert await pipeline.settle(timeout_s=30)
    return pipeline


async def shown(mall: Pipeline, **wanted: Any) -> dict[str, list[str]]:
    """The members of the alerts that are shown, by alert."""
    items, _ = await list_alerts(mall.graph, Wanted(**wanted), "en", limit=100)
    return {one["alertId"]: one["memberIds"] for one in items}


async def test_a_ring_keeps_its_alert_as_it_grows_and_shrinks(mall: Pipeline) -> None:
    await scanned(mall, [alert(MEMBERS[:3], score=0.6)])
    [alert_id] = await shown(mall)
    await scanned(mall, [alert(MEMBERS[:5], score=0.7)])
    grown = await shown(mall)
    await scanned(mall, [alert(MEMBERS[1:5], score=0.7)])

    told = await read_alert(mall.graph, alert_id, "en")

    assert grown == {alert_id: MEMBERS[:5]}
    assert await shown(mall) == {alert_id: MEMBERS[1:5]}
    changes = [
        [one[name] for name in ("change", "members", "added", "removed", "score")]
        for one in told["history"]
    ]
    assert changes == [
        ["changed", 4, 0, 1, 0.7],
        ["changed", 5, 2, 0, 0.7],
        ["new", 3, 3, 0, 0.6],
    ]


async def test_a_scan_that_finds_the_same_adds_nothing_to_the_history(
    mall: Pipeline, database: Database
) -> None:
    for _ in range(4):
        await scanned(mall, [alert(MEMBERS[:3], score=0.6)])

    [alert_id] = await shown(mall)
    told = await read_alert(mall.graph, alert_id, "en")
    [row] = database.query(
        "MATCH (v:AlertVersion) OPTIONAL MATCH (v)-[r:ALERTS]->()"
        " RETURN count(DISTINCT v) AS versions, count(r) AS links"
    )
    assert [one["change"] for one in told["history"]] == ["new"]
    # The first, of the history, and the sets that are shown and were before.
    assert row == {"versions": 3, "links": 6}


async def test_a_ring_that_is_not_found_again_is_gone_and_kept(mall: Pipeline) -> None:
    await scanned(mall, [alert(MEMBERS[:3]), alert(MEMBERS[4:7])])
    both = await shown(mall)
    for _ in range(3):
        await scanned(mall, [alert(MEMBERS[4:7])])

    gone = await shown(mall, state="gone")
    told = await read_alert(mall.graph, next(iter(gone)), "en")

    assert list((await shown(mall)).values()) == [MEMBERS[4:7]]
    assert list(gone.values()) == [MEMBERS[:3]]
    assert {*gone, *await shown(mall)} == set(both)
    assert (told["state"], told["history"][0]["change"]) == ("gone", "gone")


async def test_a_ring_that_was_gone_and_comes_back_has_its_old_alert(mall: Pipeline) -> None:
    await scanned(mall, [alert(MEMBERS[:4], score=0.6)])
    [alert_id] = await shown(mall)
    for _ in range(3):
        await scanned(mall, [])
    gone = await shown(mall, state="gone")
    scan_id = await scanned(mall, [alert(MEMBERS[1:5], score=0.7), alert(MEMBERS[5:])])

    told = await read_alert(mall.graph, alert_id, "en")

    assert gone == {alert_id: MEMBERS[:4]}
    assert (await shown(mall))[alert_id] == MEMBERS[1:5]
    assert (told["state"], told["scanId"], told["score"]) == ("live", scan_id, 0.7)
    changes = [
        [one[name] for name in ("change", "members", "added", "removed")] for one in told["history"]
    ]
    assert changes == [["back", 4, 1, 1], ["gone", 4, 0, 0], ["new", 4, 4, 0]]
    assert await shown(mall, state="gone") == {}
    assert await shown(mall, state="gone", member_id="m0") == {}
    assert (await read_scan(mall.graph, scan_id)).body()["newAlerts"] == 2


async def test_a_ring_that_goes_again_is_told_as_gone_once(mall: Pipeline) -> None:
    for found in ([alert(MEMBERS[:4])], [], [alert(MEMBERS[:4])], []):
        await scanned(mall, found)

    items, _ = await list_alerts(mall.graph, Wanted(state="gone"), "en", limit=100)

    assert [one["memberIds"] for one in items] == [MEMBERS[:4]]
    told = await read_alert(mall.graph, items[0]["alertId"], "en")
    assert [one["change"] for one in told["history"]] == ["gone", "back", "gone", "new"]


async def test_a_ring_that_was_gone_for_long_is_another(mall: Pipeline) -> None:
    await scanned(mall, [alert(MEMBERS[:4])])
    await scanned(mall, [])
    [alert_id] = await shown(mall, state="gone")
    later = mall.clock() + timedelta(days=GONE_DAYS + 1)
    mall.clock = lambda: later

    await scanned(mall, [alert(MEMBERS[:4])])

    assert alert_id not in await shown(mall)
    assert list(await shown(mall, state="gone")) == [alert_id]


async def test_alerts_of_a_detector_that_broke_stay_as_they_are(mall: Pipeline) -> None:
    await scanned(mall, [alert(MEMBERS[:3], kind="sleeper"), alert(MEMBERS[4:7])])
    both = await shown(mall)

    scan_id = await scanned(mall, [alert(MEMBERS[4:7])], failed=["sleeper"])

    assert await shown(mall) == both
    assert (await read_scan(mall.graph, scan_id)).alerts == 2


async def test_a_scan_that_dies_between_writing_and_showing_leaves_the_old_alerts(
    mall: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scanned(mall, [alert(MEMBERS[:3])])
    before = await shown(mall)

    async def die(*given: Any) -> None:
        await write_beside(*given)
        raise GraphUnavailable("gone in between")

    with monkeypatch.context() as patch:
        patch.setattr("graph_service.scans.working.write_beside", die)
        scan_id = await scanned(mall, [alert(MEMBERS[:5]), alert(MEMBERS[5:])])
    meanwhile = await shown(mall)
    failed = await read_scan(mall.graph, scan_id)
    await scanned(mall, [alert(MEMBERS[:4])])

    assert meanwhile == before
    assert (failed.status, failed.error) == ("failed", "graph_unavailable")
    assert await shown(mall) == {next(iter(before)): MEMBERS[:4]}
    told = await read_alert(mall.graph, next(iter(before)), "en")
    assert [one["members"] for one in told["history"]] == [4, 3]


async def test_a_scan_whose_process_died_after_showing_is_finished_by_another(
    mall: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As if the process were gone."""

    async def die(*_: Any) -> None:
        raise Killed

    asked = await ask_scan(mall.graph, "full", "test", mall.clock)
    scanner = told_scanner(mall, [alert(MEMBERS[:3])])
    with monkeypatch.context() as patch:
        patch.setattr("graph_service.scans.working.score_members", die)
        with pytest.raises(Killed):
            await scanner.do_next()
    running = await read_scan(mall.graph, asked.scan_id)

    await told_scanner(mall, []).do_next()

    done = await read_scan(mall.graph, asked.scan_id)
    assert (running.status, running.stage) == ("running", "scoring")
    assert (done.status, done.alerts, done.attempts) == ("done", 1, 2)
    assert list((await shown(mall)).values()) == [MEMBERS[:3]]


async def test_a_scan_that_another_process_does_is_left_to_it(mall: Pipeline) -> None:
    asked = await ask_scan(mall.graph, "full", "test", mall.clock)
    lease = {"name": "scans", "seconds": 60}
    await mall.graph.write("ingest/renew_lease", holder="another", **lease)

    left = await told_scanner(mall, []).do_next()
    waiting = await read_scan(mall.graph, asked.scan_id)
    await mall.graph.write("ingest/renew_lease", holder="another", **{**lease, "seconds": -1})
    done = await told_scanner(mall, []).do_next()

    assert (left, waiting.status) == (None, "queued")
    assert done == asked.scan_id


async def test_a_scan_that_takes_its_process_with_it_is_not_tried_for_ever(
    mall: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As if the process were gone."""

    async def die(*_: Any) -> None:
        raise Killed

    asked = await ask_scan(mall.graph, "full", "test", mall.clock)
    monkeypatch.setattr(Told, "_search", die)
    for _ in range(3):
        with pytest.raises(Killed):
            await told_scanner(mall, []).do_next()

    await told_scanner(mall, []).do_next()

    told = await read_scan(mall.graph, asked.scan_id)
    assert (told.status, told.error) == ("failed", "search_died")
    assert told.body()["error"] == {"code": "search_died", "detail": "its process died 3 times"}


async def test_a_scan_called_off_while_it_stores_shows_nothing(
    mall: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scanned(mall, [alert(MEMBERS[:3])])
    before = await shown(mall)

    async def called_off(*given: Any) -> None:
        await write_beside(*given)
        await cancel_scan(mall.graph, asked.scan_id, "test", mall.clock)

    asked = await ask_scan(mall.graph, "full", "test", mall.clock)
    monkeypatch.setattr("graph_service.scans.working.write_beside", called_off)
    await told_scanner(mall, [alert(MEMBERS[4:])]).do_next()

    assert (await read_scan(mall.graph, asked.scan_id)).status == "cancelled"
    assert await shown(mall) == before


async def test_pages_are_of_one_scan_also_when_another_is_shown_meanwhile(mall: Pipeline) -> None:
    await scanned(mall, [alert([one], score=0.9 - i / 100) for i, one in enumerate(MEMBERS[:4])])
    first, cursor = await list_alerts(mall.graph, Wanted(), "en", limit=3)
    await scanned(mall, [alert([MEMBERS[7]])])

    second, end = await list_alerts(mall.graph, Wanted(), "en", limit=3, cursor=cursor)

    assert [one["memberIds"] for one in [*first, *second]] == [[one] for one in MEMBERS[:4]]
    assert end is None


async def test_alerts_are_asked_for_by_kind_score_and_member(mall: Pipeline) -> None:
    await scanned(
        mall, [alert(MEMBERS[:2], score=0.4), alert(MEMBERS[1:4], kind="sleeper", score=0.6)]
    )

    assert list((await shown(mall)).values()) == [MEMBERS[1:4]]
    assert list((await shown(mall, score_min=0.3)).values()) == [MEMBERS[1:4], MEMBERS[:2]]
    assert list((await shown(mall, kind="sleeper")).values()) == [MEMBERS[1:4]]
    assert await shown(mall, kind="account_farm") == {}
    assert list((await shown(mall, member_id="m0", score_min=0.3)).values()) == [MEMBERS[:2]]
    assert await shown(mall, member_id="m7") == {}


RISK = """
MATCH (m:Member)
OPTIONAL MATCH (h:Hold)-[:HOLDS]->(m)
OPTIONAL MATCH (c:Case)-[:EXAMINES]->(m)
WITH m, count(DISTINCT h) AS holds, collect(DISTINCT c.caseId) AS cases
WHERE m.riskScore IS NOT NULL
RETURN m.memberId AS memberId, m.riskScore AS score, holds, cases
ORDER BY memberId
"""


async def test_members_of_an_alert_near_certain_are_held_and_share_one_case(
    mall: Pipeline, database: Database
) -> None:
    await scanned(mall, [alert(MEMBERS[:3], score=0.95), alert(MEMBERS[3:5], score=0.6)])
    first = database.query(RISK)
    await scanned(mall, [alert(MEMBERS[:4], score=0.95)])
    second = database.query(RISK)

    assert [(row["score"], row["holds"]) for row in first] == [(0.95, 1)] * 3 + [(0.6, 0)] * 2
    assert len({one for row in first[:3] for one in row["cases"]}) == 1
    assert len({one for row in first for one in row["cases"]}) == 2
    assert [(row["score"], row["holds"]) for row in second] == [(0.95, 1)] * 4 + [(0, 0)]
    assert {tuple(row["cases"]) for row in second[:3]} == {tuple(first[0]["cases"])}
    # Who comes to the alert is examined there, too, and stays in the case of the alert before.
    assert set(second[3]["cases"]) == {*first[0]["cases"], *first[3]["cases"]}


async def test_a_score_of_another_source_is_not_taken_back(
    mall: Pipeline, database: Database
) -> None:
    from decimal import Decimal

    from graph_service.cases.rules import read_rules
    from graph_service.cases.scores import RiskScore, record_score

    await scanned(mall, [alert(MEMBERS[:1], score=0.6)])
    model = RiskScore("m0", Decimal("0.8"), "model")
    later = from_micros(0) + (mall.clock() - from_micros(0))
    await record_score(mall.graph, model, read_rules(), later, None)
    await scanned(mall, [])

    [row] = database.query(RISK)
    assert row["score"] == 0.8


VERSIONS: dict[str, Any] = {
    "service": "1",
    "code": "abc",
    "seq": 7,
    "thresholds": {"alert_nats": 8.0},
    "ladderStepsMinor": [1],
    "holdingDays": 7,
    "seed": 0,
}


def reason(text: str) -> dict[str, Any]:
    told = {"feature": "f", "value": 1.0, "baseline": 0.0, "contribution": 0.6}
    return {**told, "zh": text, "en": text}


def texts(told: dict[str, Any]) -> list[list[str]]:
    return [[one["text"] for one in change["reasons"]] for change in told["history"]]


async def test_an_alert_keeps_by_what_it_was_found_and_what_was_said_then(mall: Pipeline) -> None:
    then = alert(MEMBERS[:3], reasons=[reason("then")], versions=VERSIONS)
    await scanned(mall, [then])
    [alert_id] = await shown(mall)
    now = {**VERSIONS, "seq": 9}
    await scanned(mall, [alert(MEMBERS[:5], reasons=[reason("now")], versions=now)])

    told = await read_alert(mall.graph, alert_id, "en")

    assert told["versions"] == now
    assert [one["versions"] for one in told["history"]] == [now, VERSIONS]
    assert texts(told) == [["now"], ["then"]]


async def test_an_alert_of_before_has_no_versions(mall: Pipeline) -> None:
    await scanned(mall, [alert(MEMBERS[:3])])
    [alert_id] = await shown(mall)

    told = await read_alert(mall.graph, alert_id, "en")

    assert (told["versions"], told["counterfactual"]) == (None, None)


async def test_what_a_look_adds_leaves_what_the_scan_said_in_the_history(mall: Pipeline) -> None:
    await scanned(mall, [alert(MEMBERS[:3], reasons=[reason("scan")], versions=VERSIONS)])
    [alert_id] = await shown(mall)
    later = alert(MEMBERS[:5], reasons=[reason("look")], versions={**VERSIONS, "seq": 8})
    await add_alerts(mall.graph, [later], 2_000_000_000_000)

    told = await read_alert(mall.graph, alert_id, "en")

    assert await shown(mall) == {alert_id: MEMBERS[:5]}
    assert texts(told) == [["look"], ["scan"]]
    assert [one["versions"]["seq"] for one in told["history"]] == [8, 7]
    assert [one["members"] for one in told["history"]] == [5, 3]


async def test_without_what_an_alert_would_be_none_is_told_in_both_languages(
    mall: Pipeline,
) -> None:
    kept = {
        "falls": True,
        "without": [{"kind": "shop", "id": "s"}],
        "score": 0.2,
        "zh": "若没有",
        "en": "Would fall",
        "weights": {"shop:s": 2.0},
    }
    await scanned(mall, [alert(MEMBERS[:3], counterfactual=kept)])
    [alert_id] = await shown(mall)

    told, weights = await read_weighed(mall.graph, alert_id)

    assert weights == {"shop:s": 2.0}
    assert told["counterfactual"] == {
        "fallsBelow": True,
        "without": [{"kind": "shop", "id": "s"}],
        "score": 0.2,
        "text": "Would fall",
        "textZh": "若没有",
        "textEn": "Would fall",
    }
