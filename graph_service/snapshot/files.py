"""The columns on disk: one Parquet file a table, and one for the names of each kind.

A folder holds what was read up to one fact. It is written beside and then renamed, so a folder
that is there is whole, and then all others go: one of them may name who was erased since.
"""

import json
import shutil
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from graph_service.snapshot.log import NAMES, TABLES, Log, dtype_of
from graph_service.storage import writing

# The library tells no types.
ARROW: Final[Any] = import_module("pyarrow")
PARQUET: Final[Any] = import_module("pyarrow.parquet")
VERSION: Final = 3
MANIFEST: Final = "manifest.json"
REMEDY: Final = "or move GRAPH_SERVICE_DATA_DIR to a larger disk"


def save_log(folder: Path, log: Log) -> Path:
    """Write a log under folder in the place of any other; the folder written.

    Raises StorageFull.
    """
    whole = folder / f"{log.seq:012d}"
    with writing(folder, remedy=REMEDY):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = Path(mkdtemp(prefix=".writing-", dir=folder))
        try:
            for name, table in log.tables.items():
                _write(beside / f"{name}.parquet", {one: table[one] for one in TABLES[name]})
            for kind, names in log.names.items():
                _write(
                    beside / f"names-{kind}.parquet", {"name": ARROW.array(names, ARROW.string())}
                )
            manifest = {
                "version": VERSION,
                **{name: getattr(log, name) for name in ("seq", "now", "mark", "rows")},
            }
            (beside / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
            shutil.rmtree(whole, ignore_errors=True)
            beside.rename(whole)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    for other in set(_folders(folder)) - {whole}:
        shutil.rmtree(other, ignore_errors=True)
    return whole


def load_log(folder: Path) -> Log | None:
    """The log under folder; None where none can be read."""
    for whole in sorted(_folders(folder), reverse=True):
        try:
            manifest = json.loads((whole / MANIFEST).read_text(encoding="utf-8"))
            if manifest["version"] != VERSION:
                continue
            return _read(whole, manifest)
        except (OSError, ValueError, KeyError, ARROW.ArrowException):
            continue
    return None


def _read(whole: Path, manifest: dict[str, Any]) -> Log:
    tables = dict[str, Any]()
    for name, columns in TABLES.items():
        told = PARQUET.read_table(whole / f"{name}.parquet")
        tables[name] = {one: told.column(one).to_numpy().astype(dtype_of(one)) for one in columns}
    names = {
        kind: PARQUET.read_table(whole / f"names-{kind}.parquet").column("name").to_pylist()
        for kind in NAMES
    }
    return Log(names, tables, manifest["seq"], manifest["now"], manifest["mark"])


def _write(file: Path, columns: dict[str, Any]) -> None:
    PARQUET.write_table(ARROW.table(columns), file, compression="zstd")


def _folders(folder: Path) -> list[Path]:
    return [one.parent for one in folder.glob(f"*/{MANIFEST}")]
