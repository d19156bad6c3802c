"""What was measured: times of one kind of request, and what stands beside them."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from os import cpu_count, getloadavg
from pathlib import Path
from statistics import median
from typing import Any

MEBIBYTE = 2**20


@dataclass(frozen=True)
class Timed:
    """One kind of request. runs: for each repeat the seconds of each request.

    units: what one request holds (events, orders). peer_runs: the same of the peer, where there
    is one, measured in turn with it.
    """

    what: str
    world: str
    runs: Sequence[Sequence[float]]
    units: int = 1
    peer: str = ""
    peer_runs: Sequence[Sequence[float]] = ()

    def row(self) -> dict[str, Any]:
        """The figures: medians over the repeats, times in ms."""
        return {
            "what": self.what,
            "world": self.world,
            "repeats": len(self.runs),
            "requests": sum(map(len, self.runs)),
            "perSecond": median(self.units * len(run) / sum(run) for run in self.runs),
            "p50Ms": 1_000 * median(quantile(run, 0.5) for run in self.runs),
            "p99Ms": 1_000 * median(quantile(run, 0.99) for run in self.runs),
            "peer": self.peer,
            "ratio": self._ratio(),
        }

    def _ratio(self) -> float | None:
        """Our time over the peer's: the median over the repeats of the medians' ratio."""
        if not self.peer_runs:
            return None
        pairs = zip(self.runs, self.peer_runs, strict=True)
        return median(quantile(ours, 0.5) / quantile(theirs, 0.5) for ours, theirs in pairs)


@dataclass
class Figures:
    """Everything that one bench measured."""

    machine: dict[str, Any]
    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    loads: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    followed: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    memory: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def body(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "machine": self.machine,
            "loads": self.loads,
            "followed": self.followed,
            "memory": self.memory,
            "requests": self.rows,
        }


def quantile(values: Sequence[float], part: float) -> float:
    """The least value that has at least this part of them below it, else the greatest."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def peak_mib(pid: int) -> float | None:
    """The most memory that a process has held (MiB); None where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return None
    peaks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(peaks[0]) / 1_024 if peaks else None


def machine_facts() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "cpu": _named("/proc/cpuinfo", "model name") or platform.processor() or "unknown",
        "cores": cpu_count(),
        "memoryGib": _memory_gib(),
        "loadBefore": round(getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "driver": version("neo4j"),
        "service": version("graph-service"),
    }


def _named(file: str, name: str) -> str | None:
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)


def _memory_gib() -> float | None:
    found = _named("/proc/meminfo", "MemTotal")
    return None if found is None else round(int(found.split()[0]) / MEBIBYTE, 1)
