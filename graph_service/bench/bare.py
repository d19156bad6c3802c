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
BEHIND = "ledger/count_behind"
# Of the bench itself, beside this file.
WRITE, PATHS = "peer", "peer_paths"


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

    def behind(self) -> int:
        """How many booked facts the ledger has not followed yet."""
        text = cast("LiteralString", self.texts[BEHIND])
        rows = self.session.execute_read(lambda one: one.run(text).data())
        return int(rows[0]["behind"])

    def paths(self, order_ids: Sequence[str]) -> float:
        """Seconds until the paths of these orders are read, by a simple query."""
        text = cast("LiteralString", self.texts[PATHS])
        started = perf_counter()
        self.session.execute_read(lambda one: list(one.run(text, orderIds=list(order_ids))))
        return perf_counter() - started

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
    texts: dict[str, str] = {name: queries[name].text for name in (ROUND_TRIP, PENDING, BEHIND)}
    for name in (WRITE, PATHS):
        texts[name] = (Path(__file__).parent / f"{name}.cypher").read_text(encoding="utf-8")
    with (
        GraphDatabase.driver(address.bolt_uri, auth=auth) as driver,  # pyright: ignore[reportUnknownMemberType]
        driver.session() as session,  # pyright: ignore[reportUnknownMemberType]
    ):
        yield Bare(session, texts)
