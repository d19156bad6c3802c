"""Is there room on the disk for what is about to be written?"""

import errno
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from graph_service.errors import StorageFull

MIB = 2**20
# What else helps where the data folder's disk is full.
MOVE = "or move GRAPH_SERVICE_DATA_DIR to a larger disk"
FULL = (errno.ENOSPC, errno.EDQUOT)


def free_mib(folder: Path) -> int:
    """Free space (MiB) on the disk of this folder, or of the nearest one above that is there."""
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    return shutil.disk_usage(there).free // MIB


def require_room(folder: Path, needed_mib: int, *, what: str, remedy: str) -> None:
    """Raises StorageFull if the disk of this folder has less than needed_mib (MiB) free."""
    free = free_mib(folder)
    if free < needed_mib:
        raise StorageFull(
            f"the disk of {folder} is full: {what} needs {needed_mib} MiB, {free} MiB are free; "
            f"make room, {remedy}"
        )


@contextmanager
def writing(folder: Path, *, remedy: str) -> Generator[None]:
    """Turns the system's word that the disk is full into StorageFull."""
    try:
        yield
    except OSError as fault:
        if fault.errno not in FULL:
            raise
        raise StorageFull(
            f"the disk of {folder} is full: {free_mib(folder)} MiB are free; make room, {remedy}"
        ) from fault
