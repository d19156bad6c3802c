"""Scans over HTTP: asked for, followed to their end, called off."""

import asyncio

import pytest

from tests.scans.desk import ALERTS, DETECTORS, SCANS, ScanDesk, ring

pytestmark = pytest.mark.anyio
FIVE = [f"a{number}" for number in range(5)]


async def test_a_ring_is_alerted_on_after_a_scan(desk: ScanDesk) -> None:
    await desk.store(ring("a", FIVE))

    scan = await desk.scanned()
    [alert] = await desk.alerts()

    assert (scan["status"], scan["alerts"], scan["canary"]) == ("done", 1, "found")
    assert (scan["progress"], scan["stage"], scan["error"]) == (1.0, "done", None)
    assert alert["kind"] == "fake_order_ring"
    assert alert["memberIds"] == FIVE
    assert alert["orderIds"] == [f"order-{one}-a-10" for one in FIVE]
    assert alert["shopIds"] == ["shop-a"]
    assert alert["score"] == 0.7
    assert alert["amountAtRiskMinor"] == 50_000
    assert alert["currency"] == "CNY"
    assert alert["reasons"][0]["text"] == alert["reasons"][0]["textZh"] == "5个账号"
    assert scan["byKind"] == {"fake_order_ring": 1}
    assert [one["scanId"] for one in (await desk.client.get(SCANS)).json()["items"]] == [
        scan["scanId"]
    ]


async def test_an_incremental_scan_goes_on_from_the_last_and_keeps_the_alert(
    desk: ScanDesk,
) -> None:
    await desk.store(ring("a", FIVE[:4]))
    first = await desk.scanned("incremental")
    [before] = await desk.alerts()
    await desk.store(ring("a", FIVE[4:], first=4))

    second = await desk.scanned("incremental")

    [alert] = await desk.alerts()
    assert second["seq"] > first["seq"]
    assert (alert["alertId"], alert["memberIds"]) == (before["alertId"], FIVE)
    told = (await desk.client.get(f"{ALERTS}/{alert['alertId']}?lang=en")).json()
    assert [one["change"] for one in told["history"]] == ["changed", "new"]
    assert told["reasons"][0]["text"] == "5 accounts"


async def test_an_alert_is_drawn_with_what_its_members_share(desk: ScanDesk) -> None:
    await desk.store(ring("a", FIVE))
    await desk.scanned()
    [alert] = await desk.alerts()

    picture = (await desk.client.get(f"{ALERTS}/{alert['alertId']}/graph")).json()
    told = (await desk.client.get(f"{ALERTS}/{alert['alertId']}")).json()
    risk = (await desk.client.get("/v1/members/a0/risk")).json()

    kinds = sorted(one["kind"] for one in picture["nodes"])
    assert kinds == ["member"] * 5 + ["product", "shop", "token"]
    assert {one["type"] for one in picture["edges"]} == {"USES", "BOUGHT", "BOUGHT_OF"}
    assert {one["from"] for one in picture["edges"]} == {f"member:{one}" for one in FIVE}
    assert picture["truncated"] is False
    text = told["cypher"]
    assert text.startswith(":param memberIds => ['a0', 'a1', 'a2', 'a3', 'a4'];")
    rows = desk.database.query(text.partition(";")[2].rstrip(";\n"), memberIds=FIVE)
    assert rows
    assert risk["alertIds"] == [alert["alertId"]]
    assert risk["components"]["pattern"]["score"] == "0.7"
    assert (risk["source"], risk["level"]) == ("scan", "review")
    assert float(risk["score"]) >= 0.7


