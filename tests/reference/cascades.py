"""How do cascades look? Sizes, depths and fan-outs of shares, and how far two samples differ.

`python -m tests.reference.cascades FILE PICTURE` draws a world's cascades over a file's.
"""

# Matplotlib types its functions but not what they pass on.
# pyright: reportUnknownMemberType=false

import gzip
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from graph_service.worlds.world import world_events, world_of

SHARES_MIN = 20


@dataclass
class Cascades:
    """Of cascades with SHARES_MIN shares or more: shares, depth; of each of their shares the
    reshares; and of each reshare the seconds since what it passes on."""

    sizes: list[int] = field(default_factory=list[int])
    depths: list[int] = field(default_factory=list[int])
    fan_outs: list[int] = field(default_factory=list[int])
    delays_s: list[float] = field(default_factory=list[float])


def cascades_of(events: Iterable[dict[str, Any]]) -> Cascades:
    """The cascades among events; a share with an unreadable time is left out, as in a load."""
    at: dict[str, datetime] = {}
    parents: dict[str, str | None] = {}
    for event in events:
        if event["type"] != "share.created":
            continue
        data = event["data"]
        try:
            at[data["shareId"]] = datetime.fromisoformat(event["time"])
        except ValueError:
            continue
        parents[data["shareId"]] = data.get("parentShareId")
    children: dict[str, list[str]] = {}
    for share, parent in parents.items():
        if parent in at:
            children.setdefault(parent, []).append(share)
    found = Cascades()
    for origin in (share for share, parent in parents.items() if parent is None):
        _add(found, origin, children, at)
    return found


def _add(
    found: Cascades, origin: str, children: dict[str, list[str]], at: dict[str, datetime]
) -> None:
    levels = [[origin]]
    while following := [one for share in levels[-1] for one in children.get(share, ())]:
        levels.append(following)
    shares = [share for level in levels for share in level]
    if len(shares) < SHARES_MIN:
        return
    found.sizes.append(len(shares))
    found.depths.append(len(levels) - 1)
    for share in shares:
        passed_on = children.get(share, ())
        found.fan_outs.append(len(passed_on))
        found.delays_s.extend((at[one] - at[share]).total_seconds() for one in passed_on)


def events_of(file: Path) -> Iterable[dict[str, Any]]:
    """The events of a zipped file of JSON lines."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def distance(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The greatest difference of two samples' cumulative distributions (Kolmogorov, Smirnov)."""
    one, other = np.sort(np.array(ours, float)), np.sort(np.array(theirs, float))
    every = np.union1d(one, other)
    shares = (sample.searchsorted(every, "right") / len(sample) for sample in (one, other))
    first, second = shares
    return float(np.abs(first - second).max())


def _draw(file: Path, picture: Path) -> None:
    from matplotlib import rc_context  # pyright: ignore[reportUnknownVariableType]
    from matplotlib.figure import Figure

    real = cascades_of(events_of(file))
    made = cascades_of(world_events(world_of("M")))
    style: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "cascades"}
    with rc_context(style):
        figure = Figure(figsize=(11, 3.2))
        titles = {
            "sizes": "shares of a cascade",
            "depths": "depth",
            "fan_outs": "reshares of a share",
            "delays_s": "seconds to a reshare",
        }
        for axes, (name, title) in zip(figure.subplots(1, 4), titles.items(), strict=True):
            pairs = ((real, "real", "#222222"), (made, "world M", "#d55e00"))
            for cascades, label, colour in pairs:
                values = np.sort(np.array(getattr(cascades, name), float))
                above = 1 - np.arange(len(values)) / len(values)
                axes.step(values, above, color=colour, label=label)
            far = distance(getattr(made, name), getattr(real, name))
            print(f"{name}: {far:.3f}")  # noqa: T201
            axes.set_title(f"{title} (KS {far:.3f})", fontsize=9)
            axes.set_xscale("symlog")
            axes.set_yscale("log" if name in ("fan_outs", "delays_s") else "linear")
        figure.axes[0].legend(frameon=False)
        figure.axes[0].set_ylabel("part that is at least so large")
        figure.tight_layout()
        figure.savefig(picture, metadata={"Date": None})
    print(f"real: {len(real.sizes)} cascades, made: {len(made.sizes)}")  # noqa: T201


if __name__ == "__main__":
    _draw(Path(sys.argv[1]), Path(sys.argv[2]))
