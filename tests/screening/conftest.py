"""A desk whose new facts are looked at when a test says so."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from graph_service.screening.working import Screener
from graph_service.settings import Settings
from tests.conftest import Database
from tests.scans.desk import DETECTORS, ScanDesk, scan_desk_of


@pytest.fixture
async def desk(settings: Settings, database: Database, tmp_path: Path) -> AsyncGenerator[ScanDesk]:
    async with scan_desk_of(settings, database, tmp_path) as opened:
        yield opened


@pytest.fixture
async def screener(desk: ScanDesk) -> AsyncGenerator[Screener]:
    """Looks with the detectors of the tests."""
    scanner = desk.scanner
    one = Screener(
        scanner.graph,
        scanner.books,
        scanner.rules,
        scanner.settings,
        registry=DETECTORS,
        quiet_s=0.1,
    )
    try:
        yield one
    finally:
        await one.close()


@asynccontextmanager
async def running(screener: Screener) -> AsyncGenerator[asyncio.Task[None]]:
    """It looks at new facts by itself while this is open."""
    task = asyncio.create_task(screener.run())
    try:
        yield task
    finally:
        await screener.end(task)
