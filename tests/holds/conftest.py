"""The desk at which holds are placed and cases decided."""

from collections.abc import AsyncGenerator

import pytest

from graph_service.settings import Settings
from tests.conftest import Database
from tests.holds.desk import Desk, desk_of


@pytest.fixture
async def desk(settings: Settings, database: Database) -> AsyncGenerator[Desk]:
    async with desk_of(settings, database) as opened:
        yield opened