async def test_one_scan_at_a_time_and_it_can_be_called_off(desk: ScanDesk) -> None:
    desk.scanner.registry = "tests.scans.slow"
    scan_id = await desk.ask()
    async with asyncio.timeout(60):
        while (await desk.scan(scan_id))["stage"] != "sleeper":  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    again = await desk.client.post(SCANS, json={"mode": "full"})
    cancelled = await desk.client.post(f"{SCANS}/{scan_id}:cancel")
    once_more = await desk.client.post(f"{SCANS}/{scan_id}:cancel")
    desk.scanner.registry = DETECTORS
    other = await desk.scanned()
    late = await desk.client.post(f"{SCANS}/{other['scanId']}:cancel")

    assert (again.status_code, again.json()["code"]) == (409, "scan_running")
    assert again.json()["scanId"] == scan_id
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert once_more.json() == cancelled.json()
    assert (late.status_code, late.json()["code"]) == (409, "scan_ended")


async def test_a_search_that_is_killed_fails_and_the_next_works(desk: ScanDesk) -> None:
    desk.scanner.registry = "tests.scans.nowhere"

    told = await desk.ended(await desk.ask())

    assert (told["status"], told["error"]["code"]) == ("failed", "search_died")
    assert "tests.scans.nowhere" in told["error"]["detail"]
    desk.scanner.registry = DETECTORS
    assert (await desk.scanned())["status"] == "done"


async def test_a_detector_that_sees_nothing_fails_the_scan_loudly(desk: ScanDesk) -> None:
    await desk.store(ring("a", FIVE))
    await desk.scanned()
    before = await desk.alerts()
    healthy = (await desk.client.get("/readyz")).json()
    desk.scanner.registry = "tests.scans.blind"

    told = await desk.ended(await desk.ask())
    await desk.scanner.measure()

    metrics = (await desk.client.get("/metrics")).text
    assert (told["status"], told["canary"]) == ("failed", "missed")
    assert told["error"]["code"] == "canary_missed"
    assert await desk.alerts() == before
    assert healthy == {"status": "ready"}
    assert (await desk.client.get("/readyz")).json() == {
        "status": "ready",
        "fraud": "canary_missed",
    }
    assert "fraud_scan_canary_found 0.0" in metrics
    assert 'fraud_scan_alerts{kind="fake_order_ring"} 1.0' in metrics


async def test_a_detector_that_breaks_is_said_and_the_others_go_on(desk: ScanDesk) -> None:
    await desk.store(ring("a", FIVE))
    desk.scanner.registry = "tests.scans.broken"

    told = await desk.scanned()
    await desk.scanner.measure()

    assert told["alerts"] == 1
    assert told["notes"] == ["sleeper broke: ZeroDivisionError"]
    assert (await desk.client.get("/readyz")).json()["fraud"] == "detectors_broken"


async def test_members_who_were_cleared_later_are_not_alerted_on_again(desk: ScanDesk) -> None:
    six = [f"b{number}" for number in range(8)]
    await desk.store(ring("b", six))
    await desk.scanned()
    [case] = (await desk.client.get("/v1/cases")).json()["items"]
    decision = {"conclusion": "cleared", "reason": "a family"}
    await desk.client.post(f"/v1/cases/{case['caseId']}/decisions", json=decision)

    told = await desk.scanned("incremental")

    assert sorted(case["memberIds"]) == six
    assert (told["alerts"], told["suppressed"]) == (0, 1)
    assert await desk.alerts() == []
    assert len(await desk.alerts("?state=gone")) == 1
    await desk.store(ring("b", six, day=80))
    assert (await desk.scanned("incremental"))["alerts"] == 1


async def test_scans_need_a_key_that_may_decide_and_alerts_one_that_may_read(
    desk: ScanDesk,
) -> None:
    reader, decider = await desk.key("risk:read"), await desk.key("risk:decide")
    refused = await desk.client.post(SCANS, json={}, headers=reader)
    allowed = await desk.client.post(SCANS, json={}, headers=decider)

    assert (refused.status_code, allowed.status_code) == (403, 202)
    assert (await desk.client.get(ALERTS, headers=reader)).status_code == 200
    assert (await desk.client.get(ALERTS, headers=decider)).status_code == 403
    await desk.ended(allowed.json()["scanId"])
