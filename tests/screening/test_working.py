"""New facts are looked at in a process of its own, and what is found is shown at once."""

import os
import signal

import pytest

from graph_service.screening.working import Screener, ScreeningDied
from tests.scans.desk import DETECTORS, ScanDesk, ring

pytestmark = pytest.mark.anyio
FIVE = [f"a{number}" for number in range(5)]


async def test_a_ring_is_shown_and_scored_without_a_scan(
    desk: ScanDesk, screener: Screener
) -> None:
    await desk.store(ring("a", FIVE))

    look = await screener.look()
    [alert] = await desk.alerts()
    risk = (await desk.client.get("/v1/members/a0/risk")).json()

    assert look["looked_at"] >= len(FIVE)
    assert (alert["kind"], alert["memberIds"]) == ("fake_order_ring", FIVE)
    assert alert["scanId"] == "screening"
    assert (risk["score"], risk["alertIds"]) == ("0.7", [alert["alertId"]])
    assert (await desk.client.get("/v1/fraud/scans")).json()["items"] == []


async def test_a_second_look_shows_the_ring_grown_under_its_id_and_a_scan_keeps_it(
    desk: ScanDesk, screener: Screener
) -> None:
    await desk.store(ring("a", FIVE[:4]))
    await screener.look()
    [before] = await desk.alerts()
    await desk.store(ring("a", FIVE[4:], first=4))

    await screener.look()
    [grown] = await desk.alerts()
    await desk.scanned()
    [scanned] = await desk.alerts()

    assert before["memberIds"] == FIVE[:4]
    assert (grown["alertId"], grown["memberIds"]) == (before["alertId"], FIVE)
    assert (scanned["alertId"], scanned["memberIds"]) == (before["alertId"], FIVE)
    assert scanned["scanId"] != "screening"


async def test_a_ring_that_is_gone_comes_back_under_its_id_when_it_is_seen_again(
    desk: ScanDesk, screener: Screener
) -> None:
    await desk.store(ring("a", FIVE))
    await screener.look()
    [before] = await desk.alerts()
    desk.scanner.registry = "tests.scans.idle"
    await desk.scanned()
    gone = await desk.alerts("?state=gone")
    await desk.store(ring("a", FIVE[1:], day=80))

    await screener.look()

    [back] = await desk.alerts()
    assert [one["alertId"] for one in gone] == [before["alertId"]] == [back["alertId"]]
    assert back["memberIds"] == FIVE
    assert await desk.alerts("?state=gone") == []


async def test_what_was_looked_at_is_not_shown_twice(desk: ScanDesk, screener: Screener) -> None:
    await desk.store(ring("a", FIVE))
    await screener.look()

    look = await screener.look()
    [alert] = await desk.alerts()
    history = (await desk.client.get(f"/v1/fraud/alerts/{alert['alertId']}")).json()["history"]

    assert (look["looked_at"], look["alerts"]) == (0, [])
    assert [one["change"] for one in history] == ["new"]


async def test_a_process_that_is_killed_is_told_and_the_next_look_begins_anew(
    desk: ScanDesk, screener: Screener
) -> None:
    await desk.store(ring("a", FIVE[:2]))
    await screener.look()
    pid = screener.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await desk.store(ring("a", FIVE[2:], first=2))

    with pytest.raises(ScreeningDied):
        await screener.look()
    await screener.look()

    [alert] = await desk.alerts()
    assert alert["memberIds"] == FIVE


async def test_a_detector_that_breaks_is_said_until_it_works_again(
    desk: ScanDesk, screener: Screener
) -> None:
    desk.app.state.screener = screener
    screener.registry = "tests.scans.broken"
    await desk.store(ring("a", FIVE))

    look = await screener.look()
    broken = (await desk.client.get("/readyz")).json()
    gauges = (await desk.client.get("/metrics")).text
    await screener.close()
    screener.registry = DETECTORS
    await screener.look()

    assert look["failed"] == ["sleeper"]
    assert broken["fraud"] == "detectors_broken"
    assert "fraud_screening_failed_detectors 1.0" in gauges
    assert screener.warning is None
    assert len(await desk.alerts()) == 1
