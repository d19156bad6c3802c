"""A managed Neo4j of the bulk load's own."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from graph_service.graph.opening import settings_for
from graph_service.graph.server import ManagedServer
from graph_service.settings import Settings
from tests.conftest import KEY, Database


@dataclass(frozen=True)
class OwnGraph:
    """A data folder whose server may be stopped, emptied and broken."""

    settings: Settings

    @property
    def server(self) -> ManagedServer:
        return ManagedServer(self.settings.data_dir / "neo4j", self.settings)

    @property
    def database(self) -> Database:
        """The database of the running server."""
        address = self.server.status()
        assert address is not None
        return Database(settings_for(self.settings, address))


@pytest.fixture(scope="module")
def own_graph(tmp_path_factory: pytest.TempPathFactory) -> Generator[OwnGraph]:
    """One for the tests of a file, which never ran yet."""
    found = OwnGraph(settings_of(tmp_path_factory.mktemp("bulk")))
    try:
        yield found
    finally:
        found.server.stop()


def settings_of(folder: Path) -> Settings:
    return Settings(
        data_dir=folder,
        bootstrap_api_key=SecretStr(KEY),
        pepper=SecretStr("pepper-of-the-tests"),
        neo4j_uri=None,
        neo4j_heap_mib=512,
        neo4j_page_cache_mib=64,
        neo4j_start_timeout_s=300,
    )
