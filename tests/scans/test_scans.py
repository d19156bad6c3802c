"""Scans over HTTP: asked for, followed to their end, called off."""

import pytest

from tests.scans.desk import ScanDesk, ring

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
