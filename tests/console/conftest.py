"""The desk of the console."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from graph_service.settings import Settings
from tests.conftest import Database
from tests.console.desk import ConsoleDesk, console_desk_of


@pytest.fixture
async def desk(
    settings: Settings, database: Database, tmp_path: Path
) -> AsyncGenerator[ConsoleDesk]:
    async with console_desk_of(settings, database, tmp_path) as opened:
        yield opened
