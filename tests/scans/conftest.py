"""The desk of scans."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from graph_service.settings import Settings
from tests.conftest import Database
from tests.scans.desk import ScanDesk, scan_desk_of


@pytest.fixture
async def desk(settings: Settings, database: Database, tmp_path: Path) -> AsyncGenerator[ScanDesk]:
    async with scan_desk_of(settings, database, tmp_path) as opened:
        yield opened
