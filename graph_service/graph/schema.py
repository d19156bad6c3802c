"""Migrations: cypher/schema/V0001__verb_noun.cypher, applied once, in order, never edited."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString, cast

import structlog

from graph_service.errors import QueryInvalid
from graph_service.graph.queries import cypher_folder, split_header
from graph_service.graph.session import Graph, Transaction

log = structlog.get_logger()

STATEMENT_TIMEOUT_S = 600.0
# The lock's own constraint comes before the lock can be taken; IF NOT EXISTS makes it repeatable.
FIRST_UNLOCKED = 2


@dataclass(frozen=True)
class Migration:
    """One schema statement. checksum: SHA-256 of the file's text, first 16 hex digits."""

    version: int
    name: str
    checksum: str
    statement: LiteralString


def load_migrations(folder: Path | None = None) -> list[Migration]:
    """All migrations in order. Raises QueryInvalid on a gap, a repeat or a bad name."""
    root = folder or cypher_folder() / "schema"
    found: list[Migration] = []
    for path in sorted(root.glob("*.cypher")):
        match = re.fullmatch(r"V(\d{4})__([a-z_0-9]+)", path.stem)
        if match is None or int(match[1]) != len(found) + 1:
            raise QueryInvalid(f"schema/{path.name} is not V{len(found) + 1:04}__<verb>_<noun>")
        text = path.read_text(encoding="utf-8")
        checksum = hashlib.sha256(text.encode()).hexdigest()[:16]
        statement = cast(LiteralString, split_header(text)[1])
        found.append(Migration(int(match[1]), match[2], checksum, statement))
    if not found:
        raise QueryInvalid(f"{root} holds no migration")
    return found


async def migrate(graph: Graph, migrations: list[Migration]) -> int:
    """Bring the schema to the newest version; returns how many migrations were new.

    One process at a time: a write lock on a node is held in an open transaction meanwhile.
    Raises QueryInvalid if an applied file was edited or the database is newer than the code.
    """
    for migration in migrations[:FIRST_UNLOCKED]:
        await graph.run_schema(migration.statement, timeout_s=STATEMENT_TIMEOUT_S)

    async def work(transaction: Transaction) -> int:
        await transaction.run("graph/lock_name", name="schema")
        rows = await transaction.run("graph/list_migrations")
        applied = {int(row["version"]): str(row["checksum"]) for row in rows}
        _compare(applied, migrations)
        pending = [migration for migration in migrations if migration.version not in applied]
        for migration in pending:
            if migration.version > FIRST_UNLOCKED:
                await graph.run_schema(migration.statement, timeout_s=STATEMENT_TIMEOUT_S)
            await transaction.run(
                "graph/record_migration",
                version=migration.version,
                name=migration.name,
                checksum=migration.checksum,
            )
            log.info("schema.migrated", version=migration.version, name=migration.name)
        return len(pending)

    return await graph.write_together(work, name="schema", timeout_s=STATEMENT_TIMEOUT_S)


def _compare(applied: dict[int, str], migrations: list[Migration]) -> None:
    known = {migration.version: migration for migration in migrations}
    for version, checksum in sorted(applied.items()):
        if version not in known:
            raise QueryInvalid(f"the database has schema V{version:04}, newer than this program")
        if known[version].checksum != checksum:
            raise QueryInvalid(f"schema V{version:04} was edited after it was applied")
