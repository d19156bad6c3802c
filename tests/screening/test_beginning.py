"""A loaded mall that was never scanned is scanned first; then new facts are looked at."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import pytest

from graph_service.scans import working
from graph_service.scans.searching import search_apart
from graph_service.screening import working as screening
from graph_service.screening.working import Screener
from tests.scans.desk import DETECTORS, SCANS, ScanDesk, ring
from tests.screening.conftest import running

pytestmark = pytest.mark.anyio
FIVE = [f"a{number}" for number in range(5)]
# At least so many are of a ring of five, which joins, is seen and buys.
FACTS = 15
OTHERS = [f"b{number}" for number in range(5)]
PATIENCE_S = 60
Seen = TypeVar("Seen")


async def until(ask: Callable[[], Awaitable[Seen]], is_it: Callable[[Seen], bool]) -> Seen:
    async with asyncio.timeout(PATIENCE_S):
        while not is_it(seen := await ask()):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return seen


async def scans_of(desk: ScanDesk) -> list[dict[str, Any]]:
    return (await desk.client.get(SCANS)).json()["items"]


async def test_a_loaded_mall_without_a_scan_gets_one_by_itself_and_its_alerts_are_shown(
    desk: ScanDesk, screener: Screener
) -> None:
    await desk.store(ring("a", FIVE))
    screener.unscanned_facts_max = len(FIVE)

    async with running(screener):
        [alert] = await until(desk.alerts, bool)
        await until_it_looked(screener)
    [scan] = await scans_of(desk)

    assert (scan["mode"], scan["status"], scan["requestedBy"]) == ("full", "done", "screening")
    assert (alert["scanId"], alert["memberIds"]) == (scan["scanId"], FIVE)


async def until_it_looked(screener: Screener) -> None:
    async def seq() -> int:
        return screener.seq

    await until(seq, lambda seen: seen > 0)


async def test_a_small_mall_is_looked_at_without_a_scan(desk: ScanDesk, screener: Screener) -> None:
    await desk.store(ring("a", FIVE))

    async with running(screener):
        [alert] = await until(desk.alerts, bool)

    assert alert["scanId"] == "screening"
    assert await scans_of(desk) == []


async def test_what_a_scanned_mall_has_few_of_is_looked_at_without_a_scan(
    desk: ScanDesk, screener: Screener
) -> None:
    await desk.store(ring("a", FIVE))
    await desk.scanned()
    await desk.store(ring("b", OTHERS))
    screener.unscanned_facts_max = 2 * FACTS

    async with running(screener):
        await until(desk.alerts, lambda told: len(told) > 1)

    assert len(await scans_of(desk)) == 1


async def test_a_load_into_a_scanned_mall_is_scanned_from_where_that_ended(
    desk: ScanDesk, screener: Screener
) -> None:
    await desk.store(ring("a", FIVE))
    await desk.scanned()
    await desk.store(ring("b", OTHERS))
    screener.unscanned_facts_max = FACTS - 1

    async with running(screener):
        await until(desk.alerts, lambda told: len(told) > 1)
        await desk.ended((await scans_of(desk))[0]["scanId"])
    own, first = await scans_of(desk)

    assert (own["mode"], own["requestedBy"], own["status"]) == ("incremental", "screening", "done")
    assert first["requestedBy"] != "screening"


async def test_while_a_load_comes_nothing_is_scanned_or_looked_at(
    desk: ScanDesk, screener: Screener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screening, "QUIET_FACTS_PER_S", -1.0)
    screener.unscanned_facts_max = FACTS - 1

    async with running(screener):
        await asyncio.sleep(1)
        await desk.store(ring("a", FIVE))
        await asyncio.sleep(2)
        during = await scans_of(desk), await desk.alerts()
        monkeypatch.setattr(screening, "QUIET_FACTS_PER_S", 50.0)
        await until(desk.alerts, bool)

    assert during == ([], [])


async def test_its_own_scan_gives_way_to_one_that_is_asked_for(
    desk: ScanDesk, screener: Screener
) -> None:
    desk.scanner.registry = "tests.scans.slow"
    await desk.store(ring("a", FIVE))
    screener.unscanned_facts_max = len(FIVE)

    async with running(screener):
        [own] = await until(lambda: scans_of(desk), bool)
        await until(lambda: desk.scan(own["scanId"]), lambda told: told["stage"] == "sleeper")
        desk.scanner.registry = DETECTORS
        asked = await desk.scanned()
        await until_it_looked(screener)
    latest, first = await scans_of(desk)

    assert latest["scanId"] == asked["scanId"]
    assert (first["status"], first["notes"]) == ("cancelled", [f"gave way to {asked['scanId']}"])
    assert [one["scanId"] for one in await desk.alerts()] == [asked["scanId"]]


async def test_what_is_stored_while_the_first_scan_runs_is_looked_at_after_it(
    desk: ScanDesk, screener: Screener, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def search_then_store(
        job: Mapping[str, Any], note: Callable[[str, float], Awaitable[None]]
    ) -> dict[str, Any]:
        found = await search_apart(job, note)
        await desk.store(ring("b", OTHERS))
        return found

    monkeypatch.setattr(working, "search_apart", search_then_store)
    await desk.store(ring("a", [*FIVE, "a5"]))
    screener.unscanned_facts_max = FACTS

    async with running(screener):
        told = await until(desk.alerts, lambda told: len(told) > 1)
    [scan] = await scans_of(desk)

    found = {one["memberIds"][0]: one["scanId"] for one in told}
    assert found == {"a0": scan["scanId"], "b0": "screening"}


async def test_a_scan_that_is_under_way_is_waited_for(desk: ScanDesk, screener: Screener) -> None:
    await desk.store(ring("a", FIVE))
    screener.unscanned_facts_max = len(FIVE)
    asked = await desk.ask()

    async with running(screener):
        [alert] = await until(desk.alerts, bool)
        await until_it_looked(screener)
    [scan] = await scans_of(desk)

    assert alert["scanId"] == scan["scanId"] == asked
    assert scan["requestedBy"] != "screening"


async def test_after_a_first_scan_that_was_called_off_the_whole_mall_is_looked_at(
    desk: ScanDesk, screener: Screener
) -> None:
    desk.scanner.registry = "tests.scans.slow"
    await desk.store(ring("a", FIVE))
    screener.unscanned_facts_max = len(FIVE)

    async with running(screener):
        [scan] = await until(lambda: scans_of(desk), bool)
        # The columns lie on disk by then.
        await until(lambda: desk.scan(scan["scanId"]), lambda told: told["stage"] == "sleeper")
        await desk.client.post(f"{SCANS}/{scan['scanId']}:cancel")
        [alert] = await until(desk.alerts, bool)

    assert alert["scanId"] == "screening"
    assert [one["status"] for one in await scans_of(desk)] == ["cancelled"]


async def test_it_ends_while_the_first_scan_is_waited_for_and_leaves_that_to_be_done(
    desk: ScanDesk, screener: Screener
) -> None:
    desk.scanner.registry = "tests.scans.slow"
    await desk.store(ring("a", FIVE))
    screener.unscanned_facts_max = len(FIVE)

    async with running(screener) as task:
        [scan] = await until(lambda: scans_of(desk), bool)
        await screener.end(task)

    assert not task.cancelled()
    assert screener.pid is None
    assert (await desk.scan(scan["scanId"]))["status"] in ("queued", "running")


async def test_who_does_not_hold_the_lease_starts_no_scan(
    desk: ScanDesk, screener: Screener
) -> None:
    await desk.store(ring("a", FIVE))
    screener.unscanned_facts_max = 0
    held = {"name": "screening", "holder": "another", "seconds": 60}
    await screener.graph.write("ingest/renew_lease", **held)

    async with running(screener):
        await asyncio.sleep(1.5)

    assert await scans_of(desk) == []
