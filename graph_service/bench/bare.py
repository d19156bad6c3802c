"""How fast is the database by itself? The driver with nothing of ours between."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, LiteralString, cast

from neo4j import GraphDatabase, Session

from graph_service.graph.queries import load_queries
from graph_service.graph.server import ServerAddress

ROUND_TRIP = "graph/check_health"
PENDING = "ingest/count_pending"
WRITE = "peer"


@dataclass(frozen=True)
class Bare:
    """A session that stays open."""

    session: Session
    texts: dict[str, str]

    def round_trip(self) -> float:
        """Seconds of an empty query (RETURN 1)."""
        text = cast("LiteralString", self.texts[ROUND_TRIP])
        started = perf_counter()
        self.session.execute_read(lambda one: one.run(text).consume())
        return perf_counter() - started

    def pending(self) -> int:
        """How many facts wait to be booked."""
        text = cast("LiteralString", self.texts[PENDING])
        rows = self.session.execute_read(lambda one: one.run(text, batch="").data())
        return int(rows[0]["pending"])

    def write(self, rows: Sequence[dict[str, Any]]) -> float:
        """Seconds of a transaction that creates a node for each row."""
        text = cast("LiteralString", self.texts[WRITE])
        started = perf_counter()
        self.session.execute_write(lambda one: one.run(text, rows=list(rows)).consume())
        return perf_counter() - started


@contextmanager
def open_bare(address: ServerAddress) -> Generator[Bare]:
    """The driver on a managed server."""
    auth = (address.username, address.password)
    queries = load_queries()
    texts: dict[str, str] = {name: queries[name].text for name in (ROUND_TRIP, PENDING)}
    texts[WRITE] = (Path(__file__).parent / "peer.cypher").read_text(encoding="utf-8")
    with (
        GraphDatabase.driver(address.bolt_uri, auth=auth) as driver,  # pyright: ignore[reportUnknownMemberType]
        driver.session() as session,  # pyright: ignore[reportUnknownMemberType]
    ):
        yield Bare(session, texts)
