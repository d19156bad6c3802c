"""Is this process still the one that was started, and how much memory did it take?"""

import contextlib
import os
import resource
import subprocess
import sys
from pathlib import Path


def peak_memory_mib() -> float:
    """The most that this process had in memory so far. Linux counts KiB, macOS bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def is_alive(pid: int, birth: str) -> bool:
    """Whether the process that began then still runs; a stranger with its pid does not count."""
    now, is_zombie = birth_of(pid)
    if now != birth or not is_zombie:
        return now == birth
    # A child of this process that ended stays a zombie until it is waited for.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return False


def birth_of(pid: int) -> tuple[str | None, bool]:
    """When the process began, as text to compare, None without one; and whether it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        if Path("/proc/self/stat").exists():
            return None, True
        command = ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
        status, _, began = run.stdout.strip().partition(" ")
        return began.strip() or None, status.startswith("Z")
    # Fields after the command, which may itself hold blanks and brackets: see proc(5).
    fields = stat.rpartition(")")[2].split()
    # Its first thread may end before the others, which still hold ports and locks.
    return f"{boot} {fields[19]}", fields[0] in "ZX" and int(fields[17]) <= 1
